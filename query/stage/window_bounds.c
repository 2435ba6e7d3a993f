/* The bounds of windows: {documents: [..]}, {range: [..], unit: ..}. */
#include "query/fields.h"
#include "query/stage/window.h"

static int parse_bound(struct stage_build *b, const struct value *v, const char *number_text,
		       bool is_integral, struct window_bound *ret, struct error *e)
{
	const struct expr *expr;
	int64_t n;

	if (v->type == BSON_KIND_STRING) {
		if (bytes_equal(v->data, bytes_str("unbounded")))
			ret->end = WINDOW_UNBOUNDED;
		else if (bytes_equal(v->data, bytes_str("current")))
			ret->end = WINDOW_CURRENT;
		else
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "Window bounds must be 'unbounded', 'current', or a "
					   "number.");
		return 0;
	}
	if (expr_parse(b->scope, v, &expr, e) < 0 || expr_optimize(b->scope, &expr, e) < 0)
		return e->code;
	if (!expr_is_constant(expr, &ret->offset))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Window bounds expression must be a constant.");
	ret->end = WINDOW_OFFSET;
	if (!value_is_number(&ret->offset) || (is_integral && !(value_as_int64(&ret->offset, &n) &&
								n >= INT32_MIN && n <= INT32_MAX)))
		return query_error(e, QUERY_FAILED_TO_PARSE, "%s", number_text);
	return 0;
}

/* "current" counts as 0; both numbers: low must not be above high. */
static int check_order(struct stage_build *b, const struct window_bounds *w, struct error *e)
{
	struct value zero = value_int32(0), low, high;

	if (w->low.end == WINDOW_UNBOUNDED || w->high.end == WINDOW_UNBOUNDED)
		return 0;
	low = w->low.end == WINDOW_OFFSET ? w->low.offset : zero;
	high = w->high.end == WINDOW_OFFSET ? w->high.offset : zero;
	if (value_compare(&low, &high, NULL) <= 0)
		return 0;
	return query_error(e, 5339900, "Lower bound must not exceed upper bound: [%s, %s]",
			   stage_value_text(b->q, &low), stage_value_text(b->q, &high));
}

static int unpack(struct stage_build *b, const char *name, const struct value *v,
		  struct value *ret_low, struct value *ret_high, struct error *e)
{
	if (v->type != BSON_KIND_ARRAY || value_count(v->data) != 2)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Window bounds must be a 2-element array: %s",
				   stage_element_text(b->q, bytes_str(name), v));
	*ret_low = value_at(v->data, 0);
	*ret_high = value_at(v->data, 1);
	return 0;
}

/* How many documents: an int. */
static int check_int(const struct window_bound *end, const char *text, struct error *e)
{
	int64_t n = 0;

	if (end->end == WINDOW_OFFSET && value_as_int64(&end->offset, &n) &&
	    (n < INT32_MIN || n > INT32_MAX))
		return query_error(e, QUERY_FAILED_TO_PARSE, "%s", text);
	return 0;
}

static int parse_documents(struct stage_build *b, const struct value *documents, size_t fields,
			   bool has_sort, struct window_bounds *ret, struct error *e)
{
	static const char text[] = "Numeric document-based bounds must be an integer";
	struct value low, high;

	if (fields != 1)
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"'window' field that specifies documents cannot have other fields");
	if (unpack(b, "documents", documents, &low, &high, e) < 0 ||
	    parse_bound(b, &low, text, true, &ret->low, e) < 0 ||
	    check_int(&ret->low, text, e) < 0 ||
	    parse_bound(b, &high, text, true, &ret->high, e) < 0 ||
	    check_int(&ret->high, text, e) < 0 || check_order(b, ret, e) < 0)
		return e->code;
	if (!has_sort && (ret->low.end != WINDOW_UNBOUNDED || ret->high.end != WINDOW_UNBOUNDED))
		return query_error(e, 5339901, "Document-based bounds require a sortBy");
	return 0;
}

static int parse_range(struct stage_build *b, struct window_stage *self, const struct value *range,
		       const struct value *unit, size_t fields, size_t sort_parts,
		       struct window_bounds *ret, struct error *e)
{
	bool has_unit = !value_is_missing(unit);
	const char *text = has_unit ? "With 'unit', range-based bounds must be an integer"
				    : "Range-based bounds expression must be a number";
	struct value low, high;

	if (unpack(b, "range", range, &low, &high, e) < 0)
		return e->code;
	ret->is_range = true;
	ret->has_unit = has_unit;
	if (has_unit && fields != 2)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "'window' field that specifies unit cannot have other fields "
				   "besides 'range'");
	if (has_unit && unit->type != BSON_KIND_STRING)
		return query_error(e, QUERY_FAILED_TO_PARSE, "'unit' must be a string");
	if (!has_unit && fields != 1)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "'window' field that specifies range cannot have other fields "
				   "besides 'unit'");
	if (parse_bound(b, &low, text, has_unit, &ret->low, e) < 0 ||
	    parse_bound(b, &high, text, has_unit, &ret->high, e) < 0 || check_order(b, ret, e) < 0)
		return e->code;
	if (has_unit && expr_date_unit_parse(unit->data, &ret->unit, e) < 0)
		return e->code;
	if (sort_parts != 1)
		return query_error(e, 5339902, "Range-based bounds require sortBy a single field");
	if (sort_path(self->sort, 0).len == 0)
		return query_error(e, 8947400,
				   "Range-based bounds require a non-expression sortBy");
	if (!sort_is_ascending(self->sort, 0))
		return query_error(e, 8947401, "Range-based bounds require an ascending sortBy");
	return 0;
}

int window_bounds_parse(struct stage_build *b, struct window_stage *self, const struct value *v,
			bool has_sort, size_t sort_parts, struct window_bounds *ret,
			struct error *e)
{
	struct value documents, range, unit;
	size_t fields;

	*ret = (struct window_bounds){0};
	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE, "'window' field must be an object");
	documents = value_get(v->data, bytes_str("documents"));
	range = value_get(v->data, bytes_str("range"));
	unit = value_get(v->data, bytes_str("unit"));
	fields = value_count(v->data);
	if (!value_is_missing(&documents) && !value_is_missing(&range))
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"Window bounds can specify either 'documents' or 'unit', not both.");
	if (value_is_missing(&range) && !value_is_missing(&unit))
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"Window bounds can only specify 'unit' with range-based bounds.");
	if (!value_is_missing(&documents))
		return parse_documents(b, &documents, fields, has_sort, ret, e);
	if (!value_is_missing(&range))
		return parse_range(b, self, &range, &unit, fields, sort_parts, ret, e);
	if (fields > 0)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "'window' field can only contain 'documents' as the only "
				   "argument or 'range' with an optional 'unit' field");
	return 0;
}
