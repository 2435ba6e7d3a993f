/*
 * postings.h - which entries of a segment are about a collection, or about one document of it.
 *
 * A keyed tree of small BSON documents beside the segment's entries (docs/format/oplog.md). What it
 * answers may be too much, never too little: the key of a document is known by some bits of its hash, and
 * what can't be told of an entry makes it an answer to every question:
 *
 *	- every command but an applyOps that is no part of a chain (that one's operations are told), and an
 *	  applyOps with a command in it
 *	- every part of a chain, prepare, commit and abort (transaction.h needs all of them)
 *	- operations without a UUID, or without an _id; on system.views and admin.system.version, which change
 *	  what other entries mean
 *	- entries that this version can't read
 *
 * Noops, and operations that no replay applies, are no answer to any question.
 *
 * Keys are those of the simple collation. Where a collection's _id follows another one, two ids that are equal
 * to it have different hashes: do not ask for a document there.
 *
 * Prefix: postings_, stream_key_hash
 * Threads: one at a time; reading is pure over a store.
 */
#ifndef OPLOG_POSTINGS_H
#define OPLOG_POSTINGS_H

#include "oplog/entry.h"
#include "oplog/stream.h"
#include "store/store_writer.h"

struct postings_builder; /* opaque */

struct postings_builder *postings_builder_new(void);
void postings_builder_free(struct postings_builder *builder);
DEFINE_OWNED(struct postings_builder *, postings_builder_free);

/* Entry number `rank` of the segment, in any order; NULL: it can't be read. */
void postings_builder_add(struct postings_builder *builder, uint32_t rank,
			  const struct entry *entry);

/* Build the tree. Once. Its chunks are known to others after the writer's flush. */
MUST_CHECK int postings_builder_finish(struct postings_builder *builder,
				       struct store_writer *writer, struct tree_root *ret,
				       struct error *e);

/*
 * Append the ranks (uint32_t, ascending, each once) that answer the filter. `postings` is a segment's, not
 * an empty one. ERR_CORRUPT, ERR_IO.
 */
MUST_CHECK int postings_find(struct store *store, const struct tree_root *postings,
			     const struct stream_filter *filter, struct buf *ret, struct error *e);

/*
 * Read one of its documents: appends the ranks in it, all of them or (not NULL) those that may be of
 * *key_hash. *ret_bits is not 0 when they are in buckets instead, found by that many bits of the hash.
 * For postings_find() and its fuzz test. ERR_CORRUPT.
 */
MUST_CHECK int postings_read(struct bytes doc, const uint32_t *key_hash, unsigned *ret_bits,
			     struct buf *ret, struct error *e);

#endif
