#include <assert.h>

#include <openssl/crypto.h>

#include "store/pack/pack_reader.h"
#include "store/store_internal.h"

/* In this store's own index, whatever lies under it? */
static bool store_has(struct store *store, const struct chunk_id *id)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct error ignored;

	return chunk_index_get(store->index, id, places, &ignored) > 0;
}

#define PREFETCH_BYTES (32 * MIB) /* plain, of all threads that decode ahead */
#define BASES_MAX 4 /* ids that share a base's recorded bytes: more than one is chance already */

struct codec *store_codec_take(struct store *store)
{
	struct codec *codec = NULL;

	pthread_mutex_lock(&store->lock);
	if (store->codec_count > 0)
		codec = store->codecs[--store->codec_count];
	pthread_mutex_unlock(&store->lock);
	return codec != NULL ? codec : codec_new();
}

void store_codec_give(struct store *store, struct codec *codec)
{
	pthread_mutex_lock(&store->lock);
	if (store->codec_count < CODECS_KEPT) {
		store->codecs[store->codec_count++] = codec;
		codec = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	codec_free(codec);
}

static bool is_of(const struct store *store, struct bytes plain, const struct chunk_id *id)
{
	struct chunk_id found = store_keys_id(store->keys, plain);

	return chunk_id_equal(&found, id);
}

/* Is the base of the place one that many chunks share? */
static bool shares_base(const struct chunk_place *place)
{
	return place->codec == CODEC_ZSTD_PREFIX && place->depth == 1;
}

static int decode_and_verify(struct store *store, const struct chunk_id *id,
			     const struct chunk_place *place, struct bytes stored,
			     struct bytes base, struct buf *ret, struct error *e)
{
	struct codec *codec = store_codec_take(store);
	int code;

	buf_reset(ret);
	code = buf_reserve(ret, place->plain, CHUNK_PLAIN_MAX, e);
	if (code == 0)
		code = codec_decode(codec, (enum codec_kind)place->codec, stored, base, ret->at,
				    place->plain, e);
	if (code == 0 && shares_base(place))
		codec_keep(codec, get_le64(place->base), base);
	store_codec_give(store, codec);
	if (code < 0)
		return code;
	ret->len = place->plain;
	if (!is_of(store, buf_bytes(ret), id))
		return error_set(e, ERR_CORRUPT, "its bytes do not have its hash");
	return 1;
}

/*
 * The bytes of a base, read from places of less than `depth` only: a base that is a delta itself
 * would make reads long, and deltas of each other (made by two machines) would wait for each other.
 * So the cache is asked only for a base that has no other place; else *own gets the bytes.
 */
static int read_base(struct store *store, const struct chunk_id *id, uint8_t depth,
		     struct chunk **ret_shared, struct buf *own, struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(store->index, id, places, e), found = 0;
	bool deep = false;

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		deep = deep || places[i].depth >= depth;
	if (count > 0 && !deep)
		return store_get(store, id, ret_shared, e) < 0 ? e->code : 1;
	for (int i = 0; i < count && found != 1; i++)
		if (places[i].depth < depth)
			found = store_read_place(store, id, &places[i], own, e);
	return found;
}

/* With a base that the codec knows from the chunk before: 1, or 0 when it has to be looked up. */
static int decode_with_kept(struct store *store, const struct chunk_id *id,
			    const struct chunk_place *place, struct bytes stored, struct buf *ret)
{
	struct codec *codec = store_codec_take(store);
	struct error ignored;
	int found = 0;

	buf_reset(ret);
	if (buf_reserve(ret, place->plain, CHUNK_PLAIN_MAX, &ignored) == 0)
		found = codec_decode_kept(codec, get_le64(place->base), stored, ret->at,
					  place->plain);
	store_codec_give(store, codec);
	if (found == 1)
		ret->len = place->plain;
	return found == 1 && is_of(store, buf_bytes(ret), id);
}

/* Try every chunk whose id begins like the recorded base. */
static int decode_with_base(struct store *store, const struct chunk_id *id,
			    const struct chunk_place *place, struct bytes stored, struct buf *ret,
			    struct error *e)
{
	struct chunk_id bases[BASES_MAX];
	int count = chunk_index_by_prefix(store->index, place->base, CHUNK_BASE_LEN, bases,
					  BASES_MAX, e);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		OWNED(chunk_release) struct chunk *shared = NULL;
		OWNED(buf_release) struct buf own = {0};
		int got = read_base(store, &bases[i], place->depth, &shared, &own, e);

		if (got == 1)
			got = decode_and_verify(store, id, place, stored,
						shared != NULL ? shared->plain : buf_bytes(&own),
						ret, e);
		if (got == 1 || (got < 0 && error_is_lack(e)))
			return got;
	}
	return error_set(e, ERR_CORRUPT, "its base %02x%02x%02x%02x… is missing or damaged",
			 place->base[0], place->base[1], place->base[2], place->base[3]);
}

int store_decode_place(struct store *store, const struct chunk_id *id,
		       const struct chunk_place *place, struct bytes stored, struct buf *ret,
		       struct error *e)
{
	if (shares_base(place) && decode_with_kept(store, id, place, stored, ret) == 1)
		return 1;
	if (place->codec == CODEC_ZSTD_PREFIX)
		return decode_with_base(store, id, place, stored, ret, e);
	return decode_and_verify(store, id, place, stored, bytes_of(NULL, 0), ret, e);
}

bool store_is_keyless(const struct store *store)
{
	return store->params.encrypted && store->keys == NULL;
}

int store_unseal(struct store *store, const struct chunk_id *pack, const struct chunk_place *place,
		 struct buf *stored, struct error *e)
{
	uint8_t key[STORE_KEY_LEN];
	int code;

	if (store_is_keyless(store))
		return seal_no_key(e);
	if (store->keys == NULL)
		return 1;
	code = pack_keys_get(store->pack_keys, store->backend, pack, key, e);
	if (code == 1 && pack_seal_open(key, place, stored, e) < 0) {
		pack_keys_forget(store->pack_keys, pack);
		code = e->code;
	}
	OPENSSL_cleanse(key, sizeof(key));
	return code;
}

int store_decode_sealed(struct store *store, const struct chunk_id *id,
			const struct chunk_place *place, const uint8_t *pack_key,
			struct bytes stored, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf opened = {0};

	if (pack_key == NULL)
		return store_decode_place(store, id, place, stored, ret, e);
	if (buf_reserve(&opened, stored.len, PACK_MAX, e) < 0)
		return e->code;
	buf_add_bytes(&opened, stored);
	if (pack_seal_open(pack_key, place, &opened, e) < 0)
		return e->code;
	return store_decode_place(store, id, place, buf_bytes(&opened), ret, e);
}

int store_read_place(struct store *store, const struct chunk_id *id,
		     const struct chunk_place *place, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf stored = {0};
	struct chunk_pack pack;
	char name[PACK_NAME_LEN + 1];
	int found = chunk_index_pack(store->index, place->pack, &pack, e);

	if (found == 1)
		found = pack_reader_stored(store->backend, &pack.id, place, &stored, e);
	if (found != 1)
		return found;
	found = store_unseal(store, &pack.id, place, &stored, e);
	if (found == 1)
		found = store_decode_place(store, id, place, buf_bytes(&stored), ret, e);
	if (found < 0) {
		pack_reader_name(&pack.id, name);
		return error_wrap(e, "%s offset %u", name, place->offset);
	}
	return found;
}

/* Shallow places first: a base is read from a place that is no delta. */
static void sort_places(struct chunk_place *places, int count)
{
	for (int i = 1; i < count; i++)
		for (int k = i; k > 0 && places[k].depth < places[k - 1].depth; k--) {
			struct chunk_place swap = places[k];

			places[k] = places[k - 1];
			places[k - 1] = swap;
		}
}

/* 1, or 0 when no place could be read for reasons that a refresh may mend; `e` is then set. */
static int read_any(struct store *store, const struct chunk_id *id, struct buf *ret,
		    struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = store_places(store, id, places, e), found = 0;

	if (count < 0)
		return count;
	sort_places(places, count);
	for (int i = 0; i < count && found != 1; i++) {
		found = store_read_place(store, id, &places[i], ret, e);
		if (found == 0)
			error_set(e, ERR_CORRUPT, "the pack that holds it is gone");
	}
	return found == 1;
}

static int load_chunk(void *ctx, const struct chunk_id *id, struct buf *ret, struct error *e)
{
	struct store *store = ctx;
	char hex[CHUNK_ID_HEX + 1];
	int found = read_any(store, id, ret, e);

	chunk_id_hex(id, hex);
	if (found == 1)
		return 0;
	/* A vanished pack or a wrong record is first a reason to look again. */
	if (found == 0 && store_refresh(store, e) == 0)
		found = read_any(store, id, ret, e);
	if (found == 0 && !__atomic_load_n(&store->rebuilt, __ATOMIC_ACQUIRE)) {
		if (store_rebuild(store, e) < 0)
			return error_wrap(e, "chunk %s", hex);
		found = read_any(store, id, ret, e);
	}
	if (found == 1)
		return 0;
	if (store->under != NULL && e->code == ERR_CORRUPT)
		store_cache_harmed(store, id);
	return error_wrap(e, "chunk %s", hex);
}

int store_get(struct store *store, const struct chunk_id *id, struct chunk **ret, struct error *e)
{
	if (store_is_keyless(store))
		return seal_no_key(e);
	if (store->under != NULL && !chunk_cache_has(store->cache, id)) {
		int own = store_lists(store, id, e);

		if (own <= 0)
			return own < 0 ? own : store_get(store->under, id, ret, e);
	}
	return chunk_cache_get(store->cache, id, load_chunk, store, ret, e);
}

/* Large chunks are left to who reads them: decoded by many threads at once they would fill memory. */
static void prefetch_run(void *ctx, const struct chunk_id *id)
{
	struct store *store = ctx;
	struct chunk_place places[CHUNK_PLACES_MAX];
	struct chunk *chunk = NULL;
	struct error ignored;

	if (chunk_index_get(store->index, id, places, &ignored) > 0 &&
	    places[0].plain <= PREFETCH_BYTES / store->threads &&
	    store_get(store, id, &chunk, &ignored) == 0)
		chunk_release(chunk);
}

void store_prefetch_several(struct store *store, const struct chunk_id *ids, size_t count)
{
	struct chunk_id missing[STORE_PREFETCH_MAX];
	size_t n = 0;

	assert(count <= STORE_PREFETCH_MAX);
	for (size_t i = 0; i < count; i++) {
		if (store->under != NULL && !store_has(store, &ids[i]))
			store_prefetch_several(store->under, &ids[i], 1);
		else if (!chunk_cache_has(store->cache, &ids[i]))
			missing[n++] = ids[i];
	}
	if (n == 0)
		return;
	pthread_mutex_lock(&store->lock);
	if (store->prefetch == NULL)
		store->prefetch = prefetch_new(store->threads, prefetch_run, store);
	pthread_mutex_unlock(&store->lock);
	prefetch_add_several(store->prefetch, missing, n);
}

int store_facts(struct store *store, const struct chunk_id *id, struct chunk_facts *ret,
		struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count, best = -1, own = store->under == NULL ? 1 : store_lists(store, id, e);

	if (own <= 0)
		return own < 0 ? own : store_facts(store->under, id, ret, e);
	count = store_places(store, id, places, e);
	if (count < 0)
		return count;
	/* The newest renderer's: another machine may have written the same chunk with an older one. */
	for (int i = 0; i < count; i++)
		if (places[i].renderer != 0 &&
		    (best < 0 || places[i].renderer > places[best].renderer))
			best = i;
	if (best < 0)
		return 0;
	*ret = (struct chunk_facts){places[best].documents, places[best].relaxed,
				    places[best].canonical, places[best].renderer};
	return 1;
}

bool store_knows(struct store *store, const struct chunk_id *id)
{
	return store_has(store, id) || (store->under != NULL && store_knows(store->under, id));
}
