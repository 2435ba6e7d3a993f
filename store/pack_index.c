#include "store/pack_index.h"

/* Of one chunk the first place comes first, as in the pack. */
static int by_id(const void *a, const void *b)
{
	const struct pack_entry *x = *(const struct pack_entry *const *)a;
	const struct pack_entry *y = *(const struct pack_entry *const *)b;
	int order = memcmp(x->id.at, y->id.at, CHUNK_ID_LEN);

	return order != 0 ? order : x < y ? -1 : x > y;
}

int pack_index_entries(struct chunk_index_batch *batch, uint32_t number,
		       const struct pack_entry *entries, size_t count, struct error *e)
{
	OWNED(buf_release) struct buf room = {0};
	const struct pack_entry **sorted =
		(const struct pack_entry **)(void *)buf_room(&room, count * sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &entries[i];
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_id);
	for (size_t i = 0; i < count; i++) {
		struct chunk_place place = sorted[i]->place;

		place.pack = number;
		if (chunk_index_add(batch, &sorted[i]->id, &place, e) < 0)
			return e->code;
	}
	return 0;
}

int pack_index_written(struct chunk_index_batch *batch, const struct pack_writer *pack,
		       const struct chunk_id *id, uint64_t size, struct error *e)
{
	const struct pack_entry *entries;
	uint32_t number;
	bool is_new;
	size_t count;

	if (chunk_index_add_pack(batch, id, size, &number, &is_new, e) < 0)
		return e->code;
	entries = pack_writer_entries(pack, &count);
	return pack_index_entries(batch, number, entries, count, e);
}
