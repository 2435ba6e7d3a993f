/*
 * stream_check.h - proving that the stored oplog is whole: what `yester check` does beside store/check.h.
 *
 * Changes nothing. The quick form reads the segments' files and the nodes of their trees; with read_data
 * every entry is read, and must be where its segment says. That the chunks themselves are sound is
 * the business of check.h.
 *
 * Threads: one check at a time; others may read and write meanwhile.
 */
#ifndef OPLOG_STREAM_CHECK_H
#define OPLOG_STREAM_CHECK_H

#include "store/check.h"

struct stream_check_result {
	uint64_t segments; /* that are sound */
	uint64_t
		entries; /* in sound files; without problems each counts once, in however many files it is */
	uint64_t problems;
	uint64_t sealed; /* segments that were not looked into: the store is open without its key */
};

/*
 * Check. 0 also when there are problems: see ret->problems, and what `problem` was told. ERR_IO when the
 * store can't be listed, ERR_CANCELLED.
 */
MUST_CHECK int stream_check_run(struct store *store, const struct check_options *options,
				check_problem problem, void *ctx, struct stream_check_result *ret,
				struct error *e);

#endif
