/* listIndexes. Prefix: handle_ */
#include "query/collection.h"
#include "query/command.h"
#include "query/value.h"
#include "wire/catalog_walk.h"
#include "wire/handlers.h"

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
	if (found < 0 || lacks < 0 ||
	    (found > 0 && collection_know_indexes(call->at.moment, &entry, e) < 0))
		return e->code;
	if (found == 0 && lacks == 0)
		return query_error(e, QUERY_NAMESPACE_NOT_FOUND, "ns does not exist: %s",
				   buf_text(&ns));
	if (found > 0 && entry.type == CATALOG_VIEW)
		return call_is_view(buf_bytes(&ns), e);
	if (lacks > 0)
		views_index(&list);
	else
		catalog_walk_indexes(&entry, &list);
	if (call_flag(call, "includeIndexBuildInfo"))
		wrap_indexes(&list);
	return handle_cursor_list(call, buf_bytes(&ns), &list, e);
}
