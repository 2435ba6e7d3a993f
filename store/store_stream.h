/*
 * store_stream.h - what the layer of the oplog needs of a store's inside: its small files, the lock of the
 * stream, and whether a file's trees are there.
 *
 * What a stream is, this file does not know (oplog/stream.h does).
 *
 * Threads: any.
 */
#ifndef STORE_STORE_STREAM_H
#define STORE_STORE_STREAM_H

#include "store/backend/backend.h"
#include "store/store.h"
#include "store/tree/tree.h"

/* Where the store's immutable files lie; the store's, as long as it is open. */
struct backend *store_stream_files(struct store *store);

enum store_stream_lock {
	STORE_STREAM_ADD,  /* adding segments: short */
	STORE_STREAM_TAIL, /* appending to journals: as long as somebody does */
};

/*
 * Lock the stream against all others who want the same lock, in this process and in others, until
 * *ret_fd is closed. ERR_BUSY: somebody holds it now. ERR_UNSUPPORTED: the store can't be written.
 */
MUST_CHECK int store_stream_lock(struct store *store, enum store_stream_lock lock, int *ret_fd,
				 struct error *e);

/*
 * 1 every chunk of the trees is there that the file `id` names, 0 not. What was found whole is noted,
 * until a pack goes. Packs that came since the last store_refresh() are not looked for.
 */
MUST_CHECK int store_stream_is_whole(struct store *store, const struct chunk_id *id,
				     const struct tree_root *const *roots, size_t count,
				     struct error *e);

struct store_writer;

/*
 * Call `publish`, which writes the files that name these trees, under the short lock for commits, after what of them a
 * prune has condemned was stored anew (rescue.h). The writer was flushed. Errors of `publish` too.
 */
MUST_CHECK int store_stream_commit(struct store_writer *writer,
				   const struct tree_root *const *roots, size_t count,
				   int (*publish)(void *ctx, struct error *e), void *ctx,
				   struct error *e);

#endif
