#include "query/name_table.h"

#define FEW 16 /* names that are compared one by one */

static uint64_t hash_of(struct bytes name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.at[i]) * 0x100000001b3;
	return hash ^ hash >> 29;
}

/* The place in the index where `name` is, or is to be. */
static uint32_t *index_place(const struct name_table *table, struct bytes name)
{
	size_t at = hash_of(name) & (table->index_size - 1);

	while (table->index[at] != 0 && !bytes_equal(table->names[table->index[at] - 1], name))
		at = (at + 1) & (table->index_size - 1);
	return &table->index[at];
}

size_t name_table_find(const struct name_table *table, struct bytes name)
{
	if (table->index != NULL) {
		uint32_t place = *index_place(table, name);

		return place == 0 ? table->count : place - 1;
	}
	for (size_t i = 0; i < table->count; i++)
		if (bytes_equal(table->names[i], name))
			return i;
	return table->count;
}

static void grow(struct arena *arena, struct name_table *table)
{
	size_t room = MAX_OF(table->room * 2, (size_t)FEW);
	struct bytes *names = arena_get(arena, room * sizeof(*names));

	if (table->count > 0)
		memcpy(names, table->names, table->count * sizeof(*names));
	table->names = names;
	table->room = room;
	if (table->count < FEW)
		return;
	table->index_size = room * 2;
	table->index = arena_zeroed(arena, table->index_size * sizeof(*table->index));
	for (size_t i = 0; i < table->count; i++)
		*index_place(table, names[i]) = (uint32_t)i + 1;
}

size_t name_table_add(struct arena *arena, struct name_table *table, struct bytes name)
{
	if (table->count == table->room)
		grow(arena, table);
	table->names[table->count++] = name;
	if (table->index != NULL)
		*index_place(table, name) = (uint32_t)table->count;
	return table->count - 1;
}

void *name_table_beside(struct arena *arena, const struct name_table *table, void *things,
			size_t *room, size_t size)
{
	void *larger;

	if (*room >= table->room)
		return things;
	larger = arena_get(arena, table->room * size);
	if (*room > 0)
		memcpy(larger, things, *room * size);
	*room = table->room;
	return larger;
}
