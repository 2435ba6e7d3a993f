#include "store/crypt/spill.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/harness/harness.h"

#define SIZE 100000

/* What lies in the file without a name that this process has open in `dir`. */
static void read_unnamed(const char *dir, struct buf *ret)
{
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;

	assert_non_null(fds);
	while ((entry = readdir(fds)) != NULL) {
		OWNED(free) char *link = xprintf("/proc/self/fd/%s", entry->d_name);
		char target[PATH_MAX] = "";
		ssize_t len;

		if (readlink(link, target, sizeof(target) - 1) <= 0 ||
		    strncmp(target, dir, strlen(dir)) != 0)
			continue;
		buf_reset(ret);
		len = pread((int)strtol(entry->d_name, NULL, 10), buf_room(ret, 2 * SIZE), 2 * SIZE,
			    0);
		assert_true(len >= 0);
		ret->len = (size_t)len;
	}
	closedir(fds);
}

/* Write SIZE bytes in pieces, and read pieces of them in any order. Is the text found in the file? */
static bool round_trip(uint64_t stream)
{
	struct harness_rng rng = harness_rng_of(stream);
	OWNED(buf_release) struct buf all = {0}, piece = {0}, file = {0};
	OWNED(spill_free) struct spill *spill = NULL;
	const char *dir = harness_tmpdir();
	struct error e = {0};

	ASSERT_OK(spill_new(dir, "test spill", &spill, &e));
	while (all.len < SIZE) {
		buf_reset(&piece);
		for (uint64_t i = harness_rng_below(&rng, 200); i > 0; i--)
			buf_printf(&piece, "a planted text %llu ", (unsigned long long)i);
		buf_add_bytes(&all, buf_bytes(&piece));
		ASSERT_OK(spill_write(spill, &piece, &e));
		assert_int_equal(piece.len, 0);
		assert_int_equal(spill_size(spill), all.len);
	}
	for (int i = 0; i < 500; i++) {
		size_t at = harness_rng_below(&rng, all.len);
		size_t len = harness_rng_below(&rng, all.len - at + 1);

		buf_reset(&piece);
		ASSERT_OK(spill_read(spill, at, buf_room(&piece, len), len, &e));
		ASSERT_BYTES(bytes_of(piece.at, len), bytes_of(all.at + at, len));
	}
	ASSERT_ERROR(spill_read(spill, all.len - 1, buf_room(&piece, 2), 2, &e), ERR_CORRUPT);
	read_unnamed(dir, &file);
	assert_int_equal(file.len, MIN_OF(all.len, (size_t)2 * SIZE));
	return memmem(file.at, file.len, "planted", 7) != NULL;
}

static void a_spill_is_read_as_it_was_written(void **state UNUSED)
{
	assert_true(round_trip(1));
}

/* Behind the other test: there is no way back. */
static void nothing_can_be_read_in_the_file_of_an_encrypted_one(void **state UNUSED)
{
	spill_encrypt_all();
	assert_false(round_trip(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spill_is_read_as_it_was_written),
		cmocka_unit_test(nothing_can_be_read_in_the_file_of_an_encrypted_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
