/*
 * restore_left.h - what a restore leaves out whatever the filter takes, and telling what of it a user may miss.
 *
 * Threads: pure.
 */
#ifndef TOOLS_RESTORE_LEFT_H
#define TOOLS_RESTORE_LEFT_H

#include "store/snapshot/catalog.h"

#define RESTORE_LEFT_NAMES 5 /* names that are told */

struct restore_left {
	size_t count;
	struct buf names; /* of the first: "a.b, c.d" */
};

/* Is it a namespace that no client may write, or that each server makes for itself? As mongorestore has it. */
bool restore_left_is(const char *db, const char *coll);

/* Count one, and keep its name, unless each server has it of its own: nobody misses that. */
void restore_left_note(struct restore_left *left, const struct catalog_entry *entry);

#endif
