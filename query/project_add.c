/* $addFields: the checks of mongod's ProjectionSpecValidator, then the tree. Prefix: project_ */
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/project_node.h"
#include "query/query_error.h"

/* A place in the paths that were given. */
struct seen_path {
	struct bytes least; /* of the paths that came here: this one an error names */
	bool is_end;	    /* it ends here */
	struct name_table names;
	struct seen_path **below; /* one for each name, with place for `room` */
	size_t room;
};

struct adding {
	struct expr_scope *scope;
	struct arena *arena;
	int depth;
	struct bytes spec;
	struct seen_path seen;
};

static struct seen_path *seen_add(struct arena *arena, struct seen_path *at, struct bytes name,
				  struct bytes path)
{
	struct seen_path *made = arena_zeroed(arena, sizeof(*made));
	size_t place = name_table_add(arena, &at->names, name);

	at->below = name_table_beside(arena, &at->names, at->below, &at->room,
				      sizeof(struct seen_path *));
	made->least = path;
	at->below[place] = made;
	return made;
}

static int conflict(struct adding *adding, struct bytes path, struct bytes other, struct error *e)
{
	OWNED(buf_release) struct buf a = {0}, b = {0}, spec = {0};

	value_text_bson(adding->spec, false, &spec);
	return query_error(e, 40176,
			   "specification contains two conflicting paths. Cannot specify both '%s' "
			   "and '%s': %s",
			   project_node_text(path, &a), project_node_text(other, &b),
			   buf_text(&spec));
}

/* mongod's PathPrefixComparator: as text, a dot before all. */
static bool is_less(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++)
		if (a.at[i] != b.at[i])
			return a.at[i] == '.' || (b.at[i] != '.' && a.at[i] < b.at[i]);
	return a.len < b.len;
}

/* The paths that were given are a tree without a path that goes through the end of another one. */
static int see_path(struct adding *adding, struct bytes path, struct error *e)
{
	struct seen_path *at = &adding->seen;
	struct bytes rest = path;

	while (rest.at != NULL) {
		struct bytes name = field_path_first(rest, &rest);
		size_t place = name_table_find(&at->names, name);

		if (place == at->names.count) {
			at = seen_add(adding->arena, at, name, path);
		} else if (at->below[place]->is_end || rest.at == NULL) {
			return conflict(adding, path, at->below[place]->least, e);
		} else {
			at = at->below[place];
			if (is_less(path, at->least))
				at->least = path;
		}
	}
	at->is_end = true;
	return 0;
}

static int check_object(struct adding *adding, struct bytes path, struct bytes obj,
			struct error *e);

static int check_inner(struct adding *adding, struct bytes path, const struct bson_field *field,
		       struct error *e)
{
	OWNED(buf_release) struct buf room = {0}, spec = {0};
	struct buf full = {0};
	struct bytes below;

	if (memchr(field->name.at, '.', field->name.len) != NULL) {
		value_text_bson(adding->spec, false, &spec);
		return query_error(e, 40183,
				   "cannot use dotted field name '%s' in a sub object: %s",
				   project_node_text(field->name, &room), buf_text(&spec));
	}
	buf_add_bytes(&full, path);
	buf_add_u8(&full, '.');
	buf_add_bytes(&full, field->name);
	below = arena_copy(adding->arena, buf_bytes(&full));
	buf_release(&full);
	if (field_path_check(below, e) < 0)
		return e->code;
	return field->type == BSON_KIND_DOCUMENT ? check_object(adding, below, field->value, e)
						 : see_path(adding, below, e);
}

static int check_object(struct adding *adding, struct bytes path, struct bytes obj, struct error *e)
{
	OWNED(buf_release) struct buf a = {0}, b = {0};
	struct fields fields = fields_of(obj);
	struct bson_field field;

	if (value_count(obj) == 0)
		return query_error(
			e, 40180,
			"an empty object is not a valid value. Found empty object at path %s",
			project_node_text(path, &a));
	if (++adding->depth > PROJECT_DEPTH_MAX)
		return query_error(e, QUERY_OVERFLOW, "projection nests too deep");
	while (fields_next(&fields, &field)) {
		if (field.name.len == 0 || field.name.at[0] != '$') {
			if (check_inner(adding, path, &field, e) < 0)
				return e->code;
			continue;
		}
		if (value_count(obj) != 1) {
			value_text_bson(obj, false, &a);
			value_text_bson(adding->spec, false, &b);
			return query_error(e, 40181,
					   "an expression specification must contain exactly one "
					   "field, the name of the expression. Found %zu fields "
					   "in %s, while parsing object %s",
					   value_count(obj), buf_text(&a), buf_text(&b));
		}
		if (see_path(adding, path, e) < 0)
			return e->code;
	}
	adding->depth--;
	return 0;
}

static int check_add(struct adding *adding, struct error *e)
{
	struct fields fields = fields_of(adding->spec);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (field_path_check(field.name, e) < 0 ||
		    (field.type == BSON_KIND_DOCUMENT
			     ? check_object(adding, field.name, field.value, e)
			     : see_path(adding, field.name, e)) < 0)
			return e->code;
	return 0;
}

static bool is_operator(struct bytes obj)
{
	struct fields fields = fields_of(obj);
	struct bson_field field;

	return fields_next(&fields, &field) && field.name.len > 0 && field.name.at[0] == '$';
}

/* The node of a path that holds others: made when it is not there. */
static struct project_node *path_node(struct arena *arena, struct project_node *node,
				      struct bytes path)
{
	struct bytes rest = path;

	while (rest.at != NULL) {
		struct bytes name = field_path_first(rest, &rest);
		struct project_node *child = project_node_child(node, name);

		node = child != NULL ? child
				     : project_node_add(arena, node, name, PROJECT_NODE_PATH);
	}
	return node;
}

static int add_elements(struct adding *adding, struct project_node *node, struct bytes obj,
			struct error *e)
{
	struct fields fields = fields_of(obj);
	struct project_node *leaf;
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		const struct expr *expr;

		if (field.type == BSON_KIND_DOCUMENT && !is_operator(field.value)) {
			if (add_elements(adding, path_node(adding->arena, node, field.name),
					 field.value, e) < 0)
				return e->code;
			continue;
		}
		if ((field.type == BSON_KIND_DOCUMENT
			     ? expr_parse_object(adding->scope, field.value, &expr, e)
			     : expr_parse(adding->scope, &v, &expr, e)) < 0 ||
		    project_node_leaf(adding->arena, node, field.name, PROJECT_NODE_EXPR, &leaf,
				      e) < 0)
			return e->code;
		leaf->expr = expr;
	}
	return 0;
}

int project_parse_add(struct expr_scope *scope, struct bytes spec, const struct project **ret,
		      struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct project *project = arena_zeroed(arena, sizeof(*project));
	struct adding adding = {.scope = scope, .arena = arena};

	project->type = PROJECT_ADD;
	project->root = arena_zeroed(arena, sizeof(*project->root));
	adding.spec = arena_copy(arena, spec);
	if (check_add(&adding, e) < 0 || add_elements(&adding, project->root, adding.spec, e) < 0)
		return e->code;
	project->wants_sort_key = project_node_asks_key(spec);
	project_node_mark(project->root);
	*ret = project;
	return 0;
}
