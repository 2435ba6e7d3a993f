#include "wire/memory.h"

bool memory_take(struct memory *m, size_t size)
{
	size_t used = atomic_load(&m->used);

	do {
		if (used >= m->limit || size > m->limit - used) {
			atomic_store(&m->short_of_it, true);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&m->used, &used, used + size));
	return true;
}

void memory_take_anyway(struct memory *m, size_t size)
{
	atomic_fetch_add(&m->used, size);
}

void memory_give(struct memory *m, size_t size)
{
	atomic_fetch_sub(&m->used, size);
}

size_t memory_left(struct memory *m)
{
	size_t used = atomic_load(&m->used);

	return used >= m->limit ? 0 : m->limit - used;
}

bool memory_was_short(struct memory *m)
{
	return atomic_exchange(&m->short_of_it, false);
}
