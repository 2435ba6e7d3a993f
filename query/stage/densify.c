#include "query/stage/densify.h"

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"

/* ---- values */

int densify_step(const struct densify_spec *spec, struct expr_frame *frame, const struct value *v,
		 int direction, struct value *ret, struct error *e)
{
	struct value result;

	if (v->type == BSON_KIND_DATE) {
		int64_t ms;

		if (expr_date_unit_add(v->date, spec->unit, direction * value_to_int64(&spec->step),
				       zone_utc(), &ms, e) < 0)
			return e->code;
		*ret = value_date(ms);
		return 0;
	}
	frame->slots[spec->slots[0]] = *v;
	frame->slots[spec->slots[1]] = spec->step;
	if (expr_eval(direction > 0 ? spec->add : spec->subtract, frame, &result, e) < 0)
		return e->code;
	*ret = result;
	return 0;
}

static int date_on_step(const struct densify_spec *spec, int64_t at, int64_t base, struct error *e)
{
	int64_t step = value_to_int64(&spec->step), width;

	if (spec->unit == EXPR_DATE_MONTH || spec->unit == EXPR_DATE_QUARTER ||
	    spec->unit == EXPR_DATE_YEAR) {
		while (base < at)
			if (expr_date_unit_add(base, spec->unit, step, zone_utc(), &base, e) < 0)
				return e->code;
		return base == at;
	}
	if (expr_date_unit_add(0, spec->unit, step, zone_utc(), &width, e) < 0)
		return e->code;
	return (at - base) % width == 0;
}

int densify_on_step(const struct densify_spec *spec, struct expr_frame *frame,
		    const struct value *v, const struct value *base, struct error *e)
{
	struct value distance;

	if (v->type == BSON_KIND_DATE)
		return date_on_step(spec, v->date, base->date, e);
	frame->slots[spec->slots[0]] = *v;
	frame->slots[spec->slots[1]] = *base;
	if (expr_eval(spec->subtract, frame, &distance, e) < 0)
		return e->code;
	/* What is left is that of $mod: among decimals of a double 15 digits count. */
	frame->slots[spec->slots[0]] = distance;
	frame->slots[spec->slots[1]] = spec->step;
	if (expr_eval(spec->modulo, frame, &distance, e) < 0)
		return e->code;
	return value_to_double(&distance) == 0;
}

/* ---- parsing: the checks of the IDL, then those of the range */

static int wrong_type(const char *name, const struct value *v, const char *expected,
		      struct error *e)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '$densify.%s' is the wrong type '%s', expected type%s", name,
			   value_type_name(v->type), expected);
}

struct range_words {
	struct value step, bounds, unit;
};

static int read_range(struct bytes range, struct range_words *ret, struct error *e)
{
	struct fields fields = fields_of(range);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_NULL && !bytes_equal(field.name, bytes_str("bounds")))
			v = value_missing(); /* to generated parsers null is nothing */
		if (bytes_equal(field.name, bytes_str("step"))) {
			if (!value_is_missing(&v) && !value_is_number(&v))
				return wrong_type("range.step", &v,
						  "s '[int, decimal, double, long']", e);
			ret->step = v;
		} else if (bytes_equal(field.name, bytes_str("bounds"))) {
			ret->bounds = v;
		} else if (bytes_equal(field.name, bytes_str("unit"))) {
			if (!value_is_missing(&v) && v.type != BSON_KIND_STRING)
				return wrong_type("range.unit", &v, " 'string'", e);
			ret->unit = v;
		} else {
			return query_error_unknown_field(e, "$densify.range", field.name);
		}
		if (query_error_if_repeated(e, "$densify.range", range, &field) < 0)
			return e->code;
	}
	if (value_is_missing(&ret->step) || value_is_missing(&ret->bounds))
		return query_error(e, 40414,
				   "BSON field '$densify.range.%s' is missing but a required field",
				   value_is_missing(&ret->step) ? "step" : "bounds");
	return 0;
}

static int parse_pair(struct densify_spec *spec, const struct value *bounds, struct error *e)
{
	struct value low = value_at(bounds->data, 0), high = value_at(bounds->data, 1);

	if (value_count(bounds->data) != 2)
		return query_error(e, 5733403,
				   "A bounding array in a range statement must have exactly two "
				   "elements");
	if (value_compare(&low, &high, NULL) > 0)
		return query_error(e, 5733402,
				   "A bounding array must be an ascending array of either two "
				   "dates or two numbers");
	spec->low = low;
	spec->high = high;
	spec->range = DENSIFY_EXPLICIT;
	if (value_is_number(&low)) {
		if (spec->has_unit)
			return query_error(e, 5733409,
					   "Numeric bounds may not have unit parameter");
		if (!value_is_number(&high))
			return query_error(e, 5733406,
					   "A bounding array must contain either both dates or "
					   "both numeric types");
		if (low.type != high.type || low.type != spec->step.type)
			return query_error(e, 5876900,
					   "Upper bound, lower bound, and step must all have the "
					   "same type");
		return 0;
	}
	if (low.type != BSON_KIND_DATE)
		return query_error(e, 5946800, "Explicit bounds must be numeric or dates");
	if (high.type != BSON_KIND_DATE)
		return query_error(e, 5733405,
				   "A bounding array must contain either both dates or both "
				   "numeric types");
	return spec->has_unit
		       ? 0
		       : query_error(e, 5733410, "A bounding array of dates must specify a unit");
}

static int parse_bounds(struct densify_spec *spec, const struct value *bounds, struct error *e)
{
	if (bounds->type == BSON_KIND_ARRAY)
		return parse_pair(spec, bounds, e);
	if (bounds->type != BSON_KIND_STRING)
		return query_error(e, 5733404,
				   "The bounds in a range statement must be the string 'full', "
				   "'partition', or an ascending array of two numbers or two "
				   "dates");
	if (bytes_equal(bounds->data, bytes_str("full")))
		spec->range = DENSIFY_FULL;
	else if (bytes_equal(bounds->data, bytes_str("partition")))
		spec->range = DENSIFY_PARTITION;
	else
		return query_error(e, 5946802,
				   "Bounds string must either be 'full' or 'partition'");
	return 0;
}

static int parse_range(struct densify_spec *spec, const struct range_words *words, struct error *e)
{
	struct value zero = value_int32(0);
	int64_t whole;

	spec->step = words->step;
	if (value_compare(&spec->step, &zero, NULL) <= 0)
		return query_error(e, 5733401,
				   "The step parameter in a range statement must be a strictly "
				   "positive numeric value");
	spec->has_unit = !value_is_missing(&words->unit);
	if (spec->has_unit) {
		if (!value_as_int64(&spec->step, &whole))
			return query_error(
				e, 6586400,
				"The step parameter in a range statement must be a whole "
				"number when densifying a date range");
		if (expr_date_unit_parse(words->unit.data, &spec->unit, e) < 0)
			return e->code;
	}
	return parse_bounds(spec, &words->bounds, e);
}

static int read_partitions(struct stage_build *b, struct densify_spec *spec, const struct value *v,
			   struct error *e)
{
	struct bson_field field;
	struct fields fields;

	if (v->type == BSON_KIND_NULL)
		return query_error(e, 10065,
				   "invalid parameter: expected an object (partitionByFields)");
	if (v->type != BSON_KIND_ARRAY)
		return wrong_type("partitionByFields", v, " 'array'", e);
	spec->partition_count = 0;
	spec->partitions =
		arena_get(b->q->constants, (value_count(v->data) + 1) * sizeof(*spec->partitions));
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value name = value_of_field(&field);

		if (name.type != BSON_KIND_STRING)
			return query_error(
				e, QUERY_TYPE_MISMATCH,
				"BSON field '$densify.partitionByFields.%s' is the wrong "
				"type '%s', expected type 'string'",
				stage_text(b->q, field.name), value_type_name(name.type));
		spec->partitions[spec->partition_count++] = name.data;
	}
	return 0;
}

static int read_spec(struct stage_build *b, const struct value *operand, struct densify_spec *spec,
		     struct range_words *words, struct error *e)
{
	struct fields fields = fields_of(operand->data);
	struct bson_field field;
	bool has_field = false, has_range = false;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_NULL && (bytes_equal(field.name, bytes_str("field")) ||
						 bytes_equal(field.name, bytes_str("range"))))
			continue;
		if (bytes_equal(field.name, bytes_str("field"))) {
			if (v.type != BSON_KIND_STRING)
				return wrong_type("field", &v, " 'string'", e);
			spec->field = v.data;
			has_field = true;
		} else if (bytes_equal(field.name, bytes_str("partitionByFields"))) {
			if (read_partitions(b, spec, &v, e) < 0)
				return e->code;
		} else if (bytes_equal(field.name, bytes_str("range"))) {
			if (v.type != BSON_KIND_DOCUMENT)
				return wrong_type("range", &v, " 'object'", e);
			has_range = true;
			if (read_range(v.data, words, e) < 0)
				return e->code;
		} else {
			return query_error_unknown_field(e, "$densify", field.name);
		}
		if (query_error_if_repeated(e, "$densify", operand->data, &field) < 0)
			return e->code;
	}
	if (!has_field || !has_range)
		return query_error(e, 40414,
				   "BSON field '$densify.%s' is missing but a required field",
				   has_field ? "range" : "field");
	return 0;
}

static int parse_ops(struct stage_build *b, struct densify_spec *spec, struct error *e)
{
	struct expr_scope_mark mark = expr_scope_begin(b->scope);
	const struct expr **const to[] = {&spec->add, &spec->subtract, &spec->modulo};
	static const char *const names[] = {"$add", "$subtract", "$mod"};
	OWNED(buf_release) struct buf words = {0};

	if (expr_scope_define(b->scope, bytes_str("wa"), &spec->slots[0], e) < 0 ||
	    expr_scope_define(b->scope, bytes_str("wb"), &spec->slots[1], e) < 0)
		return e->code;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		size_t begin, list;

		buf_reset(&words);
		begin = bson_build_begin(&words);
		list = bson_build_open_array(&words, names[i]);
		bson_build_string(&words, "0", bytes_str("$$wa"));
		bson_build_string(&words, "1", bytes_str("$$wb"));
		bson_build_end(&words, list);
		bson_build_end(&words, begin);
		if (expr_parse_object(b->scope, arena_copy(b->q->constants, buf_bytes(&words)),
				      to[i], e) < 0)
			return e->code;
	}
	expr_scope_end(b->scope, mark);
	return 0;
}

/* {a: {x: "$a.x"}}: what tells partitions apart, and what generated documents have. */
static int parse_partition(struct stage_build *b, struct densify_spec *spec, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0}, next = {0}, path = {0};
	struct value v;

	buf_add_bytes(&doc, bson_build_empty());
	for (size_t i = 0; i < spec->partition_count; i++) {
		struct buf swap = next;

		buf_reset(&path);
		buf_add_u8(&path, '$');
		buf_add_bytes(&path, spec->partitions[i]);
		v = value_string(buf_bytes(&path));
		buf_reset(&swap);
		stage_set_path(&swap, buf_bytes(&doc), spec->partitions[i], &v);
		next = doc;
		doc = swap;
	}
	v = value_document(arena_copy(b->q->constants, buf_bytes(&doc)));
	return expr_parse(b->scope, &v, &spec->partition, e);
}

int densify_parse(struct stage_build *b, const struct value *operand, struct densify_spec *ret,
		  struct error *e)
{
	struct range_words words = {0};

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "The $densify stage specification must be an object, found %s",
				   value_type_name(operand->type));
	if (read_spec(b, operand, ret, &words, e) < 0 || parse_range(ret, &words, e) < 0)
		return e->code;
	for (size_t i = 0; i < ret->partition_count; i++)
		if (field_path_check(ret->partitions[i], e) < 0)
			return e->code;
	if (field_path_check(ret->field, e) < 0)
		return e->code;
	if (ret->range == DENSIFY_PARTITION && ret->partition_count == 0)
		return query_error(
			e, 5733408,
			"One cannot specify the bounds as 'partition' without specifying "
			"a non-empty array of partitionByFields. You may have meant to "
			"specify 'full' bounds.");
	return parse_partition(b, ret, e) < 0 ? e->code : parse_ops(b, ret, e);
}

int densify_check_path(const struct densify_spec *spec, struct bytes include, struct error *e)
{
	struct value v = value_document(include);
	struct bytes path = spec->field;

	while (path.at != NULL) {
		const uint8_t *dot = memchr(path.at, '.', path.len);
		struct bytes name = dot == NULL ? path : bytes_of(path.at, (size_t)(dot - path.at));

		v = value_get(v.data, name);
		path = dot == NULL ? bytes_of(NULL, 0) : bytes_of(dot + 1, path.len - name.len - 1);
		if (v.type == BSON_KIND_ARRAY)
			return query_error(e, 5733307,
					   "$densify cannot generate fields nested inside arrays");
		if (v.type == BSON_KIND_DOCUMENT)
			continue;
		if (path.at != NULL && !value_is_missing(&v))
			return query_error(
				e, 5733308,
				"$densify cannot overwrite non-object values with objects");
		break;
	}
	return path.at == NULL && !value_is_missing(&v)
		       ? query_error(e, 5733306,
				     "DocGenerator cannot include field that is being densified")
		       : 0;
}
