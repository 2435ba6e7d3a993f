/* Sessions, which hold nothing here but cursors. Prefix: handle_ */
#include <sys/random.h>

#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"

/* Sessions hold nothing here but cursors: these commands check what they are given, and end those. */

/* {txnNumber: .., txnUUID: ..}: of the child of another session. */
static int check_together(struct bytes session, bool kills, struct error *e)
{
	struct value number = value_get(session, bytes_str("txnNumber"));
	struct value child = value_get(session, bytes_str("txnUUID"));

	if (number.type == BSON_KIND_INT64 && child.type != BSON_KIND_BINARY)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Cannot specify txnNumber in lsid without specifying txnUUID");
	if (child.type == BSON_KIND_BINARY)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   kills ? "Cannot kill a child session"
					 : "Cannot specify a child session id");
	return 0;
}

static int check_items(struct call *call, const char *item, struct error *e)
{
	static const struct idl_field session[] = {
		{"id", IDL_UUID, true},
		{"uid", IDL_SHA256, false},
		{"txnNumber", IDL_LONG, false},
		{"txnUUID", IDL_UUID, false},
	};
	struct fields fields;
	struct bson_field f;

	if (call->first.type != BSON_KIND_ARRAY)
		return 0;
	fields = fields_of(call->first.value);
	while (fields_next(&fields, &f))
		if (f.type != BSON_KIND_NULL && f.type != BSON_KIND_UNDEFINED &&
		    (idl_check_type(item, &f, IDL_OBJECT, e) < 0 ||
		     idl_check(f.value, item, false, session, COUNT_OF(session), e) < 0 ||
		     check_together(f.value, call_is_field(&call->first, "killSessions"), e) < 0))
			return e->code;
	return 0;
}

static int check_list(struct call *call, const char *owner, const char *item, struct error *e)
{
	if (idl_check_type(owner, &call->first, IDL_ARRAY, e) < 0)
		return e->code;
	return check_items(call, item, e);
}

struct ending {
	struct bytes user;
	const uint8_t *lsid;
};

static bool end_one(struct client *client, void *arg)
{
	const struct ending *ending = arg;

	client_kill_session(client, ending->user, ending->lsid);
	return true;
}

/* End the cursors, and with `running` the commands, of the sessions in the command's array. */
static void end_sessions(struct call *call, bool running)
{
	struct fields fields = fields_of(call->first.type == BSON_KIND_ARRAY ? call->first.value
									     : bytes_of(NULL, 0));
	struct ending ending = {.user = buf_bytes(&call->client->user)};
	struct bson_field f, id;

	while (fields_next(&fields, &f)) {
		if (f.type != BSON_KIND_DOCUMENT || !fields_find(f.value, bytes_str("id"), &id) ||
		    id.type != BSON_KIND_BINARY || id.value.len != 5 + CURSORS_LSID_LEN)
			continue;
		ending.lsid = id.value.at + 5;
		if (running)
			service_each(call->service, end_one, &ending);
		cursors_kill_session(call->service->cursors, ending.user, ending.lsid);
	}
}

int handle_start_session(struct call *call, struct error *e)
{
	uint8_t uuid[CURSORS_LSID_LEN];
	size_t doc;

	if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid))
		return error_sys(e, "no random bytes");
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* version 4, */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant 1 */
	doc = bson_build_open(call->reply, "id");
	bson_build_binary(call->reply, "id", 4, bytes_of(uuid, sizeof(uuid)));
	bson_build_end(call->reply, doc);
	bson_build_int32(call->reply, "timeoutMinutes", 30);
	return 0;
}

int handle_end_sessions(struct call *call, struct error *e)
{
	if (check_list(call, "endSessions", "endSessions.endSessionsFromClient", e) < 0)
		return e->code;
	end_sessions(call, false);
	return 0;
}

int handle_refresh_sessions(struct call *call, struct error *e)
{
	return check_list(call, "refreshSessions", "refreshSessions.refreshSessionsFromClient", e);
}

int handle_kill_sessions(struct call *call, struct error *e)
{
	if (idl_check_type("KillSessionsCmd", &call->first, IDL_ARRAY, e) < 0 ||
	    check_items(call, "KillSessionsCmd.killSessions", e) < 0)
		return e->code;
	end_sessions(call, true);
	return 0;
}

int handle_kill_all_sessions(struct call *call, struct error *e)
{
	const char *owner = strcmp(call->command->name, "killAllSessions") == 0
				    ? "KillAllSessionsCmd"
				    : "KillAllSessionsByPatternCmd";

	if (idl_check_type(owner, &call->first, IDL_ARRAY, e) < 0)
		return e->code;
	/* Of others only their owner ends what they opened: a reader may not. */
	return 0;
}
