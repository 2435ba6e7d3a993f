/*
 * fs_text.h - the small files of the mount that are made from facts: README.txt, prelude.json.
 *
 * Threads: pure.
 */
#ifndef FS_FS_TEXT_H
#define FS_FS_TEXT_H

#include "fs/fs_tree.h"
#include "oplog/timeline.h"
#include "store/snapshot/catalog.h"

/* Append README.txt. */
void fs_text_readme(const char *store_path, const struct fs_tree_facts *facts,
		    const struct timeline_map *map, struct buf *ret);

/* Append prelude.json as mongodump writes it. The snapshot's server version is known. */
void fs_text_prelude(const struct snapshot *snapshot, struct buf *ret);

/* Append <collection>.metadata.json. */
MUST_CHECK int fs_text_metadata(const struct catalog_entry *entry, struct buf *ret,
				struct error *e);

#endif
