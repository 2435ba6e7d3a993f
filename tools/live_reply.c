#include "tools/live_reply.h"

#include <stdio.h>

#include "base/bson.h"

#define EMPTY_MAX 1000 /* batches without a document, one after the other */

/* What the last replies to this thread lack, and nobody has been told yet; NULL: nothing. */
static _Thread_local const char *broken;

static bool is_number(uint8_t type)
{
	return type == BSON_KIND_INT64 || type == BSON_KIND_INT32 || type == BSON_KIND_DOUBLE;
}

static bool is_batch(const struct bson_field *field)
{
	return field->type == BSON_KIND_ARRAY &&
	       (bytes_equal(field->name, bytes_str("firstBatch")) ||
		bytes_equal(field->name, bytes_str("nextBatch")));
}

static bool batch_is_whole(struct bytes batch)
{
	struct bson_fields fields = bson_fields(batch);
	struct error ignored = {0};
	struct bson_field field;
	int found = bson_frame(batch, &ignored);

	if (found < 0)
		return false;
	while ((found = bson_fields_next(&fields, &field, &ignored)) > 0)
		if (field.type != BSON_KIND_DOCUMENT || bson_frame(field.value, &ignored) < 0)
			return false;
	return found == 0;
}

static bool is_oplog(const struct bson_field *ns)
{
	struct error ignored = {0};
	struct bytes text;

	return ns->type == BSON_KIND_STRING && bson_text(ns->value, &text, &ignored) == 0 &&
	       bytes_equal(text, bytes_str("local.oplog.rs"));
}

/* Each entry later than the one before it? Those without a time are told by who reads them. */
static bool batch_is_in_order(struct bytes batch)
{
	struct bson_fields fields = bson_fields(batch);
	struct error ignored = {0};
	struct bson_field entry, ts;
	uint64_t before = 0;

	while (bson_fields_next(&fields, &entry, &ignored) > 0) {
		if (bson_find(entry.value, "ts", &ts, &ignored) <= 0 ||
		    ts.type != BSON_KIND_TIMESTAMP)
			continue;
		if (get_le64(ts.value.at) <= before)
			return false;
		before = get_le64(ts.value.at);
	}
	return true;
}

bool live_reply_is_whole(struct bytes reply)
{
	bool has_id = false, has_batch = false, oplog = false;
	struct bytes batch = {0};
	struct error ignored = {0};
	struct bson_fields fields;
	struct bson_field field;
	int found = bson_find(reply, "cursor", &field, &ignored);

	if (found <= 0 || field.type != BSON_KIND_DOCUMENT)
		return found == 0;
	fields = bson_fields(field.value);
	while ((found = bson_fields_next(&fields, &field, &ignored)) > 0) {
		if (bytes_equal(field.name, bytes_str("id")))
			has_id = is_number(field.type);
		if (bytes_equal(field.name, bytes_str("ns")))
			oplog = is_oplog(&field);
		if (!is_batch(&field))
			continue;
		if (!batch_is_whole(field.value))
			return false;
		has_batch = true;
		batch = field.value;
	}
	return found == 0 && has_id && has_batch && (!oplog || batch_is_in_order(batch));
}

static void look(const mongoc_apm_command_succeeded_t *event)
{
	const bson_t *reply = mongoc_apm_command_succeeded_get_reply(event);

	if (!live_reply_is_whole(bytes_of(bson_get_data(reply), reply->len)))
		broken = "its batch of documents is not whole, or not in order";
}

void live_reply_watch(mongoc_client_t *client)
{
	mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

	mongoc_apm_set_command_succeeded_cb(callbacks, look);
	mongoc_client_set_apm_callbacks(client, callbacks, NULL);
	mongoc_apm_callbacks_destroy(callbacks);
}

void live_reply_watch_pool(mongoc_client_pool_t *pool)
{
	mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

	mongoc_apm_set_command_succeeded_cb(callbacks, look);
	mongoc_client_pool_set_apm_callbacks(pool, callbacks, NULL);
	mongoc_apm_callbacks_destroy(callbacks);
}

bool live_reply_next_now(mongoc_cursor_t *cursor, const bson_t **ret)
{
	return broken == NULL && mongoc_cursor_next(cursor, ret) && broken == NULL;
}

bool live_reply_next(mongoc_cursor_t *cursor, const bson_t **ret)
{
	bson_error_t ignored;

	for (int i = 0; i < EMPTY_MAX; i++) {
		if (live_reply_next_now(cursor, ret))
			return true;
		if (broken != NULL || mongoc_cursor_error(cursor, &ignored) ||
		    !mongoc_cursor_more(cursor))
			return false;
	}
	broken = "its batches are empty, and do not end";
	return false;
}

bool live_reply_error(mongoc_cursor_t *cursor, bson_error_t *ret)
{
	if (broken == NULL)
		return mongoc_cursor_error(cursor, ret);
	bson_set_error(ret, MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_INVALID_REPLY,
		       "the server's reply is damaged: %s", broken);
	broken = NULL;
	return true;
}
