/*
 * line_diff.h - what differs between two texts, line by line, as `diff -u` shows it.
 *
 * The patch is always right; it is the shortest one as long as it has at most a thousand or so lines
 * that differ (Myers, "An O(ND) difference algorithm", 1986), above which all between the first
 * and the last difference is replaced: time and memory stay bounded.
 *
 * Threads: pure.
 */
#ifndef TOOLS_LINE_DIFF_H
#define TOOLS_LINE_DIFF_H

#include "base/buf.h"

#define LINE_DIFF_CONTEXT 3 /* equal lines around a difference */

/*
 * Append the hunks that make `new_text` of `old_text`, each with its line "@@ -1,5 +1,6 @@": 1; 0 when
 * the texts are equal. Each line of a text ends with a newline; one that is missing at the end is
 * taken as there. ERR_LIMIT: a text of over 2 GiB. ERR_NOMEM.
 */
MUST_CHECK int line_diff_write(struct bytes old_text, struct bytes new_text, struct buf *ret,
			       struct error *e);

#endif
