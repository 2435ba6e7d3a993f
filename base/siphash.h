/*
 * siphash.h - SipHash-2-4 with 64 bits of output: a keyed hash for short inputs.
 *
 * For hash tables whose keys come from outside, and for sampling. Not a signature and
 * not a content hash (that is chunk_id.h).
 *
 * Threads: pure.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/bytes.h"

#define SIPHASH_KEY_LEN 16 /* bytes */

/*
 * The hash of `in` under `key`; the 8 output bytes of the reference implementation read as a
 * little-endian integer. Rule: Aumasson and Bernstein, "SipHash: a fast short-input PRF".
 */
uint64_t siphash24(const uint8_t key[SIPHASH_KEY_LEN], struct bytes in);

#endif
