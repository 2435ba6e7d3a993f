#include "store/crypt/store_keys.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/buf.h"

#define HMAC_BLOCK 64 /* bytes of SHA-256 */

/* HMAC with the key's two blocks hashed already: a small chunk costs four blocks less. */
struct hmac {
	EVP_MD_CTX *inner, *outer;
};

struct store_keys {
	struct hmac ids, salts;
	uint8_t parents[STORE_KEY_USES][STORE_KEY_LEN];
	uint8_t seed[STORE_KEYS_SEED_LEN];
};

static EVP_KDF *hkdf_fetched;
static EVP_MD *sha256_fetched;

static void fetch(void)
{
	hkdf_fetched = EVP_KDF_fetch(NULL, "HKDF", NULL);
	sha256_fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (hkdf_fetched == NULL || sha256_fetched == NULL)
		xnomem();
}

static void fetch_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
}

/* HKDF-SHA-256 (RFC 5869), extract and expand. */
static void hkdf(struct bytes key, struct bytes salt, const char *label, uint8_t *ret, size_t len)
{
	char sha256[] = "SHA256";
	EVP_KDF_CTX *ctx;
	OSSL_PARAM params[5], *p = params;

	fetch_once();
	ctx = EVP_KDF_CTX_new(hkdf_fetched);
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.at,
						 key.len);
	if (salt.len > 0)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
							 (void *)(uintptr_t)salt.at, salt.len);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label,
						 strlen(label));
	*p = OSSL_PARAM_construct_end();
	/* Fails only when memory is out, as xmalloc() does. */
	if (ctx == NULL || EVP_KDF_derive(ctx, ret, len, params) != 1)
		xnomem();
	EVP_KDF_CTX_free(ctx);
}

static EVP_MD_CTX *hmac_half(const uint8_t key[STORE_KEY_LEN], uint8_t pad)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t block[HMAC_BLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < STORE_KEY_LEN; i++)
		block[i] ^= key[i];
	if (ctx == NULL || EVP_DigestInit_ex(ctx, sha256_fetched, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, block, sizeof(block)) != 1)
		xnomem();
	OPENSSL_cleanse(block, sizeof(block));
	return ctx;
}

static void hmac_init(struct hmac *hmac, const uint8_t key[STORE_KEY_LEN])
{
	hmac->inner = hmac_half(key, 0x36);
	hmac->outer = hmac_half(key, 0x5c);
}

/* EVP_MD_CTX_free() wipes. */
static void hmac_release(struct hmac *hmac)
{
	EVP_MD_CTX_free(hmac->inner);
	EVP_MD_CTX_free(hmac->outer);
}

static struct chunk_id hmac_of(const struct hmac *hmac, struct bytes first, struct bytes more)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct chunk_id id;
	unsigned int len = 0;

	if (ctx == NULL || EVP_MD_CTX_copy_ex(ctx, hmac->inner) != 1 ||
	    EVP_DigestUpdate(ctx, first.at, first.len) != 1 ||
	    EVP_DigestUpdate(ctx, more.at, more.len) != 1 ||
	    EVP_DigestFinal_ex(ctx, id.at, &len) != 1 ||
	    EVP_MD_CTX_copy_ex(ctx, hmac->outer) != 1 ||
	    EVP_DigestUpdate(ctx, id.at, CHUNK_ID_LEN) != 1 ||
	    EVP_DigestFinal_ex(ctx, id.at, &len) != 1)
		xnomem();
	EVP_MD_CTX_free(ctx);
	return id;
}

struct store_keys *store_keys_new(const uint8_t master[STORE_MASTER_LEN])
{
	static const char *const uses[STORE_KEY_USES] = {"yesterfs packs", "yesterfs files",
							 "yesterfs journals"};
	struct store_keys *keys = xcalloc(1, sizeof(*keys));
	struct bytes from = bytes_of(master, STORE_MASTER_LEN), none = {0};
	uint8_t key[STORE_KEY_LEN];

	(void)prctl(PR_SET_DUMPABLE, 0);
	hkdf(from, none, "yesterfs ids", key, sizeof(key));
	hmac_init(&keys->ids, key);
	hkdf(from, none, "yesterfs salts", key, sizeof(key));
	hmac_init(&keys->salts, key);
	OPENSSL_cleanse(key, sizeof(key));
	for (size_t i = 0; i < STORE_KEY_USES; i++)
		hkdf(from, none, uses[i], keys->parents[i], STORE_KEY_LEN);
	hkdf(from, none, "yesterfs seed", keys->seed, sizeof(keys->seed));
	return keys;
}

void store_keys_free(struct store_keys *keys)
{
	if (keys == NULL)
		return;
	hmac_release(&keys->ids);
	hmac_release(&keys->salts);
	OPENSSL_cleanse(keys, sizeof(*keys));
	free(keys);
}

struct chunk_id store_keys_id(const struct store_keys *keys, struct bytes plain)
{
	return keys == NULL ? chunk_id_of(plain) : hmac_of(&keys->ids, plain, bytes_of(NULL, 0));
}

void store_keys_seed(const struct store_keys *keys, uint8_t ret[STORE_KEYS_SEED_LEN])
{
	memcpy(ret, keys->seed, STORE_KEYS_SEED_LEN);
}

void store_keys_object(const struct store_keys *keys, enum store_key_use use,
		       const uint8_t salt[STORE_SALT_LEN], uint8_t ret[STORE_KEY_LEN])
{
	hkdf(bytes_of(keys->parents[use], STORE_KEY_LEN), bytes_of(salt, STORE_SALT_LEN),
	     "yesterfs object", ret, STORE_KEY_LEN);
}

void store_keys_salt(uint8_t ret[STORE_SALT_LEN])
{
	/* Without random bytes nothing may be written; so few are given whole as soon as the system has booted. */
	if (getrandom(ret, STORE_SALT_LEN, 0) != STORE_SALT_LEN)
		abort();
}

void store_keys_salt_of(const struct store_keys *keys, struct bytes header, struct bytes plain,
			uint8_t ret[STORE_SALT_LEN])
{
	struct chunk_id id = hmac_of(&keys->salts, header, plain);

	memcpy(ret, id.at, STORE_SALT_LEN);
}
