/*
 * The operations on documents whose `_id` is compared under a collation: declared in replay_op.h.
 *
 * The tree is ordered by simple keys all the same. An operation's document is the one with its simple key,
 * else one that the collation calls equal. For those, one pass over the collection sorts all its keys
 * under the collation; it is made when the first operation needs it. What the operations come to is
 * collected under simple keys.
 */
#include "base/bson.h"
#include "base/collation.h"
#include "base/key.h"
#include "oplog/replay_op.h"
#include "store/tree/tree_cursor.h"

/* A document that the collation calls equal to the others of its group. */
struct member {
	struct buf key; /* simple */
	struct buf doc; /* as it is now, if `is_read` */
	bool in_base;
	bool is_read; /* else it is as in the base */
	bool gone;
};

struct collated {
	struct replay_slot_work *work;
	struct store *store;
	struct collation *collation;
	struct tree_cursor *cursor; /* over the base */
	struct buf group;	    /* the key of the group, under the collation */
	struct member *members;
	size_t count, room;
	struct extsort
		*all; /* keys of the base under the collation -> simple keys; NULL: not yet */
	bool some;    /* `all` stands at this pair */
	struct bytes all_key, all_simple;
};

/* ------------------------------------------------------------------ the members of a group */

static struct member *add_member(struct collated *c, struct bytes key, bool in_base)
{
	struct member *member = NULL;

	if (c->count == c->room) {
		c->members = xrealloc(c->members, (c->room + 4) * sizeof(*c->members));
		memset(c->members + c->room, 0, 4 * sizeof(*c->members));
		c->room += 4;
	}
	member = &c->members[c->count++];
	buf_reset(&member->key);
	buf_reset(&member->doc);
	buf_add_bytes(&member->key, key);
	member->in_base = in_base;
	member->is_read = !in_base;
	member->gone = false;
	return member;
}

static struct member *find_member(struct collated *c, struct bytes key)
{
	for (size_t i = 0; i < c->count; i++)
		if (bytes_equal(buf_bytes(&c->members[i].key), key))
			return &c->members[i];
	return NULL;
}

/* All keys of the base that are not before the group, in the collation's order. */
static int sort_base(struct collated *c, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(c->store, &c->work->root);
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf simple = {0};
	struct bytes doc;
	int found;

	c->all = extsort_new(c->work->tmp_dir, c->work->memory);
	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		buf_reset(&key);
		buf_reset(&simple);
		found = collation_key_of_document(c->collation, doc, &key, e);
		if (found < 0 || replay_ops_poll(c->work->ops, e) < 0)
			return e->code;
		if (found == 0 || bytes_compare(buf_bytes(&key), buf_bytes(&c->group)) < 0)
			continue;
		if (key_of_document(doc, &simple, e) < 0 ||
		    extsort_add(c->all, buf_bytes(&key), buf_bytes(&simple), e) < 0)
			return e->code;
	}
	return found < 0 ? found : extsort_finish(c->all, e);
}

static int next_of_base(struct collated *c, struct error *e)
{
	int found = extsort_next(c->all, &c->all_key, &c->all_simple, e);

	c->some = found == 1;
	return found;
}

/* Members that the base has, by the sorted keys. */
static int add_equal(struct collated *c, struct error *e)
{
	int order = -1;

	while (c->some && (order = bytes_compare(c->all_key, buf_bytes(&c->group))) <= 0) {
		if (order == 0 && find_member(c, c->all_simple) == NULL)
			add_member(c, c->all_simple, true);
		if (next_of_base(c, e) < 0)
			return e->code;
	}
	return 0;
}

static struct member *first_live(struct collated *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (!c->members[i].gone)
			return &c->members[i];
	return NULL;
}

/* The document that an operation with this simple key is about: *ret, NULL when there is none. */
static int choose(struct collated *c, struct bytes key, struct member **ret, struct error *e)
{
	struct member *member = find_member(c, key);

	if (member == NULL && c->all == NULL) {
		int found = tree_cursor_seek_key(c->cursor, key, e);

		if (found < 0)
			return found;
		if (found == 1)
			member = add_member(c, key, true);
	}
	if (member == NULL && c->all == NULL && first_live(c) == NULL &&
	    (sort_base(c, e) < 0 || next_of_base(c, e) < 0 || add_equal(c, e) < 0))
		return e->code;
	*ret = member != NULL && !member->gone ? member : first_live(c);
	return 0;
}

/* ------------------------------------------------------------------ applying */

static int read_member(struct collated *c, struct member *member, struct error *e)
{
	struct bytes doc;
	int found;

	if (member->is_read)
		return 0;
	found = tree_cursor_seek_key(c->cursor, buf_bytes(&member->key), e);
	if (found == 1)
		found = tree_cursor_next(c->cursor, &doc, e);
	if (found < 0)
		return found;
	if (found == 1)
		buf_add_bytes(&member->doc, doc);
	member->is_read = true;
	return 0;
}

/* `doc` (empty: nothing) is now in the place of `member` (NULL: of nothing), under the key of `op`. */
static void settle(struct collated *c, struct member *member, const struct replay_op *op,
		   struct bytes doc)
{
	bool moves = member == NULL ||
		     (op->kind == ENTRY_INSERT && !bytes_equal(buf_bytes(&member->key), op->key));

	if (member != NULL && (moves || doc.len == 0))
		member->gone = true;
	if (doc.len == 0)
		return;
	if (moves)
		member = find_member(c, op->key);
	if (member == NULL)
		member = add_member(c, op->key, false);
	member->gone = false;
	member->is_read = true;
	buf_reset(&member->doc);
	buf_add_bytes(&member->doc, doc);
}

static int apply_op(struct collated *c, const struct replay_op *op, struct error *e)
{
	struct replay_doc *doc = &c->work->doc;
	struct member *member = NULL;

	if (choose(c, op->key, &member, e) < 0 ||
	    (op->kind == ENTRY_UPDATE && member != NULL && read_member(c, member, e) < 0))
		return e->code;
	doc->now = member == NULL ? bytes_of(NULL, 0) : buf_bytes(&member->doc);
	if (replay_doc_apply(doc, op, e) < 0)
		return e->code;
	if (op->kind != ENTRY_UPDATE || member == NULL || doc->now.at != member->doc.at)
		settle(c, member, op, doc->now);
	return 0;
}

/* What became of the members. */
static int hand_over(struct collated *c, struct error *e)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct member *member = &c->members[i];
		struct bytes doc = member->gone ? bytes_of(NULL, 0) : buf_bytes(&member->doc);

		if ((member->gone && !member->in_base) || (!member->gone && !member->is_read))
			continue;
		if (extsort_add(c->work->made, buf_bytes(&member->key), doc, e) < 0)
			return e->code;
	}
	return 0;
}

static int run_group(struct collated *c, struct error *e)
{
	struct replay_ops *ops = c->work->ops;
	const struct replay_slot *slot = c->work->slot;

	buf_reset(&c->group);
	buf_add_bytes(&c->group, ops->key);
	c->count = 0;
	if (c->all != NULL && add_equal(c, e) < 0)
		return e->code;
	while (ops->some && ops->slot == slot->number && ops->order == REPLAY_OP_COLLATED &&
	       bytes_equal(ops->key, buf_bytes(&c->group))) {
		struct replay_op op;

		if (ops->sequence >= slot->cleared &&
		    (replay_ops_read(ops, &op, e) < 0 || apply_op(c, &op, e) < 0))
			return e->code;
		if (replay_ops_next(ops, e) < 0)
			return e->code;
	}
	return hand_over(c, e);
}

static void collated_release(struct collated *c)
{
	for (size_t i = 0; i < c->room; i++) {
		buf_release(&c->members[i].key);
		buf_release(&c->members[i].doc);
	}
	free(c->members);
	extsort_free(c->all);
	tree_cursor_free(c->cursor);
	collation_close(c->collation);
	buf_release(&c->group);
}

static int run_all(struct collated *c, struct error *e)
{
	struct replay_slot_work *work = c->work;
	struct replay_ops *ops = work->ops;
	int found = collation_of_options(buf_bytes(&work->slot->entry.options), &c->collation, e);

	if (found <= 0)
		return found < 0 ? found
				 : error_set(e, ERR_CORRUPT, "the collation of a collection went");
	c->cursor = tree_cursor_new(c->store, &work->root);
	work->made = extsort_new(work->tmp_dir, work->memory);
	while (ops->some && ops->slot == work->slot->number && ops->order == REPLAY_OP_COLLATED)
		if (run_group(c, e) < 0)
			return e->code;
	return extsort_finish(work->made, e);
}

int replay_collated_run(struct replay_slot_work *work, struct error *e)
{
	struct collated c = {.work = work, .store = store_writer_store(work->writer)};
	int code = run_all(&c, e);

	collated_release(&c);
	return code;
}
