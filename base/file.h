/*
 * file.h - whole reads and writes, durable replacement, folders, byte-range locks.
 *
 * All paths are taken as they are. Every error names the path. EINTR is retried.
 * Threads: pure, except that a lock belongs to its open file description.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Append the whole file to *ret. 1 read, 0 there is no such file; ERR_LIMIT above `limit` bytes. */
MUST_CHECK int file_read(const char *path, size_t limit, struct buf *ret, struct error *e);

/* Read exactly `len` bytes at `offset`; fewer is ERR_CORRUPT ("ends at"). `path` is for messages. */
MUST_CHECK int file_pread(int fd, const char *path, uint64_t offset, void *ret, size_t len,
			  struct error *e);

/* Write all of `from`. */
MUST_CHECK int file_write(int fd, const char *path, struct bytes from, struct error *e);

/*
 * Make `path` exist with this content, durably: a temporary file in `tmp_dir` (same file
 * system), fsync, rename, fsync of the folder. Mode 0600 less the umask.
 */
MUST_CHECK int file_put(const char *path, const char *tmp_dir, struct bytes content,
			struct error *e);

/* The same, but it need not outlive a power cut: nothing waits for the disk. */
MUST_CHECK int file_put_loose(const char *path, const char *tmp_dir, struct bytes content,
			      struct error *e);

/* fsync a folder, so that renames into it last. */
MUST_CHECK int file_sync_dir(const char *path, struct error *e);

/*
 * fsync the folder that the name `path` is in, then the one that this is in, up to `levels` of them and to where the
 * text ends ("/" or, of a relative path, "."): so that a name that was just made there lasts. A slash at the end is
 * none. One that may not be read can't be synced by anybody who is not root and is passed over.
 */
MUST_CHECK int file_sync_above(const char *path, unsigned levels, struct error *e);

/* mkdir -p with mode 0700; a folder that is there already is fine. */
MUST_CHECK int file_make_dirs(const char *path, struct error *e);

/* Remove a file or a whole folder; absence is fine. Never follows symbolic links. */
MUST_CHECK int file_remove_tree(const char *path, struct error *e);

/* An unnamed temporary file in `dir` (O_TMPFILE, or made and unlinked), mode 0600; the caller closes. */
MUST_CHECK int file_open_unnamed(const char *dir, int *ret_fd, struct error *e);

enum file_lock_mode { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };

/*
 * Lock byte `byte` of `fd` (open file description locks: they also exclude other threads'
 * descriptions, and end with the last close). 1 locked, 0 not now (only when !wait).
 */
MUST_CHECK int file_lock(int fd, const char *path, uint64_t byte, enum file_lock_mode mode,
			 bool wait, struct error *e);
void file_unlock(int fd, uint64_t byte);

#endif
