#include "tools/live_uri.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file.h"

#define FILE_MAX (64 * KIB)
#define PEM_MAX (4 * MIB)
#define HEARTBEAT_MS 5000
#define PLAIN "mongodb://"
#define SRV "mongodb+srv://"
#define BLANKS " \t"
#define ESCAPES "in user and password : / ? # [ ] @ and %% are written as %%XX"
#define SECRET_MIN 3 /* shorter ones would blank words, which tells more than it hides */

static void add_secret(struct live_uri *uri, struct bytes text)
{
	if (text.len < SECRET_MIN)
		return;
	buf_add_bytes(&uri->secrets, text);
	buf_add_u8(&uri->secrets, '\0');
}

/* As it is written: a message may quote the string. Everything up to the last @ may belong to a password. */
static void note_written(struct live_uri *uri, const char *text)
{
	const char *begin = strstr(text, "://");
	const char *at = strrchr(text, '@');
	const char *query = strchr(text, '?');
	const char *colon;

	if (begin != NULL && at != NULL && (colon = strchr(begin + 3, ':')) != NULL && colon < at)
		add_secret(uri, bytes_of(colon + 1, (size_t)(at - colon - 1)));
	while (query != NULL) {
		const char *option = query + 1;
		const char *value = strchr(option, '=');
		size_t len = strcspn(option, "&");

		query = option[len] == '&' ? option + len : NULL;
		if (value == NULL || value > option + len)
			continue;
		if (strncasecmp(option, "authMechanismProperties", 23) == 0 ||
		    strncasecmp(option, "tlsCertificateKeyFilePassword", 29) == 0 ||
		    strncasecmp(option, "sslClientCertificateKeyPassword", 31) == 0)
			add_secret(uri, bytes_of(value + 1, (size_t)(option + len - value - 1)));
	}
}

static void note_decoded(struct live_uri *uri)
{
	const char *word = mongoc_uri_get_password(uri->uri);

	if (word != NULL)
		add_secret(uri, bytes_str(word));
	word = mongoc_uri_get_option_as_utf8(uri->uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD,
					     NULL);
	if (word != NULL)
		add_secret(uri, bytes_str(word));
}

void live_uri_hide(const struct live_uri *uri, char *text)
{
	const char *secret = (const char *)uri->secrets.at;
	const char *end = secret + uri->secrets.len;

	for (; secret < end; secret += strlen(secret) + 1)
		for (char *at = text; (at = strstr(at, secret)) != NULL;)
			memset(at, '*', strlen(secret));
}

static int read_file(const char *path, struct buf *ret, struct error *e)
{
	struct stat st;
	char *line;
	int found;

	if (stat(path, &st) != 0)
		return error_sys(e, "%s", path);
	if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0 && S_ISREG(st.st_mode)) {
		error_set(e, ERR_REFUSED, "%s may be read by others (its mode is %04o)", path,
			  st.st_mode & 07777);
		return error_hint(e, "chmod 600 %s", path);
	}
	found = file_read(path, FILE_MAX, ret, e);
	if (found <= 0)
		return found < 0 ? found : error_set(e, ERR_IO, "%s is gone", path);
	buf_text(ret);
	line = (char *)ret->at;
	line[strcspn(line, "\r\n")] = '\0';
	for (size_t len = strlen(line); len > 0 && strchr(BLANKS, line[len - 1]) != NULL;)
		line[--len] = '\0';
	memmove(line, line + strspn(line, BLANKS), strlen(line + strspn(line, BLANKS)) + 1);
	if (line[0] != '\0')
		return 0;
	error_set(e, ERR_INVALID, "%s: its first line is empty", path);
	return error_hint(e, "the connection string stands there alone: mongodb://...");
}

/*
 * As it is loaded the driver opens counters for mongoc-stat in /dev/shm, named by the process: a kill leaves the
 * file there, and a later process of that number prints a warning whatever its verb. These two stand before
 * libc's: the counters are in memory that ends with the process. Nothing else here uses shared memory by name.
 */
int shm_open(const char *name, int flags UNUSED, mode_t mode UNUSED)
{
	return memfd_create(name, MFD_CLOEXEC);
}

int shm_unlink(const char *name UNUSED)
{
	return 0;
}

/* The driver's own warnings quote what they are about. */
static void silence(mongoc_log_level_t level UNUSED, const char *domain UNUSED,
		    const char *text UNUSED, void *ctx UNUSED)
{
}

/* Is the file there, and has it a PEM block of that kind? */
static int check_pem(const char *option, const char *path, const char *kind, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	int found = file_read(path, PEM_MAX, &text, e);

	if (found == 0) {
		errno = ENOENT;
		return error_sys(e, "the URI's %s %s", option, path);
	}
	if (found < 0)
		return error_wrap(e, "the URI's %s", option);
	found = strstr(buf_text(&text), kind) != NULL;
	explicit_bzero(text.at, text.cap);
	return found ? 0
		     : error_set(e, ERR_INVALID, "the URI's %s %s: there is no \"%s\" in it",
				 option, path, kind);
}

/* Of a file that can't be used the driver only says that there was an error. */
static int check_files(const mongoc_uri_t *uri, struct error *e)
{
	static const struct {
		const char *option, *kind;
	} files[] = {{"tlsCAFile", "CERTIFICATE-----"},
		     {"tlsCertificateKeyFile", "CERTIFICATE-----"},
		     {"tlsCertificateKeyFile", "PRIVATE KEY-----"}};

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		const char *path = mongoc_uri_get_option_as_utf8(uri, files[i].option, NULL);

		if (path != NULL && check_pem(files[i].option, path, files[i].kind, e) < 0)
			return e->code;
	}
	return 0;
}

/*
 * Each command of ours says what it waits for and what it reads. The driver would say it once more, which servers refuse,
 * ask for it in commands that have none (isMaster), or with w=0 let nobody know what became of a write.
 */
static void forget_concerns(mongoc_uri_t *uri)
{
	mongoc_write_concern_t *write = mongoc_write_concern_new();
	mongoc_read_concern_t *read = mongoc_read_concern_new();

	mongoc_uri_set_write_concern(uri, write);
	mongoc_uri_set_read_concern(uri, read);
	mongoc_write_concern_destroy(write);
	mongoc_read_concern_destroy(read);
}

/* The driver takes what is between them, the end of a password, for a part of a host, and tells that it can't be found. */
static bool has_two_ats(const char *text)
{
	const char *begin = strstr(text, "://") + 3;
	struct bytes servers = bytes_of(begin, strcspn(begin, "/?"));
	const char *at = memchr(servers.at, '@', servers.len);

	return at != NULL && memchr(at + 1, '@', servers.len - (size_t)(at + 1 - begin)) != NULL;
}

static int parse(const char *text, struct live_uri **ret, struct error *e)
{
	OWNED(live_uri_free) struct live_uri *uri = xcalloc(1, sizeof(*uri));
	bson_error_t why;

	mongoc_init();
	mongoc_log_set_handler(silence, NULL);
	note_written(uri, text);
	if (strncmp(text, PLAIN, strlen(PLAIN)) != 0 && strncmp(text, SRV, strlen(SRV)) != 0) {
		error_set(e, ERR_INVALID, "the URI does not begin with " PLAIN " or " SRV);
		return error_hint(e,
				  PLAIN "USER:PASSWORD@HOST:PORT/?replicaSet=NAME, without quotes");
	}
	uri->uri = has_two_ats(text) ? NULL : mongoc_uri_new_with_error(text, &why);
	/* Its message may hold a piece of a password that was not escaped: it is not passed on. */
	if (uri->uri == NULL) {
		error_set(e, ERR_INVALID, "the URI is not a connection string");
		if (strncmp(text, SRV, strlen(SRV)) == 0)
			return error_hint(e, SRV "USER:PASSWORD@NAME/; one name of at least three "
						 "parts, no port; " ESCAPES);
		return error_hint(e,
				  "mongodb://USER:PASSWORD@HOST:PORT/?replicaSet=NAME; " ESCAPES);
	}
	note_decoded(uri);
	if (check_files(uri->uri, e) < 0)
		return e->code;
	mongoc_uri_set_appname(uri->uri, "yester");
	forget_concerns(uri->uri);
	*ret = TAKE(uri);
	return 0;
}

int live_uri_read(char *typed, const char *file, struct live_uri **ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	char *environment = getenv("YESTER_URI");
	int code;

	if (typed != NULL) {
		buf_add_str(&text, typed);
		memset(typed, 'x', strlen(typed));
	}
	if (typed != NULL && file != NULL)
		return error_set(e, ERR_INVALID, "--uri and --uri-file: only one can be");
	if (file != NULL && read_file(file, &text, e) < 0)
		return e->code;
	if (typed == NULL && file == NULL && environment != NULL)
		buf_add_str(&text, environment);
	if (environment != NULL) /* a child need not see it, nor /proc/PID/environ */
		memset(environment, 'x', strlen(environment));
	if (text.len == 0) {
		error_set(e, ERR_INVALID, "which deployment? no URI was given");
		return error_hint(e, "--uri-file F, with the connection string in F, or YESTER_URI "
				     "in the environment; --uri is seen by ps for a moment");
	}
	code = parse(buf_text(&text), ret, e);
	explicit_bzero(text.at, text.cap);
	return code;
}

int live_uri_make(const char *text, struct live_uri **ret, struct error *e)
{
	return parse(text, ret, e);
}

void live_uri_patience(struct live_uri *uri, int32_t connect_ms, int32_t answer_ms)
{
	if (!mongoc_uri_has_option(uri->uri, MONGOC_URI_CONNECTTIMEOUTMS))
		mongoc_uri_set_option_as_int32(uri->uri, MONGOC_URI_CONNECTTIMEOUTMS, connect_ms);
	if (!mongoc_uri_has_option(uri->uri, MONGOC_URI_SOCKETTIMEOUTMS))
		mongoc_uri_set_option_as_int32(uri->uri, MONGOC_URI_SOCKETTIMEOUTMS, answer_ms);
	/* Who is primary is looked up again when it is asked for; the driver's 60 s are long. */
	if (!mongoc_uri_has_option(uri->uri, MONGOC_URI_HEARTBEATFREQUENCYMS))
		mongoc_uri_set_option_as_int32(uri->uri, MONGOC_URI_HEARTBEATFREQUENCYMS,
					       HEARTBEAT_MS);
}

void live_uri_free(struct live_uri *uri)
{
	if (uri == NULL)
		return;
	mongoc_uri_destroy(uri->uri);
	if (uri->secrets.at != NULL)
		explicit_bzero(uri->secrets.at, uri->secrets.cap);
	buf_release(&uri->secrets);
	free(uri);
}
