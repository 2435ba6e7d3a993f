/*
 * segment_builder.h - from entries in order to a segment: its tree, its postings, its sums.
 *
 * Which entries, and what proves their place, is stream_add.c's business. One builder makes any number of
 * segments, one after the other; their leaves share a prefix (store_writer.h).
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_SEGMENT_BUILDER_H
#define OPLOG_SEGMENT_BUILDER_H

#include "oplog/segment.h"
#include "store/store_writer.h"

struct segment_builder; /* opaque */

/* `like` is the tree of an earlier segment, whose prefix is taken when it has one; or NULL. */
struct segment_builder *segment_builder_new(struct store_writer *writer,
					    const struct tree_root *like);
void segment_builder_free(struct segment_builder *builder);
DEFINE_OWNED(struct segment_builder *, segment_builder_free);

/* Entries of the segment in the making. */
uint64_t segment_builder_entries(const struct segment_builder *builder);
/* Would one more entry of `len` bytes be too much for it? */
bool segment_builder_is_full(const struct segment_builder *builder, size_t len);

/* Add an entry; `entry` is the view of it, NULL: this version can't read it. */
MUST_CHECK int segment_builder_add(struct segment_builder *builder, struct bytes doc,
				   const struct entry_optime *at, const struct entry *entry,
				   struct error *e);

/*
 * End the segment, which has entries: sets its first entry, sums and trees. The caller sets what it knows:
 * links and last entry. The chunks can be read after the writer's flush.
 */
MUST_CHECK int segment_builder_finish(struct segment_builder *builder, struct segment *ret,
				      struct error *e);

#endif
