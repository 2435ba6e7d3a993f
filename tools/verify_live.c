#include "tools/verify_live.h"

#include <stdio.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "tools/live_reply.h"

/* Codes of mongod: base/error_codes.yml. */
#define CODE_INVALID_OPTIONS 72
#define CODE_NOT_IMPLEMENTED 238
#define CODE_SNAPSHOT_TOO_OLD 239
#define CODE_SNAPSHOT_UNAVAILABLE 246
#define CODE_NOT_IN_TRANSACTION 263

void verify_live_begin(struct live *live, struct verify_live *ret)
{
	mongoc_session_opt_t *how = mongoc_session_opts_new();
	bson_error_t why;

	mongoc_session_opts_set_causal_consistency(how, false);
	*ret = (struct verify_live){.live = live};
	ret->session = mongoc_client_start_session(live->client, how, &why);
	mongoc_session_opts_destroy(how);
}

void verify_live_end(struct verify_live *from)
{
	if (from->session != NULL)
		mongoc_client_session_destroy(from->session);
	from->session = NULL;
}

bool verify_live_knows_history(const struct live *live)
{
	unsigned major = 0;

	return sscanf(live->version, "%u", &major) == 1 && major >= 5;
}

int verify_live_judge(struct verify_live *from, const bson_error_t *why, const char *what,
		      struct error *e)
{
	if (why->domain == MONGOC_ERROR_SERVER) {
		switch (why->code) {
		case CODE_SNAPSHOT_TOO_OLD:
			return VERIFY_LIVE_TOO_OLD;
		case CODE_INVALID_OPTIONS:
		case CODE_NOT_IMPLEMENTED:
		case CODE_SNAPSHOT_UNAVAILABLE:
		case CODE_NOT_IN_TRANSACTION:
			return VERIFY_LIVE_UNAVAILABLE;
		}
	}
	return live_error(from->live, why, what, e);
}

static void write_concern(struct buf *command, uint64_t at)
{
	size_t begin = bson_build_open(command, "readConcern");

	bson_build_string(command, "level", bytes_str(at == 0 ? "majority" : "snapshot"));
	if (at != 0)
		bson_build_timestamp(command, "atClusterTime", entry_seconds(at),
				     entry_increment(at));
	bson_build_end(command, begin);
}

int verify_live_open(struct verify_live *from, const char *db, const char *coll,
		     struct bytes fields, uint64_t at, mongoc_cursor_t **ret, struct error *e)
{
	OWNED(buf_release) struct buf command = {0};
	size_t begin = bson_build_begin(&command);
	bson_t options = BSON_INITIALIZER, body, reply;
	struct live *live = from->live;
	bson_error_t why;
	int code = VERIFY_LIVE_OK;

	bson_build_string(&command, "find", bytes_str(coll));
	buf_add_bytes(&command, fields);
	write_concern(&command, at);
	bson_build_end(&command, begin);
	if (!bson_init_static(&body, command.at, command.len))
		return error_set(e, ERR_INVALID, "a command of %zu bytes", command.len);
	BSON_APPEND_INT32(&options, "serverId", (int32_t)live->server);
	if (from->session != NULL && !mongoc_client_session_append(from->session, &options, &why))
		verify_live_end(from);
	if (mongoc_client_read_command_with_opts(live->client, db, &body, live->prefs, &options,
						 &reply, &why)) {
		*ret = mongoc_cursor_new_from_command_reply_with_opts(live->client, &reply,
								      &options);
	} else {
		code = verify_live_judge(from, &why, coll, e);
		bson_destroy(&reply);
	}
	bson_destroy(&options);
	return code;
}

int verify_live_document(struct verify_live *from, const char *db, const char *coll,
			 struct bytes doc, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf fields = {0};
	mongoc_cursor_t *cursor = NULL;
	struct bson_field id;
	const bson_t *found;
	bson_error_t why;
	size_t filter, equal;
	int code = bson_find(doc, "_id", &id, e);

	if (code <= 0)
		return code;
	filter = bson_build_open(&fields, "filter");
	equal = bson_build_open(&fields, "_id");
	bson_build_value(&fields, "$eq", id.type, id.value);
	bson_build_end(&fields, equal);
	bson_build_end(&fields, filter);
	code = verify_live_open(from, db, coll, buf_bytes(&fields), 0, &cursor, e);
	if (code != VERIFY_LIVE_OK)
		return code < 0 ? code : 0;
	code = 0;
	if (live_reply_next(cursor, &found)) {
		buf_add(ret, bson_get_data(found), found->len);
		code = 1;
	} else if (live_reply_error(cursor, &why)) {
		code = live_error(from->live, &why, coll, e);
	}
	mongoc_cursor_destroy(cursor);
	return code;
}
