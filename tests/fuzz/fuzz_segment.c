/* The bytes of a segment under the name that fits them; what is decoded is encoded and decoded again. */
#include <string.h>

#include "oplog/segment.h"
#include "store/crypt/store_keys.h"
#include "tests/fuzz/fuzz.h"

static int same_link(const struct segment_link *a, const struct segment_link *b)
{
	return a->known == b->known && a->at.ts == b->at.ts && a->at.term == b->at.term &&
	       chunk_id_equal(&a->hash, &b->hash);
}

/* With a store's key nothing is taken that was not sealed with it. */
static void try_sealed(const struct chunk_id *id, struct bytes data)
{
	static const uint8_t master[STORE_MASTER_LEN] = {7};
	static struct store_keys *keys;
	struct segment ret;
	struct error e = {0};

	if (keys == NULL)
		keys = store_keys_new(master);
	FUZZ_REQUIRE(segment_decode(id, data, keys, &ret, &e) < 0 && e.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf bytes = {0};
	struct chunk_id id = chunk_id_of(bytes_of(data, size));
	struct segment first, second;
	struct error e = {0};

	try_sealed(&id, bytes_of(data, size));
	if (segment_decode(&id, bytes_of(data, size), NULL, &first, &e) < 0) {
		FUZZ_REQUIRE(e.code < 0 && e.text[0] != '\0');
		return 0;
	}
	FUZZ_REQUIRE(first.entries > 0 ? first.first.ts <= first.last.ts
				       : first.prev.known && first.next.known);
	FUZZ_REQUIRE(first.entries == first.root.count);
	FUZZ_REQUIRE(segment_encode(&first, NULL, &bytes, &e) == 0);
	FUZZ_REQUIRE(segment_decode(&first.id, buf_bytes(&bytes), NULL, &second, &e) == 0);
	FUZZ_REQUIRE(same_link(&first.prev, &second.prev) && same_link(&first.next, &second.next));
	FUZZ_REQUIRE(first.first.ts == second.first.ts && first.last.ts == second.last.ts);
	FUZZ_REQUIRE(tree_root_equal(&first.root, &second.root));
	FUZZ_REQUIRE(segment_follows(&first, &second) == segment_follows(&second, &first));
	id.at[0] ^= 1;
	FUZZ_REQUIRE(segment_decode(&id, bytes_of(data, size), NULL, &second, &e) == ERR_CORRUPT);
	return 0;
}
