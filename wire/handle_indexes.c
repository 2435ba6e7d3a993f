/* listIndexes. Prefix: handle_ */
#include <stdio.h>

#include "base/buckets.h"
#include "query/command.h"
#include "query/value.h"
#include "wire/catalog_walk.h"
#include "wire/handlers.h"

/* `name` is "<prefix>rest": the rest. */
static bool is_below(struct bytes name, const char *prefix, struct bytes *ret)
{
	size_t len = strlen(prefix);

	if (name.len < len || memcmp(name.at, prefix, len) != 0)
		return false;
	*ret = bytes_of(name.at + len, name.len - len);
	return true;
}

struct series {
	struct bytes meta; /* a field's name; empty when there is none */
};

/* The keys of an index on buckets as those of the time series. False: it is none that a user made. */
static bool series_key(const struct series *s, struct bytes key, struct buf *ret)
{
	OWNED(buf_release) struct buf path = {0};
	struct fields fields = fields_of(key);
	struct bson_field f;
	struct bytes rest;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		buf_reset(&path);
		if (is_below(f.name, "meta", &rest) && (rest.len == 0 || rest.at[0] == '.')) {
			buf_add_bytes(&path, s->meta);
			buf_add_bytes(&path, rest);
		} else if (is_below(f.name, "control.min.", &rest) ||
			   is_below(f.name, "control.max.", &rest)) {
			bool is_min = f.name.at[9] == 'i'; /* control.m[i]n */

			/* Ascending: min first, then max; one of the pair is shown. */
			if (value_is_number(&v) && is_min != (value_to_double(&v) >= 0))
				continue;
			if (!value_is_number(&v) && !is_min)
				continue;
			buf_add_bytes(&path, rest);
		} else if (is_below(f.name, "data.", &rest)) {
			buf_add_bytes(&path, rest);
		} else {
			return false;
		}
		value_write(ret, buf_bytes(&path), &v);
	}
	return true;
}

/* Append one index of the buckets in the form that the time series lists. */
static void add_series_index(const struct series *s, struct bytes index, struct buf *list)
{
	struct fields fields = fields_of(index);
	size_t begin = list->len, doc = bson_build_begin(list), key;
	struct bson_field f;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);
		OWNED(buf_release) struct buf keys = {0};

		if (bytes_equal(f.name, bytes_str("originalSpec")))
			continue;
		if (!bytes_equal(f.name, bytes_str("key")) || f.type != BSON_KIND_DOCUMENT) {
			value_write(list, f.name, &v);
			continue;
		}
		key = bson_build_begin(&keys);
		if (!series_key(s, f.value, &keys)) {
			list->len = begin;
			return;
		}
		bson_build_end(&keys, key);
		bson_build_value(list, "key", BSON_KIND_DOCUMENT, buf_bytes(&keys));
	}
	bson_build_end(list, doc);
}

static int series_indexes(struct call *call, const struct catalog_entry *entry, struct bytes coll,
			  struct buf *list, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry buckets = {0};
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf indexes = {0};
	struct bson_field options, f;
	struct series s = {0};
	int found;

	if (fields_find(buf_bytes(&entry->options), bytes_str("timeseries"), &options) &&
	    fields_find(options.value, bytes_str("metaField"), &f) && f.type == BSON_KIND_STRING)
		s.meta = value_of_field(&f).data;
	if (entry->indexes.len > BSON_MIN_LEN) {
		catalog_walk_indexes(entry, list); /* as a dump has them */
		return 0;
	}
	buf_add_str(&name, BUCKETS_PREFIX);
	buf_add_bytes(&name, coll);
	catalog_entry_init(&buckets);
	found = call_entry(call, buf_bytes(&name), &buckets, e);
	if (found <= 0)
		return found;
	catalog_walk_indexes(&buckets, &indexes);
	for (size_t at = 0; at < indexes.len;) {
		struct bytes index = bytes_of(indexes.at + at, get_le32(indexes.at + at));

		at += index.len;
		add_series_index(&s, index, list);
	}
	return 0;
}

/* With includeIndexBuildInfo each index is inside a document. */
static void wrap_indexes(struct buf *list)
{
	struct buf wrapped = {0};
	size_t doc;

	for (size_t at = 0; at < list->len;) {
		struct bytes index = bytes_of(list->at + at, get_le32(list->at + at));

		at += index.len;
		doc = bson_build_begin(&wrapped);
		bson_build_value(&wrapped, "spec", BSON_KIND_DOCUMENT, index);
		bson_build_end(&wrapped, doc);
	}
	buf_release(list);
	*list = wrapped;
}

/* The index of a system.views that dumps lack. */
static void views_index(struct buf *list)
{
	size_t doc = bson_build_begin(list), key;

	bson_build_int32(list, "v", 2);
	key = bson_build_open(list, "key");
	bson_build_int32(list, "_id", 1);
	bson_build_end(list, key);
	bson_build_string(list, "name", bytes_str("_id_"));
	bson_build_end(list, doc);
}

/* What the stable API has not. */
static int check_strict(struct call *call, struct error *e)
{
	static const char *const unstable[] = {"includeBuildUUIDs", "includeIndexBuildInfo"};
	struct bson_field f;

	for (size_t i = 0; call_flag(call, "apiStrict") && i < COUNT_OF(unstable); i++)
		if (call_field(call, unstable[i], &f))
			return query_error(
				e, QUERY_API_STRICT,
				"BSON field 'listIndexes.%s' is not allowed with apiStrict:true.",
				unstable[i]);
	return 0;
}

/* The collection, which may be named by its UUID. `ret_coll` is in the command or in `ret_ns`. */
static int read_name(struct call *call, struct buf *ret_ns, struct bytes *ret_coll, struct error *e)
{
	struct value first = value_of_field(&call->first);
	struct query_request request = {0};

	if (!value_is_uuid(&first))
		return call_ns(call, QUERY_BAD_VALUE, ret_ns, ret_coll, e);
	if (call_place(call, e) < 0)
		return e->code;
	request.moment = call->at.moment;
	request.db = call->real_db;
	buf_add_bytes(ret_ns, call->db);
	buf_add_u8(ret_ns, '.');
	if (command_name_of_uuid(&request, first.data, ret_ns, e) < 0)
		return e->code;
	*ret_coll = bytes_of(ret_ns->at + call->db.len + 1, ret_ns->len - call->db.len - 1);
	return 0;
}

int handle_list_indexes(struct call *call, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf ns = {0};
	OWNED(buf_release) struct buf list = {0};
	struct bytes coll;
	int found, lacks = 0;

	if (check_strict(call, e) < 0 || read_name(call, &ns, &coll, e) < 0 ||
	    call_place(call, e) < 0)
		return e->code;
	catalog_entry_init(&entry);
	found = call_entry(call, coll, &entry, e);
	if (found == 0 && bytes_equal(coll, bytes_str("system.views")))
		lacks = catalog_walk_lacks_views(call->at.moment, call->real_db, e);
	if (found < 0 || lacks < 0)
		return e->code;
	if (found == 0 && lacks == 0)
		return query_error(e, QUERY_NAMESPACE_NOT_FOUND, "ns does not exist: %s",
				   buf_text(&ns));
	if (found > 0 && entry.type == CATALOG_VIEW)
		return call_is_view(buf_bytes(&ns), e);
	if (lacks > 0)
		views_index(&list);
	else if (entry.type == CATALOG_COLLECTION)
		catalog_walk_indexes(&entry, &list);
	else if (series_indexes(call, &entry, coll, &list, e) < 0)
		return e->code;
	if (call_flag(call, "includeIndexBuildInfo"))
		wrap_indexes(&list);
	return handle_cursor_list(call, buf_bytes(&ns), &list, e);
}
