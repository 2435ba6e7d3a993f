/*
 * restore_expire.h - when the TTL indexes of a collection, and its own option, would remove a document.
 *
 * A TTL index that is partial removes only what its filter takes. Threads: one at a time for each.
 */
#ifndef TOOLS_RESTORE_EXPIRE_H
#define TOOLS_RESTORE_EXPIRE_H

#include "oplog/moment.h"

struct restore_expire;

/*
 * `ttl`: the specs of indexes, one after the other; `expire`: the field expireAfterSeconds of the collection, or nothing.
 * Both are borrowed. A filter that can't be told counts as one that takes all. ERR_CORRUPT.
 */
MUST_CHECK int restore_expire_new(struct bytes ttl, struct bytes expire, bool buckets,
				  const struct catalog_entry *entry, struct restore_expire **ret,
				  struct error *e);
void restore_expire_free(struct restore_expire *expire);
DEFINE_OWNED(struct restore_expire *, restore_expire_free);

/* Seconds since 1970; INT64_MAX: never. */
MUST_CHECK int restore_expire_when(struct restore_expire *expire, struct bytes doc, int64_t *ret,
				   struct error *e);

#endif
