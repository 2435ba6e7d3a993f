#include "base/chunk_id.h"

#include <pthread.h>

#include <openssl/evp.h>

#include "base/buf.h"

static EVP_MD *sha256_fetched;

static void fetch_sha256(void)
{
	sha256_fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (sha256_fetched == NULL)
		xnomem();
}

/* EVP fetches an algorithm by name, under a lock, at each init: once for all threads instead. */
static const EVP_MD *sha256_algorithm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_sha256);
	return sha256_fetched;
}

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct md5 {
	EVP_MD_CTX *ctx;
};

/* Fails only when memory is out. */
static void context_begin(EVP_MD_CTX *ctx, const EVP_MD *algorithm)
{
	if (EVP_DigestInit_ex(ctx, algorithm, NULL) != 1)
		xnomem();
}

/* The same. Not within assert(): who builds without that would have other names of chunks. */
static void context_add(EVP_MD_CTX *ctx, struct bytes more)
{
	if (EVP_DigestUpdate(ctx, more.at, more.len) != 1)
		xnomem();
}

static void context_end(EVP_MD_CTX *ctx, uint8_t *ret, unsigned len)
{
	unsigned int got = 0;

	if (EVP_DigestFinal_ex(ctx, ret, &got) != 1 || got != len)
		xnomem();
}

static EVP_MD_CTX *context_new(const EVP_MD *algorithm)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL)
		xnomem();
	context_begin(ctx, algorithm);
	return ctx;
}

struct chunk_id chunk_id_of(struct bytes from)
{
	EVP_MD_CTX *ctx = context_new(sha256_algorithm());
	struct chunk_id id;

	context_add(ctx, from);
	context_end(ctx, id.at, CHUNK_ID_LEN);
	EVP_MD_CTX_free(ctx);
	return id;
}

static void hex(const uint8_t *from, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[from[i] >> 4];
		ret[2 * i + 1] = digits[from[i] & 15];
	}
	ret[2 * len] = '\0';
}

void chunk_id_hex(const struct chunk_id *id, char ret[CHUNK_ID_HEX + 1])
{
	hex(id->at, CHUNK_ID_LEN, ret);
}

static int digit_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

bool chunk_id_parse(struct bytes text, struct chunk_id *ret)
{
	struct chunk_id id;

	if (text.len != CHUNK_ID_HEX)
		return false;
	for (size_t i = 0; i < CHUNK_ID_LEN; i++) {
		int high = digit_value(text.at[2 * i]);
		int low = digit_value(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id.at[i] = (uint8_t)(high << 4 | low);
	}
	*ret = id;
	return true;
}

struct sha256 *sha256_new(void)
{
	struct sha256 *hash = xmalloc(sizeof(*hash));

	hash->ctx = context_new(sha256_algorithm());
	return hash;
}

void sha256_add(struct sha256 *hash, struct bytes more)
{
	context_add(hash->ctx, more);
}

struct chunk_id sha256_end(struct sha256 *hash)
{
	struct chunk_id id;

	context_end(hash->ctx, id.at, CHUNK_ID_LEN);
	context_begin(hash->ctx, sha256_algorithm());
	return id;
}

void sha256_free(struct sha256 *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->ctx);
	free(hash);
}

struct md5 *md5_new(void)
{
	struct md5 *hash = xmalloc(sizeof(*hash));

	hash->ctx = context_new(EVP_md5());
	return hash;
}

void md5_add(struct md5 *hash, struct bytes more)
{
	context_add(hash->ctx, more);
}

void md5_end(struct md5 *hash, char ret[MD5_HEX + 1])
{
	uint8_t digest[16];

	context_end(hash->ctx, digest, sizeof(digest));
	context_begin(hash->ctx, EVP_md5());
	hex(digest, sizeof(digest), ret);
}

void md5_free(struct md5 *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->ctx);
	free(hash);
}
