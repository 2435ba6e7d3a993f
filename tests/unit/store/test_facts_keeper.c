#include "store/facts_keeper.h"

#include "store/store_internal.h"
#include "tests/unit/store/tree_model.h"

enum { DOCS = 200, THREADS = 4 };

/* A store with a tree of a few leaves. */
static struct store *make_store(struct tree_root *ret)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {.count = 0};
	OWNED(buf_release) struct buf doc = {0};

	for (int i = 0; i < DOCS; i++) {
		buf_reset(&doc);
		harness_doc_of_int32(&doc, i);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	*ret = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_docs_release(&docs);
	return store;
}

static void facts_are_in_the_index_when_the_keeper_has_ended(void **state)
{
	struct chunk_facts facts = {.relaxed = 11, .canonical = 22, .renderer = 33}, found;
	struct facts_keeper *keeper;
	struct chunk_id absent = {{1}};
	struct error e = {0};
	struct tree_root root;
	struct store *store = make_store(&root);

	(void)state;
	keeper = facts_keeper_new(store);
	facts_keeper_add(keeper, &absent, &facts);
	facts_keeper_add(keeper, &root.id, &facts);
	facts_keeper_free(keeper);
	assert_int_equal(ASSERT_OK(store_facts(store, &root.id, &found, &e)), 1);
	assert_true(found.relaxed == 11 && found.canonical == 22 && found.renderer == 33);
	assert_int_equal(found.documents, DOCS);
	assert_false(store_knows(store, &absent));
	store_close(store);
}

struct feeder {
	struct facts_keeper *keeper;
	const struct tree_root *root;
	uint32_t number;
};

/* More than it can hold, all of chunks that do not exist, and one that does. */
static void *feed(void *arg)
{
	struct feeder *f = arg;
	struct chunk_facts facts = {.relaxed = 1, .canonical = 2, .renderer = f->number + 1};
	struct chunk_id id = {{0}};

	for (uint32_t i = 0; i < 30000; i++) {
		put_le32(id.at, i);
		facts_keeper_add(f->keeper, i % 100 == 0 ? &f->root->id : &id, &facts);
	}
	return NULL;
}

static void a_flood_is_neither_waited_for_nor_kept(void **state)
{
	struct feeder feeder[THREADS];
	struct facts_keeper *keeper;
	struct chunk_facts found;
	struct error e = {0};
	struct tree_root root;
	struct store *store = make_store(&root);
	pthread_t thread[THREADS];

	(void)state;
	keeper = facts_keeper_new(store);
	for (uint32_t i = 0; i < THREADS; i++) {
		feeder[i] = (struct feeder){keeper, &root, i};
		assert_int_equal(pthread_create(&thread[i], NULL, feed, &feeder[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	facts_keeper_free(keeper);
	assert_int_equal(ASSERT_OK(store_facts(store, &root.id, &found, &e)), 1);
	assert_true(found.relaxed == 1 && found.renderer >= 1 && found.renderer <= THREADS);
	store_close(store);
}

static void a_keeper_that_got_nothing_ends_at_once(void **state)
{
	struct tree_root root;
	struct store *store = make_store(&root);

	(void)state;
	facts_keeper_free(facts_keeper_new(store));
	facts_keeper_free(NULL);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_in_the_index_when_the_keeper_has_ended),
		cmocka_unit_test(a_flood_is_neither_waited_for_nor_kept),
		cmocka_unit_test(a_keeper_that_got_nothing_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
