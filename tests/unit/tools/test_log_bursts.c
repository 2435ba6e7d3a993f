#include "tools/log_bursts.h"

#include "tests/unit/tools/log_model.h"
#include "tools/log_drops.h"

#define SESSION(n)                                                                                 \
	"'lsid':{'id':{'$binary':{'base64':'" n                                                    \
	"AAAAAAAAAAAAAAAAAAAAA==','subType':'04'}}},'txnNumber':{'$numberLong':'1'},"
#define S1 SESSION("A")
#define S2 SESSION("Q")
#define INSERT "'op':'i','ns':'a.b','o':{'_id':1}"
#define DELETE "'op':'d','ns':'a.b','o':{'_id':1}"
#define UPDATE "'op':'u','ns':'a.b','o2':{'_id':1},'o':{'_id':1}"
#define OTHER "'op':'i','ns':'a.c','o':{'_id':1}"

/* `count` operations, one each second from `second` on, or all in it. */
static void add(struct log_bursts *bursts, uint32_t second, unsigned count, bool spread,
		const char *text)
{
	OWNED(buf_release) struct buf doc = {0};
	struct command command;
	struct entry entry;
	struct log_op op;

	for (unsigned i = 0; i < count; i++) {
		log_model_op(entry_ts(spread ? second + i : second, i + 1), text, &doc, &entry,
			     &command, &op);
		log_bursts_add(bursts, &op);
	}
}

/* "d 300 a.b 100.1-100.300" for each run, with its command or session. */
static void check(struct log_bursts *bursts, const char *expected)
{
	OWNED(buf_release) struct buf got = {0};
	const struct log_burst *runs;
	uint64_t forgotten;
	size_t count;

	log_bursts_finish(bursts, &runs, &count, &forgotten);
	for (size_t i = 0; i < count; i++) {
		const struct log_burst *b = &runs[i];

		buf_printf(&got, "%s%s %u %.*s %u.%u-%u.%u", i > 0 ? "; " : "",
			   entry_op_name(b->op), (unsigned)b->count, (int)b->ns.len,
			   (const char *)b->ns.at, entry_seconds(b->first),
			   entry_increment(b->first), entry_seconds(b->last),
			   entry_increment(b->last));
		if (b->before > 0)
			buf_printf(&got, " (%u before, from %u.%u)", (unsigned)b->before,
				   entry_seconds(b->before_first),
				   entry_increment(b->before_first));
		if (b->command.len > 0)
			buf_printf(&got, " %.*s", (int)b->command.len, (const char *)b->command.at);
		if (b->session.len > 0)
			buf_printf(&got, " by %.*s", (int)b->session.len,
				   (const char *)b->session.at);
	}
	assert_int_equal(forgotten, 0);
	assert_string_equal(buf_text(&got), expected);
	log_bursts_free(bursts);
}

static void alike_operations_are_one_run(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 300, false, DELETE);
	add(bursts, 101, 5, false, OTHER);
	check(bursts, "d 300 a.b 100.1-100.300; i 5 a.c 101.1-101.5");
}

static void a_pause_ends_a_run(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 3, true, DELETE);
	add(bursts, 102 + LOG_BURSTS_PAUSE, 2, true, DELETE);
	add(bursts, 200, 1, true, DELETE);
	check(bursts, "d 5 a.b 100.1-113.2; d 1 a.b 200.1-200.1");
}

/* A deleteMany is logged without a session, and others write meanwhile. */
static void what_others_do_in_between_does_not_break_a_run(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		add(bursts, 100 + i, 2, false, DELETE);
		add(bursts, 100 + i, 1, false, S1 INSERT);
		add(bursts, 100 + i, 1, false, UPDATE);
		add(bursts, 100 + i, 3, false, S2 INSERT);
	}
	check(bursts, "d 100 a.b 100.1-149.2; i 150 a.b 100.1-149.3 by 40000000; i 50 a.b "
		      "100.1-149.1 by 00000000; u 50 a.b 100.1-149.1");
}

/* The moment before a mass is the one before its first operation, not before what clients deleted one by one. */
static void single_deletions_before_and_after_a_mass_are_runs_of_their_own(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		add(bursts, 100 + i, 2, false, DELETE);
	add(bursts, 110, 500, false, DELETE);
	for (uint32_t i = 1; i < 4; i++)
		add(bursts, 110 + i, 1, false, DELETE);
	check(bursts, "d 500 a.b 110.1-110.500 (20 before, from 100.1); d 20 a.b 100.1-109.2; "
		      "d 3 a.b 111.1-113.1");
}

static uint64_t ts_at(int64_t wall)
{
	return entry_ts((uint32_t)(wall / 1000), (uint32_t)(wall % 1000) + 1);
}

/* An operation at a time in milliseconds. */
static void add_at(struct log_bursts *bursts, int64_t wall, const char *text)
{
	OWNED(buf_release) struct buf doc = {0};
	struct command command;
	struct entry entry;
	struct log_op op;

	log_model_op(ts_at(wall), text, &doc, &entry, &command, &op);
	op.has_wall = true;
	op.wall = wall;
	log_bursts_add(bursts, &op);
}

/* 100 deletions, nothing for 0.9 seconds, 4000 deletions, from `begin` on; what others do every `every` milliseconds is held up, too, or goes on. */
static const struct log_burst *stalled(struct log_bursts *bursts, int64_t begin, int64_t every,
				       bool all)
{
	const struct log_burst *runs;
	uint64_t forgotten;
	size_t count;

	for (int64_t at = begin - 3000; at < begin + 6000; at++) {
		bool still = at >= begin + 100 && at < begin + 1000;

		if (at % every == 0 && !(still && all))
			add_at(bursts, at, S1 INSERT);
		if (at >= begin && at < begin + 4100 + 900 && !still)
			add_at(bursts, at, DELETE);
	}
	log_bursts_finish(bursts, &runs, &count, &forgotten);
	assert_int_equal(runs[0].op, ENTRY_DELETE);
	return runs;
}

static void a_mass_whose_server_stood_still_is_one(void **state)
{
	struct log_bursts *bursts = log_bursts_new();
	const struct log_burst *runs = stalled(bursts, 100000, 40, true);

	(void)state;
	assert_int_equal(runs[0].count, 4100);
	assert_int_equal(runs[0].first, ts_at(100000));
	assert_int_equal(runs[0].before, 0);
	log_bursts_free(bursts);
}

/* An election, a machine that is frozen: a session that tries again goes on with what it did. */
static void a_run_goes_on_after_its_server_was_away(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	for (int64_t at = 100000; at < 160000; at += 20) {
		if (at >= 110000 && at < 140000)
			continue;
		add_at(bursts, at, OTHER);
		if (at % 100 == 0 && at >= 109000)
			add_at(bursts, at, S1 DELETE);
	}
	check(bursts, "d 210 a.b 109.1-159.901 by 00000000; i 1500 a.c 100.1-159.981");
}

/* Then it was the client that paused; or nobody knows. */
static void a_mass_is_cut_where_others_went_on_or_there_were_few(void **state)
{
	(void)state;
	for (unsigned few = 0; few < 2; few++) {
		struct log_bursts *bursts = log_bursts_new();
		const struct log_burst *runs = stalled(bursts, 100000, few ? 900 : 40, few);

		assert_int_equal(runs[0].count, 4000);
		assert_int_equal(runs[0].first, ts_at(101000));
		assert_int_equal(runs[0].before, 100);
		log_bursts_free(bursts);
	}
}

static void a_session_that_does_something_else_begins_another_run(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 3, false, S1 INSERT);
	add(bursts, 101, 2, false, S1 DELETE);
	add(bursts, 102, 4, false, S1 INSERT);
	check(bursts, "d 2 a.b 101.1-101.2 by 00000000; i 4 a.b 102.1-102.4 by 00000000; "
		      "i 3 a.b 100.1-100.3 by 00000000");
}

static void deletions_come_first_then_drops_then_commands_then_the_rest(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 9, false, INSERT);
	add(bursts, 101, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'create':'b','idIndex':{'v':2,'key':{'_id':1},'name':'_"
	    "id_'}}");
	add(bursts, 102, 1, false, "'op':'c','ns':'a.$cmd','o':{'dropIndexes':'b','index':'x'}");
	add(bursts, 103, 1, false, "'op':'c','ns':'a.$cmd','o':{'drop':'z'},'o2':{'numRecords':7}");
	add(bursts, 104, 2, false, DELETE);
	add(bursts, 105, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'renameCollection':'a.n','to':'a.m'}");
	add(bursts, 106, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'renameCollection':'a.x','to':'a.y','dropTarget':true},"
	    "'o2':{'numRecords':5}");
	add(bursts, 107, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'createIndexes':'b','v':2,'key':{'t':1},'name':'t_1',"
	    "'expireAfterSeconds':60}");
	add(bursts, 108, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'createIndexes':'b','v':2,'key':{'u':1},'name':'u_1',"
	    "'expireAfterSeconds':3600.5}");
	add(bursts, 109, 1, false,
	    "'op':'c','ns':'a.$cmd','o':{'createIndexes':'b','v':2,'key':{'w':1},'name':'w_1',"
	    "'expireAfterSeconds':{'$numberLong':'90'}}");
	add(bursts, 130, 3, false, DELETE);
	check(bursts,
	      "d 3 a.b 130.1-130.3; d 2 a.b 104.1-104.2; "
	      "c 1 a.z 103.1-103.1 drop (7 documents); "
	      "c 1 a.x 106.1-106.1 renameCollection to a.y, which is dropped (5 documents); "
	      "c 1 a.b 102.1-102.1 dropIndexes x; "
	      "c 1 a.n 105.1-105.1 renameCollection to a.m; "
	      "c 1 a.b 107.1-107.1 createIndexes t_1 (TTL 60 s); "
	      "c 1 a.b 108.1-108.1 createIndexes u_1 (TTL 3600.5 s); "
	      "c 1 a.b 109.1-109.1 createIndexes w_1 (TTL 90 s); c 1 a.b 101.1-101.1 create; i 9 "
	      "a.b 100.1-100.9");
}

#define DROP(db, name, documents)                                                                  \
	"'op':'c','ns':'" db ".$cmd','o':{'drop':'" name "'},'o2':{'numRecords':" #documents "}"
#define DROP_DATABASE "'op':'c','ns':'a.$cmd','o':{'dropDatabase':1}"

/* The moment before its own entry has no collections any more. */
static void a_dropped_database_begins_with_the_drops_of_its_collections(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 1, false, DROP("a", "early", 9));
	add(bursts, 101, 1, false, OTHER);
	add(bursts, 110, 1, false, DROP("a", "b", 3));
	add(bursts, 110, 1, false, DROP("b", "b", 4));
	add(bursts, 111, 1, false, DROP("a", "c", 1000));
	add(bursts, 112, 1, false, "'op':'i','ns':'b.x','o':{'_id':1}");
	add(bursts, 130, 1, false, DROP_DATABASE);
	check(bursts, "c 1 a 110.1-130.1 dropDatabase (1,003 documents); "
		      "c 1 a.early 100.1-100.1 drop (9 documents); "
		      "c 1 b.b 110.1-110.1 drop (4 documents); "
		      "c 1 a.c 111.1-111.1 drop (1,000 documents); "
		      "c 1 a.b 110.1-110.1 drop (3 documents); "
		      "i 1 a.c 101.1-101.1; i 1 b.x 112.1-112.1");
}

static void a_dropped_database_has_no_drops_from_before_something_else(void **state)
{
	struct log_bursts *bursts = log_bursts_new();
	OWNED(buf_release) struct buf doc = {0};
	struct command command;
	struct entry entry;
	struct log_op op;

	(void)state;
	add(bursts, 100, 1, false, DROP("a", "b", 3));
	log_model_op(entry_ts(101, 1), OTHER, &doc, &entry, &command, &op);
	log_bursts_pass(bursts, &op); /* what --op leaves out happened, too */
	add(bursts, 102, 1, false, DROP_DATABASE);
	add(bursts, 110, 1, false, DROP("a", "b", 3));
	add(bursts, 110 + LOG_DROPS_APART + 1, 1, false, DROP("a", "c", 3));
	add(bursts, 120, 1, false, DROP_DATABASE);
	add(bursts, 200, 1, false, DROP("a", "b", 3));
	add(bursts, 200 + LOG_DROPS_WAITS + 1, 1, false, DROP_DATABASE);
	check(bursts, "c 1 a.b 100.1-100.1 drop (3 documents); "
		      "c 1 a.b 110.1-110.1 drop (3 documents); "
		      "c 1 a 113.1-120.1 dropDatabase (3 documents); "
		      "c 1 a.b 200.1-200.1 drop (3 documents); "
		      "c 1 a 102.1-102.1 dropDatabase; c 1 a 261.1-261.1 dropDatabase; "
		      "c 1 a.c 113.1-113.1 drop (3 documents)");
}

/* The moment before the drop of its buckets has a time series that is no longer one. */
static void a_dropped_time_series_begins_with_the_deletion_of_its_view(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 1, false, "'op':'d','ns':'a.system.views','o':{'_id':'a.v'}");
	add(bursts, 101, 1, false, "'op':'d','ns':'a.system.views','o':{'_id':'a.w'}");
	add(bursts, 101, 1, false, DROP("a", "system.buckets.v", 9));
	add(bursts, 102, 1, false, DROP("b", "system.buckets.w", 8));
	add(bursts, 103, 1, false, DROP("a", "w", 7));
	add(bursts, 102 + LOG_DROPS_WAITS, 1, false, DROP("a", "system.buckets.w", 6));
	check(bursts, "d 2 a.system.views 100.1-101.1; "
		      "c 1 a.system.buckets.v 100.1-101.1 drop (9 documents); "
		      "c 1 b.system.buckets.w 102.1-102.1 drop (8 documents); "
		      "c 1 a.w 103.1-103.1 drop (7 documents); "
		      "c 1 a.system.buckets.w 162.1-162.1 drop (6 documents)");
}

static void what_is_done_to_views_is_among_the_commands(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 1, false, "'op':'c','ns':'a.$cmd','o':{'create':'b'}");
	add(bursts, 101, 1, false,
	    "'op':'u','ns':'a.system.views','o2':{'_id':'a.v'},'o':{'_id':'a.v'}");
	add(bursts, 102, 5, false, INSERT);
	check(bursts, "u 1 a.system.views 101.1-101.1; c 1 a.b 100.1-100.1 create; "
		      "i 5 a.b 102.1-102.5");
}

static void a_collection_that_was_made_anew_has_runs_of_its_own(void **state)
{
	struct log_bursts *bursts = log_bursts_new();

	(void)state;
	add(bursts, 100, 3, false, INSERT);
	add(bursts, 101, 1, false, "'op':'c','ns':'a.$cmd','o':{'drop':'b'}");
	add(bursts, 102, 3, false, INSERT);
	check(bursts, "c 1 a.b 101.1-101.1 drop; i 3 a.b 100.1-100.3; i 3 a.b 102.1-102.3");
}

static void too_many_runs_are_counted_and_the_biggest_stay(void **state)
{
	struct log_bursts *bursts = log_bursts_new();
	const struct log_burst *runs;
	uint64_t forgotten;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < 2 * LOG_BURSTS_KEPT + 1000; i++)
		add(bursts, 100 + 20 * i, i % 1000 == 0 ? 3 : 1, false, DELETE);
	add(bursts, 10, 1, false, INSERT);
	log_bursts_finish(bursts, &runs, &count, &forgotten);
	assert_int_equal(count, LOG_BURSTS_KEPT + 1);
	assert_int_equal(forgotten, LOG_BURSTS_KEPT + 1000);
	for (size_t i = 0; i < 41; i++)
		assert_int_equal(runs[i].count, 3);
	assert_int_equal(runs[41].count, 1);
	assert_int_equal(runs[count - 1].op, ENTRY_INSERT);
	log_bursts_free(bursts);
}

/* More runs at a time than are kept open: they end, none is lost. */
static void many_runs_at_a_time_are_all_counted(void **state)
{
	struct log_bursts *bursts = log_bursts_new();
	const struct log_burst *runs;
	uint64_t forgotten, sum = 0;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < LOG_BURSTS_OPEN + 500; i++) {
		OWNED(free) char *text = xprintf("'op':'i','ns':'a.c%u','o':{'_id':1}", i);

		add(bursts, 100 + i / 5000, 2, false, text);
		add(bursts, 100 + i / 5000, 1, false, DELETE);
	}
	log_bursts_finish(bursts, &runs, &count, &forgotten);
	for (size_t i = 0; i < count; i++)
		sum += runs[i].count;
	assert_int_equal(sum + 2 * forgotten, 3 * (LOG_BURSTS_OPEN + 500));
	log_bursts_free(bursts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike_operations_are_one_run),
		cmocka_unit_test(a_pause_ends_a_run),
		cmocka_unit_test(what_others_do_in_between_does_not_break_a_run),
		cmocka_unit_test(single_deletions_before_and_after_a_mass_are_runs_of_their_own),
		cmocka_unit_test(a_mass_whose_server_stood_still_is_one),
		cmocka_unit_test(a_run_goes_on_after_its_server_was_away),
		cmocka_unit_test(a_mass_is_cut_where_others_went_on_or_there_were_few),
		cmocka_unit_test(a_session_that_does_something_else_begins_another_run),
		cmocka_unit_test(deletions_come_first_then_drops_then_commands_then_the_rest),
		cmocka_unit_test(a_dropped_database_begins_with_the_drops_of_its_collections),
		cmocka_unit_test(a_dropped_database_has_no_drops_from_before_something_else),
		cmocka_unit_test(a_dropped_time_series_begins_with_the_deletion_of_its_view),
		cmocka_unit_test(what_is_done_to_views_is_among_the_commands),
		cmocka_unit_test(a_collection_that_was_made_anew_has_runs_of_its_own),
		cmocka_unit_test(too_many_runs_are_counted_and_the_biggest_stay),
		cmocka_unit_test(many_runs_at_a_time_are_all_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
