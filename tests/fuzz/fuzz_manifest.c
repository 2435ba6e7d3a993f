/* The bytes of a manifest under the name that fits them; what is decoded is encoded and decoded again. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "store/crypt/store_keys.h"
#include "store/snapshot/manifest.h"

/* With a store's key nothing is taken that was not sealed with it. */
static void try_sealed(const struct chunk_id *id, struct bytes data)
{
	static const uint8_t master[STORE_MASTER_LEN] = {7};
	static struct store_keys *keys;
	struct snapshot ret;
	struct error e = {0};

	if (keys == NULL)
		keys = store_keys_new(master);
	FUZZ_REQUIRE(snapshot_decode(id, data, keys, &ret, &e) < 0 && e.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(snapshot_release) struct snapshot first = {0};
	OWNED(snapshot_release) struct snapshot second = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct chunk_id id = chunk_id_of(bytes_of(data, size));
	struct error e = {0};

	try_sealed(&id, bytes_of(data, size));
	if (snapshot_decode(&id, bytes_of(data, size), NULL, &first, &e) < 0) {
		FUZZ_REQUIRE(e.code < 0 && e.text[0] != '\0');
		return 0;
	}
	FUZZ_REQUIRE(first.name != NULL);
	FUZZ_REQUIRE(snapshot_encode(&first, NULL, &bytes, &e) == 0);
	FUZZ_REQUIRE(snapshot_decode(&first.id, buf_bytes(&bytes), NULL, &second, &e) == 0);
	FUZZ_REQUIRE(strcmp(first.name, second.name) == 0);
	FUZZ_REQUIRE(first.time == second.time && first.documents == second.documents);
	FUZZ_REQUIRE(tree_root_equal(&first.catalog, &second.catalog));
	FUZZ_REQUIRE(tree_root_equal(&first.oplog, &second.oplog));
	id.at[0] ^= 1;
	FUZZ_REQUIRE(snapshot_decode(&id, bytes_of(data, size), NULL, &second, &e) == ERR_CORRUPT);
	return 0;
}
