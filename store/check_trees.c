#include "store/check_trees.h"

#include <stdlib.h>

#include "store/snapshot/catalog.h"
#include "store/snapshot/catalog_order.h"
#include "store/snapshot/closure.h"
#include "store/snapshot/snapshots.h"
#include "store/tree/tree_cursor.h"

/* Is the natural order that is kept one of all documents? */
static int check_order(const struct catalog_entry *entry, struct error *e)
{
	struct bytes packed = catalog_entry_order(entry);
	OWNED(free) uint32_t *ranks = NULL;

	if (packed.len > 0 && catalog_order_unpack(packed, entry->root.count, &ranks, e) < 0)
		return error_wrap(e, "%s", entry->ns);
	return 0;
}

static int sum_catalog(struct store *store, const struct tree_root *catalog,
		       struct check_trees_sums *sums, struct error *e)
{
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(store, catalog);
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct bytes doc;
	int found;

	while ((found = tree_cursor_next(cursor, &doc, e)) == 1) {
		if (catalog_entry_decode(doc, &entry, e) < 0)
			return e->code;
		if (check_order(&entry, e) < 0)
			return e->code;
		sums->collections += entry.type == CATALOG_COLLECTION;
		sums->documents += entry.root.count;
		sums->bytes += entry.root.bytes;
	}
	return found;
}

int check_trees_manifest(struct store *store, const char *name, uint64_t size,
			 struct check_trees_sums *ret, struct error *e)
{
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	struct check_trees_sums sums = {0};
	int found = snapshots_read_one(store, name, size, &snapshot, e);

	if (found != 1)
		return found;
	found = closure_walk(store, &snapshot, e);
	if (found < 0)
		return found;
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "snapshot %s: chunks that it needs are in no pack",
				 snapshot.name);
	if (sum_catalog(store, &snapshot.catalog, &sums, e) < 0)
		return error_wrap(e, "snapshot %s", snapshot.name);
	if (sums.collections != snapshot.collections || sums.documents != snapshot.documents ||
	    sums.bytes != snapshot.bytes)
		return error_set(
			e, ERR_CORRUPT,
			"snapshot %s: %llu documents in %llu collections are expected, its "
			"catalog has %llu in %llu",
			snapshot.name, (unsigned long long)snapshot.documents,
			(unsigned long long)snapshot.collections,
			(unsigned long long)sums.documents, (unsigned long long)sums.collections);
	*ret = sums;
	return 1;
}
