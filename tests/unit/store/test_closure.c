#include "store/snapshot/closure.h"

#include <unistd.h>

#include "base/file.h"
#include "store/snapshot/snapshots.h"
#include "tests/unit/store/snapshot_model.h"

static size_t count_of(struct store *store, size_t *ret_skipped)
{
	OWNED(snapshots_release) struct snapshot_list list = {0};
	struct error e = {0};

	ASSERT_OK(snapshots_read(store, &list, ret_skipped, &e));
	return list.count;
}

/* Each pack in turn is not there (an rsync in progress): the snapshot is hidden, and comes back. */
static void a_snapshot_is_hidden_while_a_pack_of_it_is_missing(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files packs;
	size_t skipped = 0;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, NULL);
	store_model_files(harness_path(dir, "chunks"), &packs);
	assert_true(packs.count >= 2);
	for (int fresh = 0; fresh < 2; fresh++) {
		for (size_t p = 0; p < packs.count; p++) {
			OWNED(free) char *aside = xprintf("%s/aside", dir);

			assert_int_equal(rename(packs.path[p], aside), 0);
			if (fresh) {
				store_close(store);
				ASSERT_OK(file_remove_tree(harness_path(dir, "local"), &e));
				store = store_model_open(dir);
			} else {
				ASSERT_OK(store_refresh(store, &e));
			}
			assert_int_equal(count_of(store, &skipped), 0);
			assert_int_equal(skipped, 1);
			assert_int_equal(count_of(store, NULL), 0);
			assert_int_equal(rename(aside, packs.path[p]), 0);
			assert_int_equal(count_of(store, &skipped), 1);
			assert_int_equal(skipped, 0);
		}
	}
	store_model_files_release(&packs);
	store_close(store);
}

static void a_whole_snapshot_is_whole_and_one_with_a_strange_root_is_not(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	struct snapshot other;
	bool refreshed = false;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "one", 1, 1, &snapshot);
	assert_int_equal(ASSERT_OK(closure_is_whole(store, &snapshot, &refreshed, &e)), 1);
	for (int what = 0; what < 4; what++) {
		/* Under another id: what was found is not remembered for it. */
		other = snapshot;
		other.id.at[0] = (uint8_t)(other.id.at[0] + 1 + what);
		if (what == 0)
			other.catalog.id.at[0] ^= 1;
		else if (what == 1)
			other.changes = (struct tree_root){.id = {{1}}, .count = 1, .bytes = 9};
		else if (what == 2)
			other.oplog = (struct tree_root){.id = {{2}},
							 .kind = TREE_RANKED,
							 .height = 1,
							 .count = 1,
							 .bytes = 9};
		assert_int_equal(ASSERT_OK(closure_is_whole(store, &other, &refreshed, &e)),
				 what == 3);
	}
	store_close(store);
}

/* A pack that goes between the walk and the note: nothing is noted of what was seen with it. */
static void what_was_found_before_a_pack_went_is_not_noted(void **state UNUSED)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files packs;
	OWNED(snapshot_release) struct snapshot snapshot = {0};
	struct closure_look look = {0};
	struct error e = {0};

	snapshot_model_commit(store, "one", 1, 1, &snapshot);
	/* Under another id it is not noted yet. */
	for (uint8_t round = 1; round < 3; round++) {
		struct snapshot other = snapshot;

		other.id.at[0] ^= round;
		assert_int_equal(ASSERT_OK(closure_look_at(store, &other, &look, &e)), 1);
		assert_false(closure_is_noted(store, &other.id));
		if (round == 2) {
			store_model_files(harness_path(dir, "chunks"), &packs);
			assert_int_equal(unlink(packs.path[0]), 0);
			store_model_files_release(&packs);
			ASSERT_OK(store_refresh(store, &e));
		}
		ASSERT_OK(closure_look_end(store, &look, &e));
		assert_int_equal(closure_is_noted(store, &other.id), round == 1);
	}
	closure_look_release(&look);
	store_close(store);
}

/* The same documents are looked for once, however many snapshots have them; not when a pack went meanwhile. */
static void what_snapshots_share_is_walked_once(void **state UNUSED)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct model_files packs;
	OWNED(snapshot_release) struct snapshot a = {0}, b = {0};
	struct closure_look look = {0};
	struct error e = {0};
	uint64_t first, second;
	int there;

	snapshot_model_commit(store, "one", 1, 1, &a);
	snapshot_model_commit(store, "two", 2, 2, &b);
	a.id.at[0] ^= 1; /* not noted yet */
	b.id.at[0] ^= 1;
	assert_int_equal(ASSERT_OK(closure_look_at(store, &a, &look, &e)), 1);
	first = look.nodes;
	assert_true(first > 0);
	assert_int_equal(ASSERT_OK(closure_look_at(store, &b, &look, &e)), 1);
	second = look.nodes;
	assert_true(second > first); /* it has other documents */
	for (uint8_t round = 2; round < 20; round++) {
		a.id.at[0] ^= round;
		b.id.at[0] ^= round;
		assert_int_equal(ASSERT_OK(closure_look_at(store, &a, &look, &e)), 1);
		assert_int_equal(ASSERT_OK(closure_look_at(store, &b, &look, &e)), 1);
		assert_int_equal(look.nodes, second);
	}
	store_model_files(harness_path(dir, "chunks"), &packs);
	for (size_t i = 0; i < packs.count; i++)
		assert_int_equal(unlink(packs.path[i]), 0);
	store_model_files_release(&packs);
	ASSERT_OK(store_refresh(store, &e));
	a.id.at[1] ^= 1;
	there = closure_look_at(store, &a, &look, &e);
	assert_true(there == 0 || there == ERR_CORRUPT);
	closure_look_release(&look);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_is_hidden_while_a_pack_of_it_is_missing),
		cmocka_unit_test(a_whole_snapshot_is_whole_and_one_with_a_strange_root_is_not),
		cmocka_unit_test(what_was_found_before_a_pack_went_is_not_noted),
		cmocka_unit_test(what_snapshots_share_is_walked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
