/*
 * index_env.h - the LMDB environment of an index: opening, proving that it is ours and sound.
 *
 * Inside index/ only. Threads: open and close from one; the env from any.
 */
#ifndef INDEX_INDEX_ENV_H
#define INDEX_INDEX_ENV_H

#include <lmdb.h>

#include "base/buf.h"
#include "base/error.h"

struct index_env {
	MDB_env *env;
	MDB_dbi chunks; /* id -> places */
	MDB_dbi packs;	/* number -> pack */
	MDB_dbi names;	/* pack id -> number */
	MDB_dbi notes;	/* name -> value */
};

/*
 * Open the environment in `dir`. *ret_fresh: it was made now. What is there but foreign (device
 * and inode differ from those recorded), of another version or damaged is removed first.
 */
MUST_CHECK int index_env_open(const char *dir, struct index_env *ret, bool *ret_fresh,
			      struct error *e);
void index_env_close(struct index_env *env);

/* The error for LMDB result `rc` of action `what`. */
int index_env_error(struct error *e, int rc, const char *what) COLD;

/* Commit and end `txn`, also on errors. A disk that is full is told as that: ERR_IO with ENOSPC. */
MUST_CHECK int index_env_commit(MDB_txn *txn, struct error *e);

/* Append the 8-byte checksum of key and value to the value in `b`. */
void index_env_seal(struct bytes key, struct buf *b);

/* Check and cut off the checksum: false when it does not fit. */
MUST_CHECK bool index_env_unseal(struct bytes key, MDB_val sealed, struct bytes *ret);

#endif
