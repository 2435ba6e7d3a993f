#include <inttypes.h>
#include <math.h>

#include "query/accumulator_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/window.h"

/* ---- functions */

struct parsing {
	struct stage_build *b;
	struct window_stage *self;
	bool has_sort;
	size_t sort_parts;
	struct bytes obj; /* the whole: {$fn: .., window: ..} */
	struct window_function *f;
};

struct named {
	const char *name;
	enum window_kind kind;
	int (*parse)(struct parsing *p, const struct named *named, struct error *e);
	bool is_sample;
};

static const struct named *find_function(struct bytes name);

static int take_bounds(struct parsing *p, const struct value *v, struct error *e)
{
	return window_bounds_parse(p->b, p->self, v, p->has_sort, p->sort_parts, &p->f->bounds, e);
}

static int unknown_argument(struct parsing *p, struct bytes name, struct error *e)
{
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "Window function found an unknown argument: %s",
			   stage_text(p->b->q, name));
}

/* The functions that take an expression, and mostly a window. */
static int parse_common(struct parsing *p, const struct named *named, bool takes_window,
			struct error *e)
{
	struct fields fields = fields_of(p->obj);
	struct bson_field field;
	bool has_window = false, has_function = false;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("window"))) {
			has_window = true;
			if (takes_window && take_bounds(p, &v, e) < 0)
				return e->code;
		} else if (find_function(field.name) != NULL) {
			if (has_function)
				return query_error(
					e, QUERY_FAILED_TO_PARSE,
					"Cannot specify two functions in window function spec");
			has_function = true;
			if (expr_parse(p->b->scope, &v, &p->f->input, e) < 0)
				return e->code;
		} else {
			return unknown_argument(p, field.name, e);
		}
	}
	if (has_window && !takes_window)
		return query_error(e, QUERY_FAILED_TO_PARSE, "'window' field is not allowed in %s",
				   named->name);
	return 0;
}

static bool begin_moves(const struct window_function *f)
{
	return f->bounds.low.end != WINDOW_UNBOUNDED;
}

static int parse_accumulator(struct parsing *p, const struct named *named, struct error *e)
{
	struct value operand = value_get(p->obj, bytes_str(named->name));

	if (parse_common(p, named, true, e) < 0)
		return e->code;
	if (named->is_sample || strcmp(named->name, "$stdDevPop") == 0)
		if (begin_moves(p->f)) {
			p->f->kind = WINDOW_DEVIATION;
			return 0;
		}
	p->f->is_mean = strcmp(named->name, "$avg") == 0;
	if (begin_moves(p->f) && (p->f->is_mean || strcmp(named->name, "$sum") == 0)) {
		p->f->kind = WINDOW_SUM;
		return 0;
	}
	p->f->is_least = strcmp(named->name, "$min") == 0;
	if (begin_moves(p->f) && (p->f->is_least || strcmp(named->name, "$max") == 0)) {
		p->f->kind = WINDOW_EXTREME;
		return 0;
	}
	p->f->input = NULL;
	return accumulator_parse_any(p->b->scope, bytes_str(named->name), &operand, &p->f->acc, e);
}

static int parse_covariance(struct parsing *p, const struct named *named, struct error *e)
{
	return parse_common(p, named, true, e);
}

static int parse_count(struct parsing *p, const struct named *named, struct error *e)
{
	struct value operand = value_get(p->obj, bytes_str(named->name));
	struct fields fields = fields_of(p->obj);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("window"))) {
			if (take_bounds(p, &v, e) < 0)
				return e->code;
		} else if (find_function(field.name) == NULL) {
			return unknown_argument(p, field.name, e);
		}
	}
	if (operand.type != BSON_KIND_DOCUMENT || value_count(operand.data) > 0)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$count only accepts an empty object as input");
	return accumulator_parse_any(p->b->scope, bytes_str("$count"), &operand, &p->f->acc, e);
}

/* $group takes an array for a sort by nothing, once its other arguments are right. */
static int check_inner_sort(const struct named *named, const struct value *args, struct error *e)
{
	struct bson_field sort;

	if (args->type != BSON_KIND_DOCUMENT ||
	    !fields_find(args->data, bytes_str("sortBy"), &sort) || sort.type != BSON_KIND_ARRAY)
		return 0;
	return query_error(e, 5788604,
			   "expected 'sortBy' to already be an object in the arguments to %s",
			   named->name);
}

/* $first, $last, $firstN, $topN: other words for what is not known. */
static int parse_strict(struct parsing *p, const struct named *named, struct error *e)
{
	bool is_end = named->kind == WINDOW_FIRST || named->kind == WINDOW_LAST;
	struct fields fields = fields_of(p->obj);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("window"))) {
			if (take_bounds(p, &v, e) < 0)
				return e->code;
		} else if (!bytes_equal(field.name, bytes_str(named->name))) {
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "%s got unexpected argument: %s", named->name,
					   stage_text(p->b->q, field.name));
		} else if ((is_end ? expr_parse(p->b->scope, &v, &p->f->input, e)
				   : accumulator_parse_any(p->b->scope, field.name, &v, &p->f->acc,
							   e)) < 0 ||
			   check_inner_sort(named, &v, e) < 0)
			return e->code;
	}
	return 0;
}

static int parse_rank(struct parsing *p, const struct named *named, struct error *e)
{
	struct value operand = value_get(p->obj, bytes_str(named->name));

	if (value_count(p->obj) != 1)
		return query_error(e, 5371601,
				   "Rank style window functions take no other arguments");
	if (operand.type != BSON_KIND_DOCUMENT || value_count(operand.data) > 0)
		return query_error(e, 5371603, "(None) must be specified with '{}' as the value");
	if (p->sort_parts != 1)
		return query_error(e, 5371602,
				   "%s must be specified with a top level sortBy expression with "
				   "exactly one element",
				   named->name);
	return 0;
}

static int parse_locf(struct parsing *p, const struct named *named, struct error *e)
{
	return parse_common(p, named, false, e);
}

static int parse_linear(struct parsing *p, const struct named *named, struct error *e)
{
	if (p->b->q->api_strict)
		return query_error(e, QUERY_API_STRICT,
				   "%s is not allowed with 'apiStrict: true' in API Version 1",
				   named->name);
	if (parse_common(p, named, false, e) < 0)
		return e->code;
	if (p->sort_parts != 1)
		return query_error(e, 605001,
				   "%s must be specified with a top level sortBy expression with "
				   "exactly one element",
				   named->name);
	return 0;
}

static int shift_argument(struct parsing *p, const struct bson_field *field, bool *has_by,
			  struct error *e)
{
	struct value v = value_of_field(field);
	const struct expr *expr;
	int32_t by;

	if (bytes_equal(field->name, bytes_str("output")))
		return expr_parse(p->b->scope, &v, &p->f->input, e);
	if (bytes_equal(field->name, bytes_str("default"))) {
		if (expr_parse(p->b->scope, &v, &expr, e) < 0 ||
		    expr_optimize(p->b->scope, &expr, e) < 0)
			return e->code;
		if (!expr_is_constant(expr, &p->f->fallback))
			return query_error(
				e, QUERY_FAILED_TO_PARSE,
				"'$shift:default' expression must yield a constant value.");
		return 0;
	}
	if (!bytes_equal(field->name, bytes_str("by")))
		return query_error(e, QUERY_FAILED_TO_PARSE, "Unknown argument in $shift");
	if (!value_as_int32(&v, &by))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "'$shift:by' field must be an integer, but found  %s",
				   stage_element_text(p->b->q, field->name, &v));
	p->f->shift = by;
	*has_by = true;
	return 0;
}

static int parse_shift(struct parsing *p, const struct named *named, struct error *e)
{
	struct fields fields = fields_of(p->obj), inner;
	struct bson_field field, argument;
	bool has_by = false;

	(void)named;
	p->f->fallback = value_null();
	while (fields_next(&fields, &field)) {
		if (bytes_equal(field.name, bytes_str("window")))
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "$shift does not accept a 'window' field");
		if (find_function(field.name) == NULL)
			return unknown_argument(p, field.name, e);
		if (field.type != BSON_KIND_DOCUMENT)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "Argument to $shift must be an object");
		inner = fields_of(field.value);
		while (fields_next(&inner, &argument))
			if (shift_argument(p, &argument, &has_by, e) < 0)
				return e->code;
		if (p->f->input == NULL)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "$shift requires an 'output' expression.");
		if (!has_by)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "$shift requires 'by' as an integer value.");
	}
	if (!p->has_sort)
		return query_error(e, QUERY_FAILED_TO_PARSE, "'$shift' requires a sortBy");
	return 0;
}

static int parse_unit(struct parsing *p, const struct value *v, struct error *e)
{
	static const int64_t ms[] = {[EXPR_DATE_WEEK] = 604800000, [EXPR_DATE_DAY] = 86400000,
				     [EXPR_DATE_HOUR] = 3600000,   [EXPR_DATE_MINUTE] = 60000,
				     [EXPR_DATE_SECOND] = 1000,	   [EXPR_DATE_MILLISECOND] = 1};
	enum expr_date_unit unit;

	if (v->type != BSON_KIND_STRING)
		return query_error(e, QUERY_FAILED_TO_PARSE, "unit' must be a string, but got %s",
				   value_type_name(v->type));
	if (expr_date_unit_parse(v->data, &unit, e) < 0)
		return e->code;
	p->f->unit_ms = ms[unit];
	return p->f->unit_ms != 0 ? 0 : query_error(e, 5490710, "unit must be 'week' or smaller");
}

static int rate_arguments(struct parsing *p, const struct named *named, const struct value *v,
			  struct error *e)
{
	struct bson_field field;
	struct fields fields;

	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "%s expects an object, but got a %s: %s", named->name,
				   value_type_name(v->type),
				   stage_element_text(p->b->q, bytes_str(named->name), v));
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value argument = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("input"))) {
			if (expr_parse(p->b->scope, &argument, &p->f->input, e) < 0)
				return e->code;
		} else if (bytes_equal(field.name, bytes_str("unit"))) {
			if (parse_unit(p, &argument, e) < 0)
				return e->code;
		} else {
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "%s got unexpected argument: %s", named->name,
					   stage_text(p->b->q, field.name));
		}
	}
	return p->f->input != NULL ? 0
				   : query_error(e, QUERY_FAILED_TO_PARSE,
						 "%s requires an 'input' expression", named->name);
}

/* $derivative and $integral. */
static int parse_rate(struct parsing *p, const struct named *named, struct error *e)
{
	struct fields fields = fields_of(p->obj);
	struct value arguments = value_missing();
	struct bson_field field;
	bool has_window = false;

	if (!p->has_sort)
		return query_error(e, QUERY_FAILED_TO_PARSE, "%s requires a sortBy", named->name);
	if (p->sort_parts != 1)
		return query_error(e, QUERY_FAILED_TO_PARSE, "%s requires a non-compound sortBy",
				   named->name);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("window"))) {
			has_window = true;
			if (take_bounds(p, &v, e) < 0)
				return e->code;
		} else if (bytes_equal(field.name, bytes_str(named->name))) {
			arguments = v;
		} else {
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "%s got unexpected argument: %s", named->name,
					   stage_text(p->b->q, field.name));
		}
	}
	if (rate_arguments(p, named, &arguments, e) < 0)
		return e->code;
	if (named->kind == WINDOW_DERIVATIVE && !has_window)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$derivative requires explicit window bounds");
	return 0;
}

#define AVERAGE_TEXT                                                                               \
	"$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an "  \
	"'N' field or an 'alpha' field"

static int average_weight(struct parsing *p, const struct value *n, const struct value *alpha,
			  struct error *e)
{
	int64_t count;

	if (!value_is_missing(n)) {
		if (!value_is_number(n))
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "'N' field must be an integer, but found type %s",
					   value_type_name(n->type));
		if (value_to_double(n) != floor(value_to_double(n)))
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "'N' field must be an integer, but found  %s. To use a "
					   "non-integer, use the 'alpha' argument instead",
					   stage_element_text(p->b->q, bytes_str("N"), n));
		count = value_to_int64(n);
		if (count <= 0)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "'N' must be greater than zero. Got %" PRId64, count);
		p->f->alpha = 2.DL / ((_Decimal128)count + 1.DL);
		return 0;
	}
	if (value_is_missing(alpha))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Got unrecognized field in $expMovingAvg" AVERAGE_TEXT);
	if (!value_is_number(alpha))
		return query_error(e, QUERY_FAILED_TO_PARSE, "'alpha' must be a number");
	p->f->alpha = value_to_decimal(alpha);
	if (!(p->f->alpha > 0.DL && p->f->alpha < 1.DL))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "'alpha' must be between 0 and 1 (exclusive), found %s",
				   stage_element_text(p->b->q, bytes_str("alpha"), alpha));
	return 0;
}

static int parse_average(struct parsing *p, const struct named *named, struct error *e)
{
	struct value spec = value_get(p->obj, bytes_str(named->name)), input, n, alpha;

	if (value_count(p->obj) != 1 || spec.type != BSON_KIND_DOCUMENT)
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"$expMovingAvg must have exactly one argument that is an object");
	input = value_get(spec.data, bytes_str("input"));
	n = value_get(spec.data, bytes_str("N"));
	alpha = value_get(spec.data, bytes_str("alpha"));
	if (value_count(spec.data) != 2 || value_is_missing(&input))
		return query_error(e, QUERY_FAILED_TO_PARSE, AVERAGE_TEXT);
	if (!p->has_sort)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$expMovingAvg requires an explicit 'sortBy'");
	return expr_parse(p->b->scope, &input, &p->f->input, e) < 0
		       ? e->code
		       : average_weight(p, &n, &alpha, e);
}

static const struct named functions[] = {
	{"$sum", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$avg", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$min", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$max", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$push", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$addToSet", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$stdDevPop", WINDOW_ACCUMULATE, parse_accumulator, false},
	{"$stdDevSamp", WINDOW_ACCUMULATE, parse_accumulator, true},
	{"$count", WINDOW_ACCUMULATE, parse_count, false},
	{"$first", WINDOW_FIRST, parse_strict, false},
	{"$last", WINDOW_LAST, parse_strict, false},
	{"$firstN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$lastN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$minN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$maxN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$top", WINDOW_ACCUMULATE, parse_strict, false},
	{"$topN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$bottom", WINDOW_ACCUMULATE, parse_strict, false},
	{"$bottomN", WINDOW_ACCUMULATE, parse_strict, false},
	{"$rank", WINDOW_RANK, parse_rank, false},
	{"$denseRank", WINDOW_DENSE_RANK, parse_rank, false},
	{"$documentNumber", WINDOW_NUMBER, parse_rank, false},
	{"$shift", WINDOW_SHIFT, parse_shift, false},
	{"$derivative", WINDOW_DERIVATIVE, parse_rate, false},
	{"$integral", WINDOW_INTEGRAL, parse_rate, false},
	{"$expMovingAvg", WINDOW_AVERAGE, parse_average, false},
	{"$covariancePop", WINDOW_COVARIANCE, parse_covariance, false},
	{"$covarianceSamp", WINDOW_COVARIANCE, parse_covariance, true},
	{"$locf", WINDOW_LOCF, parse_locf, false},
	{"$linearFill", WINDOW_LINEAR, parse_linear, false},
};

static const struct named *find_function(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (bytes_equal(name, bytes_str(functions[i].name)))
			return &functions[i];
	return NULL;
}

static int no_function(struct stage_build *b, struct bytes obj, struct error *e)
{
	struct fields fields = fields_of(obj);
	struct bson_field field;

	if (!fields_next(&fields, &field) || field.name.len == 0)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Expected a $-prefixed window function");
	return query_error(e, QUERY_FAILED_TO_PARSE, "Expected a $-prefixed window function, %s",
			   stage_text(b->q, field.name));
}

int window_parse(struct stage_build *b, struct window_stage *self, bool has_sort, size_t sort_parts,
		 const struct bson_field *field, struct window_function *ret, struct error *e)
{
	struct parsing p = {.b = b,
			    .self = self,
			    .has_sort = has_sort,
			    .sort_parts = sort_parts,
			    .obj = field->value,
			    .f = ret};
	struct bson_field inner;
	struct fields fields;

	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE, "The field '%s' must be an object",
				   stage_text(b->q, field->name));
	ret->path = field->name;
	fields = fields_of(field->value);
	while (fields_next(&fields, &inner)) {
		const struct named *named;

		if (inner.name.len == 0 || inner.name.at[0] != '$')
			continue;
		named = find_function(inner.name);
		if (named == NULL)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "Unrecognized window function, %s",
					   stage_text(b->q, inner.name));
		ret->kind = named->kind;
		ret->is_sample = named->is_sample;
		return named->parse(&p, named, e);
	}
	return no_function(b, field->value, e);
}
