/*
 * source_catalog.h - the namespaces of an archive, and how far the reading of each is.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_SOURCE_CATALOG_H
#define TOOLS_SOURCE_CATALOG_H

#include "tools/source_docs.h"

enum source_catalog_state { SOURCE_CATALOG_WAITS, SOURCE_CATALOG_OPEN, SOURCE_CATALOG_CLOSED };

/* One namespace. */
struct source_catalog_entry {
	char *db;
	char *coll; /* without NULs inside */
	size_t coll_len;
	bool has_metadata;
	struct metadata metadata;
	bool is_series; /* its documents come as system.buckets.X, or under its own name */
	bool implied;	/* the buckets of a time series, which the catalog does not list */

	enum source_catalog_state state;
	bool wanted;	     /* by the filter; set when it is opened */
	void *handle;	     /* the sink's */
	struct source_ns ns; /* points into this entry */
	uint64_t crc;	     /* of the documents so far */
};

/* `(struct source_catalog){0}` is an empty one. */
struct source_catalog {
	struct source_catalog_entry *at; /* in order of db and coll once it is sorted */
	size_t count;
	size_t cap;
	size_t bytes; /* of the documents it was made of */
};

void source_catalog_release(struct source_catalog *catalog);
DEFINE_OWNED_STRUCT(struct source_catalog, source_catalog_release);

/* Add the namespace that one document of the archive's catalog describes. ERR_CORRUPT, ERR_LIMIT. */
MUST_CHECK int source_catalog_add(struct source_catalog *catalog, struct bytes doc,
				  struct error *e);

/* All are added: put them in order, and the buckets of time series to them. */
MUST_CHECK int source_catalog_sort(struct source_catalog *catalog, struct error *e);

/* The entry of a namespace, NULL when there is none. Valid until release. */
struct source_catalog_entry *source_catalog_find(const struct source_catalog *catalog,
						 struct bytes db, struct bytes coll);

/* "db" and "collection" of a document of the archive. ERR_CORRUPT when they are not texts. */
MUST_CHECK int source_catalog_names(struct bytes doc, struct bytes *ret_db, struct bytes *ret_coll,
				    struct error *e);

/* A namespace whose blocks are missing, NULL when all are there. */
const struct source_catalog_entry *source_catalog_unfinished(const struct source_catalog *catalog);

#endif
