/*
 * backup_files.h - the files of a mongod (a file-system snapshot, a copied dbpath), made readable: a copy of
 * them, or they themselves, with a mongod of our own on it.
 *
 * mongod recovers what its journal and its oplog hold: that writes, so it works on a copy (a reflink where the
 * file system has that) unless it may do so in place.
 *
 * Threads: main thread.
 */
#ifndef TOOLS_BACKUP_FILES_H
#define TOOLS_BACKUP_FILES_H

#include "tools/mongod_run.h"

struct backup_files; /* opaque */

struct backup_files_options {
	const char *dbpath, *mongod;
	bool in_place;
	const char
		*tmp; /* for the copy when there is no room beside the folder, and for the socket */
	const struct progress *progress;
};

/*
 * ERR_INVALID: no dbpath of WiredTiger; ERR_REFUSED: a mongod runs on it now; those of mongod_run_start();
 * ERR_IO.
 */
MUST_CHECK int backup_files_open(const struct backup_files_options *options,
				 struct backup_files **ret, struct error *e);
/* Where it can be reached, as a standalone: the object's. */
const struct live_uri *backup_files_uri(const struct backup_files *files);
/* End the mongod, remove the copy. */
void backup_files_close(struct backup_files *files);
DEFINE_OWNED(struct backup_files *, backup_files_close);

#endif
