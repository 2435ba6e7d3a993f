/* However a moment is come to, it is the same one. */
#include "oplog/timeline_visit.h"

#include "base/key.h"
#include "oplog/replay.h"
#include "store/snapshot/commit.h"
#include "store/store_internal.h"
#include "store/tree/tree_cursor.h"
#include "tests/unit/oplog/history_model.h"

#define HISTORIES 3
#define ENTRIES 80
#define BEHIND_VERSION 5 /* the entry that tells the feature compatibility version */
#define OFFS 3		 /* moments of an entry: one increment before it, at it, one behind it */

struct world {
	struct history *history;
	struct store *store;
	struct timeline *timeline;
};

static void end(struct world *w)
{
	timeline_close(w->timeline);
	store_close(w->store);
}
DEFINE_OWNED_STRUCT(struct world, end);

static struct world begin(struct history *history)
{
	struct world w = {.history = history, .store = stream_model_store(NULL)};
	struct error e = {0};

	history_commit_base(w.store, history);
	ASSERT_OK(timeline_open(w.store, &w.timeline, &e));
	return w;
}

/* Entries first..end-1 as a slice. */
static void add(struct world *w, size_t first, size_t end)
{
	struct error e = {0};

	ASSERT_OK(stream_model_add(w->store, history_docs(w->history, first, end), NULL, &e));
	ASSERT_OK(timeline_refresh(w->timeline, &e));
}

/* With all that the history has. */
static struct world begin_whole(struct history *history)
{
	struct world w = begin(history);

	add(&w, 0, history_count(history));
	return w;
}

static uint64_t moment_ts(const struct history *h, size_t number)
{
	return history_ts(h, number / OFFS) + (uint64_t)(number % OFFS) - 1;
}

static int find(struct world *w, uint64_t ts, struct timeline_point *ret, struct error *e)
{
	char when[40];

	snprintf(when, sizeof(when), "%u.%u", entry_seconds(ts), entry_increment(ts));
	return timeline_find(w->timeline, when, HISTORY_SECOND, ret, e);
}

/* What a moment is: its namespaces with their documents, and when each changed last. */
struct seen {
	bool there;
	struct tree_root catalog, changes;
	uint64_t documents, bytes;
};

/* The last operation at or before `ts`. */
static uint64_t last_upto(struct world *w, uint64_t ts)
{
	size_t n = 0;

	while (n + 1 < history_count(w->history) && history_ts(w->history, n + 1) <= ts)
		n++;
	return history_ts(w->history, n);
}

static int look(struct world *w, uint64_t ts, struct seen *ret, struct error *e)
{
	OWNED(moment_release) struct moment *moment = NULL;
	struct timeline_point point;
	const struct snapshot *s;

	*ret = (struct seen){0};
	if (find(w, ts, &point, e) < 0 ||
	    timeline_moment(w->timeline, &point, NULL, &moment, e) < 0)
		return e->code;
	s = moment_snapshot(moment);
	/* A transaction that was prepared may be visible from a time that no entry has. */
	assert_in_range(timeline_ts(s->optime), last_upto(w, ts), ts);
	*ret = (struct seen){true, s->catalog, s->changes, s->documents, s->bytes};
	for (uint64_t rank = 0; rank < moment_count(moment); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};

		if (moment_entry(moment, rank, &entry, e) < 0 ||
		    moment_resolve(moment, &entry, e) < 0)
			return e->code;
	}
	return 0;
}

static void print_moment(struct world *w, uint64_t ts)
{
	OWNED(moment_release) struct moment *moment = NULL;
	struct timeline_point point;
	struct error e = {0};

	ASSERT_OK(find(w, ts, &point, &e));
	ASSERT_OK(timeline_moment(w->timeline, &point, NULL, &moment, &e));
	for (uint64_t rank = 0; rank < moment_count(moment); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		uint64_t changed;
		char hex[CHUNK_ID_HEX + 1];

		ASSERT_OK(moment_entry(moment, rank, &entry, &e));
		ASSERT_OK(moment_changed(moment, bytes_of(entry.ns, entry.ns_len), &changed, &e));
		chunk_id_hex(&entry.root.id, hex);
		print_message("  %s %u %" PRIu64 " %.8s changed %" PRIu64 "\n", entry.ns,
			      entry.uuid[0], entry.root.count, hex, changed - HISTORY_SECOND);
	}
}

/* Moment `number` of `w` is what `expected` says. */
static void check_same(struct world *w, size_t number, const struct seen *expected,
		       struct world *other)
{
	uint64_t ts = moment_ts(w->history, number);
	struct seen seen;
	struct error e = {0};
	int code = look(w, ts, &seen, &e);

	if (code == 0 && expected->there && tree_root_equal(&seen.catalog, &expected->catalog) &&
	    tree_root_equal(&seen.changes, &expected->changes) &&
	    seen.documents == expected->documents && seen.bytes == expected->bytes)
		return;
	if (code == ERR_NO_TIME && !expected->there)
		return;
	if (code == 0 && expected->there) {
		print_moment(other, ts);
		print_message("other:\n");
		print_moment(w, ts);
	}
	fail_msg("moment %u.%u of a %s: %s", entry_seconds(ts), entry_increment(ts),
		 w->history->server, code < 0 ? e.text : "differs");
}

/* All moments, the last one first: so each is replayed from the base in one go. */
static struct seen *look_backwards(struct world *w, size_t count)
{
	struct seen *all = xcalloc(count, sizeof(*all));

	for (size_t i = count; i-- > 0;) {
		uint64_t ts = moment_ts(w->history, i);
		bool there =
			ts >= history_ts(w->history, 0) && ts < w->history->waits && i < count - 1;
		struct error e = {0};
		int code = look(w, ts, &all[i], &e);

		if (there)
			ASSERT_OK(code);
		else
			assert_int_equal(code, ERR_NO_TIME);
	}
	return all;
}

/* The snapshot of a moment, as a checkpoint is made. */
static void commit_at(struct world *w, uint64_t ts)
{
	OWNED(timeline_view_release) struct timeline_view *view = timeline_view_of(w->timeline);
	OWNED(replay_result_release) struct replay_result result = {0};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(view->stream, NULL);
	struct replay_options options = {.to = ts};
	struct timeline_point point;
	struct error e = {0};
	uint64_t needed;

	ASSERT_OK(find(w, ts, &point, &e));
	for (size_t i = 0; i < view->list.count; i++)
		if (chunk_id_equal(&view->list.at[i].id, &point.base))
			options.base = &view->list.at[i];
	options.from = timeline_ts(options.base->optime);
	needed = timeline_ts(options.base->needed_from);
	ASSERT_OK(stream_cursor_seek(cursor, needed != 0 ? needed : options.from, &e));
	ASSERT_OK(store_writer_begin(w->store, &writer, &e));
	options.writer = writer;
	options.source.next = (int (*)(void *, struct bytes *, struct error *))stream_cursor_next;
	options.source.ctx = cursor;
	ASSERT_OK(replay_run(&options, &result, &e));
	assert_int_equal(result.stop_count, 0);
	result.snapshot.source = xstrdup("replay");
	result.snapshot.tool = xstrdup("test");
	result.snapshot.checkpoint = ts % 2 == 0;
	ASSERT_OK(commit_snapshot(writer, &result.snapshot, &e));
	ASSERT_OK(timeline_refresh(w->timeline, &e));
}

/* Slices come one by one, snapshots are made in between, moments are visited in any order. */
static void check_any_order(struct history *history, struct harness_rng *rng,
			    const struct seen *expected, size_t count, struct world *other)
{
	OWNED(end) struct world w = begin(history);
	size_t entries = history_count(history);

	for (size_t from = 0; from + 1 < entries;) {
		size_t more = 2 + harness_rng_below(rng, entries / 3);
		size_t to = MIN_OF(entries, from + more);

		add(&w, from, to);
		from = to - 1;
		for (unsigned i = 0; i < 20; i++) {
			size_t number = harness_rng_below(rng, OFFS * to - 2);
			struct timeline_point point;
			struct error e = {0};

			/* A transaction that is decided later makes moments wait. */
			if (find(&w, moment_ts(history, number), &point, &e) < 0)
				continue;
			if (harness_rng_below(rng, 10) == 0 && !point.is_snapshot)
				commit_at(&w, moment_ts(history, number));
			check_same(&w, number, &expected[number], other);
		}
	}
	for (size_t i = 0; i < count; i++)
		check_same(&w, i, &expected[i], other);
}

static void check_document(struct moment *lazy, const struct catalog_entry *entry,
			   struct moment *whole, const struct catalog_entry *made, uint32_t id)
{
	OWNED(buf_release) struct buf key = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf expected = {0};
	uint8_t value[4];
	struct error e = {0};
	int found;

	put_le32(value, id);
	ASSERT_OK(key_of_value(BSON_KIND_INT32, bytes_of(value, 4), &key, &e));
	found = ASSERT_OK(moment_document(whole, made, buf_bytes(&key), &expected, &e));
	assert_int_equal(ASSERT_OK(moment_document(lazy, entry, buf_bytes(&key), &doc, &e)), found);
	ASSERT_BYTES(buf_bytes(&doc), buf_bytes(&expected));
}

/* One collection by itself, and (keyed) its documents one by one before that, are as in the whole moment. */
static void check_lazily(struct world *w, uint64_t ts, struct world *other)
{
	OWNED(moment_release) struct moment *lazy = NULL;
	OWNED(moment_release) struct moment *whole = NULL;
	struct timeline_point point, same;
	struct error e = {0};

	ASSERT_OK(find(w, ts, &point, &e));
	ASSERT_OK(find(other, ts, &same, &e));
	ASSERT_OK(timeline_moment(other->timeline, &same, NULL, &whole, &e));
	for (uint64_t rank = 0; rank < moment_count(whole); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(catalog_entry_release) struct catalog_entry made = {0};
		uint64_t changed, expected;

		/* Again and again, so that each is replayed alone. */
		moment_release(TAKE(lazy));
		ASSERT_OK(timeline_lazy_open(w->timeline, &point, NULL, &lazy, &e));
		assert_int_equal(moment_count(lazy), moment_count(whole));
		ASSERT_OK(moment_entry(lazy, rank, &entry, &e));
		ASSERT_OK(moment_entry(whole, rank, &made, &e));
		assert_string_equal(entry.ns, made.ns);
		ASSERT_BYTES(buf_bytes(&entry.options), buf_bytes(&made.options));
		ASSERT_BYTES(buf_bytes(&entry.indexes), buf_bytes(&made.indexes));
		if (entry.type == CATALOG_COLLECTION && made.root.kind == TREE_KEYED)
			for (uint32_t id = 0; id < HISTORY_IDS; id++)
				check_document(lazy, &entry, whole, &made, id);
		ASSERT_OK(moment_resolve(lazy, &entry, &e));
		if (!tree_root_equal(&entry.root, &made.root))
			fail_msg("%s at %u.%u of a %s: %" PRIu64 " documents, alone %" PRIu64,
				 made.ns, entry_seconds(ts), entry_increment(ts),
				 w->history->server, made.root.count, entry.root.count);
		ASSERT_OK(moment_changed(lazy, bytes_str(entry.ns), &changed, &e));
		ASSERT_OK(moment_changed(whole, bytes_str(entry.ns), &expected, &e));
		assert_int_equal(changed, expected);
	}
}

static void every_way_to_a_moment_leads_to_the_same_roots(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HISTORIES; i++) {
		struct harness_rng rng = harness_rng_of(i);
		OWNED(history_release) struct history history = {0};
		OWNED(free) struct seen *expected = NULL;
		OWNED(end) struct world backwards = {0};
		OWNED(end) struct world forwards = {0};
		size_t count;

		history_make(&rng, ENTRIES, &history);
		count = OFFS * history_count(&history);
		backwards = begin_whole(&history);
		expected = look_backwards(&backwards, count);
		forwards = begin_whole(&history);
		for (size_t k = 0; k < count; k++)
			check_same(&forwards, k, &expected[k], &backwards);
		check_any_order(&history, &rng, expected, count, &backwards);
	}
}

static void a_collection_alone_is_as_in_the_whole_moment(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HISTORIES; i++) {
		struct harness_rng rng = harness_rng_of(i);
		OWNED(history_release) struct history history = {0};
		OWNED(end) struct world whole = {0};
		OWNED(end) struct world lazy = {0};

		history_make(&rng, ENTRIES, &history);
		whole = begin_whole(&history);
		lazy = begin_whole(&history);
		for (unsigned k = 0; k < 12; k++) {
			uint64_t ts = history_ts(
				&history, 1 + harness_rng_below(&rng, history_count(&history) - 2));

			if (ts >= history.waits)
				continue;
			check_lazily(&lazy, ts, &whole);
		}
	}
}

/* Does the replay of the moment's collections begin with what was visited of them before? */
static unsigned count_begun_later(struct world *w, uint64_t ts)
{
	OWNED(moment_release) struct moment *lazy = NULL;
	struct timeline_point point;
	struct error e = {0};
	unsigned later = 0;

	ASSERT_OK(find(w, ts, &point, &e));
	ASSERT_OK(timeline_lazy_open(w->timeline, &point, NULL, &lazy, &e));
	for (uint64_t rank = 0; rank < moment_count(lazy); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(timeline_visited_release) struct timeline_visited visited = {0};
		const struct visit_want want = {.kind = VISIT_ONE, .only = &entry};

		ASSERT_OK(moment_entry(lazy, rank, &entry, &e));
		if (!entry.has_uuid)
			continue;
		ASSERT_OK(timeline_visit(w->timeline, &point, &want, false, NULL, &visited, &e));
		later += !chunk_id_equal(&visited.snapshot.parent, &point.base);
	}
	return later;
}

static void a_collection_alone_goes_on_from_where_it_was_visited_before(void **state)
{
	unsigned later = 0;

	(void)state;
	for (unsigned i = 0; i < HISTORIES; i++) {
		struct harness_rng rng = harness_rng_of(i);
		OWNED(history_release) struct history history = {0};
		OWNED(end) struct world whole = {0};
		OWNED(end) struct world lazy = {0};

		history_make(&rng, ENTRIES, &history);
		whole = begin_whole(&history);
		lazy = begin_whole(&history);
		if (history.waits <= history_ts(&history, BEHIND_VERSION))
			continue;
		commit_at(&lazy, history_ts(&history, BEHIND_VERSION));
		for (size_t k = BEHIND_VERSION + 1; k + 1 < history_count(&history); k += 2) {
			uint64_t ts = history_ts(&history, k);

			if (ts >= history.waits)
				break;
			check_lazily(&lazy, ts, &whole);
			later += count_begun_later(&lazy, ts);
		}
	}
	assert_true(later > ENTRIES / 2);
}

static void forget(struct world *w, const struct chunk_id *id)
{
	struct backend *files = w->store->backend;
	char hex[CHUNK_ID_HEX + 1], name[16 + CHUNK_ID_HEX];
	struct error e = {0};

	chunk_id_hex(id, hex);
	snprintf(name, sizeof(name), "snapshots/%s", hex);
	assert_int_equal(ASSERT_OK(files->ops->remove(files, name, &e)), 1);
	ASSERT_OK(timeline_refresh(w->timeline, &e));
}

/* All of the moment as it was opened is what `other` has. */
static void check_resolved(struct moment *moment, uint64_t ts, struct world *other)
{
	OWNED(moment_release) struct moment *whole = NULL;
	struct timeline_point point;
	struct error e = {0};

	ASSERT_OK(find(other, ts, &point, &e));
	ASSERT_OK(timeline_moment(other->timeline, &point, NULL, &whole, &e));
	assert_int_equal(moment_count(moment), moment_count(whole));
	for (uint64_t rank = 0; rank < moment_count(whole); rank++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(catalog_entry_release) struct catalog_entry made = {0};

		ASSERT_OK(moment_entry(moment, rank, &entry, &e));
		ASSERT_OK(moment_entry(whole, rank, &made, &e));
		ASSERT_OK(moment_resolve(moment, &entry, &e));
		assert_true(tree_root_equal(&entry.root, &made.root));
	}
}

static void a_moment_goes_on_from_another_snapshot_when_its_own_is_forgotten(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HISTORIES; i++) {
		struct harness_rng rng = harness_rng_of(i);
		OWNED(history_release) struct history history = {0};
		OWNED(end) struct world whole = {0};
		OWNED(end) struct world w = {0};
		OWNED(moment_release) struct moment *lazy = NULL;
		OWNED(moment_release) struct moment *late = NULL;
		struct timeline_point point, before;
		struct error e = {0};
		uint64_t ts;

		history_make(&rng, ENTRIES, &history);
		whole = begin_whole(&history);
		w = begin_whole(&history);
		ts = history_ts(&history, 20);
		if (ts >= history.waits)
			continue;
		ASSERT_OK(find(&w, ts, &before, &e));
		commit_at(&w, history_ts(&history, 10));
		ASSERT_OK(find(&w, ts, &point, &e));
		assert_false(chunk_id_equal(&before.base, &point.base));
		ASSERT_OK(timeline_lazy_open(w.timeline, &point, NULL, &lazy, &e));
		assert_true(timeline_has_base(w.timeline, &point));
		forget(&w, &point.base);
		assert_false(timeline_has_base(w.timeline, &point));
		check_resolved(lazy, ts, &whole);
		ASSERT_OK(timeline_moment(w.timeline, &point, NULL, &late, &e));
		check_resolved(late, ts, &whole);
		/* With the last one all is gone. */
		forget(&w, &before.base);
		moment_release(TAKE(late));
		ASSERT_ERROR(timeline_moment(w.timeline, &point, NULL, &late, &e), ERR_NOT_FOUND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_a_moment_leads_to_the_same_roots),
		cmocka_unit_test(a_collection_alone_is_as_in_the_whole_moment),
		cmocka_unit_test(a_collection_alone_goes_on_from_where_it_was_visited_before),
		cmocka_unit_test(a_moment_goes_on_from_another_snapshot_when_its_own_is_forgotten),
	};

	return cmocka_run_group_tests_name("timeline_visit", tests, NULL, NULL);
}
