#include "base/time_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* False, and "@seconds", for a year of five digits. */
static bool utc_clock(uint64_t seconds, struct tm *utc, char *ret, size_t size)
{
	time_t when = (time_t)seconds;

	if (seconds <= INT64_MAX && gmtime_r(&when, utc) != NULL && utc->tm_year <= 9999 - 1900)
		return true;
	snprintf(ret, size, "@%" PRIu64, seconds);
	return false;
}

void time_text_rfc3339(uint64_t seconds, char ret[TIME_TEXT_RFC3339_LEN])
{
	struct tm utc;

	if (utc_clock(seconds, &utc, ret, TIME_TEXT_RFC3339_LEN))
		strftime(ret, TIME_TEXT_RFC3339_LEN, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void time_text_utc(uint64_t seconds, char ret[TIME_TEXT_UTC_LEN])
{
	struct tm utc;

	if (utc_clock(seconds, &utc, ret, TIME_TEXT_UTC_LEN))
		strftime(ret, TIME_TEXT_UTC_LEN, "%Y-%m-%d %H:%M:%S UTC", &utc);
}

void time_text_duration(uint64_t milliseconds, char ret[TIME_TEXT_DURATION_LEN])
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} parts[] = {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}};
	uint64_t seconds = milliseconds / 1000;

	if (seconds < 10) {
		snprintf(ret, TIME_TEXT_DURATION_LEN, "%" PRIu64 ".%03" PRIu64 " s", seconds,
			 milliseconds % 1000);
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		uint64_t count = seconds / parts[i].seconds;
		uint64_t next;

		if (count == 0)
			continue;
		next = i == 3 ? 0 : seconds % parts[i].seconds / parts[i + 1].seconds;
		if (next == 0)
			snprintf(ret, TIME_TEXT_DURATION_LEN, "%" PRIu64 " %s", count,
				 parts[i].name);
		else
			snprintf(ret, TIME_TEXT_DURATION_LEN, "%" PRIu64 " %s %u %s", count,
				 parts[i].name, (unsigned)next, parts[i + 1].name);
		return;
	}
}
