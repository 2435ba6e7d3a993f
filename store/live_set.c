#include "store/live_set.h"

#include <assert.h>

#include "base/buf.h"

struct live_set {
	uint64_t *slots; /* 0: free */
	size_t size;	 /* a power of two */
	size_t count;
};

struct live_set *live_set_new(void)
{
	struct live_set *set = xcalloc(1, sizeof(*set));

	set->size = 1024;
	set->slots = xcalloc(set->size, sizeof(*set->slots));
	return set;
}

void live_set_free(struct live_set *set)
{
	if (set == NULL)
		return;
	free(set->slots);
	free(set);
}

/* The slot of `value`, or the free one where it belongs. Neighbouring places must not be neighbouring slots. */
static size_t probe(const struct live_set *set, uint64_t value)
{
	size_t i = (size_t)((value * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (set->size - 1);

	while (set->slots[i] != 0 && set->slots[i] != value)
		i = (i + 1) & (set->size - 1);
	return i;
}

static void grow(struct live_set *set)
{
	uint64_t *old = set->slots;
	size_t old_size = set->size;

	set->size *= 2;
	set->slots = xcalloc(set->size, sizeof(*set->slots));
	for (size_t i = 0; i < old_size; i++)
		if (old[i] != 0)
			set->slots[probe(set, old[i])] = old[i];
	free(old);
}

bool live_set_add(struct live_set *set, uint64_t value)
{
	size_t at;

	assert(value != 0);
	if (3 * (set->count + 1) > 2 * set->size)
		grow(set);
	at = probe(set, value);
	if (set->slots[at] != 0)
		return false;
	set->slots[at] = value;
	set->count++;
	return true;
}

bool live_set_has(const struct live_set *set, uint64_t value)
{
	return set->slots[probe(set, value)] != 0;
}

size_t live_set_count(const struct live_set *set)
{
	return set->count;
}
