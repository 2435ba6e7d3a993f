/*
 * bench_serve - a client of a MongoDB server that measures: ours and a mongod get the same requests of it.
 *
 *	bench_serve URI KIND CONNECTIONS SECONDS TURNS FILE.bson
 *
 * Reads the collection shop.orders, which holds the documents of FILE.bson (their `_id`s and `orderNo`s are asked for). Each connection
 * repeats its request until SECONDS have gone by (or SIGTERM came), and at least TURNS times. Prints requests, seconds, documents and
 * bytes of them, and how long a request took: the median and the 99th of a hundred, in microseconds.
 * KIND is one of `kinds` below, or "index": make an index on orderNo.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <mongoc/mongoc.h>

#define CONNECTIONS_MAX 256
#define PACE 0.005 /* seconds from one paced request of a connection to the next */

/* A request: of find (filter) or aggregate (pipeline); `about` puts a document's value into it. PACED: every PACE, each second one an update. */
struct kind {
	const char *name;
	const char *filter;
	const char *options;
	const char *pipeline;
	enum { AS_IT_IS, BY_ID, FROM_ID, BY_NUMBER, PACED } about;
};

static const struct kind kinds[] = {
	{"id", NULL, "{\"limit\": 1}", NULL, BY_ID},
	{"range", NULL, "{\"limit\": 100, \"batchSize\": 101}", NULL, FROM_ID},
	{"filter", "{\"status\": \"returned\", \"total\": {\"$gt\": 1500}}", NULL, NULL, AS_IT_IS},
	{"cursor", "{}", NULL, NULL, AS_IT_IS},
	{"sort", "{}", "{\"sort\": {\"total\": -1}, \"limit\": 100}", NULL, AS_IT_IS},
	{"group", NULL, NULL,
	 "{\"pipeline\": [{\"$group\": {\"_id\": \"$status\", \"n\": {\"$sum\": 1}, "
	 "\"total\": {\"$sum\": \"$total\"}}}]}",
	 AS_IT_IS},
	{"groups", NULL, "{\"allowDiskUse\": true}",
	 "{\"pipeline\": [{\"$group\": {\"_id\": \"$customer.id\", \"spent\": {\"$sum\": "
	 "\"$total\"}}}, "
	 "{\"$sort\": {\"spent\": -1}}, {\"$limit\": 10}]}",
	 AS_IT_IS},
	{"count", NULL, NULL,
	 "{\"pipeline\": [{\"$match\": {\"status\": \"returned\", \"total\": {\"$gt\": 500}}}, "
	 "{\"$count\": \"n\"}]}",
	 AS_IT_IS},
	{"other", NULL, NULL, NULL, BY_NUMBER},
	{"client", NULL, "{\"limit\": 1}", NULL, PACED},
};

static atomic_bool stopped;

/* What all connections share, and what one has. */
struct job {
	const struct kind *kind;
	const char *uri;
	double seconds;
	uint64_t turns;
	const bson_oid_t *ids;
	size_t id_count;
	pthread_barrier_t begin;
};
struct connection {
	struct job *job;
	uint64_t state; /* of the random numbers */
	uint64_t requests, documents, bytes;
	float *took; /* seconds of each request */
	bool failed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct connection *c)
{
	uint64_t z = (c->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bson_t *parsed(const char *json)
{
	bson_error_t error;
	bson_t *doc =
		json == NULL ? bson_new() : bson_new_from_json((const uint8_t *)json, -1, &error);

	if (doc == NULL) {
		fprintf(stderr, "bench_serve: %s\n", error.message);
		exit(1);
	}
	return doc;
}

static bson_t *filter_of(struct connection *c)
{
	const struct kind *kind = c->job->kind;
	size_t i = draw(c) % c->job->id_count;
	bson_t inner, *filter;

	if (kind->about == AS_IT_IS)
		return parsed(kind->filter);
	filter = bson_new();
	if (kind->about == BY_ID || kind->about == PACED) {
		BSON_APPEND_OID(filter, "_id", &c->job->ids[i]);
	} else if (kind->about == BY_NUMBER) {
		BSON_APPEND_INT64(filter, "orderNo", 100000000 + (int64_t)i);
	} else {
		BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &inner);
		BSON_APPEND_OID(&inner, "$gte", &c->job->ids[i]);
		bson_append_document_end(filter, &inner);
	}
	return filter;
}

/* An update of one document. */
static bool change(struct connection *c, mongoc_collection_t *coll)
{
	bson_t *filter = filter_of(c), *update = parsed("{\"$inc\": {\"looked\": 1}}");
	bson_error_t error;
	bool done = mongoc_collection_update_one(coll, filter, update, NULL, NULL, &error);

	if (!done)
		fprintf(stderr, "bench_serve: %s\n", error.message);
	bson_destroy(filter);
	bson_destroy(update);
	return done;
}

/* One request and all its documents. */
static bool ask(struct connection *c, mongoc_collection_t *coll)
{
	const struct kind *kind = c->job->kind;
	bson_t *options = parsed(kind->options);
	bson_t *filter = kind->pipeline == NULL ? filter_of(c) : parsed(kind->pipeline);
	mongoc_cursor_t *cursor =
		kind->pipeline != NULL
			? mongoc_collection_aggregate(coll, MONGOC_QUERY_NONE, filter, options,
						      NULL)
			: mongoc_collection_find_with_opts(coll, filter, options, NULL);
	const bson_t *doc;
	bson_error_t error;
	bool failed;

	while (mongoc_cursor_next(cursor, &doc)) {
		c->documents++;
		c->bytes += doc->len;
	}
	failed = mongoc_cursor_error(cursor, &error);
	if (failed)
		fprintf(stderr, "bench_serve: %s: %s\n", kind->name, error.message);
	mongoc_cursor_destroy(cursor);
	bson_destroy(filter);
	bson_destroy(options);
	return !failed;
}

static bool ask_timed(struct connection *c, mongoc_collection_t *coll)
{
	double start = now();
	bool done = c->job->kind->about == PACED && c->requests % 2 == 1 ? change(c, coll)
									 : ask(c, coll);

	if ((c->requests & (c->requests - 1)) == 0)
		c->took = bson_realloc(c->took, 2 * (c->requests + 1) * sizeof(*c->took));
	c->took[c->requests++] = (float)(now() - start);
	return done;
}

/* What is paced does not wait longer because a request took long. */
static void pace(const struct connection *c, double began)
{
	double wait = began + (double)c->requests * PACE - now();

	if (c->job->kind->about == PACED && wait > 0)
		nanosleep(&(struct timespec){.tv_nsec = (long)(wait * 1e9)}, NULL);
}

static void *work(void *arg)
{
	struct connection *c = arg;
	mongoc_client_t *client = mongoc_client_new(c->job->uri);
	mongoc_collection_t *coll = mongoc_client_get_collection(client, "shop", "orders");
	bson_t ping = BSON_INITIALIZER;
	bson_error_t error;
	double began, end;

	BSON_APPEND_INT32(&ping, "ping", 1);
	c->failed = !mongoc_client_command_simple(client, "shop", &ping, NULL, NULL, &error);
	if (c->failed)
		fprintf(stderr, "bench_serve: %s\n", error.message);
	pthread_barrier_wait(&c->job->begin);
	began = now();
	end = began + c->job->seconds;
	for (uint64_t i = 0; !c->failed && (i < c->job->turns || (now() < end && !stopped)); i++) {
		pace(c, began);
		c->failed = !ask_timed(c, coll);
	}
	bson_destroy(&ping);
	mongoc_collection_destroy(coll);
	mongoc_client_destroy(client);
	return NULL;
}

/* The `_id`s of the file, which are ObjectIds. */
static bool read_ids(const char *path, bson_oid_t **ret, size_t *ret_count)
{
	bson_error_t error;
	bson_reader_t *reader = bson_reader_new_from_file(path, &error);
	size_t count = 0, room = 1024;
	bson_oid_t *ids = bson_malloc(room * sizeof(*ids));
	const bson_t *doc;
	bson_iter_t at;
	bool end = false;

	if (reader == NULL) {
		fprintf(stderr, "bench_serve: %s: %s\n", path, error.message);
		return false;
	}
	while ((doc = bson_reader_read(reader, &end)) != NULL) {
		if (!bson_iter_init_find(&at, doc, "_id") || !BSON_ITER_HOLDS_OID(&at))
			continue;
		if (count == room)
			ids = bson_realloc(ids, (room *= 2) * sizeof(*ids));
		bson_oid_copy(bson_iter_oid(&at), &ids[count++]);
	}
	bson_reader_destroy(reader);
	*ret = ids;
	*ret_count = count;
	return count > 0;
}

static int make_index(const char *uri)
{
	mongoc_client_t *client = mongoc_client_new(uri);
	bson_t *command =
		parsed("{\"createIndexes\": \"orders\", \"indexes\": [{\"key\": {\"orderNo\": 1}, "
		       "\"name\": \"orderNo_1\"}]}");
	bson_error_t error;
	bool made = mongoc_client_command_simple(client, "shop", command, NULL, NULL, &error);

	if (!made)
		fprintf(stderr, "bench_serve: %s\n", error.message);
	bson_destroy(command);
	mongoc_client_destroy(client);
	return !made;
}

static int by_size(const void *a, const void *b)
{
	const float *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* All requests' times together. */
static void print_times(const struct connection *all, size_t count, uint64_t requests)
{
	float *took = bson_malloc(requests * sizeof(*took));
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		memcpy(took + at, all[i].took, all[i].requests * sizeof(*took));
		at += all[i].requests;
		bson_free(all[i].took);
	}
	qsort(took, at, sizeof(*took), by_size);
	printf(" %.0f %.0f\n", (double)took[at / 2] * 1e6, (double)took[at * 99 / 100] * 1e6);
	bson_free(took);
}

static void stop(int number)
{
	(void)number;
	stopped = true;
}

static int run(struct job *job, size_t count)
{
	struct connection all[CONNECTIONS_MAX] = {0};
	pthread_t threads[CONNECTIONS_MAX];
	uint64_t requests = 0, documents = 0, bytes = 0;
	bool failed = false;
	double start;

	pthread_barrier_init(&job->begin, NULL, (unsigned)count + 1);
	for (size_t i = 0; i < count; i++) {
		all[i] = (struct connection){.job = job, .state = i};
		if (pthread_create(&threads[i], NULL, work, &all[i]) != 0)
			return 1;
	}
	pthread_barrier_wait(&job->begin);
	start = now();
	for (size_t i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		requests += all[i].requests;
		documents += all[i].documents;
		bytes += all[i].bytes;
		failed = failed || all[i].failed;
	}
	printf("%llu %.6f %llu %llu", (unsigned long long)requests, now() - start,
	       (unsigned long long)documents, (unsigned long long)bytes);
	if (requests > 0)
		print_times(all, count, requests);
	return failed || requests == 0;
}

int main(int argc, char **argv)
{
	struct job job = {.kind = NULL};
	size_t connections = argc == 7 ? strtoul(argv[3], NULL, 10) : 0;
	bson_oid_t *ids = NULL;
	int status;

	for (size_t i = 0; argc == 7 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, argv[2]) == 0)
			job.kind = &kinds[i];
	if (argc == 7 && strcmp(argv[2], "index") == 0)
		return make_index(argv[1]);
	if (job.kind == NULL || connections < 1 || connections > CONNECTIONS_MAX) {
		fputs("usage: bench_serve URI KIND CONNECTIONS SECONDS TURNS FILE.bson\n", stderr);
		return 2;
	}
	job.uri = argv[1];
	job.seconds = strtod(argv[4], NULL);
	job.turns = strtoull(argv[5], NULL, 10);
	if (!read_ids(argv[6], &ids, &job.id_count))
		return 1;
	job.ids = ids;
	signal(SIGTERM, stop);
	mongoc_init();
	status = run(&job, connections);
	mongoc_cleanup();
	bson_free(ids);
	return status;
}
