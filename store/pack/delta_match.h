/*
 * delta_match.h - what a chunk has in common with the one it replaces: long matches, found in one pass.
 *
 * Most of a rewritten leaf is where it was, or a little aside. So where a match ends the same shift is tried
 * first, then a table of the base's bytes. It is a quarter of the work of a search that knows nothing.
 *
 * Threads: pure; the working memory belongs to one thread at a time.
 */
#ifndef STORE_PACK_DELTA_MATCH_H
#define STORE_PACK_DELTA_MATCH_H

#include "base/buf.h"

/* Bytes that follow what came before as they are, then bytes of the base (with `plain` right behind it) `offset` back. */
struct delta_match {
	uint32_t offset;
	uint32_t literals;
	uint32_t len; /* of the match; 0 in the last one */
};

struct delta_matches {
	struct buf found; /* of struct delta_match */
	struct buf table; /* working memory */
};

void delta_matches_release(struct delta_matches *matches);

/*
 * Fill matches->found for `plain`, behind `base`: their lengths add up to plain.len. Both together at most
 * UINT32_MAX bytes.
 */
void delta_match_find(struct delta_matches *matches, struct bytes base, struct bytes plain);

#endif
