#include "query/expr/expr_op.h"

/* ---- with a variable for each element: the slots are in `more` */

struct loop {
	size_t slot;  /* of the element */
	size_t value; /* $reduce: of what was made so far */
};

/* The name that "as" gives to the variable, or "this". */
static int define_as(struct expr_scope *scope, const struct value *as, size_t *ret_slot,
		     struct error *e)
{
	struct bytes name = bytes_str("this");

	if (!value_is_missing(as))
		name = as->type == BSON_KIND_STRING ? as->data : bytes_of("", 0);
	return expr_scope_define(scope, name, ret_slot, e);
}

/* $map and $filter: input, as, and what is evaluated for each element; the rest is outside of the variable's scope. */
static int parse_loop(struct expr_scope *scope, const struct value *v, struct expr *self,
		      struct error *e)
{
	struct loop *loop = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*loop));
	struct expr_scope_mark mark;
	int result;

	self->more = loop;
	expr_args_new(scope, self, 3);
	result = expr_parse_arg(scope, &v[0], self, 0, e);
	if (result < 0)
		return result;
	mark = expr_scope_begin(scope);
	result = define_as(scope, &v[1], &loop->slot, e);
	if (result >= 0)
		result = expr_parse_arg(scope, &v[2], self, 1, e);
	expr_scope_end(scope, mark);
	if (result >= 0 && !value_is_missing(&v[3]))
		result = expr_parse_arg(scope, &v[3], self, 2, e);
	return result;
}

static int parse_map(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e)
{
	static const char *const names[] = {"input", "as", "in"};
	struct value v[4] = {0};
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 16878, "$map only supports an object as its argument");
	result = expr_collect(operand, names, 3, 16879, "Unrecognized parameter to $map: ", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[0]))
		return query_error(e, 16880, "Missing 'input' parameter to $map");
	if (value_is_missing(&v[2]))
		return query_error(e, 16882, "Missing 'in' parameter to $map");
	return parse_loop(scope, v, self, e);
}

static int parse_filter(struct expr_scope *scope, const struct value *operand, struct expr *self,
			struct error *e)
{
	static const char *const names[] = {"input", "as", "cond", "limit"};
	struct value v[4];
	int result;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 28646, "$filter only supports an object as its argument");
	result =
		expr_collect(operand, names, 4, 28647, "Unrecognized parameter to $filter: ", v, e);
	if (result < 0)
		return result;
	if (value_is_missing(&v[0]))
		return query_error(e, 28648, "Missing 'input' parameter to $filter");
	if (value_is_missing(&v[2]))
		return query_error(e, 28650, "Missing 'cond' parameter to $filter");
	return parse_loop(scope, v, self, e);
}

/* The elements of the input: 1, or 0 when it is nullish. */
static int loop_input(const struct expr *self, struct expr_frame *frame, int code,
		      struct value **ret, size_t *ret_count, struct error *e)
{
	struct value input;
	int result = expr_arg(self, 0, frame, &input, e);

	if (result < 0)
		return result;
	if (value_is_nullish(&input))
		return 0;
	if (input.type != BSON_KIND_ARRAY)
		return query_error(e, code, "input to %s must be an array not %s", self->op->name,
				   expr_type(&input));
	*ret = expr_elements(frame->arena, input.data, ret_count);
	return 1;
}

static int eval_map(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	const struct loop *loop = self->more;
	struct value *elements;
	struct arena_mark mark;
	size_t count, done = 0;
	int result = loop_input(self, frame, 16883, &elements, &count, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	mark = arena_mark(frame->arena);
	for (size_t i = 0; i < count; i++) {
		struct value v;

		frame->slots[loop->slot] = elements[i];
		result = expr_arg(self, 1, frame, &v, e);
		if (result < 0)
			return result;
		elements[i] = v;
		if (arena_used(frame->arena) - mark.total <= EXPR_GARBAGE_MAX)
			continue;
		expr_clean_up(frame->arena, mark, elements + done, i + 1 - done);
		done = i + 1;
		mark = arena_mark(frame->arena);
	}
	*ret = expr_array_of(frame->arena, elements, count);
	return 0;
}

static int filter_limit(const struct expr *self, struct expr_frame *frame, int32_t *ret,
			struct error *e)
{
	struct value v;
	int result;

	*ret = INT32_MAX;
	if (self->args[2] == NULL)
		return 0;
	result = expr_arg(self, 2, frame, &v, e);
	if (result < 0 || value_is_nullish(&v))
		return result;
	if (!value_is_number(&v) || !value_as_int32(&v, ret))
		return query_error(
			e, 327391,
			"$filter: limit must be represented as a 32-bit integral value: %s",
			expr_text(frame->arena, &v));
	if (*ret <= 0)
		return query_error(e, 327392, "$filter: limit must be greater than 0: %s",
				   expr_text(frame->arena, &v));
	return 0;
}

static int eval_filter(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	const struct loop *loop = self->more;
	struct value *elements;
	struct arena_mark mark;
	size_t count, kept = 0;
	int32_t limit = 0;
	int result = loop_input(self, frame, 28651, &elements, &count, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	/* The limit of an empty array is not looked at. */
	if (count > 0)
		result = filter_limit(self, frame, &limit, e);
	if (result < 0)
		return result;
	mark = arena_mark(frame->arena);
	for (size_t i = 0; i < count && kept < (size_t)limit; i++) {
		struct value v, element = elements[i];

		frame->slots[loop->slot] = element;
		result = expr_arg(self, 1, frame, &v, e);
		if (result < 0)
			return result;
		if (value_is_true(&v))
			elements[kept++] = element;
		if (arena_used(frame->arena) - mark.total > EXPR_GARBAGE_MAX)
			arena_rewind(frame->arena, mark);
	}
	*ret = expr_array_of(frame->arena, elements, kept);
	return 0;
}

/* ---- $reduce: input, initialValue, in */

static int parse_reduce_part(struct expr_scope *scope, const struct bson_field *field,
			     struct expr *self, struct loop *loop, struct error *e)
{
	struct value v = value_of_field(field);
	struct expr_scope_mark mark;
	int result;

	if (bytes_equal(field->name, bytes_str("input")))
		return expr_parse_arg(scope, &v, self, 0, e);
	if (bytes_equal(field->name, bytes_str("initialValue")))
		return expr_parse_arg(scope, &v, self, 1, e);
	if (!bytes_equal(field->name, bytes_str("in")))
		return query_error(e, 40076, "$reduce found an unknown argument: %.*s",
				   (int)field->name.len, field->name.at);
	mark = expr_scope_begin(scope);
	result = expr_scope_define(scope, bytes_str("this"), &loop->slot, e);
	if (result >= 0)
		result = expr_scope_define(scope, bytes_str("value"), &loop->value, e);
	if (result >= 0)
		result = expr_parse_arg(scope, &v, self, 2, e);
	expr_scope_end(scope, mark);
	return result;
}

static int parse_reduce(struct expr_scope *scope, const struct value *operand, struct expr *self,
			struct error *e)
{
	static const char *const names[] = {"input", "initialValue", "in"};
	struct loop *loop = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*loop));
	struct bson_fields fields;
	struct bson_field field;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40075, "$reduce requires an object as an argument, found: %s",
				   expr_type(operand));
	self->more = loop;
	expr_args_new(scope, self, 3);
	fields = bson_fields(operand->data);
	while (expr_next(&fields, &field)) {
		int result = parse_reduce_part(scope, &field, self, loop, e);

		if (result < 0)
			return result;
	}
	for (int i = 0; i < 3; i++)
		if (self->args[i] == NULL)
			return query_error(e, 40077 + i, "$reduce requires '%s' to be specified",
					   names[i]);
	return 0;
}

/*
 * What grows by a level with each element can grow without end: nobody shall recurse into that. mongod fails when it becomes a document,
 * at 200 levels; here it may be somewhat deeper while it is worked with.
 */
#define DEEP 1000
#define DEEP_CHECKED 64 /* elements from one check to the next */

static int check_depth(struct expr_frame *frame, const struct value *v, struct error *e)
{
	int result = query_context_check(frame->q, e);

	if (result < 0 || (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY) ||
	    !expr_is_deeper(v->data, DEEP))
		return result;
	return query_error(e, QUERY_OVERFLOW,
			   "cannot convert document to BSON because it exceeds the limit of 200 "
			   "levels of nesting");
}

static int eval_reduce(const struct expr *self, struct expr_frame *frame, struct value *ret,
		       struct error *e)
{
	const struct loop *loop = self->more;
	struct arena_mark mark;
	struct value input, v;
	struct bson_fields fields;
	struct bson_field field;
	int result = expr_arg(self, 0, frame, &input, e);

	if (result < 0)
		return result;
	*ret = value_null();
	if (value_is_nullish(&input))
		return 0;
	if (input.type != BSON_KIND_ARRAY)
		return query_error(e, 40080, "$reduce requires that 'input' be an array, found: %s",
				   expr_text(frame->arena, &input));
	result = expr_arg(self, 1, frame, &v, e);
	if (result < 0)
		return result;
	fields = bson_fields(input.data);
	mark = arena_mark(frame->arena);
	v = value_keep(frame->arena, v);
	for (size_t i = 1; result >= 0 && expr_next(&fields, &field); i++) {
		frame->slots[loop->slot] = value_of_field(&field);
		frame->slots[loop->value] = v;
		result = expr_arg(self, 2, frame, &v, e);
		if (result >= 0 && i % DEEP_CHECKED == 0)
			result = check_depth(frame, &v, e);
		if (result >= 0 && arena_used(frame->arena) >
					   mark.total + EXPR_GARBAGE_MAX + 4 * expr_payload_len(&v))
			expr_clean_up(frame->arena, mark, &v, 1);
	}
	*ret = v;
	return result;
}

/* ---- $zip: its arguments are the inputs and then as many defaults, or none */

struct zip {
	size_t inputs;
	bool to_longest;
};

/* Where the parts are put together: the lists as they come in the operand. */
struct zip_lists {
	struct expr inputs, defaults;
};

/* What `operand` lists behind what `list` has: a part that comes again adds to it. */
static int add_to_list(struct expr_scope *scope, const struct value *operand, struct expr *list,
		       struct error *e)
{
	struct expr more = {0}, before = *list;

	if (expr_parse_args(scope, operand, &more, e) < 0)
		return e->code;
	expr_args_new(scope, list, before.count + more.count);
	if (before.count > 0)
		memcpy(list->args, before.args, before.count * sizeof(*list->args));
	if (more.count > 0)
		memcpy(list->args + before.count, more.args, more.count * sizeof(*list->args));
	return 0;
}

static int parse_zip_part(struct expr_scope *scope, const struct value *operand,
			  const struct bson_field *field, struct zip *zip, struct zip_lists *lists,
			  struct error *e)
{
	struct value v = value_of_field(field);
	bool is_inputs = bytes_equal(field->name, bytes_str("inputs"));

	if (is_inputs || bytes_equal(field->name, bytes_str("defaults"))) {
		if (v.type != BSON_KIND_ARRAY)
			return query_error(e, is_inputs ? 34461 : 34462,
					   "%s must be an array of expressions, found %s",
					   is_inputs ? "inputs" : "defaults", expr_type(&v));
		return add_to_list(scope, &v, is_inputs ? &lists->inputs : &lists->defaults, e);
	}
	if (!bytes_equal(field->name, bytes_str("useLongestLength")))
		return query_error(e, 34464, "$zip found an unknown argument: %.*s",
				   (int)field->name.len, field->name.at);
	/* mongod tells the type of the whole operand here, not that of the part. */
	if (v.type != BSON_KIND_BOOL)
		return query_error(e, 34463, "useLongestLength must be a bool, found %s",
				   expr_type(operand));
	zip->to_longest = v.flag;
	return 0;
}

static int parse_zip(struct expr_scope *scope, const struct value *operand, struct expr *self,
		     struct error *e)
{
	struct zip *zip = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*zip));
	struct zip_lists lists = {0};
	struct bson_fields fields;
	struct bson_field field;
	size_t defaults;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 34460,
				   "$zip only supports an object as an argument, found %s",
				   expr_type(operand));
	fields = bson_fields(operand->data);
	while (expr_next(&fields, &field)) {
		int result = parse_zip_part(scope, operand, &field, zip, &lists, e);

		if (result < 0)
			return result;
	}
	zip->inputs = lists.inputs.count;
	defaults = lists.defaults.count;
	if (zip->inputs == 0)
		return query_error(e, 34465, "$zip requires at least one input array");
	if (defaults > 0 && !zip->to_longest)
		return query_error(e, 34466,
				   "cannot specify defaults unless useLongestLength is true");
	if (defaults > 0 && defaults != zip->inputs)
		return query_error(e, 34467, "defaults and inputs must have the same length");
	self->more = zip;
	expr_args_new(scope, self, zip->inputs + defaults);
	memcpy(self->args, lists.inputs.args, zip->inputs * sizeof(*self->args));
	if (defaults > 0)
		memcpy(self->args + zip->inputs, lists.defaults.args,
		       defaults * sizeof(*self->args));
	return 0;
}

struct column {
	struct value *values;
	size_t count;
	struct value filler;
};

/* Evaluate the inputs: 1 and the columns, 0 one is nullish. */
static int zip_columns(const struct expr *self, struct expr_frame *frame, struct column *columns,
		       size_t *least, size_t *most, struct error *e)
{
	const struct zip *zip = self->more;

	*least = SIZE_MAX;
	*most = 0;
	for (size_t i = 0; i < zip->inputs; i++) {
		struct value v;
		int result = expr_arg(self, i, frame, &v, e);

		if (result < 0)
			return result;
		if (value_is_nullish(&v))
			return 0;
		if (v.type != BSON_KIND_ARRAY)
			return query_error(e, 34468,
					   "$zip found a non-array expression in input: %s",
					   expr_text(frame->arena, &v));
		columns[i].values = expr_elements(frame->arena, v.data, &columns[i].count);
		columns[i].filler = value_null();
		*least = MIN_OF(*least, columns[i].count);
		*most = MAX_OF(*most, columns[i].count);
	}
	for (size_t i = 0; *least != *most && i < self->count - zip->inputs; i++) {
		int result = expr_arg(self, zip->inputs + i, frame, &columns[i].filler, e);

		if (result < 0)
			return result;
	}
	return 1;
}

static int eval_zip(const struct expr *self, struct expr_frame *frame, struct value *ret,
		    struct error *e)
{
	const struct zip *zip = self->more;
	struct column *columns = arena_get(frame->arena, zip->inputs * sizeof(*columns));
	struct value *row = arena_get(frame->arena, zip->inputs * sizeof(*row)), *rows;
	size_t least, most;
	int result = zip_columns(self, frame, columns, &least, &most, e);

	*ret = value_null();
	if (result <= 0)
		return result;
	if (!zip->to_longest)
		most = least;
	rows = arena_get(frame->arena, most * sizeof(*rows));
	for (size_t i = 0; i < most; i++) {
		size_t count = 0;

		/* A default that is missing leaves no element behind. */
		for (size_t j = 0; j < zip->inputs; j++) {
			row[count] =
				i < columns[j].count ? columns[j].values[i] : columns[j].filler;
			count += !value_is_missing(&row[count]);
		}
		rows[i] = expr_array_of(frame->arena, row, count);
	}
	*ret = expr_array_of(frame->arena, rows, most);
	return 0;
}

const struct expr_op expr_ops_array_more[] = {
	{.name = "$filter", .parse = parse_filter, .eval = eval_filter, .fold = EXPR_FOLD_ARGS},
	{.name = "$map", .parse = parse_map, .eval = eval_map, .fold = EXPR_FOLD_ARGS},
	{.name = "$reduce", .parse = parse_reduce, .eval = eval_reduce, .fold = EXPR_FOLD_ARGS},
	{.name = "$zip", .parse = parse_zip, .eval = eval_zip, .fold = EXPR_FOLD_ARGS},
	{.name = NULL},
};
