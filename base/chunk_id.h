/*
 * chunk_id.h - the name of a chunk: SHA-256 of its plain bytes.
 *
 * Also the incremental hash that packs, manifests and caches use. By OpenSSL's
 * libcrypto, which uses the CPU's SHA instructions. In an encrypted store a chunk's
 * name is a keyed hash of the same length (store_id_of() in store/store.h).
 *
 * Threads: chunk_id_of() is pure; a struct sha256 belongs to one thread at a time.
 */
#ifndef BASE_CHUNK_ID_H
#define BASE_CHUNK_ID_H

#include "base/bytes.h"
#include "base/cleanup.h"

#define CHUNK_ID_LEN 32			/* bytes */
#define CHUNK_ID_HEX (2 * CHUNK_ID_LEN) /* characters, without the NUL */

struct chunk_id {
	uint8_t at[CHUNK_ID_LEN];
};

/* SHA-256 of `from`. */
struct chunk_id chunk_id_of(struct bytes from);

static inline bool chunk_id_equal(const struct chunk_id *a, const struct chunk_id *b)
{
	return memcmp(a->at, b->at, CHUNK_ID_LEN) == 0;
}

/* All zero: the root of an empty tree, "no base". */
static inline bool chunk_id_is_zero(const struct chunk_id *id)
{
	static const struct chunk_id zero;

	return chunk_id_equal(id, &zero);
}

/* Lower-case hex and a NUL into `ret`. */
void chunk_id_hex(const struct chunk_id *id, char ret[CHUNK_ID_HEX + 1]);

/* Parse exactly 64 lower-case hex digits; false when `text` is anything else. */
MUST_CHECK bool chunk_id_parse(struct bytes text, struct chunk_id *ret);

struct sha256; /* opaque */

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *hash, struct bytes more);
/* The hash of all that was added; then the object starts anew. */
struct chunk_id sha256_end(struct sha256 *hash);
void sha256_free(struct sha256 *hash);
DEFINE_OWNED(struct sha256 *, sha256_free);

/* MD5, only to print what a mongod's dbHash prints. */
struct md5; /* opaque */
#define MD5_HEX 32

struct md5 *md5_new(void);
void md5_add(struct md5 *hash, struct bytes more);
/* Lower-case hex and a NUL; then the object starts anew. */
void md5_end(struct md5 *hash, char ret[MD5_HEX + 1]);
void md5_free(struct md5 *hash);
DEFINE_OWNED(struct md5 *, md5_free);

#endif
