#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/exit_code.h"
#include "base/shell_word.h"
#include "tools/cmd_table.h"
#include "tools/json_out.h"
#include "tools/size.h"
#include "tools/term.h"
#include "wire/server.h"
#include "wire/service.h"

#define DEFAULT_BIND "127.0.0.1"
#define DEFAULT_PORT 27099
#define MEMORY_SHARE 4 /* of the machine's: the default */
#define DEFAULT_MEMORY_MIN (512 * MIB)
#define DEFAULT_MEMORY_MAX (4096 * MIB)
#define LEAST_MEMORY (64 * MIB)
#define LEAST_CACHE (64 * MIB)	  /* of decoded documents */
#define ENOUGH_MEMORY (256 * MIB) /* for all but the cache, when there is not more */
#define ONE_TIME_USER "yester"
#define PASSWORD_LEN 24
#define HOST_LEN 300

struct options {
	const char *at;
	const char *bind, *port, *socket;
	const char *auth_file;
	bool noauth;
	bool with_users;
	const char *certificate, *ca;
	const char *replset, *advertise;
	const char *max_memory;
};

#define FIELD(field) offsetof(struct options, field)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"bind", 0, ARGS_VALUE, "ADDRESS", "listen there (default: 127.0.0.1)", FIELD(bind)},
	{"port", 0, ARGS_VALUE, "N", "the port (default: 27099; 0: one that is free)", FIELD(port)},
	{"socket", 0, ARGS_VALUE, "F", "listen on a Unix socket that only you can use",
	 FIELD(socket)},
	{"auth-file", 0, ARGS_VALUE, "F", "users that may log in ('yester passwd' makes it)",
	 FIELD(auth_file)},
	{"noauth", 0, ARGS_FLAG, NULL, "whoever can connect may read", FIELD(noauth)},
	{"with-users", 0, ARGS_FLAG, NULL,
	 "show the deployment's own users, roles and password hashes", FIELD(with_users)},
	{"tlsCertificateKeyFile", 0, ARGS_VALUE, "F",
	 "speak TLS: a PEM file with key and certificate", FIELD(certificate)},
	{"tlsCAFile", 0, ARGS_VALUE, "F", "clients need a certificate that this one vouches for",
	 FIELD(ca)},
	{"replset", 0, ARGS_VALUE, "NAME", "appear as the primary of a replica set",
	 FIELD(replset)},
	{"advertise", 0, ARGS_VALUE, "HOST:PORT", "with --replset: where clients reach this server",
	 FIELD(advertise)},
	{"max-memory", 0, ARGS_VALUE, "N",
	 "all memory: 256M, 2G (default: a quarter of the machine's, at most 4G)",
	 FIELD(max_memory)},
};

/* ---- what was typed */

static int parse_memory(struct cmd_run *run, const char *text, size_t *ret, struct error *e)
{
	uint64_t size;

	if (size_parse("max-memory", text, &size, e) < 0)
		return e->code;
	*ret = (size_t)size;
	if (*ret < LEAST_MEMORY)
		return cmd_usage_error(run, e, "--max-memory needs 64M at least");
	return 0;
}

static size_t default_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	size_t share = pages > 0 && size > 0 ? (size_t)pages / MEMORY_SHARE * (size_t)size : 0;

	return MIN_OF(MAX_OF(share, DEFAULT_MEMORY_MIN), DEFAULT_MEMORY_MAX);
}

/* Half of the memory keeps decoded documents, once there is enough for the rest; what is read again is not decoded again. */
static size_t cache_share(size_t memory)
{
	size_t spare = memory > ENOUGH_MEMORY ? memory - ENOUGH_MEMORY : 0;

	return MAX_OF(MIN_OF(memory / 2, spare), LEAST_CACHE);
}

/* A port without auth and TLS is for this machine only. */
static int check_exposure(const struct options *o, const char *bind_to, struct error *e)
{
	bool loopback = true;

	if (o->socket != NULL)
		return 0;
	if (server_is_loopback(bind_to, &loopback, e) < 0)
		return e->code;
	if (loopback || (!o->noauth && o->certificate != NULL))
		return 0;
	error_set(e, ERR_REFUSED, "%s can be reached from other machines: that needs %s%s%s",
		  bind_to, o->noauth ? "logins (no --noauth)" : "",
		  o->noauth && o->certificate == NULL ? " and " : "",
		  o->certificate == NULL ? "TLS (--tlsCertificateKeyFile)" : "");
	return error_hint(e, "or listen on 127.0.0.1, and let people come through ssh -L");
}

static int check_options(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;

	if (o->socket != NULL && (o->bind != NULL || o->port != NULL))
		return cmd_usage_error(run, e, "--socket goes without --bind and --port");
	if (o->noauth && o->auth_file != NULL)
		return cmd_usage_error(run, e, "--noauth and --auth-file exclude each other");
	if (o->ca != NULL && o->certificate == NULL)
		return cmd_usage_error(run, e, "--tlsCAFile needs --tlsCertificateKeyFile");
	if ((o->replset != NULL) != (o->advertise != NULL))
		return cmd_usage_error(run, e, "--replset and --advertise go together");
	if (o->advertise != NULL && strchr(o->advertise, ':') == NULL)
		return cmd_usage_error(run, e, "--advertise takes HOST:PORT");
	return 0;
}

/* ---- who may log in */

/* A password of letters and digits, of more than 100 bits. */
static int random_password(char ret[PASSWORD_LEN + 1], struct error *e)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t bytes[PASSWORD_LEN];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_sys(e, "no random bytes");
	for (size_t i = 0; i < PASSWORD_LEN; i++)
		ret[i] = letters[bytes[i] % 32];
	ret[PASSWORD_LEN] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

/* The users; `password` is set when one was made for this run only. */
static int make_users(const struct options *o, struct users **ret, char password[PASSWORD_LEN + 1],
		      struct error *e)
{
	OWNED(users_free) struct users *users = users_new();
	OWNED(buf_release) struct buf word = {0};
	struct scram_credentials credentials;

	password[0] = '\0';
	if (o->auth_file != NULL) {
		if (users_read(o->auth_file, ret, e) < 0)
			return e->code;
		if (users_count(*ret) > 0)
			return 0;
		users_free(TAKE(*ret));
		error_set(e, ERR_INVALID, "%s has no user", o->auth_file);
		return error_hint(e, "yester passwd %s USER", shell_word(o->auth_file, &word));
	}
	if (!o->noauth && o->socket == NULL) {
		if (random_password(password, e) < 0 ||
		    scram_credentials_make(bytes_str(password), &credentials, e) < 0)
			return e->code;
		users_put(users, bytes_str(ONE_TIME_USER), &credentials);
	}
	*ret = TAKE(users);
	return 0;
}

/* ---- what is printed */

/* A path or name inside a URI. */
static void add_escaped(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
			     (*text >= '0' && *text <= '9') || strchr("-._~", *text) != NULL;

		if (plain)
			buf_add_u8(b, (uint8_t)*text);
		else
			buf_printf(b, "%%%02X", (unsigned)(uint8_t)*text);
	}
}

static void build_uri(const struct options *o, const char *bind_to, uint16_t port,
		      const char *password, struct buf *ret)
{
	bool v6 = strchr(bind_to, ':') != NULL;

	buf_add_str(ret, "mongodb://");
	if (password[0] != '\0')
		buf_printf(ret, ONE_TIME_USER ":%s@", password);
	if (o->socket != NULL)
		add_escaped(ret, o->socket);
	else
		buf_printf(ret, "%s%s%s:%u", v6 ? "[" : "", bind_to, v6 ? "]" : "", port);
	buf_add_str(ret, "/?directConnection=true");
	if (password[0] != '\0')
		buf_add_str(ret, "&authSource=admin");
	if (o->certificate != NULL)
		buf_add_str(ret, "&tls=true");
}

/* Printed when clients can connect; the last line begins with "ready". */
static void print_ready(const struct cmd_run *run, const char *uri, uint16_t port)
{
	const struct options *o = run->options;
	struct json_out j;

	if (run->globals.json) {
		json_out_begin(&j, stdout, false);
		json_out_bool(&j, "ready", true);
		json_out_str(&j, "uri", uri);
		if (o->socket == NULL)
			json_out_u64(&j, "port", port);
		json_out_finish(&j);
	} else {
		printf("mongosh '%s'\n", uri);
		if (o->socket != NULL)
			printf("ready on %s\n", o->socket);
		else
			printf("ready on port %u\n", port);
	}
	fflush(stdout);
}

/* "name:27099", as replies call this server. */
static void host_text(const struct options *o, uint16_t port, char ret[HOST_LEN])
{
	char name[256] = "localhost";

	gethostname(name, sizeof(name) - 1);
	if (o->advertise != NULL)
		snprintf(ret, HOST_LEN, "%s", o->advertise);
	else
		snprintf(ret, HOST_LEN, "%s:%u", name, port);
}

static int serve(struct cmd_run *run, struct store *store, struct service_options *how,
		 const struct server_listen *where, struct tls *tls, struct error *e)
{
	const struct options *o = run->options;
	OWNED(users_free) struct users *users = NULL;
	OWNED(buf_release) struct buf uri = {0};
	char password[PASSWORD_LEN + 1], host[HOST_LEN];
	struct service *service = NULL;
	struct server *server = NULL;
	int code;

	if (make_users(o, &users, password, e) < 0)
		return e->code;
	how->auth = users_count(users) > 0;
	how->host = host;
	if (service_new(store, o->at, how, TAKE(users), &service, e) < 0)
		return e->code;
	code = server_open(where, tls, &service->memory, service_ops(service), &server, e);
	if (code >= 0) {
		service->server = server;
		service->options.port = server_port(server);
		host_text(o, server_port(server), host);
		build_uri(o, where->bind, server_port(server), password, &uri);
		print_ready(run, buf_text(&uri), server_port(server));
		OPENSSL_cleanse(password, sizeof(password));
		OPENSSL_cleanse(uri.at, uri.cap);
		code = server_run(server, e);
	}
	server_free(server);
	service_free(service);
	return code;
}

static int run_serve(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	static const char *const argv[] = {"yester", "serve", NULL};
	OWNED(tls_close) struct tls *tls = NULL;
	OWNED(store_close) struct store *store = NULL;
	struct store_options opening = {0};
	struct service_options how = {.replset = o->replset,
				      .advertise = o->advertise,
				      .argv = argv,
				      .with_users = o->with_users,
				      .tls = o->certificate != NULL,
				      .max_memory = default_memory()};
	struct server_listen where = {.bind = o->bind == NULL ? DEFAULT_BIND : o->bind,
				      .socket = o->socket};
	uint64_t port = DEFAULT_PORT;

	server_hold_signals();
	if (check_options(run, e) < 0 ||
	    (o->port != NULL && args_number("port", o->port, UINT16_MAX, &port, e) < 0) ||
	    (o->max_memory != NULL && parse_memory(run, o->max_memory, &how.max_memory, e) < 0) ||
	    check_exposure(o, where.bind, e) < 0)
		return e->code;
	where.port = (uint16_t)port;
	if (o->certificate != NULL && tls_open(o->certificate, o->ca, &tls, e) < 0)
		return e->code;
	opening.cache_bytes = cache_share(how.max_memory);
	if (cmd_open_store_with(run, &opening, &store, e) < 0)
		return e->code;
	how.max_memory = MAX_OF(how.max_memory - MIN_OF(opening.cache_bytes, how.max_memory),
				MIN_OF(how.max_memory, ENOUGH_MEMORY));
	return serve(run, store, &how, &where, tls, e);
}

const struct cmd cmd_serve = {
	.name = "serve",
	.group = "Look",
	.synopsis = "-s STORE [--at WHEN] [--port N | --socket F] [--auth-file F | --noauth]",
	.summary = "answer mongosh, drivers and mongodump as MongoDB does, at any moment",
	.about =
		"No mongod is needed, and nothing is restored. It answers reads as a MongoDB 6.0 "
		"does, and\n"
		"refuses every write. The whole line for mongosh is printed, then a line that "
		"begins with\n"
		"\"ready\". SIGTERM and SIGINT end it (exit code 0).\n"
		"\n"
		"The moment is --at (default: latest, which follows new snapshots and "
		"operations). One\n"
		"server answers any other moment, too: by the name of the database, use(\"shop@"
		"2026-11-21T094107Z\")\n"
		"or \"shop@1795254067,14~\" (a comma: shells take no dot in such a name), and by "
		"readConcern\n"
		"{level: \"snapshot\", atClusterTime: Timestamp(...)}.\n"
		"\n"
		"Without --auth-file and --noauth a user is made for this run, and printed: other "
		"users of this\n"
		"machine can connect, but not log in. A --socket is yours alone and wants no "
		"login. To be\n"
		"reached from other machines it needs logins and TLS, else it refuses (exit code "
		"6).\n"
		"The deployment's own users and password hashes are hidden without --with-users.\n",
	.examples = "  yester serve -s /backup/shop\n"
		    "  yester serve -s /backup/shop --at 2026-11-21T09:41:06Z --noauth\n"
		    "  yester serve -s /backup/shop --socket /run/user/1000/yester.sock\n"
		    "  yester serve -s /backup/shop --bind 0.0.0.0 --auth-file users "
		    "--tlsCertificateKeyFile key.pem\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_serve,
};
