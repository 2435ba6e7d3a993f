/* Diffs of trees: what differs, in order, and little else is read. Random ones are in test_tree_edit. */
#include "store/tree/tree_diff.h"

#include "store/tree/tree_node.h"

#include "tests/unit/store/store_model.h"
#include "tests/unit/store/tree_model.h"

/* Documents first..last-1, of which those that `step` divides have another version. */
static struct tree_root build(struct store *store, int32_t first, int32_t last, int32_t step)
{
	struct model_docs docs = {0};
	struct tree_root root;

	for (int32_t i = first; i < last; i++) {
		struct harness_rng rng = harness_rng_of((uint64_t)i + 5000000);
		OWNED(buf_release) struct buf doc = {0};
		size_t at = harness_doc_open(&doc);

		harness_doc_int32(&doc, "_id", i);
		harness_doc_binary_random(&doc, "pad", 100 + harness_rng_below(&rng, 300), &rng);
		harness_doc_int32(&doc, "version", step > 0 && i % step == 0);
		harness_doc_close(&doc, at);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	return root;
}

struct seen {
	uint64_t olds, news, both;
	struct buf last;
	int code; /* to return */
};

static int note(void *ctx, struct bytes key, struct bytes old_doc, struct bytes new_doc,
		struct error *e)
{
	struct seen *seen = ctx;

	assert_true(bytes_compare(buf_bytes(&seen->last), key) < 0);
	assert_true(old_doc.len > 0 || new_doc.len > 0);
	assert_false(bytes_equal(old_doc, new_doc));
	seen->olds += new_doc.len == 0;
	seen->news += old_doc.len == 0;
	seen->both += old_doc.len > 0 && new_doc.len > 0;
	buf_reset(&seen->last);
	buf_add_bytes(&seen->last, key);
	return seen->code < 0 ? error_set(e, seen->code, "enough") : 0;
}

static void diff_is(struct store *store, const struct tree_root *a, const struct tree_root *b,
		    uint64_t olds, uint64_t news, uint64_t both)
{
	struct seen seen = {0};
	struct error e = {0};

	ASSERT_OK(tree_diff(store, a, b, note, &seen, &e));
	assert_int_equal(seen.olds, olds);
	assert_int_equal(seen.news, news);
	assert_int_equal(seen.both, both);
	buf_release(&seen.last);
	/* The other way round it is the same with the sides exchanged. */
	seen = (struct seen){0};
	ASSERT_OK(tree_diff(store, b, a, note, &seen, &e));
	assert_int_equal(seen.olds, news);
	assert_int_equal(seen.news, olds);
	assert_int_equal(seen.both, both);
	buf_release(&seen.last);
}

static void trees_that_overlap_differ_at_their_ends(void **state)
{
	struct store *store = tree_model_store();
	struct tree_root none = {0}, all = build(store, 0, 3000, 0),
			 tail = build(store, 1000, 3000, 0), head = build(store, 0, 2000, 0),
			 apart = build(store, 9000, 9100, 0), one = build(store, 1500, 1501, 0);

	(void)state;
	diff_is(store, &none, &none, 0, 0, 0);
	diff_is(store, &all, &all, 0, 0, 0);
	diff_is(store, &all, &none, 3000, 0, 0);
	diff_is(store, &all, &tail, 1000, 0, 0);
	diff_is(store, &all, &head, 1000, 0, 0);
	diff_is(store, &head, &tail, 1000, 1000, 0);
	diff_is(store, &all, &apart, 3000, 100, 0);
	diff_is(store, &all, &one, 2999, 0, 0);
	diff_is(store, &one, &tail, 0, 1999, 0);
	store_close(store);
}

static void scattered_changes_are_found(void **state)
{
	struct store *store = tree_model_store();
	struct tree_root all = build(store, 0, 3000, 0);

	(void)state;
	for (int32_t step = 1; step < 3000; step = step * 3 + 1) {
		struct tree_root other = build(store, 0, 3000, step);

		diff_is(store, &all, &other, 0, 0, (uint64_t)((2999 / step) + 1));
	}
	store_close(store);
}

/* One document of 20,000 differs: the chunks of one path on each side are read, not hundreds. */
static void a_small_difference_reads_little(void **state)
{
	const char *dir = store_model_init();
	struct store *store = store_model_open(dir);
	struct tree_root a = build(store, 0, 20000, 0), b = build(store, 0, 20000, 19999);
	struct seen seen = {0};
	size_t held = 0;
	struct error e = {0};

	(void)state;
	store_close(store);
	/* A new handle: its cache holds what the diff reads, and nothing else. */
	store = store_model_open(dir);
	ASSERT_OK(tree_diff(store, &a, &b, note, &seen, &e));
	assert_int_equal(seen.both, 2);
	buf_release(&seen.last);
	{
		OWNED(chunk_release) struct chunk *chunk = NULL;
		struct tree_node node;

		/* Count the leaves of the first tree below its first node that are cached. */
		ASSERT_OK(store_get(store, &a.id, &chunk, &e));
		ASSERT_OK(tree_node_parse(chunk->plain, &a, &node, &e));
		for (size_t i = 0; i < node.n; i++)
			held += chunk_cache_has(store->cache, &node.child[i].id);
		assert_true(node.n < 8 || held < node.n);
		assert_true(held <= 4);
		tree_node_release(&node);
	}
	store_close(store);
}

static void an_error_of_the_caller_ends_it(void **state)
{
	struct store *store = tree_model_store();
	struct tree_root a = build(store, 0, 300, 0), b = build(store, 0, 300, 10);
	struct seen seen = {.code = ERR_CANCELLED};
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(tree_diff(store, &a, &b, note, &seen, &e), ERR_CANCELLED);
	assert_int_equal(seen.both, 1);
	buf_release(&seen.last);
	b.kind = TREE_RANKED;
	ASSERT_ERROR(tree_diff(store, &a, &b, note, &seen, &e), ERR_INVALID);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_that_overlap_differ_at_their_ends),
		cmocka_unit_test(scattered_changes_are_found),
		cmocka_unit_test(a_small_difference_reads_little),
		cmocka_unit_test(an_error_of_the_caller_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
