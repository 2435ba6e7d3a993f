/*
 * command_table.h - all commands of mongod 6.0 by name: those that are answered, and those that are refused.
 *
 * Threads: constant.
 */
#ifndef WIRE_COMMAND_TABLE_H
#define WIRE_COMMAND_TABLE_H

#include "wire/call.h"

/* The command of that name or alias, or NULL. */
const struct command *command_table_find(struct bytes name);

/* Command number `i` in order of names; NULL behind the last. */
const struct command *command_table_at(size_t i);

#endif
