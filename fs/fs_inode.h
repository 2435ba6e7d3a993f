/*
 * fs_inode.h - what a FUSE node id means; ids are made of facts, there is no table.
 *
 *	bits 63-60  kind
 *	bits 59-36  slot: which snapshot (fs_tree.h) or moment (fs_points.h); of documents which
 *	            folder (fs_folders.h); 0 for fixed nodes and those of timeline/
 *	bits 35-0   rank: of the namespace in the catalog; a database has that of its first one;
 *	            of the document in its collection; 0 for a moment's folder and its
 *	            prelude.json, of a link to it a hash of its name; an enum fs_fixed for fixed
 *	            nodes; in timeline/ an enum fs_span and the second that it begins with
 *	both	    of FS_KIND_KEY_*: a hash (fs_keyed.h)
 *
 * The id is also st_ino.
 * Threads: pure.
 */
#ifndef FS_FS_INODE_H
#define FS_FS_INODE_H

#include <stdbool.h>
#include <stdint.h>

enum fs_kind {
	FS_KIND_FIXED = 0,     /* one of enum fs_fixed */
	FS_KIND_MOMENT = 1,    /* the folder of a snapshot or moment */
	FS_KIND_PRELUDE = 2,   /* its prelude.json */
	FS_KIND_DATABASE = 3,  /* the folder of a database */
	FS_KIND_BSON = 4,      /* <collection>.bson */
	FS_KIND_METADATA = 5,  /* <collection>.metadata.json */
	FS_KIND_JSON = 6,      /* <collection>.json */
	FS_KIND_DOCS = 7,      /* <collection>/ */
	FS_KIND_DOC_JSON = 8,  /* <collection>/<name>.json */
	FS_KIND_DOC_BSON = 9,  /* <collection>/<name>.bson */
	FS_KIND_LINK = 10,     /* in at/: another name of a moment or snapshot */
	FS_KIND_SPAN = 11,     /* in timeline/: a day, an hour, a minute, or the link of a second */
	FS_KIND_KEY_JSON = 12, /* as FS_KIND_DOC_JSON, found without its rank (fs_keyed.h) */
	FS_KIND_KEY_BSON = 13,
};

/* The nodes that every mount has. The root's id is FUSE's. */
enum fs_fixed {
	FS_FIXED_ROOT = 1,
	FS_FIXED_README = 2,
	FS_FIXED_LATEST = 3,
	FS_FIXED_SNAPSHOTS = 4,
	FS_FIXED_YESTER = 5, /* .yester/ */
	FS_FIXED_STATUS_JSON = 6,
	FS_FIXED_SNAPSHOTS_JSON = 7,
	FS_FIXED_RANGES_JSON = 8,
	FS_FIXED_GAPS_JSON = 9,
	FS_FIXED_PROGRESS_JSON = 10,
	FS_FIXED_AT = 11,
	FS_FIXED_TIMELINE = 12,
	FS_FIXED_OPLOG = 13,
	FS_FIXED_OPLOG_BSON = 14,
	FS_FIXED_OPLOG_JSON = 15,
	FS_FIXED_LAST = FS_FIXED_OPLOG_JSON,
};

#define FS_INODE_SLOT_BITS 24
#define FS_INODE_RANK_BITS 36
#define FS_INODE_SLOTS (1U << FS_INODE_SLOT_BITS)
#define FS_INODE_RANKS ((uint64_t)1 << FS_INODE_RANK_BITS)

/* The slots of snapshots are below this one, those of other moments are not. */
#define FS_INODE_POINTS (FS_INODE_SLOTS / 2)

struct fs_inode {
	enum fs_kind kind;
	uint32_t slot; /* < FS_INODE_SLOTS */
	uint64_t rank; /* < 2^FS_INODE_RANK_BITS */
};

/* A document's file that has no rank? */
static inline bool fs_inode_is_keyed(struct fs_inode inode)
{
	return inode.kind == FS_KIND_KEY_JSON || inode.kind == FS_KIND_KEY_BSON;
}

/* A document's file that has a rank? */
static inline bool fs_inode_is_document(struct fs_inode inode)
{
	return inode.kind == FS_KIND_DOC_JSON || inode.kind == FS_KIND_DOC_BSON;
}

/* The node id; never 0. */
uint64_t fs_inode_pack(struct fs_inode inode);

/* The parts of a node id. Any id has parts; whether there is such a node is another question. */
struct fs_inode fs_inode_unpack(uint64_t id);

static inline struct fs_inode fs_inode_fixed(enum fs_fixed which)
{
	return (struct fs_inode){.kind = FS_KIND_FIXED, .rank = which};
}

static inline bool fs_inode_is_fixed(struct fs_inode inode, enum fs_fixed which)
{
	return inode.kind == FS_KIND_FIXED && inode.rank == which;
}

#endif
