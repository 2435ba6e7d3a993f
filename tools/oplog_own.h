/*
 * oplog_own.h - does a slice of an oplog have what the server itself writes there?
 *
 * A primary logs a noop after ten seconds without a write, and every few minutes what it keeps in config. A slice that spans
 * a quarter of an hour and has none of that, and no transaction, was most likely made with a query (mongodump -q) that asks for
 * more than times. What such a query leaves out can't be seen in a slice: it is a suspicion, no proof.
 *
 * Threads: one at a time for each struct.
 */
#ifndef TOOLS_OPLOG_OWN_H
#define TOOLS_OPLOG_OWN_H

#include "oplog/entry.h"

struct oplog_own {
	size_t suspects;		 /* slices of that kind */
	struct entry_optime first, last; /* of the first of them */
	struct entry_optime begin,
		newest; /* of the slice that is read; ts 0: it has no entry yet */
	bool seen;	/* it has an entry of the server's own */
};

/* The next slice begins, or there is none any more. */
void oplog_own_end_slice(struct oplog_own *own);

/* The next entry of the slice. */
void oplog_own_look(struct oplog_own *own, const struct entry_optime *at, struct bytes doc);

#endif
