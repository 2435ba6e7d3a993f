/* A file of keys/, with parameters of scrypt that cost little: others are only looked at. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "store/crypt/keyring.h"

static const uint8_t store_id[KEYRING_STORE_ID_LEN] = "sixteen bytes id";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t file[KEYRING_FILE_LEN], master[KEYRING_MASTER_LEN] = {0};
	const uint8_t none[KEYRING_MASTER_LEN] = {0};
	struct error e = {0};
	int code;

	if (size != sizeof(file)) {
		FUZZ_REQUIRE(keyring_unwrap(bytes_of(data, size), store_id, bytes_str("secret"),
					    master, &e) < 0);
		return 0;
	}
	memcpy(file, data, size);
	if (file[6] <= 20) {
		file[6] = 10;
		put_le32(file + 8, 1);
		put_le32(file + 12, 1);
	}
	code = keyring_unwrap(bytes_of(file, size), store_id, bytes_str("secret"), master, &e);
	/* It was not sealed with these parameters. */
	FUZZ_REQUIRE(code == 0 || code == ERR_CORRUPT || code == ERR_UNSUPPORTED ||
		     code == ERR_LIMIT);
	FUZZ_REQUIRE(memcmp(master, none, sizeof(none)) == 0);
	return 0;
}
