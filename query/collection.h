/*
 * collection.h - a namespace of a moment as a query meets it: a collection, a view, a time series, or nothing.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_COLLECTION_H
#define QUERY_COLLECTION_H

#include "query/context.h"

enum collection_kind {
	COLLECTION_MISSING, /* there is none: reads are empty */
	COLLECTION_STORED,
	COLLECTION_VIEW,
	COLLECTION_SERIES, /* a time series: its buckets are another collection */
};

struct collection {
	enum collection_kind kind;
	struct moment *moment; /* borrowed */
	struct catalog_entry entry;
	bool is_resolved; /* entry.root tells the documents: collection_resolve() */
	bool is_capped;
	bool is_clustered;
};

void collection_init(struct collection *collection);
void collection_release(struct collection *collection);
DEFINE_OWNED_STRUCT(struct collection, collection_release);

/*
 * Find `db`.`coll` into *ret (initialised, reused). What is not there is COLLECTION_MISSING, no error; so are the namespaces that
 * query_is_hidden() hides. The documents are not replayed yet.
 */
MUST_CHECK int collection_find(struct moment *moment, struct bytes db, struct bytes coll,
			       bool with_users, struct collection *ret, struct error *e);

/* Have entry.root tell the documents (moment_resolve()). Cheap when that was done. */
MUST_CHECK int collection_resolve(struct collection *collection, struct error *e);

/* Is the order of its documents its natural order (capped and the like), not that of `_id`? */
static inline bool collection_is_ranked(const struct collection *collection)
{
	return collection->entry.root.kind == TREE_RANKED;
}

/* The option `name` of a collection or view: 1, 0 when it has none. ERR_CORRUPT. */
MUST_CHECK int collection_option(const struct collection *collection, const char *name,
				 struct bson_field *ret, struct error *e);

/*
 * The document of its default collation ({locale: ..}); empty slice when it is simple or the namespace is missing.
 * Borrowed from the entry.
 */
MUST_CHECK int collection_collation(const struct collection *collection, struct bytes *ret,
				    struct error *e);

/*
 * Have the entry of a time series or of its buckets tell the indexes where the catalog has them with the other of the two: a dump has them with
 * the series, an oplog with the buckets. Another entry, and one that tells some, stays as it is.
 */
MUST_CHECK int collection_know_indexes(struct moment *moment, struct catalog_entry *entry,
				       struct error *e);

/*
 * Find an index by its name (a STRING) or key pattern (a DOCUMENT): 1 and its specification, borrowed; 0 there is none, or it is
 * hidden; 2 the specifications of the first two that have the pattern (they differ in their options).
 * `_id` has one unless the collection keeps its natural order without one.
 */
MUST_CHECK int collection_index(struct collection *collection, const struct value *hint,
				struct bytes ret[2], struct error *e);

#endif
