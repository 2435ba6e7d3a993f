#include "store/tree/tree_node.h"

#include "tests/harness/harness.h"

#define CHILDREN 5

/* Children with ascending separators; sums in *ret. */
static void children(struct tree_child *child, size_t n, uint8_t kind, struct tree_root *ret)
{
	static const char *const seps[CHILDREN] = {"a", "ab", "b", "bb", "c"};

	*ret = (struct tree_root){.kind = kind, .height = 2};
	for (size_t i = 0; i < n; i++) {
		child[i] = (struct tree_child){.id = chunk_id_of(bytes_of(&i, sizeof(i))),
					       .forced = i % 2 != 0,
					       .count = i + 1,
					       .bytes = 100 * (i + 1)};
		if (kind == TREE_KEYED)
			child[i].sep = bytes_str(seps[i % CHILDREN]);
		ret->count += child[i].count;
		ret->bytes += child[i].bytes;
	}
}

static void what_is_encoded_is_parsed(void **state)
{
	(void)state;
	for (uint8_t kind = 0; kind < 2; kind++) {
		for (size_t n = 1; n <= CHILDREN; n++) {
			struct tree_child child[CHILDREN];
			OWNED(buf_release) struct buf bytes = {0};
			struct tree_root expect;
			struct tree_node node;
			uint64_t before = 0, offset = 0;
			struct error e = {0};

			children(child, n, kind, &expect);
			tree_node_encode(kind, 2, child, n, &bytes);
			ASSERT_OK(tree_node_parse(buf_bytes(&bytes), &expect, &node, &e));
			assert_int_equal(node.n, n);
			for (size_t i = 0; i < n; i++) {
				struct tree_root root = tree_node_child_root(&node, i);

				assert_true(chunk_id_equal(&node.child[i].id, &child[i].id));
				ASSERT_BYTES(node.child[i].sep, child[i].sep);
				assert_int_equal(node.child[i].forced, child[i].forced);
				assert_int_equal(node.before[i], before);
				assert_int_equal(node.offset[i], offset);
				assert_int_equal(root.height, 1);
				assert_int_equal(root.kind, kind);
				assert_int_equal(root.count, child[i].count);
				assert_int_equal(root.bytes, child[i].bytes);
				before += child[i].count;
				offset += child[i].bytes;
			}
			assert_int_equal(node.before[n], before);
			assert_int_equal(node.offset[n], offset);
			tree_node_release(&node);
		}
	}
}

static void a_node_with_any_other_sum_kind_or_level_is_refused(void **state)
{
	struct tree_child child[CHILDREN];
	OWNED(buf_release) struct buf bytes = {0};
	struct tree_root good, bad;
	struct tree_node node;
	struct error e = {0};

	(void)state;
	children(child, CHILDREN, TREE_KEYED, &good);
	tree_node_encode(TREE_KEYED, 2, child, CHILDREN, &bytes);
	for (int what = 0; what < 6; what++) {
		bad = good;
		bad.count += what == 0 ? 1 : what == 1 ? UINT64_MAX : 0;
		bad.bytes += what == 2 ? 1 : what == 3 ? UINT64_MAX : 0;
		bad.kind = what == 4 ? TREE_RANKED : TREE_KEYED;
		bad.height = what == 5 ? 1 : 2;
		ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &bad, &node, &e), ERR_CORRUPT);
	}
	for (size_t len = 0; len < bytes.len; len++)
		ASSERT_ERROR(tree_node_parse(bytes_of(bytes.at, len), &good, &node, &e),
			     ERR_CORRUPT);
	buf_add_u8(&bytes, 0);
	ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &good, &node, &e), ERR_CORRUPT);
	bytes.at[2]++;
	ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &good, &node, &e), ERR_UNSUPPORTED);
}

static void a_node_whose_children_make_no_sense_is_refused(void **state)
{
	struct error e = {0};

	(void)state;
	for (int what = 0; what < 5; what++) {
		struct tree_child child[CHILDREN];
		OWNED(buf_release) struct buf bytes = {0};
		struct tree_root expect;
		struct tree_node node;

		children(child, CHILDREN, TREE_KEYED, &expect);
		if (what == 0) {
			expect.count -= child[1].count;
			child[1].count = 0;
		} else if (what == 1) {
			/* Fewer than 5 bytes a document. */
			expect.bytes -= child[1].bytes - 9;
			child[1].bytes = 9;
		} else if (what == 2) {
			child[2].sep = bytes_str("aa");
		} else if (what == 3) {
			/* Sums that overflow to what is expected. */
			child[0].count += UINT64_MAX / 16;
			child[0].bytes += UINT64_MAX / 2 + 1;
			child[1].bytes += UINT64_MAX / 2 + 1;
			expect.count += UINT64_MAX / 16;
		} else {
			static const uint8_t longer[TREE_SEP_MAX + 1] = {'z'};

			child[4].sep = bytes_of(longer, sizeof(longer));
		}
		tree_node_encode(TREE_KEYED, 2, child, CHILDREN, &bytes);
		ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &expect, &node, &e), ERR_CORRUPT);
	}
	{
		struct tree_child *child = xcalloc(TREE_NODE_CHILDREN_MAX + 1, sizeof(*child));
		OWNED(buf_release) struct buf bytes = {0};
		struct tree_root expect;
		struct tree_node node;

		children(child, TREE_NODE_CHILDREN_MAX + 1, TREE_RANKED, &expect);
		tree_node_encode(TREE_RANKED, 2, child, TREE_NODE_CHILDREN_MAX + 1, &bytes);
		ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &expect, &node, &e), ERR_CORRUPT);
		buf_reset(&bytes);
		expect = (struct tree_root){.kind = TREE_RANKED, .height = 2};
		tree_node_encode(TREE_RANKED, 2, child, 0, &bytes);
		ASSERT_ERROR(tree_node_parse(buf_bytes(&bytes), &expect, &node, &e), ERR_CORRUPT);
		free(child);
	}
}

/* The order that separators tell is never another one than that of the keys. */
static void separators_are_in_the_order_of_keys(void **state)
{
	struct harness_rng rng = harness_rng_of(241);
	size_t unsure = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf a = {0};
		OWNED(buf_release) struct buf b = {0};
		OWNED(buf_release) struct buf sep = {0};
		struct buf *keys[] = {&a, &b};
		bool exact = false;
		int order, told;

		for (int i = 0; i < 2; i++) {
			size_t len = harness_rng_below(&rng, 2) ? 250 + harness_rng_below(&rng, 12)
								: harness_rng_below(&rng, 4);

			memset(buf_room(keys[i], len + 1), 7, len);
			keys[i]->len = len;
			if (len > 0 && harness_rng_below(&rng, 2))
				keys[i]->at[harness_rng_below(&rng, len)] =
					(uint8_t)(6 + harness_rng_below(&rng, 3));
		}
		tree_node_separator(buf_bytes(&a), &sep);
		assert_true(sep.len <= TREE_SEP_MAX);
		order = bytes_compare(buf_bytes(&a), buf_bytes(&b));
		told = tree_node_compare(buf_bytes(&sep), buf_bytes(&b), &exact);
		if (exact) {
			assert_true((told < 0) == (order < 0) && (told > 0) == (order > 0));
		} else {
			assert_int_equal(told, 0);
			assert_true(a.len > TREE_SEP_CUT && b.len > TREE_SEP_CUT);
			unsure++;
		}
	}
	assert_true(unsure > 0);
}

static void different_keys_have_different_separators(void **state)
{
	(void)state;
	for (size_t len = 250; len < 270; len++) {
		uint8_t key[300] = {0};
		OWNED(buf_release) struct buf a = {0};
		OWNED(buf_release) struct buf b = {0};

		tree_node_separator(bytes_of(key, len), &a);
		key[len - 1] = 1;
		tree_node_separator(bytes_of(key, len), &b);
		assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_parsed),
		cmocka_unit_test(a_node_with_any_other_sum_kind_or_level_is_refused),
		cmocka_unit_test(a_node_whose_children_make_no_sense_is_refused),
		cmocka_unit_test(separators_are_in_the_order_of_keys),
		cmocka_unit_test(different_keys_have_different_separators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
