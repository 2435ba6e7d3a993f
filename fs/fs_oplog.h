/*
 * fs_oplog.h - oplog/<stream>.bson and .json: all entries that the store has, as one file each.
 *
 * The JSON is one line an entry, as in a collection's .json. Entries hold what users wrote,
 * their password hashes too: for who mounted only.
 *
 * Threads: an open one from any number at once.
 */
#ifndef FS_FS_OPLOG_H
#define FS_FS_OPLOG_H

#include "fs/fs.h"

struct fs_oplog; /* opaque: the entries of the time when it was opened */

MUST_CHECK int fs_oplog_open(struct fs *fs, bool json, struct fs_oplog **ret, struct error *e);
void fs_oplog_close(struct fs_oplog *oplog);
DEFINE_OWNED(struct fs_oplog *, fs_oplog_close);

/* Bytes of the file. */
uint64_t fs_oplog_size(const struct fs_oplog *oplog);

/* Seconds since 1970 of the last entry; 0: there is none. */
uint64_t fs_oplog_time(const struct fs_oplog *oplog);

/* Up to `len` bytes at `offset` into `ret`; *ret_len is less than `len` only at the end. `ahead` is for tree_json_read(). */
MUST_CHECK int fs_oplog_read(struct fs_oplog *oplog, uint64_t offset, void *ret, size_t len,
			     unsigned ahead, size_t *ret_len, struct error *e);

/* Append the name of the file; false when there is no stream. */
bool fs_oplog_name(struct fs *fs, bool json, struct buf *ret);

#endif
