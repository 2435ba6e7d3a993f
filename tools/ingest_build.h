/*
 * ingest_build.h - from the spooled documents of one collection to its tree.
 *
 * Decides the kind (keyed or natural order), finds the older version that new leaves are stored
 * against, chooses the shared prefix, sorts when needed.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_INGEST_BUILD_H
#define TOOLS_INGEST_BUILD_H

#include "base/progress.h"
#include "store/snapshot/catalog.h"
#include "store/store_writer.h"
#include "store/tree/tree_build.h"
#include "tools/spool.h"

struct ingest_build {
	struct store_writer *writer;
	const struct tree_root *old; /* an earlier version of the collection, or NULL */
	bool natural; /* the source keeps natural order (capped, no _id index, oplog) */
	const struct progress *progress;
	struct writer_prefix *prefix; /* of ingest_build_ahead() */
	struct tree_builder *ahead;
	struct buf
		order; /* of ingest_build_run(): the natural order (catalog_order.h); empty: that of the tree */
};

/*
 * Build while the documents are added to `spool`, which borrows `whole`, when a quick look at all
 * keys shows that they are sorted (or there is an older version to go by): then the tree is there with the last of them. Call before the
 * first spool_add(). ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int ingest_build_ahead(struct ingest_build *build, struct spool *spool,
				  struct bytes whole, struct error *e);

/*
 * The same for documents that are said to come in order, of which `head` are the first: they are not in the spool yet,
 * and need not be all. Nothing is kept beside the tree: spool_only_watch(). ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int ingest_build_in_order(struct ingest_build *build, struct spool *spool,
				     struct bytes head, struct error *e);

/* Build. Once. Sets build->order, too. ERR_CANCELLED, ERR_IO, ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK int ingest_build_run(struct ingest_build *build, struct spool *spool,
				struct tree_root *ret, struct error *e);

void ingest_build_release(struct ingest_build *build);

/* Does a collection with these options keep its natural order? */
MUST_CHECK int ingest_build_is_natural(struct bytes coll, struct bytes options, bool *ret,
				       struct error *e);

#endif
