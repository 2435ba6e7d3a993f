#include "tools/line_diff.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)2048 * MIB)
#define EDITS_MAX 1024 /* lines that come or go before all is replaced; its square is the memory */

/* A text as lines. */
struct lines {
	struct bytes text;
	uint32_t *begin; /* of each line, and the end of the last one */
	uint32_t count;
};

static void lines_release(struct lines *lines)
{
	free(lines->begin);
}
DEFINE_OWNED_STRUCT(struct lines, lines_release);

static int lines_split(struct bytes text, struct lines *ret, struct error *e)
{
	size_t count = 0;

	if (text.len > TEXT_MAX)
		return error_set(e, ERR_LIMIT, "a text of %zu bytes is too long to be compared",
				 text.len);
	for (size_t i = 0; i < text.len; i++)
		count += text.at[i] == '\n' || i + 1 == text.len;
	ret->text = text;
	ret->begin = malloc((count + 1) * sizeof(*ret->begin));
	if (ret->begin == NULL)
		return error_nomem(e, (count + 1) * sizeof(*ret->begin));
	ret->begin[0] = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\n' || i + 1 == text.len)
			ret->begin[++ret->count] = (uint32_t)(i + 1);
	return 0;
}

/* Line `i` without its newline. */
static struct bytes line_at(const struct lines *lines, uint32_t i)
{
	struct bytes line =
		bytes_of(lines->text.at + lines->begin[i], lines->begin[i + 1] - lines->begin[i]);

	if (line.len > 0 && line.at[line.len - 1] == '\n')
		line.len--;
	return line;
}

/* Lines of the old text that became lines of the new one. */
struct change {
	uint32_t old_at, old_count, new_at, new_count;
};

/* What is worked on. */
struct compare {
	struct lines a, b;
	uint32_t head, tail; /* lines that are equal at the beginning and the end */
	struct change *changes;
	size_t count, room;
};

static void compare_release(struct compare *c)
{
	lines_release(&c->a);
	lines_release(&c->b);
	free(c->changes);
}
DEFINE_OWNED_STRUCT(struct compare, compare_release);

static bool same(const struct compare *c, uint32_t i, uint32_t j)
{
	return bytes_equal(line_at(&c->a, i), line_at(&c->b, j));
}

/* Changes come from the last to the first; those that touch become one. */
static void add_change(struct compare *c, struct change change)
{
	struct change *last = c->count > 0 ? &c->changes[c->count - 1] : NULL;

	if (last != NULL && change.old_at + change.old_count == last->old_at &&
	    change.new_at + change.new_count == last->new_at) {
		change.old_count += last->old_count;
		change.new_count += last->new_count;
		*last = change;
		return;
	}
	if (c->count == c->room) {
		c->room = c->room == 0 ? 16 : c->room * 2;
		c->changes = xrealloc(c->changes, c->room * sizeof(*c->changes));
	}
	c->changes[c->count++] = change;
}

/*
 * How far one gets in the old lines on diagonal k (old line - new line) with d edits: reach[d][k + d].
 * A diagonal is reached by a line that came (from k + 1) or one that went (from k - 1).
 */
struct paths {
	int32_t *reach[EDITS_MAX + 1];
};

static void paths_release(struct paths *paths)
{
	for (size_t d = 0; d <= EDITS_MAX; d++)
		free(paths->reach[d]);
}
DEFINE_OWNED_STRUCT(struct paths, paths_release);

/* Does the way to diagonal k with d edits end with a line that came? */
static bool by_insertion(const int32_t *before, int32_t d, int32_t k)
{
	if (k == -d)
		return true;
	if (k == d)
		return false;
	return before[k - 1 + d - 1] < before[k + 1 + d - 1];
}

/* One more edit on all diagonals; true when both texts are used up. */
static bool extend(const struct compare *c, struct paths *paths, int32_t d, int32_t n, int32_t m)
{
	const int32_t *before = d > 0 ? paths->reach[d - 1] : NULL;
	int32_t *now = xmalloc((size_t)(2 * d + 1) * sizeof(*now));

	paths->reach[d] = now;
	for (int32_t k = -d; k <= d; k += 2) {
		int32_t x = 0;

		if (d > 0)
			x = by_insertion(before, d, k) ? before[k + 1 + d - 1]
						       : before[k - 1 + d - 1] + 1;
		while (x < n && x - k < m && x - k >= 0 &&
		       same(c, c->head + (uint32_t)x, c->head + (uint32_t)(x - k)))
			x++;
		now[k + d] = x;
		if (x >= n && x - k >= m)
			return true;
	}
	return false;
}

/* Walk back from the end; each step is a line that came or went. */
static void backtrack(struct compare *c, const struct paths *paths, int32_t d, int32_t k)
{
	for (; d > 0; d--) {
		const int32_t *before = paths->reach[d - 1];
		bool insertion = by_insertion(before, d, k);
		int32_t from = insertion ? k + 1 : k - 1;
		int32_t x = before[from + d - 1];
		struct change change = {
			.old_at = c->head + (uint32_t)x,
			.new_at = c->head + (uint32_t)(x - from),
			.old_count = !insertion,
			.new_count = insertion,
		};

		add_change(c, change);
		k = from;
	}
}

static void find_changes(struct compare *c)
{
	OWNED(paths_release) struct paths paths = {0};
	uint32_t shorter = MIN_OF(c->a.count, c->b.count);
	int32_t n, m;

	while (c->head < shorter && same(c, c->head, c->head))
		c->head++;
	while (c->tail < shorter - c->head &&
	       same(c, c->a.count - 1 - c->tail, c->b.count - 1 - c->tail))
		c->tail++;
	n = (int32_t)(c->a.count - c->head - c->tail);
	m = (int32_t)(c->b.count - c->head - c->tail);
	if (n == 0 && m == 0)
		return;
	for (int32_t d = 0; n > 0 && m > 0 && d <= EDITS_MAX; d++) {
		if (!extend(c, &paths, d, n, m))
			continue;
		backtrack(c, &paths, d, n - m);
		return;
	}
	add_change(c, (struct change){c->head, (uint32_t)n, c->head, (uint32_t)m});
}

static void add_lines(const struct lines *lines, uint32_t from, uint32_t to, char mark,
		      struct buf *ret)
{
	for (; from < to; from++) {
		buf_add_u8(ret, (uint8_t)mark);
		buf_add_bytes(ret, line_at(lines, from));
		buf_add_u8(ret, '\n');
	}
}

/* "12,3"; a range without lines is named by the line before it. */
static void add_range(uint32_t at, uint32_t count, struct buf *ret)
{
	buf_printf(ret, "%u", count == 0 ? at : at + 1);
	if (count != 1)
		buf_printf(ret, ",%u", count);
}

/* The changes [first, last] (indexes descend) as one hunk. */
static void add_hunk(const struct compare *c, size_t first, size_t last, struct buf *ret)
{
	const struct change *begin = &c->changes[first], *end = &c->changes[last];
	uint32_t lead = MIN_OF(begin->old_at, LINE_DIFF_CONTEXT);
	uint32_t old_end = end->old_at + end->old_count, new_end = end->new_at + end->new_count;
	uint32_t trail = MIN_OF(c->a.count - old_end, LINE_DIFF_CONTEXT);
	uint32_t old_at = begin->old_at - lead, new_at = begin->new_at - lead;

	buf_add_str(ret, "@@ -");
	add_range(old_at, old_end + trail - old_at, ret);
	buf_add_str(ret, " +");
	add_range(new_at, new_end + trail - new_at, ret);
	buf_add_str(ret, " @@\n");
	for (size_t i = first + 1; i-- > last;) {
		const struct change *change = &c->changes[i];

		add_lines(&c->a, old_at, change->old_at, ' ', ret);
		add_lines(&c->a, change->old_at, change->old_at + change->old_count, '-', ret);
		add_lines(&c->b, change->new_at, change->new_at + change->new_count, '+', ret);
		old_at = change->old_at + change->old_count;
	}
	add_lines(&c->a, old_at, old_at + trail, ' ', ret);
}

int line_diff_write(struct bytes old_text, struct bytes new_text, struct buf *ret, struct error *e)
{
	OWNED(compare_release) struct compare c = {0};
	size_t first;

	if (lines_split(old_text, &c.a, e) < 0 || lines_split(new_text, &c.b, e) < 0)
		return e->code;
	find_changes(&c);
	for (first = c.count; first-- > 0;) {
		size_t last = first;

		while (last > 0 && c.changes[last - 1].old_at - c.changes[last].old_at -
						   c.changes[last].old_count <=
					   2 * LINE_DIFF_CONTEXT)
			last--;
		add_hunk(&c, first, last, ret);
		first = last;
	}
	return c.count > 0;
}
