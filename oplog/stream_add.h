/*
 * stream_add.h - putting oplog entries into the store's stream, in slices.
 *
 * A slice is entries that follow each other with none missing (one oplog.bson, one fetch). Slices
 * may come in any order and overlap. What the stream has already is compared, byte for byte: a slice
 * that says something else belongs to another replica set, or was rolled back, or lacks entries, and
 * is refused. Nothing is in the stream before stream_add_finish().
 *
 * Threads: one at a time. In all processes one at a time: the stream's lock is held from begin to end.
 */
#ifndef OPLOG_STREAM_ADD_H
#define OPLOG_STREAM_ADD_H

#include "base/progress.h"
#include "oplog/stream.h"
#include "store/store_writer.h"

struct stream_add; /* opaque */

/*
 * Begin. ERR_BUSY: somebody adds to the stream now. ERR_CORRUPT: a part of the stream is damaged or not
 * there, so that nothing can be compared with it. The writer must outlive it.
 */
MUST_CHECK int stream_add_begin(struct store_writer *writer, struct stream_add **ret,
				struct error *e);
void stream_add_free(struct stream_add *add); /* what was not finished is given up */
DEFINE_OWNED(struct stream_add *, stream_add_free);

/* A slice begins; `name` (of a file) is for errors, as is the offset in it: the sum of its entries. */
MUST_CHECK int stream_add_slice(struct stream_add *add, const char *name, struct error *e);

/*
 * The next entry of the slice, which passed bson_check(). An operation or a version of the format that
 * this program does not know is stored: a stream is raw history. ERR_CORRUPT (no entry; timestamps
 * that do not ascend), ERR_EXISTS with a hint (the stream has another entry at this optime, or has
 * entries where the slice has none, or a snapshot has other UUIDs: another replica set's, or rolled
 * back). After an error only stream_add_free() may follow.
 */
MUST_CHECK int stream_add_entry(struct stream_add *add, struct bytes doc, struct error *e);

/* The optime of the last entry that was taken; ts 0: there was none. */
struct entry_optime stream_add_last(const struct stream_add *add);

struct stream_added {
	uint64_t entries;	 /* that were new */
	uint64_t duplicates;	 /* that the stream had */
	uint64_t segments;	 /* that were written */
	bool has_gap;		 /* the stream now has a gap beside what was added: */
	struct stream_range gap; /* first: the last entry before it; last: the first one after it */
};

/*
 * Make it durable: flushes the writer, then writes the segments. Whatever dies in between, each segment
 * that is there is whole and true. Once.
 */
MUST_CHECK int stream_add_finish(struct stream_add *add, struct stream_added *ret, struct error *e);

#endif
