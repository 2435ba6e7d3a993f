/*
 * manifests_kept.h - manifests that this process has read, so that a list of thousands is not read anew for each commit.
 *
 * A manifest is named by its hash and never changes: what was read of one holds for as long as its name is listed. Who looks for
 * damage (check, prune, repair) reads the file instead.
 *
 * Threads: all calls from any thread.
 */
#ifndef STORE_SNAPSHOT_MANIFESTS_KEPT_H
#define STORE_SNAPSHOT_MANIFESTS_KEPT_H

#include "store/snapshot/manifest.h"

struct manifests_kept; /* opaque */

struct manifests_kept *manifests_kept_new(void);
void manifests_kept_free(struct manifests_kept *kept);

/* True and a copy of the manifest, which the caller releases; false when it was not read yet. */
bool manifests_kept_find(struct manifests_kept *kept, const struct chunk_id *id,
			 struct snapshot *ret);

/* Keep a copy of `snapshot`. */
void manifests_kept_add(struct manifests_kept *kept, const struct snapshot *snapshot);

/* So many are listed now: with many more than that, all are dropped, as most of them were forgotten. */
void manifests_kept_trim(struct manifests_kept *kept, size_t listed);

#endif
