#include "tools/line_diff.h"

#include <stdlib.h>

#include "tests/harness/harness.h"

static void check(const char *old_text, const char *new_text, const char *expected)
{
	OWNED(buf_release) struct buf patch = {0};
	struct error e = {0};
	int differs =
		ASSERT_OK(line_diff_write(bytes_str(old_text), bytes_str(new_text), &patch, &e));

	assert_int_equal(differs, *expected != '\0');
	assert_string_equal(buf_text(&patch), expected);
}

static void equal_texts_have_no_patch(void **state)
{
	(void)state;
	check("", "", "");
	check("a\nb\n", "a\nb\n", "");
	check("a\nb", "a\nb\n", "");
}

/* As diff -u of diffutils 3.10 prints them. */
static void patches_are_those_of_diff_u(void **state)
{
	(void)state;
	check("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
	check("a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n");
	check("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
	check("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n");
	check("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
	      "@@ -6,3 +6,4 @@\n 6\n 7\n 8\n+9\n");
}

static void differences_far_apart_are_hunks_of_their_own(void **state)
{
	(void)state;
	check("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	      "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	check("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	      "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	      "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

/* The next line of *text, without its newline. */
static struct bytes take_line(struct bytes *text)
{
	const uint8_t *end = memchr(text->at, '\n', text->len);
	struct bytes line = bytes_of(text->at, (size_t)(end - text->at));

	assert_non_null(end);
	text->at = end + 1;
	text->len -= line.len + 1;
	return line;
}

static void add_line(struct buf *to, struct bytes line)
{
	buf_add_bytes(to, line);
	buf_add_u8(to, '\n');
}

/* Apply a patch, checking each line that it names; returns how many lines it changes. */
static size_t apply(struct bytes old_text, struct bytes patch, struct buf *ret)
{
	size_t line_number = 0, edits = 0;

	while (patch.len > 0) {
		struct bytes line = take_line(&patch);

		if (line.at[0] == '@') {
			char *end;
			unsigned long at = strtoul((const char *)line.at + 4, &end, 10);
			unsigned long count = *end == ',' ? strtoul(end + 1, NULL, 10) : 1;

			for (; line_number < (count == 0 ? at : at - 1); line_number++)
				add_line(ret, take_line(&old_text));
			continue;
		}
		if (line.at[0] != '+') {
			ASSERT_BYTES(bytes_of(line.at + 1, line.len - 1), take_line(&old_text));
			line_number++;
		}
		if (line.at[0] != '-')
			add_line(ret, bytes_of(line.at + 1, line.len - 1));
		edits += line.at[0] != ' ';
	}
	buf_add_bytes(ret, old_text);
	return edits;
}

/* Lines that are often equal, so that there is much to choose from. */
static void random_text(struct harness_rng *rng, uint64_t lines, uint64_t letters, struct buf *ret)
{
	for (uint64_t i = 0; i < lines; i++)
		buf_printf(ret, "%c\n", (char)('a' + harness_rng_below(rng, letters)));
}

/* Edits of the shortest patch, by the plain table of longest common subsequences. */
static size_t shortest(struct bytes a, struct bytes b)
{
	size_t n = a.len / 2, m = b.len / 2;
	OWNED(free) size_t *row = xcalloc((n + 1) * (m + 1), sizeof(*row));

	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++)
			row[i * (m + 1) + j] = a.at[2 * (i - 1)] == b.at[2 * (j - 1)]
						       ? row[(i - 1) * (m + 1) + j - 1] + 1
						       : MAX_OF(row[(i - 1) * (m + 1) + j],
								row[i * (m + 1) + j - 1]);
	return n + m - 2 * row[n * (m + 1) + m];
}

static void any_patch_makes_the_new_text_and_is_the_shortest(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	struct error e = {0};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		OWNED(buf_release) struct buf a = {0};
		OWNED(buf_release) struct buf b = {0};
		OWNED(buf_release) struct buf patch = {0};
		OWNED(buf_release) struct buf made = {0};
		uint64_t letters = 1 + harness_rng_below(&rng, 6);

		random_text(&rng, harness_rng_below(&rng, 30), letters, &a);
		random_text(&rng, harness_rng_below(&rng, 30), letters, &b);
		ASSERT_OK(line_diff_write(buf_bytes(&a), buf_bytes(&b), &patch, &e));
		assert_int_equal(apply(buf_bytes(&a), buf_bytes(&patch), &made),
				 shortest(buf_bytes(&a), buf_bytes(&b)));
		ASSERT_BYTES(buf_bytes(&made), buf_bytes(&b));
	}
}

static void texts_without_a_common_line_are_replaced_whatever_their_size(void **state)
{
	OWNED(buf_release) struct buf a = {0};
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf patch = {0};
	OWNED(buf_release) struct buf made = {0};
	struct error e = {0};

	(void)state;
	buf_add_str(&a, "first\n");
	buf_add_str(&b, "first\n");
	for (int i = 0; i < 5000; i++) {
		buf_printf(&a, "old %d\n", i);
		buf_printf(&b, "new %d\n", i);
	}
	assert_int_equal(ASSERT_OK(line_diff_write(buf_bytes(&a), buf_bytes(&b), &patch, &e)), 1);
	assert_int_equal(apply(buf_bytes(&a), buf_bytes(&patch), &made), 10000);
	ASSERT_BYTES(buf_bytes(&made), buf_bytes(&b));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_have_no_patch),
		cmocka_unit_test(patches_are_those_of_diff_u),
		cmocka_unit_test(differences_far_apart_are_hunks_of_their_own),
		cmocka_unit_test(any_patch_makes_the_new_text_and_is_the_shortest),
		cmocka_unit_test(texts_without_a_common_line_are_replaced_whatever_their_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
