#include "wire/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "tests/harness/harness.h"
#include "wire/saslprep.h"

/* The client's side, written by RFC 5802 and 7677 alone. */
struct client {
	struct buf bare, first, without_proof;
	uint8_t salted[32];
};

static void hmac(const uint8_t key[32], struct bytes text, uint8_t ret[32])
{
	unsigned len = 32;

	HMAC(EVP_sha256(), key, 32, text.at, text.len, ret, &len);
}

static void base64(struct bytes from, char *ret)
{
	EVP_EncodeBlock((unsigned char *)ret, from.at, (int)from.len);
}

/* Parse "r=...,s=...,i=..." and make the last message with the proof for `password`. */
static void client_answer(struct client *c, const char *challenge, const char *password,
			  struct buf *ret, struct buf *ret_message)
{
	char nonce[256], salt[256];
	unsigned iterations;
	uint8_t raw[64], key[32], stored[32], signature[32];
	char proof[64];
	int len;

	assert_int_equal(sscanf(challenge, "r=%255[^,],s=%255[^,],i=%u", nonce, salt, &iterations),
			 3);
	len = EVP_DecodeBlock(raw, (const unsigned char *)salt, (int)strlen(salt));
	len -= salt[strlen(salt) - 1] == '=' ? salt[strlen(salt) - 2] == '=' ? 2 : 1 : 0;
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), raw, len, (int)iterations, EVP_sha256(),
			  32, c->salted);
	hmac(c->salted, bytes_str("Client Key"), key);
	SHA256(key, 32, stored);
	buf_printf(&c->without_proof, "c=biws,r=%s", nonce);
	buf_printf(ret_message, "%s,%s,%s", buf_text(&c->bare), challenge,
		   buf_text(&c->without_proof));
	hmac(stored, buf_bytes(ret_message), signature);
	for (int i = 0; i < 32; i++)
		key[i] ^= signature[i];
	base64(bytes_of(key, 32), proof);
	buf_printf(ret, "%s,p=%s", buf_text(&c->without_proof), proof);
}

static void client_release(struct client *c)
{
	buf_release(&c->bare);
	buf_release(&c->first);
	buf_release(&c->without_proof);
}

/* A whole login; is it taken? */
static bool log_in(const struct scram_credentials *credentials, const char *password, bool spoil)
{
	struct client c = {0};
	struct scram s = {0};
	struct buf challenge = {0}, answer = {0}, message = {0}, end = {0};
	uint8_t server_key[32], signature[32];
	char wanted[80] = "v=";
	struct error e = {0};
	bool right;

	buf_add_str(&c.bare, "n=a=2Cb=3D,r=abcdef");
	buf_printf(&c.first, "n,,%s", buf_text(&c.bare));
	assert_true(scram_begin(&s, buf_bytes(&c.first)));
	ASSERT_BYTES(buf_bytes(&s.user), bytes_str("a,b="));
	ASSERT_OK(scram_challenge(&s, credentials, &challenge, &e));
	client_answer(&c, buf_text(&challenge), password, &answer, &message);
	if (spoil)
		answer.at[answer.len - 10] ^= 1;
	right = scram_finish(&s, buf_bytes(&answer), &end);
	if (right) {
		hmac(c.salted, bytes_str("Server Key"), server_key);
		hmac(server_key, buf_bytes(&message), signature);
		base64(bytes_of(signature, 32), wanted + 2);
		ASSERT_BYTES(buf_bytes(&end), bytes_str(wanted));
	}
	scram_release(&s);
	client_release(&c);
	buf_release(&challenge);
	buf_release(&answer);
	buf_release(&message);
	buf_release(&end);
	return right;
}

static void only_the_password_logs_in(void **state)
{
	struct scram_credentials c, fake;
	struct error e = {0};

	(void)state;
	ASSERT_OK(scram_credentials_make(bytes_str("pencil"), &c, &e));
	assert_true(log_in(&c, "pencil", false));
	assert_false(log_in(&c, "pencil", true));
	assert_false(log_in(&c, "pencils", false));
	assert_false(log_in(&c, "", false));
	scram_credentials_fake(bytes_str("secret"), bytes_str("nobody"), &fake);
	assert_false(log_in(&fake, "pencil", false));
}

static void credentials_are_the_same_after_their_text(void **state)
{
	struct scram_credentials c, back;
	char text[SCRAM_TEXT_LEN];
	struct error e = {0};

	(void)state;
	ASSERT_OK(scram_credentials_make(bytes_str("x"), &c, &e));
	scram_credentials_text(&c, text);
	assert_true(scram_credentials_parse(bytes_str(text), &back));
	assert_memory_equal(&c, &back, sizeof(c));
	for (size_t len = 0; len < strlen(text); len++)
		assert_false(scram_credentials_parse(bytes_of(text, len), &back));
	assert_false(scram_credentials_parse(bytes_str("1 a b c"), &back));
	text[0] = 'x';
	assert_false(scram_credentials_parse(bytes_str(text), &back));
}

static void bad_first_messages_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "n,,",
					  "n,,n=,r=x",
					  "n,,n=a",
					  "n,,r=x",
					  "p=tls,,n=a,r=x",
					  "n,,n=a=2,r=x",
					  "n,,n==2X,r=x",
					  "n,,n=a,r=",
					  "x"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct scram s = {0};

		assert_false(scram_begin(&s, bytes_str(bad[i])));
		scram_release(&s);
	}
}

static void bad_last_messages_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "c=biws", "c=biws,r=abc", "c=biws,r=abc,p=", "r=abc,p=x", "c=eHh4,r=abc,p=x"};
	struct scram_credentials c;
	struct error e = {0};

	(void)state;
	ASSERT_OK(scram_credentials_make(bytes_str("x"), &c, &e));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct scram s = {0};
		struct buf out = {0};

		assert_true(scram_begin(&s, bytes_str("n,,n=a,r=abc")));
		ASSERT_OK(scram_challenge(&s, &c, &out, &e));
		assert_false(scram_finish(&s, bytes_str(bad[i]), &out));
		buf_release(&out);
		scram_release(&s);
	}
}

static void passwords_are_prepared(void **state)
{
	/* RFC 4013, section 3. */
	static const char *const cases[][2] = {{"I\xc2\xadX", "IX"},
					       {"user", "user"},
					       {"USER", "USER"},
					       {"\xc2\xaa", "a"},
					       {"\xe2\x85\xa8", "IX"}};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf out = {0};

		ASSERT_OK(saslprep(bytes_str(cases[i][0]), &out, &e));
		ASSERT_BYTES(buf_bytes(&out), bytes_str(cases[i][1]));
	}
	{
		OWNED(buf_release) struct buf out = {0};

		ASSERT_ERROR(saslprep(bytes_str("\x07"), &out, &e), ERR_INVALID);
		ASSERT_ERROR(saslprep(bytes_str("\xd8\xa7\x31"), &out, &e), ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_password_logs_in),
		cmocka_unit_test(credentials_are_the_same_after_their_text),
		cmocka_unit_test(bad_first_messages_are_refused),
		cmocka_unit_test(bad_last_messages_are_refused),
		cmocka_unit_test(passwords_are_prepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
