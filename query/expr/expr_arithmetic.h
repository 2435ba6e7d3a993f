/*
 * expr_arithmetic.h - what the tables of arithmetic share: checks of arguments, and functions of one number.
 *
 * Prefix: expr_
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_ARITHMETIC_H
#define QUERY_EXPR_EXPR_ARITHMETIC_H

#include "query/expr/expr_op.h"

/* An int32 where it fits, else an int64: Value::createIntOrLong. */
static inline struct value expr_int_or_long(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX ? value_int32((int32_t)v) : value_int64(v);
}

/* The argument of an operator that takes one number: 1 and *ret, 0 it is nullish. 28765. */
MUST_CHECK int expr_number_arg(const struct expr *self, struct expr_frame *frame, struct value *ret,
			       struct error *e);

/* A double as mongod puts it into messages: six digits. */
#define EXPR_DOUBLE_TEXT 32
const char *expr_double_text(double v, char ret[EXPR_DOUBLE_TEXT]);

/* The widest of the two types' numbers: 0 when one is none. Value::getWidestNumeric. */
uint8_t expr_widest(uint8_t a, uint8_t b);

#endif
