#include "oplog/postings.h"

#include <assert.h>

#include "base/bson_build.h"
#include "base/key.h"
#include "base/siphash.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_cursor.h"

#define UUID_LEN 16
#define HASH_BITS 20	  /* of a key's hash that are stored */
#define BUCKET_TARGET 512 /* operations in a document, about */

/* One operation. */
struct posting {
	uint32_t uuid; /* its number */
	uint32_t hash; /* HASH_BITS of it */
	uint32_t rank;
};

struct postings_builder {
	struct buf postings; /* of struct posting */
	struct buf always;   /* of uint32_t: ranks */
	uint8_t (*uuids)[UUID_LEN];
	size_t uuid_count;
	uint32_t
		*slots; /* by hash of the UUID: its number + 1; a power of two, at most half full */
	size_t slot_count;
	struct buf key;
};

uint32_t stream_key_hash(struct bytes key)
{
	static const uint8_t hash_key[SIPHASH_KEY_LEN] = "oplog postings";

	return (uint32_t)(siphash24(hash_key, key) >> 32);
}

struct postings_builder *postings_builder_new(void)
{
	struct postings_builder *b = xcalloc(1, sizeof(*b));

	b->slot_count = 64;
	b->slots = xcalloc(b->slot_count, sizeof(*b->slots));
	return b;
}

void postings_builder_free(struct postings_builder *b)
{
	if (b == NULL)
		return;
	buf_release(&b->postings);
	buf_release(&b->always);
	buf_release(&b->key);
	free(b->uuids);
	free(b->slots);
	free(b);
}

static uint32_t *slot_of(struct postings_builder *b, const uint8_t *uuid)
{
	static const uint8_t hash_key[SIPHASH_KEY_LEN] = "oplog uuids";
	size_t at = siphash24(hash_key, bytes_of(uuid, UUID_LEN)) & (b->slot_count - 1);

	while (b->slots[at] != 0 && memcmp(b->uuids[b->slots[at] - 1], uuid, UUID_LEN) != 0)
		at = (at + 1) & (b->slot_count - 1);
	return &b->slots[at];
}

static uint32_t number_of(struct postings_builder *b, const uint8_t *uuid)
{
	uint32_t *slot = slot_of(b, uuid);

	if (*slot != 0)
		return *slot - 1;
	if (2 * (b->uuid_count + 1) > b->slot_count) {
		free(b->slots);
		b->slot_count *= 2;
		b->slots = xcalloc(b->slot_count, sizeof(*b->slots));
		for (size_t i = 0; i < b->uuid_count; i++)
			*slot_of(b, b->uuids[i]) = (uint32_t)i + 1;
		slot = slot_of(b, uuid);
	}
	if ((b->uuid_count & (b->uuid_count - 1)) == 0)
		b->uuids = xrealloc(b->uuids, MAX_OF(2 * b->uuid_count, (size_t)16) * UUID_LEN);
	memcpy(b->uuids[b->uuid_count++], uuid, UUID_LEN);
	*slot = (uint32_t)b->uuid_count;
	return *slot - 1;
}

static void add_rank(struct buf *ret, uint32_t rank)
{
	buf_add(ret, &rank, sizeof(rank));
}

/* False: nothing can be told of it. */
static bool add_key(struct postings_builder *b, const struct entry *op, uint32_t rank,
		    const struct bson_field *id)
{
	struct posting posting = {.rank = rank};
	struct error ignored;

	buf_reset(&b->key);
	if (key_of_value(id->type, id->value, &b->key, &ignored) < 0)
		return false;
	posting.uuid = number_of(b, op->ui);
	posting.hash = stream_key_hash(buf_bytes(&b->key)) >> (32 - HASH_BITS);
	buf_add(&b->postings, &posting, sizeof(posting));
	return true;
}

/* Does it change what other entries mean? */
static bool is_of_all(const struct entry *op)
{
	return bytes_equal(op->coll, bytes_str("system.views")) ||
	       bytes_equal(op->ns, bytes_str("admin.system.version"));
}

static bool add_operation(struct postings_builder *b, const struct entry *op, uint32_t rank)
{
	struct bson_field id;
	struct error ignored;
	int found;

	switch (op->op) {
	case ENTRY_INSERT:
	case ENTRY_UPDATE:
	case ENTRY_DELETE:
		break;
	case ENTRY_COMMAND:
	case ENTRY_UNKNOWN:
		return false;
	default:
		return true; /* a noop, or no replay applies it */
	}
	if (op->ui == NULL || is_of_all(op) || entry_id(op, &id, &ignored) != 1 ||
	    !add_key(b, op, rank, &id))
		return false;
	/* An upsert inserts what o says, and that may have another _id (docs/oplog-findings.md). */
	found = op->op == ENTRY_UPDATE ? bson_find(op->o, "_id", &id, &ignored) : 0;
	return found == 0 || (found == 1 && add_key(b, op, rank, &id));
}

void postings_builder_add(struct postings_builder *b, uint32_t rank, const struct entry *entry)
{
	struct entry_unit_info info;
	struct entry_ops ops;
	struct entry op;
	struct error ignored;
	bool told = true;
	int found = 0;

	if (entry == NULL || entry_unit(entry, &info, &ignored) < 0 ||
	    (info.unit != ENTRY_UNIT_ALONE && info.unit != ENTRY_UNIT_APPLY_OPS &&
	     info.unit != ENTRY_UNIT_WHOLE)) {
		add_rank(&b->always, rank);
		return;
	}
	entry_ops_begin(&ops, entry);
	while (told && (found = entry_ops_next(&ops, &op, &ignored)) == 1)
		told = add_operation(b, &op, rank);
	if (!told || found < 0)
		add_rank(&b->always, rank);
}

static int by_hash(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int by_rank(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sort, and leave out what is there twice; returns the count. */
static size_t sort_unique(void *items, size_t count, size_t size,
			  int (*order)(const void *, const void *))
{
	uint8_t *at = items;
	size_t kept = 0;

	if (count > 1)
		qsort(items, count, size, order);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && order(at + (kept - 1) * size, at + i * size) == 0)
			continue;
		memmove(at + kept * size, at + i * size, size);
		kept++;
	}
	return kept;
}

/* A document whose _id is `id`: its key and itself go to the tree. */
static int add_doc(struct tree_builder *tree, struct bytes id, unsigned bits, struct bytes ranks,
		   bool with_hashes, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf key = {0};
	size_t at = bson_build_begin(&doc);

	bson_build_binary(&doc, "_id", 0, id);
	if (bits > 0)
		bson_build_int32(&doc, "bits", (int32_t)bits);
	else
		bson_build_binary(&doc, with_hashes ? "p" : "r", 0, ranks);
	bson_build_end(&doc, at);
	if (key_of_document(buf_bytes(&doc), &key, e) < 0)
		return e->code;
	return tree_builder_add(tree, buf_bytes(&key), buf_bytes(&doc), e);
}

/* The ranks that answer every question: differences as varints. */
static int build_always(struct postings_builder *b, struct tree_builder *tree, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	uint32_t *ranks = (uint32_t *)(void *)b->always.at;
	size_t count = sort_unique(ranks, b->always.len / sizeof(*ranks), sizeof(*ranks), by_rank);

	for (size_t i = 0; i < count; i++)
		buf_add_varint(&text, ranks[i] - (i == 0 ? 0 : ranks[i - 1]));
	return add_doc(tree, bytes_of("", 0), 0, buf_bytes(&text), false, e);
}

/* Operations as varints: how much larger the hash is than that of the one before, then the rank. */
static void add_pairs(const struct posting *at, size_t count, struct buf *ret)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_varint(ret, at[i].hash - (i == 0 ? 0 : at[i - 1].hash));
		buf_add_varint(ret, at[i].rank);
	}
}

/* The operations of one UUID. */
struct group {
	const uint8_t *uuid;
	struct posting *at;
	size_t count;
	unsigned bits; /* of the hash that name the bucket */
};

static int by_uuid(const void *a, const void *b)
{
	return memcmp(((const struct group *)a)->uuid, ((const struct group *)b)->uuid, UUID_LEN);
}

/* Sort the operations by UUID: counted, then placed. */
static void make_groups(struct postings_builder *b, struct group *groups, struct posting *sorted)
{
	const struct posting *at = (const struct posting *)(const void *)b->postings.at;
	size_t count = b->postings.len / sizeof(*at), next = 0;

	for (size_t i = 0; i < count; i++)
		groups[at[i].uuid].count++;
	for (size_t i = 0; i < b->uuid_count; i++) {
		groups[i].uuid = b->uuids[i];
		groups[i].at = sorted + next;
		next += groups[i].count;
		groups[i].count = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct group *group = &groups[at[i].uuid];

		group->at[group->count++] = at[i];
	}
	for (size_t i = 0; i < b->uuid_count; i++) {
		struct group *group = &groups[i];

		group->count = sort_unique(group->at, group->count, sizeof(*group->at), by_hash);
		while (group->count >> group->bits > BUCKET_TARGET && group->bits < HASH_BITS)
			group->bits++;
	}
	if (b->uuid_count > 1)
		qsort(groups, b->uuid_count, sizeof(*groups), by_uuid);
}

/* Head documents have the shorter _id: in the order of the tree all of them come first. */
static int build_head(const struct group *group, struct tree_builder *tree, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (group->bits == 0)
		add_pairs(group->at, group->count, &text);
	return add_doc(tree, bytes_of(group->uuid, UUID_LEN), group->bits, buf_bytes(&text), true,
		       e);
}

static void bucket_id(const uint8_t *uuid, uint32_t bucket, uint8_t ret[UUID_LEN + 4])
{
	memcpy(ret, uuid, UUID_LEN);
	put_be32(ret + UUID_LEN, bucket);
}

static int build_buckets(const struct group *group, struct tree_builder *tree, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	unsigned shift = HASH_BITS - group->bits;
	size_t begin = 0, end;

	for (; group->bits > 0 && begin < group->count; begin = end) {
		uint32_t bucket = group->at[begin].hash >> shift;
		uint8_t id[UUID_LEN + 4];

		for (end = begin; end < group->count && group->at[end].hash >> shift == bucket;)
			end++;
		buf_reset(&text);
		add_pairs(group->at + begin, end - begin, &text);
		bucket_id(group->uuid, bucket, id);
		if (add_doc(tree, bytes_of(id, sizeof(id)), 0, buf_bytes(&text), true, e) < 0)
			return e->code;
	}
	return 0;
}

int postings_builder_finish(struct postings_builder *b, struct store_writer *writer,
			    struct tree_root *ret, struct error *e)
{
	const struct tree_build_options options = {.kind = TREE_KEYED};
	OWNED(tree_builder_free) struct tree_builder *tree = tree_builder_new(writer, &options);
	OWNED(free) struct group *groups = xcalloc(b->uuid_count + 1, sizeof(*groups));
	OWNED(free) struct posting *sorted = xmalloc(b->postings.len + 1);

	make_groups(b, groups, sorted);
	if (build_always(b, tree, e) < 0)
		return e->code;
	for (size_t i = 0; i < b->uuid_count; i++)
		if (build_head(&groups[i], tree, e) < 0)
			return e->code;
	for (size_t i = 0; i < b->uuid_count; i++)
		if (build_buckets(&groups[i], tree, e) < 0)
			return e->code;
	return tree_builder_finish(tree, ret, e);
}

/* The next varint of `from`, below `limit`; ERR_CORRUPT. */
static int next_number(struct bytes *from, uint64_t limit, uint64_t *ret, struct error *e)
{
	if (!get_varint(from, ret) || *ret >= limit)
		return error_set(e, ERR_CORRUPT,
				 "postings with a number that is none, or too large");
	return 0;
}

static int read_ranks(struct bytes from, struct buf *ret, struct error *e)
{
	uint64_t rank = 0, more;

	while (from.len > 0) {
		if (next_number(&from, UINT32_MAX - rank, &more, e) < 0)
			return e->code;
		rank += more;
		add_rank(ret, (uint32_t)rank);
	}
	return 0;
}

static int read_pairs(struct bytes from, const uint32_t *key_hash, struct buf *ret, struct error *e)
{
	const uint64_t wanted = key_hash == NULL ? 0 : *key_hash >> (32 - HASH_BITS);
	uint64_t hash = 0, rank, more;

	while (from.len > 0) {
		if (next_number(&from, ((uint64_t)1 << HASH_BITS) - hash, &more, e) < 0 ||
		    next_number(&from, UINT32_MAX, &rank, e) < 0)
			return e->code;
		hash += more;
		if (key_hash == NULL || hash == wanted)
			add_rank(ret, (uint32_t)rank);
	}
	return 0;
}

/* The payload of a binary field. */
static bool binary_of(const struct bson_field *field, struct bytes *ret)
{
	if (field->type != BSON_KIND_BINARY || field->value.len < 5)
		return false;
	*ret = bytes_of(field->value.at + 5, field->value.len - 5);
	return true;
}

int postings_read(struct bytes doc, const uint32_t *key_hash, unsigned *ret_bits, struct buf *ret,
		  struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct bytes value;
	int found;

	*ret_bits = 0;
	while ((found = bson_fields_next(&fields, &field, e)) == 1) {
		if (bytes_equal(field.name, bytes_str("r")) && binary_of(&field, &value))
			return read_ranks(value, ret, e);
		if (bytes_equal(field.name, bytes_str("p")) && binary_of(&field, &value))
			return read_pairs(value, key_hash, ret, e);
		if (!bytes_equal(field.name, bytes_str("bits")) || field.type != BSON_KIND_INT32)
			continue;
		if (get_le32(field.value.at) == 0 || get_le32(field.value.at) > HASH_BITS)
			return error_set(e, ERR_CORRUPT, "postings in buckets of %u bits",
					 get_le32(field.value.at));
		*ret_bits = get_le32(field.value.at);
		return 0;
	}
	return found < 0 ? found : error_set(e, ERR_CORRUPT, "postings without ranks");
}

/* Stand before the document of this _id: 1 when it is there, 0 before the next one. */
static int seek_id(struct tree_cursor *cursor, struct bytes id, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf key = {0};

	buf_add_le32(&value, (uint32_t)id.len);
	buf_add_u8(&value, 0);
	buf_add_bytes(&value, id);
	if (key_of_value(BSON_KIND_BINARY, buf_bytes(&value), &key, e) < 0)
		return e->code;
	return tree_cursor_seek_key(cursor, buf_bytes(&key), e);
}

/* Does the document's _id begin with the UUID, and name a bucket? */
static bool is_bucket_of(struct bytes doc, const uint8_t *uuid)
{
	struct bson_field field;
	struct error ignored;
	struct bytes id;

	return bson_find(doc, "_id", &field, &ignored) == 1 && binary_of(&field, &id) &&
	       id.len == UUID_LEN + 4 && memcmp(id.at, uuid, UUID_LEN) == 0;
}

static int find_buckets(struct tree_cursor *cursor, const uint8_t *uuid, const uint32_t *key_hash,
			unsigned bits, struct buf *ret, struct error *e)
{
	uint8_t id[UUID_LEN + 4];
	struct bytes doc;
	int found;

	bucket_id(uuid, key_hash == NULL ? 0 : *key_hash >> (32 - bits), id);
	found = seek_id(cursor, bytes_of(id, sizeof(id)), e);
	if (found < 0 || (found == 0 && key_hash != NULL))
		return found;
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1 && is_bucket_of(doc, uuid)) {
		if (postings_read(doc, key_hash, &bits, ret, e) < 0)
			return e->code;
		if (key_hash != NULL)
			break;
	}
	return found < 0 ? found : 0;
}

/* The operations of one UUID. */
static int find_uuid(struct tree_cursor *cursor, const uint8_t *uuid, const uint32_t *key_hash,
		     struct buf *ret, struct error *e)
{
	struct bytes doc;
	unsigned bits;
	int found = seek_id(cursor, bytes_of(uuid, UUID_LEN), e);

	if (found == 1)
		found = tree_cursor_next(cursor, &doc, e);
	if (found != 1)
		return found;
	if (postings_read(doc, key_hash, &bits, ret, e) < 0)
		return e->code;
	return bits == 0 ? 0 : find_buckets(cursor, uuid, key_hash, bits, ret, e);
}

int postings_find(struct store *store, const struct tree_root *postings,
		  const struct stream_filter *filter, struct buf *ret, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, postings);
	OWNED(buf_release) struct buf ranks = {0};
	struct bytes doc;
	unsigned bits;
	int found =
		tree_cursor_next(cursor, &doc, e); /* the shortest _id: of what answers always */

	assert(!filter->has_key || filter->uuid_count == 1);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "postings without documents");
	if (found < 0 || postings_read(doc, NULL, &bits, &ranks, e) < 0)
		return e->code;
	for (size_t i = 0; i < filter->uuid_count; i++)
		if (find_uuid(cursor, filter->uuids[i], filter->has_key ? &filter->key_hash : NULL,
			      &ranks, e) < 0)
			return e->code;
	ranks.len = sizeof(uint32_t) *
		    sort_unique(ranks.at, ranks.len / sizeof(uint32_t), sizeof(uint32_t), by_rank);
	buf_add_bytes(ret, buf_bytes(&ranks));
	return 0;
}
