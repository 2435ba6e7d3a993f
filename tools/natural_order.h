/*
 * natural_order.h - while a small collection is sorted: which document came as which.
 *
 * Only hashes of keys are kept, 24 bytes a document. Where two are equal (a damaged source has an `_id` twice) there is no order:
 * it would not be known which is which.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_NATURAL_ORDER_H
#define TOOLS_NATURAL_ORDER_H

#include "base/buf.h"

struct natural_order; /* opaque */

/* For a collection of `count` documents; NULL when it has more than CATALOG_ORDER_DOCS_MAX. */
struct natural_order *natural_order_new(uint64_t count);
void natural_order_free(struct natural_order *order);
DEFINE_OWNED(struct natural_order *, natural_order_free);

/* The key of the next document as the source has them; then, when all came, as they are sorted. */
void natural_order_came(struct natural_order *order, struct bytes key);
void natural_order_sorted(struct natural_order *order, struct bytes key);

/* Append the packed order (catalog_order.h); nothing when there is none, or none that is kept. */
void natural_order_pack(struct natural_order *order, struct buf *ret);

#endif
