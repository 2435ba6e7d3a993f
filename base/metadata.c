#include "base/metadata.h"

#include "base/bson_check.h"
#include "base/ejson.h"
#include "base/metadata_json.h"
#include "base/metadata_wrapper.h"

#define BSON_LIMIT (64 * MIB) /* of a whole metadata file as BSON */
#define UUID_LEN 16

static const uint8_t empty_document[BSON_MIN_LEN] = {BSON_MIN_LEN};

void metadata_init(struct metadata *m)
{
	*m = (struct metadata){0};
}

void metadata_release(struct metadata *m)
{
	buf_release(&m->options);
	buf_release(&m->indexes);
	buf_release(&m->collection_name);
	metadata_init(m);
}

/* ERR_CORRUPT: a field of another type than it must have. */
static int COLD wrong_type(const struct bson_field *field, const char *expected, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "\"%.*s\": expected %s, found BSON type 0x%02x",
			 (int)MIN_OF(field->name.len, 32), (const char *)field->name.at, expected,
			 field->type);
}

/* The text of a string field. */
static int text_of(const struct bson_field *field, struct bytes *ret, struct error *e)
{
	if (field->type != BSON_KIND_STRING)
		return wrong_type(field, "a string", e);
	return bson_text(field->value, ret, e);
}

/* "options" and "indexes": a whole document, or null for an empty one. */
static int take_document(const struct bson_field *field, enum bson_kind kind, struct buf *ret,
			 struct error *e)
{
	buf_reset(ret);
	if (field->type == BSON_KIND_NULL)
		return 0;
	if (field->type != kind)
		return wrong_type(field, kind == BSON_KIND_ARRAY ? "an array" : "an object", e);
	buf_add_bytes(ret, field->value);
	return 0;
}

/* Each index is an object. */
static int check_indexes(struct bytes indexes, struct error *e)
{
	struct bson_fields fields = bson_fields(indexes);
	struct bson_field index;
	int r;

	while ((r = bson_fields_next(&fields, &index, e)) > 0)
		if (index.type != BSON_KIND_DOCUMENT)
			return error_set(e, ERR_CORRUPT,
					 "\"indexes\", number %.*s: expected an object, found BSON "
					 "type 0x%02x",
					 (int)MIN_OF(index.name.len, 32),
					 (const char *)index.name.at, index.type);
	return r;
}

/* "uuid": 32 hex digits, or an empty text. */
static int take_uuid(const struct bson_field *field, struct metadata *m, struct error *e)
{
	struct bytes text;
	int r = text_of(field, &text, e);

	if (r < 0)
		return r;
	m->has_uuid = false;
	if (text.len == 0)
		return 0;
	for (size_t i = 0; i < 2 * (size_t)UUID_LEN; i++) {
		int digit = i < text.len ? metadata_wrapper_hex(text.at[i]) : -1;

		if (digit < 0 || text.len != 2 * (size_t)UUID_LEN)
			return error_set(e, ERR_CORRUPT,
					 "\"uuid\": expected 32 hex digits, found \"%.*s\"",
					 (int)MIN_OF(text.len, 64), (const char *)text.at);
		m->uuid[i / 2] = (uint8_t)(m->uuid[i / 2] << 4 | digit);
	}
	m->has_uuid = true;
	return 0;
}

/* "type": what listCollections calls the namespace. */
static int take_type(const struct bson_field *field, struct metadata *m, struct error *e)
{
	struct bytes text;
	bool plain = true;
	int r = text_of(field, &text, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < text.len; i++)
		plain &= text.at[i] >= 'a' && text.at[i] <= 'z';
	if (text.len >= sizeof(m->type) || !plain)
		return error_set(
			e, ERR_CORRUPT,
			"\"type\": expected collection, view or timeseries, found \"%.*s\"",
			(int)MIN_OF(text.len, 64), (const char *)text.at);
	memset(m->type, 0, sizeof(m->type));
	memcpy(m->type, text.at, text.len);
	return 0;
}

/* "collectionName". */
static int take_name(const struct bson_field *field, struct metadata *m, struct error *e)
{
	struct bytes text;
	int r = text_of(field, &text, e);

	if (r < 0)
		return r;
	if (memchr(text.at, 0, text.len) != NULL)
		return error_set(e, ERR_CORRUPT, "\"collectionName\" has a NUL inside");
	buf_reset(&m->collection_name);
	buf_add_bytes(&m->collection_name, text);
	return 0;
}

/* One field of the file; of two with the same name the last counts, others are ignored. */
static int take_field(const struct bson_field *field, struct metadata *m, struct error *e)
{
	if (bytes_equal(field->name, bytes_str("options")))
		return take_document(field, BSON_KIND_DOCUMENT, &m->options, e);
	if (bytes_equal(field->name, bytes_str("indexes")))
		return take_document(field, BSON_KIND_ARRAY, &m->indexes, e);
	if (bytes_equal(field->name, bytes_str("uuid")))
		return take_uuid(field, m, e);
	if (bytes_equal(field->name, bytes_str("collectionName")))
		return take_name(field, m, e);
	if (bytes_equal(field->name, bytes_str("type")))
		return take_type(field, m, e);
	return 0;
}

int metadata_parse(struct bytes text, struct metadata *ret, struct error *e)
{
	OWNED(metadata_release) struct metadata m = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct bson_fields fields;
	struct bson_field field;
	int r;

	/* An empty file says nothing; mongorestore takes it so. */
	if (text.len > 0) {
		r = metadata_json_parse(text, BSON_LIMIT, &doc, e);
		if (r < 0)
			return r;
		fields = bson_fields(buf_bytes(&doc));
		while ((r = bson_fields_next(&fields, &field, e)) > 0) {
			r = take_field(&field, &m, e);
			if (r < 0)
				return r;
		}
		if (r < 0)
			return r;
	}
	if (m.options.len == 0)
		buf_add(&m.options, empty_document, sizeof(empty_document));
	if (m.indexes.len == 0)
		buf_add(&m.indexes, empty_document, sizeof(empty_document));
	r = check_indexes(buf_bytes(&m.indexes), e);
	if (r < 0)
		return r;
	metadata_release(ret);
	*ret = m;
	metadata_init(&m);
	return 0;
}

/* Append a string field. */
static void add_text(struct buf *doc, const char *name, struct bytes text)
{
	buf_add_u8(doc, BSON_KIND_STRING);
	buf_add(doc, name, strlen(name) + 1);
	buf_add_le32(doc, (uint32_t)text.len + 1);
	buf_add_bytes(doc, text);
	buf_add_u8(doc, 0);
}

/* Append a document or array field. */
static void add_document(struct buf *doc, enum bson_kind kind, const char *name, struct bytes value)
{
	buf_add_u8(doc, (uint8_t)kind);
	buf_add(doc, name, strlen(name) + 1);
	buf_add_bytes(doc, value);
}

int metadata_options(struct bytes options, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(options);
	struct bson_field field;
	size_t start = ret->len;
	int r = 0;

	buf_add_le32(ret, 0);
	while (options.len > 0 && (r = bson_fields_next(&fields, &field, e)) > 0)
		if (!bytes_equal(field.name, bytes_str("create")))
			buf_add_bytes(ret, bson_element(&field));
	buf_add_u8(ret, 0);
	put_le32(ret->at + start, (uint32_t)(ret->len - start));
	if (r < 0)
		ret->len = start;
	return r;
}

int metadata_render(struct bytes options, struct bytes indexes, const uint8_t *uuid,
		    struct bytes collection_name, const char *type, struct buf *ret,
		    struct error *e)
{
	static const char digits[] = "0123456789abcdef";
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf plain = {0};
	char hex[2 * UUID_LEN];
	size_t start = ret->len;
	int r = metadata_options(options, &plain, e);

	if (r < 0)
		return r;
	buf_add_le32(&doc, 0);
	if (plain.len > BSON_MIN_LEN)
		add_document(&doc, BSON_KIND_DOCUMENT, "options", buf_bytes(&plain));
	add_document(&doc, BSON_KIND_ARRAY, "indexes",
		     indexes.len > 0 ? indexes : bytes_of(empty_document, BSON_MIN_LEN));
	if (uuid != NULL) {
		for (size_t i = 0; i < UUID_LEN; i++) {
			hex[2 * i] = digits[uuid[i] >> 4];
			hex[2 * i + 1] = digits[uuid[i] & 15];
		}
		add_text(&doc, "uuid", bytes_of(hex, sizeof(hex)));
	}
	add_text(&doc, "collectionName", collection_name);
	if (type != NULL && *type != '\0')
		add_text(&doc, "type", bytes_str(type));
	buf_add_u8(&doc, 0);
	put_le32(doc.at, (uint32_t)doc.len);
	r = ejson_write(buf_bytes(&doc), EJSON_CANONICAL, ret, e);
	if (r < 0)
		ret->len = start;
	return r;
}
