/*
 * document_size.h - how large a document may be where it leaves a pipeline, or comes in with a command.
 *
 * On its way through a pipeline it may be larger: mongod asks only where it writes BSON. What bounds it there are the limits of
 * what makes it ($push, $facet and $lookup 100 MiB, an expression ARENA_MOST).
 *
 * Threads: pure.
 */
#ifndef QUERY_DOCUMENT_SIZE_H
#define QUERY_DOCUMENT_SIZE_H

#include "base/bytes.h"
#include "base/error.h"

/* 16 MiB and a little: 10334 when a document is over it, with its first element unless that is long. */
MUST_CHECK int document_size_check(struct bytes doc, struct error *e);

#endif
