/*
 * fs_keyed.h - documents that were found by their `_id` at a moment whose collection has not been
 * replayed, so that nobody knows their rank.
 *
 * Their node ids are hashed from folder and key, by the store's seed: 60 bits, the same after a
 * remount. A bounded number is kept; of others the kernel asks for the name again.
 *
 * Threads: any.
 */
#ifndef FS_FS_KEYED_H
#define FS_FS_KEYED_H

#include "base/buf.h"
#include "base/siphash.h"
#include "fs/fs_inode.h"

#define FS_KEYED_MAX 1024	      /* documents */
#define FS_KEYED_MAX_BYTES (16 * MIB) /* of them together, but for the last one */

struct fs_keyed; /* opaque */

struct fs_keyed *fs_keyed_new(const uint8_t seed[SIPHASH_KEY_LEN]);
void fs_keyed_free(struct fs_keyed *keyed);
DEFINE_OWNED(struct fs_keyed *, fs_keyed_free);

/*
 * Keep a document of folder `folder` (FS_KIND_DOCS), and set slot and rank of *ret, whose kind is
 * given. False when another one that is kept has these.
 */
bool fs_keyed_add(struct fs_keyed *keyed, struct fs_inode folder, struct bytes key,
		  struct bytes doc, struct fs_inode *ret);

/* The folder of a document that is kept; it is appended to *ret_doc, which may be NULL. False: it is not. */
bool fs_keyed_find(struct fs_keyed *keyed, struct fs_inode inode, struct fs_inode *ret_folder,
		   struct buf *ret_doc);

/* The key that a document called `name` (without extension) has: 1, or 0 when the name says no key. */
int fs_keyed_key(struct bytes name, struct buf *ret_key);

#endif
