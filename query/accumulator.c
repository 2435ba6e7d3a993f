#include "query/accumulator.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "query/accumulator_op.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/sort_parts.h"

static const struct accumulator_op *const tables[] = {accumulator_ops_number, accumulator_ops_one,
						      accumulator_ops_list, accumulator_ops_n,
						      accumulator_ops_top};

static const struct accumulator_op *find(struct bytes name)
{
	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (const struct accumulator_op *op = tables[t]; op->name != NULL; op++)
			if (bytes_equal(name, bytes_str(op->name)))
				return op;
	return NULL;
}

int accumulator_parse_any(struct expr_scope *scope, struct bytes op, const struct value *operand,
			  const struct accumulator **ret, struct error *e)
{
	struct accumulator *acc = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*acc));

	if (bytes_equal(op, bytes_str("$accumulator")))
		return query_error(e, 31264,
				   "Cannot run server-side javascript without the javascript "
				   "engine enabled");
	acc->op = find(op);
	if (acc->op == NULL) {
		OWNED(buf_release) struct buf name = {0};

		buf_add_bytes(&name, op);
		return query_error(e, 15952, "unknown group operator '%s'", buf_text(&name));
	}
	if (acc->op->parse != NULL) {
		if (acc->op->parse(scope, operand, acc, e) < 0)
			return e->code;
	} else if (expr_parse(scope, operand, &acc->argument, e) < 0) {
		return e->code;
	}
	*ret = acc;
	return 0;
}

int accumulator_parse(struct expr_scope *scope, struct bytes op, const struct value *operand,
		      const struct accumulator **ret, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};

	buf_add_bytes(&name, op);
	if (operand->type == BSON_KIND_ARRAY)
		return query_error(e, 40237, "The %s accumulator is a unary operator",
				   buf_text(&name));
	return accumulator_parse_any(scope, op, operand, ret, e);
}

int accumulator_optimize(struct expr_scope *scope, const struct accumulator *acc, struct error *e)
{
	/* Parsed by accumulator_parse() into memory that is ours. */
	struct accumulator *own = (struct accumulator *)(uintptr_t)acc;

	if (own->argument != NULL && expr_optimize(scope, &own->argument, e) < 0)
		return e->code;
	return own->n == NULL ? 0 : expr_optimize(scope, &own->n, e);
}

int accumulator_fold_n(struct expr_scope *scope, const struct accumulator *acc, struct error *e)
{
	/* As in accumulator_optimize(). */
	struct accumulator *own = (struct accumulator *)(uintptr_t)acc;
	struct value ignored;

	if (own->n == NULL)
		return 1;
	if (expr_optimize(scope, &own->n, e) < 0)
		return e->code;
	return expr_is_constant(own->n, &ignored);
}

void accumulator_set_late(const struct accumulator *acc)
{
	/* As in accumulator_optimize(). */
	((struct accumulator *)(uintptr_t)acc)->is_late = true;
}

size_t accumulator_size(const struct accumulator *acc)
{
	return (acc->op->size + 15) & ~(size_t)15;
}

const struct expr *accumulator_argument(const struct accumulator *acc)
{
	return acc->sort == NULL ? acc->argument : NULL;
}

int accumulator_begin(const struct accumulator *acc, void *state, struct expr_frame *frame,
		      const struct value *group, struct error *e)
{
	struct bytes root = frame->root;
	struct value current = frame->current, v;
	int result;

	if (!acc->op->takes_n)
		return 0;
	if (acc->n == NULL) {
		*(int64_t *)state = 1;
		return 0;
	}
	expr_frame_set(frame, group->type == BSON_KIND_DOCUMENT
				      ? group->data
				      : bytes_of("\5\0\0\0", BSON_MIN_LEN));
	result = expr_eval(acc->n, frame, &v, e);
	frame->root = root;
	frame->current = current;
	return result < 0 ? result : expr_check_n(&v, state, e);
}

int64_t accumulator_add(const struct accumulator *acc, void *state, struct expr_frame *frame,
			struct error *e)
{
	struct value v = value_missing();

	if (acc->op->is_full != NULL && acc->op->is_full(state))
		return 0;
	if (acc->argument != NULL && expr_eval(acc->argument, frame, &v, e) < 0)
		return e->code;
	if (acc->sort != NULL) {
		struct value keys[SORT_PARTS_MAX + 1];

		if (value_is_missing(&v))
			v = value_null();
		if (accumulator_top_keys(acc, frame, keys, e) < 0)
			return e->code;
		keys[sort_count(acc->sort)] = v;
		v = value_array_of(frame->arena, keys, sort_count(acc->sort) + 1);
	}
	return acc->op->add(acc, state, frame->q, &v, e);
}

int64_t accumulator_add_value(const struct accumulator *acc, void *state, struct query_context *q,
			      const struct value *v, struct error *e)
{
	return acc->op->add(acc, state, q, v, e);
}

int accumulator_result(const struct accumulator *acc, void *state, struct query_context *q,
		       struct arena *arena, struct value *ret, struct error *e)
{
	if (acc->op->result(acc, state, q, arena, ret, e) < 0)
		return e->code;
	if (value_is_missing(ret))
		*ret = value_null();
	return 0;
}

int accumulator_partial(const struct accumulator *acc, void *state, struct query_context *q,
			struct arena *arena, struct value *ret, struct error *e)
{
	return (acc->op->partial != NULL ? acc->op->partial : acc->op->result)(acc, state, q, arena,
									       ret, e);
}

int64_t accumulator_merge(const struct accumulator *acc, void *state, struct query_context *q,
			  const struct value *v, struct error *e)
{
	return acc->op->merge(acc, state, q, v, e);
}

void accumulator_end(const struct accumulator *acc, void *state)
{
	if (acc->op->end != NULL)
		acc->op->end(state);
	memset(state, 0, acc->op->size);
}

/* ---- boxes and items */

static bool has_data(uint8_t type)
{
	switch (type) {
	case VALUE_MISSING:
	case BSON_KIND_DOUBLE:
	case BSON_KIND_INT32:
	case BSON_KIND_INT64:
	case BSON_KIND_DATE:
	case BSON_KIND_TIMESTAMP:
	case BSON_KIND_BOOL:
	case BSON_KIND_DECIMAL:
	case BSON_KIND_NULL:
	case BSON_KIND_UNDEFINED:
	case BSON_KIND_MIN_KEY:
	case BSON_KIND_MAX_KEY:
		return false;
	default:
		return true;
	}
}

int64_t accumulator_box_set(struct accumulator_box *box, const struct value *v)
{
	size_t before = box->bytes.cap;

	box->v = *v;
	if (!has_data(v->type))
		return 0;
	buf_reset(&box->bytes);
	buf_add_bytes(&box->bytes, v->data);
	box->v.data = buf_bytes(&box->bytes);
	return (int64_t)(box->bytes.cap - before);
}

struct accumulator_item accumulator_item_new(struct bytes key, const struct value *v)
{
	struct buf b = {0};
	size_t name = key.len + 1;

	/* [key] type NUL payload: the name between them is empty. */
	buf_add_bytes(&b, key);
	value_write(&b, bytes_of("", 0), v);
	if (b.len < name)
		buf_add(&b, "\xa", 2);
	return (struct accumulator_item){b.at, (uint32_t)key.len, (uint32_t)(b.len - key.len)};
}

struct value accumulator_item_value(const struct accumulator_item *item)
{
	const uint8_t *at = item->at + item->key_len;
	struct bson_field field = {at[0], bytes_of(at + 1, 0), bytes_of(at + 2, item->len - 2)};

	return value_of_field(&field);
}

void accumulator_items_insert(struct accumulator_items *items, size_t index,
			      struct accumulator_item item)
{
	if (items->count == items->room) {
		items->room = MAX_OF(2 * items->room, (size_t)4);
		items->at = xrealloc(items->at, items->room * sizeof(*items->at));
	}
	memmove(items->at + index + 1, items->at + index,
		(items->count - index) * sizeof(*items->at));
	items->at[index] = item;
	items->count++;
	items->bytes += item.key_len + item.len;
}

void accumulator_items_remove(struct accumulator_items *items, size_t index)
{
	items->bytes -= items->at[index].key_len + items->at[index].len;
	free(items->at[index].at);
	items->count--;
	memmove(items->at + index, items->at + index + 1,
		(items->count - index) * sizeof(*items->at));
}

size_t accumulator_items_memory(const void *state)
{
	const struct accumulator_items *items = state;

	return items->bytes + items->room * (sizeof(*items->at) + 32);
}

void accumulator_items_end(void *state)
{
	struct accumulator_items *items = state;

	for (size_t i = 0; i < items->count; i++)
		free(items->at[i].at);
	free(items->at);
}

int64_t accumulator_merge_elements(const struct accumulator *acc, void *state,
				   struct query_context *q, const struct value *v, struct error *e)
{
	struct fields fields = fields_of(v->data);
	struct bson_field field;
	int64_t all = 0, more;

	while (fields_next(&fields, &field)) {
		struct value element = value_of_field(&field);

		more = acc->op->add(acc, state, q, &element, e);
		if (more < 0)
			return more;
		all += more;
	}
	return all;
}
