/*
 * live_uri.h - where a deployment is: the connection string, and what of it nobody may see.
 *
 * The string comes from --uri, --uri-file or YESTER_URI. What was typed is overwritten where `ps` would show
 * it; texts of the driver go through live_uri_hide() before anybody prints them.
 *
 * Prefix: live_uri_, shm_ (two calls of libc that the driver makes)
 * Threads: main thread only; live_uri_hide() is pure.
 */
#ifndef TOOLS_LIVE_URI_H
#define TOOLS_LIVE_URI_H

#include <mongoc/mongoc.h>

#include "base/buf.h"
#include "base/error.h"

struct live_uri {
	mongoc_uri_t *uri;
	struct buf secrets; /* texts, each ended by a NUL */
	/* Set by who has read it: a server that was started on somebody's files is a standalone, and fine. */
	bool alone;
};

/*
 * Read it: `typed` (--uri, of argv: overwritten), the first line of `file` (--uri-file), or the environment.
 * ERR_INVALID: none, two, or no connection string; ERR_REFUSED: others may read the file; ERR_IO.
 */
MUST_CHECK int live_uri_read(char *typed, const char *file, struct live_uri **ret, struct error *e);
void live_uri_free(struct live_uri *uri);
DEFINE_OWNED(struct live_uri *, live_uri_free);

/* The same of a string that we made ourselves. ERR_INVALID. */
MUST_CHECK int live_uri_make(const char *text, struct live_uri **ret, struct error *e);

/*
 * How long a connection may take, and an answer on it, before it counts as lost: what the string says, else
 * this. Without it a cut network is noticed by nobody for five minutes.
 */
void live_uri_patience(struct live_uri *uri, int32_t connect_ms, int32_t answer_ms);

/* Replace every secret of the string in `text` by asterisks, in place. */
void live_uri_hide(const struct live_uri *uri, char *text);

#endif
