#include "query/expr/expr_inside.h"
#include "query/field_path.h"

/* Take "a.b.c" apart into `path`; FieldPath's checks. */
static int split(struct arena *arena, struct bytes text, struct expr_path *path, struct error *e)
{
	size_t count = 1, begin = 0;

	if (text.len == 0)
		return query_error(e, 40352, "FieldPath cannot be constructed with empty string");
	if (text.at[text.len - 1] == '.')
		return query_error(e, 40353, "FieldPath must not end with a '.'.");
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '.';
	if (count > FIELD_PATH_MAX)
		return query_error(e, QUERY_OVERFLOW, "FieldPath is too long");
	path->text = text;
	path->parts = arena_get(arena, count * sizeof(*path->parts));
	for (size_t i = 0; i <= text.len; i++)
		if (i == text.len || text.at[i] == '.') {
			struct bytes part = bytes_of(text.at + begin, i - begin);
			int result = field_path_check_name(part, e);

			if (result < 0)
				return result;
			path->parts[path->count++] = part;
			begin = i + 1;
		}
	return 0;
}

static const struct expr *path_expr(struct expr_scope *scope, struct expr_path *path)
{
	struct expr *expr = arena_zeroed(expr_scope_context(scope)->constants, sizeof(*expr));

	expr->eval = expr_eval_path;
	expr->more = path;
	return expr;
}

int expr_field(struct expr_scope *scope, struct bytes text, const struct expr **ret,
	       struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct expr_path *path = arena_zeroed(arena, sizeof(*path));
	int result = expr_scope_find(scope, bytes_str("CURRENT"), &path->variable, &path->slot, e);

	path->name = bytes_str("CURRENT");
	if (result >= 0)
		result = split(arena, arena_copy(arena, text), path, e);
	if (result < 0)
		return result;
	*ret = path_expr(scope, path);
	return 0;
}

/* "NAME" or "NAME.a.b". */
static int parse_variable(struct expr_scope *scope, struct bytes raw, const struct expr **ret,
			  struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct expr_path *path = arena_zeroed(arena, sizeof(*path));
	const uint8_t *dot = raw.len == 0 ? NULL : memchr(raw.at, '.', raw.len);
	size_t len = dot == NULL ? raw.len : (size_t)(dot - raw.at);
	int result = expr_scope_find(scope, bytes_of(raw.at, len), &path->variable, &path->slot, e);

	if (result < 0)
		return result;
	path->name = arena_copy(arena, bytes_of(raw.at, len));
	if (dot != NULL) {
		/* With the name before it: a dot at its end is an error of the whole. */
		if (len + 1 == raw.len)
			return query_error(e, 40353, "FieldPath must not end with a '.'.");
		result = split(arena, arena_copy(arena, bytes_of(dot + 1, raw.len - len - 1)), path,
			       e);
		if (result < 0)
			return result;
	}
	*ret = path_expr(scope, path);
	return 0;
}

int expr_parse_path(struct expr_scope *scope, struct bytes raw, const struct expr **ret,
		    struct error *e)
{
	if (raw.len == 0 || raw.at[0] != '$')
		return query_error(e, 16873, "FieldPath '%.*s' doesn't start with $", (int)raw.len,
				   raw.at);
	if (raw.len < 2)
		return query_error(e, 16872, "'$' by itself is not a valid FieldPath");
	if (raw.at[1] == '$')
		return parse_variable(scope, bytes_of(raw.at + 2, raw.len - 2), ret, e);
	return expr_field(scope, bytes_of(raw.at + 1, raw.len - 1), ret, e);
}

/* ---- evaluation */

static void walk(struct arena *arena, const struct expr_path *path, size_t part, struct bytes doc,
		 struct value *ret);

/* The rest of a path in each document of an array: those that have it. Other arrays inside are not looked into. */
static void walk_array(struct arena *arena, const struct expr_path *path, size_t part,
		       struct bytes array, struct value *ret)
{
	size_t count = 0, found = 0;
	struct value *elements = expr_elements(arena, array, &count);

	for (size_t i = 0; i < count; i++) {
		struct value v;

		if (elements[i].type != BSON_KIND_DOCUMENT)
			continue;
		walk(arena, path, part, elements[i].data, &v);
		if (!value_is_missing(&v))
			elements[found++] = v;
	}
	*ret = expr_array_of(arena, elements, found);
}

static void walk(struct arena *arena, const struct expr_path *path, size_t part, struct bytes doc,
		 struct value *ret)
{
	for (;; part++) {
		struct value v = value_get(doc, path->parts[part]);

		if (part + 1 == path->count) {
			*ret = v;
			return;
		}
		if (v.type == BSON_KIND_ARRAY) {
			walk_array(arena, path, part + 1, v.data, ret);
			return;
		}
		if (v.type != BSON_KIND_DOCUMENT) {
			*ret = value_missing();
			return;
		}
		doc = v.data;
	}
}

/* The value of the variable itself. */
static int variable_value(const struct expr_path *path, struct expr_frame *frame, struct value *ret,
			  struct error *e)
{
	switch (path->variable) {
	case EXPR_VARIABLE_ROOT:
		*ret = value_document(frame->root);
		return 0;
	case EXPR_VARIABLE_CURRENT:
		*ret = frame->current;
		return 0;
	case EXPR_VARIABLE_REMOVE:
		*ret = value_missing();
		return 0;
	case EXPR_VARIABLE_NOW:
		*ret = value_date(frame->q->now);
		return 0;
	case EXPR_VARIABLE_CLUSTER_TIME:
		*ret = value_timestamp(frame->q->cluster_time);
		return 0;
	case EXPR_VARIABLE_UNAVAILABLE:
		return query_error(e, 51144, "Builtin variable '$$%.*s' is not available",
				   (int)path->name.len, path->name.at);
	default:
		*ret = frame->slots[path->slot];
		return 0;
	}
}

int expr_eval_path(const struct expr *self, struct expr_frame *frame, struct value *ret,
		   struct error *e)
{
	const struct expr_path *path = self->more;
	struct value v;
	int result = variable_value(path, frame, &v, e);

	if (result < 0)
		return result;
	if (path->count == 0)
		*ret = v;
	else if (v.type == BSON_KIND_DOCUMENT)
		walk(frame->arena, path, 0, v.data, ret);
	else if (v.type == BSON_KIND_ARRAY)
		walk_array(frame->arena, path, 0, v.data, ret);
	else
		*ret = value_missing();
	return 0;
}

bool expr_path_text(const struct expr *expr, struct buf *ret)
{
	const struct expr_path *path = expr->more;

	if (expr->eval != expr_eval_path)
		return false;
	buf_add_bytes(ret, path->name);
	if (path->count > 0)
		buf_add_u8(ret, '.');
	buf_add_bytes(ret, path->text);
	return true;
}

bool expr_is_field(const struct expr *expr, struct bytes *ret_path)
{
	const struct expr_path *path = expr->more;

	if (expr->eval != expr_eval_path || path->count == 0)
		return false;
	if (path->variable != EXPR_VARIABLE_ROOT && path->variable != EXPR_VARIABLE_CURRENT)
		return false;
	*ret_path = path->text;
	return true;
}
