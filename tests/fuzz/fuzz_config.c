/* The config file, as it is and with a checksum that fits. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "store/config.h"

static void try_text(struct bytes text)
{
	OWNED(buf_release) struct buf again = {0};
	struct store_params first, second;
	struct error e = {0};

	if (store_config_parse(text, &first, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
		return;
	}
	FUZZ_REQUIRE(first.leaf_target >= 4096 && first.leaf_target <= 1048576 &&
		     (first.leaf_target & (first.leaf_target - 1)) == 0);
	store_config_write(&first, &again);
	FUZZ_REQUIRE(store_config_parse(buf_bytes(&again), &second, &e) == 0);
	FUZZ_REQUIRE(memcmp(first.id, second.id, sizeof(first.id)) == 0);
	FUZZ_REQUIRE(memcmp(first.seed, second.seed, sizeof(first.seed)) == 0);
	FUZZ_REQUIRE(first.leaf_target == second.leaf_target);
	FUZZ_REQUIRE(first.encrypted == second.encrypted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t line = strlen("sha256 ") + CHUNK_ID_HEX + 1;
	OWNED(buf_release) struct buf text = {0};
	char hex[CHUNK_ID_HEX + 1];
	struct chunk_id sum;

	try_text(bytes_of(data, size));
	if (size < line)
		return 0;
	buf_add(&text, data, size - line);
	sum = chunk_id_of(buf_bytes(&text));
	chunk_id_hex(&sum, hex);
	buf_printf(&text, "sha256 %s\n", hex);
	try_text(buf_bytes(&text));
	return 0;
}
