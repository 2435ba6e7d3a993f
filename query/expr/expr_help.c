#include "query/expr/expr_op.h"

#include "base/bson_build.h"
#include "query/gaps.h"

bool expr_next(struct bson_fields *fields, struct bson_field *ret)
{
	struct fields walk = {fields->doc.at + fields->at, fields->doc.at + fields->doc.len - 1};

	/* Documents were checked when they came in; one that is damaged ends here. */
	if (fields->doc.len < BSON_MIN_LEN || !fields_next(&walk, ret))
		return false;
	fields->at = (size_t)(walk.at - fields->doc.at);
	return true;
}

struct value *expr_elements(struct arena *arena, struct bytes array, size_t *ret_count)
{
	size_t room = value_count(array), count = 0;
	struct value *values = arena_get(arena, room * sizeof(*values));
	struct bson_fields fields = bson_fields(array);
	struct bson_field field;

	while (count < room && expr_next(&fields, &field))
		values[count++] = value_of_field(&field);
	*ret_count = count;
	return values;
}

#define LEVEL_BYTES                                                                                \
	7 /* at least, of a document in a document: type, name's NUL, length, final NUL */

bool expr_is_deeper(struct bytes doc, int levels)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	if (doc.len < (size_t)levels * LEVEL_BYTES)
		return false;
	while (fields_next(&fields, &field)) {
		bool is_array = field.type == BSON_KIND_ARRAY;

		if (!is_array && field.type != BSON_KIND_DOCUMENT)
			continue;
		/* An empty array is no level. */
		if (levels == 1 && !(is_array && field.value.len == BSON_MIN_LEN))
			return true;
		if (levels > 1 && expr_is_deeper(field.value, levels - 1))
			return true;
	}
	return false;
}

int expr_check_nesting(struct bytes doc, struct error *e)
{
	if (!expr_is_deeper(doc, BSON_MAX_NESTING))
		return 0;
	return query_error(e, QUERY_OVERFLOW,
			   "cannot convert document to BSON because it exceeds the limit of 200 "
			   "levels of nesting");
}

size_t expr_payload_len(const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_DOUBLE:
	case BSON_KIND_DATE:
	case BSON_KIND_TIMESTAMP:
	case BSON_KIND_INT64:
		return 8;
	case BSON_KIND_INT32:
		return 4;
	case BSON_KIND_BOOL:
		return 1;
	case BSON_KIND_DECIMAL:
		return 16;
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_CODE:
		return v->data.len + 5;
	case VALUE_MISSING:
	case BSON_KIND_UNDEFINED:
	case BSON_KIND_NULL:
	case BSON_KIND_MIN_KEY:
	case BSON_KIND_MAX_KEY:
		return 0;
	default:
		return v->data.len;
	}
}

static struct value document_of(struct arena *arena, const struct bytes *names,
				const struct value *values, size_t count, bool gaps)
{
	struct buf b = {0};
	size_t begin, len = BSON_MIN_LEN;

	for (size_t i = 0; i < count; i++)
		len += names[i].len + 2 + expr_payload_len(&values[i]);
	if (!arena_allows(arena, len))
		return value_document(bson_build_empty());
	/* The bytes are counted before, so that it never grows: its memory is the arena's. */
	b.at = arena_get(arena, len);
	b.cap = len;
	begin = bson_build_begin(&b);
	for (size_t i = 0; i < count; i++)
		if (!value_is_missing(&values[i]))
			value_write(&b, names[i], &values[i]);
		else if (gaps)
			gaps_write(&b, names[i]);
	bson_build_end(&b, begin);
	return value_document(buf_bytes(&b));
}

struct value expr_array_of(struct arena *arena, const struct value *values, size_t count)
{
	size_t len = BSON_MIN_LEN + count * 12; /* types, names of up to ten digits */

	for (size_t i = 0; i < count; i++)
		len += expr_payload_len(&values[i]);
	return arena_allows(arena, len) ? value_array_of(arena, values, count)
					: value_array(bson_build_empty());
}

struct value expr_document_of(struct arena *arena, const struct bytes *names,
			      const struct value *values, size_t count)
{
	return document_of(arena, names, values, count, false);
}

struct value expr_document_with_gaps(struct arena *arena, const struct bytes *names,
				     const struct value *values, size_t count)
{
	return document_of(arena, names, values, count, true);
}

const char *expr_error_text(struct arena *arena, struct bytes from)
{
	OWNED(buf_release) struct buf text = {0};

	return arena_text(arena, bytes_str(query_error_quote(from, &text)));
}

const char *expr_text(struct arena *arena, const struct value *v)
{
	OWNED(buf_release) struct buf text = {0};

	value_text(v, &text);
	return expr_error_text(arena, buf_bytes(&text));
}
