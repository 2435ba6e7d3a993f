#include "fs/fs_tree.h"

#include "fs/fs_inode.h"
#include "tests/unit/fs/small_store.h"

static const struct small_entry orders[] = {{.db = "shop", .coll = "orders", .documents = 3}};

static void add(struct small_store *s, const char *name, uint64_t seconds)
{
	small_store_snapshot(s, name, seconds, orders, COUNT_OF(orders));
}

/* The slot of a snapshot that must be there. */
static uint32_t slot_of(struct fs_tree *tree, const char *name)
{
	uint32_t slot = FS_INODE_SLOTS;

	assert_true(fs_tree_find(tree, bytes_str(name), &slot));
	assert_true(slot < FS_INODE_SLOTS);
	return slot;
}

static void an_empty_store_has_no_latest(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};
	OWNED(buf_release) struct buf name = {0};
	struct error e = {0};
	uint32_t slot;

	(void)state;
	small_store_open(&s);
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	fs_tree_facts_get(tree, &facts);
	assert_int_equal(facts.count, 0);
	assert_int_equal(facts.latest.len, 0);
	assert_false(fs_tree_next(tree, 0, &slot, &name));
	assert_false(fs_tree_find(tree, bytes_str("x"), &slot));
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

static void snapshots_come_by_themselves(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};
	struct error e = {0};
	uint32_t slot;

	(void)state;
	small_store_open(&s);
	add(&s, "first", 1000);
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	slot = slot_of(tree, "first");
	add(&s, "second", 2000);
	ASSERT_OK(fs_tree_refresh(tree, &e));
	fs_tree_facts_get(tree, &facts);
	assert_int_equal(facts.count, 2);
	assert_string_equal(buf_text(&facts.latest), "second");
	assert_string_equal(buf_text(&facts.oldest), "first");
	assert_true(facts.changed == 2000 && facts.collections == 1);
	assert_int_equal(slot_of(tree, "first"), slot);
	assert_true(slot_of(tree, "second") != slot);
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

static void slots_are_the_same_in_the_next_mount(void **state)
{
	struct small_store s;
	struct fs_tree *tree = NULL;
	struct error e = {0};
	uint32_t slots[20];
	char name[20];

	(void)state;
	small_store_open(&s);
	for (unsigned i = 0; i < COUNT_OF(slots); i++) {
		snprintf(name, sizeof(name), "s%u", i);
		add(&s, name, 1000 + i);
	}
	for (int round = 0; round < 2; round++) {
		ASSERT_OK(fs_tree_new(s.store, &tree, &e));
		for (unsigned i = 0; i < COUNT_OF(slots); i++) {
			snprintf(name, sizeof(name), "s%u", i);
			if (round == 0)
				slots[i] = slot_of(tree, name);
			else
				assert_int_equal(slots[i], slot_of(tree, name));
		}
		fs_tree_free(tree);
	}
	store_close(s.store);
}

static void a_listing_by_slots_finds_each_once(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	OWNED(buf_release) struct buf name = {0};
	struct error e = {0};
	uint32_t from = 0;
	uint32_t slot;
	int count = 0;

	(void)state;
	small_store_open(&s);
	add(&s, "a", 1000);
	add(&s, "b", 1001);
	add(&s, "c", 1002);
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	for (; fs_tree_next(tree, from, &slot, &name); from = slot + 1) {
		assert_int_equal(slot_of(tree, buf_text(&name)), slot);
		buf_reset(&name);
		count++;
	}
	assert_int_equal(count, 3);
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

static void a_forgotten_snapshot_goes_and_what_is_held_stays(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	struct moment *held = NULL;
	struct moment *none = NULL;
	struct error e = {0};
	uint32_t slot;

	(void)state;
	small_store_open(&s);
	add(&s, "first", 1000);
	add(&s, "second", 2000);
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	slot = slot_of(tree, "first");
	assert_int_equal(ASSERT_OK(fs_tree_moment(tree, slot, &held, &e)), 1);
	small_store_forget(&s, &moment_snapshot(held)->id);
	ASSERT_OK(fs_tree_refresh(tree, &e));
	assert_int_equal(ASSERT_OK(fs_tree_moment(tree, slot, &none, &e)), 0);
	assert_false(fs_tree_find(tree, bytes_str("first"), &slot));
	assert_string_equal(moment_snapshot(held)->name, "first");
	assert_true(moment_count(held) == 1);
	moment_release(held);
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

/* More than are kept open; each answers for itself. */
static void the_last_snapshot_goes_too(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	OWNED(fs_tree_facts_release) struct fs_tree_facts facts = {0};
	struct moment *held = NULL;
	struct error e = {0};
	uint32_t slot;

	(void)state;
	small_store_open(&s);
	add(&s, "only", 1000);
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	assert_int_equal(ASSERT_OK(fs_tree_moment(tree, slot_of(tree, "only"), &held, &e)), 1);
	small_store_forget(&s, &moment_snapshot(held)->id);
	moment_release(held);
	ASSERT_OK(fs_tree_refresh(tree, &e));
	assert_false(fs_tree_find(tree, bytes_str("only"), &slot));
	fs_tree_facts_get(tree, &facts);
	assert_int_equal(facts.count, 0);
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

static void many_moments_are_opened_and_closed(void **state)
{
	struct small_store s;
	OWNED(fs_tree_free) struct fs_tree *tree = NULL;
	struct error e = {0};
	char name[20];

	(void)state;
	small_store_open(&s);
	for (unsigned i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		add(&s, name, 1000 + i);
	}
	ASSERT_OK(fs_tree_new(s.store, &tree, &e));
	for (unsigned i = 0; i < 140; i++) {
		struct moment *moment = NULL;

		snprintf(name, sizeof(name), "s%u", i % 70);
		assert_int_equal(ASSERT_OK(fs_tree_moment(tree, slot_of(tree, name), &moment, &e)),
				 1);
		assert_string_equal(moment_snapshot(moment)->name, name);
		moment_release(moment);
	}
	fs_tree_free(TAKE(tree));
	store_close(s.store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_store_has_no_latest),
		cmocka_unit_test(snapshots_come_by_themselves),
		cmocka_unit_test(slots_are_the_same_in_the_next_mount),
		cmocka_unit_test(a_listing_by_slots_finds_each_once),
		cmocka_unit_test(a_forgotten_snapshot_goes_and_what_is_held_stays),
		cmocka_unit_test(the_last_snapshot_goes_too),
		cmocka_unit_test(many_moments_are_opened_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
