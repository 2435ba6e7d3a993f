#include "tests/unit/index/index_model.h"

static struct chunk_id hash_of(const char *what, uint64_t number)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %llu", what, (unsigned long long)number);
	return chunk_id_of(bytes_str(text));
}

/* Made once: the checks ask for them often. */
#define KEPT 512

struct chunk_id index_model_id(uint64_t number)
{
	static struct chunk_id kept[KEPT];

	if (number >= KEPT)
		return hash_of("chunk", number);
	if (chunk_id_is_zero(&kept[number]))
		kept[number] = hash_of("chunk", number);
	return kept[number];
}

struct chunk_id index_model_pack(uint64_t number)
{
	static struct chunk_id kept[KEPT];

	if (number >= KEPT)
		return hash_of("pack", number);
	if (chunk_id_is_zero(&kept[number]))
		kept[number] = hash_of("pack", number);
	return kept[number];
}

struct chunk_place index_model_place(uint64_t number, uint64_t pack, uint32_t in_index)
{
	struct chunk_place place = {
		.pack = in_index,
		.offset = (uint32_t)(16 + number * 100),
		.stored = (uint32_t)(50 + number + pack),
		.plain = (uint32_t)(100 + number),
		.codec = (uint8_t)(pack % 3),
		.depth = (uint8_t)(number % 3),
		.kind = (uint8_t)(number % 2),
		.documents = number * pack,
		.relaxed = number + 1000000007,
		.canonical = pack << 33,
		.renderer = 1,
	};

	memset(place.base, (int)(number & 0xff), sizeof(place.base));
	return place;
}

bool index_model_same(const struct chunk_place *a, const struct chunk_place *b)
{
	return a->pack == b->pack && a->offset == b->offset && a->stored == b->stored &&
	       a->plain == b->plain && a->codec == b->codec && a->depth == b->depth &&
	       a->kind == b->kind && memcmp(a->base, b->base, sizeof(a->base)) == 0 &&
	       a->documents == b->documents && a->relaxed == b->relaxed &&
	       a->canonical == b->canonical && a->renderer == b->renderer;
}

struct chunk_index *index_model_open(const char *dir, bool *ret_fresh)
{
	struct chunk_index *index = NULL;
	struct error e = {0};
	bool fresh;

	ASSERT_OK(chunk_index_open(dir, &index, ret_fresh != NULL ? ret_fresh : &fresh, &e));
	return index;
}

int index_model_add(struct chunk_index *index, uint64_t pack, uint64_t count, struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	struct chunk_id name = index_model_pack(pack);
	uint32_t number = 0;
	bool is_new = false;

	if (chunk_index_begin(index, &batch, e) < 0 ||
	    chunk_index_add_pack(batch, &name, 1000 + pack, &number, &is_new, e) < 0)
		return e->code;
	for (uint64_t i = pack; i < count; i += pack) {
		struct chunk_id id = index_model_id(i);
		struct chunk_place place = index_model_place(i, pack, number);

		if (chunk_index_add(batch, &id, &place, e) < 0)
			return e->code;
	}
	return chunk_index_commit(TAKE(batch), e);
}

int index_model_drop(struct chunk_index *index, const uint64_t *packs, size_t count,
		     struct error *e)
{
	OWNED(chunk_index_abort) struct chunk_index_batch *batch = NULL;
	OWNED(free) struct chunk_pack *known = NULL;
	OWNED(free) uint32_t *numbers = xcalloc(count, sizeof(*numbers));
	size_t known_count = 0, found = 0;

	if (chunk_index_packs(index, &known, &known_count, e) < 0)
		return e->code;
	for (size_t i = 0; i < count; i++) {
		struct chunk_id id = index_model_pack(packs[i]);

		for (size_t k = 0; k < known_count; k++)
			if (chunk_id_equal(&known[k].id, &id))
				numbers[found++] = known[k].number;
	}
	if (chunk_index_begin(index, &batch, e) < 0 ||
	    chunk_index_drop_packs(batch, numbers, found, e) < 0)
		return e->code;
	return chunk_index_commit(TAKE(batch), e);
}

/* Which pack of the model a number of the index is; 0: none. */
static int pack_of(struct chunk_index *index, uint32_t number, uint64_t packs, uint64_t *ret,
		   struct error *e)
{
	struct chunk_pack pack;
	int found = chunk_index_pack(index, number, &pack, e);

	*ret = 0;
	if (found != 1)
		return found;
	for (uint64_t p = 1; p < packs; p++) {
		struct chunk_id id = index_model_pack(p);

		if (chunk_id_equal(&id, &pack.id) && pack.size == 1000 + p)
			*ret = p;
	}
	return 1;
}

int64_t index_model_check(struct chunk_index *index, uint64_t packs, uint64_t count,
			  struct error *e)
{
	int64_t total = 0;

	for (uint64_t number = 1; number < count; number++) {
		struct chunk_place places[CHUNK_PLACES_MAX];
		struct chunk_id id = index_model_id(number);
		int found = chunk_index_get(index, &id, places, e);

		if (found < 0)
			return found;
		for (int i = 0; i < found; i++) {
			struct chunk_place expected;
			uint64_t pack;

			if (pack_of(index, places[i].pack, packs, &pack, e) < 0)
				return e->code;
			if (pack == 0 || number % pack != 0)
				return INDEX_MODEL_WRONG;
			expected = index_model_place(number, pack, places[i].pack);
			if (!index_model_same(&expected, &places[i]))
				return INDEX_MODEL_WRONG;
		}
		total += found;
	}
	return total;
}
