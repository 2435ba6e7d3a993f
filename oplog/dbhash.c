#include "oplog/dbhash.h"

#include <stdio.h>

#include "base/bson_check.h"
#include "base/collation.h"
#include "base/key.h"
#include "store/snapshot/catalog_normal.h"
#include "store/snapshot/view_docs.h"
#include "store/tree/extsort.h"

#define SORT_MEMORY (48 * MIB)
#define VIEWS "system.views"

struct dbhash {
	struct moment *moment;
	const char *tmp_dir;
	const struct progress *progress; /* or NULL */
	const struct dbhash_sink *sink;
	char server_version[32]; /* "" when not known */
	struct md5 *docs;	 /* of the collection at hand */
	struct md5 *database;	 /* of the hex of its collections */
	uint64_t done, total;	 /* BSON bytes */
};

static int step(struct dbhash *d, size_t bytes, struct error *e)
{
	const struct progress *p = d->progress;

	d->done += bytes;
	if (p == NULL)
		return 0;
	p->report(p->ctx, "hashing", d->done, d->total);
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* Has the collection an index on _id (or is it clustered by it)? 1 or 0. */
static int has_id_index(const struct catalog_entry *entry, struct error *e)
{
	struct bson_fields fields = bson_fields(buf_bytes(&entry->indexes));
	struct bson_field field;
	int more;

	if (!entry->has_metadata)
		return entry->root.kind == TREE_KEYED;
	more = bson_find(buf_bytes(&entry->options), "clusteredIndex", &field, e);
	if (more != 0)
		return more;
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		int found = field.type == BSON_KIND_DOCUMENT
				    ? catalog_normal_is_id_index(field.value, e)
				    : 0;

		if (found != 0)
			return found;
	}
	return more;
}

/* Hash the documents as the tree has them. */
static int hash_in_order(struct dbhash *d, const struct catalog_entry *entry, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment_store(d->moment), &entry->root);
	struct bytes docs;
	int more;

	while ((more = tree_cursor_next_leaf(cursor, &docs, e)) > 0) {
		md5_add(d->docs, docs);
		if (step(d, docs.len, e) < 0)
			return e->code;
	}
	return more;
}

/* Hash the documents sorted by `_id`: a capped collection, or one with a collation. */
static int hash_sorted(struct dbhash *d, const struct catalog_entry *entry,
		       struct collation *collation, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(moment_store(d->moment), &entry->root);
	OWNED(extsort_free) struct extsort *sort = extsort_new(d->tmp_dir, SORT_MEMORY);
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc, sort_key;
	int more;

	while ((more = tree_cursor_next(cursor, &doc, e)) > 0) {
		buf_reset(&key);
		if ((collation == NULL ? key_of_document(doc, &key, e)
				       : collation_key_of_document(collation, doc, &key, e)) < 0)
			return e->code;
		if (extsort_add(sort, buf_bytes(&key), doc, e) < 0 || step(d, doc.len, e) < 0)
			return e->code;
	}
	if (more < 0 || extsort_finish(sort, e) < 0)
		return e->code;
	while ((more = extsort_next(sort, &sort_key, &doc, e)) > 0) {
		md5_add(d->docs, doc);
		if (step(d, 0, e) < 0)
			return e->code;
	}
	return more;
}

/* Hash the documents of a collection in the order that a mongod takes. */
static int hash_documents(struct dbhash *d, const struct catalog_entry *entry, struct error *e)
{
	OWNED(collation_close) struct collation *collation = NULL;

	if (collation_of_options(buf_bytes(&entry->options), &collation, e) < 0)
		return error_wrap(e, "%s", entry->ns);
	if (collation == NULL && entry->root.kind == TREE_KEYED)
		return hash_in_order(d, entry, e);
	return hash_sorted(d, entry, collation, e);
}

/* Pass a collection's hash on. */
static int emit(struct dbhash *d, struct dbhash_collection *c, struct error *e)
{
	md5_add(d->database, bytes_str(c->hash));
	return d->sink->collection(d->sink->ctx, c, e);
}

static int hash_collection(struct dbhash *d, const struct catalog_entry *entry, struct error *e)
{
	struct dbhash_collection c = {
		.db = bytes_of(entry->ns, entry->db_len),
		.name = catalog_entry_coll(entry),
		.uuid = entry->has_uuid ? entry->uuid : NULL,
	};
	char hash[MD5_HEX + 1];
	int has_id = has_id_index(entry, e), ret;

	if (has_id < 0 || catalog_is_capped(buf_bytes(&entry->options), &c.capped, e) < 0)
		return e->code;
	c.hash = hash;
	if (has_id > 0) {
		ret = hash_documents(d, entry, e);
	} else if (c.capped) {
		ret = hash_in_order(d, entry, e);
	} else {
		c.hash = "no _id _index";
		ret = step(d, entry->root.bytes, e);
	}
	if (ret < 0)
		return ret;
	md5_end(d->docs, hash);
	return emit(d, &c, e);
}

/* dbHash leaves these out, and its caller may. */
static bool is_left_out(const struct dbhash *d, struct bytes db, struct bytes name)
{
	if (d->sink->wanted != NULL && !d->sink->wanted(d->sink->ctx, db, name))
		return true;
	return bytes_equal(name, bytes_str("system.profile")) ||
	       (name.len >= 7 && memcmp(name.at, "tmp.mr.", 7) == 0);
}

/* Hash system.views of the namespaces [first, end). 1, or 0 when there are no views. */
static int hash_views(struct dbhash *d, uint64_t first, uint64_t end, char ret[MD5_HEX + 1],
		      struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf doc = {0};
	bool any = false;

	catalog_entry_init(&entry);
	for (; first < end; first++) {
		if (moment_entry(d->moment, first, &entry, e) < 0)
			return e->code;
		if (entry.type == CATALOG_COLLECTION &&
		    bytes_equal(catalog_entry_coll(&entry), bytes_str(VIEWS))) {
			any = false; /* it was in the dump itself */
			break;
		}
		if (entry.type == CATALOG_COLLECTION)
			continue;
		buf_reset(&doc);
		if (view_docs_write(&entry, d->server_version, &doc, e) < 0)
			return e->code;
		md5_add(d->docs, buf_bytes(&doc));
		any = true;
	}
	md5_end(d->docs, ret); /* also when it is not asked for: the next collection begins anew */
	return any;
}

static int hash_database(struct dbhash *d, struct bytes db, uint64_t first, uint64_t end,
			 struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	char hash[MD5_HEX + 1];
	struct dbhash_collection views = {.db = db, .name = bytes_str(VIEWS), .hash = hash};
	int pending = is_left_out(d, db, views.name) ? 0 : hash_views(d, first, end, hash, e);

	if (pending < 0)
		return pending;
	catalog_entry_init(&entry);
	for (; first < end; first++) {
		if (moment_entry(d->moment, first, &entry, e) < 0)
			return e->code;
		if (entry.type != CATALOG_COLLECTION ||
		    is_left_out(d, db, catalog_entry_coll(&entry)))
			continue;
		if (moment_resolve(d->moment, &entry, e) < 0)
			return e->code;
		if (pending && bytes_compare(catalog_entry_coll(&entry), views.name) > 0) {
			if (emit(d, &views, e) < 0)
				return e->code;
			pending = 0;
		}
		if (hash_collection(d, &entry, e) < 0)
			return e->code;
	}
	if (pending && emit(d, &views, e) < 0)
		return e->code;
	md5_end(d->database, hash);
	return d->sink->database(d->sink->ctx, db, hash, e);
}

/* The rank behind the database that begins at `first`, and its name. */
static int database_end(struct dbhash *d, uint64_t first, struct buf *ret_db, uint64_t *ret_end,
			struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	size_t len;

	catalog_entry_init(&entry);
	if (moment_entry(d->moment, first, &entry, e) < 0)
		return e->code;
	buf_reset(ret_db);
	buf_add(ret_db, entry.ns, entry.db_len);
	len = ret_db->len;
	buf_add_u8(ret_db, '.' + 1);
	if (moment_seek(d->moment, buf_bytes(ret_db), ret_end, e) < 0)
		return e->code;
	ret_db->len = len;
	return 0;
}

static int hash_databases(struct dbhash *d, const char *only, struct error *e)
{
	OWNED(buf_release) struct buf db = {0};
	uint64_t first = 0, end = 0;

	for (; first < moment_count(d->moment); first = end) {
		if (database_end(d, first, &db, &end, e) < 0)
			return e->code;
		if (only != NULL ? !bytes_equal(buf_bytes(&db), bytes_str(only))
				 : bytes_equal(buf_bytes(&db), bytes_str("local")))
			continue;
		if (hash_database(d, buf_bytes(&db), first, end, e) < 0)
			return e->code;
	}
	return 0;
}

/* The feature compatibility version of the deployment, from its document. */
static int take_version(struct dbhash *d, struct bytes doc, struct error *e)
{
	struct bson_field field;
	struct bytes text;

	if (bson_find(doc, "version", &field, e) <= 0 || field.type != BSON_KIND_STRING)
		return 0;
	if (bson_text(field.value, &text, e) < 0)
		return e->code;
	snprintf(d->server_version, sizeof(d->server_version), "%.*s", (int)text.len,
		 (const char *)text.at);
	return 0;
}

/* The key of a text as `_id`. */
static int key_of_text(const char *text, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf value = {0};

	buf_add_le32(&value, (uint32_t)strlen(text) + 1);
	buf_add(&value, text, strlen(text) + 1);
	return key_of_value(BSON_KIND_STRING, buf_bytes(&value), ret, e);
}

/* The server's version: as the dump says, else the feature compatibility version in admin. */
static int find_version(struct dbhash *d, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf doc = {0};
	const char *known = moment_snapshot(d->moment)->server_version;
	int found;

	if (known != NULL && *known != '\0') {
		snprintf(d->server_version, sizeof(d->server_version), "%s", known);
		return 0;
	}
	catalog_entry_init(&entry);
	found = moment_find(d->moment, bytes_str("admin.system.version"), NULL, &entry, e);
	if (found <= 0 || entry.root.kind != TREE_KEYED)
		return MIN_OF(found, 0);
	if (key_of_text("featureCompatibilityVersion", &key, e) < 0)
		return e->code;
	found = moment_document(d->moment, &entry, buf_bytes(&key), &doc, e);
	return found <= 0 ? found : take_version(d, buf_bytes(&doc), e);
}

int dbhash_run(struct moment *moment, const char *only, const char *tmp_dir,
	       const struct progress *progress, const struct dbhash_sink *sink, struct error *e)
{
	OWNED(md5_free) struct md5 *docs = md5_new();
	OWNED(md5_free) struct md5 *database = md5_new();
	struct dbhash d = {
		.moment = moment,
		.tmp_dir = tmp_dir,
		.progress = progress,
		.sink = sink,
		.docs = docs,
		.database = database,
		.total = only == NULL ? moment_snapshot(moment)->bytes : 0,
	};

	if (find_version(&d, e) < 0)
		return e->code;
	return hash_databases(&d, only, e);
}
