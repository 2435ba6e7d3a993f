/* Trees of natural order: the shape depends on the documents and their order only, never on the history. */
#include "store/tree/tree_splice.h"

#include "tests/unit/store/tree_model.h"

/* A list of documents: number and version make the bytes. */
struct item {
	uint32_t number;
	uint32_t version;
};

struct list {
	struct item *items;
	size_t count;
};

static void add_doc(struct item item, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(item.number * 97u + item.version);
	size_t pad = 20 + harness_rng_below(&rng, 300);

	if (item.number % 997 == 0)
		pad = 40000;
	harness_doc_of_size(ret, (int32_t)item.number, pad, &rng);
}

static struct tree_root build(struct store *store, const struct list *list)
{
	struct model_docs docs = {0};
	struct tree_root root;

	for (size_t i = 0; i < list->count; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(list->items[i], &doc);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_RANKED, &docs);
	tree_model_check(store, &root, &docs);
	tree_model_docs_release(&docs);
	return root;
}

/* Changes in the making: ranks of the old list. */
struct change {
	uint64_t rank, removed;
	bool some;
	struct item item;
};

struct batch {
	struct change *changes;
	size_t count, at;
	struct buf doc;
};

static int next_change(void *ctx, struct tree_splice_change *ret, struct error *e)
{
	struct batch *batch = ctx;
	const struct change *change = &batch->changes[batch->at];

	(void)e;
	if (batch->at == batch->count)
		return 0;
	batch->at++;
	buf_reset(&batch->doc);
	if (change->some)
		add_doc(change->item, &batch->doc);
	*ret = (struct tree_splice_change){change->rank, change->removed, buf_bytes(&batch->doc)};
	return 1;
}

static void add_change(struct batch *batch, uint64_t rank, uint64_t removed, bool some,
		       struct item item)
{
	batch->changes = xrealloc(batch->changes, (batch->count + 1) * sizeof(*batch->changes));
	batch->changes[batch->count++] = (struct change){rank, removed, some, item};
}

/* Random changes, and the list that they make of `from`. */
static struct list mutate(struct harness_rng *rng, const struct list *from, uint32_t *next_number,
			  struct batch *ret)
{
	size_t room = from->count + 4000, at = 0;
	struct list to = {.items = xcalloc(room, sizeof(*to.items))};
	uint64_t odds = 1 + harness_rng_below(rng, 600);

	if (harness_rng_below(rng, 2) == 0 && from->count > 0) {
		at = harness_rng_below(rng, from->count + 1);
		add_change(ret, 0, at, false, (struct item){0, 0});
	}
	while (at < from->count) {
		struct item item = from->items[at];
		bool is_new = harness_rng_below(rng, 3 * odds) == 0;

		if (is_new && to.count + from->count - at < room) {
			struct item added = {(*next_number)++, 0};

			add_change(ret, at, 0, true, added);
			to.items[to.count++] = added;
		}
		if (harness_rng_below(rng, odds) != 0) {
			to.items[to.count++] = item;
			at++;
		} else if (harness_rng_below(rng, 2) == 0) {
			item.version++;
			add_change(ret, at, 1, true, item);
			to.items[to.count++] = item;
			at++;
		} else {
			uint64_t removed = 1 + harness_rng_below(rng, from->count - at);

			if (harness_rng_below(rng, 8) != 0)
				removed = 1;
			add_change(ret, at, removed, false, item);
			at += removed;
		}
	}
	for (uint64_t i = harness_rng_below(rng, 900); i > 0 && to.count < room; i--) {
		struct item added = {(*next_number)++, 0};

		add_change(ret, from->count, 0, true, added);
		to.items[to.count++] = added;
	}
	return to;
}

static struct tree_root splice(struct store *store, const struct tree_root *old,
			       struct batch *batch)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(tree_splice(writer, old, NULL, next_change, batch, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	return root;
}

static void splices_in_any_order_give_the_root_of_a_build(void **state)
{
	struct store *store = tree_model_store();
	uint32_t next_number = 1;

	(void)state;
	for (uint64_t stream = 41; stream <= 43; stream++) {
		struct harness_rng rng = harness_rng_of(stream);
		struct list list = {0};
		struct tree_root root = build(store, &list);

		for (unsigned step = 0; step < 40; step++) {
			struct batch batch = {0};
			struct list next = mutate(&rng, &list, &next_number, &batch);
			struct tree_root spliced = splice(store, &root, &batch);
			struct tree_root built = build(store, &next);

			if (!tree_root_equal(&spliced, &built) || spliced.height != built.height)
				fail_msg("stream %llu step %u: the spliced root differs from the "
					 "built one",
					 (unsigned long long)stream, step);
			root = spliced;
			free(list.items);
			free(batch.changes);
			buf_release(&batch.doc);
			list = next;
		}
		free(list.items);
	}
	store_close(store);
}

static struct list list_of(size_t count)
{
	struct list list = {xcalloc(count, sizeof(struct item)), count};

	for (size_t i = 0; i < count; i++)
		list.items[i].number = (uint32_t)i + 1;
	return list;
}

static void what_goes_from_the_head_and_comes_at_the_end_leaves_the_rest(void **state)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct store *store = tree_model_store();
	struct list list = list_of(6000);
	struct tree_root old = build(store, &list), root;
	struct store_writer_counts counts;
	struct batch batch = {0};
	struct error e = {0};

	(void)state;
	add_change(&batch, 0, 1000, false, list.items[0]);
	for (uint32_t i = 0; i < 10; i++)
		add_change(&batch, 6000, 0, true, (struct item){7000 + i, 0});
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(tree_splice(writer, &old, NULL, next_change, &batch, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	assert_int_equal(root.count, 5010);
	store_writer_counts(writer, &counts);
	/* The first leaf and the last ones, and nodes: of some 250 leaves. */
	assert_in_range(counts.new_chunks, 2, 14);
	free(list.items);
	free(batch.changes);
	buf_release(&batch.doc);
	store_writer_end(TAKE(writer));
	store_close(store);
}

static void no_change_is_the_old_root_and_a_keyed_tree_becomes_ranked(void **state)
{
	struct store *store = tree_model_store();
	struct list list = list_of(500);
	struct model_docs docs = {0};
	struct tree_root ranked = build(store, &list), keyed, root;
	struct batch batch = {0};

	(void)state;
	root = splice(store, &ranked, &batch);
	assert_true(tree_root_equal(&root, &ranked));
	for (size_t i = 0; i < list.count; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(list.items[i], &doc);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	keyed = tree_model_build(store, TREE_KEYED, &docs);
	root = splice(store, &keyed, &batch);
	assert_true(tree_root_equal(&root, &ranked));
	tree_model_docs_release(&docs);
	free(list.items);
	buf_release(&batch.doc);
	store_close(store);
}

static void changes_out_of_order_are_refused(void **state)
{
	static const struct change wrong[][2] = {
		{{5, 1, false, {0, 0}}, {4, 1, false, {0, 0}}},
		{{5, 4, false, {0, 0}}, {8, 1, false, {0, 0}}},
		{{5, 1, false, {0, 0}}, {101, 0, true, {1, 0}}},
		{{5, 1, false, {0, 0}}, {90, 11, false, {1, 0}}},
	};
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct store *store = tree_model_store();
	struct list list = list_of(100);
	struct tree_root old = build(store, &list), root;
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct change changes[2];
		struct batch batch = {.changes = changes, .count = 2};

		memcpy(changes, wrong[i], sizeof(changes));
		ASSERT_ERROR(tree_splice(writer, &old, NULL, next_change, &batch, &root, &e),
			     ERR_INVALID);
		buf_release(&batch.doc);
	}
	free(list.items);
	store_writer_end(TAKE(writer));
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splices_in_any_order_give_the_root_of_a_build),
		cmocka_unit_test(what_goes_from_the_head_and_comes_at_the_end_leaves_the_rest),
		cmocka_unit_test(no_change_is_the_old_root_and_a_keyed_tree_becomes_ranked),
		cmocka_unit_test(changes_out_of_order_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
