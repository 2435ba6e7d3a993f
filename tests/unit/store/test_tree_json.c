#include "store/tree/tree_json.h"

#include <pthread.h>

#include "store/store_internal.h"
#include "store/tree/tree_node.h"
#include "tests/unit/store/tree_model.h"

/* A tree, and what its JSON has to be. */
struct world {
	struct store *store;
	struct tree_root root;
	struct buf text[2]; /* by enum ejson_mode */
};

static void add_doc(uint32_t number, struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(number);
	size_t doc = harness_doc_open(ret);

	harness_doc_int32(ret, "_id", (int32_t)number);
	harness_doc_double(ret, "price", (double)harness_rng_below(&rng, 100000) / 100);
	harness_doc_date(ret, "at", (int64_t)harness_rng_below(&rng, UINT64_C(1) << 41));
	if (number % 3 == 0)
		harness_doc_string(ret, "text", "a \"quoted\" line\n");
	harness_doc_binary_random(ret, "pad", harness_rng_below(&rng, 300), &rng);
	if (number % 499 == 0)
		harness_doc_binary_random(ret, "big", 50000, &rng);
	harness_doc_close(ret, doc);
}

static void make_world(struct world *w, enum tree_kind kind, uint32_t count)
{
	struct model_docs docs = {.count = 0};
	struct error e = {0};

	*w = (struct world){.store = tree_model_store()};
	for (uint32_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};

		add_doc(i, &doc);
		tree_model_add(&docs, buf_bytes(&doc));
		for (int mode = 0; mode < 2; mode++) {
			ASSERT_OK(ejson_write(buf_bytes(&doc), (enum ejson_mode)mode,
					      &w->text[mode], &e));
			buf_add_u8(&w->text[mode], '\n');
		}
	}
	w->root = tree_model_build(w->store, kind, &docs);
	tree_model_docs_release(&docs);
}

static void world_release(struct world *w)
{
	buf_release(&w->text[0]);
	buf_release(&w->text[1]);
	store_close(w->store);
}

/* Size, one pass from front to back, and reads anywhere. */
static void check_text(struct world *w, enum ejson_mode mode, size_t cache_bytes)
{
	OWNED(tree_json_free) struct tree_json *json = tree_json_new(w->store, mode, cache_bytes);
	struct bytes want = buf_bytes(&w->text[mode]);
	struct harness_rng rng = harness_rng_of(mode);
	uint8_t *got = xmalloc(want.len + 1);
	struct error e = {0};
	size_t len, at = 0;
	uint64_t size;

	ASSERT_OK(tree_json_size(json, &w->root, &size, &e));
	assert_int_equal(size, want.len);
	do {
		ASSERT_OK(tree_json_read(json, &w->root, at, got + at, MIN_OF(want.len - at, 10007),
					 16, &len, &e));
		at += len;
	} while (len > 0);
	ASSERT_BYTES(bytes_of(got, at), want);
	for (int i = 0; i < 500; i++) {
		uint64_t offset = harness_rng_below(&rng, want.len + 10);
		size_t ask = harness_rng_below(&rng, i % 50 == 0 ? want.len + 1 : 9000);
		size_t left = offset < want.len ? want.len - offset : 0;

		ASSERT_OK(tree_json_read(json, &w->root, offset, got, ask,
					 (unsigned)harness_rng_below(&rng, 3), &len, &e));
		assert_int_equal(len, MIN_OF(ask, left));
		if (len > 0)
			ASSERT_BYTES(bytes_of(got, len), bytes_of(want.at + offset, len));
	}
	free(got);
}

/* What to do with the facts of a chunk; `leaf` counts leaves from 0. */
typedef void (*facts_change)(struct chunk_place *place, bool is_leaf, unsigned leaf);

static void change_place(struct store *store, const struct chunk_id *id, bool is_leaf,
			 unsigned leaf, facts_change change)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct error e = {0};
	int count = ASSERT_OK(chunk_index_get(store->index, id, places, &e));

	assert_int_equal(count, 1);
	change(&places[0], is_leaf, leaf);
	ASSERT_OK(chunk_index_begin(store->index, &batch, &e));
	ASSERT_OK(chunk_index_add(batch, id, &places[0], &e));
	ASSERT_OK(chunk_index_commit(TAKE(batch), &e));
}

/* Change what the index says of each chunk of the tree. */
static void change_facts(struct store *store, const struct tree_root *root, unsigned *leaves,
			 facts_change change)
{
	struct chunk *chunk = NULL;
	struct tree_node node;
	struct error e = {0};

	change_place(store, &root->id, root->height == 0, *leaves, change);
	if (root->height == 0) {
		++*leaves;
		return;
	}
	ASSERT_OK(store_get(store, &root->id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
	for (uint32_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		change_facts(store, &child, leaves, change);
	}
	tree_node_release(&node);
	chunk_release(chunk);
}

static void the_text_is_that_of_all_documents(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, TREE_KEYED, 6000);
	assert_true(w.root.height >= 2);
	check_text(&w, EJSON_RELAXED, 0);
	check_text(&w, EJSON_CANONICAL, 0);
	world_release(&w);
}

static void natural_order_is_kept(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, TREE_RANKED, 3000);
	check_text(&w, EJSON_RELAXED, 0);
	world_release(&w);
}

static void a_cache_without_room_is_slow_but_right(void **state)
{
	struct world w;

	(void)state;
	make_world(&w, TREE_KEYED, 500);
	check_text(&w, EJSON_RELAXED, 1);
	world_release(&w);
}

static void a_tree_may_be_empty_or_one_leaf(void **state)
{
	struct world w;

	(void)state;
	for (uint32_t count = 0; count < 3; count++) {
		make_world(&w, TREE_KEYED, count);
		assert_true(w.root.height == 0 || count > 1);
		check_text(&w, EJSON_RELAXED, 0);
		check_text(&w, EJSON_CANONICAL, 0);
		world_release(&w);
	}
}

static void forget_all(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	(void)is_leaf;
	(void)leaf;
	place->renderer = 0;
	place->relaxed = place->canonical = 0;
}

static void measured_by_another_version(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	(void)is_leaf;
	if (leaf % 2 == 0)
		return;
	place->renderer = EJSON_VERSION + 1;
	place->relaxed += 7;
	place->canonical += 7;
}

static void facts_that_are_missing_or_of_another_renderer_are_derived(void **state)
{
	static const facts_change changes[] = {forget_all, measured_by_another_version};
	static const uint32_t counts[] = {4000, 1};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		for (size_t k = 0; k < COUNT_OF(counts); k++) {
			struct world w;
			unsigned leaves = 1;

			make_world(&w, TREE_KEYED, counts[k]);
			change_facts(w.store, &w.root, &leaves, changes[i]);
			check_text(&w, EJSON_RELAXED, 0);
			check_text(&w, EJSON_CANONICAL, 0);
			world_release(&w);
		}
	}
}

/* The facts of each chunk of the tree are of this renderer. */
static void check_recorded(struct store *store, const struct tree_root *root)
{
	OWNED(chunk_release) struct chunk *chunk = NULL;
	struct chunk_facts facts;
	struct tree_node node;
	struct error e = {0};

	assert_int_equal(ASSERT_OK(store_facts(store, &root->id, &facts, &e)), 1);
	assert_int_equal(facts.renderer, EJSON_VERSION);
	assert_int_equal(facts.documents, root->count);
	if (root->height == 0)
		return;
	ASSERT_OK(store_get(store, &root->id, &chunk, &e));
	ASSERT_OK(tree_node_parse(chunk->plain, root, &node, &e));
	for (uint32_t i = 0; i < node.n; i++) {
		struct tree_root child = tree_node_child_root(&node, i);

		check_recorded(store, &child);
	}
	tree_node_release(&node);
}

/* Deriving is done once: what was derived in one mode is there for both, and for others. */
static void what_was_derived_is_recorded(void **state)
{
	static const facts_change changes[] = {forget_all, measured_by_another_version};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		struct tree_json *json;
		struct world w;
		unsigned leaves = 1;
		uint64_t size = 0;

		make_world(&w, TREE_KEYED, 3000);
		change_facts(w.store, &w.root, &leaves, changes[i]);
		json = tree_json_new(w.store, i == 0 ? EJSON_RELAXED : EJSON_CANONICAL, 0);
		ASSERT_OK(tree_json_size(json, &w.root, &size, &e));
		tree_json_free(json);
		check_recorded(w.store, &w.root);
		for (int mode = 0; mode < 2; mode++) {
			struct chunk_facts facts;

			ASSERT_OK(store_facts(w.store, &w.root.id, &facts, &e));
			size = mode == EJSON_CANONICAL ? facts.canonical : facts.relaxed;
			assert_int_equal(size, w.text[mode].len);
			check_text(&w, (enum ejson_mode)mode, 0);
		}
		world_release(&w);
	}
}

/* Large documents between small ones: their text is never in memory as a whole. */
static void the_text_of_a_large_document_is_read_in_parts(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf pad = {0};
	struct model_docs docs = {.count = 0};
	struct world w = {.store = tree_model_store()};
	struct harness_rng rng = harness_rng_of(5);
	struct error e = {0};

	(void)state;
	while (pad.len < 9 * MIB)
		buf_add_str(&pad, "a line\nand \xe2\x82\xac\n");
	for (int i = 0; i < 9; i++) {
		size_t open;

		buf_reset(&doc);
		open = harness_doc_open(&doc);
		harness_doc_int32(&doc, "_id", i);
		harness_doc_string(&doc, "text", i % 3 == 1 ? buf_text(&pad) : "short");
		harness_doc_close(&doc, open);
		tree_model_add(&docs, buf_bytes(&doc));
		ASSERT_OK(ejson_write(buf_bytes(&doc), EJSON_CANONICAL, &w.text[EJSON_CANONICAL],
				      &e));
		buf_add_u8(&w.text[EJSON_CANONICAL], '\n');
	}
	w.root = tree_model_build(w.store, TREE_KEYED, &docs);
	for (int pass = 0; pass < 2; pass++) {
		OWNED(tree_json_free)
		struct tree_json *json = tree_json_new(w.store, EJSON_CANONICAL, 0);
		struct bytes want = buf_bytes(&w.text[EJSON_CANONICAL]);
		OWNED(free) uint8_t *got = xmalloc(3 * MIB);
		uint64_t at = 0;
		size_t len = 1;

		for (int i = 0; len > 0 && (pass == 0 || i < 20); i++) {
			if (pass == 1)
				at = harness_rng_below(&rng, want.len);
			ASSERT_OK(tree_json_read(json, &w.root, at, got, 3 * MIB - 7, 4, &len, &e));
			assert_int_equal(len, MIN_OF(3 * MIB - 7, want.len - at));
			assert_true(memcmp(got, want.at + at, len) == 0);
			at += len;
		}
	}
	tree_model_docs_release(&docs);
	world_release(&w);
}

static void spoil_leaf_5(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	if (is_leaf && leaf == 5)
		place->relaxed++;
}

static void spoil_two_leaves(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	if (is_leaf && leaf == 5)
		place->relaxed++;
	if (is_leaf && leaf == 6)
		place->relaxed--;
}

static void spoil_top(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	if (!is_leaf && leaf == 0)
		place->relaxed += 1000;
}

static void spoil_bounds(struct chunk_place *place, bool is_leaf, unsigned leaf)
{
	(void)leaf;
	if (is_leaf)
		place->relaxed = UINT64_MAX / 2;
}

/* A read is right or an error, whatever the facts say. */
static void wrong_facts_are_an_error_where_they_are_read(void **state)
{
	static const facts_change changes[] = {spoil_leaf_5, spoil_two_leaves, spoil_top,
					       spoil_bounds};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		OWNED(tree_json_free) struct tree_json *json = NULL;
		struct world w;
		struct bytes want;
		struct error e = {0};
		unsigned leaves = 0, bad = 0;
		uint8_t got[500];
		size_t len;

		make_world(&w, TREE_KEYED, 1000);
		want = buf_bytes(&w.text[EJSON_RELAXED]);
		change_facts(w.store, &w.root, &leaves, changes[i]);
		json = tree_json_new(w.store, EJSON_RELAXED, 0);
		for (size_t at = 0; at + sizeof(got) < want.len; at += sizeof(got)) {
			int code = tree_json_read(json, &w.root, at, got, sizeof(got), 0, &len, &e);

			if (code < 0) {
				assert_int_equal(code, ERR_CORRUPT);
				bad++;
				continue;
			}
			ASSERT_BYTES(bytes_of(got, len), bytes_of(want.at + at, sizeof(got)));
		}
		assert_true(bad > 0);
		tree_json_free(TAKE(json));
		world_release(&w);
	}
}

#define READERS 8

struct reader {
	const struct world *world;
	struct tree_json *json;
	uint64_t stream;
	unsigned wrong;
};

static void *read_anywhere(void *arg)
{
	struct reader *r = arg;
	struct bytes want = buf_bytes(&r->world->text[EJSON_RELAXED]);
	struct harness_rng rng = harness_rng_of(r->stream);
	uint8_t *got = xmalloc(20000);
	struct error e;

	for (int i = 0; i < 2000; i++) {
		uint64_t offset = harness_rng_below(&rng, want.len);
		size_t ask = harness_rng_below(&rng, 20000), len;

		if (tree_json_read(r->json, &r->world->root, offset, got, ask, 8, &len, &e) < 0 ||
		    len != MIN_OF(ask, want.len - offset) ||
		    memcmp(got, want.at + offset, len) != 0)
			r->wrong++;
	}
	free(got);
	return NULL;
}

static void many_readers_share_a_small_cache(void **state)
{
	OWNED(tree_json_free) struct tree_json *json = NULL;
	struct reader readers[READERS];
	pthread_t threads[READERS];
	struct world w;

	(void)state;
	make_world(&w, TREE_KEYED, 4000);
	json = tree_json_new(w.store, EJSON_RELAXED, 200 * KIB);
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){&w, json, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, read_anywhere, &readers[i]), 0);
	}
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].wrong, 0);
	}
	tree_json_free(TAKE(json));
	world_release(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_that_of_all_documents),
		cmocka_unit_test(natural_order_is_kept),
		cmocka_unit_test(a_cache_without_room_is_slow_but_right),
		cmocka_unit_test(a_tree_may_be_empty_or_one_leaf),
		cmocka_unit_test(facts_that_are_missing_or_of_another_renderer_are_derived),
		cmocka_unit_test(what_was_derived_is_recorded),
		cmocka_unit_test(the_text_of_a_large_document_is_read_in_parts),
		cmocka_unit_test(wrong_facts_are_an_error_where_they_are_read),
		cmocka_unit_test(many_readers_share_a_small_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
