/* $firstN, $lastN, $minN, $maxN. Prefix: accumulator_ */
#include "query/accumulator_op.h"
#include "query/fields.h"

static int check_spec(const struct value *operand, int code, const char *name, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (operand->type == BSON_KIND_DOCUMENT)
		return 0;
	value_text_element(bytes_str(name), operand, &text);
	return query_error(e, code, "specification must be an object; found %s", buf_text(&text));
}

static int n_parse(struct expr_scope *scope, const struct value *operand, struct accumulator *ret,
		   struct error *e)
{
	bool is_end = ret->op->name[1] == 'f' || ret->op->name[1] == 'l';
	struct bson_field field;
	struct fields fields;

	if (check_spec(operand, is_end ? 5787801 : 5787900, ret->op->name, e) < 0)
		return e->code;
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		const struct expr **to = NULL;
		OWNED(buf_release) struct buf name = {0};

		if (bytes_equal(field.name, bytes_str("input")))
			to = &ret->argument;
		else if (bytes_equal(field.name, bytes_str("n")))
			to = &ret->n;
		buf_add_bytes(&name, field.name);
		if (to == NULL)
			return query_error(e, 5787901, "Unknown argument for 'n' operator: %s",
					   buf_text(&name));
		if (expr_parse(scope, &v, to, e) < 0)
			return e->code;
	}
	if (ret->n == NULL)
		return query_error(e, 5787906, "Missing value for 'n'");
	if (ret->argument == NULL)
		return query_error(e, 5787907, "Missing value for 'input'");
	return 0;
}

static int64_t put(struct accumulator_items *items, size_t index, const struct value *v)
{
	size_t before = accumulator_items_memory(items);

	accumulator_items_insert(items, index, accumulator_item_new(bytes_of(NULL, 0), v));
	return (int64_t)accumulator_items_memory(items) - (int64_t)before;
}

static int64_t ends_add(const struct accumulator *acc, void *state, struct query_context *q,
			const struct value *v, struct error *e)
{
	struct accumulator_items *items = state;
	struct value null = value_null();

	(void)q;
	(void)e;
	if ((int64_t)items->count == items->n) {
		if (!acc->op->is_last)
			return 0;
		accumulator_items_remove(items, 0);
	}
	return put(items, items->count, value_is_missing(v) ? &null : v);
}

static bool first_is_full(const void *state)
{
	const struct accumulator_items *items = state;

	return (int64_t)items->count == items->n;
}

static int64_t extremes_add(const struct accumulator *acc, void *state, struct query_context *q,
			    const struct value *v, struct error *e)
{
	struct accumulator_items *items = state;
	size_t low = 0, high = items->count;

	(void)e;
	if (value_is_nullish(v))
		return 0;
	if ((int64_t)items->count == items->n) {
		size_t worst = acc->op->is_greatest ? 0 : items->count - 1;
		struct value old = accumulator_item_value(&items->at[worst]);
		int order = value_compare(&old, v, q->collation);

		if (acc->op->is_greatest ? order > 0 || (order == 0 && !acc->is_late) : order <= 0)
			return 0;
		accumulator_items_remove(items, worst);
		high = items->count;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;
		struct value old = accumulator_item_value(&items->at[middle]);

		if (value_compare(v, &old, q->collation) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return put(items, low, v);
}

static int n_result(const struct accumulator *acc, void *state, struct query_context *q,
		    struct arena *arena, struct value *ret, struct error *e)
{
	const struct accumulator_items *items = state;
	struct value *values = arena_get(arena, items->count * sizeof(*values));

	(void)q;
	(void)e;
	for (size_t i = 0; i < items->count; i++)
		values[i] = accumulator_item_value(
			&items->at[acc->op->is_greatest ? items->count - 1 - i : i]);
	*ret = value_array_of(arena, values, items->count);
	return 0;
}

#define OP(text, how, ...)                                                                         \
	{                                                                                          \
		.name = (text), .size = sizeof(struct accumulator_items), .parse = n_parse,        \
		.add = (how), .merge = accumulator_merge_elements, .result = n_result,             \
		.end = accumulator_items_end, .takes_n = true, ##__VA_ARGS__                       \
	}

const struct accumulator_op accumulator_ops_n[] = {
	OP("$firstN", ends_add, .is_full = first_is_full),
	OP("$lastN", ends_add, .is_last = true),
	OP("$minN", extremes_add),
	OP("$maxN", extremes_add, .is_greatest = true),
	{0}};
