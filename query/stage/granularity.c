#include "query/stage/granularity.h"

#include <math.h>
#include <stddef.h>

#include "query/decimal_math.h"

struct granularity {
	const char *name;
	const double *series; /* NULL: powers of two */
	size_t count;
};

#define SERIES(...)                                                                                \
	((const double[]){__VA_ARGS__}), sizeof((const double[]){__VA_ARGS__}) / sizeof(double)

static const struct granularity all[] = {
	{"R5", SERIES(10, 16, 25, 40, 63)},
	{"R10", SERIES(100, 125, 160, 200, 250, 315, 400, 500, 630, 800)},
	{"R20", SERIES(100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500,
		       560, 630, 710, 800, 900)},
	/* mongod's series has no 335. */
	{"R40", SERIES(100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224,
		       236, 250, 265, 280, 300, 315, 355, 375, 400, 425, 450, 475, 500, 530, 560,
		       600, 630, 670, 710, 750, 800, 850, 900, 950)},
	{"R80", SERIES(103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230,
		       243, 258, 272, 290, 307, 325, 345, 365, 387, 412, 437, 462, 487, 515, 545,
		       575, 615, 650, 690, 730, 775, 825, 875, 925, 975)},
	{"1-2-5", SERIES(10, 20, 50)},
	{"E6", SERIES(10, 15, 22, 33, 47, 68)},
	{"E12", SERIES(10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82)},
	{"E24", SERIES(10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56,
		       62, 68, 75, 82, 91)},
	{"E48",
	 SERIES(100, 105, 110, 115, 121, 127, 133, 140, 147, 154, 162, 169, 178, 187, 196, 205, 215,
		226, 237, 249, 261, 274, 287, 301, 316, 332, 348, 365, 383, 402, 422, 442, 464, 487,
		511, 536, 562, 590, 619, 649, 681, 715, 750, 787, 825, 866, 909, 953)},
	{"E96",
	 SERIES(100, 102, 105, 107, 110, 113, 115, 118, 121, 124, 127, 130, 133, 137, 140, 143, 147,
		150, 154, 158, 162, 165, 169, 174, 178, 182, 187, 191, 196, 200, 205, 210, 215, 221,
		226, 232, 237, 243, 249, 255, 261, 267, 274, 280, 287, 294, 301, 309, 316, 324, 332,
		340, 348, 357, 365, 374, 383, 392, 402, 412, 422, 432, 442, 453, 464, 475, 487, 499,
		511, 523, 536, 549, 562, 576, 590, 604, 619, 634, 649, 665, 681, 698, 715, 732, 750,
		768, 787, 806, 825, 845, 866, 887, 909, 931, 953, 976)},
	{"E192",
	 SERIES(100, 101, 102, 104, 105, 106, 107, 109, 110, 111, 113, 114, 115, 117, 118, 120, 121,
		123, 124, 126, 127, 129, 130, 132, 133, 135, 137, 138, 140, 142, 143, 145, 147, 149,
		150, 152, 154, 156, 158, 160, 162, 164, 165, 167, 169, 172, 174, 176, 178, 180, 182,
		184, 187, 189, 191, 193, 196, 198, 200, 203, 205, 208, 210, 213, 215, 218, 221, 223,
		226, 229, 232, 234, 237, 240, 243, 246, 249, 252, 255, 258, 261, 264, 267, 271, 274,
		277, 280, 284, 287, 291, 294, 298, 301, 305, 309, 312, 316, 320, 324, 328, 332, 336,
		340, 344, 348, 352, 357, 361, 365, 370, 374, 379, 383, 388, 392, 397, 402, 407, 412,
		417, 422, 427, 432, 437, 442, 448, 453, 459, 464, 470, 475, 481, 487, 493, 499, 505,
		511, 517, 523, 530, 536, 542, 549, 556, 562, 569, 576, 583, 590, 597, 604, 612, 619,
		626, 634, 642, 649, 657, 665, 673, 681, 690, 698, 706, 715, 723, 732, 741, 750, 759,
		768, 777, 787, 796, 806, 816, 825, 835, 845, 856, 866, 876, 887, 898, 909, 920, 931,
		942, 953, 965, 976, 988)},
	{"POWERSOF2", NULL, 0},
};

const struct granularity *granularity_find(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (bytes_equal(name, bytes_str(all[i].name)))
			return &all[i];
	return NULL;
}

/* Whole numbers: what comes of multiplying them by 0.1 or 0.01 is mongod's, to the last bit. */
static double at(const struct granularity *g, size_t i)
{
	return g->series[i];
}

static double double_up(const struct granularity *g, double number)
{
	double multiplier = 1, before;

	while (number >= at(g, g->count - 1) * multiplier)
		multiplier *= 10;
	while (number < at(g, 0) * multiplier) {
		before = at(g, 0) * multiplier;
		multiplier /= 10;
		if (number >= at(g, g->count - 1) * multiplier)
			return before;
	}
	for (size_t i = 0; i < g->count; i++)
		if (at(g, i) * multiplier > number)
			return at(g, i) * multiplier;
	return number;
}

static double double_down(const struct granularity *g, double number)
{
	double multiplier = 1, before;

	while (number <= at(g, 0) * multiplier)
		multiplier /= 10;
	if (multiplier == 0) /* of the least numbers that there are */
		return 0;
	while (number > at(g, g->count - 1) * multiplier) {
		before = at(g, g->count - 1) * multiplier;
		multiplier *= 10;
		if (number <= at(g, 0) * multiplier)
			return before;
	}
	for (size_t i = g->count; i-- > 0;)
		if (at(g, i) * multiplier < number)
			return at(g, i) * multiplier;
	return number;
}

static _Decimal128 decimal_at(const struct granularity *g, size_t i)
{
	struct value v = value_double(g->series[i]);

	return value_to_decimal(&v); /* with 15 digits, which the result shows */
}

static _Decimal128 decimal_up(const struct granularity *g, _Decimal128 number)
{
	_Decimal128 multiplier = 1.DL, before;

	while (number >= decimal_at(g, g->count - 1) * multiplier)
		multiplier *= 10.DL;
	while (number < decimal_at(g, 0) * multiplier) {
		before = decimal_at(g, 0) * multiplier;
		multiplier /= 10.DL;
		if (number >= decimal_at(g, g->count - 1) * multiplier)
			return before;
	}
	for (size_t i = 0; i < g->count; i++)
		if (decimal_at(g, i) * multiplier > number)
			return decimal_at(g, i) * multiplier;
	return number;
}

static _Decimal128 decimal_down(const struct granularity *g, _Decimal128 number)
{
	_Decimal128 multiplier = 1.DL, before;

	while (number <= decimal_at(g, 0) * multiplier)
		multiplier /= 10.DL;
	while (number > decimal_at(g, g->count - 1) * multiplier) {
		before = decimal_at(g, g->count - 1) * multiplier;
		multiplier *= 10.DL;
		if (number <= decimal_at(g, 0) * multiplier)
			return before;
	}
	for (size_t i = g->count; i-- > 0;)
		if (decimal_at(g, i) * multiplier < number)
			return decimal_at(g, i) * multiplier;
	return number;
}

/* As mongod's int holds it: an infinite one is the least int, whose power is 0. */
static double int_of(double exponent)
{
	return isinf(exponent) ? INT32_MIN : exponent;
}

/* 2 to the power of `exponent`, in the narrowest type that holds it. */
static struct value power_of_two(double exponent)
{
	if (exponent < 0 || exponent > 62)
		return value_double(exp2(exponent));
	if (exponent < 31)
		return value_int32((int32_t)1 << (int)exponent);
	return value_int64((int64_t)1 << (int)exponent);
}

/* As mongod takes it: by a logarithm of decimals, beyond all doubles too, which then is a double. */
static double decimal_exponent(const struct value *v)
{
	return decimal_to_double(decimal_math_log(v->decimal, 2.DL), &(unsigned){0});
}

static struct value decimal_power(double exponent)
{
	return value_decimal(decimal_math_pow(2.DL, (_Decimal128)exponent));
}

/* Whole numbers are not rounded to doubles first: 2^62 - 1 lies below 2^62. */
static bool is_whole(const struct value *v)
{
	return (v->type == BSON_KIND_INT32 || v->type == BSON_KIND_INT64) && value_to_int64(v) > 0;
}

static int bit_length(int64_t n)
{
	return n == 0 ? 0 : 64 - __builtin_clzll((unsigned long long)n);
}

/* That neither has a place in a series: nothing, or (as a double) without end. */
static bool stays(const struct granularity *g, double number)
{
	return number == 0 || (g->series != NULL && isinf(number));
}

struct value granularity_up(const struct granularity *g, const struct value *v)
{
	double number = value_to_double(v);

	if (stays(g, number))
		return *v;
	if (g->series == NULL && v->type == BSON_KIND_DECIMAL)
		return decimal_power(int_of(floor(decimal_exponent(v))) + 1);
	if (g->series == NULL && is_whole(v))
		return power_of_two(bit_length(value_to_int64(v)));
	if (g->series == NULL)
		return power_of_two(int_of(floor(log2(number))) + 1);
	if (v->type == BSON_KIND_DECIMAL)
		return value_decimal(decimal_up(g, v->decimal));
	return value_double(double_up(g, number));
}

struct value granularity_down(const struct granularity *g, const struct value *v)
{
	double number = value_to_double(v);

	if (stays(g, number))
		return *v;
	if (g->series == NULL && v->type == BSON_KIND_DECIMAL)
		return decimal_power(int_of(ceil(decimal_exponent(v))) - 1);
	if (g->series == NULL && is_whole(v))
		return power_of_two(bit_length(value_to_int64(v) - 1) - 1);
	if (g->series == NULL)
		return power_of_two(int_of(ceil(log2(number))) - 1);
	if (v->type == BSON_KIND_DECIMAL)
		return value_decimal(decimal_down(g, v->decimal));
	return value_double(double_down(g, number));
}
