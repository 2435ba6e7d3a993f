/*
 * spare.h - large buffers whose replies were sent, kept for the next ones: what is asked of the system anew costs more than to fill it.
 *
 * Threads: any.
 */
#ifndef WIRE_SPARE_H
#define WIRE_SPARE_H

#include <pthread.h>

#include "base/buf.h"
#include "wire/memory.h"

#define SPARE_COUNT 16
#define SPARE_SHARE 4 /* of the memory's limit: what all of them may hold */

struct spare {
	pthread_mutex_t lock;
	struct memory *memory; /* counts them */
	struct buf kept[SPARE_COUNT];
	size_t count, bytes;
};

void spare_init(struct spare *spare, struct memory *memory);
void spare_release(struct spare *spare);
/* Give the empty `buf` one of them, when there is one. */
void spare_take(struct spare *spare, struct buf *buf);
/* Keep the memory of `buf`, or free it; it is empty then. While memory is short (memory.h) all are freed. */
void spare_give(struct spare *spare, struct buf *buf);

#endif
