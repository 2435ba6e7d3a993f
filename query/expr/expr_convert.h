/*
 * expr_convert.h - one value made another type, as $convert does it.
 *
 * Threads: pure.
 */
#ifndef QUERY_EXPR_EXPR_CONVERT_H
#define QUERY_EXPR_EXPR_CONVERT_H

#include "query/expr/expr_op.h"

/* `from` (not nullish) as a value of BSON type `to`, in the arena. 241 ConversionFailure, 18537. */
MUST_CHECK int expr_convert_value(const struct value *from, uint8_t to, struct arena *arena,
				  struct value *ret, struct error *e);

#endif
