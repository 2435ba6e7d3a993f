#include "tools/restore_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/clock.h"
#include "tools/live_denied.h"
#include "tools/live_reply.h"

#define PAUSE_MS 100

/*
 * "State change" and "retryable" errors of the drivers' specifications, locks that were not got in time, and what ends a cursor: the server
 * restarted, its sessions were killed, or an index was dropped. Then the same is read again from its begin.
 */
static bool passes(uint32_t code)
{
	static const uint32_t codes[] = {6,	7,     24,    43,    46,    64,	  89,
					 91,	112,   175,   189,   237,   262,  9001,
					 10058, 10107, 11600, 11602, 13435, 13436};

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

bool restore_target_passes(const bson_error_t *why)
{
	if (why->domain == MONGOC_ERROR_SERVER || why->domain == MONGOC_ERROR_WRITE_CONCERN)
		return passes(why->code);
	return live_denied_not_yet(why) || why->domain == MONGOC_ERROR_STREAM ||
	       why->domain == MONGOC_ERROR_SERVER_SELECTION;
}

int restore_target_error(const struct restore_target *target, const bson_error_t *why,
			 const char *what, struct error *e)
{
	return live_denied_error(target->uri, why, live_denied(why), what, LIVE_DENIED_WRITING, e);
}

mongoc_client_t *restore_target_take(struct restore_target *target)
{
	return mongoc_client_pool_pop(target->pool);
}

void restore_target_give(struct restore_target *target, mongoc_client_t *client)
{
	mongoc_client_pool_push(target->pool, client);
}

bool restore_target_is(const struct restore_target *target, unsigned major, unsigned minor)
{
	return target->major > major || (target->major == major && target->minor >= minor);
}

int restore_target_try(struct restore_target *target, mongoc_client_t *client, const char *db,
		       struct bytes command, struct buf *ret_reply, struct error *e)
{
	bson_error_t why = {0};
	bson_t body, reply;
	bool ok;

	if (!bson_init_static(&body, command.at, command.len))
		return error_set(e, ERR_INVALID, "a command of %zu bytes", command.len);
	ok = mongoc_client_write_command_with_opts(client, db, &body, NULL, &reply, &why);
	buf_reset(ret_reply);
	buf_add(ret_reply, bson_get_data(&reply), reply.len);
	bson_destroy(&reply);
	if (ok)
		return 1;
	/* Nobody waits for this any more: what else is of the target is on its way out. */
	if (atomic_load(&target->abandoned))
		return error_set(e, ERR_CANCELLED, "interrupted");
	if (restore_target_passes(&why)) {
		restore_target_error(target, &why, target->name, e);
		return e->code = ERR_BUSY;
	}
	if (why.domain == MONGOC_ERROR_SERVER && restore_target_code(buf_bytes(ret_reply)) != 0 &&
	    why.code != LIVE_AUTHENTICATION_FAILED)
		return 0;
	return restore_target_error(target, &why, target->name, e);
}

int restore_target_wait(struct restore_target *target, uint64_t *since, struct error *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	const struct progress *p = target->progress;

	if (*since == 0)
		*since = clock_ms();
	if (clock_ms() > *since + RESTORE_TARGET_PATIENCE * 1000)
		return e->code = ERR_REMOTE; /* its text says why */
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	nanosleep(&pause, NULL);
	return 0;
}

int restore_target_run(struct restore_target *target, mongoc_client_t *client, const char *db,
		       struct bytes command, struct buf *ret_reply, bool *ret_again,
		       struct error *e)
{
	uint64_t since = 0;
	int code;

	while ((code = restore_target_try(target, client, db, command, ret_reply, e)) == ERR_BUSY)
		if (restore_target_wait(target, &since, e) < 0)
			return e->code;
	if (ret_again != NULL)
		*ret_again = since != 0;
	return code;
}

int restore_target_code(struct bytes reply)
{
	struct error ignored = {0};
	struct bson_field field;

	if (bson_find(reply, "code", &field, &ignored) <= 0 || field.type != BSON_KIND_INT32)
		return 0;
	return (int)(int32_t)get_le32(field.value.at);
}

struct bytes restore_target_text(struct bytes reply)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text;

	if (bson_find(reply, "errmsg", &field, &ignored) <= 0 || field.type != BSON_KIND_STRING ||
	    bson_text(field.value, &text, &ignored) < 0)
		return bytes_str("");
	return text;
}

int restore_target_batch(struct bytes reply, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(reply, "cursor", &field, e);

	if (found > 0)
		found = bson_find(field.value, "firstBatch", &field, e);
	if (found == 0)
		return error_set(e, ERR_REMOTE, "a reply without a first batch");
	*ret = field.value;
	return found;
}

int restore_target_refused(struct bytes reply, const char *what, struct error *e)
{
	struct bytes said = restore_target_text(reply);
	OWNED(free) char *text = xstrndup((const char *)said.at, MIN_OF(said.len, (size_t)600));
	int code = restore_target_code(reply);

	live_denied_shorten(text);
	error_set(e, code == LIVE_UNAUTHORIZED ? ERR_REFUSED : ERR_REMOTE, "%s: %s (%d)", what,
		  text, code);
	return code == LIVE_UNAUTHORIZED ? error_hint(e, LIVE_DENIED_WRITING) : e->code;
}

void restore_target_primary(struct buf *command)
{
	size_t begin = bson_build_open(command, "writeConcern");

	bson_build_int32(command, "w", 1);
	bson_build_end(command, begin);
}

void restore_target_majority(struct buf *command)
{
	size_t begin = bson_build_open(command, "writeConcern");

	bson_build_string(command, "w", bytes_str("majority"));
	bson_build_end(command, begin);
}

static const char *text_of(const bson_t *doc, const char *key)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, doc, key) && BSON_ITER_HOLDS_UTF8(&at)
		       ? bson_iter_utf8(&at, NULL)
		       : NULL;
}

static int judge(struct restore_target *target, const bson_t *hello, struct error *e)
{
	const char *msg = text_of(hello, "msg");
	uint32_t seconds, increment;
	bson_iter_t at, ts;

	if (msg != NULL && strcmp(msg, "isdbgrid") == 0)
		return error_set(e, ERR_REFUSED,
				 "%s is a mongos: a sharded cluster can't be restored into yet",
				 target->name);
	if (bson_iter_init_find(&at, hello, "configsvr"))
		return error_set(e, ERR_REFUSED, "%s is a config server", target->name);
	if (!bson_iter_init_find(&at, hello, "ismaster") || !bson_iter_as_bool(&at)) {
		error_set(e, ERR_REFUSED, "%s is not a primary: it takes no writes", target->name);
		return error_hint(e, "name the members and the set: mongodb://h1,h2/?replicaSet=S");
	}
	target->is_replica_set = text_of(hello, "setName") != NULL;
	if (target->is_replica_set)
		snprintf(target->name, sizeof(target->name), "%s", text_of(hello, "setName"));
	if (bson_iter_init(&at, hello) &&
	    bson_iter_find_descendant(&at, "lastWrite.opTime.ts", &ts) &&
	    BSON_ITER_HOLDS_TIMESTAMP(&ts)) {
		bson_iter_timestamp(&ts, &seconds, &increment);
		target->began = (uint64_t)seconds << 32 | increment;
	}
	return 0;
}

/* buildInfo: {storageEngines: ["wiredTiger", ...]} */
static void note_engines(struct restore_target *target, const bson_t *reply)
{
	bson_iter_t at, one;

	if (!bson_iter_init_find(&at, reply, "storageEngines") || !BSON_ITER_HOLDS_ARRAY(&at) ||
	    !bson_iter_recurse(&at, &one))
		return;
	while (bson_iter_next(&one))
		if (BSON_ITER_HOLDS_UTF8(&one)) {
			buf_add_str(&target->engines, bson_iter_utf8(&one, NULL));
			buf_add_u8(&target->engines, 0);
		}
}

bool restore_target_has_engine(const struct restore_target *target, struct bytes name)
{
	const struct buf *names = &target->engines;

	for (size_t at = 0; at < names->len;) {
		struct bytes one = bytes_str((const char *)names->at + at);

		if (bytes_equal(one, name))
			return true;
		at += one.len + 1;
	}
	return names->len == 0;
}

static int ask(struct restore_target *target, mongoc_client_t *client, const char *name,
	       bson_t *ret_reply, struct error *e)
{
	bson_t *command = bson_new();
	bson_error_t why;
	bool ok;

	BSON_APPEND_INT32(command, name, 1);
	ok = mongoc_client_command_simple(client, "admin", command, NULL, ret_reply, &why);
	bson_destroy(command);
	if (ok)
		return 0;
	bson_destroy(ret_reply);
	return restore_target_error(target, &why, target->name, e);
}

static int look(struct restore_target *target, mongoc_client_t *client, struct error *e)
{
	bson_t reply;
	int code;

	if (ask(target, client, "isMaster", &reply, e) < 0)
		return e->code;
	code = judge(target, &reply, e);
	bson_destroy(&reply);
	if (code < 0 || ask(target, client, "buildInfo", &reply, e) < 0)
		return e->code;
	if (text_of(&reply, "version") != NULL)
		snprintf(target->version, sizeof(target->version), "%s",
			 text_of(&reply, "version"));
	note_engines(target, &reply);
	bson_destroy(&reply);
	if (sscanf(target->version, "%u.%u", &target->major, &target->minor) != 2)
		return error_set(e, ERR_REMOTE, "%s does not tell its version", target->name);
	return 0;
}

/* What is done twice is done once: our own tries again are enough, and the server's are dearer. */
static int make_pool(const struct restore_target *target, unsigned clients, bool patient,
		     mongoc_client_pool_t **ret, struct error *e)
{
	mongoc_uri_t *uri = mongoc_uri_copy(target->uri->uri);
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	bson_error_t why;

	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
	mongoc_uri_set_read_prefs_t(uri, primary);
	if (patient)
		mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, INT32_MAX);
	*ret = mongoc_client_pool_new_with_error(uri, &why);
	mongoc_read_prefs_destroy(primary);
	mongoc_uri_destroy(uri);
	if (*ret == NULL)
		return restore_target_error(target, &why, "the URI can't be used", e);
	mongoc_client_pool_set_error_api(*ret, MONGOC_ERROR_API_VERSION_2);
	live_reply_watch_pool(*ret);
	mongoc_client_pool_max_size(*ret, clients + 1);
	return 0;
}

int restore_target_open(const struct live_uri *uri, unsigned clients, struct restore_target **ret,
			struct error *e)
{
	OWNED(restore_target_close) struct restore_target *target = xcalloc(1, sizeof(*target));
	const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri->uri);
	mongoc_client_t *client;
	int code;

	target->uri = uri;
	snprintf(target->name, sizeof(target->name), "%s",
		 host == NULL ? "the server" : host->host_and_port);
	if (make_pool(target, clients, false, &target->pool, e) < 0 ||
	    make_pool(target, clients, true, &target->patient, e) < 0)
		return e->code;
	client = restore_target_take(target);
	code = look(target, client, e);
	restore_target_give(target, client);
	if (code < 0)
		return code;
	*ret = TAKE(target);
	return 0;
}

void restore_target_close(struct restore_target *target)
{
	/* What nobody waits for any more still uses it: it ends with the process. */
	if (target == NULL || target->abandoned)
		return;
	if (target->pool != NULL)
		mongoc_client_pool_destroy(target->pool);
	if (target->patient != NULL)
		mongoc_client_pool_destroy(target->patient);
	buf_release(&target->engines);
	free(target);
}
