/*
 * restore_select.h - which documents of a collection are meant: --id or --query.
 *
 * Threads: a selection is immutable; a picker belongs to one thread at a time.
 */
#ifndef TOOLS_RESTORE_SELECT_H
#define TOOLS_RESTORE_SELECT_H

#include "oplog/moment.h"

struct restore_select {
	struct buf id;	  /* the document {_id: value}, or empty */
	struct buf query; /* the document of a query, or empty */
};

/* Read what was typed; each may be NULL, one of them is not. ERR_INVALID. */
MUST_CHECK int restore_select_read(const char *id, const char *query, struct restore_select *ret,
				   struct error *e);
void restore_select_release(struct restore_select *select);
DEFINE_OWNED_STRUCT(struct restore_select, restore_select_release);

/*
 * For --id: where in the tree documents of that _id can be: ranks [*ret_first, + *ret_count). All of it for a
 * query, natural order, or a collation under which another text is equal.
 */
MUST_CHECK int restore_select_ranks(const struct restore_select *select, struct store *store,
				    const struct catalog_entry *entry, uint64_t *ret_first,
				    uint64_t *ret_count, struct error *e);

struct restore_picker; /* opaque */

/* A picker for the documents of `entry`; both outlive it. `select` may be NULL: it takes all. ERR_INVALID: no query. */
MUST_CHECK int restore_picker_new(const struct restore_select *select,
				  const struct catalog_entry *entry, struct restore_picker **ret,
				  struct error *e);
void restore_picker_free(struct restore_picker *picker);
DEFINE_OWNED(struct restore_picker *, restore_picker_free);

/* Is the document meant? 1 or 0. */
MUST_CHECK int restore_picker_takes(struct restore_picker *picker, struct bytes doc,
				    struct error *e);

#endif
