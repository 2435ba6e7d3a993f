#include "query/accumulator_sum.h"

static uint8_t rank(uint8_t type)
{
	return type == BSON_KIND_INT32	  ? 1
	       : type == BSON_KIND_INT64  ? 2
	       : type == BSON_KIND_DOUBLE ? 3
	       : type != 0		  ? 4
					  : 0;
}

void accumulator_sum_add(struct accumulator_sum *s, const struct value *v)
{
	switch (v->type) {
	case BSON_KIND_INT32:
		summation_add_double(&s->whole, v->int32);
		break;
	case BSON_KIND_INT64:
		summation_add_int64(&s->whole, v->int64);
		break;
	case BSON_KIND_DOUBLE:
		summation_add_double(&s->whole, v->number);
		break;
	case BSON_KIND_DECIMAL:
		/* mongod's total begins as Decimal 0: 0 + 1E+3 is 1000, and bytes of 0 are another zero (0E-6176). */
		s->decimal =
			(s->type == BSON_KIND_DECIMAL ? s->decimal : (_Decimal128)0) + v->decimal;
		break;
	default:
		return;
	}
	s->count++;
	if (rank(v->type) > rank(s->type))
		s->type = v->type;
}

void accumulator_sum_merge(struct accumulator_sum *s, const struct accumulator_sum *other)
{
	summation_add(&s->whole, &other->whole);
	if (other->type == BSON_KIND_DECIMAL)
		s->decimal =
			s->type == BSON_KIND_DECIMAL ? s->decimal + other->decimal : other->decimal;
	s->count += other->count;
	if (rank(other->type) > rank(s->type))
		s->type = other->type;
}

static _Decimal128 as_decimal(const struct accumulator_sum *s)
{
	/* A zero as well: 0E+6111 + 0 is 0. */
	return s->decimal + (s->whole.has_any ? summation_decimal(&s->whole) : (_Decimal128)0);
}

struct value accumulator_sum_value(const struct accumulator_sum *s)
{
	int64_t n;

	if (s->type == 0)
		return value_int32(0);
	if (s->type == BSON_KIND_DECIMAL)
		return value_decimal(as_decimal(s));
	if (s->type == BSON_KIND_DOUBLE || !summation_fits_int64(&s->whole))
		return value_double(summation_double(&s->whole));
	n = summation_int64(&s->whole);
	if (s->type == BSON_KIND_INT32 && n >= INT32_MIN && n <= INT32_MAX)
		return value_int32((int32_t)n);
	return value_int64(n);
}

struct value accumulator_sum_mean(const struct accumulator_sum *s)
{
	if (s->count == 0)
		return value_null();
	if (s->type == BSON_KIND_DECIMAL)
		return value_decimal(as_decimal(s) / (_Decimal128)s->count);
	return value_double(summation_double(&s->whole) / (double)s->count);
}
