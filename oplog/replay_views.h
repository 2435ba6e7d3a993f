/*
 * replay_views.h - views and time series while the oplog is replayed: documents of system.views.
 *
 * They are kept by the namespace of the view, which is their _id. Which of them are catalog
 * entries as the base had them, because nothing changed them, is known, too.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_VIEWS_H
#define OPLOG_REPLAY_VIEWS_H

#include "oplog/entry.h"
#include "store/snapshot/catalog.h"

struct replay_view {
	struct buf doc;
	struct catalog_entry entry; /* ns and db_len always; the rest while as_loaded */
	bool as_loaded;		    /* the entry is that of the base */
	uint64_t changed;	    /* timestamp; 0: not in this replay */
};

struct replay_views {
	struct replay_view **at; /* in byte order of their namespaces */
	size_t count, cap;
};

void replay_views_release(struct replay_views *views);
DEFINE_OWNED_STRUCT(struct replay_views, replay_views_release);

/* Add a view or time series of the base (copied). ERR_CORRUPT: its options are not those of one. */
MUST_CHECK int replay_views_load(struct replay_views *views, const struct catalog_entry *entry,
				 const char *server_version, struct error *e);

/* The view of this namespace, or NULL. Valid until the views change. */
struct replay_view *replay_views_find(const struct replay_views *views, struct bytes ns);

/* Set the document of the view `ns` (db.name); copied. */
void replay_views_put(struct replay_views *views, struct bytes ns, struct bytes doc, uint64_t ts);

/* Remove a view, or all of a database: how many they were. */
size_t replay_views_remove(struct replay_views *views, struct bytes ns);
size_t replay_views_remove_db(struct replay_views *views, struct bytes db);

/*
 * Apply an insert, update or delete of db.system.views. 1: done; 0: an update of a document that is not
 * there. ERR_CORRUPT, ERR_UNSUPPORTED: it can't be; or its _id is no namespace of this database.
 */
MUST_CHECK int replay_views_apply(struct replay_views *views, const struct entry *op, int major,
				  uint64_t ts, struct error *e);

/*
 * 1 and the namespace of the view that such an operation is about; 0: it deletes what is no view of this
 * database, and so can't be there. ERR_CORRUPT, ERR_UNSUPPORTED.
 */
MUST_CHECK int replay_views_target(const struct entry *op, struct bytes *ret, struct error *e);

#endif
