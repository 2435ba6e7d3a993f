/*
 * guide.c - tells libFuzzer what an input reaches, for programs that gcc built (clang has no decimal floating point).
 *
 * gcc's -fsanitize-coverage=trace-pc calls __sanitizer_cov_trace_pc() in each block of code; libFuzzer no longer listens to that,
 * but to counters. A block counts in the one that its address leads to. Comparisons reach libFuzzer as they are, but for floats.
 */
#include <stdint.h>

#define COUNTERS 65536

void __sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end);
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_cmpf(float a, float b);
void __sanitizer_cov_trace_cmpd(double a, double b);

extern const char __executable_start[];

static uint8_t counters[COUNTERS];

/* The same block has the same counter in each run, wherever the program lies. */
__attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"))) void
__sanitizer_cov_trace_pc(void)
{
	uintptr_t at = (uintptr_t)__builtin_return_address(0) - (uintptr_t)__executable_start;
	uint8_t *counter = &counters[at * 0x9e3779b97f4a7c15U >> 48];

	*counter = (uint8_t)(*counter + 1);
}

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_cmpf(float a, float b)
{
	(void)a;
	(void)b;
}

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_cmpd(double a, double b)
{
	(void)a;
	(void)b;
}

__attribute__((constructor, no_sanitize_coverage)) static void begin(void)
{
	__sanitizer_cov_8bit_counters_init(counters, counters + COUNTERS);
}
