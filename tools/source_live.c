#include "tools/source_live.h"

#include <stdlib.h>
#include <time.h>

#include "tools/live_list.h"
#include "tools/live_oplog.h"

#define BATCH_BYTES (1 * MIB)
#define CATCH_UP_MS 5000   /* how often the oplog is read meanwhile, so that it is not overrun, */
#define CATCH_UP_MAX 20000 /* and how many entries of it at once */
#define COMMIT_MS 60000	   /* how long a majority may take for what was written last */
#define BEGIN_TRIES 100

struct job {
	struct source_live *live_source;
	const struct source_options *options;
	const struct source_sink *sink;
	struct source_info *info;
	struct live *live;
	struct live_list list;
	struct live_oplog *oplog;
	void *oplog_handle;
	uint64_t begin;	  /* timestamp of the first entry that is needed */
	uint64_t reached; /* of the last one that was pushed; 0: none */
	uint64_t oplog_bytes, done;
	uint64_t next_look; /* ms: when the oplog is read again */
	struct buf batch;
};

static void job_release(struct job *job)
{
	live_oplog_close(job->oplog);
	live_list_release(&job->list);
	live_close(job->live);
	buf_release(&job->batch);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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
	while (mongoc_cursor_next(cursor, &doc))
		each(ctx, doc);
	if (mongoc_cursor_error(cursor, &why)) {
		OWNED(free) char *what = xprintf("reading %s.%s", db, coll);

		code = live_error(live, &why, what, e);
	}
	mongoc_cursor_destroy(cursor);
	bson_destroy(&options);
	mongoc_collection_destroy(collection);
	return code;
}

static void take_start(void *ctx, const bson_t *doc)
{
	uint64_t *oldest = ctx, ts;
	uint32_t seconds, increment;
	bson_iter_t at, inner;

	if (!bson_iter_init(&at, doc) ||
	    !bson_iter_find_descendant(&at, "startOpTime.ts", &inner) ||
	    !BSON_ITER_HOLDS_TIMESTAMP(&inner))
		return;
	bson_iter_timestamp(&inner, &seconds, &increment);
	ts = entry_ts(seconds, increment);
	if (ts != 0 && ts < *oldest)
		*oldest = ts;
}

static void count_one(void *ctx, const bson_t *doc UNUSED)
{
	(*(unsigned *)ctx)++;
}

static int read_open(struct live *live, uint64_t *oldest, struct error *e)
{
	bson_t *filter = BCON_NEW("state", "{", "$in", "[", BCON_UTF8("prepared"),
				  BCON_UTF8("inProgress"), "]", "}");
	int code = find_each(live, "config", "transactions", filter, take_start, oldest, e);

	bson_destroy(filter);
	return code;
}

/* How many transactions' later parts lie in (after, upto] whose earlier ones do not. */
static int count_cut(struct live *live, uint64_t after, uint64_t upto, unsigned *ret,
		     struct error *e)
{
	bson_t *filter = BCON_NEW(
		"ts", "{", "$gt",
		BCON_TIMESTAMP((int32_t)entry_seconds(after), (int32_t)entry_increment(after)),
		"$lte",
		BCON_TIMESTAMP((int32_t)entry_seconds(upto), (int32_t)entry_increment(upto)), "}",
		"op", BCON_UTF8("c"), "prevOpTime.ts", "{", "$gt", BCON_TIMESTAMP(0, 0), "$lte",
		BCON_TIMESTAMP((int32_t)entry_seconds(after), (int32_t)entry_increment(after)),
		"}");
	int code = find_each(live, "local", "oplog.rs", filter, count_one, ret, e);

	bson_destroy(filter);
	return code;
}

/*
 * The newest entry, or the begin of the oldest transaction that is open then. The two are read one after the
 * other: a transaction that ended in between is in neither, but its end is in the oplog.
 */
static int find_begin(struct job *job, struct error *e)
{
	for (int i = 0; i < BEGIN_TRIES; i++) {
		uint64_t newest = 0, later = 0, oldest;
		unsigned cut = 0;

		if (live_newest(job->live, &newest, e) < 0)
			return e->code;
		oldest = newest;
		if (read_open(job->live, &oldest, e) < 0 || live_newest(job->live, &later, e) < 0 ||
		    count_cut(job->live, newest, later, &cut, e) < 0)
			return e->code;
		job->begin = oldest;
		if (cut == 0 || oldest < newest)
			return 0;
	}
	return error_set(e, ERR_REMOTE, "no moment between large transactions was found");
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

/* A collection that was listed and got another name: who knows what was read by the old one. */
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
		if (op.op != ENTRY_COMMAND || op.ui == NULL ||
		    entry_command(&op, &name, &ignored) != 1 ||
		    !bytes_equal(name.name, bytes_str("renameCollection")) ||
		    !is_listed(job, op.ui))
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

/* Take entries until `upto` is reached, there are none now (0), or these are `max`. 1: reached. */
static int read_oplog(struct job *job, uint64_t upto, uint64_t max, struct error *e)
{
	struct entry_optime at;
	struct bytes doc;
	int found = 0;

	while (job->reached < upto && max-- > 0 &&
	       (found = live_oplog_next(job->oplog, &doc, &at, e)) == 1) {
		if (job->reached == 0 && at.ts != job->begin)
			return error_set(e, ERR_REMOTE,
					 "the oplog no longer has %u.%u: it is too small",
					 entry_seconds(job->begin), entry_increment(job->begin));
		if (watch_renames(job, doc, e) < 0)
			return e->code;
		job->reached = at.ts;
		buf_add_bytes(&job->batch, doc);
		if (job->batch.len >= BATCH_BYTES && push_oplog(job, e) < 0)
			return e->code;
	}
	if (found < 0 || push_oplog(job, e) < 0)
		return e->code;
	return job->reached >= upto;
}

static int begin_oplog(struct job *job, struct error *e)
{
	struct source_ns ns = {.db = "",
			       .coll = "oplog",
			       .coll_len = strlen("oplog"),
			       .options = bytes_of("\5\0\0\0\0", 5),
			       .indexes = bytes_of("\5\0\0\0\0", 5),
			       .file = "the oplog"};

	job->oplog = live_oplog_open(job->live, job->begin);
	return job->sink->begin(job->sink->ctx, &ns, &job->oplog_handle, e);
}

/* All that was written before now, once a majority has it: so what was dropped is dropped there, too. */
static int end_oplog(struct job *job, struct error *e)
{
	uint64_t until = now_ms() + COMMIT_MS;
	int code;

	if (live_refresh(job->live, e) < 0)
		return e->code;
	while ((code = read_oplog(job, job->live->top, UINT64_MAX, e)) == 0) {
		/* A sink looks whether it is cancelled. */
		if (job->sink->docs(job->sink->ctx, job->oplog_handle, bytes_of(NULL, 0),
				    job->oplog_bytes, e) < 0)
			return e->code;
		if (now_ms() > until)
			return error_set(e, ERR_REMOTE,
					 "no majority has the last write of %s after %d s",
					 job->live->member, COMMIT_MS / 1000);
	}
	if (code < 0)
		return code;
	job->info->has_oplog = true;
	return job->sink->end(job->sink->ctx, job->oplog_handle, e);
}

/* ---- collections */

static bool has_id_index(const struct live_list_entry *entry)
{
	static const char name[] = "\2name\0\5\0\0\0_id_";

	return memmem(entry->indexes.at, entry->indexes.len, name, sizeof(name)) != NULL;
}

static bool has_option(const struct live_list_entry *entry, const char *name)
{
	bson_iter_t at;
	bson_t options;

	return bson_init_static(&options, entry->options.at, entry->options.len) &&
	       bson_iter_init_find(&at, &options, name);
}

/*
 * In order of _id no document is met twice (one that is deleted and inserted again moves in natural order).
 * Capped and clustered collections are read in their own order.
 */
static mongoc_cursor_t *open_cursor(struct job *job, const struct live_list_entry *entry,
				    mongoc_collection_t *collection)
{
	bson_t filter = BSON_INITIALIZER, options, hint;
	mongoc_cursor_t *cursor;

	live_find_options(job->live, &options);
	BSON_APPEND_BOOL(&options, "noCursorTimeout", true);
	BSON_APPEND_DOCUMENT_BEGIN(&options, "hint", &hint);
	if (has_id_index(entry) && !has_option(entry, "capped") &&
	    !has_option(entry, "clusteredIndex"))
		BSON_APPEND_INT32(&hint, "_id", 1);
	else
		BSON_APPEND_INT32(&hint, "$natural", 1);
	bson_append_document_end(&options, &hint);
	cursor = mongoc_collection_find_with_opts(collection, &filter, &options, job->live->prefs);
	bson_destroy(&options);
	bson_destroy(&filter);
	return cursor;
}

/* The oplog is read now and then, that it does not run away; the batch is empty. */
static int look_at_oplog(struct job *job, struct error *e)
{
	if (now_ms() < job->next_look)
		return 0;
	if (read_oplog(job, UINT64_MAX, CATCH_UP_MAX, e) < 0)
		return e->code;
	job->next_look = now_ms() + CATCH_UP_MS;
	return 0;
}

static int push_docs(struct job *job, void *handle, uint64_t *offset, struct error *e)
{
	int code = job->sink->docs(job->sink->ctx, handle, buf_bytes(&job->batch), *offset, e);

	*offset += job->batch.len;
	job->done += job->batch.len;
	buf_reset(&job->batch);
	if (code >= 0 && job->sink->progress != NULL)
		job->sink->progress(job->sink->ctx, job->done, 0);
	return code < 0 ? code : look_at_oplog(job, e);
}

/* The cursor's end: 0 it is the collection's, or that is gone, which the oplog says, too. */
static int end_cursor(struct job *job, const struct live_list_entry *entry, mongoc_cursor_t *cursor,
		      struct error *e)
{
	bson_error_t why;
	int code, there;

	if (!mongoc_cursor_error(cursor, &why))
		return 0;
	code = live_error(job->live, &why, entry->coll, e);
	if (why.domain != MONGOC_ERROR_SERVER || !entry->has_uuid || code != ERR_REMOTE)
		return code;
	there = live_list_has(job->live, entry->db, entry->uuid, e);
	if (there < 0)
		return there;
	job->live_source->again = there == 1;
	return there == 1 ? code : 0;
}

static int copy_docs(struct job *job, const struct live_list_entry *entry, void *handle,
		     struct error *e)
{
	mongoc_collection_t *collection =
		mongoc_client_get_collection(job->live->client, entry->db, entry->coll);
	mongoc_cursor_t *cursor = open_cursor(job, entry, collection);
	uint64_t offset = 0;
	const bson_t *doc;
	int code = 0;

	while (code >= 0 && mongoc_cursor_next(cursor, &doc)) {
		struct bytes bytes = bytes_of(bson_get_data(doc), doc->len);

		if (job->options->objcheck != BSON_CHECK_OFF)
			code = bson_check(bytes, job->options->objcheck, e);
		buf_add_bytes(&job->batch, bytes);
		if (code >= 0 && job->batch.len >= BATCH_BYTES)
			code = push_docs(job, handle, &offset, e);
	}
	if (code >= 0)
		code = end_cursor(job, entry, cursor, e);
	if (code >= 0)
		code = push_docs(job, handle, &offset, e);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	return code;
}

static int copy(struct job *job, const struct live_list_entry *entry, struct error *e)
{
	const bool buckets = strncmp(entry->coll, "system.buckets.", 15) == 0;
	OWNED(free) char *file = xprintf("%s.%s", entry->db, entry->coll);
	struct source_ns ns = {
		.db = entry->db,
		.coll = entry->coll,
		.coll_len = strlen(entry->coll),
		.type = entry->is_view	   ? SOURCE_VIEW
			: entry->is_series ? SOURCE_TIMESERIES
					   : SOURCE_COLLECTION,
		.options = buf_bytes(&entry->options),
		.indexes = buf_bytes(&entry->indexes),
		.has_metadata = !buckets,
		.has_uuid = entry->has_uuid && !buckets,
		.file = file,
	};
	void *handle;

	/* As mongodump: what buckets are is said by the time series. */
	if (buckets)
		ns.options = ns.indexes = bytes_of("\5\0\0\0\0", 5);
	memcpy(ns.uuid, entry->uuid, sizeof(ns.uuid));
	if (job->sink->begin(job->sink->ctx, &ns, &handle, e) < 0)
		return e->code;
	if (!entry->is_view && !entry->is_series && copy_docs(job, entry, handle, e) < 0)
		return e->code;
	return job->sink->end(job->sink->ctx, handle, e);
}

int source_live_read(void *ctx, const struct source_options *options,
		     const struct source_sink *sink, struct source_info *ret_info, struct error *e)
{
	OWNED(job_release)
	struct job job = {.live_source = ctx, .options = options, .sink = sink, .info = ret_info};

	*ret_info = (struct source_info){0};
	job.live_source->again = false;
	if (live_open(job.live_source->uri, &job.live, e) < 0)
		return e->code;
	memcpy(ret_info->server_version, job.live->version, sizeof(ret_info->server_version));
	memcpy(ret_info->replica_set, job.live->set, sizeof(ret_info->replica_set));
	if (refuse_transition(job.live, e) < 0 || find_begin(&job, e) < 0 ||
	    live_list_read(job.live, options->filter, &job.list, e) < 0 || begin_oplog(&job, e) < 0)
		return e->code;
	job.next_look = now_ms() + CATCH_UP_MS;
	for (size_t i = 0; i < job.list.count; i++)
		if (copy(&job, &job.list.at[i], e) < 0)
			return e->code;
	return end_oplog(&job, e);
}
