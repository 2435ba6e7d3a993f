/*
 * command_fields.h - the fields of commands that mongod's generated parsers read, before it looks at sessions, times and concerns.
 *
 * Which commands these are, and that they are asked at that place: measured on 6.0.27. The others look at their fields when they run.
 * Threads: pure.
 */
#ifndef WIRE_COMMAND_FIELDS_H
#define WIRE_COMMAND_FIELDS_H

#include "wire/call.h"

/* Are the command's fields those that it takes? 0 also for a command that is not one of them. */
MUST_CHECK int command_fields_check(struct call *call, struct error *e);

#endif
