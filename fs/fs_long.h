/*
 * fs_long.h - where documents are whose names are too long to tell: what searches for others went past.
 *
 * Such a name is the beginning of an `_id` and a hash (base/id_name.h). All documents that begin so may have to be looked at for one; this
 * remembers them, as a hash each, so that a folder of them is not read once for each of its files. What it says is a guess: whoever
 * asks looks whether it is so. Its size is fixed, the first name makes it.
 *
 * Threads: any.
 */
#ifndef FS_FS_LONG_H
#define FS_FS_LONG_H

#include "base/chunk_id.h"
#include "base/cleanup.h"
#include "base/siphash.h"

struct fs_long; /* opaque */

struct fs_long *fs_long_new(const uint8_t seed[SIPHASH_KEY_LEN]);
void fs_long_free(struct fs_long *places);
DEFINE_OWNED(struct fs_long *, fs_long_free);

/* In the tree `root` the number that belongs to `name` is `rank`. Which of the older ones goes for it is left to chance. */
void fs_long_put(struct fs_long *places, const struct chunk_id *root, struct bytes name,
		 uint64_t rank);
/* Is there such a number? */
bool fs_long_get(struct fs_long *places, const struct chunk_id *root, struct bytes name,
		 uint64_t *ret_rank);

#endif
