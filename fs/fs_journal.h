/*
 * fs_journal.h - the entries that are still in a journal, as JSON lines.
 *
 * A sealed segment has a tree that knows how long its text is (tree_json.h); a journal has none. So its entries are measured
 * in blocks of a good MiB, and rendered as they are read. A journal grows at its end only: of what was
 * measured the mount keeps a note, so that who asks for the size again waits for new entries only.
 *
 * Threads: any.
 */
#ifndef FS_FS_JOURNAL_H
#define FS_FS_JOURNAL_H

#include "base/ejson_pieces.h"
#include "oplog/stream.h"

struct fs_journals; /* opaque: what a mount knows of journals */

struct fs_journals *fs_journals_new(enum ejson_form form);
void fs_journals_free(struct fs_journals *journals);
DEFINE_OWNED(struct fs_journals *, fs_journals_free);

struct fs_journal; /* opaque: the entries of one that a stream has */

/* Measure segment `i` of `stream`, which is not sealed and must outlive it; its entries begin at byte `begin` of stream_read(). */
MUST_CHECK int fs_journal_open(struct fs_journals *journals, struct stream *stream, size_t i,
			       uint64_t begin, struct fs_journal **ret, struct error *e);
void fs_journal_close(struct fs_journal *journal);
DEFINE_OWNED(struct fs_journal *, fs_journal_close);

/* Bytes of its text. */
uint64_t fs_journal_size(const struct fs_journal *journal);

/* Up to `len` bytes at `offset` of its text; *ret_len is less than `len` only at the end. */
MUST_CHECK int fs_journal_read(struct fs_journal *journal, uint64_t offset, void *ret, size_t len,
			       size_t *ret_len, struct error *e);

#endif
