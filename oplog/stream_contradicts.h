/*
 * stream_contradicts.h - how an oplog that is added contradicts the stored one, or itself: the errors.
 *
 * Each sets ERR_EXISTS with the entry, and a hint at what such an oplog may be, and returns that code.
 *
 * Threads: pure.
 */
#ifndef OPLOG_STREAM_CONTRADICTS_H
#define OPLOG_STREAM_CONTRADICTS_H

#include "oplog/entry.h"

/* The stored entry of that time has other bytes. */
int stream_contradicts_differs(const struct entry_optime *at, struct error *e);

/* The slice has no entry where the stream has one. */
int stream_contradicts_lacks(uint64_t ts, struct error *e);

/* The slice has an entry where the stream has none. */
int stream_contradicts_surplus(const struct entry_optime *at, struct error *e);

/*
 * A later time of an earlier term. No oplog has that (a member that follows it ends there): what one primary wrote
 * and lost again was mixed with what the next one wrote.
 */
int stream_contradicts_term(const struct entry_optime *at, const struct entry_optime *last,
			    struct error *e);

/*
 * `at` is what a replica set's oplog begins with, when it is initiated, and `earlier` is before it: that is of another
 * set, or of the same deployment before it was initiated anew, which is another history.
 */
int stream_contradicts_begin(const struct entry_optime *at, const struct entry_optime *earlier,
			     struct error *e);

#endif
