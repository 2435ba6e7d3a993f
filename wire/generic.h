/*
 * generic.h - the arguments that every command takes: database, API version, session, read preference, read concern.
 *
 * Checked in mongod's order, with its texts (service_entry_point_common.cpp of 6.0; measured).
 * Threads: pure.
 */
#ifndef WIRE_GENERIC_H
#define WIRE_GENERIC_H

#include "wire/call.h"

/* The database: sets call->db. Before anything else. */
MUST_CHECK int generic_db(struct call *call, struct error *e);
/* May this client run this command at all, and is it one? Sets has_lsid, lsid. */
MUST_CHECK int generic_before(struct call *call, struct error *e);
/* What is looked at afterwards: sets call->concern. */
MUST_CHECK int generic_after(struct call *call, struct error *e);

#endif
