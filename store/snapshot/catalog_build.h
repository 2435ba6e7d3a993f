/*
 * catalog_build.h - making the catalog and changes trees of a new snapshot.
 *
 * Threads: one at a time.
 */
#ifndef STORE_SNAPSHOT_CATALOG_BUILD_H
#define STORE_SNAPSHOT_CATALOG_BUILD_H

#include "store/snapshot/catalog.h"
#include "store/snapshot/manifest.h"
#include "store/store_writer.h"

struct catalog_build; /* opaque */

/* Begin; `parent`: an older snapshot that shares most of it, or NULL. It must outlive the build. */
struct catalog_build *catalog_build_new(struct store_writer *writer, const struct snapshot *parent);
void catalog_build_free(struct catalog_build *build);
DEFINE_OWNED(struct catalog_build *, catalog_build_free);

/* Why a namespace's documents can't be told in this snapshot (of a moment in the cache). */
struct catalog_stop {
	uint64_t ts; /* of the entry of the oplog, seconds << 32 | increment */
	const char *why;
};

/*
 * Add an entry, in byte order of namespaces, that changed last at `changed` (seconds since 1970); `stop`
 * may be NULL. ERR_INVALID: out of order, or twice.
 */
MUST_CHECK int catalog_build_add(struct catalog_build *build, const struct catalog_entry *entry,
				 uint64_t changed, const struct catalog_stop *stop,
				 struct error *e);

/* End it: sets snapshot->catalog, changes, collections, documents and bytes. */
MUST_CHECK int catalog_build_finish(struct catalog_build *build, struct snapshot *snapshot,
				    struct error *e);

#endif
