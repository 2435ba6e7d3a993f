#include "oplog/segment.h"

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "store/crypt/seal.h"
#include "store/snapshot/record.h"

/* docs/format/oplog.md: magic, version, one BSON document. The name is the checksum. */
#define SEGMENT_VERSION 1
static const uint8_t magic[4] = {'Y', 'S', 'E', 'G'};

static void add_entry(struct buf *b, const char *name, const struct entry_optime *at,
		      const struct chunk_id *hash)
{
	size_t doc = bson_build_open(b, name);

	bson_build_timestamp(b, "ts", entry_seconds(at->ts), entry_increment(at->ts));
	bson_build_int64(b, "t", at->term);
	bson_build_binary(b, "hash", 0, bytes_of(hash->at, CHUNK_ID_LEN));
	bson_build_end(b, doc);
}

/* What must hold of every segment, written or read. */
static int check(const struct segment *s, struct error *e)
{
	static const char *const wrong[] = {
		"entries that are not in the order of time",
		"other sums than its tree",
		"no entries, and no link either",
		"trees of another kind",
	};
	bool empty = s->entries == 0;
	int found = -1;

	if (!empty && (s->first.ts == 0 || s->first.ts > s->last.ts ||
		       (s->first.ts == s->last.ts) != (s->entries == 1) ||
		       (s->prev.known && s->prev.at.ts >= s->first.ts) ||
		       (s->next.known && s->next.at.ts <= s->last.ts)))
		found = 0;
	else if (empty && s->prev.at.ts >= s->next.at.ts && s->prev.known && s->next.known)
		found = 0;
	else if (s->entries != s->root.count || s->bytes != s->root.bytes ||
		 s->entries > SEGMENT_ENTRIES_READ)
		found = 1;
	else if (empty && (!s->prev.known || !s->next.known))
		found = 2;
	else if ((!empty && s->root.kind != TREE_RANKED) || s->postings.kind != TREE_KEYED)
		found = 3;
	if (found >= 0)
		return error_set(e, ERR_CORRUPT, "a segment with %s", wrong[found]);
	return 0;
}

static void add_doc(struct buf *ret, const struct segment *s)
{
	size_t doc = bson_build_begin(ret);

	if (s->prev.known)
		add_entry(ret, "prev", &s->prev.at, &s->prev.hash);
	if (s->entries > 0) {
		add_entry(ret, "first", &s->first, &s->first_hash);
		add_entry(ret, "last", &s->last, &s->last_hash);
	}
	if (s->next.known)
		add_entry(ret, "next", &s->next.at, &s->next.hash);
	bson_build_int64(ret, "entries", (int64_t)s->entries);
	bson_build_int64(ret, "bytes", (int64_t)s->bytes);
	record_add_root(ret, "root", &s->root);
	record_add_root(ret, "postings", &s->postings);
	bson_build_int64(ret, "created", (int64_t)s->created_us);
	bson_build_end(ret, doc);
}

int segment_encode(struct segment *s, const struct store_keys *keys, struct buf *ret,
		   struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t start = ret->len;

	if (check(s, e) < 0)
		return e->code;
	add_doc(&doc, s);
	seal_file(keys, magic, SEGMENT_VERSION, buf_bytes(&doc), ret);
	s->id = chunk_id_of(bytes_of(ret->at + start, ret->len - start));
	return 0;
}

/* 1 and what names an entry, 0 when the field is not there. */
static int decode_entry(struct bytes doc, const char *name, struct entry_optime *ret_at,
			struct chunk_id *ret_hash, struct error *e)
{
	struct bytes at = {0};
	struct bson_field ts;
	uint64_t term = 0;
	int found = record_document(doc, name, &at, e);

	if (found != 1)
		return found;
	found = bson_find(at, "ts", &ts, e);
	if (found == 1 && ts.type != BSON_KIND_TIMESTAMP)
		found = 0;
	if (found == 1)
		found = record_int(at, "t", &term, e);
	if (found == 1)
		found = record_binary(at, "hash", ret_hash->at, CHUNK_ID_LEN, e);
	if (found == 0)
		error_set(e, ERR_CORRUPT, "it names no entry");
	if (found != 1)
		return error_wrap(e, "field \"%s\"", name);
	*ret_at = (struct entry_optime){.ts = get_le64(ts.value.at), .term = (int64_t)term};
	return 1;
}

static int decode_links(struct bytes doc, struct segment *s, struct error *e)
{
	int prev = decode_entry(doc, "prev", &s->prev.at, &s->prev.hash, e), next, first, last;

	next = prev < 0 ? prev : decode_entry(doc, "next", &s->next.at, &s->next.hash, e);
	first = next < 0 ? next : decode_entry(doc, "first", &s->first, &s->first_hash, e);
	last = first < 0 ? first : decode_entry(doc, "last", &s->last, &s->last_hash, e);
	if (last < 0)
		return last;
	s->prev.known = prev == 1;
	s->next.known = next == 1;
	if ((first == 1 && last == 1) != (s->entries > 0) || first != last)
		return record_missing(e, "first\" or \"last");
	return 0;
}

static int decode_doc(struct bytes doc, struct segment *s, struct error *e)
{
	int found = record_int(doc, "entries", &s->entries, e);

	if (found != 1)
		return found < 0 ? found : record_missing(e, "entries");
	if (decode_links(doc, s, e) < 0 || record_int(doc, "bytes", &s->bytes, e) < 0 ||
	    record_root(doc, "root", &s->root, e) < 0 ||
	    record_root(doc, "postings", &s->postings, e) < 0 ||
	    record_int(doc, "created", &s->created_us, e) < 0)
		return e->code;
	return check(s, e);
}

int segment_decode(const struct chunk_id *id, struct bytes from, const struct store_keys *keys,
		   struct segment *ret, struct error *e)
{
	struct segment s = {.id = chunk_id_of(from)};
	OWNED(buf_release) struct buf doc = {0};

	if (!chunk_id_equal(&s.id, id))
		return error_set(e, ERR_CORRUPT, "its bytes do not have the hash in its name");
	if (from.len < SEAL_FILE_HEADER_LEN || memcmp(from.at, magic, sizeof(magic)) != 0)
		return error_set(e, ERR_CORRUPT, "it does not begin like a segment");
	if (from.at[4] != SEGMENT_VERSION)
		return error_set(e, ERR_UNSUPPORTED, "segment version %u, this program knows %u",
				 from.at[4], SEGMENT_VERSION);
	if (seal_file_open(keys, from, &doc, e) < 0 ||
	    bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, e) < 0 ||
	    decode_doc(buf_bytes(&doc), &s, e) < 0)
		return e->code;
	*ret = s;
	return 0;
}

bool segment_follows(const struct segment *a, const struct segment *b)
{
	return (b->prev.known && b->prev.at.ts == a->last.ts && b->prev.at.term == a->last.term &&
		chunk_id_equal(&b->prev.hash, &a->last_hash)) ||
	       (a->next.known && a->next.at.ts == b->first.ts && a->next.at.term == b->first.term &&
		chunk_id_equal(&a->next.hash, &b->first_hash));
}
