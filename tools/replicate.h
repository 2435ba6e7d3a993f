/*
 * replicate.h - a copy of the store elsewhere, by rsync: a folder, or host:path.
 *
 * What makes things exist (manifests, segments) is listed first, then what they need is sent, then they are: whatever is cut
 * off, the far side is a store whose older snapshots are whole (DESIGN 4, invariant 2). Deletions come last, and only when
 * they are asked for. Nothing below local/ is sent.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_REPLICATE_H
#define TOOLS_REPLICATE_H

#include "base/progress.h"
#include "store/store.h"

#define REPLICATE_NAME_MAX 512

enum replicate_verify { REPLICATE_UNVERIFIED, REPLICATE_QUICK, REPLICATE_FULL };

struct replicate_options {
	const char *dest;
	const char *ssh;     /* --ssh: what rsync uses to reach a host; or NULL */
	const char *bwlimit; /* rsync's; or NULL */
	bool deletes;	     /* what is not here any more goes there, too */
	enum replicate_verify verify;
	const struct progress *progress;
};

struct replicate_result {
	uint64_t files, bytes; /* that were sent; of a journal that grew what is new */
	uint64_t snapshots;    /* manifests that are there now */
	uint64_t deleted;      /* files */
	bool verified;
	uint64_t differ; /* files that verification found to differ */
	uint64_t mended; /* of these, sent again and right now: after a verification of all bytes */
	char first[REPLICATE_NAME_MAX]; /* the first of them */
	uint64_t
		spared; /* damaged here: not sent over others of their names; of those that are the same there what was just sent, and all when all bytes are verified */
	char first_spared[REPLICATE_NAME_MAX];
	uint64_t longer; /* journals there that hold more than those here: not replaced */
	char first_longer[REPLICATE_NAME_MAX];
	uint64_t
		lacking; /* snapshots and segments that are not whole here: nothing was deleted there */
};

/*
 * Replicate. 0 also when verification found differences (ret->differ), and when damage was found here (ret->spared, ret->lacking).
 * ERR_REFUSED: DEST is another store, no store but not empty, or lies in this one, or its oplog was begun apart; deletions, and nothing is here; ERR_REMOTE: rsync failed, with what it said; ERR_INVALID: there is no rsync; ERR_CANCELLED.
 */
MUST_CHECK int replicate_run(struct store *store, const struct replicate_options *options,
			     struct replicate_result *ret, struct error *e);

#endif
