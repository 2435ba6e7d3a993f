#include "base/bson.h"
#include "base/ejson.h"

#define INDENT 2

static int put_nested(struct bytes doc, bool array, unsigned depth, struct buf *out,
		      struct error *e);

static void put_newline(struct buf *out, unsigned depth)
{
	size_t len = 1 + (size_t)depth * INDENT;
	uint8_t *at = buf_room(out, len);

	memset(at, ' ', len);
	at[0] = '\n';
	out->len += len;
}

static int put_field(const struct bson_field *field, unsigned depth, struct buf *out,
		     struct error *e)
{
	if (field->type == BSON_KIND_DOCUMENT || field->type == BSON_KIND_ARRAY)
		return put_nested(field->value, field->type == BSON_KIND_ARRAY, depth, out, e);
	return ejson_write_value(field->type, field->value, EJSON_RELAXED, out, e);
}

/* `depth` documents are around this one. */
static int put_nested(struct bytes doc, bool array, unsigned depth, struct buf *out,
		      struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	bool first = true;
	int got, code;

	if (depth >= BSON_MAX_NESTING)
		return error_set(e, ERR_LIMIT, "documents nest more than %d deep",
				 BSON_MAX_NESTING);
	buf_add_u8(out, array ? '[' : '{');
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (!first)
			buf_add_u8(out, ',');
		first = false;
		put_newline(out, depth + 1);
		if (!array) {
			code = ejson_write_name(field.name, out, e);
			if (code < 0)
				return code;
			buf_add(out, ": ", 2);
		}
		code = put_field(&field, depth + 1, out, e);
		if (code < 0)
			return code;
	}
	if (!first)
		put_newline(out, depth);
	buf_add_u8(out, array ? ']' : '}');
	return got;
}

int ejson_pretty(struct bytes doc, struct buf *out, struct error *e)
{
	size_t before = out->len;
	int code = put_nested(doc, false, 0, out, e);

	if (code < 0)
		out->len = before;
	return code;
}
