#include "fs/fs_points.h"

#include "fs/fs_inode.h"
#include "tests/unit/fs/small_store.h"

static const struct small_entry entries[] = {{.db = "shop", .coll = "orders", .documents = 3}};

/* A store with two exact snapshots, and their points. */
struct world {
	struct small_store s;
	struct timeline *timeline;
	struct fs_points *points;
	struct timeline_point first, second;
};

static void world_open(struct world *w)
{
	struct error e = {0};

	small_store_open(&w->s);
	small_store_exact(&w->s, "first", 1000, 1, entries, 1);
	small_store_exact(&w->s, "second", 2000, 1, entries, 1);
	ASSERT_OK(timeline_open(w->s.store, &w->timeline, &e));
	ASSERT_OK(timeline_find(w->timeline, "first", 5000, &w->first, &e));
	ASSERT_OK(timeline_find(w->timeline, "second", 5000, &w->second, &e));
	w->points = fs_points_new(w->timeline, NULL);
}

static void world_close(struct world *w)
{
	fs_points_free(w->points);
	timeline_close(w->timeline);
	store_close(w->s.store);
}

static void a_slot_leads_back_to_its_point(void **state)
{
	struct world w;
	struct timeline_point second = {.ts = entry_ts(1792143667, UINT32_MAX), .is_second = true};
	struct timeline_point optime = {.ts = entry_ts(1795251817, 14)};
	struct timeline_point found;
	struct error e = {0};
	uint32_t slots[2];

	(void)state;
	world_open(&w);
	ASSERT_OK(fs_points_slot(w.points, &second, &slots[0], &e));
	ASSERT_OK(fs_points_slot(w.points, &optime, &slots[1], &e));
	assert_true(slots[0] != slots[1] && slots[0] >= FS_INODE_POINTS &&
		    slots[1] >= FS_INODE_POINTS && slots[1] < FS_INODE_SLOTS);
	assert_true(fs_points_find(w.points, slots[0], &found));
	assert_true(found.ts == second.ts && found.is_second && !found.is_snapshot);
	assert_string_equal(found.name, "2026-10-16T094107Z");
	assert_true(fs_points_find(w.points, slots[1], &found));
	assert_true(found.ts == optime.ts && !found.is_second);
	assert_string_equal(found.name, "1795251817.14");
	assert_false(fs_points_find(w.points, slots[1] ^ 1, &found));
	assert_false(fs_points_find(w.points, 0, &found));
	world_close(&w);
}

/* Base, timestamp and kind tell points apart; the same one has one slot, in the next mount too. */
static void slots_are_of_points(void **state)
{
	struct world w;
	struct error e = {0};
	uint32_t slots[4];

	(void)state;
	world_open(&w);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < COUNT_OF(slots); i++) {
			struct timeline_point point = {.ts = entry_ts(1000, UINT32_MAX),
						       .is_second = i % 2 == 0,
						       .base = i < 2 ? w.first.base
								     : w.second.base};
			uint32_t slot;

			ASSERT_OK(fs_points_slot(w.points, &point, &slot, &e));
			if (round == 0)
				slots[i] = slot;
			assert_int_equal(slot, slots[i]);
			for (uint32_t other = 0; other < i; other++)
				assert_int_not_equal(slots[other], slot);
		}
		if (round == 1) {
			fs_points_free(w.points);
			w.points = fs_points_new(w.timeline, NULL);
		}
	}
	world_close(&w);
}

static void many_points_keep_their_slots(void **state)
{
	enum { COUNT = 100000 };
	struct world w;
	uint32_t *slots = xcalloc(COUNT, sizeof(*slots));
	struct timeline_point found;
	struct error e = {0};

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct timeline_point point = {.ts = entry_ts(1000 + i / 5, i % 5)};

		ASSERT_OK(fs_points_slot(w.points, &point, &slots[i], &e));
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_true(fs_points_find(w.points, slots[i], &found));
		assert_true(found.ts == entry_ts(1000 + i / 5, i % 5));
	}
	free(slots);
	world_close(&w);
}

static void a_moment_is_opened_again_after_it_was_closed(void **state)
{
	struct world w;
	struct moment *held = NULL;
	struct moment *moment = NULL;
	struct error e = {0};
	uint32_t slot;

	(void)state;
	world_open(&w);
	ASSERT_OK(fs_points_slot(w.points, &w.first, &slot, &e));
	assert_false(fs_points_is_open(w.points, slot));
	assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slot, &held, &e)), 1);
	assert_true(fs_points_is_open(w.points, slot));
	fs_points_close(w.points);
	assert_false(fs_points_is_open(w.points, slot));
	assert_true(moment_count(held) == 1);
	assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slot, &moment, &e)), 1);
	assert_string_equal(moment_snapshot(moment)->name, "first");
	moment_release(moment);
	moment_release(held);
	world_close(&w);
}

static void a_bounded_number_is_kept_open(void **state)
{
	struct world w;
	uint32_t slots[2 * FS_POINTS_OPEN_MAX];
	struct error e = {0};
	size_t open = 0;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < COUNT_OF(slots); i++) {
		struct timeline_point point = w.first;
		struct moment *moment = NULL;

		point.ts += i; /* other points, as far as slots are concerned */
		ASSERT_OK(fs_points_slot(w.points, &point, &slots[i], &e));
		assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slots[i], &moment, &e)), 1);
		moment_release(moment);
		/* The first one is asked for again and again, so it stays. */
		assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slots[0], &moment, &e)), 1);
		moment_release(moment);
	}
	for (uint32_t i = 0; i < COUNT_OF(slots); i++)
		open += fs_points_is_open(w.points, slots[i]);
	assert_int_equal(open, FS_POINTS_OPEN_MAX);
	assert_true(fs_points_is_open(w.points, slots[0]));
	world_close(&w);
}

static void a_moment_whose_base_is_forgotten_is_gone(void **state)
{
	struct world w;
	struct moment *moment = NULL;
	struct error e = {0};
	uint32_t slots[2];

	(void)state;
	world_open(&w);
	ASSERT_OK(fs_points_slot(w.points, &w.first, &slots[0], &e));
	ASSERT_OK(fs_points_slot(w.points, &w.second, &slots[1], &e));
	small_store_forget(&w.s, &w.first.base);
	ASSERT_OK(timeline_refresh(w.timeline, &e));
	assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slots[0], &moment, &e)), 0);
	assert_int_equal(ASSERT_OK(fs_points_moment(w.points, slots[1], &moment, &e)), 1);
	moment_release(moment);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_leads_back_to_its_point),
		cmocka_unit_test(slots_are_of_points),
		cmocka_unit_test(many_points_keep_their_slots),
		cmocka_unit_test(a_moment_is_opened_again_after_it_was_closed),
		cmocka_unit_test(a_bounded_number_is_kept_open),
		cmocka_unit_test(a_moment_whose_base_is_forgotten_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
