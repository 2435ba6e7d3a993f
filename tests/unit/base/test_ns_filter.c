#include "base/ns_filter.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "tests/harness/harness.h"

static bool takes(const struct ns_filter *filter, const char *db, const char *coll)
{
	return ns_filter_takes(filter, db, coll, strlen(coll));
}

static void without_patterns_all_is_taken(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();

	assert_true(takes(NULL, "a", "b"));
	assert_true(takes(filter, "a", "b"));
	assert_false(ns_filter_is_partial(NULL));
	assert_false(ns_filter_is_partial(filter));
	ns_filter_free(NULL);
}

static void includes_and_excludes_work_together(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	ASSERT_OK(ns_filter_include(filter, "shop.*", &e));
	ASSERT_OK(ns_filter_include(filter, "*.users", &e));
	ASSERT_OK(ns_filter_exclude(filter, "shop.tmp*", &e));
	assert_true(ns_filter_is_partial(filter));
	assert_true(takes(filter, "shop", "orders"));
	assert_true(takes(filter, "shop", "a.b.c"));
	assert_true(takes(filter, "blog", "users"));
	assert_false(takes(filter, "blog", "users2"));
	assert_false(takes(filter, "shop", "tmp"));
	assert_false(takes(filter, "shop", "tmp.users"));
	assert_false(takes(filter, "shopping", "orders"));
}

static void an_exclude_alone_leaves_the_rest(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	ASSERT_OK(ns_filter_exclude(filter, "a.b", &e));
	assert_true(ns_filter_is_partial(filter));
	assert_false(takes(filter, "a", "b"));
	assert_true(takes(filter, "a", "bb"));
}

static void backslash_escapes(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	ASSERT_OK(ns_filter_include(filter, "a.star\\*", &e));
	ASSERT_OK(ns_filter_include(filter, "a.back\\\\slash", &e));
	ASSERT_OK(ns_filter_include(filter, "a.end\\", &e));
	assert_true(takes(filter, "a", "star*"));
	assert_false(takes(filter, "a", "stars"));
	assert_true(takes(filter, "a", "back\\slash"));
	assert_true(takes(filter, "a", "end\\"));
}

static void buckets_go_with_their_time_series(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	ASSERT_OK(ns_filter_include(filter, "m.weather", &e));
	assert_true(takes(filter, "m", "weather"));
	assert_true(takes(filter, "m", "system.buckets.weather"));
	assert_false(takes(filter, "m", "system.buckets.other"));
}

static void many_stars_take_no_long_time(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};
	char name[20000];

	memset(name, 'a', sizeof(name));
	ASSERT_OK(ns_filter_include(filter, "d.*a*a*a*a*a*a*a*a*a*a*a*a*b", &e));
	assert_false(ns_filter_takes(filter, "d", name, sizeof(name)));
	name[sizeof(name) - 1] = 'b';
	assert_true(ns_filter_takes(filter, "d", name, sizeof(name)));
}

static void what_can_match_nothing_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {"", "orders", "a\\*b", "shop.$cmd"};
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ASSERT_ERROR_TEXT(ns_filter_include(filter, bad[i], &e), ERR_INVALID,
				  "is not a namespace pattern");
		ASSERT_ERROR(ns_filter_exclude(filter, bad[i], &e), ERR_INVALID);
	}
	assert_false(ns_filter_is_partial(filter));
	ASSERT_OK(ns_filter_include(filter, "*", &e));
	assert_true(takes(filter, "a", "b"));
}

static void full_names_are_taken_alike(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	assert_true(ns_filter_takes_ns(NULL, bytes_str("nodot")));
	ASSERT_OK(ns_filter_include(filter, "m.*", &e));
	ASSERT_OK(ns_filter_exclude(filter, "m.tmp", &e));
	assert_true(ns_filter_takes_ns(filter, bytes_str("m.a.b")));
	assert_true(ns_filter_takes_ns(filter, bytes_str("m.system.buckets.a")));
	assert_false(ns_filter_takes_ns(filter, bytes_str("m.system.buckets.tmp")));
	assert_false(ns_filter_takes_ns(filter, bytes_str("m")));
	assert_false(ns_filter_takes_ns(filter, bytes_str("n.a")));
}

/* Written down and read again it takes what it took, escapes and all. */
static void a_filter_can_be_kept(void **state UNUSED)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new(), *again = NULL;
	OWNED(buf_release) struct buf kept = {0}, twice = {0};
	struct error e = {0};

	ASSERT_OK(ns_filter_include(filter, "a.star\\*", &e));
	ASSERT_OK(ns_filter_include(filter, "b.*", &e));
	ASSERT_OK(ns_filter_exclude(filter, "b.\xc3\xa4*", &e));
	ns_filter_encode(filter, &kept);
	ASSERT_OK(ns_filter_decode(buf_bytes(&kept), &again, &e));
	assert_true(takes(again, "a", "star*"));
	assert_false(takes(again, "a", "stars"));
	assert_true(takes(again, "b", "c"));
	assert_false(takes(again, "b", "\xc3\xa4gypten"));
	ns_filter_encode(again, &twice);
	assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(&twice)));
}

static void what_is_no_filter_is_damage(void **state UNUSED)
{
	static const struct {
		uint8_t type;
		const char *value;
		size_t len;
	} bad[] = {
		{BSON_KIND_INT32, "\1\0\0\0", 4},
		{BSON_KIND_STRING, "\4\0\0\0a.b", 8},
		{BSON_KIND_ARRAY,
		 "\x0c\0\0\0\x10"
		 "0\0\1\0\0\0",
		 12},
		{BSON_KIND_ARRAY,
		 "\x0d\0\0\0\2"
		 "0\0\1\0\0\0\0",
		 13},
		{BSON_KIND_ARRAY,
		 "\x11\0\0\0\2"
		 "0\0\5\0\0\0a.\0b\0",
		 17},
		{BSON_KIND_ARRAY,
		 "\x11\0\0\0\2"
		 "0\0\5\0\0\0a.$b\0",
		 17},
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (int second = 0; second < 2; second++) {
			OWNED(ns_filter_free) struct ns_filter *filter = NULL;
			OWNED(buf_release) struct buf doc = {0};
			size_t begin = bson_build_begin(&doc);
			struct error e = {0};

			if (second)
				bson_build_end(&doc, bson_build_open_array(&doc, "include"));
			bson_build_value(&doc, second ? "exclude" : "include", bad[i].type,
					 bytes_of(bad[i].value, bad[i].len));
			if (!second)
				bson_build_end(&doc, bson_build_open_array(&doc, "exclude"));
			bson_build_end(&doc, begin);
			ASSERT_ERROR(ns_filter_decode(buf_bytes(&doc), &filter, &e), ERR_CORRUPT);
			assert_null(filter);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_patterns_all_is_taken),
		cmocka_unit_test(includes_and_excludes_work_together),
		cmocka_unit_test(an_exclude_alone_leaves_the_rest),
		cmocka_unit_test(backslash_escapes),
		cmocka_unit_test(buckets_go_with_their_time_series),
		cmocka_unit_test(many_stars_take_no_long_time),
		cmocka_unit_test(what_can_match_nothing_is_refused),
		cmocka_unit_test(full_names_are_taken_alike),
		cmocka_unit_test(a_filter_can_be_kept),
		cmocka_unit_test(what_is_no_filter_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
