#include "query/match/match_index.h"

#include <math.h>

#include "query/match/match_show.h"

struct match_plan {
	const struct match_node *root;
	const struct match *match;
};

const struct match_plan *match_plan_of(const struct match *match, struct arena *arena)
{
	struct match_plan *plan = arena_zeroed(arena, sizeof(*plan));
	struct match_parser p = {.q = match->q, .arena = arena, .shows = true};

	plan->match = match;
	plan->root = match_show_differs(match->parsed_tree)
			     ? match_show_tree(&p, match->parsed_tree)
			     : match->root;
	return plan;
}

/* ---- which fields it names */

static bool is_comparison(enum match_kind kind)
{
	return kind >= MATCH_EQ && kind <= MATCH_GTE;
}

/* isIndexOnOwnFieldTypeNode() */
static bool is_own(const struct match_node *node)
{
	switch (node->kind) {
	case MATCH_REGEX:
	case MATCH_MOD:
	case MATCH_IN:
	case MATCH_TYPE:
	case MATCH_GEO:
	case MATCH_GEO_NEAR:
	case MATCH_EXISTS:
	case MATCH_INTERNAL_EQ:
	case MATCH_INTERNAL_GT:
	case MATCH_INTERNAL_GTE:
	case MATCH_INTERNAL_LT:
	case MATCH_INTERNAL_LTE:
		return true;
	default:
		return is_comparison(node->kind);
	}
}

static bool all_own(const struct match_node *node)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct match_node *child = node->children[i];

		if (child->kind == MATCH_NOT) {
			child = child->children[0];
			if (child->kind == MATCH_MOD || child->kind == MATCH_REGEX ||
			    child->kind == MATCH_TYPE)
				return false;
		}
		if (!is_own(child))
			return false;
	}
	return true;
}

/* What of `path` is behind `prefix` and a dot; false when it does not begin so. */
static bool behind(struct bytes path, struct bytes prefix, struct bytes *ret)
{
	if (path.len <= prefix.len || path.at[prefix.len] != '.' ||
	    memcmp(path.at, prefix.at, prefix.len) != 0)
		return false;
	*ret = bytes_of(path.at + prefix.len + 1, path.len - prefix.len - 1);
	return true;
}

static bool names(const struct match_node *node, struct bytes path)
{
	struct bytes rest;

	switch (node->kind) {
	case MATCH_AND:
	case MATCH_OR:
	case MATCH_NOT:
		for (size_t i = 0; i < node->count; i++)
			if (names(node->children[i], path))
				return true;
		return false;
	case MATCH_ELEM_OBJECT:
		return behind(path, node->path.text, &rest) && names(node->sub->root, rest);
	case MATCH_ELEM_VALUE:
		return bytes_equal(node->path.text, path) && all_own(node);
	default:
		return is_own(node) && bytes_equal(node->path.text, path);
	}
}

bool match_plan_names(const struct match_plan *plan, struct bytes path)
{
	return names(plan->root, path);
}

/* ---- which of them give bounds */

/* Would the collation have a say in comparing with it? */
static bool is_collated(const struct value *v)
{
	return v->type == BSON_KIND_STRING || v->type == BSON_KIND_DOCUMENT ||
	       v->type == BSON_KIND_ARRAY;
}

static bool in_fits(const struct match_in *in, const struct match_key *key)
{
	if (key->is_sparse && in->has_null)
		return false;
	for (size_t i = 0; key->is_foreign && i < in->count; i++)
		if (is_collated(&in->values[i]))
			return false;
	return true;
}

/* QueryPlannerIXSelect::_compatible() of a leaf. */
static bool leaf_fits(const struct match_node *node, const struct match_key *key)
{
	if (key->is_sphere || node->kind == MATCH_GEO)
		return key->is_sphere && node->kind == MATCH_GEO &&
		       match_geo_is_on_earth(node->geo.geo);
	if (node->kind == MATCH_IN)
		return in_fits(&node->in, key);
	if (node->kind == MATCH_GEO_NEAR || !is_own(node))
		return false;
	if (node->kind == MATCH_EQ && key->is_sparse && node->value.type == BSON_KIND_NULL)
		return false;
	if (!is_comparison(node->kind) &&
	    !(node->kind >= MATCH_INTERNAL_EQ && node->kind <= MATCH_INTERNAL_LTE))
		return true;
	return !(key->is_foreign && is_collated(&node->value));
}

static bool elements_fit(const struct match_node *node, const struct match_key *key)
{
	for (size_t i = 0; i < node->count; i++)
		if (!leaf_fits(node->children[i], key))
			return false;
	return true;
}

/* Of an AND, and of the ANDs in an $elemMatch: predicates in an OR have plans of their own. */
static bool bounds(const struct match_node *node, struct bytes path, const struct match_key *key)
{
	struct bytes rest;

	switch (node->kind) {
	case MATCH_AND:
		for (size_t i = 0; i < node->count; i++)
			if (bounds(node->children[i], path, key))
				return true;
		return false;
	case MATCH_ELEM_OBJECT:
		return behind(path, node->path.text, &rest) && bounds(node->sub->root, rest, key);
	case MATCH_ELEM_VALUE:
		return bytes_equal(node->path.text, path) && elements_fit(node, key);
	default:
		return match_has_path(node) && bytes_equal(node->path.text, path) &&
		       leaf_fits(node, key);
	}
}

bool match_plan_bounds(const struct match_plan *plan, const struct match_key *key)
{
	return bounds(plan->root, key->path, key);
}

/* ---- is one within the other? */

struct within {
	bool is_foreign; /* they compare strings otherwise */
	struct collation *collation;
};

static bool is_nan(const struct value *v)
{
	double number = value_is_number(v) ? value_to_double(v) : 0;

	return isnan(number);
}

/* Of `kind` and `v` on the left, a comparison on the right. */
static bool comparison_is_within(const struct within *w, enum match_kind kind,
				 const struct value *v, const struct match_node *right)
{
	enum match_kind than = right->kind;
	int order;

	if (value_class(v->type) != value_class(right->value.type))
		return false;
	if (is_nan(v) || is_nan(&right->value))
		return is_nan(v) && is_nan(&right->value) && kind != MATCH_LT && kind != MATCH_GT &&
		       than != MATCH_LT && than != MATCH_GT;
	if (w->is_foreign && is_collated(v))
		return false;
	order = value_compare(v, &right->value, w->collation);
	if (kind == than && order == 0)
		return true;
	if (than == MATCH_LT || than == MATCH_LTE)
		return (kind == MATCH_LT || kind == MATCH_LTE || kind == MATCH_EQ) &&
		       (than == MATCH_LTE ? order <= 0 : order < 0);
	if (than == MATCH_GT || than == MATCH_GTE)
		return (kind == MATCH_GT || kind == MATCH_GTE || kind == MATCH_EQ) &&
		       (than == MATCH_GTE ? order >= 0 : order > 0);
	return false;
}

static bool compared_is_within(const struct within *w, const struct match_node *left,
			       const struct match_node *right)
{
	if (is_comparison(left->kind))
		return comparison_is_within(w, left->kind, &left->value, right);
	if (left->kind != MATCH_IN || left->in.regex_count > 0)
		return false;
	for (size_t i = 0; i < left->in.count; i++)
		if (!comparison_is_within(w, MATCH_EQ, &left->in.values[i], right))
			return false;
	return true;
}

static bool excludes_null(const struct match_node *node)
{
	if (node->kind == MATCH_IN)
		return !node->in.has_null;
	return !is_comparison(node->kind) || node->value.type != BSON_KIND_NULL;
}

/* Is there something at the path of each that matches? */
static bool exists(const struct match_node *left, struct bytes path)
{
	if (left->kind == MATCH_NOT) {
		const struct match_node *child = left->children[0];

		return bytes_equal(child->path.text, path) && !excludes_null(child) &&
		       (child->kind == MATCH_EQ || child->kind == MATCH_IN);
	}
	if (!match_has_path(left) || !bytes_equal(left->path.text, path))
		return false;
	switch (left->kind) {
	case MATCH_ELEM_VALUE:
	case MATCH_ELEM_OBJECT:
	case MATCH_EXISTS:
	case MATCH_GEO:
	case MATCH_MOD:
	case MATCH_REGEX:
	case MATCH_SIZE:
	case MATCH_TYPE:
		return true;
	default:
		return (is_comparison(left->kind) || left->kind == MATCH_IN) && excludes_null(left);
	}
}

static bool is_same(const struct match_node *left, const struct match_node *right)
{
	if (left->kind != right->kind || !match_has_path(left) ||
	    !bytes_equal(left->path.text, right->path.text))
		return false;
	switch (left->kind) {
	case MATCH_TYPE:
		return memcmp(&left->types, &right->types, sizeof(left->types)) == 0;
	case MATCH_MOD:
		return left->mod.divisor == right->mod.divisor &&
		       left->mod.remainder == right->mod.remainder;
	case MATCH_SIZE:
		return left->size == right->size;
	case MATCH_REGEX:
		return bytes_equal(left->regex->pattern, right->regex->pattern) &&
		       bytes_equal(left->regex->options, right->regex->options);
	case MATCH_GEO:
		return bytes_equal(left->geo.name, right->geo.name) &&
		       value_compare(&left->geo.words, &right->geo.words, NULL) == 0;
	default:
		return false;
	}
}

static bool any_is_within(const struct within *w, const struct match_node *left,
			  const struct match_node *right);

static bool node_is_within(const struct within *w, const struct match_node *left,
			   const struct match_node *right)
{
	if (right->kind == MATCH_AND) {
		for (size_t i = 0; i < right->count; i++)
			if (!node_is_within(w, left, right->children[i]))
				return false;
		return true;
	}
	if (left->kind == MATCH_AND || right->kind == MATCH_OR)
		return any_is_within(w, left, right);
	if (left->kind == MATCH_OR) {
		for (size_t i = 0; i < left->count; i++)
			if (!node_is_within(w, left->children[i], right))
				return false;
		return true;
	}
	if (right->kind == MATCH_EXISTS)
		return exists(left, right->path.text);
	if (is_comparison(right->kind))
		return match_has_path(left) && bytes_equal(left->path.text, right->path.text) &&
		       compared_is_within(w, left, right);
	return is_same(left, right);
}

/* One of an AND on the left is enough; else one of an OR on the right, for each of an OR on the left. */
static bool any_is_within(const struct within *w, const struct match_node *left,
			  const struct match_node *right)
{
	for (size_t i = 0; left->kind == MATCH_AND && i < left->count; i++)
		if (node_is_within(w, left->children[i], right))
			return true;
	for (size_t i = 0; right->kind == MATCH_OR && left->kind != MATCH_OR && i < right->count;
	     i++)
		if (node_is_within(w, left, right->children[i]))
			return true;
	if (right->kind != MATCH_OR || left->kind != MATCH_OR)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (!any_is_within(w, left->children[i], right))
			return false;
	return true;
}

bool match_plan_is_within(const struct match_plan *plan, const struct match *filter, bool foreign)
{
	struct within w = {.is_foreign = foreign, .collation = plan->match->q->collation};

	return node_is_within(&w, plan->root, filter->root);
}
