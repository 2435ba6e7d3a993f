/*
 * verify.h - the job behind `yester verify`: a moment against a running member at the same cluster time.
 *
 * From 5.0 on a member is read as it was at the moment's time, range of _id by range, each at the store's newest moment
 * then, so that any size fits into the minutes of history that a member keeps. Where that can't be (4.x, capped
 * collections, admin) it is read as it is now; a document that differs is looked at again, on both sides, when the store
 * has reached the time of the look, until it does not differ or has not for VERIFY_ROUNDS times.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_VERIFY_H
#define TOOLS_VERIFY_H

#include "oplog/timeline.h"
#include "tools/live_list.h"
#include "tools/restore_notes.h"

#define VERIFY_ROUNDS 5

struct verify_options {
	const char *at;			 /* --at; NULL: the newest moments */
	const struct ns_filter *filter;	 /* may be NULL */
	const struct progress *progress; /* may be NULL */
	const char *tmp_dir;
};

struct verify_result {
	struct restore_notes
		notes; /* what differs: MISSING on the member, EXTRA there, DIFFERS, CATALOG */
	uint64_t collections, documents, bytes; /* that were compared */
	uint64_t skipped; /* collections that a member can't show at an earlier time */
	uint64_t milliseconds;
	uint64_t behind; /* seconds from the store's newest moment to the member's last write */
	bool catalog; /* names, options and indexes were compared, too: the store had all of the oplog */
	char first[SNAPSHOT_NAME_MAX + 1],
		last[SNAPSHOT_NAME_MAX + 1]; /* the moments that were compared, as printed */
	char member[300];
};

void verify_result_init(struct verify_result *result);
void verify_result_release(struct verify_result *result);
DEFINE_OWNED_STRUCT(struct verify_result, verify_result_release);

/*
 * Compare. Differences are in ret->notes, and no error. ERR_NO_TIME: the member no longer has the history of that
 * moment; ERR_REFUSED: the moment is not exact; ERR_REMOTE, ERR_CANCELLED, the errors of reading.
 */
MUST_CHECK int verify_run(struct store *store, struct timeline *timeline, struct live *live,
			  const struct verify_options *options, struct verify_result *ret,
			  struct error *e);

#endif
