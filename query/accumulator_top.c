/* $top, $topN, $bottom, $bottomN: what sorts first or last. Prefix: accumulator_ */
#include "query/accumulator_op.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/sort_parts.h"

/* Keys are evaluated as expressions, and sorted by then: mongod's {output: .., sortFields: ["$a", ..]}. */
static int parse_keys(struct expr_scope *scope, struct accumulator *acc, struct error *e)
{
	size_t count = sort_count(acc->sort);

	acc->keys = arena_zeroed(expr_scope_context(scope)->constants,
				 (count + 1) * sizeof(struct expr *));
	for (size_t i = 0; i < count; i++)
		if (sort_path(acc->sort, i).len > 0 &&
		    expr_field(scope, sort_path(acc->sort, i), &acc->keys[i], e) < 0)
			return e->code;
	return 0;
}

/* The element of an array that it is sorted by. */
static struct value chosen(struct bytes array, bool ascending, struct collation *collation)
{
	struct value best = {.type = BSON_KIND_UNDEFINED};
	struct fields fields = fields_of(array);
	struct bson_field field;
	bool has_any = false;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		int order = has_any ? value_compare(&v, &best, collation) : 0;

		if (!has_any || (ascending ? order < 0 : order > 0))
			best = v;
		has_any = true;
	}
	return best;
}

int accumulator_top_keys(const struct accumulator *acc, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	bool has_array = false;

	for (size_t i = 0; i < sort_count(acc->sort); i++) {
		ret[i] = value_null();
		if (acc->keys[i] != NULL && expr_eval(acc->keys[i], frame, &ret[i], e) < 0)
			return e->code;
		if (value_is_missing(&ret[i]))
			ret[i] = value_null();
		if (ret[i].type != BSON_KIND_ARRAY)
			continue;
		if (has_array)
			return query_error(e, QUERY_BAD_VALUE,
					   "cannot sort with keys that are parallel arrays");
		has_array = true;
		ret[i] = chosen(ret[i].data, sort_is_ascending(acc->sort, i), frame->q->collation);
	}
	return 0;
}

static int top_parse(struct expr_scope *scope, const struct value *operand, struct accumulator *ret,
		     struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value output = value_missing(), sort = value_missing(), n = value_missing();
	struct bson_field field;
	struct fields fields;

	if (operand->type != BSON_KIND_DOCUMENT) {
		value_text_element(bytes_str(ret->op->name), operand, &text);
		return query_error(e, 5788001, "specification must be an object; found %s",
				   buf_text(&text));
	}
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (!ret->op->is_single && bytes_equal(field.name, bytes_str("n"))) {
			n = v;
			if (expr_parse(scope, &v, &ret->n, e) < 0)
				return e->code;
		} else if (bytes_equal(field.name, bytes_str("output"))) {
			output = v;
		} else if (bytes_equal(field.name, bytes_str("sortBy"))) {
			sort = v;
			if (v.type != BSON_KIND_DOCUMENT && v.type != BSON_KIND_ARRAY)
				return query_error(
					e, 10065, "invalid parameter: expected an object (sortBy)");
		} else {
			buf_add_bytes(&text, field.name);
			return query_error(e, 5788002, "Unknown argument to %s '%s'", ret->op->name,
					   buf_text(&text));
		}
	}
	if (!ret->op->is_single && value_is_missing(&n))
		return query_error(e, 5788003, "Missing value for 'n'");
	if (value_is_missing(&output))
		return query_error(e, 5788004, "Missing value for 'output'");
	if (value_is_missing(&sort))
		return query_error(e, 5788005, "Missing value for 'sortBy'");
	if (sort_parse_any(scope, sort.data, &ret->sort, e) < 0)
		return e->code;
	return parse_keys(scope, ret, e) < 0 ? e->code
					     : expr_parse(scope, &output, &ret->argument, e);
}

/* The values of an item that are its sort key. */
static void key_of(const struct accumulator *acc, const struct value *array, struct value *ret)
{
	struct fields fields = fields_of(array->data);
	struct bson_field field;

	for (size_t i = 0; i < sort_count(acc->sort) && fields_next(&fields, &field); i++)
		ret[i] = value_of_field(&field);
}

static int order_of(const struct accumulator *acc, const struct value *key,
		    const struct accumulator_item *item, struct collation *collation)
{
	struct value array = accumulator_item_value(item), old[SORT_PARTS_MAX];

	key_of(acc, &array, old);
	return sort_compare_values(acc->sort, key, old, collation);
}

/* `v` is an array: the parts of the sort key, then the output. */
static int64_t top_add(const struct accumulator *acc, void *state, struct query_context *q,
		       const struct value *v, struct error *e)
{
	struct accumulator_items *items = state;
	size_t low = 0, high, before = accumulator_items_memory(items), after;
	struct value key[SORT_PARTS_MAX];

	(void)e;
	key_of(acc, v, key);
	if ((int64_t)items->count == items->n) {
		size_t worst = acc->op->is_last ? 0 : items->count - 1;
		int order = order_of(acc, key, &items->at[worst], q->collation);

		if (acc->op->is_last ? order < 0 || (order == 0 && !acc->is_late) : order >= 0)
			return 0;
		accumulator_items_remove(items, worst);
	}
	for (high = items->count; low < high;) {
		size_t middle = (low + high) / 2;

		if (order_of(acc, key, &items->at[middle], q->collation) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	accumulator_items_insert(items, low, accumulator_item_new(bytes_of(NULL, 0), v));
	after = accumulator_items_memory(items);
	return after > before ? (int64_t)(after - before) : 0;
}

static int top_result(const struct accumulator *acc, void *state, struct query_context *q,
		      struct arena *arena, struct value *ret, struct error *e)
{
	const struct accumulator_items *items = state;
	struct value *values = arena_get(arena, items->count * sizeof(*values));

	(void)q;
	(void)e;
	for (size_t i = 0; i < items->count; i++) {
		struct value array = accumulator_item_value(&items->at[i]);

		values[i] = value_at(array.data, sort_count(acc->sort));
	}
	if (acc->op->is_single)
		*ret = items->count == 0 ? value_null() : values[0];
	else
		*ret = value_array_of(arena, values, items->count);
	return 0;
}

static int top_partial(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e)
{
	const struct accumulator_items *items = state;
	struct value *values = arena_get(arena, items->count * sizeof(*values));

	(void)acc;
	(void)q;
	(void)e;
	for (size_t i = 0; i < items->count; i++)
		values[i] = accumulator_item_value(&items->at[i]);
	*ret = value_array_of(arena, values, items->count);
	return 0;
}

static int64_t top_merge(const struct accumulator *acc, void *state, struct query_context *q,
			 const struct value *v, struct error *e)
{
	struct fields fields = fields_of(v->data);
	struct bson_field field;
	int64_t all = 0, more;

	while (fields_next(&fields, &field)) {
		struct value item = value_of_field(&field);

		more = top_add(acc, state, q, &item, e);
		if (more < 0)
			return more;
		all += more;
	}
	return all;
}

#define OP(text, ...)                                                                              \
	{                                                                                          \
		.name = (text), .size = sizeof(struct accumulator_items), .parse = top_parse,      \
		.add = top_add, .merge = top_merge, .result = top_result, .partial = top_partial,  \
		.end = accumulator_items_end, .takes_n = true, ##__VA_ARGS__                       \
	}

const struct accumulator_op accumulator_ops_top[] = {
	OP("$top", .is_single = true),
	OP("$topN"),
	OP("$bottom", .is_single = true, .is_last = true),
	OP("$bottomN", .is_last = true),
	{0}};
