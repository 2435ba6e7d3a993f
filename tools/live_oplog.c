#include "tools/live_oplog.h"

#include <stdlib.h>
#include <time.h>

#include "base/bson_check.h"
#include "tools/live_reply.h"

struct live_oplog {
	struct live *live;
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	unsigned wait_ms;
	uint64_t last; /* of the last entry; 0: none */
};

struct live_oplog *live_oplog_open(struct live *live, uint64_t from, unsigned wait_ms)
{
	struct live_oplog *oplog = xcalloc(1, sizeof(*oplog));
	bson_t filter = BSON_INITIALIZER, options, ts;

	BSON_APPEND_DOCUMENT_BEGIN(&filter, "ts", &ts);
	BSON_APPEND_TIMESTAMP(&ts, "$gte", entry_seconds(from), entry_increment(from));
	bson_append_document_end(&filter, &ts);
	live_find_options(live, &options);
	/* A standalone ends a tailable cursor at the oplog's end, and nothing is written there. */
	if (!live->uri->alone) {
		BSON_APPEND_BOOL(&options, "tailable", true);
		BSON_APPEND_BOOL(&options, "awaitData", true);
		BSON_APPEND_INT64(&options, "maxAwaitTimeMS", wait_ms);
	}
	BSON_APPEND_BOOL(&options, "oplogReplay", true); /* 4.2 finds `from` quickly only with it */
	oplog->live = live;
	oplog->wait_ms = wait_ms;
	oplog->collection = mongoc_client_get_collection(live->client, "local", "oplog.rs");
	oplog->cursor =
		mongoc_collection_find_with_opts(oplog->collection, &filter, &options, live->prefs);
	bson_destroy(&options);
	bson_destroy(&filter);
	return oplog;
}

void live_oplog_close(struct live_oplog *oplog)
{
	if (oplog == NULL)
		return;
	mongoc_cursor_destroy(oplog->cursor);
	mongoc_collection_destroy(oplog->collection);
	free(oplog);
}

static void wait_a_little(const struct live_oplog *oplog)
{
	const struct timespec pause = {.tv_nsec = oplog->wait_ms * 1000000L};

	nanosleep(&pause, NULL);
}

int live_oplog_next(struct live_oplog *oplog, struct bytes *ret, struct entry_optime *ret_at,
		    struct error *e)
{
	const bson_t *doc;
	bson_error_t why;

	if (!live_reply_next_now(oplog->cursor, &doc)) {
		if (live_reply_error(oplog->cursor, &why))
			return live_error(oplog->live, &why, "following the oplog", e);
		if (oplog->live->uri->alone)
			wait_a_little(oplog);
		else if (!mongoc_cursor_more(oplog->cursor))
			return error_set(e, ERR_REMOTE, "%s ended the cursor on its oplog",
					 oplog->live->member);
		return 0;
	}
	*ret = bytes_of(bson_get_data(doc), doc->len);
	if (bson_check(*ret, BSON_CHECK_STRUCTURE, e) < 0)
		return error_wrap(e, "an entry of the oplog of %s", oplog->live->member);
	if (live_entry_at(oplog->live, doc, ret_at, e) < 0)
		return e->code;
	/* Within a batch live_reply.h looks. */
	if (ret_at->ts <= oplog->last)
		return error_set(e, ERR_REMOTE, "the oplog of %s does not come in its order",
				 oplog->live->member);
	oplog->last = ret_at->ts;
	return 1;
}
