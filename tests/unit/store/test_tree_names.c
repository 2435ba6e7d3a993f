#include "store/tree/tree_names.h"

#include "base/id_name.h"
#include "tests/unit/store/tree_model.h"

enum { DOCS = 2000 };

/* Numbers, some of them twice, and strings. */
static void make_docs(struct model_docs *docs)
{
	OWNED(buf_release) struct buf doc = {0};
	char text[32];

	for (int i = 0; i < DOCS; i++) {
		size_t open;

		buf_reset(&doc);
		open = harness_doc_open(&doc);
		snprintf(text, sizeof(text), "key %05d/", i);
		if (i < DOCS / 2)
			harness_doc_int32(&doc, "_id", i - i % 10 % 2);
		else
			harness_doc_string(&doc, "_id", text);
		harness_doc_int32(&doc, "number", i);
		harness_doc_close(&doc, open);
		tree_model_add(docs, buf_bytes(&doc));
	}
}

/* The name that document `i` must have, by its key and that of the one before it. */
static void expected_name(const struct model_docs *docs, size_t i, bool keyed, struct buf *ret)
{
	if (!keyed ||
	    (i > 0 && bytes_equal(buf_bytes(&docs->doc[i].key), buf_bytes(&docs->doc[i - 1].key))))
		id_name_of_rank(i, ret);
	else
		id_name_of_key(buf_bytes(&docs->doc[i].key), ret);
}

static void check(struct tree_names *names, const struct model_docs *docs, size_t i, bool keyed)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf expected = {0};
	struct error e = {0};
	struct bytes doc;

	assert_int_equal(ASSERT_OK(tree_names_at(names, i, &name, &doc, &e)), 1);
	expected_name(docs, i, keyed, &expected);
	ASSERT_BYTES(buf_bytes(&name), buf_bytes(&expected));
	ASSERT_BYTES(doc, tree_model_doc(docs, i));
}

static void names_come_with_their_documents_in_any_order(void **state)
{
	struct harness_rng rng = harness_rng_of(7);
	struct store *store = tree_model_store();
	struct model_docs docs = {.count = 0};
	OWNED(buf_release) struct buf name = {0};
	struct error e = {0};

	(void)state;
	make_docs(&docs);
	for (int keyed = 0; keyed < 2; keyed++) {
		struct tree_root root =
			tree_model_build(store, keyed ? TREE_KEYED : TREE_RANKED, &docs);
		struct tree_names *names = tree_names_new(store, &root);

		for (size_t i = 0; i < DOCS; i++)
			check(names, &docs, i, keyed);
		for (int i = 0; i < 500; i++) {
			uint64_t rank = harness_rng_below(&rng, DOCS);

			for (uint64_t more = 0; more < 3 && rank < DOCS; more++, rank += more % 2)
				check(names, &docs, rank, keyed);
		}
		assert_int_equal(ASSERT_OK(tree_names_at(names, DOCS, &name, NULL, &e)), 0);
		assert_int_equal(ASSERT_OK(tree_names_at(names, UINT64_MAX, &name, NULL, &e)), 0);
		assert_int_equal(name.len, 0);
		check(names, &docs, 0, keyed);
		tree_names_free(names);
	}
	tree_model_docs_release(&docs);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_with_their_documents_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
