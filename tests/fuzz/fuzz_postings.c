/* A document of postings: read whole, and for a hash, which is never more. */
#include <string.h>

#include "base/bson_check.h"
#include "oplog/postings.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf all = {0};
	OWNED(buf_release) struct buf some = {0};
	struct bytes doc = bytes_of(data, size);
	uint32_t hash = size > 8 ? get_le32(data + size - 6) : 0;
	struct error e = {0};
	unsigned bits, again;

	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0)
		return 0;
	if (postings_read(doc, NULL, &bits, &all, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT && e.text[0] != '\0');
		return 0;
	}
	FUZZ_REQUIRE(bits <= 20 && (bits == 0 || all.len == 0));
	FUZZ_REQUIRE(postings_read(doc, &hash, &again, &some, &e) == 0);
	FUZZ_REQUIRE(bits == again && some.len <= all.len && all.len % sizeof(uint32_t) == 0);
	return 0;
}
