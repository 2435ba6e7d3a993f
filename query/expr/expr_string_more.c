#include "base/bson_build.h"
#include "query/expr/expr_coerce.h"

#define STRING_MAX (64 * MIB) /* what a BufBuilder of mongod can hold */

/* ---- $indexOfBytes, $indexOfCP */

/* An index that was given: 40096, 40097. */
static int index_arg(const struct expr *self, size_t n, struct expr_frame *frame, const char *what,
		     int32_t *ret, struct error *e)
{
	struct value v;
	int result = expr_arg(self, n, frame, &v, e);

	if (result < 0)
		return result;
	/* mongod forgot the blank after the operator's name */
	if (!value_is_number(&v) || !value_as_int32(&v, ret))
		return query_error(e, 40096,
				   "%srequires an integral %s, found a value of type: %s, with "
				   "value: %s",
				   self->op->name, what, expr_type(&v),
				   expr_text(frame->arena, &v));
	if (*ret < 0)
		return query_error(e, 40097, "%s requires a nonnegative %s, found: %s",
				   self->op->name, what, expr_text(frame->arena, &v));
	return 0;
}

static int not_a_string(const struct expr *self, int code, const char *which, const struct value *v,
			struct error *e)
{
	return query_error(e, code, "%s requires a string as the %s argument, found: %s",
			   self->op->name, which, expr_type(v));
}

static int eval_index_of_bytes(const struct expr *self, struct expr_frame *frame, struct value *ret,
			       struct error *e)
{
	struct value text, token;
	int32_t begin = 0, end;
	const uint8_t *hit;
	int result = expr_arg(self, 0, frame, &text, e);

	if (result < 0)
		return result;
	if (value_is_nullish(&text)) {
		*ret = value_null();
		return 0;
	}
	if (text.type != BSON_KIND_STRING)
		return not_a_string(self, 40091, "first", &text, e);
	if ((result = expr_arg(self, 1, frame, &token, e)) < 0)
		return result;
	if (token.type != BSON_KIND_STRING)
		return not_a_string(self, 40092, "second", &token, e);
	end = (int32_t)text.data.len;
	if (self->count > 2 &&
	    (result = index_arg(self, 2, frame, "starting index", &begin, e)) < 0)
		return result;
	if (self->count > 3 && (result = index_arg(self, 3, frame, "ending index", &end, e)) < 0)
		return result;
	end = MIN_OF(end, (int32_t)text.data.len);
	*ret = value_int32(-1);
	if (begin > (int32_t)text.data.len || end < begin)
		return 0;
	hit = token.data.len == 0 ? text.data.at + begin
				  : memmem(text.data.at + begin, (size_t)(end - begin),
					   token.data.at, token.data.len);
	if (hit != NULL)
		*ret = value_int32((int32_t)(hit - text.data.at));
	return 0;
}

static bool has_token_at(struct bytes text, size_t at, struct bytes token)
{
	return token.len <= text.len - at &&
	       (token.len == 0 || memcmp(text.at + at, token.at, token.len) == 0);
}

/* Count the characters; where number `begin` of them starts (0 when there are not so many). */
static int count_characters(struct bytes text, int32_t begin, int32_t *ret_count, size_t *ret_at,
			    struct error *e)
{
	int32_t count = 0;

	*ret_at = 0;
	for (size_t at = 0; at < text.len; count++) {
		if (count == begin)
			*ret_at = at;
		if (expr_is_continuation(text.at[at]))
			return query_error(e, 40095, "$indexOfCP found bad UTF-8 in the input");
		at += expr_character_len(text.at[at]);
	}
	*ret_count = count;
	return 0;
}

static int eval_index_of_cp(const struct expr *self, struct expr_frame *frame, struct value *ret,
			    struct error *e)
{
	struct value text, token;
	int32_t begin = 0, end = INT32_MAX, count = 0;
	size_t at = 0;
	int result = expr_arg(self, 0, frame, &text, e);

	if (result < 0)
		return result;
	if (value_is_nullish(&text)) {
		*ret = value_null();
		return 0;
	}
	if (text.type != BSON_KIND_STRING)
		return not_a_string(self, 40093, "first", &text, e);
	if ((result = expr_arg(self, 1, frame, &token, e)) < 0)
		return result;
	if (token.type != BSON_KIND_STRING)
		return not_a_string(self, 40094, "second", &token, e);
	if (self->count > 2 &&
	    (result = index_arg(self, 2, frame, "starting index", &begin, e)) < 0)
		return result;
	if ((result = count_characters(text.data, begin, &count, &at, e)) < 0)
		return result;
	if (self->count > 3 && (result = index_arg(self, 3, frame, "ending index", &end, e)) < 0)
		return result;
	end = MIN_OF(end, count);
	*ret = value_int32(-1);
	if (begin == 0 && text.data.len == 0 && token.data.len == 0)
		*ret = value_int32(0);
	for (; begin < end && at < text.data.len; begin++) {
		if (has_token_at(text.data, at, token.data)) {
			*ret = value_int32(begin);
			break;
		}
		at += expr_character_len(text.data.at[at]);
	}
	return 0;
}

/* ---- $trim, $ltrim, $rtrim */

static int parse_trim(struct expr_scope *scope, const struct value *operand, struct expr *self,
		      struct error *e)
{
	static const char *const names[] = {"input", "chars"};
	OWNED(buf_release) struct buf unknown = {0};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 50696, "%s only supports an object as an argument, found %s",
				   self->op->name, expr_type(operand));
	buf_printf(&unknown, "%s found an unknown argument: ", self->op->name);
	result = expr_parse_named(scope, operand, names, 2, 50694, buf_text(&unknown), self, e);
	if (result < 0)
		return result;
	if (self->args[0] == NULL)
		return query_error(e, 50695, "%s requires an 'input' field", self->op->name);
	return 0;
}

/* What is trimmed when nothing else is said. */
static const char blanks[] = "\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
			     "\u2006\u2007\u2008\u2009\u200a";

/* As mongod trims: a byte that begins no character of UTF-8 (0xf8 and more) is one for itself. */
static size_t trimmed_len(uint8_t first)
{
	return first >= 0xf8 ? 1 : expr_character_len(first);
}

static int check_chars(const struct expr *self, struct bytes chars, struct error *e)
{
	for (size_t at = 0; at < chars.len;) {
		size_t len = trimmed_len(chars.at[at]);

		if (expr_is_continuation(chars.at[at]))
			return query_error(e, 50698,
					   "Failed to parse \"chars\" argument to %s: Detected "
					   "invalid UTF-8. Got continuation byte when expecting "
					   "the start of a new code point.",
					   self->op->name);
		if (at + len > chars.len)
			return query_error(e, 50697,
					   "Failed to parse \"chars\" argument to %s: Detected "
					   "invalid UTF-8. Missing expected continuation byte at "
					   "end of string.",
					   self->op->name);
		at += len;
	}
	return 0;
}

/* The length of the character of `chars` that stands at `at` of `text` (or, from the end, ends there); 0 when none does. */
static size_t match_char(struct bytes text, size_t at, bool from_end, struct bytes chars)
{
	for (size_t i = 0; i < chars.len;) {
		size_t len = trimmed_len(chars.at[i]);
		size_t room = from_end ? at : text.len - at;

		if (len <= room &&
		    memcmp(text.at + (from_end ? at - len : at), chars.at + i, len) == 0)
			return len;
		i += len;
	}
	return 0;
}

static int eval_trim(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	const char *name = self->op->name;
	struct bytes chars = bytes_of(blanks, sizeof(blanks) - 1);
	struct value input, wanted;
	size_t begin = 0, end, len;
	int result = expr_arg(self, 0, frame, &input, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&input))
		return 0;
	if (input.type != BSON_KIND_STRING)
		return query_error(
			e, 50699,
			"%s requires its input to be a string, got %s (of type %s) instead.", name,
			expr_text(frame->arena, &input), expr_type(&input));
	if (self->args[1] != NULL) {
		if ((result = expr_arg(self, 1, frame, &wanted, e)) < 0)
			return result;
		if (value_is_nullish(&wanted))
			return 0;
		if (wanted.type != BSON_KIND_STRING)
			return query_error(
				e, 50700,
				"%s requires 'chars' to be a string, got %s (of type %s) instead.",
				name, expr_text(frame->arena, &wanted), expr_type(&wanted));
		chars = wanted.data;
		if ((result = check_chars(self, chars, e)) < 0)
			return result;
	}
	end = input.data.len;
	if (name[1] != 'r')
		while (begin < end && (len = match_char(input.data, begin, false, chars)) != 0)
			begin += len;
	input.data = bytes_of(input.data.at + begin, end - begin);
	end -= begin;
	if (name[1] != 'l')
		while (end > 0 && (len = match_char(input.data, end, true, chars)) != 0)
			end -= len;
	*ret = value_string(bytes_of(input.data.at, end));
	return 0;
}

/* ---- $replaceOne, $replaceAll */

enum { INPUT, FIND, REPLACEMENT };

static int parse_replace(struct expr_scope *scope, const struct value *operand, struct expr *self,
			 struct error *e)
{
	static const char *const names[] = {"input", "find", "replacement"};
	OWNED(buf_release) struct buf unknown = {0};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 51751, "%s requires an object as an argument, found: %s",
				   self->op->name, expr_type(operand));
	buf_printf(&unknown, "%s found an unknown argument: ", self->op->name);
	result = expr_parse_named(scope, operand, names, 3, 51750, buf_text(&unknown), self, e);
	if (result < 0)
		return result;
	for (int i = 0; i < 3; i++)
		if (self->args[i] == NULL)
			return query_error(e, 51749 - i, "%s requires '%s' to be specified",
					   self->op->name, names[i]);
	return 0;
}

static int all_replaced(const struct value *v, struct buf *b, struct error *e)
{
	struct bytes text = v[INPUT].data, find = v[FIND].data, by = v[REPLACEMENT].data;

	for (size_t at = 0; at <= text.len;) {
		const uint8_t *from = text.at + at;
		const uint8_t *hit =
			find.len == 0 ? from : memmem(from, text.len - at, find.at, find.len);
		size_t len = hit == NULL ? text.len - at : (size_t)(hit - from);

		if (b->len + len + by.len + 1 > STRING_MAX)
			return query_error(e, 13548,
					   "BufBuilder attempted to grow() to %zu bytes, past the "
					   "64MB limit.",
					   (size_t)STRING_MAX + 4);
		buf_add(b, from, len);
		if (hit == NULL)
			break;
		buf_add_bytes(b, by);
		if (find.len == 0 && at < text.len) /* before every byte, and at the end */
			buf_add_u8(b, text.at[at]);
		at += find.len == 0 ? 1 : len + find.len;
	}
	return 0;
}

static void one_replaced(const struct value *v, struct buf *b)
{
	struct bytes text = v[INPUT].data, find = v[FIND].data;
	const uint8_t *hit = find.len == 0 ? text.at : memmem(text.at, text.len, find.at, find.len);
	size_t len = hit == NULL ? text.len : (size_t)(hit - text.at);

	buf_add(b, text.at, len);
	if (hit == NULL)
		return;
	buf_add_bytes(b, v[REPLACEMENT].data);
	buf_add(b, hit + find.len, text.len - len - find.len);
}

static int eval_replace(const struct expr *self, struct expr_frame *frame, struct value *ret,
			struct error *e)
{
	static const char *const names[] = {"input", "find", "replacement"};
	OWNED(buf_release) struct buf b = {0};
	struct value v[3];
	int result;

	for (size_t i = 0; i < 3; i++)
		if ((result = expr_arg(self, i, frame, &v[i], e)) < 0)
			return result;
	for (int i = 0; i < 3; i++)
		if (v[i].type != BSON_KIND_STRING && !value_is_nullish(&v[i]))
			return query_error(
				e, 51746 - i, "%s requires that '%s' be a string, found: %s",
				self->op->name, names[i], expr_text(frame->arena, &v[i]));
	*ret = value_null();
	for (int i = 0; i < 3; i++)
		if (value_is_nullish(&v[i]))
			return 0;
	if (self->op->name[8] == 'O') {
		one_replaced(v, &b);
	} else if ((result = all_replaced(v, &b, e)) < 0) {
		return result;
	}
	if (b.len >= 16 * MIB)
		return query_error(e, 16493, "Tried to create string longer than 16MB");
	*ret = expr_string_of(frame->arena, &b);
	return 0;
}

const struct expr_op expr_ops_string_more[] = {
	{.name = "$indexOfBytes", .least = 2, .most = 4, .eval = eval_index_of_bytes},
	{.name = "$indexOfCP", .least = 2, .most = 4, .eval = eval_index_of_cp},
	{.name = "$trim", .parse = parse_trim, .eval = eval_trim},
	{.name = "$ltrim", .parse = parse_trim, .eval = eval_trim},
	{.name = "$rtrim", .parse = parse_trim, .eval = eval_trim},
	{.name = "$replaceOne",
	 .parse = parse_replace,
	 .eval = eval_replace,
	 .fold = EXPR_FOLD_ARGS},
	{.name = "$replaceAll",
	 .parse = parse_replace,
	 .eval = eval_replace,
	 .fold = EXPR_FOLD_ARGS},
	{.name = NULL},
};
