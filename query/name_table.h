/*
 * name_table.h - different names in the order in which they came: which one is this? In a time that does not grow with their number.
 *
 * All zero is an empty table. The names are borrowed, the memory is an arena's.
 * Threads: one at a time.
 */
#ifndef QUERY_NAME_TABLE_H
#define QUERY_NAME_TABLE_H

#include "query/arena.h"

struct name_table {
	struct bytes *names; /* `count` of them, with place for `room` */
	size_t count, room;
	uint32_t *
		index; /* of many names: open addressing, place + 1 of a name; NULL while there are few */
	size_t index_size;
};

/* The place of a name; `count` when it is not there. */
size_t name_table_find(const struct name_table *table, struct bytes name);
/* Add a name that is not there: its place. */
size_t name_table_add(struct arena *arena, struct name_table *table, struct bytes name);
/*
 * An array of things of `size` bytes, one for each name: `things`, which has place for *room of them (all zero: there is none yet), or a
 * copy that has place for all names that the table has place for.
 */
void *name_table_beside(struct arena *arena, const struct name_table *table, void *things,
			size_t *room, size_t size);

#endif
