#include "query/summation.h"

#include <math.h>

#include "query/decimal_math.h"

#define INT64_LIMIT 0x1p63

void summation_add_double(struct summation *s, double v)
{
	double sum, z;

	s->has_any = true;
	/* Of two NaNs the newest stays, with its sign, whichever way round the processor adds them. */
	s->special = isnan(v) ? v : s->special + v;
	/* What is left of the addend after it was added to the new number, ... */
	sum = v + s->addend;
	s->addend -= sum - v;
	v = sum;
	/* ... and what is left when this is added to the sum. */
	sum = s->sum + v;
	z = sum - s->sum;
	s->addend += (s->sum - (sum - z)) + (v - z);
	s->sum = sum;
}

void summation_add_int64(struct summation *s, int64_t v)
{
	/* In two halves, each of which a double holds exactly. */
	int64_t high = v / ((int64_t)1 << 32) * ((int64_t)1 << 32);

	summation_add_double(s, (double)(v - high));
	summation_add_double(s, (double)high);
}

void summation_add(struct summation *s, const struct summation *other)
{
	if (!other->has_any)
		return;
	if (isnan(other->sum)) {
		summation_add_double(s, other->special);
		return;
	}
	summation_add_double(s, other->sum);
	summation_add_double(s, other->addend);
}

double summation_double(const struct summation *s)
{
	return isnan(s->sum) ? s->special : s->sum;
}

_Decimal128 summation_decimal(const struct summation *s)
{
	if (isnan(s->sum + s->addend))
		return decimal_math_of_double(s->special);
	return decimal_math_of_double(s->sum) + decimal_math_of_double(s->addend);
}

bool summation_is_finite(const struct summation *s)
{
	return isfinite(summation_double(s));
}

bool summation_fits_int64(const struct summation *s)
{
	if (s->sum > -INT64_LIMIT && s->sum < INT64_LIMIT)
		return true;
	if (s->sum == INT64_LIMIT)
		return s->addend < -0.5;
	return s->sum == -INT64_LIMIT && s->addend >= -0.5;
}

int64_t summation_int64(const struct summation *s)
{
	int64_t sum;

	if (s->sum == INT64_LIMIT)
		return (int64_t)((uint64_t)llround(s->addend) + (uint64_t)INT64_MAX + 1);
	sum = llround(s->sum);
	return sum + llround((s->sum - (double)sum) + s->addend);
}
