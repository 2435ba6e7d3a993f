#include "query/scan_round.h"

#include <pthread.h>
#include <unistd.h>

#define FIRST_DOCUMENTS 128    /* of the first round */
#define GROWTH 4	       /* of a round from the one before */
#define PART_BYTES (512 * KIB) /* of documents that one thread takes at a time */
#define PARTS_EACH 4	       /* for each thread in a round */
#define WORKERS_MAX 16
#define CHECK_EVERY 64 /* documents between two looks at the clock */

#define NEAR 16 /* documents that a cursor rather walks over than seeks */

/* A document that is kept: where it begins in the part's bytes, and its rank, or place in natural order. */
struct kept {
	size_t at;
	uint64_t rank;
};

/* Documents [first, end) of the collection, as they are walked, and which of them matched. */
struct part {
	uint64_t first, end;
	struct buf docs, kept; /* `kept` of struct kept */
	int status;
	struct error error;
};

/* What a thread evaluates with. */
struct worker {
	struct scan_round *round;
	struct arena *arena;
	struct expr_frame frame;
};

struct scan_round {
	struct query_context *q;
	struct store *store;
	struct tree_root root;
	const struct scan_plan *plan;
	uint64_t first, end; /* not looked at yet */
	uint64_t documents;  /* of the next round */
	uint64_t documents_max, part_documents;
	uint64_t examined;
	size_t worker_count;
	struct worker workers[WORKERS_MAX];
	struct part *parts;
	size_t part_room, part_count;
	atomic_size_t taken;   /* parts that a thread has taken */
	size_t part, document; /* what is given next */
};

struct scan_round *scan_round_new(struct query_context *q, struct store *store,
				  const struct tree_root *root, const struct scan_plan *plan)
{
	struct scan_round *r = xcalloc(1, sizeof(*r));
	uint64_t each = root->count == 0 ? 1 : root->bytes / root->count + 1;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	r->q = q;
	r->store = store;
	r->root = *root;
	r->plan = plan;
	r->documents = FIRST_DOCUMENTS;
	r->part_documents = MAX_OF(PART_BYTES / each, 16);
	/* A collation belongs to one thread. */
	r->worker_count = q->collation != NULL || plan->match == NULL || cores < 2
				  ? 1
				  : (size_t)MIN_OF(cores, WORKERS_MAX);
	r->documents_max = r->part_documents * PARTS_EACH * r->worker_count;
	for (size_t i = 0; i < r->worker_count && plan->match != NULL; i++) {
		struct worker *w = &r->workers[i];

		w->round = r;
		w->arena = arena_new();
		w->frame = expr_frame_new(q, plan->scope, w->arena);
		if (plan->set != NULL && plan->set_count > 0)
			memcpy(w->frame.slots, plan->set->slots,
			       plan->set_count * sizeof(*w->frame.slots));
	}
	r->workers[0].round = r;
	return r;
}

void scan_round_set(struct scan_round *r, uint64_t first, uint64_t end)
{
	r->first = first;
	r->end = MAX_OF(first, end);
}

void scan_round_free(struct scan_round *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->part_room; i++) {
		buf_release(&r->parts[i].docs);
		buf_release(&r->parts[i].kept);
	}
	for (size_t i = 0; i < WORKERS_MAX; i++)
		arena_free(r->workers[i].arena);
	free(r->parts);
	free(r);
}

/* ---- one part */

/* Read backward, the last document that fails is the first: those before it are not given, those behind it are still to be looked at. */
static int fail_backward(struct part *part, struct error *e)
{
	part->status = e->code;
	part->error = *e;
	buf_reset(&part->docs);
	buf_reset(&part->kept);
	return 0;
}

static int look_at(struct worker *w, struct part *part, struct bytes doc, uint64_t rank,
		   struct error *e)
{
	const struct match *match = w->round->plan->match;
	struct kept kept = {.at = part->docs.len, .rank = rank};
	int found = 1;

	if ((rank & (CHECK_EVERY - 1)) == 0 && query_context_check(w->round->q, e) < 0)
		return e->code;
	if (match != NULL) {
		arena_reset(w->arena);
		expr_frame_set(&w->frame, doc);
		found = match_test(match, &w->frame, doc, NULL, e);
	}
	if (found < 0 && w->round->plan->backward && w->round->plan->order == NULL)
		return fail_backward(part, e);
	if (found <= 0)
		return found;
	buf_add_bytes(&part->docs, doc);
	buf_add(&part->kept, &kept, sizeof(kept));
	return 0;
}

static int look_through(struct worker *w, struct part *part, struct error *e)
{
	struct scan_round *r = w->round;
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(r->store, &r->root);
	uint64_t rank = part->first;
	struct bytes doc;
	int more;

	tree_cursor_set_ahead(cursor, r->worker_count == 1);
	more = tree_cursor_seek_rank(cursor, rank, e);
	for (; more > 0 && rank < part->end; rank++) {
		more = tree_cursor_next(cursor, &doc, e);
		if (more > 0 && look_at(w, part, doc, rank, e) < 0)
			return e->code;
	}
	return MIN_OF(more, 0);
}

/* ---- in natural order: a part is read in the order of the tree, and put right then */

struct pick {
	uint32_t rank, place;
};

static int by_rank(const void *a, const void *b)
{
	uint32_t x = ((const struct pick *)a)->rank, y = ((const struct pick *)b)->rank;

	return x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = ((const struct kept *)a)->rank, y = ((const struct kept *)b)->rank;

	return x < y ? -1 : x > y;
}

static bool is_before(const struct scan_round *r, uint64_t a, uint64_t b)
{
	return r->plan->backward ? a > b : a < b;
}

/* The documents of a part, in the order of the tree. */
static struct pick *pick(const struct scan_round *r, const struct part *part, size_t count)
{
	struct pick *picks = xcalloc(count + 1, sizeof(*picks));

	for (size_t i = 0; i < count; i++)
		picks[i] =
			(struct pick){r->plan->order[part->first + i], (uint32_t)(part->first + i)};
	qsort(picks, count, sizeof(*picks), by_rank);
	return picks;
}

/* The document number `rank`, which is not before the cursor: 1, 0 there is none. */
static int read_at(struct tree_cursor *cursor, uint64_t rank, struct bytes *ret, struct error *e)
{
	uint64_t at = tree_cursor_rank(cursor);
	int more = 1;

	if (rank - at > NEAR)
		more = tree_cursor_seek_rank(cursor, rank, e);
	for (at = tree_cursor_rank(cursor); more > 0 && at <= rank; at++)
		more = tree_cursor_next(cursor, ret, e);
	return more;
}

/* What was kept, in natural order; of it what is given before the document at `failed`, where there is one. */
static void put_right(const struct scan_round *r, struct part *part, int64_t failed)
{
	struct kept *kept = (struct kept *)(void *)part->kept.at;
	size_t count = part->kept.len / sizeof(*kept), left = 0;

	if (count > 1)
		qsort(kept, count, sizeof(*kept), by_place);
	for (size_t i = 0; i < count; i++)
		if (failed < 0 || is_before(r, kept[i].rank, (uint64_t)failed))
			kept[left++] = kept[i];
	part->kept.len = left * sizeof(*kept);
}

static int look_through_natural(struct worker *w, struct part *part, struct error *e)
{
	struct scan_round *r = w->round;
	OWNED(tree_cursor_free) struct tree_cursor *cursor = tree_cursor_new(r->store, &r->root);
	size_t count = (size_t)(part->end - part->first);
	OWNED(free) struct pick *picks = pick(r, part, count);
	struct error met = {0};
	int64_t failed = -1;
	struct bytes doc;

	tree_cursor_set_ahead(cursor, false);
	for (size_t i = 0; i < count; i++) {
		int more;

		/* The first error in natural order counts, as if what is behind it had never been read. */
		if (failed >= 0 && !is_before(r, picks[i].place, (uint64_t)failed))
			continue;
		more = read_at(cursor, picks[i].rank, &doc, e);
		if (more == 0)
			return error_set(e, ERR_CORRUPT,
					 "a tree has fewer documents than its root says");
		if (more < 0)
			return more;
		if (look_at(w, part, doc, picks[i].place, &met) < 0) {
			failed = picks[i].place;
			*e = met;
		}
	}
	put_right(r, part, failed);
	return failed < 0 ? 0 : e->code;
}

static void *work(void *ctx)
{
	struct worker *w = ctx;
	struct scan_round *r = w->round;
	size_t i;

	while ((i = atomic_fetch_add(&r->taken, 1)) < r->part_count) {
		struct part *part = &r->parts[i];

		struct error e = {0};
		int status =
			(r->plan->order == NULL ? look_through : look_through_natural)(w, part, &e);

		if (status < 0) {
			part->status = status;
			part->error = e;
		}
	}
	return NULL;
}

/* ---- a round */

static void add_part(struct scan_round *r, uint64_t first, uint64_t end)
{
	struct part *part;

	if (r->part_count == r->part_room) {
		r->part_room = r->part_room * 2 + 4;
		r->parts = xrealloc(r->parts, r->part_room * sizeof(*r->parts));
		memset(r->parts + r->part_count, 0,
		       (r->part_room - r->part_count) * sizeof(*r->parts));
	}
	part = &r->parts[r->part_count++];
	part->first = first;
	part->end = end;
	part->status = 0;
	buf_reset(&part->docs);
	buf_reset(&part->kept);
}

/* Cut the next piece off the interval, and it into parts in the order in which they are given. */
static void cut(struct scan_round *r)
{
	uint64_t count = MIN_OF(r->documents, r->end - r->first);
	uint64_t each = r->part_documents;

	r->part_count = 0;
	for (uint64_t done = 0; done < count; done += each) {
		uint64_t len = MIN_OF(each, count - done);

		if (r->plan->backward)
			add_part(r, r->end - done - len, r->end - done);
		else
			add_part(r, r->first + done, r->first + done + len);
	}
	if (r->plan->backward)
		r->end -= count;
	else
		r->first += count;
	r->examined += count;
	r->documents = MIN_OF(r->documents * GROWTH, r->documents_max);
}

/* With as many threads as there is work for; this one is the first. What can't be started is done here. */
static void run(struct scan_round *r)
{
	pthread_t threads[WORKERS_MAX];
	size_t want = MIN_OF(r->worker_count, r->part_count), started = 1;

	atomic_store(&r->taken, 0);
	for (; started < want; started++)
		if (pthread_create(&threads[started], NULL, work, &r->workers[started]) != 0)
			break;
	work(&r->workers[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(threads[i], NULL);
	r->part = r->document = 0;
}

static void give(const struct scan_round *r, const struct part *part, size_t count,
		 struct stage_doc *ret)
{
	const struct kept *kept = (const struct kept *)(const void *)part->kept.at;
	size_t i = r->plan->backward ? count - 1 - r->document : r->document;
	const uint8_t *doc = part->docs.at + kept[i].at;

	*ret = (struct stage_doc){.doc = bytes_of(doc, get_le32(doc)),
				  .record_id = (int64_t)kept[i].rank + 1};
}

int scan_round_next(struct scan_round *r, struct stage_doc *ret, struct error *e)
{
	for (;;) {
		for (; r->part < r->part_count; r->part++, r->document = 0) {
			struct part *part = &r->parts[r->part];
			size_t count = part->kept.len / sizeof(struct kept);

			if (r->document < count) {
				give(r, part, count, ret);
				r->document++;
				return 1;
			}
			if (part->status < 0) {
				*e = part->error;
				return part->status;
			}
		}
		if (r->first >= r->end)
			return 0;
		cut(r);
		run(r);
	}
}

uint64_t scan_round_examined(const struct scan_round *r)
{
	return r->examined;
}

size_t scan_round_memory(const struct scan_round *r)
{
	size_t sum = sizeof(*r) + r->part_room * sizeof(*r->parts);

	for (size_t i = 0; i < WORKERS_MAX; i++)
		sum += arena_held(r->workers[i].arena);
	for (size_t i = 0; i < r->part_room; i++)
		sum += r->parts[i].docs.cap + r->parts[i].kept.cap;
	return sum;
}
