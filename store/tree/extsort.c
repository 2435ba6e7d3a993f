#include "store/tree/extsort.h"

#include <assert.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "store/crypt/spill.h"

#define RUNS_MAX 256	      /* more are merged into one first */
#define READ_AHEAD (64 * KIB) /* bytes of a run that are in memory while merging */
#define PAIR_HEADER 8	      /* u32 key length, u32 document length */
#define RADIX_FROM 512	      /* pairs; below it comparing is as fast */
#define FETCH_PAIRS 6	      /* what is returned so many pairs later is fetched, */
#define FETCH_BYTES 256	      /* so much of it */
#define CACHE_LINE 64
#define HUGE_FROM (8 * MIB) /* bytes in memory from which large pages are worth it */
#define HUGE_PAGE (2 * MIB)

/* A pair in memory: where it lies in the arena. Bytes at the start of its key decide most comparisons. */
struct pair {
	uint64_t head;
	size_t at;
	uint32_t key_len, doc_len;
};

/* A sorted piece of the spill, being read. */
struct run {
	uint64_t next, end; /* bytes of the spill not read yet */
	struct buf ahead;
	size_t at; /* of the current pair in `ahead` */
	bool some;
	struct bytes key, doc;
};

struct extsort {
	char *tmp_dir;
	size_t memory;
	struct buf arena;
	struct pair *pairs;
	size_t pair_count, pair_room;
	uint64_t count;
	bool finished;
	size_t out;	     /* next pair when nothing was spilled */
	struct spill *spill; /* or NULL */
	struct run *runs;
	size_t run_count;
	struct run *merged; /* each of them of many; left alone as long as there are few */
	size_t merged_count;
	struct run *current; /* whose pair was returned last */
};

struct extsort *extsort_new(const char *tmp_dir, size_t memory)
{
	struct extsort *sort = xcalloc(1, sizeof(*sort));

	sort->tmp_dir = xstrdup(tmp_dir);
	sort->memory = memory;
	return sort;
}

static void runs_free(struct extsort *sort)
{
	for (size_t i = 0; i < sort->run_count; i++)
		buf_release(&sort->runs[i].ahead);
	free(sort->runs);
	sort->runs = NULL;
	sort->run_count = 0;
}

void extsort_free(struct extsort *sort)
{
	if (sort == NULL)
		return;
	runs_free(sort);
	free(sort->merged);
	spill_free(sort->spill);
	buf_release(&sort->arena);
	free(sort->pairs);
	free(sort->tmp_dir);
	free(sort);
}

uint64_t extsort_count(const struct extsort *sort)
{
	return sort->count;
}

size_t extsort_memory(const struct extsort *sort)
{
	size_t sum;

	if (sort == NULL)
		return 0;
	sum = sizeof(*sort) + sort->arena.cap + sort->pair_room * sizeof(*sort->pairs);
	for (size_t i = 0; i < sort->run_count; i++)
		sum += sizeof(*sort->runs) + sort->runs[i].ahead.cap;
	return sum;
}

/* Eight bytes of a key from `from` on as a number: its order is that of the bytes. */
static uint64_t head_of(struct bytes key, size_t from)
{
	uint8_t room[8] = {0};

	if (key.len > from)
		memcpy(room, key.at + from, MIN_OF(key.len - from, sizeof(room)));
	return get_be64(room);
}

static struct bytes pair_key(const struct extsort *sort, const struct pair *pair)
{
	return bytes_of(sort->arena.at + pair->at, pair->key_len);
}

static struct bytes pair_doc(const struct extsort *sort, const struct pair *pair)
{
	return bytes_of(sort->arena.at + pair->at + pair->key_len, pair->doc_len);
}

static int compare_pairs(const void *a, const void *b, void *ctx)
{
	const struct extsort *sort = ctx;
	const struct pair *x = a, *y = b;
	int order;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	order = bytes_compare(pair_key(sort, x), pair_key(sort, y));
	return order != 0 ? order : bytes_compare(pair_doc(sort, x), pair_doc(sort, y));
}

/* Bytes that all keys begin with: a collection's number, the class of its keys, the year of an ObjectId. */
static size_t common_prefix(const struct extsort *sort)
{
	struct bytes first = pair_key(sort, &sort->pairs[0]);
	size_t common = first.len;

	for (size_t i = 1; i < sort->pair_count && common > 0; i++) {
		struct bytes key = pair_key(sort, &sort->pairs[i]);
		size_t len = 0;

		while (len < common && len < key.len && key.at[len] == first.at[len])
			len++;
		common = len;
	}
	return common;
}

static void sort_some(struct extsort *sort, struct pair *pairs, size_t count)
{
	qsort_r(pairs, count, sizeof(*pairs), compare_pairs, sort);
}

/* By `head` alone, a byte at a time from the last one on; what is equal stays in its order. */
static void sort_by_heads(struct pair *pairs, size_t count)
{
	size_t places[sizeof(uint64_t)][UINT8_MAX + 1] = {0};
	struct pair *room = xmalloc(count * sizeof(*room)), *from = pairs, *to = room, *swap;

	for (size_t i = 0; i < count; i++)
		for (unsigned byte = 0; byte < sizeof(uint64_t); byte++)
			places[byte][pairs[i].head >> (8 * byte) & UINT8_MAX]++;
	for (unsigned byte = 0; byte < sizeof(uint64_t); byte++) {
		size_t *place = places[byte], next = 0;

		if (place[pairs[0].head >> (8 * byte) & UINT8_MAX] == count)
			continue;
		for (unsigned value = 0; value <= UINT8_MAX; value++) {
			size_t of_value = place[value];

			place[value] = next;
			next += of_value;
		}
		for (size_t i = 0; i < count; i++)
			to[place[from[i].head >> (8 * byte) & UINT8_MAX]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != pairs)
		memcpy(pairs, from, count * sizeof(*pairs));
	free(room);
}

/* Pairs of one head, mostly in order already: operations on one document as they came. */
static void sort_equal_heads(struct extsort *sort)
{
	size_t begin = 0;

	for (size_t i = 1; i <= sort->pair_count; i++) {
		if (i < sort->pair_count && sort->pairs[i].head == sort->pairs[begin].head)
			continue;
		if (i - begin > 1)
			sort_some(sort, &sort->pairs[begin], i - begin);
		begin = i;
	}
}

static void sort_memory(struct extsort *sort)
{
	size_t common = sort->pair_count > 1 ? common_prefix(sort) : 0;

	for (size_t i = 0; common > 0 && i < sort->pair_count; i++)
		sort->pairs[i].head = head_of(pair_key(sort, &sort->pairs[i]), common);
	if (sort->pair_count >= RADIX_FROM) {
		sort_by_heads(sort->pairs, sort->pair_count);
		sort_equal_heads(sort);
	} else if (sort->pair_count > 1) {
		sort_some(sort, sort->pairs, sort->pair_count);
	}
}

static void add_run(struct run **runs, size_t *count, uint64_t begin, uint64_t end)
{
	*runs = xrealloc(*runs, (*count + 1) * sizeof(**runs));
	(*runs)[(*count)++] = (struct run){.next = begin, .end = end};
}

static void add_pair_bytes(struct buf *out, struct bytes key, struct bytes doc)
{
	buf_add_le32(out, (uint32_t)key.len);
	buf_add_le32(out, (uint32_t)doc.len);
	buf_add_bytes(out, key);
	buf_add_bytes(out, doc);
}

/* Write what is in memory as a sorted run. */
static int spill_memory(struct extsort *sort, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};
	uint64_t begin;

	if (sort->pair_count == 0)
		return 0;
	if (sort->spill == NULL && spill_new(sort->tmp_dir, "sort spill", &sort->spill, e) < 0)
		return e->code;
	begin = spill_size(sort->spill);
	sort_memory(sort);
	for (size_t i = 0; i < sort->pair_count; i++) {
		add_pair_bytes(&out, pair_key(sort, &sort->pairs[i]),
			       pair_doc(sort, &sort->pairs[i]));
		if (out.len >= MIB && spill_write(sort->spill, &out, e) < 0)
			return e->code;
	}
	if (spill_write(sort->spill, &out, e) < 0)
		return e->code;
	add_run(&sort->runs, &sort->run_count, begin, spill_size(sort->spill));
	sort->pair_count = 0;
	buf_reset(&sort->arena);
	return 0;
}

/* More bytes of a run into memory, at least `need` from its current place. */
static int run_fill(struct extsort *sort, struct run *run, size_t need, struct error *e)
{
	size_t have = run->ahead.len - run->at, more;

	if (have >= need)
		return 0;
	memmove(run->ahead.at, run->ahead.at + run->at, have);
	run->ahead.len = have;
	run->at = 0;
	more = (size_t)MIN_OF((uint64_t)MAX_OF(need - have, READ_AHEAD), run->end - run->next);
	if (have + more < need)
		return error_set(e, ERR_CORRUPT, "sort spill: a run ends within a pair");
	if (buf_reserve(&run->ahead, more, SIZE_MAX, e) < 0 ||
	    spill_read(sort->spill, run->next, run->ahead.at + have, more, e) < 0)
		return e->code;
	run->ahead.len += more;
	run->next += more;
	return 0;
}

/* To the next pair of a run. */
static int run_next(struct extsort *sort, struct run *run, struct error *e)
{
	size_t key_len, doc_len;

	run->some = run->at < run->ahead.len || run->next < run->end;
	if (!run->some)
		return 0;
	if (run->ahead.at == NULL)
		(void)buf_room(&run->ahead, READ_AHEAD);
	if (run_fill(sort, run, PAIR_HEADER, e) < 0)
		return e->code;
	key_len = get_le32(run->ahead.at + run->at);
	doc_len = get_le32(run->ahead.at + run->at + 4);
	if (run_fill(sort, run, PAIR_HEADER + key_len + doc_len, e) < 0)
		return e->code;
	run->key = bytes_of(run->ahead.at + run->at + PAIR_HEADER, key_len);
	run->doc = bytes_of(run->key.at + key_len, doc_len);
	run->at += PAIR_HEADER + key_len + doc_len;
	return 0;
}

static bool run_less(const struct run *a, const struct run *b)
{
	int order;

	if (!a->some || !b->some)
		return a->some;
	order = bytes_compare(a->key, b->key);
	return order != 0 ? order < 0 : bytes_compare(a->doc, b->doc) < 0;
}

/* Restore the heap below `i`: runs[0] is the least. */
static void sift(struct extsort *sort, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, right = left + 1;
		struct run swap;

		if (left < sort->run_count && run_less(&sort->runs[left], &sort->runs[least]))
			least = left;
		if (right < sort->run_count && run_less(&sort->runs[right], &sort->runs[least]))
			least = right;
		if (least == i)
			return;
		swap = sort->runs[i];
		sort->runs[i] = sort->runs[least];
		sort->runs[least] = swap;
		i = least;
	}
}

static int start_merge(struct extsort *sort, struct error *e)
{
	for (size_t i = 0; i < sort->run_count; i++)
		if (run_next(sort, &sort->runs[i], e) < 0)
			return e->code;
	for (size_t i = sort->run_count; i-- > 0;)
		sift(sort, i);
	return 0;
}

/* 1 and the least pair of all runs. */
static int merge_next(struct extsort *sort, struct bytes *ret_key, struct bytes *ret_doc,
		      struct error *e)
{
	if (sort->current != NULL) {
		if (run_next(sort, &sort->runs[0], e) < 0)
			return e->code;
		sift(sort, 0);
	}
	sort->current = &sort->runs[0];
	if (!sort->runs[0].some)
		return 0;
	*ret_key = sort->runs[0].key;
	*ret_doc = sort->runs[0].doc;
	return 1;
}

/* Those that were merged before are runs as others. */
static void take_merged(struct extsort *sort)
{
	for (size_t i = 0; i < sort->merged_count; i++)
		add_run(&sort->runs, &sort->run_count, sort->merged[i].next, sort->merged[i].end);
	sort->merged_count = 0;
}

/*
 * The runs become one, at the end of the spill, so that memory for reading them stays bounded; and with them those that were
 * merged before, once there are many: so each pair is written a few times only. Where they lay is free again.
 */
static int merge_runs(struct extsort *sort, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};
	uint64_t begin = spill_size(sort->spill), freed = begin;
	struct bytes key, doc;
	int found;

	if (sort->merged_count > RUNS_MAX / 2)
		take_merged(sort);
	for (size_t i = 0; i < sort->run_count; i++)
		freed = MIN_OF(freed, sort->runs[i].next);
	if (start_merge(sort, e) < 0)
		return e->code;
	while ((found = merge_next(sort, &key, &doc, e)) == 1) {
		add_pair_bytes(&out, key, doc);
		if (out.len >= MIB && spill_write(sort->spill, &out, e) < 0)
			return e->code;
	}
	if (found < 0 || spill_write(sort->spill, &out, e) < 0)
		return e->code;
	runs_free(sort);
	sort->current = NULL;
	add_run(&sort->merged, &sort->merged_count, begin, spill_size(sort->spill));
	spill_forget(sort->spill, freed, begin);
	return 0;
}

/*
 * All the room that the arena may get at once, in large pages where the system has them: it is filled from the
 * front, and then read all over. What is not filled takes no memory.
 */
static int use_large_pages(struct extsort *sort, struct error *e)
{
	uintptr_t begin, end;

	if (buf_reserve(&sort->arena, sort->memory - sort->arena.len, SIZE_MAX, e) < 0)
		return e->code;
	begin = ((uintptr_t)sort->arena.at + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	end = ((uintptr_t)sort->arena.at + sort->arena.cap) / HUGE_PAGE * HUGE_PAGE;
	if (begin < end)
		(void)!madvise((void *)begin, end - begin, MADV_HUGEPAGE);
	return 0;
}

int extsort_add(struct extsort *sort, struct bytes key, struct bytes doc, struct error *e)
{
	size_t used = sort->arena.len + sort->pair_count * sizeof(*sort->pairs);

	assert(!sort->finished);
	if (used > 0 && used + key.len + doc.len + sizeof(*sort->pairs) > sort->memory) {
		if (spill_memory(sort, e) < 0)
			return e->code;
		if (sort->run_count + sort->merged_count == RUNS_MAX && merge_runs(sort, e) < 0)
			return e->code;
	}
	if (sort->pair_count == sort->pair_room) {
		sort->pair_room = MAX_OF(2 * sort->pair_room, (size_t)256);
		sort->pairs = xrealloc(sort->pairs, sort->pair_room * sizeof(*sort->pairs));
	}
	if (sort->arena.len >= HUGE_FROM && sort->arena.cap < sort->memory &&
	    use_large_pages(sort, e) < 0)
		return e->code;
	if (buf_reserve(&sort->arena, key.len + doc.len, SIZE_MAX, e) < 0)
		return e->code;
	sort->pairs[sort->pair_count++] = (struct pair){head_of(key, 0), sort->arena.len,
							(uint32_t)key.len, (uint32_t)doc.len};
	buf_add_bytes(&sort->arena, key);
	buf_add_bytes(&sort->arena, doc);
	sort->count++;
	return 0;
}

int extsort_finish(struct extsort *sort, struct error *e)
{
	sort->finished = true;
	take_merged(sort);
	if (sort->run_count == 0) {
		sort_memory(sort);
		return 0;
	}
	if (spill_memory(sort, e) < 0)
		return e->code;
	buf_release(&sort->arena);
	free(sort->pairs);
	sort->pairs = NULL;
	sort->pair_room = 0;
	return start_merge(sort, e);
}

/* Pairs lie in the order in which they came: each one would be waited for. */
static void fetch(const struct extsort *sort, const struct pair *pair)
{
	size_t len = MIN_OF((size_t)pair->key_len + pair->doc_len, (size_t)FETCH_BYTES);

	for (size_t at = 0; at < len; at += CACHE_LINE)
		__builtin_prefetch(sort->arena.at + pair->at + at);
}

int extsort_next(struct extsort *sort, struct bytes *ret_key, struct bytes *ret_doc,
		 struct error *e)
{
	assert(sort->finished);
	if (sort->run_count > 0)
		return merge_next(sort, ret_key, ret_doc, e);
	if (sort->out == sort->pair_count)
		return 0;
	if (sort->out + FETCH_PAIRS < sort->pair_count)
		fetch(sort, &sort->pairs[sort->out + FETCH_PAIRS]);
	*ret_key = pair_key(sort, &sort->pairs[sort->out]);
	*ret_doc = pair_doc(sort, &sort->pairs[sort->out]);
	sort->out++;
	return 1;
}
