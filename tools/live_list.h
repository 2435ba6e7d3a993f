/*
 * live_list.h - which collections a member has: names, options, indexes, UUIDs.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LIVE_LIST_H
#define TOOLS_LIVE_LIST_H

#include "base/ns_filter.h"
#include "tools/live.h"

struct live_list_entry {
	char *db, *coll;
	bool is_view, is_series;
	bool is_lone; /* buckets whose time series is not there (yet): only they know its options */
	bool has_uuid;
	uint8_t uuid[16];
	struct buf options; /* BSON document */
	struct buf indexes; /* BSON array */
	struct buf
		building; /* those that are not ready yet, and began before: source_ns.building */
};

struct live_list {
	struct live_list_entry *at; /* in byte order of database and collection */
	size_t count;
};

void live_list_release(struct live_list *list);
DEFINE_OWNED_STRUCT(struct live_list, live_list_release);

/*
 * What mongodump would dump, and `filter` (may be NULL) takes: no local, no config, no system.* but the
 * users', scripts and buckets. Indexes that are still being built are left out. ERR_REMOTE; ERR_REFUSED:
 * live_list_check_series().
 */
MUST_CHECK int live_list_read(struct live *live, const struct ns_filter *filter,
			      struct live_list *ret, struct error *e);

/*
 * Can a time series be copied? Not one that has a UUID: it is one collection with its buckets (mongo-tools
 * common/db/version.go, SupportsRawData), which a plain find does not give. ERR_REFUSED.
 */
MUST_CHECK int live_list_check_series(const char *db, const char *coll, bool has_uuid,
				      struct error *e);

/* Is `db`.`coll` the collection of that UUID now? 1, 0, ERR_REMOTE. */
MUST_CHECK int live_list_has(struct live *live, const char *db, const char *coll,
			     const uint8_t uuid[16], struct error *e);

#endif
