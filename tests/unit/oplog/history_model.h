/*
 * history_model.h - a random history of a deployment, as a server would have logged it: collections (capped
 * ones and one with a collation, too), commands, views, transactions in one entry and in several, prepared ones
 * that are decided late or aborted, and the feature compatibility version going up.
 *
 * Each operation is one that a server could have logged: what is updated or deleted is there. Threads: one.
 */
#ifndef TESTS_UNIT_OPLOG_HISTORY_MODEL_H
#define TESTS_UNIT_OPLOG_HISTORY_MODEL_H

#include "oplog/timeline.h"
#include "tests/unit/oplog/stream_model.h"

#define HISTORY_SECOND 1700000000u /* the base's optime is its increment 1 */
#define HISTORY_IDS 24 /* _id of a keyed collection: 0 to this - 1; of a capped one: any */

struct history {
	struct buf docs;    /* entries, back to back; the first is a noop at the base's optime */
	struct buf times;   /* uint64_t: the timestamp of each */
	const char *server; /* version */
	uint64_t waits;	    /* the first prepared transaction that stays open; UINT64_MAX: none */
};

void history_release(struct history *history);
DEFINE_OWNED_STRUCT(struct history, history_release);

/* A history of about `count` entries, drawn from `rng`. */
void history_make(struct harness_rng *rng, unsigned count, struct history *ret);

size_t history_count(const struct history *history);
uint64_t history_ts(const struct history *history, size_t i);

/* Entries first..end-1. */
struct bytes history_docs(const struct history *history, size_t first, size_t end);

/* Commit the snapshot that it begins with: named "base". */
void history_commit_base(struct store *store, const struct history *history);

#endif
