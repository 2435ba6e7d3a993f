/* Commands and operations as no server of this deployment should have logged them: what is stopped, what is refused, what stays. */
#include "tests/unit/oplog/catalog_case.h"

#define D_C "{'ns':'d.c','u':@1,'n':5," IDX "}"
#define D_A "{'ns':'d.a','u':@1,'n':5," IDX "}"
#define D_A_OF_2 "{'ns':'d.a','u':@2,'n':5," IDX "}"
#define VIEW_V "{'ns':'d.v','t':'view','o':{'viewOn':'t','pipeline':[]}}"

static const struct catalog_case names[] = {
	{"a name that is known to be unknown is free for a rename",
	 EXACT,
	 {D_A},
	 {"i9 d.b", "1 {'renameCollection':'d.a','to':'d.b'}", "i1 d.b"},
	 "d.b=1 (_id_) #5 +1"},
	{"a rename to a view's name, which was there when the base was copied",
	 FUZZY,
	 {D_A, VIEW_V},
	 {"1 {'renameCollection':'d.a','to':'d.v'}", "i1 d.a"},
	 "d.a=1 (_id_) #5 +1; d.v:view {'viewOn':'t','pipeline':[]}"},
	{"system.views made anew has another UUID",
	 EXACT,
	 {NULL},
	 {"3 {'create':'system.views'," ID "}", VIEW_OP("i", "3", VIEW("v", "t")),
	  "4 {'create':'system.views'," ID "}", VIEW_OP("i", "4", VIEW("w", "t"))},
	 "d.v:view {'viewOn':'t','pipeline':[]}; d.w:view {'viewOn':'t','pipeline':[]}"},
	{"an emptycapped of nothing that is known",
	 EXACT,
	 {D_C},
	 {"2 {'emptycapped':'x'}", "i1 d.c"},
	 "d.c=1 (_id_) #5 +1; d.x !"},
	{"the same on a fuzzy base", FUZZY, {D_C}, {"2 {'emptycapped':'x'}"}, "d.c=1 (_id_) #5"},
	{"an emptycapped of what is stopped empties nothing",
	 EXACT,
	 {D_C},
	 {"1 {'frobnicate':'c'}", "1 {'emptycapped':'c'}"},
	 "d.c=1 (_id_) #5 !"},
	{"what mongodump leaves out is not missed",
	 EXACT,
	 {D_C},
	 {"i7 d.system.profile", "i8 d.a$b", "i9 d.system.js", "i2 d.system.buckets.s",
	  "i3 __mdb_internal_search.indexes", "i4 config.rangeDeletions"},
	 "d.c=1 (_id_) #5; d.system.buckets.s !; d.system.js !"},
	{"a whole namespace in a command that is not known",
	 EXACT,
	 {D_C, "{'ns':'d.e','u':@2," IDX "}"},
	 {"  {'frobnicate':'d.c'}", "i1 d.c", "i2 d.e"},
	 "d.c=1 (_id_) #5 !; d.e=2 (_id_) +1"},
	{"a build that begins without its indexes stops its collection only",
	 EXACT,
	 {D_C, "{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'startIndexBuild':'c','indexBuildUUID':@7}", "i1 d.c", "i2 d.e"},
	 "d.c=1 (_id_) #5 !; d.e=2 (_id_) +1"},
	{"the same of one that is told by its UUID, or by its name",
	 EXACT,
	 {D_C, D_A_OF_2, "{'ns':'d.e','u':@3," IDX "}"},
	 {"1 {'startIndexBuild':'x','indexBuildUUID':@7}",
	  "  {'commitIndexBuild':'a','indexBuildUUID':@7}", "i3 d.e"},
	 "d.a=2 (_id_) #5 !; d.c=1 (_id_) #5 !; d.e=3 (_id_) +1"},
	{"the same of one that is not known",
	 EXACT,
	 {D_C},
	 {"9 {'abortIndexBuild':'x','indexBuildUUID':@7}", "i1 d.c"},
	 "d.c=1 (_id_) #5 +1; d.x !"},
	{"fields of other types than any known ones stop their collection only",
	 EXACT,
	 {D_C, "{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'startIndexBuild':5,'indexBuildUUID':@7}", "1 {'dropIndexes':'c'}", "i2 d.e"},
	 "d.c=1 (_id_) #5 !; d.e=2 (_id_) +1"},
	{"a rename to another database, of what is not known",
	 EXACT,
	 {D_C},
	 {"9 {'renameCollection':'d.x','to':'e.y'}"},
	 "d.c=1 (_id_) #5; d.x !; e.y !"},
};

static void odd_names_stop_what_they_are_about(void **state)
{
	(void)state;
	check_cases(names, COUNT_OF(names));
}

/* The result's entry, and *run's catalog freed. */
static void only_result(const struct catalog_case *c, struct result *result)
{
	struct run run;

	run_case(c, &run, result);
	replay_catalog_free(run.catalog);
}

static void a_name_to_put_aside_is_one_that_is_free(void **state)
{
	static const struct catalog_case first = {
		"", FUZZY, {D_C}, {"2 {'create':'c'," ID "}"}, ""};
	struct catalog_case second = first;
	OWNED(result_release) struct result before = {0}, after = {0};
	OWNED(free) char *taken = NULL;
	const struct result_entry *other;

	(void)state;
	only_result(&first, &before);
	assert_int_equal(before.count, 2);
	assert_int_equal(before.at[1].entry.uuid[0], 0x11);
	/* The base has a collection of just this name. */
	taken = xprintf("{'ns':'%s','u':@3,'n':7," IDX "}", before.at[1].entry.ns);
	second.base[1] = taken;
	only_result(&second, &after);
	assert_int_equal(after.count, 3);
	other = result_of(&after, before.at[1].entry.ns);
	assert_non_null(other);
	assert_int_equal(other->entry.uuid[0], 0x33);
	assert_int_equal(other->entry.root.count, 7);
	for (size_t i = 0; i < after.count; i++)
		if (after.at[i].entry.uuid[0] == 0x11)
			assert_int_equal(after.at[i].entry.root.count, 5);
}

#define SERIES "'timeseries':{'timeField':'t','metaField':'m','granularity':'seconds'}"
#define SERIES_BASE(indexes) "{'ns':'d.s','t':'timeseries','o':{" SERIES "},'i':[" indexes "]}"
#define OF_META "{'v':2,'key':{'m':1},'name':'m_1'}"
#define OF_VALUE "{'v':2,'key':{'val':-1},'name':'val_-1'}"
#define HIDE(name) "1 {'collMod':'system.buckets.s','index':{'name':'" name "','hidden':true}}"

static void assert_indexes(const struct result *result, const char *ns, const char *expected)
{
	const struct result_entry *at = result_of(result, ns);
	OWNED(buf_release) struct buf want = {0};

	assert_non_null(at);
	if (!bytes_equal(buf_bytes(&at->entry.indexes), text_doc(&want, expected)))
		fail_msg("%s, expected %s", text_of_doc(buf_bytes(&at->entry.indexes)), expected);
}

static void a_coll_mod_changes_the_indexes_of_a_time_series(void **state)
{
	static const struct catalog_case c = {
		"",
		EXACT,
		{SERIES_BASE(OF_META "," OF_VALUE), "{'ns':'d.system.buckets.s','n':4}"},
		{HIDE("m_1"), HIDE("val_-1"), HIDE("none")},
		""};
	static const struct catalog_case without = {
		"", EXACT, {SERIES_BASE(OF_VALUE)}, {HIDE("val_-1"), HIDE("none")}, ""};
	OWNED(result_release) struct result result = {0};

	(void)state;
	/* That of a measurement shows its first definition for ever. */
	only_result(&c, &result);
	assert_indexes(&result, "d.s",
		       "{'0':{'v':2,'key':{'m':1},'name':'m_1','hidden':true},'1':" OF_VALUE "}");
	assert_int_equal(result_of(&result, "d.s")->changed, entry_ts(100, 1));
	only_result(&without, &result);
	assert_indexes(&result, "d.s", "{'0':" OF_VALUE "}");
	assert_int_equal(result_of(&result, "d.s")->changed, 0);
}

static const struct catalog_case series[] = {
	{"a collection that becomes the buckets of a time series shows its options there",
	 EXACT,
	 {"{'ns':'d.x','u':@1,'n':4,'o':{'clusteredIndex':true," SERIES "},'i':["
	  "{'v':2,'key':{'meta':1},'name':'m_1'},{'v':2,'key':{'data.v':1},'name':'inner'}]}"},
	 {"1 {'renameCollection':'d.x','to':'d.system.buckets.s'}",
	  "3 {'create':'system.views'," ID "}",
	  VIEW_OP("i", "3",
		  "'o':{'_id':'d.s','viewOn':'system.buckets.s','pipeline':[{"
		  "'$_internalUnpackBucket':{'timeField':'t','metaField':'m'}}]}")},
	 "d.s:timeseries {" SERIES "} (m_1); d.system.buckets.s #4"},
	{"an index that it does not show hides none of those behind it",
	 EXACT,
	 {"{'ns':'d.x','u':@1,'n':4,'o':{'clusteredIndex':true," SERIES "},'i':["
	  "{'v':2,'key':{'data.v':1},'name':'inner'},{'v':2,'key':{'meta':1},'name':'m_1'}]}"},
	 {"1 {'renameCollection':'d.x','to':'d.system.buckets.s'}",
	  "3 {'create':'system.views'," ID "}",
	  VIEW_OP("i", "3",
		  "'o':{'_id':'d.s','viewOn':'system.buckets.s','pipeline':[{"
		  "'$_internalUnpackBucket':{'timeField':'t','metaField':'m'}}]}")},
	 "d.s:timeseries {" SERIES "} (m_1); d.system.buckets.s #4"},
	{"a time series whose buckets are renamed away is the view that its document says",
	 EXACT,
	 {SERIES_BASE(OF_META), "{'ns':'d.system.buckets.s','n':4}"},
	 {"1 {'renameCollection':'d.system.buckets.s','to':'d.x'}"},
	 "d.s:view {'viewOn':'system.buckets.s','pipeline':[{'$_internalUnpackBucket':{"
	 "'timeField':'t','metaField':'m','bucketMaxSpanSeconds':{'$numberInt':'3600'}}}]}; "
	 "d.x {" SERIES "} (m_1) #4"},
	{"buckets alone may have no options",
	 EXACT,
	 {"{'ns':'d.system.buckets.s','u':@1,'n':4}"},
	 {"3 {'create':'c'," ID "}"},
	 "d.c=3 (_id_); d.system.buckets.s=1 #4"},
};

static void buckets_show_what_their_time_series_lists(void **state)
{
	(void)state;
	check_cases(series, COUNT_OF(series));
}

/* Of the case's log only the last entry is refused. */
static const struct {
	const char *base, *line;
	int code;
	const char *part;
} refused[] = {
	{D_C, "3 {'renameCollection':'d.system.views','to':'d.x'}", ERR_UNSUPPORTED,
	 "oplog entry 100.2 (c d.$cmd): renameCollection of system.views"},
	{D_C, "1 {'renameCollection':'d.c','to':'d.system.views'}", ERR_UNSUPPORTED,
	 "renameCollection of system.views"},
	{D_C, "3 {'renameCollection':'d.system.views','to':'e.x'}", ERR_UNSUPPORTED,
	 "another database"},
	/* Of no collection that can be told. */
	{D_C, "  {'startIndexBuild':'x','indexBuildUUID':@7}", ERR_UNSUPPORTED,
	 "index build without its indexes"},
	{D_C, "  {'create':5}", ERR_UNSUPPORTED, "create has type 0x10"},
	{D_C, "1 {'renameCollection':'d.c','to':'nodot'}", ERR_UNSUPPORTED, "another database"},
	{D_C, "1 {'renameCollection':'d.c','to':'d.'}", ERR_CORRUPT, "no name of its database"},
	{D_C, "1 {'renameCollection':'d.c','to':'d.a\\u0000b'}", ERR_CORRUPT,
	 "no name of its database"},
	{D_C, "2 {'create':'a\\u0000b'," ID "}", ERR_CORRUPT,
	 "a collection's name of 3 bytes, or with a NUL"},
	{D_C, "2 {'create':'e','idIndex':{'v':2,'key':{'_id':1}}}", ERR_CORRUPT, "without a name"},
	{D_C, "1 {'collMod':'c','cappedSize':'x'}", ERR_CORRUPT, "cappedSize has type 0x02"},
	{D_C, "1 {'collMod':'c','index':5}", ERR_CORRUPT, "index has type 0x10"},
	{D_C, "1 {'createIndexes':'c','v':2,'key':{'a':1}}", ERR_CORRUPT, "without a name"},
	{D_C, "1 {'commitIndexBuild':'c','indexBuildUUID':@7,'indexes':[5]}", ERR_CORRUPT,
	 "index spec has type 0x10"},
	{D_C, "1 {'startIndexBuild':'c','indexBuildUUID':@7,'indexes':[{'v':2}]}", ERR_CORRUPT,
	 "without a name"},
	/* A base whose indexes can't be read. */
	{"{'ns':'d.c','u':@1,'i':[5]}", "1 {'renameCollection':'d.c','to':'d.e'}", ERR_CORRUPT,
	 "an index's spec has type 0x10"},
	{"{'ns':'d.c','u':@1,'i':[5]}", "1 {'dropIndexes':'c','index':'a_1'}", ERR_CORRUPT,
	 "an index's spec has type 0x10"},
	{"{'ns':'d.c','u':@1,'i':[{'v':2,'ns':'d.c'}]}", "1 {'dropIndexes':'c','index':'a_1'}",
	 ERR_CORRUPT, "without a name"},
	{"{'ns':'d.c','u':@1,'i':[5]}", "1 {'collMod':'c','index':{'name':'a','hidden':true}}",
	 ERR_CORRUPT, "an index's spec has type 0x10"},
	{"{'ns':'d.c','u':@1,'i':[{'v':2},{'v':2}]}",
	 "1 {'createIndexes':'c','v':2,'key':{'a':1},'name':'a_1'}", ERR_CORRUPT, "without a name"},
	{"{'ns':'d.c','u':@1,'i':[5]}", "1 {'createIndexes':'c','v':2,'key':{'a':1},'name':'a_1'}",
	 ERR_CORRUPT, "an index's spec has type 0x10"},
};

static void what_can_not_be_understood_says_where_it_is(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT_OF(refused); i++) {
		const struct catalog_case before = {
			"", EXACT, {refused[i].base}, {"3 {'create':'system.views'," ID "}"}, ""};
		OWNED(result_release) struct result result = {0};
		OWNED(buf_release) struct buf b = {0};
		struct error e = {0};
		struct entry entry;
		struct run run;

		run_case(&before, &run, &result);
		entry_text(refused[i].line, 1, &b);
		ASSERT_OK(entry_parse(buf_bytes(&b), &entry, &e));
		ASSERT_ERROR_TEXT(run_entry(&run, &entry, &e), refused[i].code, refused[i].part);
		replay_catalog_free(run.catalog);
	}
}

/* Without a list of what a partial base covers it is what it has: here nothing. */
static void an_empty_partial_base_leaves_out_everything(void **state)
{
	struct replay_catalog_options options = {.partial = true, .server_version = "6.0.1"};
	struct run run = {.catalog = replay_catalog_new(&options)};
	OWNED(result_release) struct result result = {0};
	static const char *const log[] = {"i2 d.x", "3 {'create':'n'," ID "}", "i3 d.n"};

	(void)state;
	run_log(&run, __func__, log, COUNT_OF(log));
	finish_into(&run, &result);
	assert_int_equal(result.count, 0);
	replay_catalog_free(run.catalog);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_names_stop_what_they_are_about),
		cmocka_unit_test(a_name_to_put_aside_is_one_that_is_free),
		cmocka_unit_test(a_coll_mod_changes_the_indexes_of_a_time_series),
		cmocka_unit_test(buckets_show_what_their_time_series_lists),
		cmocka_unit_test(what_can_not_be_understood_says_where_it_is),
		cmocka_unit_test(an_empty_partial_base_leaves_out_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
