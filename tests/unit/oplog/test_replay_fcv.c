#include "oplog/replay_fcv.h"

#include "tests/unit/oplog/text_doc.h"

/* One operation on admin.system.version, or any other. */
static void see(struct replay_fcv *fcv, const char *op, bool is_version)
{
	OWNED(buf_release) struct buf b = {0}, text = {0};
	struct error e = {0};
	struct entry entry;

	buf_printf(&text,
		   "{'ts':{'$timestamp':{'t':100,'i':7}},'v':2,'ns':'admin.system.version',%s",
		   op + 1);
	ASSERT_OK(entry_parse(text_doc(&b, buf_text(&text)), &entry, &e));
	replay_fcv_see(fcv, &entry);
	if (is_version)
		ASSERT_OK(replay_fcv_document(fcv, &entry, &e));
}

static void the_newest_of_server_and_fcv_decides(void **state)
{
	static const struct {
		const char *server, *version;
		int major;
		bool evicts, lists_ns;
	} cases[] = {
		{NULL, NULL, 4, true, false},
		{"4.2.6", NULL, 4, true, true},
		{"4.2.6", "4.2", 4, true, true},
		{"4.4.2", "4.4", 4, true, false},
		{"5.0.4", "4.4", 5, true, false},
		{"5.0.4", "5.0", 5, false, false},
		{"5.0.4", NULL, 5, false, false},
		{NULL, "4.4", 4, true, false},
		{NULL, "6.0", 6, false, false},
		{"6.0.27", "5.0", 6, false, false},
		{"8.0.1", NULL, 8, false, false},
		{"5.0.4", "6.0", 6, false, false},
		{"", "", 4, true, false},
		{"v6", "x", 4, true, false},
		{"3.6.1", NULL, 4, true, true},
		{"10.0.0-rc0", NULL, 10, false, false},
		{"99999999999.1", NULL, 4, true, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(replay_fcv_release) struct replay_fcv fcv = {0};

		replay_fcv_begin(&fcv, cases[i].server, cases[i].version);
		if (replay_fcv_major(&fcv) != cases[i].major ||
		    replay_fcv_evicts(&fcv) != cases[i].evicts ||
		    replay_fcv_lists_ns(&fcv) != cases[i].lists_ns)
			fail_msg("case %zu: %d %d", i, replay_fcv_major(&fcv),
				 replay_fcv_evicts(&fcv));
	}
}

/* F17, with the documents of 5.0.4. */
static void the_document_of_the_fcv_is_followed(void **state)
{
	OWNED(replay_fcv_release) struct replay_fcv fcv = {0};

	(void)state;
	replay_fcv_begin(&fcv, "5.0.4", "5.0");
	assert_false(replay_fcv_evicts(&fcv));
	/* On its way down it is the lower one, as for the server. */
	see(&fcv,
	    "{'op':'u','o2':{'_id':'featureCompatibilityVersion'},'o':{'_id':"
	    "'featureCompatibilityVersion','version':'4.4','targetVersion':'4.4','previousVersion':"
	    "'5.0'}}",
	    true);
	assert_true(replay_fcv_evicts(&fcv));
	assert_int_equal(replay_fcv_major(&fcv), 5);
	see(&fcv,
	    "{'op':'u','o2':{'_id':'featureCompatibilityVersion'},'o':{'$v':1,'$set':{"
	    "'targetVersion':'5.0'}}}",
	    true);
	assert_true(replay_fcv_evicts(&fcv));
	see(&fcv,
	    "{'op':'u','o2':{'_id':'featureCompatibilityVersion'},'o':{'$v':2,'diff':{'d':{"
	    "'targetVersion':false},'u':{'version':'5.0'}}}}",
	    true);
	assert_false(replay_fcv_evicts(&fcv));
	/* Others in the same collection, and what is no version. */
	see(&fcv, "{'op':'i','o':{'_id':'authSchema','version':'4.4'}}", true);
	see(&fcv, "{'op':'u','o2':{'_id':7},'o':{'version':'4.4'}}", true);
	see(&fcv, "{'op':'d','o':{'_id':'featureCompatibilityVersion'}}", true);
	assert_false(replay_fcv_evicts(&fcv));
	see(&fcv, "{'op':'i','o':{'_id':'featureCompatibilityVersion','version':'new'}}", true);
	assert_false(replay_fcv_evicts(&fcv));
	see(&fcv, "{'op':'i','o':{'_id':'featureCompatibilityVersion','version':'7.0'}}", true);
	assert_int_equal(replay_fcv_major(&fcv), 7);
}

static void entries_tell_where_nothing_else_does(void **state)
{
	OWNED(replay_fcv_release) struct replay_fcv fcv = {0};
	OWNED(replay_fcv_release) struct replay_fcv known = {0};

	(void)state;
	replay_fcv_begin(&fcv, NULL, NULL);
	replay_fcv_begin(&known, "4.4.2", NULL);
	see(&fcv, "{'op':'i','o':{'_id':1},'h':0}", false);
	assert_int_equal(replay_fcv_major(&fcv), 4);
	assert_true(replay_fcv_lists_ns(&fcv));
	see(&fcv, "{'op':'u','o2':{'_id':1},'o':{'$v':1,'$set':{'a':1}}}", false);
	see(&fcv, "{'op':'u','o2':{'_id':1},'o':{'$v':2,'_id':1}}", false);
	assert_int_equal(replay_fcv_major(&fcv), 4);
	see(&fcv, "{'op':'u','o2':{'_id':1},'o':{'$v':2,'diff':{'u':{'a':1}}}}", false);
	assert_int_equal(replay_fcv_major(&fcv), 5);
	assert_false(replay_fcv_evicts(&fcv));
	see(&fcv, "{'op':'i','o':{'_id':1},'o2':{'_id':1}}", false);
	assert_int_equal(replay_fcv_major(&fcv), 6);
	see(&fcv, "{'op':'i','o':{'_id':1},'h':0}", false);
	assert_int_equal(replay_fcv_major(&fcv), 6);
	see(&fcv,
	    "{'op':'u','o2':{'_id':1},'o':{'$v':2,'diff':{'u':{'b':{'o':1}},'sa':{'a':true,'s0':{'"
	    "u':{'b':{}}}}}}}",
	    false);
	assert_int_equal(replay_fcv_major(&fcv), 6);
	/* A bucket of a time series of 8.0 grows. */
	see(&fcv,
	    "{'op':'u','o2':{'_id':1},'o':{'$v':2,'diff':{'scontrol':{'u':{'count':2}},'sdata':{'b'"
	    ":{'t':{'o':8,'d':"
	    "{'$binary':{'base64':'AA==','subType':'00'}}}}}}}}",
	    false);
	assert_int_equal(replay_fcv_major(&fcv), 7);
	see(&known, "{'op':'i','o':{'_id':1},'o2':{'_id':1}}", false);
	assert_int_equal(replay_fcv_major(&known), 4);
}

static void an_update_that_no_server_makes_is_an_error(void **state)
{
	OWNED(replay_fcv_release) struct replay_fcv fcv = {0};
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};
	struct entry entry;

	(void)state;
	replay_fcv_begin(&fcv, "6.0.5", "6.0");
	ASSERT_OK(
		entry_parse(text_doc(&b, "{'ts':{'$timestamp':{'t':100,'i':7}},'v':2,'op':'u','ns'"
					 ":'admin.system.version','o2':{'_id':"
					 "'featureCompatibilityVersion'},'o':{'$v':2,'diff':{}}}"),
			    &entry, &e));
	ASSERT_ERROR_TEXT(replay_fcv_document(&fcv, &entry, &e), ERR_CORRUPT,
			  "oplog entry 100.7 (u admin.system.version)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_server_and_fcv_decides),
		cmocka_unit_test(the_document_of_the_fcv_is_followed),
		cmocka_unit_test(entries_tell_where_nothing_else_does),
		cmocka_unit_test(an_update_that_no_server_makes_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
