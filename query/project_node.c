#include "query/project_node.h"

#include "query/field_path.h"
#include "query/query_error.h"

const char *project_node_text(struct bytes text, struct buf *room)
{
	buf_reset(room);
	buf_add_bytes(room, text);
	return buf_text(room);
}

struct project_node *project_node_child(const struct project_node *node, struct bytes name)
{
	size_t place = name_table_find(&node->names, name);

	return place < node->names.count ? node->places[place] : NULL;
}

struct project_node *project_node_add(struct arena *arena, struct project_node *node,
				      struct bytes name, enum project_node_kind kind)
{
	struct project_node *child = arena_zeroed(arena, sizeof(*child));

	child->kind = kind;
	child->name = name;
	child->index = name_table_add(arena, &node->names, name);
	node->places = name_table_beside(arena, &node->names, node->places, &node->room,
					 sizeof(struct project_node *));
	node->places[child->index] = child;
	if (node->last == NULL)
		node->children = child;
	else
		node->last->next = child;
	node->last = child;
	return child;
}

/* Put a leaf at `path` below `node`: 31249 and 31250 when something is there. */
static int add_leaf(struct arena *arena, struct project_node *node, struct bytes path,
		    enum project_node_kind kind, struct project_node **ret, struct error *e)
{
	OWNED(buf_release) struct buf a = {0}, b = {0};
	struct bytes rest = path, tail = path, name;

	for (;;) {
		struct project_node *child;

		name = field_path_first(rest, &rest);
		child = project_node_child(node, name);
		if (rest.at == NULL && child != NULL)
			return query_error(e, 31250, "Path collision at %s",
					   project_node_text(path, &a));
		if (rest.at == NULL)
			break;
		if (child == NULL)
			child = project_node_add(arena, node, name, PROJECT_NODE_PATH);
		else if (child->kind != PROJECT_NODE_PATH) {
			field_path_first(tail, &tail);
			return query_error(e, 31249, "Path collision at %s remaining portion %s",
					   project_node_text(path, &a),
					   project_node_text(tail, &b));
		}
		node = child;
	}
	*ret = project_node_add(arena, node, name, kind);
	return 0;
}

int project_node_leaf(struct arena *arena, struct project_node *node, struct bytes path,
		      enum project_node_kind kind, struct project_node **ret, struct error *e)
{
	return field_path_check(path, e) < 0 ? e->code : add_leaf(arena, node, path, kind, ret, e);
}

bool project_node_mark(struct project_node *node)
{
	node->is_computed =
		node->kind == PROJECT_NODE_EXPR || node->kind == PROJECT_NODE_ELEM_MATCH;
	for (struct project_node *child = node->children; child != NULL; child = child->next)
		node->is_computed |= project_node_mark(child);
	return node->is_computed;
}

/* What is computed at a level comes before what is computed in the levels below it. */
static int optimize_node(struct expr_scope *scope, struct project_node *node, struct error *e)
{
	struct project_node *child;

	for (child = node->children; child != NULL; child = child->next)
		if (child->kind == PROJECT_NODE_EXPR && expr_optimize(scope, &child->expr, e) < 0)
			return e->code;
	for (child = node->children; child != NULL; child = child->next)
		if (optimize_node(scope, child, e) < 0)
			return e->code;
	return 0;
}

int project_optimize(struct expr_scope *scope, const struct project *project, struct error *e)
{
	return optimize_node(scope, project->root, e);
}

/* ---- questions */

bool project_is_all(const struct project *project)
{
	return project->type != PROJECT_INCLUSION && project->root->children == NULL &&
	       project->slices == NULL;
}

bool project_wants_sort_key(const struct project *project)
{
	return project->wants_sort_key;
}

static bool has_text(struct bytes hay, const char *needle)
{
	return hay.len > 0 && memmem(hay.at, hay.len, needle, strlen(needle)) != NULL;
}

bool project_node_asks_key(struct bytes spec)
{
	return has_text(spec, "$meta") && has_text(spec, "sortKey");
}
