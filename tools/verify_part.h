/*
 * verify_part.h - one collection of a verification, range by range, and the moment that it is compared with.
 *
 * Prefixes: verify_part_, verify_job_. Threads: main thread only.
 */
#ifndef TOOLS_VERIFY_PART_H
#define TOOLS_VERIFY_PART_H

#include "tools/verify.h"
#include "tools/verify_live.h"

struct verify_job {
	struct store *store;
	struct timeline *timeline;
	const struct verify_options *options;
	struct verify_result *result;
	struct verify_live from;
	struct timeline_point point;
	struct moment *moment; /* of the point */
	uint64_t ts;	       /* its cluster time; 0: it is not exact */
	bool fixed;	       /* --at: always the same */
	bool alone;	       /* no tail follows the oplog: the store comes no further */
};

void verify_job_release(struct verify_job *job);
DEFINE_OWNED_STRUCT(struct verify_job, verify_job_release);

/* Open the moment `when` in the place of the one before. */
MUST_CHECK int verify_job_open(struct verify_job *job, const char *when, struct error *e);

/*
 * Wait until the store has reached cluster time `ts` (a tail follows, or it has already), and open the newest moment: 1; 0 it does not
 * come there in some seconds. ERR_CANCELLED.
 */
MUST_CHECK int verify_job_reach(struct verify_job *job, uint64_t ts, struct error *e);

/* Compare the documents of a collection of the moment. */
MUST_CHECK int verify_part_collection(struct verify_job *job, const char *ns, struct error *e);

#endif
