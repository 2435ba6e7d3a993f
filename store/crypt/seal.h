/*
 * seal.h - AES-256-GCM: frames of an object, and small files that are sealed whole.
 *
 * An object has a key of its own (store_keys_object()); within it each frame has a number that no other has: it is the nonce. What
 * is said in the clear about a frame (`about`) is proven with it.
 *
 * Threads: pure.
 */
#ifndef STORE_CRYPT_SEAL_H
#define STORE_CRYPT_SEAL_H

#include "base/buf.h"
#include "base/error.h"
#include "store/crypt/store_keys.h"

#define SEAL_TAG_LEN 16
/* The byte in headers that says how an object is sealed. */
enum seal_cipher { SEAL_NONE = 0, SEAL_AES_256_GCM = 1 };

/* Seal `len` bytes in place and write the tag behind them. */
void seal_frame(const uint8_t key[STORE_KEY_LEN], uint64_t number, struct bytes about, uint8_t *at,
		size_t len);
/*
 * Open in place `len` bytes, the last SEAL_TAG_LEN of which are the tag. ERR_CORRUPT: bytes, tag, number or `about` are not those that
 * were sealed under this key; the bytes are then of no use.
 */
MUST_CHECK int seal_open(const uint8_t key[STORE_KEY_LEN], uint64_t number, struct bytes about,
			 uint8_t *at, size_t len, struct error *e);

/*
 * A small file: a header of SEAL_FILE_HEADER_LEN bytes (magic, version, cipher, two zero bytes), then `doc` as it is, or sealed
 * with its salt before and its tag behind it.
 */
#define SEAL_FILE_HEADER_LEN 8
#define SEAL_FILE_MORE (STORE_SALT_LEN + SEAL_TAG_LEN) /* bytes that a sealed one is longer */
/* Append header and `doc`; sealed when there are keys. The same content gives the same bytes. */
void seal_file(const struct store_keys *keys, const uint8_t magic[4], uint8_t version,
	       struct bytes doc, struct buf *ret);
/*
 * Append the `doc` of a file whose magic and version the caller has checked. ERR_CORRUPT: another cipher than
 * the store has, or bytes that were not sealed so; ERR_UNSUPPORTED: an unknown cipher; ERR_WRONG_KEY: it is sealed, and there are no keys.
 */
MUST_CHECK int seal_file_open(const struct store_keys *keys, struct bytes file, struct buf *ret,
			      struct error *e);

/* ERR_WRONG_KEY: what is sealed can't be read without the store's key. */
int seal_no_key(struct error *e) COLD;

#endif
