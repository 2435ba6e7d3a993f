#include "store/store_writer.h"

#include <assert.h>

#include "base/file.h"
#include "store/condemned.h"
#include "store/leaf_facts.h"
#include "store/pack/pack_writer.h"
#include "store/settle.h"
#include "store/snapshot/closure.h"
#include "store/tmp_lock.h"
#include "store/writer_encode.h"
#include "store/writer_finish.h"
#include "store/writer_seen.h"

#define THREADS_MAX 64
/* Puts that a thread takes at a time: waking somebody for several costs less. */
#define BATCH 4
/*
 * Plain bytes of rewritten chunks that a writer encodes with more effort; a delta counts an eighth. So a
 * small change, as a nightly ingest brings, is stored small, and a large one takes 0.2 s more on two cores.
 */
#define EFFORT (3 * MIB)
#define EFFORT_OF_DELTA 8

struct store_writer {
	struct store *store;
	int tmp_lock_fd;
	struct writer_finish *finish; /* the thread that finishes packs */
	pthread_mutex_t lock;	      /* over all below */
	pthread_cond_t work, done;    /* a put was queued; a put was done */
	unsigned waiting; /* for `done`, in claim(): with none nobody needs to be woken */
	struct store_put *first, *last;
	size_t queued; /* from `first` to `last` */
	bool stop;
	unsigned threads;
	pthread_t thread[THREADS_MAX];
	struct writer_seen *seen;
	struct pack_writer *packs[PACK_NODES + 1]; /* by enum pack_kind */
	struct store_writer_counts counts;
	size_t effort;	     /* what is left of EFFORT */
	uint32_t *condemned; /* numbers of packs, ascending; whose chunks are not shared */
	size_t condemned_count;
	uint64_t condemned_first; /* the list's number when the writer began */
	uint64_t condemned_last;  /* and now */
	bool condemned_seen;
};

/* Wait until some put is done. Lock held, as in tell_done(). */
static void wait_done(struct store_writer *w)
{
	w->waiting++;
	pthread_cond_wait(&w->done, &w->lock);
	w->waiting--;
}

static void tell_done(struct store_writer *w)
{
	if (w->waiting > 0)
		pthread_cond_broadcast(&w->done);
}

static enum pack_kind pack_of(enum chunk_kind kind)
{
	return kind == CHUNK_NODE ? PACK_NODES : PACK_LEAVES;
}

/* Entries that the index knows now need not be remembered. Called by the finisher. */
static void forget_seen(void *ctx, const struct pack_entry *entries, size_t count, uint64_t size)
{
	struct store_writer *w = ctx;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < count; i++)
		writer_seen_remove(w->seen, &entries[i].id);
	w->counts.stored_bytes += size;
	pthread_mutex_unlock(&w->lock);
}

static struct pack_writer *new_pack(const struct store_writer *w, enum pack_kind kind)
{
	struct pack_writer *pack = pack_writer_new(kind, w->store->keys);

	pack_writer_salt(pack, w->condemned_last);
	return pack;
}

static int append(struct store_writer *w, const struct store_put *put, struct chunk_place *place,
		  struct bytes stored, struct error *e)
{
	enum pack_kind kind = pack_of(put->kind);
	struct pack_writer *full = NULL;
	struct seen_entry *seen;

	place->documents = put->facts.documents;
	place->relaxed = put->facts.relaxed;
	place->canonical = put->facts.canonical;
	place->renderer = put->facts.renderer;
	pthread_mutex_lock(&w->lock);
	if (w->packs[kind] != NULL && pack_writer_is_full(w->packs[kind], stored.len))
		full = TAKE(w->packs[kind]);
	if (w->packs[kind] == NULL)
		w->packs[kind] = new_pack(w, kind);
	pack_writer_add(w->packs[kind], &put->id, place, stored);
	seen = writer_seen_find(w->seen, &put->id);
	assert(seen != NULL);
	seen->state = SEEN_DONE;
	seen->facts = put->facts;
	w->counts.new_chunks++;
	w->counts.delta_chunks += place->depth == DEPTH_DELTA;
	if (put->thorough)
		w->effort -= MIN_OF(w->effort,
				    put->plain.len /
					    (place->depth == DEPTH_DELTA ? EFFORT_OF_DELTA : 1));
	tell_done(w);
	pthread_mutex_unlock(&w->lock);
	return full == NULL ? 0 : writer_finish_add(w->finish, full, e);
}

int store_writer_is_safe(struct store_writer *w, const struct chunk_id *id, unsigned depth,
			 struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(w->store->index, id, places, e);

	for (int i = 0; i < count; i++) {
		struct chunk_id base;
		int safe;

		if (places[i].depth >= depth || store_writer_is_condemned(w, places[i].pack))
			continue;
		if (places[i].codec != CODEC_ZSTD_PREFIX)
			return 1;
		safe = chunk_index_by_prefix(w->store->index, places[i].base, CHUNK_BASE_LEN, &base,
					     1, e);
		if (safe == 1)
			safe = store_writer_is_safe(w, &base, places[i].depth, e);
		if (safe != 0)
			return safe;
	}
	return count < 0 ? count : 0;
}

static bool is_anything_condemned(struct store_writer *w)
{
	bool any;

	pthread_mutex_lock(&w->lock);
	any = w->condemned_count > 0;
	pthread_mutex_unlock(&w->lock);
	return any;
}

/* May a delta be made against the chunk that the put replaces? */
static int is_hint_safe(struct store_writer *w, const struct store_put *put, struct error *e)
{
	struct chunk_id base;
	int found;

	if (!is_anything_condemned(w))
		return 1;
	found = writer_encode_delta_base(w->store, &put->hint, &base, e);
	return found == 1 ? store_writer_is_safe(w, &base, DEPTH_DELTA, e) : found;
}

/* 1 when the store or this writer has the chunk; 0: it is ours to encode. */
static int claim(struct store_writer *w, struct store_put *put, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct seen_entry *seen;
	int known = chunk_index_get(w->store->index, &put->id, places, e);

	/* What the store under a cache has need not be cached; but bases are looked for here only. */
	if (known == 0 && w->store->under != NULL && put->kind != CHUNK_PREFIX)
		known = chunk_index_get(w->store->under->index, &put->id, places, e);
	if (known > 0 && w->store->under == NULL && (put->below > 0 || is_anything_condemned(w)))
		known = store_writer_is_safe(
			w, &put->id, put->below > 0 ? put->below : STORE_WRITER_ANY_DEPTH, e);
	/* A delta whose base is gone with its pack is no reason not to store the chunk again. */
	else if (known > 0 && places[0].codec == CODEC_ZSTD_PREFIX)
		known = closure_has_chunk(w->store, &put->id, e);
	if (known < 0)
		return known;
	pthread_mutex_lock(&w->lock);
	while ((seen = writer_seen_find(w->seen, &put->id)) != NULL && seen->state == SEEN_ENCODING)
		wait_done(w);
	if (known > 0)
		put->facts = (struct chunk_facts){places[0].documents, places[0].relaxed,
						  places[0].canonical, places[0].renderer};
	else if (seen != NULL)
		put->facts = seen->facts;
	else
		writer_seen_add(w->seen, &put->id);
	put->thorough = put->has_hint && w->effort >= put->plain.len;
	put->reused = known > 0 || seen != NULL;
	w->counts.reused_chunks += put->reused;
	pthread_mutex_unlock(&w->lock);
	return put->reused;
}

/* It was claimed but could not be written: let others try. */
static void unclaim(struct store_writer *w, const struct store_put *put)
{
	pthread_mutex_lock(&w->lock);
	writer_seen_remove(w->seen, &put->id);
	tell_done(w);
	pthread_mutex_unlock(&w->lock);
}

/* What the leaf replaces is read for the delta anyway, and its sizes are known: only what differs is measured. */
static int measure(struct store_writer *w, struct store_put *put, struct error *e)
{
	OWNED(chunk_release) struct chunk *base = NULL;
	struct chunk_facts of_base;
	struct chunk_id id;
	struct error ignored;

	if (put->has_hint && writer_encode_delta_base(w->store, &put->hint, &id, &ignored) == 1 &&
	    store_facts(w->store, &id, &of_base, &ignored) == 1 &&
	    store_get(w->store, &id, &base, &ignored) == 0 &&
	    leaf_facts_measure_like(buf_bytes(&put->plain), base->plain, &of_base, &put->facts,
				    &ignored) == 0)
		return 0;
	return leaf_facts_measure(buf_bytes(&put->plain), &put->facts, e);
}

static int process(struct store_writer *w, struct store_put *put, struct error *e)
{
	OWNED(buf_release) struct buf stored = {0};
	struct chunk_place place;
	struct codec *codec;
	int code;

	/* A directory with a larger one would not be read again. */
	if (put->plain.len > CHUNK_PLAIN_MAX)
		return error_set(e, ERR_LIMIT, "a chunk of %zu bytes is over the limit of %zu",
				 put->plain.len, CHUNK_PLAIN_MAX);
	put->id = store_keys_id(w->store->keys, buf_bytes(&put->plain));
	code = claim(w, put, e);
	if (code != 0)
		return code < 0 ? code : 0;
	if (put->kind == CHUNK_LEAF && put->facts.renderer == 0 && measure(w, put, e) < 0) {
		unclaim(w, put);
		return e->code;
	}
	if (put->has_hint) {
		code = is_hint_safe(w, put, e);
		if (code < 0) {
			unclaim(w, put);
			return code;
		}
		put->has_hint = code == 1;
	}
	codec = store_codec_take(w->store);
	code = writer_encode(w->store, codec, put, &stored, &place, e);
	store_codec_give(w->store, codec);
	if (code < 0) {
		unclaim(w, put);
		return code;
	}
	return append(w, put, &place, buf_bytes(&stored), e);
}

static void run_put(struct store_writer *w, struct store_put *put)
{
	int code = process(w, put, &put->error);
	bool waited;

	pthread_mutex_lock(&w->lock);
	put->code = code;
	put->done = true;
	waited = put->waited; /* without the lock it may be gone */
	pthread_mutex_unlock(&w->lock);
	/* Waking somebody for each of many puts costs more than the wait. */
	if (waited)
		pthread_cond_broadcast(&w->done);
}

/* The next puts of the queue, a fair part of them: how many. Lock held. */
static size_t take_puts(struct store_writer *w, struct store_put *ret[BATCH])
{
	size_t fair = w->queued / w->store->threads, count = 0;

	while (w->first != NULL && (count == 0 || (count < BATCH && count < fair))) {
		ret[count++] = w->first;
		w->first = w->first->next;
		w->queued--;
	}
	return count;
}

static void *work(void *arg)
{
	struct store_writer *w = arg;

	for (;;) {
		struct store_put *put[BATCH];
		size_t count;

		pthread_mutex_lock(&w->lock);
		while (w->first == NULL && !w->stop)
			pthread_cond_wait(&w->work, &w->lock);
		count = take_puts(w, put);
		pthread_mutex_unlock(&w->lock);
		if (count == 0)
			return NULL;
		for (size_t i = 0; i < count; i++)
			run_put(w, put[i]);
	}
}

void store_writer_submit(struct store_writer *w, struct store_put *put)
{
	bool some;

	put->next = NULL;
	put->done = put->waited = false;
	pthread_mutex_lock(&w->lock);
	if (w->first == NULL)
		w->first = put;
	else
		w->last->next = put;
	w->last = put;
	some = ++w->queued % BATCH == 0;
	pthread_mutex_unlock(&w->lock);
	if (some)
		pthread_cond_signal(&w->work);
}

int store_writer_wait(struct store_writer *w, struct store_put *put, struct error *e)
{
	pthread_mutex_lock(&w->lock);
	put->waited = true;
	if (!put->done && w->first != NULL)
		pthread_cond_broadcast(&w->work);
	while (!put->done)
		pthread_cond_wait(&w->done, &w->lock);
	pthread_mutex_unlock(&w->lock);
	if (put->code < 0)
		*e = put->error;
	return put->code;
}

int store_writer_put(struct store_writer *w, struct store_put *put, struct error *e)
{
	run_put(w, put);
	if (put->code < 0)
		*e = put->error;
	return put->code;
}

bool store_writer_any_works(struct store *store)
{
	return tmp_lock_has_writer(store->tmp);
}

int store_writer_begin(struct store *store, struct store_writer **ret, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *w = xcalloc(1, sizeof(*w));

	w->store = store;
	w->tmp_lock_fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->done, NULL);
	w->seen = writer_seen_new();
	/* A cache is filled while somebody waits, and thrown away. */
	w->effort = store->under != NULL ? 0 : EFFORT;
	if (store_is_keyless(store))
		return seal_no_key(e);
	if (store_look_writable(store, e) < 0)
		return e->code;
	/* Packs that a killed writer left are found here, and their chunks used. */
	if (tmp_lock_writer(store->tmp, &w->tmp_lock_fd, e) < 0 || store_refresh(store, e) < 0 ||
	    store_writer_look_at_condemned(w, e) < 0)
		return e->code;
	w->finish = writer_finish_new(store, forget_seen, w);
	while (w->threads < MIN_OF(store->threads, (unsigned)THREADS_MAX) &&
	       pthread_create(&w->thread[w->threads], NULL, work, w) == 0)
		w->threads++;
	if (w->threads == 0)
		return error_set(e, ERR_NOMEM, "no thread could be started");
	*ret = TAKE(w);
	return 0;
}

void store_writer_end(struct store_writer *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->threads; i++)
		pthread_join(w->thread[i], NULL);
	writer_finish_free(w->finish);
	for (size_t i = 0; i < COUNT_OF(w->packs); i++)
		pack_writer_free(w->packs[i]);
	writer_seen_free(w->seen);
	free(w->condemned);
	if (w->tmp_lock_fd >= 0)
		close(w->tmp_lock_fd);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int store_writer_look_at_condemned(struct store_writer *w, struct error *e)
{
	OWNED(condemned_release) struct condemned list = {0};
	uint32_t *numbers, *old;
	size_t count;
	bool changed;

	/* A cache is pruned while nobody writes to it. */
	if (w->store->under != NULL)
		return 0;
	if (condemned_read(w->store, &list, e) < 0 ||
	    condemned_numbers(w->store, &list, &numbers, &count, e) < 0)
		return e->code;
	pthread_mutex_lock(&w->lock);
	old = w->condemned;
	w->condemned = numbers;
	w->condemned_count = count;
	if (!w->condemned_seen)
		w->condemned_first = list.number;
	w->condemned_seen = true;
	w->condemned_last = list.number;
	changed = list.number != w->condemned_first;
	pthread_mutex_unlock(&w->lock);
	free(old);
	return count > 0 || changed;
}

bool store_writer_is_condemned(struct store_writer *w, uint32_t pack)
{
	bool found;

	pthread_mutex_lock(&w->lock);
	found = condemned_has_number(w->condemned, w->condemned_count, pack);
	pthread_mutex_unlock(&w->lock);
	return found;
}

void store_writer_expect_much(struct store_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->effort = 0;
	pthread_mutex_unlock(&w->lock);
}

struct store *store_writer_store(struct store_writer *w)
{
	return w->store;
}

const char *store_writer_tmp(struct store_writer *w)
{
	return w->store->tmp;
}

int store_writer_flush(struct store_writer *w, struct error *e)
{
	/* Leaves before nodes: what is known of a node is then below it, too. */
	static const enum pack_kind order[] = {PACK_LEAVES, PACK_NODES};

	for (size_t i = 0; i < COUNT_OF(order); i++) {
		struct pack_writer *pack;

		pthread_mutex_lock(&w->lock);
		pack = TAKE(w->packs[order[i]]);
		pthread_mutex_unlock(&w->lock);
		if (pack != NULL && writer_finish_add(w->finish, pack, e) < 0)
			return e->code;
	}
	return writer_finish_wait(w->finish, e) < 0 ? e->code : settle_found(w->store, e);
}

void store_writer_counts(struct store_writer *w, struct store_writer_counts *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = w->counts;
	pthread_mutex_unlock(&w->lock);
}

/* 1 and the prefix' id; 0: the store has these bytes as a leaf, which no leaf can be decoded with. */
static int put_prefix(struct store_writer *w, struct bytes plain, struct chunk_id *ret,
		      struct error *e)
{
	struct store_put put = {.kind = CHUNK_PREFIX};
	int code;

	buf_add_bytes(&put.plain, plain);
	code = store_writer_put(w, &put, e);
	buf_release(&put.plain);
	if (code < 0)
		return code;
	*ret = put.id;
	return put.reused && put.facts.documents > 0
		       ? store_writer_is_safe(w, &put.id, DEPTH_FULL, e)
		       : 1;
}

int store_writer_prefix(struct store_writer *w, struct bytes plain, struct writer_prefix **ret,
			struct error *e)
{
	OWNED(buf_release) struct buf other = {0};
	struct writer_prefix *prefix;
	struct chunk_id id;
	int made = put_prefix(w, plain, &id, e);

	if (made == 0) {
		/* No leaf ends with a byte that belongs to no document. */
		buf_add_bytes(&other, plain);
		buf_add_u8(&other, 0);
		plain = buf_bytes(&other);
		made = put_prefix(w, plain, &id, e);
	}
	if (made < 0)
		return made;
	prefix = xcalloc(1, sizeof(*prefix));
	prefix->id = id;
	prefix->digest = codec_prefix_new(plain);
	*ret = prefix;
	return 0;
}

int store_writer_prefix_of(struct store_writer *w, const struct chunk_id *id,
			   struct writer_prefix **ret, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct chunk_id at = *id;

	/* From a delta to its full chunk, from there to the prefix. */
	for (int step = 0; step < 2; step++) {
		OWNED(chunk_release) struct chunk *base = NULL;
		struct error ignored;
		int count = chunk_index_get(w->store->index, &at, places, e);

		if (count <= 0)
			return count;
		if (places[0].codec != CODEC_ZSTD_PREFIX ||
		    writer_encode_base_of(w->store, &places[0], &at, e) != 1)
			return 0;
		if (places[0].depth != DEPTH_FULL)
			continue;
		if (store_get(w->store, &at, &base, &ignored) < 0)
			return 0;
		/* It is stored again where it is condemned. */
		return store_writer_prefix(w, base->plain, ret, e) < 0 ? e->code : 1;
	}
	return 0;
}

void writer_prefix_free(struct writer_prefix *prefix)
{
	if (prefix == NULL)
		return;
	codec_prefix_free(prefix->digest);
	free(prefix);
}
