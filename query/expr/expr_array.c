#include "base/bson_build.h"
#include "query/expr/expr_arithmetic.h"
#include "query/expr/expr_fields.h"
#include "query/fields.h"

/* ---- elements by their place */

/* Element `i` of an array, from the end when negative; missing when there is none. */
static struct value element_at(struct bytes array, int64_t i)
{
	if (i < 0)
		i += (int64_t)value_count(array);
	return i < 0 ? value_missing() : value_at(array, (size_t)i);
}

static int eval_array_elem_at(const struct expr *self, struct expr_frame *frame, struct value *ret,
			      struct error *e)
{
	char text[EXPR_DOUBLE_TEXT];
	struct value array, place;
	int32_t i;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &place, e);
	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array) || value_is_nullish(&place))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 28689,
				   "$arrayElemAt's first argument must be an array, but is %s",
				   expr_type(&array));
	if (!value_is_number(&place))
		return query_error(
			e, 28690,
			"$arrayElemAt's second argument must be a numeric value, but is %s",
			expr_type(&place));
	if (!value_as_int32(&place, &i))
		return query_error(e, 28691,
				   "$arrayElemAt's second argument must be representable as a "
				   "32-bit integer: %s",
				   expr_double_text(value_to_double(&place), text));
	*ret = element_at(array.data, i);
	return 0;
}

static int end_of(const struct expr *self, struct expr_frame *frame, int64_t i, struct value *ret,
		  struct error *e)
{
	struct value array;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 28689, "%s's argument must be an array, but is %s",
				   self->op->name, expr_type(&array));
	*ret = element_at(array.data, i);
	return 0;
}

static int eval_first(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	return end_of(self, frame, 0, ret, e);
}

static int eval_last(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	return end_of(self, frame, -1, ret, e);
}

/* ---- of the whole array */

/* The names of an array's elements one after the other: "0", "1", ... */
struct counter {
	uint8_t digits[20];
	size_t len;
};

static void count_up(struct counter *counter)
{
	size_t i = counter->len;

	while (i > 0 && counter->digits[i - 1] == '9')
		counter->digits[--i] = '0';
	if (i > 0) {
		counter->digits[i - 1]++;
		return;
	}
	memmove(counter->digits + 1, counter->digits, counter->len++);
	counter->digits[0] = '1';
}

/* Has the array the names that it should have? Then `counter` goes on behind them. */
static bool names_are_right(struct bytes array, struct counter *counter)
{
	struct fields fields = fields_of(array);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		if (!bytes_equal(field.name, bytes_of(counter->digits, counter->len)))
			return false;
		count_up(counter);
	}
	return true;
}

/* Append the elements of `array` to the array that is being built, with names of their own; without `b`: only their bytes are told. */
static size_t append_elements(struct buf *b, struct bytes array, struct counter *counter)
{
	struct fields fields = fields_of(array);
	struct bson_field field;
	size_t len = 0;

	while (fields_next(&fields, &field)) {
		len += 2 + counter->len + field.value.len;
		if (b != NULL) {
			buf_add_u8(b, field.type);
			buf_add(b, counter->digits, counter->len);
			buf_add_u8(b, 0);
			buf_add_bytes(b, field.value);
		}
		count_up(counter);
	}
	return len;
}

/* An array of the elements of all. The first is often the longest: its bytes are taken as they are. */
static struct value concatenated(struct arena *arena, const struct value *arrays, size_t count)
{
	const struct counter zero = {.digits = {'0'}, .len = 1};
	struct counter first = zero, counter;
	struct buf b = {.cap = BSON_MIN_LEN};
	size_t begin, whole = 0;

	if (count > 0 && names_are_right(arrays[0].data, &first)) {
		whole = 1;
		b.cap = arrays[0].data.len;
	} else {
		first = zero;
	}
	counter = first;
	for (size_t i = whole; i < count; i++)
		b.cap += append_elements(NULL, arrays[i].data, &counter);
	if (!arena_allows(arena, b.cap))
		return value_array(bson_build_empty());
	b.at = arena_get(arena, b.cap);
	begin = bson_build_begin(&b);
	if (whole > 0)
		buf_add(&b, arrays[0].data.at + 4, arrays[0].data.len - BSON_MIN_LEN);
	for (size_t i = whole; i < count; i++)
		append_elements(&b, arrays[i].data, &first);
	bson_build_end(&b, begin);
	return value_array(buf_bytes(&b));
}

static int eval_concat_arrays(const struct expr *self, struct expr_frame *frame, struct value *ret,
			      struct error *e)
{
	struct value *arrays = arena_get(frame->arena, self->count * sizeof(*arrays));

	for (size_t i = 0; i < self->count; i++) {
		int result = expr_arg(self, i, frame, &arrays[i], e);

		if (result < 0)
			return result;
		if (value_is_nullish(&arrays[i])) {
			*ret = value_null();
			return 0;
		}
		if (arrays[i].type != BSON_KIND_ARRAY)
			return query_error(e, 28664, "$concatArrays only supports arrays, not %s",
					   expr_type(&arrays[i]));
	}
	*ret = concatenated(frame->arena, arrays, self->count);
	return 0;
}

static int eval_in(const struct expr *self, struct expr_frame *frame, struct value *ret,
		   struct error *e)
{
	struct value wanted, array;
	struct bson_fields fields;
	struct bson_field field;
	int result = expr_arg(self, 0, frame, &wanted, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &array, e);
	if (result < 0)
		return result;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 40081,
				   "$in requires an array as a second argument, found: %s",
				   expr_type(&array));
	fields = bson_fields(array.data);
	*ret = value_bool(false);
	while (!ret->flag && expr_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		ret->flag = value_equal(&wanted, &v, frame->q->collation);
	}
	return 0;
}

/* The index in argument number `n`, if there is one. */
static int index_arg(const struct expr *self, size_t n, struct expr_frame *frame, const char *what,
		     int32_t *ret, struct error *e)
{
	struct value v;
	int result;

	if (n >= self->count)
		return 0;
	result = expr_arg(self, n, frame, &v, e);
	if (result < 0)
		return result;
	if (!value_is_number(&v) || !value_as_int32(&v, ret))
		return query_error(
			e, 40096,
			"%srequires an integral %s, found a value of type: %s, with value: %s",
			self->op->name, what, expr_type(&v), expr_text(frame->arena, &v));
	if (*ret < 0)
		return query_error(e, 40097, "%s requires a nonnegative %s, found: %s",
				   self->op->name, what, expr_text(frame->arena, &v));
	return 0;
}

static int eval_index_of_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
			       struct error *e)
{
	struct value array, wanted, *elements;
	int32_t from = 0, to = INT32_MAX;
	size_t count;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 40090,
				   "$indexOfArray requires an array as a first argument, found: %s",
				   expr_type(&array));
	if (result >= 0)
		result = index_arg(self, 2, frame, "starting index", &from, e);
	if (result >= 0)
		result = index_arg(self, 3, frame, "ending index", &to, e);
	if (result >= 0)
		result = expr_arg(self, 1, frame, &wanted, e);
	if (result < 0)
		return result;
	elements = expr_elements(frame->arena, array.data, &count);
	for (size_t i = (size_t)from; i < MIN_OF(count, (size_t)to); i++)
		if (value_equal(&elements[i], &wanted, frame->q->collation)) {
			*ret = value_int32((int32_t)i);
			return 0;
		}
	*ret = value_int32(-1);
	return 0;
}

static int optimize_index_of_array(struct expr_scope *scope, const struct expr **self,
				   struct error *e)
{
	struct value v;

	if (!expr_is_constant((*self)->args[0], &v) || v.type == BSON_KIND_ARRAY)
		return 0;
	if (value_is_nullish(&v)) {
		v = value_null();
		*self = expr_constant(scope, &v);
		return 0;
	}
	return query_error(e, 50809,
			   "First operand of $indexOfArray must be an array. First argument is of "
			   "type: %s",
			   expr_type(&v));
}

static int eval_is_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
			 struct error *e)
{
	struct value v;
	int result = expr_arg(self, 0, frame, &v, e);

	if (result >= 0)
		*ret = value_bool(v.type == BSON_KIND_ARRAY);
	return result;
}

static int eval_reverse_array(const struct expr *self, struct expr_frame *frame, struct value *ret,
			      struct error *e)
{
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
			e, 34435,
			"The argument to $reverseArray must be an array, but was of type: %s",
			expr_type(&array));
	elements = expr_elements(frame->arena, array.data, &count);
	for (size_t i = 0; i < count / 2; i++) {
		struct value v = elements[i];

		elements[i] = elements[count - 1 - i];
		elements[count - 1 - i] = v;
	}
	*ret = expr_array_of(frame->arena, elements, count);
	return 0;
}

static int eval_size(const struct expr *self, struct expr_frame *frame, struct value *ret,
		     struct error *e)
{
	struct value array;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result < 0)
		return result;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 17124,
				   "The argument to $size must be an array, but was of type: %s",
				   expr_type(&array));
	*ret = value_int32((int32_t)value_count(array.data));
	return 0;
}

/* ---- $range */

/* One of its three numbers; `what` and `with` are its names in the messages. */
static int range_number(const struct value *v, struct expr_frame *frame, int code, const char *what,
			const char *with, int32_t *ret, struct error *e)
{
	if (!value_is_number(v))
		return query_error(e, code,
				   "$range requires a numeric %s value, found value of type:%s%s",
				   what, code == 34447 ? "" : " ", expr_type(v));
	if (!value_as_int32(v, ret))
		return query_error(e, code + 1,
				   "$range requires %s value that can be represented as a 32-bit "
				   "integer, found value: %s",
				   with, expr_text(frame->arena, v));
	return 0;
}

/* What mongod counts for an element, and for the array. */
#define RANGE_ELEMENT 16
#define RANGE_ARRAY 40

/* The bytes of an array of `count` int32. */
static size_t range_len(size_t count)
{
	size_t len = BSON_MIN_LEN + count * 7, limit = 10;

	for (; limit < count; limit *= 10)
		len += count - limit;
	return len;
}

static int make_range(struct expr_frame *frame, int64_t from, int64_t to, int64_t step,
		      struct value *ret, struct error *e)
{
	int64_t count = 0, bytes = 0;
	struct buf b = {0};
	size_t begin;

	if (step > 0 && from < to)
		count = (to - from - 1) / step + 1;
	else if (step < 0 && from > to)
		count = (from - to - 1) / -step + 1;
	/* As mongod estimates it: rounded down. */
	if (count > 0)
		bytes = (to - from) / step * RANGE_ELEMENT + RANGE_ARRAY;
	if (bytes > (int64_t)QUERY_MEMORY_DEFAULT)
		return query_error(e, QUERY_EXCEEDED_MEMORY_LIMIT,
				   "$range would use too much memory (%lld bytes) and cannot spill "
				   "to disk. Memory limit: %zu bytes",
				   (long long)bytes, QUERY_MEMORY_DEFAULT);
	b.cap = range_len((size_t)count);
	b.at = arena_get(frame->arena, b.cap);
	begin = bson_build_begin(&b);
	for (int64_t i = 0; i < count; i++) {
		struct value v = value_int32((int32_t)(from + i * step));

		value_write_at(&b, (size_t)i, &v);
	}
	bson_build_end(&b, begin);
	*ret = value_array(buf_bytes(&b));
	return 0;
}

static int eval_range(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	struct value from, to, by;
	int32_t begin, end, step = 1;
	int result = expr_arg(self, 0, frame, &from, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &to, e);
	if (result >= 0)
		result = range_number(&from, frame, 34443, "starting", "a starting", &begin, e);
	if (result >= 0)
		result = range_number(&to, frame, 34445, "ending", "an ending", &end, e);
	if (result < 0)
		return result;
	if (self->count == 3) {
		result = expr_arg(self, 2, frame, &by, e);
		if (result >= 0)
			result = range_number(&by, frame, 34447, "step", "a step", &step, e);
		if (result < 0)
			return result;
		if (step == 0)
			return query_error(e, 34449, "$range requires a non-zero step value");
	}
	return make_range(frame, begin, end, step, ret, e);
}

/* ---- $slice */

static int slice_number(const struct value *v, const char *what, int code, const char *numeric,
			int32_t *ret, struct error *e)
{
	char text[EXPR_DOUBLE_TEXT];

	if (!value_is_number(v))
		return query_error(e, code, "%s argument to $slice must be %s, but is of type: %s",
				   what, numeric, expr_type(v));
	if (!value_as_int32(v, ret))
		return query_error(
			e, code + 1,
			"%s argument to $slice can't be represented as a 32-bit integer: %s", what,
			expr_double_text(value_to_double(v), text));
	return 0;
}

/* The third argument: 1 and *ret, 0 it is nullish. */
static int slice_count(const struct expr *self, struct expr_frame *frame, int32_t *ret,
		       struct error *e)
{
	struct value v;
	int result = expr_arg(self, 2, frame, &v, e);

	if (result < 0)
		return result;
	if (value_is_nullish(&v))
		return 0;
	result = slice_number(&v, "Third", 28727, "numeric", ret, e);
	if (result < 0)
		return result;
	if (*ret <= 0)
		return query_error(e, 28729, "Third argument to $slice must be positive: %d", *ret);
	return 1;
}

static int eval_slice(const struct expr *self, struct expr_frame *frame, struct value *ret,
		      struct error *e)
{
	struct value array, place, *elements;
	int32_t n, most = 0;
	size_t count;
	int64_t begin, end;
	int result = expr_arg(self, 0, frame, &array, e);

	if (result >= 0)
		result = expr_arg(self, 1, frame, &place, e);
	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&array) || value_is_nullish(&place))
		return 0;
	if (array.type != BSON_KIND_ARRAY)
		return query_error(e, 28724,
				   "First argument to $slice must be an array, but is of type: %s",
				   expr_type(&array));
	result = slice_number(&place, "Second", 28725, "a numeric value", &n, e);
	if (result >= 0 && self->count == 3)
		result = slice_count(self, frame, &most, e);
	if (result < 0 || (self->count == 3 && result == 0))
		return result;
	elements = expr_elements(frame->arena, array.data, &count);
	begin = n < 0 ? MAX_OF((int64_t)count + n, 0) : self->count == 3 ? n : 0;
	end = self->count == 3 ? begin + most : n < 0 ? (int64_t)count : n;
	end = MIN_OF(end, (int64_t)count);
	*ret = expr_array_of(frame->arena, elements + MIN_OF(begin, (int64_t)count),
			     begin < end ? (size_t)(end - begin) : 0);
	return 0;
}

const struct expr_op expr_ops_array[] = {
	{.name = "$arrayElemAt", .least = 2, .most = 2, .eval = eval_array_elem_at},
	{.name = "$concatArrays",
	 .least = 0,
	 .most = -1,
	 .eval = eval_concat_arrays,
	 .fold = EXPR_FOLD_IN_ORDER},
	{.name = "$first", .least = 1, .most = 1, .eval = eval_first},
	{.name = "$in", .least = 2, .most = 2, .eval = eval_in},
	{.name = "$indexOfArray",
	 .least = 2,
	 .most = 4,
	 .eval = eval_index_of_array,
	 .optimize = optimize_index_of_array},
	{.name = "$isArray", .least = 1, .most = 1, .eval = eval_is_array},
	{.name = "$last", .least = 1, .most = 1, .eval = eval_last},
	{.name = "$range", .least = 2, .most = 3, .eval = eval_range},
	{.name = "$reverseArray", .least = 1, .most = 1, .eval = eval_reverse_array},
	{.name = "$size", .least = 1, .most = 1, .eval = eval_size},
	{.name = "$slice", .least = 2, .most = 3, .eval = eval_slice},
	{.name = NULL},
};
