/*
 * restore_spec.h - options and indexes of a moment as the commands create, createIndexes and collMod take them.
 *
 * What removes documents by their age is kept apart, so that it can come last or not at all. What only old servers knew
 * is left out: mongorestore does so, too (mongorestore/metadata.go of mongo-tools 100).
 *
 * Threads: pure.
 */
#ifndef TOOLS_RESTORE_SPEC_H
#define TOOLS_RESTORE_SPEC_H

#include "store/snapshot/catalog.h"

/*
 * Append the options without what only describes (uuid, idIndex), is of old servers (autoIndexId, flags), `temp`,
 * and expireAfterSeconds, which is appended to *ret_expire as a field. For a server below 6.0 also without
 * changeStreamPreAndPostImages, below 4.4 and from 6.0 on without recordPreImages. ERR_CORRUPT.
 */
MUST_CHECK int restore_spec_options(struct bytes options, unsigned major, unsigned minor,
				    struct buf *ret, struct buf *ret_expire, struct error *e);

/*
 * Take the array of indexes of a collection with these options apart: the one on _id, those that remove documents (their expireAfterSeconds left out with
 * `no_ttl`: then they are among the others), and the others; documents back to back. Where the collection has a
 * collation, one without says that it is simple: else createIndexes gives it the collection's. ERR_CORRUPT.
 */
MUST_CHECK int restore_spec_indexes(struct bytes options, struct bytes indexes, bool no_ttl,
				    struct buf *ret_id, struct buf *ret, struct buf *ret_ttl,
				    struct error *e);

/*
 * Append the names of indexes that are not among `theirs`, by name or by key, to "a_1, b_1" (escaped for a terminal).
 * Both are documents back to back. ERR_CORRUPT.
 */
MUST_CHECK int restore_spec_lacks(struct bytes ours, struct bytes theirs, struct buf *ret,
				  struct error *e);

/* The same index without the fields that no server of today knows, and key values that it refuses as 1. */
MUST_CHECK int restore_spec_legacy(struct bytes index, struct buf *ret, struct error *e);

/* What the options need of a server: "" nothing, "5.0" time series (those with a rounding of their own "6.3"), "5.3" clustered, "6.0" encrypted fields. */
const char *restore_spec_needs(const struct catalog_entry *entry, unsigned *ret_major,
			       unsigned *ret_minor);

/*
 * When would a TTL index of these documents remove `doc`? The seconds since 1970 at which the first of them does,
 * INT64_MAX: never. `ttl`: documents back to back; `expire`: the field of restore_spec_options() or empty.
 * TTLMonitor of mongod: a date, or the earliest of an array.
 */
MUST_CHECK int restore_spec_expires(struct bytes ttl, struct bytes expire, bool buckets,
				    struct bytes doc, int64_t *ret, struct error *e);

/*
 * Do two collations order texts alike? 1 or 0. The version of the library, and what only one of them tells, counts for nothing.
 * ERR_CORRUPT.
 */
MUST_CHECK int restore_spec_same_collation(struct bytes ours, struct bytes theirs, struct error *e);

/*
 * How the options of a collection or time series that is there differ from what they were, in words that follow its name;
 * NULL: they do not. *ret_kind: documents of the one are none of the other, or push others out of it (capped, time series);
 * *ret_rules: which ones it takes (validator). Collations are not looked at. ERR_CORRUPT.
 */
MUST_CHECK int restore_spec_compare(struct bytes ours, struct bytes theirs, const char **ret_kind,
				    const char **ret_rules, struct error *e);

#endif
