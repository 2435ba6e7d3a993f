#include "index/chunk_index.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "index/index_env.h"

/* docs/format/index.md: one place is PLACE_LEN bytes, little endian, in the order of the struct. */
#define PLACE_LEN 56
#define PACK_LEN (CHUNK_ID_LEN + 8)
#define GONE_LEN 16 /* random: another one says that packs went meanwhile */

struct chunk_index {
	struct index_env env;
};

struct chunk_index_batch {
	struct chunk_index *index;
	MDB_txn *txn;
	uint32_t next_number;
};

static MDB_val val_of(struct bytes from)
{
	return (MDB_val){from.len, (void *)(uintptr_t)from.at};
}

static struct bytes id_bytes(const struct chunk_id *id)
{
	return bytes_of(id->at, CHUNK_ID_LEN);
}

static void place_encode(const struct chunk_place *place, uint8_t *at)
{
	memset(at, 0, PLACE_LEN);
	put_le32(at, place->pack);
	put_le32(at + 4, place->offset);
	put_le32(at + 8, place->stored);
	put_le32(at + 12, place->plain);
	at[16] = place->codec;
	at[17] = place->depth;
	at[18] = place->kind;
	put_le32(at + 20, place->renderer);
	memcpy(at + 24, place->base, CHUNK_BASE_LEN);
	put_le64(at + 32, place->documents);
	put_le64(at + 40, place->relaxed);
	put_le64(at + 48, place->canonical);
}

static void place_decode(const uint8_t *at, struct chunk_place *ret)
{
	*ret = (struct chunk_place){
		.pack = get_le32(at),
		.offset = get_le32(at + 4),
		.stored = get_le32(at + 8),
		.plain = get_le32(at + 12),
		.codec = at[16],
		.depth = at[17],
		.kind = at[18],
		.renderer = get_le32(at + 20),
		.documents = get_le64(at + 32),
		.relaxed = get_le64(at + 40),
		.canonical = get_le64(at + 48),
	};
	memcpy(ret->base, at + 24, CHUNK_BASE_LEN);
}

int chunk_index_open(const char *dir, struct chunk_index **ret, bool *ret_fresh, struct error *e)
{
	OWNED(free) struct chunk_index *index = xcalloc(1, sizeof(*index));

	if (index_env_open(dir, &index->env, ret_fresh, e) < 0)
		return e->code;
	*ret = TAKE(index);
	return 0;
}

void chunk_index_close(struct chunk_index *index)
{
	if (index == NULL)
		return;
	index_env_close(&index->env);
	free(index);
}

void chunk_index_spare_syncs(struct chunk_index *index)
{
	(void)mdb_env_set_flags(index->env.env, MDB_NOMETASYNC, 1);
}

/* 1 and the value within `txn`, 0, or an error. */
static int get_sealed(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct bytes *ret,
		      struct error *e)
{
	MDB_val k = val_of(key), value;
	int rc = mdb_get(txn, dbi, &k, &value);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return index_env_error(e, rc, "get");
	if (!index_env_unseal(key, value, ret))
		return error_set(e, ERR_CORRUPT, "index: a record's checksum does not fit");
	return 1;
}

static int put_sealed(MDB_txn *txn, MDB_dbi dbi, struct bytes key, struct buf *value,
		      struct error *e)
{
	MDB_val k = val_of(key), v;
	int rc;

	index_env_seal(key, value);
	v = val_of(buf_bytes(value));
	rc = mdb_put(txn, dbi, &k, &v, 0);
	return rc == 0 ? 0 : index_env_error(e, rc, "put");
}

static int read_begin(struct chunk_index *index, MDB_txn **ret, struct error *e)
{
	int rc = mdb_txn_begin(index->env.env, NULL, MDB_RDONLY, ret);

	return rc == 0 ? 0 : index_env_error(e, rc, "begin");
}

int chunk_index_get(struct chunk_index *index, const struct chunk_id *id,
		    struct chunk_place ret[CHUNK_PLACES_MAX], struct error *e)
{
	struct bytes value = {0};
	MDB_txn *txn;
	int found;

	if (read_begin(index, &txn, e) < 0)
		return e->code;
	found = get_sealed(txn, index->env.chunks, id_bytes(id), &value, e);
	if (found == 1 && (value.len == 0 || value.len % PLACE_LEN != 0))
		found = error_set(e, ERR_CORRUPT, "index: a record of %zu bytes", value.len);
	if (found == 1) {
		found = (int)MIN_OF(value.len / PLACE_LEN, (size_t)CHUNK_PLACES_MAX);
		for (int i = 0; i < found; i++)
			place_decode(value.at + (size_t)i * PLACE_LEN, &ret[i]);
	}
	mdb_txn_abort(txn);
	return found;
}

int chunk_index_by_prefix(struct chunk_index *index, const uint8_t *prefix, size_t prefix_len,
			  struct chunk_id *ret, size_t max, struct error *e)
{
	uint8_t from[CHUNK_ID_LEN] = {0};
	MDB_val key = {sizeof(from), from}, value;
	MDB_cursor *cursor;
	MDB_txn *txn;
	size_t count = 0;
	int rc;

	assert(prefix_len <= CHUNK_ID_LEN);
	memcpy(from, prefix, prefix_len);
	if (read_begin(index, &txn, e) < 0)
		return e->code;
	rc = mdb_cursor_open(txn, index->env.chunks, &cursor);
	if (rc == 0) {
		rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		while (rc == 0 && count < max && key.mv_size == CHUNK_ID_LEN &&
		       memcmp(key.mv_data, prefix, prefix_len) == 0) {
			memcpy(ret[count++].at, key.mv_data, CHUNK_ID_LEN);
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return index_env_error(e, rc, "get");
	return (int)count;
}

static struct bytes number_key(uint32_t number, uint8_t room[4])
{
	put_be32(room, number);
	return bytes_of(room, 4);
}

static int decode_pack(uint32_t number, struct bytes value, struct chunk_pack *ret, struct error *e)
{
	if (value.len != PACK_LEN)
		return error_set(e, ERR_CORRUPT, "index: a pack record of %zu bytes", value.len);
	ret->number = number;
	memcpy(ret->id.at, value.at, CHUNK_ID_LEN);
	ret->size = get_le64(value.at + CHUNK_ID_LEN);
	return 1;
}

int chunk_index_pack(struct chunk_index *index, uint32_t number, struct chunk_pack *ret,
		     struct error *e)
{
	uint8_t room[4];
	struct bytes value = {0};
	MDB_txn *txn;
	int found;

	if (read_begin(index, &txn, e) < 0)
		return e->code;
	found = get_sealed(txn, index->env.packs, number_key(number, room), &value, e);
	if (found == 1)
		found = decode_pack(number, value, ret, e);
	mdb_txn_abort(txn);
	return found;
}

int chunk_index_has_pack(struct chunk_index *index, const struct chunk_id *pack, struct error *e)
{
	struct bytes value = {0};
	MDB_txn *txn;
	int found;

	if (read_begin(index, &txn, e) < 0)
		return e->code;
	found = get_sealed(txn, index->env.names, id_bytes(pack), &value, e);
	mdb_txn_abort(txn);
	return found;
}

static int collect_packs(MDB_cursor *cursor, struct buf *all, struct error *e)
{
	MDB_val key, value;
	int rc;

	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		struct bytes k = bytes_of(key.mv_data, key.mv_size), found;
		struct chunk_pack pack;

		if (k.len != 4 || !index_env_unseal(k, value, &found))
			return error_set(e, ERR_CORRUPT,
					 "index: a pack record's checksum does not fit");
		if (decode_pack(get_be32(k.at), found, &pack, e) < 0)
			return e->code;
		buf_add(all, &pack, sizeof(pack));
	}
	return rc == MDB_NOTFOUND ? 0 : index_env_error(e, rc, "get");
}

int chunk_index_packs(struct chunk_index *index, struct chunk_pack **ret, size_t *ret_count,
		      struct error *e)
{
	OWNED(buf_release) struct buf all = {0};
	MDB_cursor *cursor;
	MDB_txn *txn;
	int rc;

	if (read_begin(index, &txn, e) < 0)
		return e->code;
	rc = mdb_cursor_open(txn, index->env.packs, &cursor);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return index_env_error(e, rc, "open cursor");
	}
	rc = collect_packs(cursor, &all, e);
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	if (rc < 0)
		return rc;
	*ret_count = all.len / sizeof(struct chunk_pack);
	*ret = (struct chunk_pack *)(void *)TAKE(all.at);
	return 0;
}

/* The number after the greatest one in use: a dropped pack's number may come again. */
static int next_number(struct chunk_index_batch *batch, struct error *e)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int rc = mdb_cursor_open(batch->txn, batch->index->env.packs, &cursor);

	if (rc != 0)
		return index_env_error(e, rc, "open cursor");
	rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
	batch->next_number = rc == 0 && key.mv_size == 4 ? get_be32(key.mv_data) + 1 : 1;
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : index_env_error(e, rc, "get");
}

int chunk_index_begin(struct chunk_index *index, struct chunk_index_batch **ret, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = xcalloc(1, sizeof(*batch));
	int rc;

	batch->index = index;
	rc = mdb_txn_begin(index->env.env, NULL, 0, &batch->txn);
	if (rc != 0)
		return index_env_error(e, rc, "begin");
	if (next_number(batch, e) < 0)
		return e->code;
	*ret = TAKE(batch);
	return 0;
}

int chunk_index_add_pack(struct chunk_index_batch *batch, const struct chunk_id *pack,
			 uint64_t size, uint32_t *ret_number, bool *ret_new, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	struct index_env *env = &batch->index->env;
	struct bytes old = {0};
	uint8_t room[4];
	uint32_t number;
	int found = get_sealed(batch->txn, env->names, id_bytes(pack), &old, e);

	if (found < 0)
		return found;
	if (found == 1 && old.len == 4) {
		*ret_number = get_le32(old.at);
		*ret_new = false;
		return 0;
	}
	number = batch->next_number++;
	buf_add_bytes(&value, id_bytes(pack));
	buf_add_le64(&value, size);
	if (put_sealed(batch->txn, env->packs, number_key(number, room), &value, e) < 0)
		return e->code;
	buf_reset(&value);
	buf_add_le32(&value, number);
	if (put_sealed(batch->txn, env->names, id_bytes(pack), &value, e) < 0)
		return e->code;
	*ret_number = number;
	*ret_new = true;
	return 0;
}

static bool same_spot(const uint8_t *at, const struct chunk_place *place)
{
	return get_le32(at) == place->pack && get_le32(at + 4) == place->offset;
}

int chunk_index_add(struct chunk_index_batch *batch, const struct chunk_id *id,
		    const struct chunk_place *place, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	struct bytes old = {0};
	int found = get_sealed(batch->txn, batch->index->env.chunks, id_bytes(id), &old, e);

	if (found < 0)
		return found;
	for (size_t i = 0; i + PLACE_LEN <= old.len; i += PLACE_LEN)
		if (!same_spot(old.at + i, place))
			buf_add(&value, old.at + i, PLACE_LEN);
	if (value.len / PLACE_LEN >= CHUNK_PLACES_MAX)
		return 0;
	place_encode(place, buf_room(&value, PLACE_LEN));
	value.len += PLACE_LEN;
	return put_sealed(batch->txn, batch->index->env.chunks, id_bytes(id), &value, e);
}

int chunk_index_set_facts(struct chunk_index_batch *batch, const struct chunk_id *id,
			  const struct chunk_place *facts, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	struct bytes old = {0};
	int found = get_sealed(batch->txn, batch->index->env.chunks, id_bytes(id), &old, e);

	if (found <= 0)
		return found;
	for (size_t i = 0; i + PLACE_LEN <= old.len; i += PLACE_LEN) {
		struct chunk_place place;

		place_decode(old.at + i, &place);
		place.relaxed = facts->relaxed;
		place.canonical = facts->canonical;
		place.renderer = facts->renderer;
		place_encode(&place, buf_room(&value, PLACE_LEN));
		value.len += PLACE_LEN;
	}
	if (put_sealed(batch->txn, batch->index->env.chunks, id_bytes(id), &value, e) < 0)
		return e->code;
	return 1;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Rewrite or delete the record under the cursor without the places in dropped packs, whose numbers ascend. */
static int drop_places(MDB_cursor *cursor, MDB_val *key, struct bytes old, const uint32_t *numbers,
		       size_t count, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	struct bytes k = bytes_of(key->mv_data, key->mv_size);
	uint8_t copy[CHUNK_ID_LEN];
	uint32_t number;
	MDB_val v;
	int rc;

	for (size_t i = 0; i + PLACE_LEN <= old.len; i += PLACE_LEN) {
		number = get_le32(old.at + i);
		if (bsearch(&number, numbers, count, sizeof(number), by_number) == NULL)
			buf_add(&value, old.at + i, PLACE_LEN);
	}
	if (value.len == old.len)
		return 0;
	if (value.len == 0) {
		rc = mdb_cursor_del(cursor, 0);
		return rc == 0 ? 0 : index_env_error(e, rc, "delete");
	}
	memcpy(copy, k.at, MIN_OF(k.len, sizeof(copy)));
	k.at = copy;
	index_env_seal(k, &value);
	v = val_of(buf_bytes(&value));
	*key = val_of(k);
	rc = mdb_cursor_put(cursor, key, &v, MDB_CURRENT);
	return rc == 0 ? 0 : index_env_error(e, rc, "put");
}

static int drop_all_places(struct chunk_index_batch *batch, const uint32_t *numbers, size_t count,
			   struct error *e)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	struct bytes old;
	int code = 0, rc = mdb_cursor_open(batch->txn, batch->index->env.chunks, &cursor);

	if (rc != 0)
		return index_env_error(e, rc, "open cursor");
	while (code == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		if (!index_env_unseal(bytes_of(key.mv_data, key.mv_size), value, &old))
			code = error_set(e, ERR_CORRUPT, "index: a record's checksum does not fit");
		else
			code = drop_places(cursor, &key, old, numbers, count, e);
	}
	mdb_cursor_close(cursor);
	if (code == 0 && rc != MDB_NOTFOUND)
		return index_env_error(e, rc, "get");
	return code;
}

static int note_gone(struct chunk_index_batch *batch, struct error *e)
{
	uint8_t value[GONE_LEN];

	if (getrandom(value, sizeof(value), 0) != (ssize_t)sizeof(value))
		return error_sys(e, "random bytes");
	return chunk_index_set_note(batch, bytes_str("gone"), bytes_of(value, sizeof(value)), e);
}

int chunk_index_drop_packs(struct chunk_index_batch *batch, const uint32_t *numbers, size_t count,
			   struct error *e)
{
	struct index_env *env = &batch->index->env;
	OWNED(free) uint32_t *sorted = NULL;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t room[4];
		struct bytes value = {0};
		struct bytes number = number_key(numbers[i], room);
		uint8_t id[CHUNK_ID_LEN];
		MDB_val key;
		int rc, found = get_sealed(batch->txn, env->packs, number, &value, e);

		if (found < 0)
			return found;
		if (found == 0 || value.len != PACK_LEN)
			continue;
		memcpy(id, value.at, CHUNK_ID_LEN);
		key = (MDB_val){CHUNK_ID_LEN, id};
		rc = mdb_del(batch->txn, env->names, &key, NULL);
		if (rc != 0 && rc != MDB_NOTFOUND)
			return index_env_error(e, rc, "delete");
		key = val_of(number);
		rc = mdb_del(batch->txn, env->packs, &key, NULL);
		if (rc != 0)
			return index_env_error(e, rc, "delete");
	}
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, numbers, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_number);
	return drop_all_places(batch, sorted, count, e) < 0 ? e->code : note_gone(batch, e);
}

int chunk_index_clear(struct chunk_index_batch *batch, struct error *e)
{
	struct index_env *env = &batch->index->env;
	int rc;

	if ((rc = mdb_drop(batch->txn, env->chunks, 0)) != 0 ||
	    (rc = mdb_drop(batch->txn, env->packs, 0)) != 0 ||
	    (rc = mdb_drop(batch->txn, env->names, 0)) != 0)
		return index_env_error(e, rc, "clear");
	batch->next_number = 1;
	/* The stamp stays. */
	if (chunk_index_drop_notes(batch, bytes_str("whole:"), e) < 0)
		return e->code;
	return note_gone(batch, e);
}

int chunk_index_set_note(struct chunk_index_batch *batch, struct bytes name, struct bytes value,
			 struct error *e)
{
	OWNED(buf_release) struct buf copy = {0};
	MDB_val key = val_of(name);
	int rc;

	if (value.len == 0) {
		rc = mdb_del(batch->txn, batch->index->env.notes, &key, NULL);
		return rc == 0 || rc == MDB_NOTFOUND ? 0 : index_env_error(e, rc, "delete");
	}
	buf_add_bytes(&copy, value);
	return put_sealed(batch->txn, batch->index->env.notes, name, &copy, e);
}

int chunk_index_drop_notes(struct chunk_index_batch *batch, struct bytes prefix, struct error *e)
{
	MDB_cursor *cursor;
	MDB_val key = val_of(prefix), value;
	int rc = mdb_cursor_open(batch->txn, batch->index->env.notes, &cursor);

	if (rc != 0)
		return index_env_error(e, rc, "open cursor");
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && key.mv_size >= prefix.len &&
	       memcmp(key.mv_data, prefix.at, prefix.len) == 0) {
		rc = mdb_cursor_del(cursor, 0);
		if (rc == 0)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT);
		if (rc == EINVAL) /* nothing is left under the cursor */
			rc = MDB_NOTFOUND;
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? 0 : index_env_error(e, rc, "delete");
}

int chunk_index_commit(struct chunk_index_batch *batch, struct error *e)
{
	int code = index_env_commit(batch->txn, e);

	free(batch);
	return code;
}

void chunk_index_abort(struct chunk_index_batch *batch)
{
	if (batch == NULL)
		return;
	if (batch->txn != NULL)
		mdb_txn_abort(batch->txn);
	free(batch);
}

int chunk_index_note(struct chunk_index *index, struct bytes name, void *ret, size_t len,
		     struct error *e)
{
	struct bytes value = {0};
	MDB_txn *txn;
	int found;

	if (read_begin(index, &txn, e) < 0)
		return e->code;
	found = get_sealed(txn, index->env.notes, name, &value, e);
	if (found == 1)
		memcpy(ret, value.at, MIN_OF(len, value.len));
	mdb_txn_abort(txn);
	return found;
}

void chunk_index_state(struct chunk_index *index, uint8_t ret[CHUNK_INDEX_STATE_LEN])
{
	const size_t len = CHUNK_INDEX_STATE_LEN - GONE_LEN;
	struct error ignored;

	memset(ret, 0, CHUNK_INDEX_STATE_LEN);
	if (chunk_index_note(index, bytes_str("stamp"), ret, len, &ignored) < 0 ||
	    chunk_index_note(index, bytes_str("gone"), ret + len, GONE_LEN, &ignored) < 0)
		memset(ret, 0, CHUNK_INDEX_STATE_LEN);
}

const char *chunk_index_library(void)
{
	static char text[32]; /* always the same bytes, whoever writes them */
	int major, minor, patch;

	mdb_version(&major, &minor, &patch);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, patch);
	return text;
}
