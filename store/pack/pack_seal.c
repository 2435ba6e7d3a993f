#include "store/pack/pack_seal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "store/pack/pack_reader.h"

#define SLOTS 1024 /* keys that are kept: 16 GiB of packs */

void pack_seal_begin(const struct store_keys *keys, struct buf *pack,
		     uint8_t ret_key[STORE_KEY_LEN])
{
	uint8_t salt[STORE_SALT_LEN];

	assert(pack->len == PACK_HEADER_LEN);
	pack->at[PACK_CIPHER_AT] = SEAL_AES_256_GCM;
	store_keys_salt(salt);
	buf_add(pack, salt, sizeof(salt));
	store_keys_object(keys, STORE_KEY_PACK, salt, ret_key);
}

/* What is said about a frame: its header, as it is written. */
static struct bytes about(const struct chunk_place *place, struct buf *ret)
{
	pack_format_frame(place, ret);
	return buf_bytes(ret);
}

void pack_seal_frame(const uint8_t key[STORE_KEY_LEN], const struct chunk_place *place,
		     struct buf *pack)
{
	OWNED(buf_release) struct buf header = {0};

	assert(pack->len - place->offset + SEAL_TAG_LEN == place->stored);
	(void)buf_room(pack, SEAL_TAG_LEN);
	seal_frame(key, place->offset, about(place, &header), pack->at + place->offset,
		   pack->len - place->offset);
	pack->len += SEAL_TAG_LEN;
}

void pack_seal_end(struct buf *pack)
{
	uint8_t salt[STORE_SALT_LEN];

	/* A copy: the data moves while it is appended to. */
	memcpy(salt, pack->at + PACK_HEADER_LEN, sizeof(salt));
	buf_add(pack, salt, sizeof(salt));
}

int pack_seal_open(const uint8_t key[STORE_KEY_LEN], const struct chunk_place *place,
		   struct buf *stored, struct error *e)
{
	OWNED(buf_release) struct buf header = {0};

	if (seal_open(key, place->offset, about(place, &header), stored->at, stored->len, e) < 0)
		return e->code;
	stored->len -= SEAL_TAG_LEN;
	return 0;
}

bool pack_seal_key(const struct store_keys *keys, struct bytes pack, uint8_t ret_key[STORE_KEY_LEN])
{
	if (pack.len < PACK_HEADER_LEN + STORE_SALT_LEN)
		return false;
	store_keys_object(keys, STORE_KEY_PACK, pack.at + PACK_HEADER_LEN, ret_key);
	return true;
}

bool pack_seal_last_key(const struct store_keys *keys, struct bytes pack, uint64_t offset,
			uint8_t ret_key[STORE_KEY_LEN])
{
	if (offset < STORE_SALT_LEN || offset > pack.len)
		return false;
	store_keys_object(keys, STORE_KEY_PACK, pack.at + offset - STORE_SALT_LEN, ret_key);
	return true;
}

struct slot {
	struct chunk_id pack; /* zero: none */
	uint8_t key[STORE_KEY_LEN];
};

struct pack_keys {
	const struct store_keys *keys;
	pthread_mutex_t lock;
	struct slot slots[SLOTS]; /* by the first bytes of the pack's id */
};

struct pack_keys *pack_keys_new(const struct store_keys *keys)
{
	struct pack_keys *packs = xcalloc(1, sizeof(*packs));

	packs->keys = keys;
	pthread_mutex_init(&packs->lock, NULL);
	return packs;
}

void pack_keys_free(struct pack_keys *packs)
{
	if (packs == NULL)
		return;
	pthread_mutex_destroy(&packs->lock);
	OPENSSL_cleanse(packs, sizeof(*packs));
	free(packs);
}

static struct slot *slot_of(struct pack_keys *packs, const struct chunk_id *pack)
{
	return &packs->slots[get_le64(pack->at) % SLOTS];
}

static bool find(struct pack_keys *packs, const struct chunk_id *pack, uint8_t ret[STORE_KEY_LEN])
{
	const struct slot *slot = slot_of(packs, pack);
	bool found;

	pthread_mutex_lock(&packs->lock);
	found = chunk_id_equal(&slot->pack, pack);
	if (found)
		memcpy(ret, slot->key, STORE_KEY_LEN);
	pthread_mutex_unlock(&packs->lock);
	return found;
}

int pack_keys_get(struct pack_keys *packs, struct backend *backend, const struct chunk_id *pack,
		  uint8_t ret_key[STORE_KEY_LEN], struct error *e)
{
	struct slot *slot = slot_of(packs, pack);
	uint8_t begin[PACK_HEADER_LEN + STORE_SALT_LEN];
	char name[PACK_NAME_LEN + 1];
	int found;

	if (find(packs, pack, ret_key))
		return 1;
	pack_reader_name(pack, name);
	found = backend->ops->get(backend, name, 0, begin, sizeof(begin), e);
	if (found != 1)
		return found;
	if (begin[PACK_CIPHER_AT] != SEAL_AES_256_GCM)
		return error_set(e, ERR_CORRUPT,
				 "its pack is not encrypted, as all of its store is");
	store_keys_object(packs->keys, STORE_KEY_PACK, begin + PACK_HEADER_LEN, ret_key);
	pthread_mutex_lock(&packs->lock);
	slot->pack = *pack;
	memcpy(slot->key, ret_key, STORE_KEY_LEN);
	pthread_mutex_unlock(&packs->lock);
	return 1;
}

void pack_keys_forget(struct pack_keys *packs, const struct chunk_id *pack)
{
	struct slot *slot = slot_of(packs, pack);

	pthread_mutex_lock(&packs->lock);
	if (chunk_id_equal(&slot->pack, pack))
		OPENSSL_cleanse(slot, sizeof(*slot));
	pthread_mutex_unlock(&packs->lock);
}
