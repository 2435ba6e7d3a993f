#include "wire/query_call.h"

#include <time.h>

#include "query/value.h"

#define SHARE 8				       /* of the memory that is left, for one query */
#define LEAST (512 * KIB)		       /* that each one has, however many there are */
#define KEPT_BACK (SERVER_THREADS_MAX * LEAST) /* for as many as can run at once */
#define PATIENCE                                                                                   \
	3000 /* milliseconds: until then replies that nobody reads are given up (server.c) */
#define LOOK_AGAIN 20
#define UNREAD_SHARE 8 /* of the memory: with less of it in them that would not help */

int query_call_reserve(struct service *service, size_t *ret, struct error *e)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN * 1000000L};
	struct memory *m = &service->memory;
	unsigned waited = 0;

	for (;;) {
		size_t left = memory_left(m), spare = left - MIN_OF(left, KEPT_BACK);
		size_t size = MAX_OF(MIN_OF(spare / SHARE, m->limit / 4), LEAST);

		if (memory_take(m, size)) {
			*ret = size;
			return 0;
		}
		if (size > LEAST || cursors_evict(service->cursors))
			continue;
		if (waited >= PATIENCE || atomic_load(&m->unread) < m->limit / UNREAD_SHARE)
			break;
		nanosleep(&pause, NULL);
		waited += LOOK_AGAIN;
	}
	return query_error(e, QUERY_EXCEEDED_MEMORY_LIMIT,
			   "the cursors, queries and replies of this server use the %zu MiB of its "
			   "--max-memory",
			   m->limit / MIB);
}

int query_call_begin(struct call *call, struct bytes cmd, struct query_call *ret, struct error *e)
{
	struct service *service = call->service;

	if (call_place(call, e) < 0 || query_call_reserve(service, &ret->reserved, e) < 0)
		return e->code;
	ret->call = call;
	ret->request = (struct query_request){
		.moment = call->at.moment,
		.db = call->real_db,
		.cmd = cmd,
		.memory = ret->reserved,
		.with_users = service->options.with_users,
		.host = service->options.host,
		.cluster_time = service->options.replset != NULL ? call->at.ts : 0,
		.killed = &call->kill->on,
	};
	return 0;
}

void query_call_end(struct query_call *q)
{
	if (q->reserved > 0)
		memory_give(&q->call->service->memory, q->reserved);
	q->reserved = 0;
}

void query_call_ns(const struct call *call, struct bytes ns, struct buf *ret)
{
	size_t skip = MIN_OF(call->real_db.len, ns.len);

	buf_add_bytes(ret, call->db);
	buf_add(ret, ns.at + skip, ns.len - skip);
}

void query_call_reply_end(struct call *call, int64_t id, struct bytes ns)
{
	bson_build_int64(call->reply, "id", id);
	bson_build_string(call->reply, "ns", ns);
	if (call->concern.level == READ_CONCERN_SNAPSHOT)
		bson_build_timestamp(call->reply, "atClusterTime", (uint32_t)(call->at.ts >> 32),
				     (uint32_t)call->at.ts);
}

/* Keep what is left of a result: *ret_id is its number. Takes `query`. */
static int keep(struct call *call, struct query_cursor *query, struct bytes ns, int64_t *ret_id,
		struct error *e)
{
	struct cursor *cursor = cursor_new(call->kill);
	struct service *service = call->service;

	cursor->query = query;
	buf_add_bytes(&cursor->ns, ns);
	buf_add_bytes(&cursor->user, buf_bytes(&call->client->user));
	cursor->has_lsid = call->has_lsid;
	memcpy(cursor->lsid, call->lsid, sizeof(cursor->lsid));
	cursor->never_late = call_flag(call, "noCursorTimeout") && !call->has_lsid;
	cursor->is_await = query_cursor_is_tailable(query) && call_flag(call, "awaitData");
	cursor->snapshot = call->concern.level == READ_CONCERN_SNAPSHOT;
	cursor->at_ts = call->at.ts;
	cursor->charged = query_cursor_memory(query) + sizeof(*cursor) + ns.len;
	memory_take_anyway(&service->memory, cursor->charged);
	if (cursors_add(service->cursors, cursor, e) < 0) {
		cursor_free(cursor, &service->memory);
		return e->code;
	}
	*ret_id = cursor->id;
	cursors_give(service->cursors, cursor, false);
	return 0;
}

/* Is there nothing of that name? Then a find's reply has another order. */
static bool is_absent(struct call *call, struct bytes ns)
{
	OWNED(buf_release) struct buf real = {0};
	struct error ignored;

	buf_add_bytes(&real, call->real_db);
	buf_add(&real, ns.at + call->db.len, ns.len - call->db.len);
	return moment_find(call->at.moment, buf_bytes(&real), NULL, NULL, &ignored) == 0;
}

int query_call_reply(struct query_call *q, struct query_cursor *query, bool is_find,
		     struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = query;
	OWNED(buf_release) struct buf ns = {0};
	struct call *call = q->call;
	struct buf *b = call->reply;
	int64_t most = query_cursor_first(cursor), count = 0, id = 0;
	size_t doc = bson_build_open(b, "cursor"), array;
	bool done = false;

	query_call_ns(call, query_cursor_ns(cursor), &ns);
	client_op_ns(call->client, buf_bytes(&ns));
	array = bson_build_open_array(b, "firstBatch");
	query_cursor_set_room(cursor, q->reserved);
	if (query_cursor_batch(cursor, most, b, &count, &done, e) < 0)
		return e->code;
	bson_build_end(b, array);
	if ((done || most == 0) && is_find && count == 0 && is_absent(call, buf_bytes(&ns))) {
		b->len = doc + 4;
		query_call_reply_end(call, 0, buf_bytes(&ns));
		bson_build_end(b, bson_build_open_array(b, "firstBatch"));
		bson_build_end(b, doc);
		return 0;
	}
	if (!done && keep(call, TAKE(cursor), buf_bytes(&ns), &id, e) < 0)
		return e->code;
	query_call_reply_end(call, id, buf_bytes(&ns));
	bson_build_end(b, doc);
	return 0;
}
