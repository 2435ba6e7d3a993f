#include "tools/duration.h"

#include <stdio.h>

static const struct unit {
	char letter;
	uint32_t seconds;
} units[] = {{'y', 365 * 86400}, {'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define SECONDS_MAX ((uint64_t)1000 * 365 * 86400)

static int refuse(const char *flag, const char *text, struct error *e)
{
	error_set(e, ERR_INVALID, "--%s: \"%s\" is not a length of time", flag, text);
	return error_hint(e, "numbers with s, m, h, d, w or y: 90s, 15m, 6h, 7d, 1d12h");
}

static uint32_t seconds_of(char letter)
{
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (units[i].letter == letter)
			return units[i].seconds;
	return 0;
}

int duration_parse(const char *flag, const char *text, bool may_be_zero, uint64_t *ret,
		   struct error *e)
{
	const char *at = text;
	uint64_t sum = 0;

	/* Nothing is nothing, in any unit. */
	if (may_be_zero && at[0] == '0' && at[1] == '\0')
		at++;
	else if (*at == '\0')
		return refuse(flag, text, e);
	while (*at != '\0') {
		uint64_t number = 0;
		const char *digits = at;
		uint32_t unit;

		for (; *at >= '0' && *at <= '9' && number <= SECONDS_MAX; at++)
			number = number * 10 + (uint64_t)(*at - '0');
		unit = seconds_of(*at);
		if (at == digits || unit == 0)
			return refuse(flag, text, e);
		at++;
		if (number > SECONDS_MAX / unit || (sum += number * unit) > SECONDS_MAX)
			return error_set(e, ERR_INVALID, "--%s: \"%s\" is over a thousand years",
					 flag, text);
	}
	if (sum == 0 && !may_be_zero)
		return error_set(e, ERR_INVALID, "--%s: it has to be more than nothing", flag);
	*ret = sum;
	return 0;
}

void duration_text(uint64_t seconds, char ret[DURATION_TEXT_LEN])
{
	size_t len = 0;
	int shown = 0;

	snprintf(ret, DURATION_TEXT_LEN, "0s");
	for (size_t i = 0; i < COUNT_OF(units) && shown < 2; i++) {
		uint64_t number = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (number == 0 && shown == 0)
			continue;
		shown++;
		if (number == 0)
			continue;
		len += (size_t)snprintf(ret + len, DURATION_TEXT_LEN - len, "%llu%c",
					(unsigned long long)number, units[i].letter);
	}
}
