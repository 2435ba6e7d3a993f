#include "store/tree/tree_split.h"

#include "tests/harness/harness.h"

static struct store_params params_of(uint32_t target)
{
	struct store_params params = {.leaf_target = target};

	memset(params.seed, 3, sizeof(params.seed));
	return params;
}

/* Leaves of documents of one size are as large as the target on the mean. */
static void leaves_have_the_size_that_is_asked_for(void **state)
{
	(void)state;
	for (uint32_t target = 4096; target <= 1048576; target *= 16) {
		struct store_params params = params_of(target);
		const size_t size = target / 50;
		uint64_t bytes = 0, ends = 0, ranked = 0, hash = 0;

		for (uint64_t i = 0; i < 200000; i++) {
			uint64_t doc[2] = {i, 1};

			bytes += size;
			ends += tree_split_keyed(&params, bytes_of(&i, sizeof(i)), size);
			/* A document of 16 bytes by its content, but counted as it is. */
			ranked += tree_split_ranked(&params, bytes_of(doc, sizeof(doc)), &hash);
		}
		assert_true(bytes / ends > target * 9ull / 10 &&
			    bytes / ends < target * 11ull / 10);
		if (target == 4096)
			assert_true(200000 * 16 / ranked > 3000 && 200000 * 16 / ranked < 5500);
	}
}

static void a_document_as_large_as_the_target_ends_its_leaf(void **state)
{
	struct store_params params = params_of(32768);

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		assert_true(tree_split_keyed(&params, bytes_of(&i, sizeof(i)), 32768));
		assert_true(tree_split_keyed(&params, bytes_of(&i, sizeof(i)), SIZE_MAX));
	}
	assert_int_equal(tree_split_leaf_max(&params), 8 * 32768);
}

/* A larger document ends a leaf wherever a smaller one of the same key would. */
static void a_larger_document_ends_more(void **state)
{
	struct store_params params = params_of(32768);

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		bool before = false;

		for (size_t size = 5; size < 40000; size *= 2) {
			bool ends = tree_split_keyed(&params, bytes_of(&i, sizeof(i)), size);

			assert_true(ends || !before);
			before = ends;
		}
	}
}

static void nodes_have_two_to_1024_children_and_128_on_the_mean(void **state)
{
	struct store_params params = params_of(32768);
	uint64_t ends[4] = {0};

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		struct tree_child child = {.id = chunk_id_of(bytes_of(&i, sizeof(i))),
					   .sep = bytes_of(&i, sizeof(i))};

		for (uint8_t kind = 0; kind < 2; kind++) {
			assert_false(tree_split_node(&params, kind, 1, &child, 1));
			assert_true(
				tree_split_node(&params, kind, 1, &child, TREE_NODE_CHILDREN_MAX));
			for (uint8_t level = 1; level < 3; level++)
				ends[kind * 2 + level - 1] +=
					tree_split_node(&params, kind, level, &child, 50);
		}
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(ends[i] > 600 && ends[i] < 1000);
}

/* Levels and seeds draw on their own: an end below says nothing about an end above. */
static void levels_and_seeds_are_independent(void **state)
{
	struct store_params one = params_of(4096), two = params_of(4096);
	unsigned both = 0, seeds = 0;

	(void)state;
	two.seed[0] ^= 1;
	for (uint64_t i = 0; i < 200000; i++) {
		struct tree_child child = {.sep = bytes_of(&i, sizeof(i))};
		bool low = tree_split_node(&one, TREE_KEYED, 1, &child, 50);

		both += low && tree_split_node(&one, TREE_KEYED, 2, &child, 50);
		seeds += low && tree_split_node(&two, TREE_KEYED, 1, &child, 50);
	}
	/* 200000 / 128^2 is 12. */
	assert_true(both < 40 && seeds < 40);
}

static void a_ranked_end_depends_on_the_document_and_the_one_before_only(void **state)
{
	struct store_params params = params_of(4096);

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t hash[3] = {0, 5, 77};
		uint64_t doc[40] = {i}, before[40] = {i + 1};
		bool ends[3];

		for (size_t k = 0; k < 3; k++) {
			(void)tree_split_ranked(&params, bytes_of(before, sizeof(before)),
						&hash[k]);
			ends[k] = tree_split_ranked(&params, bytes_of(doc, sizeof(doc)), &hash[k]);
		}
		assert_true(ends[0] == ends[1] && ends[1] == ends[2]);
		assert_true(hash[0] == hash[1] && hash[1] == hash[2]);
	}
}

/* Frozen: another rule would give other roots to stores that exist. */
static void boundaries_are_where_they_were(void **state)
{
	struct store_params params = params_of(32768);
	OWNED(buf_release) struct buf text = {0};
	uint64_t hash = 0;

	(void)state;
	for (uint64_t i = 0; i < 60000; i++) {
		uint8_t key[8];
		struct tree_child child = {.sep = bytes_of(key, sizeof(key))};

		put_be64(key, i);
		child.id = (struct chunk_id){{(uint8_t)i, (uint8_t)(i >> 8)}};
		if (tree_split_keyed(&params, bytes_of(key, sizeof(key)), 10))
			buf_printf(&text, "%u ", (unsigned)i);
		if (tree_split_ranked(&params, bytes_of(key, sizeof(key)), &hash) && i > 30000)
			buf_printf(&text, "r%u ", (unsigned)i);
		if (i < 600 && tree_split_node(&params, TREE_KEYED, 1, &child, 2))
			buf_printf(&text, "n%u ", (unsigned)i);
		if (i < 3000 && tree_split_node(&params, TREE_RANKED, 2, &child, 2))
			buf_printf(&text, "m%u ", (unsigned)i);
	}
	assert_string_equal(buf_text(&text),
			    "n55 n146 n160 n285 m377 m423 m432 n433 n449 n468 n599 m720 m941 "
			    "m1513 m1684 m1712 m2053 m2459 m2687 m2708 m2713 m2720 m2763 m2851 "
			    "3651 5004 5947 7986 11535 15738 20934 23681 r30007 r31583 r35550 "
			    "37044 37699 38526 41900 44373 46643 46770 r47224 47583 48246 49224 "
			    "49696 52445 53166 53324 r54065 56789 r57387 r59979 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_have_the_size_that_is_asked_for),
		cmocka_unit_test(a_document_as_large_as_the_target_ends_its_leaf),
		cmocka_unit_test(a_larger_document_ends_more),
		cmocka_unit_test(nodes_have_two_to_1024_children_and_128_on_the_mean),
		cmocka_unit_test(levels_and_seeds_are_independent),
		cmocka_unit_test(a_ranked_end_depends_on_the_document_and_the_one_before_only),
		cmocka_unit_test(boundaries_are_where_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
