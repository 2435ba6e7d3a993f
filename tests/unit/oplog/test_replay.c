/* The driver of the replay, through the moments that it makes. */
#include "oplog/replay.h"

#include "oplog/timeline.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "tests/unit/oplog/stream_model.h"
#include "tests/unit/oplog/text_doc.h"

#define S 1700000000u
#define NS "shop.orders"
#define UI "'ui':{'$binary':{'base64':'AQEBAQEBAQEBAQEBAQEBAQ==','subType':'04'}}"
#define SESSION                                                                                    \
	"'lsid':{'id':{'$binary':{'base64':'AgICAgICAgICAgICAgICAg==','subType':'04'}},"           \
	"'uid':{'$binary':{'base64':'AAAA','subType':'00'}}},'txnNumber':{'$numberLong':'1'}"
#define AT(i) "'ts':{'$timestamp':{'t':1700000000,'i':" #i "}},'t':{'$numberLong':'1'},'v':2"
#define TS(i) "{'$timestamp':{'t':1700000000,'i':" #i "}}"
#define NO_PREV "'prevOpTime':{'ts':{'$timestamp':{'t':0,'i':0}},'t':{'$numberLong':'-1'}}"
#define PREV(i) "'prevOpTime':{'ts':" TS(i) ",'t':{'$numberLong':'1'}}"
#define NOOP(i) "{" AT(i) ",'op':'n','ns':'','o':{'msg':'x'}}"
#define INSERT(i) "{" AT(i) ",'op':'i','ns':'" NS "'," UI ",'o':{'_id':" #i "}}"
#define TXN(i, o, prev) "{" AT(i) ",'op':'c','ns':'admin.$cmd'," SESSION "," prev ",'o':" o "}"
#define PREPARE "{'applyOps':[{'op':'i','ns':'" NS "'," UI ",'o':{'_id':'t'}}],'prepare':true}"
#define PREPARE_NOTHING "{'applyOps':[],'prepare':true}"
#define COMMIT(i) "{'commitTransaction':1,'commitTimestamp':" TS(i) "}"

struct world {
	struct store *store;
	struct timeline *timeline;
};

static void commit_base(struct store *store)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release) struct snapshot s = {.name = xstrdup("base"), .exact = true};
	OWNED(catalog_build_free) struct catalog_build *build = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	build = catalog_build_new(writer, NULL);
	catalog_entry_init(&entry);
	entry.ns = xstrdup(NS);
	entry.ns_len = strlen(NS);
	entry.db_len = 4;
	entry.has_uuid = true;
	stream_model_uuid(1, entry.uuid);
	ASSERT_OK(catalog_build_add(build, &entry, 1, NULL, &e));
	s.optime = (struct optime){S, 1};
	s.time = S;
	s.source = xstrdup("dump");
	s.tool = xstrdup("test");
	ASSERT_OK(catalog_build_finish(build, &s, &e));
	ASSERT_OK(commit_snapshot(writer, &s, &e));
}

static struct world make(const char *const *entries, size_t count)
{
	struct world w = {.store = stream_model_store(NULL)};
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	commit_base(w.store);
	for (size_t i = 0; i < count; i++)
		text_doc(&docs, entries[i]);
	ASSERT_OK(stream_model_add(w.store, buf_bytes(&docs), NULL, &e));
	ASSERT_OK(timeline_open(w.store, &w.timeline, &e));
	return w;
}

static void end(struct world *w)
{
	timeline_close(w->timeline);
	store_close(w->store);
}

/* Documents at increment `i`, or the error. */
static int count_at(struct world *w, uint32_t i, uint64_t *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct timeline_point point;
	char when[40];

	snprintf(when, sizeof(when), "%u.%u", S, i);
	if (timeline_find(w->timeline, when, S, &point, e) < 0 ||
	    timeline_moment(w->timeline, &point, NULL, &moment, e) < 0 ||
	    moment_find(moment, bytes_str(NS), NULL, &entry, e) < 0 ||
	    moment_resolve(moment, &entry, e) < 0)
		return e->code;
	*ret = entry.root.count;
	return 0;
}

static void check_counts(struct world *w, const uint64_t *expected, uint32_t first, uint32_t last)
{
	struct error e = {0};

	for (uint32_t i = first; i <= last; i++) {
		uint64_t count = 0;

		ASSERT_OK(count_at(w, i, &count, &e));
		if (count != expected[i - first])
			fail_msg("at .%u: %" PRIu64 " documents, expected %" PRIu64, i, count,
				 expected[i - first]);
	}
}

/* Reference 5.4: prepare 10, others 11 to 14, commitTimestamp 13, commit entry 18. */
static void a_prepared_transaction_is_visible_at_its_commit_timestamp(void **state)
{
	static const char *const entries[] = {NOOP(1),	  TXN(10, PREPARE, NO_PREV),
					      INSERT(11), INSERT(12),
					      INSERT(13), INSERT(14),
					      NOOP(17),	  TXN(18, COMMIT(13), PREV(10)),
					      NOOP(19)};
	static const uint64_t expected[] = {0, 0, 1, 2, 4, 5, 5, 5, 5, 5, 5};
	struct world w = make(entries, COUNT_OF(entries));
	uint64_t count;
	struct error e = {0};

	(void)state;
	/* Forwards: each moment goes on from the one before, in the midst of the transaction. */
	check_counts(&w, expected, 9, 19);
	end(&w);
	/* Backwards: each from the base. */
	w = make(entries, COUNT_OF(entries));
	for (uint32_t i = 19; i >= 9; i--) {
		ASSERT_OK(count_at(&w, i, &count, &e));
		assert_int_equal(count, expected[i - 9]);
	}
	end(&w);
}

static void a_prepared_transaction_of_nothing_is_committed(void **state)
{
	static const char *const entries[] = {NOOP(1), TXN(10, PREPARE_NOTHING, NO_PREV),
					      INSERT(11), TXN(12, COMMIT(11), PREV(10)),
					      INSERT(13)};
	static const uint64_t expected[] = {0, 0, 1, 1, 2};
	struct world w = make(entries, COUNT_OF(entries));

	(void)state;
	check_counts(&w, expected, 9, 13);
	end(&w);
}

static void a_moment_behind_an_undecided_prepare_does_not_exist(void **state)
{
	static const char *const entries[] = {NOOP(1), INSERT(9), TXN(10, PREPARE, NO_PREV),
					      INSERT(11)};
	static const uint64_t expected[] = {1};
	struct world w = make(entries, COUNT_OF(entries));
	uint64_t count;
	struct error e = {0};

	(void)state;
	check_counts(&w, expected, 9, 9);
	ASSERT_ERROR_TEXT(count_at(&w, 10, &count, &e), ERR_NO_TIME, "prepared and not decided");
	ASSERT_ERROR_TEXT(count_at(&w, 11, &count, &e), ERR_NO_TIME, "prepared and not decided");
	end(&w);
}

/* A user's applyOps that names a document that is not there does nothing to it (alwaysUpsert: false). */
static void an_update_inside_apply_ops_of_a_missing_document_is_passed_over(void **state)
{
	static const char *const entries[] = {
		NOOP(1), INSERT(2),
		"{" AT(3) ",'op':'c','ns':'admin.$cmd','o':{'applyOps':[{'op':'u','ns':'" NS "'," UI
			  ",'o':{'_id':7,'a':1},'o2':{'_id':7}},{'op':'i','ns':'" NS "'," UI
			  ",'o':{'_id':8}}],'alwaysUpsert':false}}"};
	static const uint64_t expected[] = {1, 2};
	struct world w = make(entries, COUNT_OF(entries));

	(void)state;
	check_counts(&w, expected, 2, 3);
	end(&w);
}

static void an_update_inside_apply_ops_upserts_though_its_b_is_false(void **state)
{
	static const char *const entries[] = {
		NOOP(1), INSERT(2),
		"{" AT(3) ",'op':'c','ns':'admin.$cmd','o':{'applyOps':[{'op':'u','ns':'" NS "'," UI
			  ",'b':false,'o':{'_id':7,'a':1},'o2':{'_id':7}},{'op':'i','ns':'" NS
			  "'," UI ",'o':{'_id':8}}]}}"};
	static const uint64_t expected[] = {1, 3};
	struct world w = make(entries, COUNT_OF(entries));

	(void)state;
	check_counts(&w, expected, 2, 3);
	end(&w);
}

/* But an update by itself says that the base and the log do not belong together. */
static void an_update_of_a_missing_document_stops_its_collection(void **state)
{
	static const char *const entries[] = {
		NOOP(1), INSERT(2),
		"{" AT(3) ",'op':'u','ns':'" NS "'," UI
			  ",'o2':{'_id':7},'o':{'$v':2,'diff':{'u':{'a':1}}}}"};
	static const uint64_t expected[] = {1};
	struct world w = make(entries, COUNT_OF(entries));
	uint64_t count;
	struct error e = {0};

	(void)state;
	check_counts(&w, expected, 2, 2);
	ASSERT_ERROR_TEXT(count_at(&w, 3, &count, &e), ERR_UNSUPPORTED, "1700000000.3");
	end(&w);
}

/* What a server can't have logged stops its collection, and the others go on. */
static void an_insert_without_an_id_stops_its_collection(void **state)
{
	static const char *const entries[] = {
		NOOP(1), INSERT(2), "{" AT(3) ",'op':'i','ns':'" NS "'," UI ",'o':{'x':1}}",
		INSERT(4)};
	static const uint64_t expected[] = {1};
	struct world w = make(entries, COUNT_OF(entries));
	uint64_t count;
	struct error e = {0};

	(void)state;
	check_counts(&w, expected, 2, 2);
	ASSERT_ERROR_TEXT(count_at(&w, 3, &count, &e), ERR_UNSUPPORTED,
			  "oplog entry 1700000000.3 (i shop.orders): no _id in o");
	ASSERT_ERROR_TEXT(count_at(&w, 4, &count, &e), ERR_UNSUPPORTED,
			  "oplog entry 1700000000.3 (i shop.orders): no _id in o");
	end(&w);
}

/* Entries after which nothing can be told. */
static void what_stops_everything_says_when(void **state)
{
	static const struct {
		const char *entry;
		int code;
		const char *part;
	} cases[] = {
		{"{" AT(3) ",'op':'xi','ns':'" NS "','o':{'_id':1}}", ERR_UNSUPPORTED,
		 "oplog entry 1700000000.3 (xi shop.orders): keys of global indexes can't be "
		 "replayed"},
		{"{" AT(3) ",'op':'xd','ns':'" NS "','o':{'_id':1}}", ERR_UNSUPPORTED,
		 "keys of global indexes"},
		{"{" AT(3) ",'op':'c','ns':'admin.$cmd','o':{'applyOps':[5]}}", ERR_CORRUPT,
		 "1700000000.3"},
	};
	uint64_t count;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *const entries[] = {NOOP(1), INSERT(2), cases[i].entry, INSERT(4)};
		struct world w = make(entries, COUNT_OF(entries));
		struct error e = {0};

		ASSERT_OK(count_at(&w, 2, &count, &e));
		ASSERT_ERROR_TEXT(count_at(&w, 4, &count, &e), cases[i].code, cases[i].part);
		end(&w);
	}
}

/* A part of a transaction whose operations nest deeper than any server's: moments before it can be reached all the same. */
static void an_entry_that_is_over_a_limit_harms_no_moment_before_it(void **state)
{
	OWNED(buf_release) struct buf deep = {0};
	const char *entries[] = {NOOP(1), INSERT(2), NULL, INSERT(4)};
	struct world w;
	uint64_t count = 0;
	struct error e = {0};

	(void)state;
	buf_add_str(&deep, "{" AT(3) ",'op':'c','ns':'admin.$cmd'," SESSION "," NO_PREV
				     ",'o':{'applyOps':[");
	for (int i = 0; i < 12; i++)
		buf_add_str(&deep, "{'op':'c','ns':'admin.$cmd','o':{'applyOps':[");
	for (int i = 0; i < 12; i++)
		buf_add_str(&deep, "]}}");
	buf_add_str(&deep, "],'partialTxn':true}}");
	entries[2] = buf_text(&deep);
	w = make(entries, COUNT_OF(entries));
	ASSERT_OK(count_at(&w, 2, &count, &e));
	assert_int_equal(count, 1);
	ASSERT_ERROR_TEXT(count_at(&w, 4, &count, &e), ERR_LIMIT,
			  "oplog entry 1700000000.3 (c admin.$cmd)");
	end(&w);
}

/* What changes nothing that is kept. */
static void entries_of_storage_are_passed_over(void **state)
{
	static const char *const entries[] = {
		NOOP(1), INSERT(2), "{" AT(3) ",'op':'ci','ns':'" NS "','o':{'k':1}}",
		"{" AT(4) ",'op':'km','ns':'" NS "','o':{'k':1}}", INSERT(5)};
	static const uint64_t expected[] = {1, 1, 1, 2};
	struct world w = make(entries, COUNT_OF(entries));

	(void)state;
	check_counts(&w, expected, 2, 5);
	end(&w);
}

/* The documents of the model's oplog, one after the other. */
struct source {
	struct buf docs;
	size_t at;
};

static int next_of(void *ctx, struct bytes *ret, struct error *e)
{
	struct source *source = ctx;
	struct bytes rest = bytes_of(source->docs.at + source->at, source->docs.len - source->at);
	int64_t len = bson_next(rest, rest.len, e);

	if (len <= 0)
		return (int)len;
	*ret = bytes_of(rest.at, (size_t)len);
	source->at += (size_t)len;
	return 1;
}

static int run(struct world *w, struct source *source, const struct replay_options *more,
	       struct replay_result *ret, struct error *e)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct replay_options options = *more;

	if (snapshots_read(w->store, &list, NULL, e) < 0 ||
	    store_writer_begin(w->store, &writer, e) < 0)
		return e->code;
	options.writer = writer;
	options.base = &list.at[0];
	options.from = entry_ts(S, 1);
	options.source = (struct replay_source){next_of, source};
	source->at = 0;
	return replay_run(&options, ret, e);
}

static void a_replay_refuses_what_waits_for_a_decision(void **state)
{
	static const char *const entries[] = {NOOP(1), INSERT(9), TXN(10, PREPARE, NO_PREV),
					      INSERT(11)};
	struct world w = make(entries, COUNT_OF(entries));
	OWNED(replay_result_release) struct replay_result result = {0};
	struct source source = {0};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(entries); i++)
		text_doc(&source.docs, entries[i]);
	assert_int_equal(run(&w, &source, &(struct replay_options){.to = UINT64_MAX}, &result, &e),
			 ERR_NO_TIME);
	assert_non_null(strstr(e.text, "prepared at 1700000000.10 is not decided yet"));
	assert_non_null(strstr(e.hint, "--at 1700000000.10~"));
	/* The copy of a running one says so instead. */
	ASSERT_OK(run(&w, &source, &(struct replay_options){.to = UINT64_MAX, .fuzzy = true},
		      &result, &e));
	assert_true(result.undecided);
	assert_int_equal(result.entries, COUNT_OF(entries));
	assert_int_equal(result.snapshot.documents, 2);
	buf_release(&source.docs);
	end(&w);
}

struct watch {
	uint64_t reported, stop_at;
};

static void report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	struct watch *watch = ctx;

	if (strcmp(phase, "replaying (entries)") != 0)
		return;
	assert_int_equal(total, 77);
	watch->reported = done;
}

static bool is_enough(void *ctx)
{
	const struct watch *watch = ctx;

	return watch->stop_at != 0 && watch->reported >= watch->stop_at;
}

static void a_long_replay_tells_how_far_it_is_and_can_be_interrupted(void **state)
{
	static const char *const entries[] = {NOOP(1)};
	struct world w = make(entries, COUNT_OF(entries));
	OWNED(replay_result_release) struct replay_result result = {0};
	struct watch watch = {0};
	const struct progress progress = {.report = report, .cancelled = is_enough, .ctx = &watch};
	const struct replay_options options = {
		.to = UINT64_MAX, .progress = &progress, .total = 77};
	struct source source = {0};
	uint8_t uuid[16];
	struct error e = {0};

	(void)state;
	stream_model_uuid(1, uuid);
	for (uint32_t n = 2; n < 5000; n++)
		stream_model_insert(&source.docs, entry_ts(S, n), NS, uuid, (int32_t)n);
	ASSERT_OK(run(&w, &source, &options, &result, &e));
	assert_int_equal(result.snapshot.documents, 4998);
	assert_in_range(watch.reported, 4000, 4998);
	replay_result_release(&result);
	watch = (struct watch){.stop_at = 2000};
	ASSERT_ERROR(run(&w, &source, &options, &result, &e), ERR_CANCELLED);
	assert_in_range(watch.reported, 2000, 4000);
	assert_int_equal(result.stop_count, 0);
	buf_release(&source.docs);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prepared_transaction_is_visible_at_its_commit_timestamp),
		cmocka_unit_test(a_prepared_transaction_of_nothing_is_committed),
		cmocka_unit_test(a_moment_behind_an_undecided_prepare_does_not_exist),
		cmocka_unit_test(an_update_inside_apply_ops_of_a_missing_document_is_passed_over),
		cmocka_unit_test(an_update_inside_apply_ops_upserts_though_its_b_is_false),
		cmocka_unit_test(an_update_of_a_missing_document_stops_its_collection),
		cmocka_unit_test(an_insert_without_an_id_stops_its_collection),
		cmocka_unit_test(what_stops_everything_says_when),
		cmocka_unit_test(an_entry_that_is_over_a_limit_harms_no_moment_before_it),
		cmocka_unit_test(entries_of_storage_are_passed_over),
		cmocka_unit_test(a_replay_refuses_what_waits_for_a_decision),
		cmocka_unit_test(a_long_replay_tells_how_far_it_is_and_can_be_interrupted),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
