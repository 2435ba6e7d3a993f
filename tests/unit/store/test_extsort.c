#include "store/tree/extsort.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

struct pair {
	struct buf key, doc;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = bytes_compare(buf_bytes(&x->key), buf_bytes(&y->key));

	return order != 0 ? order : bytes_compare(buf_bytes(&x->doc), buf_bytes(&y->doc));
}

/* Sort `count` pairs that `make` makes with `memory` bytes, and compare with qsort. */
static void sort_and_compare(size_t count, size_t memory, uint64_t stream,
			     void (*make)(struct harness_rng *rng, struct pair *ret))
{
	struct harness_rng rng = harness_rng_of(stream);
	struct pair *pairs = xcalloc(count, sizeof(*pairs));
	OWNED(extsort_free) struct extsort *sort = extsort_new(harness_tmpdir(), memory);
	struct bytes key, doc;
	struct error e = {0};

	for (size_t i = 0; i < count; i++) {
		make(&rng, &pairs[i]);
		ASSERT_OK(
			extsort_add(sort, buf_bytes(&pairs[i].key), buf_bytes(&pairs[i].doc), &e));
	}
	qsort(pairs, count, sizeof(*pairs), by_key);
	assert_int_equal(extsort_count(sort), count);
	ASSERT_OK(extsort_finish(sort, &e));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(ASSERT_OK(extsort_next(sort, &key, &doc, &e)), 1);
		ASSERT_BYTES(key, buf_bytes(&pairs[i].key));
		ASSERT_BYTES(doc, buf_bytes(&pairs[i].doc));
		buf_release(&pairs[i].key);
		buf_release(&pairs[i].doc);
	}
	assert_int_equal(ASSERT_OK(extsort_next(sort, &key, &doc, &e)), 0);
	assert_int_equal(ASSERT_OK(extsort_next(sort, &key, &doc, &e)), 0);
	free(pairs);
}

static void random_bytes(struct harness_rng *rng, struct buf *ret, size_t len)
{
	harness_rng_fill(rng, buf_room(ret, len + 1), len);
	ret->len += len;
}

static void small(struct harness_rng *rng, struct pair *ret)
{
	random_bytes(rng, &ret->key, harness_rng_below(rng, 20));
	random_bytes(rng, &ret->doc, harness_rng_below(rng, 100));
}

static void medium(struct harness_rng *rng, struct pair *ret)
{
	random_bytes(rng, &ret->key, 12);
	random_bytes(rng, &ret->doc, 500 + harness_rng_below(rng, 100));
}

/* Few different keys, which begin alike and end with NULs. */
static void alike(struct harness_rng *rng, struct pair *ret)
{
	static const uint8_t zeros[12];

	buf_add(&ret->key, zeros, harness_rng_below(rng, sizeof(zeros)));
	buf_add_u8(&ret->key, (uint8_t)harness_rng_below(rng, 2));
	buf_add(&ret->doc, zeros, harness_rng_below(rng, 3));
	random_bytes(rng, &ret->doc, harness_rng_below(rng, 2));
}

static void large(struct harness_rng *rng, struct pair *ret)
{
	size_t len = harness_rng_below(rng, 3) == 0 ? 16 * MIB : harness_rng_below(rng, 200000);

	random_bytes(rng, &ret->key, harness_rng_below(rng, 4) == 0 ? MIB : 8);
	memset(buf_room(&ret->doc, len + 8), 0x5a, len);
	ret->doc.len = len;
	random_bytes(rng, &ret->doc, 8);
}

static void pairs_come_back_in_order_from_memory(void **state)
{
	(void)state;
	for (size_t count = 0; count < 4; count++)
		sort_and_compare(count, MIB, 190 + count, small);
	sort_and_compare(5000, 100 * MIB, 195, small);
	sort_and_compare(5000, 100 * MIB, 196, alike);
}

static void pairs_come_back_in_order_from_spills(void **state)
{
	(void)state;
	sort_and_compare(20000, 64 * KIB, 197, small);
	sort_and_compare(20000, 64 * KIB, 198, alike);
	sort_and_compare(3000, 1024, 199, small);
}

/* Above 8 MiB all that may be used is reserved; from a spill on it is used again. */
static void pairs_of_many_mebibytes_come_back_in_order(void **state)
{
	(void)state;
	sort_and_compare(20000, 16 * MIB, 205, medium);
	sort_and_compare(40000, 10 * MIB, 206, medium);
}

/* Each pair is a run of its own, so runs are merged before the end, several times. */
static void more_runs_than_can_be_merged_at_once_are_fine(void **state)
{
	(void)state;
	for (size_t count = 254; count < 260; count++)
		sort_and_compare(count, 0, 200, small);
	sort_and_compare(1400, 0, 201, small);
	sort_and_compare(1400, 0, 202, alike);
	sort_and_compare(26000, 0, 207, small); /* those that were merged are merged, too */
}

/* The spill is the only open file in its folder. */
static void stat_spill(const char *folder, struct stat *ret)
{
	for (int fd = 3; fd < 100; fd++) {
		char link[40], path[4096];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		if (len <= 0)
			continue;
		path[len] = '\0';
		if (strncmp(path, folder, strlen(folder)) == 0 && fstat(fd, ret) == 0)
			return;
	}
	fail();
}

/* Can the file system take a part of a file back? */
static bool takes_back(const char *folder)
{
	int fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	bool can = fd >= 0 && ftruncate(fd, MIB) == 0 &&
		   fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, MIB) == 0;

	if (fd >= 0)
		close(fd);
	return can;
}

static void what_is_merged_is_written_a_few_times_only(void **state)
{
	const char *folder = harness_tmpdir();
	OWNED(extsort_free) struct extsort *sort = extsort_new(folder, 0);
	struct harness_rng rng = harness_rng_of(208);
	const size_t count = 10000, len = 4000;
	struct error e = {0};
	struct stat found;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf key = {0};
		OWNED(buf_release) struct buf doc = {0};

		random_bytes(&rng, &key, 12);
		random_bytes(&rng, &doc, len);
		ASSERT_OK(extsort_add(sort, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(extsort_finish(sort, &e));
	stat_spill(folder, &found);
	assert_true((uint64_t)found.st_size < 5 * count * len / 2);
	if (takes_back(folder))
		assert_true((uint64_t)found.st_blocks * 512 < 3 * count * len / 2);
}

static void pairs_of_sixteen_mebibytes_are_fine(void **state)
{
	(void)state;
	sort_and_compare(12, 20 * MIB, 203, large);
	sort_and_compare(4, 1000, 204, large);
}

static void a_sort_that_is_given_up_frees_all(void **state)
{
	OWNED(extsort_free) struct extsort *sort = extsort_new(harness_tmpdir(), 100);
	struct bytes key, doc;
	struct error e = {0};

	(void)state;
	extsort_free(NULL);
	for (int i = 0; i < 50; i++)
		ASSERT_OK(extsort_add(sort, bytes_str("some key"), bytes_str("and some document"),
				      &e));
	ASSERT_OK(extsort_finish(sort, &e));
	ASSERT_OK(extsort_next(sort, &key, &doc, &e));
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	OWNED(extsort_free) struct extsort *sort = extsort_new("/nowhere/at/all", 10);
	struct error e = {0};

	(void)state;
	ASSERT_OK(extsort_add(sort, bytes_str("key 1"), bytes_str("document"), &e));
	ASSERT_ERROR(extsort_add(sort, bytes_str("key 2"), bytes_str("document"), &e), ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_come_back_in_order_from_memory),
		cmocka_unit_test(pairs_come_back_in_order_from_spills),
		cmocka_unit_test(pairs_of_many_mebibytes_come_back_in_order),
		cmocka_unit_test(more_runs_than_can_be_merged_at_once_are_fine),
		cmocka_unit_test(what_is_merged_is_written_a_few_times_only),
		cmocka_unit_test(pairs_of_sixteen_mebibytes_are_fine),
		cmocka_unit_test(a_sort_that_is_given_up_frees_all),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
