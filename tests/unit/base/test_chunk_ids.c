#include "base/chunk_ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT_MAX 9
#define TEXT_MAX 3000
#define ROUNDS 2000

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 32) * limit >> 32);
}

/* Texts in memory of their own each: what reads behind one is seen by the sanitizer. */
static void check(const uint32_t *len, size_t count)
{
	struct bytes from[COUNT_MAX] = {{0}};
	struct chunk_id got[COUNT_MAX];
	uint8_t *texts[COUNT_MAX];

	for (size_t i = 0; i < count; i++) {
		texts[i] = xmalloc(len[i]);
		for (size_t k = 0; k < len[i]; k++)
			texts[i][k] = (uint8_t)below(256);
		from[i] = bytes_of(texts[i], len[i]);
	}
	chunk_ids_of(from, count, got);
	for (size_t i = 0; i < count; i++) {
		struct chunk_id want = chunk_id_of(from[i]);

		assert_memory_equal(got[i].at, want.at, CHUNK_ID_LEN);
		free(texts[i]);
	}
}

static void two_of_every_length_around_a_block_have_the_ids_that_each_alone_has(void **state)
{
	(void)state;
	for (uint32_t a = 0; a < 200; a++)
		for (uint32_t b = a; b < 200; b += 7)
			check((const uint32_t[]){a, b}, 2);
}

static void any_number_of_any_length_have_the_ids_that_each_alone_has(void **state)
{
	(void)state;
	random_state = (uint64_t)(uintptr_t)&random_state ^ 20261121;
	print_message("seed %llu\n", (unsigned long long)random_state);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t len[COUNT_MAX];
		size_t count = below(COUNT_MAX + 1);

		for (size_t i = 0; i < count; i++)
			len[i] = below(below(4) == 0 ? 130 : TEXT_MAX);
		check(len, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			two_of_every_length_around_a_block_have_the_ids_that_each_alone_has),
		cmocka_unit_test(any_number_of_any_length_have_the_ids_that_each_alone_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
