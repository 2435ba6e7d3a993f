#include "query/scan.h"

#include "base/key.h"
#include "query/scan_round.h"
#include "store/snapshot/catalog_order.h"

struct scan {
	struct stage stage;
	struct store *store;
	struct tree_root root;
	struct scan_plan plan;
	struct expr_frame frame; /* of the match, for points */
	uint32_t *order;	 /* ranks in natural order, or NULL */
	uint32_t *places; /* the inverse, where documents are not given in natural order; or NULL */
	struct arena *arena;
	struct tree_cursor *cursor;
	uint64_t first, end; /* ranks that are left */
	bool is_begun, is_direct;
	size_t point; /* the next one */
	struct scan_round *round;
	struct moment *dear; /* one document of a moment that is not replayed */
	struct catalog_entry dear_entry;
	struct buf doc;
	uint64_t examined;
};

/* The number of the record of document number `rank` of the tree, from 1. */
static int64_t number_of(const struct scan *s, uint64_t rank)
{
	return (int64_t)(s->places != NULL ? s->places[rank] : rank) + 1;
}

/* ---- an interval without a match, forward: as it lies */

static int next_direct(struct scan *s, struct stage_doc *ret, struct error *e)
{
	int more;

	if (s->first >= s->end)
		return 0;
	more = tree_cursor_next(s->cursor, &ret->doc, e);
	if (more <= 0)
		return more;
	s->examined++;
	ret->record_id = number_of(s, s->first++);
	ret->sort_key = ret->near = (struct bytes){0};
	return 1;
}

/* Where the interval lies, and the way to walk it. */
static int begin(struct scan *s, struct error *e)
{
	s->is_begun = true;
	s->cursor = tree_cursor_new(s->store, &s->root);
	s->first = 0;
	s->end = s->root.count;
	if (s->plan.has_high) {
		if (tree_cursor_seek_key(s->cursor, s->plan.high, e) < 0)
			return e->code;
		s->end = tree_cursor_rank(s->cursor);
	}
	if (s->plan.has_low) {
		if (tree_cursor_seek_key(s->cursor, s->plan.low, e) < 0)
			return e->code;
		s->first = tree_cursor_rank(s->cursor);
	}
	if (s->plan.match == NULL && !s->plan.backward && s->plan.order == NULL) {
		s->is_direct = true;
		return s->plan.has_low ? 0 : MIN_OF(tree_cursor_seek_rank(s->cursor, 0, e), 0);
	}
	tree_cursor_free(TAKE(s->cursor));
	s->round = scan_round_new(s->stage.q, s->store, &s->root, &s->plan);
	scan_round_set(s->round, s->first, s->end);
	return 0;
}

/* ---- points */

/* Does the document match? Frames are set, the arena is as new. */
static int test(struct scan *s, struct bytes doc, struct error *e)
{
	s->examined++;
	if (s->plan.match == NULL)
		return 1;
	arena_reset(s->arena);
	expr_frame_set(&s->frame, doc);
	return match_test(s->plan.match, &s->frame, doc, NULL, e);
}

static int next_dear(struct scan *s, struct stage_doc *ret, struct error *e)
{
	int found;

	if (s->point > 0)
		return 0;
	buf_reset(&s->doc);
	found = moment_document(s->dear, &s->dear_entry, s->plan.points[s->point++], &s->doc, e);
	if (found > 0)
		found = test(s, buf_bytes(&s->doc), e);
	*ret = (struct stage_doc){.doc = buf_bytes(&s->doc)};
	return found;
}

/*
 * The cursor stands behind the point's first document: another one with the same `_id` (there should be none)? Where a leaf begins that is
 * damaged there is none: no server has two, and the one that was found is sound.
 */
static int next_same(struct scan *s, struct stage_doc *ret, struct error *e)
{
	int more = tree_cursor_next(s->cursor, &ret->doc, e);

	if (more <= 0)
		return more < 0 && error_is_harm(e) ? 0 : more;
	buf_reset(&s->doc);
	if (key_of_document(ret->doc, &s->doc, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&s->doc), s->plan.points[s->point]);
}

static int next_point(struct scan *s, struct stage_doc *ret, struct error *e)
{
	int found;

	*ret = (struct stage_doc){0};
	if (!s->is_begun) {
		s->is_begun = true;
		s->cursor = tree_cursor_new(s->store, &s->root);
		s->is_direct = false;
	}
	while (s->point < s->plan.point_count) {
		if (s->is_direct) {
			found = next_same(s, ret, e);
		} else {
			found = tree_cursor_seek_key(s->cursor, s->plan.points[s->point], e);
			if (found > 0)
				found = tree_cursor_next(s->cursor, &ret->doc, e);
		}
		s->is_direct = found > 0;
		if (found == 0)
			s->point++;
		if (found > 0)
			found = test(s, ret->doc, e);
		if (found < 0)
			return e->code;
		if (found > 0) {
			ret->record_id = number_of(s, tree_cursor_rank(s->cursor) - 1);
			return 1;
		}
	}
	return 0;
}

/* ---- the stage */

static int next_filtered(struct scan *s, struct stage_doc *ret, struct error *e)
{
	int more = scan_round_next(s->round, ret, e);

	if (more > 0 && s->places != NULL)
		ret->record_id = number_of(s, (uint64_t)ret->record_id - 1);
	return more;
}

static int scan_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct scan *s = (struct scan *)stage;

	if ((s->examined & 63) == 0 && query_context_check(stage->q, e) < 0)
		return e->code;
	if (s->dear != NULL)
		return next_dear(s, ret, e);
	if (s->root.count == 0)
		return 0;
	if (s->plan.is_points)
		return next_point(s, ret, e);
	if (!s->is_begun && begin(s, e) < 0)
		return e->code;
	return s->is_direct ? next_direct(s, ret, e) : next_filtered(s, ret, e);
}

static void scan_close(struct stage *stage)
{
	struct scan *s = (struct scan *)stage;

	scan_round_free(s->round);
	tree_cursor_free(s->cursor);
	arena_free(s->arena);
	buf_release(&s->doc);
	free(s->order);
	free(s->places);
	catalog_entry_release(&s->dear_entry);
}

static size_t scan_memory(const struct stage *stage)
{
	const struct scan *s = (const struct scan *)stage;
	uint64_t order = s->order == NULL ? 0 : s->root.count * (s->places == NULL ? 4 : 8);

	return sizeof(*s) + order + s->doc.cap + arena_held(s->arena) +
	       tree_cursor_memory(s->cursor) + (s->round == NULL ? 0 : scan_round_memory(s->round));
}

static const struct stage_kind kind = {
	.name = "$cursor", .next = scan_next, .close = scan_close, .memory = scan_memory};

/* One point, of a moment whose documents would have to be replayed: take the way that only looks for this one. */
static bool is_dear(const struct collection *c, const struct scan_plan *plan)
{
	return plan->is_points && plan->point_count == 1 && !c->is_resolved &&
	       c->kind == COLLECTION_STORED && c->entry.root.kind == TREE_KEYED &&
	       moment_is_dear(c->moment, &c->entry);
}

static void copy_ns(struct catalog_entry *to, struct catalog_entry *from)
{
	struct catalog_entry empty;

	catalog_entry_init(&empty);
	*to = *from;
	*from = empty;
}

/* The natural order of the collection, if it is known and asked for. */
static int read_order(struct scan *s, const struct catalog_entry *entry, struct error *e)
{
	struct bytes packed = catalog_entry_order(entry);

	if (packed.len == 0 || !(s->plan.natural || s->plan.numbers))
		return 0;
	if (catalog_order_unpack(packed, entry->root.count, &s->order, e) < 0)
		return error_wrap(e, "%s", entry->ns);
	if (s->plan.natural) {
		s->plan.order = s->order;
		return 0;
	}
	s->places = xcalloc(entry->root.count, sizeof(*s->places));
	for (uint32_t i = 0; i < entry->root.count; i++)
		s->places[s->order[i]] = i;
	return 0;
}

int scan_open(struct query_context *q, struct collection *collection, const struct scan_plan *plan,
	      struct stage **ret, struct error *e)
{
	bool dear = is_dear(collection, plan);
	OWNED(stage_free) struct stage *stage = NULL;
	struct scan *s;

	if (!dear && collection_resolve(collection, e) < 0)
		return e->code;
	s = xcalloc(1, sizeof(*s));
	s->stage = (struct stage){.kind = &kind, .q = q};
	stage = &s->stage;
	s->plan = *plan;
	s->plan.order = NULL;
	catalog_entry_init(&s->dear_entry);
	if (collection->kind == COLLECTION_STORED) {
		s->store = moment_store(collection->moment);
		s->root = collection->entry.root;
		if (!dear && read_order(s, &collection->entry, e) < 0)
			return e->code;
	}
	if (dear) {
		s->dear = collection->moment;
		copy_ns(&s->dear_entry, &collection->entry);
		collection->kind = COLLECTION_MISSING;
	}
	if (plan->is_points && plan->match != NULL) {
		s->arena = arena_new();
		s->frame = expr_frame_new(q, plan->scope, s->arena);
		if (plan->set != NULL)
			memcpy(s->frame.slots, plan->set->slots,
			       plan->set_count * sizeof(*s->frame.slots));
	}
	*ret = TAKE(stage);
	return 0;
}

bool scan_is(const struct stage *stage)
{
	return stage->kind == &kind;
}

uint64_t scan_examined(const struct stage *stage)
{
	const struct scan *s = (const struct scan *)stage;

	return s->examined + (s->round == NULL ? 0 : scan_round_examined(s->round));
}
