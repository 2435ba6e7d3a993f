/*
 * memory.h - one sum of bytes for all that clients make the server hold: messages, replies, queries, cursors.
 *
 * Threads: any.
 */
#ifndef WIRE_MEMORY_H
#define WIRE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct memory {
	size_t limit;
	atomic_size_t used;
	atomic_size_t unread;	 /* of these: replies that wait for who does not read them */
	atomic_bool short_of_it; /* memory_take() failed since memory_was_short() was last asked */
};

/* Count `size` bytes as taken; false when that would be too many. */
bool memory_take(struct memory *m, size_t size);
/* The same, whatever the limit is: for what is held already. */
void memory_take_anyway(struct memory *m, size_t size);
void memory_give(struct memory *m, size_t size);
/* Bytes that are left now. */
size_t memory_left(struct memory *m);
bool memory_was_short(struct memory *m);

#endif
