/*
 * moment_lazy.h - a moment whose names are known and whose documents are replayed when they are asked for.
 *
 * Threads: the functions of a source are called from any thread.
 */
#ifndef OPLOG_MOMENT_LAZY_H
#define OPLOG_MOMENT_LAZY_H

#include "oplog/moment.h"

/* Where documents come from. */
struct moment_source {
	/*
	 * Find out about a collection: *ret_root, and when it changed last. An error tells why it can't
	 * be told.
	 */
	int (*resolve)(void *ctx, const struct catalog_entry *entry, struct tree_root *ret_root,
		       uint64_t *ret_changed, struct error *e);
	/* Would resolve() answer at once? Does not wait. */
	bool (*is_known)(void *ctx, const struct catalog_entry *entry);
	/* 1 and the document with `key` appended, 0 there is none. */
	int (*document)(void *ctx, const struct catalog_entry *entry, struct bytes key,
			struct buf *ret, struct error *e);
	void (*free)(void *ctx);
	void *ctx;
};

/*
 * A moment with the namespaces of `names` (copied), of which collections hold the documents that `source`
 * tells; it owns source->ctx, also when it fails.
 */
MUST_CHECK int moment_open_lazy(struct store *store, const struct snapshot *names,
				const struct moment_source *source, struct moment **ret,
				struct error *e);

#endif
