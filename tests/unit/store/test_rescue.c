/* What a commit may rely on when a prune has condemned packs: nothing that lies in them. */
#include "store/rescue.h"

#include "store/check.h"
#include "store/pack/pack_reader.h"
#include "store/prune.h"
#include "store/snapshot/commit.h"
#include "store/writer_encode.h"
#include "tests/unit/store/snapshot_model.h"

#define NOW_US ((uint64_t)1795254067000000)

static struct chunk_id pack_of(struct store *store, uint32_t number)
{
	struct chunk_pack pack;
	struct error e = {0};

	assert_int_equal(ASSERT_OK(chunk_index_pack(store->index, number, &pack, &e)), 1);
	return pack.id;
}

/* Condemn the packs of these numbers, as a repair does that found them damaged. */
static void condemn(struct store *store, const uint32_t *numbers, size_t count)
{
	struct chunk_id ids[8];
	const struct prune_forget what = {.packs = ids, .pack_count = count, .now_us = NOW_US};
	struct error e = {0};

	assert_true(count <= COUNT_OF(ids));
	for (size_t i = 0; i < count; i++)
		ids[i] = pack_of(store, numbers[i]);
	ASSERT_OK(prune_forget(store, &what, &e));
}

/* The packs of these numbers go, as a prune takes them. */
static void take_away(struct store *store, const char *dir, const uint32_t *numbers, size_t count)
{
	struct error e = {0};

	for (size_t i = 0; i < count; i++) {
		struct chunk_id id = pack_of(store, numbers[i]);
		char name[PACK_NAME_LEN + 1];

		pack_reader_name(&id, name);
		assert_int_equal(unlink(harness_path(dir, name)), 0);
	}
	ASSERT_OK(store_rebuild(store, &e));
}

static void reads(struct store *store, const struct chunk_id *id, const struct buf *expected)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct error e = {0};

	ASSERT_OK(store_get(store, id, &chunk, &e));
	ASSERT_BYTES(chunk->plain, buf_bytes(expected));
}

/* Leaves that differ in a byte, so that one is stored as a delta of another. */
static void make_leaves(struct buf *leaves, size_t count)
{
	struct harness_rng rng = harness_rng_of(7);

	store_model_leaf(&leaves[0], 0, 20, 150, &rng);
	for (size_t i = 1; i < count; i++) {
		buf_add_bytes(&leaves[i], buf_bytes(&leaves[0]));
		leaves[i].at[9] ^= (uint8_t)i; /* of the first _id */
	}
}

static struct tree_root root_of(const struct chunk_id *leaf, const struct buf *plain)
{
	return (struct tree_root){.id = *leaf, .count = 20, .bytes = plain->len};
}

static void rescue(struct store *store, const struct tree_root *root)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(rescue_begin(writer, &e)), 1);
	ASSERT_OK(rescue_tree(writer, root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
}

static void the_base_of_a_delta_that_stays_is_stored_anew(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct buf leaves[2] = {{0}, {0}};
	struct chunk_id base, delta;
	struct tree_root root;
	uint32_t gone;

	(void)state;
	make_leaves(leaves, 2);
	base = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[0]), NULL, NULL);
	delta = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[1]), &base, NULL);
	assert_int_equal(store_model_place(store, &delta).depth, DEPTH_DELTA);
	gone = store_model_place(store, &base).pack;
	assert_int_not_equal(gone, store_model_place(store, &delta).pack);
	condemn(store, &gone, 1);
	root = root_of(&delta, &leaves[1]);
	rescue(store, &root);
	take_away(store, dir, &gone, 1);
	reads(store, &delta, &leaves[1]);
	reads(store, &base, &leaves[0]);
	store_close(store);
	buf_release(&leaves[0]);
	buf_release(&leaves[1]);
}

/*
 * The base lies elsewhere, too, as a delta itself: that does not serve those that are deltas of it, as a delta's base is never of
 * its own depth.
 */
static void a_base_that_is_elsewhere_only_as_a_delta_is_stored_anew(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct buf leaves[3] = {{0}, {0}, {0}};
	struct chunk_id base, delta, other;
	struct tree_root root;
	uint32_t gone;

	(void)state;
	make_leaves(leaves, 3);
	base = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[0]), NULL, NULL);
	delta = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[1]), &base, NULL);
	other = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[2]), NULL, NULL);
	gone = store_model_place(store, &base).pack;
	condemn(store, &gone, 1);
	/* Somebody writes the base again: it is not shared, and comes as a delta of a third one. */
	base = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&leaves[0]), &other, NULL);
	root = root_of(&delta, &leaves[1]);
	rescue(store, &root);
	take_away(store, dir, &gone, 1);
	reads(store, &base, &leaves[0]);
	reads(store, &delta, &leaves[1]);
	store_close(store);
	for (size_t i = 0; i < COUNT_OF(leaves); i++)
		buf_release(&leaves[i]);
}

static void what_is_in_no_pack_is_damage(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct tree_root root = {.id = {{1, 2, 3}}, .count = 1, .bytes = 5};
	const struct tree_root none = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(rescue_begin(writer, &e)), 0);
	ASSERT_ERROR_TEXT(rescue_tree(writer, &root, &e), ERR_CORRUPT, "a chunk is in no pack");
	ASSERT_OK(rescue_tree(writer, &none, &e));
	store_writer_end(TAKE(writer));
	store_close(store);
}

/* All packs that there are. */
static size_t all_packs(struct store *store, uint32_t *ret, size_t room)
{
	OWNED(free) struct chunk_pack *packs = NULL;
	struct error e = {0};
	size_t count;

	ASSERT_OK(chunk_index_packs(store->index, &packs, &count, &e));
	assert_true(count <= room);
	for (size_t i = 0; i < count; i++)
		ret[i] = packs[i].number;
	return count;
}

static uint64_t rescue_of(struct store *store, const struct snapshot *snapshot,
			  const struct snapshot *parent)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct store_writer_counts counts;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	assert_int_equal(ASSERT_OK(rescue_begin(writer, &e)), 1);
	ASSERT_OK(rescue_snapshot(writer, snapshot, parent, &e));
	store_writer_counts(writer, &counts);
	return counts.new_chunks;
}

/* Trees that the parent has are needed by it, and no prune takes them: nothing of them is read or written. */
static void what_the_parent_has_is_left_alone(void **state)
{
	struct store *store = store_model_open(store_model_init());
	OWNED(snapshot_release) struct snapshot one, two;
	uint32_t packs[8];
	uint64_t alone, all;

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, &one);
	snapshot_model_commit(store, "two", 200, 2, &two);
	condemn(store, packs, all_packs(store, packs, COUNT_OF(packs)));
	all = rescue_of(store, &one, NULL);
	alone = rescue_of(store, &one, &one);
	assert_int_equal(alone, 1); /* its catalog, a leaf */
	assert_true(all > alone);
	assert_int_equal(rescue_of(store, &one, &two), all);
	store_close(store);
}

static void print_problem(void *ctx UNUSED, const char *text)
{
	print_error("%s\n", text);
}

static void a_commit_finds_its_parent_among_the_snapshots(void **state)
{
	const struct check_options options = {.read_data = true};
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	OWNED(snapshot_release) struct snapshot base, gone, child;
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct check_result result;
	uint32_t of_base[8], packs[8], others[8];
	size_t base_count, count, other_count = 0;
	struct error e = {0};

	(void)state;
	snapshot_model_commit(store, "base", 100, 1, &base);
	base_count = all_packs(store, of_base, COUNT_OF(of_base));
	snapshot_model_commit(store, "gone", 200, 2, &gone);
	count = all_packs(store, packs, COUNT_OF(packs));
	for (size_t i = 0; i < count; i++) {
		bool is_base = false;

		for (size_t k = 0; k < base_count; k++)
			is_base = is_base || packs[i] == of_base[k];
		if (!is_base)
			others[other_count++] = packs[i];
	}
	assert_true(other_count > 0);
	/* The child has what the snapshot had that goes; its parent stays. */
	snapshot_model_make(store, "child", 300, 2, &child);
	child.has_parent = true;
	child.parent = base.id;
	condemn(store, others, other_count);
	ASSERT_OK(prune_forget(store,
			       &(struct prune_forget){.snapshots = &gone.id,
						      .snapshot_count = 1,
						      .now_us = NOW_US},
			       &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(commit_snapshot(writer, &child, &e));
	store_writer_end(TAKE(writer));
	take_away(store, dir, others, other_count);
	ASSERT_OK(check_run(store, &options, print_problem, NULL, &result, &e));
	assert_int_equal(result.problems, 0);
	assert_int_equal(result.snapshots, 2);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_of_a_delta_that_stays_is_stored_anew),
		cmocka_unit_test(a_base_that_is_elsewhere_only_as_a_delta_is_stored_anew),
		cmocka_unit_test(what_is_in_no_pack_is_damage),
		cmocka_unit_test(what_the_parent_has_is_left_alone),
		cmocka_unit_test(a_commit_finds_its_parent_among_the_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
