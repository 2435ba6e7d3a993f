/*
 * check.h - proving that a store is whole: packs, directories, trees, manifests.
 *
 * Changes nothing. The quick form reads trailers, nodes and manifests; with read_data every pack
 * is read and hashed against its name, and every chunk is decoded and hashed against its id.
 *
 * Threads: one check at a time; others may read and write meanwhile.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/progress.h"
#include "store/store.h"

struct check_options {
	bool read_data;
	/* With read_data: only packs of which the number that `seed` and their ids give is in [part_begin, part_end) of parts; 0: all. */
	uint64_t parts, part_begin, part_end, seed;
	const struct progress *progress; /* or NULL */
};

struct check_result {
	uint64_t packs, chunks, snapshots, collections, documents;
	uint64_t read_bytes; /* of packs, with read_data */
	uint64_t problems;
	/* Of a store that is open without its key: manifests that were not looked into. No chunk was then. */
	uint64_t sealed;
};

/* Called for each problem: what, where, expected, found. */
typedef void (*check_problem)(void *ctx, const char *text);

/*
 * Check. 0 also when there are problems: see ret->problems. ERR_IO when the store can't be
 * listed, ERR_CANCELLED.
 */
MUST_CHECK int check_run(struct store *store, const struct check_options *options,
			 check_problem problem, void *ctx, struct check_result *ret,
			 struct error *e);

#endif
