#include <inttypes.h>

#include "base/bson_build.h"
#include "query/expr/expr_coerce.h"

#define STRING_MAX (64 * MIB) /* what a BufBuilder of mongod can hold */

#define VALUE_STRING_MAX (16 * MIB) /* ... and what a value of a string */

static int string_limit(struct error *e, size_t len)
{
	return query_error(
		e, 13548, "BufBuilder attempted to grow() to %zu bytes, past the 64MB limit.", len);
}

static int eval_concat(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	OWNED(buf_release) struct buf b = {0};

	for (size_t i = 0; i < self->count; i++) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v)) {
			*ret = value_null();
			return 0;
		}
		if (v.type != BSON_KIND_STRING)
			return query_error(e, 16702, "$concat only supports strings, not %s",
					   expr_type(&v));
		if (b.len + v.data.len > STRING_MAX)
			return string_limit(e, b.len + v.data.len);
		buf_add_bytes(&b, v.data);
	}
	if (b.len >= VALUE_STRING_MAX)
		return query_error(e, 16493, "Tried to create string longer than 16MB");
	*ret = expr_string_of(frame->arena, &b);
	return 0;
}

static int text_arg(const struct expr *self, size_t n, struct expr_frame *frame, struct bytes *ret,
		    struct error *e)
{
	struct value v;
	int result = expr_arg(self, n, frame, &v, e);

	return result < 0 ? result : expr_coerce_text(&v, frame->arena, ret, e);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static int change_case(const struct expr *self, struct expr_frame *frame,
		       uint8_t (*change)(uint8_t), struct value *ret, struct error *e)
{
	struct bytes text = {0};
	uint8_t *copy;
	int result = text_arg(self, 0, frame, &text, e);

	if (result < 0)
		return result;
	copy = arena_get(frame->arena, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		copy[i] = change(text.at[i]);
	*ret = value_string(bytes_of(copy, text.len));
	return 0;
}

static int eval_to_lower(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	return change_case(self, frame, lower, ret, e);
}

static int eval_to_upper(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	return change_case(self, frame, upper, ret, e);
}

static int eval_strcasecmp(const struct expr *self, struct expr_frame *frame, struct value *ret,
			   struct error *e)
{
	struct value first, second;
	struct bytes a = {0}, b = {0};
	int order = 0, result = expr_arg(self, 0, frame, &first, e);

	if (result < 0 || (result = expr_arg(self, 1, frame, &second, e)) < 0 ||
	    (result = expr_coerce_text(&first, frame->arena, &a, e)) < 0 ||
	    (result = expr_coerce_text(&second, frame->arena, &b, e)) < 0)
		return result;
	for (size_t i = 0; order == 0 && i < a.len && i < b.len; i++)
		order = upper(a.at[i]) - upper(b.at[i]);
	if (order == 0)
		order = a.len < b.len ? -1 : a.len > b.len;
	*ret = value_int32(order < 0 ? -1 : order > 0);
	return 0;
}

/* ---- parts of strings */

static int eval_substr_bytes(const struct expr *self, struct expr_frame *frame, struct value *ret,
			     struct error *e)
{
	static const char name[] = "$substrBytes"; /* also of $substr */
	struct value text_value, low, count;
	struct bytes text = {0};
	int64_t begin = 0, wanted = 0;
	size_t from, len;
	int result = expr_arg(self, 0, frame, &text_value, e);

	if (result < 0 || (result = expr_arg(self, 1, frame, &low, e)) < 0 ||
	    (result = expr_arg(self, 2, frame, &count, e)) < 0 ||
	    (result = expr_coerce_text(&text_value, frame->arena, &text, e)) < 0)
		return result;
	if (!value_is_number(&low))
		return query_error(e, 16034,
				   "%s:  starting index must be a numeric type (is BSON type %s)",
				   name, expr_type(&low));
	if (!value_is_number(&count))
		return query_error(e, 16035, "%s:  length must be a numeric type (is BSON type %s)",
				   name, expr_type(&count));
	if ((result = expr_coerce_long(&low, &begin, e)) < 0)
		return result;
	if (begin < 0)
		return query_error(e, 50752,
				   "%s:  starting index must be non-negative (got: %" PRId64 ")",
				   name, begin);
	if ((result = expr_coerce_long(&count, &wanted, e)) < 0)
		return result;
	len = wanted < 0 ? text.len : (size_t)wanted;
	from = (size_t)begin;
	if (from < text.len && expr_is_continuation(text.at[from]))
		return query_error(
			e, 28656,
			"%s:  Invalid range, starting index is a UTF-8 continuation byte.", name);
	if (from + len < text.len && expr_is_continuation(text.at[from + len]))
		return query_error(
			e, 28657,
			"%s:  Invalid range, ending index is in the middle of a UTF-8 character.",
			name);
	if (from >= text.len)
		*ret = value_string(bytes_str(""));
	else
		*ret = value_string(bytes_of(text.at + from, MIN_OF(len, text.len - from)));
	return 0;
}

static int invalid_utf8(struct error *e, int code)
{
	return query_error(e, code, "$substrCP: invalid UTF-8 string");
}

/* Go over `count` characters from *at on; at most to the end of the text. */
static int skip_characters(struct bytes text, int32_t count, int code, size_t *at, struct error *e)
{
	for (; count > 0 && *at < text.len; count--) {
		size_t len = expr_character_len(text.at[*at]);

		if (expr_is_continuation(text.at[*at]))
			return invalid_utf8(e, code);
		if (len > 4)
			return invalid_utf8(e, code + 1);
		*at += len;
	}
	return 0;
}

/* The two numbers of $substrCP. */
static int substr_cp_numbers(struct expr_frame *frame, const struct value *low,
			     const struct value *count, int32_t *ret_begin, int32_t *ret_len,
			     struct error *e)
{
	if (!value_is_number(low))
		return query_error(
			e, 34450,
			"$substrCP: starting index must be a numeric type (is BSON type %s)",
			expr_type(low));
	if (!value_as_int32(low, ret_begin))
		return query_error(e, 34451,
				   "$substrCP: starting index cannot be represented as a 32-bit "
				   "integral value: %s",
				   expr_text(frame->arena, low));
	if (!value_is_number(count))
		return query_error(e, 34452,
				   "$substrCP: length must be a numeric type (is BSON type %s)",
				   expr_type(count));
	if (!value_as_int32(count, ret_len))
		return query_error(
			e, 34453,
			"$substrCP: length cannot be represented as a 32-bit integral value: %s",
			expr_text(frame->arena, count));
	if (*ret_len < 0)
		return query_error(e, 34454, "$substrCP: length must be a nonnegative integer.");
	if (*ret_begin < 0)
		return query_error(e, 34455,
				   "$substrCP: the starting index must be nonnegative integer.");
	return 0;
}

static int eval_substr_cp(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value text_value, low, count;
	struct bytes text = {0};
	int32_t begin = 0, len = 0;
	size_t from = 0, to;
	int result = expr_arg(self, 0, frame, &text_value, e);

	if (result < 0 || (result = expr_arg(self, 1, frame, &low, e)) < 0 ||
	    (result = expr_arg(self, 2, frame, &count, e)) < 0 ||
	    (result = expr_coerce_text(&text_value, frame->arena, &text, e)) < 0 ||
	    (result = substr_cp_numbers(frame, &low, &count, &begin, &len, e)) < 0 ||
	    (result = skip_characters(text, begin, 34456, &from, e)) < 0)
		return result;
	from = MIN_OF(from, text.len);
	to = from;
	result = skip_characters(text, len, 34458, &to, e);
	if (result < 0)
		return result;
	*ret = value_string(bytes_of(text.at + from, MIN_OF(to, text.len) - from));
	return 0;
}

/* ---- lengths */

static int eval_len_bytes(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	if (v.type != BSON_KIND_STRING)
		return query_error(e, 34473, "$strLenBytes requires a string argument, found: %s",
				   expr_type(&v));
	*ret = value_int32((int32_t)v.data.len);
	return 0;
}

static int eval_len_cp(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	struct value v;
	int32_t count = 0;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	if (v.type != BSON_KIND_STRING)
		return query_error(e, 34471, "$strLenCP requires a string argument, found: %s",
				   expr_type(&v));
	for (size_t i = 0; i < v.data.len; i++)
		count += !expr_is_continuation(v.data.at[i]);
	*ret = value_int32(count);
	return 0;
}

/* ---- $split */

static int eval_split(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	struct value text, by;
	OWNED(buf_release) struct buf b = {0};
	size_t begin = 0, doc, count = 0;
	int result = expr_arg(self, 0, frame, &text, e);

	if (result < 0 || (result = expr_arg(self, 1, frame, &by, e)) < 0)
		return result;
	if (value_is_nullish(&text) || value_is_nullish(&by)) {
		*ret = value_null();
		return 0;
	}
	if (text.type != BSON_KIND_STRING)
		return query_error(e, 40085,
				   "$split requires an expression that evaluates to a string as a "
				   "first argument, found: %s",
				   expr_type(&text));
	if (by.type != BSON_KIND_STRING)
		return query_error(e, 40086,
				   "$split requires an expression that evaluates to a string as a "
				   "second argument, found: %s",
				   expr_type(&by));
	if (by.data.len == 0)
		return query_error(e, 40087, "$split requires a non-empty separator");
	doc = bson_build_begin(&b);
	for (;;) {
		const uint8_t *from = text.data.at + begin;
		const uint8_t *hit = memmem(from, text.data.len - begin, by.data.at, by.data.len);
		size_t len = hit == NULL ? text.data.len - begin : (size_t)(hit - from);
		struct value part = value_string(bytes_of(from, len));

		value_write_at(&b, count++, &part);
		if (hit == NULL)
			break;
		begin += len + by.data.len;
	}
	bson_build_end(&b, doc);
	*ret = value_array(arena_copy(frame->arena, buf_bytes(&b)));
	return 0;
}

/* $substr is another name of $substrBytes: in errors, too. */
static int parse_substr(struct expr_scope *scope, const struct value *operand, struct expr *self,
			struct error *e)
{
	int result = expr_parse_args(scope, operand, self, e);

	if (result < 0)
		return result;
	if (self->count != 3)
		return query_error(e, 16020,
				   "Expression $substrBytes takes exactly 3 arguments. %zu were "
				   "passed in.",
				   self->count);
	return 0;
}

const struct expr_op expr_ops_string[] = {
	{.name = "$concat",
	 .least = 0,
	 .most = -1,
	 .eval = eval_concat,
	 .fold = EXPR_FOLD_IN_ORDER},
	{.name = "$toLower", .least = 1, .most = 1, .eval = eval_to_lower},
	{.name = "$toUpper", .least = 1, .most = 1, .eval = eval_to_upper},
	{.name = "$strcasecmp", .least = 2, .most = 2, .eval = eval_strcasecmp},
	{.name = "$substr", .parse = parse_substr, .eval = eval_substr_bytes},
	{.name = "$substrBytes", .least = 3, .most = 3, .eval = eval_substr_bytes},
	{.name = "$substrCP", .least = 3, .most = 3, .eval = eval_substr_cp},
	{.name = "$strLenBytes", .least = 1, .most = 1, .eval = eval_len_bytes},
	{.name = "$strLenCP", .least = 1, .most = 1, .eval = eval_len_cp},
	{.name = "$split", .least = 2, .most = 2, .eval = eval_split},
	{.name = NULL},
};
