#include "tools/live_reply.h"

#include <stdio.h>

#include "base/bson.h"

/* The last reply that came to this thread and was not whole has not been told yet. */
static _Thread_local bool broken;

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
		broken = true;
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

bool live_reply_next(mongoc_cursor_t *cursor, const bson_t **ret)
{
	return !broken && mongoc_cursor_next(cursor, ret) && !broken;
}

bool live_reply_error(mongoc_cursor_t *cursor, bson_error_t *ret)
{
	if (!broken)
		return mongoc_cursor_error(cursor, ret);
	broken = false;
	bson_set_error(ret, MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_PROTOCOL_INVALID_REPLY,
		       "the server's reply is damaged: its batch of documents is not whole, or not "
		       "in order");
	return true;
}
