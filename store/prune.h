/*
 * prune.h - taking away what no snapshot and no segment needs any more.
 *
 * Marks what is needed (mark.h), copies what is needed out of packs that are mostly waste, condemns what is not needed
 * (condemned.h), and deletes what was condemned a grace ago and is still not needed. Nothing is ever moved or
 * renamed, and what goes has been out of use for the whole grace: readers, writers and copies go on meanwhile.
 * When anything that is needed is missing or damaged nothing is changed: what is left may be needed to mend it.
 *
 * Threads: one prune of a store at a time, in all processes; others may read and write.
 */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include "base/progress.h"
#include "store/condemned.h"
#include "store/mark.h"

#define PRUNE_GRACE_US ((uint64_t)7 * 24 * 3600 * 1000000) /* default */
#define PRUNE_WASTE_PERCENT 50				   /* default */
#define PRUNE_UNUSED_PERCENT                                                                       \
	5 /* of all packs: so much waste is not worth copying, unless waste_percent is less */

struct prune_options {
	uint64_t now_us;	/* microseconds since 1970 */
	uint64_t grace_us;	/* 0: what is found goes in the same run, unless a writer works */
	unsigned waste_percent; /* packs of which more is not needed are copied; 100: none */
	bool dry_run;		/* tells what it would do */
	/*
	 * Marks what a file below oplog/ needs (`name` may be anything there). 0; errors as mark_tree(), ERR_CORRUPT when
	 * the file is damaged.
	 */
	int (*mark_file)(void *ctx, struct mark *mark, const char *name, uint64_t size,
			 struct error *e);
	/*
	 * 1 when a file below oplog/ that was let go (`list`: and what else was) is needed after all, 0 when not; NULL: none is. Asked just
	 * before it goes, with the lock for commits held.
	 */
	int (*keeps_file)(void *ctx, const struct condemned *list, const char *name,
			  struct error *e);
	void *ctx;
	const struct progress *progress; /* or NULL */
};

struct prune_result {
	uint64_t packs, bytes;			   /* of all packs at the begin */
	uint64_t needed_chunks, needed_bytes;	   /* stored */
	uint64_t condemned_packs, condemned_bytes; /* that wait now, those of before too */
	uint64_t new_packs, new_bytes;		   /* of these: condemned by this run */
	uint64_t copied_packs,
		copied_bytes; /* packs that were emptied; bytes that were written for it */
	uint64_t deleted_packs, deleted_bytes, deleted_files;
	uint64_t waiting_files; /* of the oplog */
	uint64_t next_us;	/* when the next of those that wait may go; 0: none waits */
};

/* Keep other prunes and forgets away until *ret_fd is closed. ERR_BUSY, ERR_UNSUPPORTED: the store can't be written to. */
MUST_CHECK int store_prune_lock(struct store *store, int *ret_fd, struct error *e);

/*
 * Prune. ERR_BUSY: another prune runs. ERR_CORRUPT: something that is needed is missing or damaged; ERR_UNSUPPORTED: the
 * store can't be written to, or a manifest is a newer program's. ERR_REFUSED: the clock says a time of long ago. ERR_CANCELLED, ERR_IO: what was done is sound.
 */
MUST_CHECK int prune_run(struct store *store, const struct prune_options *options,
			 struct prune_result *ret, struct error *e);

/*
 * Forget snapshots, and let files of the oplog go a grace from now: the manifests are deleted, their chunks wait for prunes.
 * Ids that are not there any more, and files that are condemned already, are passed over. Errors as prune_run().
 */
struct prune_forget {
	const struct chunk_id *snapshots;
	size_t snapshot_count;
	const char *const *files;
	size_t file_count;
	/* A file that says what is let go of the oplog: written first; NULL: none. */
	const char *note;
	struct bytes note_content;
	/* A timestamp: before it gaps of the oplog are a retention's; 0: as it was. */
	uint64_t let_go;
	bool only_these; /* those of the oplog that were let go before, and are none of `files`, stay after all */
	const struct chunk_id *packs; /* damaged ones: of repair.h */
	size_t pack_count;
	const char *const *
		lost; /* names below the store: manifests and segments that nobody can read: deleted at once */
	size_t lost_count;
	uint64_t now_us;
};
MUST_CHECK int prune_forget(struct store *store, const struct prune_forget *what, struct error *e);

#endif
