#include "wire/scram.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#define NONCE_LEN 24	 /* random bytes of our part; a multiple of 3: no padding in base64 */
#define PAYLOAD_MAX 8192 /* bytes of a client's message */
#define ITERATIONS_MAX 10000000

static void hmac(const uint8_t key[SCRAM_KEY_LEN], struct bytes text, uint8_t ret[SCRAM_KEY_LEN])
{
	unsigned len = SCRAM_KEY_LEN;

	HMAC(EVP_sha256(), key, SCRAM_KEY_LEN, text.at, text.len, ret, &len);
}

static int fill_random(void *ret, size_t len, struct error *e)
{
	if (getrandom(ret, len, 0) == (ssize_t)len)
		return 0;
	return error_sys(e, "no random bytes");
}

static void add_base64(struct buf *b, struct bytes from)
{
	uint8_t *room = buf_room(b, (from.len + 2) / 3 * 4 + 1);

	b->len += (size_t)EVP_EncodeBlock(room, from.at, (int)from.len);
}

/* Exactly `len` bytes in base64. */
static bool take_base64(struct bytes text, void *ret, size_t len)
{
	uint8_t out[96];
	size_t padding = 0;
	int got;

	if (text.len != (len + 2) / 3 * 4 || text.len / 4 * 3 > sizeof(out))
		return false;
	while (padding < 2 && text.at[text.len - 1 - padding] == '=')
		padding++;
	got = EVP_DecodeBlock(out, text.at, (int)text.len);
	if (got < 0 || (size_t)got - padding != len)
		return false;
	memcpy(ret, out, len);
	return true;
}

int scram_credentials_make(struct bytes password, struct scram_credentials *ret, struct error *e)
{
	uint8_t salted[SCRAM_KEY_LEN], client[SCRAM_KEY_LEN];

	if (fill_random(ret->salt, sizeof(ret->salt), e) < 0)
		return e->code;
	ret->iterations = SCRAM_ITERATIONS;
	if (PKCS5_PBKDF2_HMAC((const char *)password.at, (int)password.len, ret->salt,
			      SCRAM_SALT_LEN, SCRAM_ITERATIONS, EVP_sha256(), SCRAM_KEY_LEN,
			      salted) != 1)
		return error_set(e, ERR_UNSUPPORTED, "the library has no PBKDF2");
	hmac(salted, bytes_str("Client Key"), client);
	SHA256(client, sizeof(client), ret->stored_key);
	hmac(salted, bytes_str("Server Key"), ret->server_key);
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(client, sizeof(client));
	return 0;
}

void scram_credentials_text(const struct scram_credentials *c, char ret[SCRAM_TEXT_LEN])
{
	OWNED(buf_release) struct buf b = {0};

	buf_printf(&b, "%u ", c->iterations);
	add_base64(&b, bytes_of(c->salt, sizeof(c->salt)));
	buf_add_u8(&b, ' ');
	add_base64(&b, bytes_of(c->stored_key, sizeof(c->stored_key)));
	buf_add_u8(&b, ' ');
	add_base64(&b, bytes_of(c->server_key, sizeof(c->server_key)));
	snprintf(ret, SCRAM_TEXT_LEN, "%s", buf_text(&b));
}

/* The word at the start of `*rest`, up to a blank; moves behind that. */
static struct bytes take_word(struct bytes *rest)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->at, ' ', rest->len);
	struct bytes word = end == NULL ? *rest : bytes_of(rest->at, (size_t)(end - rest->at));
	size_t skip = MIN_OF(word.len + 1, rest->len);

	*rest = bytes_of(rest->at + skip, rest->len - skip);
	return word;
}

bool scram_credentials_parse(struct bytes text, struct scram_credentials *ret)
{
	struct bytes number = take_word(&text);
	struct scram_credentials c = {0};

	for (size_t i = 0; i < number.len; i++) {
		if (number.at[i] < '0' || number.at[i] > '9' || c.iterations > ITERATIONS_MAX)
			return false;
		c.iterations = c.iterations * 10 + (uint32_t)(number.at[i] - '0');
	}
	if (c.iterations < 4096 || c.iterations > ITERATIONS_MAX)
		return false;
	if (!take_base64(take_word(&text), c.salt, sizeof(c.salt)) ||
	    !take_base64(take_word(&text), c.stored_key, sizeof(c.stored_key)) ||
	    !take_base64(text, c.server_key, sizeof(c.server_key)))
		return false;
	*ret = c;
	return true;
}

void scram_credentials_fake(struct bytes secret, struct bytes user, struct scram_credentials *ret)
{
	uint8_t key[SCRAM_KEY_LEN], salt[SCRAM_KEY_LEN];

	SHA256(secret.at, secret.len, key);
	hmac(key, user, salt);
	memcpy(ret->salt, salt, sizeof(ret->salt));
	hmac(salt, user, ret->stored_key);
	hmac(ret->stored_key, user, ret->server_key);
	ret->iterations = SCRAM_ITERATIONS;
}

void scram_release(struct scram *s)
{
	buf_release(&s->user);
	buf_release(&s->bare);
	buf_release(&s->nonce);
	buf_release(&s->first);
	OPENSSL_cleanse(&s->credentials, sizeof(s->credentials));
	*s = (struct scram){0};
}

/* The attribute "x=value" at the start of `*rest`, up to a comma; moves behind that. */
static bool take_attribute(struct bytes *rest, char name, struct bytes *ret)
{
	const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->at, ',', rest->len);
	struct bytes all = end == NULL ? *rest : bytes_of(rest->at, (size_t)(end - rest->at));
	size_t skip = MIN_OF(all.len + 1, rest->len);

	if (all.len < 2 || all.at[0] != (uint8_t)name || all.at[1] != '=')
		return false;
	*ret = bytes_of(all.at + 2, all.len - 2);
	*rest = bytes_of(rest->at + skip, rest->len - skip);
	return true;
}

/* A user's name, in which =2C is a comma and =3D an equals sign. */
static bool unescape_name(struct bytes from, struct buf *ret)
{
	for (size_t i = 0; i < from.len; i++) {
		if (from.at[i] != '=') {
			buf_add_u8(ret, from.at[i]);
			continue;
		}
		if (from.len - i < 3)
			return false;
		if (memcmp(from.at + i, "=2C", 3) == 0)
			buf_add_u8(ret, ',');
		else if (memcmp(from.at + i, "=3D", 3) == 0)
			buf_add_u8(ret, '=');
		else
			return false;
		i += 2;
	}
	return true;
}

bool scram_begin(struct scram *s, struct bytes payload)
{
	struct bytes rest, name, nonce;

	if (payload.len < 3 || payload.len > PAYLOAD_MAX ||
	    (memcmp(payload.at, "n,,", 3) != 0 && memcmp(payload.at, "y,,", 3) != 0))
		return false;
	rest = bytes_of(payload.at + 3, payload.len - 3);
	buf_add_bytes(&s->bare, rest);
	if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce))
		return false;
	buf_add_bytes(&s->nonce, nonce);
	return name.len > 0 && nonce.len > 0 && unescape_name(name, &s->user);
}

int scram_challenge(struct scram *s, const struct scram_credentials *c, struct buf *ret,
		    struct error *e)
{
	uint8_t own[NONCE_LEN];

	if (fill_random(own, sizeof(own), e) < 0)
		return e->code;
	s->credentials = *c;
	add_base64(&s->nonce, bytes_of(own, sizeof(own)));
	buf_add_str(&s->first, "r=");
	buf_add_bytes(&s->first, buf_bytes(&s->nonce));
	buf_add_str(&s->first, ",s=");
	add_base64(&s->first, bytes_of(c->salt, sizeof(c->salt)));
	buf_printf(&s->first, ",i=%u", c->iterations);
	buf_add_bytes(ret, buf_bytes(&s->first));
	return 0;
}

/* Is `proof` that of who knows the password? */
static bool is_proof(const struct scram *s, struct bytes message, struct bytes proof)
{
	uint8_t signature[SCRAM_KEY_LEN], key[SCRAM_KEY_LEN], stored[SCRAM_KEY_LEN];

	if (!take_base64(proof, key, sizeof(key)))
		return false;
	hmac(s->credentials.stored_key, message, signature);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] ^= signature[i];
	SHA256(key, sizeof(key), stored);
	return CRYPTO_memcmp(stored, s->credentials.stored_key, sizeof(stored)) == 0;
}

bool scram_finish(struct scram *s, struct bytes payload, struct buf *ret)
{
	OWNED(buf_release) struct buf message = {0};
	struct bytes rest = payload, binding, nonce, proof;
	uint8_t signature[SCRAM_KEY_LEN];

	if (payload.len > PAYLOAD_MAX || !take_attribute(&rest, 'c', &binding) ||
	    !take_attribute(&rest, 'r', &nonce) || !bytes_equal(nonce, buf_bytes(&s->nonce)) ||
	    (!bytes_equal(binding, bytes_str("biws")) && !bytes_equal(binding, bytes_str("eSws"))))
		return false;
	buf_add_bytes(&message, buf_bytes(&s->bare));
	buf_add_u8(&message, ',');
	buf_add_bytes(&message, buf_bytes(&s->first));
	buf_add_u8(&message, ',');
	if (rest.len == 0)
		return false;
	buf_add(&message, payload.at, (size_t)(rest.at - payload.at) - 1);
	if (!take_attribute(&rest, 'p', &proof) || rest.len != 0 ||
	    !is_proof(s, buf_bytes(&message), proof))
		return false;
	hmac(s->credentials.server_key, buf_bytes(&message), signature);
	buf_add_str(ret, "v=");
	add_base64(ret, bytes_of(signature, sizeof(signature)));
	return true;
}
