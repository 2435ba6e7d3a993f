/*
 * key_number.h - the key of a number, for key.h alone; the byte layout is there.
 *
 * Threads: pure.
 */
#ifndef BASE_KEY_NUMBER_H
#define BASE_KEY_NUMBER_H

#include "base/bytes.h"

/* Bytes of the longest key: class, exponent, the 767 digits of a double in pairs, end. */
#define KEY_NUMBER_MAX (1 + 2 + 384 + 1)

/* Write the key of a number to `at`, which has room for KEY_NUMBER_MAX; returns its length. */
size_t key_number_int(uint8_t *at, int64_t value);
size_t key_number_double(uint8_t *at, double value);

/* Of a Decimal128: the 16 bytes of BSON. */
size_t key_number_decimal(uint8_t *at, const uint8_t *decimal);

#endif
