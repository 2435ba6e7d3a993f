#include "store/snapshot/manifest.h"

#include <stdio.h>

#include "base/bson_build.h"
#include "base/ns_filter.h"
#include "store/crypt/seal.h"
#include "store/snapshot/record.h"

/* docs/format/manifest.md: magic, version, one BSON document. The name is the checksum. */
#define MANIFEST_VERSION 1
static const uint8_t magic[4] = {'Y', 'S', 'N', 'P'};

void snapshot_release(struct snapshot *s)
{
	free(s->name);
	free(s->tag);
	buf_release(&s->coverage);
	free(s->source);
	free(s->replica_set);
	free(s->server_version);
	free(s->tool);
	*s = (struct snapshot){0};
}

static char *copy_text(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void snapshot_copy(const struct snapshot *snapshot, struct snapshot *ret)
{
	*ret = *snapshot;
	ret->name = copy_text(snapshot->name);
	ret->tag = copy_text(snapshot->tag);
	ret->coverage = (struct buf){0};
	buf_add_bytes(&ret->coverage, buf_bytes(&snapshot->coverage));
	ret->source = copy_text(snapshot->source);
	ret->replica_set = copy_text(snapshot->replica_set);
	ret->server_version = copy_text(snapshot->server_version);
	ret->tool = copy_text(snapshot->tool);
}

bool snapshot_is_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > SNAPSHOT_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
	       len;
}

int snapshot_check_name(const char *name, struct error *e)
{
	if (snapshot_is_name(name))
		return 0;
	return error_set(
		e, ERR_INVALID,
		"\"%s\" can't be a snapshot's name: letters, digits, . _ and - (not first . or "
		"-), at most %d",
		name, SNAPSHOT_NAME_MAX);
}

static void add_text(struct buf *b, const char *name, const char *text)
{
	if (text != NULL)
		bson_build_string(b, name, bytes_str(text));
}

/* One member of the replica set list; this wave has always one. */
static void add_set(struct buf *b, const struct snapshot *s)
{
	size_t sets = bson_build_open_array(b, "sets"), set = bson_build_open(b, "0");

	add_text(b, "replicaSet", s->replica_set);
	bson_build_int64(b, "optimeSeconds", s->optime.seconds);
	bson_build_int64(b, "optimeIncrement", s->optime.increment);
	bson_build_int64(b, "neededSeconds", s->needed_from.seconds);
	bson_build_int64(b, "neededIncrement", s->needed_from.increment);
	record_add_root(b, "catalog", &s->catalog);
	record_add_root(b, "changes", &s->changes);
	record_add_root(b, "oplog", &s->oplog);
	bson_build_end(b, set);
	bson_build_end(b, sets);
}

static void add_doc(struct buf *ret, const struct snapshot *s)
{
	size_t doc = bson_build_begin(ret);

	add_text(ret, "name", s->name);
	add_text(ret, "tag", s->tag);
	bson_build_int64(ret, "time", (int64_t)s->time);
	bson_build_int64(ret, "created", (int64_t)s->created_us);
	bson_build_bool(ret, "exact", s->exact);
	bson_build_bool(ret, "partial", s->partial);
	if (s->coverage.len > 0)
		bson_build_value(ret, "coverage", BSON_KIND_DOCUMENT, buf_bytes(&s->coverage));
	if (s->checkpoint)
		bson_build_bool(ret, "checkpoint", true);
	add_text(ret, "source", s->source);
	add_text(ret, "server", s->server_version);
	add_text(ret, "tool", s->tool);
	if (s->has_parent)
		bson_build_binary(ret, "parent", 0, bytes_of(s->parent.at, CHUNK_ID_LEN));
	add_set(ret, s);
	bson_build_int64(ret, "collections", (int64_t)s->collections);
	bson_build_int64(ret, "documents", (int64_t)s->documents);
	bson_build_int64(ret, "bytes", (int64_t)s->bytes);
	bson_build_end(ret, doc);
}

int snapshot_encode(struct snapshot *s, const struct store_keys *keys, struct buf *ret,
		    struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t start = ret->len;

	if (s->name == NULL)
		return error_set(e, ERR_INVALID, "a snapshot needs a name");
	add_doc(&doc, s);
	seal_file(keys, magic, MANIFEST_VERSION, buf_bytes(&doc), ret);
	s->id = chunk_id_of(bytes_of(ret->at + start, ret->len - start));
	return 0;
}

static int u32_of(struct bytes doc, const char *name, uint32_t *ret, struct error *e)
{
	uint64_t value = 0;

	if (record_int(doc, name, &value, e) < 0)
		return e->code;
	if (value > UINT32_MAX)
		return error_set(e, ERR_CORRUPT, "field \"%s\" is too large", name);
	*ret = (uint32_t)value;
	return 0;
}

static int decode_set(struct bytes doc, struct snapshot *s, struct error *e)
{
	struct bytes sets = {0}, set = {0};
	struct bson_field second;
	int found = record_document(doc, "sets", &sets, e);

	if (found == 1)
		found = record_document(sets, "0", &set, e);
	if (found != 1)
		return found < 0 ? found : record_missing(e, "sets");
	if (bson_find(sets, "1", &second, e) != 0)
		return error_set(e, ERR_UNSUPPORTED,
				 "snapshot of several replica sets: a newer program is needed");
	if (record_text(set, "replicaSet", &s->replica_set, NULL, e) < 0 ||
	    u32_of(set, "optimeSeconds", &s->optime.seconds, e) < 0 ||
	    u32_of(set, "optimeIncrement", &s->optime.increment, e) < 0 ||
	    u32_of(set, "neededSeconds", &s->needed_from.seconds, e) < 0 ||
	    u32_of(set, "neededIncrement", &s->needed_from.increment, e) < 0 ||
	    record_root(set, "catalog", &s->catalog, e) < 0 ||
	    record_root(set, "changes", &s->changes, e) < 0 ||
	    record_root(set, "oplog", &s->oplog, e) < 0)
		return e->code;
	return 0;
}

/* The filter that a partial snapshot was made with; those of older programs do not tell. */
static int decode_coverage(struct bytes doc, struct snapshot *s, struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = NULL;
	struct bytes coverage;
	int found = record_document(doc, "coverage", &coverage, e);

	if (found <= 0)
		return found;
	if (ns_filter_decode(coverage, &filter, e) < 0)
		return error_wrap(e, "coverage");
	buf_add_bytes(&s->coverage, coverage);
	return 0;
}

static int decode_doc(struct bytes doc, struct snapshot *s, struct error *e)
{
	int found = record_text(doc, "name", &s->name, NULL, e), parent;

	if (found != 1)
		return found < 0 ? found : record_missing(e, "name");
	if (!snapshot_is_name(s->name))
		return error_set(e, ERR_CORRUPT, "its name can't be a snapshot's");
	parent = record_binary(doc, "parent", s->parent.at, CHUNK_ID_LEN, e);
	if (parent < 0 || record_text(doc, "tag", &s->tag, NULL, e) < 0 ||
	    record_int(doc, "time", &s->time, e) < 0 ||
	    record_int(doc, "created", &s->created_us, e) < 0 ||
	    record_bool(doc, "exact", &s->exact, e) < 0 ||
	    record_bool(doc, "partial", &s->partial, e) < 0 || decode_coverage(doc, s, e) < 0 ||
	    record_bool(doc, "checkpoint", &s->checkpoint, e) < 0 ||
	    record_text(doc, "source", &s->source, NULL, e) < 0 ||
	    record_text(doc, "server", &s->server_version, NULL, e) < 0 ||
	    record_text(doc, "tool", &s->tool, NULL, e) < 0 ||
	    record_int(doc, "collections", &s->collections, e) < 0 ||
	    record_int(doc, "documents", &s->documents, e) < 0 ||
	    record_int(doc, "bytes", &s->bytes, e) < 0)
		return e->code;
	s->has_parent = parent == 1;
	return decode_set(doc, s, e);
}

int snapshot_decode(const struct chunk_id *id, struct bytes from, const struct store_keys *keys,
		    struct snapshot *ret, struct error *e)
{
	struct snapshot s = {.id = chunk_id_of(from)};
	OWNED(buf_release) struct buf doc = {0};

	if (!chunk_id_equal(&s.id, id))
		return error_set(e, ERR_CORRUPT, "its bytes do not have the hash in its name");
	if (from.len < SEAL_FILE_HEADER_LEN || memcmp(from.at, magic, sizeof(magic)) != 0)
		return error_set(e, ERR_CORRUPT, "it does not begin like a manifest");
	if (from.at[4] != MANIFEST_VERSION)
		return error_set(e, ERR_UNSUPPORTED, "manifest version %u, this program knows %u",
				 from.at[4], MANIFEST_VERSION);
	if (seal_file_open(keys, from, &doc, e) < 0 ||
	    bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, e) < 0)
		return e->code;
	if (decode_doc(buf_bytes(&doc), &s, e) < 0) {
		snapshot_release(&s);
		return e->code;
	}
	*ret = s;
	return 0;
}
