/*
 * live_denied.h - when a server does not let us in, or has no such right for us: whether it is that, and what helps.
 *
 * Threads: pure.
 */
#ifndef TOOLS_LIVE_DENIED_H
#define TOOLS_LIVE_DENIED_H

#include <mongoc/mongoc.h>

#include "base/error.h"
#include "tools/live_uri.h"

/* Codes of mongod. base/error_codes.yml. */
#define LIVE_UNAUTHORIZED 13
#define LIVE_AUTHENTICATION_FAILED 18

#define LIVE_DENIED_READING "the role backup on admin is enough"
#define LIVE_DENIED_WRITING                                                                        \
	"the roles restore and backup on admin are enough; --mode replace needs readWrite, too"

/* Who does not know us, or has no right for us, won't have it later either. */
bool live_denied(const bson_error_t *why);

/* The driver says so, but the connection was lost at the login, or the server shuts down: it comes back. */
bool live_denied_not_yet(const bson_error_t *why);

/*
 * mongod quotes the whole command, with its session and its keys: leave its beginning. On one line: what looks like a
 * message of ours is one.
 */
void live_denied_shorten(char *text);

/*
 * What the driver says of `what`, without secrets and on one line: ERR_REFUSED when `refused`, else ERR_REMOTE; with a hint
 * where live_denied() is true. `roles`: one of the above. Returns e->code.
 */
int live_denied_error(const struct live_uri *uri, const bson_error_t *why, bool refused,
		      const char *what, const char *roles, struct error *e);

#endif
