/*
 * bench_json - times that a script can't take: of the renderer alone, and of single calls on a mount.
 *
 *	bench_json sizes FILE.bson           both JSON sizes of each document, as ingest takes them
 *	bench_json render FILE.bson          its relaxed JSON
 *	bench_json list FOLDER               read all names
 *	bench_json open FOLDER COUNT [SEED]  open, read and close that many files, chosen at random, twice
 *
 * The first two print bytes of BSON and seconds of processor time, list the number of names and seconds,
 * open the half and the 99th percentile of the microseconds a file took, the first time and again.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/bson.h"
#include "base/ejson.h"
#include "base/file.h"

#define TURNS 3
#define FILE_LIMIT ((size_t)4 << 30)

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int read_all(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	size_t got = 1;

	while (file != NULL && got > 0 && ret->len < FILE_LIMIT) {
		got = fread(buf_room(ret, MIB), 1, MIB, file);
		ret->len += got;
	}
	if (file == NULL || ferror(file) != 0) {
		perror(path);
		return -1;
	}
	fclose(file);
	return 0;
}

/* One walk over all documents; the sum of something, so that nothing is left out. */
static int walk(struct bytes docs, bool render, uint64_t *ret_sum, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	uint64_t relaxed, canonical;

	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);
		struct bytes doc = bytes_of(docs.at, len < 0 ? 0 : (size_t)len);

		if (len < 0)
			return e->code;
		if (render) {
			if (ejson_write(doc, EJSON_RELAXED, &text, e) < 0)
				return e->code;
			*ret_sum += text.len;
			buf_reset(&text);
		} else {
			if (ejson_sizes(doc, &relaxed, &canonical, e) < 0)
				return e->code;
			*ret_sum += relaxed + canonical;
		}
		docs.at += len;
		docs.len -= (size_t)len;
	}
	return 0;
}

static int bench_walk(const char *path, bool render)
{
	OWNED(buf_release) struct buf docs = {0};
	struct error e;
	double best = 0;
	uint64_t sum = 0;

	if (read_all(path, &docs) < 0)
		return 1;
	for (int turn = 0; turn < TURNS; turn++) {
		double start = seconds(CLOCK_THREAD_CPUTIME_ID), took;

		if (walk(buf_bytes(&docs), render, &sum, &e) < 0) {
			fprintf(stderr, "%s: %s\n", path, e.text);
			return 1;
		}
		took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
		best = turn == 0 ? took : MIN_OF(best, took);
	}
	printf("%zu %.6f\n", docs.len, best);
	return sum > 0 ? 0 : 1;
}

/* Read the names of a folder; up to `max` of them, each equally likely, are kept. */
static size_t read_names(const char *path, char **kept, size_t max, unsigned short *random)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t at = count;

		if (entry->d_name[0] == '.')
			continue;
		if (max > 0 && at >= max)
			at = (size_t)(erand48(random) * (double)(count + 1));
		count++;
		if (at >= max)
			continue;
		free(kept[at]);
		kept[at] = xstrdup(entry->d_name);
	}
	if (dir == NULL)
		perror(path);
	else
		closedir(dir);
	return count;
}

static int bench_list(const char *path)
{
	double start = seconds(CLOCK_MONOTONIC);
	size_t count = read_names(path, NULL, 0, NULL);

	printf("%zu %.6f\n", count, seconds(CLOCK_MONOTONIC) - start);
	return count > 0 ? 0 : 1;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Open, read and close each file, and print half and 99th percentile. */
static int bench_files(int dir, char **names, size_t count, double *took)
{
	static char room[1 << 20];

	for (size_t i = 0; i < count; i++) {
		double start = seconds(CLOCK_MONOTONIC);
		int fd = openat(dir, names[i], O_RDONLY | O_CLOEXEC);
		ssize_t got = 1;

		while (fd >= 0 && got > 0)
			got = read(fd, room, sizeof(room));
		if (fd < 0 || got < 0) {
			perror(names[i]);
			return 1;
		}
		close(fd);
		took[i] = (seconds(CLOCK_MONOTONIC) - start) * 1e6;
	}
	qsort(took, count, sizeof(*took), compare);
	printf("%.1f %.1f\n", took[count / 2], took[count * 99 / 100]);
	return 0;
}

static int bench_open(const char *path, size_t count, unsigned seed)
{
	unsigned short random[3] = {(unsigned short)seed, 1, 2};
	char **names = xcalloc(count, sizeof(*names));
	double *took = xcalloc(count, sizeof(*took));
	size_t found = read_names(path, names, count, random);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 1;

	count = MIN_OF(count, found);
	if (dir >= 0 && count > 0)
		code = bench_files(dir, names, count, took);
	if (code == 0)
		code = bench_files(dir, names, count, took);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	free(took);
	return code;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "sizes") == 0)
		return bench_walk(argv[2], false);
	if (argc == 3 && strcmp(argv[1], "render") == 0)
		return bench_walk(argv[2], true);
	if (argc == 3 && strcmp(argv[1], "list") == 0)
		return bench_list(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "open") == 0)
		return bench_open(argv[2], strtoul(argv[3], NULL, 10),
				  argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1);
	fprintf(stderr, "usage: bench_json sizes|render FILE.bson | list FOLDER | open FOLDER COUNT"
			" [SEED]\n");
	return 2;
}
