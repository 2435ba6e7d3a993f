#include <stdlib.h>

#include "query/match/match_show.h"

bool match_has_path(const struct match_node *node)
{
	return node->path.count > 0;
}

static bool is_true(const struct match_node *node)
{
	return node->kind == MATCH_ALWAYS_TRUE || (node->kind == MATCH_AND && node->count == 0);
}

static bool is_false(const struct match_node *node)
{
	return node->kind == MATCH_ALWAYS_FALSE;
}

/* ---- {$or: [{a: 1}, {a: 2}]} is {a: {$in: [1, 2]}} */

static bool fits_in(const struct match_node *node)
{
	return node->kind == MATCH_REGEX ||
	       (node->kind == MATCH_EQ && node->value.type != BSON_KIND_REGEX);
}

struct order {
	struct collation *collation;
};

static int compare_values(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;

	return value_compare_element(a, b, order->collation);
}

static struct match_node *in_of(struct match_parser *p, const struct match_list *list)
{
	const struct match_node *first = list->at[0];
	struct match_node *in = match_node_new(p, MATCH_IN);
	struct value *values = arena_get(p->arena, list->count * sizeof(*values));
	const struct match_regex **regexes = arena_get(p->arena, list->count * sizeof(*regexes));
	struct order order = {p->q->collation};
	size_t count = 0, kept = 0;

	in->path = first->path;
	in->in_elements = true;
	in->collated = true;
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i]->kind == MATCH_REGEX)
			regexes[in->in.regex_count++] = list->at[i]->regex;
		else
			values[count++] = list->at[i]->value;
	}
	qsort_r(values, count, sizeof(*values), compare_values, &order);
	for (size_t i = 0; i < count; i++) {
		in->in.has_null |= values[i].type == BSON_KIND_NULL;
		if (kept == 0 || compare_values(&values[kept - 1], &values[i], &order) != 0)
			values[kept++] = values[i];
	}
	in->in.values = values;
	in->in.count = kept;
	in->in.regexes = regexes;
	return in;
}

/*
 * The children on the path of the first that would do become one $in, when there are two or more. mongod 6.0 looks no further
 * (measured), so neither do we: explain shows it.
 */
static void join_equal_paths(struct match_parser *p, struct match_list *children)
{
	struct match_list joined = {0}, rest = {0};
	const struct match_node *first = NULL;

	for (size_t i = 0; i < children->count; i++) {
		const struct match_node *node = children->at[i];

		if (first == NULL && fits_in(node))
			first = node;
		if (first != NULL && fits_in(node) &&
		    bytes_equal(first->path.text, node->path.text) &&
		    (node->kind == MATCH_REGEX || node->collated))
			match_list_add(p, &joined, node);
		else
			match_list_add(p, &rest, node);
	}
	if (joined.count < 2)
		return;
	match_list_add(p, &rest, in_of(p, &joined));
	*children = rest;
}

/* ---- AND, OR, NOR. Rule: ListOfMatchExpression::getOptimizer() */

/* An AND takes in the children of the ANDs in it, an OR those of ORs; they come last. */
static struct match_list absorb(struct match_parser *p, const struct match_node *node)
{
	struct match_list ret = {0};
	bool absorbs = node->kind == MATCH_AND || node->kind == MATCH_OR;

	for (size_t i = 0; i < node->count; i++)
		if (!absorbs || node->children[i]->kind != node->kind)
			match_list_add(p, &ret, node->children[i]);
	for (size_t i = 0; i < node->count; i++)
		if (absorbs && node->children[i]->kind == node->kind)
			for (size_t k = 0; k < node->children[i]->count; k++)
				match_list_add(p, &ret, node->children[i]->children[k]);
	return ret;
}

static struct match_list without_neutral(struct match_parser *p, const struct match_list *from,
					 enum match_kind kind)
{
	struct match_list ret = {0};

	for (size_t i = 0; i < from->count; i++)
		if (kind == MATCH_AND ? !is_true(from->at[i]) : !is_false(from->at[i]))
			match_list_add(p, &ret, from->at[i]);
	return ret;
}

static const struct match_node *optimize_list(struct match_parser *p, struct match_node *node)
{
	struct match_list list = absorb(p, node);
	enum match_kind kind = node->kind;

	list = without_neutral(p, &list, kind);
	if (list.count == 0 && kind == MATCH_OR)
		return match_node_new(p, MATCH_ALWAYS_FALSE);
	if (list.count == 1)
		return kind == MATCH_NOR ? match_not_new(p, list.at[0]) : list.at[0];
	for (size_t i = 0; i < list.count; i++) {
		if (kind == MATCH_AND && is_false(list.at[i]))
			return list.at[i];
		if (kind == MATCH_OR && is_true(list.at[i]))
			return match_node_new(p, MATCH_ALWAYS_TRUE);
		if (kind == MATCH_NOR && is_true(list.at[i]))
			return match_node_new(p, MATCH_ALWAYS_FALSE);
	}
	if (kind == MATCH_OR)
		join_equal_paths(p, &list);
	if (kind == MATCH_OR && list.count == 1)
		return list.at[0];
	if (kind == MATCH_NOR && list.count == 0)
		return match_tree_new(p, MATCH_AND, &list);
	return match_tree_new(p, kind, &list);
}

static const struct match_node *optimize_in(struct match_parser *p, const struct match_node *node)
{
	struct match_node *ret;

	if (node->in.count + node->in.regex_count != 1)
		return node;
	ret = match_node_new(p, node->in.count == 1 ? MATCH_EQ : MATCH_REGEX);
	ret->path = node->path;
	ret->in_elements = true;
	ret->collated = node->collated;
	if (node->in.count == 1)
		ret->value = node->in.values[0];
	else
		ret->regex = node->in.regexes[0];
	return ret;
}

/* A copy whose children are optimized. */
static struct match_node *with_children(struct match_parser *p, const struct match_node *node)
{
	struct match_node *ret = match_node_new(p, node->kind);
	struct match_list list = {0};

	*ret = *node;
	for (size_t i = 0; i < node->count; i++)
		match_list_add(p, &list, match_optimize(p, node->children[i]));
	ret->children = list.at;
	ret->count = list.count;
	return ret;
}

/* Where it is to be shown, an $expr stands beside what its comparisons say. */
static const struct match_node *optimize_expr(struct match_parser *p, const struct match_node *node)
{
	struct match_list both = {0};
	const struct match_node *said = NULL;

	if (p->shows)
		said = match_show_rewritten(p, node->expr.expr);
	if (said == NULL)
		return node;
	match_list_add(p, &both, match_optimize(p, said));
	match_list_add(p, &both, node);
	return optimize_list(p, match_tree_new(p, MATCH_AND, &both));
}

const struct match_node *match_optimize(struct match_parser *p, const struct match_node *node)
{
	switch (node->kind) {
	case MATCH_AND:
	case MATCH_OR:
	case MATCH_NOR:
		return optimize_list(p, with_children(p, node));
	case MATCH_SHOWN_XOR:
		return node->count == 1 ? match_optimize(p, node->children[0])
					: with_children(p, node);
	case MATCH_EXPR:
		return optimize_expr(p, node);
	case MATCH_NOT:
	case MATCH_ELEM_VALUE:
	case MATCH_SHOWN_ALLOWED:
	case MATCH_SHOWN_ALL_ELEMENTS:
	case MATCH_SHOWN_COND:
	case MATCH_SHOWN_ELEMENT:
	case MATCH_SHOWN_OBJECT:
		return with_children(p, node);
	case MATCH_IN:
		return optimize_in(p, node);
	default:
		return node;
	}
}
