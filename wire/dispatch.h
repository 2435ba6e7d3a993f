/*
 * dispatch.h - from a request to its reply: find the command, check what all commands check, run it, say what went wrong.
 *
 * Threads: any, one for each client.
 */
#ifndef WIRE_DISPATCH_H
#define WIRE_DISPATCH_H

#include "wire/service.h"

/* Append the reply message of `request` to `reply`, nothing when none is wanted. Negative: end the connection. */
MUST_CHECK int dispatch(struct service *service, struct client *client,
			const struct message *request, struct buf *reply, unsigned *ret_delay);

/* Is it answered at once? */
bool dispatch_is_quick(const struct message *request);

#endif
