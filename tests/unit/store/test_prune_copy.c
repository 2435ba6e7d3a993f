/* What a prune copies out of packs that are mostly waste, and what it leaves where it is after all. */
#include "store/prune.h"

#include "base/key.h"
#include "store/check.h"
#include "store/pack/pack_reader.h"
#include "store/snapshot/commit.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_node.h"
#include "tests/unit/store/prune_model.h"

/* A snapshot of one collection, in a pack of leaves that holds three chunks more, which nothing needs. */
static struct chunk_id make_waste(struct store *store, struct chunk_id waste[3])
{
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct harness_rng rng = harness_rng_of(17);
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(tree_builder_free) struct tree_builder *builder = NULL;
	OWNED(snapshot_release)
	struct snapshot made = {.time = 900, .source = xstrdup("dump"), .tool = xstrdup("test")};
	struct chunk_id leaf = {{0}};
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (size_t i = 0; i < 3; i++) {
		OWNED(buf_release) struct buf junk = {0};

		harness_rng_fill(&rng, buf_room(&junk, 40000), 40000);
		junk.len = 40000;
		waste[i] = store_model_put(writer, CHUNK_PREFIX, buf_bytes(&junk), NULL, NULL);
	}
	builder = tree_builder_new(writer, &options);
	for (int32_t i = 0; i < 50; i++) {
		OWNED(buf_release) struct buf doc = {0};
		OWNED(buf_release) struct buf key = {0};

		harness_doc_of_size(&doc, i, 200, &rng);
		ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
		ASSERT_OK(tree_builder_add(builder, buf_bytes(&key), buf_bytes(&doc), &e));
	}
	ASSERT_OK(tree_builder_finish(builder, &made.oplog, &e));
	ASSERT_OK(commit_snapshot(writer, &made, &e));
	/* A leaf of the tree: its first. */
	{
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct tree_node node;
		struct tree_root at = made.oplog;

		while (at.height > 0) {
			ASSERT_OK(store_get(store, &at.id, &chunk, &e));
			ASSERT_OK(tree_node_parse(chunk->plain, &at, &node, &e));
			at = tree_node_child_root(&node, 0);
			tree_node_release(&node);
			chunk_release(TAKE(chunk));
		}
		leaf = at.id;
	}
	return leaf;
}

/* A byte of the chunk's frame in its pack is another one. */
static void damage(const char *dir, struct store *store, const struct chunk_id *id)
{
	struct chunk_place place = store_model_place(store, id);
	struct chunk_pack pack;
	char name[PACK_NAME_LEN + 1];
	struct error e = {0};

	assert_int_equal(ASSERT_OK(chunk_index_pack(store->index, place.pack, &pack, &e)), 1);
	pack_reader_name(&pack.id, name);
	store_model_flip(harness_path(dir, name), place.offset + place.stored / 2, 0xff);
}

static void what_is_sound_is_copied_out_of_a_damaged_pack(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	const struct prune_options options = {.now_us = prune_model_now() + DAY,
					      .waste_percent = 50};
	struct chunk_id waste[3], leaf = make_waste(store, waste);
	uint32_t before = store_model_place(store, &leaf).pack;
	struct prune_result result;
	struct error e = {0};

	(void)state;
	damage(dir, store, &waste[1]);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	assert_int_equal(result.copied_packs, 1);
	assert_int_equal(result.deleted_packs, 1);
	assert_int_not_equal(store_model_place(store, &leaf).pack, before);
	store_close(store);
	store = store_model_open(dir);
	prune_model_is_whole(store, 1);
	assert_false(store_knows(store, &waste[0]));
	store_close(store);
}

static void what_is_needed_and_damaged_ends_it_with_nothing_taken_away(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	const struct prune_options options = {.now_us = prune_model_now() + DAY,
					      .waste_percent = 50};
	struct chunk_id waste[3], leaf = make_waste(store, waste);
	struct prune_result result;
	struct error e = {0};

	(void)state;
	damage(dir, store, &leaf);
	assert_int_equal(prune_run(store, &options, &result, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.text, ".pack offset "));
	assert_non_null(strstr(e.hint, "'yester repair'"));
	for (size_t i = 0; i < COUNT_OF(waste); i++)
		assert_true(store_knows(store, &waste[i]));
	/* Mended, it goes on. */
	damage(dir, store, &leaf);
	ASSERT_OK(prune_run(store, &options, &result, &e));
	prune_model_is_whole(store, 1);
	store_close(store);
}

/* Commits while packs are copied: of what was marked nothing was its, then. */
struct late {
	struct store *store;
	struct store_writer *writer;
	struct snapshot snapshot;
	bool committed;
};

static void commit_late(void *ctx, const char *phase, uint64_t done UNUSED, uint64_t total UNUSED)
{
	struct late *late = ctx;
	struct error e = {0};

	if (late->committed || strcmp(phase, "copying what is needed") != 0)
		return;
	late->committed = true;
	ASSERT_OK(commit_snapshot(late->writer, &late->snapshot, &e));
	store_writer_end(TAKE(late->writer));
}

static void what_is_committed_while_it_copies_stays(void **state)
{
	struct late late = {.store = store_model_open(store_model_init())};
	const struct progress progress = {.report = commit_late, .ctx = &late};
	/* Without a grace, and with no writer left, what nothing needs goes at once. */
	struct prune_options options = {
		.now_us = prune_model_now() + DAY, .waste_percent = 50, .progress = &progress};
	struct chunk_id waste[3];
	struct prune_result result;
	struct error e = {0};

	(void)state;
	make_waste(late.store, waste);
	/* Its chunks were put long ago, and no snapshot needs them yet. */
	snapshot_model_make(late.store, "late", 1000, 7, &late.snapshot);
	ASSERT_OK(store_writer_begin(late.store, &late.writer, &e));
	ASSERT_OK(prune_run(late.store, &options, &result, &e));
	assert_true(late.committed);
	assert_true(result.copied_packs > 0);
	assert_true(result.deleted_packs > 0);
	prune_model_is_whole(late.store, 2);
	ASSERT_OK(prune_run(late.store, &options, &result, &e));
	prune_model_is_whole(late.store, 2);
	snapshot_release(&late.snapshot);
	store_close(late.store);
}

/* A repair has condemned packs that were damaged; then somebody brought sound ones back from a copy. */
static void packs_that_are_sound_again_and_needed_stay(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	OWNED(free) struct chunk_pack *packs = NULL;
	struct prune_options options = {.grace_us = 7 * DAY, .waste_percent = 50};
	struct prune_forget what = {.now_us = prune_model_now()};
	struct prune_result result;
	struct chunk_id ids[8];
	struct error e = {0};
	size_t count;

	(void)state;
	snapshot_model_commit(store, "one", 100, 1, NULL);
	ASSERT_OK(chunk_index_packs(store->index, &packs, &count, &e));
	assert_true(count > 0 && count <= COUNT_OF(ids));
	for (size_t i = 0; i < count; i++)
		ids[i] = packs[i].id;
	what.packs = ids;
	what.pack_count = count;
	ASSERT_OK(prune_forget(store, &what, &e));
	for (int i = 1; i < 5; i++) {
		options.now_us = prune_model_now() + (uint64_t)i * 8 * DAY;
		ASSERT_OK(prune_run(store, &options, &result, &e));
		prune_model_is_whole(store, 1);
		assert_int_equal(result.deleted_files, 0);
	}
	store_close(store);
	/* Also for who reads all trailers again. */
	store = store_model_open(dir);
	ASSERT_OK(store_rebuild(store, &e));
	prune_model_is_whole(store, 1);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sound_is_copied_out_of_a_damaged_pack),
		cmocka_unit_test(what_is_needed_and_damaged_ends_it_with_nothing_taken_away),
		cmocka_unit_test(what_is_committed_while_it_copies_stays),
		cmocka_unit_test(packs_that_are_sound_again_and_needed_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
