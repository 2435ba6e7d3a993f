/*
 * diff_ranked.h - what differs between two collections of which one keeps natural order (capped), by `_id`.
 *
 * Their trees can't be compared chunk by chunk, so both are read and sorted outside memory.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_DIFF_RANKED_H
#define TOOLS_DIFF_RANKED_H

#include "store/tree/tree_diff.h"

/*
 * Call `each` for every document that differs, in order of `_id` (those without one first, by their
 * bytes). Documents that are equal but stand in another order are no difference. Spills go to
 * `tmp_dir`. Returns how many calls there were, or the first error.
 */
MUST_CHECK int64_t diff_ranked(struct store *store, const struct tree_root *old_root,
			       const struct tree_root *new_root, const char *tmp_dir,
			       tree_diff_each each, void *ctx, struct error *e);

#endif
