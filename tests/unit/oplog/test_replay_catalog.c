/* Whom operations and commands are about: the cases of the reference, 8.1 and 8.4. */
#include "tests/unit/oplog/catalog_case.h"

static void emptycapped_voids_what_came_before(void **state)
{
	static const struct catalog_case c = {
		"C31",
		EXACT,
		{"{'ns':'d.c','u':@1,'n':5,'o':{'capped':true,'size':4096}," IDX "}"},
		{"i1 d.c", "i1 d.c", "1 {'emptycapped':'c'}", "i1 d.c"},
		"d.c=1 {'capped':true,'size':{'$numberInt':'4096'}} (_id_) +3"};
	OWNED(result_release) struct result result = {0};
	struct run run;

	(void)state;
	check_cases(&c, 1);
	run_case(&c, &run, &result);
	assert_int_equal(result.at[0].cleared, 2);
	replay_catalog_free(run.catalog);
}

static const struct catalog_case operations[] = {
	{"D17 no_ui", EXACT, {"{'ns':'d.c','u':@1," IDX "}"}, {"i  d.c"}, "d.c=1 (_id_) +1"},
	{"D18 crud_uuid_wins",
	 EXACT,
	 {"{'ns':'d.other','u':@1," IDX "}", "{'ns':'d.new','u':@2," IDX "}"},
	 {"i2 d.other"},
	 "d.new=2 (_id_) +1; d.other=1 (_id_)"},
	{"D19 crud_ns_exists_uuid_missing",
	 FUZZY,
	 {"{'ns':'d.c','u':@1,'n':5," IDX "}"},
	 {"i2 d.c", "d2 d.c", "i1 d.c"},
	 "d.c=1 (_id_) #5 +1"},
	{"D19 on an exact base",
	 EXACT,
	 {"{'ns':'d.c','u':@1,'n':5," IDX "}", "{'ns':'d.e','u':@3," IDX "}"},
	 {"i1 d.c", "i2 d.c", "i1 d.c", "i3 d.e"},
	 "d.c=1 (_id_) #5 +1 !; d.e=3 (_id_) +1"},
	{"D20 crud_uuid_other_db",
	 FUZZY,
	 {"{'ns':'e.c','u':@1," IDX "}", "{'ns':'d.c','u':@2," IDX "}"},
	 {"i1 d.c"},
	 "d.c=2 (_id_); e.c=1 (_id_)"},
	{"D20 on an exact base",
	 EXACT,
	 {"{'ns':'e.c','u':@1," IDX "}"},
	 {"i1 d.c"},
	 "d.c !; e.c=1 (_id_)"},
	{"an unknown collection is shown as stopped", EXACT, {NULL}, {"i1 d.c", "i1 d.c"}, "d.c !"},
	{"and gone when it is dropped", EXACT, {NULL}, {"i1 d.c", "1 {'drop':'c'}"}, ""},
	{"and made anew",
	 EXACT,
	 {NULL},
	 {"i1 d.c", "2 {'create':'c'," ID "}", "i2 d.c"},
	 "d.c=2 (_id_) +1"},
	{"crud_missing_coll",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"i2 d.q", "u2 d.q", "d2 d.q", "i1 d.c"},
	 "d.c=1 (_id_) +1"},
	{"a collection without a UUID adopts the first one",
	 EXACT,
	 {"{'ns':'d.c','n':5," IDX "}"},
	 {"i1 d.c", "i1 d.x", "i2 d.c"},
	 "d.c=1 (_id_) #5 +2 !"},
	{"by its drop",
	 EXACT,
	 {"{'ns':'d.c','n':5," IDX "}"},
	 {"1 {'drop':'c'}", "2 {'create':'c'," ID "}", "i2 d.c"},
	 "d.c=2 (_id_) +1"},
	{"by a rename",
	 EXACT,
	 {"{'ns':'d.c','n':5," IDX "}"},
	 {"1 {'renameCollection':'d.c','to':'d.e'}", "2 {'create':'c'," ID "}", "i1 d.e"},
	 "d.c=2 (_id_); d.e=1 (_id_) #5 +1"},
	{"by a rename that drops it",
	 EXACT,
	 {"{'ns':'d.c','n':5," IDX "}", "{'ns':'d.e','n':6," IDX "}"},
	 {"1 {'renameCollection':'d.e','to':'d.c','dropTarget':@2}"},
	 "d.c=1 (_id_) #6"},
	{"by its create, in a base that was copied meanwhile",
	 FUZZY,
	 {"{'ns':'d.c','n':5," IDX "}"},
	 {"1 {'create':'c'," ID "}", "i1 d.c"},
	 "d.c=1 (_id_) #5 +1"},
	{"left out by name",
	 EXACT,
	 {"{'ns':'config.transactions','u':@1," IDX "}"},
	 {"{'op':'d','ns':'config.transactions','ui':@1,'o':{'_id':1}}",
	  "{'op':'c','ns':'config.$cmd','ui':@2,'o':{'create':'system.preimages',"
	  "'clusteredIndex':true}}",
	  "{'op':'i','ns':'local.x','ui':@3,'o':{'_id':1}}",
	  "{'op':'c','ns':'local.$cmd','ui':@3,'o':{'create':'y'}}",
	  "{'op':'c','ns':'local.$cmd','ui':@3,'o':{'whatever':'y'}}"},
	 ""},
	{"what mongodump never writes is followed from its create on",
	 EXACT,
	 {"{'ns':'admin.system.users','u':@1," IDX "}"},
	 {"{'op':'i','ns':'config.system.indexBuilds','ui':@2,'o':{'_id':1}}",
	  "{'op':'c','ns':'config.$cmd','ui':@3,'o':{'collMod':'system.sessions'}}",
	  "{'op':'i','ns':'admin.system.keys','ui':@4,'o':{'_id':1}}",
	  "{'op':'c','ns':'config.$cmd','ui':@5,'o':{'create':'settings'," ID "}}",
	  "{'op':'i','ns':'config.settings','ui':@5,'o':{'_id':1}}",
	  "{'op':'c','ns':'admin.$cmd','lsid':{'id':@6},'txnNumber':{'$numberLong':'1'},"
	  "'prevOpTime':{'ts':{'$timestamp':{'t':0,'i':0}},'t':{'$numberLong':'-1'}},'o':{"
	  "'applyOps':[{'op':'d','ns':'admin.system.users','ui':@1,'o':{'_id':1}}]}}"},
	 "admin.system.users=1 (_id_) +1; config.settings=5 (_id_) +1"},
};

static void operations_find_their_collection(void **state)
{
	(void)state;
	check_cases(operations, COUNT_OF(operations));
}

static const struct catalog_case partial[] = {
	{"others are left out",
	 PARTIAL,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"i1 d.c", "{'op':'i','ns':'e.c','ui':@2,'o':{'_id':1}}",
	  "{'op':'c','ns':'e.$cmd','ui':@3,'o':{'create':'n'," ID "}}",
	  "{'op':'c','ns':'e.$cmd','ui':@3,'o':{'collMod':'n'}}",
	  "{'op':'i','ns':'e.system.views','ui':@4,'o':{'_id':'e.v','viewOn':'c','pipeline'"
	  ":[]"
	  "}}",
	  "2 {'create':'n'," ID "}", "i2 d.n"},
	 "d.c=1 (_id_) +1; d.n=2 (_id_) +1"},
	{"what it covers must be there",
	 PARTIAL,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"i2 d.x"},
	 "d.c=1 (_id_); d.x !"},
};

static void a_partial_base_leaves_out_what_it_does_not_cover(void **state)
{
	/* Without a list of what is covered: what the base has. */
	struct replay_catalog_options options = {.partial = true, .server_version = "6.0.1"};
	struct run run = {.catalog = replay_catalog_new(&options)};
	OWNED(result_release) struct result result = {0};
	static const char *const log[] = {
		"i2 d.x",	  "3 {'create':'n'," ID "}",
		"1 {'drop':'c'}", "4 {'create':'c'," ID "}",
		"i4 d.c",	  "5 {'renameCollection':'d.y','to':'d.z'}"};

	(void)state;
	check_cases(partial, COUNT_OF(partial));
	load_one(run.catalog, "{'ns':'d.c','u':@1," IDX "}");
	run_log(&run, __func__, log, COUNT_OF(log));
	finish_into(&run, &result);
	assert_int_equal(result.count, 1);
	assert_string_equal(result.at[0].entry.ns, "d.c");
	assert_int_equal(result.at[0].entry.uuid[0], 0x44);
	assert_int_equal(result.at[0].routed, 1);
	replay_catalog_free(run.catalog);
}

static const struct catalog_case refused[] = {
	{"C36 an unknown command on one collection, by its UUID",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}", "{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'frobnicate':'xyz'}", "i1 d.c", "i2 d.e"},
	 "d.c=1 (_id_) !; d.e=2 (_id_) +1"},
	{"C36 by its name",
	 FUZZY,
	 {"{'ns':'d.c','u':@1," IDX "}", "{'ns':'d.e','u':@2," IDX "}"},
	 {"  {'frobnicate':'c'}", "i1 d.c", "i2 d.e",
	  "1 {'createIndexes':'c','v':2,'key':{'a':"
	  "1},'name':'a_1'}",
	  "1 {'collMod':'c','validationLevel':'off'}"},
	 "d.c=1 (_id_) !; d.e=2 (_id_) +1"},
	{"C36 of a UUID that is not known",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'frobnicate':'c'}"},
	 "d.c !; d.e=2 (_id_)"},
	{"C36 the same on a fuzzy base",
	 FUZZY,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'frobnicate':'c'}"},
	 "d.e=2 (_id_)"},
	{"an operation of a later server on one collection, alone and in a list",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}", "{'ns':'d.e','u':@2," IDX "}",
	  "{'ns':'d.f','u':@3," IDX "}"},
	 {"{'op':'zz','ns':'d.old','ui':@1,'k':5}", "i1 d.c", "i2 d.e",
	  "{'op':'c','ns':'admin.$cmd','o':{'applyOps':[{'op':'zz','ns':'d.f','ui':@3},{'op':'i',"
	  "'ns':'d.e','ui':@2,'o':{'_id':1}}]}}"},
	 "d.c=1 (_id_) !; d.e=2 (_id_) +2; d.f=3 (_id_) !"},
	{"one of a UUID that is not known, and one that is left out",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"{'op':'zz','ns':'d.c','ui':@1}", "{'op':'zz','ns':'config.transactions','ui':@5}"},
	 "d.c !; d.e=2 (_id_)"},
	{"the same on a fuzzy base",
	 FUZZY,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"{'op':'zz','ns':'d.c','ui':@1}"},
	 "d.e=2 (_id_)"},
	{"C30 convertToCapped as itself",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'convertToCapped':'c','size':1}"},
	 "d.c=1 (_id_) !"},
	{"C37 importCollection",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'importCollection':'d.c','dryRun':false}"},
	 "d.c !; d.e=2 (_id_)"},
	{"C37 importCollection names what it makes, without a UUID",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"  {'importCollection':'d.c','dryRun':false}"},
	 "d.c !; d.e=2 (_id_)"},
	{"one that was only tried makes nothing",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"  {'importCollection':'d.c','dryRun':true}"},
	 "d.e=2 (_id_)"},
	{"truncateRange of what is left out of every moment",
	 EXACT,
	 {"{'ns':'d.e','u':@2," IDX "}"},
	 {"{'op':'c','ns':'config.$cmd','ui':@7,'o':{'truncateRange':'config.system.preimages'}}",
	  "{'op':'c','ns':'config.$cmd','o':{'truncateRange':'config.system.preimages'}}",
	  "{'op':'c','ns':'config.$cmd','ui':@7,'o':{'frobnicate':'system.preimages'}}"},
	 "d.e=2 (_id_)"},
	{"a name that begins as that of a database that is left out",
	 EXACT,
	 {"{'ns':'d.local.c','u':@1," IDX "}", "{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'frobnicate':'local.c'}"},
	 "d.e=2 (_id_); d.local.c=1 (_id_) !"},
	{"C37 truncateRange",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'truncateRange':'d.c'}"},
	 "d.c=1 (_id_) !"},
	{"C37 upgradeDowngradeViewlessTimeseries",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'upgradeDowngradeViewlessTimeseries':'c'}"},
	 "d.c=1 (_id_) !"},
	{"a rename to another database",
	 EXACT,
	 {"{'ns':'d.a','u':@1,'n':5," IDX "}", "{'ns':'d.e','u':@2," IDX "}"},
	 {"1 {'renameCollection':'d.a','to':'x.b','stayTemp':false}"},
	 "d.a=1 (_id_) #5 !; d.e=2 (_id_); x.b !"},
	{"dropped later, it is followed again",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'frobnicate':'c'}", "1 {'drop':'c'}", "2 {'create':'c'," ID "}", "i2 d.c"},
	 "d.c=2 (_id_) +1"},
	{"commands that change nothing that is kept",
	 EXACT,
	 {"{'ns':'d.c','u':@1," IDX "}"},
	 {"1 {'dbCheck':'d.c','type':'batch'}", "1 {'setMultikeyMetadata':'d.c'}"},
	 "d.c=1 (_id_)"},
};

static void a_command_that_is_refused_stops_what_it_names(void **state)
{
	static const char *const all[] = {
		"  {'frobnicate':1}", "  {'frobnicate':'nobody'}", "  {'createGlobalIndex':@1}",
		"3 {'frobnicate':'system.views'}", "{'op':'zz','ns':'d.system.views','ui':@3}"};
	static const struct catalog_case none = {"",
						 EXACT,
						 {"{'ns':'d.c','u':@1," IDX "}"},
						 {VIEW_OP("i", "3", VIEW("v", "c"))},
						 ""};

	(void)state;
	check_cases(refused, COUNT_OF(refused));
	for (unsigned i = 0; i < COUNT_OF(all); i++) {
		OWNED(result_release) struct result result = {0};
		OWNED(buf_release) struct buf b = {0};
		struct error e = {0};
		struct entry entry;
		struct run run;

		run_case(&none, &run, &result);
		entry_text(all[i], i, &b);
		ASSERT_OK(entry_parse(buf_bytes(&b), &entry, &e));
		ASSERT_ERROR_TEXT(run_entry(&run, &entry, &e), ERR_UNSUPPORTED, "oplog entry 100.");
		replay_catalog_free(run.catalog);
	}
}

/* mongodump lists the collections, and then looks where its oplog begins. */
static void a_fuzzy_base_that_lacks_a_collection_is_told(void **state UNUSED)
{
	static const struct {
		struct catalog_case c;
		const char *stranger; /* NULL: none */
	} rows[] = {
		{{.flags = FUZZY, .log = {"i1 d.c", "i2 d.e"}}, "d.e"},
		{{.flags = FUZZY, .log = {"u2 d.e", "i2 d.e", "i3 d.f", "3 {'drop':'f'}"}}, "d.e"},
		{{.flags = FUZZY, .log = {"i2 d.c"}}, "d.c"},
		{{.flags = FUZZY, .log = {"i2 d.e", "2 {'renameCollection':'d.e','to':'d.f'}"}},
		 "d.e"},
		/* It was there no more when they were listed. */
		{{.flags = FUZZY, .log = {"i2 d.e", "2 {'drop':'e'}"}}, NULL},
		{{.flags = FUZZY, .log = {"i2 d.e", "  {'dropDatabase':1}"}}, NULL},
		{{.flags = FUZZY,
		  .log = {"i2 d.e", "1 {'renameCollection':'d.c','to':'d.e','dropTarget':@2}"}},
		 NULL},
		{{.flags = FUZZY, .log = {"d2 d.e"}}, NULL},
		{{.flags = FUZZY, .log = {"2 {'create':'e'," ID "}", "i2 d.e"}}, NULL},
		/* Nobody dumps these. */
		{{.flags = FUZZY,
		  .log = {"i2 d.system.profile", "i3 config.system.sessions", "i4 local.x"}},
		 NULL},
		{{.flags = FUZZY | PARTIAL, .log = {"i2 e.e"}}, NULL},
		/* There it is stopped. */
		{{.flags = EXACT, .log = {"i2 d.e"}}, NULL},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(result_release) struct result result = {0};
		struct catalog_case c = rows[i].c;
		const char *found;
		struct run run;

		c.name = "";
		c.base[0] = "{'ns':'d.c','u':@1," IDX "}";
		run_case(&c, &run, &result);
		found = replay_catalog_stranger(run.catalog);
		if (rows[i].stranger == NULL)
			assert_null(found);
		else
			assert_string_equal(found, rows[i].stranger);
		replay_catalog_free(run.catalog);
	}
}

static void a_stop_says_when_and_where(void **state)
{
	static const struct catalog_case c = {"",
					      EXACT,
					      {"{'ns':'d.c','u':@1," IDX "}"},
					      {"i1 d.c", "i2 d.c", "1 {'frob':'c'}"},
					      ""};
	OWNED(result_release) struct result result = {0};
	struct run run;

	(void)state;
	run_case(&c, &run, &result);
	assert_string_equal(result.at[0].stopped,
			    "oplog entry 100.2 (i d.c): no collection of the base has this UUID");
	assert_int_equal(replay_catalog_slot(run.catalog, 0)->stopped_at, entry_ts(100, 2));
	assert_ptr_equal(replay_catalog_find(run.catalog, bytes_str("d.c")),
			 replay_catalog_slot(run.catalog, 0));
	assert_null(replay_catalog_find(run.catalog, bytes_str("d.x")));
	replay_catalog_free(run.catalog);
}

static void a_base_that_contradicts_itself_is_an_error(void **state)
{
	struct replay_catalog_options options = {0};
	OWNED(replay_catalog_free) struct replay_catalog *catalog = replay_catalog_new(&options);
	struct catalog_entry entry = {
		.ns = (char[]){"d.c"}, .ns_len = 3, .db_len = 1, .has_uuid = true};
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(replay_catalog_load(catalog, &entry, &e)), 1);
	ASSERT_ERROR_TEXT(replay_catalog_load(catalog, &entry, &e), ERR_CORRUPT, "twice");
	entry.ns[2] = 'e';
	ASSERT_ERROR_TEXT(replay_catalog_load(catalog, &entry, &e), ERR_CORRUPT, "UUID");
	entry.ns[0] = 'e';
	assert_int_equal(ASSERT_OK(replay_catalog_load(catalog, &entry, &e)), 1);
	entry.ns = (char[]){"local.x"};
	entry.ns_len = 7;
	entry.db_len = 5;
	assert_int_equal(ASSERT_OK(replay_catalog_load(catalog, &entry, &e)), 0);
	assert_int_equal(replay_catalog_count(catalog), 2);
	entry.type = CATALOG_VIEW;
	entry.ns = (char[]){"d.v"};
	entry.ns_len = 3;
	entry.db_len = 1;
	ASSERT_ERROR(replay_catalog_load(catalog, &entry, &e), ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(emptycapped_voids_what_came_before),
		cmocka_unit_test(operations_find_their_collection),
		cmocka_unit_test(a_partial_base_leaves_out_what_it_does_not_cover),
		cmocka_unit_test(a_command_that_is_refused_stops_what_it_names),
		cmocka_unit_test(a_fuzzy_base_that_lacks_a_collection_is_told),
		cmocka_unit_test(a_stop_says_when_and_where),
		cmocka_unit_test(a_base_that_contradicts_itself_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
