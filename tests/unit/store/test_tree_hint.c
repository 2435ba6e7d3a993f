#include "store/tree/tree_hint.h"

#include "store/tree/tree_node.h"
#include "tests/unit/store/tree_model.h"

static struct tree_root build(struct store *store, enum tree_kind kind, struct model_docs *docs)
{
	struct harness_rng rng = harness_rng_of(251);

	for (int32_t i = 0; i < 4000; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i, harness_rng_below(&rng, 600), &rng);
		tree_model_add(docs, buf_bytes(&doc));
	}
	return tree_model_build(store, kind, docs);
}

/* Walk all leaves; for each document the hint is the leaf that holds it. */
static void check_tree(struct store *store, struct tree_hint *hint, const struct model_docs *docs,
		       const struct tree_root *root, uint64_t *rank, uint64_t *offset, size_t step)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct tree_node node;
	struct error e = {0};

	if (root->height == 0) {
		for (uint64_t i = 0; i < root->count; i++) {
			OWNED(buf_release) struct buf sep = {0};
			struct chunk_id found;
			uint64_t bytes = 0;

			if (*rank % step == 0) {
				tree_node_separator(buf_bytes(&docs->doc[*rank].key), &sep);
				assert_true(tree_hint_find(hint, 0, buf_bytes(&sep), *offset,
							   &found, &bytes));
				assert_true(chunk_id_equal(&found, &root->id));
				assert_int_equal(bytes, root->bytes);
			}
			*offset += docs->doc[*rank].len;
			++*rank;
		}
		return;
	}
	ASSERT_OK(store_get(store, &root->id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
	for (size_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		check_tree(store, hint, docs, &child, rank, offset, step);
	}
	tree_node_release(&node);
}

static void the_hint_of_a_document_is_the_leaf_that_holds_it(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		struct store *store = tree_model_store();
		struct model_docs docs = {0};
		struct tree_root root = build(store, kind ? TREE_RANKED : TREE_KEYED, &docs);

		for (size_t step = 1; step < 3000; step *= 7) {
			struct tree_hint *hint = tree_hint_new(store, &root);
			uint64_t rank = 0, offset = 0;

			check_tree(store, hint, &docs, &root, &rank, &offset, step);
			tree_hint_free(hint);
		}
		tree_model_docs_release(&docs);
		store_close(store);
	}
}

static void what_lies_behind_the_end_has_no_leaf_but_nodes(void **state)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root root = build(store, TREE_KEYED, &docs);
	struct tree_hint *hint = tree_hint_new(store, &root);
	struct chunk_id found, again;
	OWNED(buf_release) struct buf sep = {0};

	(void)state;
	tree_node_separator(buf_bytes(&docs.doc[docs.count - 1].key), &sep);
	assert_true(tree_hint_find(hint, 0, buf_bytes(&sep), 0, &found, NULL));
	/* A new leaf is not like the last one, a last node that has grown is. */
	assert_false(tree_hint_find(hint, 0, bytes_str("\xff"), 0, &again, NULL));
	assert_true(tree_hint_find(hint, 1, bytes_str("\xff"), 0, &again, NULL));
	/* Of the root's level it is the root, above there is none. */
	assert_true(tree_hint_find(hint, root.height, bytes_str("\xff"), 0, &again, NULL));
	assert_true(chunk_id_equal(&again, &root.id));
	assert_false(tree_hint_find(hint, (uint8_t)(root.height + 1), bytes_str("\xff"), 0, &again,
				    NULL));
	tree_hint_free(hint);
	tree_hint_free(NULL);
	tree_model_docs_release(&docs);
	store_close(store);
}

static void no_tree_or_one_that_can_not_be_read_gives_none(void **state)
{
	struct store *store = tree_model_store();
	const struct tree_root empty = {0};
	const struct tree_root lost = {.id = {{1}}, .height = 2, .count = 10, .bytes = 1000};
	struct chunk_id found;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tree_hint *hint = tree_hint_new(store, i == 0   ? NULL
							      : i == 1 ? &empty
								       : &lost);

		assert_false(tree_hint_find(hint, 0, bytes_str("k"), 0, &found, NULL));
		assert_false(tree_hint_find(hint, 1, bytes_str("l"), 1, &found, NULL));
		tree_hint_free(hint);
	}
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hint_of_a_document_is_the_leaf_that_holds_it),
		cmocka_unit_test(what_lies_behind_the_end_has_no_leaf_but_nodes),
		cmocka_unit_test(no_tree_or_one_that_can_not_be_read_gives_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
