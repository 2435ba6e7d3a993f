/*
 * The index follows the packs: what came is read in from its trailer, what went is dropped.
 * docs/format/index.md. A trailer that is damaged is left for `yester check` to name; its
 * chunks are then simply not known.
 */
#include "store/condemned.h"
#include "store/pack/pack_reader.h"
#include "store/pack_index.h"
#include "store/settle.h"
#include "store/store_internal.h"

struct found_pack {
	struct chunk_id id;
	uint64_t size;
};

/* Packs that lie in the store, in no order. */
static int collect(void *ctx, const char *name, uint64_t size, struct error *e UNUSED)
{
	struct found_pack found = {.size = size};

	/* Other names (rsync's temporary ones among them) are not ours. */
	if (pack_reader_parse_name(name, &found.id))
		buf_add(ctx, &found, sizeof(found));
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct found_pack *)a)->id.at, ((const struct found_pack *)b)->id.at,
		      CHUNK_ID_LEN);
}

/*
 * Is it a pack that a repair has given up, and still what it was then? What is needed and in no other pack is lost: the
 * index does not know it, so that no snapshot looks whole that is not.
 */
static int is_given_up(struct store *store, const struct condemned *condemned,
		       const struct found_pack *pack, struct error *e)
{
	OWNED(buf_release) struct buf content = {0};
	char name[PACK_NAME_LEN + 1];
	struct error unreadable;
	int sound;

	pack_reader_name(&pack->id, name);
	if (condemned_find_file(condemned, name) == NULL)
		return 0;
	sound = pack_reader_whole(store->backend, &pack->id, pack->size, &content, &unreadable);
	if (sound < 0 && error_is_lack(&unreadable)) {
		*e = unreadable;
		return e->code;
	}
	return sound != 1;
}

static int add_pack(struct store *store, struct chunk_index_batch *batch,
		    const struct condemned *condemned, const struct found_pack *pack,
		    struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	struct error unreadable;
	enum pack_kind kind;
	uint32_t number;
	bool is_new;

	int got = is_given_up(store, condemned, pack, e);

	if (got != 0)
		return got < 0 ? got : 0;
	got = pack_reader_directory(store->backend, &pack->id, pack->size, &entries, &kind,
				    &unreadable);
	if (got < 0 && error_is_lack(&unreadable)) {
		*e = unreadable;
		return e->code;
	}
	if (got != 1)
		return 0;
	if (chunk_index_add_pack(batch, &pack->id, pack->size, &number, &is_new, e) < 0)
		return e->code;
	if (!is_new)
		return 0;
	if (pack_index_entries(batch, number, (const struct pack_entry *)(const void *)entries.at,
			       entries.len / sizeof(struct pack_entry), e) < 0)
		return e->code;
	return 1;
}

/* Those of the index that are not in the sorted list, or have another size there. */
static int find_gone(struct store *store, const struct buf *found, struct buf *ret, struct error *e)
{
	OWNED(free) struct chunk_pack *known = NULL;
	size_t count;

	if (chunk_index_packs(store->index, &known, &count, e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++) {
		struct found_pack key = {.id = known[i].id};
		const struct found_pack *there =
			found->len == 0 ? NULL
					: bsearch(&key, found->at, found->len / sizeof(key),
						  sizeof(key), by_id);

		if (there == NULL || there->size != known[i].size)
			buf_add(ret, &known[i], sizeof(known[i]));
	}
	return 0;
}

/* New packs are those without a number. */
static int find_new(struct store *store, const struct buf *found, struct buf *ret, struct error *e)
{
	const struct found_pack *pack = (const struct found_pack *)(const void *)found->at;

	for (size_t i = 0; i < found->len / sizeof(*pack); i++) {
		int known = chunk_index_has_pack(store->index, &pack[i].id, e);

		if (known < 0)
			return known;
		if (known == 0)
			buf_add(ret, &pack[i], sizeof(pack[i]));
	}
	return 0;
}

static int add_packs(struct store *store, struct chunk_index_batch *batch, const struct buf *added,
		     struct error *e)
{
	const struct found_pack *pack = (const struct found_pack *)(const void *)added->at;
	OWNED(condemned_release) struct condemned condemned = {0};

	if (added->len > 0 && condemned_read(store, &condemned, e) < 0)
		return e->code;
	for (size_t i = 0; i < added->len / sizeof(*pack); i++)
		if (add_pack(store, batch, &condemned, &pack[i], e) < 0)
			return e->code;
	return added->len > 0 ? settle_note(batch, e) : 0;
}

/*
 * Drop those of them that are not there indeed: another process may have put one, and told the index, after the list was made.
 * As long as the batch lasts nobody else tells the index anything.
 */
static int drop_gone(struct store *store, struct chunk_index_batch *batch, const struct buf *gone,
		     struct error *e)
{
	const struct chunk_pack *pack = (const struct chunk_pack *)(const void *)gone->at;
	OWNED(buf_release) struct buf numbers = {0};

	for (size_t i = 0; i < gone->len / sizeof(*pack); i++) {
		char name[PACK_NAME_LEN + 1];
		uint64_t size;
		int there;

		pack_reader_name(&pack[i].id, name);
		there = store->backend->ops->size(store->backend, name, &size, e);
		if (there < 0)
			return there;
		if (there == 0 || size != pack[i].size)
			buf_add(&numbers, &pack[i].number, sizeof(pack[i].number));
	}
	if (numbers.len == 0)
		return 0;
	if (chunk_index_drop_packs(batch, (const uint32_t *)(const void *)numbers.at,
				   numbers.len / sizeof(uint32_t), e) < 0)
		return e->code;
	/* What was known to be whole may not be any more. */
	return chunk_index_drop_notes(batch, bytes_str("whole:"), e);
}

static int apply(struct store *store, const struct buf *added, const struct buf *gone,
		 struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;

	if (chunk_index_begin(store->index, &batch, e) < 0)
		return e->code;
	if (drop_gone(store, batch, gone, e) < 0)
		return e->code;
	if (add_packs(store, batch, added, e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

/* All packs that lie in the store, in order of their ids. */
static int find_all(struct store *store, struct buf *ret, struct error *e)
{
	if (store->backend->ops->list(store->backend, "chunks", collect, ret, e) < 0)
		return e->code;
	if (ret->len > 0)
		qsort(ret->at, ret->len / sizeof(struct found_pack), sizeof(struct found_pack),
		      by_id);
	return 0;
}

static int refresh_locked(struct store *store, struct error *e)
{
	OWNED(buf_release) struct buf found = {0};
	OWNED(buf_release) struct buf added = {0};
	OWNED(buf_release) struct buf gone = {0};

	if (find_all(store, &found, e) < 0 || find_gone(store, &found, &gone, e) < 0 ||
	    find_new(store, &found, &added, e) < 0)
		return e->code;
	if (added.len == 0 && gone.len == 0)
		return 0;
	return apply(store, &added, &gone, e);
}

int store_refresh(struct store *store, struct error *e)
{
	int code;

	pthread_mutex_lock(&store->refresh_lock);
	code = refresh_locked(store, e);
	pthread_mutex_unlock(&store->refresh_lock);
	return code;
}

/*
 * Drop every pack and every record, and read all trailers again: at once, or other processes would
 * see an empty index meanwhile and store again what they have.
 */
static int rebuild_locked(struct store *store, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	OWNED(buf_release) struct buf found = {0};

	/* In this order: what another process puts after the list was made is told to the index after this batch. */
	if (chunk_index_begin(store->index, &batch, e) < 0 || find_all(store, &found, e) < 0)
		return e->code;
	if (chunk_index_clear(batch, e) < 0 || add_packs(store, batch, &found, e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

int store_rebuild(struct store *store, struct error *e)
{
	int code = 0;

	pthread_mutex_lock(&store->refresh_lock);
	if (!store->rebuilt) {
		code = rebuild_locked(store, e);
		if (code == 0)
			__atomic_store_n(&store->rebuilt, true, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&store->refresh_lock);
	return code;
}

/* Look in an index that was made anew, once in the life of `store`; after that the answer is `count`, and *e, which it was. */
static int look_anew(struct store *store, const struct chunk_id *id,
		     struct chunk_place ret[CHUNK_PLACES_MAX], int count, struct error *e)
{
	if (__atomic_load_n(&store->rebuilt, __ATOMIC_ACQUIRE))
		return count;
	if (store_rebuild(store, e) < 0)
		return e->code;
	return chunk_index_get(store->index, id, ret, e);
}

int store_places(struct store *store, const struct chunk_id *id,
		 struct chunk_place ret[CHUNK_PLACES_MAX], struct error *e)
{
	int count = chunk_index_get(store->index, id, ret, e);

	if (count > 0)
		return count;
	if (count == 0 && store_refresh(store, e) == 0)
		count = chunk_index_get(store->index, id, ret, e);
	if (count == 0 || (count < 0 && e->code == ERR_CORRUPT))
		count = look_anew(store, id, ret, count, e);
	if (count == 0)
		return error_set(e, ERR_CORRUPT, "it is in no pack");
	return count;
}

int store_lists(struct store *store, const struct chunk_id *id, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(store->index, id, places, e);

	if (count < 0 && e->code == ERR_CORRUPT)
		count = look_anew(store, id, places, count, e);
	return count < 0 ? count : count > 0;
}
