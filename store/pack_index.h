/*
 * pack_index.h - the chunks of a pack into the index.
 *
 * In the order of their ids, which is that of the index's pages: in the order of a pack each one goes to another page, which takes twice as
 * long, at moments when everybody waits for it.
 *
 * Threads: as the batch.
 */
#ifndef STORE_PACK_INDEX_H
#define STORE_PACK_INDEX_H

#include "index/chunk_index.h"
#include "store/pack/pack_writer.h"

/* These chunks lie in pack `number` of the index. Errors of chunk_index_add(). */
MUST_CHECK int pack_index_entries(struct chunk_index_batch *batch, uint32_t number,
				  const struct pack_entry *entries, size_t count, struct error *e);

/* The pack that `pack` was written to, of this name and size, and its chunks. Errors of chunk_index_add_pack(), too. */
MUST_CHECK int pack_index_written(struct chunk_index_batch *batch, const struct pack_writer *pack,
				  const struct chunk_id *id, uint64_t size, struct error *e);

#endif
