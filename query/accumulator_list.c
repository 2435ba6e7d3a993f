/* $push and $addToSet. Prefix: accumulator_ */
#include "base/bson_build.h"
#include "query/accumulator_op.h"
#include "query/fields.h"

#define LIST_MAX (100 * MIB) /* internalQueryMaxPushBytes and internalQueryMaxAddToSetBytes */

/* A BSON array in the making: without its final NUL. */
struct list {
	struct buf array;
	size_t count;
	/* $addToSet: places of the elements by their hash; 0 is a free one. */
	uint32_t *places;
	size_t places_room;
};

static int64_t append(const struct accumulator *acc, struct list *list, const struct value *v,
		      struct error *e)
{
	size_t before = list->array.cap;

	if (list->array.len == 0)
		bson_build_begin(&list->array);
	value_write_at(&list->array, list->count++, v);
	if (list->array.len > LIST_MAX)
		return query_error(
			e, QUERY_EXCEEDED_MEMORY_LIMIT,
			"%s used too much memory and cannot spill to disk. Memory limit: "
			"%zu bytes",
			acc->op->name, LIST_MAX);
	return (int64_t)(list->array.cap - before);
}

static int64_t push_add(const struct accumulator *acc, void *state, struct query_context *q,
			const struct value *v, struct error *e)
{
	(void)q;
	return value_is_missing(v) ? 0 : append(acc, state, v, e);
}

/* ---- a set */

static struct value element_at(const struct list *list, size_t offset)
{
	struct fields fields = {.at = list->array.at + offset,
				.end = list->array.at + list->array.len};
	struct bson_field field;

	return fields_next(&fields, &field) ? value_of_field(&field) : value_missing();
}

/* Where `v` is or would be. */
static uint32_t *place_of(const struct list *list, const struct value *v,
			  struct collation *collation)
{
	size_t mask = list->places_room - 1, i = value_hash(v, collation) & mask;

	for (; list->places[i] != 0; i = (i + 1) & mask) {
		struct value old = element_at(list, list->places[i]);

		if (value_equal(&old, v, collation))
			break;
	}
	return &list->places[i];
}

static void grow(struct list *list, struct collation *collation)
{
	struct fields fields = {.at = list->array.at + 4, .end = list->array.at + list->array.len};
	struct bson_field field;

	list->places_room = MAX_OF(2 * list->places_room, (size_t)8);
	free(list->places);
	list->places = xcalloc(list->places_room, sizeof(*list->places));
	while (list->count > 0 && fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		*place_of(list, &v, collation) = (uint32_t)(field.name.at - 1 - list->array.at);
	}
}

static int64_t set_add(const struct accumulator *acc, void *state, struct query_context *q,
		       const struct value *v, struct error *e)
{
	struct list *list = state;
	uint32_t *place;
	int64_t grown = 0, more;

	if (value_is_missing(v))
		return 0;
	if (2 * list->count >= list->places_room) {
		grow(list, q->collation);
		grown = (int64_t)(list->places_room * sizeof(*list->places) / 2);
	}
	place = place_of(list, v, q->collation);
	if (*place != 0)
		return grown;
	*place = (uint32_t)MAX_OF(list->array.len, (size_t)4);
	more = append(acc, list, v, e);
	return more < 0 ? more : grown + more;
}

/* ---- both */

static int list_result(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e)
{
	struct list *list = state;

	(void)acc;
	(void)q;
	(void)arena;
	(void)e;
	if (list->array.len == 0)
		bson_build_begin(&list->array);
	*buf_room(&list->array, 1) = 0;
	put_le32(list->array.at, (uint32_t)list->array.len + 1);
	*ret = value_array(bytes_of(list->array.at, list->array.len + 1));
	return 0;
}

static void list_end(void *state)
{
	struct list *list = state;

	buf_release(&list->array);
	free(list->places);
}

const struct accumulator_op accumulator_ops_list[] = {{.name = "$push",
						       .size = sizeof(struct list),
						       .add = push_add,
						       .merge = accumulator_merge_elements,
						       .result = list_result,
						       .end = list_end},
						      {.name = "$addToSet",
						       .size = sizeof(struct list),
						       .add = set_add,
						       .merge = accumulator_merge_elements,
						       .result = list_result,
						       .end = list_end},
						      {0}};
