/*
 * repair.h - making the best of a damaged store: what can be read is kept, what another copy has is taken from there, and
 * what is lost is told.
 *
 * A pack whose bytes are not those its name says is read frame by frame; what decodes is stored anew in new packs, and the
 * old one waits for a prune (condemned.h). It never changes what a snapshot says it holds: one that lacks chunks
 * stays one that lacks them, until somebody who has no copy gives it up.
 *
 * Threads: one repair at a time; others may read.
 */
#ifndef STORE_REPAIR_H
#define STORE_REPAIR_H

#include "base/progress.h"
#include "store/store.h"
#include "store/tree/tree.h"

struct repair; /* opaque: what roots are given to */

struct repair_options {
	struct store *from; /* a copy of the store, or NULL */
	uint64_t now_us;
	/*
	 * Give the trees that a file below oplog/ names to repair_tree(). 0; ERR_CORRUPT when the file is damaged; it
	 * was removed then when nothing is lost with it.
	 */
	int (*roots_of)(void *ctx, struct repair *repair, const char *name, uint64_t size,
			struct error *e);
	void *ctx;
	/* A line for people: what was damaged, what is lost. */
	void (*tell)(void *ctx, const char *text);
	void *tell_ctx;
	/*
	 * Remove the manifests and segments that are not whole in the end, unless the copy could not be read: nobody sees
	 * them, but prunes and writers of the oplog stop at them.
	 */
	bool give_up;
	const struct progress *progress; /* or NULL */
};

struct repair_result {
	uint64_t packs, damaged_packs;
	uint64_t salvaged;	 /* chunks that were read from damaged packs */
	uint64_t fetched;	 /* chunks, and files, that came from the copy */
	uint64_t lost;		 /* chunks that are needed and nowhere */
	uint64_t lost_documents; /* of all snapshots: one that several have counts in each */
	uint64_t harmed;	 /* snapshots and files of the oplog that are not whole */
	uint64_t given_up;	 /* of these: that were removed */
};

/* Repair. 0 also when something is lost. ERR_UNSUPPORTED: the store can't be written; ERR_BUSY, ERR_IO, ERR_CANCELLED. */
MUST_CHECK int repair_run(struct store *store, const struct repair_options *options,
			  struct repair_result *ret, struct error *e);

/* For roots_of: look after a tree, of `what` ("entries of oplog/…"). */
MUST_CHECK int repair_tree(struct repair *repair, const struct tree_root *root, const char *what,
			   struct error *e);

#endif
