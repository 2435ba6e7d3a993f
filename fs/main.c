/* main.c - yesterfs STORE MNT [-f] [-o OPTS]: parse, check, go to the background, run. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <bson/bson.h>
#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/collation.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "fs/fs_daemon.h"
#include "fs/fs_guard.h"
#include "fs/fs_session.h"
#include "index/chunk_index.h"
#include "store/crypt/key_source.h"
#include "store/pack/codec.h"

/* glibc makes eight heaps for each core; chunks that come and go would fray all of them. */
#define HEAPS 4

static void tell_ready(void *ctx)
{
	fs_daemon_tell(ctx, 0);
}

/* The store's threads must not get the signals that end the session. */
static int open_store(const struct fs_options *options, struct bytes key, struct store **ret,
		      struct error *e)
{
	const struct store_secret secret = {.secret = key};
	struct store_options wanted = {.cache_bytes = options->cache_bytes,
				       .secret = key.len == 0 ? NULL : &secret};
	sigset_t ending;
	sigset_t before;
	int rc;

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, &before);
	rc = store_open(options->store, &wanted, ret, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == ERR_WRONG_KEY)
		error_hint(e,
			   "-o key_file=F or -o key_command=C gives the key, or YESTER_KEY_FILE");
	return rc;
}

/* All that happens in the process that answers. `key` is not needed longer than for opening. */
static int run(const struct fs_options *options, struct buf *key, struct fs_daemon *daemon,
	       struct error *e)
{
	OWNED(fs_log_free) struct fs_log *log = fs_log_new(!options->foreground);
	OWNED(store_close) struct store *store = NULL;
	OWNED(fs_free) struct fs *fs = NULL;
	int rc = open_store(options, buf_bytes(key), &store, e);

	key_source_wipe(key);
	if (rc >= 0)
		rc = fs_new(store, log, options, &fs, e);
	if (rc >= 0)
		rc = fs_session_run(fs, options, tell_ready, daemon, e);
	if (rc < 0 && !options->foreground && daemon->ready_fd < 0)
		fs_log_problem(log, "the mount ended", e);
	return rc;
}

/* Check, fork, run; the exit code. */
static int mount_store(struct fs_options *options, struct error *e)
{
	const struct key_source source = {.file = options->key_file,
					  .command = options->key_command};
	OWNED(key_source_wipe) struct buf key = {0};
	struct fs_daemon daemon = {.ready_fd = -1};
	int rc = fs_guard_paths(options, e);

	if (rc >= 0)
		rc = fs_guard_fuse(options, e);
	/* Before it leaves the terminal: the command may ask. */
	if (rc >= 0)
		rc = key_source_read(&source, &key, e);
	if (rc >= 0 && !options->foreground)
		rc = fs_daemon_start(&daemon, e);
	if (rc >= 0) {
		umask(077);
		rc = run(options, &key, &daemon, e);
	}
	if (rc < 0)
		fs_log_fatal(e);
	fs_daemon_tell(&daemon, exit_code_of(rc));
	return exit_code_of(rc);
}

static void print_version(void)
{
	char icu[COLLATION_VERSION_LEN];

	collation_icu_version(icu);
	printf("yesterfs %s\nstore format %d\nlibfuse %s, libbson %s, zstd %s, lmdb %s, openssl "
	       "%s, icu %s\n",
	       YESTER_VERSION, STORE_FORMAT, fs_session_library(), bson_get_version(),
	       codec_library(), chunk_index_library(), OpenSSL_version(OPENSSL_VERSION_STRING),
	       icu);
}

/* What was asked for must have arrived: a full disk is a failure. */
static int end_printed(void)
{
	struct error e = {0};

	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_CODE_OK;
	(void)error_sys(&e, "standard output could not be written");
	fs_log_fatal(&e);
	return EXIT_CODE_FAILED;
}

int main(int argc, char **argv)
{
	/* libbson would abort when memory is out. */
	static const bson_mem_vtable_t memory = {
		.malloc = xmalloc, .calloc = xcalloc, .realloc = xrealloc, .free = free};
	OWNED(fs_options_release) struct fs_options options;
	struct error e = {0};
	int rc;

	process_begin();
	rc = fs_options_parse(argc, argv, &options, &e);
	bson_mem_set_vtable(&memory);
	mallopt(M_ARENA_MAX, HEAPS);
	if (rc < 0) {
		fs_log_fatal(&e);
		return exit_code_of(rc);
	}
	switch (options.todo) {
	case FS_OPTIONS_HELP:
		fputs(fs_options_help, stdout);
		return end_printed();
	case FS_OPTIONS_VERSION:
		print_version();
		return end_printed();
	case FS_OPTIONS_NOTHING:
		return 0;
	default:
		return mount_store(&options, &e);
	}
}
