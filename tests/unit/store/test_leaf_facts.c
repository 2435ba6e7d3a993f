#include "store/leaf_facts.h"

#include "base/ejson.h"
#include "tests/harness/harness.h"

static void the_sizes_are_those_of_the_lines(void **state)
{
	struct harness_rng rng = harness_rng_of(261);
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf relaxed = {0};
	OWNED(buf_release) struct buf canonical = {0};
	struct chunk_facts facts;
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 300; i++) {
		size_t at = leaf.len, doc = harness_doc_open(&leaf);

		harness_doc_int32(&leaf, "_id", i);
		harness_doc_int64(&leaf, "n", (int64_t)harness_rng_u64(&rng));
		harness_doc_double(&leaf, "d", (double)harness_rng_below(&rng, 1000) / 7);
		harness_doc_date(&leaf, "when", (int64_t)harness_rng_below(&rng, 1ull << 45));
		harness_doc_string_bytes(&leaf, "invalid", bytes_of("\xff\"\n\0x", 5));
		harness_doc_binary_random(&leaf, "pad", harness_rng_below(&rng, 50), &rng);
		harness_doc_close(&leaf, doc);
		ASSERT_OK(ejson_write(harness_doc_at(&leaf, at), EJSON_RELAXED, &relaxed, &e));
		buf_add_u8(&relaxed, '\n');
		ASSERT_OK(ejson_write(harness_doc_at(&leaf, at), EJSON_CANONICAL, &canonical, &e));
		buf_add_u8(&canonical, '\n');
	}
	ASSERT_OK(leaf_facts_measure(buf_bytes(&leaf), &facts, &e));
	assert_int_equal(facts.documents, 300);
	assert_int_equal(facts.relaxed, relaxed.len);
	assert_int_equal(facts.canonical, canonical.len);
	assert_int_equal(facts.renderer, EJSON_VERSION);
}

static void what_is_no_leaf_is_an_error(void **state)
{
	OWNED(buf_release) struct buf leaf = {0};
	struct chunk_facts facts;
	struct error e = {0};

	(void)state;
	harness_doc_of_int32(&leaf, 1);
	harness_doc_of_int32(&leaf, 2);
	for (size_t len = 1; len < leaf.len; len++)
		if (len != leaf.len / 2)
			ASSERT_ERROR(leaf_facts_measure(bytes_of(leaf.at, len), &facts, &e),
				     ERR_CORRUPT);
	ASSERT_OK(leaf_facts_measure(bytes_of(NULL, 0), &facts, &e));
	assert_int_equal(facts.documents, 0);
	leaf.at[4] = 0x55;
	ASSERT_ERROR(leaf_facts_measure(buf_bytes(&leaf), &facts, &e), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sizes_are_those_of_the_lines),
		cmocka_unit_test(what_is_no_leaf_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
