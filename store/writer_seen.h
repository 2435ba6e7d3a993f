/*
 * writer_seen.h - the chunks that a writer has put and the index does not know yet.
 *
 * A hash table by id. Threads: under the writer's lock.
 */
#ifndef STORE_WRITER_SEEN_H
#define STORE_WRITER_SEEN_H

#include "store/store.h"

struct writer_seen; /* opaque */

enum seen_state {
	SEEN_ENCODING, /* a worker is at it */
	SEEN_DONE,     /* in a pack, finished or not */
};

struct seen_entry {
	struct chunk_id id;
	enum seen_state state;
	struct chunk_facts facts;
};

struct writer_seen *writer_seen_new(void);
void writer_seen_free(struct writer_seen *seen);

/* The entry, or NULL. Valid until the next add or remove. */
struct seen_entry *writer_seen_find(struct writer_seen *seen, const struct chunk_id *id);
/* Add an entry that is not there. */
void writer_seen_add(struct writer_seen *seen, const struct chunk_id *id);
void writer_seen_remove(struct writer_seen *seen, const struct chunk_id *id);

#endif
