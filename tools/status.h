/*
 * status.h - how a store does: how far it reaches, what is missing, when it was last copied, verified, drilled.
 *
 * Gathered for people (`yester status`), for scripts (JSON, --check) and for monitoring (Prometheus text).
 *
 * Threads: pure but for the store; a struct status belongs to one thread at a time.
 */
#ifndef TOOLS_STATUS_H
#define TOOLS_STATUS_H

#include "base/buf.h"
#include "oplog/timeline.h"

/* What a verb left behind (status_file.h). */
struct status_event {
	bool known;
	uint64_t time;	/* seconds since 1970 */
	bool ok;	/* "ok", or "verified" of a copy */
	char what[256]; /* "at", or "dest" */
	uint64_t seconds, collections, documents;
};

/* What a running tail says of itself. */
struct status_tail {
	bool known; /* one runs, or did within the last seconds */
	uint64_t time;
	bool connected;
	char member[300];
	uint64_t last_ts; /* the last entry that is durable; 0: not known */
	uint64_t entries, reconnects, snapshots, failures;
	bool gap; /* it met one */
};

struct status {
	uint64_t now;			 /* seconds since 1970: when it was gathered */
	uint64_t last_ts;		 /* the last operation that is stored; 0: none */
	struct timeline_map map;	 /* ranges and gaps */
	size_t skipped;			 /* snapshots and segments that are left out */
	uint64_t snapshots, checkpoints; /* counts */
	char newest[SNAPSHOT_NAME_MAX + 1];
	uint64_t newest_time;
	bool newest_exact;
	uint64_t documents, bytes; /* of the newest snapshot */
	uint64_t shown_bytes;	   /* of all snapshots together */
	uint64_t stored_bytes;	   /* all files but local/ */
	struct status_event verify, drill, replicate;
	struct status_tail tail;
};

MUST_CHECK int status_gather(struct store *store, struct status *ret, struct error *e);
void status_release(struct status *status);
DEFINE_OWNED_STRUCT(struct status, status_release);

/* Seconds from the last stored operation to now. */
uint64_t status_lag(const struct status *status);

/* What must not be exceeded, in seconds; 0: not asked. */
struct status_limits {
	uint64_t lag, offsite_age, drill_age;
};

/* Append what is wrong, one text a line: their count. A gap, damage, and a failed verify or drill always are. */
unsigned status_check(const struct status *status, const struct status_limits *limits,
		      struct buf *ret);

/* Append it as Prometheus text. */
void status_metrics(const struct status *status, struct buf *ret);

/* A running tail's file, and what reads it. */
void status_tail_json(const struct status_tail *tail, struct buf *ret);

/* Bytes of all files of a store, without local/. ERR_IO. */
MUST_CHECK int status_stored_bytes(const char *path, uint64_t *ret, struct error *e);

#endif
