#include "tools/restore_fit.h"

#include "base/bson_build.h"
#include "tests/harness/harness.h"

static void names_are_those_that_servers_take(void **state)
{
	char coll[260];

	(void)state;
	assert_null(restore_fit_name("shop", "orders", false, true));
	assert_null(restore_fit_name("shop", "a.b c/d%\"\\*", false, false));
	assert_non_null(restore_fit_name("shop", "a$b", false, true));
	assert_non_null(restore_fit_name("shop", ".a", false, true));
	assert_non_null(restore_fit_name("shop", "", false, true));
	assert_non_null(restore_fit_name("a b", "c", false, true));
	assert_non_null(restore_fit_name("a$b", "c", false, true));
	memset(coll, 'x', sizeof(coll));
	coll[64] = '\0';
	assert_non_null(restore_fit_name(coll, "c", false, true));
	assert_null(restore_fit_name(coll + 1, "c", false, true));
}

static void a_name_has_a_length_with_its_database(void **state)
{
	char coll[260];

	(void)state;
	memset(coll, 'x', sizeof(coll));
	coll[250] = '\0'; /* "shop." and 250 bytes */
	assert_null(restore_fit_name("shop", coll, false, true));
	assert_non_null(restore_fit_name("shopp", coll, false, true));
	assert_non_null(restore_fit_name("shop", coll, false, false));
	assert_null(restore_fit_name("shop", coll + 135, false, false));
	assert_non_null(restore_fit_name("shop", coll + 134, false, false));
	/* Of a time series the buckets have the longer name. */
	assert_non_null(restore_fit_name("shop", coll + 14, true, true));
	assert_null(restore_fit_name("shop", coll + 15, true, true));
}

/* {control: {version: form}} */
static void write_bucket(int32_t form, struct buf *ret)
{
	size_t begin, control;

	buf_reset(ret);
	begin = bson_build_begin(ret);
	control = bson_build_open(ret, "control");
	bson_build_int32(ret, "version", form);
	bson_build_end(ret, control);
	bson_build_end(ret, begin);
}

static void buckets_are_of_a_form_that_the_server_reads(void **state)
{
	static const struct {
		unsigned major, minor;
		int form, fits;
	} cases[] = {{5, 0, 1, 1}, {5, 0, 2, 0}, {5, 2, 2, 1}, {6, 0, 2, 1},
		     {6, 0, 3, 0}, {7, 0, 3, 0}, {8, 0, 3, 1}, {5, 0, 3, 0}};
	OWNED(buf_release) struct buf doc = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct restore_target target = {.major = cases[i].major, .minor = cases[i].minor};
		OWNED(buf_release) struct buf why = {0};
		struct error e = {0};

		write_bucket(cases[i].form, &doc);
		assert_int_equal(restore_fit_bucket(&target, buf_bytes(&doc), &why, &e),
				 cases[i].fits);
		assert_int_equal(why.len == 0, cases[i].fits);
	}
}

static void buckets_are_looked_at_where_some_can_be_of_another_form(void **state)
{
	struct restore_target old = {.major = 5}, middle = {.major = 6}, young = {.major = 8};

	(void)state;
	assert_true(restore_fit_looks_at_buckets(&old, "6.0.27"));
	assert_false(restore_fit_looks_at_buckets(&middle, "6.0.27"));
	assert_true(restore_fit_looks_at_buckets(&middle, "8.0.1"));
	assert_true(restore_fit_looks_at_buckets(&middle, NULL));
	assert_false(restore_fit_looks_at_buckets(&young, "8.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_that_servers_take),
		cmocka_unit_test(a_name_has_a_length_with_its_database),
		cmocka_unit_test(buckets_are_of_a_form_that_the_server_reads),
		cmocka_unit_test(buckets_are_looked_at_where_some_can_be_of_another_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
