#include "query/find_bounds.h"

#include "query/command_parse.h"
#include "query/fields.h"

/* The values of a bound: false when its fields are not those of the index' key, in their order. */
static bool bound_values(struct query_context *q, struct bytes key, struct bytes bound,
			 const struct value **ret)
{
	size_t count = value_count(bound), at = 0;
	struct value *values = arena_get(q->constants, (count + 1) * sizeof(*values));
	struct fields keys = fields_of(key), fields = fields_of(bound);
	struct bson_field one, other;

	if (count == 0)
		return true;
	while (fields_next(&keys, &one)) {
		if (!fields_next(&fields, &other) || !bytes_equal(one.name, other.name))
			return false;
		values[at++] = value_of_field(&other);
	}
	*ret = values;
	return at == count;
}

/* Has it a string, or what may hold one? */
static bool is_collated(const struct value *values, size_t count)
{
	for (size_t i = 0; values != NULL && i < count; i++)
		if (values[i].type == BSON_KIND_STRING || values[i].type == BSON_KIND_DOCUMENT ||
		    values[i].type == BSON_KIND_ARRAY)
			return true;
	return false;
}

static bool is_foreign(const struct query_context *q, struct bytes spec)
{
	struct value v = value_get(spec, bytes_str("collation"));
	struct bytes collation = v.type == BSON_KIND_DOCUMENT ? v.data : bytes_of(NULL, 0);

	return !command_collation_equals(q->collation_spec, collation);
}

enum find_bounds find_bounds_read(struct query_context *q, struct expr_scope *scope,
				  struct bytes spec, struct bytes min, struct bytes max,
				  const struct sort **ret)
{
	struct bytes key = value_get(spec, bytes_str("key")).data;
	struct value sparse = value_get(spec, bytes_str("sparse"));
	struct sort_bounds bounds = {.is_sparse = value_is_true(&sparse)};
	const struct value *from, *to;
	const struct sort *sort;
	struct error ignored;

	*ret = NULL;
	if (!bound_values(q, key, min, &bounds.min) || !bound_values(q, key, max, &bounds.max))
		return FIND_BOUNDS_UNFIT;
	if (is_foreign(q, spec) && (is_collated(bounds.min, value_count(key)) ||
				    is_collated(bounds.max, value_count(key))))
		return FIND_BOUNDS_UNFIT;
	if (sort_parse(scope, key, &sort, &ignored) < 0)
		return FIND_BOUNDS_READ;
	from = bounds.min != NULL ? bounds.min : sort_end_values(sort, true, q->constants);
	to = bounds.max != NULL ? bounds.max : sort_end_values(sort, false, q->constants);
	if (sort_compare_values(sort, from, to, q->collation) >= 0)
		return FIND_BOUNDS_EMPTY;
	if (bounds.min != NULL)
		bounds.max = to; /* mongod's end is before MaxKey, or what is last in the index */
	*ret = sort_within(sort, &bounds, q->constants);
	return FIND_BOUNDS_READ;
}
