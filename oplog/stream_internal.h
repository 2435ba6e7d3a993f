/*
 * stream_internal.h - the inside of struct stream, for the files stream*.c only.
 *
 * stream_open.c reads what there is, stream.c tells, stream_cursor.c walks, stream_add.c adds,
 * stream_tail.c makes journals, and segments of them, stream_foreign.c looks whether what is added is of the same
 * replica set, stream_check.c proves that all is there.
 *
 * Prefix: stream_
 */
#ifndef OPLOG_STREAM_INTERNAL_H
#define OPLOG_STREAM_INTERNAL_H

#include "oplog/piece_cursor.h"
#include "oplog/stream.h"
#include "store/store_stream.h"
#include "store/tree/tree_cursor.h"

#define STREAM_FOLDER "oplog/"
#define STREAM_NAME_MAX 64
#define STREAM_NAME_LEN 16  /* characters of the name that a new stream gets by a hash */
#define STREAM_FILE_MAX MIB /* bytes of a segment's file */

struct stream {
	struct store *store;
	unsigned users; /* atomic */
	char name[STREAM_NAME_MAX + 1];
	struct piece *pieces; /* in order of time, disjoint, each with entries */
	size_t count;
	struct journal **journals; /* that pieces are of */
	size_t journal_count;
	struct segment
		*aside; /* segments that overlap with others, and have entries that no piece has */
	size_t aside_count;
	size_t skipped; /* segments that were left out */
	size_t damaged; /* journals of which something was left out */
	struct stream_range *ranges;
	size_t *range_begin; /* the first piece of each range; one more: count */
	size_t range_count;
	uint64_t *offset; /* of each piece's first byte in all entries; one more: of the end */
};

/* As stream_open(); the entries of journal `without` (0: none) are left out. */
MUST_CHECK int stream_open_without(struct store *store, uint64_t without, struct stream **ret,
				   struct error *e);

struct stream_add;
struct store_writer;
/* As stream_add_begin(), to a stream without the entries of journal `without`. */
MUST_CHECK int stream_add_begin_without(struct store_writer *writer, uint64_t without,
					struct stream_add **ret, struct error *e);

/*
 * Two copies of a store that were followed into, and are one again, have segments that overlap. What no piece has of them becomes
 * new segments. Nothing happens when there are none.
 */
MUST_CHECK int stream_add_aside(struct store_writer *writer, struct error *e);

/* The slice that has just begun comes right after this entry. */
void stream_add_after(struct stream_add *add, const struct segment_link *prev);
/* After stream_add_finish(): the ids of the segments that were written, struct chunk_id after struct chunk_id. */
struct bytes stream_add_written(const struct stream_add *add);

/* The first piece whose last entry is at or behind `ts`; count when there is none. */
size_t stream_find_piece(const struct piece *pieces, size_t count, uint64_t ts);

/*
 * Read the optime of an entry: all that a stream needs to know of it. ERR_CORRUPT: it has none, or one
 * of zero.
 */
MUST_CHECK int stream_optime(struct bytes doc, struct entry_optime *ret, struct error *e);

/* What a file below oplog/ is, by its name. */
enum stream_file_kind {
	STREAM_FILE_OTHER, /* none of ours, as rsync's temporary ones: ignored */
	STREAM_FILE_SEGMENT,
	STREAM_FILE_JOURNAL,
	STREAM_FILE_SEALED, /* names the segments that a journal became */
};

struct stream_file {
	enum stream_file_kind kind;
	struct bytes stream; /* the name of the stream; a part of what was parsed */
	struct chunk_id id;  /* of a segment */
	uint64_t number;     /* of a journal */
};

struct stream_file stream_file_parse(const char *file);

/* Can a stream have this name? */
bool stream_file_is_name(struct bytes name);

/* The name of a stream that begins: the same in all copies of the store, whichever of them begins it. What `ret` had behind it stays. */
void stream_file_new_name(const struct store *store, char ret[STREAM_NAME_LEN]);

/* "oplog/<stream>/<id>.segment", "oplog/<stream>/<number>.sealed" */
char *stream_file_segment(const char *stream, const struct chunk_id *id);
char *stream_file_sealed(const char *stream, uint64_t number);

/*
 * Append the content of "<number>.sealed": `ids` are those of the segments, struct chunk_id after struct chunk_id. The other
 * way round: ERR_CORRUPT, ERR_UNSUPPORTED (a newer version); with an older one's content, which has no checksum, too.
 */
void stream_file_encode_sealed(struct bytes ids, struct buf *ret);
MUST_CHECK int stream_file_decode_sealed(struct bytes content, struct buf *ret_ids,
					 struct error *e);

/*
 * Read such a file, of `size` bytes: 1 and the ids; 0 when it is gone, or empty: that an older program wrote, or a copy in
 * place has begun, and it says nothing. ERR_CORRUPT, ERR_UNSUPPORTED, ERR_IO.
 */
MUST_CHECK int stream_file_read_sealed(struct store *store, const char *file, uint64_t size,
				       struct buf *ret_ids, struct error *e);

/*
 * Can such a file be that of its journal? 0: it names a segment that has nothing of it (a file of another journal under this name). 1
 * also when that can't be told: the journal or the segments are gone, damaged or a newer program's, or there is no key. ERR_IO.
 */
MUST_CHECK int stream_file_sealed_fits(struct store *store, const char *file, const struct buf *ids,
				       struct error *e);

/*
 * Is all that the journal holds elsewhere, too? 0: the file was made of a shorter one, as in another copy of the store that took
 * over while this journal still grew. 1 also when that can't be told, as above.
 */
MUST_CHECK int stream_file_sealed_has_all(struct store *store, const char *file,
					  const struct buf *ids, struct error *e);

/* Both: may the journal be left unread, or go? */
MUST_CHECK int stream_file_sealed_is_true(struct store *store, const char *file,
					  const struct buf *ids, struct error *e);

/* Have other journals and segments all entries of this one, without a gap? It has some. Errors as stream_open(). */
MUST_CHECK int stream_file_others_have(struct store *store, const struct journal *journal,
				       struct error *e);

/* Read the segment's file, of `size` bytes: 1; 0 when it is gone. ERR_CORRUPT, ERR_UNSUPPORTED, ERR_IO. */
MUST_CHECK int stream_file_read(struct store *store, const char *file, const struct chunk_id *id,
				uint64_t size, struct segment *ret, struct error *e);

#endif
