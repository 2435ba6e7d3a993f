#include "oplog/replay_series.h"

#include "tests/unit/oplog/text_doc.h"

#define OPTIONS "{'timeseries':{'timeField':'t','metaField':'m'}}"
#define WITHOUT_META "{'timeseries':{'timeField':'t'}}"

/* Indexes of buckets and of their time series, as 5.0.4 and 6.0.27 list them; NULL: not listed. */
static const struct {
	const char *options;
	const char *buckets, *shown;
} indexes[] = {
	{OPTIONS, "{'v':2,'key':{'meta.a':1,'control.max.t':-1,'control.min.t':-1},'name':'x'}",
	 "{'v':2,'key':{'m.a':1,'t':-1},'name':'x'}"},
	{OPTIONS, "{'v':2,'key':{'meta':1},'name':'m_1','hidden':true}",
	 "{'v':2,'key':{'m':1},'name':'m_1','hidden':true}"},
	{OPTIONS, "{'v':2,'key':{'control.min.t':1,'control.max.t':1,'meta.b':1},'name':'x'}",
	 "{'v':2,'key':{'t':1,'m.b':1},'name':'x'}"},
	{OPTIONS, "{'v':2,'key':{'meta.h':'hashed'},'name':'x'}",
	 "{'v':2,'key':{'m.h':'hashed'},'name':'x'}"},
	{OPTIONS, "{'v':2,'key':{'meta.loc':'2dsphere'},'name':'x','2dsphereIndexVersion':3}",
	 "{'v':2,'key':{'m.loc':'2dsphere'},'name':'x','2dsphereIndexVersion':3}"},
	{OPTIONS,
	 "{'v':2,'hidden':true,'key':{'control.max.val':-1,'control.min.val':-1},'name':'x',"
	 "'originalSpec':{'name':'x','key':{'val':-1},'v':2}}",
	 "{'v':2,'key':{'val':-1},'name':'x'}"},
	{OPTIONS,
	 "{'v':2,'key':{'data.pos':'2dsphere_bucket'},'name':'x','originalSpec':{'name':'x','key':{"
	 "'pos':'2dsphere'},'v':2,'hidden':true}}",
	 "{'v':2,'key':{'pos':'2dsphere'},'name':'x','hidden':true}"},
	/* Made on the buckets themselves. */
	{OPTIONS, "{'v':2,'key':{'control.min.t':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':{'control.min.t':1,'meta':1,'control.max.t':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':{'control.min.t':1,'control.min.t':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':{'control.min.z':1,'control.max.z':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':{'metal':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':{'data.v':1},'name':'x'}", NULL},
	{OPTIONS, "{'v':2,'key':5,'name':'x'}", NULL},
	{WITHOUT_META, "{'v':2,'key':{'meta':1},'name':'x'}", NULL},
	{"{}", "{'v':2,'key':{'control.min.t':1,'control.max.t':1},'name':'x'}", NULL},
};

static void indexes_are_as_the_time_series_lists_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(indexes); i++) {
		OWNED(buf_release) struct buf spec = {0}, options = {0}, got = {0}, want = {0};
		struct error e = {0};
		int found = ASSERT_OK(replay_series_index(text_doc(&spec, indexes[i].buckets),
							  text_doc(&options, indexes[i].options), 5,
							  &got, &e));

		if (found != (indexes[i].shown != NULL))
			fail_msg("%s: %d", indexes[i].buckets, found);
		if (found == 0)
			assert_int_equal(got.len, 0);
		else if (!bytes_equal(buf_bytes(&got), text_doc(&want, indexes[i].shown)))
			fail_msg("%s, expected %s", text_of_doc(buf_bytes(&got)), indexes[i].shown);
	}
}

static void options_are_what_the_time_series_shows(void **state)
{
	OWNED(buf_release) struct buf b = {0}, got = {0}, want = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(replay_series_options(
		text_doc(&b,
			 "{'validator':{'x':1},'clusteredIndex':true,'expireAfterSeconds':{"
			 "'$numberLong':'60'},'timeseries':{'timeField':'t'},'collation':{'locale'"
			 ":'de'}}"),
		&got, &e));
	ASSERT_BYTES(buf_bytes(&got),
		     text_doc(&want, "{'expireAfterSeconds':{'$numberLong':'60'},'timeseries':{"
				     "'timeField':'t'},'collation':{'locale':'de'}}"));
}

static void indexes_of_measurements_keep_their_first_definition(void **state)
{
	static const struct {
		const char *spec;
		int expected;
	} cases[] = {
		{"{'key':{'m':1},'name':'x'}", 0},
		{"{'key':{'m.a':1,'t':-1},'name':'x'}", 0},
		{"{'key':{'val':1},'name':'x'}", 1},
		{"{'key':{'m.a':1,'mm':1},'name':'x'}", 1},
		{"{'key':{'m.a':1},'name':'x','partialFilterExpression':{'m.a':1}}", 1},
		{"{'name':'x'}", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf spec = {0}, options = {0};
		struct error e = {0};

		assert_int_equal(
			ASSERT_OK(replay_series_is_original(text_doc(&spec, cases[i].spec),
							    text_doc(&options, OPTIONS), &e)),
			cases[i].expected);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexes_are_as_the_time_series_lists_them),
		cmocka_unit_test(options_are_what_the_time_series_shows),
		cmocka_unit_test(indexes_of_measurements_keep_their_first_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
