/* The handshake. Prefix: handle_ */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "query/value.h"
#include "wire/auth_name.h"
#include "wire/compress.h"
#include "wire/handlers.h"
#include "wire/idl.h"

#define WIRE_VERSION_MAX 17 /* 6.0 */
#define WRITE_BATCH_MAX 100000
#define SESSION_MINUTES 30
#define METADATA_MAX 512 /* bytes of a client's description of itself: a driver sends no more */

/* {processId: .., counter: ..} */
static int check_topology(const struct bson_field *f, struct error *e)
{
	static const struct idl_field fields[] = {
		{"processId", IDL_OBJECT_ID, true},
		{"counter", IDL_LONG, true},
	};

	return idl_check(f->value, "hello.topologyVersion", false, fields, COUNT_OF(fields), e);
}

/* Whose mechanisms are asked for: "db.user" or {user: .., db: ..}. */
static int check_mechanisms(const struct bson_field *f, struct error *e)
{
	struct bytes text = value_of_field(f).data, name, db;

	if (f->type == BSON_KIND_DOCUMENT)
		return auth_name_parse(f->value, true, &name, &db, e);
	if (f->type != BSON_KIND_STRING)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field 'hello.saslSupportedMechs' is the wrong type '%s', "
				   "expected types '[string, object']",
				   value_type_name(f->type));
	if (text.len > 0 && memchr(text.at, '.', text.len) != NULL)
		return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   "UserName must contain a '.' separated database.user pair");
}

static int check_fields(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"compression", IDL_ARRAY, false},
		{"topologyVersion", IDL_OBJECT, false},
		{"maxAwaitTimeMS", IDL_NUMBER_MIN_0, false},
		{"helloOk", IDL_FLAG, false},
		{"speculativeAuthenticate", IDL_OBJECT, false},
		{"client", IDL_OBJECT, false},
		{"loadBalanced", IDL_BOOL, false},
		{"forShell", IDL_FLAG, false},
		{"internalClient", IDL_OBJECT, false},
		{"hostInfo", IDL_STRING, false},
	};
	struct bson_field f;

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (fields_find(call->cmd, bytes_str(fields[i].name), &f) &&
		    idl_check_type("hello", &f, fields[i].type, e) < 0)
			return e->code;
	if (fields_find(call->cmd, bytes_str("saslSupportedMechs"), &f) &&
	    check_mechanisms(&f, e) < 0)
		return e->code;
	if (call_field(call, "topologyVersion", &f) && check_topology(&f, e) < 0)
		return e->code;
	if (call_field(call, "maxAwaitTimeMS", &f) && !call_field(call, "topologyVersion", &f))
		return query_error(
			e, 31368,
			"A request with 'maxAwaitTimeMS' must include a 'topologyVersion'");
	return 0;
}

/* {driver: {name, version}, os: {type}, application: ...}: the first one is kept, for currentOp. */
static int take_client(struct call *call, struct error *e)
{
	struct bson_field client, part;

	if (!call_field(call, "client", &client) || client.type != BSON_KIND_DOCUMENT)
		return 0;
	if (!fields_find(client.value, bytes_str("driver"), &part))
		return query_error(e, 183,
				   "Missing required sub-document 'driver' in the client metadata "
				   "document");
	if (!fields_find(client.value, bytes_str("os"), &part))
		return query_error(
			e, 183,
			"Missing required sub-document 'os' in the client metadata document");
	if (call->client->app.len == 0 && client.value.len <= METADATA_MAX)
		buf_add_bytes(&call->client->app, client.value);
	return 0;
}

#define COMPRESSORS_MAX                                                                            \
	64 /* nobody asks for more; they are kept, and who has not logged in can name thousands of times the same */

/* Agree on those that both know. A hello that asks for none gets what was agreed on (MessageCompressorManager::serverNegotiate). */
static void take_compressors(struct call *call, struct bytes list)
{
	struct buf *agreed = &call->client->compressors;
	struct fields fields = fields_of(list);
	struct bson_field f;
	char index[24];
	size_t array, count = 0;

	buf_reset(agreed);
	array = bson_build_begin(agreed);
	while (count < COMPRESSORS_MAX && fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (f.type != BSON_KIND_STRING || !compress_is_known(v.data))
			continue;
		snprintf(index, sizeof(index), "%zu", count++);
		bson_build_string(agreed, index, v.data);
	}
	bson_build_end(agreed, array);
}

static void add_compression(struct call *call)
{
	struct buf *agreed = &call->client->compressors;
	struct bson_field list;

	if (call_field(call, "compression", &list) && list.type == BSON_KIND_ARRAY)
		take_compressors(call, list.value);
	if (agreed->len > BSON_MIN_LEN)
		bson_build_value(call->reply, "compression", BSON_KIND_ARRAY, buf_bytes(agreed));
}

static void add_set(struct call *call, const char *primary_field)
{
	const struct service_options *o = &call->service->options;
	struct bytes me = bytes_str(o->advertise);
	size_t array = bson_build_open_array(call->reply, "hosts");

	bson_build_string(call->reply, "0", me);
	bson_build_end(call->reply, array);
	bson_build_string(call->reply, "setName", bytes_str(o->replset));
	bson_build_int32(call->reply, "setVersion", 1);
	bson_build_bool(call->reply, primary_field, true);
	bson_build_bool(call->reply, "secondary", false);
	bson_build_string(call->reply, "primary", me);
	bson_build_string(call->reply, "me", me);
}

/*
 * The deployment's time is that of the moment: what drivers call the last write. The moment is not opened: who is not
 * answered for ten seconds takes the server for dead, and a replay may take longer.
 */
static void add_last_write(struct call *call)
{
	struct error ignored;
	size_t doc, optime;
	uint64_t ts;

	if (moments_default_ts(call->service->moments, &ts, &ignored) < 0)
		return;
	doc = bson_build_open(call->reply, "lastWrite");
	for (int i = 0; i < 2; i++) {
		optime = bson_build_open(call->reply, i == 0 ? "opTime" : "majorityOpTime");
		bson_build_timestamp(call->reply, "ts", (uint32_t)(ts >> 32), (uint32_t)ts);
		bson_build_int64(call->reply, "t", 1);
		bson_build_end(call->reply, optime);
		bson_build_date(call->reply, i == 0 ? "lastWriteDate" : "majorityWriteDate",
				(int64_t)(ts >> 32) * 1000);
	}
	bson_build_end(call->reply, doc);
}

/* saslSupportedMechs: "admin.ada": what that user can log in with. */
static void add_mechanisms(struct call *call)
{
	struct bson_field f;
	struct bytes name;
	size_t array;

	if (!call_field(call, "saslSupportedMechs", &f) || f.type != BSON_KIND_STRING)
		return;
	name = value_of_field(&f).data;
	if (name.len < 6 || memcmp(name.at, "admin.", 6) != 0 ||
	    users_find(call->service->users, bytes_of(name.at + 6, name.len - 6)) == NULL)
		return;
	array = bson_build_open_array(call->reply, "saslSupportedMechs");
	bson_build_string(call->reply, "0", bytes_str("SCRAM-SHA-256"));
	bson_build_end(call->reply, array);
}

/* A login that is begun with the handshake: which command it would be. */
static int check_login(struct bytes start, struct error *e)
{
	struct fields fields = fields_of(start);
	struct bson_field f;

	if (!fields_next(&fields, &f) || call_is_field(&f, "saslStart") ||
	    call_is_field(&f, "authenticate"))
		return 0;
	return query_error(e, 51769, "hello.speculativeAuthenticate unknown command: %.*s",
			   (int)MIN_OF(f.name.len, (size_t)200), (const char *)f.name.at);
}

int handle_hello(struct call *call, struct error *e)
{
	bool is_hello = call_is_field(&call->first, "hello");
	const char *primary = is_hello ? "isWritablePrimary" : "ismaster";
	struct buf *b = call->reply;
	struct bson_field f;

	if (check_fields(call, e) < 0 || take_client(call, e) < 0)
		return e->code;
	if (call_field(call, "speculativeAuthenticate", &f) && f.value.len == BSON_MIN_LEN)
		return query_error(e, QUERY_BAD_VALUE,
				   "hello.speculativeAuthenticate must be a non-empty Object");
	if (call_field(call, "speculativeAuthenticate", &f) && check_login(f.value, e) < 0)
		return e->code;
	add_compression(call);
	if (call_flag(call, "helloOk"))
		bson_build_bool(b, "helloOk", true);
	if (call->service->options.replset != NULL)
		add_set(call, primary);
	else
		bson_build_bool(b, primary, true);
	if (call->service->options.replset != NULL)
		add_last_write(call);
	bson_build_int32(b, "maxBsonObjectSize", 16 * 1024 * 1024);
	bson_build_int32(b, "maxMessageSizeBytes", MESSAGE_MAX);
	bson_build_int32(b, "maxWriteBatchSize", WRITE_BATCH_MAX);
	bson_build_date(b, "localTime", (int64_t)clock_wall_ms());
	bson_build_int32(b, "logicalSessionTimeoutMinutes", SESSION_MINUTES);
	bson_build_int32(b, "connectionId", (int32_t)call->client->id);
	bson_build_int32(b, "minWireVersion", 0);
	bson_build_int32(b, "maxWireVersion", WIRE_VERSION_MAX);
	bson_build_bool(b, "readOnly", true);
	add_mechanisms(call);
	if (call_field(call, "speculativeAuthenticate", &f) && f.type == BSON_KIND_DOCUMENT)
		handle_login_speculative(call, f.value);
	return 0;
}
