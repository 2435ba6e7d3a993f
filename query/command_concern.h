/*
 * command_concern.h - Prefix: command_ - a command without its readConcern.
 *
 * Threads: pure.
 */
#ifndef QUERY_COMMAND_CONCERN_H
#define QUERY_COMMAND_CONCERN_H

#include "base/buf.h"

/* Append the command that is explained: a readConcern would be the explain's, and mongod does not look into it here. */
void command_without_concern(struct bytes cmd, struct buf *ret);

#endif
