#include "tests/fuzz/fuzz.h"

#include "query/expr/expr_date_inside.h"
#include "query/query_error.h"

#define INPUT_MAX 300 /* bytes: a longer text is only slower */

static void try_one(struct bytes text, struct bytes format, const struct zone *zone)
{
	OWNED(buf_release) struct buf back = {0};
	struct error e = {0};
	int64_t ms = 0;
	int result = expr_date_of_text(text, format, zone, &ms, &e);

	FUZZ_REQUIRE(result == 0 || (result == ERR_INVALID && e.server != 0));
	/* What was read can be written, or is out of the years that can. */
	if (result == 0 && expr_date_format(bytes_str("%Y-%m-%dT%H:%M:%S.%LZ%z%j%U%V%G%u%w%Z"), ms,
					    zone_utc(), &back, &e) < 0)
		FUZZ_REQUIRE(e.server == 18537);
}

/* A text of any form; and, after the first line feed, a text for the format that stands before it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, MIN_OF(size, (size_t)INPUT_MAX)), format, text;
	const uint8_t *line = all.len == 0 ? NULL : memchr(all.at, '\n', all.len);
	struct zone zone = {0};
	struct error e = {0};

	zone_lookup(bytes_str("America/New_York"), true, &zone);
	if (all.len > 0)
		try_one(all, bytes_of(NULL, 0), NULL);
	if (line == NULL)
		return 0;
	format = bytes_of(all.at, (size_t)(line - all.at));
	text = bytes_of(line + 1, all.len - format.len - 1);
	if (expr_date_check_format(format, "%dGHLmMSuVYzZ", &e) == 0) {
		try_one(text, format, NULL);
		try_one(text, format, &zone);
	}
	return 0;
}
