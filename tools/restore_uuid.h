/*
 * restore_uuid.h - may the collections of a plan have their UUIDs again?
 *
 * A server that is told to make a collection with a UUID that another one of its database has renames that one: it would be
 * gone under its own name, and filled with what was meant for the other (createCollectionForApplyOps of mongod,
 * src/mongo/db/catalog/create_collection.cpp).
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_UUID_H
#define TOOLS_RESTORE_UUID_H

#include "tools/restore_plan.h"
#include "tools/restore_there.h"

/*
 * Refuse each that is to be made while another collection of the target, which is not dropped before, has its UUID:
 * mostly it itself, renamed. ERR_REMOTE, ERR_REFUSED.
 */
MUST_CHECK int restore_uuid_check(struct restore_plan *plan, struct restore_there *there,
				  struct error *e);

#endif
