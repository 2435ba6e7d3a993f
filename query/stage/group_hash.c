#include "query/stage/group_hash.h"

#include <math.h>

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}

static uint64_t hash_text(struct bytes text)
{
	uint64_t h = text.len, last = 0;
	size_t i = 0;

	for (; i + 8 <= text.len; i += 8)
		h = mix(h ^ get_le64(text.at + i));
	if (i < text.len)
		memcpy(&last, text.at + i, text.len - i);
	return mix(h ^ last);
}

uint64_t group_hash(const struct value *id, struct collation *collation)
{
	uint64_t bits;
	double d;

	if (id->type == BSON_KIND_STRING && collation == NULL)
		return hash_text(id->data);
	if (id->type == BSON_KIND_SYMBOL && collation == NULL)
		return hash_text(id->data);
	if (!value_is_number(id))
		return value_hash(id, collation);
	d = value_to_double(id) + 0.0; /* -0 becomes 0 */
	if (isnan(d))
		return 1;
	memcpy(&bits, &d, sizeof(bits));
	return mix(bits);
}
