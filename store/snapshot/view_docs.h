/*
 * view_docs.h - the documents of system.views, made again from a snapshot's views, and the other way.
 *
 * mongodump does not dump system.views: a view's metadata holds what its document says. Each
 * view and time series has one: {_id: "db.view", viewOn, pipeline, collation?}; a time series'
 * pipeline unpacks its buckets. The bytes are those of mongod 4.2 to 6.0 (measured).
 *
 * Threads: pure.
 */
#ifndef STORE_SNAPSHOT_VIEW_DOCS_H
#define STORE_SNAPSHOT_VIEW_DOCS_H

#include "store/snapshot/catalog.h"

/*
 * Append the document of a view or time series. `server_version` ("6.0.5", or NULL when not
 * known) matters to time series: before 6.0 their stage carries an empty "exclude".
 * ERR_CORRUPT when the options are not those of a view.
 */
MUST_CHECK int view_docs_write(const struct catalog_entry *entry, const char *server_version,
			       struct buf *ret, struct error *e);

/*
 * Append the options of the view that a document of system.views describes, as mongodump's metadata
 * has them: the document without its _id. ERR_CORRUPT.
 */
MUST_CHECK int view_docs_options(struct bytes doc, struct buf *ret, struct error *e);

/*
 * The name of the time series whose view the document is: 1 and *ret, which points into `doc`, or 0: it
 * is an ordinary view, as it does not unpack the buckets of its own name. ERR_CORRUPT.
 */
MUST_CHECK int view_docs_is_series(struct bytes doc, struct bytes *ret, struct error *e);

#endif
