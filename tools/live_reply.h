/*
 * live_reply.h - cursors whose batches are known to be whole.
 *
 * The driver takes a batch for ended at the first element that is no document, and a cursor without a number for exhausted: what
 * comes behind would be missing without a word. Each reply to a client that is watched is looked through, and a cursor that is read
 * by these functions ends with an error then.
 *
 * Threads: a reply is looked at by the thread that asked for it, and tells that one only.
 */
#ifndef TOOLS_LIVE_REPLY_H
#define TOOLS_LIVE_REPLY_H

#include <mongoc/mongoc.h>

#include "base/bytes.h"

/* Before the client, or any one of the pool, is used. */
void live_reply_watch(mongoc_client_t *client);
void live_reply_watch_pool(mongoc_client_pool_t *pool);

/*
 * As mongoc_cursor_next() and mongoc_cursor_error(). A batch without a document is not the end: the driver stops there, live_reply_next()
 * goes on. For a tailable cursor it is, for now. What a reply lacks is told once, by the thread's next cursor.
 */
bool live_reply_next(mongoc_cursor_t *cursor, const bson_t **ret);
bool live_reply_next_now(mongoc_cursor_t *cursor, const bson_t **ret);
bool live_reply_error(mongoc_cursor_t *cursor, bson_error_t *ret);

/*
 * {cursor: {id: number, firstBatch or nextBatch: [documents]}}: does it say where the cursor stands, and is each document where
 * the one before ends? Of the oplog's entries: does each come later than the one before? Else what is in a document is not looked at.
 * True of a reply without a cursor.
 */
bool live_reply_is_whole(struct bytes reply);

#endif
