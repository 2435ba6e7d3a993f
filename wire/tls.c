#include "wire/tls.h"

#include <errno.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buf.h"

struct tls {
	SSL_CTX *context;
};

/* The library's own words for what went wrong last. */
static int library_error(struct error *e, const char *what)
{
	char text[256] = "no reason given";
	unsigned long code = ERR_peek_last_error();

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return error_set(e, ERR_INVALID, "%s: %s", what, text);
}

static int check_private(const char *path, struct error *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return error_sys(e, "%s", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
		error_set(e, ERR_REFUSED, "%s holds a key and can be read or changed by others",
			  path);
		return error_hint(e, "chmod 600 %s", path);
	}
	return 0;
}

int tls_open(const char *certificate_key_file, const char *ca_file, struct tls **ret,
	     struct error *e)
{
	OWNED(tls_close) struct tls *tls = xcalloc(1, sizeof(*tls));

	if (check_private(certificate_key_file, e) < 0)
		return e->code;
	tls->context = SSL_CTX_new(TLS_server_method());
	if (tls->context == NULL)
		return library_error(e, "TLS");
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					       SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_use_certificate_chain_file(tls->context, certificate_key_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls->context, certificate_key_file, SSL_FILETYPE_PEM) != 1)
		return library_error(e, certificate_key_file);
	if (ca_file != NULL) {
		if (SSL_CTX_load_verify_locations(tls->context, ca_file, NULL) != 1)
			return library_error(e, ca_file);
		SSL_CTX_set_client_CA_list(tls->context, SSL_load_client_CA_file(ca_file));
		SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
	}
	SSL_CTX_set_session_id_context(tls->context, (const unsigned char *)"yester", 6);
	*ret = TAKE(tls);
	return 0;
}

void tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

int tls_accept(struct tls *tls, int fd, struct ssl_st **ret, struct error *e)
{
	SSL *ssl = SSL_new(tls->context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return library_error(e, "TLS");
	}
	SSL_set_accept_state(ssl);
	*ret = ssl;
	return 0;
}
