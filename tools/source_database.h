/*
 * source_database.h - the collections of one database's folder: their names, metadata, order.
 *
 * Threads: as source.h.
 */
#ifndef TOOLS_SOURCE_DATABASE_H
#define TOOLS_SOURCE_DATABASE_H

#include "tools/source_docs.h"
#include "tools/source_scan.h"

/*
 * Push the collections of database `db` that these files describe. Errors as source_read();
 * ERR_INVALID also for two files of one collection, and for a name that was shortened and
 * has no metadata. Adds the sizes of the data files to job->done.
 */
MUST_CHECK int source_database_push(struct source_job *job, const char *db,
				    const struct source_member *members, size_t count,
				    struct error *e);

#endif
