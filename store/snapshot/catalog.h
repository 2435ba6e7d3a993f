/*
 * catalog.h - the namespaces of a snapshot: a tree of small BSON documents keyed by namespace.
 *
 * One entry for each collection, view and time series. Equal catalogs have equal roots, so
 * nothing that depends on history (times, encodings) is inside.
 *
 * Threads: pure over immutable trees.
 */
#ifndef STORE_SNAPSHOT_CATALOG_H
#define STORE_SNAPSHOT_CATALOG_H

#include "base/buf.h"
#include "store/store.h"
#include "store/tree/tree.h"

enum catalog_type { CATALOG_COLLECTION = 0, CATALOG_VIEW = 1, CATALOG_TIMESERIES = 2 };

/* "collection", "view", "timeseries": the words of mongodump's metadata. */
const char *catalog_type_name(enum catalog_type type);

struct catalog_entry {
	char *ns;      /* "db.coll", NUL-terminated; coll may hold any other byte */
	size_t ns_len; /* bytes */
	size_t db_len; /* bytes of the database's name: ns[db_len] is the dot */
	enum catalog_type type;
	struct buf options; /* BSON document as the server lists it; {} when none */
	struct buf indexes; /* BSON array; [] when none */
	/*
	 * The indexes in the order in which their builds began, from the oldest one on that is not ready: a document
	 * {name: is it ready?}; empty when none is being built, or nobody knows.
	 */
	struct buf building;
	bool has_uuid;
	uint8_t uuid[16];
	bool has_metadata; /* false: the source had no metadata for it (lone .bson, system.buckets.X) */
	struct tree_root
		root;	  /* empty for views and time series (their buckets are their own entry) */
	struct buf order; /* natural order, packed (catalog_order.h); empty: none is kept */
	struct chunk_id order_of; /* the root's id that it is of: with another root it is void */
};

void catalog_entry_init(struct catalog_entry *entry);
void catalog_entry_release(struct catalog_entry *entry);
DEFINE_OWNED_STRUCT(struct catalog_entry, catalog_entry_release);

/* The collection's name inside `entry->ns`. */
static inline struct bytes catalog_entry_coll(const struct catalog_entry *entry)
{
	return bytes_of(entry->ns + entry->db_len + 1, entry->ns_len - entry->db_len - 1);
}

/* The natural order of the documents of entry->root; empty: none is kept, or that of the tree is it. */
static inline struct bytes catalog_entry_order(const struct catalog_entry *entry)
{
	bool holds = entry->order.len > 0 && entry->root.kind == TREE_KEYED &&
		     chunk_id_equal(&entry->order_of, &entry->root.id);

	return holds ? buf_bytes(&entry->order) : (struct bytes){0};
}

/*
 * Does a collection with this name and these options keep its natural order (capped, no _id index,
 * system.profile)? Then its tree is ranked. ERR_CORRUPT.
 */
MUST_CHECK int catalog_is_natural(struct bytes coll, struct bytes options, bool *ret,
				  struct error *e);

/* Is a collection with these options capped? ERR_CORRUPT. */
MUST_CHECK int catalog_is_capped(struct bytes options, bool *ret, struct error *e);

/* Encode an entry as a catalog document (a BSON document with `_id`), appended. */
MUST_CHECK int catalog_entry_encode(const struct catalog_entry *entry, struct buf *ret,
				    struct error *e);

/* Decode into *ret, which is initialised and reused. ERR_CORRUPT, ERR_UNSUPPORTED. */
MUST_CHECK int catalog_entry_decode(struct bytes doc, struct catalog_entry *ret, struct error *e);

#endif
