/*
 * pack_seal.h - frames of encrypted packs: what is stored of a chunk, sealed.
 *
 * A pack has a key of its own, made with the salt behind its header. A frame's number is the offset of its stored bytes, and what is
 * said about it is its header: so no frame can be taken for another. docs/format/pack.md.
 *
 * Prefixes: pack_seal_, pack_keys_. Threads: pure; a struct pack_keys any.
 */
#ifndef STORE_PACK_PACK_SEAL_H
#define STORE_PACK_PACK_SEAL_H

#include "store/backend/backend.h"
#include "store/crypt/seal.h"
#include "store/pack/pack_format.h"

/* Begin a pack that was just given its header: say that it is encrypted, and append a new salt. */
void pack_seal_begin(const struct store_keys *keys, struct buf *pack,
		     uint8_t ret_key[STORE_KEY_LEN]);
/* Seal the last `len` bytes of the pack: the stored bytes of `place`, whose header is before them. */
void pack_seal_frame(const uint8_t key[STORE_KEY_LEN], const struct chunk_place *place,
		     struct buf *pack);
/* The same salt again, behind the last frame: for a salvage when the first is damaged. */
void pack_seal_end(struct buf *pack);

/* Open the stored bytes of a place in place; they are then PACK_SEAL_MORE shorter. ERR_CORRUPT. */
#define PACK_SEAL_MORE SEAL_TAG_LEN
MUST_CHECK int pack_seal_open(const uint8_t key[STORE_KEY_LEN], const struct chunk_place *place,
			      struct buf *stored, struct error *e);

/* The key of a pack whose bytes are in memory: by its first salt, or that behind the frames, which end at the directory's `offset`. */
MUST_CHECK bool pack_seal_key(const struct store_keys *keys, struct bytes pack,
			      uint8_t ret_key[STORE_KEY_LEN]);
MUST_CHECK bool pack_seal_last_key(const struct store_keys *keys, struct bytes pack,
				   uint64_t offset, uint8_t ret_key[STORE_KEY_LEN]);

/* The keys of packs that were read lately. */
struct pack_keys; /* opaque */

/* `keys` must outlive it. */
struct pack_keys *pack_keys_new(const struct store_keys *keys);
/* Wipes them. NULL is fine. */
void pack_keys_free(struct pack_keys *packs);
DEFINE_OWNED(struct pack_keys *, pack_keys_free);
/* 1 and the pack's key, read from its header when it is not known; 0 the pack is not there. ERR_CORRUPT: it is not encrypted; ERR_IO. */
MUST_CHECK int pack_keys_get(struct pack_keys *packs, struct backend *backend,
			     const struct chunk_id *pack, uint8_t ret_key[STORE_KEY_LEN],
			     struct error *e);

/* Forget the pack's key: what it should have opened was damaged, and so may have been the header that it was made with. */
void pack_keys_forget(struct pack_keys *packs, const struct chunk_id *pack);

#endif
