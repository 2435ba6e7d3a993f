/*
 * The operations on a collection that is ordered by key, in one pass over its tree: declared in
 * replay_op.h. What collated operations came to is merged in.
 */
#include "oplog/replay_op.h"
#include "store/tree/tree_edit.h"

struct keyed {
	struct replay_slot_work *work;
	struct buf key; /* of the group at hand */
	bool is_made;	/* it is one of work->made */
	/* The next of work->made. */
	bool some_made;
	struct bytes made_key, made_doc;
};

static int next_made(struct keyed *keyed, struct error *e)
{
	int found = 0;

	if (keyed->work->made != NULL)
		found = extsort_next(keyed->work->made, &keyed->made_key, &keyed->made_doc, e);
	keyed->some_made = found == 1;
	return found;
}

/* Does the stream stand at an operation of this collection that counts? Void ones are passed over. */
static int settle(struct keyed *keyed, bool *ret, struct error *e)
{
	const struct replay_slot *slot = keyed->work->slot;
	struct replay_ops *ops = keyed->work->ops;

	while (ops->some && ops->slot == slot->number && ops->sequence < slot->cleared)
		if (replay_ops_next(ops, e) < 0)
			return e->code;
	*ret = ops->some && ops->slot == slot->number;
	return 0;
}

static int next_key(void *ctx, struct bytes *ret_key, struct error *e)
{
	struct keyed *keyed = ctx;
	struct replay_ops *ops = keyed->work->ops;
	bool some;

	/* The key that was returned last was needed until now. */
	if (keyed->is_made && next_made(keyed, e) < 0)
		return e->code;
	if (settle(keyed, &some, e) < 0)
		return e->code;
	keyed->is_made =
		keyed->some_made && (!some || bytes_compare(keyed->made_key, ops->key) < 0);
	if (!keyed->is_made && !some)
		return 0;
	buf_reset(&keyed->key);
	buf_add_bytes(&keyed->key, keyed->is_made ? keyed->made_key : ops->key);
	*ret_key = buf_bytes(&keyed->key);
	return 1;
}

/* All operations on the document, in their order. */
static int apply(void *ctx, struct bytes old, struct bytes *ret, struct error *e)
{
	struct keyed *keyed = ctx;
	struct replay_ops *ops = keyed->work->ops;
	struct replay_doc *doc = &keyed->work->doc;
	bool some = true;

	doc->now = old;
	if (keyed->is_made) {
		doc->now = keyed->made_doc;
		some = false;
	}
	while (some && bytes_equal(ops->key, buf_bytes(&keyed->key))) {
		struct replay_op op;

		if (replay_ops_read(ops, &op, e) < 0 || replay_doc_apply(doc, &op, e) < 0 ||
		    replay_ops_next(ops, e) < 0 || settle(keyed, &some, e) < 0)
			return e->code;
	}
	*ret = doc->now;
	if (doc->now.len == 0)
		return TREE_EDIT_REMOVE;
	return doc->now.at == old.at ? TREE_EDIT_KEEP : TREE_EDIT_PUT;
}

int replay_keyed_run(struct replay_slot_work *work, struct error *e)
{
	struct keyed keyed = {.work = work};
	const struct tree_edit_source source = {next_key, apply, &keyed};
	const struct tree_root old = work->root;
	int code = next_made(&keyed, e);

	if (code >= 0)
		code = tree_edit_with(work->writer, &old, work->prefix, &source, &work->root, e);
	buf_release(&keyed.key);
	return MIN_OF(code, 0);
}
