/*
 * prune_delete.h - deleting many files of a store: by a few threads, since each may wait for the disk, or for a server.
 *
 * Threads: one at a time for each struct.
 */
#ifndef STORE_PRUNE_DELETE_H
#define STORE_PRUNE_DELETE_H

#include "store/backend/backend.h"

struct prune_delete; /* opaque */

/* Nothing to delete yet. `files` is borrowed. */
struct prune_delete *prune_delete_new(struct backend *files);
void prune_delete_free(struct prune_delete *d);
DEFINE_OWNED(struct prune_delete *, prune_delete_free);

/* Delete this one, too; the name is copied. */
void prune_delete_add(struct prune_delete *d, const char *name);

/* Delete all that was added; those that are gone are passed over. ERR_IO: the first failure; some may be deleted. */
MUST_CHECK int prune_delete_run(struct prune_delete *d, struct error *e);

#endif
