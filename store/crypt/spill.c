#include "store/crypt/spill.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/file.h"

#define KEY_LEN 32
#define BLOCK 16
#define PIECE ((size_t)1 << 30) /* bytes that one call of EVP takes */

struct spill {
	const char *what;
	int fd;
	uint64_t size;
	EVP_CIPHER_CTX *ctx; /* with the key; NULL: as it is */
};

static bool encrypt_all; /* atomic */

void spill_encrypt_all(void)
{
	__atomic_store_n(&encrypt_all, true, __ATOMIC_RELEASE);
}

/* A random key; who fails to get one may not write. */
static EVP_CIPHER_CTX *new_cipher(void)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t key[KEY_LEN];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		abort();
	if (ctx == NULL || EVP_EncryptInit_ex2(ctx, EVP_aes_256_ctr(), key, NULL, NULL) != 1)
		xnomem();
	OPENSSL_cleanse(key, sizeof(key));
	return ctx;
}

/* The same both ways. Nothing is written twice at one place: so no part of the key stream is used twice. */
static void crypt_at(EVP_CIPHER_CTX *ctx, uint64_t at, uint8_t *bytes, size_t len)
{
	uint8_t counter[BLOCK] = {0}, skipped[BLOCK] = {0};
	int done;

	put_be64(counter + 8, at / BLOCK);
	if (EVP_EncryptInit_ex2(ctx, NULL, NULL, counter, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, skipped, &done, skipped, (int)(at % BLOCK)) != 1)
		xnomem();
	while (len > 0) {
		size_t now = MIN_OF(len, PIECE);

		if (EVP_EncryptUpdate(ctx, bytes, &done, bytes, (int)now) != 1)
			xnomem();
		bytes += now;
		len -= now;
	}
}

int spill_new(const char *dir, const char *what, struct spill **ret, struct error *e)
{
	OWNED(spill_free) struct spill *spill = xcalloc(1, sizeof(*spill));

	spill->what = what;
	spill->fd = -1;
	if (__atomic_load_n(&encrypt_all, __ATOMIC_ACQUIRE))
		spill->ctx = new_cipher();
	if (file_open_unnamed(dir, &spill->fd, e) < 0)
		return e->code;
	*ret = TAKE(spill);
	return 0;
}

/* EVP_CIPHER_CTX_free() wipes the key. */
void spill_free(struct spill *spill)
{
	if (spill == NULL)
		return;
	EVP_CIPHER_CTX_free(spill->ctx);
	if (spill->fd >= 0)
		close(spill->fd);
	free(spill);
}

int spill_write(struct spill *spill, struct buf *bytes, struct error *e)
{
	if (spill->ctx != NULL)
		crypt_at(spill->ctx, spill->size, bytes->at, bytes->len);
	if (file_write(spill->fd, spill->what, buf_bytes(bytes), e) < 0)
		return e->code;
	spill->size += bytes->len;
	buf_reset(bytes);
	return 0;
}

int spill_read(struct spill *spill, uint64_t at, uint8_t *ret, size_t len, struct error *e)
{
	if (file_pread(spill->fd, spill->what, at, ret, len, e) < 0)
		return e->code;
	if (spill->ctx != NULL)
		crypt_at(spill->ctx, at, ret, len);
	return 0;
}

void spill_forget(struct spill *spill, uint64_t from, uint64_t upto)
{
	/* Not every file system can do that; then it stays until the end. */
	if (from < upto)
		(void)!fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
				 (off_t)(upto - from));
}

uint64_t spill_size(const struct spill *spill)
{
	return spill->size;
}
