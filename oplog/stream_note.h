/*
 * stream_note.h - what a retention let go of the stored oplog: oplog/<stream>/<sha256>.letgo.
 *
 * A gap is a retention's only where such a note says that there was none before. Notes are immutable and replicate as segments do, so that
 * copies know it, too; what any of them says holds. docs/format/oplog.md.
 *
 * Threads: pure over the files.
 */
#ifndef OPLOG_STREAM_NOTE_H
#define OPLOG_STREAM_NOTE_H

#include "base/chunk_id.h"
#include "store/store.h"

/* Timestamps without a gap between them, when it was let go. */
struct stream_note_span {
	uint64_t first, last;
};

struct stream_notes {
	struct buf spans; /* of struct stream_note_span: in order, apart from each other */
	uint64_t before;  /* all before this timestamp was looked at; 0: there is no note */
};
void stream_notes_release(struct stream_notes *notes);
DEFINE_OWNED_STRUCT(struct stream_notes, stream_notes_release);

size_t stream_notes_count(const struct stream_notes *notes);
const struct stream_note_span *stream_notes_span(const struct stream_notes *notes, size_t i);

/* This was let go, too. One timestamp alone is no span. */
void stream_notes_add(struct stream_notes *notes, uint64_t first, uint64_t last);

/* And all that `more` says. */
void stream_notes_join(struct stream_notes *all, const struct stream_notes *more);

/* Does `notes` say all that `less` says? */
bool stream_notes_cover(const struct stream_notes *notes, const struct stream_notes *less);

/* Is it a note's name? *ret is the hash in it. */
bool stream_note_parse_name(const char *file, struct chunk_id *ret);

/* Its content; `id` is the hash in its name. ERR_CORRUPT, ERR_UNSUPPORTED (a newer program's), ERR_WRONG_KEY. */
MUST_CHECK int stream_note_decode(const struct chunk_id *id, struct bytes from,
				  const struct store_keys *keys, struct stream_notes *ret,
				  struct error *e);

/* One of them, of `size` bytes: 1; 0 it is gone. Errors as above, ERR_IO. */
MUST_CHECK int stream_note_read(struct store *store, const char *file, uint64_t size,
				struct stream_notes *ret, struct error *e);

/* All that the store's notes say. Those that can't be understood say nothing. ERR_IO. */
MUST_CHECK int stream_notes_read(struct store *store, struct stream_notes *ret, struct error *e);

/*
 * The note that says this, as a file: its name below the store (the caller's), and its content. `by`: what let it go, for
 * people; of more spans than a file takes the oldest are left out.
 */
char *stream_note_make(const struct store *store, const char *stream,
		       const struct stream_notes *notes, const char *by, struct buf *ret);

/*
 * Call `each` with the name of each note of which another one says all, too. A negative return of `each` ends it.
 */
MUST_CHECK int stream_notes_spare(struct store *store,
				  int (*each)(void *ctx, const char *name, struct error *e),
				  void *ctx, struct error *e);

/* What the notes of one store say becomes a note of another one, which has a stream, unless it is known there. */
MUST_CHECK int stream_notes_copy(struct store *from, struct store *to, struct error *e);

#endif
