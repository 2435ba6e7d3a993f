/* WHEN in stores that have less than snapshots and an oplog, and what a timeline tells of its view. */
#include "base/file.h"
#include "oplog/timeline.h"
#include "store/snapshot/catalog_build.h"
#include "store/snapshot/commit.h"
#include "store/store_internal.h"
#include "tests/unit/oplog/stream_model.h"

#define S 1700000000u /* 2023-11-14T22:13:20Z */
#define NS "shop.orders"

enum kind {
	INEXACT,
	EXACT,
	CHECKPOINT,
};

struct world {
	struct store *store;
	struct timeline *timeline;
	const char *dir;
};

/* A snapshot of one empty collection; the optime of an exact one is `second`.1. */
static struct chunk_id commit(struct world *w, const char *name, enum kind kind, uint32_t second)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(snapshot_release)
	struct snapshot s = {.name = xstrdup(name),
			     .exact = kind != INEXACT,
			     .checkpoint = kind == CHECKPOINT,
			     .time = second};
	OWNED(catalog_build_free) struct catalog_build *build = NULL;
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	static uint64_t created_us; /* in the order of commits */
	struct error e = {0};

	s.created_us = ++created_us;
	ASSERT_OK(store_writer_begin(w->store, &writer, &e));
	build = catalog_build_new(writer, NULL);
	catalog_entry_init(&entry);
	entry.ns = xstrdup(NS);
	entry.ns_len = strlen(NS);
	entry.db_len = 4;
	entry.has_uuid = true;
	stream_model_uuid(1, entry.uuid);
	ASSERT_OK(catalog_build_add(build, &entry, 1, NULL, &e));
	if (s.exact)
		s.optime = (struct optime){second, 1};
	s.source = xstrdup("dump");
	s.tool = xstrdup("test");
	ASSERT_OK(catalog_build_finish(build, &s, &e));
	ASSERT_OK(commit_snapshot(writer, &s, &e));
	return s.id;
}

/* An insert a second: entry n at S + n, with increment 1; the first one is there already as a snapshot's. */
static void add_entries(struct world *w, uint32_t first, uint32_t end)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e = {0};
	uint8_t uuid[16];

	stream_model_uuid(1, uuid);
	for (uint32_t n = first; n < end; n++)
		stream_model_insert(&docs, entry_ts(S + n, 1), NS, uuid, (int32_t)n);
	ASSERT_OK(stream_model_add(w->store, buf_bytes(&docs), NULL, &e));
}

static struct world begin(void)
{
	struct world w = {0};

	w.store = stream_model_store(&w.dir);
	return w;
}

/* The timeline of what is there now. */
static void look(struct world *w)
{
	struct error e = {0};

	if (w->timeline == NULL)
		ASSERT_OK(timeline_open(w->store, &w->timeline, &e));
	else
		ASSERT_OK(timeline_refresh(w->timeline, &e));
}

static void end(struct world *w)
{
	timeline_close(w->timeline);
	store_close(w->store);
}

static const char *found(struct world *w, const char *text, bool is_snapshot)
{
	static struct timeline_point point;
	struct error e = {0};

	ASSERT_OK(timeline_find(w->timeline, text, S + 1000, &point, &e));
	assert_int_equal(point.is_snapshot, is_snapshot);
	return point.name;
}

static void refused(struct world *w, const char *text, int code, const char *part, const char *hint)
{
	struct timeline_point point;
	struct error e = {0};

	assert_int_equal(timeline_find(w->timeline, text, S + 1000, &point, &e), code);
	if (strstr(e.text, part) == NULL || strstr(e.hint, hint) == NULL)
		fail_msg("%s: %s\n%s", text, e.text, e.hint);
}

static void without_a_snapshot_there_is_no_moment(void **state)
{
	static const char *const texts[] = {"latest",	   "latest-snapshot", "now-2h",
					    "@1700000001", "1700000001.1",    "id:00",
					    "some-name"};
	struct world w = begin();

	(void)state;
	add_entries(&w, 0, 5);
	look(&w);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		refused(&w, texts[i], ERR_NO_TIME, "the store has no snapshot yet",
			"'yester ingest'");
	/* One that a tail made for itself is none of the user's. */
	commit(&w, "mark", CHECKPOINT, S);
	look(&w);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		refused(&w, texts[i], ERR_NO_TIME, "the store has no snapshot yet",
			"'yester ingest'");
	refused(&w, "", ERR_INVALID, "the moment is empty", "latest");
	end(&w);
}

static void of_an_inexact_snapshot_only_it_is_a_moment(void **state)
{
	struct world w = begin();
	char id[3 + CHUNK_ID_HEX + 1] = "id:", before[sizeof(id) + 1];
	struct chunk_id made = commit(&w, "about", INEXACT, S + 10);

	(void)state;
	chunk_id_hex(&made, id + 3);
	snprintf(before, sizeof(before), "%s~", id);
	look(&w);
	assert_string_equal(found(&w, "about", true), "about");
	assert_string_equal(found(&w, id, true), "about");
	assert_string_equal(found(&w, "latest", true), "about");
	assert_string_equal(found(&w, "latest-snapshot", true), "about");
	assert_string_equal(found(&w, "@1700000010", true), "about");
#define NO(text)                                                                                   \
	refused(&w, text, ERR_NO_TIME, "the store has no exact snapshot to replay from",           \
		"only the moments of snapshots can be opened: --at about")
	NO("@1700000011");
	NO("about~");
	NO(before);
	NO("latest~");
	NO("latest-snapshot~");
	NO("latest-5s");
	NO("1700000010.1");
#undef NO
	refused(&w, "id:0000000000", ERR_NOT_FOUND, "there is no snapshot id:0000000000",
		"yester snapshots");
	refused(&w, "nothing~", ERR_NOT_FOUND, "there is no snapshot \"nothing\"", "");
	end(&w);
}

static void a_second_of_several_snapshots_is_that_of_an_exact_one(void **state)
{
	struct world w = begin();

	(void)state;
	commit(&w, "first", INEXACT, S);
	commit(&w, "exact", EXACT, S);
	commit(&w, "last", INEXACT, S);
	commit(&w, "later", EXACT, S + 100);
	look(&w);
	assert_string_equal(found(&w, "@1700000000", true), "exact");
	assert_string_equal(found(&w, "latest", true), "1700000100.1");
	/* Neither has an oplog behind it. */
	refused(&w, "@1700000050", ERR_NO_TIME,
		"no oplog between 2023-11-14 22:13:20 UTC (1700000000.1) and 2023-11-14 22:15:00 "
		"UTC "
		"(1700000100.1)",
		"what can be reached: snapshot exact; snapshot later ('yester ranges')");
	refused(&w, "exact~", ERR_NO_TIME, "it is before the first exact snapshot",
		"what can be reached");
	refused(&w, "latest-snapshot~", ERR_NO_TIME, "no oplog between", "what can be reached");
	refused(&w, "@1700000101", ERR_NO_TIME, "the store has no oplog", "what can be reached");
	end(&w);
}

/* What it shows now would be something else as soon as the next operation comes. */
static void an_inexact_snapshot_is_no_second_that_is_not_finished(void **state)
{
	struct world w = begin();

	(void)state;
	commit(&w, "exact", EXACT, S);
	commit(&w, "about", INEXACT, S + 4);
	commit(&w, "behind", INEXACT, S + 9);
	add_entries(&w, 0, 5);
	look(&w);
	refused(&w, "@1700000004", ERR_NO_TIME, "that second is not finished", "can be reached");
	assert_string_equal(found(&w, "about", true), "about");
	assert_string_equal(found(&w, "@1700000009", true), "behind");
	add_entries(&w, 4, 7);
	look(&w);
	assert_string_equal(found(&w, "@1700000004", false), "2023-11-14T221324Z");
	end(&w);
}

static void what_no_oplog_can_have_is_refused(void **state)
{
	struct world w = begin();
	struct timeline_point point;
	struct error e = {0};

	(void)state;
	commit(&w, "base", EXACT, S);
	look(&w);
	refused(&w, "@0~", ERR_INVALID, "oplog times are from 1970 to 2106", "");
	ASSERT_ERROR_TEXT(timeline_find(w.timeline, "now", (uint64_t)UINT32_MAX + 1, &point, &e),
			  ERR_INVALID, "oplog times are from 1970 to 2106");
	end(&w);
}

/* A snapshot that was made in the middle of a second has that second's name: the whole second gets another one. */
static void two_moments_never_have_one_name(void **state)
{
	struct world w = begin();

	(void)state;
	commit(&w, "base", EXACT, S);
	add_entries(&w, 0, 9);
	commit(&w, "2023-11-14T221323Z", INEXACT, S + 3);
	look(&w);
	assert_string_equal(found(&w, "2023-11-14T221323Z", true), "2023-11-14T221323Z");
	assert_string_equal(found(&w, "@1700000003", false), "@1700000003");
	assert_string_equal(found(&w, "2023-11-14T22:13:23Z", false), "@1700000003");
	assert_string_equal(found(&w, "@1700000004", false), "2023-11-14T221324Z");
	end(&w);
}

/* A dump without an oplog is later than all of the oplog, always: it is a snapshot, and the latest moment stays. */
static void the_latest_is_the_last_operation(void **state)
{
	struct world w = begin();

	(void)state;
	commit(&w, "base", EXACT, S);
	add_entries(&w, 0, 9);
	look(&w);
	assert_string_equal(found(&w, "latest", false), "1700000008.1");
	commit(&w, "newer", INEXACT, S + 50);
	look(&w);
	assert_string_equal(found(&w, "latest", false), "1700000008.1");
	assert_string_equal(found(&w, "latest~", false), "1700000008.0");
	assert_string_equal(found(&w, "latest-3s", false), "2023-11-14T221325Z");
	assert_string_equal(found(&w, "latest-snapshot", true), "newer");
	assert_string_equal(found(&w, "@1700000050", true), "newer");
	end(&w);
}

static void a_timeline_tells_what_it_has(void **state)
{
	struct world w = begin();
	OWNED(stream_close) struct stream *old = NULL;
	OWNED(stream_close) struct stream *now = NULL;
	OWNED(snapshots_release) struct snapshot_list list = {0};
	OWNED(free) char *damaged = NULL;
	size_t snapshots = 9, segments = 9;
	struct error e = {0};

	(void)state;
	commit(&w, "base", EXACT, S);
	commit(&w, "mark", CHECKPOINT, S + 1);
	commit(&w, "other", INEXACT, S + 2);
	add_entries(&w, 0, 5);
	look(&w);
	timeline_skipped(w.timeline, &snapshots, &segments);
	assert_int_equal(snapshots + segments, 0);
	ASSERT_OK(timeline_snapshots(w.timeline, &list, &e));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0].name, "base");
	assert_string_equal(list.at[1].name, "other");
	ASSERT_OK(timeline_stream(w.timeline, &old, &e));

	/* What was held stays as it was. */
	add_entries(&w, 4, 8);
	damaged = xprintf("%s/snapshots/%064d", w.dir, 0);
	ASSERT_OK(file_put(damaged, store_tmp(w.store), bytes_str("no manifest"), &e));
	look(&w);
	look(&w);
	ASSERT_OK(timeline_stream(w.timeline, &now, &e));
	assert_int_equal(stream_range(old, 0)->entries, 5);
	assert_int_equal(stream_range(now, 0)->entries, 8);
	timeline_skipped(w.timeline, &snapshots, &segments);
	assert_int_equal(snapshots, 1);
	assert_int_equal(segments, 0);
	end(&w);
}

static void a_moment_of_a_snapshot_that_went_is_gone(void **state)
{
	struct world w = begin();
	struct chunk_id base = commit(&w, "base", EXACT, S);
	struct timeline_point at_it = {0}, behind = {0};
	OWNED(moment_release) struct moment *moment = NULL;
	OWNED(free) char *manifest = NULL;
	char hex[CHUNK_ID_HEX + 1];
	uint64_t distance;
	struct error e = {0};

	(void)state;
	add_entries(&w, 0, 5);
	look(&w);
	ASSERT_OK(timeline_find(w.timeline, "base", S, &at_it, &e));
	ASSERT_OK(timeline_find(w.timeline, "1700000003.1", S, &behind, &e));
	ASSERT_OK(timeline_distance(w.timeline, &behind, &distance, &e));
	assert_int_equal(distance, 3);
	chunk_id_hex(&base, hex);
	manifest = xprintf("%s/snapshots/%s", w.dir, hex);
	assert_int_equal(unlink(manifest), 0);
	look(&w);
	ASSERT_ERROR_TEXT(timeline_moment(w.timeline, &at_it, NULL, &moment, &e), ERR_NOT_FOUND,
			  "snapshot base is gone");
	ASSERT_ERROR_TEXT(timeline_moment(w.timeline, &behind, NULL, &moment, &e), ERR_NOT_FOUND,
			  "the snapshot of moment 1700000003.1 is gone");
	ASSERT_ERROR(timeline_distance(w.timeline, &behind, &distance, &e), ERR_NOT_FOUND);
	assert_null(moment);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_snapshot_there_is_no_moment),
		cmocka_unit_test(of_an_inexact_snapshot_only_it_is_a_moment),
		cmocka_unit_test(a_second_of_several_snapshots_is_that_of_an_exact_one),
		cmocka_unit_test(an_inexact_snapshot_is_no_second_that_is_not_finished),
		cmocka_unit_test(what_no_oplog_can_have_is_refused),
		cmocka_unit_test(two_moments_never_have_one_name),
		cmocka_unit_test(the_latest_is_the_last_operation),
		cmocka_unit_test(a_timeline_tells_what_it_has),
		cmocka_unit_test(a_moment_of_a_snapshot_that_went_is_gone),
	};

	return cmocka_run_group_tests_name("timeline_find", tests, NULL, NULL);
}
