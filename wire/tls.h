/*
 * tls.h - TLS of the server's side, by OpenSSL; as mongod's options of the same names want it.
 *
 * Threads: a struct tls is immutable; each connection's SSL belongs to one thread at a time.
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include "base/cleanup.h"
#include "base/error.h"

struct tls;    /* opaque */
struct ssl_st; /* OpenSSL's */

/*
 * Take the certificate and key of a PEM file; with `ca_file`, clients need a certificate that it vouches for. TLS 1.2 or newer.
 * ERR_INVALID names the file; ERR_REFUSED: others may read the key.
 */
MUST_CHECK int tls_open(const char *certificate_key_file, const char *ca_file, struct tls **ret,
			struct error *e);
void tls_close(struct tls *tls);
DEFINE_OWNED(struct tls *, tls_close);

/* The state of a new connection on `fd`, for SSL_free(). */
MUST_CHECK int tls_accept(struct tls *tls, int fd, struct ssl_st **ret, struct error *e);

#endif
