#include "tools/restore_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/harness/harness.h"
#include "tests/harness/test_store.h"

static void open_store(const char *path, struct store **ret)
{
	struct store_params params;
	const struct store_options options = {0};
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	ASSERT_OK(test_store_init(path, &params, &e));
	ASSERT_OK(test_store_open(path, &options, ret, &e));
}

static void what_was_noted_is_there_in_the_next_run(void **state UNUSED)
{
	OWNED(free) char *path = xprintf("%s/state", harness_tmpdir());
	OWNED(store_close) struct store *store = NULL;
	struct restore_state *s = NULL;
	const struct bytes what = bytes_str("this restore");
	struct error e = {0};

	open_store(path, &store);
	assert_false(restore_state_is_there(store, what));
	ASSERT_OK(restore_state_open(store, what, true, &s, &e));
	assert_false(restore_state_was_begun(s, "a.b"));
	ASSERT_OK(restore_state_begin(s, "a.b", &e));
	ASSERT_OK(restore_state_unit(s, "a.b", 7, &e));
	ASSERT_OK(restore_state_begin(s, "a.new\nline", &e));
	restore_state_close(s);
	assert_true(restore_state_is_there(store, what));
	assert_false(restore_state_is_there(store, bytes_str("another")));

	ASSERT_OK(restore_state_open(store, what, true, &s, &e));
	assert_true(restore_state_was_begun(s, "a.b"));
	assert_true(restore_state_was_begun(s, "a.new\nline"));
	assert_false(restore_state_was_begun(s, "a.bc"));
	assert_false(restore_state_was_begun(s, "a."));
	assert_true(restore_state_has_unit(s, "a.b", 7));
	assert_false(restore_state_has_unit(s, "a.b", 70));
	assert_false(restore_state_has_unit(s, "a.b", 0));
	restore_state_end(s);
	restore_state_close(s);
	assert_false(restore_state_is_there(store, what));
}

/* Names are in the file; in that of an encrypted store they are not. */
static void an_encrypted_store_has_no_names_in_it(void **state UNUSED)
{
	OWNED(free) char *path = xprintf("%s/names", harness_tmpdir());
	OWNED(free) char *folder = NULL;
	OWNED(store_close) struct store *store = NULL;
	OWNED(buf_release) struct buf text = {0};
	struct restore_state *s = NULL;
	const struct bytes what = bytes_str("to mongodb://host");
	struct chunk_id id;
	char hex[CHUNK_ID_HEX + 1];
	struct error e = {0};

	open_store(path, &store);
	ASSERT_OK(restore_state_open(store, what, false, &s, &e));
	ASSERT_OK(restore_state_begin(s, "shop.orders", &e));
	id = test_store_id(what);
	chunk_id_hex(&id, hex);
	folder = xprintf("%s/../restore/%s", store_tmp(store), hex);
	assert_int_equal(ASSERT_OK(file_read(folder, 4096, &text, &e)), 1);
	assert_true((memmem(text.at, text.len, "shop.orders", 11) != NULL) !=
		    test_store_is_encrypted());
	assert_non_null(memmem(text.at, text.len, "begun", 5));
	restore_state_close(s);
}

static void a_line_that_was_cut_off_is_no_other_one(void **state UNUSED)
{
	OWNED(free) char *path = xprintf("%s/cut", harness_tmpdir());
	OWNED(free) char *folder = NULL;
	OWNED(store_close) struct store *store = NULL;
	struct restore_state *s = NULL;
	const struct bytes what = bytes_str("x");
	struct error e = {0};
	char file[4096];
	struct stat st;
	FILE *found;

	open_store(path, &store);
	ASSERT_OK(restore_state_open(store, what, false, &s, &e));
	ASSERT_OK(restore_state_begin(s, "shop.carts", &e));
	restore_state_close(s);
	folder = xprintf("ls %s/../restore/*", store_tmp(store));
	found = popen(folder, "r");
	assert_non_null(fgets(file, sizeof(file), found));
	pclose(found);
	file[strcspn(file, "\n")] = '\0';
	assert_int_equal(stat(file, &st), 0);
	for (off_t len = st.st_size - 1; len > 0; len--) {
		assert_int_equal(truncate(file, len), 0);
		ASSERT_OK(restore_state_open(store, what, true, &s, &e));
		for (size_t n = 1; n < 10; n++) {
			char name[11] = "shop.carts";

			name[n] = '\0';
			assert_false(restore_state_was_begun(s, name));
		}
		restore_state_close(s);
		if (stat(file, &st) != 0)
			break;
	}
}

static void without_resume_it_begins_empty(void **state UNUSED)
{
	OWNED(free) char *path = xprintf("%s/anew", harness_tmpdir());
	OWNED(store_close) struct store *store = NULL;
	struct restore_state *s = NULL;
	const struct bytes what = bytes_str("x");
	struct error e = {0};

	open_store(path, &store);
	ASSERT_OK(restore_state_open(store, what, false, &s, &e));
	ASSERT_OK(restore_state_begin(s, "a.b", &e));
	restore_state_close(s);
	ASSERT_OK(restore_state_open(store, what, false, &s, &e));
	assert_false(restore_state_was_begun(s, "a.b"));
	restore_state_close(s);
	assert_false(restore_state_is_there(store, what)); /* nothing was noted: nothing is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_noted_is_there_in_the_next_run),
		cmocka_unit_test(an_encrypted_store_has_no_names_in_it),
		cmocka_unit_test(a_line_that_was_cut_off_is_no_other_one),
		cmocka_unit_test(without_resume_it_begins_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
