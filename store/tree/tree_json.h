/*
 * tree_json.h - a collection as JSON lines: its size, and its bytes at any offset.
 *
 * The text is ejson_write() of each document and a newline, in the order of the tree. How long it
 * is below each chunk is a fact that was derived when the chunk was written (store_facts()), so a
 * size costs one look-up, and a read renders only the leaves that it touches. Facts that are
 * missing, or of another EJSON_VERSION, are derived again, which reads all below, once: then they are
 * in the index (facts_keeper.h).
 *
 * What lives here: rendered leaves and the sizes of nodes, both bounded in bytes and shared by all
 * readers, and threads that render ahead. The text of a large document is rendered as it is read: it
 * may be ten times as long.
 * Threads: any, but for making and freeing.
 */
#ifndef STORE_TREE_TREE_JSON_H
#define STORE_TREE_TREE_JSON_H

#include "base/ejson.h"
#include "store/store.h"
#include "store/tree/tree.h"

struct tree_json; /* opaque */

/*
 * A renderer for `store`, which must outlive it, in one mode. `cache_bytes` of rendered leaves are
 * kept; 0: 32 MiB.
 */
struct tree_json *tree_json_new(struct store *store, enum ejson_mode mode, size_t cache_bytes);
/* Waits for what is being rendered ahead. NULL is fine. */
void tree_json_free(struct tree_json *json);
DEFINE_OWNED(struct tree_json *, tree_json_free);

/* The exact number of bytes of the whole text. */
MUST_CHECK int tree_json_size(struct tree_json *json, const struct tree_root *root, uint64_t *ret,
			      struct error *e);

/*
 * Copy up to `len` bytes from byte `offset` of the text into `ret`; *ret_len is less than `len`
 * only at the end. `ahead` is how many leaves behind the last one to render in the background
 * (0: none). ERR_CORRUPT also when a leaf is not as long as its facts say: no read ever disagrees
 * with tree_json_size().
 */
MUST_CHECK int tree_json_read(struct tree_json *json, const struct tree_root *root, uint64_t offset,
			      void *ret, size_t len, unsigned ahead, size_t *ret_len,
			      struct error *e);

#endif
