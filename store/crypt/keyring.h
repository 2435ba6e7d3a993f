/*
 * keyring.h - the files keys/<id> of an encrypted store: its master key, wrapped by a secret of the user's.
 *
 * The secret is any bytes (a key file, what a key command printed: key_source.h); scrypt makes the wrapping key of it.
 * Several files may lie there, each with the same master key under another secret: whichever opens will do.
 * docs/format/keys.md.
 *
 * Threads: pure, on the back end's terms. Who gets a master key wipes it (OPENSSL_cleanse).
 */
#ifndef STORE_CRYPT_KEYRING_H
#define STORE_CRYPT_KEYRING_H

#include "base/chunk_id.h"
#include "store/backend/backend.h"

#define KEYRING_MASTER_LEN 32
#define KEYRING_STORE_ID_LEN 16
#define KEYRING_SECRET_MIN 16
#define KEYRING_SECRET_MAX ((size_t)64 * 1024)
#define KEYRING_FILE_LEN 92
#define KEYRING_NAME_LEN (sizeof("keys/") - 1 + CHUNK_ID_HEX) /* characters, without the NUL */

/*
 * Wrap `master` with `secret` in a new file, durably. ERR_INVALID: the secret is shorter than KEYRING_SECRET_MIN or longer
 * than KEYRING_SECRET_MAX bytes; ERR_UNSUPPORTED: nothing can be written there; ERR_IO.
 */
MUST_CHECK int keyring_make(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
			    struct bytes secret, const uint8_t master[KEYRING_MASTER_LEN],
			    struct error *e);

/*
 * The master key, from whichever file `secret` opens. ERR_WRONG_KEY: it opens none of those that are sound;
 * ERR_CORRUPT: there is none, or none is sound; ERR_UNSUPPORTED: all are of a newer version; ERR_IO.
 */
MUST_CHECK int keyring_open(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
			    struct bytes secret, uint8_t ret_master[KEYRING_MASTER_LEN],
			    struct error *e);

struct keyring_change {
	uint64_t added;	  /* files; 0 when the new secret opened one already */
	uint64_t removed; /* files that the old secret opened */
	uint64_t left;	  /* files after it */
};

/*
 * Let `fresh` open the store, and `old` not any more (unless keep_old). The new file is durable and was read back before
 * an old one goes: whatever ends this in between, a secret that opened the store still does, and it can be called again.
 * Errors as of keyring_open() for `old`, and of keyring_make() for `fresh`; ERR_INVALID: both are the same.
 */
MUST_CHECK int keyring_rewrap(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
			      struct bytes old, struct bytes fresh, bool keep_old,
			      struct keyring_change *ret, struct error *e);

/* Called for each file: `harm` is NULL, or why it is of no use. */
typedef void (*keyring_each)(void *ctx, const char *name, const char *harm);

/* Look at all files without a secret: names, checksums, forms. Their count, ERR_IO. */
MUST_CHECK int keyring_list(struct backend *backend, keyring_each each, void *ctx, struct error *e);

/*
 * One file's bytes, for tests and fuzzing: 1 opened, 0 the secret is another one. ERR_CORRUPT: its form; ERR_UNSUPPORTED: a newer
 * version; ERR_LIMIT: parameters that would take more memory or time than we grant.
 */
MUST_CHECK int keyring_unwrap(struct bytes file, const uint8_t store_id[KEYRING_STORE_ID_LEN],
			      struct bytes secret, uint8_t ret_master[KEYRING_MASTER_LEN],
			      struct error *e);

#endif
