/*
 * catalog_walk.h - the databases and namespaces of a moment as a mongod would list them: with system.views, without what is hidden.
 *
 * Threads: one walk belongs to one thread.
 */
#ifndef WIRE_CATALOG_WALK_H
#define WIRE_CATALOG_WALK_H

#include "wire/call.h"

struct catalog_walk {
	struct moment *moment;
	bool with_users;
	uint64_t rank, end;
	struct catalog_entry entry; /* the current one */
};

/* All namespaces of database `db`, in byte order of names. */
MUST_CHECK int catalog_walk_begin(struct moment *moment, struct bytes db, bool with_users,
				  struct catalog_walk *ret, struct error *e);
/* 1 and walk->entry, 0 at the end. */
MUST_CHECK int catalog_walk_next(struct catalog_walk *walk, struct error *e);
void catalog_walk_release(struct catalog_walk *walk);
DEFINE_OWNED_STRUCT(struct catalog_walk, catalog_walk_release);

/* The first database whose name is > `after` (empty: the first one of all) that has something to show: 1 and its name appended; 0. */
MUST_CHECK int catalog_walk_db(struct moment *moment, struct bytes after, bool with_users,
			       struct buf *ret, struct error *e);

/* Has the database views, and no collection system.views of its own? Then a mongod would have one. */
MUST_CHECK int catalog_walk_lacks_views(struct moment *moment, struct bytes db, struct error *e);

/* Is this index (a document) the one on _id? */
bool catalog_walk_is_id_index(struct bytes index);

/*
 * The indexes of a collection as listIndexes has them: a clustered one's own first, without `ns`. Whole documents, back to back.
 */
void catalog_walk_indexes(const struct catalog_entry *entry, struct buf *ret);

#endif
