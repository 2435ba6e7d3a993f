/*
 * ejson_shortest.h - the shortest decimal that reads back as the same double.
 *
 * Threads: pure.
 */
#ifndef BASE_EJSON_SHORTEST_H
#define BASE_EJSON_SHORTEST_H

#include <stdint.h>

/*
 * For a `value` that is finite and above 0: of the decimals with the fewest digits that round
 * (to nearest, ties to even) to `value`, the one nearest to it is
 * *ret_digits * 10^*ret_exponent. 1 to 17 digits, the last is not 0.
 */
void ejson_shortest(double value, uint64_t *ret_digits, int *ret_exponent);

#endif
