/*
 * every_bit.c - a bit of each byte of a store is flipped, one after another: `yester check --read-data` has to find each.
 *
 *	every_bit STORE [-k KEY-FILE] [-s SEED] [-n STRIDE]
 *
 * As a program of its own, since it takes a check for each byte; the store is opened anew for each (of an encrypted one the keys are kept,
 * but for flips of config and keys/, which scrypt has to see). STRIDE: only each so many bytes, where they begin is by the seed.
 * local/ is left out: nothing there can be wrong without being noticed, which test_damage.py tries. Prints "kind bytes flips" lines,
 * and the flips that were not found; exit status 1 when there are any.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "oplog/stream_check.h"
#include "store/check.h"
#include "store/store_internal.h"

#define FILES_MAX 1000
#define KEY_MAX 4096

static struct {
	const char *store;
	struct buf key; /* the file's content, without the end of its line */
	struct store_keys *keys;
	uint64_t random, stride;
	uint64_t flips, missed;
	char *files[FILES_MAX];
	size_t count;
} run;

static uint64_t draw(void)
{
	run.random ^= run.random >> 12;
	run.random ^= run.random << 25;
	run.random ^= run.random >> 27;
	return (run.random * 2685821657736338717U) >> 16;
}

static int add_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)where;
	if (kind != FTW_F || st->st_size == 0 || run.count == FILES_MAX ||
	    strncmp(path + strlen(run.store), "/local/", 7) == 0)
		return 0;
	run.files[run.count++] = xstrdup(path);
	return 0;
}

static void ignore(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static int open_store(bool with_secret, struct store **ret, struct error *e)
{
	const struct store_secret secret = {buf_bytes(&run.key)};
	const struct store_options options = {.threads = 1,
					      .secret = run.key.len > 0 ? &secret : NULL};

	return with_secret ? store_open(run.store, &options, ret, e)
			   : store_open_with(run.store, &options, run.keys, ret, e);
}

/* What `yester check --read-data` does: problems, or negative when it can't even begin. */
static int64_t check(bool with_secret)
{
	const struct check_options options = {.read_data = true};
	OWNED(store_close) struct store *store = NULL;
	struct stream_check_result stream = {0};
	struct check_result result = {0};
	struct error e = {0};

	if (open_store(with_secret, &store, &e) < 0 ||
	    check_run(store, &options, ignore, NULL, &result, &e) < 0 ||
	    stream_check_run(store, &options, ignore, NULL, &stream, &e) < 0)
		return -1;
	return (int64_t)(result.problems + stream.problems);
}

static void flip(int fd, off_t at, unsigned bit)
{
	uint8_t byte;

	if (pread(fd, &byte, 1, at) != 1)
		abort();
	byte = (uint8_t)(byte ^ 1u << bit);
	if (pwrite(fd, &byte, 1, at) != 1)
		abort();
}

static void try_file(const char *path)
{
	const char *name = path + strlen(run.store) + 1;
	bool with_secret =
		run.keys != NULL && (strcmp(name, "config") == 0 || strncmp(name, "keys/", 5) == 0);
	uint64_t flips = 0;
	struct stat st;
	int fd;

	chmod(path, 0600);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	for (off_t at = (off_t)(draw() % run.stride); at < st.st_size; at += (off_t)run.stride) {
		unsigned bit = draw() % 8;

		flip(fd, at, bit);
		flips++;
		if (check(with_secret) == 0) {
			run.missed++;
			printf("not found: %s offset %lld bit %u\n", name, (long long)at, bit);
		}
		flip(fd, at, bit);
	}
	close(fd);
	run.flips += flips;
	printf("%s %lld %llu\n", name, (long long)st.st_size, (unsigned long long)flips);
	fflush(stdout);
}

static void read_key(const char *path)
{
	struct store *store = NULL;
	struct error e = {0};

	if (file_read(path, KEY_MAX, &run.key, &e) < 1)
		abort();
	while (run.key.len > 0 && run.key.at[run.key.len - 1] == '\n')
		run.key.len--;
	if (open_store(true, &store, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(2);
	}
	run.keys = store->keys; /* and the store stays open */
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	int option;

	run.stride = 1;
	run.store = argc > 1 ? argv[1] : "";
	optind = 2;
	while ((option = getopt(argc, argv, "k:s:n:")) != -1) {
		if (option == 'k')
			read_key(optarg);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'n')
			run.stride = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	run.random = seed * 2654435761U + 88172645463325252U;
	if (nftw(run.store, add_file, 16, FTW_PHYS) != 0 || run.stride == 0 || check(false) != 0) {
		fprintf(stderr, "%s: no store, or it is damaged before anything was flipped\n",
			run.store);
		return 2;
	}
	for (size_t i = 0; i < run.count; i++)
		try_file(run.files[i]);
	printf("%zu files, %llu flips, %llu not found\n", run.count, (unsigned long long)run.flips,
	       (unsigned long long)run.missed);
	return run.missed > 0 || check(run.keys != NULL) != 0;
}
