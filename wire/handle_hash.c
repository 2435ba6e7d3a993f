/* dbHash and validate. Prefix: handle_ */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/bson_check.h"
#include "base/buckets.h"
#include "base/clock.h"
#include "base/key.h"
#include "oplog/dbhash.h"
#include "query/value.h"
#include "wire/catalog_walk.h"
#include "wire/handlers.h"
#include "wire/idl.h"

#define ERRORS_MAX 20 /* that one reply of validate tells */

/* ---- dbHash */

struct hashing {
	struct call *call;
	struct bytes only;		       /* an array of names; empty: all */
	struct buf collections, uuids, capped; /* fields of the reply's documents */
	size_t capped_count;
	struct md5 *total;
};

static bool hash_wanted(void *ctx, struct bytes db, struct bytes name)
{
	struct hashing *h = ctx;
	struct fields fields = fields_of(h->only);
	struct bson_field f;
	bool any = false;

	if (query_is_hidden(db, name, h->call->service->options.with_users))
		return false;
	while (fields_next(&fields, &f)) {
		if (f.type != BSON_KIND_STRING)
			continue;
		any = true;
		if (bytes_equal(value_of_field(&f).data, name))
			return true;
	}
	return !any;
}

static int hash_collection(void *ctx, const struct dbhash_collection *c, struct error *e)
{
	struct hashing *h = ctx;
	struct value hash = value_string(bytes_str(c->hash));
	char index[24];

	(void)e;
	value_write(&h->collections, c->name, &hash);
	md5_add(h->total, bytes_str(c->hash));
	if (c->capped) {
		snprintf(index, sizeof(index), "%zu", h->capped_count++);
		bson_build_string(&h->capped, index, c->name);
	}
	if (c->uuid != NULL) {
		uint8_t payload[21] = {16, 0, 0, 0, 4};
		struct value uuid = {.type = BSON_KIND_BINARY};

		memcpy(payload + 5, c->uuid, 16);
		uuid.data = bytes_of(payload, sizeof(payload));
		value_write(&h->uuids, c->name, &uuid);
	}
	return 0;
}

static int hash_database(void *ctx, struct bytes db, const char *md5, struct error *e)
{
	(void)ctx;
	(void)db;
	(void)md5;
	(void)e;
	return 0;
}

static void hash_report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)phase;
	(void)done;
	(void)total;
}

static bool hash_cancelled(void *ctx)
{
	struct hashing *h = ctx;

	return atomic_load(&h->call->kill->on);
}

/* A document or array of the fields in `inside`. */
static void add_fields(struct buf *b, const char *name, bool array, const struct buf *inside)
{
	size_t doc = array ? bson_build_open_array(b, name) : bson_build_open(b, name);

	buf_add_bytes(b, buf_bytes(inside));
	bson_build_end(b, doc);
}

static void hashing_release(struct hashing *h)
{
	buf_release(&h->collections);
	buf_release(&h->uuids);
	buf_release(&h->capped);
	md5_free(h->total);
}
DEFINE_OWNED_STRUCT(struct hashing, hashing_release);

int handle_db_hash(struct call *call, struct error *e)
{
	OWNED(hashing_release) struct hashing h = {.call = call, .total = md5_new()};
	const struct dbhash_sink sink = {&h, hash_wanted, hash_collection, hash_database};
	const struct progress progress = {&h, hash_report, hash_cancelled};
	OWNED(free) char *db = NULL;
	int64_t began = (int64_t)clock_ms();
	char md5[MD5_HEX + 1];
	struct bson_field f;

	if (call->first.type == BSON_KIND_STRING)
		return query_error(e, QUERY_INVALID_NAMESPACE, "Invalid db name: %.*s.%.*s",
				   (int)call->db.len, (const char *)call->db.at,
				   (int)MIN_OF(value_of_field(&call->first).data.len, (size_t)200),
				   (const char *)value_of_field(&call->first).data.at);
	if (fields_find(call->cmd, bytes_str("$_internalReadAtClusterTime"), &f) &&
	    call->service->options.replset == NULL)
		return query_error(
			e, QUERY_INVALID_OPTIONS,
			"The '$_internalReadAtClusterTime' option is only supported when "
			"replication is enabled");
	h.only = bson_build_empty();
	if (call_field(call, "collections", &f) && f.type == BSON_KIND_ARRAY) {
		struct fields names = fields_of(f.value);
		struct bson_field name;

		while (fields_next(&names, &name))
			if (name.type != BSON_KIND_STRING)
				return call_bare_error(call, e,
						       "collections entries have to be strings");
		h.only = f.value;
	}
	if (call_place(call, e) < 0)
		return e->code;
	db = xstrndup((const char *)call->real_db.at, call->real_db.len);
	if (dbhash_run(call->at.moment, db, store_tmp(call->service->store), &progress, &sink, e) <
	    0)
		return e->code;
	md5_end(h.total, md5);
	bson_build_string(call->reply, "host", bytes_str(call->service->options.host));
	add_fields(call->reply, "collections", false, &h.collections);
	add_fields(call->reply, "capped", true, &h.capped);
	add_fields(call->reply, "uuids", false, &h.uuids);
	bson_build_string(call->reply, "md5", bytes_str(md5));
	call_add_number(call, "timeMillis", (int64_t)clock_ms() - began);
	return 0;
}

/* ---- validate: the tree is read whole, each document is checked, and so is their order */

struct validation {
	struct call *call;
	uint64_t documents, invalid;
	bool valid;
	struct buf errors; /* elements of an array */
	size_t error_count;
};

static void note(struct validation *v, const char *text)
{
	char index[24];

	v->valid = false;
	if (v->error_count == ERRORS_MAX)
		return;
	snprintf(index, sizeof(index), "%zu", v->error_count++);
	bson_build_string(&v->errors, index, bytes_str(text));
}

/* Is the key of this document behind that of the one before? `keys[0]` is the last one's. */
static void check_order(struct validation *v, struct bytes doc, struct buf keys[2])
{
	struct error e = {0};
	struct buf swap;

	buf_reset(&keys[1]);
	if (key_of_document(doc, &keys[1], &e) < 0)
		note(v, e.text);
	else if (v->documents > 0 && bytes_compare(buf_bytes(&keys[0]), buf_bytes(&keys[1])) > 0)
		note(v, "a document is not in the order of its _id");
	swap = keys[0];
	keys[0] = keys[1];
	keys[1] = swap;
}

static int walk_documents(struct validation *v, const struct catalog_entry *entry, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor =
		tree_cursor_new(moment_store(v->call->at.moment), &entry->root);
	struct buf keys[2] = {{0}, {0}};
	struct bytes doc;
	int more;

	while ((more = tree_cursor_next(cursor, &doc, e)) > 0) {
		struct error why = {0};

		if (atomic_load_explicit(&v->call->kill->on, memory_order_relaxed)) {
			more = error_set(e, ERR_CANCELLED, "operation was interrupted");
			break;
		}
		if (bson_check(doc, BSON_CHECK_STRUCTURE, &why) < 0) {
			v->invalid++;
			note(v, why.text);
		} else if (entry->root.kind == TREE_KEYED) {
			check_order(v, doc, keys);
		}
		v->documents++;
	}
	buf_release(&keys[0]);
	buf_release(&keys[1]);
	return more;
}

/* Damage is what validate tells; only other errors are its own. */
static int validate_tree(struct validation *v, struct catalog_entry *entry, bool read,
			 struct error *e)
{
	int code = moment_resolve(v->call->at.moment, entry, e);

	v->valid = true;
	if (code >= 0 && read)
		code = walk_documents(v, entry, e);
	if (code < 0 && code != ERR_CORRUPT)
		return code;
	if (code < 0)
		note(v, e->text);
	if (code >= 0 && read && v->documents != entry->root.count)
		note(v, "the tree has another number of documents than its root says");
	return 0;
}

static void add_index_details(struct call *call, const struct catalog_entry *entry, bool valid,
			      uint64_t keys)
{
	OWNED(buf_release) struct buf list = {0};
	OWNED(buf_release) struct buf details = {0};
	OWNED(buf_release) struct buf counts = {0};
	OWNED(buf_release) struct buf one = {0};
	int32_t count = 0;

	catalog_walk_indexes(entry, &list);
	for (size_t at = 0; at < list.len;) {
		struct bytes index = bytes_of(list.at + at, get_le32(list.at + at));
		struct bson_field name, clustered;
		struct value v = value_int32((int32_t)MIN_OF(keys, (uint64_t)INT32_MAX));
		size_t doc;

		at += index.len;
		if (fields_find(index, bytes_str("clustered"), &clustered) ||
		    !fields_find(index, bytes_str("name"), &name) || name.type != BSON_KIND_STRING)
			continue;
		count++;
		value_write(&counts, value_of_field(&name).data, &v);
		buf_reset(&one);
		doc = bson_build_begin(&one);
		bson_build_bool(&one, "valid", valid);
		bson_build_end(&one, doc);
		v = value_document(buf_bytes(&one));
		value_write(&details, value_of_field(&name).data, &v);
	}
	bson_build_int32(call->reply, "nIndexes", count);
	add_fields(call->reply, "keysPerIndex", false, &counts);
	add_fields(call->reply, "indexDetails", false, &details);
}

static void add_validation(struct validation *v, const struct catalog_entry *entry, struct bytes ns,
			   bool metadata)
{
	struct call *call = v->call;
	struct buf *b = call->reply;

	bson_build_string(b, "ns", ns);
	if (!metadata) {
		call_add_number(call, "nInvalidDocuments", (int64_t)v->invalid);
		bson_build_int32(b, "nNonCompliantDocuments", 0);
		call_add_number(call, "nrecords", (int64_t)v->documents);
		add_index_details(call, entry, v->valid, v->documents);
	}
	bson_build_bool(b, "valid", v->valid);
	bson_build_bool(b, "repaired", false);
	bson_build_end(b, bson_build_open_array(b, "warnings"));
	add_fields(b, "errors", true, &v->errors);
	bson_build_end(b, bson_build_open_array(b, "extraIndexEntries"));
	bson_build_end(b, bson_build_open_array(b, "missingIndexEntries"));
	bson_build_end(b, bson_build_open_array(b, "corruptRecords"));
}

/* The entry that is meant; of a time series its buckets, and their name. */
static int validate_entry(struct call *call, struct bytes coll, struct catalog_entry *ret,
			  struct buf *ns, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	int found = call_entry(call, coll, ret, e);

	if (found > 0 && ret->type == CATALOG_VIEW)
		return query_error(e, QUERY_NOT_SUPPORTED_ON_VIEW, "Cannot validate a view");
	if (found > 0 && ret->type == CATALOG_TIMESERIES) {
		buf_add_str(&name, BUCKETS_PREFIX);
		buf_add_bytes(&name, coll);
		buf_reset(ns);
		buf_add_bytes(ns, call->db);
		buf_add_u8(ns, '.');
		buf_add_bytes(ns, buf_bytes(&name));
		found = call_entry(call, buf_bytes(&name), ret, e);
	}
	if (found == 0)
		return query_error(e, QUERY_NAMESPACE_NOT_FOUND,
				   "Collection '%s' does not exist to validate.", buf_text(ns));
	return found;
}

/* Which options do not go together. */
static int check_options(struct call *call, struct error *e)
{
	static const char *const names[] = {"full", "enforceFastCount", "repair"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (call_flag(call, "background") && call_flag(call, names[i]))
			return query_error(e, QUERY_INVALID_OPTIONS,
					   "Running the validate command with both { background: "
					   "true } and { %s: true } is not supported.",
					   names[i]);
	if (call_flag(call, "enforceFastCount") && call_flag(call, "repair"))
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Running the validate command with both { enforceFastCount: "
				   "true } and { repair: true } is not supported.");
	if (!call_flag(call, "metadata"))
		return 0;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (call_flag(call, names[i]) || call_flag(call, "background"))
			return query_error(e, QUERY_INVALID_OPTIONS,
					   "Running the validate command with { metadata: true } "
					   "is not supported with any other options");
	return 0;
}

int handle_validate(struct call *call, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf ns = {0};
	struct validation v = {.call = call};
	bool metadata = call_flag(call, "metadata");
	struct bytes coll;
	int code;

	if (call_ns(call, QUERY_INVALID_NAMESPACE, &ns, &coll, e) < 0)
		return e->code;
	if (check_options(call, e) < 0)
		return e->code;
	catalog_entry_init(&entry);
	if (validate_entry(call, coll, &entry, &ns, e) < 0)
		return e->code;
	code = validate_tree(&v, &entry, !metadata, e);
	if (code >= 0)
		add_validation(&v, &entry, buf_bytes(&ns), metadata);
	buf_release(&v.errors);
	return code;
}
