/*
 * timeline.h - which moments there are: what snapshots and the stream together reach, and the way from a
 * WHEN to the moment.
 *
 * A timeline looks again when snapshots or segments came or went (timeline_refresh). Points are values.
 * Threads: any.
 */
#ifndef OPLOG_TIMELINE_H
#define OPLOG_TIMELINE_H

#include "base/progress.h"
#include "oplog/moment.h"
#include "oplog/stream.h"
#include "oplog/when.h"

struct timeline; /* opaque */

MUST_CHECK int timeline_open(struct store *store, struct timeline **ret, struct error *e);
void timeline_close(struct timeline *timeline);
DEFINE_OWNED(struct timeline *, timeline_close);

/* Look again if something came or went; cheap when not. On an error it stays as it was. */
MUST_CHECK int timeline_refresh(struct timeline *timeline, struct error *e);

/* How many snapshots and segments of the stream are left out: damaged, or not all of them is here yet. */
void timeline_skipped(struct timeline *timeline, size_t *ret_snapshots, size_t *ret_segments);

/* A moment that can be reached: a snapshot as it is, or a base and the entries up to `ts`. */
struct timeline_point {
	struct chunk_id base; /* the snapshot's id */
	bool is_snapshot;     /* nothing is replayed: the moment is that snapshot */
	bool is_second;	      /* all of a whole second */
	uint64_t ts; /* up to and with this timestamp; a second's ends in increment 0xffffffff */
	char name[SNAPSHOT_NAME_MAX +
		  1]; /* as printed: "2026-11-21T094107Z", "1795251817.14", a snapshot's name */
};

/*
 * The moment that `text` (WHEN, when.h) names. `now`: seconds since 1970. ERR_INVALID (form),
 * ERR_NOT_FOUND (no snapshot of that name or id), ERR_NO_TIME: outside of what can be reached, in a
 * gap, a second that is not finished, an open prepared transaction; the text says which, the hint
 * what can be reached.
 */
MUST_CHECK int timeline_find(struct timeline *timeline, const char *text, uint64_t now,
			     struct timeline_point *ret, struct error *e);

/*
 * Open the moment. Where few entries lead to it, it is replayed now (into the machine's cache); else its
 * collections are when they are resolved, one by one, then all (moment_resolve()). What was visited
 * before is not replayed again. `progress` is used for later replays, too: it must outlive the moment. A namespace that
 * could not be followed gives its error when it is resolved. The timeline must outlive its moments.
 */
MUST_CHECK int timeline_moment(struct timeline *timeline, const struct timeline_point *point,
			       const struct progress *progress, struct moment **ret,
			       struct error *e);

/* Entries between the point's base and it: what opening it has to replay at most. */
MUST_CHECK int timeline_distance(struct timeline *timeline, const struct timeline_point *point,
				 uint64_t *ret, struct error *e);

/* Is the snapshot that the point was made from still there? The moment may be reached from another one when it is not. */
bool timeline_has_base(struct timeline *timeline, const struct timeline_point *point);

/* What can be reached without a hole. */
struct timeline_reach {
	struct entry_optime first, last; /* moments; `first` is the base's optime */
	uint32_t last_second;		 /* the last whole second that is finished; 0: none */
	char *base;			 /* the oldest snapshot's name */
	size_t bases;			 /* snapshots (checkpoints, too) in it */
	bool partial;			 /* only partial snapshots: not all namespaces */
	bool waits; /* there are later entries, but a prepared transaction is not decided yet */
	uint64_t entries;
};

/* A time behind the first moment that can't be reached. Gaps are in order, and may touch. */
struct timeline_gap {
	struct entry_optime after, before;
	const char *
		why; /* "no oplog", "no exact snapshot before it", that it is amid what was let go, or: */
	bool let_go; /* a retention did it: nothing is missing */
};

struct timeline_map {
	const struct timeline_reach *reach;
	size_t reach_count;
	const struct timeline_gap *gaps;
	size_t gap_count;
	size_t lost_count;	   /* of these: what no retention let go, and is not amid that */
	struct timeline_map *rest; /* what owns all this; shared */
	unsigned users;		   /* of what is shared; atomic */
};

MUST_CHECK int timeline_map(struct timeline *timeline, struct timeline_map *ret, struct error *e);
void timeline_map_release(struct timeline_map *map);
DEFINE_OWNED_STRUCT(struct timeline_map, timeline_map_release);

/*
 * Of a retention after which nobody asks for moments before `ts`: 1 and the note of what it lets go, as a file for prune_forget() (the
 * name below the store is the caller's); 0 when that is noted already. `by`: what it is, for people.
 */
MUST_CHECK int timeline_map_note(struct timeline *timeline, uint64_t ts, const char *by,
				 char **ret_name, struct buf *ret, struct error *e);

/* The first finished second >= `from` that has an operation and can be reached: 1; 0 none. */
MUST_CHECK int timeline_next_second(struct timeline *timeline, uint32_t from, uint32_t *ret,
				    struct error *e);

/* The stream of now, for reading entries: a reference for stream_close(). */
MUST_CHECK int timeline_stream(struct timeline *timeline, struct stream **ret, struct error *e);

/* The snapshots of now (checkpoints left out), copied: for snapshots_release(). */
MUST_CHECK int timeline_snapshots(struct timeline *timeline, struct snapshot_list *ret,
				  struct error *e);

#endif
