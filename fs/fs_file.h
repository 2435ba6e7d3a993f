/*
 * fs_file.h - an open file: reads at any offset, and notices who reads from front to back.
 *
 * It holds its moment: a copy that is under way ends well when the snapshot is forgotten.
 * Threads: fs_file_read() from any number at once.
 */
#ifndef FS_FS_FILE_H
#define FS_FS_FILE_H

#include "fs/fs_node.h"
#include "fs/fs_turns.h"

struct fs_file; /* opaque */

/* Loads `node`. */
MUST_CHECK int fs_file_open(struct fs *fs, struct fs_node *node, struct fs_file **ret,
			    struct error *e);
void fs_file_close(struct fs_file *file);
DEFINE_OWNED(struct fs_file *, fs_file_close);

/* Of one with documents so large that they are read by turns; else NULL. */
struct fs_turn *fs_file_turn(struct fs_file *file);

/*
 * The same bytes without a copy, of a .bson: up to `max` pieces that the caller releases. 1; 0 when
 * the file is of another kind or more pieces are needed: use fs_file_read().
 */
MUST_CHECK int fs_file_pieces(struct fs_file *file, uint64_t offset, size_t len,
			      struct tree_piece *ret, size_t max, size_t *ret_count,
			      struct error *e);

/* Up to `len` bytes at `offset` into `ret`; *ret_len is less than `len` only at the end. */
MUST_CHECK int fs_file_read(struct fs_file *file, uint64_t offset, void *ret, size_t len,
			    size_t *ret_len, struct error *e);

#endif
