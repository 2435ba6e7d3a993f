#include "query/expr/expr_convert.h"

#include <inttypes.h>

enum { INPUT, TO, ON_ERROR, ON_NULL };

static int parse_convert(struct expr_scope *scope, const struct value *operand, struct expr *self,
			 struct error *e)
{
	static const char *const names[] = {"input", "to", "onError", "onNull"};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$convert expects an object of named arguments but found: %s",
				   expr_type(operand));
	result = expr_parse_named(scope, operand, names, COUNT_OF(names), QUERY_FAILED_TO_PARSE,
				  "$convert found an unknown argument: ", self, e);
	if (result < 0)
		return result;
	for (int i = INPUT; i <= TO; i++)
		if (self->args[i] == NULL)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "Missing '%s' parameter to $convert", names[i]);
	return 0;
}

/* Every type that BSON has; by number in a type's place. */
static const uint8_t kinds[] = {
	BSON_KIND_DOUBLE,    BSON_KIND_STRING,	  BSON_KIND_DOCUMENT,	     BSON_KIND_ARRAY,
	BSON_KIND_BINARY,    BSON_KIND_UNDEFINED, BSON_KIND_OBJECT_ID,	     BSON_KIND_BOOL,
	BSON_KIND_DATE,	     BSON_KIND_NULL,	  BSON_KIND_REGEX,	     BSON_KIND_DB_POINTER,
	BSON_KIND_CODE,	     BSON_KIND_SYMBOL,	  BSON_KIND_CODE_WITH_SCOPE, BSON_KIND_INT32,
	BSON_KIND_TIMESTAMP, BSON_KIND_INT64,	  BSON_KIND_DECIMAL,	     BSON_KIND_MAX_KEY,
	BSON_KIND_MIN_KEY,   VALUE_MISSING,
};

static int type_by_name(struct bytes name, uint8_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf shown = {0};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (bytes_equal(name, bytes_str(value_type_name(kinds[i])))) {
			*ret = kinds[i];
			return 0;
		}
	return query_error(e, QUERY_BAD_VALUE, "Unknown type name: %s",
			   query_error_quote(name, &shown));
}

static int type_by_number(const struct value *v, uint8_t *ret, struct error *e)
{
	int32_t number;

	if (!value_as_int32(v, &number))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "In $convert, numeric 'to' argument is not an integer");
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (number == (kinds[i] == BSON_KIND_MIN_KEY ? -1 : kinds[i])) {
			*ret = kinds[i];
			return 0;
		}
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "In $convert, numeric value for 'to' does not correspond to a BSON "
			   "type: %" PRId32,
			   number);
}

/* The type that `to` names. */
static int type_of(const struct value *v, uint8_t *ret, struct error *e)
{
	if (v->type == BSON_KIND_STRING)
		return type_by_name(v->data, ret, e);
	if (value_is_number(v))
		return type_by_number(v, ret, e);
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "$convert's 'to' argument must be a string or number, but is %s",
			   expr_type(v));
}

static int eval_convert(const struct expr *self, struct expr_frame *frame, struct value *ret,
			struct error *e)
{
	struct value to, input;
	uint8_t kind = VALUE_MISSING;
	int result = expr_arg(self, TO, frame, &to, e);

	if (result < 0 || (result = expr_arg(self, INPUT, frame, &input, e)) < 0)
		return result;
	if (!value_is_nullish(&to) && (result = type_of(&to, &kind, e)) < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&input))
		return self->args[ON_NULL] == NULL ? 0 : expr_arg(self, ON_NULL, frame, ret, e);
	if (value_is_nullish(&to))
		return 0;
	result = expr_convert_value(&input, kind, frame->arena, ret, e);
	if (result < 0 && e->server == QUERY_CONVERSION_FAILURE && self->args[ON_ERROR] != NULL)
		return expr_arg(self, ON_ERROR, frame, ret, e);
	return result;
}

/* ---- $toInt and the others: with one argument */

static const struct alias {
	const char *name;
	uint8_t kind;
} aliases[] = {
	{"$toInt", BSON_KIND_INT32},	 {"$toLong", BSON_KIND_INT64},
	{"$toDouble", BSON_KIND_DOUBLE}, {"$toDecimal", BSON_KIND_DECIMAL},
	{"$toString", BSON_KIND_STRING}, {"$toBool", BSON_KIND_BOOL},
	{"$toDate", BSON_KIND_DATE},	 {"$toObjectId", BSON_KIND_OBJECT_ID},
};

static int parse_alias(struct expr_scope *scope, const struct value *operand, struct expr *self,
		       struct error *e)
{
	const struct alias *alias = aliases;
	int result = expr_parse_args(scope, operand, self, e);

	if (result < 0)
		return result;
	if (self->count != 1)
		return query_error(e, 50723, "%s requires a single argument, got %zu",
				   self->op->name, self->count);
	while (strcmp(alias->name, self->op->name) != 0)
		alias++;
	self->more = alias;
	return 0;
}

static int eval_alias(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	const struct alias *alias = self->more;
	struct value input;
	int result = expr_arg(self, 0, frame, &input, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&input))
		return 0;
	return expr_convert_value(&input, alias->kind, frame->arena, ret, e);
}

static int eval_is_number(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_bool(value_is_number(&v));
	return 0;
}

static int eval_type(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	*ret = value_string(bytes_str(expr_type(&v)));
	return 0;
}

#define ALIAS(word)                                                                                \
	{                                                                                          \
		.name = word, .parse = parse_alias, .eval = eval_alias                             \
	}

const struct expr_op expr_ops_convert[] = {
	{.name = "$convert", .parse = parse_convert, .eval = eval_convert},
	ALIAS("$toInt"),
	ALIAS("$toLong"),
	ALIAS("$toDouble"),
	ALIAS("$toDecimal"),
	ALIAS("$toString"),
	ALIAS("$toBool"),
	ALIAS("$toDate"),
	ALIAS("$toObjectId"),
	{.name = "$isNumber", .least = 1, .most = 1, .eval = eval_is_number},
	{.name = "$type", .least = 1, .most = 1, .eval = eval_type},
	{.name = NULL},
};
