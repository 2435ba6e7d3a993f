/*
 * writer_encode.h - choosing how a new chunk is stored: full, with a prefix, or as a delta.
 *
 * Rules: DESIGN 4. A shared prefix has depth 0, a full chunk 1, a delta 2; the base of a delta
 * is the chunk it replaces, or that one's base when it was a delta itself; a delta that is not
 * less than half of the full form (and not clearly small, 1/24 of the plain bytes) is stored full;
 * and one that has outgrown what it saves, see has_grown().
 *
 * Threads: pure over a store.
 */
#ifndef STORE_WRITER_ENCODE_H
#define STORE_WRITER_ENCODE_H

#include "store/store_internal.h"
#include "store/store_writer.h"

struct writer_prefix {
	struct chunk_id id;
	struct codec_prefix *digest;
};

enum { DEPTH_PREFIX = 0, DEPTH_FULL = 1, DEPTH_DELTA = 2 };

/* Encode put->plain into *ret (replaced) and describe it in *ret_place (not pack and offset). */
MUST_CHECK int writer_encode(struct store *store, struct codec *codec, const struct store_put *put,
			     struct buf *ret, struct chunk_place *ret_place, struct error *e);

/* 1 and the id of the full chunk or prefix that a place's base bytes mean, 0 when it is not known. */
MUST_CHECK int writer_encode_base_of(struct store *store, const struct chunk_place *place,
				     struct chunk_id *ret, struct error *e);

/* 1 and the id of the chunk that a delta may be made against to replace `hint`, 0 when there is none. */
MUST_CHECK int writer_encode_delta_base(struct store *store, const struct chunk_id *hint,
					struct chunk_id *ret, struct error *e);

#endif
