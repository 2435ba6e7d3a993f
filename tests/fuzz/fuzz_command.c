/*
 * One command that reads (find, aggregate, count, distinct, explain), as a client sends it, on the collections of
 * tests/unit/query/commands.bson.gz: documents of all types, views, time series, collations.
 *
 * What takes long is killed as killCursors does it: it has to end soon after.
 */
#include "tests/fuzz/fuzz.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/bson_build.h"
#include "query/command.h"
#include "query/query_error.h"
#include "tests/fuzz/bson_mutate.h"
#include "tests/unit/query/recorded.h"

#define RECORDED "tests/unit/query/commands.bson.gz"
#define KILL_AFTER_MS 250 /* of the processor's time */
#define HANG_AFTER_MS 5000
#define MEMORY_MAX (int64_t)(256 * MIB)
#define MEMORY_SMALL (512 * KIB) /* so that stages spill: what `yester serve` gives the least */
#define DOCUMENTS_MAX 3000	 /* that are drawn of a result */
#define BYTES_MAX (32 * MIB)

static struct recorded recorded;
static struct bson_mutate_from lent;

/* ---- time: the first alarm kills the command, the second ends the program */

static atomic_bool killed;

static void set_alarm(int ms)
{
	struct itimerval at = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	setitimer(ITIMER_PROF, &at, NULL);
}

static void on_alarm(int number)
{
	static const char text[] = "the command was killed, and does not end\n";

	(void)number;
	if (atomic_exchange(&killed, true)) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		abort();
	}
	set_alarm(HANG_AFTER_MS);
}

/* ---- memory: counted where there is a sanitizer, which calls these */

size_t __sanitizer_get_allocated_size(const volatile void *at) __attribute__((weak));
void __sanitizer_malloc_hook(const volatile void *at, size_t size);
void __sanitizer_free_hook(const volatile void *at);

static _Atomic int64_t allocated, allocated_before;

__attribute__((no_sanitize("address"))) void __sanitizer_malloc_hook(const volatile void *at,
								     size_t size)
{
	int64_t now = atomic_fetch_add(&allocated, (int64_t)size) + (int64_t)size;

	(void)at;
	if (recorded.moment == NULL || now - allocated_before <= MEMORY_MAX)
		return;
	allocated_before = INT64_MAX / 2; /* what follows allocates, too */
	fprintf(stderr, "the command holds over %lld bytes\n", (long long)MEMORY_MAX);
	abort();
}

__attribute__((no_sanitize("address"))) void __sanitizer_free_hook(const volatile void *at)
{
	if (at != NULL && __sanitizer_get_allocated_size != NULL)
		allocated -= (int64_t)__sanitizer_get_allocated_size(at);
}

/* ---- what is lent to changes: recorded commands and the documents of collections */

static void lend(void)
{
	struct bytes all = buf_bytes(&recorded.file), doc;

	while (recorded_next(&all, &doc)) {
		struct value cmd = value_get(doc, bytes_str("command"));

		bson_mutate_lend(&lent, cmd.type == BSON_KIND_DOCUMENT ? cmd.data : doc);
	}
}

static void release(void)
{
	bson_mutate_release(&lent);
	recorded_close(&recorded);
}

static void open_once(void)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	if (recorded.moment != NULL)
		return;
	recorded_open(&recorded, RECORDED);
	lend();
	sigaction(SIGPROF, &action, NULL);
	atexit(release);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	OWNED(buf_release) struct buf changed = {0};

	open_once();
	bson_mutate(&lent, bytes_of(data, size), seed, &changed);
	if (changed.len == 0 || changed.len > max_size)
		return size;
	memcpy(data, changed.at, changed.len);
	return changed.len;
}

/* ---- commands */

static void check_error(const struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	char name[QUERY_ERROR_NAME_MAX];

	FUZZ_REQUIRE(e->server != 0);
	query_error_text(e, &text);
	FUZZ_REQUIRE(text.len > 0);
	query_error_name(e->server, name);
	FUZZ_REQUIRE(name[0] != '\0');
}

static void check_document(struct bytes doc)
{
	struct error e = {0};

	if (bson_check(doc, BSON_CHECK_STRUCTURE, &e) < 0)
		fprintf(stderr, "a reply: %s\n", e.text);
	FUZZ_REQUIRE(e.code == 0);
}

/* A batch's documents are numbered from 0 and whole. */
static int64_t check_batch(struct bytes batch)
{
	struct bson_fields fields = bson_fields(batch);
	struct bson_field f;
	struct error e = {0};
	int64_t count = 0;
	char name[24];
	int got;

	for (; (got = bson_fields_next(&fields, &f, &e)) == 1; count++) {
		snprintf(name, sizeof(name), "%lld", (long long)count);
		FUZZ_REQUIRE(bytes_is(f.name, name));
		FUZZ_REQUIRE(f.type == BSON_KIND_DOCUMENT);
		check_document(f.value);
	}
	FUZZ_REQUIRE(got == 0);
	return count;
}

static int draw_all(struct query_cursor *cursor, struct error *e)
{
	int64_t sizes[] = {query_cursor_first(cursor), 1, 3, QUERY_BATCH_ALL}, count, total = 0;
	OWNED(buf_release) struct buf batch = {0};
	size_t bytes = 0, at = 0;
	bool done = false;

	while (!done && total < DOCUMENTS_MAX && bytes < BYTES_MAX) {
		size_t begin;

		buf_reset(&batch);
		begin = bson_build_begin(&batch);
		if (query_cursor_batch(cursor, sizes[at], &batch, &count, &done, e) < 0)
			return e->code;
		bson_build_end(&batch, begin);
		FUZZ_REQUIRE(check_batch(buf_bytes(&batch)) == count);
		FUZZ_REQUIRE(count <= sizes[at]);
		FUZZ_REQUIRE(batch.len <= 2 * BSON_MAX_LEN);
		total += count;
		bytes += batch.len;
		if (at == COUNT_OF(sizes) - 1 && query_cursor_is_tailable(cursor))
			break;
		at += at < COUNT_OF(sizes) - 1;
	}
	FUZZ_REQUIRE(query_cursor_memory(cursor) < (size_t)MEMORY_MAX);
	return 0;
}

static int run_cursor(const struct query_request *request, bool is_find, struct error *e)
{
	OWNED(query_cursor_free) struct query_cursor *cursor = NULL;

	if ((is_find ? query_find : query_aggregate)(request, &cursor, e) < 0)
		return e->code;
	FUZZ_REQUIRE(query_cursor_ns(cursor).len > 0);
	return draw_all(cursor, e);
}

static int run_distinct(const struct query_request *request, struct error *e)
{
	OWNED(buf_release) struct buf values = {0};

	if (query_distinct(request, &values, e) < 0)
		return e->code;
	check_document(buf_bytes(&values));
	return 0;
}

static int run_explain(const struct query_request *request, struct error *e)
{
	OWNED(buf_release) struct buf reply = {0};
	size_t begin = bson_build_begin(&reply);

	if (query_explain(request, &reply, e) < 0)
		return e->code;
	bson_build_end(&reply, begin);
	/* What is told of a command that nests 180 deep may nest deeper than what clients may send. */
	FUZZ_REQUIRE(bson_check(buf_bytes(&reply), BSON_CHECK_STRUCTURE, e) == 0 ||
		     e->code == ERR_LIMIT);
	*e = (struct error){0};
	return 0;
}

/* As wire/ does it: the fields are checked first. */
static int run(const struct query_request *request, struct bytes verb, struct error *e)
{
	struct value explain = value_get(request->cmd, bytes_str("explain"));
	int64_t count = 0;

	if (bytes_is(verb, "find"))
		return run_cursor(request, true, e);
	if (bytes_is(verb, "count")) {
		if (query_count(request, &count, e) < 0)
			return e->code;
		FUZZ_REQUIRE(count >= 0);
	} else if (bytes_is(verb, "distinct")) {
		return run_distinct(request, e);
	} else if (bytes_is(verb, "explain")) {
		return query_check_explain(request, e) < 0 ? e->code : run_explain(request, e);
	} else if (bytes_is(verb, "aggregate")) {
		if (query_check_aggregate(request, e) < 0)
			return e->code;
		return value_is_true(&explain) ? run_explain(request, e)
					       : run_cursor(request, false, e);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query_request request = {.db = bytes_str(RECORDED_DB),
					.cmd = bytes_of(data, size),
					.memory = size & 1 ? MEMORY_SMALL : 0,
					.with_users = size & 2,
					.killed = &killed};
	struct bson_fields fields = bson_fields(request.cmd);
	struct bson_field verb;
	struct error e = {0};
	struct value db;

	open_once();
	if (bson_check(request.cmd, BSON_CHECK_STRUCTURE, &e) < 0 ||
	    bson_fields_next(&fields, &verb, &e) != 1)
		return 0;
	db = value_get(request.cmd, bytes_str("$db"));
	if (db.type == BSON_KIND_STRING && db.data.len > 0)
		request.db = db.data;
	request.moment = recorded.moment;
	killed = false;
	allocated_before = allocated;
	set_alarm(KILL_AFTER_MS);
	if (run(&request, verb.name, &e) < 0)
		check_error(&e);
	set_alarm(0);
	return 0;
}
