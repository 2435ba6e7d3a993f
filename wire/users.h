/*
 * users.h - who may log in to the server: a file of names and SCRAM credentials, of our own.
 *
 * One line a user: "name SCRAM-SHA-256 15000 salt stored-key server-key"; bytes of the name that are not letters, digits or
 * one of -._@ are %XX. Lines that begin with # are left alone. The file has to be readable by its owner only.
 *
 * Threads: a struct users is immutable once read.
 */
#ifndef WIRE_USERS_H
#define WIRE_USERS_H

#include "wire/scram.h"

struct users; /* opaque */

/* Nobody. */
struct users *users_new(void);
void users_free(struct users *users);
DEFINE_OWNED(struct users *, users_free);

/* Add a user, or give him other credentials. */
void users_put(struct users *users, struct bytes name, const struct scram_credentials *c);

/* Read a file. ERR_IO; ERR_REFUSED: others may read it; ERR_INVALID names the line. */
MUST_CHECK int users_read(const char *path, struct users **ret, struct error *e);
/* Write all, durably, mode 0600. Comments of the file that was read are kept. */
MUST_CHECK int users_write(const struct users *users, const char *path, struct error *e);

/* The credentials of a user, or NULL. */
const struct scram_credentials *users_find(const struct users *users, struct bytes name);
size_t users_count(const struct users *users);

#endif
