#include "tools/log_read.h"

#include "tests/unit/tools/log_model.h"

#define TS(n) "{'$timestamp':{'t':1,'i':" #n "}}"
#define TXN "'lsid':{'id':1,'uid':0},'txnNumber':{'$numberLong':'5'},"
#define FIRST "'prevOpTime':{'ts':{'$timestamp':{'t':0,'i':0}},'t':{'$numberLong':'-1'}},"
#define PREV(n) "'prevOpTime':{'ts':" TS(n) ",'t':1},"
#define OPS(ops) "'op':'c','ns':'admin.$cmd','o':{'applyOps':[" ops "]"
#define I(id) "{'op':'i','ns':'a.b','o':{'_id':" #id "}}"
#define D(id) "{'op':'d','ns':'a.c','o':{'_id':" #id "}}"
#define PLAIN(id) "'op':'i','ns':'x.y','o':{'_id':" #id "}"

/* What a reader gave: "10 i1, 12T d2, gap 20-30, lost 5"; the letter T for a transaction. */
static int take(void *ctx, const struct log_op *op, struct error *e)
{
	struct bson_field id;

	buf_printf(ctx, "%s%u%s %s", ((struct buf *)ctx)->len > 0 ? ", " : "",
		   entry_increment(op->ts), op->transaction ? "T" : "", entry_op_name(op->op->op));
	if (op->op->op == ENTRY_INSERT || op->op->op == ENTRY_DELETE) {
		assert_int_equal(entry_id(op->op, &id, e), 1);
		buf_printf(ctx, "%u", get_le32(id.value.at));
	}
	return 0;
}

static int take_gap(void *ctx, const struct stream_range *before, const struct stream_range *after,
		    struct error *e UNUSED)
{
	buf_printf(ctx, "%sgap %u-%u", ((struct buf *)ctx)->len > 0 ? ", " : "",
		   entry_increment(before->last.ts), entry_increment(after->first.ts));
	return 0;
}

static int take_lost(void *ctx, uint64_t ts, const struct error *why, struct error *e UNUSED)
{
	assert_true(why->text[0] != '\0');
	buf_printf(ctx, "%slost %u", ((struct buf *)ctx)->len > 0 ? ", " : "", entry_increment(ts));
	return 0;
}

static void check(struct store *store, uint32_t from, uint32_t to, const char *expected)
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};
	const struct log_sink sink = {&got, take, take_gap, take_lost};
	struct log_read_options options = {.from = LOG_MODEL_TS(from), .to = LOG_MODEL_TS(to)};

	ASSERT_OK(stream_open(store, &stream, NULL, &e));
	options.stream = stream;
	ASSERT_OK(log_read(&options, &sink, &e));
	assert_string_equal(buf_text(&got), expected);
}

static void operations_come_between_both_times_inclusive(void **state)
{
	static const struct log_model_entry entries[] = {
		{10, PLAIN(1)},
		{20, PLAIN(2)},
		{30, "'op':'n','ns':'','o':{'msg':'x'}"},
		{40, "'op':'c','ns':'a.$cmd','o':{'applyOps':[" I(3) "," D(4) "]}"},
	};
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, entries, COUNT_OF(entries));
	check(store, 0, 99, "10 i1, 20 i2, 30 n, 40 i3, 40 d4");
	check(store, 20, 20, "20 i2");
	check(store, 11, 30, "20 i2, 30 n");
	check(store, 41, 99, "");
	check(store, 0, 9, "");
}

/* 10 begins, 30 ends; in between another session writes. */
static const struct log_model_entry chain[] = {
	{10, TXN FIRST OPS(I(1)) ",'partialTxn':true}"},
	{15, PLAIN(7)},
	{20, TXN PREV(10) OPS(I(2)) ",'partialTxn':true}"},
	{30, TXN PREV(20) OPS(D(3)) ",'count':{'$numberLong':'3'}}"},
	{40, PLAIN(8)},
};

static void a_transaction_is_its_operations_at_its_end(void **state)
{
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, chain, COUNT_OF(chain));
	check(store, 0, 99, "15 i7, 30T i1, 30T i2, 30T d3, 40 i8");
	check(store, 0, 29, "15 i7");
}

static void a_transaction_that_began_before_is_whole(void **state)
{
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, chain, COUNT_OF(chain));
	for (uint32_t from = 16; from <= 30; from++)
		check(store, from, 99, "30T i1, 30T i2, 30T d3, 40 i8");
}

static void what_lost_its_beginning_is_told_and_the_rest_goes_on(void **state)
{
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, chain + 1, COUNT_OF(chain) - 1);
	check(store, 0, 99, "15 i7, lost 30, 40 i8");
	check(store, 0, 29, "15 i7");
}

static void a_prepared_transaction_is_seen_at_its_commit_timestamp(void **state)
{
	static const struct log_model_entry entries[] = {
		{10, TXN FIRST OPS(I(1)) ",'prepare':true}"},
		{20, PLAIN(2)},
		{30, PLAIN(3)},
		{40, TXN PREV(10) "'op':'c','ns':'admin.$cmd','o':{'commitTransaction':1,"
				  "'commitTimestamp':" TS(25) "}"},
		{50, PLAIN(5)},
	};
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, entries, COUNT_OF(entries));
	check(store, 0, 99, "20 i2, 30 i3, 25T i1, 50 i5");
	check(store, 0, 25, "20 i2, 25T i1"); /* it is decided later */
	check(store, 0, 24, "20 i2");
	check(store, 26, 99, "30 i3, 50 i5");
	check(store, 25, 35, "30 i3");
	check(store, 25, 45, "30 i3, 25T i1"); /* it was prepared earlier */
}

static void what_was_aborted_is_not_there(void **state)
{
	static const struct log_model_entry entries[] = {
		{10, TXN FIRST OPS(I(1)) ",'prepare':true}"},
		{20, TXN PREV(10) "'op':'c','ns':'admin.$cmd','o':{'abortTransaction':1}"},
		{30, PLAIN(3)},
	};
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, entries, COUNT_OF(entries));
	check(store, 0, 99, "30 i3");
	check(store, 15, 99, "30 i3");
}

static void gaps_are_told_where_they_are_met(void **state)
{
	static const struct log_model_entry first[] = {{10, PLAIN(1)}, {20, PLAIN(2)}};
	static const struct log_model_entry second[] = {{50, PLAIN(5)}, {60, PLAIN(6)}};
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, first, COUNT_OF(first));
	log_model_add(store, second, COUNT_OF(second));
	check(store, 0, 99, "10 i1, 20 i2, gap 20-50, 50 i5, 60 i6");
	check(store, 0, 20, "10 i1, 20 i2");
	check(store, 50, 99, "50 i5, 60 i6");
	check(store, 30, 40, "gap 20-50");
	check(store, 0, 21, "10 i1, 20 i2, gap 20-50");
	check(store, 49, 99, "gap 20-50, 50 i5, 60 i6");
}

static void an_entry_that_is_not_understood_is_told(void **state)
{
	static const struct log_model_entry entries[] = {
		{10, PLAIN(1)},
		{20, "'op':'zz','ns':'x.y','o':{'_id':2}"},
		{30, PLAIN(3)},
	};
	OWNED(store_close) struct store *store = log_model_store();

	(void)state;
	log_model_add(store, entries, COUNT_OF(entries));
	check(store, 0, 99, "10 i1, 20 ?, 30 i3");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_come_between_both_times_inclusive),
		cmocka_unit_test(a_transaction_is_its_operations_at_its_end),
		cmocka_unit_test(a_transaction_that_began_before_is_whole),
		cmocka_unit_test(what_lost_its_beginning_is_told_and_the_rest_goes_on),
		cmocka_unit_test(a_prepared_transaction_is_seen_at_its_commit_timestamp),
		cmocka_unit_test(what_was_aborted_is_not_there),
		cmocka_unit_test(gaps_are_told_where_they_are_met),
		cmocka_unit_test(an_entry_that_is_not_understood_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
