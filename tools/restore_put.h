/*
 * restore_put.h - one document at a time, where an ordinary insert is not enough.
 *
 * A mongod changes what clients insert: a Timestamp(0, 0) at the top becomes the time, an _id moves to the front
 * (fixDocumentForInsert of mongod 4.2 to 8.0). An update by a pipeline and applyOps do not.
 *
 * Threads: as the client.
 */
#ifndef TOOLS_RESTORE_PUT_H
#define TOOLS_RESTORE_PUT_H

#include "tools/restore_plan.h"

/*
 * Insert `doc`, of an _id that is absent, byte for byte. 1; 0 the server said no (why is in *ret_reply: code, errmsg);
 * ERR_BUSY, ERR_REMOTE.
 */
MUST_CHECK int restore_put_exactly(struct restore_target *target, mongoc_client_t *client,
				   const struct restore_plan_item *item, struct bytes doc,
				   struct buf *ret_reply, struct error *e);

/* Put `doc` in the place of the document with its _id. Results as above. */
MUST_CHECK int restore_put_instead(struct restore_target *target, mongoc_client_t *client,
				   const struct restore_plan_item *item, struct bytes doc,
				   struct buf *ret_reply, struct error *e);

/* Wait until a majority has all that this client wrote. 0; ERR_BUSY, ERR_REMOTE. */
MUST_CHECK int restore_put_settle(struct restore_target *target, mongoc_client_t *client,
				  const struct restore_plan_item *item, struct buf *ret_reply,
				  struct error *e);

#endif
