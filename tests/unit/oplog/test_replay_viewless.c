/*
 * What servers after 6.0 log, which were not there to be run: entries as their sources write them. Time series without
 * a view (8.3 on), and what else changed in the entries of 7.0 to 9.0.
 */
#include "tests/unit/oplog/catalog_case.h"

#define D_C "{'ns':'d.c','u':@1,'n':5," IDX "}"
#define SERIES "'timeseries':{'timeField':'t','metaField':'m'}"
#define D_S "{'ns':'d.s','t':'timeseries','u':@3,'o':{" SERIES "}}"
#define D_S_OLD "{'ns':'d.s','t':'timeseries','o':{" SERIES "}}"
#define D_B "{'ns':'d.system.buckets.s','n':4}"
#define CREATE(name) "{'create':'" name "','clusteredIndex':true," SERIES "}"
#define SHOWN ":timeseries {" SERIES "}"
/* mongo-tools mongorestore/oplog_test.go */
#define TURN(name, rest) "3 {'upgradeDowngradeViewlessTimeseries':'" name "'," rest "}"

static const struct catalog_case cases[] = {
	{"one is made, and gets a bucket",
	 EXACT,
	 {NULL},
	 {"3 " CREATE("s"), "i3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s +1"},
	{"one is made twice, as the copy may have it already",
	 FUZZY,
	 {D_S, D_B},
	 {"3 " CREATE("s"), "i3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s #4 +1"},
	{"that of the base has the UUID of its buckets",
	 EXACT,
	 {D_S, D_B},
	 {"i3 d.s", "u3 d.s", "d3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s #4 +3"},
	{"the buckets may come first",
	 EXACT,
	 {D_B, D_S},
	 {"i3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s #4 +1"},
	{"it changes",
	 EXACT,
	 {D_S, D_B},
	 {"3 {'collMod':'s','expireAfterSeconds':60}",
	  "3 {'createIndexes':'s','v':2,'key':{'meta':1},'name':'m_1'}"},
	 "d.s=3:timeseries {'expireAfterSeconds':{'$numberInt':'60'}," SERIES
	 "} (m_1); d.system.buckets.s #4"},
	{"it goes", EXACT, {D_S, D_B, D_C}, {"3 {'drop':'s'}"}, "d.c=1 (_id_) #5"},
	{"it is made anew with another UUID",
	 EXACT,
	 {D_S, D_B},
	 {"3 {'drop':'s'}", "4 " CREATE("s"), "i4 d.s"},
	 "d.s=4" SHOWN "; d.system.buckets.s +1"},
	{"it gets another name",
	 EXACT,
	 {D_S, D_B},
	 {"3 {'renameCollection':'d.s','to':'d.z','stayTemp':false}", "i3 d.z"},
	 "d.system.buckets.z #4 +1; d.z=3" SHOWN},
	{"it takes the place of another one",
	 EXACT,
	 {D_S, D_B},
	 {"4 " CREATE("system.resharding.x"), "i4 d.system.resharding.x",
	  "4 {'renameCollection':'d.system.resharding.x','to':'d.s','dropTarget':@3}", "i4 d.s"},
	 "d.s=4" SHOWN "; d.system.buckets.s +2"},
	{"a collection takes its place",
	 EXACT,
	 {D_S, D_B, D_C},
	 {"1 {'renameCollection':'d.c','to':'d.s','dropTarget':@3}", "i1 d.s"},
	 "d.s=1 (_id_) #5 +1"},
	{"its name stays",
	 EXACT,
	 {D_S, D_B},
	 {"3 {'renameCollection':'d.s','to':'d.s'}", "i3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s #4 +1"},
	{"one with a view becomes one",
	 EXACT,
	 {D_S_OLD, D_B},
	 {"i3 d.system.buckets.s", TURN("s", "'isUpgrade':true"), "i3 d.s", "3 {'drop':'s'}",
	  "4 " CREATE("s"), "i4 d.s"},
	 "d.s=4" SHOWN "; d.system.buckets.s +1"},
	{"and is followed on",
	 EXACT,
	 {D_S_OLD, D_B},
	 {TURN("s", "'isUpgrade':true"), "i3 d.s"},
	 "d.s=3" SHOWN "; d.system.buckets.s #4 +1"},
	{"it becomes one with a view",
	 EXACT,
	 {D_S, D_B},
	 {TURN("s", "'isUpgrade':false,'skipViewCreation':false"), "i3 d.system.buckets.s"},
	 "d.s" SHOWN "; d.system.buckets.s #4 +1"},
	{"whose view another shard has",
	 EXACT,
	 {D_S, D_B},
	 {TURN("s", "'isUpgrade':false,'skipViewCreation':true"), "i3 d.system.buckets.s"},
	 "d.system.buckets.s {" SERIES "} #4 +1"},
	{"one that is not known can't be followed",
	 EXACT,
	 {D_C},
	 {TURN("s", "'isUpgrade':true"), "i1 d.c"},
	 "d.c=1 (_id_) #5 +1; d.system.buckets.s !"},
	{"its database goes", EXACT, {D_S, D_B}, {"  {'dropDatabase':1}"}, ""},
};

static void time_series_without_a_view_are_followed(void **state)
{
	(void)state;
	check_cases(cases, COUNT_OF(cases));
}

/* What results is the next replay's base: it has to know what it was. */
static void the_result_is_a_base_again(void **state)
{
	static const struct catalog_case first = {
		"", EXACT, {D_S_OLD, D_B}, {TURN("s", "'isUpgrade':true")}, ""};
	struct replay_catalog_options options = {.server_version = "9.0.0"};
	struct run run, again = {.catalog = replay_catalog_new(&options)};
	OWNED(result_release) struct result result = {0}, last = {0};
	static const char *const log[] = {"i3 d.s"};
	struct error e = {0};

	(void)state;
	run_case(&first, &run, &result);
	replay_catalog_free(run.catalog);
	for (size_t i = 0; i < result.count; i++)
		ASSERT_OK(replay_catalog_load(again.catalog, &result.at[i].entry, &e));
	run_log(&again, __func__, log, COUNT_OF(log));
	finish_into(&again, &last);
	assert_int_equal(last.count, 2);
	assert_null(result_of(&last, "d.system.buckets.s")->stopped);
	assert_int_equal(result_of(&last, "d.system.buckets.s")->routed, 1);
	replay_catalog_free(again.catalog);
}

/* Only such a one has the UUID of its buckets: the same entry is the same bytes, whatever it came of. */
static void a_time_series_with_a_view_has_no_uuid(void **state)
{
	static const struct catalog_case made[] = {
		{"",
		 EXACT,
		 {D_S_OLD, D_B},
		 {"3 {'collMod':'system.buckets.s','expireAfterSeconds':60}"},
		 ""},
		{"", EXACT, {D_S, D_B}, {TURN("s", "'isUpgrade':false")}, ""},
	};
	static const uint8_t none[16] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(made); i++) {
		OWNED(result_release) struct result result = {0};
		const struct result_entry *series;
		struct run run;

		run_case(&made[i], &run, &result);
		series = result_of(&result, "d.s");
		assert_int_equal(series->entry.type, CATALOG_TIMESERIES);
		assert_false(series->entry.has_uuid);
		assert_memory_equal(series->entry.uuid, none, sizeof(none));
		replay_catalog_free(run.catalog);
	}
}

static void one_uuid_is_not_that_of_two(void **state)
{
	static const struct catalog_case c = {"", EXACT, {D_S}, {NULL}, ""};
	OWNED(result_release) struct result result = {0};
	OWNED(catalog_entry_release)
	struct catalog_entry entry = {.type = CATALOG_TIMESERIES, .has_uuid = true};
	OWNED(buf_release) struct buf options = {0};
	struct error e = {0};
	struct run run;

	(void)state;
	run_case(&c, &run, &result);
	entry.ns = xstrdup("d.r");
	entry.ns_len = 3;
	entry.db_len = 1;
	memset(entry.uuid, 0x33, sizeof(entry.uuid));
	buf_add_bytes(&entry.options, text_doc(&options, "{" SERIES "}"));
	ASSERT_ERROR_TEXT(replay_catalog_load(run.catalog, &entry, &e), ERR_CORRUPT,
			  "d.r has the UUID of another collection");
	replay_catalog_free(run.catalog);
}

/* create_oplog_entry.idl, oplog_entry.idl, container_oplog_entry.idl, op_observer_impl.cpp. */
static const struct catalog_case later[] = {
	{"o2 of a create, and of builds, is of the storage",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'d.$cmd','ui':@2,'o':{'create':'e'," ID "},'o2':{'catalogId':33,"
	  "'ident':'collection-1','idIndexIdent':'index-2'},'versionContext':{'OFCV':'8.2'}}",
	  "{'op':'c','ns':'d.$cmd','ui':@1,'o':{'startIndexBuild':'c','indexBuildUUID':@7,"
	  "'indexes':[{'v':2,'key':{'a':1},'name':'a_1'}]},'o2':{'indexes':[{'indexIdent':'i'}],"
	  "'directoryPerDB':false,'directoryForIndexes':false}}",
	  "{'op':'c','ns':'d.$cmd','ui':@1,'o':{'commitIndexBuild':'c','indexBuildUUID':@7,"
	  "'indexes':[{'v':2,'key':{'a':1},'name':'a_1'}]},'o2':{'indexes':[{'indexIdent':'i'}]}}"},
	 "d.c=1 (_id_,a_1) #5; d.e=2 (_id_)"},
	{"retryable inserts in one entry, each for itself",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'admin.$cmd','o':{'applyOps':[{'op':'i','ns':'d.c','ui':@1,'o':{'_id':1},"
	  "'o2':{'_id':1},'stmtId':0},{'op':'i','ns':'d.c','ui':@1,'o':{'_id':2},'o2':{'_id':2},"
	  "'stmtId':1}]},'lsid':{'id':@4,'uid':@5},'txnNumber':{'$numberLong':'3'},'multiOpType':1,"
	  "'prevOpTime':{'ts':{'$timestamp':{'t':0,'i':0}},'t':{'$numberLong':'-1'}}}"},
	 "d.c=1 (_id_) #5 +2"},
	{"containers and multikey paths are no documents",
	 EXACT,
	 {D_C},
	 {"{'op':'km','ns':'d.c','ui':@1,'o':{'name':'a_1','paths':{}}}",
	  "{'op':'ci','ns':'admin.$container','container':'x','o':{'k':1,'v':1}}",
	  "{'op':'c','ns':'admin.$cmd','o':{'applyOps':[{'op':'i','ns':'d.c','ui':@1,'o':{'_id':1}}"
	  ","
	  "{'op':'cd','ns':'admin.$container','container':'x','o':{'k':1}}]}}"},
	 "d.c=1 (_id_) #5 +1"},
	{"a command of a shard has the collection's namespace",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'d.c','ui':@1,'o':{'modifyCollectionShardingIndexCatalog':'d.c','op':'c'}"
	  "}",
	  "{'op':'c','ns':'d.$cmd','ui':@1,'o':{'invalidateCollectionMetadata':'c'}}", "i1 d.c"},
	 "d.c=1 (_id_) #5 +1"},
	{"a resharding ends",
	 EXACT,
	 {D_C},
	 {"4 {'create':'system.resharding.x'," ID "}", "i4 d.system.resharding.x",
	  "{'op':'n','ns':'d.c','ui':@1,'o':{'msg':{}},'o2':{'type':'reshardFinalOp',"
	  "'reshardingUUID':@4},'destinedRecipient':'s2'}",
	  "{'op':'c','ns':'d.$cmd','ui':@4,'fromMigrate':true,'o':{'renameCollection':"
	  "'d.system.resharding.x','to':'d.c','stayTemp':false,'dropTarget':@1},'o2':"
	  "{'numRecords':3}}",
	  "i4 d.c"},
	 "d.c=4 (_id_) +2"},
	{"a database moves to another shard and back",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'d.$cmd','ui':@1,'fromMigrate':true,'o':{'drop':'c'},'o2':{'numRecords':"
	  "5}}",
	  "{'op':'c','ns':'d.$cmd','fromMigrate':true,'o':{'dropDatabase':1}}",
	  "{'op':'c','ns':'d.$cmd','ui':@4,'fromMigrate':true,'o':{'create':'c'," ID "}}",
	  "i4 d.c"},
	 "d.c=4 (_id_) +1"},
	{"what a shard keeps in config is not missed",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'config.$cmd','ui':@5,'o':{'create':'cache.chunks.d.c'," ID "}}",
	  "i5 config.cache.chunks.d.c", "i6 config.cache.collections",
	  "{'op':'c','ns':'config.$cmd','ui':@5,'o':{'drop':'cache.chunks.d.c'}}",
	  "{'op':'c','ns':'config.$cmd','ui':@7,'o':{'renameCollection':'config.cache.chunks.d.x',"
	  "'to':'config.cache.chunks.d.y','stayTemp':false}}"},
	 "d.c=1 (_id_) #5"},
	{"ranges of records are cut off where pictures of documents are kept",
	 EXACT,
	 {D_C},
	 {"{'op':'c','ns':'config.$cmd','ui':@5,'o':{'truncateRange':'config.system.preimages',"
	  "'minRecordId':1,'maxRecordId':2,'bytesDeleted':1,'docsDeleted':1}}",
	  "i1 d.c"},
	 "d.c=1 (_id_) #5 +1"},
};

static void entries_of_later_servers_are_understood(void **state)
{
	(void)state;
	check_cases(later, COUNT_OF(later));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_series_without_a_view_are_followed),
		cmocka_unit_test(the_result_is_a_base_again),
		cmocka_unit_test(a_time_series_with_a_view_has_no_uuid),
		cmocka_unit_test(one_uuid_is_not_that_of_two),
		cmocka_unit_test(entries_of_later_servers_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
