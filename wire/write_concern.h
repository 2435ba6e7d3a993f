/*
 * write_concern.h - the write concern of a command that only reads: looked at as a standalone mongod looks at it, and then of no effect.
 *
 * Threads: all functions are pure.
 */
#ifndef WIRE_WRITE_CONCERN_H
#define WIRE_WRITE_CONCERN_H

#include "base/bson.h"
#include "base/error.h"

/*
 * May the field be a command's writeConcern? Errors 14 when it is no document, 40415 for a field that is none of its own, 9 and 14 for
 * their values; without a replica set 2 for more than one member, and for tags or names but "majority". Measured on 6.0.27.
 */
MUST_CHECK int write_concern_check(const struct bson_field *field, const char *owner, bool replset,
				   struct error *e);

#endif
