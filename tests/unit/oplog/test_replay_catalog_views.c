/* Views and time series: the cases of the reference, 8.4. */
#include "tests/unit/oplog/catalog_case.h"

static const struct catalog_case views[] = {
	{"C32 create, modify, drop; system.views is not shown",
	 EXACT,
	 {NULL},
	 {"3 {'create':'system.views'," ID "}", VIEW_OP("i", "3", VIEW("v", "t")),
	  VIEW_OP("i", "3", VIEW("w", "t")),
	  VIEW_OP("u", "3", "'o2':{'_id':'d.v'}," VIEW("v", "z")),
	  VIEW_OP("d", "3", "'o':{'_id':'d.w'}")},
	 "d.v:view {'viewOn':'z','pipeline':[]}"},
	{"a difference, and a view with a collation",
	 EXACT,
	 {NULL},
	 {"3 {'create':'system.views'," ID "}",
	  VIEW_OP("i", "3",
		  "'o':{'_id':'d.v','viewOn':'t','pipeline':[],'collation':{'locale':'de'}"
		  "}"),
	  VIEW_OP("u", "3", "'o2':{'_id':'d.v'},'o':{'$v':2,'diff':{'u':{'viewOn':'y'}}}")},
	 "d.v:view {'viewOn':'y','pipeline':[],'collation':{'locale':'de'}}"},
	{"a base that has views has a system.views, though it is not dumped",
	 EXACT,
	 {"{'ns':'d.v','t':'view','o':{'viewOn':'t','pipeline':[]}}"},
	 {VIEW_OP("i", "3", VIEW("w", "t")), VIEW_OP("d", "3", "'o':{'_id':'d.v'}")},
	 "d.w:view {'viewOn':'t','pipeline':[]}"},
	{"a delete of what is no view of its database takes nothing away",
	 EXACT,
	 {"{'ns':'d.v','t':'view','o':{'viewOn':'t','pipeline':[]}}"},
	 {VIEW_OP("d", "3", "'o':{'_id':'v'}"), VIEW_OP("d", "3", "'o':{'_id':'e.v'}"),
	  VIEW_OP("d", "3", "'o':{'_id':7}")},
	 "d.v:view {'viewOn':'t','pipeline':[]}"},
	{"so has one that had views",
	 EXACT,
	 {NULL},
	 {VIEW_OP("i", "3", VIEW("w", "t"))},
	 "d.w:view {'viewOn':'t','pipeline':[]}"},
	{"an update of a view that is not there",
	 EXACT,
	 {NULL},
	 {VIEW_OP("u", "3", "'o2':{'_id':'d.v'},'o':{'$v':2,'diff':{'u':{'viewOn':'y'}}}"),
	  VIEW_OP("i", "3", VIEW("w", "t"))},
	 "d.system.views !"},
	{"the same on a fuzzy base",
	 FUZZY,
	 {NULL},
	 {VIEW_OP("u", "3", "'o2':{'_id':'d.v'},'o':{'$v':2,'diff':{'u':{'viewOn':'y'}}}"),
	  VIEW_OP("i", "3", VIEW("w", "t"))},
	 "d.w:view {'viewOn':'t','pipeline':[]}"},
	{"a document that is no view",
	 EXACT,
	 {NULL},
	 {VIEW_OP("i", "3", "'o':{'_id':7}")},
	 "d.system.views !"},
	{"create with viewOn, by applyOps",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"  {'create':'v','viewOn':'c'}", "  {'create':'c','viewOn':'c','pipeline':[]}"},
	 "d.c=1 (_id_); d.v:view {'viewOn':'c','pipeline':[]}"},
	{"admin.system.views is dumped: it is both",
	 EXACT,
	 {NULL},
	 {"{'op':'c','ns':'admin.$cmd','ui':@3,'o':{'create':'system.views'," ID "}}",
	  "{'op':'i','ns':'admin.system.views','ui':@3,'o':{'_id':'admin.v','viewOn':'t',"
	  "'pipeline':[]}}"},
	 "admin.system.views=3 (_id_) +1; admin.v:view {'viewOn':'t','pipeline':[]}"},
	{"dropped, all of it",
	 EXACT,
	 {"{'ns':'d.v','t':'view','o':{'viewOn':'t','pipeline':[]}}"},
	 {"3 {'drop':'system.views'}"},
	 ""},
	{"a collection's name given to a view",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {VIEW_OP("i", "3", VIEW("c", "t"))},
	 "d.c=1 (_id_) !"},
};

static void views_are_documents_and_entries(void **state)
{
	(void)state;
	check_cases(views, COUNT_OF(views));
}

#define SERIES                                                                                     \
	"'timeseries':{'timeField':'t','metaField':'m','granularity':'seconds',"                   \
	"'bucketMaxSpanSeconds':3600}"
#define SERIES_DOC                                                                                 \
	"'o':{'_id':'d.s','viewOn':'system.buckets.s','pipeline':[{'$_internalUnpackBucket':{"     \
	"'timeField':'t','metaField':'m','bucketMaxSpanSeconds':3600}}]}"
#define SERIES_SHOWN                                                                               \
	"'timeseries':{'timeField':'t','metaField':'m','granularity':'seconds',"                   \
	"'bucketMaxSpanSeconds':{'$numberInt':'3600'}}"
#define SERIES_MINUTES                                                                             \
	"'timeseries':{'timeField':'t','metaField':'m','granularity':'minutes',"                   \
	"'bucketMaxSpanSeconds':{'$numberInt':'86400'}}"

static const struct catalog_case series[] = {
	{"C33 create, insert, collMod",
	 EXACT,
	 {NULL},
	 {"1 {'create':'system.buckets.s','validator':{'x':1},'clusteredIndex':true,"
	  "'expireAfterSeconds':{'$numberLong':'60'}," SERIES "}",
	  "3 {'create':'system.views'," ID "}", VIEW_OP("i", "3", SERIES_DOC),
	  "i1 d.system.buckets.s",
	  "1 "
	  "{'createIndexes':'system.buckets.s','v':2,'key':{'meta.a':1,'control.max.t':-1,"
	  "'control.min.t':-1},'name':'m.a_1_t_-1'}",
	  "1 {'collMod':'system.buckets.s','timeseries':{'granularity':'minutes'}}"},
	 "d.s:timeseries {'expireAfterSeconds':{'$numberLong':'60'}," SERIES_MINUTES
	 "} (m.a_1_t_-1); d.system.buckets.s +1"},
	{"C33 drop",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[]}",
	  "{'ns':'d.system.buckets.s','n':4}"},
	 {VIEW_OP("d", "3", "'o':{'_id':'d.s'}"), "1 {'drop':'system.buckets.s'}"},
	 "d.system.views"},
	{"C32 system.views stays after the last view, and a base may have it so",
	 EXACT,
	 {"{'ns':'d.system.views'}"},
	 {VIEW_OP("i", "3", VIEW("v", "t")), VIEW_OP("d", "3", "'o':{'_id':'d.v'}")},
	 "d.system.views"},
	{"C32 it goes when it is dropped",
	 EXACT,
	 {"{'ns':'d.system.views'}"},
	 {"3 {'drop':'system.views'}"},
	 ""},
	{"buckets adopt the first UUID that names them",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[]}",
	  "{'ns':'d.system.buckets.s','n':4}"},
	 {"i1 d.system.buckets.s", "i1 d.system.buckets.s", "i2 d.system.buckets.s"},
	 "d.s:timeseries {" SERIES_SHOWN "}; d.system.buckets.s #4 +2 !"},
	{"in the base, with indexes and options that change",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[{'v':2,'key':{'m':1},'name':"
	  "'m_1'}]}",
	  "{'ns':'d.system.buckets.s','n':4}"},
	 {"1 {'dropIndexes':'system.buckets.s','index':'m_1'}",
	  "1 {'createIndexes':'system.buckets.s','v':2,'key':{'control.min.t':1,"
	  "'control.max.t':1},'name':'t_1'}",
	  "1 {'collMod':'system.buckets.s','expireAfterSeconds':{'$numberLong':'7'}}"},
	 "d.s:timeseries {'expireAfterSeconds':{'$numberLong':'7'}," SERIES_SHOWN
	 "} (t_1); d.system.buckets.s #4"},
	{"a time series without its buckets' file",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[]}"},
	 {"i1 d.system.buckets.s"},
	 "d.s:timeseries {" SERIES_SHOWN "}; d.system.buckets.s +1"},
	{"the same, untouched",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[]}"},
	 {NULL},
	 "d.s:timeseries {" SERIES_SHOWN "}"},
	{"buckets before their view: their entry is all that tells what it will show",
	 EXACT,
	 {NULL},
	 {"1 {'create':'system.buckets.s','clusteredIndex':true," SERIES "}",
	  "1 {'createIndexes':'system.buckets.s','v':2,'key':{'meta.a':1},'name':'m.a_1'}"},
	 "d.system.buckets.s {" SERIES_SHOWN "} (m.a_1)"},
	{"a base of between, and the view",
	 EXACT,
	 {"{'ns':'d.system.buckets.s','o':{" SERIES
	  "},'i':[{'v':2,'key':{'m.a':1},'name':'m.a_1'}]}"},
	 {VIEW_OP("i", "3", SERIES_DOC)},
	 "d.s:timeseries {" SERIES_SHOWN "} (m.a_1); d.system.buckets.s"},
	{"the same from what servers list of buckets",
	 FUZZY,
	 {"{'ns':'d.system.buckets.s','n':2,'o':{'validator':{'x':1},'clusteredIndex':true," SERIES
	  "}}"},
	 {"1 {'collMod':'system.buckets.s','expireAfterSeconds':{'$numberLong':'7'}}",
	  VIEW_OP("i", "3", SERIES_DOC)},
	 "d.s:timeseries {'expireAfterSeconds':{'$numberLong':'7'}," SERIES_SHOWN
	 "}; d.system.buckets.s #2"},
	{"a time series that is dropped, before its buckets are",
	 EXACT,
	 {"{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[]}",
	  "{'ns':'d.system.buckets.s','n':4}"},
	 {VIEW_OP("d", "3", "'o':{'_id':'d.s'}")},
	 "d.system.buckets.s {" SERIES_SHOWN "} #4; d.system.views"},
	{"buckets that a rename makes",
	 EXACT,
	 {NULL},
	 {"1 {'create':'x','clusteredIndex':true," SERIES "}",
	  "1 {'renameCollection':'d.x','to':'d.system.buckets.s'}", VIEW_OP("i", "3", SERIES_DOC)},
	 "d.s:timeseries {" SERIES_SHOWN "}; d.system.buckets.s"},
};

static void time_series_are_their_buckets_and_a_view(void **state)
{
	(void)state;
	check_cases(series, COUNT_OF(series));
}

static void what_did_not_change_is_as_it_was_loaded(void **state)
{
	static const struct catalog_case c = {
		"",
		EXACT,
		{"{'ns':'d.c','u':@1,'n':3,'o':{'b':1,'a':2}," IDX_A "}",
		 "{'ns':'d.s','t':'timeseries','o':{'zz':1," SERIES "},'i':[]}",
		 "{'ns':'d.v','t':'view','o':{'pipeline':[],'viewOn':'x'}}",
		 "{'ns':'d.w','t':'view','o':{'viewOn':'x','pipeline':[]}}"},
		{VIEW_OP("i", "3", VIEW("w", "y"))},
		""};
	OWNED(result_release) struct result result = {0};
	struct run run;

	(void)state;
	run_case(&c, &run, &result);
	assert_int_equal(result.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(result.at[i].changed, i < 3 ? 0 : entry_ts(100, 1));
	assert_non_null(strstr(text_of_doc(buf_bytes(&result.at[1].entry.options)), "zz"));
	assert_non_null(strstr(text_of_doc(buf_bytes(&result.at[2].entry.options)),
			       "{\"pipeline\":[],\"viewOn\""));
	replay_catalog_free(run.catalog);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_are_documents_and_entries),
		cmocka_unit_test(time_series_are_their_buckets_and_a_view),
		cmocka_unit_test(what_did_not_change_is_as_it_was_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
