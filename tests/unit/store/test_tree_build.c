/* The root depends on the documents only: not on order of arrival, pieces or size. */
#include "store/tree/tree_build.h"

#include "base/key.h"
#include "store/tree/extsort.h"
#include "store/tree/tree_split.h"
#include "tests/unit/store/store_model.h"
#include "tests/unit/store/tree_model.h"

static struct tree_root build_sorted(struct store *store, struct extsort *sort)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(tree_builder_free) struct tree_builder *builder = NULL;
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct bytes key, doc;
	struct tree_root root;
	struct error e = {0};
	int found;

	ASSERT_OK(extsort_finish(sort, &e));
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = tree_builder_new(writer, &options);
	while ((found = ASSERT_OK(extsort_next(sort, &key, &doc, &e))) == 1)
		ASSERT_OK(tree_builder_add(builder, key, doc, &e));
	ASSERT_OK(tree_builder_finish(builder, &root, &e));
	ASSERT_OK(store_writer_flush(writer, &e));
	return root;
}

/* Through an external sort, in the order given by `order`. */
static struct tree_root build_shuffled(struct store *store, const struct model_docs *docs,
				       const uint32_t *order, size_t memory)
{
	OWNED(extsort_free) struct extsort *sort = extsort_new(harness_tmpdir(), memory);
	struct error e = {0};

	for (size_t i = 0; i < docs->count; i++)
		ASSERT_OK(extsort_add(sort, buf_bytes(&docs->doc[order[i]].key),
				      tree_model_doc(docs, order[i]), &e));
	return build_sorted(store, sort);
}

static void same_root(const struct tree_root *a, const struct tree_root *b)
{
	assert_true(tree_root_equal(a, b));
	assert_int_equal(a->height, b->height);
}

/* Builds `docs` (sorted) shuffled, backwards and in order, and checks the tree. */
static void build_in_any_order(struct model_docs *docs, uint64_t stream)
{
	struct harness_rng rng = harness_rng_of(stream);
	struct store *store = tree_model_store();
	uint32_t *order = xcalloc(docs->count, sizeof(*order));
	struct tree_root root = tree_model_build(store, TREE_KEYED, docs), again;

	tree_model_check(store, &root, docs);
	for (size_t i = 0; i < docs->count; i++)
		order[i] = (uint32_t)(docs->count - 1 - i);
	again = build_shuffled(store, docs, order, 64 * KIB);
	same_root(&again, &root);
	for (size_t memory = 1; memory < 16 * MIB; memory *= 4096) {
		harness_rng_shuffle(&rng, order, docs->count, sizeof(*order));
		again = build_shuffled(store, docs, order, memory * 300);
		same_root(&again, &root);
	}
	free(order);
	store_close(store);
}

static void shuffled_documents_give_the_same_root(void **state)
{
	struct harness_rng rng = harness_rng_of(161);
	struct model_docs docs = {0};

	(void)state;
	for (int32_t i = 0; i < 4000; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i, harness_rng_below(&rng, 500), &rng);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	tree_model_sort(&docs);
	build_in_any_order(&docs, 162);
	tree_model_docs_release(&docs);
}

/* Documents with a string _id of `len` bytes that begins with `same` equal ones. */
static void add_with_key(struct model_docs *docs, size_t same, size_t len, struct harness_rng *rng)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf id = {0};
	size_t at = harness_doc_open(&doc);

	memset(buf_room(&id, len + 1), 'e', len);
	id.len = len;
	for (size_t i = MIN_OF(same, len); i < len; i++)
		id.at[i] = (uint8_t)('a' + harness_rng_below(rng, 26));
	harness_doc_string_bytes(&doc, "_id", buf_bytes(&id));
	harness_doc_int64(&doc, "n", (int64_t)harness_rng_u64(rng));
	harness_doc_close(&doc, at);
	tree_model_add(docs, buf_bytes(&doc));
}

static void keys_of_one_byte_to_a_megabyte_are_fine(void **state)
{
	struct harness_rng rng = harness_rng_of(163);
	struct model_docs docs = {0};

	(void)state;
	for (size_t len = 1; len <= MIB; len *= 2)
		for (int i = 0; i < (len < 4096 ? 8 : 2); i++)
			add_with_key(&docs, 0, len + (size_t)i, &rng);
	tree_model_sort(&docs);
	build_in_any_order(&docs, 164);
	tree_model_docs_release(&docs);
}

static void keys_that_begin_alike_for_long_give_a_sane_tree(void **state)
{
	struct harness_rng rng = harness_rng_of(165);
	struct model_docs docs = {0};

	(void)state;
	for (int i = 0; i < 3000; i++)
		add_with_key(&docs, 256 + (size_t)(i % 3), 256 + (size_t)(i % 40), &rng);
	tree_model_sort(&docs);
	build_in_any_order(&docs, 166);
	tree_model_docs_release(&docs);
}

/* Megabyte keys alike but for the end: the tree has an end, and so has the work. */
static void a_tree_of_megabyte_keys_terminates(void **state)
{
	struct harness_rng rng = harness_rng_of(167);
	struct model_docs docs = {0};

	(void)state;
	for (int i = 0; i < 24; i++)
		add_with_key(&docs, MIB - 8, MIB, &rng);
	tree_model_sort(&docs);
	build_in_any_order(&docs, 168);
	tree_model_docs_release(&docs);
}

static void documents_of_16_mib_are_leaves_of_their_own(void **state)
{
	struct harness_rng rng = harness_rng_of(169);
	struct store *store = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root root;

	(void)state;
	for (int32_t i = 0; i < 9; i++) {
		OWNED(buf_release) struct buf doc = {0};
		size_t len = i % 3 == 1 ? 16 * MIB - 64 : 100;

		/* Zeros, so that nobody waits for a random generator. */
		size_t at = harness_doc_open(&doc);
		OWNED(free) uint8_t *pad = xcalloc(len, 1);

		harness_doc_int32(&doc, "_id", i);
		harness_rng_fill(&rng, pad, 64);
		harness_doc_binary(&doc, "pad", 0, bytes_of(pad, len));
		harness_doc_close(&doc, at);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_check(store, &root, &docs);
	tree_model_docs_release(&docs);
	store_close(store);
}

static void add_of_size(struct model_docs *docs, int32_t id, size_t size)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(free) uint8_t *pad = xcalloc(size, 1);
	const size_t around = 4 + 1 + 4 + 4 + 1 + 4 + 5 + 1; /* of a document with _id and pad */
	size_t at = harness_doc_open(&doc);

	harness_doc_int32(&doc, "_id", id);
	harness_doc_binary(&doc, "pad", 0, bytes_of(pad, size - around));
	harness_doc_close(&doc, at);
	assert_int_equal(doc.len, size);
	tree_model_add(docs, buf_bytes(&doc));
}

/* Where a leaf ends is part of what a root is: at the limit it goes on, one byte over it, it does not. */
static void a_leaf_is_as_long_as_the_limit_and_no_longer(void **state)
{
	struct store *store = tree_model_store();
	const size_t max = tree_split_leaf_max(store_params(store));
	int32_t id = 0;

	(void)state;
	/* Not one that ends a leaf by itself. */
	for (bool ends = true; ends;) {
		struct model_docs docs = {0};

		add_of_size(&docs, ++id, 100);
		ends = tree_split_keyed(store_params(store), buf_bytes(&docs.doc[0].key), 100);
		tree_model_docs_release(&docs);
	}
	for (size_t over = 0; over < 2; over++) {
		struct model_docs docs = {0};
		struct tree_root root;

		add_of_size(&docs, id, 100);
		add_of_size(&docs, id + 1, max - 100 + over);
		root = tree_model_build(store, TREE_KEYED, &docs);
		assert_int_equal(root.height, over);
		tree_model_docs_release(&docs);
	}
	store_close(store);
}

static void documents_out_of_order_are_refused(void **state)
{
	struct store *store = tree_model_store();
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct tree_builder *builder;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	(void)state;
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	builder = tree_builder_new(writer, &options);
	harness_doc_of_int32(&doc, 1);
	ASSERT_OK(tree_builder_add(builder, bytes_str("b"), buf_bytes(&doc), &e));
	ASSERT_ERROR(tree_builder_add(builder, bytes_str("a"), buf_bytes(&doc), &e), ERR_INVALID);
	tree_builder_free(builder);
	tree_builder_free(NULL);
	store_writer_end(TAKE(writer));
	store_close(store);
}

/* A damaged source: many documents of one key, in order of their bytes. */
static void equal_keys_are_kept_in_order_of_their_bytes(void **state)
{
	struct harness_rng rng = harness_rng_of(170);
	struct model_docs docs = {0};

	(void)state;
	for (int i = 0; i < 800; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i % 3, harness_rng_below(&rng, 400), &rng);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	tree_model_sort(&docs);
	build_in_any_order(&docs, 171);
	tree_model_docs_release(&docs);
}

/* Without _id, by rank: natural order is kept, and equal content has an equal root. */
static void documents_without_id_keep_their_order(void **state)
{
	struct harness_rng rng = harness_rng_of(172);
	struct store *store = tree_model_store(), *other = tree_model_store();
	struct model_docs docs = {0};
	struct tree_root root, again;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		OWNED(buf_release) struct buf doc = {0};
		size_t at = harness_doc_open(&doc);

		harness_doc_int64(&doc, "ts", (int64_t)harness_rng_below(&rng, 1000));
		harness_doc_binary_random(&doc, "pad", harness_rng_below(&rng, 300), &rng);
		harness_doc_close(&doc, at);
		docs.doc = xrealloc(docs.doc, (docs.count + 1) * sizeof(docs.doc[0]));
		docs.doc[docs.count].at = docs.bytes.len;
		docs.doc[docs.count].len = doc.len;
		docs.doc[docs.count++].key = (struct buf){0};
		buf_add_bytes(&docs.bytes, buf_bytes(&doc));
	}
	root = tree_model_build(store, TREE_RANKED, &docs);
	again = tree_model_build(other, TREE_RANKED, &docs);
	tree_model_check(store, &root, &docs);
	same_root(&again, &root);
	tree_model_docs_release(&docs);
	store_close(store);
	store_close(other);
}

/* A capped collection that lost its oldest documents and got new ones: few new leaves. */
static void an_eviction_at_the_head_keeps_most_chunks(void **state)
{
	struct harness_rng rng = harness_rng_of(173);
	struct store *store = tree_model_store();
	struct model_docs docs = {0}, later = {0};
	struct tree_root first, second;
	struct store_writer_counts counts;
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 6000; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i, harness_rng_below(&rng, 500), &rng);
		if (i < 5000)
			tree_model_add(&docs, buf_bytes(&doc));
		if (i >= 700)
			tree_model_add(&later, buf_bytes(&doc));
	}
	first = tree_model_build(store, TREE_RANKED, &docs);
	{
		OWNED(store_writer_end) struct store_writer *writer = NULL;
		OWNED(tree_builder_free) struct tree_builder *builder = NULL;
		const struct tree_build_options options = {.kind = TREE_RANKED, .old = &first};

		ASSERT_OK(store_writer_begin(store, &writer, &e));
		builder = tree_builder_new(writer, &options);
		for (size_t i = 0; i < later.count; i++)
			ASSERT_OK(tree_builder_add(builder, bytes_of(NULL, 0),
						   tree_model_doc(&later, i), &e));
		ASSERT_OK(tree_builder_finish(builder, &second, &e));
		ASSERT_OK(store_writer_flush(writer, &e));
		store_writer_counts(writer, &counts);
	}
	tree_model_check(store, &second, &later);
	/* 4300 documents stayed, 1000 are new: about a fifth of the leaves. */
	assert_true(counts.reused_chunks > 2 * counts.new_chunks);
	tree_model_docs_release(&docs);
	tree_model_docs_release(&later);
	store_close(store);
}

/* Small documents by the hundred thousand (a million with YESTER_LONG), shuffled and in order. */
static void very_many_small_documents_give_one_root(void **state)
{
	const uint32_t count = getenv("YESTER_LONG") != NULL ? 1000000 : 100000;
	struct harness_rng rng = harness_rng_of(174);
	struct store *store = tree_model_store();
	uint32_t *order = xcalloc(count, sizeof(*order));
	struct tree_root roots[2];
	struct error e = {0};

	(void)state;
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (int round = 0; round < 2; round++) {
		OWNED(extsort_free)
		struct extsort *sort = extsort_new(harness_tmpdir(), round ? 1 * MIB : 1024 * MIB);

		if (round == 1)
			harness_rng_shuffle(&rng, order, count, sizeof(*order));
		for (uint32_t i = 0; i < count; i++) {
			OWNED(buf_release) struct buf doc = {0};
			OWNED(buf_release) struct buf key = {0};

			harness_doc_of_int32(&doc, (int32_t)order[i]);
			ASSERT_OK(key_of_document(buf_bytes(&doc), &key, &e));
			ASSERT_OK(extsort_add(sort, buf_bytes(&key), buf_bytes(&doc), &e));
		}
		roots[round] = build_sorted(store, sort);
	}
	assert_int_equal(roots[0].count, count);
	same_root(&roots[1], &roots[0]);
	for (uint32_t i = 0; i < count; i += count / 100 + 1) {
		OWNED(tree_cursor_free)
		struct tree_cursor *cursor = tree_cursor_new(store, &roots[0]);
		struct bytes doc;

		assert_int_equal(ASSERT_OK(tree_cursor_seek_rank(cursor, i, &e)), 1);
		assert_int_equal(ASSERT_OK(tree_cursor_next(cursor, &doc, &e)), 1);
		assert_int_equal(get_le32(doc.at + 9), i);
	}
	free(order);
	store_close(store);
}

/* A builder that is given up leaves nothing behind that a later one would stumble over. */
static void a_tree_that_is_given_up_does_not_disturb_the_next(void **state)
{
	struct harness_rng rng = harness_rng_of(175);
	struct store *store = tree_model_store();
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	const struct tree_build_options options = {.kind = TREE_KEYED};
	struct model_docs docs = {0};
	struct tree_root root;
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 1000; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, i, harness_rng_below(&rng, 500), &rng);
		tree_model_add(&docs, buf_bytes(&doc));
	}
	ASSERT_OK(store_writer_begin(store, &writer, &e));
	for (size_t stop = 0; stop < docs.count; stop += 173) {
		struct tree_builder *builder = tree_builder_new(writer, &options);

		for (size_t i = 0; i < stop; i++)
			ASSERT_OK(tree_builder_add(builder, buf_bytes(&docs.doc[i].key),
						   tree_model_doc(&docs, i), &e));
		tree_builder_free(builder);
	}
	store_writer_end(TAKE(writer));
	root = tree_model_build(store, TREE_KEYED, &docs);
	tree_model_check(store, &root, &docs);
	tree_model_docs_release(&docs);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shuffled_documents_give_the_same_root),
		cmocka_unit_test(keys_of_one_byte_to_a_megabyte_are_fine),
		cmocka_unit_test(keys_that_begin_alike_for_long_give_a_sane_tree),
		cmocka_unit_test(a_tree_of_megabyte_keys_terminates),
		cmocka_unit_test(documents_of_16_mib_are_leaves_of_their_own),
		cmocka_unit_test(a_leaf_is_as_long_as_the_limit_and_no_longer),
		cmocka_unit_test(documents_out_of_order_are_refused),
		cmocka_unit_test(equal_keys_are_kept_in_order_of_their_bytes),
		cmocka_unit_test(documents_without_id_keep_their_order),
		cmocka_unit_test(an_eviction_at_the_head_keeps_most_chunks),
		cmocka_unit_test(very_many_small_documents_give_one_root),
		cmocka_unit_test(a_tree_that_is_given_up_does_not_disturb_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
