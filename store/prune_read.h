/*
 * prune_read.h - whole packs one after another, read, hashed and parsed ahead by threads.
 *
 * Inside a prune only: what it copies out of many packs waits for the disk and for the hash of each, both of which several cores do
 * at once. Memory: the pack that was given last, and PRUNE_READ_AHEAD bytes of those behind it (or one pack). Works on any back end.
 * Threads: one at a time for each struct.
 */
#ifndef STORE_PRUNE_READ_H
#define STORE_PRUNE_READ_H

#include "store/pack/pack_reader.h"

#define PRUNE_READ_AHEAD ((uint64_t)32 * 1024 * 1024)

struct prune_read; /* opaque */

/* Nothing to read yet. `files` is borrowed. */
struct prune_read *prune_read_new(struct backend *files);
/* Waits for what is being read. NULL is fine. */
void prune_read_free(struct prune_read *read);
DEFINE_OWNED(struct prune_read *, prune_read_free);

/* Read this one, too. Before the first prune_read_next() only. */
void prune_read_add(struct prune_read *read, const struct chunk_id *id, uint64_t size);

struct prune_pack {
	struct buf whole;   /* all its bytes; `sound` tells what they are worth */
	bool sound;	    /* they have the hash that the pack's name says */
	struct buf entries; /* of struct pack_entry: its directory */
	enum pack_kind kind;
};

/*
 * The next pack, in the order they were added; *ret is valid until the next call. 1; 0 there is none. ERR_CORRUPT: it is gone, or its
 * directory is damaged; ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int prune_read_next(struct prune_read *read, const struct prune_pack **ret,
			       struct error *e);

#endif
