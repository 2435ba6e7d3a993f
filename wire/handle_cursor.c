/* getMore, killCursors, and lists that are cursors. Prefix: handle_ */
#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/chunk_id.h"
#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"
#include "wire/query_call.h"

#define AWAIT_MS 1000 /* how long getMore waits for what will never come, unless it says */
#define AWAIT_MAX_MS (60 * 1000)
#define BATCH_BYTES (16 * MIB)

/* "uuid - digest of the user -  - ", as mongod prints a session. */
static void session_text(const uint8_t lsid[CURSORS_LSID_LEN], struct bytes user, char ret[128])
{
	OWNED(buf_release) struct buf who = {0};
	struct chunk_id digest;
	char base64[64];
	size_t at = 0;

	if (user.len > 0) {
		buf_add_bytes(&who, user);
		buf_add_str(&who, "@admin");
	}
	digest = chunk_id_of(buf_bytes(&who));
	EVP_EncodeBlock((unsigned char *)base64, digest.at, sizeof(digest.at));
	for (size_t i = 0; i < CURSORS_LSID_LEN; i++)
		at += (size_t)snprintf(ret + at, 128 - at, "%s%02x",
				       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", lsid[i]);
	snprintf(ret + at, 128 - at, " - %s -  - ", base64);
}

/* Is the cursor one of this session? */
static int check_session(const struct call *call, const struct cursor *cursor, struct error *e)
{
	struct bytes user = buf_bytes(&call->client->user);
	char ours[128], its[128];

	session_text(call->lsid, user, ours);
	session_text(cursor->lsid, user, its);
	if (call->service->options.auth &&
	    (call->has_lsid != cursor->has_lsid ||
	     (call->has_lsid && memcmp(call->lsid, cursor->lsid, CURSORS_LSID_LEN) != 0)))
		return query_error(e, QUERY_UNAUTHORIZED,
				   "Cursor session id (%s) is not the same as the operation "
				   "context's session id (%s)",
				   cursor->has_lsid ? its : "none", call->has_lsid ? ours : "none");
	if (call->has_lsid && !cursor->has_lsid)
		return query_error(e, 50736,
				   "Cannot run getMore on cursor %lld, which was not created in a "
				   "session, in session %s",
				   (long long)cursor->id, ours);
	if (!call->has_lsid && cursor->has_lsid)
		return query_error(
			e, 50737,
			"Cannot run getMore on cursor %lld, which was created in session "
			"%s, without an lsid",
			(long long)cursor->id, its);
	if (call->has_lsid && memcmp(call->lsid, cursor->lsid, CURSORS_LSID_LEN) != 0)
		return query_error(
			e, 50738,
			"Cannot run getMore on cursor %lld, which was created in session "
			"%s, in session %s",
			(long long)cursor->id, its, ours);
	return 0;
}

/* May this getMore use the cursor? */
static int check_cursor(const struct call *call, const struct cursor *cursor, struct bytes coll,
			struct error *e)
{
	struct bson_field f;
	struct bytes ns = buf_bytes(&cursor->ns);

	if (!bytes_equal(buf_bytes(&cursor->user), buf_bytes(&call->client->user)))
		return query_error(e, QUERY_UNAUTHORIZED,
				   "cursor id %lld was not created by the authenticated user",
				   (long long)cursor->id);
	if (check_session(call, cursor, e) < 0)
		return e->code;
	if (ns.len != call->db.len + 1 + coll.len ||
	    memcmp(ns.at, call->db.at, call->db.len) != 0 ||
	    memcmp(ns.at + call->db.len + 1, coll.at, coll.len) != 0)
		return query_error(
			e, QUERY_UNAUTHORIZED,
			"Requested getMore on namespace '%.*s.%.*s', but cursor belongs to "
			"a different namespace %.*s",
			(int)call->db.len, (const char *)call->db.at,
			(int)MIN_OF(coll.len, (size_t)255), (const char *)coll.at,
			(int)MIN_OF(ns.len, (size_t)400), (const char *)ns.at);
	if (call_field(call, "maxTimeMS", &f) && !cursor->is_await)
		return query_error(
			e, QUERY_BAD_VALUE,
			"cannot set maxTimeMS on getMore command for a non-awaitData cursor");
	return 0;
}

/* Append up to `most` documents of a list. */
static int64_t list_batch(struct buf *list, size_t *at, int64_t most, struct buf *b)
{
	size_t begin = b->len;
	int64_t count = 0;

	while (count < most && *at < list->len) {
		size_t len = get_le32(list->at + *at);
		char index[24];

		if (count > 0 && b->len - begin + len > BATCH_BYTES)
			break;
		snprintf(index, sizeof(index), "%lld", (long long)count++);
		bson_build_value(b, index, BSON_KIND_DOCUMENT, bytes_of(list->at + *at, len));
		*at += len;
	}
	return count;
}

static int next_batch(struct call *call, struct cursor *cursor, int64_t most, bool *ret_done,
		      struct error *e)
{
	struct service *service = call->service;
	int64_t count = 0;
	size_t reserved;
	int code;

	if (cursor->query == NULL) {
		list_batch(&cursor->list, &cursor->list_at, most, call->reply);
		*ret_done = cursor->list_at == cursor->list.len;
		return 0;
	}
	if (query_call_reserve(service, &reserved, e) < 0)
		return e->code;
	query_cursor_set_room(cursor->query, reserved);
	code = query_cursor_batch(cursor->query, most, call->reply, &count, ret_done, e);
	memory_give(&service->memory, reserved + cursor->charged);
	cursor->charged = query_cursor_memory(cursor->query) + sizeof(*cursor) + cursor->ns.len;
	memory_take_anyway(&service->memory, cursor->charged);
	if (code >= 0 && count == 0 && !*ret_done && cursor->is_await)
		call->delay = (unsigned)MIN_OF(MAX_OF(call_number(call, "maxTimeMS", AWAIT_MS), 0),
					       AWAIT_MAX_MS);
	return code;
}

static int more_of(struct call *call, struct cursor *cursor, struct bytes coll, bool *ret_done,
		   struct error *e)
{
	int64_t most = call_number(call, "batchSize", 0);
	struct buf *b = call->reply;
	size_t doc, array;

	*ret_done = false;
	if (check_cursor(call, cursor, coll, e) < 0)
		return e->code;
	client_op_kill(call->client, cursor->kill);
	client_op_ns(call->client, buf_bytes(&cursor->ns));
	doc = bson_build_open(b, "cursor");
	array = bson_build_open_array(b, "nextBatch");
	if (next_batch(call, cursor, most == 0 ? QUERY_BATCH_ALL : most, ret_done, e) < 0) {
		*ret_done = true; /* what failed once is not asked again */
		return e->code;
	}
	bson_build_end(b, array);
	bson_build_int64(b, "id", *ret_done ? 0 : cursor->id);
	bson_build_string(b, "ns", buf_bytes(&cursor->ns));
	if (cursor->snapshot)
		bson_build_timestamp(b, "atClusterTime", (uint32_t)(cursor->at_ts >> 32),
				     (uint32_t)cursor->at_ts);
	bson_build_end(b, doc);
	return 0;
}

/* The name that a getMore gives, in the words for a collection alone. */
static int check_name(struct bytes coll, struct error *e)
{
	if (coll.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE, "Collection names cannot be empty");
	if (coll.at[0] == '.')
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collection names cannot start with '.': %.*s",
				   (int)MIN_OF(coll.len, (size_t)300), (const char *)coll.at);
	if (memchr(coll.at, 0, coll.len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collection names cannot have embedded null characters");
	return 0;
}

int handle_get_more(struct call *call, struct error *e)
{
	struct cursor *cursor;
	struct bson_field f;
	struct bytes coll;
	bool done;
	int code;

	if (!call_field(call, "collection", &f))
		return error_set(e, ERR_INVALID, "no collection");
	coll = value_of_field(&f).data;
	if (check_name(coll, e) < 0)
		return e->code;
	if (cursors_take(call->service->cursors, (int64_t)get_le64(call->first.value.at), &cursor,
			 e) < 0)
		return e->code;
	code = more_of(call, cursor, coll, &done, e);
	client_op_kill(call->client, call->kill);
	cursors_give(call->service->cursors, cursor, done);
	return code;
}

static void add_ids(struct buf *b, const char *name, const struct buf *ids)
{
	size_t array = bson_build_open_array(b, name);
	char index[24];

	for (size_t at = 0; at < ids->len; at += 8) {
		snprintf(index, sizeof(index), "%zu", at / 8);
		bson_build_int64(b, index, (int64_t)get_le64(ids->at + at));
	}
	bson_build_end(b, array);
}

static int kill_all(struct call *call, struct bytes list, struct buf *killed, struct buf *absent,
		    struct buf *alive, struct error *e)
{
	struct fields fields = fields_of(list);
	struct bson_field f;

	while (fields_next(&fields, &f))
		if (idl_check_type("killCursors.cursors", &f, IDL_LONG, e) < 0)
			return e->code;
	fields = fields_of(list);
	while (fields_next(&fields, &f)) {
		uint64_t id;

		if (f.type == BSON_KIND_NULL || f.type == BSON_KIND_UNDEFINED)
			continue; /* is no cursor, and no error */
		id = get_le64(f.value.at);
		switch (cursors_kill(call->service->cursors, (int64_t)id,
				     buf_bytes(&call->client->user))) {
		case CURSORS_KILLED:
			buf_add_le64(killed, id);
			break;
		case CURSORS_NOT_YOURS:
			buf_add_le64(alive, id);
			break;
		default:
			buf_add_le64(absent, id);
		}
	}
	return 0;
}

int handle_kill_cursors(struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	OWNED(buf_release) struct buf killed = {0};
	OWNED(buf_release) struct buf absent = {0};
	OWNED(buf_release) struct buf alive = {0};
	struct buf *b = call->reply;
	struct bson_field f;
	struct bytes coll;

	if (call_ns(call, QUERY_BAD_VALUE, &ns, &coll, e) < 0)
		return e->code;
	if (call_field(call, "cursors", &f) &&
	    kill_all(call, f.value, &killed, &absent, &alive, e) < 0)
		return e->code;
	add_ids(b, "cursorsKilled", &killed);
	add_ids(b, "cursorsNotFound", &absent);
	add_ids(b, "cursorsAlive", &alive);
	add_ids(b, "cursorsUnknown", &(struct buf){0});
	return 0;
}

/* Keep the rest of a list. */
static int keep_list(struct call *call, struct bytes ns, struct buf *list, size_t at,
		     int64_t *ret_id, struct error *e)
{
	struct service *service = call->service;
	struct cursor *cursor = cursor_new(call->kill);

	cursor->list = *list;
	*list = (struct buf){0};
	cursor->list_at = at;
	buf_add_bytes(&cursor->ns, ns);
	buf_add_bytes(&cursor->user, buf_bytes(&call->client->user));
	cursor->has_lsid = call->has_lsid;
	memcpy(cursor->lsid, call->lsid, sizeof(cursor->lsid));
	cursor->charged = cursor->list.cap + sizeof(*cursor);
	memory_take_anyway(&service->memory, cursor->charged);
	if (cursors_add(service->cursors, cursor, e) < 0) {
		cursor_free(cursor, &service->memory);
		return e->code;
	}
	*ret_id = cursor->id;
	cursors_give(service->cursors, cursor, false);
	return 0;
}

int handle_cursor_list(struct call *call, struct bytes ns, struct buf *list, struct error *e)
{
	OWNED(buf_release) struct buf batch = {0};
	struct buf *b = call->reply;
	struct bson_field f, size;
	int64_t most = QUERY_BATCH_ALL, id = 0;
	size_t at = 0, doc, array = bson_build_begin(&batch);

	if (call_field(call, "cursor", &f) && f.type == BSON_KIND_DOCUMENT &&
	    fields_find(f.value, bytes_str("batchSize"), &size)) {
		struct value v = value_of_field(&size);

		most = value_is_number(&v) ? value_round_int64(&v) : most;
	}
	list_batch(list, &at, most, &batch);
	bson_build_end(&batch, array);
	if (at < list->len && keep_list(call, ns, list, at, &id, e) < 0)
		return e->code;
	doc = bson_build_open(b, "cursor");
	bson_build_int64(b, "id", id);
	bson_build_string(b, "ns", ns);
	bson_build_value(b, "firstBatch", BSON_KIND_ARRAY, buf_bytes(&batch));
	bson_build_end(b, doc);
	return 0;
}
