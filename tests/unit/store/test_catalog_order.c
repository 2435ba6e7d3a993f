#include "store/snapshot/catalog_order.h"

#include "tests/harness/harness.h"

/* Packed and unpacked, they are the same; where nothing is kept, say so. */
static bool survives(const uint32_t *ranks, uint64_t count)
{
	OWNED(buf_release) struct buf packed = {0};
	OWNED(free) uint32_t *found = NULL;
	struct error e = {0};

	if (catalog_order_pack(ranks, count, &packed) == 0) {
		assert_int_equal(packed.len, 0);
		return false;
	}
	assert_in_range(packed.len, 1, CATALOG_ORDER_BYTES_MAX);
	ASSERT_OK(catalog_order_unpack(buf_bytes(&packed), count, &found, &e));
	assert_memory_equal(found, ranks, count * sizeof(*ranks));
	return true;
}

static void shuffle(struct harness_rng *rng, uint32_t *ranks, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		ranks[i] = (uint32_t)i;
	for (uint64_t i = count; i > 1; i--) {
		uint64_t other = harness_rng_below(rng, i);
		uint32_t swap = ranks[i - 1];

		ranks[i - 1] = ranks[other];
		ranks[other] = swap;
	}
}

static void any_permutation_is_packed_and_unpacked(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(free) uint32_t *ranks = xcalloc(8192, sizeof(*ranks));

	(void)state;
	for (int round = 0; round < 300; round++) {
		uint64_t count = 2 + harness_rng_below(&rng, round % 10 == 0 ? 8190 : 40);

		shuffle(&rng, ranks, count);
		if (!survives(ranks, count))
			for (uint64_t i = 0; i < count; i++)
				assert_int_equal(ranks[i], i);
	}
}

static void what_is_nearly_in_order_is_small(void **state)
{
	OWNED(free) uint32_t *ranks = xcalloc(CATALOG_ORDER_DOCS_MAX, sizeof(*ranks));
	OWNED(buf_release) struct buf packed = {0};

	(void)state;
	for (uint32_t i = 0; i < CATALOG_ORDER_DOCS_MAX; i++)
		ranks[i] = (i + 5) % CATALOG_ORDER_DOCS_MAX;
	assert_int_equal(catalog_order_pack(ranks, CATALOG_ORDER_DOCS_MAX, &packed), 1);
	assert_in_range(packed.len, 1, 16);
	assert_true(survives(ranks, CATALOG_ORDER_DOCS_MAX));
	for (uint32_t i = 0; i < CATALOG_ORDER_DOCS_MAX; i++)
		ranks[i] = CATALOG_ORDER_DOCS_MAX - 1 - i;
	assert_false(survives(ranks, CATALOG_ORDER_DOCS_MAX));
	assert_true(survives(ranks + CATALOG_ORDER_DOCS_MAX - 4096, 4096));
}

static void what_is_too_large_or_in_order_is_not_kept(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(free) uint32_t *ranks = xcalloc(CATALOG_ORDER_DOCS_MAX + 1, sizeof(*ranks));

	(void)state;
	shuffle(&rng, ranks, CATALOG_ORDER_DOCS_MAX);
	assert_false(survives(ranks, CATALOG_ORDER_DOCS_MAX)); /* of its bytes */
	for (uint32_t i = 0; i <= CATALOG_ORDER_DOCS_MAX; i++)
		ranks[i] = i;
	assert_false(survives(ranks, 0));
	assert_false(survives(ranks, 1));
	assert_false(survives(ranks, 100));
	ranks[0] = 1;
	ranks[1] = 0;
	assert_true(survives(ranks, CATALOG_ORDER_DOCS_MAX));
	assert_false(survives(ranks, CATALOG_ORDER_DOCS_MAX + 1ull));
}

/* Every change of a bit gives an error or another permutation; never a document twice, or none. */
static void damage_is_an_error_or_a_permutation(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(buf_release) struct buf packed = {0};
	uint32_t ranks[200];
	struct error e = {0};
	size_t errors = 0;

	(void)state;
	shuffle(&rng, ranks, COUNT_OF(ranks));
	assert_int_equal(catalog_order_pack(ranks, COUNT_OF(ranks), &packed), 1);
	for (size_t bit = 0; bit < 8 * packed.len; bit++) {
		OWNED(free) uint32_t *found = NULL;
		uint8_t seen[COUNT_OF(ranks)] = {0};

		packed.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (catalog_order_unpack(buf_bytes(&packed), COUNT_OF(ranks), &found, &e) < 0) {
			assert_int_equal(e.code, ERR_CORRUPT);
			errors++;
		} else {
			for (size_t i = 0; i < COUNT_OF(ranks); i++) {
				assert_in_range(found[i], 0, COUNT_OF(ranks) - 1);
				assert_int_equal(seen[found[i]]++, 0);
			}
		}
		packed.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(errors > packed.len);
	for (uint64_t count = 0; count < 2 * COUNT_OF(ranks); count++) {
		uint32_t *found = NULL;

		if (count != COUNT_OF(ranks))
			ASSERT_ERROR(catalog_order_unpack(buf_bytes(&packed), count, &found, &e),
				     ERR_CORRUPT);
	}
}

static void hostile_runs_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t count;
	} cases[] = {
		{"", 0, 3},	    /* none */
		{"\x01\x02", 2, 3}, /* a run beyond the end */
		{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 3},
		{"\x00\x02\x02", 3, 3}, /* the same one again */
		{"\x02", 1, 1},		/* before the first */
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, 3},
		{"\x01", 1, 3},		/* its length is cut off */
		{"\x01\x00", 2, 3},	/* too few */
		{"\x01\x01\x00", 3, 3}, /* too many */
		{"\x01\x01", 2, UINT64_MAX},
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t *found = NULL;

		ASSERT_ERROR(catalog_order_unpack(bytes_of(cases[i].bytes, cases[i].len),
						  cases[i].count, &found, &e),
			     ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_permutation_is_packed_and_unpacked),
		cmocka_unit_test(what_is_nearly_in_order_is_small),
		cmocka_unit_test(what_is_too_large_or_in_order_is_not_kept),
		cmocka_unit_test(damage_is_an_error_or_a_permutation),
		cmocka_unit_test(hostile_runs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
