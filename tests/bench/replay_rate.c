/*
 * replay_rate - how many operations on documents a second a replay stores, without reading an oplog.
 *
 *	replay_rate DIR ORDERS.bson [--base N] [--ops N] [--memory MIB] [--seed S] [--scatter 1]
 *
 * The first N documents of ORDERS.bson (of gen_data) become a collection in a new store in DIR. Of the
 * operations 60 % are updates and 15 % deletes of any of them, 25 % are inserts: of those that follow in
 * the file, or, scattered, of any that were deleted before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/bson_build.h"
#include "base/key.h"
#include "oplog/replay_docs.h"
#include "store/tree/tree_build.h"
#include "store/tree/tree_prefix.h"

struct bench {
	struct bytes orders;
	size_t *at; /* of the documents in `orders` */
	uint32_t total, base, ops;
	uint64_t random;
	struct store *store;
	struct store_writer *writer;
	struct tree_root root;
	struct bytes mapped; /* `log` */
	struct buf log;	     /* operations: letter, u32 LE length, o; of updates o2 before o */
	bool *deleted;
};

static void fail(const char *what, const struct error *e)
{
	fprintf(stderr, "replay_rate: %s: %s\n", what, e->text);
	exit(1);
}

#define DO(call)                                                                                   \
	do {                                                                                       \
		struct error e = {0};                                                              \
		if ((call) < 0)                                                                    \
			fail(#call, &e);                                                           \
	} while (0)

static uint32_t below(struct bench *b, uint32_t limit)
{
	uint64_t z = (b->random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z >> 32) * limit >> 32);
}

static struct bytes order(const struct bench *b, uint32_t i)
{
	return bytes_of(b->orders.at + b->at[i], get_le32(b->orders.at + b->at[i]));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double processor(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static struct bytes map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		exit(1);
	}
	return bytes_of(mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0),
			(size_t)st.st_size);
}

static void load(struct bench *b, const char *path)
{
	b->orders = map(path);
	for (size_t at = 0; at < b->orders.len; at += get_le32(b->orders.at + at)) {
		if (b->total % 4096 == 0)
			b->at = xrealloc(b->at, (b->total + 4096) * sizeof(*b->at));
		b->at[b->total++] = at;
	}
}

static void build_base(struct bench *b, const char *dir)
{
	OWNED(free) char *path = xprintf("%s/store", dir);
	OWNED(buf_release) struct buf sample = {0};
	OWNED(buf_release) struct buf key = {0};
	struct writer_prefix *prefix = NULL;
	struct tree_build_options options = {.kind = TREE_KEYED};
	struct tree_builder *builder;
	struct store_params params;

	DO(store_params_default(&params, &e));
	DO(store_init(path, &params, &e));
	DO(store_open(path, NULL, &b->store, &e));
	DO(store_writer_begin(b->store, &b->writer, &e));
	while (sample.len < TREE_PREFIX_LEN)
		buf_add_bytes(&sample, order(b, below(b, b->base)));
	DO(tree_prefix_make(b->writer, buf_bytes(&sample), &prefix, &e));
	options.prefix = prefix;
	builder = tree_builder_new(b->writer, &options);
	for (uint32_t i = 0; i < b->base; i++) {
		buf_reset(&key);
		DO(key_of_document(order(b, i), &key, &e));
		DO(tree_builder_add(builder, buf_bytes(&key), order(b, i), &e));
	}
	DO(tree_builder_finish(builder, &b->root, &e));
	DO(store_writer_flush(b->writer, &e));
	tree_builder_free(builder);
	writer_prefix_free(prefix);
	store_writer_end(b->writer);
	store_close(b->store);
}

/* In a process of its own: the memory of this one is that of the replay. */
static void build_apart(struct bench *b, const char *dir)
{
	OWNED(free) char *path = xprintf("%s/store", dir);
	int ends[2];
	pid_t child;

	if (pipe(ends) < 0 || (child = fork()) < 0) {
		perror("replay_rate");
		exit(1);
	}
	if (child == 0) {
		build_base(b, dir);
		_exit(write(ends[1], &b->root, sizeof(b->root)) == sizeof(b->root) ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &b->root, sizeof(b->root)) != sizeof(b->root))
		exit(1);
	close(ends[0]);
	waitpid(child, NULL, 0);
	DO(store_open(path, NULL, &b->store, &e));
	DO(store_writer_begin(b->store, &b->writer, &e));
}

static void add_id(struct buf *to, struct bytes doc)
{
	struct bson_field id;
	size_t begin = bson_build_begin(to);

	DO(bson_find(doc, "_id", &id, &e));
	bson_build_value(to, "_id", id.type, id.value);
	bson_build_end(to, begin);
}

static void add_update(struct bench *b, struct bytes doc)
{
	static const char *const states[] = {"paid", "packed", "shipped", "delivered", "returned"};
	size_t o, diff, part;

	buf_add_u8(&b->log, 'u');
	add_id(&b->log, doc);
	o = bson_build_begin(&b->log);
	bson_build_int32(&b->log, "$v", 2);
	diff = bson_build_open(&b->log, "diff");
	part = bson_build_open(&b->log, "u");
	bson_build_string(&b->log, "status", bytes_str(states[below(b, 5)]));
	bson_build_date(&b->log, "updatedAt", 1720000000000 + below(b, 1000000));
	bson_build_int32(&b->log, "revision", (int32_t)below(b, 50));
	bson_build_end(&b->log, part);
	bson_build_end(&b->log, diff);
	bson_build_end(&b->log, o);
}

/* The log goes through a file: it is no memory of the replay. */
static void store_log(struct bench *b, const char *dir)
{
	OWNED(free) char *path = xprintf("%s/log", dir);
	FILE *out = fopen(path, "wb");

	if (out == NULL || fwrite(b->log.at, 1, b->log.len, out) != b->log.len ||
	    fclose(out) != 0) {
		perror(path);
		exit(1);
	}
	buf_release(&b->log);
	b->mapped = map(path);
}

static void make_log(struct bench *b, bool scatter)
{
	uint32_t next = b->base, draw, i, gone = 0, *stack = xcalloc(b->ops, sizeof(*stack));

	b->deleted = xcalloc(b->total, sizeof(*b->deleted));
	for (uint32_t n = 0; n < b->ops; n++) {
		draw = below(b, 100);
		i = below(b, b->base);
		if (draw < 25 && (scatter ? gone > 0 : next < b->total)) {
			i = scatter ? stack[--gone] : next++;
			b->deleted[i] = false;
			buf_add_u8(&b->log, 'i');
			buf_add_bytes(&b->log, order(b, i));
		} else if (!b->deleted[i] && draw < 40) {
			buf_add_u8(&b->log, 'd');
			add_id(&b->log, order(b, i));
			b->deleted[i] = true;
			stack[gone++] = i;
		} else if (!b->deleted[i]) {
			add_update(b, order(b, i));
		} else {
			n--;
		}
	}
	free(stack);
}

static struct bytes take(struct bench *b, size_t *at)
{
	struct bytes doc = bytes_of(b->mapped.at + *at, get_le32(b->mapped.at + *at));

	*at += doc.len;
	return doc;
}

static void add_all(struct bench *b, struct replay_docs *docs, struct replay_slot *slot)
{
	struct replay_docs_rules rules = {.major = 6};

	for (size_t at = 0; at < b->mapped.len;) {
		uint8_t letter = b->mapped.at[at++];
		struct entry op = {.op = letter == 'i'	 ? ENTRY_INSERT
					 : letter == 'u' ? ENTRY_UPDATE
							 : ENTRY_DELETE};

		if (letter == 'u')
			op.o2 = take(b, &at);
		op.o = take(b, &at);
		rules.sequence++;
		rules.ts = entry_ts(1700000000, (uint32_t)rules.sequence);
		DO(replay_docs_add(docs, slot, &op, &rules, &e));
	}
}

/* RssAnon of this process, in bytes: the most that any call found is kept. */
static uint64_t anonymous_peak;

static bool look_at_memory(void *ctx)
{
	FILE *in = fopen("/proc/self/status", "r");
	unsigned long long kib = 0;
	char line[128];

	(void)ctx;
	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "RssAnon: %llu", &kib) == 1)
			break;
	if (in != NULL)
		fclose(in);
	anonymous_peak = MAX_OF(anonymous_peak, (uint64_t)kib * KIB);
	return false;
}

static struct replay_catalog *catalog_of(const struct bench *b)
{
	const struct replay_catalog_options options = {0};
	struct replay_catalog *catalog = replay_catalog_new(&options);
	struct catalog_entry entry;

	catalog_entry_init(&entry);
	entry.ns = xstrdup("shop.orders");
	entry.ns_len = 11;
	entry.db_len = 4;
	buf_add_bytes(&entry.options, bson_build_empty());
	entry.root = b->root;
	DO(replay_catalog_load(catalog, &entry, &e));
	catalog_entry_release(&entry);
	return catalog;
}

static void run(struct bench *b, size_t memory)
{
	struct replay_catalog *catalog = catalog_of(b);
	struct replay_docs *docs = replay_docs_new(store_writer_tmp(b->writer), memory);
	struct replay_slot *slot = replay_catalog_slot(catalog, 0);
	const struct progress progress = {.cancelled = look_at_memory};
	struct store_writer_counts counts;
	double begin = now(), used = processor(), added, applied, end;

	add_all(b, docs, slot);
	added = now();
	look_at_memory(NULL);
	DO(replay_docs_finish(docs, catalog, b->writer, &progress, &e));
	applied = now();
	DO(store_writer_flush(b->writer, &e));
	end = now();
	store_writer_counts(b->writer, &counts);
	printf("%u operations on %u documents: %.2f s (collect %.2f, apply %.2f, flush %.2f), %.2f "
	       "s of "
	       "processor\n",
	       b->ops, b->base, end - begin, added - begin, applied - added, end - applied,
	       processor() - used);
	printf("%.0f operations/s; %.1f MB written in %llu chunks, %llu deltas, %llu reused; "
	       "RssAnon "
	       "%llu MiB\n",
	       b->ops / (end - begin), (double)counts.stored_bytes / 1e6,
	       (unsigned long long)counts.new_chunks, (unsigned long long)counts.delta_chunks,
	       (unsigned long long)counts.reused_chunks,
	       (unsigned long long)(anonymous_peak / MIB));
	printf("%llu documents, stopped: %s\n", (unsigned long long)slot->entry.root.count,
	       slot->stopped != NULL ? slot->stopped : "no");
	replay_docs_free(docs);
	replay_catalog_free(catalog);
}

static uint32_t option(int argc, char **argv, const char *name, uint32_t otherwise)
{
	for (int i = 3; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return (uint32_t)strtoul(argv[i + 1], NULL, 10);
	return otherwise;
}

int main(int argc, char **argv)
{
	struct bench b = {0};

	if (argc < 3) {
		fprintf(stderr, "usage: replay_rate DIR ORDERS.bson [--base N] [--ops N] …\n");
		return 2;
	}
	load(&b, argv[2]);
	b.base = MIN_OF(option(argc, argv, "--base", 800000), b.total);
	b.ops = option(argc, argv, "--ops", 300000);
	b.random = option(argc, argv, "--seed", 1);
	build_apart(&b, argv[1]);
	make_log(&b, option(argc, argv, "--scatter", 0) != 0);
	store_log(&b, argv[1]);
	run(&b, (size_t)option(argc, argv, "--memory", 0) * MIB);
	store_writer_end(b.writer);
	store_close(b.store);

	free(b.deleted);
	free(b.at);
	return 0;
}
