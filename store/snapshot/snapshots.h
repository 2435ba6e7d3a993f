/*
 * snapshots.h - the list of a store's snapshots, finding one, and making one exist.
 *
 * Prefixes: snapshots_, snapshot_. Threads: a list is a copy of what was there when it was read.
 */
#ifndef STORE_SNAPSHOT_SNAPSHOTS_H
#define STORE_SNAPSHOT_SNAPSHOTS_H

#include "store/snapshot/manifest.h"

struct snapshot_list {
	struct snapshot *at; /* ordered by time and increment, then created_us */
	size_t count;
};

/*
 * A writer gives no name twice. When copies of a store that were both written to are one again, several manifests may have one
 * name: in a list each of them is called "NAME-1a2b3c4d", by the begin of its id, and NAME alone means none of them.
 */

/* Is that what the snapshot's manifest calls it, or what the list does? */
bool snapshots_is_called(const struct snapshot *snapshot, const char *name);
/* "NAME-1a2b3c4d", at most SNAPSHOT_NAME_MAX bytes of it. */
char *snapshots_own_name(const struct snapshot *snapshot, const char *name);

/*
 * Read all manifests whose closure is there. A damaged manifest is ERR_CORRUPT with its name;
 * with `ret_skipped` it is left out and counted there instead, as is one that only a newer program
 * can read.
 */
MUST_CHECK int snapshots_read(struct store *store, struct snapshot_list *ret, size_t *ret_skipped,
			      struct error *e);
/*
 * The same for who only needs to know what is there: a manifest that was read by this call before is not read again
 * (it never changes), so damage that came since goes unnoticed.
 */
MUST_CHECK int snapshots_read_again(struct store *store, struct snapshot_list *ret,
				    size_t *ret_skipped, struct error *e);
/* The file of the manifest `id`, below the store: "snapshots/…". */
#define SNAPSHOTS_FILE_LEN (sizeof("snapshots/") + CHUNK_ID_HEX)
void snapshots_file(const struct chunk_id *id, char ret[SNAPSHOTS_FILE_LEN]);

/*
 * Read manifest file `name` ("snapshots/…") of `size` bytes, whole or not: 1; 0 when that is not a
 * manifest's name, or it is gone. ERR_CORRUPT, ERR_UNSUPPORTED, ERR_IO.
 */
MUST_CHECK int snapshots_read_one(struct store *store, const char *name, uint64_t size,
				  struct snapshot *ret, struct error *e);
void snapshots_release(struct snapshot_list *list);
DEFINE_OWNED_STRUCT(struct snapshot_list, snapshots_release);

/*
 * A cheap stamp that changes when a manifest comes or goes (so that the mount knows when to
 * call snapshots_read() again). 0 on success.
 */
MUST_CHECK int snapshots_stamp(struct store *store, uint64_t *ret_stamp, struct error *e);

/* 1 and the index in `list` of WHEN = "latest", "latest-snapshot", a full name, "id:abcd" (unique
 * prefix); 0 when nothing matches; ERR_INVALID when a name or an id prefix matches several. */
MUST_CHECK int snapshots_find(const struct snapshot_list *list, const char *when, size_t *ret,
			      struct error *e);

/* A moment as we print it: "2026-11-21T094107Z" (17 characters and a NUL). */
#define SNAPSHOT_TIME_LEN 18
void snapshot_time_text(uint64_t seconds, char ret[SNAPSHOT_TIME_LEN + 1]);

#endif
