/* Logging in, and who is. Prefix: handle_ */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"

#define MECHANISM "SCRAM-SHA-256"
#define PROTOCOL_ERROR 17
#define FAILED_DELAY_MS 200 /* for who guesses passwords */
#define MECHANISM_UNAVAILABLE 334

static int failed(struct error *e)
{
	return query_error(e, QUERY_AUTHENTICATION_FAILED, "Authentication failed.");
}

static void forget_login(struct client *client)
{
	scram_release(&client->scram);
	client->in_login = client->is_proven = false;
}

/* The payload's bytes; error 10270 for what is no binary. */
static int take_payload(struct bytes start, struct bytes *ret, struct error *e)
{
	struct bson_field f;

	if (!fields_find(start, bytes_str("payload"), &f))
		return failed(e);
	if (f.type != BSON_KIND_BINARY)
		return query_error(e, 10270, "Failed decoding SASL payload: invalid base64");
	*ret = bytes_of(f.value.at + 5, f.value.len - 5);
	return 0;
}

static void add_step(struct call *call, struct bytes payload, bool done)
{
	bson_build_int32(call->reply, "conversationId", call->client->conversation);
	bson_build_bool(call->reply, "done", done);
	bson_build_binary(call->reply, "payload", 0, payload);
}

/* Begin a login of `db` by the document of a saslStart. Appends the first step to call->reply. */
static int begin(struct call *call, struct bytes start, struct bytes db, struct error *e)
{
	OWNED(buf_release) struct buf answer = {0};
	struct client *client = call->client;
	const struct scram_credentials *c;
	struct scram_credentials fake;
	struct bson_field f, skip;
	struct bytes payload;

	forget_login(client);
	if (fields_find(start, bytes_str("mechanism"), &f) && f.type == BSON_KIND_STRING &&
	    !bytes_equal(value_of_field(&f).data, bytes_str(MECHANISM)))
		return query_error(
			e, MECHANISM_UNAVAILABLE,
			"Received authentication for mechanism %.*s which is not enabled",
			(int)MIN_OF(value_of_field(&f).data.len, (size_t)100),
			(const char *)value_of_field(&f).data.at);
	if (take_payload(start, &payload, e) < 0)
		return e->code;
	if (!scram_begin(&client->scram, payload))
		return failed(e);
	c = bytes_equal(db, bytes_str("admin"))
		    ? users_find(call->service->users, buf_bytes(&client->scram.user))
		    : NULL;
	if (c == NULL) {
		scram_credentials_fake(
			bytes_of(call->service->secret, sizeof(call->service->secret)),
			buf_bytes(&client->scram.user), &fake);
		c = &fake;
	}
	if (scram_challenge(&client->scram, c, &answer, e) < 0)
		return e->code;
	client->skip_empty = fields_find(start, bytes_str("options"), &f) &&
			     f.type == BSON_KIND_DOCUMENT &&
			     fields_find(f.value, bytes_str("skipEmptyExchange"), &skip) &&
			     skip.type == BSON_KIND_BOOL && skip.value.at[0] != 0;
	client->in_login = true;
	client->conversation = 1;
	add_step(call, buf_bytes(&answer), false);
	return 0;
}

void handle_login_speculative(struct call *call, struct bytes start)
{
	struct bytes db = bytes_str("admin");
	struct bson_field f;
	struct error ignored;
	size_t old = call->reply->len, doc;

	if (!fields_find(start, bytes_str("saslStart"), &f) || !call->service->options.auth)
		return;
	if (fields_find(start, bytes_str("db"), &f) && f.type == BSON_KIND_STRING)
		db = value_of_field(&f).data;
	doc = bson_build_open(call->reply, "speculativeAuthenticate");
	if (begin(call, start, db, &ignored) < 0)
		call->reply->len = old;
	else
		bson_build_end(call->reply, doc);
}

int handle_sasl_start(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"mechanism", IDL_STRING, true},
		{"payload", IDL_ANY, true},
		{"autoAuthorize", IDL_ANY, false},
		{"options", IDL_OBJECT, false},
	};

	if (idl_check(call->cmd, "saslStart", true, fields, COUNT_OF(fields), e) < 0)
		return e->code;
	return begin(call, call->cmd, call->db, e);
}

/* The proof: who gives it is logged in, unless an empty message is still to come. */
static int finish(struct call *call, struct bytes payload, struct error *e)
{
	OWNED(buf_release) struct buf answer = {0};
	struct client *client = call->client;
	bool right = scram_finish(&client->scram, payload, &answer);

	if (!right) {
		forget_login(client);
		call->delay = FAILED_DELAY_MS;
		return failed(e);
	}
	client->is_proven = true;
	add_step(call, buf_bytes(&answer), client->skip_empty);
	return 0;
}

static void log_in(struct call *call)
{
	struct client *client = call->client;

	buf_reset(&client->user);
	buf_add_bytes(&client->user, buf_bytes(&client->scram.user));
	service_count(call->service, SERVICE_LOGINS, 1);
	forget_login(client);
}

int handle_sasl_continue(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"conversationId", IDL_NUMBER, true},
		{"payload", IDL_ANY, true},
	};
	struct client *client = call->client;
	struct bytes payload;

	if (idl_check(call->cmd, "saslContinue", true, fields, COUNT_OF(fields), e) < 0)
		return e->code;
	if (!client->in_login)
		return query_error(e, PROTOCOL_ERROR, "No SASL session state found");
	if (call_number(call, "conversationId", 0) != client->conversation) {
		forget_login(client);
		return query_error(e, PROTOCOL_ERROR, "sasl: Mismatched conversation id");
	}
	if (take_payload(call->cmd, &payload, e) < 0)
		return e->code;
	if (!client->is_proven) {
		if (finish(call, payload, e) < 0)
			return e->code;
		if (client->skip_empty)
			log_in(call);
		return 0;
	}
	add_step(call, bytes_of("", 0), true);
	log_in(call);
	return 0;
}

int handle_authenticate(struct call *call, struct error *e)
{
	struct bson_field f;

	if (!call_field(call, "mechanism", &f))
		return query_error(e, 40414,
				   "BSON field 'authenticate.mechanism' is missing but a required "
				   "field");
	if (f.type == BSON_KIND_STRING &&
	    !bytes_equal(value_of_field(&f).data, bytes_str("MONGODB-X509")))
		return query_error(
			e, MECHANISM_UNAVAILABLE,
			"Received authentication for mechanism %.*s which is not enabled",
			(int)MIN_OF(value_of_field(&f).data.len, (size_t)100),
			(const char *)value_of_field(&f).data.at);
	return query_error(e, QUERY_AUTHENTICATION_FAILED,
			   "No verified subject name available from client");
}

int handle_logout(struct call *call, struct error *e)
{
	if (idl_check(call->cmd, "logout", true, NULL, 0, e) < 0)
		return e->code;
	/* Who is logged in is a user of admin: a logout of another database is none of theirs. */
	if (!bytes_equal(call->db, bytes_str("admin")))
		return 0;
	buf_reset(&call->client->user);
	forget_login(call->client);
	return 0;
}

int handle_nonce(struct call *call, struct error *e)
{
	uint64_t nonce;
	char text[17];

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return error_sys(e, "no random bytes");
	snprintf(text, sizeof(text), "%016" PRIx64, nonce);
	bson_build_string(call->reply, "nonce", bytes_str(text));
	return 0;
}

/* {resource: {...}, actions: [...]}, number `i`. */
static void add_privilege(struct buf *b, int i, const char *db, bool cluster,
			  const char *const *actions, size_t count)
{
	char index[24];
	size_t doc, inner;

	snprintf(index, sizeof(index), "%d", i);
	doc = bson_build_open(b, index);
	inner = bson_build_open(b, "resource");
	if (cluster) {
		bson_build_bool(b, "cluster", true);
	} else {
		bson_build_string(b, "db", bytes_str(db));
		bson_build_string(b, "collection", bytes_str(""));
	}
	bson_build_end(b, inner);
	inner = bson_build_open_array(b, "actions");
	for (size_t k = 0; k < count; k++) {
		snprintf(index, sizeof(index), "%zu", k);
		bson_build_string(b, index, bytes_str(actions[k]));
	}
	bson_build_end(b, inner);
	bson_build_end(b, doc);
}

static void add_privileges(struct buf *b)
{
	static const char *const read[] = {
		"changeStream", "collStats",   "dbHash",	  "dbStats",	 "find",
		"indexStats",	"killCursors", "listCollections", "listIndexes", "planCacheRead"};
	static const char *const cluster[] = {"connPoolStats",
					      "getCmdLineOpts",
					      "getDefaultRWConcern",
					      "getLog",
					      "getParameter",
					      "hostInfo",
					      "inprog",
					      "listDatabases",
					      "listSessions",
					      "replSetGetConfig",
					      "replSetGetStatus",
					      "serverStatus",
					      "shardingState",
					      "top"};

	add_privilege(b, 0, "", false, read, COUNT_OF(read));
	add_privilege(b, 1, "", true, cluster, COUNT_OF(cluster));
	add_privilege(b, 2, "config", false, read, COUNT_OF(read));
	add_privilege(b, 3, "local", false, read, COUNT_OF(read));
}

static void add_known(struct call *call)
{
	static const char *const roles[] = {"backup", "clusterMonitor", "readAnyDatabase"};
	struct buf *b = call->reply;
	bool known = client_is_known(call->client);
	size_t array = bson_build_open_array(b, "authenticatedUsers"), doc;
	char index[24];

	if (known) {
		doc = bson_build_open(b, "0");
		bson_build_string(b, "user", buf_bytes(&call->client->user));
		bson_build_string(b, "db", bytes_str("admin"));
		bson_build_end(b, doc);
	}
	bson_build_end(b, array);
	array = bson_build_open_array(b, "authenticatedUserRoles");
	for (size_t i = 0; known && i < COUNT_OF(roles); i++) {
		snprintf(index, sizeof(index), "%zu", i);
		doc = bson_build_open(b, index);
		bson_build_string(b, "role", bytes_str(roles[i]));
		bson_build_string(b, "db", bytes_str("admin"));
		bson_build_end(b, doc);
	}
	bson_build_end(b, array);
}

int handle_connection_status(struct call *call, struct error *e)
{
	struct buf *b = call->reply;
	size_t doc, array;

	(void)e;
	doc = bson_build_open(b, "authInfo");
	add_known(call);
	if (call_flag(call, "showPrivileges")) {
		array = bson_build_open_array(b, "authenticatedUserPrivileges");
		if (client_is_known(call->client))
			add_privileges(b);
		bson_build_end(b, array);
	}
	bson_build_end(b, doc);
	return 0;
}

int handle_whatsmyuri(struct call *call, struct error *e)
{
	(void)e;
	bson_build_string(call->reply, "you", bytes_str(call->client->remote));
	return 0;
}
