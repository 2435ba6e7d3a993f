#include "query/match/match_show.h"

#include "query/expr/expr_inside.h"

bool match_show_differs(const struct match_node *node)
{
	if (node->kind == MATCH_EXPR || node->kind == MATCH_SCHEMA)
		return true;
	if (node->kind == MATCH_ELEM_OBJECT)
		return match_show_differs(node->sub->parsed_tree);
	for (size_t i = 0; i < node->count; i++)
		if (match_show_differs(node->children[i]))
			return true;
	return false;
}

/* ---- an $expr's comparisons */

static const struct {
	const char *name;
	enum match_kind kind, turned; /* turned: the constant comes first */
} comparisons[] = {
	{"$eq", MATCH_INTERNAL_EQ, MATCH_INTERNAL_EQ},
	{"$gt", MATCH_INTERNAL_GT, MATCH_INTERNAL_LT},
	{"$gte", MATCH_INTERNAL_GTE, MATCH_INTERNAL_LTE},
	{"$lt", MATCH_INTERNAL_LT, MATCH_INTERNAL_GT},
	{"$lte", MATCH_INTERNAL_LTE, MATCH_INTERNAL_GTE},
};

static const struct match_node *rewrite_comparison(struct match_parser *p, const struct expr *expr,
						   size_t which)
{
	struct match_node *node;
	struct value v;
	struct bytes path;
	bool turned = expr_is_constant(expr->args[0], &v);

	if (!turned && !expr_is_constant(expr->args[1], &v))
		return NULL;
	if (!expr_is_field(expr->args[turned ? 1 : 0], &path))
		return NULL;
	if (v.type == BSON_KIND_ARRAY || v.type == BSON_KIND_UNDEFINED || value_is_missing(&v))
		return NULL;
	node = match_leaf_new(p, turned ? comparisons[which].turned : comparisons[which].kind,
			      path);
	node->value = v;
	return node;
}

const struct match_node *match_show_rewritten(struct match_parser *p, const struct expr *expr)
{
	bool is_and, is_or;
	struct match_list list = {0};

	if (expr->op == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(comparisons); i++)
		if (strcmp(expr->op->name, comparisons[i].name) == 0)
			return rewrite_comparison(p, expr, i);
	is_and = strcmp(expr->op->name, "$and") == 0;
	is_or = strcmp(expr->op->name, "$or") == 0;
	if (!is_and && !is_or)
		return NULL;
	for (size_t i = 0; i < expr->count; i++) {
		const struct match_node *child = match_show_rewritten(p, expr->args[i]);

		if (child == NULL && is_or)
			return NULL;
		match_list_add(p, &list, child);
	}
	if (list.count == 0)
		return NULL;
	return match_tree_new(p, is_and ? MATCH_AND : MATCH_OR, &list);
}

/* ---- the tree */

const struct match_node *match_show_parts(struct match_parser *p, const struct match_node *node)
{
	struct match_node *ret;
	struct match_list list = {0};

	if (node->kind == MATCH_SCHEMA)
		return match_show_schema(p, node->schema.schema, true);
	if (node->count == 0)
		return node;
	ret = match_node_new(p, node->kind);
	*ret = *node;
	for (size_t i = 0; i < node->count; i++)
		match_list_add(p, &list, match_show_parts(p, node->children[i]));
	ret->children = list.at;
	return ret;
}

static const struct match_node *copy(struct match_parser *p, const struct match_node *node)
{
	struct match_node *ret;
	struct match *level;
	struct match_list list = {0};

	if (node->kind == MATCH_SCHEMA)
		return match_show_schema(p, node->schema.schema, true);
	ret = match_node_new(p, node->kind);
	*ret = *node;
	if (node->kind == MATCH_ELEM_OBJECT) {
		level = arena_zeroed(p->arena, sizeof(*level));
		level->root = match_show_tree(p, node->sub->parsed_tree);
		ret->sub = level;
	}
	for (size_t i = 0; i < node->count; i++)
		match_list_add(p, &list, copy(p, node->children[i]));
	ret->children = list.at;
	ret->count = list.count;
	return ret;
}

const struct match_node *match_show_tree(struct match_parser *p, const struct match_node *node)
{
	return match_sort(match_optimize(p, copy(p, node)));
}
