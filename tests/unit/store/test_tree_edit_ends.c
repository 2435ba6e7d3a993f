/* Edits where a level holds little: the right end of trees, trees that shrink to nothing and grow again. */
#include "store/tree/tree_edit.h"

#include "tests/unit/store/tree_model.h"

/* Each document is a leaf of its own: as large as the target. */
static void add_large(struct model_docs *docs, int32_t id, uint8_t version)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t at = harness_doc_open(&doc);

	harness_doc_int32(&doc, "_id", id);
	{
		uint8_t pad[4096];

		memset(pad, version, sizeof(pad));
		harness_doc_binary(&doc, "pad", 0, bytes_of(pad, sizeof(pad)));
	}
	harness_doc_close(&doc, at);
	tree_model_add(docs, buf_bytes(&doc));
}

struct list {
	const struct tree_change *at;
	size_t count;
};

static int from_list(void *ctx, struct tree_change *ret, struct error *e)
{
	struct list *list = ctx;

	(void)e;
	if (list->count == 0)
		return 0;
	*ret = *list->at++;
	list->count--;
	return 1;
}

static struct tree_root edit(struct store *store, const struct tree_root *old,
			     const struct tree_change *changes, size_t count)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct list list = {changes, count};
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(tree_edit(writer, old, NULL, from_list, &list, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	return root;
}

/* Append the last of `docs`, delete it, replace it and put it back. */
static void edit_the_end(struct store *store, struct model_docs *docs)
{
	struct model_docs other = {0}, fewer = {0};
	struct tree_root built = tree_model_build(store, TREE_KEYED, docs), previous, edited;
	size_t last = docs->count - 1;
	struct tree_change change = {.key = buf_bytes(&docs->doc[last].key)};

	for (size_t i = 0; i < last; i++)
		tree_model_add(&fewer, tree_model_doc(docs, i));
	previous = tree_model_build(store, TREE_KEYED, &fewer);
	change.doc = tree_model_doc(docs, last);
	edited = edit(store, &previous, &change, 1);
	if (!tree_root_equal(&edited, &built) || edited.height != built.height)
		fail_msg("%zu documents: appending the last gives another root (of %llu)",
			 docs->count, (unsigned long long)edited.count);
	change.doc = bytes_of(NULL, 0);
	edited = edit(store, &built, &change, 1);
	if (!tree_root_equal(&edited, &previous) || edited.height != previous.height)
		fail_msg("%zu documents: deleting the last gives another root (of %llu)",
			 docs->count, (unsigned long long)edited.count);
	add_large(&other, (int32_t)last, 2);
	change.doc = tree_model_doc(&other, 0);
	edited = edit(store, &built, &change, 1);
	assert_int_equal(edited.count, built.count);
	change.doc = tree_model_doc(docs, last);
	edited = edit(store, &edited, &change, 1);
	assert_true(tree_root_equal(&edited, &built));
	tree_model_docs_release(&other);
	tree_model_docs_release(&fewer);
}

/* The first `count` of all documents. */
static void try_size(struct store *store, size_t count)
{
	struct model_docs docs = {0};

	for (size_t i = 0; i < count; i++)
		add_large(&docs, (int32_t)i, 1);
	edit_the_end(store, &docs);
	tree_model_docs_release(&docs);
}

/* The last node of a level may have one child only: then all else hangs above it. */
static void an_edit_where_the_last_node_has_one_child_keeps_all_others(void **state)
{
	struct store *store = tree_model_store();
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct model_docs docs = {0};
	struct tree_node node;
	struct tree_root root;
	struct error e = {0};

	(void)state;
	for (int32_t n = 0; n < 1000; n++)
		add_large(&docs, n, 1);
	root = tree_model_build(store, TREE_KEYED, &docs);
	assert_int_equal(root.height, 2);
	ASSERT_OK(store_get(store, &root.id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, &root, &node, &e));
	for (size_t i = 1; i < MIN_OF(node.n, 4u); i++) {
		try_size(store, (size_t)node.before[i]);
		try_size(store, (size_t)node.before[i] + 1);
		try_size(store, (size_t)node.before[i] + 2);
	}
	for (size_t count = 1; count < 5; count++)
		try_size(store, count);
	tree_node_release(&node);
	tree_model_docs_release(&docs);
	chunk_release(TAKE(chunk));
	store_close(store);
}

/* Keep only documents from..to: all before and behind go in one batch. */
static void what_is_left_after_large_deletions_is_the_tree_of_what_is_left(void **state)
{
	struct store *store = tree_model_store();
	struct harness_rng rng = harness_rng_of(51);
	struct model_docs docs = {0};
	struct tree_root all;

	(void)state;
	for (int32_t n = 0; n < 700; n++)
		add_large(&docs, n, 1);
	all = tree_model_build(store, TREE_KEYED, &docs);
	for (int round = 0; round < 24; round++) {
		size_t from = harness_rng_below(&rng, docs.count);
		size_t to = from + harness_rng_below(&rng, round % 2 ? 3 : docs.count - from + 1);
		struct tree_change *changes = xcalloc(docs.count, sizeof(*changes));
		struct model_docs left = {0};
		struct tree_root built, edited;
		size_t count = 0;

		for (size_t i = 0; i < docs.count; i++) {
			if (i >= from && i < to)
				tree_model_add(&left, tree_model_doc(&docs, i));
			else
				changes[count++].key = buf_bytes(&docs.doc[i].key);
		}
		built = tree_model_build(store, TREE_KEYED, &left);
		edited = edit(store, &all, changes, count);
		if (!tree_root_equal(&edited, &built) || edited.height != built.height)
			fail_msg("keeping documents %zu to %zu gives another root", from, to);
		tree_model_check(store, &edited, &left);
		/* And all the others come back. */
		for (size_t i = 0, at = 0; i < docs.count; i++)
			if (i < from || i >= to)
				changes[at++].doc = tree_model_doc(&docs, i);
		edited = edit(store, &edited, changes, count);
		if (!tree_root_equal(&edited, &all) || edited.height != all.height)
			fail_msg("bringing back all but %zu to %zu gives another root", from, to);
		tree_model_docs_release(&left);
		free(changes);
	}
	tree_model_docs_release(&docs);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_where_the_last_node_has_one_child_keeps_all_others),
		cmocka_unit_test(what_is_left_after_large_deletions_is_the_tree_of_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
