/* A catalog entry; what is decoded is encoded and decoded to the same. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "base/bson_check.h"
#include "store/snapshot/catalog.h"
#include "store/snapshot/catalog_order.h"

static void try_entry(struct bytes doc)
{
	OWNED(catalog_entry_release) struct catalog_entry first = {0}, second = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct error e = {0};

	if (catalog_entry_decode(doc, &first, &e) < 0) {
		FUZZ_REQUIRE(e.code < 0 && e.text[0] != '\0');
		return;
	}
	FUZZ_REQUIRE(first.db_len > 0 && first.db_len + 1 < first.ns_len);
	FUZZ_REQUIRE(first.ns[first.db_len] == '.' && first.ns[first.ns_len] == '\0');
	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0)
		return;
	FUZZ_REQUIRE(catalog_entry_encode(&first, &bytes, &e) == 0);
	FUZZ_REQUIRE(catalog_entry_decode(buf_bytes(&bytes), &second, &e) == 0);
	FUZZ_REQUIRE(first.ns_len == second.ns_len &&
		     memcmp(first.ns, second.ns, first.ns_len) == 0);
	FUZZ_REQUIRE(first.type == second.type && first.has_uuid == second.has_uuid);
	FUZZ_REQUIRE(tree_root_equal(&first.root, &second.root));
	FUZZ_REQUIRE(bytes_equal(catalog_entry_order(&first), catalog_entry_order(&second)));
	FUZZ_REQUIRE(bytes_equal(buf_bytes(&first.building), buf_bytes(&second.building)));
}

/* An order names each document once. */
static void try_order(struct bytes packed, uint64_t count)
{
	OWNED(free) uint32_t *ranks = NULL;
	OWNED(free) uint8_t *seen = NULL;
	struct error e = {0};

	if (catalog_order_unpack(packed, count, &ranks, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT && e.text[0] != '\0');
		return;
	}
	seen = xcalloc(count, 1);
	for (uint64_t i = 0; i < count; i++)
		FUZZ_REQUIRE(ranks[i] < count && seen[ranks[i]]++ == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf doc = {0};

	try_entry(bytes_of(data, size));
	if (size > 2)
		try_order(bytes_of(data + 2, size - 2), get_le16(data));
	if (size < BSON_MIN_LEN)
		return 0;
	/* With a length that fits. */
	buf_add(&doc, data, size);
	put_le32(doc.at, (uint32_t)size);
	doc.at[size - 1] = 0;
	try_entry(buf_bytes(&doc));
	return 0;
}
