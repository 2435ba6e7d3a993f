#include "store/snapshot/catalog.h"

#include "base/bson_build.h"
#include "store/snapshot/catalog_order.h"
#include "store/snapshot/record.h"

static const char *const type_names[] = {"collection", "view", "timeseries"};

const char *catalog_type_name(enum catalog_type type)
{
	return type_names[type];
}

void catalog_entry_init(struct catalog_entry *entry)
{
	*entry = (struct catalog_entry){0};
}

void catalog_entry_release(struct catalog_entry *entry)
{
	free(entry->ns);
	buf_release(&entry->options);
	buf_release(&entry->indexes);
	buf_release(&entry->building);
	buf_release(&entry->order);
	*entry = (struct catalog_entry){0};
}

static struct bytes or_empty(const struct buf *b)
{
	return b->len == 0 ? bson_build_empty() : buf_bytes(b);
}

int catalog_entry_encode(const struct catalog_entry *entry, struct buf *ret, struct error *e)
{
	size_t doc = bson_build_begin(ret);

	if (entry->db_len == 0 || entry->db_len + 1 >= entry->ns_len)
		return error_set(e, ERR_INVALID, "namespace without database or collection");
	bson_build_string(ret, "_id", bytes_of(entry->ns, entry->ns_len));
	bson_build_int64(ret, "type", entry->type);
	bson_build_value(ret, "options", BSON_KIND_DOCUMENT, or_empty(&entry->options));
	bson_build_value(ret, "indexes", BSON_KIND_ARRAY, or_empty(&entry->indexes));
	if (entry->has_uuid)
		bson_build_binary(ret, "uuid", 4, bytes_of(entry->uuid, sizeof(entry->uuid)));
	bson_build_bool(ret, "metadata", entry->has_metadata);
	record_add_root(ret, "root", &entry->root);
	if (catalog_entry_order(entry).len > 0)
		bson_build_binary(ret, "order", 0, catalog_entry_order(entry));
	if (entry->building.len > 0)
		bson_build_value(ret, "building", BSON_KIND_DOCUMENT, buf_bytes(&entry->building));
	bson_build_end(ret, doc);
	return 0;
}

static int decode_order(struct bytes doc, struct catalog_entry *entry, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, "order", &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_BINARY || field.value.len < 5 ||
	    field.value.len - 5 > CATALOG_ORDER_BYTES_MAX)
		return error_set(e, ERR_CORRUPT, "field \"order\" is no natural order");
	buf_add(&entry->order, field.value.at + 5, field.value.len - 5);
	entry->order_of = entry->root.id;
	return 0;
}

static int decode_building(struct bytes doc, struct catalog_entry *entry, struct error *e)
{
	struct bson_field field, build;
	struct bson_fields fields;
	int found = bson_find(doc, "building", &field, e);

	if (found != 1)
		return found;
	if (field.type != BSON_KIND_DOCUMENT)
		return error_set(e, ERR_CORRUPT, "field \"building\" is no document");
	fields = bson_fields(field.value);
	while ((found = bson_fields_next(&fields, &build, e)) == 1)
		if (build.type != BSON_KIND_BOOL)
			return error_set(e, ERR_CORRUPT, "field \"building\" is no list of builds");
	if (found < 0)
		return found;
	buf_add_bytes(&entry->building, field.value);
	return 0;
}

static int decode_parts(struct bytes doc, struct catalog_entry *entry, struct error *e)
{
	struct bytes options = {0}, indexes = {0};
	uint64_t type = 0;
	int uuid;

	if (record_int(doc, "type", &type, e) < 0 ||
	    record_document(doc, "options", &options, e) < 0 ||
	    record_document(doc, "indexes", &indexes, e) < 0 ||
	    record_bool(doc, "metadata", &entry->has_metadata, e) < 0)
		return e->code;
	if (type > CATALOG_TIMESERIES)
		return error_set(e, ERR_UNSUPPORTED, "catalog entry of unknown type %llu",
				 (unsigned long long)type);
	entry->type = (enum catalog_type)type;
	uuid = record_binary(doc, "uuid", entry->uuid, sizeof(entry->uuid), e);
	if (uuid < 0)
		return uuid;
	entry->has_uuid = uuid == 1;
	buf_add_bytes(&entry->options, options);
	buf_add_bytes(&entry->indexes, indexes);
	if (record_root(doc, "root", &entry->root, e) < 0)
		return e->code;
	return decode_order(doc, entry, e) < 0 ? e->code : decode_building(doc, entry, e);
}

int catalog_entry_decode(struct bytes doc, struct catalog_entry *ret, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	const char *dot;
	int found = record_text(doc, "_id", &entry.ns, &entry.ns_len, e);

	if (found != 1)
		return found < 0 ? found : record_missing(e, "_id");
	dot = memchr(entry.ns, '.', entry.ns_len);
	if (dot == NULL || dot == entry.ns || dot + 1 == entry.ns + entry.ns_len)
		return error_set(e, ERR_CORRUPT,
				 "catalog entry whose name has no database or collection");
	entry.db_len = (size_t)(dot - entry.ns);
	if (decode_parts(doc, &entry, e) < 0)
		return error_wrap(e, "catalog entry %s", entry.ns);
	catalog_entry_release(ret);
	*ret = entry;
	entry = (struct catalog_entry){0};
	return 0;
}

/* 1, and is it true; 0 absent, and false. */
static int field_is_true(struct bytes doc, const char *name, bool *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	*ret = found == 1 && bson_is_true(&field);
	return found;
}

int catalog_is_capped(struct bytes options, bool *ret, struct error *e)
{
	int found = field_is_true(options, "capped", ret, e);

	return found < 0 ? found : 0;
}

int catalog_is_natural(struct bytes coll, struct bytes options, bool *ret, struct error *e)
{
	bool capped, auto_index;
	int found;

	if (catalog_is_capped(options, &capped, e) < 0)
		return e->code;
	found = field_is_true(options, "autoIndexId", &auto_index, e);
	if (found < 0)
		return found;
	*ret = capped || (found == 1 && !auto_index) ||
	       bytes_equal(coll, bytes_str("system.profile"));
	return 0;
}
