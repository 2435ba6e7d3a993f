#include "wire/spare.h"

void spare_init(struct spare *spare, struct memory *memory)
{
	*spare = (struct spare){.memory = memory};
	pthread_mutex_init(&spare->lock, NULL);
}

void spare_take(struct spare *spare, struct buf *buf)
{
	if (buf->cap > 0)
		return;
	pthread_mutex_lock(&spare->lock);
	if (spare->count > 0) {
		*buf = spare->kept[--spare->count];
		spare->bytes -= buf->cap;
		memory_give(spare->memory, buf->cap);
	}
	pthread_mutex_unlock(&spare->lock);
}

/* Lock held. */
static void drop_all(struct spare *spare)
{
	memory_give(spare->memory, spare->bytes);
	while (spare->count > 0)
		buf_release(&spare->kept[--spare->count]);
	spare->bytes = 0;
}

void spare_give(struct spare *spare, struct buf *buf)
{
	buf_reset(buf);
	pthread_mutex_lock(&spare->lock);
	if (atomic_load(&spare->memory->short_of_it)) {
		drop_all(spare);
	} else if (spare->count < SPARE_COUNT &&
		   spare->bytes + buf->cap <= spare->memory->limit / SPARE_SHARE) {
		memory_take_anyway(spare->memory, buf->cap);
		spare->bytes += buf->cap;
		spare->kept[spare->count++] = *buf;
		*buf = (struct buf){0};
	}
	pthread_mutex_unlock(&spare->lock);
	buf_release(buf);
}

void spare_release(struct spare *spare)
{
	drop_all(spare);
	pthread_mutex_destroy(&spare->lock);
}
