/* Accumulators that keep one value: $min, $max, $first, $last, $mergeObjects. Prefix: accumulator_ */
#include "base/bson_build.h"
#include "query/accumulator_op.h"
#include "query/fields.h"

struct one {
	struct accumulator_box box;
	bool has;
};

static int64_t extreme_add(const struct accumulator *acc, void *state, struct query_context *q,
			   const struct value *v, struct error *e)
{
	struct one *one = state;
	int order;

	(void)e;
	if (value_is_nullish(v))
		return 0;
	if (one->has) {
		order = value_compare(&one->box.v, v, q->collation);
		if (acc->op->is_greatest ? order >= 0 : order <= 0)
			return 0;
	}
	one->has = true;
	return accumulator_box_set(&one->box, v);
}

static int64_t end_add(const struct accumulator *acc, void *state, struct query_context *q,
		       const struct value *v, struct error *e)
{
	struct one *one = state;

	(void)q;
	(void)e;
	if (one->has && !acc->op->is_last)
		return 0;
	one->has = true;
	return accumulator_box_set(&one->box, v);
}

static bool first_is_full(const void *state)
{
	return ((const struct one *)state)->has;
}

static int64_t objects_add(const struct accumulator *acc, void *state, struct query_context *q,
			   const struct value *v, struct error *e)
{
	struct one *one = state;
	struct buf merged = {0};
	struct bson_field field;
	struct fields fields;
	size_t begin, before = one->box.bytes.cap;

	(void)acc;
	(void)q;
	if (value_is_nullish(v))
		return 0;
	if (v->type != BSON_KIND_DOCUMENT) {
		OWNED(buf_release) struct buf text = {0};

		value_text(v, &text);
		return query_error(e, 40400,
				   "$mergeObjects requires object inputs, but input %s is of type "
				   "%s",
				   buf_text(&text), value_type_name(v->type));
	}
	if (!one->has) {
		one->has = true;
		return accumulator_box_set(&one->box, v);
	}
	begin = bson_build_begin(&merged);
	fields = fields_of(one->box.v.data);
	while (fields_next(&fields, &field)) {
		struct value old = value_of_field(&field), new = value_get(v->data, field.name);

		value_write(&merged, field.name, value_is_missing(&new) ? &old : &new);
	}
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value old = value_get(one->box.v.data, field.name),
			     new = value_of_field(&field);

		if (value_is_missing(&old))
			value_write(&merged, field.name, &new);
	}
	bson_build_end(&merged, begin);
	buf_release(&one->box.bytes);
	one->box.bytes = merged;
	one->box.v = value_document(buf_bytes(&merged));
	return merged.cap > before ? (int64_t)(merged.cap - before) : 0;
}

static int one_result(const struct accumulator *acc, void *state, struct query_context *q,
		      struct arena *arena, struct value *ret, struct error *e)
{
	const struct one *one = state;

	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	*ret = one->has ? one->box.v : value_null();
	return 0;
}

static int objects_result(const struct accumulator *acc, void *state, struct query_context *q,
			  struct arena *arena, struct value *ret, struct error *e)
{
	const struct one *one = state;

	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	*ret = one->has ? one->box.v : value_document(bson_build_empty());
	return 0;
}

static void one_end(void *state)
{
	buf_release(&((struct one *)state)->box.bytes);
}

/* What was never given has to stay so when it is merged. */
static int one_partial(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e)
{
	const struct one *one = state;

	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	*ret = one->has ? one->box.v : (struct value){.type = BSON_KIND_UNDEFINED};
	return 0;
}

const struct accumulator_op accumulator_ops_one[] = {{.name = "$min",
						      .size = sizeof(struct one),
						      .add = extreme_add,
						      .merge = extreme_add,
						      .result = one_result,
						      .partial = one_partial,
						      .end = one_end},
						     {.name = "$max",
						      .size = sizeof(struct one),
						      .add = extreme_add,
						      .merge = extreme_add,
						      .result = one_result,
						      .partial = one_partial,
						      .end = one_end,
						      .is_greatest = true},
						     {.name = "$first",
						      .size = sizeof(struct one),
						      .add = end_add,
						      .merge = end_add,
						      .result = one_result,
						      .is_full = first_is_full,
						      .end = one_end},
						     {.name = "$last",
						      .size = sizeof(struct one),
						      .add = end_add,
						      .merge = end_add,
						      .result = one_result,
						      .end = one_end,
						      .is_last = true},
						     {.name = "$mergeObjects",
						      .size = sizeof(struct one),
						      .add = objects_add,
						      .merge = objects_add,
						      .result = objects_result,
						      .end = one_end},
						     {0}};
