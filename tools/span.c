#include "tools/span.h"

#include <ctype.h>
#include <string.h>

#define SECONDS_MAX ((uint64_t)100 * 366 * 86400)

static int refuse(const char *flag, const char *text, struct error *e)
{
	error_set(e, ERR_INVALID, "%s takes a length of time, not \"%s\"", flag, text);
	return error_hint(e, "90s, 30m, 6h, 1d12h, 2w");
}

int span_parse(const char *flag, const char *text, uint64_t *ret_seconds, struct error *e)
{
	static const char letters[] = "smhdw";
	static const uint64_t worth[] = {1, 60, 3600, 86400, 7 * 86400};
	uint64_t sum = 0;

	if (*text == '\0')
		return refuse(flag, text, e);
	for (const char *at = text; *at != '\0'; at++) {
		const char *letter;
		uint64_t number = 0;

		if (!isdigit((unsigned char)*at))
			return refuse(flag, text, e);
		for (; isdigit((unsigned char)*at); at++) {
			number = number * 10 + (uint64_t)(*at - '0');
			if (number > SECONDS_MAX)
				return refuse(flag, text, e);
		}
		letter = *at == '\0' ? NULL : strchr(letters, *at);
		if (letter == NULL)
			return refuse(flag, text, e);
		sum += number * worth[letter - letters];
		if (sum > SECONDS_MAX)
			return refuse(flag, text, e);
	}
	*ret_seconds = sum;
	return 0;
}
