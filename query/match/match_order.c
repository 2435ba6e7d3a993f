#include "query/match/match_node.h"

/*
 * In which order predicates are tried. It shows where an $expr fails at run time: mongod does not ask it about a document that the
 * predicates before it have refused.
 */

/* ---- the order of children. Rule: matchExpressionComparator() of canonical_query.cpp */

static int compare_nodes(const struct match_node *a, const struct match_node *b)
{
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = bytes_compare(a->path.text, b->path.text);
	if (order != 0)
		return order;
	if (a->kind == MATCH_ELEM_OBJECT)
		return compare_nodes(a->sub->root, b->sub->root);
	for (size_t i = 0; i < MIN_OF(a->count, b->count); i++) {
		order = compare_nodes(a->children[i], b->children[i]);
		if (order != 0)
			return order;
	}
	return a->count < b->count ? -1 : a->count > b->count;
}

/* Stable, and quick for lists that are sorted. */
static void sort_children(struct match_node *node,
			  int (*compare)(const struct match_node *, const struct match_node *))
{
	for (size_t i = 1; i < node->count; i++) {
		const struct match_node *moved = node->children[i];
		size_t at = i;

		for (; at > 0 && compare(moved, node->children[at - 1]) < 0; at--)
			node->children[at] = node->children[at - 1];
		node->children[at] = moved;
	}
}

const struct match_node *match_sort(const struct match_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		match_sort(node->children[i]);
	if (node->kind != MATCH_SHOWN_COND && node->kind != MATCH_SHOWN_ALLOWED)
		sort_children((struct match_node *)node, compare_nodes);
	return node;
}

/* ---- where `_id`'s index is used. Rule: TagComparator() of mongod's index_tag.cpp; which predicates it is for was measured */

/* Does an index without a collation serve a comparison with the value? */
static bool is_served(const struct value *v, bool collated)
{
	return !collated || (v->type != BSON_KIND_STRING && v->type != BSON_KIND_DOCUMENT &&
			     v->type != BSON_KIND_ARRAY && v->type != BSON_KIND_SYMBOL);
}

/* `negated`: below a $not. */
static bool values_serve(const struct match_node *node, bool collated, bool negated)
{
	for (size_t i = 0; i < node->in.count; i++)
		if (!is_served(&node->in.values[i], collated) ||
		    (negated && node->in.values[i].type == BSON_KIND_ARRAY))
			return false;
	return !negated || node->in.regex_count == 0;
}

static bool is_indexed(const struct match_node *node, bool collated, bool negated)
{
	switch (node->kind) {
	case MATCH_EQ:
	case MATCH_LT:
	case MATCH_LTE:
	case MATCH_GT:
	case MATCH_GTE:
		if (!is_served(&node->value, collated) ||
		    (negated && node->value.type == BSON_KIND_ARRAY))
			return false;
		break;
	case MATCH_IN:
		if (!values_serve(node, collated, negated))
			return false;
		break;
	case MATCH_EXISTS:
		break;
	case MATCH_MOD:
	case MATCH_REGEX:
	case MATCH_TYPE:
	case MATCH_ELEM_VALUE:
		if (negated)
			return false;
		break;
	case MATCH_NOT:
		return !negated && is_indexed(node->children[0], collated, true);
	default:
		return false;
	}
	return node->path.count == 1 && bytes_equal(node->path.text, bytes_str("_id"));
}

/* Behind an index predicates without a path come first, and then by path. */
static int compare_fetched(const struct match_node *a, const struct match_node *b)
{
	int order = bytes_compare(a->path.text, b->path.text);

	if (order != 0)
		return order;
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static int compare_tagged(const struct match_node *a, const struct match_node *b)
{
	bool first = is_indexed(a, false, false), other = is_indexed(b, false, false);

	return first != other ? (first ? -1 : 1) : compare_fetched(a, b);
}

static int compare_collated(const struct match_node *a, const struct match_node *b)
{
	bool first = is_indexed(a, true, false), other = is_indexed(b, true, false);

	return first != other ? (first ? -1 : 1) : compare_fetched(a, b);
}

static const struct match_node *sorted_copy(struct arena *arena, const struct match_node *node,
					    int (*compare)(const struct match_node *,
							   const struct match_node *))
{
	struct match_node *ret;

	if (node->count == 0 || node->kind == MATCH_SHOWN_COND)
		return node;
	ret = arena_get(arena, sizeof(*ret));
	*ret = *node;
	ret->children = arena_get(arena, node->count * sizeof(*ret->children));
	for (size_t i = 0; i < node->count; i++)
		ret->children[i] = sorted_copy(arena, node->children[i], compare_fetched);
	sort_children(ret, compare);
	return ret;
}

const struct match *match_by_id(struct arena *arena, const struct match *match)
{
	const struct match_node *root = match->root;
	bool used = false;
	struct match *ret;

	for (size_t i = 0; root->kind == MATCH_AND && i < root->count; i++)
		used |= is_indexed(root->children[i], match->has_collation, false);
	if (!used || !match_can_fail(match))
		return match;
	ret = arena_get(arena, sizeof(*ret));
	*ret = *match;
	ret->root =
		sorted_copy(arena, root, match->has_collation ? compare_collated : compare_tagged);
	return ret;
}
