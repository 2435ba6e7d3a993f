/*
 * writer_finish.h - the thread of a writer that finishes packs and tells the index.
 *
 * Encoding goes on while a pack is hashed, written and fsynced here; at most one more waits.
 * Commit order (DESIGN 4): the pack is durable first, then the index knows it.
 *
 * Threads: add from any, wait and free from one.
 */
#ifndef STORE_WRITER_FINISH_H
#define STORE_WRITER_FINISH_H

#include "store/pack/pack_writer.h"
#include "store/store_internal.h"

struct writer_finish; /* opaque */

/* `known` is called once a finished pack of `size` bytes is in the index. */
typedef void (*writer_finish_known)(void *ctx, const struct pack_entry *entries, size_t count,
				    uint64_t size);

struct writer_finish *writer_finish_new(struct store *store, writer_finish_known known, void *ctx);
/* Packs that were not waited for are given up. NULL is fine. */
void writer_finish_free(struct writer_finish *finish);

/* Take a pack (also on failure); waits while the queue is full. What went wrong before, if so. */
MUST_CHECK int writer_finish_add(struct writer_finish *finish, struct pack_writer *pack,
				 struct error *e);

/* Wait until every pack is durable and known. */
MUST_CHECK int writer_finish_wait(struct writer_finish *finish, struct error *e);

#endif
