#include "store/snapshot/view_docs.h"

#include "base/bson_check.h"
#include "base/buckets.h"

static size_t open_field(struct buf *to, uint8_t type, const char *name)
{
	buf_add_u8(to, type);
	buf_add(to, name, strlen(name) + 1);
	return to->len;
}

static size_t open_document(struct buf *to, uint8_t type, const char *name)
{
	size_t start = open_field(to, type, name);

	buf_add_le32(to, 0);
	return start;
}

static void close_document(struct buf *to, size_t start)
{
	buf_add_u8(to, 0);
	put_le32(to->at + start, (uint32_t)(to->len - start));
}

static void add_string(struct buf *to, const char *name, struct bytes text)
{
	open_field(to, BSON_KIND_STRING, name);
	buf_add_le32(to, (uint32_t)text.len + 1);
	buf_add_bytes(to, text);
	buf_add_u8(to, 0);
}

static void add_field(struct buf *to, const char *name, const struct bson_field *field)
{
	open_field(to, field->type, name);
	buf_add_bytes(to, field->value);
}

/* The seconds that a bucket spans when the options do not say: by granularity. */
static uint32_t span_of(struct bytes timeseries)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text = {0};

	if (bson_find(timeseries, "granularity", &field, &ignored) > 0 &&
	    field.type == BSON_KIND_STRING && bson_text(field.value, &text, &ignored) < 0)
		text = bytes_of(NULL, 0);
	if (bytes_equal(text, bytes_str("hours")))
		return 30 * 86400;
	if (bytes_equal(text, bytes_str("minutes")))
		return 86400;
	return 3600;
}

/* pipeline: [{$_internalUnpackBucket: {timeField, metaField?, bucketMaxSpanSeconds, exclude?}}] */
static int add_unpack(struct buf *to, struct bytes timeseries, bool exclude, struct error *e)
{
	size_t pipeline = open_document(to, BSON_KIND_ARRAY, "pipeline");
	size_t element = open_document(to, BSON_KIND_DOCUMENT, "0");
	size_t stage = open_document(to, BSON_KIND_DOCUMENT, "$_internalUnpackBucket");
	struct bson_field field;
	int found = bson_find(timeseries, "timeField", &field, e);

	if (found <= 0)
		return found < 0 ? found : error_set(e, ERR_CORRUPT, "there is no timeField");
	add_field(to, "timeField", &field);
	found = bson_find(timeseries, "metaField", &field, e);
	if (found > 0)
		add_field(to, "metaField", &field);
	if (found >= 0)
		found = bson_find(timeseries, "bucketMaxSpanSeconds", &field, e);
	if (found < 0)
		return found;
	if (found > 0) {
		add_field(to, "bucketMaxSpanSeconds", &field);
	} else {
		open_field(to, BSON_KIND_INT32, "bucketMaxSpanSeconds");
		buf_add_le32(to, span_of(timeseries));
	}
	if (exclude)
		close_document(to, open_document(to, BSON_KIND_ARRAY, "exclude"));
	close_document(to, stage);
	close_document(to, element);
	close_document(to, pipeline);
	return 0;
}

/* The fields between _id and collation. */
static int add_definition(const struct catalog_entry *entry, const char *server_version,
			  struct buf *to, struct error *e)
{
	OWNED(buf_release) struct buf buckets = {0};
	struct bytes options = buf_bytes(&entry->options);
	struct bson_field field;
	int found;

	if (entry->type == CATALOG_TIMESERIES) {
		found = bson_find(options, "timeseries", &field, e);
		if (found <= 0 || field.type != BSON_KIND_DOCUMENT)
			return found < 0 ? found
					 : error_set(e, ERR_CORRUPT,
						     "%s: there is no option "
						     "timeseries",
						     entry->ns);
		buf_add_str(&buckets, BUCKETS_PREFIX);
		buf_add_bytes(&buckets, catalog_entry_coll(entry));
		add_string(to, "viewOn", buf_bytes(&buckets));
		return add_unpack(to, field.value,
				  server_version != NULL && server_version[0] == '5', e);
	}
	found = bson_find(options, "viewOn", &field, e);
	if (found <= 0)
		return found < 0
			       ? found
			       : error_set(e, ERR_CORRUPT, "%s: the view has no viewOn", entry->ns);
	add_field(to, "viewOn", &field);
	found = bson_find(options, "pipeline", &field, e);
	if (found < 0)
		return found;
	if (found > 0)
		add_field(to, "pipeline", &field);
	else
		close_document(to, open_document(to, BSON_KIND_ARRAY, "pipeline"));
	return 0;
}

int view_docs_write(const struct catalog_entry *entry, const char *server_version, struct buf *ret,
		    struct error *e)
{
	size_t start = ret->len;
	struct bson_field field;
	int found;

	buf_add_le32(ret, 0);
	add_string(ret, "_id", bytes_of(entry->ns, entry->ns_len));
	found = add_definition(entry, server_version, ret, e);
	if (found >= 0)
		found = bson_find(buf_bytes(&entry->options), "collation", &field, e);
	if (found < 0) {
		ret->len = start;
		return found;
	}
	if (found > 0)
		add_field(ret, "collation", &field);
	close_document(ret, start);
	return 0;
}

int view_docs_options(struct bytes doc, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	size_t start = ret->len;
	struct bson_field field;
	int got;

	buf_add_le32(ret, 0);
	while ((got = bson_fields_next(&fields, &field, e)) > 0)
		if (!bytes_equal(field.name, bytes_str("_id")))
			buf_add_bytes(ret, bson_element(&field));
	if (got < 0) {
		ret->len = start;
		return got;
	}
	close_document(ret, start);
	return 0;
}

/* The text of a field; 0 when there is none, or it is no string. */
static int text_field(struct bytes doc, const char *name, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(doc, name, &field, e);

	if (found <= 0 || field.type != BSON_KIND_STRING)
		return found < 0 ? found : 0;
	found = bson_text(field.value, ret, e);
	return found < 0 ? found : 1;
}

int view_docs_is_series(struct bytes doc, struct bytes *ret, struct error *e)
{
	struct bytes ns, on, series;
	const uint8_t *dot;
	int found = text_field(doc, "_id", &ns, e);

	if (found > 0)
		found = text_field(doc, "viewOn", &on, e);
	if (found <= 0)
		return found;
	dot = memchr(ns.at, '.', ns.len);
	if (dot == NULL || !buckets_is(on, &series))
		return 0;
	ns = bytes_of(dot + 1, ns.len - (size_t)(dot - ns.at) - 1);
	if (!bytes_equal(ns, series))
		return 0;
	*ret = ns;
	return 1;
}
