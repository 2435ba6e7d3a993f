/*
 * source_indexes.h - system.indexes.bson: where dumps of servers up to 2.6 keep index specs.
 *
 * Threads: one at a time while it is read, then immutable.
 */
#ifndef TOOLS_SOURCE_INDEXES_H
#define TOOLS_SOURCE_INDEXES_H

#include "tools/source_docs.h"

struct source_index; /* where one index spec lies in `docs` */

/* All index specs of a database. `(struct source_indexes){0}` has none. */
struct source_indexes {
	struct buf docs;
	struct source_index *at; /* by collection, then as in the file */
	size_t count;
};

void source_indexes_release(struct source_indexes *indexes);
DEFINE_OWNED_STRUCT(struct source_indexes, source_indexes_release);

/* Read the file into *ret, which is empty. Errors as source_read(), ERR_LIMIT over 64 MiB. */
MUST_CHECK int source_indexes_read(const struct source_job *job, const char *path, bool gzip,
				   struct source_indexes *ret, struct error *e);

/* Append the BSON array of the indexes of collection `coll`; nothing when it has none. */
void source_indexes_of(const struct source_indexes *indexes, struct bytes coll, struct buf *ret);

#endif
