#include "wire/spare.h"

void spare_init(struct spare *spare, struct memory *memory)
{
	*spare = (struct spare){.memory = memory};
	pthread_mutex_init(&spare->lock, NULL);
}

void spare_release(struct spare *spare)
{
	memory_give(spare->memory, spare->bytes);
	for (size_t i = 0; i < spare->count; i++)
		buf_release(&spare->kept[i]);
	pthread_mutex_destroy(&spare->lock);
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

void spare_give(struct spare *spare, struct buf *buf)
{
	buf_reset(buf);
	pthread_mutex_lock(&spare->lock);
	if (spare->count < SPARE_COUNT &&
	    spare->bytes + buf->cap <= spare->memory->limit / SPARE_SHARE &&
	    memory_left(spare->memory) > spare->memory->limit / 2) {
		memory_take_anyway(spare->memory, buf->cap);
		spare->bytes += buf->cap;
		spare->kept[spare->count++] = *buf;
		*buf = (struct buf){0};
	}
	pthread_mutex_unlock(&spare->lock);
	buf_release(buf);
}
