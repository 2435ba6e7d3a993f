#include "query/expr/expr_op.h"

/* A set of values: open addressing over an array of them. */
struct set {
	struct collation *collation;
	struct value *values;
	size_t count;
	uint32_t *index; /* place + 1 */
	size_t size;
};

static struct set set_new(struct expr_frame *frame, size_t room)
{
	struct set set = {.collation = frame->q->collation, .size = 8};

	while (set.size < room * 2)
		set.size *= 2;
	set.values = arena_get(frame->arena, room * sizeof(*set.values));
	set.index = arena_zeroed(frame->arena, set.size * sizeof(*set.index));
	return set;
}

/* Where `v` is, or is to be. */
static uint32_t *set_place(const struct set *set, const struct value *v)
{
	size_t at = value_hash(v, set->collation) & (set->size - 1);

	while (set->index[at] != 0 &&
	       !value_equal(&set->values[set->index[at] - 1], v, set->collation))
		at = (at + 1) & (set->size - 1);
	return &set->index[at];
}

static bool set_has(const struct set *set, const struct value *v)
{
	return *set_place(set, v) != 0;
}

/* Returns false when it was there already. */
static bool set_add(struct set *set, const struct value *v)
{
	uint32_t *place = set_place(set, v);

	if (*place != 0)
		return false;
	set->values[set->count++] = *v;
	*place = (uint32_t)set->count;
	return true;
}

static struct set set_of(struct expr_frame *frame, const struct value *array)
{
	size_t count;
	struct value *elements = expr_elements(frame->arena, array->data, &count);
	struct set set = set_new(frame, count);

	for (size_t i = 0; i < count; i++)
		set_add(&set, &elements[i]);
	return set;
}

static int compare_in(const void *a, const void *b, void *collation)
{
	return value_compare(a, b, collation);
}

/* An array of the values in their order. */
static struct value set_sorted(struct set *set, struct arena *arena)
{
	if (set->count > 1)
		qsort_r(set->values, set->count, sizeof(*set->values), compare_in, set->collation);
	return expr_array_of(arena, set->values, set->count);
}

/* ---- */

static int two_arrays(const struct expr *self, struct expr_frame *frame, struct value v[2],
		      struct error *e)
{
	int result = expr_arg(self, 0, frame, &v[0], e);

	return result < 0 ? result : expr_arg(self, 1, frame, &v[1], e);
}

static int eval_set_difference(const struct expr *self, struct expr_frame *frame, struct value *ret,
			       struct error *e)
{
	struct value v[2], *elements;
	struct set without, seen;
	size_t count;
	int result = two_arrays(self, frame, v, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&v[0]) || value_is_nullish(&v[1]))
		return 0;
	for (int i = 0; i < 2; i++)
		if (v[i].type != BSON_KIND_ARRAY)
			return query_error(e, 17048 + i,
					   "both operands of $setDifference must be arrays. %s "
					   "argument is of type: %s",
					   i == 0 ? "First" : "Second", expr_type(&v[i]));
	without = set_of(frame, &v[1]);
	elements = expr_elements(frame->arena, v[0].data, &count);
	seen = set_new(frame, count);
	for (size_t i = 0; i < count; i++)
		if (!set_has(&without, &elements[i]))
			set_add(&seen, &elements[i]);
	*ret = expr_array_of(frame->arena, seen.values, seen.count);
	return 0;
}

static int parse_set_equals(struct expr_scope *scope, const struct value *operand,
			    struct expr *self, struct error *e)
{
	int result = expr_parse_args(scope, operand, self, e);

	if (result >= 0 && self->count < 2)
		return query_error(e, 17045, "$setEquals needs at least two arguments had: %zu",
				   self->count);
	return result;
}

static int not_an_array(struct error *e, int code, size_t i, const struct value *v)
{
	return query_error(
		e, code,
		"All operands of $setEquals must be arrays. %zu-th argument is of type: %s", i + 1,
		expr_type(v));
}

/*
 * What optimizing knows of an operator: that it was done. Inside of $firstN and the like it is not, and neither in the filter of a plan:
 * mongod makes that one of the words once more.
 */
static const bool was_optimized;

static void mark_optimized(struct expr_scope *scope, const struct expr **self)
{
	struct expr *copy = arena_get(expr_scope_context(scope)->constants, sizeof(*copy));

	*copy = **self;
	copy->more = expr_scope_context(scope)->folds_filter ? NULL : &was_optimized;
	*self = copy;
}

static int optimize_set_equals(struct expr_scope *scope, const struct expr **self, struct error *e)
{
	mark_optimized(scope, self);
	for (size_t i = 0; i < (*self)->count; i++) {
		struct value v;
		int result = expr_optimize(scope, &(*self)->args[i], e);

		if (result < 0)
			return result;
		if (expr_is_constant((*self)->args[i], &v) && v.type != BSON_KIND_ARRAY)
			return not_an_array(e, 5887502, i, &v);
	}
	return 0;
}

/* What the others are compared with: a constant when there is one, else the first. */
static size_t constant_place(const struct expr *self)
{
	struct value v;

	for (size_t i = 0; self->more != NULL && i < self->count; i++)
		if (expr_is_constant(self->args[i], &v))
			return i;
	return 0;
}

static int set_equals_arg(const struct expr *self, struct expr_frame *frame, size_t i,
			  struct set *ret, struct error *e)
{
	struct value v;
	int result = expr_arg(self, i, frame, &v, e);

	if (result < 0)
		return result;
	if (v.type != BSON_KIND_ARRAY)
		return not_an_array(e, 17044, i, &v);
	*ret = set_of(frame, &v);
	return 0;
}

static int eval_set_equals(const struct expr *self, struct expr_frame *frame, struct value *ret,
			   struct error *e)
{
	struct set first, other;
	size_t first_place = constant_place(self);
	int result = set_equals_arg(self, frame, first_place, &first, e);

	if (result < 0)
		return result;
	for (size_t i = 0; i < self->count; i++) {
		if (i == first_place)
			continue;
		result = set_equals_arg(self, frame, i, &other, e);
		if (result < 0)
			return result;
		*ret = value_bool(false);
		if (first.count != other.count)
			return 0;
		for (size_t k = 0; k < other.count; k++)
			if (!set_has(&first, &other.values[k]))
				return 0;
	}
	*ret = value_bool(true);
	return 0;
}

static int eval_set_intersection(const struct expr *self, struct expr_frame *frame,
				 struct value *ret, struct error *e)
{
	struct set both = {0};

	for (size_t i = 0; i < self->count; i++) {
		struct value v;
		struct set next, kept;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v)) {
			*ret = value_null();
			return 0;
		}
		if (v.type != BSON_KIND_ARRAY)
			return query_error(e, 17047,
					   "All operands of $setIntersection must be arrays. One "
					   "argument is of type: %s",
					   expr_type(&v));
		next = set_of(frame, &v);
		if (i == 0) {
			both = next;
			continue;
		}
		/* Of equal ones the smaller set's stay. */
		if (both.count > next.count) {
			struct set swap = both;

			both = next;
			next = swap;
		}
		kept = set_new(frame, both.count);
		for (size_t k = 0; k < both.count; k++)
			if (set_has(&next, &both.values[k]))
				set_add(&kept, &both.values[k]);
		both = kept;
	}
	*ret = set_sorted(&both, frame->arena);
	return 0;
}

static int eval_set_is_subset(const struct expr *self, struct expr_frame *frame, struct value *ret,
			      struct error *e)
{
	struct value v[2], ignored, *elements;
	struct set of;
	size_t count;
	int codes[2] = {17046, 17042};
	int result = two_arrays(self, frame, v, e);

	if (result < 0)
		return result;
	if (self->more != NULL && expr_is_constant(self->args[1], &ignored))
		codes[0] = 17310;
	for (int i = 0; i < 2; i++)
		if (v[i].type != BSON_KIND_ARRAY)
			return query_error(e, codes[i],
					   "both operands of $setIsSubset must be arrays. %s "
					   "argument is of type: %s",
					   i == 0 ? "First" : "Second", expr_type(&v[i]));
	of = set_of(frame, &v[1]);
	elements = expr_elements(frame->arena, v[0].data, &count);
	*ret = value_bool(false);
	for (size_t i = 0; i < count; i++)
		if (!set_has(&of, &elements[i]))
			return 0;
	ret->flag = true;
	return 0;
}

static int optimize_set_is_subset(struct expr_scope *scope, const struct expr **self,
				  struct error *e)
{
	struct value v;

	mark_optimized(scope, self);
	if (!expr_is_constant((*self)->args[1], &v) || v.type == BSON_KIND_ARRAY)
		return 0;
	return query_error(e, 17311,
			   "both operands of $setIsSubset must be arrays. Second argument is of "
			   "type: %s",
			   expr_type(&v));
}

static int eval_set_union(const struct expr *self, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	struct value *arrays = arena_get(frame->arena, self->count * sizeof(*arrays));
	struct set all;
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, &arrays[i], e);

		if (result < 0)
			return result;
		if (value_is_nullish(&arrays[i])) {
			*ret = value_null();
			return 0;
		}
		if (arrays[i].type != BSON_KIND_ARRAY)
			return query_error(e, 17043,
					   "All operands of $setUnion must be arrays. One argument "
					   "is of type: %s",
					   expr_type(&arrays[i]));
		count += value_count(arrays[i].data);
	}
	all = set_new(frame, count);
	for (size_t i = 0; i < self->count; i++) {
		struct bson_fields fields = bson_fields(arrays[i].data);
		struct bson_field field;

		while (expr_next(&fields, &field)) {
			struct value v = value_of_field(&field);

			set_add(&all, &v);
		}
	}
	*ret = set_sorted(&all, frame->arena);
	return 0;
}

/* ---- $allElementsTrue, $anyElementTrue */

/* Is there an element whose truth is `wanted`? */
static int element_is(const struct expr *self, struct expr_frame *frame, int code, bool wanted,
		      struct error *e)
{
	struct bson_fields fields;
	struct bson_field field;
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	if (v.type != BSON_KIND_ARRAY)
		return query_error(e, code, "%s's argument must be an array, but is %s",
				   self->op->name, expr_type(&v));
	fields = bson_fields(v.data);
	while (expr_next(&fields, &field)) {
		v = value_of_field(&field);
		if (value_is_true(&v) == wanted)
			return 1;
	}
	return 0;
}

static int eval_all_elements_true(const struct expr *self, struct expr_frame *frame,
				  struct value *ret, struct error *e)
{
	int result = element_is(self, frame, 17040, false, e);

	if (result >= 0)
		*ret = value_bool(result == 0);
	return MIN_OF(result, 0);
}

static int eval_any_element_true(const struct expr *self, struct expr_frame *frame,
				 struct value *ret, struct error *e)
{
	int result = element_is(self, frame, 17041, true, e);

	if (result >= 0)
		*ret = value_bool(result == 1);
	return MIN_OF(result, 0);
}

const struct expr_op expr_ops_set[] = {
	{.name = "$allElementsTrue", .least = 1, .most = 1, .eval = eval_all_elements_true},
	{.name = "$anyElementTrue", .least = 1, .most = 1, .eval = eval_any_element_true},
	{.name = "$setDifference", .least = 2, .most = 2, .eval = eval_set_difference},
	{.name = "$setEquals",
	 .parse = parse_set_equals,
	 .eval = eval_set_equals,
	 .fold = EXPR_FOLD_SELF,
	 .optimize = optimize_set_equals},
	{.name = "$setIntersection",
	 .least = 0,
	 .most = -1,
	 .eval = eval_set_intersection,
	 .fold = EXPR_FOLD_ANY_ORDER},
	{.name = "$setIsSubset",
	 .least = 2,
	 .most = 2,
	 .eval = eval_set_is_subset,
	 .optimize = optimize_set_is_subset},
	{.name = "$setUnion",
	 .least = 0,
	 .most = -1,
	 .eval = eval_set_union,
	 .fold = EXPR_FOLD_ANY_ORDER | EXPR_FOLD_COLLATED_IN_ORDER},
	{.name = NULL},
};
