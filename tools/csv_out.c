#include "tools/csv_out.h"

#include <stdio.h>

#include "base/bson_check.h"
#include "base/ejson.h"
#include "tools/csv_json.h"

/* A text as one field: in quotes where encoding/csv of Go, which mongoexport uses, puts them. */
static void add_text(struct buf *to, struct bytes text)
{
	bool quote = (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) ||
		     bytes_equal(text, bytes_str("\\."));

	for (size_t i = 0; i < text.len; i++)
		quote |= text.at[i] != 0 && strchr(",\"\r\n", text.at[i]) != NULL;
	if (!quote) {
		buf_add_bytes(to, text);
		return;
	}
	buf_add_u8(to, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			buf_add_u8(to, '"');
		buf_add_u8(to, text.at[i]);
	}
	buf_add_u8(to, '"');
}

static void render_date(int64_t ms, struct buf *ret)
{
	if (ms < CSV_JSON_DATE_END)
		csv_json_date(ms, ret);
	else
		buf_printf(ret, "{ \"$date\": { \"$numberLong\" : \"%lld\" }}", (long long)ms);
}

static void render_hex(struct bytes value, bool upper, struct buf *ret)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (size_t i = 0; i < value.len; i++) {
		buf_add_u8(ret, (uint8_t)digits[value.at[i] >> 4]);
		buf_add_u8(ret, (uint8_t)digits[value.at[i] & 15]);
	}
}

/* The texts are not escaped: mongoexport does not. */
static void render_pointer(struct bytes value, struct buf *ret)
{
	size_t len = value.len - 17;

	buf_add_str(ret, "{ \"$ref\": \"");
	buf_add(ret, value.at + 4, len);
	buf_add_str(ret, "\", \"$id\": ObjectID(\"");
	render_hex(bytes_of(value.at + 5 + len, 12), false, ret);
	buf_add_str(ret, "\") }");
}

/* /pattern/options: two texts, each with its NUL. */
static void render_regex(struct bytes value, struct buf *ret)
{
	const char *pattern = (const char *)value.at;

	buf_printf(ret, "/%s/%s", pattern, pattern + strlen(pattern) + 1);
}

/* The inside of a one-field wrapper like {"$date":"…"}. */
static void render_inner(struct bytes json, size_t skip, struct buf *ret)
{
	if (json.len > skip + 2)
		buf_add(ret, json.at + skip, json.len - skip - 2);
}

/* The types that are not what extended JSON says. 1 done, 0 not one of them. */
static int render_special(const struct bson_field *field, struct buf *ret, struct error *e)
{
	const uint8_t *at = field->value.at;
	struct bytes text;
	int64_t code;

	switch (field->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
	case BSON_KIND_SYMBOL:
		if (bson_text(field->value, &text, e) < 0)
			return e->code;
		buf_add_bytes(ret, text);
		return 1;
	case BSON_KIND_CODE_WITH_SCOPE: /* the scope is left out */
		if (field->value.len < 4 ||
		    (code = bson_value_len(BSON_KIND_CODE,
					   bytes_of(at + 4, field->value.len - 4))) < 0)
			return error_set(e, ERR_CORRUPT, "code with scope: the code is cut off");
		buf_add(ret, at + 8, (size_t)code - 5);
		return 1;
	case BSON_KIND_DOCUMENT:
	case BSON_KIND_ARRAY:
		return csv_json_value(field, ret, e) < 0 ? e->code : 1;
	case BSON_KIND_DOUBLE:
		csv_json_double(get_le64(at), ret);
		return 1;
	case BSON_KIND_DATE:
		render_date((int64_t)get_le64(at), ret);
		return 1;
	case BSON_KIND_OBJECT_ID:
		buf_add_str(ret, "ObjectId(");
		render_hex(field->value, false, ret);
		buf_add_str(ret, ")");
		return 1;
	case BSON_KIND_BINARY:
		render_hex(csv_json_binary(field->value), true, ret);
		return 1;
	case BSON_KIND_DB_POINTER:
		render_pointer(field->value, ret);
		return 1;
	case BSON_KIND_UNDEFINED:
		buf_add_str(ret, "{ \"$undefined\": true }");
		return 1;
	case BSON_KIND_TIMESTAMP:
		buf_printf(ret, "{ \"$timestamp\": { \"t\": %u, \"i\": %u } }", get_le32(at + 4),
			   get_le32(at));
		return 1;
	case BSON_KIND_REGEX:
		render_regex(field->value, ret);
		return 1;
	case BSON_KIND_MIN_KEY:
	case BSON_KIND_MAX_KEY:
		buf_add_str(ret, field->type == BSON_KIND_MIN_KEY ? "$MinKey" : "$MaxKey");
		return 1;
	default:
		return 0;
	}
}

static int add_value(struct buf *to, const struct bson_field *field, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf json = {0};
	int done;

	if (field->type == BSON_KIND_NULL)
		return 0;
	done = render_special(field, &text, e);
	if (done < 0)
		return done;
	if (done == 0) {
		if (ejson_write_value(field->type, field->value, EJSON_RELAXED, &json, e) < 0)
			return e->code;
		if (field->type == BSON_KIND_DECIMAL)
			render_inner(buf_bytes(&json), strlen("{\"$numberDecimal\":\""), &text);
		else
			buf_add_bytes(&text, buf_bytes(&json));
	}
	add_text(to, buf_bytes(&text));
	return 0;
}

/* Element number `name` of an array, by its place, whatever it is called: 1, or 0. */
static int find_element(struct bytes array, const char *name, struct bson_field *ret,
			struct error *e)
{
	struct bson_fields fields = bson_fields(array);
	const char *digits = name + (*name == '+' || *name == '-');
	uint64_t number = 0;
	int found;

	/* As strconv.Atoi reads it: a sign and zeros before it are no harm. */
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return 0;
	for (; *digits != '\0' && number <= UINT32_MAX; digits++)
		number = number * 10 + (uint64_t)(*digits - '0');
	if (*name == '-' && number > 0)
		return 0;
	do {
		found = bson_fields_next(&fields, ret, e);
	} while (found > 0 && number-- > 0);
	return found;
}

/* The field that a dotted path leads to: 1, or 0. In arrays the parts are positions. */
static int find_path(struct bytes doc, struct bytes path, struct bson_field *ret, struct error *e)
{
	bool array = false;

	for (;;) {
		const uint8_t *dot = memchr(path.at, '.', path.len);
		size_t len = dot == NULL ? path.len : (size_t)(dot - path.at);
		OWNED(free) char *name = xstrndup((const char *)path.at, len);
		int found = array ? find_element(doc, name, ret, e) : bson_find(doc, name, ret, e);

		if (found <= 0 || dot == NULL)
			return found;
		if (ret->type != BSON_KIND_DOCUMENT && ret->type != BSON_KIND_ARRAY)
			return 0;
		array = ret->type == BSON_KIND_ARRAY;
		doc = ret->value;
		path = bytes_of(dot + 1, path.len - len - 1);
	}
}

/* The next path of the list, and past it; false at the end. */
static bool next_path(const char **paths, struct bytes *ret)
{
	const char *comma;

	if (*paths == NULL)
		return false;
	comma = strchrnul(*paths, ',');
	*ret = bytes_of(*paths, (size_t)(comma - *paths));
	*paths = *comma == ',' ? comma + 1 : NULL;
	return true;
}

void csv_out_titles(const char *paths, struct buf *ret)
{
	struct bytes path;

	while (next_path(&paths, &path)) {
		add_text(ret, path);
		buf_add_u8(ret, paths == NULL ? '\n' : ',');
	}
}

int csv_out_document(const char *paths, struct bytes doc, struct buf *ret, struct error *e)
{
	struct bytes path;

	while (next_path(&paths, &path)) {
		struct bson_field field;
		int found = find_path(doc, path, &field, e);

		if (found < 0 || (found > 0 && add_value(ret, &field, e) < 0))
			return e->code;
		buf_add_u8(ret, paths == NULL ? '\n' : ',');
	}
	return 0;
}
