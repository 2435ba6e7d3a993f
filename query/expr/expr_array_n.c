#include <inttypes.h>

#include "query/decimal_math.h"
#include "query/expr/expr_op.h"
#include "query/expr/expr_sort.h"

/* ---- $sortArray */

#define BAD_PATTERN 2942505

struct sort_part {
	struct bytes path;
	int direction;
};

/* What `sortBy` says: parts, or the whole value when there are none. */
struct sort_by {
	struct sort_part *parts;
	size_t count;
	int direction;
};

static int direction_of(const struct value *v)
{
	double number = value_is_number(v) ? value_to_double(v) : 0;

	return number == 1 ? 1 : number == -1 ? -1 : 0;
}

static int check_sort_path(struct bytes path, struct error *e)
{
	bool is_empty = true;

	if (path.len == 0)
		return query_error(e, BAD_PATTERN, "BadValue: The sort field cannot be empty");
	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] == '.' && is_empty)
			break;
		is_empty = path.at[i] == '.';
	}
	if (is_empty)
		return query_error(
			e, BAD_PATTERN,
			"BadValue: The sort field is a dotted field but has an empty part: %.*s",
			(int)path.len, path.at);
	return 0;
}

static int parse_sort_by(struct expr_scope *scope, const struct value *v, struct sort_by *by,
			 struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct bson_fields fields;
	struct bson_field field;

	*by = (struct sort_by){0}; /* of several the last one counts */
	if (v->type != BSON_KIND_DOCUMENT) {
		by->direction = direction_of(v);
		if (by->direction == 0 && value_is_number(v))
			return query_error(e, 2942506,
					   "The $sort element value must be either 1 or -1");
		return by->direction != 0
			       ? 0
			       : query_error(e, 2942507,
					     "The $sort is invalid: use 1/-1 to sort the whole "
					     "element, or {field:1/-1} to sort embedded fields");
	}
	by->parts = arena_get(arena, value_count(v->data) * sizeof(*by->parts));
	fields = bson_fields(v->data);
	while (expr_next(&fields, &field)) {
		struct value way = value_of_field(&field);
		struct sort_part *part = &by->parts[by->count++];
		int result;

		part->direction = direction_of(&way);
		if (part->direction == 0)
			return query_error(
				e, BAD_PATTERN,
				"BadValue: The sort element value must be either 1 or -1");
		part->path = arena_copy(arena, field.name);
		result = check_sort_path(field.name, e);
		if (result < 0)
			return result;
	}
	if (by->count == 0)
		return query_error(e, BAD_PATTERN,
				   "BadValue: The sort pattern is empty when it should be a set "
				   "of fields.");
	return 0;
}

static int parse_sort_array(struct expr_scope *scope, const struct value *operand,
			    struct expr *self, struct error *e)
{
	struct sort_by *by = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*by));
	struct bson_fields fields;
	struct bson_field field;
	int result = 0;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 2942500,
				   "$sortArray requires an object as an argument, found: %s",
				   expr_type(operand));
	self->more = by;
	expr_args_new(scope, self, 1);
	fields = bson_fields(operand->data);
	while (result >= 0 && expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("input")))
			result = expr_parse_arg(scope, &v, self, 0, e);
		else if (bytes_equal(field.name, bytes_str("sortBy")))
			result = parse_sort_by(scope, &v, by, e);
		else
			result = query_error(e, 2942501,
					     "$sortArray found an unknown argument: %.*s",
					     (int)field.name.len, field.name.at);
	}
	if (result < 0)
		return result;
	if (self->args[0] == NULL)
		return query_error(e, 2942502, "$sortArray requires 'input' to be specified");
	if (by->count == 0 && by->direction == 0)
		return query_error(e, 2942503, "$sortArray requires 'sortBy' to be specified");
	return 0;
}

/* The value at a dotted path, names and places of arrays alike: the whole path is looked for first. Null when there is none. */
static struct value at_path(struct bytes doc, struct bytes path)
{
	for (;;) {
		struct value v = value_get(doc, path);
		const uint8_t *dot = memchr(path.at, '.', path.len);
		size_t len;

		if (!value_is_missing(&v))
			return v;
		if (dot == NULL)
			return value_null();
		len = (size_t)(dot - path.at);
		v = value_get(doc, bytes_of(path.at, len));
		if (v.type != BSON_KIND_DOCUMENT && v.type != BSON_KIND_ARRAY)
			return value_null();
		doc = v.data;
		path = bytes_of(dot + 1, path.len - len - 1);
	}
}

struct sorting {
	const struct sort_by *by;
	struct collation *collation;
};

static int compare(const struct value *a, const struct value *b, const void *context)
{
	const struct sorting *sorting = context;
	const struct sort_by *by = sorting->by;

	if (by->count == 0)
		return value_compare(a, b, sorting->collation) * by->direction;
	for (size_t i = 0; i < by->count; i++) {
		struct value x = value_null(), y = value_null();
		int order;

		if (a->type == BSON_KIND_DOCUMENT)
			x = at_path(a->data, by->parts[i].path);
		if (b->type == BSON_KIND_DOCUMENT)
			y = at_path(b->data, by->parts[i].path);
		order = value_compare(&x, &y, sorting->collation);
		if (order != 0)
			return order * by->parts[i].direction;
	}
	return 0;
}

static int eval_sort_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
			   struct error *e)
{
	struct sorting sorting = {.by = self->more, .collation = frame->q->collation};
	struct value array, *elements;
	size_t count;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(
			e, 2942504,
			"The input argument to $sortArray must be an array, but was of type: %s",
			expr_type(&array));
	elements = expr_elements(frame->arena, array.data, &count);
	expr_sort(elements, count, compare, &sorting);
	*ret = expr_array_of(frame->arena, elements, count);
	return 0;
}

/* ---- $firstN, $lastN, $maxN, $minN: n, input */

static int parse_n(struct expr_scope *scope, const struct value *operand, struct expr *self,
		   struct error *e)
{
	static const char *const names[] = {"n", "input"};
	OWNED(buf_release) struct buf text = {0};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT) {
		value_text_element(bytes_str(self->op->name), operand, &text);
		return query_error(e, self->op->name[1] == 'm' ? 5787900 : 5787801,
				   "specification must be an object; found %s", buf_text(&text));
	}
	result = expr_parse_named(scope, operand, names, 2, 5787901,
				  "Unknown argument for 'n' operator: ", self, e);
	if (result < 0)
		return result;
	if (self->args[0] == NULL)
		return query_error(e, 5787906, "Missing value for 'n'");
	if (self->args[1] == NULL)
		return query_error(e, 5787907, "Missing value for 'input'");
	return 0;
}

int expr_check_n(const struct value *v, int64_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	value_text(v, &text);
	if (!value_is_number(v))
		return query_error(e, 5787902,
				   "Value for 'n' must be of integral type, but found %s",
				   buf_text(&text));
	if (v->type == BSON_KIND_DOUBLE && !(v->number >= -0x1p63 && v->number < 0x1p63))
		return query_error(e, 31109, "Can't coerce out of range value %s to long",
				   buf_text(&text));
	*ret = v->type == BSON_KIND_DECIMAL
		       ? decimal_to_int64(decimal_math_quantize(v->decimal, 0, DECIMAL_HALF_EVEN),
					  NULL)
		       : value_to_int64(v);
	/* As doubles: what no double can tell from 2 is a 2. */
	if ((double)*ret != value_to_double(v))
		return query_error(e, 5787903,
				   "Value for 'n' must be of integral type, but found %s",
				   buf_text(&text));
	if (*ret <= 0)
		return query_error(e, 5787908, "'n' must be greater than 0, found %" PRId64, *ret);
	return 0;
}

static int n_arg(const struct expr *self, struct expr_frame *frame, int64_t *ret, struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result < 0)
		return result;
	return expr_check_n(&v, ret, e);
}

static int n_inputs(const struct expr *self, struct expr_frame *frame, int64_t *n,
		    struct value **ret, size_t *ret_count, struct error *e)
{
	struct value array;
	int result = n_arg(self, frame, n, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &array, e);
	if (result < 0)
		return result;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 5788200, "Input must be an array");
	*ret = expr_elements(frame->arena, array.data, ret_count);
	return 0;
}

static int eval_first_n(const struct expr *self, struct expr_frame *frame, struct value *ret,
			struct error *e)
{
	struct value *elements;
	size_t count;
	int64_t n;
	int result = n_inputs(self, frame, &n, &elements, &count, e);

	if (result < 0)
		return result;
	*ret = expr_array_of(frame->arena, elements, MIN_OF(count, (size_t)n));
	return 0;
}

static int eval_last_n(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	struct value *elements;
	size_t count;
	int64_t n;
	int result = n_inputs(self, frame, &n, &elements, &count, e);

	if (result < 0)
		return result;
	n = MIN_OF(n, (int64_t)count);
	*ret = expr_array_of(frame->arena, elements + count - n, (size_t)n);
	return 0;
}

/* The best `n` kept in their order, as mongod's set does it: which of equal ones stay depends on when they came. */
struct best {
	struct value *values;
	size_t count, most;
	int sense; /* 1 the least, -1 the greatest */
	struct collation *collation;
};

static void best_add(struct best *best, const struct value *v)
{
	size_t low = 0, high;

	if (best->count == best->most) {
		size_t worst = best->sense > 0 ? best->count - 1 : 0;

		if (value_compare(&best->values[worst], v, best->collation) * best->sense <= 0)
			return;
		best->count--;
		if (worst == 0)
			memmove(best->values, best->values + 1,
				best->count * sizeof(*best->values));
	}
	high = best->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (value_compare(&best->values[middle], v, best->collation) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(best->values + low + 1, best->values + low,
		(best->count - low) * sizeof(*best->values));
	best->values[low] = *v;
	best->count++;
}

static int best_n(const struct expr *self, struct expr_frame *frame, int sense, struct value *ret,
		  struct error *e)
{
	struct best best = {.sense = sense, .collation = frame->q->collation};
	struct value *elements;
	size_t count;
	int64_t n;
	int result = n_inputs(self, frame, &n, &elements, &count, e);

	if (result < 0)
		return result;
	best.most = MIN_OF(count, (size_t)n);
	best.values = arena_get(frame->arena, (best.most + 1) * sizeof(*best.values));
	for (size_t i = 0; i < count; i++)
		if (!value_is_nullish(&elements[i]))
			best_add(&best, &elements[i]);
	for (size_t i = 0; i < best.count; i++)
		elements[i] = best.values[sense > 0 ? i : best.count - 1 - i];
	*ret = expr_array_of(frame->arena, elements, best.count);
	return 0;
}

static int eval_max_n(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return best_n(self, frame, -1, ret, e);
}

static int eval_min_n(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return best_n(self, frame, 1, ret, e);
}

const struct expr_op expr_ops_array_n[] = {
	{.name = "$firstN", .parse = parse_n, .eval = eval_first_n, .fold = EXPR_FOLD_NOT},
	{.name = "$lastN", .parse = parse_n, .eval = eval_last_n, .fold = EXPR_FOLD_NOT},
	{.name = "$maxN", .parse = parse_n, .eval = eval_max_n, .fold = EXPR_FOLD_NOT},
	{.name = "$minN", .parse = parse_n, .eval = eval_min_n, .fold = EXPR_FOLD_NOT},
	{.name = "$sortArray",
	 .parse = parse_sort_array,
	 .eval = eval_sort_array,
	 .fold = EXPR_FOLD_ARGS},
	{.name = NULL},
};
