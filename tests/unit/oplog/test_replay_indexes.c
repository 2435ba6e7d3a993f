#include "oplog/replay_indexes.h"

#include "tests/unit/oplog/text_doc.h"

static void assert_doc(const struct buf *actual, const char *expected)
{
	OWNED(buf_release) struct buf want = {0};

	if (!bytes_equal(buf_bytes(actual), text_doc(&want, expected)))
		fail_msg("%s, expected %s", text_of_doc(buf_bytes(actual)), expected);
}

/* Specs of the log and of listings, 4.2.6 to 6.0.27. */
static const struct {
	int major;
	const char *ns;
	const char *logged, *listed;
} listed[] = {
	{4, "", "{'v':2,'unique':true,'key':{'a':1},'name':'a_1','sparse':true}",
	 "{'v':2,'unique':true,'key':{'a':1},'name':'a_1','sparse':true}"},
	{4, "d.c", "{'v':2,'unique':true,'key':{'a':1},'name':'a_1','sparse':true}",
	 "{'v':2,'unique':true,'key':{'a':1},'name':'a_1','ns':'d.c','sparse':true}"},
	{4, "a.u", "{'v':2,'name':'u_1','key':{'u':1},'unique':true}",
	 "{'v':2,'unique':true,'key':{'u':1},'name':'u_1','ns':'a.u'}"},
	{4, "", "{'name':'u_1','key':{'u':1},'unique':true,'v':2}",
	 "{'v':2,'unique':true,'key':{'u':1},'name':'u_1'}"},
	{4, "", "{'v':2,'unique':true,'hidden':true,'key':{'u':1},'name':'u_1','sparse':true}",
	 "{'v':2,'unique':true,'hidden':true,'key':{'u':1},'name':'u_1','sparse':true}"},
	{4, "d.e", "{'v':2,'key':{'a':1},'name':'a_1','ns':'d.c'}",
	 "{'v':2,'key':{'a':1},'name':'a_1','ns':'d.e'}"},
	{5, "", "{'v':2,'unique':true,'key':{'a':1},'name':'a_1','sparse':true}",
	 "{'v':2,'key':{'a':1},'name':'a_1','unique':true,'sparse':true}"},
	{5, "", "{'v':2,'key':{'x':'2d'},'name':'x_2d','min':-10,'max':10,'bits':20,'new':1}",
	 "{'v':2,'key':{'x':'2d'},'name':'x_2d','bits':20,'min':{'$numberDouble':'-10.0'},'max':{"
	 "'$numberDouble':'10.0'},'new':1}"},
	{6, "",
	 "{'v':2,'key':{'_fts':'text','_ftsx':1},'name':'s_text','default_language':'french',"
	 "'weights':{'s':1},'language_override':'language','textIndexVersion':3}",
	 "{'v':2,'key':{'_fts':'text','_ftsx':1},'name':'s_text','weights':{'s':1},"
	 "'default_language':'french','language_override':'language','textIndexVersion':3}"},
	{6, "", "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':{'$numberLong':'5'}}",
	 "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':5}"},
	{5, "", "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':{'$numberDouble':'NaN'}}",
	 "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':0}"},
	{5, "", "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':{'$numberDouble':'5.9'}}",
	 "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':5}"},
	{6, "", "{'v':2,'key':{'a':1},'name':'a_1','unique':1,'ns':'d.c'}",
	 "{'v':2,'key':{'a':1},'name':'a_1','unique':true}"},
	{6, "",
	 "{'v':2,'key':{'a':1},'name':'a_1','expireAfterSeconds':{'$numberLong':'5000000000'},"
	 "'unique':'x'}",
	 "{'v':2,'key':{'a':1},'name':'a_1','unique':'x','expireAfterSeconds':2147483647}"},
	{5, "",
	 "{'v':2,'key':{'a':'2dsphere'},'name':'a_1','coarsestIndexedLevel':{'$numberLong':"
	 "'-1099511627776'},'finestIndexedLevel':{'$numberDecimal':'7'}}",
	 "{'v':2,'key':{'a':'2dsphere'},'name':'a_1','coarsestIndexedLevel':-2147483648,"
	 "'finestIndexedLevel':7}"},
	{6, "",
	 "{'v':2,'key':{'a':1},'name':'a_1','sparse':{'$numberDecimal':'NaN'},'background':{"
	 "'$numberDecimal':'-0E+3'},'expireAfterSeconds':{'$numberDecimal':'2.5'}}",
	 "{'v':2,'key':{'a':1},'name':'a_1','background':false,'sparse':true,"
	 "'expireAfterSeconds':2}"},
	{5, "",
	 "{'v':2,'key':{'a':'2d'},'name':'a_1','bits':{'$numberDecimal':'1.5'},'max':{"
	 "'$numberDecimal':'-0.001'}}",
	 "{'v':2,'key':{'a':'2d'},'name':'a_1','bits':2,'max':{'$numberDecimal':'-0.001'}}"},
	{4, "", "{'v':2,'key':{'a':1},'name':'a_1','sparse':{'$numberDecimal':'1.5'}}",
	 "{'v':2,'key':{'a':1},'name':'a_1','sparse':{'$numberDecimal':'1.5'}}"},
};

static void specs_are_as_their_server_lists_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(listed); i++) {
		OWNED(buf_release) struct buf spec = {0}, got = {0};
		struct error e = {0};

		ASSERT_OK(replay_indexes_listed(text_doc(&spec, listed[i].logged), listed[i].major,
						bytes_str(listed[i].ns), &got, &e));
		assert_doc(&got, listed[i].listed);
	}
}

static void a_clustered_collection_lists_an_index_made_of_its_options(void **state)
{
	OWNED(buf_release) struct buf b = {0}, got = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(replay_indexes_clustered(text_doc(&b, "{'clusteredIndex':true}"),
							    &got, &e)),
			 0);
	assert_int_equal(ASSERT_OK(replay_indexes_clustered(text_doc(&b, "{}"), &got, &e)), 0);
	assert_int_equal(
		ASSERT_OK(replay_indexes_clustered(
			text_doc(&b,
				 "{'clusteredIndex':{'v':2,'key':{'_id':1},'name':'ck','unique':"
				 "true},'expireAfterSeconds':{'$numberLong':'5000'}}"),
			&got, &e)),
		1);
	assert_doc(&got,
		   "{'v':2,'key':{'_id':1},'name':'ck','unique':true,'expireAfterSeconds':5000,"
		   "'clustered':true}");
}

static void put(struct buf *indexes, const char *spec, int expected)
{
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};

	assert_int_equal(ASSERT_OK(replay_indexes_put(indexes, text_doc(&b, spec), NULL, NULL, &e)),
			 expected);
}

static void an_index_is_there_once(void **state)
{
	OWNED(buf_release) struct buf indexes = {0}, b = {0};
	struct error e = {0};

	(void)state;
	put(&indexes, "{'v':2,'key':{'a':1},'name':'a'}", 1);
	put(&indexes, "{'v':2,'key':{'b':1},'name':'b'}", 1);
	put(&indexes, "{'name':'a','key':{'a':{'$numberDouble':'1.0'}},'v':2,'background':true}",
	    0);
	put(&indexes, "{'v':2,'key':{'a':-1},'name':'a'}", 1);
	assert_doc(&indexes,
		   "{'0':{'v':2,'key':{'a':-1},'name':'a'},'1':{'v':2,'key':{'b':1},'name':"
		   "'b'}}");
	assert_int_equal(ASSERT_OK(replay_indexes_remove_named(&indexes, bytes_str("x"), &e)), 0);
	assert_int_equal(ASSERT_OK(replay_indexes_remove_named(&indexes, bytes_str("a"), &e)), 1);
	assert_doc(&indexes, "{'0':{'v':2,'key':{'b':1},'name':'b'}}");
	ASSERT_ERROR_TEXT(replay_indexes_put(&indexes, text_doc(&b, "{'v':2}"), NULL, NULL, &e),
			  ERR_CORRUPT, "without a name");
	buf_reset(&indexes);
	buf_add_bytes(&indexes, text_doc(&b, "{'0':5}"));
	ASSERT_ERROR(replay_indexes_remove_named(&indexes, bytes_str("a"), &e), ERR_CORRUPT);
	ASSERT_ERROR(replay_indexes_have_ns(buf_bytes(&indexes), &e), ERR_CORRUPT);
}

static bool later(const struct buf *started, const char *name, const char *other)
{
	return replay_indexes_later(started, bytes_str(name), bytes_str(other));
}

static void builds_keep_the_order_in_which_they_began(void **state)
{
	OWNED(buf_release) struct buf started = {0};

	(void)state;
	assert_false(later(&started, "a", "b"));
	replay_indexes_begin(&started, bytes_str("a"));
	replay_indexes_begin(&started, bytes_str("b"));
	replay_indexes_begin(&started, bytes_str("c"));
	assert_true(later(&started, "a", "c"));
	assert_false(later(&started, "c", "a"));
	assert_false(later(&started, "a", "x"));
	assert_false(later(&started, "x", "a"));
	replay_indexes_end(&started, bytes_str("b"), true);
	assert_true(later(&started, "a", "b"));
	/* Begun again it is the last. */
	replay_indexes_begin(&started, bytes_str("a"));
	assert_true(later(&started, "c", "a"));
	replay_indexes_end(&started, bytes_str("c"), false);
	replay_indexes_end(&started, bytes_str("a"), true);
	assert_int_equal(started.len, 0);
	replay_indexes_begin(&started, bytes_of("a\0b", 3));
	assert_int_equal(started.len, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_are_as_their_server_lists_them),
		cmocka_unit_test(a_clustered_collection_lists_an_index_made_of_its_options),
		cmocka_unit_test(an_index_is_there_once),
		cmocka_unit_test(builds_keep_the_order_in_which_they_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
