/* Prefix: sorter_, sort_ */
#include <inttypes.h>
#include <stdlib.h>

#include "base/bson_build.h"
#include "query/query_error.h"
#include "query/sort_parts.h"
#include "store/store.h"
#include "store/tree/extsort.h"

#define ENTRY_COST 64  /* bytes that an entry takes besides its own */
#define SEQUENCE_LEN 8 /* at the end of each key: makes the sort stable */
#define RECORD_LEN 8   /* before each document: its record id */

/* One of the least `limit` documents. */
struct entry {
	struct buf key, doc;
};

struct sorter {
	struct query_context *q;
	const struct sort *sort;
	uint64_t limit, given, added;
	bool keep_keys;
	struct buf key, record;
	/* The first ones; when there are `limit`, a heap whose first is the greatest, while it fits. */
	struct entry *heap;
	size_t heap_count, heap_room, heap_bytes;
	bool is_heap, is_stable; /* equals come as they were added */
	size_t at;		 /* next of the heap to give */
	struct extsort *all;
	size_t bytes;
};

const char *sort_spill_folder(const struct query_context *q)
{
	const char *folder = getenv("TMPDIR");

	if (q->moment != NULL)
		return store_tmp(moment_store(q->moment));
	return folder != NULL ? folder : "/tmp";
}

struct sorter *sorter_new(struct query_context *q, const struct sort *sort, uint64_t limit,
			  bool keep_keys)
{
	struct sorter *sorter = xcalloc(1, sizeof(*sorter));

	sorter->q = q;
	sorter->sort = sort;
	sorter->limit = limit;
	sorter->keep_keys = keep_keys;
	sorter->is_heap = limit > 0;
	sorter->is_stable = sort->is_index || (sort->count > 0 && sort->parts[0].is_near);
	return sorter;
}

size_t sorter_memory(const struct sorter *sorter)
{
	return sorter == NULL ? 0
			      : sizeof(*sorter) + sorter->key.cap + sorter->record.cap +
					sorter->heap_room * sizeof(*sorter->heap) +
					sorter->heap_bytes + extsort_memory(sorter->all);
}

void sorter_free(struct sorter *sorter)
{
	if (sorter == NULL)
		return;
	for (size_t i = 0; i < sorter->heap_count; i++) {
		buf_release(&sorter->heap[i].key);
		buf_release(&sorter->heap[i].doc);
	}
	free(sorter->heap);
	extsort_free(sorter->all);
	buf_release(&sorter->key);
	buf_release(&sorter->record);
	free(sorter);
}

/* ---- all of them */

static int add_to_all(struct sorter *sorter, struct bytes key, struct bytes record, struct error *e)
{
	sorter->bytes += key.len + record.len + ENTRY_COST;
	if (!sorter->q->allow_disk_use && !sorter->sort->parts[0].is_near &&
	    !sorter->sort->is_index && sorter->bytes > sorter->q->memory)
		return query_error(e, QUERY_DISK_USE_NOT_ALLOWED,
				   "Sort exceeded memory limit of %zu bytes, but did not opt in to "
				   "external sorting.",
				   sorter->q->memory);
	if (sorter->all == NULL)
		sorter->all = extsort_new(sort_spill_folder(sorter->q), sorter->q->memory);
	return extsort_add(sorter->all, key, record, e);
}

/* ---- the least ones */

/*
 * Which of equal keys come first, or are left out, nobody defines; but as long as documents come in the same order, it is the same here as in
 * a mongod when both sift in the same way: its TopKSorter, with the heap functions of GCC's library (bits/stl_heap.h).
 */
static bool is_less(const struct sorter *sorter, const struct buf *a, const struct buf *b)
{
	size_t left_out = sorter->is_stable ? 0 : SEQUENCE_LEN;

	return bytes_compare(bytes_of(a->at, a->len - left_out),
			     bytes_of(b->at, b->len - left_out)) < 0;
}

/* The entry goes from the hole up, not above `top`. */
static void sift_up(struct sorter *sorter, size_t hole, size_t top, struct entry entry)
{
	struct entry *heap = sorter->heap;

	for (; hole > top && is_less(sorter, &heap[(hole - 1) / 2].key, &entry.key);
	     hole = (hole - 1) / 2)
		heap[hole] = heap[(hole - 1) / 2];
	heap[hole] = entry;
}

/* The hole goes down to the end, the entry up from there. */
static void sift_down(struct sorter *sorter, size_t hole, size_t count, struct entry entry)
{
	struct entry *heap = sorter->heap;
	size_t top = hole;

	while (2 * hole + 1 < count) {
		size_t child = 2 * hole + 2;

		if (child == count || is_less(sorter, &heap[child].key, &heap[child - 1].key))
			child--;
		heap[hole] = heap[child];
		hole = child;
	}
	sift_up(sorter, hole, top, entry);
}

static void make_heap(struct sorter *sorter)
{
	for (size_t i = sorter->heap_count / 2; i-- > 0;)
		sift_down(sorter, i, sorter->heap_count, sorter->heap[i]);
}

/* The greatest of the first `count` goes behind the others. */
static void pop(struct sorter *sorter, size_t count)
{
	struct entry last = sorter->heap[count - 1];

	if (count < 2)
		return;
	sorter->heap[count - 1] = sorter->heap[0];
	sift_down(sorter, 0, count - 1, last);
}

static int give_up_heap(struct sorter *sorter, struct error *e)
{
	sorter->is_heap = false;
	for (size_t i = 0; i < sorter->heap_count; i++) {
		struct entry *entry = &sorter->heap[i];

		if (add_to_all(sorter, buf_bytes(&entry->key), buf_bytes(&entry->doc), e) < 0)
			return e->code;
		buf_release(&entry->key);
		buf_release(&entry->doc);
	}
	sorter->heap_count = 0;
	return 0;
}

static int add_to_heap(struct sorter *sorter, struct bytes record, struct error *e)
{
	bool is_full = sorter->heap_count == sorter->limit;
	struct entry *entry;

	if (is_full) {
		pop(sorter, sorter->heap_count);
		entry = &sorter->heap[sorter->heap_count - 1];
		sorter->heap_bytes -= entry->key.len + entry->doc.len;
		buf_reset(&entry->key);
		buf_reset(&entry->doc);
	} else {
		if (sorter->heap_count == sorter->heap_room) {
			sorter->heap_room = MAX_OF(2 * sorter->heap_room, (size_t)16);
			sorter->heap =
				xrealloc(sorter->heap, sorter->heap_room * sizeof(*sorter->heap));
		}
		entry = &sorter->heap[sorter->heap_count++];
		*entry = (struct entry){0};
		sorter->heap_bytes += ENTRY_COST;
	}
	buf_add_bytes(&entry->key, buf_bytes(&sorter->key));
	buf_add_bytes(&entry->doc, record);
	sorter->heap_bytes += entry->key.len + entry->doc.len;
	if (is_full)
		sift_up(sorter, sorter->heap_count - 1, 0, *entry);
	else if (sorter->heap_count == sorter->limit)
		make_heap(sorter);
	return sorter->heap_bytes > sorter->q->memory ? give_up_heap(sorter, e) : 0;
}

/* ---- in */

/* Record id, document, the key's values when they are asked for, what a $near has found. */
static int make_record(struct sorter *sorter, struct expr_frame *frame, const struct stage_doc *doc,
		       struct error *e)
{
	struct value values[SORT_PARTS_MAX];
	size_t begin;

	buf_reset(&sorter->record);
	buf_add_le64(&sorter->record, (uint64_t)doc->record_id);
	buf_add_bytes(&sorter->record, doc->doc);
	if (sorter->keep_keys) {
		if (sort_key_values(sorter->sort, frame, doc, values, e) < 0)
			return e->code;
		begin = bson_build_begin(&sorter->record);
		for (size_t i = 0; i < sorter->sort->count; i++)
			value_write_at(&sorter->record, i, &values[i]);
		bson_build_end(&sorter->record, begin);
	}
	buf_add_bytes(&sorter->record, doc->near);
	return 0;
}

int sorter_add(struct sorter *sorter, struct expr_frame *frame, const struct stage_doc *doc,
	       struct error *e)
{
	buf_reset(&sorter->key);
	if (sort_key_bytes(sorter->sort, frame, doc, &sorter->key, e) < 0)
		return e->code;
	put_be64(buf_room(&sorter->key, SEQUENCE_LEN), sorter->added++);
	sorter->key.len += SEQUENCE_LEN;
	if (sorter->is_heap && sorter->heap_count == sorter->limit &&
	    !is_less(sorter, &sorter->key, &sorter->heap[0].key))
		return 0;
	if (make_record(sorter, frame, doc, e) < 0)
		return e->code;
	if (sorter->is_heap)
		return add_to_heap(sorter, buf_bytes(&sorter->record), e);
	return add_to_all(sorter, buf_bytes(&sorter->key), buf_bytes(&sorter->record), e);
}

/* ---- out */

/* Of all of the key, so equals stay as they came. */
static int by_key(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	return bytes_compare(buf_bytes(&one->key), buf_bytes(&other->key));
}

int sorter_finish(struct sorter *sorter, struct error *e)
{
	if (!sorter->is_heap)
		return sorter->all == NULL ? 0 : extsort_finish(sorter->all, e);
	if (sorter->heap_count < sorter->limit)
		qsort(sorter->heap, sorter->heap_count, sizeof(*sorter->heap), by_key);
	for (size_t left = sorter->heap_count; left > 1 && sorter->heap_count == sorter->limit;
	     left--)
		pop(sorter, left);
	return 0;
}

/* The document that `from` begins with, which is behind it then. */
static struct bytes take_document(struct bytes *from)
{
	uint32_t len = get_le32(from->at);
	struct bytes doc = bytes_of(from->at, len);

	*from = bytes_of(from->at + len, from->len - len);
	return doc;
}

int sorter_next(struct sorter *sorter, struct stage_doc *ret, struct error *e)
{
	struct bytes key, record;
	int found;

	if (sorter->limit > 0 && sorter->given == sorter->limit)
		return 0;
	if (sorter->is_heap) {
		if (sorter->at == sorter->heap_count)
			return 0;
		record = buf_bytes(&sorter->heap[sorter->at++].doc);
	} else {
		if (sorter->all == NULL)
			return 0;
		found = extsort_next(sorter->all, &key, &record, e);
		if (found <= 0)
			return found;
	}
	sorter->given++;
	*ret = (struct stage_doc){.record_id = (int64_t)get_le64(record.at)};
	record = bytes_of(record.at + RECORD_LEN, record.len - RECORD_LEN);
	ret->doc = take_document(&record);
	if (sorter->keep_keys)
		ret->sort_key = take_document(&record);
	ret->near = record;
	return 1;
}
