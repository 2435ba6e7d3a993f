/*
 * bench_serve - a client of a MongoDB server that measures: ours and a mongod get the same requests of it.
 *
 *	bench_serve URI KIND CONNECTIONS SECONDS TURNS FILE.bson
 *
 * Reads the collection shop.orders, which holds the documents of FILE.bson (their `_id`s and `orderNo`s are asked for). Each connection
 * repeats its request until SECONDS have gone by, and at least TURNS times. Prints requests, seconds, documents and bytes of them.
 * KIND is one of `kinds` below, or "index": make an index on orderNo.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <mongoc/mongoc.h>

#define CONNECTIONS_MAX 256

/* A request: of find (filter) or aggregate (pipeline); `is_point` and others put a document's value into it. */
struct kind {
	const char *name;
	const char *filter;
	const char *options;
	const char *pipeline;
	enum { AS_IT_IS, BY_ID, FROM_ID, BY_NUMBER } about;
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
};

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
	if (kind->about == BY_ID) {
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
	c->requests++;
	mongoc_cursor_destroy(cursor);
	bson_destroy(filter);
	bson_destroy(options);
	return !failed;
}

static void *work(void *arg)
{
	struct connection *c = arg;
	mongoc_client_t *client = mongoc_client_new(c->job->uri);
	mongoc_collection_t *coll = mongoc_client_get_collection(client, "shop", "orders");
	bson_t ping = BSON_INITIALIZER;
	bson_error_t error;
	double end;

	BSON_APPEND_INT32(&ping, "ping", 1);
	c->failed = !mongoc_client_command_simple(client, "shop", &ping, NULL, NULL, &error);
	if (c->failed)
		fprintf(stderr, "bench_serve: %s\n", error.message);
	pthread_barrier_wait(&c->job->begin);
	end = now() + c->job->seconds;
	for (uint64_t i = 0; !c->failed && (i < c->job->turns || now() < end); i++)
		c->failed = !ask(c, coll);
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
	printf("%llu %.6f %llu %llu\n", (unsigned long long)requests, now() - start,
	       (unsigned long long)documents, (unsigned long long)bytes);
	return failed;
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
	mongoc_init();
	status = run(&job, connections);
	mongoc_cleanup();
	bson_free(ids);
	return status;
}
