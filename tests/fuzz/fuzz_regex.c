#include "tests/fuzz/fuzz.h"

#include "query/regex.h"

#define PATTERN_MAX 200

/* The first byte is the options, the rest the pattern: it compiles or is refused with a text, and then searches itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes pattern = {0};
	const char *why = NULL;
	struct bytes prefix;

	if (size == 0)
		return 0;
	pattern = bytes_of(data + 1, MIN_OF(size - 1, (size_t)PATTERN_MAX));
	OWNED(regex_free) struct regex *regex = regex_new(pattern, data[0] & 15u, &why, NULL);

	FUZZ_REQUIRE(regex != NULL || (why != NULL && *why != 0));
	if (regex_prefix(pattern, data[0] & 15u, &prefix) == 1)
		FUZZ_REQUIRE(prefix.len > 0 && prefix.at == pattern.at + 1 &&
			     prefix.len < pattern.len);
	if (regex == NULL)
		return 0;
	struct regex_span *spans =
		malloc((regex_group_count(regex) + 1) * sizeof(struct regex_span));

	if (spans != NULL && regex_find(regex, pattern, 0, spans) == 1)
		for (size_t i = 0; i <= regex_group_count(regex); i++)
			FUZZ_REQUIRE(
				spans[i].begin == REGEX_UNSET ||
				(spans[i].begin <= pattern.len && spans[i].end <= pattern.len));
	free(spans);
	return 0;
}
