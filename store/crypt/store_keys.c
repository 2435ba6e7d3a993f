#include "store/crypt/store_keys.h"

struct chunk_id store_keys_id(const struct store_keys *keys UNUSED, struct bytes plain)
{
	return chunk_id_of(plain);
}
