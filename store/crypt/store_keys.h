/*
 * store_keys.h - the keys of an encrypted store: all derived from its master key.
 *
 * How the master key itself is kept is keyring.h; what is done with a key is seal.h. A plain store has no
 * keys: a NULL `struct store_keys` means plain wherever one is taken. docs/format/keys.md.
 *
 * Threads: immutable once made.
 */
#ifndef STORE_CRYPT_STORE_KEYS_H
#define STORE_CRYPT_STORE_KEYS_H

#include "base/chunk_id.h"
#include "base/error.h"

#define STORE_MASTER_LEN 32
#define STORE_KEY_LEN 32

struct store_keys; /* opaque */

/* The keys that a master key gives. The caller wipes `master`. */
struct store_keys *store_keys_new(const uint8_t master[STORE_MASTER_LEN]);
/* Wipes what it frees. NULL is fine. */
void store_keys_free(struct store_keys *keys);
DEFINE_OWNED(struct store_keys *, store_keys_free);

/* Name of a chunk or an entry: HMAC-SHA-256 under the store's key; with NULL its SHA-256. */
struct chunk_id store_keys_id(const struct store_keys *keys, struct bytes plain);

#endif
