/*
 * source_kind.h - what a file is that is no dump, by its first bytes: for messages only, nothing is read because of it.
 *
 * Threads: pure.
 */
#ifndef TOOLS_SOURCE_KIND_H
#define TOOLS_SOURCE_KIND_H

#include "base/buf.h"

#define SOURCE_KIND_LEN 512 /* bytes of the beginning that are enough */

struct source_kind {
	const char *what; /* "a tar file"; never NULL */
	const char *hint; /* what to do; NULL: nothing is known */
};

/* What begins so. Fewer than SOURCE_KIND_LEN bytes: that is all there is. */
struct source_kind source_kind_of(struct bytes begin);

/* The same of what should be entries of an oplog. `what` is NULL: it begins with a document, or nothing is known. */
struct source_kind source_kind_of_entries(struct bytes begin);

#endif
