/*
 * pack_writer.h - a pack in the making: frames are appended in memory, then it is finished whole.
 *
 * Threads: one at a time.
 */
#ifndef STORE_PACK_PACK_WRITER_H
#define STORE_PACK_PACK_WRITER_H

#include "store/backend/backend.h"
#include "store/crypt/store_keys.h"
#include "store/pack/pack_format.h"

struct pack_writer; /* opaque */

/* With keys its frames are sealed (pack_seal.h); NULL: of a plain store. */
struct pack_writer *pack_writer_new(enum pack_kind kind, const struct store_keys *keys);
/*
 * Give an empty pack another name than the same chunks had before: `salt` is the number of a prune's list (0: none). Else what is
 * stored anew could be the very pack that is about to go.
 */
void pack_writer_salt(struct pack_writer *pack, uint64_t salt);
void pack_writer_free(struct pack_writer *pack);
DEFINE_OWNED(struct pack_writer *, pack_writer_free);

/* True when `stored` more (not sealed) bytes should go to the next pack. */
bool pack_writer_is_full(const struct pack_writer *pack, size_t stored);
bool pack_writer_is_empty(const struct pack_writer *pack);

/* Append a frame. `place` is complete but for its offset and stored length, which are set. */
void pack_writer_add(struct pack_writer *pack, const struct chunk_id *id, struct chunk_place *place,
		     struct bytes stored);

/* Add the directory, name the pack and put it into the back end. ERR_IO. */
MUST_CHECK int pack_writer_finish(struct pack_writer *pack, struct backend *backend,
				  struct chunk_id *ret_id, uint64_t *ret_size, struct error *e);

/* The entries so far; valid until the pack is freed. */
const struct pack_entry *pack_writer_entries(const struct pack_writer *pack, size_t *ret_count);

/* Free the frames of a finished pack; the entries stay. */
void pack_writer_drop_data(struct pack_writer *pack);

#endif
