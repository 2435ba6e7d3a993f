/*
 * tree_read(): bytes of a collection's .bson at an offset, as a mount wants them. Declared in
 * tree_cursor.h.
 */
#include "store/tree/tree_cursor.h"
#include "store/tree/tree_wish.h"

/* What one read walks with: either bytes are copied to `ret`, or pieces are held. */
struct reader {
	struct store *store;
	uint8_t *ret;
	struct tree_piece *pieces;
	size_t max, count;   /* of pieces */
	uint64_t begin, end; /* the bytes that are wanted */
	unsigned ahead;	     /* leaves to wish for after them, still */
	size_t done;
};

static int read_leaf(struct reader *r, const struct tree_root *root, uint64_t offset,
		     struct error *e)
{
	OWNED(chunk_release) struct chunk *leaf = NULL;
	uint64_t from = MAX_OF(r->begin, offset), to = MIN_OF(r->end, offset + root->bytes);

	if (store_get(r->store, &root->id, &leaf, e) < 0)
		return e->code;
	if (leaf->plain.len != root->bytes)
		return error_set(e, ERR_CORRUPT, "a leaf has %zu bytes where %llu are expected",
				 leaf->plain.len, (unsigned long long)root->bytes);
	r->done += to - from;
	if (r->pieces == NULL) {
		memcpy(r->ret + (from - r->begin), leaf->plain.at + (from - offset), to - from);
	} else if (r->count++ < r->max) {
		r->pieces[r->count - 1] = (struct tree_piece){
			leaf, bytes_of(leaf->plain.at + (from - offset), to - from)};
		leaf = NULL; /* held by its piece */
	}
	return 0;
}

/* The first child that ends after byte `want` of the tree. */
static size_t first_child(const struct tree_node *node, uint64_t offset, uint64_t want)
{
	size_t low = 0, high = node->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (offset + node->offset[middle + 1] > want)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Ask for the leaves from `first` on that the read wants, and some after it, before decoding any. */
static void wish(struct reader *r, const struct tree_node *node, uint64_t offset, size_t first)
{
	size_t end = first;

	while (end < node->n && offset + node->offset[end] < r->end)
		end++;
	for (; end < node->n && r->ahead > 0; end++)
		r->ahead--;
	tree_wish(r->store, node, first, end);
}

/* Hold node `root` until `chunk` is released, and `node` too. */
static int open_node(struct reader *r, const struct tree_root *root, struct chunk **chunk,
		     struct tree_node *node, struct error *e)
{
	if (store_get(r->store, &root->id, chunk, e) < 0)
		return e->code;
	return tree_node_parse((*chunk)->plain, root, node, e);
}

/*
 * The read ends in a node and what is ahead in the next, whose first leaves would else be decoded
 * when they are waited for. It is only a wish: damage is told to who reads it.
 */
static void wish_in_next(struct reader *r, const struct tree_root *next, uint64_t offset)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	struct error e;

	if (open_node(r, next, &chunk, &node, &e) < 0)
		return;
	wish(r, &node, offset, 0);
	tree_node_release(&node);
}

static int read_tree(struct reader *r, const struct tree_root *root, uint64_t offset,
		     struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	int code = 0;
	size_t i;

	if (root->height == 0)
		return read_leaf(r, root, offset, e);
	if (open_node(r, root, &chunk, &node, e) < 0)
		return e->code;
	i = first_child(&node, offset, r->begin);
	if (root->height == 1)
		wish(r, &node, offset, i + 1);
	for (; i < node.n && offset + node.offset[i] < r->end && code == 0; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		code = read_tree(r, &child, offset + node.offset[i], e);
	}
	if (root->height == 2 && i < node.n && r->ahead > 0 && code == 0) {
		struct tree_root next = tree_node_child_root(&node, i);

		wish_in_next(r, &next, offset + node.offset[i]);
	}
	tree_node_release(&node);
	return code;
}

int tree_read(struct store *store, const struct tree_root *root, uint64_t offset, void *ret,
	      size_t len, unsigned ahead, size_t *ret_len, struct error *e)
{
	struct reader r = {.store = store, .ret = ret, .begin = offset, .ahead = ahead};

	*ret_len = 0;
	if (offset >= root->bytes || len == 0)
		return 0;
	r.end = offset + MIN_OF((uint64_t)len, root->bytes - offset);
	if (read_tree(&r, root, 0, e) < 0)
		return e->code;
	*ret_len = r.done;
	return 0;
}

static void release_pieces(struct reader *r)
{
	for (size_t i = 0; i < MIN_OF(r->count, r->max); i++)
		chunk_release(r->pieces[i].chunk);
}

int tree_read_pieces(struct store *store, const struct tree_root *root, uint64_t offset, size_t len,
		     unsigned ahead, struct tree_piece *ret, size_t max, size_t *ret_count,
		     struct error *e)
{
	struct reader r = {
		.store = store, .pieces = ret, .max = max, .begin = offset, .ahead = ahead};

	*ret_count = 0;
	if (offset >= root->bytes || len == 0)
		return 1;
	r.end = offset + MIN_OF((uint64_t)len, root->bytes - offset);
	if (read_tree(&r, root, 0, e) < 0) {
		release_pieces(&r);
		return e->code;
	}
	if (r.count > max) {
		release_pieces(&r);
		return 0;
	}
	*ret_count = r.count;
	return 1;
}
