/*
 * fuzz.h - what a fuzz target is: one function, for libFuzzer or for driver.c here.
 *
 * A target feeds the input to one parser and checks its properties; it aborts when one does
 * not hold. It keeps no state from one input to the next. One thread.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Try one input. Always returns 0; a failure aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A target may have its own changes, where those of single bytes get nowhere: change `data`, which has room for `max_size` bytes; returns
 * its new size. The same seed makes the same change.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define FUZZ_REQUIRE(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,           \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
