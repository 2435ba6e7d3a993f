#include "tools/natural_order.h"

#include <stdlib.h>

#include "store/snapshot/catalog_order.h"
#include "tests/harness/harness.h"

#define COUNT 500

static struct bytes key_of(const uint32_t *number)
{
	return bytes_of(number, sizeof(*number));
}

static void each_document_is_found_again(void **state)
{
	struct harness_rng rng = harness_rng_of(1);
	OWNED(natural_order_free) struct natural_order *order = natural_order_new(COUNT);
	OWNED(buf_release) struct buf packed = {0};
	OWNED(free) uint32_t *ranks = NULL;
	uint32_t came[COUNT];
	struct error e = {0};

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t other = (uint32_t)harness_rng_below(&rng, i + 1);

		came[i] = came[other];
		came[other] = i;
	}
	for (uint32_t i = 0; i < COUNT; i++)
		natural_order_came(order, key_of(&came[i]));
	for (uint32_t i = 0; i < COUNT; i++)
		natural_order_sorted(order, key_of(&i));
	natural_order_pack(order, &packed);
	ASSERT_OK(catalog_order_unpack(buf_bytes(&packed), COUNT, &ranks, &e));
	assert_memory_equal(ranks, came, sizeof(came));
}

static void a_key_that_comes_twice_gives_no_order(void **state)
{
	static const uint32_t keys[] = {7, 3, 7};
	OWNED(natural_order_free) struct natural_order *order = natural_order_new(COUNT_OF(keys));
	OWNED(buf_release) struct buf packed = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		natural_order_came(order, key_of(&keys[i]));
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		natural_order_sorted(order, key_of(&keys[i]));
	natural_order_pack(order, &packed);
	assert_int_equal(packed.len, 0);
}

static void documents_that_are_missing_or_others_give_no_order(void **state)
{
	static const uint32_t keys[] = {7, 3, 5};

	(void)state;
	for (size_t sorted = 0; sorted < 5; sorted++) {
		OWNED(natural_order_free) struct natural_order *order = natural_order_new(3);
		OWNED(buf_release) struct buf packed = {0};

		for (size_t i = 0; i < 3; i++)
			natural_order_came(order, key_of(&keys[i]));
		for (uint32_t i = 0; i < sorted; i++)
			natural_order_sorted(order, key_of(&i));
		natural_order_pack(order, &packed);
		assert_int_equal(packed.len, 0);
	}
}

static void a_large_collection_has_none(void **state)
{
	OWNED(natural_order_free)
	struct natural_order *order = natural_order_new(CATALOG_ORDER_DOCS_MAX);

	(void)state;
	assert_non_null(order);
	assert_null(natural_order_new(CATALOG_ORDER_DOCS_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_document_is_found_again),
		cmocka_unit_test(a_key_that_comes_twice_gives_no_order),
		cmocka_unit_test(documents_that_are_missing_or_others_give_no_order),
		cmocka_unit_test(a_large_collection_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
