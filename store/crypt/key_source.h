/*
 * key_source.h - from where the secret comes that opens an encrypted store: a file, a command's output, the environment.
 *
 * The bytes are taken as they are, less one newline at their end: a text file, /dev/urandom's bytes and `pass show`
 * do alike. What is done with them is keyring.h.
 *
 * Threads: before there are any (a command is forked for).
 */
#ifndef STORE_CRYPT_KEY_SOURCE_H
#define STORE_CRYPT_KEY_SOURCE_H

#include "base/buf.h"
#include "base/error.h"

#define KEY_SOURCE_ENVIRONMENT "YESTER_KEY_FILE"

/* Both NULL: nothing was said. Borrowed. */
struct key_source {
	const char *file;    /* a path; a pipe is fine, also /dev/fd/N */
	const char *command; /* for /bin/sh -c; it has our terminal, so that it can ask */
	bool no_environment; /* YESTER_KEY_FILE is of another store */
};

/*
 * Read the secret into *ret, which is empty: 1; 0 nothing was said, also not in the environment. ERR_INVALID: both were
 * said; ERR_REFUSED: others may read the file; ERR_LIMIT: over 64 KiB; ERR_WRONG_KEY: the command failed, or there are
 * fewer than 16 bytes; ERR_IO. No text of an error shows a byte of it, or the command.
 */
MUST_CHECK int key_source_read(const struct key_source *source, struct buf *ret, struct error *e);

/* Overwrite and free. */
void key_source_wipe(struct buf *secret);
DEFINE_OWNED_STRUCT(struct buf, key_source_wipe);

/*
 * In a child, before it becomes another `yester`: let that one find the secret, by a file that has no name and ends with
 * it. Not in its command line or environment. Empty: the child is told of none. ERR_IO.
 */
MUST_CHECK int key_source_hand_down(struct bytes secret, struct error *e);

#endif
