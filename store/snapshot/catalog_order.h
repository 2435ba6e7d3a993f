/*
 * catalog_order.h - the natural order of a collection whose tree is in order of `_id`, packed.
 *
 * The order is a permutation: for each document as the source listed them, its rank in the tree. It is packed
 * as runs of ranks that ascend by one (docs/format/manifest.md) and lies in the collection's catalog entry. Only
 * what is small is kept: catalogs are read as a whole.
 *
 * Threads: pure.
 */
#ifndef STORE_SNAPSHOT_CATALOG_ORDER_H
#define STORE_SNAPSHOT_CATALOG_ORDER_H

#include "base/buf.h"
#include "base/error.h"

#define CATALOG_ORDER_DOCS_MAX 65536	   /* documents of a collection whose order is kept */
#define CATALOG_ORDER_BYTES_MAX (32 * KIB) /* of a packed order */

/*
 * Append the packed form of `ranks`, a permutation of [0, count). 1; 0 and nothing appended when it is not worth
 * keeping (the order of the tree) or too large.
 */
int catalog_order_pack(const uint32_t *ranks, uint64_t count, struct buf *ret);

/*
 * The ranks of a collection of `count` documents: each exactly once. ERR_CORRUPT when the packed order is of anything
 * else. *ret is the caller's to free().
 */
MUST_CHECK int catalog_order_unpack(struct bytes packed, uint64_t count, uint32_t **ret,
				    struct error *e);

#endif
