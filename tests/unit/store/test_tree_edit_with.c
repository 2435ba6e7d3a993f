/* Edits whose changes depend on the document before. */
#include "base/key.h"
#include "store/tree/tree_edit.h"
#include "tests/unit/store/tree_model.h"

#define COUNT 3000

static void add_doc(uint32_t number, uint32_t version, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(number * 16u + version);

	harness_doc_of_size(ret, (int32_t)number, 20 + harness_rng_below(&rng, 200), &rng);
}

/* Documents 0, 2, 4, … */
static void add_all(struct model_docs *docs)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(2 * i, 0, &doc);
		tree_model_add(docs, buf_bytes(&doc));
	}
}

/* What is asked for: every `each`th number from `first` on; `what` is the answer. */
struct ask {
	uint32_t next, each, end;
	int what;
	bool same; /* put the very bytes */
	uint32_t number, there, absent;
	struct buf key, doc;
};

static int next_key(void *ctx, struct bytes *ret_key, struct error *unused)
{
	OWNED(buf_release) struct buf doc = {0};
	struct ask *ask = ctx;
	struct error e = {0};

	(void)unused;
	if (ask->next >= ask->end)
		return 0;
	ask->number = ask->next;
	ask->next += ask->each;
	add_doc(ask->number, 0, &doc);
	buf_reset(&ask->key);
	ASSERT_OK(key_of_document(buf_bytes(&doc), &ask->key, &e));
	*ret_key = buf_bytes(&ask->key);
	return 1;
}

static int answer(void *ctx, struct bytes old, struct bytes *ret, struct error *e)
{
	OWNED(buf_release) struct buf expected = {0};
	struct ask *ask = ctx;

	(void)e;
	add_doc(ask->number, 0, &expected);
	if (ask->number % 2 == 0 && ask->number < 2 * COUNT)
		ASSERT_BYTES(old, buf_bytes(&expected));
	else
		assert_int_equal(old.len, 0);
	ask->there += old.len > 0;
	ask->absent += old.len == 0;
	buf_reset(&ask->doc);
	add_doc(ask->number, ask->same ? 0 : 1, &ask->doc);
	*ret = buf_bytes(&ask->doc);
	return ask->what;
}

static struct tree_root run(struct store *store, const struct tree_root *old, struct ask *ask,
			    uint64_t *ret_new_chunks)
{
	const struct tree_edit_source source = {next_key, answer, ask};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct store_writer_counts counts;
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(tree_edit_with(writer, old, NULL, &source, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	store_writer_counts(writer, &counts);
	*ret_new_chunks = counts.new_chunks;
	buf_release(&ask->key);
	buf_release(&ask->doc);
	return root;
}

static void each_change_sees_its_document_or_none(void **state)
{
	struct ask ask = {.next = 1, .each = 3, .end = 2 * COUNT + 10, .what = TREE_EDIT_PUT};
	struct store *store = tree_model_store();
	struct model_docs docs = {0}, changed = {0};
	struct tree_root old, root, built;
	uint64_t chunks;

	(void)state;
	add_all(&docs);
	old = tree_model_build(store, TREE_KEYED, &docs);
	root = run(store, &old, &ask, &chunks);
	assert_true(ask.there > 900 && ask.absent > 900);
	for (uint32_t i = 0; i < 2 * COUNT + 10; i++) {
		OWNED(buf_release) struct buf doc = {0};

		if (i % 3 != 1 && (i % 2 != 0 || i >= 2 * COUNT))
			continue;
		add_doc(i, i % 3 == 1, &doc);
		tree_model_add(&changed, buf_bytes(&doc));
	}
	built = tree_model_build(store, TREE_KEYED, &changed);
	assert_true(tree_root_equal(&root, &built));
	tree_model_docs_release(&docs);
	tree_model_docs_release(&changed);
	store_close(store);
}

static void what_keeps_the_documents_keeps_the_root_and_writes_nothing(void **state)
{
	const struct ask asks[] = {
		{.each = 1, .end = 2 * COUNT + 9, .what = TREE_EDIT_KEEP},
		{.each = 2, .end = 2 * COUNT, .what = TREE_EDIT_PUT, .same = true},
		{.next = 1, .each = 2, .end = 2 * COUNT + 9, .what = TREE_EDIT_REMOVE},
	};
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root old, root;
	uint64_t chunks;

	(void)state;
	add_all(&docs);
	old = tree_model_build(store, TREE_KEYED, &docs);
	for (size_t i = 0; i < COUNT_OF(asks); i++) {
		struct ask ask = asks[i];

		root = run(store, &old, &ask, &chunks);
		assert_true(tree_root_equal(&root, &old) && root.height == old.height);
		assert_int_equal(chunks, 0);
	}
	tree_model_docs_release(&docs);
	store_close(store);
}

static void one_change_writes_one_leaf_and_the_nodes_above(void **state)
{
	struct ask ask = {.next = 2 * 1500, .each = 1, .end = 2 * 1500 + 1, .what = TREE_EDIT_PUT};
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root old, root;
	uint64_t chunks;

	(void)state;
	add_all(&docs);
	old = tree_model_build(store, TREE_KEYED, &docs);
	root = run(store, &old, &ask, &chunks);
	assert_int_equal(root.count, old.count);
	/* Two leaves if the document's size moves an end. */
	assert_in_range(chunks, 1 + old.height, 2 + old.height);
	tree_model_docs_release(&docs);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_sees_its_document_or_none),
		cmocka_unit_test(what_keeps_the_documents_keeps_the_root_and_writes_nothing),
		cmocka_unit_test(one_change_writes_one_leaf_and_the_nodes_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
