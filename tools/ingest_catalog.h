/*
 * ingest_catalog.h - from catalog entries to the catalog and changes trees of a snapshot.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_INGEST_CATALOG_H
#define TOOLS_INGEST_CATALOG_H

#include "store/snapshot/catalog.h"
#include "store/snapshot/snapshots.h"
#include "store/store_writer.h"

/* What older snapshots know: where a namespace's last version is. */
struct ingest_older {
	struct store *store;
	const struct snapshot_list *list;
};

/* 1 and the entry of `ns` in the newest snapshot that has it, and when it changed last; 0 when none has. */
MUST_CHECK int ingest_catalog_older(const struct ingest_older *older, struct bytes ns,
				    struct catalog_entry *ret, uint64_t *ret_changed,
				    struct error *e);

/*
 * Sort the entries and build snapshot->catalog and ->changes (against the older snapshot that is
 * its parent), and the sums collections, documents, bytes. ERR_INVALID: a namespace comes twice.
 */
MUST_CHECK int ingest_catalog_build(struct store_writer *writer, const struct ingest_older *older,
				    struct catalog_entry *entries, size_t count,
				    struct snapshot *snapshot, struct error *e);

#endif
