/*
 * ejson_number.h - numbers and dates as text, as the Go driver writes them, for ejson.h.
 *
 * All functions write to `at`, which has room for EJSON_NUMBER_MAX bytes, and return the
 * length; no NUL. None depends on the locale.
 *
 * Threads: pure.
 */
#ifndef BASE_EJSON_NUMBER_H
#define BASE_EJSON_NUMBER_H

#include "base/bytes.h"

#define EJSON_NUMBER_MAX 48

/* An integer in decimal, and the length alone. */
size_t ejson_number_int(uint8_t *at, int64_t value);
size_t ejson_number_int_len(int64_t value);

/*
 * The fewest digits that read back as `value`: plain from 1E-04 to below 1E+06, else with an
 * exponent of two or three digits; ".0" is added to a plain integer. Infinity, -Infinity and
 * NaN by these names. Rule: formatDouble of mongo-go-driver 1.16, which is FormatFloat 'G' -1.
 */
size_t ejson_number_double(uint8_t *at, double value);

/*
 * A Decimal128 (its 16 bytes of BSON) by the rule of the BSON specification ("to string
 * representation"), with Go's treatment of what is not canonical: a coefficient above
 * 10^34 - 1 is written as it is below 2^113, and 0 from there on.
 */
size_t ejson_number_decimal(uint8_t *at, const uint8_t *decimal);

/*
 * 1970-01-01T00:00:00.001Z for milliseconds since then, trailing zeros of the fraction left
 * out. `ms` is from 0 to EJSON_NUMBER_DATE_MAX, the last millisecond of 9999.
 */
#define EJSON_NUMBER_DATE_MAX INT64_C(253402300799999)
size_t ejson_number_date(uint8_t *at, int64_t ms);

#endif
