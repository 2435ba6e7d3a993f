#include "query/expr/expr_show.h"

#include <stdio.h>

#include "base/bson_build.h"
#include "query/expr/expr_inside.h"

#define NAMES_MAX 11

/* Operators with named arguments: which argument has which name, in the order in which mongod writes them. */
struct named {
	const char *op;
	const char *names[NAMES_MAX];
	uint8_t args[NAMES_MAX]; /* the argument of each name, when they are not in order */
};

static const struct named named[] = {
	{"$convert", {"input", "to", "onError", "onNull"}, {0, 1, 2, 3}},
	{"$dateAdd", {"startDate", "unit", "amount", "timezone"}, {0, 1, 2, 3}},
	{"$dateSubtract", {"startDate", "unit", "amount", "timezone"}, {0, 1, 2, 3}},
	{"$dateDiff", {"startDate", "endDate", "unit", "timezone", "startOfWeek"}, {0, 1, 2, 3, 4}},
	{"$dateTrunc", {"date", "unit", "binSize", "timezone", "startOfWeek"}, {0, 2, 1, 3, 4}},
	{"$dateToParts", {"date", "timezone", "iso8601"}, {0, 1, 2}},
	{"$dateFromParts",
	 {"year", "month", "day", "hour", "minute", "second", "millisecond", "isoWeekYear",
	  "isoWeek", "isoDayOfWeek", "timezone"},
	 {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	{"$dateToString", {"date", "format", "timezone", "onNull"}, {1, 0, 2, 3}},
	{"$dateFromString",
	 {"dateString", "timezone", "format", "onNull", "onError"},
	 {0, 2, 1, 3, 4}},
	{"$trim", {"input", "chars"}, {0, 1}},
	{"$ltrim", {"input", "chars"}, {0, 1}},
	{"$rtrim", {"input", "chars"}, {0, 1}},
	{"$replaceOne", {"input", "find", "replacement"}, {0, 1, 2}},
	{"$replaceAll", {"input", "find", "replacement"}, {0, 1, 2}},
	{"$regexFind", {"input", "regex", "options"}, {0, 1, 2}},
	{"$regexFindAll", {"input", "regex", "options"}, {0, 1, 2}},
	{"$regexMatch", {"input", "regex", "options"}, {0, 1, 2}},
	{"$getField", {"field", "input"}, {0, 1}},
	{"$firstN", {"n", "input"}, {0, 1}},
	{"$lastN", {"n", "input"}, {0, 1}},
	{"$maxN", {"n", "input"}, {0, 1}},
	{"$minN", {"n", "input"}, {0, 1}},
	{"$reduce", {"input", "initialValue", "in"}, {0, 1, 2}},
};

static void show_list(const char *name, const struct expr **args, size_t count, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, name);
	char digits[24];

	for (size_t i = 0; i < count; i++) {
		snprintf(digits, sizeof(digits), "%zu", i);
		expr_show(args[i], bytes_str(digits), ret);
	}
	bson_build_end(ret, at);
}

/* The argument number `n`, when it is there. */
static void show_arg(const struct expr *expr, size_t n, const char *name, struct buf *ret)
{
	if (n < expr->count && expr->args[n] != NULL)
		expr_show(expr->args[n], bytes_str(name), ret);
}

static void show_word(const struct expr *expr, const char *name, struct buf *ret)
{
	struct value v = value_get(expr->words.data, bytes_str(name));

	if (!value_is_missing(&v))
		value_write(ret, bytes_str(name), &v);
}

static bool is_called(const struct expr *expr, const char *name)
{
	return strcmp(expr->op->name, name) == 0;
}

/* ---- operators whose operand is neither a list nor names of arguments alone; each appends the fields of the operand */

static void show_let(const struct expr *expr, struct buf *ret)
{
	struct value vars = value_get(expr->words.data, bytes_str("vars"));
	struct bson_fields fields = bson_fields(vars.data);
	struct bson_field field;
	size_t at = bson_build_open(ret, "vars"), n = 0;

	while (expr_next(&fields, &field) && n + 1 < expr->count)
		expr_show(expr->args[n++], field.name, ret);
	bson_build_end(ret, at);
	show_arg(expr, expr->count - 1, "in", ret);
}

static void show_loop(const struct expr *expr, const char *body, struct buf *ret)
{
	struct value as = value_get(expr->words.data, bytes_str("as"));

	if (value_is_missing(&as))
		as = value_string(bytes_str("this"));
	show_arg(expr, 0, "input", ret);
	value_write(ret, bytes_str("as"), &as);
	show_arg(expr, 1, body, ret);
	show_arg(expr, 2, "limit", ret);
}

static void show_switch(const struct expr *expr, struct buf *ret)
{
	size_t list = bson_build_open_array(ret, "branches");
	char digits[24];

	for (size_t i = 0; i + 1 < expr->count; i += 2) {
		size_t branch;

		snprintf(digits, sizeof(digits), "%zu", i / 2);
		branch = bson_build_open(ret, digits);
		show_arg(expr, i, "case", ret);
		show_arg(expr, i + 1, "then", ret);
		bson_build_end(ret, branch);
	}
	bson_build_end(ret, list);
	show_arg(expr, expr->count - 1, "default", ret);
}

static void show_zip(const struct expr *expr, struct buf *ret)
{
	struct value inputs = value_get(expr->words.data, bytes_str("inputs"));
	struct value longest = value_get(expr->words.data, bytes_str("useLongestLength"));
	size_t count = MIN_OF(value_count(inputs.data), expr->count);

	show_list("inputs", expr->args, count, ret);
	show_list("defaults", expr->args + count, expr->count - count, ret);
	bson_build_bool(ret, "useLongestLength", value_is_true(&longest));
}

static void show_set_field(const struct expr *expr, struct buf *ret)
{
	show_arg(expr, 0, "field", ret);
	show_arg(expr, 1, "input", ret);
	if (expr->count == 3)
		show_arg(expr, 2, "value", ret);
	else
		bson_build_string(ret, "value", bytes_str("$$REMOVE"));
}

/* $toInt and the others are a $convert. */
static void show_conversion(const struct expr *expr, struct buf *ret)
{
	static const char *const types[][2] = {
		{"$toInt", "int"},	   {"$toLong", "long"},	       {"$toDouble", "double"},
		{"$toDecimal", "decimal"}, {"$toString", "string"},    {"$toBool", "bool"},
		{"$toDate", "date"},	   {"$toObjectId", "objectId"}};
	size_t at;

	show_arg(expr, 0, "input", ret);
	at = bson_build_open(ret, "to");
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (is_called(expr, types[i][0]))
			bson_build_string(ret, "$const", bytes_str(types[i][1]));
	bson_build_end(ret, at);
}

/* $year and the others: of a date in a time zone. */
static void show_date_part(const struct expr *expr, struct buf *ret)
{
	show_arg(expr, 0, "date", ret);
	show_arg(expr, 1, "timezone", ret);
}

static void show_function(const struct expr *expr, struct buf *ret)
{
	show_arg(expr, 0, "body", ret);
	show_arg(expr, 1, "args", ret);
	bson_build_string(ret, "lang", bytes_str("js"));
}

static bool is_among(const struct expr *expr, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_called(expr, names[i]))
			return true;
	return false;
}

static bool is_conversion(const struct expr *expr)
{
	static const char *const names[] = {"$toInt",	 "$toLong", "$toDouble", "$toDecimal",
					    "$toString", "$toBool", "$toDate",	 "$toObjectId"};

	return is_among(expr, names, COUNT_OF(names));
}

static bool is_date_part(const struct expr *expr)
{
	static const char *const names[] = {"$year",	   "$month",  "$dayOfMonth",   "$hour",
					    "$minute",	   "$second", "$millisecond",  "$dayOfWeek",
					    "$dayOfYear",  "$week",   "$isoDayOfWeek", "$isoWeek",
					    "$isoWeekYear"};

	return is_among(expr, names, COUNT_OF(names));
}

/* Append the operand's fields; false: it is a list. */
static bool show_fields(const struct expr *expr, struct buf *ret)
{
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		if (!is_called(expr, named[i].op))
			continue;
		for (size_t k = 0; k < NAMES_MAX && named[i].names[k] != NULL; k++)
			show_arg(expr, named[i].args[k], named[i].names[k], ret);
		return true;
	}
	if (is_called(expr, "$let"))
		show_let(expr, ret);
	else if (is_called(expr, "$map"))
		show_loop(expr, "in", ret);
	else if (is_called(expr, "$filter"))
		show_loop(expr, "cond", ret);
	else if (is_called(expr, "$switch"))
		show_switch(expr, ret);
	else if (is_called(expr, "$zip"))
		show_zip(expr, ret);
	else if (is_called(expr, "$setField") || is_called(expr, "$unsetField"))
		show_set_field(expr, ret);
	else if (is_called(expr, "$sortArray"))
		show_arg(expr, 0, "input", ret), show_word(expr, "sortBy", ret);
	else if (is_called(expr, "$function"))
		show_function(expr, ret);
	else if (is_conversion(expr))
		show_conversion(expr, ret);
	else if (is_date_part(expr))
		show_date_part(expr, ret);
	else
		return is_called(expr, "$rand");
	return true;
}

static const char *name_of(const struct expr *expr)
{
	if (is_called(expr, "$")) /* what an $and of one becomes */
		return "$and";
	if (is_called(expr, "$substr"))
		return "$substrBytes";
	if (is_called(expr, "$unsetField"))
		return "$setField";
	return is_conversion(expr) ? "$convert" : expr->op->name;
}

static void show_operator(const struct expr *expr, struct buf *ret)
{
	OWNED(buf_release) struct buf fields = {0};
	size_t begin = bson_build_begin(&fields);

	if (is_called(expr, "$meta")) {
		value_write(ret, bytes_str("$meta"), &expr->words);
	} else if (is_called(expr, "$toHashedIndexKey")) {
		expr_show(expr->args[0], bytes_str("$toHashedIndexKey"), ret);
	} else if (show_fields(expr, &fields)) {
		bson_build_end(&fields, begin);
		bson_build_value(ret, name_of(expr), BSON_KIND_DOCUMENT, buf_bytes(&fields));
	} else {
		show_list(name_of(expr), expr->args, expr->count, ret);
	}
}

static void open_field(struct buf *ret, uint8_t type, struct bytes name)
{
	buf_add_u8(ret, type);
	buf_add_bytes(ret, name);
	buf_add_u8(ret, 0);
}

static void show_path(const struct expr *expr, struct bytes name, struct buf *ret)
{
	const struct expr_path *path = expr->more;
	OWNED(buf_release) struct buf text = {0};
	struct value v;

	buf_add_str(&text, "$");
	if (path->count > 0 && bytes_equal(path->name, bytes_str("CURRENT"))) {
		buf_add_bytes(&text, path->text);
	} else {
		buf_add_str(&text, "$");
		expr_path_text(expr, &text);
	}
	v = value_string(buf_bytes(&text));
	value_write(ret, name, &v);
}

void expr_show(const struct expr *expr, struct bytes name, struct buf *ret)
{
	size_t at;
	struct value removed = value_string(bytes_str("$$REMOVE"));

	if (expr->eval == expr_eval_path) {
		show_path(expr, name, ret);
		return;
	}
	if (expr->eval == expr_eval_constant && value_is_missing(&expr->value)) {
		value_write(ret, name, &removed);
		return;
	}
	open_field(ret, expr->eval == expr_eval_array ? BSON_KIND_ARRAY : BSON_KIND_DOCUMENT, name);
	at = bson_build_begin(ret);
	if (expr->eval == expr_eval_constant) {
		value_write(ret, bytes_str("$const"), &expr->value);
	} else if (expr->op != NULL) {
		show_operator(expr, ret);
	} else {
		const struct expr_object *object = expr->more;
		char digits[24];

		for (size_t i = 0; i < expr->count; i++) {
			snprintf(digits, sizeof(digits), "%zu", i);
			expr_show(expr->args[i],
				  expr->eval == expr_eval_array ? bytes_str(digits)
								: object->names[i],
				  ret);
		}
	}
	bson_build_end(ret, at);
}
