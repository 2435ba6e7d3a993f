/*
 * replicate_sound.h - is a file of the store what its name says, before a copy there is replaced by it?
 *
 * Prefix: replicate_. Threads: main thread only.
 */
#ifndef TOOLS_REPLICATE_SOUND_H
#define TOOLS_REPLICATE_SOUND_H

#include "base/buf.h"
#include "store/store.h"

/*
 * File `name` below the store: 1 its bytes have the hash in its name, or its name holds none (config), or it is a journal without damage; 0 it
 * is not so, or the disk refuses to give it. No key is needed.
 */
MUST_CHECK int replicate_is_sound(struct store *store, const char *name, struct error *e);

/* Appends the names, each with a NUL, of damaged packs and journals that a repair has emptied: nothing needs them, and a prune will delete them. */
MUST_CHECK int replicate_given_up(struct store *store, struct buf *ret, struct error *e);

/*
 * 1 all is there that the store's snapshots and segments need, 0 not: then *ret_lacks says how many of them are left out. Without the
 * key that can't be seen: 1. ERR_UNSUPPORTED: a newer program made what is left out.
 */
MUST_CHECK int replicate_is_whole(struct store *store, uint64_t *ret_lacks, struct error *e);

#endif
