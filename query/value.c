#include "query/value.h"

#include "query/fields.h"

static _Decimal128 load_decimal(const uint8_t *at)
{
	_Decimal128 ret;

	memcpy(&ret, at, sizeof(ret));
	return ret;
}

static double load_double(const uint8_t *at)
{
	uint64_t bits = get_le64(at);
	double ret;

	memcpy(&ret, &bits, sizeof(ret));
	return ret;
}

struct value value_of_field(const struct bson_field *field)
{
	struct value v = {.type = field->type};
	const uint8_t *at = field->value.at;

	switch ((enum bson_kind)field->type) {
	case BSON_KIND_DOUBLE:
		v.number = load_double(at);
		break;
	case BSON_KIND_INT32:
		v.int32 = (int32_t)get_le32(at);
		break;
	case BSON_KIND_INT64:
	case BSON_KIND_DATE:
		v.int64 = (int64_t)get_le64(at);
		break;
	case BSON_KIND_TIMESTAMP:
		v.timestamp = get_le64(at);
		break;
	case BSON_KIND_BOOL:
		v.flag = at[0] != 0;
		break;
	case BSON_KIND_DECIMAL:
		v.decimal = load_decimal(at);
		break;
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_CODE:
		v.data = bytes_of(at + 4, field->value.len - 5);
		break;
	case BSON_KIND_UNDEFINED:
	case BSON_KIND_NULL:
	case BSON_KIND_MIN_KEY:
	case BSON_KIND_MAX_KEY:
		break;
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
	case BSON_KIND_BINARY:
	case BSON_KIND_OBJECT_ID:
	case BSON_KIND_REGEX:
	case BSON_KIND_DB_POINTER:
	case BSON_KIND_CODE_WITH_SCOPE:
		v.data = field->value;
		break;
	}
	return v;
}

struct value value_get(struct bytes doc, struct bytes name)
{
	struct bson_field field;

	return fields_find(doc, name, &field) ? value_of_field(&field) : value_missing();
}

struct value value_at(struct bytes array, size_t index)
{
	struct fields fields = fields_of(array);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (index-- == 0)
			return value_of_field(&field);
	return value_missing();
}

size_t value_count(struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	size_t count = 0;

	while (fields_next(&fields, &field))
		count++;
	return count;
}

/* Is the value's content in `data`? */
static bool has_data(uint8_t type)
{
	return fields_fixed(type) == FIELDS_VARIES || type == BSON_KIND_OBJECT_ID;
}

struct value value_keep(struct arena *arena, struct value v)
{
	if (has_data(v.type))
		v.data = arena_copy(arena, v.data);
	return v;
}

/* ---- writing */

static bool is_text(uint8_t type)
{
	return type == BSON_KIND_STRING || type == BSON_KIND_SYMBOL || type == BSON_KIND_CODE;
}

static size_t payload_len(const struct value *v)
{
	if (is_text(v->type))
		return v->data.len + 5;
	return has_data(v->type) ? v->data.len : fields_fixed(v->type);
}

/* Write the payload; returns its end. */
static uint8_t *put_payload(uint8_t *at, const struct value *v)
{
	size_t len = payload_len(v);

	switch (v->type) {
	case BSON_KIND_DOUBLE:
	case BSON_KIND_INT64:
	case BSON_KIND_DATE:
	case BSON_KIND_TIMESTAMP:
		put_le64(at, v->timestamp);
		break;
	case BSON_KIND_INT32:
		put_le32(at, (uint32_t)v->int32);
		break;
	case BSON_KIND_BOOL:
		*at = v->flag;
		break;
	case BSON_KIND_DECIMAL:
		memcpy(at, &v->decimal, sizeof(v->decimal));
		break;
	default:
		if (is_text(v->type)) {
			put_le32(at, (uint32_t)v->data.len + 1);
			if (v->data.len > 0)
				memcpy(at + 4, v->data.at, v->data.len);
			at[4 + v->data.len] = 0;
		} else if (len > 0) {
			memcpy(at, v->data.at, len);
		}
	}
	return at + len;
}

static uint8_t *put_field(uint8_t *at, struct bytes name, const struct value *v)
{
	*at++ = v->type;
	if (name.len > 0)
		memcpy(at, name.at, name.len);
	at[name.len] = 0;
	return put_payload(at + name.len + 1, v);
}

void value_write(struct buf *b, struct bytes name, const struct value *v)
{
	size_t len;

	if (v->type == VALUE_MISSING)
		return;
	len = 2 + name.len + payload_len(v);
	put_field(buf_room(b, len), name, v);
	b->len += len;
}

#define INDEX_MAX 20 /* digits of the largest size_t */

/* The decimal digits of `index`, at the end of `at`. */
static struct bytes index_name(size_t index, char at[INDEX_MAX])
{
	size_t first = INDEX_MAX;

	do {
		at[--first] = (char)('0' + index % 10);
		index /= 10;
	} while (index != 0);
	return bytes_of(at + first, INDEX_MAX - first);
}

void value_write_at(struct buf *b, size_t index, const struct value *v)
{
	struct value null = value_null();
	char digits[INDEX_MAX];

	value_write(b, index_name(index, digits), v->type == VALUE_MISSING ? &null : v);
}

struct value value_array_of(struct arena *arena, const struct value *values, size_t count)
{
	size_t size = BSON_MIN_LEN;
	struct value null = value_null();
	char digits[INDEX_MAX];
	uint8_t *doc, *at;

	for (size_t i = 0; i < count; i++)
		size += 2 + index_name(i, digits).len +
			payload_len(values[i].type == VALUE_MISSING ? &null : &values[i]);
	doc = arena_get(arena, size);
	put_le32(doc, (uint32_t)size);
	at = doc + 4;
	for (size_t i = 0; i < count; i++)
		at = put_field(at, index_name(i, digits),
			       values[i].type == VALUE_MISSING ? &null : &values[i]);
	*at = 0;
	return value_array(bytes_of(doc, size));
}

/* ---- kinds */

bool value_is_true(const struct value *v)
{
	switch (v->type) {
	case VALUE_MISSING:
	case BSON_KIND_NULL:
	case BSON_KIND_UNDEFINED:
		return false;
	case BSON_KIND_BOOL:
		return v->flag;
	case BSON_KIND_INT32:
		return v->int32 != 0;
	case BSON_KIND_INT64:
		return v->int64 != 0;
	case BSON_KIND_DOUBLE:
		return v->number != 0;
	case BSON_KIND_DECIMAL:
		return v->decimal != 0;
	default:
		return true;
	}
}

/* Indexed by type; MaxKey and MinKey are apart. */
static const struct {
	const char *name;
	int place;
} kinds[] = {
	[VALUE_MISSING] = {"missing", 0},
	[BSON_KIND_DOUBLE] = {"double", 10},
	[BSON_KIND_STRING] = {"string", 15},
	[BSON_KIND_DOCUMENT] = {"object", 20},
	[BSON_KIND_ARRAY] = {"array", 25},
	[BSON_KIND_BINARY] = {"binData", 30},
	[BSON_KIND_UNDEFINED] = {"undefined", 0},
	[BSON_KIND_OBJECT_ID] = {"objectId", 35},
	[BSON_KIND_BOOL] = {"bool", 40},
	[BSON_KIND_DATE] = {"date", 45},
	[BSON_KIND_NULL] = {"null", 5},
	[BSON_KIND_REGEX] = {"regex", 50},
	[BSON_KIND_DB_POINTER] = {"dbPointer", 55},
	[BSON_KIND_CODE] = {"javascript", 60},
	[BSON_KIND_SYMBOL] = {"symbol", 15},
	[BSON_KIND_CODE_WITH_SCOPE] = {"javascriptWithScope", 65},
	[BSON_KIND_INT32] = {"int", 10},
	[BSON_KIND_TIMESTAMP] = {"timestamp", 47},
	[BSON_KIND_INT64] = {"long", 10},
	[BSON_KIND_DECIMAL] = {"decimal", 10},
};

const char *value_type_name(uint8_t type)
{
	if (type < COUNT_OF(kinds))
		return kinds[type].name;
	return type == BSON_KIND_MAX_KEY ? "maxKey" : "minKey";
}

int value_class(uint8_t type)
{
	if (type < COUNT_OF(kinds))
		return kinds[type].place;
	return type == BSON_KIND_MAX_KEY ? 127 : -1;
}
