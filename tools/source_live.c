#include "tools/source_live.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tools/live_copy.h"
#include "tools/live_oplog.h"
#include "tools/live_reply.h"
#include "tools/live_same.h"

#define BATCH_BYTES (1 * MIB)
#define CATCH_UP_MS 200	  /* of reading entries, before somebody looks at the copy again */
#define WAIT_MS 20	  /* for an entry; then somebody looks whether the copy has ended */
#define LOOK_MS 2000	  /* how often the member is asked how it does */
#define LAG_HOLD_MS 10000 /* behind the primary: then it is left alone, */
#define LAG_GO_MS 5000	  /* until it is less than this */
#define COMMIT_MS 60000	  /* how long a majority may take for what was written last */
#define LOST_MS 600000	  /* how long a lost member is waited for */
#define RETRY_MS 500
#define FAILURES_MAX 50 /* connections that gave no entry */
#define FUTURE_SECONDS (10 * 86400)
#define PUBLISH_MS                                                                                 \
	200 /* from the commit of an entry until all clients see what it did to the catalog, and a lot more */

struct job {
	struct source_live *live_source;
	const struct source_options *options;
	const struct source_sink *sink;
	struct source_info *info;
	struct live *live;
	struct live like; /* which member, for those who connect to it again; has no connection */
	struct live_list list;
	struct live_copy *copy;
	struct live_oplog *oplog;
	void *oplog_handle;
	uint64_t begin;	  /* timestamp of the first entry that is needed */
	uint64_t reached; /* of the last one that was pushed; 0: none */
	struct buf last;  /* that entry */
	uint64_t oplog_bytes;
	uint64_t next_look; /* ms */
	bool lost;	    /* a connection was, once */
	bool unproven;	    /* the oplog's cursor has not shown yet that it goes on with `last` */
	bool held;
	unsigned failures; /* since the last entry */
	struct buf batch;
};

static void job_release(struct job *job)
{
	live_copy_end(job->copy);
	live_oplog_close(job->oplog);
	live_list_release(&job->list);
	live_close(job->live);
	buf_release(&job->batch);
	buf_release(&job->last);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static void note(const struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);
static void note(const struct job *job, const char *format, ...)
{
	char text[512];
	va_list args;

	if (job->live_source->note == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	job->live_source->note(job->live_source->note_ctx, text);
}

/* ---- where the oplog begins */

/* Run a find; `each` with every document. Negative: an error, or what `each` returned. */
static int find_each(struct live *live, const char *db, const char *coll, const bson_t *filter,
		     void (*each)(void *ctx, const bson_t *doc), void *ctx, struct error *e)
{
	mongoc_collection_t *collection = mongoc_client_get_collection(live->client, db, coll);
	mongoc_cursor_t *cursor;
	const bson_t *doc;
	bson_error_t why;
	bson_t options;
	int code = 0;

	live_find_options(live, &options);
	cursor = mongoc_collection_find_with_opts(collection, filter, &options, live->prefs);
	while (live_reply_next(cursor, &doc))
		each(ctx, doc);
	if (live_reply_error(cursor, &why)) {
		OWNED(free) char *what = xprintf("reading %s.%s", db, coll);

		code = live_error(live, &why, what, e);
	}
	mongoc_cursor_destroy(cursor);
	bson_destroy(&options);
	mongoc_collection_destroy(collection);
	return code;
}

static bool timestamp_at(const bson_t *doc, const char *path, uint64_t *ret)
{
	uint32_t seconds, increment;
	bson_iter_t at, inner;

	if (!bson_iter_init(&at, doc) || !bson_iter_find_descendant(&at, path, &inner) ||
	    !BSON_ITER_HOLDS_TIMESTAMP(&inner))
		return false;
	bson_iter_timestamp(&inner, &seconds, &increment);
	*ret = entry_ts(seconds, increment);
	return *ret != 0;
}

static void take_start(void *ctx, const bson_t *doc)
{
	uint64_t ts, *oldest = ctx;

	if (timestamp_at(doc, "startOpTime.ts", &ts))
		*oldest = MIN_OF(*oldest, ts);
}

static int read_open(struct live *live, uint64_t *oldest, struct error *e)
{
	bson_t *filter = BCON_NEW("state", "{", "$in", "[", BCON_UTF8("prepared"),
				  BCON_UTF8("inProgress"), "]", "}");
	int code = find_each(live, "config", "transactions", filter, take_start, oldest, e);

	bson_destroy(filter);
	return code;
}

static void take_earlier(void *ctx, const bson_t *doc)
{
	uint64_t ts, *earliest = ctx;

	if (timestamp_at(doc, "prevOpTime.ts", &ts))
		*earliest = MIN_OF(*earliest, ts);
}

/*
 * Move `*begin` back until each part of a transaction that lies in [*begin, upto] has its earlier ones in there, too: also what ended
 * before the copy begins is read by who reads the oplog from there.
 */
static int reach_back(struct live *live, uint64_t *begin, uint64_t upto, struct error *e)
{
	uint64_t earlier = *begin;
	int code;

	do {
		int32_t seconds = (int32_t)entry_seconds(earlier);
		int32_t increment = (int32_t)entry_increment(earlier);
		bson_t *filter = BCON_NEW(
			"ts", "{", "$gte", BCON_TIMESTAMP(seconds, increment), "$lte",
			BCON_TIMESTAMP((int32_t)entry_seconds(upto),
				       (int32_t)entry_increment(upto)),
			"}", "op", BCON_UTF8("c"), "prevOpTime.ts", "{", "$gt",
			BCON_TIMESTAMP(0, 0), "$lt", BCON_TIMESTAMP(seconds, increment), "}");

		*begin = earlier;
		code = find_each(live, "local", "oplog.rs", filter, take_earlier, &earlier, e);
		bson_destroy(filter);
	} while (code == 0 && earlier < *begin);
	return code;
}

/*
 * The newest entry, or the begin of the oldest transaction that is open then. The two are read one after the
 * other: a transaction that ended in between is in neither, but its end is in the oplog.
 */
static int find_begin(struct job *job, struct error *e)
{
	uint64_t later = 0;

	if (live_newest(job->live, &job->begin, e) < 0 ||
	    read_open(job->live, &job->begin, e) < 0 || live_newest(job->live, &later, e) < 0)
		return e->code;
	return reach_back(job->live, &job->begin, later, e);
}

/*
 * A server commits an entry of the oplog, and then its threads are told what that does to the catalog, which is in memory. Who asks in
 * between finds a collection or an index not there, or an index still unready, although the oplog that is read begins behind it.
 */
static void let_catalog_settle(void)
{
	const struct timespec pause = {.tv_nsec = PUBLISH_MS * 1000000L};

	nanosleep(&pause, NULL);
}

static void take_target(void *ctx, const bson_t *doc)
{
	bson_iter_t at;

	if (bson_iter_init_find(&at, doc, "targetVersion"))
		*(bool *)ctx = true;
}

static int refuse_transition(struct live *live, struct error *e)
{
	bson_t *filter = BCON_NEW("_id", BCON_UTF8("featureCompatibilityVersion"));
	bool changes = false;
	int code = find_each(live, "admin", "system.version", filter, take_target, &changes, e);

	bson_destroy(filter);
	if (code >= 0 && changes)
		return error_set(e, ERR_REFUSED,
				 "%s is changing its feature compatibility version now",
				 live->member);
	return code;
}

/* ---- the oplog */

static bool is_listed(const struct job *job, const uint8_t uuid[16])
{
	for (size_t i = 0; i < job->list.count; i++)
		if (job->list.at[i].has_uuid && memcmp(job->list.at[i].uuid, uuid, 16) == 0)
			return true;
	return false;
}

/* Does the filter take this "db.coll"? */
static bool takes(const struct job *job, struct bytes ns)
{
	const char *dot = ns.len == 0 ? NULL : memchr(ns.at, '.', ns.len);
	size_t db_len = dot == NULL ? 0 : (size_t)(dot - (const char *)ns.at);
	OWNED(free) char *db = xstrndup((const char *)ns.at, db_len);

	return dot != NULL &&
	       ns_filter_takes(job->options->filter, db, dot + 1, ns.len - db_len - 1);
}

/* The text of a field, without the NUL. */
static struct bytes text_of(const struct bson_field *field)
{
	return field->type == BSON_KIND_STRING && field->value.len > 5
		       ? bytes_of(field->value.at + 4, field->value.len - 5)
		       : bytes_of(NULL, 0);
}

/*
 * Who knows what was read by the name that a collection had when it was listed? By UUID that does not matter,
 * but for one that was left out, and now has a name that is asked for.
 */
static bool spoils(const struct job *job, const struct entry *op, const struct bson_field *from)
{
	struct error ignored = {0};
	struct bson_field to;

	if (op->ui == NULL)
		return false;
	if (job->copy != NULL && live_copy_by_name(job->copy) && is_listed(job, op->ui))
		return true;
	return ns_filter_is_partial(job->options->filter) && !is_listed(job, op->ui) &&
	       bson_find(op->o, "to", &to, &ignored) == 1 && takes(job, text_of(&to)) &&
	       !takes(job, text_of(from));
}

static int watch_renames(struct job *job, struct bytes doc, struct error *e)
{
	struct entry entry, op;
	struct entry_ops ops;
	struct bson_field name;
	struct error ignored = {0};

	/* What can't be understood stops the replay, which says so. */
	if (entry_parse(doc, &entry, &ignored) < 0 || entry.op != ENTRY_COMMAND)
		return 0;
	entry_ops_begin(&ops, &entry);
	while (entry_ops_next(&ops, &op, &ignored) > 0) {
		if (op.op != ENTRY_COMMAND || entry_command(&op, &name, &ignored) != 1 ||
		    !bytes_equal(name.name, bytes_str("renameCollection")) ||
		    !spoils(job, &op, &name))
			continue;
		job->live_source->again = true;
		return error_set(e, ERR_REMOTE,
				 "a collection of %.*s was renamed while it was copied",
				 (int)op.db.len, (const char *)op.db.at);
	}
	return 0;
}

static int push_oplog(struct job *job, struct error *e)
{
	struct bytes batch = buf_bytes(&job->batch);
	int code;

	if (batch.len == 0)
		return 0;
	code = job->sink->docs(job->sink->ctx, job->oplog_handle, batch, job->oplog_bytes, e);
	job->oplog_bytes += batch.len;
	buf_reset(&job->batch);
	return code;
}

static int refuse_overrun(const struct job *job, uint64_t ts, struct error *e)
{
	job->live_source->again = false;
	error_set(e, ERR_REFUSED, "the oplog of %s no longer has %u.%u, which the copy needs",
		  job->live->member, entry_seconds(ts), entry_increment(ts));
	return error_hint(e, "make it larger (replSetResizeOplog), or raise --rate and "
			     "--numParallelCollections");
}

/* The first entry that a new cursor gives has to be the last one that was read. */
static int prove(struct job *job, struct bytes doc, uint64_t ts, struct error *e)
{
	if (ts != job->reached)
		return refuse_overrun(job, job->reached, e);
	if (bytes_equal(doc, buf_bytes(&job->last)))
		return 0;
	return error_set(e, ERR_REFUSED,
			 "%s has another entry at %u.%u than the member before: it was rolled back",
			 job->live->member, entry_seconds(ts), entry_increment(ts));
}

/* What the cursor gave: 1 it is new. */
static int look_at(struct job *job, struct bytes doc, uint64_t ts, struct error *e)
{
	if (job->unproven) {
		job->unproven = false;
		return prove(job, doc, ts, e);
	}
	if (job->reached == 0 && ts != job->begin)
		return refuse_overrun(job, job->begin, e);
	return watch_renames(job, doc, e) < 0 ? e->code : 1;
}

/* Take entries until `upto` is reached, there are none now, or it is `until` by clock_ms() (0). 1: reached. */
static int read_entries(struct job *job, uint64_t upto, uint64_t until, struct error *e)
{
	struct entry_optime at;
	struct bytes doc;
	int found = 0;

	if (job->oplog == NULL) {
		job->unproven = job->reached != 0;
		job->oplog = live_oplog_open(job->live, job->unproven ? job->reached : job->begin,
					     WAIT_MS);
	}
	while ((job->reached < upto || job->unproven) && clock_ms() < until &&
	       (found = live_oplog_next(job->oplog, &doc, &at, e)) == 1) {
		int is_new = look_at(job, doc, at.ts, e);

		if (is_new < 0)
			return is_new;
		if (is_new == 0)
			continue;
		job->reached = at.ts;
		job->failures = 0;
		buf_reset(&job->last);
		buf_add_bytes(&job->last, doc);
		buf_add_bytes(&job->batch, doc);
		if (job->batch.len >= BATCH_BYTES && push_oplog(job, e) < 0)
			return e->code;
	}
	return found < 0 ? found : job->reached >= upto && !job->unproven;
}

/* A sink looks whether it is cancelled. */
static int check_cancelled(struct job *job, struct error *e)
{
	return job->sink->docs(job->sink->ctx, job->oplog_handle, bytes_of(NULL, 0),
			       job->oplog_bytes, e);
}

static int connect_again(struct job *job, struct error *e)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	uint64_t until = clock_ms() + LOST_MS;

	if (++job->failures > FAILURES_MAX)
		return e->code;
	note(job, "%s; going on with the oplog", e->text);
	job->lost = true;
	live_oplog_close(TAKE(job->oplog));
	live_close(TAKE(job->live));
	nanosleep(&pause, NULL);
	while (live_open_like(&job->like, job->reached, &job->live, e) < 0) {
		struct error later;

		if (e->code != ERR_REMOTE || clock_ms() > until)
			return e->code;
		if (check_cancelled(job, &later) < 0) {
			*e = later;
			return e->code;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/*
 * As read_entries(). A lost connection is made again, to the same member or another one, and that is all then (0): who asks looks after
 * the copy in between, which may have failed for the same reason.
 */
static int read_oplog(struct job *job, uint64_t upto, uint64_t until, struct error *e)
{
	int found = read_entries(job, upto, until, e);

	if (found == ERR_REMOTE) {
		if (job->live_source->again)
			return found;
		if (job->live->overrun)
			return refuse_overrun(job, job->reached != 0 ? job->reached : job->begin,
					      e);
		found = connect_again(job, e);
	}
	if (found < 0 || push_oplog(job, e) < 0)
		return e->code;
	return found;
}

static int begin_oplog(struct job *job, struct error *e)
{
	struct source_ns ns = {.db = "",
			       .coll = "oplog",
			       .coll_len = strlen("oplog"),
			       .options = bytes_of("\5\0\0\0\0", 5),
			       .indexes = bytes_of("\5\0\0\0\0", 5),
			       .file = "the oplog"};

	return job->sink->begin(job->sink->ctx, &ns, &job->oplog_handle, e);
}

/* By our clock and by its own oplog; it is waited for as long as there are new entries. */
static bool is_never_reached(const struct job *job, uint64_t end)
{
	uint64_t known = MAX_OF((uint64_t)time(NULL), (uint64_t)entry_seconds(job->reached));

	return entry_seconds(end) > known + FUTURE_SECONDS;
}

/*
 * What has to be in the oplog: all that was written before now. A copy that several members had a part in may
 * hold what only the primary is sure to have.
 */
static int find_end(struct job *job, uint64_t *ret, struct error *e)
{
	uint64_t until = clock_ms() + COMMIT_MS, top = 0, lag;
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};

	while (live_refresh(job->live, e) < 0)
		if (e->code != ERR_REMOTE || connect_again(job, e) < 0)
			return e->code;
	while (!live_primary(job->live, &top, &lag) && job->lost &&
	       !mongoc_uri_get_option_as_bool(job->live->uri->uri, MONGOC_URI_DIRECTCONNECTION,
					      false)) {
		if (check_cancelled(job, e) < 0)
			return e->code;
		if (clock_ms() > until)
			return error_set(e, ERR_REMOTE, "the replica set has no primary");
		nanosleep(&pause, NULL);
	}
	top = MAX_OF(job->live->top, top);
	if (is_never_reached(job, top))
		return error_set(e, ERR_REMOTE,
				 "%s says that its last write is of %u.%u, which is far in the "
				 "future",
				 job->live->member, entry_seconds(top), entry_increment(top));
	*ret = top;
	return 0;
}

/* All that was written before now, once a majority has it: so what was dropped is dropped there, too. */
static int end_oplog(struct job *job, struct error *e)
{
	uint64_t until = 0, before = 0, end = 0;
	int code;

	if (find_end(job, &end, e) < 0)
		return e->code;
	while ((code = read_oplog(job, end, UINT64_MAX, e)) == 0) {
		if (check_cancelled(job, e) < 0)
			return e->code;
		/* Not the time in which there was enough to read, or the member was lost. */
		if (until == 0 || job->reached != before)
			until = clock_ms() + COMMIT_MS;
		before = job->reached;
		if (clock_ms() > until)
			return error_set(e, ERR_REMOTE,
					 "no majority has the last write of %s after %d s",
					 job->live->member, COMMIT_MS / 1000);
	}
	if (code < 0)
		return code;
	job->info->has_oplog = true;
	return job->sink->end(job->sink->ctx, job->oplog_handle, e);
}

/* ---- the copy */

/* A member that lags, or became primary, has better to do. */
static void spare_member(struct job *job)
{
	bool was_primary = job->live->primary, known;
	uint64_t top, lag = 0;

	if (clock_ms() < job->next_look || job->live->uri->alone)
		return;
	job->next_look = clock_ms() + LOOK_MS;
	known = live_primary(job->live, &top, &lag);
	if (job->live->primary && !was_primary) {
		note(job, "%s became primary: going on with another member if there is one",
		     job->live->member);
		live_copy_move(job->copy);
	}
	if (!known)
		return;
	if (!job->held && lag > LAG_HOLD_MS) {
		note(job, "%s is %u s behind the primary: the copy waits", job->live->member,
		     (unsigned)(lag / 1000));
		job->held = true;
		live_copy_hold(job->copy, true);
	} else if (job->held && lag < LAG_GO_MS) {
		job->held = false;
		live_copy_hold(job->copy, false);
	}
}

static int copy_all(struct job *job, struct error *e)
{
	const struct source_live *s = job->live_source;
	const struct live_copy_options options = {
		.like = &job->like,
		.begin = job->begin,
		.list = &job->list,
		.connections = s->connections == 0 ? 1 : s->connections,
		.rate = s->rate,
		.objcheck = job->options->objcheck,
		.sink = job->sink,
		.note = s->note,
		.note_ctx = s->note_ctx,
	};
	int code;

	job->like = *job->live;
	job->next_look = clock_ms() + LOOK_MS;
	if (live_copy_start(&options, &job->copy, e) < 0)
		return e->code;
	while ((code = live_copy_poll(job->copy, e)) == 0) {
		/* Clients that go on writing always leave an entry to read. */
		if (read_oplog(job, UINT64_MAX, clock_ms() + CATCH_UP_MS, e) < 0 ||
		    check_cancelled(job, e) < 0)
			return e->code;
		spare_member(job);
	}
	return code < 0 ? code : 0;
}

static int check_version(struct job *job, struct error *e)
{
	int untested = live_version_check(job->live->version, job->live_source->allow_untested, e);

	if (untested == 1)
		note(job,
		     "warning: MongoDB %s could not be tested with this program: compare the copy "
		     "('yester verify')",
		     job->live->version);
	return untested < 0 ? untested : 0;
}

int source_live_read(void *ctx, const struct source_options *options,
		     const struct source_sink *sink, struct source_info *ret_info, struct error *e)
{
	OWNED(job_release)
	struct job job = {.live_source = ctx, .options = options, .sink = sink, .info = ret_info};

	*ret_info = (struct source_info){0};
	job.live_source->again = false;
	if (live_open(job.live_source->uri, &job.live, e) < 0 || check_version(&job, e) < 0 ||
	    (job.live_source->store != NULL &&
	     live_same_check(job.live, job.live_source->store, e) < 0))
		return e->code;
	memcpy(ret_info->server_version, job.live->version, sizeof(ret_info->server_version));
	memcpy(ret_info->replica_set, job.live->set, sizeof(ret_info->replica_set));
	if (refuse_transition(job.live, e) < 0 || find_begin(&job, e) < 0)
		return e->code;
	let_catalog_settle();
	if (live_list_read(job.live, options->filter, &job.list, e) < 0 ||
	    begin_oplog(&job, e) < 0 || copy_all(&job, e) < 0)
		return e->code;
	return end_oplog(&job, e);
}
