/*
 * tree_walk.h - what edits of trees share: going through an old tree, putting what is untouched into
 * the builder of the new one whole, and going down where something changes.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_WALK_H
#define STORE_TREE_TREE_WALK_H

#include "store/tree/tree_build.h"

/* A child of a node of the old tree. */
struct tree_walk_at {
	const struct tree_child *child; /* a root that is a leaf: a stand-in for it */
	uint64_t rank;			/* of its first document */
	bool is_last;			/* nothing of the old tree is behind it */
	const struct tree_node *node;	/* that it is in; NULL: it is the root */
	size_t index;			/* in the node */
};

struct tree_walk {
	struct store *store;
	struct tree_builder *builder;
	void *ctx;
	/* Does the next change fall into the child? At the last one: is there any left? */
	bool (*touches)(void *ctx, const struct tree_walk_at *at);
	/* Is any change left? */
	bool (*some_left)(void *ctx);
	/* May the child that comes now be put in whole, as to what was added before it? */
	bool (*joined)(void *ctx);
	/* Put an untouched child of a node of `level` into the builder. */
	int (*put_whole)(void *ctx, uint8_t level, const struct tree_child *child, struct error *e);
	/* Go through a leaf. `whole`: if nothing changes in it it can be put in whole. */
	int (*leaf)(void *ctx, const struct tree_root *root, const struct tree_walk_at *at,
		    bool whole, struct error *e);
	/* 1: the child is left out, without a look at it. NULL: none ever is. */
	int (*skips)(void *ctx, const struct tree_walk_at *at, struct error *e);
};

/* Go through all of `old`. ERR_CORRUPT, ERR_IO, or what a function of the walk returned. */
MUST_CHECK int tree_walk_run(const struct tree_walk *walk, const struct tree_root *old,
			     struct error *e);

/* End the builder; *ret is what a tree that is built anew would have. */
MUST_CHECK int tree_walk_finish(const struct tree_walk *walk, struct tree_root *ret,
				struct error *e);

/* Read a leaf whose size is checked. The caller releases *ret. */
MUST_CHECK int tree_walk_leaf(struct store *store, const struct tree_root *root, struct chunk **ret,
			      struct error *e);

/* Which leaves other threads were asked to decode. All 0 at first. */
struct tree_walk_ahead {
	uint64_t node;	/* the rank that the current node begins at */
	size_t last;	/* the leaf of it that was read last */
	size_t wished;	/* what was asked for ends before this one */
	size_t credits; /* leaves that were read of late, less those that were passed over */
};

/*
 * A leaf is about to be read: let other threads decode some after it, the more the fewer were passed
 * over of late. Never fails.
 */
void tree_walk_wish(struct store *store, struct tree_walk_ahead *ahead,
		    const struct tree_walk_at *at);

#endif
