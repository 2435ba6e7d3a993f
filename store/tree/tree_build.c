#include "store/tree/tree_build.h"

#include <assert.h>

#include "base/bson.h"
#include "base/ejson.h"
#include "base/key.h"
#include "store/leaf_facts.h"
#include "store/tree/tree_hint.h"
#include "store/tree/tree_split.h"

/* Leaves in the making: enough to keep the workers busy, few enough in bytes. */
#define PENDING 64
#define PENDING_BYTES (24 * MIB)

/* A leaf that was submitted; its id comes later. Or an older one behind it, that waits for its turn. */
struct pending {
	struct store_put put;
	bool is_old; /* nothing was submitted */
	struct buf sep;
	bool forced;
	uint64_t count, bytes;
};

/* A node in the making. Children own their separators. */
struct level {
	struct tree_child *child; /* room for TREE_NODE_CHILDREN_MAX */
	size_t n;
	uint64_t total; /* children ever */
	struct chunk_facts facts;
	bool facts_known;
	uint64_t offset; /* of the node's first byte in the tree */
};

struct tree_builder {
	struct store_writer *writer;
	const struct store_params *params;
	struct tree_build_options options;
	struct tree_hint *leaf_hint; /* leaves are asked for ahead of the nodes above them */
	struct tree_hint *node_hint;
	struct buf first_sep; /* of the first document of the leaf in the making */
	struct buf leaf;      /* documents of the leaf in the making */
	uint64_t leaf_count;
	size_t expected; /* bytes that it is likely to get; 0: not known */
	/*
	 * The sizes of the leaf in the making, made of those of older ones: right when `summed`. An older leaf
	 * that is `open` is in them whole, though some of it is yet to come.
	 */
	struct leaf_facts_sum sum;
	bool summed, open;
	struct buf room[2]; /* scratch of a change, of the keys of a run */
	struct buf key;	    /* of the last document */
	uint64_t last_len;  /* bytes of the last document, at the end of `leaf` or before */
	uint64_t doc_hash;  /* ranked: of the last document */
	uint64_t offset;    /* bytes of all documents that were added */
	uint64_t shift;	    /* added to it: the place in the older tree; modulo 2^64 */
	struct pending *ring;
	size_t ring_first, ring_count, ring_bytes;
	struct level levels[TREE_HEIGHT_MAX + 1]; /* [0] is not used */
	uint8_t top;				  /* highest level in use */
};

static int push(struct tree_builder *b, uint8_t level, const struct tree_child *child,
		const struct chunk_facts *facts, struct error *e);

struct tree_builder *tree_builder_new(struct store_writer *writer,
				      const struct tree_build_options *options)
{
	struct tree_builder *b = xcalloc(1, sizeof(*b));

	b->writer = writer;
	b->params = store_params(store_writer_store(writer));
	b->options = *options;
	b->summed = options->sums;
	b->leaf_hint = tree_hint_new(store_writer_store(writer), options->old);
	b->node_hint = tree_hint_new(store_writer_store(writer), options->old);
	b->ring = xcalloc(PENDING, sizeof(*b->ring));
	return b;
}

static struct pending *oldest(struct tree_builder *b)
{
	return &b->ring[b->ring_first];
}

static void pending_release(struct pending *pending)
{
	buf_release(&pending->put.plain);
	buf_release(&pending->sep);
	*pending = (struct pending){0};
}

static void pop_oldest(struct tree_builder *b)
{
	b->ring_bytes -= oldest(b)->put.plain.len;
	pending_release(oldest(b));
	b->ring_first = (b->ring_first + 1) % PENDING;
	b->ring_count--;
}

static void level_clear(struct level *level)
{
	for (size_t i = 0; i < level->n; i++)
		free((void *)(uintptr_t)level->child[i].sep.at);
	level->n = 0;
}

void tree_builder_free(struct tree_builder *b)
{
	struct error ignored;

	if (b == NULL)
		return;
	while (b->ring_count > 0) {
		if (!oldest(b)->is_old &&
		    store_writer_wait(b->writer, &oldest(b)->put, &ignored) < 0)
			ignored.code = 0;
		pop_oldest(b);
	}
	for (size_t i = 1; i < COUNT_OF(b->levels); i++) {
		level_clear(&b->levels[i]);
		free(b->levels[i].child);
	}
	tree_hint_free(b->leaf_hint);
	tree_hint_free(b->node_hint);
	buf_release(&b->first_sep);
	buf_release(&b->leaf);
	buf_release(&b->key);
	buf_release(&b->room[0]);
	buf_release(&b->room[1]);
	free(b->ring);
	free(b);
}

static void facts_add(struct level *level, const struct chunk_facts *facts)
{
	if (level->n == 0) {
		level->facts = *facts;
		level->facts_known = facts->renderer != 0;
		return;
	}
	level->facts.documents += facts->documents;
	level->facts.relaxed += facts->relaxed;
	level->facts.canonical += facts->canonical;
	level->facts_known = level->facts_known && facts->renderer == level->facts.renderer;
}

/* Store the node of `level` and push it one level up. */
static int end_node(struct tree_builder *b, uint8_t level, struct error *e)
{
	struct level *l = &b->levels[level];
	struct store_put put = {.kind = CHUNK_NODE, .facts = l->facts};
	struct tree_child node = l->child[l->n - 1];
	int code;

	node.count = node.bytes = 0;
	for (size_t i = 0; i < l->n; i++) {
		node.count += l->child[i].count;
		node.bytes += l->child[i].bytes;
	}
	put.facts.documents = node.count;
	if (!l->facts_known)
		put.facts = (struct chunk_facts){.documents = node.count};
	tree_node_encode((uint8_t)b->options.kind, level, l->child, l->n, &put.plain);
	put.has_hint = tree_hint_find(b->node_hint, level, node.sep, l->offset, &put.hint, NULL);
	code = store_writer_put(b->writer, &put, e);
	buf_release(&put.plain);
	node.id = put.id;
	if (code == 0)
		code = push(b, (uint8_t)(level + 1), &node, &put.facts, e);
	l->offset += node.bytes;
	level_clear(l);
	return code;
}

static int push(struct tree_builder *b, uint8_t level, const struct tree_child *child,
		const struct chunk_facts *facts, struct error *e)
{
	struct level *l = &b->levels[level];
	struct tree_child *slot;

	if (level > TREE_HEIGHT_MAX)
		return error_set(e, ERR_LIMIT, "a tree higher than %d levels", TREE_HEIGHT_MAX);
	if (l->child == NULL)
		l->child = xcalloc(TREE_NODE_CHILDREN_MAX, sizeof(*l->child));
	b->top = MAX_OF(b->top, level);
	facts_add(l, facts);
	slot = &l->child[l->n++];
	*slot = *child;
	slot->sep.at = (const uint8_t *)xstrndup((const char *)child->sep.at, child->sep.len);
	l->total++;
	if (tree_split_node(b->params, (uint8_t)b->options.kind, level, slot, l->n))
		return end_node(b, level, e);
	return 0;
}

/* The oldest submitted leaf has its id: it becomes a child. */
static int take_oldest(struct tree_builder *b, struct error *e)
{
	struct pending *p = oldest(b);
	int code = p->is_old ? 0 : store_writer_wait(b->writer, &p->put, e);
	struct tree_child child = {.id = p->put.id,
				   .sep = buf_bytes(&p->sep),
				   .forced = p->forced,
				   .count = p->count,
				   .bytes = p->bytes};

	if (code == 0)
		code = push(b, 1, &child, &p->put.facts, e);
	pop_oldest(b);
	return code;
}

static int drain(struct tree_builder *b, struct error *e)
{
	while (b->ring_count > 0)
		if (take_oldest(b, e) < 0)
			return e->code;
	return 0;
}

/*
 * The older leaf that covers the new one's begin, or its end: the larger one, since a leaf that
 * two were merged into is most like that.
 */
static void find_hint(struct tree_builder *b, struct pending *p)
{
	struct chunk_id last;
	uint64_t first_bytes = 0, last_bytes = 0, end = b->offset + b->shift;
	uint64_t begin = end - MIN_OF((uint64_t)b->leaf.len, end);

	p->put.has_hint = tree_hint_find(b->leaf_hint, 0, buf_bytes(&b->first_sep), begin,
					 &p->put.hint, &first_bytes);
	if (!tree_hint_find(b->leaf_hint, 0, buf_bytes(&p->sep), end - 1, &last, &last_bytes))
		return;
	if (!p->put.has_hint || last_bytes > first_bytes)
		p->put.hint = last;
	p->put.has_hint = true;
}

/*
 * The next place in the ring, for a leaf of `len` bytes. When it is full half of it is waited for: then
 * there is work for the threads meanwhile, and no switch to this one for each leaf.
 */
static int make_room(struct tree_builder *b, size_t len, struct pending **ret, struct error *e)
{
	if (b->ring_count == PENDING) {
		struct pending *middle = &b->ring[(b->ring_first + PENDING / 2) % PENDING];

		if (!middle->is_old && store_writer_wait(b->writer, &middle->put, e) < 0)
			return e->code;
		while (b->ring_count > PENDING / 2)
			if (take_oldest(b, e) < 0)
				return e->code;
	}
	while (b->ring_count > 0 && b->ring_bytes + len > PENDING_BYTES)
		if (take_oldest(b, e) < 0)
			return e->code;
	*ret = &b->ring[(b->ring_first + b->ring_count) % PENDING];
	return 0;
}

/*
 * A leaf ends: its sizes. What is told of a document comes before it, and what is told of an older leaf before
 * all of it: an end in the middle of that, or forced by what comes next, leaves this leaf and the next unknown.
 */
static void take_sum(struct tree_builder *b, bool forced, struct chunk_facts *facts)
{
	bool cut = forced || b->open;

	if (b->summed && !cut) {
		facts->relaxed = (uint64_t)b->sum.relaxed;
		facts->canonical = (uint64_t)b->sum.canonical;
		facts->renderer = EJSON_VERSION;
	}
	b->sum = (struct leaf_facts_sum){0};
	b->summed = b->options.sums && !cut;
}

void tree_builder_expect(struct tree_builder *b, size_t bytes)
{
	bytes = MIN_OF(bytes, tree_split_leaf_max(b->params));
	b->expected = bytes;
	if (b->leaf.cap > 0)
		(void)buf_room(&b->leaf, bytes);
}

/* Room for a leaf's first bytes, and for those that are to come: none is copied again as it grows. */
static void begin_leaf(struct tree_builder *b, size_t len)
{
	size_t expected = b->expected > 0 ? b->expected : b->params->leaf_target;

	(void)buf_room(&b->leaf, MAX_OF(len, expected));
	b->expected = 0;
}

void tree_builder_sum_open(struct tree_builder *b, const struct chunk_facts *facts)
{
	b->open = true;
	if (facts == NULL || facts->renderer != EJSON_VERSION) {
		b->summed = false;
		return;
	}
	b->sum.relaxed += (int64_t)facts->relaxed;
	b->sum.canonical += (int64_t)facts->canonical;
}

void tree_builder_sum_close(struct tree_builder *b)
{
	b->open = false;
}

void tree_builder_sum_unknown(struct tree_builder *b)
{
	b->summed = false;
}

void tree_builder_sum_change(struct tree_builder *b, struct bytes old, struct bytes now)
{
	struct error ignored;

	/* What can't be measured is told of when the leaf is. */
	if (b->summed && leaf_facts_change(old, now, b->room, &b->sum, &ignored) < 0)
		b->summed = false;
}

static int end_leaf(struct tree_builder *b, bool forced, struct error *e)
{
	struct pending *p = NULL;

	if (make_room(b, b->leaf.len, &p, e) < 0)
		return e->code;
	if (b->options.kind == TREE_KEYED)
		tree_node_separator(buf_bytes(&b->key), &p->sep);
	p->forced = forced;
	p->count = b->leaf_count;
	p->bytes = b->leaf.len;
	p->put.kind = CHUNK_LEAF;
	p->put.prefix = b->options.prefix;
	p->put.facts.documents = b->leaf_count;
	take_sum(b, forced, &p->put.facts);
	find_hint(b, p);
	p->put.plain = b->leaf;
	b->leaf = (struct buf){0};
	b->leaf_count = 0;
	b->ring_count++;
	b->ring_bytes += p->bytes;
	store_writer_submit(b->writer, &p->put);
	return 0;
}

static int check_order(struct tree_builder *b, struct bytes key, struct bytes doc, struct error *e)
{
	int order;

	if (b->options.kind == TREE_RANKED || b->offset == 0)
		return 0;
	order = bytes_compare(buf_bytes(&b->key), key);
	if (order < 0)
		return 0;
	/* Equal keys, in a damaged source: by bytes. The last document may be in the leaf before. */
	if (order == 0 &&
	    (b->leaf_count == 0 ||
	     bytes_compare(bytes_of(b->leaf.at + b->leaf.len - b->last_len, b->last_len), doc) <=
		     0))
		return 0;
	return error_set(e, ERR_INVALID, "documents are added to a tree out of order");
}

int tree_builder_add(struct tree_builder *b, struct bytes key, struct bytes doc, struct error *e)
{
	bool ends;

	if (check_order(b, key, doc, e) < 0)
		return e->code;
	if (doc.len > CHUNK_PLAIN_MAX)
		return error_set(e, ERR_LIMIT, "a document of %zu bytes is over the limit of %zu",
				 doc.len, CHUNK_PLAIN_MAX);
	if (b->leaf_count > 0 && b->leaf.len + doc.len > tree_split_leaf_max(b->params) &&
	    end_leaf(b, true, e) < 0)
		return e->code;
	if (b->leaf.cap == 0)
		begin_leaf(b, doc.len);
	if (b->leaf_count == 0 && b->options.kind == TREE_KEYED) {
		buf_reset(&b->first_sep);
		tree_node_separator(key, &b->first_sep);
	}
	buf_add_bytes(&b->leaf, doc);
	b->leaf_count++;
	b->last_len = doc.len;
	b->offset += doc.len;
	if (b->options.kind == TREE_KEYED) {
		buf_reset(&b->key);
		buf_add_bytes(&b->key, key);
		ends = tree_split_keyed(b->params, key, doc.len);
	} else {
		ends = tree_split_ranked(b->params, doc, &b->doc_hash);
	}
	return ends ? end_leaf(b, false, e) : 0;
}

/* One by one: a leaf becomes too large on the way. */
static int add_each(struct tree_builder *b, struct bytes docs, struct error *e)
{
	OWNED(buf_release) struct buf key = {0};

	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);
		struct bytes doc = bytes_of(docs.at, len < 0 ? 0 : (size_t)len);

		buf_reset(&key);
		if (len < 0 || key_of_document(doc, &key, e) < 0 ||
		    tree_builder_add(b, buf_bytes(&key), doc, e) < 0)
			return e->code;
		docs.at += len;
		docs.len -= (size_t)len;
	}
	return 0;
}

/* The keys of the first and the last document of a run. */
static int keys_of_run(const struct tree_run *run, struct buf *ret_first, struct buf *ret_last,
		       struct error *e)
{
	struct bytes docs = run->docs;
	int64_t len = bson_next(docs, docs.len, e);

	if (len < 0 || key_of_document(bytes_of(docs.at, (size_t)len), ret_first, e) < 0)
		return e->code;
	return key_of_document(bytes_of(docs.at + docs.len - run->last_len, run->last_len),
			       ret_last, e);
}

int tree_builder_add_run(struct tree_builder *b, const struct tree_run *run, struct error *e)
{
	struct buf *first = &b->room[0], *last = &b->room[1], swap = b->key;

	assert(b->options.kind == TREE_KEYED);
	if (run->count == 0)
		return 0;
	if (b->leaf.len + run->docs.len > tree_split_leaf_max(b->params))
		return add_each(b, run->docs, e);
	buf_reset(first);
	buf_reset(last);
	if (keys_of_run(run, first, last, e) < 0 ||
	    check_order(b, buf_bytes(first), run->docs, e) < 0)
		return e->code;
	if (b->leaf_count == 0) {
		begin_leaf(b, run->docs.len);
		buf_reset(&b->first_sep);
		tree_node_separator(buf_bytes(first), &b->first_sep);
	}
	buf_add_bytes(&b->leaf, run->docs);
	b->leaf_count += run->count;
	b->last_len = run->last_len;
	b->offset += run->docs.len;
	b->key = *last;
	*last = swap;
	if (run->end == TREE_RUN_ENDS ||
	    (run->end == TREE_RUN_UNKNOWN &&
	     tree_split_keyed(b->params, buf_bytes(&b->key), run->last_len)))
		return end_leaf(b, false, e);
	return 0;
}

bool tree_builder_is_clean(const struct tree_builder *b, uint8_t level)
{
	if (b->leaf_count > 0 || (level > 1 && b->ring_count > 0))
		return false;
	for (uint8_t i = 1; i < level; i++)
		if (b->levels[i].n > 0)
			return false;
	return true;
}

int tree_builder_settle(struct tree_builder *b, struct error *e)
{
	return b->leaf_count > 0 ? 0 : drain(b, e);
}

/* What the index knows of a chunk that is reused whole. */
static struct chunk_facts facts_of(struct tree_builder *b, const struct tree_child *child)
{
	struct chunk_facts facts = {0};
	struct error ignored;

	if (store_facts(store_writer_store(b->writer), &child->id, &facts, &ignored) != 1)
		facts = (struct chunk_facts){0};
	facts.documents = child->count;
	return facts;
}

/* A leaf that is reused waits for those before it, so that they are encoded meanwhile. */
static int queue_child(struct tree_builder *b, const struct tree_child *child,
		       const struct chunk_facts *facts, struct error *e)
{
	struct pending *p = NULL;

	if (make_room(b, 0, &p, e) < 0)
		return e->code;
	if (b->ring_count == 0)
		return push(b, 1, child, facts, e);
	p->is_old = true;
	p->put.id = child->id;
	p->put.facts = *facts;
	buf_add_bytes(&p->sep, child->sep);
	p->forced = child->forced;
	p->count = child->count;
	p->bytes = child->bytes;
	b->ring_count++;
	return 0;
}

int tree_builder_add_child(struct tree_builder *b, uint8_t level, const struct tree_child *child,
			   struct error *e)
{
	struct chunk_facts facts = facts_of(b, child);

	assert(tree_builder_is_clean(b, level));
	b->offset += child->bytes;
	if (b->options.kind == TREE_KEYED) {
		buf_reset(&b->key);
		buf_add_bytes(&b->key, child->sep);
		if (child->sep.len > TREE_SEP_CUT)
			b->key.len = TREE_SEP_CUT; /* the hash behind it is no part of the key */
	}
	return level == 1 ? queue_child(b, child, &facts, e) : push(b, level, child, &facts, e);
}

void tree_builder_follow(struct tree_builder *b, struct bytes last_doc)
{
	assert(b->options.kind == TREE_RANKED);
	(void)tree_split_ranked(b->params, last_doc, &b->doc_hash);
}

void tree_builder_stand(struct tree_builder *b, uint64_t offset)
{
	b->shift = offset - b->offset;
}

int tree_builder_finish(struct tree_builder *b, struct tree_root *ret, struct error *e)
{
	struct tree_root root = {.kind = (uint8_t)b->options.kind};

	if (b->leaf_count > 0 && end_leaf(b, false, e) < 0)
		return e->code;
	if (drain(b, e) < 0)
		return e->code;
	for (uint8_t level = 1; level <= b->top; level++) {
		struct level *l = &b->levels[level];

		/*
		 * The only child of all is the root: one more level with one child would say nothing.
		 * Below the top it is not the only one: older nodes were put in whole above it.
		 */
		if (level == b->top && l->total == 1 && l->n == 1) {
			root.id = l->child[0].id;
			root.height = (uint8_t)(level - 1);
			root.count = l->child[0].count;
			root.bytes = l->child[0].bytes;
			*ret = root;
			return 0;
		}
		if (l->n > 0 && end_node(b, level, e) < 0)
			return e->code;
	}
	assert(b->top == 0);
	*ret = root;
	return 0;
}
