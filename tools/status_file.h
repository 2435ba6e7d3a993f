/*
 * status_file.h - what verbs leave behind for `yester status`: small JSON files in local/<machine>/status/.
 *
 * verify.json and drill.json: {"time": seconds, "at": text, "ok": bool, "seconds": n, "collections": n,
 * "documents": n}; replicate.json: {"time": seconds, "dest": text, "verified": bool}; tail.json is that of a
 * running tail. They are of this machine, and nothing is lost with them. In an encrypted store they are sealed, but
 * STATUS_FILE_COPIED: what a replicate without the key leaves, {"time": seconds, "verified": bool}, which can be seen from the files it
 * sent, too.
 *
 * Threads: pure.
 */
#ifndef TOOLS_STATUS_FILE_H
#define TOOLS_STATUS_FILE_H

#include "base/buf.h"
#include "store/store.h"

/* Put the file `name` ("drill.json") in place at once. ERR_IO; ERR_WRONG_KEY: it would have to be sealed, and there is no key. */
MUST_CHECK int status_file_put(struct store *store, const char *name, struct bytes content,
			       struct error *e);

#define STATUS_FILE_COPIED "replicate.open.json"
/* The same in the clear, for what is no secret. */
MUST_CHECK int status_file_put_open(struct store *store, const char *name, struct bytes content,
				    struct error *e);
/* Append it. 1, 0 there is none. ERR_IO, ERR_LIMIT. */
MUST_CHECK int status_file_get_open(struct store *store, const char *name, struct buf *ret,
				    struct error *e);

/* The path of a file in the clear, for who has another limit. The caller frees it. */
char *status_file_path(struct store *store, const char *name);

/* Replace any file at `path` by `content` at once: who reads it sees the old one or the new one. ERR_IO. */
MUST_CHECK int status_file_replace(const char *path, struct bytes content, struct error *e);

/* Append the file `name`: 1, 0 there is none, or none that this store's key opens. ERR_IO, ERR_LIMIT. */
MUST_CHECK int status_file_get(struct store *store, const char *name, struct buf *ret,
			       struct error *e);

#endif
