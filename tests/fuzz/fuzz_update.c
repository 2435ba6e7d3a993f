#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "oplog/update.h"

static void try_update(struct bytes doc, struct bytes o, int major, bool upsert)
{
	struct update_rules rules = {.major = major, .upsert = upsert};
	OWNED(buf_release) struct buf once = {0};
	OWNED(buf_release) struct buf twice = {0};
	struct error e = {0};
	int good = (doc.len == 0 || bson_check(doc, BSON_CHECK_STRUCTURE, &e) == 0) &&
		   bson_check(o, BSON_CHECK_STRUCTURE, &e) == 0;
	int got;

	buf_add_str(&once, "x");
	got = update_apply(doc, o, &rules, &once, &e);
	FUZZ_REQUIRE(got > 0 || once.len == 1);
	FUZZ_REQUIRE(once.at[0] == 'x');
	if (got <= 0)
		return;
	doc = bytes_of(once.at + 1, once.len - 1);
	FUZZ_REQUIRE(bson_frame(doc, &e) == 0);
	/* Sound in, sound out; but what nests deep may nest deeper. */
	if (!good || bson_check(doc, BSON_CHECK_STRUCTURE, &e) == ERR_LIMIT)
		return;
	FUZZ_REQUIRE(bson_check(doc, BSON_CHECK_STRUCTURE, &e) == 0);
	/* What could be applied can be applied again. */
	FUZZ_REQUIRE(update_apply(doc, o, &rules, &twice, &e) >= 0);
}

/* A byte that chooses, then document and o, one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest, doc;
	struct error e = {0};
	int64_t len;

	if (size < 1 + BSON_MIN_LEN)
		return 0;
	rest = bytes_of(data + 1, size - 1);
	len = bson_next(rest, MIB, &e);
	if (len < 0)
		return 0;
	doc = bytes_of(rest.at, (size_t)len);
	rest = bytes_of(rest.at + len, rest.len - (size_t)len);
	try_update(doc, rest, 4 + (data[0] & 3), false);
	try_update(doc, rest, 8, true);
	try_update(bytes_of(NULL, 0), rest, 4 + (data[0] & 3), true);
	return 0;
}
