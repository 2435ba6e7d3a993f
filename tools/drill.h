/*
 * drill.h - the job behind `yester drill`: a moment restored into a mongod of our own, and compared by dbHash.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DRILL_H
#define TOOLS_DRILL_H

#include "tools/restore.h"

struct drill_options {
	const char *mongod; /* the program */
	const char *tmp_dir;
	unsigned workers;
	const struct progress *progress; /* may be NULL */
};

struct drill_result {
	struct restore_result restored; /* what did not compare is in its notes, too */
	char version[32];		/* of that mongod */
	uint64_t collections, documents, bytes;
	uint64_t milliseconds;
	bool ok;
};

void drill_result_init(struct drill_result *result);
void drill_result_release(struct drill_result *result);
DEFINE_OWNED_STRUCT(struct drill_result, drill_result_release);

/*
 * Restore and compare. What is not as it was is in ret->restored.notes, and ret->ok false. Errors: those of reading
 * (ERR_CORRUPT: the store is damaged), of the mongod (ERR_REMOTE, ERR_IO), ERR_REFUSED (it can't hold a namespace).
 */
MUST_CHECK int drill_run(struct moment *moment, const struct drill_options *options,
			 struct drill_result *ret, struct error *e);

#endif
