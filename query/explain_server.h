/*
 * explain_server.h - what an explain tells of the server: its name and version, and the limits of queries.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPLAIN_SERVER_H
#define QUERY_EXPLAIN_SERVER_H

#include "base/buf.h"
#include "query/context.h"

/* Append `serverInfo` and `serverParameters`. */
void explain_server_write(const struct query_context *q, struct buf *ret);

#endif
