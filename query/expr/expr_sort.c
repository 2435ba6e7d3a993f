#include "query/expr/expr_sort.h"

#define SHORT 16 /* elements that are left to the insertion sort */

struct sorting {
	expr_sort_compare *compare;
	const void *context;
};

static bool less(const struct sorting *s, const struct value *a, const struct value *b)
{
	return s->compare(a, b, s->context) < 0;
}

static void swap(struct value *a, struct value *b)
{
	struct value v = *a;

	*a = *b;
	*b = v;
}

/* Move `at` down to its place; there is one before it that is not greater. */
static void insert(const struct sorting *s, struct value *at, const struct value *first)
{
	struct value v = *at;

	while (at > first && less(s, &v, at - 1)) {
		*at = *(at - 1);
		at--;
	}
	*at = v;
}

static void insertion_sort(const struct sorting *s, struct value *first, const struct value *last)
{
	for (struct value *at = first; at < last; at++)
		insert(s, at, first);
}

static void median_to_first(const struct sorting *s, struct value *first, struct value *a,
			    struct value *b, struct value *c)
{
	if (less(s, a, b)) {
		if (less(s, b, c))
			swap(first, b);
		else
			swap(first, less(s, a, c) ? c : a);
	} else if (less(s, a, c)) {
		swap(first, a);
	} else {
		swap(first, less(s, b, c) ? c : b);
	}
}

/* What is less than the first goes before what is not; returns where that begins. */
static struct value *partition(const struct sorting *s, struct value *begin, struct value *end)
{
	struct value *first = begin + 1, *last = end;

	median_to_first(s, begin, begin + 1, begin + (end - begin) / 2, end - 1);
	for (;;) {
		while (first < end && less(s, first, begin))
			first++;
		last--;
		while (last > begin && less(s, begin, last))
			last--;
		if (first >= last)
			return first;
		swap(first, last);
		first++;
	}
}

/* Put `v` into the heap of `count` at `hole`, whose children are heaps. */
static void sift(const struct sorting *s, struct value *heap, size_t hole, size_t count,
		 struct value v)
{
	size_t top = hole, child = hole;

	while (child + 1 < (count + 1) / 2) {
		child = 2 * (child + 1);
		if (less(s, &heap[child], &heap[child - 1]))
			child--;
		heap[hole] = heap[child];
		hole = child;
	}
	if (count % 2 == 0 && count >= 2 && child == (count - 2) / 2) {
		child = 2 * (child + 1);
		heap[hole] = heap[child - 1];
		hole = child - 1;
	}
	while (hole > top && less(s, &heap[(hole - 1) / 2], &v)) {
		heap[hole] = heap[(hole - 1) / 2];
		hole = (hole - 1) / 2;
	}
	heap[hole] = v;
}

static void heap_sort(const struct sorting *s, struct value *heap, size_t count)
{
	for (size_t i = count / 2; i > 0; i--)
		sift(s, heap, i - 1, count, heap[i - 1]);
	for (size_t i = count; i > 1; i--) {
		struct value v = heap[i - 1];

		heap[i - 1] = heap[0];
		sift(s, heap, 0, i - 1, v);
	}
}

static void quick_sort(const struct sorting *s, struct value *first, struct value *last, int depth)
{
	while (last - first > SHORT) {
		struct value *cut;

		if (depth-- == 0) {
			heap_sort(s, first, (size_t)(last - first));
			return;
		}
		cut = partition(s, first, last);
		quick_sort(s, cut, last, depth);
		last = cut;
	}
}

void expr_sort(struct value *values, size_t count, expr_sort_compare *compare, const void *context)
{
	const struct sorting s = {.compare = compare, .context = context};

	if (count < 2)
		return;
	quick_sort(&s, values, values + count, 2 * (63 - __builtin_clzll(count)));
	insertion_sort(&s, values, values + count);
}
