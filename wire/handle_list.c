/* listDatabases and listCollections. Prefix: handle_ */
#include <stdio.h>

#include "base/metadata.h"
#include "query/value.h"
#include "wire/catalog_walk.h"
#include "wire/filter.h"
#include "wire/handlers.h"

/* The filter of the command, or NULL. */
static int take_filter(struct call *call, struct filter **ret, struct error *e)
{
	struct bson_field f;

	*ret = NULL;
	if (!call_field(call, "filter", &f))
		return 0;
	return filter_new(f.value, MATCH_OF_LIST, ret, e);
}

/* ---- listDatabases */

/* BSON bytes of a database: of what is not replayed yet those of its base. */
static int db_bytes(struct moment *moment, struct bytes db, bool with_users, int64_t *ret,
		    struct error *e)
{
	OWNED(catalog_walk_release) struct catalog_walk walk = {0};
	int more;

	*ret = 0;
	if (catalog_walk_begin(moment, db, with_users, &walk, e) < 0)
		return e->code;
	while ((more = catalog_walk_next(&walk, e)) > 0)
		*ret += (int64_t)walk.entry.root.bytes;
	return more;
}

/* The document of one database; its size is appended only when asked for. */
static int write_db(struct call *call, struct bytes db, bool name_only, struct buf *ret,
		    int64_t *ret_size, struct error *e)
{
	size_t doc = bson_build_begin(ret);

	*ret_size = 0;
	bson_build_string(ret, "name", db);
	if (!name_only) {
		if (db_bytes(call->at.moment, db, call->service->options.with_users, ret_size, e) <
		    0)
			return e->code;
		bson_build_int64(ret, "sizeOnDisk", *ret_size);
		bson_build_bool(ret, "empty", false);
	}
	bson_build_end(ret, doc);
	return 0;
}

static int list_databases(struct call *call, struct filter *filter, bool name_only,
			  int64_t *ret_total, struct error *e)
{
	OWNED(buf_release) struct buf db = {0};
	OWNED(buf_release) struct buf next = {0};
	OWNED(buf_release) struct buf doc = {0};
	bool with_users = call->service->options.with_users;
	int64_t size;
	size_t count = 0;
	int more;

	while ((more = catalog_walk_db(call->at.moment, buf_bytes(&db), with_users, &next, e)) >
	       0) {
		int matches;
		char index[24];

		buf_reset(&db);
		buf_add_bytes(&db, buf_bytes(&next));
		buf_reset(&next);
		buf_reset(&doc);
		if (write_db(call, buf_bytes(&db), name_only, &doc, &size, e) < 0)
			return e->code;
		matches = filter_test(filter, buf_bytes(&doc), e);
		if (matches < 0)
			return matches;
		if (!matches)
			continue;
		snprintf(index, sizeof(index), "%zu", count++);
		bson_build_value(call->reply, index, BSON_KIND_DOCUMENT, buf_bytes(&doc));
		*ret_total += size;
	}
	return more;
}

int handle_list_databases(struct call *call, struct error *e)
{
	OWNED(filter_free) struct filter *filter = NULL;
	bool name_only = call_flag(call, "nameOnly");
	int64_t total = 0;
	size_t array;

	if (take_filter(call, &filter, e) < 0 || call_place(call, e) < 0)
		return e->code;
	array = bson_build_open_array(call->reply, "databases");
	if (list_databases(call, filter, name_only, &total, e) < 0)
		return e->code;
	bson_build_end(call->reply, array);
	if (name_only)
		return 0;
	bson_build_int64(call->reply, "totalSize", total);
	bson_build_int64(call->reply, "totalSizeMb", total / (int64_t)MIB);
	return 0;
}

/* ---- listCollections */

/* Options in the form that a 6.0 has them: what is stored, as it is, but for what is none. */
static void add_options(const struct catalog_entry *entry, struct buf *ret)
{
	OWNED(buf_release) struct buf options = {0};
	struct error ignored = {0};

	/* What is damaged is told as it is. */
	if (metadata_options(buf_bytes(&entry->options), &options, &ignored) < 0)
		buf_add_bytes(&options, buf_bytes(&entry->options));
	bson_build_value(ret, "options", BSON_KIND_DOCUMENT, buf_bytes(&options));
}

/* idIndex: the index on _id, in its form. */
static void add_id_index(const struct catalog_entry *entry, struct buf *ret)
{
	OWNED(buf_release) struct buf indexes = {0};
	struct bson_field clustered;

	if (fields_find(buf_bytes(&entry->options), bytes_str("clusteredIndex"), &clustered))
		return;
	catalog_walk_indexes(entry, &indexes);
	for (size_t at = 0; at < indexes.len;) {
		struct bytes index = bytes_of(indexes.at + at, get_le32(indexes.at + at));

		at += index.len;
		if (catalog_walk_is_id_index(index)) {
			bson_build_value(ret, "idIndex", BSON_KIND_DOCUMENT, index);
			return;
		}
	}
}

static void write_entry(const struct catalog_entry *entry, bool name_only, struct buf *ret)
{
	size_t doc = bson_build_begin(ret), info;

	bson_build_string(ret, "name", catalog_entry_coll(entry));
	bson_build_string(ret, "type", bytes_str(catalog_type_name(entry->type)));
	if (!name_only) {
		add_options(entry, ret);
		info = bson_build_open(ret, "info");
		bson_build_bool(ret, "readOnly", entry->type == CATALOG_VIEW);
		if (entry->has_uuid && entry->type == CATALOG_COLLECTION)
			bson_build_binary(ret, "uuid", 4, bytes_of(entry->uuid, 16));
		bson_build_end(ret, info);
		if (entry->type == CATALOG_COLLECTION)
			add_id_index(entry, ret);
	}
	bson_build_end(ret, doc);
}

/* The collection that a mongod keeps views in, and that dumps do not have. */
static void write_views(bool name_only, struct buf *ret)
{
	size_t doc = bson_build_begin(ret), inner, key;

	bson_build_string(ret, "name", bytes_str("system.views"));
	bson_build_string(ret, "type", bytes_str("collection"));
	if (!name_only) {
		bson_build_end(ret, bson_build_open(ret, "options"));
		inner = bson_build_open(ret, "info");
		bson_build_bool(ret, "readOnly", false);
		bson_build_end(ret, inner);
		inner = bson_build_open(ret, "idIndex");
		bson_build_int32(ret, "v", 2);
		key = bson_build_open(ret, "key");
		bson_build_int32(ret, "_id", 1);
		bson_build_end(ret, key);
		bson_build_string(ret, "name", bytes_str("_id_"));
		bson_build_end(ret, inner);
	}
	bson_build_end(ret, doc);
}

/* Append the document from `begin` on to the list when it matches. */
static int take_if(struct filter *filter, struct buf *doc, struct buf *list, struct error *e)
{
	int matches = filter_test(filter, buf_bytes(doc), e);

	if (matches > 0)
		buf_add_bytes(list, buf_bytes(doc));
	buf_reset(doc);
	return MIN_OF(matches, 0);
}

static int list_collections(struct call *call, struct filter *filter, bool name_only,
			    struct buf *list, struct error *e)
{
	OWNED(catalog_walk_release) struct catalog_walk walk = {0};
	OWNED(buf_release) struct buf doc = {0};
	int more, lacks = catalog_walk_lacks_views(call->at.moment, call->real_db, e);

	if (lacks < 0 || catalog_walk_begin(call->at.moment, call->real_db,
					    call->service->options.with_users, &walk, e) < 0)
		return e->code;
	while ((more = catalog_walk_next(&walk, e)) > 0) {
		if (lacks > 0 &&
		    bytes_compare(catalog_entry_coll(&walk.entry), bytes_str("system.views")) > 0) {
			write_views(name_only, &doc);
			if (take_if(filter, &doc, list, e) < 0)
				return e->code;
			lacks = 0;
		}
		write_entry(&walk.entry, name_only, &doc);
		if (take_if(filter, &doc, list, e) < 0)
			return e->code;
	}
	if (more >= 0 && lacks > 0) {
		write_views(name_only, &doc);
		return take_if(filter, &doc, list, e);
	}
	return more;
}

int handle_list_collections(struct call *call, struct error *e)
{
	OWNED(filter_free) struct filter *filter = NULL;
	OWNED(buf_release) struct buf list = {0};
	OWNED(buf_release) struct buf ns = {0};

	if (take_filter(call, &filter, e) < 0 || call_place(call, e) < 0)
		return e->code;
	if (list_collections(call, filter, call_flag(call, "nameOnly"), &list, e) < 0)
		return e->code;
	buf_add_bytes(&ns, call->db);
	buf_add_str(&ns, ".$cmd.listCollections");
	return handle_cursor_list(call, buf_bytes(&ns), &list, e);
}
