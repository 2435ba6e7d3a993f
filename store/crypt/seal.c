#include "store/crypt/seal.h"

#include <limits.h>
#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"

#define NONCE_LEN 12

static EVP_CIPHER *gcm_fetched;

static void fetch(void)
{
	gcm_fetched = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (gcm_fetched == NULL)
		xnomem();
}

/* EVP fetches by name, under a lock, at each init: once for all threads instead. */
static const EVP_CIPHER *gcm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch);
	return gcm_fetched;
}

/* A context with key, nonce and `about`. Fails only when memory is out, as xmalloc() does. */
static EVP_CIPHER_CTX *begin(const uint8_t key[STORE_KEY_LEN], uint64_t number, struct bytes about,
			     int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[NONCE_LEN] = {0};
	int len;

	put_le64(nonce, number);
	if (ctx == NULL || about.len > INT_MAX ||
	    EVP_CipherInit_ex2(ctx, gcm(), key, nonce, encrypt, NULL) != 1 ||
	    (about.len > 0 && EVP_CipherUpdate(ctx, NULL, &len, about.at, (int)about.len) != 1))
		xnomem();
	return ctx;
}

void seal_frame(const uint8_t key[STORE_KEY_LEN], uint64_t number, struct bytes about, uint8_t *at,
		size_t len)
{
	EVP_CIPHER_CTX *ctx = begin(key, number, about, 1);
	int done = 0, last = 0;

	if (len > INT_MAX || (len > 0 && EVP_CipherUpdate(ctx, at, &done, at, (int)len) != 1) ||
	    EVP_CipherFinal_ex(ctx, at + done, &last) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_LEN, at + len) != 1)
		xnomem();
	EVP_CIPHER_CTX_free(ctx);
}

int seal_open(const uint8_t key[STORE_KEY_LEN], uint64_t number, struct bytes about, uint8_t *at,
	      size_t len, struct error *e)
{
	EVP_CIPHER_CTX *ctx;
	int done = 0, last = 0;
	bool good;

	if (len < SEAL_TAG_LEN || len > INT_MAX)
		return error_set(e, ERR_CORRUPT, "%zu bytes are no sealed frame", len);
	len -= SEAL_TAG_LEN;
	ctx = begin(key, number, about, 0);
	good = (len == 0 || EVP_CipherUpdate(ctx, at, &done, at, (int)len) == 1) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, at + len) == 1 &&
	       EVP_CipherFinal_ex(ctx, at + done, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return good ? 0
		    : error_set(e, ERR_CORRUPT,
				"what is sealed is damaged, or is not what its header says");
}

int seal_no_key(struct error *e)
{
	error_set(e, ERR_WRONG_KEY, "it is encrypted, and the store is open without its key");
	return error_hint(e, "give the key: --key-file FILE or --key-command COMMAND");
}

void seal_file(const struct store_keys *keys, const uint8_t magic[4], uint8_t version,
	       struct bytes doc, struct buf *ret)
{
	uint8_t header[SEAL_FILE_HEADER_LEN] = {0}, salt[STORE_SALT_LEN], key[STORE_KEY_LEN];

	memcpy(header, magic, 4);
	header[4] = version;
	header[5] = keys == NULL ? SEAL_NONE : SEAL_AES_256_GCM;
	buf_add(ret, header, sizeof(header));
	if (keys == NULL) {
		buf_add_bytes(ret, doc);
		return;
	}
	store_keys_salt_of(keys, bytes_of(header, sizeof(header)), doc, salt);
	store_keys_object(keys, STORE_KEY_FILE, salt, key);
	buf_add(ret, salt, sizeof(salt));
	(void)buf_room(ret, doc.len + SEAL_TAG_LEN);
	buf_add_bytes(ret, doc);
	seal_frame(key, 0, bytes_of(header, sizeof(header)), ret->at + ret->len - doc.len, doc.len);
	ret->len += SEAL_TAG_LEN;
	OPENSSL_cleanse(key, sizeof(key));
}

static int open_sealed(const struct store_keys *keys, struct bytes file, struct buf *ret,
		       struct error *e)
{
	struct bytes rest = bytes_of(file.at + SEAL_FILE_HEADER_LEN + STORE_SALT_LEN,
				     file.len - SEAL_FILE_HEADER_LEN - STORE_SALT_LEN);
	uint8_t key[STORE_KEY_LEN];
	uint8_t *at;
	int code;

	if (buf_reserve(ret, rest.len, SIZE_MAX, e) < 0)
		return e->code;
	at = ret->at + ret->len;
	memcpy(at, rest.at, rest.len);
	store_keys_object(keys, STORE_KEY_FILE, file.at + SEAL_FILE_HEADER_LEN, key);
	code = seal_open(key, 0, bytes_of(file.at, SEAL_FILE_HEADER_LEN), at, rest.len, e);
	OPENSSL_cleanse(key, sizeof(key));
	if (code == 0)
		ret->len += rest.len - SEAL_TAG_LEN;
	return code;
}

int seal_file_open(const struct store_keys *keys, struct bytes file, struct buf *ret,
		   struct error *e)
{
	uint8_t cipher;

	if (file.len < SEAL_FILE_HEADER_LEN)
		return error_set(e, ERR_CORRUPT, "it is cut off after %zu bytes", file.len);
	cipher = file.at[5];
	if (cipher > SEAL_AES_256_GCM)
		return error_set(e, ERR_UNSUPPORTED, "it has cipher %u, this program knows %u",
				 cipher, SEAL_AES_256_GCM);
	if (cipher == SEAL_NONE && keys != NULL)
		return error_set(e, ERR_CORRUPT, "it is not encrypted, as all of its store is");
	if (cipher == SEAL_NONE) {
		buf_add(ret, file.at + SEAL_FILE_HEADER_LEN, file.len - SEAL_FILE_HEADER_LEN);
		return 0;
	}
	if (keys == NULL)
		return seal_no_key(e);
	if (file.len < SEAL_FILE_HEADER_LEN + SEAL_FILE_MORE)
		return error_set(e, ERR_CORRUPT, "it is cut off after %zu bytes", file.len);
	return open_sealed(keys, file, ret, e);
}
