/*
 * command_concern.h - Prefix: command_ - a command without its readConcern.
 *
 * Threads: pure.
 */
#ifndef QUERY_COMMAND_CONCERN_H
#define QUERY_COMMAND_CONCERN_H

#include "base/buf.h"

/* Append the command that is explained: a readConcern would be the explain's, and mongod does not look into it here. So is apiStrict. */
void command_of_explain(struct bytes cmd, bool is_strict, struct buf *ret);

#endif
