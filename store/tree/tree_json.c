#include "store/tree/tree_json.h"

#include <inttypes.h>

#include "base/bson.h"
#include "store/store_internal.h"
#include "store/tree/tree_node.h"

#define CACHE_DEFAULT (32 * MIB)
/* Sizes of some 4,000 nodes, which have 17 GB of leaves below. */
#define SIZES_CACHE (4 * MIB)

struct tree_json {
	struct store *store;
	enum ejson_mode mode;
	struct chunk_cache *leaves; /* leaf -> its text */
	struct chunk_cache *sizes;  /* node -> uint64_t [children + 1]: bytes of text before each */
	struct prefetch *prefetch;
};

/* A node on the way down, with its sizes. */
struct json_node {
	struct chunk *chunk;
	struct chunk *sizes;
	struct tree_node node;
	const uint64_t *before; /* node.n + 1 */
};

static int get_leaf(struct tree_json *json, const struct chunk_id *id, struct chunk **ret,
		    struct error *e);

static void prefetch_run(void *ctx, const struct chunk_id *id)
{
	struct chunk *text = NULL;
	struct error ignored;

	if (get_leaf(ctx, id, &text, &ignored) == 0)
		chunk_release(text);
}

struct tree_json *tree_json_new(struct store *store, enum ejson_mode mode, size_t cache_bytes)
{
	struct tree_json *json = xcalloc(1, sizeof(*json));

	json->store = store;
	json->mode = mode;
	json->leaves = chunk_cache_new(cache_bytes == 0 ? CACHE_DEFAULT : cache_bytes);
	json->sizes = chunk_cache_new(SIZES_CACHE);
	json->prefetch = prefetch_new(store->threads, prefetch_run, json);
	return json;
}

void tree_json_free(struct tree_json *json)
{
	if (json == NULL)
		return;
	prefetch_free(json->prefetch);
	chunk_cache_free(json->leaves);
	chunk_cache_free(json->sizes);
	free(json);
}

/* The recorded size of the text of `root`: 1, or 0 when there is none of this renderer. */
static int recorded_size(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
			 struct error *e)
{
	struct chunk_facts facts;
	int found = store_facts(json->store, &root->id, &facts, e);

	if (found < 1)
		return found;
	if (facts.renderer != EJSON_VERSION || facts.documents != root->count)
		return 0;
	*ret = json->mode == EJSON_CANONICAL ? facts.canonical : facts.relaxed;
	return 1;
}

/* The document that `*rest` begins with: 1 and *rest is moved past it, 0 at the end. */
static int next_doc(struct bytes *rest, struct bytes *ret, struct error *e)
{
	int64_t len = bson_next(*rest, rest->len, e);

	if (len <= 0)
		return (int)len;
	*ret = bytes_of(rest->at, (size_t)len);
	rest->at += len;
	rest->len -= (size_t)len;
	return 1;
}

static int measure_leaf(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
			struct error *e)
{
	OWNED(chunk_release) struct chunk *leaf = NULL;
	struct bytes rest, doc;
	uint64_t size, sum = 0;
	int found;

	if (store_get(json->store, &root->id, &leaf, e) < 0)
		return e->code;
	rest = leaf->plain;
	while ((found = next_doc(&rest, &doc, e)) == 1) {
		if (ejson_size(doc, json->mode, &size, e) < 0)
			return e->code;
		sum += size + 1;
	}
	*ret = sum;
	return found;
}

/* Give back what `b` has allocated and does not use: the cache counts it. */
static void trim(struct buf *b)
{
	if (b->len == b->cap || b->len == 0)
		return;
	b->at = xrealloc(b->at, b->len);
	b->cap = b->len;
}

/* Render a leaf into *ret: a loader of the cache. */
static int render_leaf(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e)
{
	OWNED(chunk_release) struct chunk *leaf = NULL;
	struct tree_json *json = ctx;
	struct bytes rest, doc;
	int found;

	if (store_get(json->store, id, &leaf, e) < 0)
		return e->code;
	rest = leaf->plain;
	if (buf_reserve(ret, 2 * leaf->plain.len, SIZE_MAX / 2, e) < 0)
		return e->code;
	while ((found = next_doc(&rest, &doc, e)) == 1) {
		if (ejson_write(doc, json->mode, ret, e) < 0)
			return e->code;
		buf_add_u8(ret, '\n');
	}
	trim(ret);
	return found;
}

static int get_leaf(struct tree_json *json, const struct chunk_id *id, struct chunk **ret,
		    struct error *e)
{
	return chunk_cache_get(json->leaves, id, render_leaf, json, ret, e);
}

static int size_of(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
		   struct error *e);

/* What the loader of a node's sizes needs. */
struct sizes_load {
	struct tree_json *json;
	const struct tree_root *root;
};

/* Sum up the sizes of the children of a node into *ret: a loader of the cache. */
static int load_sizes(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	OWNED(tree_node_release) struct tree_node node = {0};
	const struct sizes_load *load = ctx;
	uint64_t *before, size;

	if (store_get(load->json->store, id, &chunk, e) < 0 ||
	    tree_node_parse(chunk->plain, load->root, &node, e) < 0 ||
	    buf_reserve(ret, (node.n + 1) * sizeof(*before), SIZE_MAX, e) < 0)
		return e->code;
	ret->len = (node.n + 1) * sizeof(*before);
	before = (uint64_t *)(void *)ret->at;
	before[0] = 0;
	for (size_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		if (size_of(load->json, &child, &size, e) < 0)
			return e->code;
		if (__builtin_add_overflow(before[i], size, &before[i + 1]))
			return error_set(e, ERR_CORRUPT, "sizes of JSON that are beyond all bounds");
	}
	return 0;
}

/* The sizes of the node that `root` is; *ret_before is valid while *ret is held. */
static int get_sizes(struct tree_json *json, const struct tree_root *root, struct chunk **ret,
		     const uint64_t **ret_before, struct error *e)
{
	struct sizes_load load = {json, root};

	if (chunk_cache_get(json->sizes, &root->id, load_sizes, &load, ret, e) < 0)
		return e->code;
	*ret_before = (const uint64_t *)(const void *)(*ret)->plain.at;
	return 0;
}

static int size_of(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
		   struct error *e)
{
	OWNED(chunk_release) struct chunk *sizes = NULL;
	const uint64_t *before;
	int found = recorded_size(json, root, ret, e);

	if (found != 0)
		return found < 0 ? found : 0;
	if (root->height == 0)
		return measure_leaf(json, root, ret, e);
	if (get_sizes(json, root, &sizes, &before, e) < 0)
		return e->code;
	*ret = before[sizes->plain.len / sizeof(*before) - 1];
	return 0;
}

int tree_json_size(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
		   struct error *e)
{
	*ret = 0;
	if (root->count == 0)
		return 0;
	return size_of(json, root, ret, e);
}

/* What one read walks with. */
struct reader {
	struct tree_json *json;
	uint8_t *ret;
	uint64_t begin, end; /* the bytes that are wanted */
	unsigned ahead;	     /* leaves behind them that are still to be wished for */
	size_t done;
};

static void wish_leaf(struct reader *r, const struct chunk_id *id)
{
	if (!chunk_cache_has(r->json->leaves, id))
		prefetch_add(r->json->prefetch, id);
}

/* Wish for the leaves of the read below this node but the first, and for those behind it. */
static void wish(struct reader *r, const struct json_node *n, uint64_t offset, size_t first)
{
	for (size_t i = first + 1; i < n->node.n; i++) {
		if (offset + n->before[i] >= r->end && r->ahead-- == 0)
			break;
		wish_leaf(r, &n->node.child[i].id);
	}
}
