/*
 * stream.h - the oplog that a store keeps, and what of it is without a gap.
 *
 * A store has one stream (one replica set): STORE/oplog/<name>/. It is made of segments (segment.h),
 * which are disjoint and never change, and of journals (journal.h), which grow. Each says which entry
 * came just before its first one (a segment may also say which came just after its last), by optime
 * and hash. Where that proof is there, two of them are one range; else there is a gap between
 * them. docs/format/oplog.md.
 *
 * A struct stream is what was there when it was opened: immutable.
 * Threads: any; a cursor belongs to one thread at a time.
 */
#ifndef OPLOG_STREAM_H
#define OPLOG_STREAM_H

#include "oplog/entry.h"
#include "oplog/segment.h"

struct stream; /* opaque */

/*
 * Open the store's stream; an empty one when it has none yet. Segments whose chunks are not there yet
 * (rsync in progress) are left out and counted in *ret_skipped (may be NULL), as are damaged ones,
 * journals that are damaged, from there on, and segments that overlap with others and have more than they.
 */
MUST_CHECK int stream_open(struct store *store, struct stream **ret, size_t *ret_skipped,
			   struct error *e);
/* The stream of "oplog/<stream>/<file>", as a backend names its files, a part of `file`. False: it is no file of a stream. */
bool stream_file_stream(const char *file, struct bytes *ret);

/* Another reference; stream_close() gives it back. */
struct stream *stream_hold(struct stream *stream);
void stream_close(struct stream *stream);
DEFINE_OWNED(struct stream *, stream_close);

/* Its name: "" when there is none. */
const char *stream_name(const struct stream *stream);

/* Its store's folder for unnamed spills. */
const char *stream_tmp(const struct stream *stream);

/* A cheap stamp that changes when segments come or go. */
MUST_CHECK int stream_stamp(struct store *store, uint64_t *ret, struct error *e);

/* Entries that are known to follow each other with none missing. */
struct stream_range {
	struct entry_optime first, last;
	uint64_t entries;
	uint64_t bytes; /* BSON */
};

/* Ranges in order of time. */
size_t stream_range_count(const struct stream *stream);
const struct stream_range *stream_range(const struct stream *stream, size_t i);
/* The range with first.ts <= ts <= last.ts, or NULL. */
const struct stream_range *stream_range_at(const struct stream *stream, uint64_t ts);

/* The segments in order of time. Entries that are still in a journal look like one, without id and trees. */
size_t stream_segment_count(const struct stream *stream);
const struct segment *stream_segment(const struct stream *stream, size_t i);
bool stream_is_sealed(const struct stream *stream, size_t i);

/* How many entries are later than `after` and not later than `upto`. */
MUST_CHECK int stream_count(struct stream *stream, uint64_t after, uint64_t upto, uint64_t *ret,
			    struct error *e);

/* 1 and the timestamp of the last entry at or before `ts` (of any range), 0 when there is none. */
MUST_CHECK int stream_last_upto(struct stream *stream, uint64_t ts, uint64_t *ret, struct error *e);

/* What a reader is about: it may be given more entries, never fewer. */
struct stream_filter {
	const uint8_t (*uuids)[16]; /* operations on these collections, and */
	size_t uuid_count; /* every command, every part of a transaction that could matter, and every
			      operation on a system.views collection and on admin.system.version */
	bool has_key;	   /* of one uuid: only this document */
	uint32_t key_hash; /* stream_key_hash() of its key */
};

/* The hash of a document's key (base/key.h) that postings are made of. */
uint32_t stream_key_hash(struct bytes key);

struct stream_cursor; /* opaque */

/* A cursor over `stream`, which must outlive it; `filter` (copied, may be NULL) as above. */
struct stream_cursor *stream_cursor_new(struct stream *stream, const struct stream_filter *filter);
void stream_cursor_free(struct stream_cursor *cursor);
DEFINE_OWNED(struct stream_cursor *, stream_cursor_free);

/*
 * Stand before the first entry with a timestamp >= `ts` of the range that holds it, or of the next
 * range when none does. 1 when it has that timestamp (of a filtered cursor: when the range has such an
 * entry), 0 when it is later or at the end.
 */
MUST_CHECK int stream_cursor_seek(struct stream_cursor *cursor, uint64_t ts, struct error *e);

/* 1 and the next entry's document (valid until the cursor moves), 0 at the end of the range. */
MUST_CHECK int stream_cursor_next(struct stream_cursor *cursor, struct bytes *ret, struct error *e);

/*
 * After an error of stream_cursor_next(), of a cursor that is not filtered: stand behind what can't be read; *ret_lost: how many entries. 0
 * of them when they can be read by now. Returns the name of the file that they are lost of, below the store's folder: the caller's.
 */
char *stream_cursor_pass(struct stream_cursor *cursor, uint64_t *ret_lost);

/* The first second >= `from` in which the stream has an entry that is no noop... 1, 0 none. */
MUST_CHECK int stream_next_second(struct stream *stream, uint32_t from, uint32_t *ret,
				  struct error *e);

/*
 * All entries back to back, over gaps, as one .bson file: its size, and bytes of it (*ret_len is less
 * than `len` only at the end).
 */
uint64_t stream_bytes(const struct stream *stream);
MUST_CHECK int stream_read(struct stream *stream, uint64_t offset, void *ret, size_t len,
			   size_t *ret_len, struct error *e);

#endif
