/*
 * update_paths.h - the paths of $set and $unset in the order in which a server visits them. Internal
 * to update.
 *
 * A server makes a tree of the paths. Here it is the sorted list: what is below one node is next
 * to each other.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_UPDATE_PATHS_H
#define OPLOG_UPDATE_PATHS_H

#include "oplog/update_out.h"

#define UPDATE_PATHS_FEW 16

/* One path, and what is to be done at its end. */
struct update_path {
	struct bytes path;
	struct bytes value;
	/* While the node above is looked at, of the first path below one of its children: */
	uint32_t len;  /* bytes of the child's name */
	uint32_t next; /* the first path that is not below it */
	bool done;     /* the document has such a field */

	bool set;     /* else unset */
	uint8_t type; /* of the value */
};

struct update_paths {
	struct update_path *at;
	uint32_t count, cap;
	struct update_path few[UPDATE_PATHS_FEW];
};

static inline void update_paths_init(struct update_paths *paths)
{
	paths->at = paths->few;
	paths->count = 0;
	paths->cap = UPDATE_PATHS_FEW;
}

void update_paths_release(struct update_paths *paths);
DEFINE_OWNED_STRUCT(struct update_paths, update_paths_release);

/*
 * All paths of the modifiers in `o`, checked and sorted; out->major becomes 5 where their order tells that (see
 * update_rules). ERR_CORRUPT when a server refuses them
 * (empty names, conflicts, unknown modifiers), ERR_UNSUPPORTED for modifiers that are not logged,
 * ERR_LIMIT for a path of more than BSON_MAX_NESTING names.
 */
MUST_CHECK int update_paths_collect(struct bytes o, struct update_out *out,
				    struct update_paths *paths);

/* The name at offset `from` of a path: up to the next dot or the end. */
struct bytes update_paths_name(struct bytes path, size_t from);

/*
 * The order of a node's children: bytes; from 5.0 on of two that begin with 1 to 9 the shorter
 * comes first, so 9 is before 10. (Measured on random names: reference of the oplog, 3.2.)
 */
int update_paths_compare(struct bytes a, struct bytes b, int major);

#endif
