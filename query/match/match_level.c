#include "query/expr/expr_op.h"
#include "query/match/match_show.h"

/* The tops of a level while they are collected. */
struct tops {
	struct bytes at[MATCH_TOPS_MAX];
	size_t count;
};

static int slot_of(struct tops *tops, struct bytes name)
{
	for (size_t i = 0; i < tops->count; i++)
		if (bytes_equal(tops->at[i], name))
			return (int)i;
	if (tops->count == MATCH_TOPS_MAX)
		return -1;
	tops->at[tops->count] = name;
	return (int)tops->count++;
}

/* Give each node with a path the slot of its first part. $elemMatch's own nodes look at values, and have none. */
static void set_slots(struct match_node *node, struct tops *tops)
{
	if (match_has_path(node)) {
		node->slot = slot_of(tops, node->path.parts[0].name);
		return;
	}
	for (size_t i = 0; i < node->count; i++)
		set_slots((struct match_node *)node->children[i], tops);
}

const struct match *match_level_of(struct match_parser *p, const struct match_node *root)
{
	struct match *match = arena_zeroed(p->arena, sizeof(*match));
	struct tops tops = {.count = 0};
	struct bytes *at;
	/* Only what can fail shows in which order it is asked. */
	const struct match_node *asked = p->has_expr ? match_show_parts(p, root) : root;

	match->as_written = match_optimize(p, asked);
	match->root = match_optimize(p, asked);
	if ((p->flags & MATCH_AS_WRITTEN) == 0)
		match->root = match_sort(match->root);
	match->whole = asked == root ? match->root : match_sort(match_optimize(p, root));
	match->has_collation = p->q->collation != NULL;
	match->parsed_tree = root;
	match->q = p->q;
	set_slots((struct match_node *)match->root, &tops);
	set_slots((struct match_node *)match->as_written, &tops);
	at = arena_get(p->arena, tops.count * sizeof(*at));
	memcpy(at, tops.at, tops.count * sizeof(*at));
	match->tops = at;
	match->top_count = tops.count;
	return match;
}

static int optimize_error(struct match_parser *p)
{
	char text[sizeof(p->e->text)];

	memcpy(text, p->e->text, sizeof(text));
	return query_error(p->e, p->e->server, "Failed to optimize expression :: caused by :: %s",
			   text);
}

/*
 * Constants in expressions are folded when all has been parsed: an error in them comes after all others. Each predicate around it says
 * once more that it could not be optimized.
 */
static int optimize_exprs(struct match_parser *p, struct match_node *node)
{
	if (node->kind == MATCH_EXPR && expr_optimize(p->scope, &node->expr.expr, p->e) < 0)
		return optimize_error(p);
	for (size_t i = 0; i < node->count; i++)
		if (optimize_exprs(p, (struct match_node *)node->children[i]) < 0)
			return optimize_error(p);
	return 0;
}

/* In the words of find there is no metadata, and nobody minds; a stage asks for it. */
static int parse_query(struct match_parser *p, struct bytes query, const struct match_node **ret)
{
	struct query_context *q = p->q, before = *q;
	int result;

	q->in_filter = (p->flags & MATCH_AGGREGATE) == 0;
	q->in_match = !q->in_filter;
	result = match_parse_document(p, query, MATCH_LEVEL_TOP, ret);
	q->in_filter = before.in_filter;
	q->in_match = before.in_match;
	return result;
}

/* Of a filter that a plan holds. */
static int optimize_filter(struct match_parser *p, const struct match_node *root)
{
	bool before = p->q->folds_filter;
	int result;

	p->q->folds_filter = true;
	result = optimize_exprs(p, (struct match_node *)root);
	p->q->folds_filter = before;
	return result;
}

int match_parse(struct expr_scope *scope, struct bytes query, unsigned flags,
		const struct match **ret, struct error *e)
{
	struct query_context *q = expr_scope_context(scope);
	struct match_parser p = {
		.scope = scope, .q = q, .arena = q->constants, .flags = flags, .e = e};
	const struct match_node *root = NULL;
	struct match *match;

	if (parse_query(&p, query, &root) < 0)
		return e->code;
	if (p.has_expr && (flags & MATCH_UNFOLDED) == 0 && optimize_filter(&p, root) < 0)
		return (flags & MATCH_AGGREGATE) != 0 ? expr_optimize_error(e) : e->code;
	match = (struct match *)match_level_of(&p, root);
	match->words = query;
	match->parsed = p.has_expr ? root : NULL;
	match->flags = flags;
	if (p.near != NULL && match_check_near(&p, match) < 0)
		return e->code;
	*ret = match;
	return 0;
}

int match_fold(struct expr_scope *scope, const struct match *match, struct error *e)
{
	struct query_context *q = expr_scope_context(scope);
	struct match_parser p = {
		.scope = scope, .q = q, .arena = q->constants, .flags = match->flags, .e = e};
	struct match *changed = (struct match *)match;
	struct match folded;

	if (match->parsed == NULL)
		return 0;
	p.has_expr = true;
	if (optimize_exprs(&p, (struct match_node *)match->parsed) < 0)
		return e->code;
	folded = *match_level_of(&p, match->parsed);
	folded.words = match->words;
	folded.flags = match->flags;
	folded.near = match->near;
	*changed = folded;
	return 0;
}

const struct match_near *match_near(const struct match *match)
{
	return match == NULL ? NULL : match->near;
}

bool match_can_fail(const struct match *match)
{
	return match->parsed != NULL;
}

int match_check_plain(struct expr_scope *scope, const struct match *match, struct error *e)
{
	const struct match *again;

	return match_parse(scope, match->words, MATCH_NO_EXPR, &again, e);
}
