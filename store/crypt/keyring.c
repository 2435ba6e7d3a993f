#include "store/crypt/keyring.h"

#include <stdio.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#define MAGIC "YKEY"
#define VERSION 1
#define KDF_SCRYPT 1
#define FILE_MAX 4096 /* of a newer version's, too */

/* What is written. A reader takes what its limits allow. */
#define LOG2_N 15
#define BLOCK_R 8
#define LANES_P 1

#define LOG2_N_MIN 10
#define LOG2_N_MAX 20
#define MEMORY_MAX ((uint64_t)1 << 30) /* 128 * N * r */
#define WORK_MAX ((uint64_t)1 << 24)   /* N * r * p */

enum {
	AT_VERSION = 4,
	AT_KDF = 5,
	AT_LOG2_N = 6,
	AT_ZERO = 7,
	AT_R = 8,
	AT_P = 12,
	AT_SALT = 16,
	AT_NONCE = 32,
	AT_SEALED = 44,
	AT_TAG = 76,
	SALT_LEN = AT_NONCE - AT_SALT,
	NONCE_LEN = AT_SEALED - AT_NONCE,
	TAG_LEN = KEYRING_FILE_LEN - AT_TAG,
	WRAP_LEN = 32,
};

static int crypto_failed(const char *what, struct error *e)
{
	return error_set(e, ERR_NOMEM, "%s did not work (memory?)", what);
}

static int check_secret(struct bytes secret, struct error *e)
{
	if (secret.len >= KEYRING_SECRET_MIN && secret.len <= KEYRING_SECRET_MAX)
		return 0;
	return error_set(e, ERR_INVALID, "the key has %zu bytes; it must have %d to %zu",
			 secret.len, KEYRING_SECRET_MIN, KEYRING_SECRET_MAX);
}

/* The parameters are bounded before anything is reserved for them. */
static int wrapping_key(const uint8_t *header, struct bytes secret, uint8_t ret[WRAP_LEN],
			struct error *e)
{
	unsigned log2 = header[AT_LOG2_N];
	uint64_t r = get_le32(header + AT_R), p = get_le32(header + AT_P), n;

	if (log2 < LOG2_N_MIN || log2 > LOG2_N_MAX || r == 0 || p == 0 ||
	    r > MEMORY_MAX >> (log2 + 7) || p > WORK_MAX || (r << log2) > WORK_MAX / p)
		return error_set(e, ERR_LIMIT, "scrypt with N = 2^%u, r = %llu, p = %llu", log2,
				 (unsigned long long)r, (unsigned long long)p);
	n = (uint64_t)1 << log2;
	if (EVP_PBE_scrypt((const char *)secret.at, secret.len, header + AT_SALT, SALT_LEN, n, r, p,
			   2 * MEMORY_MAX, ret, WRAP_LEN) != 1)
		return crypto_failed("scrypt", e);
	return 0;
}

/* Authenticated with the sealed key: all before it, and which store it is of. */
static bool add_context(EVP_CIPHER_CTX *ctx, const uint8_t *header, const uint8_t *store_id,
			bool seals)
{
	int len;

	return EVP_CipherUpdate(ctx, NULL, &len, header, AT_SEALED) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &len, store_id, KEYRING_STORE_ID_LEN) == 1 &&
	       (seals || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
					     (void *)(uintptr_t)(header + AT_TAG)) == 1);
}

static EVP_CIPHER_CTX *cipher_new(const uint8_t *header, const uint8_t key[WRAP_LEN], bool seals)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx == NULL ||
	    EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, header + AT_NONCE, seals) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* 1 opened, 0 the tag does not fit. */
static int open_sealed(const uint8_t *file, const uint8_t key[WRAP_LEN], const uint8_t *store_id,
		       uint8_t ret[KEYRING_MASTER_LEN], struct error *e)
{
	uint8_t plain[KEYRING_MASTER_LEN];
	EVP_CIPHER_CTX *ctx = cipher_new(file, key, false);
	int len, opened = 0;

	if (ctx == NULL)
		return crypto_failed("AES-256-GCM", e);
	if (add_context(ctx, file, store_id, false) &&
	    EVP_CipherUpdate(ctx, plain, &len, file + AT_SEALED, KEYRING_MASTER_LEN) == 1 &&
	    EVP_CipherFinal_ex(ctx, plain + len, &len) == 1) {
		memcpy(ret, plain, sizeof(plain));
		opened = 1;
	}
	OPENSSL_cleanse(plain, sizeof(plain));
	EVP_CIPHER_CTX_free(ctx);
	return opened;
}

static int seal(uint8_t *file, const uint8_t key[WRAP_LEN], const uint8_t *store_id,
		const uint8_t master[KEYRING_MASTER_LEN], struct error *e)
{
	EVP_CIPHER_CTX *ctx = cipher_new(file, key, true);
	int len;
	bool done;

	done = ctx != NULL && add_context(ctx, file, store_id, true) &&
	       EVP_CipherUpdate(ctx, file + AT_SEALED, &len, master, KEYRING_MASTER_LEN) == 1 &&
	       EVP_CipherFinal_ex(ctx, file + AT_TAG, &len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, file + AT_TAG) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return done ? 0 : crypto_failed("AES-256-GCM", e);
}

/* Its form, without any secret. */
static int check_form(struct bytes file, struct error *e)
{
	if (file.len < AT_KDF || memcmp(file.at, MAGIC, AT_VERSION) != 0)
		return error_set(e, ERR_CORRUPT, "it does not begin with %s", MAGIC);
	if (file.at[AT_VERSION] != VERSION)
		return error_set(e, ERR_UNSUPPORTED, "version %u, this program knows %d",
				 file.at[AT_VERSION], VERSION);
	if (file.len != KEYRING_FILE_LEN)
		return error_set(e, ERR_CORRUPT, "it has %zu bytes, not %d", file.len,
				 KEYRING_FILE_LEN);
	if (file.at[AT_KDF] != KDF_SCRYPT)
		return error_set(e, ERR_UNSUPPORTED, "key derivation %u, this program knows %d",
				 file.at[AT_KDF], KDF_SCRYPT);
	if (file.at[AT_ZERO] != 0)
		return error_set(e, ERR_CORRUPT, "byte %d is not zero", AT_ZERO);
	return 0;
}

int keyring_unwrap(struct bytes file, const uint8_t store_id[KEYRING_STORE_ID_LEN],
		   struct bytes secret, uint8_t ret_master[KEYRING_MASTER_LEN], struct error *e)
{
	uint8_t key[WRAP_LEN];
	int code;

	if (check_form(file, e) < 0 || wrapping_key(file.at, secret, key, e) < 0)
		return e->code;
	code = open_sealed(file.at, key, store_id, ret_master, e);
	OPENSSL_cleanse(key, sizeof(key));
	return code;
}

/* ---- the files */

static void name_of(struct bytes file, char ret[KEYRING_NAME_LEN + 1])
{
	struct chunk_id id = chunk_id_of(file);

	memcpy(ret, "keys/", sizeof("keys/"));
	chunk_id_hex(&id, ret + sizeof("keys/") - 1);
}

/* "keys/" and 64 hex digits: anything else is none of ours (rsync's temporary names among them). */
static bool is_name(const char *name)
{
	struct chunk_id id;

	return strlen(name) == KEYRING_NAME_LEN && memcmp(name, "keys/", 5) == 0 &&
	       chunk_id_parse(bytes_of(name + 5, CHUNK_ID_HEX), &id);
}

/* All names, each with a NUL. */
static int note_name(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	if (is_name(name))
		buf_add(ctx, name, KEYRING_NAME_LEN + 1);
	return 0;
}

static int names_read(struct backend *backend, struct buf *ret, struct error *e)
{
	return backend->ops->list(backend, "keys", note_name, ret, e);
}

/* 1, 0 it is gone, ERR_CORRUPT: its content is not what its name says. Appended to *ret. */
static int file_load(struct backend *backend, const char *name, struct buf *ret, struct error *e)
{
	char expected[KEYRING_NAME_LEN + 1];
	uint64_t size = 0;
	int found = backend->ops->size(backend, name, &size, e);

	if (found <= 0)
		return found;
	if (size > FILE_MAX)
		return error_set(e, ERR_CORRUPT, "it has %llu bytes", (unsigned long long)size);
	if (size > 0) {
		found = backend->ops->get(backend, name, 0, buf_room(ret, (size_t)size),
					  (size_t)size, e);
		if (found <= 0)
			return found;
		ret->len += (size_t)size;
	}
	name_of(buf_bytes(ret), expected);
	if (strcmp(name, expected) != 0)
		return error_set(e, ERR_CORRUPT, "its content is not the one it is named by");
	return 1;
}

/* What trying a secret on all files gave. */
struct attempt {
	struct backend *backend;
	const uint8_t *store_id;
	struct bytes secret;
	uint64_t files;	   /* that were there */
	uint64_t sound;	   /* of which the secret was tried */
	uint64_t opened;   /* by it */
	struct error harm; /* of one that is not sound */
	struct buf names;  /* of the opened, each with a NUL */
};

static void attempt_release(struct attempt *a)
{
	buf_release(&a->names);
}
DEFINE_OWNED_STRUCT(struct attempt, attempt_release);

/* Try one. 0, or what ends it all. */
static int try_file(struct attempt *a, const char *name, uint8_t ret_master[KEYRING_MASTER_LEN],
		    struct error *e)
{
	OWNED(buf_release) struct buf file = {0};
	struct error why = {0};
	int code = file_load(a->backend, name, &file, &why);

	if (code == 0)
		return 0;
	a->files++;
	if (code == 1)
		code = keyring_unwrap(buf_bytes(&file), a->store_id, a->secret, ret_master, &why);
	if (code == ERR_IO || code == ERR_NOMEM) {
		*e = why;
		return code;
	}
	if (code < 0) {
		error_wrap(&why, "%s", name);
		a->harm = why;
		return 0;
	}
	a->sound++;
	if (code == 1) {
		a->opened++;
		buf_add(&a->names, name, KEYRING_NAME_LEN + 1);
	}
	return 0;
}

/* Each file, or (with `first`) until one opens. */
static int try_all(struct attempt *a, bool first, uint8_t ret_master[KEYRING_MASTER_LEN],
		   struct error *e)
{
	OWNED(buf_release) struct buf names = {0};

	if (names_read(a->backend, &names, e) < 0)
		return e->code;
	for (size_t at = 0; at < names.len; at += KEYRING_NAME_LEN + 1) {
		if (try_file(a, (const char *)names.at + at, ret_master, e) < 0)
			return e->code;
		if (first && a->opened > 0)
			break;
	}
	return 0;
}

/* None opened: why not. */
static int tell_closed(const struct attempt *a, struct error *e)
{
	if (a->files == 0)
		return error_set(e, ERR_CORRUPT, "the store is encrypted, and its keys/ is empty");
	if (a->sound == 0) {
		*e = a->harm;
		return e->code;
	}
	return error_set(e, ERR_WRONG_KEY, "the key that was given is none of the store's%s%s%s",
			 a->harm.code != 0 ? " (or the one of a damaged file: " : "",
			 a->harm.code != 0 ? a->harm.text : "", a->harm.code != 0 ? ")" : "");
}

int keyring_make(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
		 struct bytes secret, const uint8_t master[KEYRING_MASTER_LEN], struct error *e)
{
	uint8_t file[KEYRING_FILE_LEN] = MAGIC, key[WRAP_LEN];
	char name[KEYRING_NAME_LEN + 1];
	int code;

	if (check_secret(secret, e) < 0)
		return e->code;
	file[AT_VERSION] = VERSION;
	file[AT_KDF] = KDF_SCRYPT;
	file[AT_LOG2_N] = LOG2_N;
	put_le32(file + AT_R, BLOCK_R);
	put_le32(file + AT_P, LANES_P);
	if (getrandom(file + AT_SALT, SALT_LEN + NONCE_LEN, 0) != SALT_LEN + NONCE_LEN)
		return error_sys(e, "random bytes for a key");
	if (wrapping_key(file, secret, key, e) < 0)
		return e->code;
	code = seal(file, key, store_id, master, e);
	OPENSSL_cleanse(key, sizeof(key));
	if (code < 0)
		return code;
	name_of(bytes_of(file, sizeof(file)), name);
	code = backend->ops->put(backend, name, bytes_of(file, sizeof(file)), e);
	return code < 0 ? code : 0;
}

int keyring_open(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
		 struct bytes secret, uint8_t ret_master[KEYRING_MASTER_LEN], struct error *e)
{
	OWNED(attempt_release)
	struct attempt a = {.backend = backend, .store_id = store_id, .secret = secret};

	if (try_all(&a, true, ret_master, e) < 0)
		return e->code;
	return a.opened > 0 ? 0 : tell_closed(&a, e);
}

/* Of the new secret: 0 when it opens a file to this very master key, which is then durable and readable. */
static int add_fresh(struct attempt *fresh, const uint8_t master[KEYRING_MASTER_LEN],
		     struct keyring_change *ret, struct error *e)
{
	uint8_t found[KEYRING_MASTER_LEN];
	int code = try_all(fresh, true, found, e);

	if (code == 0 && fresh->opened == 0) {
		code = keyring_make(fresh->backend, fresh->store_id, fresh->secret, master, e);
		if (code == 0)
			code = try_all(fresh, true, found, e);
		ret->added = 1;
	}
	if (code == 0 && (fresh->opened == 0 || CRYPTO_memcmp(found, master, sizeof(found)) != 0))
		code = error_set(e, ERR_CORRUPT,
				 "the new key was written and does not open the "
				 "store; the old one does still");
	OPENSSL_cleanse(found, sizeof(found));
	return code;
}

static int change(struct attempt *old, struct attempt *fresh, bool keep_old,
		  struct keyring_change *ret, struct error *e)
{
	uint8_t master[KEYRING_MASTER_LEN];
	OWNED(buf_release) struct buf names = {0};
	int code = try_all(old, false, master, e);

	if (code == 0 && old->opened == 0)
		code = tell_closed(old, e);
	if (code == 0)
		code = add_fresh(fresh, master, ret, e);
	OPENSSL_cleanse(master, sizeof(master));
	if (code < 0)
		return code;
	/* A new one that was there already may be of a rekey that died before it was durable. */
	if (!keep_old && ret->added == 0 && old->backend->ops->sync(old->backend, e) < 0)
		return e->code;
	for (size_t at = 0; !keep_old && at < old->names.len; at += KEYRING_NAME_LEN + 1) {
		const char *name = (const char *)old->names.at + at;
		int gone = old->backend->ops->remove(old->backend, name, e);

		if (gone < 0)
			return gone;
		ret->removed += (uint64_t)gone;
	}
	/* Else a power cut brings the old key back, which may be known to others. */
	if (ret->removed > 0 && old->backend->ops->sync(old->backend, e) < 0)
		return e->code;
	if (names_read(old->backend, &names, e) < 0)
		return e->code;
	ret->left = names.len / (KEYRING_NAME_LEN + 1);
	return 0;
}

int keyring_rewrap(struct backend *backend, const uint8_t store_id[KEYRING_STORE_ID_LEN],
		   struct bytes old, struct bytes fresh, bool keep_old, struct keyring_change *ret,
		   struct error *e)
{
	OWNED(attempt_release)
	struct attempt from = {.backend = backend, .store_id = store_id, .secret = old};
	OWNED(attempt_release)
	struct attempt to = {.backend = backend, .store_id = store_id, .secret = fresh};

	*ret = (struct keyring_change){0};
	if (check_secret(fresh, e) < 0)
		return e->code;
	if (bytes_equal(old, fresh))
		return error_set(e, ERR_INVALID, "the new key is the old one");
	return change(&from, &to, keep_old, ret, e);
}

int keyring_list(struct backend *backend, keyring_each each, void *ctx, struct error *e)
{
	OWNED(buf_release) struct buf names = {0};
	int count = 0;

	if (names_read(backend, &names, e) < 0)
		return e->code;
	for (size_t at = 0; at < names.len; at += KEYRING_NAME_LEN + 1) {
		OWNED(buf_release) struct buf file = {0};
		const char *name = (const char *)names.at + at;
		struct error why = {0};
		int code = file_load(backend, name, &file, &why);

		if (code == 0)
			continue;
		if (code == 1)
			code = check_form(buf_bytes(&file), &why);
		if (code == ERR_IO || code == ERR_NOMEM) {
			*e = why;
			return code;
		}
		each(ctx, name, code < 0 ? why.text : NULL);
		count++;
	}
	return count;
}
