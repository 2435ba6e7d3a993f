#include "oplog/timeline.h"

#include "base/key.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "tests/unit/oplog/stream_model.h"

#define SECOND 1700000000u
#define NS "shop.orders"
#define FEW 90	   /* entries: the whole is replayed at once */
#define MANY 30000 /* entries: collections are replayed when they are resolved */

/* Three entries a second, increments 10, 20, 30; entry n inserts { _id: n } into one of `spread` collections. */
static uint64_t ts_of(uint32_t n)
{
	return stream_model_ts(n);
}

struct world {
	struct store *store;
	struct timeline *timeline;
};

static void collection_name(uint32_t number, char ret[32])
{
	snprintf(ret, 32, number == 0 ? NS : NS "%u", number);
}

/* An exact snapshot of empty collections, as of `optime`. */
static void commit_base(struct store *store, const char *name, uint64_t optime, uint32_t spread,
			bool partial)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release)
	struct snapshot s = {.name = xstrdup(name), .exact = true, .partial = partial};
	OWNED(catalog_build_free) struct catalog_build *build = NULL;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	build = catalog_build_new(writer, NULL);
	for (uint32_t i = 0; i < spread; i++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		char ns[32];

		collection_name(i, ns);
		catalog_entry_init(&entry);
		entry.ns = xstrdup(ns);
		entry.ns_len = strlen(ns);
		entry.db_len = 4;
		entry.has_uuid = true;
		stream_model_uuid((uint8_t)(i + 1), entry.uuid);
		ASSERT_OK(catalog_build_add(build, &entry, 1, NULL, &e));
	}
	s.optime = (struct optime){entry_seconds(optime), entry_increment(optime)};
	s.time = s.optime.seconds;
	s.source = xstrdup("dump");
	s.tool = xstrdup("test");
	ASSERT_OK(catalog_build_finish(build, &s, &e));
	ASSERT_OK(commit_snapshot(writer, &s, &e));
}

static void add_entries(struct store *store, uint32_t first, uint32_t end, uint32_t spread)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};

	for (uint32_t n = first; n < end; n++) {
		uint8_t uuid[16];
		char ns[32];

		collection_name(n % spread, ns);
		stream_model_uuid((uint8_t)(n % spread + 1), uuid);
		stream_model_insert(&docs, ts_of(n), ns, uuid, (int32_t)n);
	}
	ASSERT_OK(stream_model_add(store, buf_bytes(&docs), NULL, &e));
}

static struct world make(uint32_t entries, uint32_t spread)
{
	struct world w = {.store = stream_model_store(NULL)};
	struct error e = {0};

	commit_base(w.store, "base", ts_of(0), spread, false);
	add_entries(w.store, 0, entries, spread);
	ASSERT_OK(timeline_open(w.store, &w.timeline, &e));
	return w;
}

static void end(struct world *w)
{
	timeline_close(w->timeline);
	store_close(w->store);
}

static struct timeline_point find(struct world *w, const char *text)
{
	struct timeline_point point = {0};
	struct error e = {0};

	ASSERT_OK(timeline_find(w->timeline, text, SECOND + 1000000, &point, &e));
	return point;
}

static uint64_t count_at(struct world *w, const char *text, const char *ns)
{
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	struct timeline_point point = find(w, text);
	struct error e = {0};

	ASSERT_OK(timeline_moment(w->timeline, &point, NULL, &moment, &e));
	assert_string_equal(moment_snapshot(moment)->name, point.name);
	assert_int_equal(ASSERT_OK(moment_find(moment, bytes_str(ns), NULL, &entry, &e)), 1);
	ASSERT_OK(moment_resolve(moment, &entry, &e));
	return entry.root.count;
}

static void a_moment_shows_what_was_written_up_to_it(void **state)
{
	struct world w = make(FEW, 1);
	char when[40];

	(void)state;
	for (uint32_t n = 1; n < FEW; n++) {
		snprintf(when, sizeof(when), "%u.%u", entry_seconds(ts_of(n)),
			 entry_increment(ts_of(n)));
		assert_int_equal(count_at(&w, when, NS), n);
		/* One increment before it, and between entries. */
		snprintf(when, sizeof(when), "%u.%u~", entry_seconds(ts_of(n)),
			 entry_increment(ts_of(n)));
		assert_int_equal(count_at(&w, when, NS), n - 1);
		snprintf(when, sizeof(when), "%u,%u", entry_seconds(ts_of(n)),
			 entry_increment(ts_of(n)) - 5);
		assert_int_equal(count_at(&w, when, NS), n - 1);
	}
	/* Whole seconds: entries 3 to 5 are of the second second. */
	assert_int_equal(count_at(&w, "@1700000001", NS), 5);
	assert_int_equal(count_at(&w, "2023-11-14T22:13:21Z", NS), 5);
	assert_int_equal(count_at(&w, "@1700000001~", NS), 2);
	assert_int_equal(count_at(&w, "latest", NS), FEW - 1);
	assert_int_equal(count_at(&w, "latest~", NS), FEW - 2);
	assert_int_equal(count_at(&w, "latest-10s", NS), FEW - 1 - 30);
	assert_int_equal(count_at(&w, "base", NS), 0);
	end(&w);
}

static void a_point_is_printed_in_one_way(void **state)
{
	struct world w = make(FEW, 1);

	(void)state;
	assert_string_equal(find(&w, "@1700000001").name, "2023-11-14T221321Z");
	assert_string_equal(find(&w, "2023-11-14T23:13:21+01:00").name, "2023-11-14T221321Z");
	assert_string_equal(find(&w, "1700000001:20").name, "1700000001.20");
	assert_string_equal(find(&w, "1700000001.20~").name, "1700000001.19");
	assert_string_equal(find(&w, "latest").name, "1700000029.30");
	assert_string_equal(find(&w, "latest-snapshot").name, "base");
	assert_true(find(&w, "latest-snapshot").is_snapshot);
	assert_true(find(&w, "1700000000.10").is_snapshot);
	assert_true(find(&w, "@1700000001").is_second);
	end(&w);
}

static void what_cannot_be_reached_says_why(void **state)
{
	struct world w = make(FEW, 1);
	struct timeline_point point;
	struct error e = {0};

	(void)state;
#define NO_TIME(when, part)                                                                        \
	ASSERT_ERROR_TEXT(timeline_find(w.timeline, when, SECOND, &point, &e), ERR_NO_TIME, part)
	NO_TIME("1700000000.9", "before the first exact snapshot");
	NO_TIME("1700000029.31", "the oplog ends before it");
	NO_TIME("@1700000029", "that second is not finished");
	NO_TIME("@1700000030", "the oplog ends before it");
	NO_TIME("now-2h", "before the first exact snapshot");
	ASSERT_ERROR(timeline_find(w.timeline, "nonsense", SECOND, &point, &e), ERR_NOT_FOUND);
	ASSERT_ERROR(timeline_find(w.timeline, "2023-11-14", SECOND, &point, &e), ERR_INVALID);
#undef NO_TIME
	end(&w);
}

static void a_gap_is_not_crossed_until_it_is_filled(void **state)
{
	struct world w = make(FEW, 1);
	OWNED(timeline_map_release) struct timeline_map map = {0};
	struct timeline_point point;
	uint32_t second;
	struct error e = {0};

	(void)state;
	add_entries(w.store, FEW + 30, FEW + 60, 1);
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	ASSERT_ERROR(timeline_find(w.timeline, "1700000041.10", SECOND, &point, &e), ERR_NO_TIME);
	ASSERT_OK(timeline_map(w.timeline, &map, &e));
	assert_int_equal(map.reach_count, 1);
	assert_int_equal(map.reach[0].last.ts, ts_of(FEW - 1));
	assert_int_equal(map.gap_count, 2);
	assert_string_equal(map.gaps[0].why, "no oplog");
	assert_int_equal(map.gaps[0].after.ts, ts_of(FEW - 1));
	assert_int_equal(map.gaps[0].before.ts, ts_of(FEW + 30));
	assert_string_equal(map.gaps[1].why, "no exact snapshot before it");
	assert_int_equal(map.gaps[1].after.ts, ts_of(FEW + 30));
	assert_int_equal(
		ASSERT_OK(timeline_next_second(w.timeline, entry_seconds(ts_of(FEW)), &second, &e)),
		0);
	timeline_map_release(&map);

	/* A snapshot behind the gap makes what follows reachable; the gap stays. */
	commit_base(w.store, "later", ts_of(FEW + 40), 1, false);
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	ASSERT_OK(timeline_map(w.timeline, &map, &e));
	assert_int_equal(map.reach_count, 2);
	assert_int_equal(map.gap_count, 2);
	assert_string_equal(map.gaps[0].why, "no oplog");
	assert_int_equal(map.gaps[1].before.ts, ts_of(FEW + 40));
	timeline_map_release(&map);

	add_entries(w.store, FEW - 1, FEW + 31, 1);
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	ASSERT_OK(timeline_map(w.timeline, &map, &e));
	assert_int_equal(map.reach_count, 1);
	assert_int_equal(map.gap_count, 0);
	assert_int_equal(count_at(&w, "1700000041.10", NS), 123);
	assert_int_equal(count_at(&w, "later~", NS), FEW + 39);
	end(&w);
}

static void seconds_with_operations_are_found_in_order(void **state)
{
	struct world w = make(FEW, 1);
	uint32_t second = 0, count = 0, from = 0;
	struct error e = {0};

	(void)state;
	while (ASSERT_OK(timeline_next_second(w.timeline, from, &second, &e)) == 1) {
		assert_int_equal(second, SECOND + count++);
		from = second + 1;
	}
	assert_int_equal(count, FEW / 3 - 1); /* the last one is not finished */
	end(&w);
}

static void a_full_snapshot_is_a_base_before_a_newer_partial_one(void **state)
{
	struct world w = make(FEW, 3);
	struct error e = {0};

	(void)state;
	commit_base(w.store, "part", ts_of(45), 1, true);
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	assert_int_equal(count_at(&w, "1700000020.10", NS "1"), 20);
	assert_int_equal(count_at(&w, "part", NS), 0);
	end(&w);
}

/* Far from its base a moment replays one collection, or one document, then all. */
static void a_far_moment_is_replayed_as_it_is_asked_for(void **state)
{
	struct world w = make(MANY, 5);
	struct timeline_point point = find(&w, "latest");
	OWNED(moment_release) struct moment *moment = NULL;
	struct error e = {0};

	(void)state;
	ASSERT_OK(timeline_moment(w.timeline, &point, NULL, &moment, &e));
	assert_int_equal(moment_count(moment), 5);
	/* Of its names alone is told what the last operation was, though that is of a document. */
	assert_int_equal(moment_snapshot(moment)->optime.seconds, entry_seconds(point.ts));
	assert_int_equal(moment_snapshot(moment)->optime.increment, entry_increment(point.ts));
	for (uint64_t rank = 0; rank < 5; rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};
		uint64_t changed;
		uint32_t last = MANY - 5 + (uint32_t)rank;
		uint8_t value[4];

		assert_int_equal(ASSERT_OK(moment_entry(moment, rank, &entry, &e)), 1);
		put_le32(value, last);
		ASSERT_OK(key_of_value(BSON_KIND_INT32, bytes_of(value, 4), &key, &e));
		assert_int_equal(
			ASSERT_OK(moment_document(moment, &entry, buf_bytes(&key), &doc, &e)), 1);
		assert_true(doc.len > 0);
		/* Its documents are replayed when somebody wants all of them; behind the second one, for all the others. */
		assert_int_equal(moment_is_dear(moment, &entry), rank <= 2);
		ASSERT_OK(moment_resolve(moment, &entry, &e));
		assert_int_equal(entry.root.count, MANY / 5 - (rank == 0));
		assert_false(moment_is_dear(moment, &entry));
		ASSERT_OK(moment_changed(moment, bytes_str(entry.ns), &changed, &e));
		assert_int_equal(changed, entry_seconds(ts_of(last)));
	}
	end(&w);
}

/* The newest full one from which the stream leads to `ts`, else the newest partial one; NULL: none does. */
static const struct snapshot *plain_base(const struct snapshot_list *list, uint64_t ts)
{
	static const uint32_t ranges[][2] = {{20, 79}, {100, 159}};
	const struct snapshot *best = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot *s = &list->at[i];
		uint64_t at = entry_ts(s->optime.seconds, s->optime.increment);
		bool leads = at == ts;

		for (size_t r = 0; r < COUNT_OF(ranges) && at < ts; r++)
			leads |= at >= ts_of(ranges[r][0]) && ts <= ts_of(ranges[r][1]);
		if (leads && (best == NULL || s->partial < best->partial ||
			      (s->partial == best->partial &&
			       at > entry_ts(best->optime.seconds, best->optime.increment))))
			best = s;
	}
	return best;
}

static void each_moment_has_the_base_that_a_look_at_all_snapshots_finds(void **state)
{
	struct world w = {.store = stream_model_store(NULL)};
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct harness_rng rng = harness_rng_of(1);
	struct error e = {0};
	size_t reached = 0;

	(void)state;
	for (uint32_t n = 0; n < 180; n += 1 + (uint32_t)harness_rng_below(&rng, 8)) {
		char name[16];

		snprintf(name, sizeof(name), "s%u", (n * 7919u) % 1000);
		commit_base(w.store, name, ts_of(n), 1, harness_rng_below(&rng, 3) == 0);
	}
	add_entries(w.store, 20, 80, 1);
	add_entries(w.store, 100, 160, 1);
	ASSERT_OK(timeline_open(w.store, &w.timeline, &e));
	ASSERT_OK(timeline_snapshots(w.timeline, &list, &e));
	for (uint32_t n = 0; n < 185; n++) {
		const struct snapshot *base = plain_base(&list, ts_of(n));
		struct timeline_point point;
		char text[32];
		int found;

		snprintf(text, sizeof(text), "%u.%u", entry_seconds(ts_of(n)),
			 entry_increment(ts_of(n)));
		found = timeline_find(w.timeline, text, SECOND, &point, &e);
		assert_int_equal(found < 0 ? found : 0, base == NULL ? ERR_NO_TIME : 0);
		if (base != NULL)
			assert_true(chunk_id_equal(&point.base, &base->id));
		reached += base != NULL;
	}
	assert_true(reached > 60);
	for (size_t i = 0; i < list.count; i++) {
		struct timeline_point point = find(&w, list.at[i].name);

		assert_true(chunk_id_equal(&point.base, &list.at[i].id));
	}
	end(&w);
}

/* A folder of the mount with a name for each part of it asks for it at each name. */
static void what_can_be_reached_is_found_out_once(void **state)
{
	struct world w = make(FEW, 1);
	OWNED(timeline_map_release) struct timeline_map map = {0};
	OWNED(timeline_map_release) struct timeline_map again = {0};
	OWNED(timeline_map_release) struct timeline_map later = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(timeline_map(w.timeline, &map, &e));
	ASSERT_OK(timeline_map(w.timeline, &again, &e));
	assert_ptr_equal(map.reach, again.reach);
	add_entries(w.store, FEW - 1, FEW + 30, 1); /* they overlap: no gap */
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	ASSERT_OK(timeline_map(w.timeline, &later, &e));
	assert_int_equal(later.reach[0].last.ts, ts_of(FEW + 29));
	assert_int_equal(map.reach[0].last.ts,
			 ts_of(FEW - 1)); /* as it was, while somebody has it */
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_moment_shows_what_was_written_up_to_it),
		cmocka_unit_test(a_point_is_printed_in_one_way),
		cmocka_unit_test(what_cannot_be_reached_says_why),
		cmocka_unit_test(a_gap_is_not_crossed_until_it_is_filled),
		cmocka_unit_test(seconds_with_operations_are_found_in_order),
		cmocka_unit_test(a_full_snapshot_is_a_base_before_a_newer_partial_one),
		cmocka_unit_test(a_far_moment_is_replayed_as_it_is_asked_for),
		cmocka_unit_test(each_moment_has_the_base_that_a_look_at_all_snapshots_finds),
		cmocka_unit_test(what_can_be_reached_is_found_out_once),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
