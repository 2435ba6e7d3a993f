/*
 * restore_create.h - collections, views and indexes on the target.
 *
 * Threads: as the client.
 */
#ifndef TOOLS_RESTORE_CREATE_H
#define TOOLS_RESTORE_CREATE_H

#include "tools/restore_notes.h"
#include "tools/restore_plan.h"

/* Drop what is there when the item says so, and create it. ERR_REMOTE, ERR_REFUSED with the server's words. */
MUST_CHECK int restore_create(struct restore_target *target, mongoc_client_t *client,
			      const struct restore_plan_item *item, bool preserve_uuid,
			      struct error *e);

/* Drop it, when the item says so. */
MUST_CHECK int restore_create_drop(struct restore_target *target, mongoc_client_t *client,
				   const struct restore_plan_item *item, struct error *e);

/* Drop it, whatever the item says, and create it. */
MUST_CHECK int restore_create_again(struct restore_target *target, mongoc_client_t *client,
				    const struct restore_plan_item *item, bool preserve_uuid,
				    struct error *e);

/*
 * Build the indexes `specs` (documents back to back); one that can't be built is noted, and the others are. ERR_REMOTE only
 * when the server does not answer.
 */
MUST_CHECK int restore_create_indexes(struct restore_target *target,
				      const struct restore_plan_item *item, struct bytes specs,
				      struct restore_notes *notes, struct error *e);

/* Set the collection's own expireAfterSeconds (item->expire). */
MUST_CHECK int restore_create_expire(struct restore_target *target, mongoc_client_t *client,
				     const struct restore_plan_item *item,
				     struct restore_notes *notes, struct error *e);

#endif
