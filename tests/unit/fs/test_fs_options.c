#include "fs/fs_options.h"

#include "tests/harness/harness.h"

#define PARSE(options, ...)                                                                        \
	({                                                                                         \
		const char *const argv_[] = {__VA_ARGS__};                                         \
		fs_options_parse((int)COUNT_OF(argv_), (char *const *)argv_, (options), &e);       \
	})

static void store_and_mount_point_are_enough(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "/store", "/mnt"));
	assert_string_equal(o.store, "/store");
	assert_string_equal(o.mountpoint, "/mnt");
	assert_false(o.foreground);
	assert_int_equal(o.umask, 0277);
	assert_int_equal(o.uid, getuid());
	assert_int_equal(o.cache_bytes, 0);
}

static void options_may_stand_anywhere(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "-oallow_other,uid=7", "-f", "/s", "-o", "gid=8,cache=128M",
			"/m"));
	assert_true(o.foreground);
	assert_true(o.allow_other);
	assert_int_equal(o.uid, 7);
	assert_int_equal(o.gid, 8);
	assert_int_equal(o.cache_bytes, 128 * MIB);
	assert_int_equal(o.umask, 0222);
	assert_string_equal(o.mountpoint, "/m");
}

static void a_size_may_have_a_unit(void **state)
{
	static const struct {
		const char *option;
		size_t bytes;
	} rows[] = {
		{"cache=1048576", MIB},	    {"cache=1024k", MIB},  {"cache=2048K", 2 * MIB},
		{"cache=1m", MIB},	    {"cache=3M", 3 * MIB}, {"cache=2g", 2048 * MIB},
		{"cache=1024G", MIB << 20},
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(fs_options_release) struct fs_options o;

		ASSERT_OK(PARSE(&o, "yesterfs", "/s", "/m", "-o", rows[i].option));
		assert_int_equal(o.cache_bytes, rows[i].bytes);
	}
}

static void what_fstab_says_is_understood(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	struct error e = {0};

	(void)state;
	ASSERT_OK(
		PARSE(&o, "yesterfs", "/s", "/m", "-o",
		      "rw,nofail,noauto,user,_netdev,x-systemd.automount,x-systemd.idle-timeout=60,"
		      "dev,suid,defaults,umask=027"));
	assert_int_equal(o.umask, 027);
}

static void mounts_helper_has_letters_of_its_own(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	OWNED(fs_options_release) struct fs_options fake;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "/sbin/mount.fuse.yesterfs", "/s", "/m", "-sn", "-v", "-t",
			"fuse.yesterfs", "-o", "rw"));
	assert_false(o.foreground);
	ASSERT_OK(PARSE(&fake, "/sbin/mount.fuse.yesterfs", "/s", "/m", "-f"));
	assert_int_equal(fake.todo, FS_OPTIONS_NOTHING);
}

static void usage_errors_are_told(void **state)
{
	OWNED(fs_options_release) struct fs_options o = {0};
	struct error e = {0};

	(void)state;
#define REFUSED(code, ...)                                                                         \
	do {                                                                                       \
		fs_options_release(&o);                                                            \
		ASSERT_ERROR(PARSE(&o, "yesterfs", __VA_ARGS__), code);                            \
	} while (0)
	REFUSED(ERR_INVALID, "/s");
	REFUSED(ERR_INVALID, "/s", "/m", "/x");
	REFUSED(ERR_INVALID, "/s", "/m", "-x");
	REFUSED(ERR_INVALID, "/s", "/m", "-v");
	REFUSED(ERR_INVALID, "/s", "/m", "-o");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "foo");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "uid=x");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "uid=-1");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "umask=888");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "umask=7777");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=1K");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=1023K");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=1025G");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=M");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=-2M");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=64MB");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "cache=99999999999999999999");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "show=text");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "bson");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "show=");
	REFUSED(ERR_INVALID, "/s", "/m", "-o", "json=pretty");
}

static void a_key_is_named_by_a_file_or_a_command(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "/s", "/m", "-o", "key_file=/a"));
	assert_string_equal(o.key_file, "/a");
	assert_null(o.key_command);
	fs_options_release(&o);
	ASSERT_OK(PARSE(&o, "yesterfs", "/s", "/m", "-o",
			"key_file=/a,nonempty,key_command=get a\\,b | tr = -"));
	assert_string_equal(o.key_file, "/a");
	assert_string_equal(o.key_command, "get a,b | tr = -");
}

static void the_list_of_show_ends_with_the_next_option(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "/s", "/m", "-o", "show=bson,bson,nonempty"));
	assert_true(o.nonempty);
	assert_int_equal(o.show, FS_OPTIONS_SHOW_BSON);
}

static void all_forms_are_shown_unless_told_otherwise(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	OWNED(fs_options_release) struct fs_options p;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "/s", "/m"));
	assert_int_equal(o.show, FS_OPTIONS_SHOW_ALL);
	assert_false(o.canonical);
	ASSERT_OK(PARSE(&p, "yesterfs", "/s", "/m", "-o", "show=json,docs,json=canonical"));
	assert_int_equal(p.show, FS_OPTIONS_SHOW_JSON | FS_OPTIONS_SHOW_DOCS);
	assert_true(p.canonical);
}

static void a_slip_in_an_option_finds_what_was_meant(void **state)
{
	static const char *const slips[][2] = {
		{"alow_other", "did you mean -o allow_other?"},
		{"allow-other", "did you mean -o allow_other?"},
		{"cache", "did you mean -o cache=SIZE?"},
		{"chache=1G", "did you mean -o cache=SIZE?"},
		{"non_empty", "did you mean -o nonempty?"},
		{"jsn=canonical", "did you mean -o json=canonical?"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(slips); i++) {
		OWNED(fs_options_release) struct fs_options o;
		struct error e = {0};

		assert_int_equal(PARSE(&o, "yesterfs", "-o", slips[i][0], "/s", "/m"), ERR_INVALID);
		assert_string_equal(e.hint, slips[i][1]);
	}
}

static void help_and_version_need_no_paths(void **state)
{
	OWNED(fs_options_release) struct fs_options o;
	OWNED(fs_options_release) struct fs_options p;
	struct error e = {0};

	(void)state;
	ASSERT_OK(PARSE(&o, "yesterfs", "--help"));
	assert_int_equal(o.todo, FS_OPTIONS_HELP);
	ASSERT_OK(PARSE(&p, "yesterfs", "-V"));
	assert_int_equal(p.todo, FS_OPTIONS_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_and_mount_point_are_enough),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(a_size_may_have_a_unit),
		cmocka_unit_test(what_fstab_says_is_understood),
		cmocka_unit_test(mounts_helper_has_letters_of_its_own),
		cmocka_unit_test(usage_errors_are_told),
		cmocka_unit_test(a_key_is_named_by_a_file_or_a_command),
		cmocka_unit_test(the_list_of_show_ends_with_the_next_option),
		cmocka_unit_test(all_forms_are_shown_unless_told_otherwise),
		cmocka_unit_test(a_slip_in_an_option_finds_what_was_meant),
		cmocka_unit_test(help_and_version_need_no_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
