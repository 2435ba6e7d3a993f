#include "wire/dispatch.h"

#include "query/document_size.h"
#include "query/value.h"
#include "wire/command_table.h"
#include "wire/generic.h"

#define QUERY_FAILURE 2	 /* flag of an OP_REPLY */
#define QUERY_EXHAUST 64 /* flag of an OP_QUERY */
#define INTERRUPTED 11601
#define SHUTTING_DOWN 11600
#define UPGRADE                                                                                    \
	"The client driver may require an upgrade. For more details see "                          \
	"https://dochub.mongodb.org/core/legacy-opcode-removal"

/* MongoDB's code for an error that is not one of a query. */
static int server_code(const struct error *e)
{
	if (e->server != 0)
		return e->server;
	switch (e->code) {
	case ERR_CANCELLED:
		return INTERRUPTED;
	case ERR_NO_TIME:
		return QUERY_SNAPSHOT_UNAVAILABLE;
	case ERR_NOMEM:
	case ERR_LIMIT:
		return QUERY_EXCEEDED_MEMORY_LIMIT;
	default:
		return QUERY_UNKNOWN_ERROR;
	}
}

/* Make the reply, which begins at `begin`, that of an error. */
static void write_error(const struct call *call, size_t begin, const struct error *e)
{
	char name[QUERY_ERROR_NAME_MAX];
	struct buf *b = call->reply;
	int code = server_code(e);
	OWNED(buf_release) struct buf text = {0};

	if (call->refusal.len > 0)
		buf_add_bytes(&text, buf_bytes(&call->refusal));
	else
		query_error_text(e, &text);
	b->len = begin;
	bson_build_begin(b);
	bson_build_double(b, "ok", 0);
	bson_build_string(b, "errmsg", buf_bytes(&text));
	if (!call->is_bare) {
		query_error_name(code, name);
		bson_build_int32(b, "code", code);
		bson_build_string(b, "codeName", bytes_str(name));
	}
	bson_build_end(b, begin);
	service_count(call->service, SERVICE_ERRORS, 1);
}

static void count_command(struct call *call)
{
	const char *name = call->command->name;
	enum service_counter what = SERVICE_COMMAND;

	if (call->command->run == NULL)
		what = SERVICE_WRITE;
	else if (strcmp(name, "find") == 0)
		what = SERVICE_QUERY;
	else if (strcmp(name, "getMore") == 0)
		what = SERVICE_GETMORE;
	service_count(call->service, what, 1);
}

static int run_checked(struct call *call, struct error *e)
{
	if (generic_before(call, e) < 0 ||
	    (call->command->run != NULL && generic_after(call, e) < 0))
		return e->code;
	if (call->has_lsid && !(call->command->flags & COMMAND_QUICK))
		client_op_session(call->client, call->lsid);
	count_command(call);
	if (call->command->run == NULL)
		return call_refuse(call, e);
	if (atomic_load(&call->service->stopping))
		return query_error(e, SHUTTING_DOWN, "interrupted at shutdown");
	return call->command->run(call, e);
}

static int find_command(struct call *call, struct error *e)
{
	struct fields fields = fields_of(call->cmd);

	if (!fields_next(&fields, &call->first))
		call->first = (struct bson_field){.name = bytes_str("")};
	call->command = command_table_find(call->first.name);
	if (call->command != NULL)
		return 0;
	return query_error(e, QUERY_COMMAND_NOT_FOUND, "no such command: '%.*s'",
			   (int)MIN_OF(call->first.name.len, (size_t)500),
			   (const char *)call->first.name.at);
}

/* Documents that a message has room for, but a mongod has not: the command's own, and those behind it. */
static int check_sizes(const struct message *m, struct error *e)
{
	if (document_size_check(m->body, e) < 0)
		return e->code;
	for (size_t i = 0; i < m->sequence_count; i++) {
		struct bytes rest = m->sequences[i].documents;

		while (rest.len > 0) {
			struct bytes doc = bytes_of(rest.at, get_le32(rest.at));

			if (document_size_check(doc, e) < 0)
				return e->code;
			rest = bytes_of(rest.at + doc.len, rest.len - doc.len);
		}
	}
	return 0;
}

/* Run the command and write the reply's document. */
static void run(struct call *call)
{
	size_t begin = bson_build_begin(call->reply);
	struct error e = {0};

	if (call->message->is_too_deep) {
		query_error(&e, QUERY_OVERFLOW, "BSONObj exceeds maximum nested object depth");
		write_error(call, begin, &e);
		return;
	}
	if (check_sizes(call->message, &e) < 0 ||
	    (call->message->header.op == MESSAGE_MSG && generic_db(call, &e) < 0) ||
	    find_command(call, &e) < 0) {
		write_error(call, begin, &e);
		return;
	}
	client_begin(call->client, (uint32_t)atomic_fetch_add(&call->service->last_op, 1) + 1,
		     call->command->name, call->cmd, call->kill);
	if (run_checked(call, &e) < 0) {
		write_error(call, begin, &e);
	} else {
		if (call->is_int_ok)
			bson_build_int32(call->reply, "ok", 1);
		else
			bson_build_double(call->reply, "ok", 1);
		bson_build_end(call->reply, begin);
	}
	client_end(call->client);
	moment_release(call->at.moment);
}

/* The commands that mongod 6.0 still answers by OP_QUERY: the handshake, logins, and what version it is. */
static bool is_legacy(const struct call *call)
{
	static const char *const names[] = {"hello",	 "isMaster",	 "ismaster",
					    "saslStart", "saslContinue", "authenticate",
					    "buildInfo", "buildinfo",	 "_isSelf"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (call_is_field(&call->first, names[i]))
			return true;
	return false;
}

/* What a command by OP_QUERY has to be, before its name is looked at. */
static int check_query(const struct message *m, struct bytes cmd, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct bson_field f;

	if (m->flags & QUERY_EXHAUST) {
		value_text_bson(m->body, false, &text);
		return query_error(
			e, 18527,
			"The 'exhaust' OP_QUERY flag is invalid for commands: %.*s.$cmd %s",
			(int)MIN_OF(m->db.len, (size_t)200), (const char *)m->db.at,
			buf_text(&text));
	}
	if (m->wanted != 1 && m->wanted != -1)
		return query_error(e, 16979,
				   "Bad numberToReturn (%d) for $cmd type ns - can only be 1 or -1",
				   m->wanted);
	if (fields_find(cmd, bytes_str("$db"), &f))
		return query_error(e, 40621, "$db is not allowed in OP_QUERY requests");
	return 0;
}

/* May this be asked by OP_QUERY? Else the whole reply is written. */
static bool is_handshake(struct call *call)
{
	const struct message *m = call->message;
	struct fields fields = fields_of(call->cmd);
	struct error e;
	size_t begin;

	if (!fields_next(&fields, &call->first))
		call->first = (struct bson_field){.name = bytes_str("")};
	if (!bytes_equal(m->coll, bytes_str("$cmd"))) {
		put_le32(call->reply->at + MESSAGE_HEADER, QUERY_FAILURE);
		begin = bson_build_begin(call->reply);
		bson_build_string(call->reply, "$err",
				  bytes_str("OP_QUERY is no longer supported. " UPGRADE));
		bson_build_int32(call->reply, "code", 5739101);
		bson_build_double(call->reply, "ok", 0);
		bson_build_end(call->reply, begin);
		return false;
	}
	if (check_query(m, call->cmd, &e) < 0) {
		write_error(call, call->reply->len, &e);
		return false;
	}
	if (is_legacy(call))
		return true;
	query_error(&e, 352, "Unsupported OP_QUERY command: %.*s. " UPGRADE,
		    (int)MIN_OF(call->first.name.len, (size_t)200),
		    (const char *)call->first.name.at);
	write_error(call, call->reply->len, &e);
	return false;
}

/* Old drivers put the command into a field of its own, beside the read preference. */
static struct bytes unwrap(struct bytes body)
{
	struct fields fields = fields_of(body);
	struct bson_field first;

	if (fields_next(&fields, &first) && first.type == BSON_KIND_DOCUMENT &&
	    (call_is_field(&first, "$query") || call_is_field(&first, "query")))
		return first.value;
	return body;
}

/* The handshake's replies and those of logins are never compressed. */
static bool may_compress(const struct call *call)
{
	static const char *const never[] = {"hello",	    "isMaster",	    "saslStart",
					    "saslContinue", "authenticate", "getnonce",
					    "createUser",   "updateUser"};

	for (size_t i = 0; call->command != NULL && i < COUNT_OF(never); i++)
		if (strcmp(call->command->name, never[i]) == 0)
			return false;
	return true;
}

int dispatch(struct service *service, struct client *client, const struct message *request,
	     struct buf *reply, unsigned *ret_delay)
{
	OWNED(kill_switch_release) struct kill_switch *kill = kill_switch_new();
	struct call call = {
		.service = service,
		.client = client,
		.message = request,
		.cmd = request->body,
		.kill = kill,
		.reply = reply,
	};
	struct error e;
	int code;

	service_count(service, SERVICE_REQUESTS, 1);
	service_count(service, SERVICE_BYTES_IN, request->header.len);
	message_reply_begin(request, reply);
	if (request->header.op == MESSAGE_QUERY) {
		call.db = request->db;
		call.cmd = unwrap(request->body);
		if (is_handshake(&call))
			run(&call);
	} else {
		run(&call);
	}
	buf_release(&call.refusal);
	code = message_reply_end(request, may_compress(&call), reply, &e);
	if (request->header.op == MESSAGE_MSG && (request->flags & MESSAGE_MORE_TO_COME))
		buf_reset(reply);
	service_count(service, SERVICE_BYTES_OUT, reply->len);
	*ret_delay = call.delay;
	return code;
}

bool dispatch_is_quick(const struct message *request)
{
	struct fields fields = fields_of(request->body);
	const struct command *command;
	struct bson_field first;

	if (request->header.op == MESSAGE_QUERY || !fields_next(&fields, &first))
		return true;
	command = command_table_find(first.name);
	return command == NULL || command->run == NULL || (command->flags & COMMAND_QUICK) != 0;
}
