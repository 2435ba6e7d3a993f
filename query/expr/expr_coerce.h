/*
 * expr_coerce.h - values that are taken for another type without being asked: Value::coerceTo...() of mongod.
 *
 * Not the conversions of $convert, which are stricter and know onError: expr_convert.c.
 *
 * Prefix: expr_
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_COERCE_H
#define QUERY_EXPR_EXPR_COERCE_H

#include "query/expr/expr_op.h"

/* A text: of strings, symbols and code their own, of numbers, dates and timestamps their digits, "" of nullish ones. In the arena or
 * borrowed. Error 16007. */
MUST_CHECK int expr_coerce_text(const struct value *v, struct arena *arena, struct bytes *ret,
				struct error *e);
/* What the hardware's conversion makes of a number: truncated; INT64_MIN for NaN and doubles out of range. */
int64_t expr_coerce_int64(const struct value *v);
/* A number as a whole one: doubles are truncated, decimals rounded to even (INT64_MIN when it does not fit). 31109 of a double out of range. */
MUST_CHECK int expr_coerce_long(const struct value *v, int64_t *ret, struct error *e);

/* "2020-01-02T03:04:05.006Z" of milliseconds since 1970. Error 18537 when the year is not 0..9999. */
MUST_CHECK int expr_date_text(int64_t ms, struct arena *arena, struct bytes *ret, struct error *e);

/* A string of what is in `b`, copied to the arena. */
struct value expr_string_of(struct arena *arena, const struct buf *b);

/* Is it the second, third or fourth byte of a character of UTF-8? */
static inline bool expr_is_continuation(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}
/* The length of a character by its first byte: 1..4, or more of what is none. str::getCodePointLength(). */
size_t expr_character_len(uint8_t first);

#endif
