#include "tools/live.h"

#include <stdlib.h>

#include "tools/live_denied.h"
#include "tools/live_reply.h"

#define CODE_CAPPED_POSITION_LOST 136
#define CODE_MAJORITY_DISABLED 148

#define MAJOR_TESTED 6 /* the newest version that this was run with, and */
#define MAJOR_KNOWN 8  /* the newest one whose oplog is described */

/* Who does not know us now won't later; a server that went away comes back, or another one is elected. */
static bool is_refused(const bson_error_t *why)
{
	return live_denied(why) ||
	       (why->domain == MONGOC_ERROR_SERVER && why->code == CODE_MAJORITY_DISABLED);
}

int live_error(struct live *live, const bson_error_t *why, const char *what, struct error *e)
{
	live->overrun |=
		why->domain == MONGOC_ERROR_SERVER && why->code == CODE_CAPPED_POSITION_LOST;
	return live_denied_error(live->uri, why, is_refused(why), what, LIVE_DENIED_READING, e);
}

void live_find_options(const struct live *live, bson_t *ret)
{
	bson_t concern;

	bson_init(ret);
	BSON_APPEND_INT32(ret, "serverId", (int32_t)live->server);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "readConcern", &concern);
	BSON_APPEND_UTF8(&concern, "level", live->uri->alone ? "local" : "majority");
	bson_append_document_end(ret, &concern);
}

int live_command(struct live *live, const char *db, const bson_t *command, bson_t *ret_reply,
		 struct error *e)
{
	bson_t options = BSON_INITIALIZER;
	bson_error_t why;
	bool ok;

	BSON_APPEND_INT32(&options, "serverId", (int32_t)live->server);
	ok = mongoc_client_read_command_with_opts(live->client, db, command, live->prefs, &options,
						  ret_reply, &why);
	bson_destroy(&options);
	if (ok)
		return 1;
	if (why.domain == MONGOC_ERROR_SERVER)
		return 0;
	bson_destroy(ret_reply);
	return live_error(live, &why, live->member, e);
}

char *live_said(const bson_t *reply)
{
	bson_iter_t at;
	char *text;

	if (!bson_iter_init_find(&at, reply, "errmsg") || !BSON_ITER_HOLDS_UTF8(&at))
		return xstrdup("no reason");
	text = xstrdup(bson_iter_utf8(&at, NULL));
	live_denied_shorten(text);
	return text;
}

static const char *text_of(const bson_t *doc, const char *key)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, doc, key) && BSON_ITER_HOLDS_UTF8(&at)
		       ? bson_iter_utf8(&at, NULL)
		       : NULL;
}

static bool is_true(const bson_t *doc, const char *key)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, doc, key) && bson_iter_as_bool(&at);
}

static int64_t last_write_ms(const bson_t *hello)
{
	bson_iter_t at, inner;

	return bson_iter_init(&at, hello) &&
			       bson_iter_find_descendant(&at, "lastWrite.lastWriteDate", &inner) &&
			       BSON_ITER_HOLDS_DATE_TIME(&inner)
		       ? bson_iter_date_time(&inner)
		       : 0;
}

static uint64_t timestamp_at(bson_iter_t *at)
{
	uint32_t seconds, increment;

	if (!BSON_ITER_HOLDS_TIMESTAMP(at))
		return 0;
	bson_iter_timestamp(at, &seconds, &increment);
	return entry_ts(seconds, increment);
}

static uint64_t last_write_top(const bson_t *hello)
{
	bson_iter_t at, inner;

	return bson_iter_init(&at, hello) &&
			       bson_iter_find_descendant(&at, "lastWrite.opTime.ts", &inner)
		       ? timestamp_at(&inner)
		       : 0;
}

/* Is it something whose oplog is the history of a deployment? */
static int judge(struct live *live, const bson_t *hello, struct error *e)
{
	const char *set = text_of(hello, "setName");
	const char *msg = text_of(hello, "msg");
	bson_iter_t at;

	if (msg != NULL && strcmp(msg, "isdbgrid") == 0)
		return error_set(e, ERR_REFUSED,
				 "%s is a mongos: a sharded cluster can't be followed yet",
				 live->member);
	if (set == NULL && live->uri->alone)
		return 0;
	/* A member that starts anew says so for an instant, too. */
	if (set == NULL && is_true(hello, "isreplicaset"))
		return error_set(
			e, ERR_REMOTE,
			"%s has no configuration of its replica set now: it starts, makes its "
			"first copy, was removed from the set, or waits for rs.initiate()",
			live->member);
	if (set == NULL) {
		error_set(e, ERR_REFUSED, "%s is a standalone: it has no oplog", live->member);
		return error_hint(e, "a replica set of one member has one: start mongod with "
				     "--replSet, then rs.initiate()");
	}
	if (bson_iter_init_find(&at, hello, "configsvr"))
		return error_set(e, ERR_REFUSED,
				 "%s is a config server: a sharded cluster can't be followed yet",
				 live->member);
	if (is_true(hello, "arbiterOnly"))
		return error_set(e, ERR_REFUSED, "%s is an arbiter: it holds no data",
				 live->member);
	if (!is_true(hello, "ismaster") && !is_true(hello, "secondary"))
		return error_set(e, ERR_REMOTE, "%s is neither primary nor secondary now",
				 live->member);
	live->primary = is_true(hello, "ismaster");
	snprintf(live->set, sizeof(live->set), "%s", set);
	if (last_write_top(hello) != 0)
		live->top = last_write_top(hello);
	return 0;
}

int live_refresh(struct live *live, struct error *e)
{
	bson_t *command = BCON_NEW("isMaster", BCON_INT32(1));
	bson_t reply;
	int code = live_command(live, "admin", command, &reply, e);

	bson_destroy(command);
	if (code < 0)
		return code;
	code = code == 0 ? error_set(e, ERR_REMOTE, "%s does not know isMaster", live->member)
			 : judge(live, &reply, e);
	bson_destroy(&reply);
	return code;
}

/* A shard's oplog is a part of a cluster's. Who may not ask is told by what follows. */
static int refuse_shard(struct live *live, struct error *e)
{
	bson_t *command = BCON_NEW("shardingState", BCON_INT32(1));
	bson_t reply;
	bool shard;
	int code = live_command(live, "admin", command, &reply, e);

	bson_destroy(command);
	if (code < 0)
		return code;
	shard = code == 1 && is_true(&reply, "enabled");
	bson_destroy(&reply);
	if (shard)
		return error_set(e, ERR_REFUSED,
				 "%s is a shard: a sharded cluster can't be followed yet",
				 live->member);
	return 0;
}

static int read_version(struct live *live, struct error *e)
{
	bson_t *command = BCON_NEW("buildInfo", BCON_INT32(1));
	bson_t reply;
	int code = live_command(live, "admin", command, &reply, e);

	bson_destroy(command);
	if (code < 0)
		return code;
	if (code == 1 && text_of(&reply, "version") != NULL)
		snprintf(live->version, sizeof(live->version), "%s", text_of(&reply, "version"));
	bson_destroy(&reply);
	return 0;
}

int live_version_check(const char *version, bool allow, struct error *e)
{
	unsigned long major = strtoul(version, NULL, 10);

	if (major > MAJOR_KNOWN && !allow) {
		error_set(e, ERR_REFUSED,
			  "the server is a MongoDB %s, which is newer than this program", version);
		return error_hint(e,
				  "--allow-untested tries it: 'yester verify' then shows whether "
				  "the copy is right");
	}
	return major > MAJOR_TESTED;
}

bool live_primary(struct live *live, uint64_t *ret_top, uint64_t *ret_lag_ms)
{
	bson_t *command = BCON_NEW("isMaster", BCON_INT32(1));
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	int64_t ours = 0, theirs = 0;
	struct error ignored;
	bson_error_t why;
	bool known = false;
	bson_t reply;

	if (live_command(live, "admin", command, &reply, &ignored) >= 0) {
		ours = last_write_ms(&reply);
		live->primary = is_true(&reply, "ismaster");
		bson_destroy(&reply);
	}
	if (ours > 0 &&
	    !mongoc_uri_get_option_as_bool(live->uri->uri, MONGOC_URI_DIRECTCONNECTION, false)) {
		known = mongoc_client_command_simple(live->client, "admin", command, primary,
						     &reply, &why) &&
			is_true(&reply, "ismaster");
		theirs = known ? last_write_ms(&reply) : 0;
		*ret_top = known ? last_write_top(&reply) : 0;
		*ret_lag_ms = theirs > ours ? (uint64_t)(theirs - ours) : 0;
		bson_destroy(&reply);
	}
	mongoc_read_prefs_destroy(primary);
	bson_destroy(command);
	return known;
}

/* The member called `name`, if it is there. */
static bool choose_named(struct live *live, const char *name)
{
	mongoc_server_description_t **all;
	bool found = false;
	size_t count;

	all = mongoc_client_get_server_descriptions(live->client, &count);
	for (size_t i = 0; i < count && !found; i++) {
		const char *type = mongoc_server_description_type(all[i]);

		found = strcmp(mongoc_server_description_host(all[i])->host_and_port, name) == 0 &&
			strcmp(type, "Unknown") != 0;
		if (found)
			live->server = mongoc_server_description_id(all[i]);
	}
	mongoc_server_descriptions_destroy_all(all, count);
	if (found)
		snprintf(live->member, sizeof(live->member), "%s", name);
	return found;
}

/* Where each member says why it was not taken there is no more to tell; members of another set are dropped without a word. */
static int tell_unreachable(struct live *live, const bson_error_t *why, struct error *e)
{
	const char *set = mongoc_uri_get_replica_set(live->uri->uri);
	const mongoc_read_prefs_t *prefs = mongoc_uri_get_read_prefs_t(live->uri->uri);

	live_error(live, why, "no member of the replica set could be reached", e);
	if (set == NULL || strchr(why->message, '[') != NULL)
		return e->code;
	if (mongoc_read_prefs_get_mode(prefs) == MONGOC_READ_SECONDARY)
		return error_hint(e, "the URI's readPreference=secondary leaves out the primary; "
				     "secondaryPreferred takes it where there is no other member");
	return error_hint(e, "is its name %s, as replicaSet= in the URI says? rs.conf()._id", set);
}

static int choose(struct live *live, struct error *e)
{
	mongoc_server_description_t *server;
	bson_error_t why;

	server = mongoc_client_select_server(live->client, false, live->prefs, &why);
	if (server == NULL)
		return tell_unreachable(live, &why, e);
	live->server = mongoc_server_description_id(server);
	snprintf(live->member, sizeof(live->member), "%s",
		 mongoc_server_description_host(server)->host_and_port);
	mongoc_server_description_destroy(server);
	return 0;
}

/* A server on a copy of somebody's files says in its own database what set it was a member of. */
static int read_set(struct live *live, struct error *e)
{
	mongoc_collection_t *config =
		mongoc_client_get_collection(live->client, "local", "system.replset");
	bson_t filter = BSON_INITIALIZER, options;
	mongoc_cursor_t *cursor;
	const bson_t *doc;

	live_find_options(live, &options);
	cursor = mongoc_collection_find_with_opts(config, &filter, &options, live->prefs);
	if (live_reply_next(cursor, &doc) && text_of(doc, "_id") != NULL)
		snprintf(live->set, sizeof(live->set), "%s", text_of(doc, "_id"));
	mongoc_cursor_destroy(cursor);
	bson_destroy(&options);
	bson_destroy(&filter);
	mongoc_collection_destroy(config);
	if (live->set[0] == '\0')
		return error_set(e, ERR_REFUSED,
				 "these are the files of a standalone: it has no oplog");
	return live_newest(live, &live->top, e);
}

static int connect_to(const struct live_uri *uri, const char *name, struct live **ret,
		      struct error *e)
{
	OWNED(live_close) struct live *live = xcalloc(1, sizeof(*live));
	bson_error_t why;

	live->uri = uri;
	live->prefs =
		mongoc_uri_get_option_as_utf8(uri->uri, MONGOC_URI_READPREFERENCE, NULL) != NULL
			? mongoc_read_prefs_copy(mongoc_uri_get_read_prefs_t(uri->uri))
			: mongoc_read_prefs_new(MONGOC_READ_SECONDARY_PREFERRED);
	live->client = mongoc_client_new_from_uri_with_error(uri->uri, &why);
	if (live->client == NULL)
		return live_error(live, &why, "the URI can't be used", e);
	mongoc_client_set_error_api(live->client, MONGOC_ERROR_API_VERSION_2);
	live_reply_watch(live->client);
	/* Choosing looks at all members; then the one that is wanted is known, too. */
	if (choose(live, e) < 0)
		return e->code;
	if (name != NULL && !choose_named(live, name))
		name = NULL;
	if (live_refresh(live, e) < 0 || refuse_shard(live, e) < 0 || read_version(live, e) < 0 ||
	    (uri->alone && read_set(live, e) < 0))
		return e->code;
	*ret = TAKE(live);
	return 0;
}

int live_open(const struct live_uri *uri, struct live **ret, struct error *e)
{
	return connect_to(uri, NULL, ret, e);
}

int live_open_like(const struct live *as, uint64_t at, struct live **ret, struct error *e)
{
	OWNED(live_close) struct live *live = NULL;
	uint64_t newest = 0;

	if (connect_to(as->uri, as->member, &live, e) < 0)
		return e->code;
	if (strcmp(live->set, as->set) != 0)
		return error_set(e, ERR_REMOTE, "%s is of another replica set now", live->member);
	if (at != 0 && live_newest(live, &newest, e) < 0)
		return e->code;
	if (at != 0 && newest < at)
		return error_set(e, ERR_REMOTE, "%s is not as far as %u.%u yet", live->member,
				 entry_seconds(at), entry_increment(at));
	*ret = TAKE(live);
	return 0;
}

/* May it be read, as the URI says? Whom tags mean only the driver knows. */
static bool is_allowed(const struct live *live, const char *type)
{
	mongoc_read_mode_t mode = mongoc_read_prefs_get_mode(live->prefs);

	if (!bson_empty(mongoc_read_prefs_get_tags(live->prefs)) || mode == MONGOC_READ_PRIMARY)
		return false;
	return strcmp(type, "RSSecondary") == 0 ||
	       (strcmp(type, "RSPrimary") == 0 && mode != MONGOC_READ_SECONDARY);
}

/* A connection to the member called `name`, if that is so far back, and so far. */
static struct live *open_reaching(const struct live *than, const char *name, uint64_t ts,
				  uint64_t beyond)
{
	OWNED(live_close) struct live *live = NULL;
	struct error ignored;
	uint64_t oldest;

	if (connect_to(than->uri, name, &live, &ignored) < 0 || strcmp(live->member, name) != 0 ||
	    strcmp(live->set, than->set) != 0 || live_oldest(live, &oldest, &ignored) != 1 ||
	    oldest > ts || live->top <= beyond)
		return NULL;
	return TAKE(live);
}

int live_open_reaching(struct live *than, uint64_t ts, uint64_t beyond, struct live **ret)
{
	mongoc_server_description_t **all;
	struct live *live = NULL;
	size_t count;

	all = mongoc_client_get_server_descriptions(than->client, &count);
	for (size_t i = 0; i < count && live == NULL; i++) {
		const char *name = mongoc_server_description_host(all[i])->host_and_port;

		if (strcmp(name, than->member) != 0 &&
		    is_allowed(than, mongoc_server_description_type(all[i])))
			live = open_reaching(than, name, ts, beyond);
	}
	mongoc_server_descriptions_destroy_all(all, count);
	if (live != NULL)
		*ret = live;
	return live != NULL;
}

void live_close(struct live *live)
{
	if (live == NULL)
		return;
	if (live->client != NULL)
		mongoc_client_destroy(live->client);
	mongoc_read_prefs_destroy(live->prefs);
	free(live);
}

int live_entry_at(const struct live *live, const bson_t *doc, struct entry_optime *ret,
		  struct error *e)
{
	struct entry_optime at = {.term = -1};
	bson_iter_t iter;

	if (bson_iter_init_find(&iter, doc, "ts"))
		at.ts = timestamp_at(&iter);
	if (bson_iter_init_find(&iter, doc, "t") && BSON_ITER_HOLDS_INT64(&iter))
		at.term = bson_iter_int64(&iter);
	if (at.ts == 0)
		return error_set(e, ERR_CORRUPT, "an entry of the oplog of %s has no timestamp",
				 live->member);
	*ret = at;
	return 0;
}

/* The first entry that a find of the oplog gives: 1 and its timestamp, 0 there is none. */
static int read_one(struct live *live, const bson_t *filter, bson_t *options, uint64_t *ret,
		    struct error *e)
{
	mongoc_collection_t *oplog =
		mongoc_client_get_collection(live->client, "local", "oplog.rs");
	struct entry_optime at = {0};
	mongoc_cursor_t *cursor;
	const bson_t *doc;
	bson_error_t why;
	int code = 0;

	BSON_APPEND_INT64(options, "limit", 1);
	cursor = mongoc_collection_find_with_opts(oplog, filter, options, live->prefs);
	if (live_reply_next(cursor, &doc))
		code = live_entry_at(live, doc, &at, e) < 0 ? e->code : 1;
	else if (live_reply_error(cursor, &why))
		code = live_error(live, &why, "reading the oplog", e);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(oplog);
	if (code == 1)
		*ret = at.ts;
	return code;
}

static int read_end(struct live *live, int direction, uint64_t *ret, struct error *e)
{
	bson_t filter = BSON_INITIALIZER, options, sort;
	int code;

	live_find_options(live, &options);
	BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &sort);
	BSON_APPEND_INT32(&sort, "$natural", direction);
	bson_append_document_end(&options, &sort);
	code = read_one(live, &filter, &options, ret, e);
	bson_destroy(&options);
	bson_destroy(&filter);
	return code;
}

int live_oldest(struct live *live, uint64_t *ret, struct error *e)
{
	return read_end(live, 1, ret, e);
}

int live_newest(struct live *live, uint64_t *ret, struct error *e)
{
	return read_end(live, -1, ret, e);
}

/* The first entry at or behind `ts`. */
static int read_from(struct live *live, uint64_t ts, uint64_t *ret, struct error *e)
{
	bson_t filter = BSON_INITIALIZER, options, at;
	int code;

	BSON_APPEND_DOCUMENT_BEGIN(&filter, "ts", &at);
	BSON_APPEND_TIMESTAMP(&at, "$gte", entry_seconds(ts), entry_increment(ts));
	bson_append_document_end(&filter, &at);
	live_find_options(live, &options);
	BSON_APPEND_BOOL(&options, "oplogReplay", true); /* as live_oplog_open() */
	code = read_one(live, &filter, &options, ret, e);
	bson_destroy(&options);
	bson_destroy(&filter);
	return code;
}

int live_upto(struct live *live, uint64_t ts, uint64_t *ret, struct error *e)
{
	uint64_t at = 0, oldest = 0;
	int found = read_from(live, ts, &at, e);

	if (found == 1 && at > ts)
		found = live_oldest(live, &oldest, e);
	if (found < 0 || oldest > ts)
		return MIN_OF(found, 0);
	/* Forward only: the other way servers may read all that is behind it. */
	for (uint64_t back = 1; found == 0 || at > ts; back *= 2) {
		uint32_t seconds = entry_seconds(ts);

		found = read_from(live, entry_ts(seconds - (uint32_t)MIN_OF(back, seconds), 0), &at,
				  e);
		if (found < 0 || back > seconds)
			break;
	}
	if (found == 1 && at <= ts)
		*ret = at;
	return found == 1 ? at <= ts : found;
}
