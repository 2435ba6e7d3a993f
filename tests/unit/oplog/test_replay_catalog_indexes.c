/* Indexes and collMod: the cases of the reference, 8.4 and 8.5. */
#include "oplog/replay_indexes.h"
#include "tests/unit/oplog/catalog_case.h"

static const struct catalog_case id_indexes[] = {
	{"C05 create_no_idindex", EXACT, {NULL}, {"1 {'create':'c'}"}, "d.c=1 (_id_)"},
	{"C07 clusteredIndex of a user",
	 EXACT,
	 {NULL},
	 {"1 "
	  "{'create':'c','clusteredIndex':{'v':2,'key':{'_id':1},'name':'ck','unique':true}"
	  "}"},
	 "d.c=1 {'clusteredIndex':{'v':{'$numberInt':'2'},'key':{'_id':{'$numberInt':'1'}},"
	 "'name':'ck','unique':true}} (ck)"},
	{"C07 clusteredIndex: true",
	 EXACT,
	 {NULL},
	 {"1 {'create':'c','clusteredIndex':true}"},
	 "d.c=1 {'clusteredIndex':true}"},
	{"K10 the size of the log",
	 EXACT,
	 {NULL},
	 {"1 {'create':'a','capped':true,'size':256," ID "}",
	  "2 {'create':'b','capped':true,'size':4352," ID "}",
	  "3 {'create':'c','capped':true,'size':9216," ID "}"},
	 "d.a=1 {'capped':true,'size':{'$numberInt':'256'}} (_id_); "
	 "d.b=2 {'capped':true,'size':{'$numberInt':'4352'}} (_id_); "
	 "d.c=3 {'capped':true,'size':{'$numberInt':'9216'}} (_id_)"},
	{"autoIndexId: false of old logs",
	 VERSION(4),
	 {NULL},
	 {"1 {'create':'c','autoIndexId':false}"},
	 "d.c=1 {'autoIndexId':false}"},
};

static void the_id_index_is_that_of_a_server(void **state)
{
	OWNED(result_release) struct result result = {0};
	struct run run;

	(void)state;
	check_cases(id_indexes, COUNT_OF(id_indexes));
	/* C05: v 1; capped collections keep their natural order. */
	run_case(&id_indexes[0], &run, &result);
	assert_non_null(
		strstr(text_of_doc(buf_bytes(&result.at[0].entry.indexes)),
		       "{\"v\":{\"$numberInt\":\"1\"},\"key\":{\"_id\":{\"$numberInt\":\"1\""
		       "}},\"name\":\"_id_\"}"));
	assert_int_equal(result.at[0].entry.root.kind, TREE_KEYED);
	replay_catalog_free(run.catalog);
	run_case(&id_indexes[3], &run, &result);
	assert_int_equal(result.at[0].entry.root.kind, TREE_RANKED);
	replay_catalog_free(run.catalog);
}

#define CREATE_A "{'createIndexes':'c','v':2,'key':{'a':1},'name':'a_1'}"
#define BUILD(what, letter)                                                                        \
	"{'" what "IndexBuild':'c','indexBuildUUID':@7,'indexes':[{'v':2,'key':{'" letter          \
	"':1},'name':'" letter "_1'}]}"

static const struct catalog_case indexes[] = {
	{"C18 cidx_exists",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX_A "}"},
	 {"1 " CREATE_A},
	 "d.c=1 (_id_,a_1)"},
	{"C18 cidx_missing_coll",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"2 " CREATE_A},
	 "d.c=1 (_id_)"},
	{"C18 on an exact base",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"2 " CREATE_A},
	 "d.c=1 (_id_) !"},
	{"C19 cidx_new_unique_dups",
	 EXACT,
	 {"{'ns':'d.c','u':@1,'n':2," IDX "}"},
	 {"1 {'createIndexes':'c','v':2,'unique':true,'key':{'a':1},'name':'a_1'}"},
	 "d.c=1 (_id_,a_1) #2"},
	{"C20 start_commit_idx",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("start", "a"), "i1 d.c", "1 " BUILD("commit", "a")},
	 "d.c=1 (_id_,a_1) +1"},
	{"a build that goes on",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("start", "a"), "i1 d.c"},
	 "d.c=1 (_id_) +1"},
	{"C21 start_abort_idx",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("start", "a"), "1 " BUILD("abort", "a")},
	 "d.c=1 (_id_)"},
	{"C21 a base that was copied meanwhile",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX_A "}"},
	 {"1 " BUILD("start", "a"), "1 " BUILD("abort", "a")},
	 "d.c=1 (_id_)"},
	{"C22 commitidx_no_start",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("commit", "a")},
	 "d.c=1 (_id_,a_1)"},
	{"listed in the order in which they began",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("start", "a"), "1 " BUILD("start", "b"), "1 " BUILD("start", "e"),
	  "1 " BUILD("commit", "e"), "1 " BUILD("abort", "b"), "1 " BUILD("start", "f"),
	  "1 " BUILD("commit", "f"), "1 " BUILD("commit", "a")},
	 "d.c=1 (_id_,a_1,e_1,f_1)"},
	{"an index on an empty collection while another one is built",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 " BUILD("start", "b"), "1 " CREATE_A, "1 " BUILD("commit", "b")},
	 "d.c=1 (_id_,b_1,a_1)"},
	{"C23 dropIndexes(*) by a client, and as it is not logged",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX_A "}", "{'ns':'d.e','u':@2," IDX_A "}"},
	 {"1 {'dropIndexes':'c','index':'a_1'}", "2 {'dropIndexes':'e','index':'*'}"},
	 "d.c=1 (_id_); d.e=2 (_id_)"},
	{"dropIndexes by its key, of another type",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX_A "}"},
	 {"1 {'dropIndexes':'c','index':{'b':1}}",
	  "1 {'dropIndexes':'c','index':{'a':{'$numberDouble':'1.0'}}}"},
	 "d.c=1 (_id_)"},
	{"_id_ stays",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX_A "}"},
	 {"1 {'dropIndexes':'c','index':'_id_'}"},
	 "d.c=1 (_id_,a_1)"},
	{"C24 dropidx_missing",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'dropIndexes':'c','index':'a_1'}", "2 {'dropIndexes':'q','index':'a_1'}"},
	 "d.c=1 (_id_)"},
	{"another definition of the same name",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX_A "}"},
	 {"1 {'createIndexes':'c','v':2,'key':{'b':1},'name':'a_1'}",
	  "1 {'createIndexes':'c','v':2,'key':{'z':1},'name':'z_1'}"},
	 "d.c=1 (_id_,a_1,z_1)"},
	{"a collection of a lone .bson has an _id_ index, too",
	 EXACT,
	 {"{'ns':'d.c','n':5}"},
	 {"1 " CREATE_A},
	 "d.c=1 (_id_,a_1) #5"},
};

static void indexes_come_and_go(void **state)
{
	(void)state;
	check_cases(indexes, COUNT_OF(indexes));
}

static const struct catalog_case mods[] = {
	{"C25 collmod_missing",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'collMod':'c','index':{'name':'nope_1','expireAfterSeconds':10}}",
	  "2 {'collMod':'q','validator':{}}"},
	 "d.c=1 (_id_)"},
	{"C25 on an exact base",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'collMod':'c','index':{'name':'nope_1','expireAfterSeconds':10}}",
	  "2 {'collMod':'q','validator':{}}"},
	 "d.c=1 (_id_); d.q !"},
	{"C27 validator set, level off, validator removed",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'collMod':'c','validator':{'a':'x'},'validationLevel':'strict',"
	  "'validationAction':'error'}",
	  "1 {'collMod':'c','validationLevel':'off'}", "1 {'collMod':'c','validator':{}}"},
	 "d.c=1 {'validationLevel':'off','validationAction':'error'} (_id_)"},
	{"C28 collMod after recordPreImages, 4.4",
	 VERSION(4),
	 {"{'ns':'d.c','u':@1,'o':{'recordPreImages':true}," IDX "}"},
	 {"1 {'collMod':'c'}"},
	 "d.c=1 {'recordPreImages':true} (_id_)"},
	{"C28 5.0",
	 VERSION(5),
	 {"{'ns':'d.c','u':@1,'o':{'recordPreImages':true}," IDX "}"},
	 {"1 {'collMod':'c'}"},
	 "d.c=1 (_id_)"},
	{"C29 cappedSize and cappedMax",
	 EXACT,
	 {"{'ns':'d.c','u':@1,'o':{'capped':true,'size':4096}," IDX "}"},
	 {"1 "
	  "{'collMod':'c','cappedSize':{'$numberLong':'10000'},'cappedMax':{'$numberLong':"
	  "'7'}}"},
	 "d.c=1 {'capped':true,'size':{'$numberInt':'10240'},'max':{'$numberInt':'7'}} "
	 "(_id_)"},
};

static void describe_names(struct bytes specs, struct buf *ret)
{
	struct bson_fields fields = bson_fields(specs);
	struct bson_field field;
	struct error e = {0};
	struct bytes name;

	while (ASSERT_OK(bson_fields_next(&fields, &field, &e)) > 0) {
		ASSERT_OK(replay_indexes_name(field.value, &name, &e));
		buf_printf(ret, "%.*s ", (int)name.len, (const char *)name.at);
	}
}

/* A base of after each of the entries: the builds that are open in it end as they would have without it. */
static void builds_that_straddle_a_base_keep_their_order(void **state)
{
	static const char *const log[] = {BUILD("start", "a"),	BUILD("start", "b"),
					  BUILD("start", "e"),	BUILD("commit", "e"),
					  BUILD("abort", "b"),	BUILD("start", "f"),
					  BUILD("commit", "f"), BUILD("commit", "a")};
	static const struct catalog_case whole = {
		"", EXACT, {"{'ns':'d.c','u':@1," IDX "}"}, {NULL}, ""};
	OWNED(result_release) struct result result = {0};
	OWNED(buf_release) struct buf names = {0};
	struct replay_catalog_options options = {.server_version = "6.0.1"};
	struct error e = {0};
	struct run run;

	(void)state;
	run_case(&whole, &run, &result);
	for (unsigned i = 0; i < COUNT_OF(log); i++) {
		OWNED(buf_release) struct buf line = {0};
		const char *entry;

		buf_printf(&line, "1 %s", log[i]);
		entry = buf_text(&line);
		run_log(&run, log[i], &entry, 1);
		finish_into(&run, &result);
		replay_catalog_free(run.catalog);
		run = (struct run){.catalog = replay_catalog_new(&options)};
		ASSERT_OK(replay_catalog_load(run.catalog, &result.at[0].entry, &e));
	}
	assert_int_equal(result.at[0].entry.building.len, 0); /* nothing is open at the end */
	describe_names(buf_bytes(&result.at[0].entry.indexes), &names);
	assert_string_equal(buf_text(&names), "_id_ a_1 e_1 f_1 ");
	replay_catalog_free(run.catalog);
}

static void coll_mod_changes_options_and_indexes(void **state)
{
	/* C26 */
	static const struct catalog_case index = {
		"C26",
		EXACT,
		{"{'ns':'d.c','u':@1," IDX_A "}"},
		{"1 "
		 "{'collMod':'c','index':{'name':'a_1','expireAfterSeconds':{'$numberLong':'9'}}}",
		 "1 {'collMod':'c','index':{'name':'a_1','hidden':true}}",
		 "1 {'collMod':'c','index':{'name':'a_1','hidden':false}}",
		 "1 {'collMod':'c','index':{'name':'a_1','prepareUnique':true}}",
		 "1 {'collMod':'c','index':{'name':'a_1','unique':true}}"},
		""};
	OWNED(result_release) struct result result = {0};
	OWNED(buf_release) struct buf want = {0};
	struct run run;

	(void)state;
	check_cases(mods, COUNT_OF(mods));
	run_case(&index, &run, &result);
	text_doc(&want, "{'0':{'v':2,'key':{'_id':1},'name':'_id_'},'1':{'v':2,'key':{'a':1},'name'"
			":'a_1','unique':true,'expireAfterSeconds':9}}");
	ASSERT_BYTES(buf_bytes(&result.at[0].entry.indexes), buf_bytes(&want));
	replay_catalog_free(run.catalog);
}

static void specs_of_4_2_carry_the_name_of_their_collection(void **state)
{
	static const struct catalog_case c = {
		"",
		FUZZY | VERSION(4),
		{NULL},
		{"1 {'create':'c','idIndex':{'v':2,'key':{'_id':1},'name':'_id_','ns':'d.c'}}",
		 "1 "
		 "{'createIndexes':'c','v':2,'unique':true,'key':{'a':1},'name':'a_1','sparse':"
		 "true}",
		 "1 {'renameCollection':'d.c','to':'d.e'}"},
		""};
	OWNED(result_release) struct result result = {0};
	OWNED(buf_release) struct buf want = {0};
	struct run run;

	(void)state;
	run_case(&c, &run, &result);
	text_doc(&want, "{'0':{'v':2,'key':{'_id':1},'name':'_id_','ns':'d.e'},'1':{'v':2,'unique':"
			"true,'key':{'a':1},'name':'a_1','ns':'d.e','sparse':true}}");
	ASSERT_BYTES(buf_bytes(&result.at[0].entry.indexes), buf_bytes(&want));
	replay_catalog_free(run.catalog);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_id_index_is_that_of_a_server),
		cmocka_unit_test(indexes_come_and_go),
		cmocka_unit_test(builds_that_straddle_a_base_keep_their_order),
		cmocka_unit_test(coll_mod_changes_options_and_indexes),
		cmocka_unit_test(specs_of_4_2_carry_the_name_of_their_collection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
