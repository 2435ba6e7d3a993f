#include "tools/live_copy.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/buckets.h"
#include "base/clock.h"
#include "base/key.h"
#include "tools/live_reply.h"

#define BATCH_BYTES (1 * MIB)
#define STEP_MS 20
#define LOST_MS 600000	/* how long a lost member is waited for */
#define FAILURES_MAX 10 /* of a server that answers, without a new document in between */
#define BACKOFF_MAX_MS 5000
#define CODE_UNAUTHORIZED 13
#define CODE_NO_NAMESPACE 26

struct live_copy {
	struct live_copy_options options;
	pthread_t *threads;
	unsigned thread_count;
	pthread_mutex_t lock; /* over all below */
	size_t next;	      /* of the list: who takes it copies it */
	unsigned running;
	bool stop, hold, by_name;
	unsigned moves; /* atomic */
	uint64_t done;
	uint64_t paid_until; /* ms: --rate allows nothing before */
	struct error error;  /* the first one */
};

struct worker {
	struct live_copy *copy;
	struct live *live;
	unsigned moves; /* that it has made */
};

/* One collection on its way. */
struct state {
	const struct live_list_entry *entry;
	struct source_ns ns;
	void *handle;
	struct buf last; /* the last document, of what is read in order of _id */
	struct buf last_key, key;
	struct buf batch;
	uint64_t offset;
	bool ordered;		  /* by _id */
	bool gone;		  /* it was dropped: what is there is all */
	uint64_t taken, farthest; /* documents since it was begun, and the most that ever were */
	unsigned failures;	  /* since it came farther than ever before */
};

static void state_release(struct state *state)
{
	buf_release(&state->last);
	buf_release(&state->last_key);
	buf_release(&state->key);
	buf_release(&state->batch);
}
DEFINE_OWNED_STRUCT(struct state, state_release);

static void step(void)
{
	const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

	nanosleep(&pause, NULL);
}

static bool stopped(struct live_copy *copy)
{
	bool stop;

	pthread_mutex_lock(&copy->lock);
	stop = copy->stop;
	pthread_mutex_unlock(&copy->lock);
	return stop;
}

static int error_stopped(struct error *e)
{
	return error_set(e, ERR_CANCELLED, "interrupted");
}

static void note(struct live_copy *copy, const char *text)
{
	pthread_mutex_lock(&copy->lock);
	if (copy->options.note != NULL)
		copy->options.note(copy->options.note_ctx, text);
	pthread_mutex_unlock(&copy->lock);
}

/* ---- connections */

static unsigned moves_of(struct live_copy *copy)
{
	return __atomic_load_n(&copy->moves, __ATOMIC_RELAXED);
}

static int connect_once(struct worker *worker, struct error *e)
{
	struct live_copy *copy = worker->copy;
	struct live like = *copy->options.like;

	/* Who moves takes whom the read preference says. */
	worker->moves = moves_of(copy);
	if (worker->moves > 0)
		like.member[0] = '\0';
	return live_open_like(&like, copy->options.begin, &worker->live, e);
}

static int connect_to_member(struct worker *worker, struct error *e)
{
	uint64_t until = clock_ms() + LOST_MS, backoff = STEP_MS;

	while (worker->live == NULL) {
		uint64_t next;

		if (stopped(worker->copy))
			return error_stopped(e);
		if (connect_once(worker, e) == 0)
			break;
		if (e->code != ERR_REMOTE || clock_ms() > until)
			return e->code;
		next = clock_ms() + backoff;
		backoff = MIN_OF(backoff * 2, (uint64_t)BACKOFF_MAX_MS);
		while (clock_ms() < next && !stopped(worker->copy))
			step();
	}
	return 0;
}

/* ---- one collection */

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

/* {find: its UUID, or its name; hint; min: behind what is there already} */
static void build_find(const struct state *state, bool by_name, const struct live *live,
		       bson_t *ret)
{
	const struct live_list_entry *entry = state->entry;
	bson_t hint, concern, min, last;
	bson_iter_t id;

	bson_init(ret);
	if (by_name)
		BSON_APPEND_UTF8(ret, "find", entry->coll);
	else
		BSON_APPEND_BINARY(ret, "find", BSON_SUBTYPE_UUID, entry->uuid,
				   sizeof(entry->uuid));
	BSON_APPEND_DOCUMENT_BEGIN(ret, "hint", &hint);
	BSON_APPEND_INT32(&hint, state->ordered ? "_id" : "$natural", 1);
	bson_append_document_end(ret, &hint);
	if (state->last.len > 0 && bson_init_static(&last, state->last.at, state->last.len) &&
	    bson_iter_init_find(&id, &last, "_id")) {
		BSON_APPEND_DOCUMENT_BEGIN(ret, "min", &min);
		BSON_APPEND_VALUE(&min, "_id", bson_iter_value(&id));
		bson_append_document_end(ret, &min);
	}
	BSON_APPEND_BOOL(ret, "noCursorTimeout", true);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "readConcern", &concern);
	BSON_APPEND_UTF8(&concern, "level", live->uri->alone ? "local" : "majority");
	bson_append_document_end(ret, &concern);
}

static bool reads_by_name(struct worker *worker, const struct state *state)
{
	return !state->entry->has_uuid || live_copy_by_name(worker->copy);
}

/* The find said no: it is gone, or is to be read by name; 1: try again. */
static int on_refusal(struct worker *worker, struct state *state, bool by_name, const bson_t *reply,
		      struct error *e)
{
	struct live_copy *copy = worker->copy;
	OWNED(free) char *said = live_said(reply);
	bson_iter_t at;
	int64_t code = 0;

	if (bson_iter_init_find(&at, reply, "code"))
		code = bson_iter_as_int64(&at);
	if (code == CODE_NO_NAMESPACE) {
		state->gone = true;
		return 0;
	}
	if (code == CODE_UNAUTHORIZED && !by_name) {
		pthread_mutex_lock(&copy->lock);
		copy->by_name = true;
		pthread_mutex_unlock(&copy->lock);
		return 1;
	}
	return error_set(e, code == CODE_UNAUTHORIZED ? ERR_REFUSED : ERR_REMOTE,
			 "%s, reading %s.%s: %s", worker->live->member, state->entry->db,
			 state->entry->coll, said);
}

static int open_cursor(struct worker *worker, struct state *state, mongoc_client_session_t *session,
		       mongoc_cursor_t **ret, struct error *e)
{
	struct live *live = worker->live;
	int code = 1;

	while (code == 1) {
		bool by_name = reads_by_name(worker, state);
		bson_t find, options = BSON_INITIALIZER, reply;
		bson_error_t why;
		bool ok;

		build_find(state, by_name, live, &find);
		BSON_APPEND_INT32(&options, "serverId", (int32_t)live->server);
		if (session != NULL && !mongoc_client_session_append(session, &options, &why))
			session = NULL;
		ok = mongoc_client_read_command_with_opts(live->client, state->entry->db, &find,
							  live->prefs, &options, &reply, &why);
		bson_destroy(&find);
		code = 0;
		if (ok) { /* takes the reply */
			*ret = mongoc_cursor_new_from_command_reply_with_opts(live->client, &reply,
									      &options);
		} else {
			code = why.domain == MONGOC_ERROR_SERVER
				       ? on_refusal(worker, state, by_name, &reply, e)
				       : live_error(live, &why, state->entry->coll, e);
			bson_destroy(&reply);
		}
		bson_destroy(&options);
	}
	return code;
}

/* Wait as --rate and a hold want it. */
static int pace(struct live_copy *copy, size_t bytes, struct error *e)
{
	uint64_t rate = copy->options.rate, until = 0;

	pthread_mutex_lock(&copy->lock);
	copy->done += bytes;
	if (copy->options.sink->progress != NULL)
		copy->options.sink->progress(copy->options.sink->ctx, copy->done, 0);
	if (rate > 0) {
		if (copy->paid_until < clock_ms())
			copy->paid_until = clock_ms();
		copy->paid_until += (uint64_t)bytes * 1000 / rate;
		until = copy->paid_until;
	}
	pthread_mutex_unlock(&copy->lock);
	for (;;) {
		bool stop, hold;

		pthread_mutex_lock(&copy->lock);
		stop = copy->stop;
		hold = copy->hold;
		pthread_mutex_unlock(&copy->lock);
		if (stop)
			return error_stopped(e);
		if (!hold && clock_ms() >= until)
			return 0;
		step();
	}
}

static int push(struct worker *worker, struct state *state, struct error *e)
{
	const struct source_sink *sink = worker->copy->options.sink;
	size_t len = state->batch.len;
	int code = sink->docs(sink->ctx, state->handle, buf_bytes(&state->batch), state->offset, e);

	state->offset += len;
	buf_reset(&state->batch);
	return code < 0 ? code : pace(worker->copy, len, e);
}

/* Is it the document that was the last one before the connection was lost? */
static int is_again(struct state *state, struct bytes doc, struct error *e)
{
	if (!state->ordered || state->last.len == 0)
		return 0;
	buf_reset(&state->key);
	if (key_of_document(doc, &state->key, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&state->key), buf_bytes(&state->last_key));
}

static int keep_last(struct state *state, struct bytes doc, struct error *e)
{
	if (!state->ordered)
		return 0;
	buf_reset(&state->last);
	buf_add_bytes(&state->last, doc);
	buf_reset(&state->last_key);
	return key_of_document(doc, &state->last_key, e) < 0 ? e->code : 0;
}

static int take(struct worker *worker, struct state *state, const bson_t *doc, struct error *e)
{
	const struct live_copy_options *o = &worker->copy->options;
	struct bytes bytes = bytes_of(bson_get_data(doc), doc->len);

	if (o->objcheck != BSON_CHECK_OFF && bson_check(bytes, o->objcheck, e) < 0)
		return error_wrap(e, "a document of %s.%s", state->entry->db, state->entry->coll);
	buf_add_bytes(&state->batch, bytes);
	return state->batch.len < BATCH_BYTES ? 0 : push(worker, state, e);
}

static int read_cursor(struct worker *worker, struct state *state, mongoc_cursor_t *cursor,
		       struct error *e)
{
	bool first = true;
	const bson_t *doc;
	bson_error_t why;

	while (live_reply_next(cursor, &doc)) {
		struct bytes bytes = bytes_of(bson_get_data(doc), doc->len);
		int again = first ? is_again(state, bytes, e) : 0;

		first = false;
		if (again == 1)
			continue;
		if (again < 0 || take(worker, state, doc, e) < 0 || keep_last(state, bytes, e) < 0)
			return e->code;
		/* What is begun anew each time always has documents, and may come to its end never. */
		if (++state->taken > state->farthest) {
			state->farthest = state->taken;
			state->failures = 0;
		}
		if (worker->moves != moves_of(worker->copy))
			return error_set(e, ERR_REMOTE, "%s became primary", worker->live->member);
	}
	if (!live_reply_error(cursor, &why))
		return 0;
	return live_error(worker->live, &why, state->entry->coll, e);
}

/* From where it stands to the end. */
static int read_on(struct worker *worker, struct state *state, struct error *e)
{
	mongoc_session_opt_t *how = mongoc_session_opts_new();
	mongoc_client_session_t *session;
	mongoc_cursor_t *cursor = NULL;
	bson_error_t why;
	int code;

	/* One session for the find and what follows: servers want that. */
	mongoc_session_opts_set_causal_consistency(how, false);
	session = mongoc_client_start_session(worker->live->client, how, &why);
	mongoc_session_opts_destroy(how);
	code = open_cursor(worker, state, session, &cursor, e);
	if (code >= 0 && cursor != NULL)
		code = read_cursor(worker, state, cursor, e);
	if (cursor != NULL)
		mongoc_cursor_destroy(cursor);
	if (session != NULL)
		mongoc_client_session_destroy(session);
	return code;
}

static int begin_anew(struct worker *worker, struct state *state, struct error *e)
{
	const struct source_sink *sink = worker->copy->options.sink;

	buf_reset(&state->batch);
	buf_reset(&state->last);
	state->offset = 0;
	state->taken = 0;
	sink->drop(sink->ctx, state->handle);
	return sink->begin(sink->ctx, &state->ns, &state->handle, e);
}

/* The connection was lost, or the server ended the cursor: go on, or begin anew. */
static int recover(struct worker *worker, struct state *state, struct error *e)
{
	OWNED(free)
	char *text = xprintf("%s.%s: %s; %s", state->entry->db, state->entry->coll, e->text,
			     state->ordered ? "going on" : "beginning it anew");

	if (++state->failures > FAILURES_MAX)
		return e->code;
	note(worker->copy, text);
	live_close(TAKE(worker->live));
	if (connect_to_member(worker, e) < 0)
		return e->code;
	/* What is not pushed yet is good in order; else nothing is. */
	return state->ordered ? 0 : begin_anew(worker, state, e);
}

static int read_to_end(struct worker *worker, struct state *state, struct error *e)
{
	return read_on(worker, state, e) < 0 ? e->code : push(worker, state, e);
}

static int copy_docs(struct worker *worker, struct state *state, struct error *e)
{
	int code;

	if (worker->moves != moves_of(worker->copy))
		live_close(TAKE(worker->live));
	if (connect_to_member(worker, e) < 0)
		return e->code;
	while ((code = read_to_end(worker, state, e)) < 0) {
		if (stopped(worker->copy))
			return error_stopped(e);
		if (code == ERR_INVALID && state->ns.in_order) {
			state->ns.in_order = false;
			if (begin_anew(worker, state, e) < 0)
				return e->code;
		} else if (code != ERR_REMOTE || recover(worker, state, e) < 0) {
			return e->code;
		}
	}
	return 0;
}

static int copy_one(struct worker *worker, const struct live_list_entry *entry, struct error *e)
{
	static const uint8_t none[] = {5, 0, 0, 0, 0};
	const struct source_sink *sink = worker->copy->options.sink;
	const bool buckets = buckets_is(bytes_str(entry->coll), NULL);
	OWNED(free) char *file = xprintf("%s.%s", entry->db, entry->coll);
	OWNED(state_release)
	struct state state = {
		.entry = entry,
		.ordered = has_id_index(entry) && !has_option(entry, "capped") &&
			   !has_option(entry, "clusteredIndex"),
		.ns = {.db = entry->db,
		       .coll = entry->coll,
		       .coll_len = strlen(entry->coll),
		       .type = entry->is_view	  ? SOURCE_VIEW
			       : entry->is_series ? SOURCE_TIMESERIES
						  : SOURCE_COLLECTION,
		       .options = buf_bytes(&entry->options),
		       .indexes = buf_bytes(&entry->indexes),
		       .building = buf_bytes(&entry->building),
		       .has_metadata = !buckets,
		       .has_uuid = entry->has_uuid && !buckets,
		       .file = file},
	};

	/* As mongodump: what buckets are is said by the time series, when it is there. */
	if (buckets && !entry->is_lone)
		state.ns.options = bytes_of(none, sizeof(none));
	memcpy(state.ns.uuid, entry->uuid, sizeof(state.ns.uuid));
	/* A collation has another order of strings than ours. */
	state.ns.in_order = state.ordered && !has_option(entry, "collation");
	if (sink->begin(sink->ctx, &state.ns, &state.handle, e) < 0)
		return e->code;
	if (!entry->is_view && !entry->is_series && copy_docs(worker, &state, e) < 0)
		return e->code;
	return sink->end(sink->ctx, state.handle, e);
}

/* The next one of the list that nobody took. */
static const struct live_list_entry *take_next(struct live_copy *copy)
{
	const struct live_list *list = copy->options.list;
	const struct live_list_entry *entry = NULL;

	pthread_mutex_lock(&copy->lock);
	if (!copy->stop && copy->next < list->count)
		entry = &list->at[copy->next++];
	pthread_mutex_unlock(&copy->lock);
	return entry;
}

static void *run(void *ctx)
{
	struct worker worker = {.copy = ctx};
	struct live_copy *copy = ctx;
	const struct live_list_entry *entry;
	struct error e = {0};
	int code = 0;

	while (code == 0 && (entry = take_next(copy)) != NULL)
		code = copy_one(&worker, entry, &e);
	live_close(worker.live);
	pthread_mutex_lock(&copy->lock);
	/* One that was told to stop has nothing to say. */
	if (code < 0 && copy->error.code == 0 && (code != ERR_CANCELLED || !copy->stop))
		copy->error = e;
	copy->stop |= code < 0;
	copy->running--;
	pthread_mutex_unlock(&copy->lock);
	return NULL;
}

/* ---- from outside */

int live_copy_start(const struct live_copy_options *options, struct live_copy **ret,
		    struct error *e)
{
	OWNED(live_copy_end) struct live_copy *copy = xcalloc(1, sizeof(*copy));

	copy->options = *options;
	copy->threads = xcalloc(options->connections, sizeof(*copy->threads));
	pthread_mutex_init(&copy->lock, NULL);
	for (unsigned i = 0; i < options->connections; i++) {
		pthread_mutex_lock(&copy->lock);
		copy->running++;
		pthread_mutex_unlock(&copy->lock);
		if (pthread_create(&copy->threads[i], NULL, run, copy) != 0)
			return error_set(e, ERR_NOMEM, "no thread could be started");
		copy->thread_count++;
	}
	*ret = TAKE(copy);
	return 0;
}

int live_copy_poll(struct live_copy *copy, struct error *e)
{
	int code;

	pthread_mutex_lock(&copy->lock);
	code = copy->error.code;
	if (code < 0)
		*e = copy->error;
	else if (copy->running == 0)
		code = 1;
	pthread_mutex_unlock(&copy->lock);
	return code;
}

bool live_copy_by_name(struct live_copy *copy)
{
	bool by_name;

	pthread_mutex_lock(&copy->lock);
	by_name = copy->by_name;
	pthread_mutex_unlock(&copy->lock);
	return by_name;
}

void live_copy_hold(struct live_copy *copy, bool hold)
{
	pthread_mutex_lock(&copy->lock);
	copy->hold = hold;
	pthread_mutex_unlock(&copy->lock);
}

void live_copy_move(struct live_copy *copy)
{
	__atomic_add_fetch(&copy->moves, 1, __ATOMIC_RELAXED);
}

void live_copy_end(struct live_copy *copy)
{
	if (copy == NULL)
		return;
	pthread_mutex_lock(&copy->lock);
	copy->stop = true;
	pthread_mutex_unlock(&copy->lock);
	for (unsigned i = 0; i < copy->thread_count; i++)
		pthread_join(copy->threads[i], NULL);
	pthread_mutex_destroy(&copy->lock);
	free(copy->threads);
	free(copy);
}
