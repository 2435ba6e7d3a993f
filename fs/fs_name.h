/*
 * fs_name.h - collections and databases to file names and back; docs/format/names.md.
 *
 * A collection has up to four names in its database's folder. What mongodump writes too
 * (.bson, .metadata.json) is spelled exactly as mongodump does. Where .json or the folder would
 * take such a name, or each other's, they yield: the last dot of the collection becomes %2E,
 * which mongodump never writes. So each name means one form of one collection.
 *
 * Threads: pure.
 */
#ifndef FS_FS_NAME_H
#define FS_FS_NAME_H

#include "base/buf.h"
#include "base/error.h"

enum fs_form {
	FS_FORM_BSON = 0,     /* <collection>.bson */
	FS_FORM_METADATA = 1, /* <collection>.metadata.json */
	FS_FORM_JSON = 2,     /* <collection>.json */
	FS_FORM_DOCS = 3,     /* <collection>, a folder */
	FS_FORM_COUNT = 4,
};

/* Append the file name of this form of collection `coll`; at most 255 bytes, no '/'. */
void fs_name_file(struct bytes coll, enum fs_form form, struct buf *ret);

enum fs_name_found {
	FS_NAME_NONE = 0,   /* no collection has this name, in any form */
	FS_NAME_EXACT = 1,  /* *ret_coll got the collection's name */
	FS_NAME_PREFIX = 2, /* shortened: *ret_coll got what the collection's name begins with, and
			     * fs_name_file() of the right one gives this name */
};

/* What file name `file` means. Other spellings of a name than ours are FS_NAME_NONE. */
enum fs_name_found fs_name_parse(struct bytes file, enum fs_form *ret_form, struct buf *ret_coll);

/*
 * Append the folder name of database `db`: the name itself, as mongodump does. One that can't be a
 * file name (only forged input has such) is escaped and ends in ".db"; real names have no dot.
 */
void fs_name_db(struct bytes db, struct buf *ret);

/* Is `db` shown as it is? Could `folder` be an escaped one? */
bool fs_name_db_is_plain(struct bytes db);
bool fs_name_db_is_escaped(struct bytes folder);

/* Append the folder name of a snapshot: its own, escaped where it can't be a file name. */
void fs_name_snapshot(const char *name, struct buf *ret);

#endif
