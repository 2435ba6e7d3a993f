#include "store/tree/tree_json.h"

#include <inttypes.h>

#include "base/bson.h"
#include "base/ejson_reader.h"
#include "store/facts_keeper.h"
#include "store/leaf_facts.h"
#include "store/store_internal.h"
#include "store/tree/tree_node.h"

/* Room behind the text of a leaf: the renderer wants some before a value, for the worst case. */
#define RENDER_ROOM (4 * KIB)
#define CACHE_DEFAULT (32 * MIB)
/* Sizes of some 4,000 nodes, which have 17 GB of leaves below. */
#define SIZES_CACHE (4 * MIB)
/* A leaf of which the text is longer (that of one large document) is rendered as it is read. */
#define LONG_TEXT (8 * MIB)

struct tree_json {
	struct store *store;
	enum ejson_mode mode;
	struct chunk_cache *leaves; /* leaf -> its text */
	struct chunk_cache *sizes;  /* node -> its children's, see struct json_node */
	struct facts_keeper *keeper;
	struct prefetch *prefetch;
	pthread_mutex_t lock; /* over the leaf with a long text that was read last */
	struct chunk *long_leaf;
	struct ejson_reader *long_reader;
};

/* A node on the way down, with its sizes. */
struct json_node {
	struct chunk *chunk;
	struct chunk *sizes;
	struct tree_node node;
	/* Bytes of text before each child, node.n + 1; behind them the sum in the other mode. */
	const uint64_t *before;
};

static int get_leaf(struct tree_json *json, const struct chunk_id *id, struct chunk **ret,
		    struct error *e);
static uint64_t size_in(const struct tree_json *json, const struct chunk_facts *facts);

static void prefetch_run(void *ctx, const struct chunk_id *id)
{
	struct tree_json *json = ctx;
	struct chunk *text = NULL;
	struct chunk_facts facts;
	struct error ignored;

	if (store_facts(json->store, id, &facts, &ignored) == 1 &&
	    size_in(json, &facts) <= LONG_TEXT && get_leaf(json, id, &text, &ignored) == 0)
		chunk_release(text);
}

struct tree_json *tree_json_new(struct store *store, enum ejson_mode mode, size_t cache_bytes)
{
	struct tree_json *json = xcalloc(1, sizeof(*json));

	json->store = store;
	json->mode = mode;
	json->leaves = chunk_cache_new(cache_bytes == 0 ? CACHE_DEFAULT : cache_bytes);
	json->sizes = chunk_cache_new(SIZES_CACHE);
	json->keeper = facts_keeper_new(store);
	json->prefetch = prefetch_new(store->threads, prefetch_run, json);
	pthread_mutex_init(&json->lock, NULL);
	return json;
}

void tree_json_free(struct tree_json *json)
{
	if (json == NULL)
		return;
	prefetch_free(json->prefetch);
	facts_keeper_free(json->keeper);
	ejson_reader_free(json->long_reader);
	chunk_release(json->long_leaf);
	pthread_mutex_destroy(&json->lock);
	chunk_cache_free(json->leaves);
	chunk_cache_free(json->sizes);
	free(json);
}

static uint64_t size_in(const struct tree_json *json, const struct chunk_facts *facts)
{
	return json->mode == EJSON_CANONICAL ? facts->canonical : facts->relaxed;
}

/* The recorded facts of `root`: 1, or 0 when there are none of this renderer. */
static int recorded(struct tree_json *json, const struct tree_root *root, struct chunk_facts *ret,
		    struct error *e)
{
	struct chunk_facts facts;
	int found = store_facts(json->store, &root->id, &facts, e);

	if (found < 1)
		return found;
	if (facts.renderer != EJSON_VERSION || facts.documents != root->count)
		return 0;
	*ret = facts;
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

static int measure_leaf(struct tree_json *json, const struct tree_root *root,
			struct chunk_facts *ret, struct error *e)
{
	OWNED(chunk_release) struct chunk *leaf = NULL;

	if (store_get(json->store, &root->id, &leaf, e) < 0)
		return e->code;
	return leaf_facts_measure(leaf->plain, ret, e);
}

/* About how long the text of a leaf will be; who reads it compares it with the facts. */
static size_t expected_len(struct tree_json *json, const struct chunk *leaf)
{
	struct chunk_facts facts;
	struct error ignored;

	if (store_facts(json->store, &leaf->id, &facts, &ignored) != 1)
		return 2 * leaf->plain.len;
	return (size_t)MIN_OF(size_in(json, &facts), 8 * (uint64_t)leaf->plain.len);
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
	if (buf_reserve(ret, expected_len(json, leaf) + RENDER_ROOM, SIZE_MAX / 2, e) < 0)
		return e->code;
	while ((found = next_doc(&rest, &doc, e)) == 1) {
		if (ejson_write(doc, json->mode, ret, e) < 0)
			return e->code;
		buf_add_u8(ret, '\n');
	}
	return found;
}

static int get_leaf(struct tree_json *json, const struct chunk_id *id, struct chunk **ret,
		    struct error *e)
{
	return chunk_cache_get(json->leaves, id, render_leaf, json, ret, e);
}

static void json_node_release(struct json_node *n)
{
	tree_node_release(&n->node);
	chunk_release(n->chunk);
	chunk_release(n->sizes);
}
DEFINE_OWNED_STRUCT(struct json_node, json_node_release);

/* Without the sizes. */
static int load_node(struct tree_json *json, const struct tree_root *root, struct json_node *ret,
		     struct error *e)
{
	if (store_get(json->store, &root->id, &ret->chunk, e) < 0)
		return e->code;
	return tree_node_parse(ret->chunk->plain, root, &ret->node, e);
}

static int facts_of(struct tree_json *json, const struct tree_root *root, struct chunk_facts *ret,
		    struct error *e);

/* What the loader of a node's sizes needs. */
struct sizes_load {
	struct tree_json *json;
	const struct tree_root *root;
};

/* Sum up the sizes of the children of a node into *ret: a loader of the cache. */
static int load_sizes(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e)
{
	OWNED(json_node_release) struct json_node n = {0};
	const struct sizes_load *load = ctx;
	bool canonical = load->json->mode == EJSON_CANONICAL;
	uint64_t *before, *other;
	size_t len;

	(void)id;
	if (load_node(load->json, load->root, &n, e) < 0)
		return e->code;
	len = (n.node.n + 2) * sizeof(*before);
	before = (uint64_t *)(void *)buf_room(ret, len);
	ret->len = len;
	before[0] = 0;
	other = &before[n.node.n + 1];
	*other = 0;
	for (size_t i = 0; i < n.node.n; i++) {
		struct tree_root child = tree_node_child_root(&n.node, i);
		struct chunk_facts facts;

		if (facts_of(load->json, &child, &facts, e) < 0)
			return e->code;
		if (__builtin_add_overflow(before[i], canonical ? facts.canonical : facts.relaxed,
					   &before[i + 1]) ||
		    __builtin_add_overflow(*other, canonical ? facts.relaxed : facts.canonical,
					   other))
			return error_set(e, ERR_CORRUPT, "the JSON of a node is beyond all bounds");
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

/* Sum up the facts of a node. */
static int measure_node(struct tree_json *json, const struct tree_root *root,
			struct chunk_facts *ret, struct error *e)
{
	OWNED(chunk_release) struct chunk *sizes = NULL;
	const uint64_t *before = NULL;
	uint64_t own, other;
	size_t n;

	if (get_sizes(json, root, &sizes, &before, e) < 0)
		return e->code;
	n = sizes->plain.len / sizeof(*before) - 2;
	own = before[n];
	other = before[n + 1];
	*ret = (struct chunk_facts){.documents = root->count,
				    .relaxed = json->mode == EJSON_CANONICAL ? other : own,
				    .canonical = json->mode == EJSON_CANONICAL ? own : other,
				    .renderer = EJSON_VERSION};
	return 0;
}

/* The facts of a chunk: as recorded, or derived and handed over to be recorded. */
static int facts_of(struct tree_json *json, const struct tree_root *root, struct chunk_facts *ret,
		    struct error *e)
{
	int found = recorded(json, root, ret, e);

	if (found != 0)
		return found < 0 ? found : 0;
	found = root->height == 0 ? measure_leaf(json, root, ret, e)
				  : measure_node(json, root, ret, e);
	if (found == 0)
		facts_keeper_add(json->keeper, &root->id, ret);
	return found;
}

int tree_json_size(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
		   struct error *e)
{
	struct chunk_facts facts;

	*ret = 0;
	if (root->count == 0)
		return 0;
	if (facts_of(json, root, &facts, e) < 0)
		return e->code;
	*ret = size_in(json, &facts);
	return 0;
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
		if (offset + n->before[i] >= r->end) {
			if (r->ahead == 0)
				return;
			r->ahead--;
		}
		wish_leaf(r, &n->node.child[i].id);
	}
}

/* Wish for the first leaves of a tree that lies behind the read. What fails is no wish. */
static void wish_behind(struct reader *r, const struct tree_root *root)
{
	OWNED(json_node_release) struct json_node n = {0};
	struct error ignored;

	if (root->height == 0) {
		wish_leaf(r, &root->id);
		r->ahead--;
		return;
	}
	if (load_node(r->json, root, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n.node.n && r->ahead > 0; i++) {
		struct tree_root child = tree_node_child_root(&n.node, i);

		wish_behind(r, &child);
	}
}

/* The first child whose text ends after byte `want` of the whole. */
static size_t first_child(const struct json_node *n, uint64_t offset, uint64_t want)
{
	size_t low = 0, high = n->node.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (offset + n->before[middle + 1] > want)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int wrong_size(const struct tree_root *root, uint64_t found, uint64_t expected,
		      struct error *e)
{
	char hex[CHUNK_ID_HEX + 1];

	chunk_id_hex(&root->id, hex);
	return error_set(e, ERR_CORRUPT,
			 "chunk %s: %" PRIu64 " bytes of JSON where the facts say %" PRIu64, hex,
			 found, expected);
}

/* Have the reader for this leaf. Under lock. */
static int use_long_leaf(struct tree_json *json, const struct chunk_id *id, struct error *e)
{
	struct chunk *leaf = NULL;

	if (json->long_leaf != NULL && chunk_id_equal(&json->long_leaf->id, id))
		return 0;
	if (store_get(json->store, id, &leaf, e) < 0)
		return e->code;
	ejson_reader_free(json->long_reader);
	chunk_release(json->long_leaf);
	json->long_leaf = leaf;
	json->long_reader = ejson_reader_new(json->mode == EJSON_CANONICAL ? EJSON_LINE_CANONICAL
									   : EJSON_LINE_RELAXED);
	return 0;
}

/* Bytes [from, to) of a leaf's text of `size` bytes. Under lock. */
static int read_long_leaf(struct reader *r, const struct tree_root *root, uint64_t from,
			  uint64_t to, uint64_t size, uint8_t *ret, struct error *e)
{
	struct ejson_reader *reader;
	size_t len = 0, more = 0;
	struct bytes docs;
	uint8_t behind;

	if (use_long_leaf(r->json, &root->id, e) < 0)
		return e->code;
	reader = r->json->long_reader;
	docs = r->json->long_leaf->plain;
	if (ejson_reader_read(reader, docs, from, ret, (size_t)(to - from), &len, e) < 0)
		return e->code;
	if (to == size && ejson_reader_read(reader, docs, size, &behind, 1, &more, e) < 0)
		return e->code;
	if (len < to - from || more > 0)
		return wrong_size(root, from + len + more, size, e);
	return 0;
}

/* The part of the read that lies in a leaf, whose `size` bytes of text begin at `offset`. */
static int read_leaf(struct reader *r, const struct tree_root *root, uint64_t offset, uint64_t size,
		     struct error *e)
{
	OWNED(chunk_release) struct chunk *text = NULL;
	uint64_t from = MAX_OF(r->begin, offset), to = MIN_OF(r->end, offset + size);
	int code;

	if (size > LONG_TEXT) {
		pthread_mutex_lock(&r->json->lock);
		code = read_long_leaf(r, root, from - offset, to - offset, size,
				      r->ret + (from - r->begin), e);
		pthread_mutex_unlock(&r->json->lock);
		r->done += to - from;
		return code;
	}
	if (get_leaf(r->json, &root->id, &text, e) < 0)
		return e->code;
	if (text->plain.len != size)
		return wrong_size(root, text->plain.len, size, e);
	memcpy(r->ret + (from - r->begin), text->plain.at + (from - offset), to - from);
	r->done += to - from;
	return 0;
}

static int read_tree(struct reader *r, const struct tree_root *root, uint64_t offset, uint64_t size,
		     struct error *e)
{
	OWNED(json_node_release) struct json_node n = {0};
	size_t i;

	if (root->height == 0)
		return read_leaf(r, root, offset, size, e);
	if (load_node(r->json, root, &n, e) < 0 ||
	    get_sizes(r->json, root, &n.sizes, &n.before, e) < 0)
		return e->code;
	if (n.before[n.node.n] != size)
		return wrong_size(root, n.before[n.node.n], size, e);
	i = first_child(&n, offset, r->begin);
	if (root->height == 1)
		wish(r, &n, offset, i);
	for (; i < n.node.n && offset + n.before[i] < r->end; i++) {
		struct tree_root child = tree_node_child_root(&n.node, i);

		if (read_tree(r, &child, offset + n.before[i], n.before[i + 1] - n.before[i], e) <
		    0)
			return e->code;
	}
	for (; root->height > 1 && i < n.node.n && r->ahead > 0; i++) {
		struct tree_root child = tree_node_child_root(&n.node, i);

		wish_behind(r, &child);
	}
	return 0;
}

int tree_json_read(struct tree_json *json, const struct tree_root *root, uint64_t offset, void *ret,
		   size_t len, unsigned ahead, size_t *ret_len, struct error *e)
{
	struct reader r = {.json = json, .ret = ret, .begin = offset, .ahead = ahead};
	uint64_t size;

	*ret_len = 0;
	if (tree_json_size(json, root, &size, e) < 0)
		return e->code;
	if (offset >= size || len == 0)
		return 0;
	r.end = offset + MIN_OF((uint64_t)len, size - offset);
	if (read_tree(&r, root, 0, size, e) < 0)
		return e->code;
	*ret_len = r.done;
	return 0;
}
