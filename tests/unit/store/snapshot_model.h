/*
 * snapshot_model.h - small snapshots for the tests of store/snapshot/ and oplog/.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_STORE_SNAPSHOT_MODEL_H
#define TESTS_UNIT_STORE_SNAPSHOT_MODEL_H

#include "store/snapshot/catalog.h"
#include "store/snapshot/manifest.h"
#include "tests/unit/store/store_model.h"
#include "tests/unit/store/tree_model.h"

/*
 * Commit a snapshot with two collections, whose content follows from `number`. `name` may be
 * NULL; *ret_name (unless NULL) is the name it got, for the caller to free; `ret` likewise (released by
 * the caller).
 */
MUST_CHECK int snapshot_model_try(struct store *store, const char *name, uint64_t time,
				  int32_t number, struct snapshot *ret, char **ret_name,
				  struct error *e);
/* What that commits, with its trees stored, not committed; for snapshot_release(). */
void snapshot_model_make(struct store *store, const char *name, uint64_t time, int32_t number,
			 struct snapshot *ret);
/* The same, which must succeed. */
void snapshot_model_commit(struct store *store, const char *name, uint64_t time, int32_t number,
			   struct snapshot *ret);

/* Build a catalog of empty collections with these names, "db.coll"; sorted here. */
struct tree_root snapshot_model_catalog(struct store *store, const char *const *names,
					size_t count);

#endif
