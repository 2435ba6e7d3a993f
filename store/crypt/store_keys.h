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
#define STORE_KEYS_SEED_LEN 16

struct store_keys; /* opaque */

/*
 * The keys that a master key gives. The caller wipes `master`. From here on the process leaves no core dump, and others of the
 * same user can't look into it (prctl PR_SET_DUMPABLE).
 */
struct store_keys *store_keys_new(const uint8_t master[STORE_MASTER_LEN]);
/* Wipes what it frees. NULL is fine. */
void store_keys_free(struct store_keys *keys);
DEFINE_OWNED(struct store_keys *, store_keys_free);

/* Name of a chunk or an entry: HMAC-SHA-256 under the store's key; with NULL its SHA-256. */
struct chunk_id store_keys_id(const struct store_keys *keys, struct bytes plain);

/* The key of the tree's boundaries (tree/tree_split.h). */
void store_keys_seed(const struct store_keys *keys, uint8_t ret[STORE_KEYS_SEED_LEN]);

/* What an object is; each has a parent key of its own. */
enum store_key_use {
	STORE_KEY_PACK,
	STORE_KEY_FILE, /* manifests, segments, small files of local/ */
	STORE_KEY_JOURNAL,
	STORE_KEY_USES
};

/*
 * The key of one object, whose header has `salt`: no two objects have the same one, so that what counts within an object may be
 * the nonce. The caller wipes it.
 */
#define STORE_SALT_LEN 16
void store_keys_object(const struct store_keys *keys, enum store_key_use use,
		       const uint8_t salt[STORE_SALT_LEN], uint8_t ret[STORE_KEY_LEN]);

/* A salt that nobody has: random. */
void store_keys_salt(uint8_t ret[STORE_SALT_LEN]);
/*
 * The salt of an object that is written at once: made of its content, so that equal content has equal bytes and an equal name, and
 * different content never shares a key.
 */
void store_keys_salt_of(const struct store_keys *keys, struct bytes header, struct bytes plain,
			uint8_t ret[STORE_SALT_LEN]);

#endif
