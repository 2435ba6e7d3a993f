#include "store/tree/tree_cursor.h"

#include <assert.h>

#include "base/bson_check.h"
#include "base/key.h"
#include "store/tree/tree_wish.h"

/* Leaves that are asked for at a time, so many leaves before the first of them. */
#define AHEAD 16
#define FETCHED 512	    /* bytes */
#define NODE_COST (8 * KIB) /* of a parsed node */

/* One level of the path; steps[0] is the leaf. */
struct step {
	struct chunk *chunk;
	struct tree_node node; /* of levels above 0 */
	size_t child;
};

/*
 * Invariants: when `in_leaf`, steps[0].chunk is the leaf that the next document is in (or its
 * end), `at` is the offset in it, and steps[1..height] are the nodes above it. `rank` and
 * `offset` always say what stands before the cursor.
 */
struct tree_cursor {
	struct store *store;
	struct tree_root root;
	bool in_leaf, is_alone; /* is_alone: nothing is decoded ahead */
	struct step steps[TREE_HEIGHT_MAX + 1];
	size_t at;
	uint64_t rank, offset;
	struct buf key;	   /* scratch */
	struct buf starts; /* of size_t; scratch of a seek */
};

struct tree_cursor *tree_cursor_new(struct store *store, const struct tree_root *root)
{
	struct tree_cursor *c = xcalloc(1, sizeof(*c));

	c->store = store;
	c->root = *root;
	return c;
}

void tree_cursor_set_ahead(struct tree_cursor *c, bool ahead)
{
	c->is_alone = !ahead;
}

static void step_release(struct step *step)
{
	tree_node_release(&step->node);
	chunk_release(step->chunk);
	*step = (struct step){0};
}

static void unwind(struct tree_cursor *c)
{
	for (size_t i = 0; i < COUNT_OF(c->steps); i++)
		step_release(&c->steps[i]);
	c->in_leaf = false;
}

void tree_cursor_free(struct tree_cursor *c)
{
	if (c == NULL)
		return;
	unwind(c);
	buf_release(&c->key);
	buf_release(&c->starts);
	free(c);
}

size_t tree_cursor_memory(const struct tree_cursor *c)
{
	size_t sum;

	if (c == NULL)
		return 0;
	sum = sizeof(*c) + c->key.cap + c->starts.cap;
	for (size_t i = 0; i < COUNT_OF(c->steps); i++)
		if (c->steps[i].chunk != NULL)
			sum += c->steps[i].chunk->plain.len + NODE_COST * (i > 0);
	return sum;
}

/* Load the chunk of `root` as step `level`. */
static int load(struct tree_cursor *c, const struct tree_root *root, struct error *e)
{
	struct step *step = &c->steps[root->height];

	step_release(step);
	if (store_get(c->store, &root->id, &step->chunk, e) < 0)
		return e->code;
	if (root->height == 0) {
		if (step->chunk->plain.len != root->bytes)
			return error_set(e, ERR_CORRUPT,
					 "a leaf has %zu bytes where %llu are expected",
					 step->chunk->plain.len, (unsigned long long)root->bytes);
		return 0;
	}
	return tree_node_parse(step->chunk->plain, root, &step->node, e);
}

/* The length of the document at offset `at` of the leaf; it is whole. */
static int doc_at(const struct tree_cursor *c, size_t at, size_t *ret, struct error *e)
{
	struct bytes leaf = c->steps[0].chunk->plain;
	int64_t len = bson_next(bytes_of(leaf.at + at, leaf.len - at), leaf.len, e);

	if (len <= 0)
		return len < 0 ? e->code : error_set(e, ERR_CORRUPT, "a leaf ends too early");
	*ret = (size_t)len;
	return 0;
}

static void step_over(struct tree_cursor *c, size_t len)
{
	c->at += len;
	c->rank++;
	c->offset += len;
}

/* How a level chooses a child: by rank or by offset, whichever is asked for. */
enum by { BY_RANK, BY_OFFSET };

static size_t choose(const struct tree_node *node, enum by by, uint64_t *rest)
{
	const uint64_t *sums = by == BY_RANK ? node->before : node->offset;
	size_t low = 0, high = node->n - 1;

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (sums[middle] <= *rest)
			low = middle;
		else
			high = middle - 1;
	}
	*rest -= sums[low];
	return low;
}

static int enter_child(struct tree_cursor *c, uint8_t level, size_t child, struct error *e)
{
	struct step *step = &c->steps[level];
	struct tree_root root = tree_node_child_root(&step->node, child);

	step->child = child;
	c->rank += step->node.before[child];
	c->offset += step->node.offset[child];
	return load(c, &root, e);
}

/* Down to the leaf that holds number *rest of the tree; *rest is then what remains in the leaf. */
static int descend(struct tree_cursor *c, enum by by, uint64_t *rest, struct error *e)
{
	unwind(c);
	c->at = 0;
	c->rank = c->offset = 0;
	if (load(c, &c->root, e) < 0)
		return e->code;
	for (uint8_t level = c->root.height; level > 0; level--)
		if (enter_child(c, level, choose(&c->steps[level].node, by, rest), e) < 0)
			return e->code;
	c->in_leaf = true;
	return 0;
}

/* At the end of the tree. */
static int stand_at_end(struct tree_cursor *c)
{
	unwind(c);
	c->rank = c->root.count;
	c->offset = c->root.bytes;
	return 0;
}

int tree_cursor_seek_rank(struct tree_cursor *c, uint64_t rank, struct error *e)
{
	uint64_t rest = rank;

	if (rank >= c->root.count)
		return stand_at_end(c);
	if (descend(c, BY_RANK, &rest, e) < 0)
		return e->code;
	for (; rest > 0; rest--) {
		size_t len = 0;

		if (doc_at(c, c->at, &len, e) < 0)
			return e->code;
		step_over(c, len);
	}
	return 1;
}

int tree_cursor_seek_offset(struct tree_cursor *c, uint64_t offset, uint64_t *ret_into,
			    struct error *e)
{
	uint64_t rest = offset;

	*ret_into = 0;
	if (offset >= c->root.bytes)
		return stand_at_end(c);
	if (descend(c, BY_OFFSET, &rest, e) < 0)
		return e->code;
	for (;;) {
		size_t len = 0;

		if (doc_at(c, c->at, &len, e) < 0)
			return e->code;
		if (rest < len)
			break;
		rest -= len;
		step_over(c, len);
	}
	*ret_into = rest;
	return 1;
}

/* The exact order of a child's last document and the key, where the separator can't tell. */
static int compare_last(struct tree_cursor *c, const struct tree_root *child, struct bytes key,
			int *ret, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *last = tree_cursor_new(c->store, child);
	struct bytes doc;
	int found = tree_cursor_seek_rank(last, child->count - 1, e);

	if (found == 1)
		found = tree_cursor_next(last, &doc, e);
	if (found == 1) {
		buf_reset(&c->key);
		found = key_of_document(doc, &c->key, e);
	}
	if (found < 0)
		return found;
	*ret = bytes_compare(buf_bytes(&c->key), key);
	return 0;
}

static int compare_child(struct tree_cursor *c, const struct tree_node *node, size_t i,
			 struct bytes key, int *ret, struct error *e)
{
	struct tree_root root = tree_node_child_root(node, i);
	bool exact;

	*ret = tree_node_compare(node->child[i].sep, key, &exact);
	return exact ? 0 : compare_last(c, &root, key, ret, e);
}

/* The first child whose last key is >= key; the last child when there is none. */
static int choose_by_key(struct tree_cursor *c, const struct tree_node *node, struct bytes key,
			 size_t *ret, struct error *e)
{
	size_t low = 0, high = node->n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order;

		if (compare_child(c, node, middle, key, &order, e) < 0)
			return e->code;
		if (order >= 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret = low;
	return 0;
}

/* Where the documents of the leaf begin, into c->starts. */
static int find_starts(struct tree_cursor *c, struct error *e)
{
	size_t end = c->steps[0].chunk->plain.len, len = 0;

	buf_reset(&c->starts);
	for (size_t at = 0; at < end; at += len) {
		buf_add(&c->starts, &at, sizeof(at));
		if (doc_at(c, at, &len, e) < 0)
			return e->code;
	}
	return 0;
}

/* Within the leaf: 1 equal, 0 greater or at its end. */
static int seek_in_leaf(struct tree_cursor *c, struct bytes key, struct error *e)
{
	struct bytes leaf = c->steps[0].chunk->plain;
	size_t low = 0, high, count;
	const size_t *starts;
	bool equal = false;

	if (find_starts(c, e) < 0)
		return e->code;
	starts = (const size_t *)(const void *)c->starts.at;
	count = high = c->starts.len / sizeof(*starts);
	while (low < high) {
		size_t middle = (low + high) / 2;
		size_t end = middle + 1 < count ? starts[middle + 1] : leaf.len;
		int order;

		buf_reset(&c->key);
		if (key_of_document(bytes_of(leaf.at + starts[middle], end - starts[middle]),
				    &c->key, e) < 0)
			return e->code;
		order = bytes_compare(buf_bytes(&c->key), key);
		if (order >= 0) {
			high = middle;
			equal = order == 0;
		} else {
			low = middle + 1;
		}
	}
	c->at = low < count ? starts[low] : leaf.len;
	c->rank += low;
	c->offset += c->at;
	return equal;
}

int tree_cursor_seek_key(struct tree_cursor *c, struct bytes key, struct error *e)
{
	if (c->root.kind != TREE_KEYED)
		return error_set(e, ERR_INVALID, "a seek by key in a collection of natural order");
	if (c->root.count == 0)
		return stand_at_end(c);
	unwind(c);
	c->at = 0;
	c->rank = c->offset = 0;
	if (load(c, &c->root, e) < 0)
		return e->code;
	for (uint8_t level = c->root.height; level > 0; level--) {
		size_t child = 0;

		if (choose_by_key(c, &c->steps[level].node, key, &child, e) < 0 ||
		    enter_child(c, level, child, e) < 0)
			return e->code;
	}
	c->in_leaf = true;
	return seek_in_leaf(c, key, e);
}

/* Who goes from leaf to leaf will want those that follow: let other threads decode them. */
static void wish(struct tree_cursor *c)
{
	const struct step *step = &c->steps[1];

	if (c->is_alone || c->root.height == 0 || step->child % AHEAD != 0)
		return;
	tree_wish(c->store, &step->node, step->child + AHEAD, step->child + 2 * AHEAD);
}

/* To the leaf after the current one: 1, 0 at the end of the tree. */
static int next_leaf(struct tree_cursor *c, struct error *e)
{
	uint8_t level = 1;

	while (level <= c->root.height && c->steps[level].child + 1 == c->steps[level].node.n)
		level++;
	if (level > c->root.height)
		return stand_at_end(c);
	c->at = 0;
	c->steps[level].child++;
	for (; level > 0; level--) {
		struct step *step = &c->steps[level];
		struct tree_root root = tree_node_child_root(&step->node, step->child);

		/* A node that load() makes new begins with its first child. */
		if (load(c, &root, e) < 0)
			return e->code;
	}
	wish(c);
	return 1;
}

/*
 * Stand in a leaf with something left: 1, 0 at the end. After an error the cursor stands where it
 * stood, out of any leaf, and the next call tries again.
 */
static int settle(struct tree_cursor *c, struct error *e)
{
	uint64_t rank = c->rank, offset = c->offset;
	int found;

	if (c->in_leaf && c->at < c->steps[0].chunk->plain.len)
		return 1;
	found = c->in_leaf ? next_leaf(c, e) : tree_cursor_seek_rank(c, rank, e);
	if (found < 0) {
		unwind(c);
		c->rank = rank;
		c->offset = offset;
	}
	return found;
}

/* Who reads on will look at the first fields of the next document: have them fetched meanwhile. */
static void fetch_next(const struct tree_cursor *c)
{
	struct bytes leaf = c->steps[0].chunk->plain;

	for (size_t at = c->at, end = c->at + FETCHED; at < end && at < leaf.len; at += 64)
		__builtin_prefetch(leaf.at + at);
}

int tree_cursor_next(struct tree_cursor *c, struct bytes *ret_doc, struct error *e)
{
	size_t len = 0;
	int found = settle(c, e);

	if (found != 1)
		return found;
	if (doc_at(c, c->at, &len, e) < 0)
		return e->code;
	*ret_doc = bytes_of(c->steps[0].chunk->plain.at + c->at, len);
	step_over(c, len);
	fetch_next(c);
	return 1;
}

int tree_cursor_next_leaf(struct tree_cursor *c, struct bytes *ret_docs, struct error *e)
{
	struct bytes leaf;
	size_t start;
	int found = settle(c, e);

	if (found != 1)
		return found;
	leaf = c->steps[0].chunk->plain;
	start = c->at;
	while (c->at < leaf.len) {
		size_t len = 0;

		if (doc_at(c, c->at, &len, e) < 0)
			return e->code;
		step_over(c, len);
	}
	*ret_docs = bytes_of(leaf.at + start, leaf.len - start);
	return 1;
}

void tree_cursor_lost(struct tree_cursor *c, uint64_t rank, uint64_t *ret_begin, uint64_t *ret_end)
{
	struct tree_root root = c->root;
	uint64_t rest = rank, begin = 0;
	struct error ignored;
	size_t len;

	*ret_begin = *ret_end = rank;
	/* A disk may have failed once. */
	if (tree_cursor_seek_rank(c, rank, &ignored) >= 0 &&
	    (!c->in_leaf || doc_at(c, c->at, &len, &ignored) == 0))
		return;
	unwind(c);
	while (root.height > 0 && load(c, &root, &ignored) == 0) {
		const struct tree_node *node = &c->steps[root.height].node;
		size_t child = choose(node, BY_RANK, &rest);

		begin += node->before[child];
		root = tree_node_child_root(node, child);
	}
	*ret_begin = begin;
	*ret_end = begin + root.count;
}

void tree_cursor_pass(struct tree_cursor *c, uint64_t *ret_lost)
{
	uint64_t rank = c->rank, begin, end;

	tree_cursor_lost(c, rank, &begin, &end);
	unwind(c);
	c->rank = end;
	*ret_lost = end - rank;
}

uint64_t tree_cursor_rank(const struct tree_cursor *c)
{
	return c->rank;
}

uint64_t tree_cursor_offset(const struct tree_cursor *c)
{
	return c->offset;
}
