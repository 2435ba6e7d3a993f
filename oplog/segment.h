/*
 * segment.h - a sealed piece of the stream: STORE/oplog/<stream>/<id>.segment, its name the hash of
 * its content.
 *
 * It names a ranked tree of entries in order of their timestamps, and what proves its place: the
 * entry before its first one. docs/format/oplog.md has the fields.
 *
 * Threads: pure; a segment is immutable once read.
 */
#ifndef OPLOG_SEGMENT_H
#define OPLOG_SEGMENT_H

#include "base/buf.h"
#include "oplog/entry.h"
#include "store/store.h"
#include "store/tree/tree.h"

/* Where writers cut. Readers take more: postings number entries with 32 bits. */
#define SEGMENT_MAX_ENTRIES 250000
#define SEGMENT_MAX_BYTES (64 * MIB)
#define SEGMENT_ENTRIES_READ UINT32_MAX

/* A neighbouring entry that was seen beside this one. */
struct segment_link {
	bool known;
	struct entry_optime at;
	struct chunk_id hash; /* store_id_of() the entry's document */
};

struct segment {
	struct chunk_id id;
	struct segment_link prev; /* the entry just before `first` */
	struct segment_link next; /* the entry just after `last`, when that was known already */
	struct entry_optime first,
		last; /* none, but both prev and next, when there are no entries */
	uint64_t entries;
	uint64_t bytes;
	struct chunk_id first_hash, last_hash;
	struct tree_root root;	   /* ranked: the entries */
	struct tree_root postings; /* keyed; empty: none were made (postings.h) */
	uint64_t created_us;	   /* when it was sealed, microseconds since 1970 */
};

/*
 * Append the file's bytes, sealed with `keys` (NULL: of a plain store); sets segment->id. ERR_CORRUPT: its fields contradict each
 * other.
 */
MUST_CHECK int segment_encode(struct segment *segment, const struct store_keys *keys,
			      struct buf *ret, struct error *e);

/*
 * Parse the bytes of segment `id`. ERR_CORRUPT, ERR_UNSUPPORTED; ERR_WRONG_KEY: its bytes have the hash in its name, but it is
 * sealed and there are no keys.
 */
MUST_CHECK int segment_decode(const struct chunk_id *id, struct bytes from,
			      const struct store_keys *keys, struct segment *ret, struct error *e);

/* Is it proven that `b` begins right behind the last entry of `a`? Both have entries. */
bool segment_follows(const struct segment *a, const struct segment *b);

#endif
