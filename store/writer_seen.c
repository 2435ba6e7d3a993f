#include "store/writer_seen.h"

#include "base/buf.h"

/* Open addressing; ids are hashes already. A slot with used == 0 is free. */
struct slot {
	bool used;
	struct seen_entry entry;
};

struct writer_seen {
	struct slot *slots;
	size_t size; /* a power of two, at most half full */
	size_t count;
};

struct writer_seen *writer_seen_new(void)
{
	struct writer_seen *seen = xcalloc(1, sizeof(*seen));

	seen->size = 256;
	seen->slots = xcalloc(seen->size, sizeof(*seen->slots));
	return seen;
}

void writer_seen_free(struct writer_seen *seen)
{
	if (seen == NULL)
		return;
	free(seen->slots);
	free(seen);
}

static size_t home_of(const struct writer_seen *seen, const struct chunk_id *id)
{
	return get_le64(id->at + 8) & (seen->size - 1);
}

static size_t probe(const struct writer_seen *seen, const struct chunk_id *id)
{
	size_t i = home_of(seen, id);

	while (seen->slots[i].used && !chunk_id_equal(&seen->slots[i].entry.id, id))
		i = (i + 1) & (seen->size - 1);
	return i;
}

struct seen_entry *writer_seen_find(struct writer_seen *seen, const struct chunk_id *id)
{
	struct slot *slot = &seen->slots[probe(seen, id)];

	return slot->used ? &slot->entry : NULL;
}

static void grow(struct writer_seen *seen)
{
	struct slot *old = seen->slots;
	size_t old_size = seen->size;

	seen->size *= 2;
	seen->slots = xcalloc(seen->size, sizeof(*seen->slots));
	for (size_t i = 0; i < old_size; i++)
		if (old[i].used)
			seen->slots[probe(seen, &old[i].entry.id)] = old[i];
	free(old);
}

void writer_seen_add(struct writer_seen *seen, const struct chunk_id *id)
{
	if (2 * (seen->count + 1) > seen->size)
		grow(seen);
	seen->slots[probe(seen, id)] = (struct slot){true, {.id = *id, .state = SEEN_ENCODING}};
	seen->count++;
}

void writer_seen_remove(struct writer_seen *seen, const struct chunk_id *id)
{
	size_t hole = probe(seen, id), mask = seen->size - 1;

	if (!seen->slots[hole].used)
		return;
	seen->count--;
	/* Move up what would otherwise not be found any more. */
	for (size_t i = (hole + 1) & mask; seen->slots[i].used; i = (i + 1) & mask) {
		size_t home = home_of(seen, &seen->slots[i].entry.id);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			seen->slots[hole] = seen->slots[i];
			hole = i;
		}
	}
	seen->slots[hole].used = false;
}
