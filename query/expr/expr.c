#include "query/expr/expr.h"

#include "base/bson_build.h"
#include "query/expr/expr_inside.h"
#include "query/expr/expr_op.h"

/* A variable and the slot that its value is in. The newest of a name hides the others. */
struct variable {
	struct bytes name;
	size_t slot;
};

struct expr_scope {
	struct query_context *q;
	struct variable *variables;
	size_t count, room;
	size_t slots;
	size_t constants; /* the first slots are those of the command's let */
};

static void add_variable(struct expr_scope *scope, struct bytes name, size_t slot)
{
	struct arena *arena = scope->q->constants;

	if (scope->count == scope->room) {
		struct variable *more;

		scope->room = scope->room == 0 ? 8 : scope->room * 2;
		more = arena_get(arena, scope->room * sizeof(*more));
		if (scope->count > 0)
			memcpy(more, scope->variables, scope->count * sizeof(*more));
		scope->variables = more;
	}
	scope->variables[scope->count++] =
		(struct variable){.name = arena_copy(arena, name), .slot = slot};
}

/* ---- the context's `let` */

#define LET_MISSING                                                                                \
	'.' /* stands before the name of a variable that is missing: no name begins so */

void expr_let_write(struct buf *ret, struct bytes name, const struct value *v)
{
	OWNED(buf_release) struct buf marked = {0};
	struct value undefined = {.type = BSON_KIND_UNDEFINED};

	if (!value_is_missing(v)) {
		value_write(ret, name, v);
		return;
	}
	buf_add_u8(&marked, LET_MISSING);
	buf_add_bytes(&marked, name);
	value_write(ret, buf_bytes(&marked), &undefined);
}

static bool let_is_missing(const struct bson_field *field)
{
	return field->name.len > 0 && field->name.at[0] == LET_MISSING;
}

static struct bytes let_name(const struct bson_field *field)
{
	size_t skip = let_is_missing(field);

	return bytes_of(field->name.at + skip, field->name.len - skip);
}

struct expr_scope *expr_scope_new(struct query_context *q)
{
	struct expr_scope *scope = arena_zeroed(q->constants, sizeof(*scope));

	scope->q = q;
	if (q->let.len > 0) {
		struct bson_fields fields = bson_fields(q->let);
		struct bson_field field;

		while (expr_next(&fields, &field))
			add_variable(scope, let_name(&field), scope->slots++);
	}
	scope->constants = scope->slots;
	return scope;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_name_byte(uint8_t c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/* A user can read variables that begin with a capital letter, but not make them. */
static int check_name(struct bytes name, bool to_write, struct error *e)
{
	if (name.len == 0)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "empty variable names are not allowed");
	if (!is_letter(name.at[0]) || (to_write && name.at[0] >= 'A' && name.at[0] <= 'Z'))
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"'%.*s' starts with an invalid character for a user variable name",
			(int)name.len, name.at);
	for (size_t i = 1; i < name.len; i++)
		if (!is_name_byte(name.at[i]))
			return query_error(
				e, QUERY_FAILED_TO_PARSE,
				"'%.*s' contains an invalid character for a variable name: '%c'",
				(int)name.len, name.at, name.at[i]);
	return 0;
}

int expr_scope_define(struct expr_scope *scope, struct bytes name, size_t *ret_slot,
		      struct error *e)
{
	if (!bytes_equal(name, bytes_str("CURRENT"))) {
		int result = check_name(name, true, e);

		if (result < 0)
			return result;
	}
	add_variable(scope, name, scope->slots);
	*ret_slot = scope->slots++;
	return 0;
}

size_t expr_scope_define_system(struct expr_scope *scope, const char *name)
{
	add_variable(scope, bytes_str(name), scope->slots);
	return scope->slots++;
}

/* What mongod knows without a definition. */
static const struct {
	const char *name;
	enum expr_variable variable;
} builtins[] = {
	{"ROOT", EXPR_VARIABLE_ROOT},
	{"CURRENT", EXPR_VARIABLE_CURRENT},
	{"REMOVE", EXPR_VARIABLE_REMOVE},
	{"NOW", EXPR_VARIABLE_NOW},
	{"CLUSTER_TIME", EXPR_VARIABLE_CLUSTER_TIME},
	{"JS_SCOPE", EXPR_VARIABLE_UNAVAILABLE},
	{"IS_MR", EXPR_VARIABLE_UNAVAILABLE},
	{"SEARCH_META", EXPR_VARIABLE_SEARCH_META},
};

int expr_scope_find(const struct expr_scope *scope, struct bytes name, enum expr_variable *ret,
		    size_t *ret_slot, struct error *e)
{
	int result = check_name(name, false, e);

	if (result < 0)
		return result;
	for (size_t i = scope->count; i > 0; i--)
		if (bytes_equal(scope->variables[i - 1].name, name)) {
			*ret_slot = scope->variables[i - 1].slot;
			*ret = *ret_slot < scope->constants ? EXPR_VARIABLE_LET
							    : EXPR_VARIABLE_SLOT;
			return 0;
		}
	for (size_t i = 0; i < COUNT_OF(builtins); i++)
		if (bytes_equal(name, bytes_str(builtins[i].name))) {
			*ret = builtins[i].variable;
			if ((*ret == EXPR_VARIABLE_NOW && scope->q->lacks_now) ||
			    (*ret == EXPR_VARIABLE_CLUSTER_TIME &&
			     (scope->q->lacks_now || scope->q->cluster_time == 0)))
				*ret = EXPR_VARIABLE_UNAVAILABLE;
			if (*ret == EXPR_VARIABLE_SEARCH_META &&
			    (scope->q->in_filter || !scope->q->wants_search))
				*ret = EXPR_VARIABLE_REMOVE;
			if (*ret == EXPR_VARIABLE_SEARCH_META)
				return query_error(e, 6347903,
						   "Can't access $$SEARCH_META without a $search "
						   "stage earlier in the pipeline");
			return 0;
		}
	return query_error(e, 17276, "Use of undefined variable: %.*s", (int)name.len, name.at);
}

size_t expr_slots(const struct expr_scope *scope)
{
	return scope->slots;
}

struct query_context *expr_scope_context(struct expr_scope *scope)
{
	return scope->q;
}

struct expr_scope_mark expr_scope_begin(struct expr_scope *scope)
{
	return (struct expr_scope_mark){.count = scope->count};
}

void expr_scope_end(struct expr_scope *scope, struct expr_scope_mark mark)
{
	scope->count = mark.count;
}

struct expr_frame expr_frame_new(struct query_context *q, const struct expr_scope *scope,
				 struct arena *arena)
{
	struct expr_frame frame = {.q = q, .arena = arena};
	size_t slot = 0;

	/* One more than needed: a scope without variables has a frame, too. All zero is missing. */
	frame.slots = arena_zeroed(q->constants, (scope->slots + 1) * sizeof(*frame.slots));
	if (q->let.len > 0) {
		struct bson_fields fields = bson_fields(q->let);
		struct bson_field field;

		while (slot < scope->constants && expr_next(&fields, &field))
			frame.slots[slot++] =
				let_is_missing(&field) ? value_missing() : value_of_field(&field);
	}
	expr_frame_set(&frame, bson_build_empty());
	return frame;
}

int expr_check_memory(size_t bytes, struct error *e)
{
	if (bytes <= ARENA_MOST)
		return 0;
	return query_error(e, QUERY_EXCEEDED_MEMORY_LIMIT,
			   "an expression would use too much memory and cannot spill to disk. "
			   "Memory limit: %zu bytes",
			   ARENA_MOST);
}

int expr_eval(const struct expr *expr, struct expr_frame *frame, struct value *ret, struct error *e)
{
	struct arena_mark mark = arena_mark(frame->arena);
	int result = query_context_step(frame->q, e);

	if (result >= 0)
		result = expr->eval(expr, frame, ret, e);
	if (result >= 0 && arena_used(frame->arena) - mark.total > EXPR_GARBAGE_MAX &&
	    arena_used(frame->arena) <= ARENA_MOST)
		expr_clean_up(frame->arena, mark, ret, 1);
	return result < 0 || arena_used(frame->arena) <= ARENA_MOST
		       ? result
		       : expr_check_memory(arena_used(frame->arena), e);
}

/* Each of the values is copied, though they may be the same bytes. */
static struct value kept(struct arena *arena, const struct value *v)
{
	return arena_allows(arena, expr_payload_len(v)) ? value_keep(arena, *v) : value_null();
}

void expr_clean_up(struct arena *arena, struct arena_mark mark, struct value *values, size_t count)
{
	OWNED(arena_free) struct arena *aside = arena_new();

	for (size_t i = 0; i < count; i++)
		values[i] = kept(aside, &values[i]);
	arena_rewind(arena, mark);
	if (!arena_allows(arena, arena_used(aside)))
		for (size_t i = 0; i < count; i++)
			values[i] = value_null(); /* their bytes go */
	for (size_t i = 0; i < count; i++)
		values[i] = value_keep(arena, values[i]);
}
