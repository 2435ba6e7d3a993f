/*
 * The operations on a collection of natural order, in the order of the log: declared in replay_op.h.
 *
 * A window of operations is taken into memory. One pass over the collection tells where the documents
 * are that they are about; then they are applied to a list of what changes, and the tree is spliced once.
 * (Inserts, too, need the pass: an `_id` that exists is replaced in its place.)
 */
#include <stdlib.h>

#include "base/bson.h"
#include "base/key.h"
#include "base/siphash.h"
#include "oplog/replay_op.h"
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_splice.h"

#define EVICT_MAX 20000 /* documents after one insert (capped_utils of 4.4) */
#define NOWHERE UINT64_MAX

/* A document's new bytes: in the window's memory, or its own. */
struct new_doc {
	struct bytes bytes; /* empty: there is none */
	uint8_t *own;	    /* to free, or NULL */
};

/* An `_id` that an operation of the window is about. */
struct about {
	size_t key_at, key_len;	 /* in window->bytes */
	uint64_t rank;		 /* of the old document, or NOWHERE */
	bool removed;		 /* the old document; but for evictions from the head */
	struct new_doc replaced; /* what is in the old document's place, if any */
	uint64_t added;		 /* index of the newest document that was appended, or NOWHERE */
};

struct added {
	struct new_doc doc; /* empty: gone again */
};

struct window {
	struct replay_slot_work *work;
	struct store *store;
	struct buf bytes; /* for each operation: u32 LE length of its payload, it */
	size_t applied;	  /* of `bytes` */
	struct about *about;
	size_t count;
	uint32_t *table; /* indices into `about` + 1, by hash; 0: free */
	size_t table_mask;
	struct tree_cursor *head; /* before the oldest old document that is left */
	struct added *added;
	size_t added_count, added_room, added_head;
	uint64_t n, size; /* documents, and their bytes, now */
	size_t owned;	  /* bytes of documents of their own */
};

static struct bytes about_key(const struct window *w, const struct about *about)
{
	return bytes_of(w->bytes.at + about->key_at, about->key_len);
}

static struct about *find_about(const struct window *w, struct bytes key, size_t *ret_slot)
{
	size_t slot = (size_t)siphash24(store_params(w->store)->seed, key) & w->table_mask;

	for (;; slot = (slot + 1) & w->table_mask) {
		uint32_t index = w->table[slot];

		*ret_slot = slot;
		if (index == 0)
			return NULL;
		if (bytes_equal(about_key(w, &w->about[index - 1]), key))
			return &w->about[index - 1];
	}
}

/* ------------------------------------------------------------------ the window */

static void new_doc_release(struct window *w, struct new_doc *doc)
{
	if (doc->own != NULL)
		w->owned -= doc->bytes.len;
	free(doc->own);
	*doc = (struct new_doc){0};
}

/* A document that lives as long as the window; `bytes` may be anybody's. */
static struct new_doc new_doc_of(struct window *w, struct bytes bytes)
{
	struct new_doc doc = {.bytes = bytes};

	if (bytes.at < w->bytes.at || bytes.at >= w->bytes.at + w->bytes.len) {
		doc.own = xmalloc(bytes.len);
		memcpy(doc.own, bytes.at, bytes.len);
		doc.bytes.at = doc.own;
		w->owned += bytes.len;
	}
	return doc;
}

static void forget(struct window *w)
{
	for (size_t i = 0; i < w->count; i++)
		new_doc_release(w, &w->about[i].replaced);
	for (size_t i = 0; i < w->added_count; i++)
		new_doc_release(w, &w->added[i].doc);
	free(w->about);
	free(w->table);
	tree_cursor_free(w->head);
	w->about = NULL;
	w->table = NULL;
	w->head = NULL;
	w->count = w->added_count = w->added_head = 0;
}

static void window_release(struct window *w)
{
	forget(w);
	free(w->added);
	buf_release(&w->bytes);
}

static int read_op(struct window *w, size_t at, struct replay_op *ret, size_t *ret_next,
		   struct error *e)
{
	size_t len = get_le32(w->bytes.at + at);

	*ret_next = at + 4 + len;
	return replay_op_decode(bytes_of(w->bytes.at + at + 4, len), REPLAY_OP_NATURAL, ret, e);
}

/* Operations of the stream into memory, until it is full. */
static int fill(struct window *w, struct error *e)
{
	struct replay_ops *ops = w->work->ops;
	const struct replay_slot *slot = w->work->slot;

	if (w->applied > 0)
		memmove(w->bytes.at, w->bytes.at + w->applied, w->bytes.len - w->applied);
	w->bytes.len -= w->applied;
	w->applied = 0;
	while (ops->some && ops->slot == slot->number && w->bytes.len < w->work->memory) {
		if (ops->sequence >= slot->cleared) {
			if (buf_reserve(&w->bytes, 4 + ops->payload.len, SIZE_MAX, e) < 0)
				return e->code;
			buf_add_le32(&w->bytes, (uint32_t)ops->payload.len);
			buf_add_bytes(&w->bytes, ops->payload);
		}
		if (replay_ops_next(ops, e) < 0)
			return e->code;
	}
	return 0;
}

/* Which documents are they about? */
static int gather(struct window *w, struct error *e)
{
	size_t ops = 0, room = 64, slot;

	for (size_t at = 0; at < w->bytes.len; ops++)
		at += 4 + get_le32(w->bytes.at + at);
	while (room < 2 * ops)
		room *= 2;
	w->about = xcalloc(MAX_OF(ops, (size_t)1), sizeof(*w->about));
	w->table = xcalloc(room, sizeof(*w->table));
	w->table_mask = room - 1;
	for (size_t at = 0; at < w->bytes.len;) {
		struct replay_op op;

		if (read_op(w, at, &op, &at, e) < 0)
			return e->code;
		if (find_about(w, op.key, &slot) != NULL)
			continue;
		w->about[w->count++] = (struct about){.key_at = (size_t)(op.key.at - w->bytes.at),
						      .key_len = op.key.len,
						      .rank = NOWHERE,
						      .added = NOWHERE};
		w->table[slot] = (uint32_t)w->count;
	}
	return 0;
}

/* Where are they? One pass, which ends when all were found. */
static int locate(struct window *w, struct error *e)
{
	OWNED(tree_cursor_free)
	struct tree_cursor *cursor = tree_cursor_new(w->store, &w->work->root);
	OWNED(buf_release) struct buf key = {0};
	size_t missing = w->count, slot;
	struct bytes doc;
	int found = 0;

	while (missing > 0 && (found = tree_cursor_next(cursor, &doc, e)) == 1) {
		struct about *about;

		buf_reset(&key);
		found = key_of_document(doc, &key, e);
		if (found < 0 || replay_ops_poll(w->work->ops, e) < 0)
			return e->code;
		about = found == 0 ? NULL : find_about(w, buf_bytes(&key), &slot);
		if (about == NULL || about->rank != NOWHERE)
			continue;
		about->rank = tree_cursor_rank(cursor) - 1;
		missing--;
	}
	return MIN_OF(found, 0);
}

/* ------------------------------------------------------------------ applying */

static bool in_old_place(const struct window *w, const struct about *about)
{
	return about->rank != NOWHERE && !about->removed &&
	       about->rank >= tree_cursor_rank(w->head);
}

static struct added *in_added(const struct window *w, const struct about *about)
{
	if (about->added == NOWHERE || w->added[about->added].doc.bytes.len == 0)
		return NULL;
	return &w->added[about->added];
}

/* The document as it is now, or empty; valid until the next call. */
static int present(struct window *w, const struct about *about, struct buf *room, struct bytes *ret,
		   struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = NULL;
	const struct added *added = in_added(w, about);
	struct bytes doc;

	*ret = added != NULL ? added->doc.bytes : bytes_of(NULL, 0);
	if (added != NULL || !in_old_place(w, about))
		return 0;
	*ret = about->replaced.bytes;
	if (ret->len > 0)
		return 0;
	cursor = tree_cursor_new(w->store, &w->work->root);
	if (tree_cursor_seek_rank(cursor, about->rank, e) < 0 ||
	    tree_cursor_next(cursor, &doc, e) < 0)
		return e->code;
	buf_reset(room);
	buf_add_bytes(room, doc);
	*ret = buf_bytes(room);
	return 0;
}

static void append(struct window *w, struct about *about, struct bytes doc)
{
	if (w->added_count == w->added_room) {
		w->added_room = MAX_OF(2 * w->added_room, (size_t)256);
		w->added = xrealloc(w->added, w->added_room * sizeof(*w->added));
	}
	about->added = w->added_count;
	w->added[w->added_count++] = (struct added){.doc = new_doc_of(w, doc)};
	w->n++;
	w->size += doc.len;
}

/* Put `doc` (empty: nothing) where `old` is now. */
static void replace(struct window *w, struct about *about, struct bytes old, struct bytes doc)
{
	struct added *added = in_added(w, about);
	struct new_doc *place = added != NULL ? &added->doc : &about->replaced;
	struct new_doc now = {0};

	if (doc.len > 0)
		now = new_doc_of(w, doc);
	new_doc_release(w, place);
	*place = now;
	about->removed = about->removed || (added == NULL && doc.len == 0);
	w->n -= doc.len == 0;
	w->size = w->size - old.len + doc.len;
}

/* Remove the oldest document: 1 and its bytes, 0 when only the newest one is left. */
static int evict(struct window *w, uint64_t *ret_bytes, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	struct bytes doc;
	size_t slot;
	int found;

	while ((found = tree_cursor_next(w->head, &doc, e)) == 1) {
		uint64_t rank = tree_cursor_rank(w->head) - 1;
		const struct about *about;

		buf_reset(&key);
		found = key_of_document(doc, &key, e);
		if (found < 0)
			return found;
		about = found == 0 ? NULL : find_about(w, buf_bytes(&key), &slot);
		if (about == NULL || about->rank != rank) {
			*ret_bytes = doc.len;
			return 1;
		}
		if (!about->removed) {
			*ret_bytes =
				about->replaced.bytes.len > 0 ? about->replaced.bytes.len : doc.len;
			return 1;
		}
	}
	if (found < 0)
		return found;
	while (w->added_head + 1 < w->added_count) {
		struct new_doc *oldest = &w->added[w->added_head++].doc;

		*ret_bytes = oldest->bytes.len;
		new_doc_release(w, oldest);
		if (*ret_bytes > 0)
			return 1;
	}
	return 0;
}

/* What a capped collection does after an insert (reference 2.6). */
static int evict_after(struct window *w, const struct replay_op *op, struct error *e)
{
	uint64_t over = op->size > 0 && w->size > op->size ? w->size - op->size : 0;
	uint64_t docs_over = op->max > 0 && w->n > op->max ? w->n - op->max : 0;
	uint64_t saved = 0, removed = 0;

	while ((saved < over || removed < docs_over) && removed < EVICT_MAX) {
		uint64_t bytes = 0;
		int found = evict(w, &bytes, e);

		if (found <= 0)
			return found;
		saved += bytes;
		removed++;
		w->size -= bytes;
		w->n--;
	}
	return 0;
}

static int apply_op(struct window *w, const struct replay_op *op, struct buf *room, struct error *e)
{
	struct replay_doc *doc = &w->work->doc;
	struct about *about;
	struct bytes old;
	size_t slot;

	about = find_about(w, op->key, &slot);
	if (about == NULL)
		return error_set(e, ERR_CORRUPT, "a collected operation has no key");
	if (present(w, about, room, &old, e) < 0)
		return e->code;
	doc->now = old;
	if (op->kind == ENTRY_INSERT)
		doc->now = op->o;
	else if (replay_doc_apply(doc, op, e) < 0)
		return e->code;
	if (doc->now.at == old.at && doc->now.len == old.len)
		return 0;
	if (old.len > 0) {
		replace(w, about, old, doc->now);
		return 0;
	}
	append(w, about, doc->now);
	return op->evicts ? evict_after(w, op, e) : 0;
}

/* Until the window ends, or what was made of it takes too much memory. */
static int apply_all(struct window *w, struct error *e)
{
	OWNED(buf_release) struct buf room = {0};

	w->head = tree_cursor_new(w->store, &w->work->root);
	w->n = w->work->root.count;
	w->size = w->work->root.bytes;
	while (w->applied < w->bytes.len && w->owned <= w->work->memory) {
		struct replay_op op;
		size_t next;

		if (read_op(w, w->applied, &op, &next, e) < 0 || apply_op(w, &op, &room, e) < 0)
			return e->code;
		w->applied = next;
	}
	return 0;
}

/* ------------------------------------------------------------------ the new tree */

struct changes {
	const struct window *w;
	const struct about **sorted; /* those whose old document changed, by rank */
	size_t count, at, added;
	bool head_done;
};

static int by_rank(const void *a, const void *b)
{
	const struct about *const *x = a, *const *y = b;

	return (*x)->rank < (*y)->rank ? -1 : (*x)->rank > (*y)->rank;
}

static int next_change(void *ctx, struct tree_splice_change *ret, struct error *e)
{
	struct changes *c = ctx;
	uint64_t head = tree_cursor_rank(c->w->head);

	(void)e;
	if (!c->head_done && head > 0) {
		c->head_done = true;
		*ret = (struct tree_splice_change){.removed = head};
		return 1;
	}
	while (c->at < c->count && c->sorted[c->at]->rank < head)
		c->at++;
	if (c->at < c->count) {
		const struct about *about = c->sorted[c->at++];

		*ret = (struct tree_splice_change){about->rank, 1, about->replaced.bytes};
		return 1;
	}
	while (c->added < c->w->added_count && c->w->added[c->added].doc.bytes.len == 0)
		c->added++;
	if (c->added == c->w->added_count)
		return 0;
	*ret = (struct tree_splice_change){.rank = c->w->work->root.count,
					   .doc = c->w->added[c->added++].doc.bytes};
	return 1;
}

static int build(struct window *w, struct error *e)
{
	struct replay_slot_work *work = w->work;
	const struct tree_root old = work->root;
	struct changes c = {.w = w};
	int code;

	c.sorted = xcalloc(w->count + 1, sizeof(*c.sorted));
	for (size_t i = 0; i < w->count; i++)
		if (w->about[i].rank != NOWHERE &&
		    (w->about[i].removed || w->about[i].replaced.bytes.len > 0))
			c.sorted[c.count++] = &w->about[i];
	qsort(c.sorted, c.count, sizeof(*c.sorted), by_rank);
	code = tree_splice(work->writer, &old, work->prefix, next_change, &c, &work->root, e);
	free(c.sorted);
	return code;
}

int replay_natural_run(struct replay_slot_work *work, struct error *e)
{
	struct window w = {.work = work, .store = store_writer_store(work->writer)};
	int code = fill(&w, e);

	while (code == 0 && w.bytes.len > 0) {
		if ((code = gather(&w, e)) < 0 || (code = locate(&w, e)) < 0 ||
		    (code = apply_all(&w, e)) < 0 || (code = build(&w, e)) < 0)
			break;
		forget(&w);
		code = fill(&w, e);
		/* The tree has to be read again. */
		if (code == 0 && w.bytes.len > 0)
			code = store_writer_flush(work->writer, e);
	}
	window_release(&w);
	return code;
}
