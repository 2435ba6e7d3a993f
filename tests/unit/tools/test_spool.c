#include "tools/spool.h"

#include "tests/harness/harness.h"

static void add(struct spool *spool, const struct buf *docs)
{
	struct error e = {0};

	ASSERT_OK(spool_add(spool, buf_bytes(docs), &e));
}

/* All that the spool gives back, in one buffer. */
static void drain(struct spool *spool, struct buf *ret)
{
	struct error e = {0};
	struct bytes piece;

	buf_reset(ret);
	spool_rewind(spool);
	while (ASSERT_OK(spool_next(spool, &piece, &e)) == 1)
		buf_add_bytes(ret, piece);
}

static void what_goes_in_comes_out_twice_whatever_its_size(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 30000, 3000000};
	struct harness_rng rng = harness_rng_of(1);

	(void)state;
	for (size_t s = 0; s < COUNT_OF(sizes); s++) {
		OWNED(spool_free) struct spool *spool = spool_new(harness_tmpdir());
		OWNED(buf_release) struct buf all = {0}, out = {0};
		struct spool_facts facts;
		int32_t id = 0;

		while (all.len < sizes[s]) {
			OWNED(buf_release) struct buf docs = {0};

			for (size_t n = harness_rng_below(&rng, 50); n-- > 0;)
				harness_doc_of_size(&docs, id++, harness_rng_below(&rng, 2000),
						    &rng);
			add(spool, &docs);
			buf_add_bytes(&all, buf_bytes(&docs));
		}
		spool_facts(spool, &facts);
		assert_int_equal(facts.count, id);
		assert_int_equal(facts.bytes, all.len);
		assert_true(facts.ascending && !facts.without_id);
		for (int round = 0; round < 2; round++) {
			drain(spool, &out);
			ASSERT_BYTES(buf_bytes(&out), buf_bytes(&all));
		}
	}
}

static void a_document_larger_than_a_piece_comes_out_whole(void **state)
{
	OWNED(spool_free) struct spool *spool = spool_new(harness_tmpdir());
	OWNED(buf_release) struct buf docs = {0}, all = {0}, out = {0};
	struct harness_rng rng = harness_rng_of(2);

	(void)state;
	for (int32_t id = 0; id < 3; id++) {
		buf_reset(&docs);
		harness_doc_of_size(&docs, id, 9000000, &rng);
		add(spool, &docs);
		buf_add_bytes(&all, buf_bytes(&docs));
	}
	drain(spool, &out);
	ASSERT_BYTES(buf_bytes(&out), buf_bytes(&all));
}

static void order_and_missing_ids_are_noticed(void **state)
{
	OWNED(spool_free) struct spool *unsorted = spool_new(harness_tmpdir());
	OWNED(spool_free) struct spool *twice = spool_new(harness_tmpdir());
	OWNED(spool_free) struct spool *without = spool_new(harness_tmpdir());
	OWNED(buf_release) struct buf docs = {0};
	struct spool_facts facts;
	size_t doc;

	(void)state;
	harness_doc_of_int32(&docs, 2);
	harness_doc_of_int32(&docs, 1);
	add(unsorted, &docs);
	spool_facts(unsorted, &facts);
	assert_false(facts.ascending);
	buf_reset(&docs);
	harness_doc_of_int32(&docs, 2);
	add(twice, &docs);
	add(twice, &docs);
	spool_facts(twice, &facts);
	assert_false(facts.ascending);
	buf_reset(&docs);
	doc = harness_doc_open(&docs);
	harness_doc_close(&docs, doc);
	add(without, &docs);
	spool_facts(without, &facts);
	assert_true(facts.without_id);
}

static void a_sample_is_whole_documents_from_all_over(void **state)
{
	OWNED(spool_free) struct spool *spool = spool_new(harness_tmpdir());
	OWNED(buf_release) struct buf docs = {0}, sample = {0};
	struct harness_rng rng = harness_rng_of(3);
	struct error e = {0};
	int32_t last = -1;

	(void)state;
	for (int32_t id = 0; id < 20000; id++)
		harness_doc_of_size(&docs, id, 200, &rng);
	add(spool, &docs);
	ASSERT_OK(spool_sample(spool, 65536, &sample, &e));
	assert_true(sample.len > 30000 && sample.len <= 65536);
	for (size_t at = 0; at < sample.len;) {
		struct bytes doc = harness_doc_at(&sample, at);

		last = (int32_t)get_le32(doc.at + 9);
		at += doc.len;
	}
	assert_true(last > 15000);
}

static int count_document(void *ctx, struct bytes key UNUSED, struct bytes doc UNUSED,
			  struct error *e UNUSED)
{
	(*(unsigned *)ctx)++;
	return 0;
}

static void one_that_only_watches_keeps_nothing_and_refuses_what_is_out_of_order(void **state)
{
	OWNED(spool_free) struct spool *spool = spool_new(harness_tmpdir());
	OWNED(buf_release) struct buf docs = {0}, out = {0}, late = {0};
	struct harness_rng rng = harness_rng_of(5);
	struct spool_facts facts;
	struct error e = {0};
	unsigned seen = 0;

	(void)state;
	for (int32_t id = 0; id < 2000; id++)
		harness_doc_of_size(&docs, id, 1000, &rng);
	spool_watch(spool, count_document, &seen);
	spool_only_watch(spool);
	add(spool, &docs);
	spool_facts(spool, &facts);
	assert_int_equal(seen, 2000);
	assert_int_equal(facts.count, 2000);
	assert_int_equal(facts.bytes, docs.len);
	drain(spool, &out);
	assert_int_equal(out.len, 0);
	harness_doc_of_size(&late, 1000, 100, &rng);
	ASSERT_ERROR(spool_add(spool, buf_bytes(&late), &e), ERR_INVALID);
	assert_int_equal(seen, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_twice_whatever_its_size),
		cmocka_unit_test(a_document_larger_than_a_piece_comes_out_whole),
		cmocka_unit_test(order_and_missing_ids_are_noticed),
		cmocka_unit_test(a_sample_is_whole_documents_from_all_over),
		cmocka_unit_test(
			one_that_only_watches_keeps_nothing_and_refuses_what_is_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
