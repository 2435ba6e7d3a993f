#include "query/project.h"

#include <inttypes.h>
#include <math.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/project_node.h"
#include "query/query_error.h"

enum chosen {
	CHOSEN_NONE,
	CHOSEN_INCLUSION,
	CHOSEN_EXCLUSION,
};

struct parsing {
	struct expr_scope *scope;
	struct arena *arena;
	struct project *project;
	enum project_use use;
	enum chosen chosen;
	const struct match *match;
	bool has_positional, has_elem_match, has_slice, has_meta;
	bool id_included, id_excluded, id_specified;
	int depth;
};

/* A decimal is rounded, half to even; a double cut off. Rule: BSONElement::safeNumberInt. */
static int32_t number_int(const struct value *v)
{
	int64_t n = isnan(value_to_double(v)) ? 0 : value_round_int64(v);

	return (int32_t)MAX_OF(MIN_OF(n, (int64_t)INT32_MAX), (int64_t)INT32_MIN);
}

/* ---- {$slice: ..} of find */

static int slice_pair(const struct value *array, struct project_slice *slice, struct error *e)
{
	struct value skip = value_at(array->data, 0), limit = value_at(array->data, 1);

	if (value_count(array->data) != 2)
		return query_error(e, 31272,
				   "$slice array argument should be of form [skip, limit]");
	if (!value_is_number(&skip))
		return query_error(e, 31257,
				   "$slice expects the skip argument to be a number, got %s",
				   value_type_name(skip.type));
	if (!value_is_number(&limit))
		return query_error(e, 31258,
				   "$slice expects the limit argument to be a number, got %s",
				   value_type_name(limit.type));
	slice->has_skip = true;
	slice->skip = number_int(&skip);
	slice->limit = number_int(&limit);
	if (slice->limit <= 0)
		return query_error(e, 31259, "$slice limit must be positive, got %" PRId32,
				   slice->limit);
	return 0;
}

static int find_slice(struct parsing *p, struct project_node *node, struct bytes prefix,
		      struct bytes path, const struct value *v, struct error *e)
{
	struct project_slice *slice = arena_zeroed(p->arena, sizeof(*slice));
	struct project_node *leaf;
	struct buf full = {0};

	if (value_is_number(v))
		slice->limit = number_int(v);
	else if (v->type != BSON_KIND_ARRAY)
		return query_error(e, 31273,
				   "$slice only supports numbers and [skip, limit] arrays");
	else if (slice_pair(v, slice, e) < 0)
		return e->code;
	if (project_node_leaf(p->arena, node, path, PROJECT_NODE_SLICE, &leaf, e) < 0)
		return e->code;
	if (prefix.len > 0) {
		buf_add_bytes(&full, prefix);
		buf_add_u8(&full, '.');
	}
	buf_add_bytes(&full, path);
	slice->path = arena_copy(p->arena, buf_bytes(&full));
	buf_release(&full);
	if (p->project->last_slice == NULL)
		p->project->slices = slice;
	else
		p->project->last_slice->next = slice;
	p->project->last_slice = slice;
	p->has_slice = true;
	return 0;
}

/* ---- expressions */

static int expression(struct parsing *p, struct project_node *node, struct bytes path,
		      struct bytes obj, struct bytes op, struct error *e)
{
	bool is_meta = bytes_equal(op, bytes_str("$meta"));
	const struct expr *expr;
	struct project_node *leaf;

	if (p->chosen == CHOSEN_EXCLUSION && !is_meta)
		return query_error(
			e, 31252, "Cannot use expression other than $meta in exclusion projection");
	if (!is_meta)
		p->chosen = CHOSEN_INCLUSION;
	if (expr_parse_object(p->scope, obj, &expr, e) < 0 ||
	    project_node_leaf(p->arena, node, path, PROJECT_NODE_EXPR, &leaf, e) < 0)
		return e->code;
	leaf->expr = expr;
	p->has_meta |= is_meta;
	if (project_node_asks_key(obj))
		p->project->wants_sort_key = true;
	return 0;
}

static int slice_or_expression(struct parsing *p, struct project_node *node, struct bytes prefix,
			       struct bytes path, struct bytes obj, const struct bson_field *first,
			       struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(first);
	char name[QUERY_ERROR_NAME_MAX];
	struct error find_error = {0};

	if (find_slice(p, node, prefix, path, &v, &find_error) == 0)
		return 0;
	if (find_error.server == 0) {
		*e = find_error;
		return e->code;
	}
	if (expression(p, node, path, obj, first->name, e) == 0)
		return 0;
	value_text_bson(obj, false, &text);
	query_error_name(find_error.server, name);
	return query_error_cause(e,
				 "Invalid $slice syntax. The given syntax %s did not match the "
				 "find() syntax because :: %s: %s :: The given syntax did not "
				 "match the expression $slice syntax.",
				 buf_text(&text), name, find_error.text);
}

static int elem_match(struct parsing *p, struct project_node *node, struct bytes path,
		      struct bytes obj, const struct bson_field *first, struct error *e)
{
	const struct match *match = NULL;
	struct project_node *leaf;
	struct buf doc = {0};
	size_t begin;
	int result;

	if (first->type != BSON_KIND_DOCUMENT)
		return query_error(e, 31274,
				   "elemMatch: Invalid argument, object required, but got %s",
				   value_type_name(first->type));
	if (p->has_positional)
		return query_error(e, 31255, "Cannot specify positional operator and $elemMatch.");
	if (memchr(path.at, '.', path.len) != NULL || node != p->project->root)
		return query_error(e, 31275, "Cannot use $elemMatch projection on a nested field.");
	begin = bson_build_begin(&doc);
	value_write(&doc, path, &(struct value){.type = BSON_KIND_DOCUMENT, .data = obj});
	bson_build_end(&doc, begin);
	result = match_parse(p->scope, arena_copy(p->arena, buf_bytes(&doc)), MATCH_NO_EXPR, &match,
			     e);
	if (result == 0)
		result = project_node_leaf(p->arena, node, path, PROJECT_NODE_ELEM_MATCH, &leaf, e);
	if (result == 0)
		leaf->match = match;
	buf_release(&doc);
	p->has_elem_match = true;
	return result;
}

/* 1 it was an expression, 0 not. */
static int as_expression(struct parsing *p, struct project_node *node, struct bytes prefix,
			 struct bytes path, struct bytes obj, const struct bson_field *first,
			 struct error *e)
{
	if (p->use == PROJECT_FIND && bytes_equal(first->name, bytes_str("$slice"))) {
		return slice_or_expression(p, node, prefix, path, obj, first, e) < 0 ? e->code : 1;
	}
	if (bytes_equal(first->name, bytes_str("$elemMatch"))) {
		if (p->use == PROJECT_FIND)
			return elem_match(p, node, path, obj, first, e) < 0 ? e->code : 1;
		return query_error(e, QUERY_INVALID_PIPELINE_OPERATOR,
				   "Cannot use $elemMatch in this context");
	}
	if (expr_op_find(first->name) == NULL)
		return 0;
	return expression(p, node, path, obj, first->name, e) < 0 ? e->code : 1;
}

/* ---- positional */

static bool is_positional(struct bytes name)
{
	return name.len >= 2 && memcmp(name.at + name.len - 2, ".$", 2) == 0;
}

/* What mongod looks at before it looks at the value: a "$" in the wrong place of the name. */
static int check_positional(const struct parsing *p, struct bytes name, struct error *e)
{
	if (p->use != PROJECT_FIND && is_positional(name))
		return query_error(e, 31324,
				   "Cannot use positional projection in aggregation projection");
	if (memmem(name.at, name.len, ".$.", 3) == NULL)
		return 0;
	return query_error(e, 31394,
			   "As of 4.4, it's illegal to specify positional operator in the middle "
			   "of a path.Positional projection may only be used at the end, for "
			   "example: a.b.$. If the query previously used a form like a.b.$.d, "
			   "remove the parts following the '$' and the results will be "
			   "equivalent.");
}

static int positional(struct parsing *p, struct project_node *node, struct bytes prefix,
		      struct bytes name, struct error *e)
{
	struct bytes path = bytes_of(name.at, name.len - 2);
	OWNED(buf_release) struct buf full = {0};
	struct project_node *leaf;

	if (p->has_positional)
		return query_error(e, 31276,
				   "Cannot specify more than one positional projection per query.");
	if (p->has_elem_match)
		return query_error(e, 31256, "Cannot specify positional operator and $elemMatch.");
	if (p->match == NULL)
		return query_error(e, 51050,
				   "Projections with a positional operator require a matcher");
	if (path.len == 0)
		return query_error(e, 5392900, "Projection on field .$ is invalid");
	if (project_node_leaf(p->arena, node, path, PROJECT_NODE_POSITIONAL, &leaf, e) < 0 ||
	    match_check_plain(p->scope, p->match, e) < 0)
		return e->code;
	if (prefix.len > 0) {
		buf_add_bytes(&full, prefix);
		buf_add_u8(&full, '.');
	}
	buf_add_bytes(&full, path);
	p->project->positional = arena_copy(p->arena, buf_bytes(&full));
	p->project->match = p->match;
	p->has_positional = true;
	return 0;
}

/* ---- elements */

static bool is_top_id(struct parsing *p, const struct project_node *node, struct bytes name)
{
	return node == p->project->root && bytes_equal(name, bytes_str("_id"));
}

static int inclusion(struct parsing *p, struct project_node *node, struct bytes prefix,
		     struct bytes name, struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	struct project_node *leaf;

	if (is_positional(name)) {
		if (positional(p, node, prefix, name, e) < 0)
			return e->code;
	} else if (project_node_leaf(p->arena, node, name, PROJECT_NODE_INCLUDE, &leaf, e) < 0)
		return e->code;
	if (is_top_id(p, node, name)) {
		p->id_included = true;
		return 0;
	}
	if (p->chosen == CHOSEN_EXCLUSION)
		return query_error(e, 31253,
				   "Cannot do inclusion on field %s in exclusion projection",
				   project_node_text(name, &room));
	p->chosen = CHOSEN_INCLUSION;
	return 0;
}

static int exclusion(struct parsing *p, struct project_node *node, struct bytes name,
		     struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	struct project_node *leaf;

	if (p->use == PROJECT_FIND && is_positional(name))
		return query_error(e, 31395, "positional projection cannot be used with exclusion");
	if (project_node_leaf(p->arena, node, name, PROJECT_NODE_EXCLUDE, &leaf, e) < 0)
		return e->code;
	if (is_top_id(p, node, name)) {
		p->id_excluded = true;
		return 0;
	}
	if (p->chosen == CHOSEN_INCLUSION)
		return query_error(e, 31254,
				   "Cannot do exclusion on field %s in inclusion projection",
				   project_node_text(name, &room));
	p->chosen = CHOSEN_EXCLUSION;
	return 0;
}

static int literal(struct parsing *p, struct project_node *node, const struct bson_field *field,
		   struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	struct value v = value_of_field(field);
	struct project_node *leaf;
	const struct expr *expr;

	if (expr_parse(p->scope, &v, &expr, e) < 0 ||
	    project_node_leaf(p->arena, node, field->name, PROJECT_NODE_EXPR, &leaf, e) < 0)
		return e->code;
	leaf->expr = expr;
	if (p->chosen == CHOSEN_EXCLUSION) {
		value_text_element(field->name, &v, &room);
		return query_error(e, 31310,
				   "Cannot use an expression %s in an exclusion projection",
				   buf_text(&room));
	}
	p->chosen = CHOSEN_INCLUSION;
	return 0;
}

static int element(struct parsing *p, struct project_node *node, struct bytes prefix,
		   const struct bson_field *field, struct error *e);

static int sub_elements(struct parsing *p, struct project_node *node, struct bytes prefix,
			const struct bson_field *field, struct error *e)
{
	struct fields walk = fields_of(field->value);
	struct bson_field inner;
	struct buf full = {0};
	struct bytes path;

	if (++p->depth > PROJECT_DEPTH_MAX)
		return query_error(e, QUERY_OVERFLOW, "projection nests too deep");
	if (prefix.len > 0) {
		buf_add_bytes(&full, prefix);
		buf_add_u8(&full, '.');
	}
	buf_add_bytes(&full, field->name);
	path = arena_copy(p->arena, buf_bytes(&full));
	buf_release(&full);
	while (fields_next(&walk, &inner))
		if (element(p, node, path, &inner, e) < 0)
			return e->code;
	p->depth--;
	return 0;
}

/* What is at a path, which may have dots; or NULL. */
static struct project_node *node_at(struct project_node *node, struct bytes path)
{
	while (node != NULL && path.at != NULL) {
		struct bytes name = field_path_first(path, &path);

		node = project_node_child(node, name);
	}
	return node;
}

static int sub_object(struct parsing *p, struct project_node *node, struct bytes prefix,
		      const struct bson_field *field, struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	struct fields walk = fields_of(field->value);
	struct project_node *child;
	struct bson_field first;
	int result;

	if (!fields_next(&walk, &first))
		return query_error(e, 51270,
				   "An empty sub-projection is not a valid value. Found empty "
				   "object at path");
	if (field_path_check(field->name, e) < 0)
		return e->code;
	if (walk.at >= walk.end && first.name.len > 0 && first.name.at[0] == '$') {
		result = as_expression(p, node, prefix, field->name, field->value, &first, e);
		if (result != 0)
			return result < 0 ? result : 0;
		if (field_path_check(first.name, e) < 0)
			return query_error(e, 31325, "Unknown expression %s",
					   project_node_text(first.name, &room));
	}
	child = node_at(node, field->name);
	if (child == NULL) {
		if (project_node_leaf(p->arena, node, field->name, PROJECT_NODE_PATH, &child, e) <
		    0)
			return e->code;
	} else if (child->kind != PROJECT_NODE_PATH)
		return query_error(e, 31250, "Path collision at %s",
				   project_node_text(field->name, &room));
	return sub_elements(p, child, prefix, field, e);
}

static bool is_flag(uint8_t type)
{
	return type == BSON_KIND_BOOL || type == BSON_KIND_INT32 || type == BSON_KIND_INT64 ||
	       type == BSON_KIND_DOUBLE || type == BSON_KIND_DECIMAL;
}

static int element(struct parsing *p, struct project_node *node, struct bytes prefix,
		   const struct bson_field *field, struct error *e)
{
	struct value v;

	if (check_positional(p, field->name, e) < 0)
		return e->code;
	if (field->type == BSON_KIND_DOCUMENT) {
		if (is_positional(field->name))
			return query_error(e, 31271,
					   "positional projection cannot be used with an "
					   "expression or sub object");
		return sub_object(p, node, prefix, field, e);
	}
	if (is_flag(field->type)) {
		v = value_of_field(field);
		return value_is_true(&v) ? inclusion(p, node, prefix, field->name, e)
					 : exclusion(p, node, field->name, e);
	}
	if (is_positional(field->name))
		return query_error(e, 31308, "positional projection cannot be used with a literal");
	return literal(p, node, field, e);
}

/* What an ambiguous projection is: projection_parser.cpp, computeProjectionType. */
static enum project_type default_type(const struct parsing *p)
{
	if (p->chosen != CHOSEN_NONE)
		return p->chosen == CHOSEN_INCLUSION ? PROJECT_INCLUSION : PROJECT_EXCLUSION;
	if (p->has_slice)
		return p->id_included ? PROJECT_INCLUSION : PROJECT_EXCLUSION;
	if (p->has_elem_match)
		return PROJECT_INCLUSION;
	if (p->has_meta) {
		if (p->use != PROJECT_FIND)
			return PROJECT_INCLUSION;
		return p->id_included && !p->id_excluded ? PROJECT_INCLUSION : PROJECT_EXCLUSION;
	}
	return p->id_included ? PROJECT_INCLUSION : PROJECT_EXCLUSION;
}

static void remove_included_id(struct project_node *root)
{
	struct project_node **at = &root->children;

	root->last = NULL;
	while (*at != NULL) {
		if (bytes_equal((*at)->name, bytes_str("_id")) &&
		    (*at)->kind == PROJECT_NODE_INCLUDE) {
			root->places[(*at)->index] = NULL;
			*at = (*at)->next;
		} else {
			root->last = *at;
			at = &(*at)->next;
		}
	}
}

static bool names_id(struct bytes name)
{
	return bytes_equal(name, bytes_str("_id")) ||
	       (name.len > 4 && memcmp(name.at, "_id.", 4) == 0);
}

static struct parsing begin(struct expr_scope *scope, enum project_use use)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct parsing p = {.scope = scope, .arena = arena, .use = use};

	p.project = arena_zeroed(arena, sizeof(*p.project));
	p.project->root = arena_zeroed(arena, sizeof(*p.project->root));
	return p;
}

int project_parse(struct expr_scope *scope, struct bytes spec, enum project_use use,
		  const struct match *match, const struct project **ret, struct error *e)
{
	struct parsing p = begin(scope, use);
	struct fields walk = fields_of(arena_copy(p.arena, spec));
	struct bson_field field;

	p.match = match;
	while (fields_next(&walk, &field)) {
		p.id_specified |= names_id(field.name);
		if (element(&p, p.project->root, bytes_of(NULL, 0), &field, e) < 0)
			return e->code;
	}
	p.project->type = default_type(&p);
	if (p.project->type == PROJECT_INCLUSION && !p.id_specified)
		project_node_add(p.arena, p.project->root, bytes_str("_id"), PROJECT_NODE_INCLUDE);
	if (p.project->type == PROJECT_EXCLUSION && p.id_included)
		remove_included_id(p.project->root);
	project_node_mark(p.project->root);
	*ret = p.project;
	return 0;
}

int project_parse_unset(struct expr_scope *scope, const struct bytes *paths, size_t count,
			const struct project **ret, struct error *e)
{
	struct parsing p = begin(scope, PROJECT_STAGE);

	p.project->type = PROJECT_EXCLUSION;
	for (size_t i = 0; i < count; i++)
		if (check_positional(&p, paths[i], e) < 0 ||
		    exclusion(&p, p.project->root, arena_copy(p.arena, paths[i]), e) < 0)
			return e->code;
	*ret = p.project;
	return 0;
}
