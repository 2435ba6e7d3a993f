/*
 * repair_there.h - what a copy has and the store does not, after a repair: a repair mends what is named here, and knows of no file
 * that is gone.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_REPAIR_THERE_H
#define TOOLS_REPAIR_THERE_H

#include "store/store.h"

struct repair_there {
	uint64_t snapshots; /* whole ones, whose manifests are not here */
	bool oplog;	    /* entries of a time that no range here has */
};

/* Forgotten here, or lost: that can't be told. ERR_IO, ERR_CORRUPT. */
MUST_CHECK int repair_there(struct store *store, struct store *from, struct repair_there *ret,
			    struct error *e);

#endif
