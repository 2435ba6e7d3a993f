#include "query/match/match.h"

#include <sys/random.h>

#include "query/fields.h"
#include "query/match/match_node.h"

/* A document that is being tested by one level of predicates. */
struct level {
	const struct match *match;
	struct match_test *t;
	struct bytes doc;
	struct fields at; /* how far the pass over the fields has come */
	uint32_t seen;	  /* of the slots: those that were found */
	struct bson_field slots[MATCH_TOPS_MAX];
};

/* The field that a node's path begins with; NULL when there is none. Goes on where the pass has stopped. */
static const struct bson_field *find_top(struct level *l, const struct match_node *node,
					 struct bson_field *room)
{
	const struct match *m = l->match;
	uint32_t wanted = UINT32_C(1) << (node->slot & 31);

	if (node->slot < 0)
		return fields_find(l->doc, node->path.parts[0].name, room) ? room : NULL;
	if ((l->seen & wanted) != 0)
		return &l->slots[node->slot];
	while (fields_next(&l->at, room)) {
		for (size_t i = 0; i < m->top_count; i++) {
			if (m->tops[i].len != room->name.len ||
			    memcmp(m->tops[i].at, room->name.at, room->name.len) != 0)
				continue;
			if ((l->seen & UINT32_C(1) << i) == 0) {
				l->seen |= UINT32_C(1) << i;
				l->slots[i] = *room;
			}
			break;
		}
		if ((l->seen & wanted) != 0)
			return &l->slots[node->slot];
	}
	return NULL;
}

struct visit {
	struct match_test *t;
	const struct match_node *node;
	struct match_detail *detail;
};

static void set_index(struct match_detail *detail, int64_t index)
{
	if (detail != NULL && index >= 0)
		*detail = (struct match_detail){.has_index = true, .index = (uint32_t)index};
}

/* Of two indices the array's that is further out counts: it is set last. */
static int visit_value(void *arg, const struct bson_field *field, int64_t offset)
{
	struct visit *v = arg;
	int64_t index = -1;

	if (!match_value_holds(v->t, v->node, field, &index))
		return 0;
	set_index(v->detail, index);
	set_index(v->detail, offset);
	return 1;
}

static bool path_holds(struct level *l, const struct match_node *node, struct match_detail *detail)
{
	struct visit visit = {.t = l->t, .node = node, .detail = detail};
	struct bson_field room, none = {.type = 0};
	const struct bson_field *first = find_top(l, node, &room);

	if (node->path.count == 1 && (first == NULL || first->type != BSON_KIND_ARRAY))
		return match_value_holds(l->t, node, first == NULL ? &none : first, NULL);
	return path_walk_from(&node->path, first, node->in_elements, visit_value, &visit) != 0;
}

static bool expr_holds(struct level *l, const struct match_node *node)
{
	struct expr_frame *frame = l->t->frame;
	struct bytes root = frame->root;
	struct value current = frame->current, v;
	int code;

	expr_frame_set(frame, l->doc);
	code = expr_eval(node->expr.expr, frame, &v, l->t->e);
	frame->root = root;
	frame->current = current;
	if (code < 0)
		l->t->failed = code;
	return code >= 0 && value_is_true(&v);
}

static bool sample_holds(double rate)
{
	uint64_t bits = 0;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return false;
	return (double)(bits >> 11) * 0x1p-53 < rate;
}

static bool node_holds(struct level *l, const struct match_node *node, struct match_detail *detail);

static bool all_hold(struct level *l, const struct match_node *node, struct match_detail *detail)
{
	for (size_t i = 0; i < node->count; i++) {
		if (node_holds(l, node->children[i], detail))
			continue;
		if (detail != NULL)
			detail->has_index = false;
		return false;
	}
	return true;
}

static bool any_holds(struct level *l, const struct match_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		if (node_holds(l, node->children[i], NULL))
			return true;
	return false;
}

static bool one_holds(struct level *l, const struct match_node *node)
{
	size_t hits = 0;

	for (size_t i = 0; i < node->count && hits < 2; i++)
		hits += node_holds(l, node->children[i], NULL);
	return hits == 1;
}

/* What failed holds not, and nothing above it does: match_test() looks at t->failed first. */
static bool node_holds(struct level *l, const struct match_node *node, struct match_detail *detail)
{
	if (l->t->failed < 0)
		return false;
	if (node->asks != NULL)
		return match_schema_part_holds(l->t, node, l->doc);
	switch (node->kind) {
	case MATCH_AND:
		return all_hold(l, node, detail);
	case MATCH_OR:
		return any_holds(l, node);
	case MATCH_NOR:
		return !any_holds(l, node);
	case MATCH_NOT:
		return !node_holds(l, node->children[0], NULL);
	case MATCH_ALWAYS_TRUE:
	case MATCH_GEO_NEAR:
		return true;
	case MATCH_ALWAYS_FALSE:
		return false;
	case MATCH_EXPR:
		return expr_holds(l, node);
	case MATCH_SAMPLE:
		return sample_holds(node->rate);
	case MATCH_SHOWN_XOR:
		return one_holds(l, node);
	case MATCH_SHOWN_COND:
		return node_holds(l, node->children[node_holds(l, node->children[0], NULL) ? 1 : 2],
				  NULL);
	case MATCH_SCHEMA:
		return match_schema_holds(l->t, node->schema.schema, l->doc);
	default:
		return path_holds(l, node, detail);
	}
}

bool match_document_holds(struct match_test *t, const struct match *match, struct bytes doc,
			  struct match_detail *detail)
{
	struct level l;

	l.match = match;
	l.t = t;
	l.doc = doc;
	l.at = fields_of(doc);
	l.seen = 0;
	return node_holds(&l, detail == NULL ? match->root : match->as_written, detail);
}

int match_test(const struct match *match, struct expr_frame *frame, struct bytes doc,
	       struct match_detail *detail, struct error *e)
{
	struct match_test t = {.frame = frame, .e = e, .failed = 0};
	bool holds;

	if (detail != NULL)
		detail->has_index = false;
	holds = match_document_holds(&t, match, doc, detail);
	return t.failed < 0 ? t.failed : holds;
}

bool match_is_all(const struct match *match)
{
	return match->root->kind == MATCH_ALWAYS_TRUE ||
	       (match->root->kind == MATCH_AND && match->root->count == 0);
}
