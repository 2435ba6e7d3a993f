/*
 * source_folder.h - a dump that is a folder, one database's folder, or one .bson file.
 *
 * The files are put together by source_scan.h; here they become namespaces, in byte order
 * of their names, the oplog last. Callers use source_read().
 *
 * Threads: as source.h.
 */
#ifndef TOOLS_SOURCE_FOLDER_H
#define TOOLS_SOURCE_FOLDER_H

#include "tools/source_docs.h"

/* Push a folder: a whole dump, or one database's folder. */
MUST_CHECK int source_folder_read(struct source_job *job, const char *path, struct error *e);

/* Push the one collection of the data file at `path`, with the metadata beside it. */
MUST_CHECK int source_folder_read_file(struct source_job *job, const char *path, struct error *e);

#endif
