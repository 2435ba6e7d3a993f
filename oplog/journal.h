/*
 * journal.h - the open end of a stream: STORE/oplog/<stream>/<number>.journal, entries as they come.
 *
 * Frames are appended, and made durable when the writer asks for it; a file is never cut and its
 * number never used again. What a crash leaves is known from what a disk spoils: bytes that are missing at the
 * end are a torn tail and no error, a frame that is all there and has a wrong checksum is damage.
 * Checksums are chained: a frame of another journal, or out of its place, is damage, too. The
 * bytes: docs/format/oplog.md. In an encrypted store the payloads are sealed.
 *
 * A struct journal is what was there when it was opened. Others may append meanwhile.
 *
 * Threads: a writer belongs to one thread at a time; a reader is immutable, its functions may be
 * called from any.
 */
#ifndef OPLOG_JOURNAL_H
#define OPLOG_JOURNAL_H

#include "base/buf.h"
#include "oplog/segment.h"
#include "store/crypt/store_keys.h"

#define JOURNAL_SUFFIX ".journal"
#define JOURNAL_NUMBER_LEN 20 /* digits of a number in a file's name */

/* "STORE/oplog/<stream>/00000001795251817000.journal" */
char *journal_path(const char *folder, uint64_t number);
/* True, and the number, when a file's name (without folder) is a journal's. */
bool journal_parse_name(const char *name, uint64_t *ret);

struct journal_writer; /* opaque */

/*
 * Make journal `number` in `folder`, which is made when needed; durable. `prev` is the entry that comes
 * just before the first one. With `keys` its frames are sealed. ERR_EXISTS, ERR_IO.
 */
MUST_CHECK int journal_create(const char *folder, uint64_t number, const struct segment_link *prev,
			      const struct store_keys *keys, struct journal_writer **ret,
			      struct error *e);
/* Append entries, back to back, which follow each other and those before. ERR_CORRUPT: they do not
 * ascend, or are no entries; nothing was written. ERR_IO: only journal_close() may follow. */
MUST_CHECK int journal_append(struct journal_writer *writer, struct bytes entries, struct error *e);
/*
 * Make durable what was appended, and prove that it is there: ERR_IO also when the file is another one, or was cut. Then
 * only journal_close() may follow.
 */
MUST_CHECK int journal_sync(struct journal_writer *writer, struct error *e);
void journal_close(struct journal_writer *writer);
DEFINE_OWNED(struct journal_writer *, journal_close);

struct journal_info {
	uint64_t number;
	uint64_t created_us;
	struct segment_link prev;
	uint64_t entries, bytes; /* BSON */
	struct entry_optime first, last;
};

/* What was appended so far. */
const struct journal_info *journal_written(const struct journal_writer *writer);

/* Where a frame lies. */
struct journal_frame {
	uint64_t at;	      /* offset in the file of its payload */
	uint64_t rank, begin; /* entries and bytes of BSON in the frames before */
	uint32_t len, count;  /* bytes of entries, entries in it */
	uint64_t first_ts, last_ts;
	bool sealed;
	uint8_t hash[CHUNK_ID_LEN]; /* of the payload as it is stored */
};

struct journal {
	char *path;
	int fd;
	unsigned users; /* atomic */
	struct journal_info info;
	struct journal_frame *frames;
	size_t frame_count;
	uint64_t torn;	      /* bytes of a torn tail */
	uint64_t damaged;     /* offset of a frame that is damaged, which ends it; 0: none is */
	struct error why;     /* of that */
	bool sealed, keyless; /* its frames are; and there is no key */
	const struct store_keys *keys; /* or NULL; borrowed */
	uint8_t key[STORE_KEY_LEN];    /* of its frames, when they are sealed and there are keys */
};

/*
 * Open for reading: the headers of all frames are read and checked, the payloads when they are
 * read. A damaged frame ends it (in the midst only when its header is): see `damaged`. ERR_CORRUPT: it is no journal, or that of another
 * number than its name says, or it is not sealed although there are keys; ERR_UNSUPPORTED: a newer version; ERR_IO.
 * `keys`: the store's, which must outlive it. NULL for one that is sealed: headers and checksums are looked at all the same, entries
 * can't be read (ERR_WRONG_KEY), and of info.first and info.last only `ts` is known.
 */
MUST_CHECK int journal_open(const char *path, const struct store_keys *keys, struct journal **ret,
			    struct error *e);
/*
 * The same for who takes what is sound: a frame of which only the payload is damaged ends it nowhere, also not at its ends, and of
 * info.first and info.last only `ts` is known.
 */
MUST_CHECK int journal_open_frames(const char *path, const struct store_keys *keys,
				   struct journal **ret, struct error *e);
/* The same of an open file, which it takes (also on failure); `path` is for its number and messages. */
MUST_CHECK int journal_open_fd(int fd, const char *path, const struct store_keys *keys,
			       struct journal **ret, struct error *e);
/* The timestamp of the first entry, as a look at the file has it: nothing is proven. 0: none can be told. */
uint64_t journal_peek(const char *path);
struct journal *journal_hold(struct journal *journal);
void journal_release(struct journal *journal);
DEFINE_OWNED(struct journal *, journal_release);

/* Append the payload of frame `i`, which was checked: whole entries. ERR_CORRUPT with the offset, ERR_IO. */
MUST_CHECK int journal_read_frame(const struct journal *journal, size_t i, struct buf *ret,
				  struct error *e);

/* The frame that holds entry `rank`, or byte `offset`, which is less than there are. */
size_t journal_frame_of_rank(const struct journal *journal, uint64_t rank);
size_t journal_frame_of_byte(const struct journal *journal, uint64_t offset);

/* The rank of the first entry at or behind `ts`; info.entries when there is none. ERR_CORRUPT, ERR_IO. */
MUST_CHECK int journal_find(const struct journal *journal, uint64_t ts, uint64_t *ret,
			    struct error *e);

/* Append entry `rank`, and (not NULL) its optime and the bytes of BSON before it. ERR_CORRUPT, ERR_IO. */
MUST_CHECK int journal_entry(const struct journal *journal, uint64_t rank, struct buf *ret,
			     struct entry_optime *ret_at, uint64_t *ret_begin, struct error *e);

/* Read all of it; without a key that it needs, its checksums only. ERR_CORRUPT: the first damage, with its offset. */
MUST_CHECK int journal_check(const struct journal *journal, struct error *e);

#endif
