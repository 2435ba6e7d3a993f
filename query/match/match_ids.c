#include <math.h>

#include "query/expr/expr_op.h"
#include "query/match/match_show.h"

/* A predicate on `_id` itself. */
static bool is_on_id(const struct match_node *node)
{
	return node->path.count == 1 && bytes_equal(node->path.text, bytes_str("_id"));
}

/* Does a collation compare it as it likes? */
static bool is_collated(const struct value *v)
{
	return v->type == BSON_KIND_STRING || v->type == BSON_KIND_SYMBOL ||
	       v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_ARRAY;
}

/* Does a value find its equals by its key? Not where a collation calls more equal, nor null, which is missing, too. */
static bool has_key(const struct match *match, const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_DOCUMENT:
		return !match->has_collation;
	case BSON_KIND_ARRAY: /* no `_id` is one of these, or what equals them is found otherwise */
	case BSON_KIND_NULL:
	case BSON_KIND_UNDEFINED:
	case BSON_KIND_REGEX:
	case VALUE_MISSING:
		return false;
	default:
		return true;
	}
}

static bool is_nan(const struct value *v)
{
	double number = value_is_number(v) ? value_to_double(v) : 0;

	return isnan(number);
}

static bool is_range(enum match_kind kind)
{
	return kind == MATCH_LT || kind == MATCH_LTE || kind == MATCH_GT || kind == MATCH_GTE;
}

/* Can a comparison be an end of an interval? MinKey and MaxKey reach over all classes. */
static bool is_end(const struct match *match, const struct match_node *node)
{
	const struct value *v = &node->value;

	return is_on_id(node) && is_range(node->kind) && has_key(match, v) && !is_nan(v) &&
	       v->type != BSON_KIND_MIN_KEY && v->type != BSON_KIND_MAX_KEY;
}

/* `is_list` of those of a node: 1, 0 none. */
static int list_of(const struct match *match, const struct match_node *node, struct match_ids *ret)
{
	if (!is_on_id(node))
		return 0;
	if (node->kind == MATCH_EQ && has_key(match, &node->value)) {
		ret->values = &node->value;
		ret->count = 1;
	} else if (node->kind == MATCH_IN && node->in.regex_count == 0) {
		for (size_t i = 0; i < node->in.count; i++)
			if (!has_key(match, &node->in.values[i]))
				return 0;
		ret->values = node->in.values;
		ret->count = node->in.count;
	} else {
		return 0;
	}
	ret->is_list = true;
	return 1;
}

/*
 * The only `_id` that an expression leaves: {$eq: ["$_id", constant]}, or an $and with one. No `_id` is an array, which such a
 * comparison would not look into.
 */
static bool point_of(const struct match *match, const struct expr *expr, struct value *ret)
{
	struct bytes path;
	bool turned;

	if (expr->op == NULL)
		return false;
	if (strcmp(expr->op->name, "$and") == 0) {
		for (size_t i = 0; i < expr->count; i++)
			if (point_of(match, expr->args[i], ret))
				return true;
		return false;
	}
	if (strcmp(expr->op->name, "$eq") != 0)
		return false;
	turned = expr_is_constant(expr->args[0], ret);
	return (turned || expr_is_constant(expr->args[1], ret)) &&
	       expr_is_field(expr->args[turned ? 1 : 0], &path) &&
	       bytes_equal(path, bytes_str("_id")) && has_key(match, ret);
}

static bool list_of_expr(const struct match *match, const struct match_node *node,
			 struct match_ids *ret)
{
	struct value point, *kept;

	if (node->kind != MATCH_EXPR || !point_of(match, node->expr.expr, &point))
		return false;
	kept = arena_get(match->q->constants, sizeof(*kept));
	*kept = point;
	*ret = (struct match_ids){.is_list = true, .is_of_expr = true, .values = kept, .count = 1};
	return true;
}

/* Narrow the interval by one end; false when it is empty then. */
static bool narrow(const struct match_node *node, struct match_ids *ids)
{
	bool upper = node->kind == MATCH_LT || node->kind == MATCH_LTE;
	bool open = node->kind == MATCH_LT || node->kind == MATCH_GT;
	struct value *end = upper ? &ids->high : &ids->low;
	const struct value *other = ids->low.type != VALUE_MISSING ? &ids->low : &ids->high;
	int order;

	if (other->type != VALUE_MISSING &&
	    value_class(other->type) != value_class(node->value.type))
		return false;
	order = end->type == VALUE_MISSING ? 0 : value_compare(&node->value, end, NULL);
	if (end->type == VALUE_MISSING || (upper ? order < 0 : order > 0)) {
		*end = node->value;
		*(upper ? &ids->high_open : &ids->low_open) = open;
	} else if (order == 0) {
		*(upper ? &ids->high_open : &ids->low_open) |= open;
	}
	return true;
}

/* No document at all. */
static int nothing(struct match_ids *ret, bool is_exact)
{
	*ret = (struct match_ids){.is_list = true, .is_exact = is_exact};
	return 1;
}

/* NaN is the least number, and less than none. */
static void above_nan(struct match_ids *ids)
{
	if (ids->low.type == VALUE_MISSING && value_is_number(&ids->high))
		ids->low = value_double(-INFINITY);
}

static int interval_of(const struct match *match, const struct match_node *const *nodes,
		       size_t count, struct match_ids *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_end(match, nodes[i]))
			continue;
		if (!narrow(nodes[i], ret))
			return nothing(ret, true);
		used++;
	}
	ret->is_exact = used == count;
	above_nan(ret);
	return used > 0;
}

int match_ids(const struct match *match, struct match_ids *ret)
{
	const struct match_node *root = match->root;
	const struct match_node *const *nodes = root->kind == MATCH_AND ? root->children : &root;
	size_t count = root->kind == MATCH_AND ? root->count : 1;
	struct match_ids ids = {.is_list = false};

	if (root->kind == MATCH_ALWAYS_FALSE)
		return nothing(ret, true);
	for (size_t i = 0; i < count; i++) {
		if (list_of(match, nodes[i], &ids) == 0)
			continue;
		ids.is_exact = count == 1;
		*ret = ids;
		return 1;
	}
	if (interval_of(match, nodes, count, &ids) != 0) {
		*ret = ids;
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		if (list_of_expr(match, nodes[i], ret))
			return 1;
	return 0;
}

/* ---- what mongod's planner would do */

/* isBoundsGenerating() of a leaf. `foreign`: strings are compared by another order than that of the index. */
static bool leaf_bounds(const struct match_node *node, bool foreign, bool negated)
{
	switch (node->kind) {
	case MATCH_EQ:
	case MATCH_LT:
	case MATCH_LTE:
	case MATCH_GT:
	case MATCH_GTE:
	case MATCH_INTERNAL_EQ:
	case MATCH_INTERNAL_LT:
	case MATCH_INTERNAL_LTE:
	case MATCH_INTERNAL_GT:
	case MATCH_INTERNAL_GTE:
		return is_on_id(node) && !(foreign && is_collated(&node->value)) &&
		       !(negated && node->value.type == BSON_KIND_ARRAY);
	case MATCH_IN:
		for (size_t i = 0; i < node->in.count; i++)
			if ((foreign && is_collated(&node->in.values[i])) ||
			    (negated && node->in.values[i].type == BSON_KIND_ARRAY))
				return false;
		return is_on_id(node) && !(negated && node->in.regex_count > 0);
	case MATCH_EXISTS:
		return is_on_id(node);
	case MATCH_REGEX:
	case MATCH_MOD:
	case MATCH_TYPE:
		return is_on_id(node) && !negated;
	default:
		return false;
	}
}

static bool node_bounds(const struct match_node *node, bool foreign)
{
	size_t bound = 0;

	switch (node->kind) {
	case MATCH_AND:
	case MATCH_OR:
		for (size_t i = 0; i < node->count; i++)
			bound += node_bounds(node->children[i], foreign);
		return node->kind == MATCH_AND ? bound > 0 : bound > 0 && bound == node->count;
	case MATCH_NOT:
		return node->count == 1 && leaf_bounds(node->children[0], foreign, true);
	case MATCH_ELEM_VALUE:
		for (size_t i = 0; i < node->count; i++)
			bound += leaf_bounds(node->children[i], foreign, false);
		return is_on_id(node) && bound > 0;
	default:
		return leaf_bounds(node, foreign, false);
	}
}

bool match_bounds_id(const struct match *match, bool foreign)
{
	OWNED(arena_free) struct arena *arena = NULL;
	struct match_parser p = {.q = match->q, .shows = true};

	if (!match_show_differs(match->parsed_tree))
		return node_bounds(match->root, foreign);
	p.arena = arena = arena_new();
	return node_bounds(match_show_tree(&p, match->parsed_tree), foreign);
}
