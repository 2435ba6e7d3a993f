/* tree_read(): any range of a collection's .bson equals the same range of the documents put together. */
#include "store/tree/tree_cursor.h"

#include "tests/unit/store/tree_model.h"

static struct tree_root build(struct store *store, enum tree_kind kind, size_t count,
			      struct buf *ret)
{
	struct harness_rng rng = harness_rng_of(151);
	struct model_docs docs = {0};
	struct tree_root root;

	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf doc = {0};

		harness_doc_of_size(&doc, (int32_t)i,
				    i % 211 == 0 ? 60000 : harness_rng_below(&rng, 900), &rng);
		tree_model_add(&docs, buf_bytes(&doc));
		buf_add_bytes(ret, buf_bytes(&doc));
	}
	root = tree_model_build(store, kind, &docs);
	tree_model_docs_release(&docs);
	return root;
}

#define PIECES 64

/* The pieces together are the range; with one too few of them there are none. */
static void check_pieces(struct store *store, const struct tree_root *root, struct bytes want,
			 uint64_t offset, size_t len)
{
	OWNED(buf_release) struct buf got = {0};
	struct tree_piece pieces[PIECES];
	size_t count = 99, fewer;
	struct error e = {0};
	int rc = ASSERT_OK(
		tree_read_pieces(store, root, offset, len, 0, pieces, PIECES, &count, &e));

	if (rc == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		buf_add_bytes(&got, pieces[i].bytes);
		chunk_release(pieces[i].chunk);
	}
	ASSERT_BYTES(buf_bytes(&got), want);
	if (count > 0)
		assert_int_equal(ASSERT_OK(tree_read_pieces(store, root, offset, len, 0, pieces,
							    count - 1, &fewer, &e)),
				 0);
}

static void check(struct store *store, const struct tree_root *root, const struct buf *all,
		  uint64_t offset, size_t len, unsigned ahead)
{
	OWNED(free) uint8_t *room = xmalloc(len + 16);
	size_t got = 99, left = offset >= all->len ? 0 : all->len - offset;
	struct error e = {0};

	memset(room, 0xee, len + 16);
	ASSERT_OK(tree_read(store, root, offset, room, len, ahead, &got, &e));
	assert_int_equal(got, MIN_OF(len, left));
	if (got > 0)
		ASSERT_BYTES(bytes_of(room, got), bytes_of(all->at + offset, got));
	check_pieces(store, root, bytes_of(room, got), offset, len);
	/* Nothing behind it was touched. */
	for (size_t i = got; i < len + 16; i++)
		assert_int_equal(room[i], 0xee);
}

static void any_range_reads_as_the_documents_put_together(void **state)
{
	struct harness_rng rng = harness_rng_of(152);
	struct store *store = tree_model_store();

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		OWNED(buf_release) struct buf all = {0};
		struct tree_root root = build(store, kind ? TREE_RANKED : TREE_KEYED, 3000, &all);

		assert_int_equal(root.bytes, all.len);
		assert_true(root.height >= 1);
		for (int round = 0; round < 3000; round++) {
			uint64_t offset = harness_rng_below(&rng, all.len + 10);
			size_t len = harness_rng_below(&rng, round % 10 == 0 ? 1000000 : 9000);

			check(store, &root, &all, offset, len,
			      (unsigned)harness_rng_below(&rng, 5));
		}
		check(store, &root, &all, 0, all.len, 0);
		check(store, &root, &all, 0, all.len + 1, 3);
		for (uint64_t back = 0; back < 5; back++)
			check(store, &root, &all, all.len - back, 4096, 2);
		check(store, &root, &all, UINT64_MAX, 4096, 2);
		check(store, &root, &all, UINT64_MAX - 4000, 4096, 2);
		check(store, &root, &all, 5, 0, 2);
		check(store, &root, &all, 5, 1, 0);
		check(store, &root, &all, all.len - 1, 1, 0);
	}
	store_close(store);
}

/* As the mount reads: in steps, with read-ahead, one behind the other. */
static void a_sequential_reader_gets_every_byte_once(void **state)
{
	struct store *store = tree_model_store();
	OWNED(buf_release) struct buf all = {0};
	OWNED(buf_release) struct buf got = {0};
	struct tree_root root = build(store, TREE_KEYED, 2000, &all);
	struct error e = {0};
	size_t len = 1;

	(void)state;
	while (len > 0) {
		ASSERT_OK(tree_read(store, &root, got.len, buf_room(&got, 65536), 65536, 8, &len,
				    &e));
		got.len += len;
	}
	ASSERT_BYTES(buf_bytes(&got), buf_bytes(&all));
	store_close(store);
}

static void an_empty_tree_has_no_bytes(void **state)
{
	struct store *store = tree_model_store();
	struct tree_root root = {0};
	struct buf none = {0};

	(void)state;
	check(store, &root, &none, 0, 100, 1);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_range_reads_as_the_documents_put_together),
		cmocka_unit_test(a_sequential_reader_gets_every_byte_once),
		cmocka_unit_test(an_empty_tree_has_no_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
