/*
 * fs_node.h - a node of the mount, found: what it is, and its attributes.
 *
 * Threads: a node belongs to one thread at a time, or is only read. Prefix: fs_node_ (also of
 * fs_node_attr.c)
 */
#ifndef FS_FS_NODE_H
#define FS_FS_NODE_H

#include <sys/stat.h>

#include "fs/fs.h"
#include "fs/fs_inode.h"
#include "fs/fs_name.h"

struct fs_node {
	struct fs_inode inode;
	struct moment *moment; /* a reference; NULL for what is in none, and see fs_node_load() */
	struct catalog_entry entry; /* of a collection's files; of a database its first one */
	struct fs_inode folder;	    /* of a document: the FS_KIND_DOCS that it is in */
	struct buf doc;		    /* of FS_KIND_KEY_*: the document */
	uint64_t time;		    /* of a moment, a link and in timeline/: seconds since 1970 */
	bool loaded;		    /* entry.root tells the documents */
};

void fs_node_init(struct fs_node *node);
void fs_node_release(struct fs_node *node);
DEFINE_OWNED_STRUCT(struct fs_node, fs_node_release);

/* Load node `id` into *ret (initialised). 1, or 0 when there is no such node (any more). */
MUST_CHECK int fs_node_find(struct fs *fs, uint64_t id, struct fs_node *ret, struct error *e);

/*
 * What is not needed to know a node, but to look into it: a moment's folder gets its moment, a
 * collection its documents. They may have to be replayed (moment.h). 1, or 0 when it is gone.
 * ERR_CORRUPT: this namespace can't be told at this moment.
 */
MUST_CHECK int fs_node_load(struct fs *fs, struct fs_node *node, struct error *e);

/* Would fs_node_load() have to replay documents? */
bool fs_node_is_dear(const struct fs_node *node);

/*
 * Can the file `name` of the folder of documents `parent` be found by its `_id` alone? Then
 * fs_node_child() does so while the folder is not loaded.
 */
bool fs_node_is_keyed(const struct fs_node *parent, struct bytes name);

/* Load the child `name` of folder `parent`, which is loaded, into *ret (initialised). 1, or 0 when there is none. */
MUST_CHECK int fs_node_child(struct fs *fs, const struct fs_node *parent, struct bytes name,
			     struct fs_node *ret, struct error *e);

/* The id of the folder that `node` is in; the root's is its own. */
MUST_CHECK int fs_node_parent(const struct fs_node *node, uint64_t *ret_id, struct error *e);

/* Point *ret (initialised) to another node of the same moment; its entry is not loaded. */
void fs_node_point(struct fs_node *ret, struct fs_inode inode, struct moment *moment);

bool fs_node_is_folder(const struct fs_node *node);

/* All attributes, st_size exact (so it loads a collection's file). */
MUST_CHECK int fs_node_stat(struct fs *fs, struct fs_node *node, struct stat *ret, struct error *e);

/* Would fs_node_stat() have to replay documents? */
bool fs_node_stat_is_dear(const struct fs_node *node);

/* As fs_node_stat(), without size and time, for which documents would have to be replayed. */
void fs_node_stat_cheap(const struct fs *fs, const struct fs_node *node, struct stat *ret);

/* The file type alone, as in st_mode. */
mode_t fs_node_type(const struct fs_node *node);

/* The content of a file that is made when it is asked for (README.txt, prelude.json, metadata), or
 * of a link; appended. Nothing for collections, documents and the oplog. */
MUST_CHECK int fs_node_text(struct fs *fs, const struct fs_node *node, struct buf *ret,
			    struct error *e);

/* Does the mount have this form of this namespace? */
bool fs_node_has_form(const struct fs *fs, const struct catalog_entry *entry, enum fs_form form);

/* Do listings show this form of a collection (-o show=)? */
bool fs_node_is_listed(const struct fs *fs, enum fs_form form);

/* The node of that form of a collection. */
enum fs_kind fs_node_kind_of(enum fs_form form);

/* The slot of the moment that it is in; 0 for what is in none. */
uint32_t fs_node_slot(const struct fs_node *node);

/* How long the kernel may keep name and attributes: for ever, or not at all. */
double fs_node_name_seconds(struct fs_inode inode);
double fs_node_attr_seconds(struct fs_inode inode);
#define FS_NODE_FOR_EVER 1e9 /* seconds */

#endif
