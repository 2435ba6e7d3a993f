/*
 * scram.h - SCRAM-SHA-256, the server's side: what is kept of a password, and the conversation.
 *
 * RFC 5802 and 7677, without channel binding; the password is prepared by RFC 4013 before it comes here (saslprep.h).
 *
 * Threads: pure; a conversation belongs to one thread at a time.
 */
#ifndef WIRE_SCRAM_H
#define WIRE_SCRAM_H

#include "base/buf.h"

#define SCRAM_ITERATIONS 15000 /* what mongod takes for SHA-256 */
#define SCRAM_SALT_LEN 28
#define SCRAM_KEY_LEN 32
#define SCRAM_TEXT_LEN 192 /* of scram_credentials_text(), with its NUL */

/* What is kept of a password: it can be checked by it, and not be had back. */
struct scram_credentials {
	uint32_t iterations;
	uint8_t salt[SCRAM_SALT_LEN];
	uint8_t stored_key[SCRAM_KEY_LEN];
	uint8_t server_key[SCRAM_KEY_LEN];
};

/* Of a password, with a random salt. ERR_IO: the system gave no random bytes. */
MUST_CHECK int scram_credentials_make(struct bytes password, struct scram_credentials *ret,
				      struct error *e);
/* "15000 salt stored-key server-key", the last three in base64; and back: false when it is anything else. */
void scram_credentials_text(const struct scram_credentials *c, char ret[SCRAM_TEXT_LEN]);
MUST_CHECK bool scram_credentials_parse(struct bytes text, struct scram_credentials *ret);
/* Credentials that no password fits, always the same for one user and `secret`: so that nobody learns who exists. */
void scram_credentials_fake(struct bytes secret, struct bytes user, struct scram_credentials *ret);

/* A conversation; all zero before scram_begin(). */
struct scram {
	struct buf user;  /* as the client named it */
	struct buf bare;  /* its first message without the head */
	struct buf nonce; /* both parts */
	struct buf first; /* our first message */
	struct scram_credentials credentials;
};
void scram_release(struct scram *s);
DEFINE_OWNED_STRUCT(struct scram, scram_release);

/* The client's first message: sets s->user. False when it is not one, or wants channel binding. */
MUST_CHECK bool scram_begin(struct scram *s, struct bytes payload);
/* Our answer to it, appended. ERR_IO: no random bytes. */
MUST_CHECK int scram_challenge(struct scram *s, const struct scram_credentials *c, struct buf *ret,
			       struct error *e);
/* The client's last message: true when the password is right, and our last message appended. */
MUST_CHECK bool scram_finish(struct scram *s, struct bytes payload, struct buf *ret);

#endif
