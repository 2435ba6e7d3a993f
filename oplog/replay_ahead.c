#include "oplog/replay_ahead.h"

#include <pthread.h>

#include "base/buf.h"

#define BATCHES 4
#define BATCH_BYTES (256 * KIB) /* a larger entry is one of its own, and is not copied */
#define BATCH_ENTRIES 1024

struct batch {
	uint8_t *docs; /* BATCH_BYTES */
	size_t len;
	struct entry *entries; /* BATCH_ENTRIES */
	size_t count;
	bool lent; /* its one entry lies in the source's memory */
	bool last; /* behind it comes `code` */
	int code;
	uint64_t failed_at;
	struct error why;
};

struct replay_ahead {
	const struct replay_source *source;
	uint64_t direct;    /* bytes that the caller read itself */
	uint64_t failed_at; /* the time of what it could not parse */
	bool started;
	pthread_t thread;
	size_t at; /* the caller's place in batch `done` */
	struct batch batches
		[BATCHES]; /* those from `done` up to `filled` are the caller's, the others the thread's */
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t moved;
	uint64_t filled;
	uint64_t done;
	bool stop;
};

struct replay_ahead *replay_ahead_new(const struct replay_source *source)
{
	struct replay_ahead *ahead = xcalloc(1, sizeof(*ahead));

	ahead->source = source;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->moved, NULL);
	return ahead;
}

void replay_ahead_free(struct replay_ahead *ahead)
{
	if (ahead == NULL)
		return;
	if (ahead->started) {
		pthread_mutex_lock(&ahead->lock);
		ahead->stop = true;
		pthread_cond_broadcast(&ahead->moved);
		pthread_mutex_unlock(&ahead->lock);
		pthread_join(ahead->thread, NULL);
	}
	for (size_t i = 0; i < BATCHES; i++) {
		free(ahead->batches[i].docs);
		free(ahead->batches[i].entries);
	}
	pthread_cond_destroy(&ahead->moved);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

/* ---- the thread */

static struct batch *batch_of(struct replay_ahead *ahead, uint64_t number)
{
	return &ahead->batches[number % BATCHES];
}

/* Wait until at most `open` batches are filled and not done. False: nobody wants more. */
static bool wait_for_room(struct replay_ahead *ahead, uint64_t open)
{
	bool wanted;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->filled - ahead->done > open && !ahead->stop)
		pthread_cond_wait(&ahead->moved, &ahead->lock);
	wanted = !ahead->stop;
	pthread_mutex_unlock(&ahead->lock);
	return wanted;
}

static void hand_over(struct replay_ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->filled++;
	pthread_mutex_unlock(&ahead->lock);
	pthread_cond_signal(&ahead->moved);
}

/* entry_parse(), and on an error the entry's time if that can be read. */
static int parse(struct bytes doc, struct entry *ret, uint64_t *ret_failed_at, struct error *e)
{
	struct error ignored = {0};
	struct bson_field ts;
	int code = entry_parse(doc, ret, e);

	if (code < 0 && bson_find(doc, "ts", &ts, &ignored) > 0 && ts.type == BSON_KIND_TIMESTAMP &&
	    ts.value.len == 8)
		*ret_failed_at = get_le64(ts.value.at);
	return code;
}

static void add(struct batch *batch, struct bytes doc)
{
	batch->lent = doc.len > BATCH_BYTES;
	if (!batch->lent) {
		memcpy(batch->docs + batch->len, doc.at, doc.len);
		doc.at = batch->docs + batch->len;
		batch->len += doc.len;
	}
	batch->code = parse(doc, &batch->entries[batch->count], &batch->failed_at, &batch->why);
	batch->last = batch->code < 0;
	batch->count += !batch->last;
}

static void begin(struct batch *batch)
{
	if (batch->docs == NULL) {
		batch->docs = xmalloc(BATCH_BYTES);
		batch->entries = xmalloc(BATCH_ENTRIES * sizeof(*batch->entries));
	}
	batch->len = batch->count = 0;
	batch->lent = batch->last = false;
	batch->failed_at = 0;
}

/*
 * Fill a batch, beginning with *doc when `some`. True: it is full, and *doc is the next entry when `*some` then. An entry that
 * was lent is alone in its batch, and the source stands still until the caller has done with it.
 */
static bool fill(struct replay_ahead *ahead, struct batch *batch, struct bytes *doc, bool *some)
{
	const struct replay_source *source = ahead->source;

	begin(batch);
	while (!batch->last && !batch->lent && batch->count < BATCH_ENTRIES) {
		if (!*some) {
			int found = source->next(source->ctx, doc, &batch->why);

			if (found != 1) {
				batch->code = found;
				batch->last = true;
				break;
			}
		}
		*some = batch->count > 0 && batch->len + doc->len > BATCH_BYTES;
		if (*some)
			break;
		add(batch, *doc);
	}
	return !batch->last;
}

static void *read_ahead(void *arg)
{
	struct replay_ahead *ahead = arg;
	struct bytes doc;
	bool some = false, more = true;

	while (more && wait_for_room(ahead, BATCHES - 1)) {
		struct batch *batch = batch_of(ahead, ahead->filled);
		bool lent;

		more = fill(ahead, batch, &doc, &some);
		lent = batch->lent;
		hand_over(ahead);
		if (lent && !wait_for_room(ahead, 0))
			break;
	}
	return NULL;
}

/* ---- the caller */

/* No thread is no failure: then the caller reads on itself. */
static void start(struct replay_ahead *ahead)
{
	ahead->started = pthread_create(&ahead->thread, NULL, read_ahead, ahead) == 0;
	if (!ahead->started)
		ahead->direct = 0;
}

static int read_directly(struct replay_ahead *ahead, struct entry *ret, struct error *e)
{
	struct bytes doc;
	int found = ahead->source->next(ahead->source->ctx, &doc, e);

	if (found != 1)
		return found;
	ahead->direct += doc.len;
	return parse(doc, ret, &ahead->failed_at, e) < 0 ? e->code : 1;
}

/* The batch that the caller stands in; the one before is the thread's again. */
static struct batch *enter(struct replay_ahead *ahead, bool next)
{
	pthread_mutex_lock(&ahead->lock);
	if (next) {
		ahead->done++;
		ahead->at = 0;
		pthread_cond_signal(&ahead->moved);
	}
	while (ahead->filled == ahead->done)
		pthread_cond_wait(&ahead->moved, &ahead->lock);
	pthread_mutex_unlock(&ahead->lock);
	return batch_of(ahead, ahead->done);
}

int replay_ahead_next(struct replay_ahead *ahead, struct entry *ret, struct error *e)
{
	struct batch *batch;

	if (!ahead->started && ahead->direct >= REPLAY_AHEAD_FROM)
		start(ahead);
	if (!ahead->started)
		return read_directly(ahead, ret, e);
	batch = batch_of(ahead, ahead->done);
	/* Nobody but the caller moves `done`; in a batch that it has entered there is nothing to wait for. */
	if (ahead->at == 0)
		batch = enter(ahead, false);
	while (ahead->at == batch->count && !batch->last)
		batch = enter(ahead, true);
	if (ahead->at < batch->count) {
		*ret = batch->entries[ahead->at++];
		return 1;
	}
	ahead->failed_at = batch->failed_at;
	if (batch->code < 0)
		*e = batch->why;
	return batch->code;
}

uint64_t replay_ahead_failed_at(const struct replay_ahead *ahead)
{
	return ahead->failed_at;
}
