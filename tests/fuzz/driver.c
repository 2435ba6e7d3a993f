/*
 * driver.c - a main for fuzz targets without libFuzzer: it replays and mutates.
 *
 *	fuzz_NAME [-n MUTATIONS] [-s SEED] FOLDER|FILE...
 *
 * Every file is tried as it is, then MUTATIONS random changes of them; the same seed tries
 * the same inputs. Prints "NAME: N inputs". When the target dies, its input is left
 * in ./fuzz-NAME.crash.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#pragma weak LLVMFuzzerCustomMutator

#define INPUT_MAX ((size_t)1 << 20) /* bytes; longer files are cut */

struct input {
	uint8_t *at;
	size_t len;
};

struct driver {
	const char *name;
	struct input *inputs;
	size_t count;
	uint64_t random;
};

/* For the signal handler alone. */
static struct input current;
static char crash_path[256];

static void on_crash(int number)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	static const char text[] = "input left in ";

	if (fd >= 0 && write(fd, current.at, current.len) == (ssize_t)current.len) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		(void)!write(STDERR_FILENO, crash_path, strlen(crash_path));
		(void)!write(STDERR_FILENO, "\n", 1);
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

/* An exact copy on the heap, so that tools that watch bounds see the first byte outside. */
static void try_input(const uint8_t *at, size_t len)
{
	uint8_t *copy = must(malloc(len > 0 ? len : 1));

	memcpy(copy, at, len);
	current = (struct input){copy, len};
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void load_file(struct driver *d, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct input input = {must(malloc(INPUT_MAX)), 0};

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	input.len = fread(input.at, 1, INPUT_MAX, file);
	fclose(file);
	input.at = must(realloc(input.at, input.len > 0 ? input.len : 1));
	d->inputs = must(realloc(d->inputs, (d->count + 1) * sizeof(*d->inputs)));
	d->inputs[d->count++] = input;
}

static void load(struct driver *d, const char *path)
{
	struct dirent **entries;
	struct stat st;
	int count;

	if (stat(path, &st) != 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		load_file(d, path);
		return;
	}
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char child[4096];

		snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			load(d, child);
		free(entries[i]);
	}
	free(entries);
}

static uint64_t draw(struct driver *d)
{
	d->random ^= d->random >> 12;
	d->random ^= d->random << 25;
	d->random ^= d->random >> 27;
	return d->random * 2685821657736338717U;
}

static size_t below(struct driver *d, size_t limit)
{
	return (size_t)(draw(d) >> 16) % limit;
}

/* Copy a random part of a random input over, or into, `in`, which has room for it. */
static void mix_in(struct driver *d, struct input *in, size_t room, int insert)
{
	const struct input *from = &d->inputs[below(d, d->count)];
	size_t start, len, to = below(d, in->len + 1);

	if (from->len == 0)
		return;
	start = below(d, from->len);
	len = 1 + below(d, from->len - start);
	if (insert) {
		if (len > room - in->len)
			return;
		memmove(in->at + to + len, in->at + to, in->len - to);
		in->len += len;
	} else if (len > in->len - to) {
		len = in->len - to;
	}
	memcpy(in->at + to, from->at + start, len);
}

static void mutate(struct driver *d, struct input *in, size_t room)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff};
	size_t at = in->len == 0 ? 0 : below(d, in->len), len;

	switch (in->len == 0 ? 5 : below(d, 8)) {
	case 0:
		in->at[at] ^= (uint8_t)(1U << below(d, 8));
		break;
	case 1:
		in->at[at] = (uint8_t)draw(d);
		break;
	case 2:
		in->at[at] = bytes[below(d, sizeof(bytes))];
		break;
	case 3:
		in->at[at] = (uint8_t)(in->at[at] + below(d, 9) - 4);
		break;
	case 4:
		len = 1 + below(d, in->len - at < 16 ? in->len - at : 16);
		memmove(in->at + at, in->at + at + len, in->len - at - len);
		in->len -= len;
		break;
	case 5:
		mix_in(d, in, room, 1);
		break;
	case 6:
		mix_in(d, in, room, 0);
		break;
	default:
		if (in->len - at >= 4)
			memset(in->at + at, below(d, 2) ? 0 : 0xff, 4);
	}
}

static void mutate_some(struct driver *d, struct input *in, size_t room)
{
	for (size_t k = 1 + below(d, 6); k > 0; k--)
		mutate(d, in, room);
}

static void run_mutations(struct driver *d, size_t count)
{
	size_t room = 2 * INPUT_MAX;
	struct input in = {must(malloc(room)), 0};

	for (size_t i = 0; i < count && d->count > 0; i++) {
		const struct input *from = &d->inputs[below(d, d->count)];

		memcpy(in.at, from->at, from->len);
		in.len = from->len;
		/* A target's own changes are made most of the time. */
		if (LLVMFuzzerCustomMutator != NULL && below(d, 16) > 0)
			in.len = LLVMFuzzerCustomMutator(in.at, in.len, room, (unsigned)draw(d));
		else
			mutate_some(d, &in, room);
		try_input(in.at, in.len);
	}
	free(in.at);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct driver d = {.name = slash != NULL ? slash + 1 : argv[0], .random = 20240723};
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	size_t mutations = 0;
	int option;

	while ((option = getopt(argc, argv, "n:s:")) >= 0) {
		if (option == 'n') {
			mutations = strtoull(optarg, NULL, 10);
		} else if (option == 's') {
			d.random = strtoull(optarg, NULL, 10) | (uint64_t)1 << 63;
		} else {
			return 2;
		}
	}
	snprintf(crash_path, sizeof(crash_path), "fuzz-%s.crash", d.name);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_crash);
	printf("%s: seed %llu\n", d.name, (unsigned long long)d.random);
	fflush(stdout);
	for (int i = optind; i < argc; i++)
		load(&d, argv[i]);
	for (size_t i = 0; i < d.count; i++)
		try_input(d.inputs[i].at, d.inputs[i].len);
	run_mutations(&d, mutations);
	printf("%s: %zu inputs\n", d.name, d.count + (d.count > 0 ? mutations : 0));
	for (size_t i = 0; i < d.count; i++)
		free(d.inputs[i].at);
	free(d.inputs);
	return 0;
}
