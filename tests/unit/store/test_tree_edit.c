/* DESIGN 5's invariant: the shape depends on the content only, never on the history. */
#include "store/tree/tree_edit.h"

#include "store/leaf_facts.h"
#include "store/tree/tree_diff.h"
#include "store/tree/tree_node.h"
#include "store/tree/tree_split.h"
#include "tests/unit/store/tree_model.h"

/* A collection as a map from a small number to a version of its document; 0: absent. */
#define UNIVERSE 6000

struct world {
	uint8_t version[UNIVERSE];
	size_t long_prefix; /* bytes that all keys share */
};

/* Sizes vary with number and version; some are above the largest leaf, runs of some are not ended naturally. */
static void add_doc(const struct world *world, uint32_t number, uint8_t version, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(number * 256u + version);
	size_t doc = harness_doc_open(ret), pad = 20 + harness_rng_below(&rng, 300);

	if (number % 997 == 0)
		pad = 40000;
	if (world->long_prefix > 0) {
		OWNED(buf_release) struct buf key = {0};

		memset(buf_room(&key, world->long_prefix), 'k', world->long_prefix);
		key.len = world->long_prefix;
		buf_printf(&key, "%08u", number);
		harness_doc_string_bytes(ret, "_id", buf_bytes(&key));
	} else {
		harness_doc_int32(ret, "_id", (int32_t)number);
	}
	harness_doc_binary_random(ret, "pad", pad, &rng);
	harness_doc_close(ret, doc);
}

static void collect(const struct world *world, struct model_docs *ret)
{
	for (uint32_t i = 0; i < UNIVERSE; i++) {
		OWNED(buf_release) struct buf doc = {0};

		if (world->version[i] == 0)
			continue;
		add_doc(world, i, world->version[i], &doc);
		tree_model_add(ret, buf_bytes(&doc));
	}
	tree_model_sort(ret);
}

struct batch {
	const struct world *from, *to;
	uint32_t at;
	struct buf doc;
	struct model_docs keys;
};

/* The changes that make `to` of `from`. */
static int next_change(void *ctx, struct tree_change *ret, struct error *e)
{
	struct batch *batch = ctx;

	(void)e;
	while (batch->at < UNIVERSE) {
		uint32_t i = batch->at++;
		uint8_t was = batch->from->version[i], is = batch->to->version[i];

		if (was == is)
			continue;
		buf_reset(&batch->doc);
		add_doc(batch->to, i, is == 0 ? was : is, &batch->doc);
		tree_model_docs_release(&batch->keys);
		tree_model_add(&batch->keys, buf_bytes(&batch->doc));
		ret->key = buf_bytes(&batch->keys.doc[0].key);
		ret->doc = is == 0 ? bytes_of(NULL, 0) : buf_bytes(&batch->doc);
		return 1;
	}
	return 0;
}

static struct tree_root edit(struct store *store, const struct tree_root *old,
			     const struct world *from, const struct world *to)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	struct batch batch = {.from = from, .to = to};
	struct tree_root root;
	struct error e = {0};

	ASSERT_OK(store_writer_begin(store, &writer, &e));
	ASSERT_OK(tree_edit(writer, old, NULL, next_change, &batch, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	buf_release(&batch.doc);
	tree_model_docs_release(&batch.keys);
	return root;
}

static struct tree_root build(struct store *store, const struct world *world)
{
	struct model_docs docs = {0};
	struct tree_root root;

	collect(world, &docs);
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_check(store, &root, &docs);
	tree_model_docs_release(&docs);
	return root;
}

/* What is kept of each leaf is what measuring it gives. */
static void check_facts(struct store *store, const struct tree_root *root)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct chunk_facts kept, measured;
	struct tree_node node;
	struct error e = {0};

	if (root->count == 0)
		return;
	ASSERT_OK(store_get(store, &root->id, &chunk, &e));
	if (root->height > 0) {
		ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
		for (size_t i = 0; i < node.n; i++) {
			struct tree_root child = tree_node_child_root(&node, i);

			check_facts(store, &child);
		}
		tree_node_release(&node);
		return;
	}
	ASSERT_OK(leaf_facts_measure(chunk->plain, &measured, &e));
	assert_int_equal(store_facts(store, &root->id, &kept, &e), 1);
	assert_int_equal(kept.documents, measured.documents);
	assert_int_equal(kept.relaxed, measured.relaxed);
	assert_int_equal(kept.canonical, measured.canonical);
	assert_int_equal(kept.renderer, measured.renderer);
}

/* Change a random part: single documents, runs, everything, ends. */
static void mutate(struct harness_rng *rng, struct world *world)
{
	uint32_t first = (uint32_t)harness_rng_below(rng, UNIVERSE);
	uint32_t len = 1 + (uint32_t)harness_rng_below(rng, UNIVERSE / 4);

	switch (harness_rng_below(rng, 6)) {
	case 0:
		for (uint32_t i = first; i < MIN_OF(first + len, (uint32_t)UNIVERSE); i++)
			world->version[i] = 0;
		break;
	case 1:
		for (uint32_t i = first; i < MIN_OF(first + len, (uint32_t)UNIVERSE); i++)
			world->version[i] = (uint8_t)(1 + harness_rng_below(rng, 3));
		break;
	case 2:
		for (uint32_t i = 0; i < first; i++)
			world->version[i] = 0;
		break;
	case 3:
		for (uint32_t i = first; i < UNIVERSE; i++)
			world->version[i] = 0;
		break;
	default:
		for (size_t i = 0; i < 1 + harness_rng_below(rng, 40); i++)
			world->version[harness_rng_below(rng, UNIVERSE)] =
				(uint8_t)harness_rng_below(rng, 4);
	}
}

static void run_history(size_t long_prefix, unsigned steps, uint64_t stream)
{
	struct harness_rng rng = harness_rng_of(stream);
	struct world *world = xcalloc(1, sizeof(*world)), *next = xcalloc(1, sizeof(*next));
	struct store *store = tree_model_store();
	struct tree_root root;

	world->long_prefix = long_prefix;
	for (size_t i = 0; i < UNIVERSE; i++)
		world->version[i] = harness_rng_below(&rng, 4) != 0;
	root = build(store, world);
	for (unsigned step = 0; step < steps; step++) {
		struct tree_root edited, built;

		*next = *world;
		mutate(&rng, next);
		edited = edit(store, &root, world, next);
		check_facts(store, &edited);
		built = build(store, next);
		if (!tree_root_equal(&edited, &built) || edited.height != built.height)
			fail_msg("stream %llu step %u: the edited root differs from the built one",
				 (unsigned long long)stream, step);
		root = edited;
		*world = *next;
	}
	store_close(store);
	free(world);
	free(next);
}

static void edits_in_any_order_give_the_root_of_a_build(void **state)
{
	(void)state;
	for (uint64_t stream = 1; stream <= 3; stream++)
		run_history(0, 25, stream);
}

static void edits_hold_with_keys_that_are_longer_than_separators(void **state)
{
	(void)state;
	run_history(300, 8, 11);
}

/* Documents just so large that no leaf ends by content: all ends are forced. */
static void forced_ends_do_not_remember_history(void **state)
{
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct harness_rng rng = harness_rng_of(21);
	struct error e = {0};
	size_t forced = 0;

	(void)state;
	for (int32_t id = 0; docs.count < 3000; id++) {
		OWNED(buf_release) struct buf doc = {0}, key = {0};

		harness_doc_of_size(&doc, id, 100, &rng);
		tree_model_add(&docs, buf_bytes(&doc));
		if (tree_split_keyed(store_params(store), buf_bytes(&docs.doc[docs.count - 1].key),
				     doc.len)) {
			buf_release(&docs.doc[--docs.count].key);
			forced++;
		}
	}
	assert_true(forced > 0);
	for (size_t drop = 0; drop < docs.count; drop += 113) {
		struct model_docs fewer = {0};
		struct tree_root all = tree_model_build(store, TREE_KEYED, &docs), edited, built;
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		struct tree_change change = {.key = buf_bytes(&docs.doc[drop].key)};
		struct tree_change *queue = &change;

		for (size_t i = 0; i < docs.count; i++)
			if (i != drop)
				tree_model_add(&fewer, tree_model_doc(&docs, i));
		built = tree_model_build(store, TREE_KEYED, &fewer);
		ASSERT_OK(store_writer_begin(store, &writer, &e));
		int once(void *ctx, struct tree_change *ret, struct error *unused)
		{
			struct tree_change **at = ctx;

			(void)unused;
			if (*at == NULL)
				return 0;
			*ret = **at;
			*at = NULL;
			return 1;
		}
		ASSERT_OK(tree_edit(writer, &all, NULL, once, &queue, &edited, &e));
		assert_true(tree_root_equal(&edited, &built));
		tree_model_docs_release(&fewer);
	}
	tree_model_docs_release(&docs);
	store_close(store);
}

struct seen {
	const struct world *from, *to;
	uint64_t count;
	struct world *patched;
};

static uint32_t number_of(struct bytes doc)
{
	/* { _id: int32 … } */
	return get_le32(doc.at + 9);
}

static int note(void *ctx, struct bytes key, struct bytes old_doc, struct bytes new_doc,
		struct error *e)
{
	struct seen *seen = ctx;
	uint32_t i = number_of(old_doc.len > 0 ? old_doc : new_doc);

	(void)key;
	(void)e;
	assert_int_equal(old_doc.len > 0, seen->from->version[i] != 0);
	assert_int_equal(new_doc.len > 0, seen->to->version[i] != 0);
	assert_int_not_equal(seen->from->version[i], seen->to->version[i]);
	seen->patched->version[i] = seen->to->version[i];
	seen->count++;
	return 0;
}

static void a_diff_names_exactly_what_differs(void **state)
{
	struct harness_rng rng = harness_rng_of(31);
	struct world *a = xcalloc(1, sizeof(*a)), *b = xcalloc(1, sizeof(*b));
	struct store *store = tree_model_store();
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < UNIVERSE; i++)
		a->version[i] = harness_rng_below(&rng, 5) != 0;
	for (int round = 0; round < 20; round++) {
		struct world *patched = xcalloc(1, sizeof(*patched));
		struct seen seen = {.from = a, .to = b, .patched = patched};
		struct tree_root old_root = build(store, a), new_root;
		uint64_t expected = 0;

		*b = *a;
		mutate(&rng, b);
		*patched = *a;
		new_root = build(store, b);
		ASSERT_OK(tree_diff(store, &old_root, &new_root, note, &seen, &e));
		for (size_t i = 0; i < UNIVERSE; i++)
			expected += a->version[i] != b->version[i];
		assert_int_equal(seen.count, expected);
		assert_memory_equal(patched->version, b->version, sizeof(b->version));
		*a = *b;
		free(patched);
	}
	store_close(store);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_in_any_order_give_the_root_of_a_build),
		cmocka_unit_test(edits_hold_with_keys_that_are_longer_than_separators),
		cmocka_unit_test(forced_ends_do_not_remember_history),
		cmocka_unit_test(a_diff_names_exactly_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
