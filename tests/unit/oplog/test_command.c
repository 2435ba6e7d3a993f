#include "oplog/coll_mod.h"

#include "tests/unit/oplog/text_doc.h"

#define UUID(text) "{'$binary':{'base64':'" text "','subType':'04'}}"
#define UI UUID("AAECAwQFBgcICQoLDA0ODw==")
#define ID_INDEX "'idIndex':{'v':2,'key':{'_id':1},'name':'_id_'}"

struct fixture {
	struct buf b;
	struct entry entry;
	struct command command;
};

/* Parse the command with this o, on shop.$cmd at 100.7. */
static int parse(struct fixture *f, const char *o, struct error *e)
{
	char text[2048];

	buf_reset(&f->b);
	snprintf(text, sizeof(text),
		 "{'ts':{'$timestamp':{'t':100,'i':7}},'t':1,'v':2,'op':'c','ns':'shop.$cmd','ui'"
		 ":" UI ",'o':%s}",
		 o);
	assert_int_equal(entry_parse(text_doc(&f->b, text), &f->entry, e), 0);
	return command_parse(&f->entry, &f->command, e);
}

static void release(struct fixture *f)
{
	buf_release(&f->b);
}
DEFINE_OWNED_STRUCT(struct fixture, release);

static void assert_text(struct bytes actual, const char *expected)
{
	ASSERT_BYTES(actual, bytes_str(expected));
}

static void assert_doc(struct bytes actual, const char *expected)
{
	OWNED(buf_release) struct buf want = {0};

	if (!bytes_equal(actual, text_doc(&want, expected)))
		fail_msg("%s, expected %s", text_of_doc(actual), expected);
}

/* Reference 2.2. */
static const struct {
	const char *name;
	const char *rest;
	int expected;
} policies[] = {
	{"create", "'c'", 1},
	{"createIndexes", "'c','v':2,'key':{'a':1},'name':'a_1'", 1},
	{"startIndexBuild", "'c','indexBuildUUID':" UI ",'indexes':[]", 0},
	{"commitIndexBuild", "'c','indexBuildUUID':" UI ",'indexes':[]", 1},
	{"abortIndexBuild", "'c','indexBuildUUID':" UI ",'indexes':[],'cause':{}", 0},
	{"dropIndexes", "'c','index':'a_1'", 1},
	{"dropIndex", "'c','index':'a_1'", 1},
	{"deleteIndexes", "'c','index':'a_1'", 1},
	{"deleteIndex", "'c','index':'a_1'", 1},
	{"drop", "'c'", 1},
	{"dropDatabase", "1", 1},
	{"renameCollection", "'shop.a','to':'shop.b','stayTemp':false", 1},
	{"collMod", "'c'", 1},
	{"emptycapped", "'c'", 1},
	{"upgradeDowngradeViewlessTimeseries", "'c','isUpgrade':true", 1},
	{"applyOps", "[]", 1},
	{"commitTransaction", "1,'commitTimestamp':{'$timestamp':{'t':100,'i':6}}", 1},
	{"abortTransaction", "1", 1},
	{"dbCheck", "'shop.c','type':'batch'", 0},
	{"modifyCollectionShardingIndexCatalog", "'shop.c'", 0},
	{"createDatabaseMetadata", "'shop'", 0},
	{"dropDatabaseMetadata", "'shop'", 0},
	{"invalidateCollectionMetadata", "'c','forDroppedCollection':false", 0},
	{"invalidateAllCollectionMetadata", "1", 0},
	{"invalidateAllDatabaseMetadata", "1", 0},
	{"updateCollectionMetadata", "'c','changedChunks':[]", 0},
	{"setAllowChunkOperations", "'c','allowChunkOperations':true", 0},
	{"initReplicatedFastCount", "1", 0},
	{"setMultikeyMetadata", "'shop.c'", 0},
	{"dropIdent", "'x'", 0},
	{"convertToCapped", "'c'", ERR_UNSUPPORTED},
	{"cloneCollectionAsCapped", "'c'", ERR_UNSUPPORTED},
	{"importCollection", "'shop.c','dryRun':false", ERR_UNSUPPORTED},
	{"createGlobalIndex", UI, ERR_UNSUPPORTED},
	{"dropGlobalIndex", UI, ERR_UNSUPPORTED},
	{"truncateRange", "'shop.c'", ERR_UNSUPPORTED},
};

static void every_command_has_its_policy(void **state)
{
	OWNED(release) struct fixture f = {0};
	char o[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(policies); i++) {
		enum command_kind kind;
		struct error e = {0};
		int got;

		snprintf(o, sizeof(o), "{'%s':%s}", policies[i].name, policies[i].rest);
		got = parse(&f, o, &e);
		if (got != policies[i].expected)
			fail_msg("%s: %d, %s", policies[i].name, got, e.text);
		if (got < 0) {
			/* C37: says which, when and where. */
			assert_non_null(strstr(e.text, policies[i].name));
			assert_non_null(strstr(e.text, "oplog entry 100.7 (c shop.$cmd)"));
			assert_true(e.hint[0] != '\0');
		} else {
			assert_text(f.command.name, policies[i].name);
		}
		assert_int_equal(command_policy(bytes_str(policies[i].name), &kind),
				 got == 1   ? COMMAND_APPLY
				 : got == 0 ? COMMAND_SKIP
					    : COMMAND_REFUSE);
		assert_true(kind != 0);
	}
}

/* C36 */
static void an_unknown_command_is_refused_with_time_and_place(void **state)
{
	OWNED(release) struct fixture f = {0};
	enum command_kind kind;
	struct error e = {0};

	(void)state;
	ASSERT_ERROR_TEXT(parse(&f, "{'captrunc':'c'}", &e), ERR_UNSUPPORTED,
			  "oplog entry 100.7 (c shop.$cmd): unknown command 'captrunc'");
	assert_int_equal(parse(&f, "{'captrunc':'c'}", &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.hint, "moments before this entry can be reached"));
	ASSERT_ERROR_TEXT(parse(&f, "{}", &e), ERR_CORRUPT, "without a name");
	assert_int_equal(command_policy(bytes_str("captrunc"), &kind), COMMAND_REFUSE);
	assert_int_equal(kind, 0);
}

static void broken_commands_are_refused(void **state)
{
	static const char *const bad[] = {
		"{'create':5}",
		"{'create':''}",
		"{'create':'c','idIndex':5}",
		"{'dropIndexes':'c'}",
		"{'dropIndexes':'c','index':5}",
		"{'commitIndexBuild':'c','indexBuildUUID':" UI "}",
		"{'commitIndexBuild':'c','indexes':{}}",
		"{'commitIndexBuild':'c','indexes':[],'indexBuildUUID':7}",
		"{'renameCollection':'shop.a'}",
		"{'renameCollection':'shop.a','to':5}",
		"{'renameCollection':'shop.a','to':'nodot','stayTemp':false,'dropTarget':7}",
	};
	OWNED(release) struct fixture f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct error e = {0};

		ASSERT_ERROR(parse(&f, bad[i], &e), ERR_CORRUPT);
	}
}

static void create_gives_options_and_the_id_index_apart(void **state)
{
	static const struct {
		const char *o;
		const char *options;
		bool clustered, v1;
	} cases[] = {
		{"{'create':'c'," ID_INDEX "}", "{}", false, false},
		{"{'create':'c','capped':true,'size':256," ID_INDEX ",'max':3}",
		 "{'capped':true,'size':256,'max':3}", false, false},
		/* C05 temp_coll */
		{"{'create':'c','temp':true}", "{'temp':true}", false, true},
		/* C07 */
		{"{'create':'c','clusteredIndex':{'v':2,'key':{'_id':1},'name':'x','unique':true}}",
		 "{'clusteredIndex':{'v':2,'key':{'_id':1},'name':'x','unique':true}}", true,
		 false},
		{"{'create':'system.buckets.c','clusteredIndex':true,'timeseries':{'timeField':'t'}"
		 "}",
		 "{'clusteredIndex':true,'timeseries':{'timeField':'t'}}", true, false},
	};
	OWNED(release) struct fixture f = {0};
	OWNED(buf_release) struct buf options = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(ASSERT_OK(parse(&f, cases[i].o, &e)), 1);
		assert_int_equal(f.command.kind, COMMAND_CREATE);
		assert_int_equal(f.command.clustered, cases[i].clustered);
		assert_int_equal(f.command.id_index_v1, cases[i].v1);
		if (i < 2)
			assert_doc(f.command.id_index, "{'v':2,'key':{'_id':1},'name':'_id_'}");
		buf_reset(&options);
		ASSERT_OK(command_create_options(&f.command, &options, &e));
		assert_doc(buf_bytes(&options), cases[i].options);
	}
	assert_text(f.command.coll, "system.buckets.c");
}

static void index_commands_give_their_specs(void **state)
{
	OWNED(release) struct fixture f = {0};
	OWNED(buf_release) struct buf spec = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse(&f, "{'createIndexes':'c','v':2,'key':{'a':1},'name':'a_1','sparse':true}",
			&e));
	assert_text(f.command.coll, "c");
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 0, &spec, &e)), 1);
	assert_doc(buf_bytes(&spec), "{'v':2,'key':{'a':1},'name':'a_1','sparse':true}");
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 1, &spec, &e)), 0);

	/* C20, C22 */
	ASSERT_OK(parse(
		&f,
		"{'commitIndexBuild':'c','indexBuildUUID':" UI
		",'indexes':[{'v':2,'key':{'a':1},'name':'a_1'},{'v':2,'key':{'b':1},'name':'b'}]}",
		&e));
	assert_int_equal(f.command.build_uuid[1], 1);
	buf_reset(&spec);
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 1, &spec, &e)), 1);
	assert_doc(buf_bytes(&spec), "{'v':2,'key':{'b':1},'name':'b'}");
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 2, &spec, &e)), 0);

	ASSERT_OK(parse(&f, "{'dropIndexes':'c','index':'a_1'}", &e));
	assert_text(f.command.index_name, "a_1");
	assert_false(f.command.all_indexes);
	ASSERT_OK(parse(&f, "{'dropIndexes':'c','index':'*'}", &e));
	assert_true(f.command.all_indexes);
	ASSERT_OK(parse(&f, "{'deleteIndexes':'c','comment':5,'index':{'a':1}}", &e));
	assert_doc(f.command.index_key, "{'a':1}");
}

static void rename_gives_both_names_and_what_goes(void **state)
{
	OWNED(release) struct fixture f = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse(
		&f,
		"{'renameCollection':'shop.a.x','to':'shop.b','stayTemp':true,'dropTarget':" UI "}",
		&e));
	assert_text(f.command.from, "shop.a.x");
	assert_text(f.command.to, "shop.b");
	assert_true(f.command.stay_temp && f.command.drop_target[15] == 15);
	assert_int_equal(f.command.coll.len, 0);
	ASSERT_OK(parse(&f, "{'renameCollection':'shop.a','to':'shop.b','dropTarget':false}", &e));
	assert_true(!f.command.stay_temp && f.command.drop_target == NULL &&
		    !f.command.drop_any_target);
	ASSERT_OK(parse(&f, "{'renameCollection':'shop.a','to':'shop.b','dropTarget':true}", &e));
	assert_true(f.command.drop_any_target);
	/* 2.3: only an applyOps of a user has such an entry, and 4.x die of it. */
	ASSERT_ERROR_TEXT(parse(&f, "{'renameCollection':'shop.a','to':'other.b'}", &e),
			  ERR_UNSUPPORTED, "another database");
}

/* Reference 2.5 and C26 to C29; before and after are of the samples. */
static const struct {
	int version;
	const char *o, *before, *after; /* after NULL: the same */
} option_changes[] = {
	{404,
	 "{'collMod':'t','validator':{'a':{'$exists':true}},'validationLevel':'strict',"
	 "'validationAction':'error'}",
	 "{'collation':{'locale':'en'}}",
	 "{'validator':{'a':{'$exists':true}},'validationLevel':'strict',"
	 "'validationAction':'error','collation':{'locale':'en'}}"},
	{600, "{'collMod':'t','validationLevel':'off'}",
	 "{'validator':{'a':1},'validationLevel':'strict','validationAction':'error'}",
	 "{'validator':{'a':1},'validationLevel':'off','validationAction':'error'}"},
	{600, "{'collMod':'t','validationLevel':'off'}", "{'capped':true}",
	 "{'capped':true,'validationLevel':'off','validationAction':'error'}"},
	{404, "{'collMod':'t','validationAction':'warn'}", "{}",
	 "{'validationLevel':'strict','validationAction':'warn'}"},
	{500, "{'collMod':'t','validator':{'a':1}}", "{}",
	 "{'validator':{'a':1},'validationLevel':'strict','validationAction':'error'}"},
	{600, "{'collMod':'t','validator':{}}", "{}",
	 "{'validationLevel':'strict','validationAction':'error'}"},
	{600, "{'collMod':'t','validator':{}}",
	 "{'validator':{'a':1},'validationLevel':'off','validationAction':'error'}",
	 "{'validationLevel':'off','validationAction':'error'}"},
	{404, "{'collMod':'t','recordPreImages':true}", "{'validationLevel':'off'}",
	 "{'recordPreImages':true,'validationLevel':'off'}"},
	{404, "{'collMod':'t','validator':[]}",
	 "{'validator':{'a':1},'validationLevel':'off','validationAction':'warn'}",
	 "{'validationLevel':'off','validationAction':'warn'}"},
	{404, "{'collMod':'t','recordPreImages':7.5}", "{'validationLevel':'off'}",
	 "{'recordPreImages':true,'validationLevel':'off'}"},
	{404, "{'collMod':'t','recordPreImages':[]}", "{'validationLevel':'off'}",
	 "{'recordPreImages':true,'validationLevel':'off'}"},
	{404, "{'collMod':'t','recordPreImages':{'$numberDouble':'-0.0'}}",
	 "{'recordPreImages':true,'validationLevel':'off'}", "{'validationLevel':'off'}"},
	{404, "{'collMod':'t'}", "{'recordPreImages':true,'validationLevel':'off'}", NULL},
	{500, "{'collMod':'t'}", "{'recordPreImages':true,'validationLevel':'off'}",
	 "{'validationLevel':'off'}"},
	{600, "{'collMod':'t','changeStreamPreAndPostImages':{'enabled':true}}",
	 "{'validationLevel':'off'}",
	 "{'changeStreamPreAndPostImages':{'enabled':true},'validationLevel':'off'}"},
	{600, "{'collMod':'t','changeStreamPreAndPostImages':{'enabled':false}}",
	 "{'changeStreamPreAndPostImages':{'enabled':true}}", "{}"},
	{600, "{'collMod':'t','recordPreImages':true}",
	 "{'changeStreamPreAndPostImages':{'enabled':true},'validationLevel':'off'}",
	 "{'recordPreImages':true,'validationLevel':'off'}"},
	{600, "{'collMod':'t','changeStreamPreAndPostImages':{'enabled':true}}",
	 "{'recordPreImages':true}", "{'changeStreamPreAndPostImages':{'enabled':true}}"},
	{600, "{'collMod':'t','changeStreamPreAndPostImages':{'enabled':false}}",
	 "{'recordPreImages':true}", NULL},
	{600, "{'collMod':'t','recordPreImages':false}",
	 "{'changeStreamPreAndPostImages':{'enabled':true}}", NULL},
	{600,
	 "{'collMod':'t','recordPreImages':false,'changeStreamPreAndPostImages':{'enabled':true}}",
	 "{'recordPreImages':true}", "{'changeStreamPreAndPostImages':{'enabled':true}}"},
	{600, "{'collMod':'t','cappedMax':-1}", "{'capped':true,'max':5}",
	 "{'capped':true,'max':2147483647}"},
	{600, "{'collMod':'t','cappedMax':{'$numberLong':'0'}}", "{'capped':true}",
	 "{'capped':true,'max':2147483647}"},
	{600, "{'collMod':'t','cappedMax':7}", "{'capped':true,'max':5}",
	 "{'capped':true,'max':7}"},
	{600, "{'collMod':'t','cappedSize':{'$numberLong':'16384'}}", "{'capped':true,'size':8192}",
	 "{'capped':true,'size':16384}"},
	{600, "{'collMod':'t','cappedSize':{'$numberLong':'10000'}}", "{'capped':true,'size':8192}",
	 "{'capped':true,'size':10240}"},
	{600, "{'collMod':'t','cappedSize':10000}", "{'capped':true,'size':8192}",
	 "{'capped':true,'size':10240}"},
	{600, "{'collMod':'t','cappedSize':{'$numberDouble':'10000.0'}}",
	 "{'capped':true,'size':8192}", "{'capped':true,'size':10240}"},
	{600, "{'collMod':'t','cappedMax':{'$numberLong':'10'}}",
	 "{'capped':true,'size':16384,'validator':{'a':1}}",
	 "{'capped':true,'size':16384,'max':10,'validator':{'a':1}}"},
	{600, "{'collMod':'b','expireAfterSeconds':{'$numberLong':'7200'}}",
	 "{'clusteredIndex':true,'timeseries':{'timeField':'t'}}",
	 "{'clusteredIndex':true,'expireAfterSeconds':{'$numberLong':'7200'},"
	 "'timeseries':{'timeField':'t'}}"},
	{600, "{'collMod':'b','expireAfterSeconds':'off'}",
	 "{'expireAfterSeconds':{'$numberLong':'7200'}}", "{}"},
	{600, "{'collMod':'b','timeseries':{'granularity':'minutes'}}",
	 "{'timeseries':{'timeField':'t','metaField':'m','granularity':'seconds',"
	 "'bucketMaxSpanSeconds':3600}}",
	 "{'timeseries':{'timeField':'t','metaField':'m','granularity':'minutes',"
	 "'bucketMaxSpanSeconds':86400}}"},
	{700,
	 "{'collMod':'b','timeseries':{'bucketMaxSpanSeconds':100,'bucketRoundingSeconds':"
	 "100}}",
	 "{'timeseries':{'timeField':'t','granularity':'seconds','bucketMaxSpanSeconds':"
	 "3600}}",
	 "{'timeseries':{'timeField':'t','bucketMaxSpanSeconds':100,"
	 "'bucketRoundingSeconds':100}}"},
	{600, "{'collMod':'b','timeseries':{'granularity':'minutes'}}",
	 "{'timeseries':{'timeField':'t','granularity':'minutes','bucketMaxSpanSeconds':86400}}",
	 NULL},
	{600, "{'collMod':'t','timeseries':{'granularity':'minutes'}}", "{'capped':true}", NULL},
	{600, "{'collMod':'t','index':{'name':'a','hidden':true},'usePowerOf2Sizes':true}", "{}",
	 NULL},
	/* Flags that are no options (7.0 to 9.0: mongo/db/coll_mod.idl). */
	{800, "{'collMod':'b','timeseriesBucketsMayHaveMixedSchemaData':true}",
	 "{'clusteredIndex':true}", NULL},
	{800, "{'collMod':'b','_removeLegacyTimeseriesBucketingParametersHaveChanged':true}", "{}",
	 NULL},
	{800, "{'collMod':'b','recordIdsReplicated':false}",
	 "{'capped':false,'recordIdsReplicated':true}", "{'capped':false}"},
	/* The empty text is a level or an action that nobody said (measured on 4.2.6 and 4.4.2). */
	{402, "{'collMod':'t','validationLevel':'','validationAction':''}", "{}", NULL},
	{402, "{'collMod':'t','validationLevel':'','validator':{'a':1}}",
	 "{'validationLevel':'moderate','validationAction':'warn'}",
	 "{'validator':{'a':1},'validationLevel':'moderate','validationAction':'warn'}"},
	{404, "{'collMod':'t','validationLevel':''}", "{}",
	 "{'validationLevel':'strict','validationAction':'error'}"},
	{404, "{'collMod':'t','validationAction':''}",
	 "{'validationLevel':'moderate','validationAction':'warn'}",
	 "{'validationLevel':'moderate','validationAction':'error'}"},
};

static void coll_mod_changes_options(void **state)
{
	OWNED(release) struct fixture f = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(option_changes); i++) {
		OWNED(buf_release) struct buf before = {0};
		OWNED(buf_release) struct buf after = {0};
		int got;

		ASSERT_OK(parse(&f, option_changes[i].o, &e));
		got = ASSERT_OK(coll_mod_options(&f.command,
						 text_doc(&before, option_changes[i].before),
						 option_changes[i].version, &after, &e));
		assert_int_equal(got, option_changes[i].after != NULL);
		if (got > 0)
			assert_doc(buf_bytes(&after), option_changes[i].after);
	}
}

static const struct {
	int major;
	const char *index, *before, *after; /* after NULL: the same; "": not this index */
} index_changes[] = {
	{4, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'500'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','ns':'x.t','expireAfterSeconds':100}",
	 "{'v':2,'key':{'d':1},'name':'d_1','ns':'x.t',"
	 "'expireAfterSeconds':{'$numberLong':'500'}}"},
	{4, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'500'},'hidden':true}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':100,'sparse':true}",
	 "{'v':2,'key':{'d':1},'name':'d_1','sparse':true,"
	 "'expireAfterSeconds':{'$numberLong':'500'},'hidden':true}"},
	{4, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'100'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':100,'sparse':true}", NULL},
	{4, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'100'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':{'$numberDouble':'100.5'},'a':1}",
	 "{'v':2,'key':{'d':1},'name':'d_1','a':1,'expireAfterSeconds':{'$numberLong':'100'}}"},
	{4, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'0'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':{'$numberDouble':'NaN'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':{'$numberLong':'0'}}"},
	{5, "{'name':'d_1','expireAfterSeconds':{'$numberLong':'500'}}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':100}",
	 "{'v':2,'key':{'d':1},'name':'d_1','expireAfterSeconds':500}"},
	{6, "{'name':'d_1','hidden':true}", "{'v':2,'key':{'d':1},'name':'d_1'}",
	 "{'v':2,'key':{'d':1},'name':'d_1','hidden':true}"},
	{6, "{'name':'d_1','hidden':false}", "{'v':2,'key':{'d':1},'name':'d_1','hidden':true}",
	 "{'v':2,'key':{'d':1},'name':'d_1'}"},
	{6, "{'name':'e_1','expireAfterSeconds':{'$numberLong':'10'}}",
	 "{'v':2,'key':{'e':1},'name':'e_1'}",
	 "{'v':2,'key':{'e':1},'name':'e_1','expireAfterSeconds':10}"},
	{6, "{'name':'e_1','prepareUnique':true}",
	 "{'v':2,'key':{'e':1},'name':'e_1','expireAfterSeconds':10}",
	 "{'v':2,'key':{'e':1},'name':'e_1','expireAfterSeconds':10,'prepareUnique':true}"},
	{6, "{'name':'e_1','unique':true}",
	 "{'v':2,'key':{'e':1},'name':'e_1','expireAfterSeconds':10,'prepareUnique':true}",
	 "{'v':2,'key':{'e':1},'name':'e_1','unique':true,'expireAfterSeconds':10}"},
	{6, "{'name':'e_1','forceNonUnique':true}",
	 "{'v':2,'key':{'e':1},'name':'e_1','unique':true}", "{'v':2,'key':{'e':1},'name':'e_1'}"},
	{6, "{'keyPattern':{'e':1},'hidden':true}", "{'v':2,'key':{'e':1},'name':'e_1'}",
	 "{'v':2,'key':{'e':1},'name':'e_1','hidden':true}"},
	{6, "{'name':'d_1','hidden':false}", "{'v':2,'key':{'d':1},'name':'d_1'}", NULL},
	{6, "{'name':'other','hidden':true}", "{'v':2,'key':{'d':1},'name':'d_1'}", ""},
	{6, "{'keyPattern':{'x':1},'hidden':true}", "{'v':2,'key':{'d':1},'name':'d_1'}", ""},
};

static void coll_mod_changes_an_index(void **state)
{
	OWNED(release) struct fixture f = {0};
	struct error e = {0};
	char o[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(index_changes); i++) {
		OWNED(buf_release) struct buf before = {0};
		OWNED(buf_release) struct buf after = {0};
		bool other = index_changes[i].after != NULL && index_changes[i].after[0] == '\0';
		struct bytes spec = text_doc(&before, index_changes[i].before);

		snprintf(o, sizeof(o), "{'collMod':'t','index':%s}", index_changes[i].index);
		ASSERT_OK(parse(&f, o, &e));
		assert_int_equal(ASSERT_OK(coll_mod_names_index(&f.command, spec, &e)), !other);
		if (other)
			continue;
		assert_int_equal(ASSERT_OK(coll_mod_index(&f.command, spec, index_changes[i].major,
							  &after, &e)),
				 index_changes[i].after != NULL);
		if (index_changes[i].after != NULL)
			assert_doc(buf_bytes(&after), index_changes[i].after);
	}
}

/* What no server logs: told with its time and place, and nothing is written. */
static void a_coll_mod_of_odd_values_is_refused(void **state)
{
	static const struct {
		const char *o, *options;
		const char *part;
	} bad[] = {
		{"{'collMod':'t','cappedSize':'big'}", "{'capped':true}",
		 "oplog entry 100.7 (c shop.$cmd): collMod: cappedSize has type 0x02"},
		{"{'collMod':'t','cappedSize':{'$numberLong':'9223372036854775807'}}", "{}",
		 "cappedSize has type 0x12"},
		{"{'collMod':'t','cappedMax':{'$numberDouble':'1e300'}}", "{}",
		 "cappedMax has type 0x01"},
		{"{'collMod':'t','cappedMax':{'$numberDouble':'NaN'}}", "{}",
		 "cappedMax has type 0x01"},
		{"{'collMod':'t','timeseries':5}", "{'timeseries':{'timeField':'t'}}",
		 "timeseries has type 0x10"},
		{"{'collMod':'t','timeseries':{'granularity':'hours'}}", "{'timeseries':5}",
		 "timeseries has type 0x03"},
		{"{'collMod':'t','timeseries':{'granularity':5}}",
		 "{'timeseries':{'timeField':'t'}}", "granularity has type 0x10"},
	};
	OWNED(release) struct fixture f = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		OWNED(buf_release) struct buf before = {0}, after = {0};
		struct error e = {0};

		ASSERT_OK(parse(&f, bad[i].o, &e));
		ASSERT_ERROR_TEXT(coll_mod_options(&f.command, text_doc(&before, bad[i].options),
						   600, &after, &e),
				  ERR_CORRUPT, bad[i].part);
		assert_int_equal(after.len, 0);
	}
}

static void a_coll_mod_has_limits(void **state)
{
	OWNED(release) struct fixture f = {0};
	OWNED(buf_release) struct buf b = {0}, after = {0}, many = {0}, series = {0};
	char name[80];
	struct error e = {0};

	(void)state;
	buf_add_str(&many, "{'collMod':'t'");
	for (int i = 0; i < 25; i++)
		buf_printf(&many, ",'option%d':1", i);
	buf_add_str(&many, "}");
	ASSERT_OK(parse(&f, buf_text(&many), &e));
	ASSERT_ERROR_TEXT(coll_mod_options(&f.command, text_doc(&b, "{}"), 600, &after, &e),
			  ERR_LIMIT, "more than 24 options");
	memset(name, 'x', 64);
	name[64] = '\0';
	buf_reset(&many);
	buf_printf(&many, "{'collMod':'t','%s':1}", name);
	ASSERT_OK(parse(&f, buf_text(&many), &e));
	ASSERT_ERROR_TEXT(coll_mod_options(&f.command, buf_bytes(&b), 600, &after, &e), ERR_LIMIT,
			  "or a long name");
	buf_reset(&many);
	buf_printf(&many, "{'collMod':'t','timeseries':{'%s':1}}", name);
	ASSERT_OK(parse(&f, buf_text(&many), &e));
	ASSERT_ERROR_TEXT(coll_mod_options(&f.command,
					   text_doc(&series, "{'timeseries':{'timeField':'t'}}"),
					   600, &after, &e),
			  ERR_LIMIT, "or a long name");
	assert_int_equal(after.len, 0);
}

static void a_coll_mod_of_an_index_that_is_none_is_refused(void **state)
{
	OWNED(release) struct fixture f = {0};
	OWNED(buf_release) struct buf b = {0}, after = {0};
	struct bytes spec = text_doc(&b, "{'v':2,'key':{'a':1},'name':'a_1'}");
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse(&f, "{'collMod':'t','index':5}", &e));
	ASSERT_ERROR_TEXT(coll_mod_names_index(&f.command, spec, &e), ERR_CORRUPT,
			  "collMod: index has type 0x10");
	ASSERT_ERROR(coll_mod_index(&f.command, spec, 6, &after, &e), ERR_CORRUPT);
	/* One that names none means none. */
	ASSERT_OK(parse(&f, "{'collMod':'t','index':{'hidden':true}}", &e));
	assert_int_equal(ASSERT_OK(coll_mod_names_index(&f.command, spec, &e)), 0);
	ASSERT_OK(parse(&f, "{'collMod':'t','index':{'name':'a_1','expireAfterSeconds':'x'}}", &e));
	ASSERT_ERROR_TEXT(coll_mod_index(&f.command, spec, 6, &after, &e), ERR_CORRUPT,
			  "expireAfterSeconds has type 0x02");
	assert_int_equal(after.len, 0);
}

static void an_index_build_of_what_is_no_spec_is_refused(void **state)
{
	OWNED(release) struct fixture f = {0};
	OWNED(buf_release) struct buf spec = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse(&f,
			"{'commitIndexBuild':'c','indexBuildUUID':" UI
			",'indexes':[{'v':2,'key':{'a':1},'name':'a_1'},5]}",
			&e));
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 0, &spec, &e)), 1);
	buf_reset(&spec);
	ASSERT_ERROR_TEXT(command_index_spec(&f.command, 1, &spec, &e), ERR_CORRUPT,
			  "index spec has type 0x10, expected a document");
	/* What is no command about indexes has no spec. */
	ASSERT_OK(parse(&f, "{'drop':'c'}", &e));
	assert_int_equal(ASSERT_OK(command_index_spec(&f.command, 0, &spec, &e)), 0);
	assert_int_equal(spec.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_policy),
		cmocka_unit_test(an_unknown_command_is_refused_with_time_and_place),
		cmocka_unit_test(broken_commands_are_refused),
		cmocka_unit_test(create_gives_options_and_the_id_index_apart),
		cmocka_unit_test(index_commands_give_their_specs),
		cmocka_unit_test(rename_gives_both_names_and_what_goes),
		cmocka_unit_test(coll_mod_changes_options),
		cmocka_unit_test(coll_mod_changes_an_index),
		cmocka_unit_test(a_coll_mod_of_odd_values_is_refused),
		cmocka_unit_test(a_coll_mod_has_limits),
		cmocka_unit_test(a_coll_mod_of_an_index_that_is_none_is_refused),
		cmocka_unit_test(an_index_build_of_what_is_no_spec_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
