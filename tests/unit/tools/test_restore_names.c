#include "tools/restore_names.h"

#include "tests/harness/harness.h"

/* The new name of `ns` with one pair. */
static void expect(const char *from, const char *to, const char *ns, const char *wanted)
{
	OWNED(restore_names_free) struct restore_names *names = restore_names_new();
	OWNED(buf_release) struct buf found = {0};
	struct error e = {0};

	ASSERT_OK(restore_names_add(names, from, to, &e));
	restore_names_apply(names, bytes_str(ns), &found);
	assert_string_equal(buf_text(&found), wanted);
}

static void refuse(const char *from, const char *to)
{
	OWNED(restore_names_free) struct restore_names *names = restore_names_new();
	struct error e = {0};

	assert_int_equal(restore_names_add(names, from, to, &e), ERR_INVALID);
	assert_true(e.hint[0] != '\0');
}

static void plain_names_are_exchanged(void **state UNUSED)
{
	expect("shop.orders", "shop.before", "shop.orders", "shop.before");
	expect("shop.orders", "shop.before", "shop.orders2", "shop.orders2");
	expect("shop.orders", "shop.before", "xshop.orders", "xshop.orders");
	expect("shop.a\\*b", "shop.c\\*d", "shop.a*b", "shop.c*d");
	expect("shop.a\\*b", "shop.c", "shop.aXb", "shop.aXb");
}

static void asterisks_stand_for_each_other_in_order(void **state UNUSED)
{
	expect("shop.*", "old.*", "shop.a.b.c", "old.a.b.c");
	expect("*.*", "x_*.y_*", "shop.a.b", "x_shop.y_a.b");
	expect("*.orders", "*.before", "shop.orders", "shop.before");
	expect("*.orders", "*.before", "shop.orders.orders", "shop.orders.before");
	expect("shop.*", "old.*", "shop.new\nline", "old.new\nline");
}

static void variables_have_names(void **state UNUSED)
{
	expect("$db$.$c$", "old_$db$.$c$_$db$", "shop.orders", "old_shop.orders_shop");
	expect("$db$.$c$", "one.$c$", "shop.a.b", "one.a.b");
	expect("shop_$n$.*", "all.$n$", "shop_7.*",
	       "all.7"); /* beside variables it is an asterisk */
	expect("shop_$n$.*", "all.$n$", "shop_7.a", "shop_7.a");
}

static void variables_take_as_little_as_they_can(void **state UNUSED)
{
	expect("$a$.$b$", "$b$.$a$", "x.y.z", "y.z.x");
	expect("$a$b$c$.d", "<$a$>.<$c$>", "abbb.d", "<a>.<bb>");
}

static void buckets_follow_their_series(void **state UNUSED)
{
	expect("m.weather", "m.old", "m.system.buckets.weather", "m.system.buckets.old");
	expect("m.*", "n.x_*", "m.system.buckets.w", "n.system.buckets.x_w");
	expect("m.weather", "m.old", "m.system.buckets.other", "m.system.buckets.other");
}

static void of_several_the_last_one_counts(void **state UNUSED)
{
	OWNED(restore_names_free) struct restore_names *names = restore_names_new();
	OWNED(buf_release) struct buf found = {0};
	struct error e = {0};

	ASSERT_OK(restore_names_add(names, "shop.*", "a.*", &e));
	ASSERT_OK(restore_names_add(names, "shop.orders", "b.orders", &e));
	assert_int_equal(restore_names_apply(names, bytes_str("shop.orders"), &found), 2);
	assert_string_equal(buf_text(&found), "b.orders");
	buf_reset(&found);
	assert_int_equal(restore_names_apply(names, bytes_str("shop.carts"), &found), 1);
	assert_string_equal(buf_text(&found), "a.carts");
	buf_reset(&found);
	assert_int_equal(restore_names_apply(names, bytes_str("blog.x"), &found), 0);
	assert_string_equal(buf_text(&found), "blog.x");
}

static void what_does_not_fit_is_refused(void **state UNUSED)
{
	refuse("shop.*", "old.x");
	refuse("shop.x", "old.*");
	refuse("shop.$a", "old.$a$");
	refuse("$a$.$a$", "x.$a$");
	refuse("$a$.b", "x.$c$");
	refuse("shop.a", "x.$c$");
	refuse("", "a.b");
	refuse("a.b", "");
	restore_names_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names_are_exchanged),
		cmocka_unit_test(asterisks_stand_for_each_other_in_order),
		cmocka_unit_test(variables_have_names),
		cmocka_unit_test(variables_take_as_little_as_they_can),
		cmocka_unit_test(buckets_follow_their_series),
		cmocka_unit_test(of_several_the_last_one_counts),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
