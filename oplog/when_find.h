/*
 * when_find.h - WHEN among the snapshots: finding the one that is meant, and what to say when there
 * is none. Checkpoints, which are no snapshots of the user's, are never proposed. What the stream
 * reaches besides is timeline.h's.
 *
 * Threads: pure.
 */
#ifndef OPLOG_WHEN_FIND_H
#define OPLOG_WHEN_FIND_H

#include "oplog/when.h"
#include "store/snapshot/snapshots.h"

/* Is it one of the words that are no snapshot's name, whatever one is called? */
bool when_find_is_word(const char *text);

/* Is `text` a snapshot's full name (which wins over other readings)? Its index. False for the words that
 * mean something else: latest, latest-snapshot. */
bool when_find_name(const struct snapshot_list *list, const char *text, size_t *ret);

/* The snapshot whose id begins as `text`, "id:abcd", says. ERR_NOT_FOUND, ERR_INVALID (several). */
MUST_CHECK int when_find_id(const struct snapshot_list *list, const char *text, size_t *ret,
			    struct error *e);

/*
 * ERR_NOT_FOUND: no snapshot is called `text`; the hint is the nearest name, or how to write what was meant, to be pasted as it
 * is: with a ~ where one (`before`) was taken off the text.
 */
int when_find_no_name(const struct snapshot_list *list, const char *text, bool before,
		      struct error *e) COLD;

/* ERR_NO_TIME: the list is empty. */
int when_find_no_snapshot(struct error *e) COLD;

/* Append the snapshots nearest to a time: "A (3 h 5 min before) and B (2 s after)"; nothing for an empty list. */
void when_find_near(const struct snapshot_list *list, uint64_t seconds, struct buf *ret);

/* The name of the nearest one, which is mostly the one before; NULL for an empty list. */
const char *when_find_nearest(const struct snapshot_list *list, uint64_t seconds);

#endif
