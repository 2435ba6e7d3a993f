#include "tools/size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void size_text(uint64_t bytes, char ret[SIZE_TEXT_LEN])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t whole = bytes, part = 0;
	size_t unit = 0;
	unsigned digits;

	while (whole >= 1024) {
		part = whole % 1024;
		whole /= 1024;
		unit++;
	}
	/* Cut, not rounded: 1023.99 KiB must not read as 1024 KiB. */
	digits = whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
	if (unit == 0 || digits == 0)
		snprintf(ret, SIZE_TEXT_LEN, "%" PRIu64 " %s", whole, units[unit]);
	else if (digits == 1)
		snprintf(ret, SIZE_TEXT_LEN, "%" PRIu64 ".%" PRIu64 " %s", whole, part * 10 / 1024,
			 units[unit]);
	else
		snprintf(ret, SIZE_TEXT_LEN, "%" PRIu64 ".%02" PRIu64 " %s", whole,
			 part * 100 / 1024, units[unit]);
}

void size_count_text(uint64_t count, char ret[SIZE_TEXT_LEN])
{
	char digits[SIZE_TEXT_LEN];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			ret[at++] = ',';
		ret[at++] = digits[i];
	}
	ret[at] = '\0';
}

int size_parse(const char *flag, const char *text, uint64_t *ret, struct error *e)
{
	static const char *const units[4][2] = {
		{"", "B"}, {"K", "KiB"}, {"M", "MiB"}, {"G", "GiB"}};
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	for (unsigned unit = 0; text[0] >= '0' && text[0] <= '9' && unit < 4; unit++) {
		if (strcasecmp(end, units[unit][0]) != 0 && strcasecmp(end, units[unit][1]) != 0)
			continue;
		if (errno != 0 || value > UINT64_MAX >> (10 * unit))
			return error_set(e, ERR_INVALID, "--%s %s is too large", flag, text);
		*ret = (uint64_t)value << (10 * unit);
		return 0;
	}
	error_set(e, ERR_INVALID, "--%s needs a size, not \"%s\"", flag, text);
	return error_hint(e, "bytes, or a number with K, M or G: --%s 32K", flag);
}
