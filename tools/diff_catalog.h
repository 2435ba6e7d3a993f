/*
 * diff_catalog.h - what differs between two entries of a catalog: options and indexes.
 *
 * Compared is what they mean, not how they are written: the order of options is nothing, 1 and 1.0 are one
 * number, and what servers of some versions add to a dump's indexes and not to the oplog's (ns,
 * background) does not count. Order within a value (a key pattern, a pipeline) does.
 *
 * Threads: pure.
 */
#ifndef TOOLS_DIFF_CATALOG_H
#define TOOLS_DIFF_CATALOG_H

#include "base/bson.h"

/* One option (the field), or one index (its name, and the specification as value). type 0: not there. */
typedef int (*diff_catalog_each)(void *ctx, struct bytes name, const struct bson_field *old_field,
				 const struct bson_field *new_field, struct error *e);

/* Call `each` (may be NULL) for what differs between two documents of options: 1 something does, 0 nothing. */
MUST_CHECK int diff_catalog_options(struct bytes old_options, struct bytes new_options,
				    diff_catalog_each each, void *ctx, struct error *e);

/* The same for two arrays of index specifications, which are told apart by their names. */
MUST_CHECK int diff_catalog_indexes(struct bytes old_indexes, struct bytes new_indexes,
				    diff_catalog_each each, void *ctx, struct error *e);

#endif
