#include "oplog/transaction.h"

#include "base/bson_build.h"
#include "tests/unit/oplog/text_doc.h"

/* Everything happens in second 1: an entry's number is its increment. */
#define TS(n) "{'$timestamp':{'t':1,'i':" #n "}}"
#define SESSION(id, n) "'lsid':{'id':" #id ",'uid':0},'txnNumber':{'$numberLong':'" #n "'},"
#define TXN SESSION(1, 5)
#define FIRST "'prevOpTime':{'ts':{'$timestamp':{'t':0,'i':0}},'t':{'$numberLong':'-1'}},"
#define PREV(n) "'prevOpTime':{'ts':" TS(n) ",'t':1},"
#define I(id) "{'op':'i','ns':'a.b','o':{'_id':" #id "}}"
#define D(id) "{'op':'d','ns':'a.c','o':{'_id':" #id "}}"
#define ADMIN "'op':'c','ns':'admin.$cmd',"
#define OPS(ops) ADMIN "'o':{'applyOps':[" ops "]}"
#define PARTIAL(ops) ADMIN "'o':{'applyOps':[" ops "],'partialTxn':true}"
#define END(ops, n) ADMIN "'o':{'applyOps':[" ops "],'count':{'$numberLong':'" #n "'}}"
#define PREPARE(ops) ADMIN "'o':{'applyOps':[" ops "],'prepare':true}"
#define PREPARE_END(ops, n)                                                                        \
	ADMIN "'o':{'applyOps':[" ops "],'prepare':true,'count':{'$numberLong':'" #n "'}}"
#define COMMIT(n) ADMIN "'o':{'commitTransaction':1,'commitTimestamp':" TS(n) "}"
#define ABORT ADMIN "'o':{'abortTransaction':1}"
#define PLAIN(id) "'op':'i','ns':'x.y','o':{'_id':" #id "}"

/* "13: i 1, d 2" - visible at 13; with a T for a transaction; "-" for nothing. */
static const char *describe(struct transactions *transactions, const struct transaction_unit *unit)
{
	static struct buf out;
	struct entry_ops ops;
	struct bson_field id;
	struct error e = {0};
	struct entry op;
	const char *between = "";

	buf_reset(&out);
	assert_int_equal(entry_seconds(unit->visible), 1);
	buf_printf(&out, "%u%s: ", entry_increment(unit->visible), unit->transaction ? "T" : "");
	for (size_t i = 0; i < unit->count; i++) {
		struct entry entry;

		ASSERT_OK(transaction_entry(transactions, i, &entry, &e));
		entry_ops_begin(&ops, &entry);
		while (ASSERT_OK(entry_ops_next(&ops, &op, &e)) > 0) {
			buf_printf(&out, "%s%s", between, entry_op_name(op.op));
			between = ", ";
			if (op.op == ENTRY_INSERT || op.op == ENTRY_DELETE) {
				ASSERT_OK(entry_id(&op, &id, &e));
				buf_printf(&out, " %u", get_le32(id.value.at));
			}
		}
	}
	return buf_text(&out);
}

static int feed(struct transactions *transactions, unsigned ts, const char *rest,
		struct transaction_unit *unit, struct error *e)
{
	/* The text must live as long as the unit. */
	static struct buf doc;
	struct entry entry;
	char text[4096];

	snprintf(text, sizeof(text), "{'ts':{'$timestamp':{'t':1,'i':%u}},'t':1,'v':2,%s}", ts,
		 rest);
	buf_reset(&doc);
	text_doc(&doc, text);
	assert_int_equal(entry_parse(buf_bytes(&doc), &entry, e), 0);
	return transaction_feed(transactions, &entry, unit, e);
}

static const char *fed(struct transactions *transactions, unsigned ts, const char *rest)
{
	struct transaction_unit unit;
	struct error e = {0};

	if (ASSERT_OK(feed(transactions, ts, rest, &unit, &e)) == 0)
		return "-";
	assert_int_equal(entry_increment(unit.decided.ts), ts);
	return describe(transactions, &unit);
}

/* One entry and what it gives. */
struct step {
	unsigned ts;
	const char *entry;
	const char *expected;
};

static void check_steps(struct transactions *transactions, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = fed(transactions, steps[i].ts, steps[i].entry);

		if (strcmp(got, steps[i].expected) != 0)
			fail_msg("entry %u gave \"%s\", expected \"%s\"", steps[i].ts, got,
				 steps[i].expected);
	}
}

#define CHECK_STEPS(steps)                                                                         \
	OWNED(transaction_free) struct transactions *t = transaction_new(".");                     \
	check_steps(t, steps, COUNT_OF(steps));                                                    \
	assert_int_equal(transaction_open_count(t), 0)

/* T01, T18, T20, T22, T24, noops: each by itself. */
static void what_stands_alone_comes_out_at_once(void **state)
{
	static const struct step steps[] = {
		{1, PLAIN(1), "1: i 1"},
		{2, "'op':'n','ns':'','o':{}", "2: n"},
		{3, TXN FIRST OPS(I(1) "," D(2)), "3T: i 1, d 2"},
		{4, OPS(""), "4: "},
		{5, OPS(D(1) "," D(2)), "5: d 1, d 2"},
		{6, SESSION(2, 1) FIRST "'multiOpType':1," OPS(I(7)), "6: i 7"},
		{7, SESSION(2, 1) PREV(6) "'multiOpType':1," OPS(I(8)), "7: i 8"},
		{8, SESSION(3, 1) PREV(2) PLAIN(9), "8: i 9"},
		{9, OPS(I(7)), "9: i 7"},
		{10, "'op':'c','ns':'a.$cmd','o':{'drop':'b'}", "10: c"},
		{11, SESSION(2, 2) FIRST "'multiOpType':2," OPS(I(9)), "11: i 9"},
	};

	(void)state;
	CHECK_STEPS(steps);
}

/* T04, T21 (the same without a session), with entries of others between. */
static void a_chain_comes_out_at_its_end(void **state)
{
	static const struct step steps[] = {
		{1, TXN FIRST PARTIAL(I(1) "," I(2)), "-"},
		{2, FIRST PARTIAL(D(1)), "-"},
		{3, PLAIN(50), "3: i 50"},
		{4, TXN PREV(1) PARTIAL(I(3)), "-"},
		{5, PREV(2) PARTIAL(D(2)), "-"},
		{6, TXN PREV(4) PARTIAL(""), "-"},
		{7, TXN PREV(6) END(I(4), 4), "7T: i 1, i 2, i 3, i 4"},
		{8, PREV(5) END(D(3), 3), "8: d 1, d 2, d 3"},
	};

	(void)state;
	CHECK_STEPS(steps);
}

/* T05 */
static void a_chain_without_its_end_never_comes_out(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");
	uint64_t prepared;

	(void)state;
	assert_string_equal(fed(t, 3, TXN FIRST PARTIAL(I(1))), "-");
	assert_string_equal(fed(t, 4, TXN PREV(3) PARTIAL(I(2))), "-");
	assert_string_equal(fed(t, 5, PLAIN(3)), "5: i 3");
	assert_int_equal(transaction_open_count(t), 1);
	/* The base of a snapshot made now needs the log from its first entry on; nothing waits for it. */
	assert_true(transaction_needed_from(t) == entry_ts(1, 3));
	assert_int_equal(transaction_waiting(t, entry_ts(1, 5), &prepared), 0);
}

/* T06; the table of T07: prepare 10, commitTimestamp 13, commit entry 18. */
static void a_prepared_transaction_is_visible_at_its_commit_timestamp(void **state)
{
	static const struct step steps[] = {
		{10, TXN FIRST PREPARE(I(1)), "-"}, {11, PLAIN(0), "11: i 0"},
		{12, PLAIN(1), "12: i 1"},	    {13, PLAIN(2), "13: i 2"},
		{14, PLAIN(3), "14: i 3"},	    {15, "'op':'n','ns':'','o':{}", "15: n"},
	};
	OWNED(transaction_free) struct transactions *t = transaction_new(".");
	uint64_t prepared;

	(void)state;
	check_steps(t, steps, COUNT_OF(steps));
	assert_int_equal(transaction_waiting(t, entry_ts(1, 9), &prepared), 0);
	assert_int_equal(transaction_waiting(t, entry_ts(1, 10), &prepared), 1);
	assert_true(prepared == entry_ts(1, 10));
	assert_string_equal(fed(t, 18, TXN PREV(10) COMMIT(13)), "13T: i 1");
	assert_int_equal(transaction_waiting(t, entry_ts(1, 18), &prepared), 0);
	/* T06: at the prepare's own time; an empty one of a reader. */
	assert_string_equal(fed(t, 20, SESSION(2, 1) FIRST PREPARE("")), "-");
	assert_string_equal(fed(t, 21, SESSION(2, 1) PREV(20) COMMIT(20)), "20T: ");
	assert_true(transaction_needed_from(t) == 0);
}

/* T08, T09 */
static void prepared_chains_commit_or_abort_as_a_whole(void **state)
{
	static const struct step steps[] = {
		{1, TXN FIRST PARTIAL(I(1)), "-"},
		{2, SESSION(2, 9) FIRST PARTIAL(I(50)), "-"},
		{3, TXN PREV(1) PREPARE_END(I(2) "," I(3), 3), "-"},
		{4, SESSION(2, 9) PREV(2) PREPARE_END(I(51), 2), "-"},
		{5, SESSION(2, 9) PREV(4) ABORT, "-"},
		{6, TXN PREV(3) COMMIT(4), "4T: i 1, i 2, i 3"},
	};

	(void)state;
	CHECK_STEPS(steps);
}

/* T10 */
static void an_undecided_transaction_waits_with_all_moments_behind_it(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");
	uint64_t prepared;

	(void)state;
	fed(t, 1, TXN FIRST PARTIAL(I(1)));
	fed(t, 5, TXN PREV(1) PREPARE(I(2)));
	fed(t, 6, SESSION(2, 1) FIRST PREPARE(I(3)));
	assert_int_equal(transaction_waiting(t, entry_ts(1, 4), &prepared), 0);
	for (unsigned ts = 5; ts < 8; ts++) {
		assert_int_equal(transaction_waiting(t, entry_ts(1, ts), &prepared), 1);
		assert_true(prepared == entry_ts(1, 5));
	}
	assert_true(transaction_needed_from(t) == entry_ts(1, 1));
	fed(t, 8, TXN PREV(5) ABORT);
	assert_int_equal(transaction_waiting(t, entry_ts(1, 5), &prepared), 0);
	assert_int_equal(transaction_waiting(t, entry_ts(1, 6), &prepared), 1);
	assert_true(transaction_needed_from(t) == entry_ts(1, 6));
}

static void check_feed_fails(struct transactions *t, unsigned ts, const char *entry, int code,
			     const char *part)
{
	struct transaction_unit unit;
	struct error e = {0};
	size_t open = transaction_open_count(t);

	ASSERT_ERROR_TEXT(feed(t, ts, entry, &unit, &e), code, part);
	if (code != ERR_NO_TIME)
		assert_int_equal(transaction_open_count(t), open);
}

/* T11: the parts that are there are no error, the end is. T12: nor can it be committed. */
static void what_began_before_the_log_is_an_error_at_its_end(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");
	uint64_t prepared;

	(void)state;
	assert_string_equal(fed(t, 10, TXN PREV(9) PARTIAL(I(1))), "-");
	assert_string_equal(fed(t, 11, TXN PREV(10) PARTIAL(I(2))), "-");
	check_feed_fails(t, 12, TXN PREV(11) END(I(3), 9), ERR_NO_TIME,
			 "oplog entry 1.12 (c admin.$cmd): its transaction began before");
	check_feed_fails(t, 13, SESSION(2, 1) PREV(8) END(I(3), 9), ERR_NO_TIME, "1.8");
	check_feed_fails(t, 14, SESSION(3, 1) PREV(7) COMMIT(13), ERR_NO_TIME, "1.7");
	assert_string_equal(fed(t, 15, SESSION(4, 1) PREV(6) PREPARE_END(I(4), 2)), "-");
	assert_int_equal(transaction_waiting(t, entry_ts(1, 15), &prepared), 1);
	check_feed_fails(t, 16, SESSION(4, 1) PREV(15) COMMIT(15), ERR_NO_TIME, "began before");
	/* It is decided, though what it did is not known. */
	assert_int_equal(transaction_waiting(t, entry_ts(1, 16), &prepared), 0);
	assert_int_equal(transaction_open_count(t), 0);
	/* What was aborted left nothing, wherever it began. */
	assert_string_equal(fed(t, 17, SESSION(4, 1) PREV(15) ABORT), "-");
	assert_string_equal(fed(t, 18, SESSION(5, 1) PREV(5) ABORT), "-");
}

/* T13; what was prepared stays, and other sessions too. */
static void a_sessions_next_transaction_drops_its_open_chain(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");

	(void)state;
	fed(t, 1, SESSION(1, 5) FIRST PARTIAL(I(1)));
	fed(t, 2, SESSION(2, 5) FIRST PARTIAL(I(2)));
	assert_int_equal(transaction_open_count(t), 2);
	fed(t, 3, SESSION(1, 6) FIRST PARTIAL(I(3)));
	assert_int_equal(transaction_open_count(t), 2);
	assert_string_equal(fed(t, 4, SESSION(2, 6) FIRST OPS(I(4))), "4T: i 4");
	assert_int_equal(transaction_open_count(t), 1);
	check_feed_fails(t, 5, SESSION(1, 5) PREV(1) END(I(1), 2), ERR_NO_TIME, "began before");
	assert_string_equal(fed(t, 6, SESSION(1, 6) PREV(3) PREPARE(I(5))), "-");
	fed(t, 7, SESSION(1, 7) FIRST OPS(I(6)));
	assert_string_equal(fed(t, 8, SESSION(1, 6) PREV(6) COMMIT(7)), "7T: i 3, i 5");
}

static void a_wrong_count_or_order_is_an_error_and_changes_nothing(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");

	(void)state;
	fed(t, 1, TXN FIRST PARTIAL(I(1)));
	check_feed_fails(t, 2, TXN PREV(1) END(I(2), 3), ERR_CORRUPT, "2 operations, expected 3");
	check_feed_fails(t, 2, TXN PREV(1) PREPARE_END(I(2), 7), ERR_CORRUPT, "expected 7");
	check_feed_fails(t, 2, TXN PREV(1) COMMIT(1), ERR_CORRUPT, "not prepared");
	check_feed_fails(t, 1, PLAIN(1), ERR_CORRUPT, "does not come after 1.1");
	check_feed_fails(t, 2, TXN PREV(1) PARTIAL("5"), ERR_CORRUPT, "expected a document");
	check_feed_fails(t, 2, TXN PREV(1) END("5", 2), ERR_CORRUPT, "expected a document");
	check_feed_fails(t, 2, TXN PREV(1) ADMIN "'o':{'applyOps':[],'count':'x'}", ERR_CORRUPT,
			 "count has type 0x02");
	check_feed_fails(t, 2, SESSION(9, 1) FIRST PARTIAL("5"), ERR_CORRUPT,
			 "expected a document");
	assert_string_equal(fed(t, 2, TXN PREV(1) PREPARE_END(I(2), 2)), "-");
	check_feed_fails(t, 4, TXN PREV(2) END(I(2), 3), ERR_CORRUPT, "without its decision");
	check_feed_fails(t, 4, TXN PREV(2) PARTIAL(I(2)), ERR_CORRUPT, "without its decision");
	check_feed_fails(t, 4, TXN PREV(2) COMMIT(1), ERR_CORRUPT, "not between");
	check_feed_fails(t, 4, TXN PREV(2) COMMIT(5), ERR_CORRUPT, "not between");
	assert_string_equal(fed(t, 4, TXN PREV(2) COMMIT(2)), "2T: i 1, i 2");
}

/* An insert of a document of 5 MiB whose bytes tell its _id, as part `ts` of a chain. */
static int feed_big(struct transactions *t, unsigned ts, unsigned prev, const char *kind,
		    struct transaction_unit *unit, struct error *e)
{
	static struct buf doc;
	OWNED(buf_release) struct buf big = {0};
	struct entry entry;
	size_t top, part, ops, op, o;

	assert_int_equal(buf_reserve(&big, 5 * MIB, SIZE_MAX, e), 0);
	memset(big.at, (int)ts, 5 * MIB);
	big.len = 5 * MIB;
	put_le32(big.at, 5 * MIB - 4);
	big.at[big.len - 1] = 0;
	buf_reset(&doc);
	text_doc(&doc, "{'t':1,'v':2,'op':'c','ns':'admin.$cmd','wall':{'$date':7}}");
	doc.len--;
	top = 0;
	bson_build_value(&doc, "ts", BSON_KIND_TIMESTAMP,
			 bytes_of((uint64_t[]){entry_ts(1, ts)}, 8));
	part = bson_build_open(&doc, "prevOpTime");
	bson_build_value(&doc, "ts", BSON_KIND_TIMESTAMP,
			 bytes_of((uint64_t[]){prev == 0 ? 0 : entry_ts(1, prev)}, 8));
	bson_build_int32(&doc, "t", prev == 0 ? -1 : 1);
	bson_build_end(&doc, part);
	part = bson_build_open(&doc, "o");
	ops = bson_build_open_array(&doc, "applyOps");
	op = bson_build_open(&doc, "0");
	bson_build_string(&doc, "op", bytes_str("i"));
	bson_build_string(&doc, "ns", bytes_str("a.b"));
	o = bson_build_open(&doc, "o");
	bson_build_int32(&doc, "_id", (int)ts);
	bson_build_value(&doc, "big", BSON_KIND_STRING, buf_bytes(&big));
	bson_build_end(&doc, o);
	bson_build_end(&doc, op);
	bson_build_end(&doc, ops);
	if (kind != NULL)
		bson_build_value(&doc, kind, BSON_KIND_BOOL, bytes_of("\1", 1));
	bson_build_end(&doc, part);
	bson_build_end(&doc, top);
	assert_int_equal(entry_parse(buf_bytes(&doc), &entry, e), 0);
	return transaction_feed(t, &entry, unit, e);
}

/* Are the documents of the unit's entries whole? */
static void check_big(struct transactions *t, const struct transaction_unit *unit, unsigned first)
{
	for (size_t i = 0; i < unit->count; i++) {
		struct bson_field field;
		struct entry entry, op;
		struct entry_ops ops;
		struct error e = {0};

		ASSERT_OK(transaction_entry(t, i, &entry, &e));
		entry_ops_begin(&ops, &entry);
		assert_int_equal(ASSERT_OK(entry_ops_next(&ops, &op, &e)), 1);
		assert_int_equal(ASSERT_OK(bson_find(op.o, "big", &field, &e)), 1);
		assert_int_equal(field.value.len, 5 * MIB);
		for (size_t at = 4; at < field.value.len - 1; at++)
			if (field.value.at[at] != first + 2 * i)
				fail_msg("byte %zu of part %zu is wrong", at, i);
	}
}

/* Two chains at once of 60 MiB each, twice: part of each in memory, the rest in the file. */
static void what_memory_has_no_room_for_is_read_back(void **state)
{
	OWNED(transaction_free) struct transactions *t = transaction_new(".");
	OWNED(transaction_free) struct transactions *bare = transaction_new(NULL);
	struct transaction_unit unit = {0};
	struct error e = {0};
	uint64_t waits;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		unsigned begin = 1 + 40 * round;

		for (unsigned n = 0; n < 24; n++)
			assert_int_equal(
				ASSERT_OK(feed_big(t, begin + n, n < 2 ? 0 : begin + n - 2,
						   n < 22 ? "partialTxn" : NULL, &unit, &e)),
				n >= 22);
		assert_int_equal(unit.count, 12);
		assert_true(unit.has_wall && unit.wall == 7);
		check_big(t, &unit, begin + 1);
	}
	/* Prepared ones: all of it is in the chain. */
	for (unsigned n = 0; n < 5; n++)
		assert_int_equal(ASSERT_OK(feed_big(t, 100 + n, n == 0 ? 0 : 99 + n,
						    n < 4 ? "partialTxn" : "prepare", &unit, &e)),
				 0);
	assert_int_equal(transaction_waiting(t, entry_ts(1, 104), &waits), 1);
	assert_int_equal(ASSERT_OK(feed(t, 110, PREV(104) COMMIT(105), &unit, &e)), 1);
	assert_int_equal(unit.count, 5);
	/* Who keeps nothing knows what is open. */
	assert_int_equal(ASSERT_OK(feed_big(bare, 1, 0, "partialTxn", &unit, &e)), 0);
	assert_int_equal(ASSERT_OK(feed_big(bare, 2, 1, "prepare", &unit, &e)), 0);
	assert_int_equal(transaction_waiting(bare, entry_ts(1, 5), &waits), 1);
	assert_true(waits == entry_ts(1, 2) && transaction_needed_from(bare) == entry_ts(1, 1));
	assert_int_equal(ASSERT_OK(feed(bare, 6, PREV(2) COMMIT(3), &unit, &e)), 1);
	assert_int_equal(unit.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_alone_comes_out_at_once),
		cmocka_unit_test(a_chain_comes_out_at_its_end),
		cmocka_unit_test(a_chain_without_its_end_never_comes_out),
		cmocka_unit_test(a_prepared_transaction_is_visible_at_its_commit_timestamp),
		cmocka_unit_test(prepared_chains_commit_or_abort_as_a_whole),
		cmocka_unit_test(an_undecided_transaction_waits_with_all_moments_behind_it),
		cmocka_unit_test(what_began_before_the_log_is_an_error_at_its_end),
		cmocka_unit_test(a_sessions_next_transaction_drops_its_open_chain),
		cmocka_unit_test(a_wrong_count_or_order_is_an_error_and_changes_nothing),
		cmocka_unit_test(what_memory_has_no_room_for_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
