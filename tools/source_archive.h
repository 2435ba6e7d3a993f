/*
 * source_archive.h - a dump that is one stream: mongodump --archive.
 *
 * The format (all numbers little endian):
 *
 *	6d e2 99 81
 *	header    { concurrent_collections, version, server_version, tool_version }
 *	catalog   { db, collection, metadata, size, type } for each namespace
 *	ff ff ff ff
 *	blocks    { db, collection, EOF: false, CRC: 0 } documents… ff ff ff ff
 *	          { db, collection, EOF: true, CRC } ff ff ff ff
 *
 * The blocks of several namespaces come in any order. CRC is base/crc64.h over all documents of
 * the namespace. Callers use source_read().
 *
 * Threads: as source.h.
 */
#ifndef TOOLS_SOURCE_ARCHIVE_H
#define TOOLS_SOURCE_ARCHIVE_H

#include "tools/input_stream.h"
#include "tools/source_docs.h"

#define SOURCE_ARCHIVE_MAGIC 0x8199e26dU

/* Push the archive that `in` has from its start. Errors as source_read(). */
MUST_CHECK int source_archive_read(struct source_job *job, struct input_stream *in,
				   struct error *e);

#endif
