/*
 * Memory that can't be had is no damage: whatever allocation fails, a read gives the right bytes, says ERR_NOMEM, or ends the process
 * as xnomem() does.
 */
#include <errno.h>

#include "base/exit_code.h"
#include "store/check.h"
#include "tests/unit/store/snapshot_model.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MALLOC 0 /* the sanitizers have theirs */
#else
#define HAS_OWN_MALLOC 1
#endif

static unsigned long fail_at, calls; /* of the allocations of this process, from 1; 0: none fails */

#if HAS_OWN_MALLOC

/* What glibc's are called, whatever a program puts before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool fails(void)
{
	if (fail_at == 0 || __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

#endif

enum ending {
	GOOD = 40, /* all is right */
	NO_MEMORY, /* ERR_NOMEM */
	WRONG,	   /* other bytes, or another error */
	NOT_REACHED,
};

struct job {
	const char *dir;
	struct chunk_id id;
	struct bytes plain;
	unsigned long at;
};

/* How the job ends when its allocation number `at` fails. */
static int how_it_ends(int (*run)(void *job), struct job *job, unsigned long at)
{
	job->at = at;
	return store_model_in_child(run, job);
}

static int ending_of(struct job *job, bool right, int code, const struct error *e)
{
	bool reached = calls >= job->at;

	fail_at = 0;
	if (code == ERR_NOMEM || (code == ERR_IO && e->sys == ENOMEM))
		return NO_MEMORY;
	if (code >= 0 && right)
		return reached ? GOOD : NOT_REACHED;
	print_message("allocation %lu: %d %s\n", job->at, code, code < 0 ? e->text : "");
	return WRONG;
}

static int read_chunk(void *ctx)
{
	struct job *job = ctx;
	struct store *store = store_model_open(job->dir);
	struct chunk *chunk = NULL;
	struct error e = {0};
	int code;

	fail_at = job->at;
	code = store_get(store, &job->id, &chunk, &e);
	return ending_of(job, code < 0 || bytes_equal(chunk->plain, job->plain), code, &e);
}

/* The same of one place: nothing is tried again, as a check does not. */
static int read_place(void *ctx)
{
	struct job *job = ctx;
	struct store *store = store_model_open(job->dir);
	struct chunk_place place = store_model_place(store, &job->id);
	struct buf plain = {0};
	struct error e = {0};
	int code;

	fail_at = job->at;
	code = store_read_place(store, &job->id, &place, &plain, &e);
	return ending_of(job, code < 0 || bytes_equal(buf_bytes(&plain), job->plain), code, &e);
}

static void print_problem(void *ctx, const char *text)
{
	(void)ctx;
	print_message("told as damage: %s\n", text);
}

static int check_all(void *ctx)
{
	const struct check_options all = {.read_data = true};
	struct job *job = ctx;
	struct store *store = store_model_open(job->dir);
	struct check_result result = {0};
	struct error e = {0};
	int code;

	fail_at = job->at;
	code = check_run(store, &all, print_problem, NULL, &result, &e);
	return ending_of(job, result.problems == 0, code, &e);
}

/* Let each allocation of the job fail, one after the other. */
static void try_all(int (*run)(void *job), struct job *job)
{
	unsigned long at = 1, told = 0;
	int ending;

	if (!HAS_OWN_MALLOC)
		skip();
	for (; (ending = how_it_ends(run, job, at)) != NOT_REACHED; at++) {
		if (ending != GOOD && ending != NO_MEMORY && ending != EXIT_CODE_FAILED)
			fail_msg("with its allocation %lu failing it ended with %d", at, ending);
		told += ending != GOOD;
	}
	print_message("%lu allocations, %lu of them told\n", at - 1, told);
	assert_true(told > 0);
}

/* A leaf, and another that is stored as a delta of it. */
static void a_delta_is_read_or_memory_is_told(void **state)
{
	OWNED(buf_release) struct buf first = {0}, second = {0};
	struct job job = {.dir = store_model_init()};
	struct store *store = store_model_open(job.dir);
	struct harness_rng rng = harness_rng_of(1);
	struct chunk_id base;

	(void)state;
	store_model_leaf(&first, 0, 20, 150, &rng);
	buf_add_bytes(&second, buf_bytes(&first));
	second.at[9] ^= 1; /* of the _id */
	base = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&first), NULL, NULL);
	job.id = store_model_put_alone(store, CHUNK_LEAF, buf_bytes(&second), &base, NULL);
	job.plain = buf_bytes(&second);
	assert_int_equal(store_model_reads(store, &job.id), 2);
	store_close(store);
	try_all(read_chunk, &job);
	try_all(read_place, &job);
}

static void a_check_finds_no_damage_where_memory_is_out(void **state)
{
	struct job job = {.dir = store_model_init()};
	struct store *store = store_model_open(job.dir);

	(void)state;
	snapshot_model_commit(store, "one", 1700000000, 1, NULL);
	snapshot_model_commit(store, "two", 1700000100, 2, NULL);
	store_close(store);
	try_all(check_all, &job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delta_is_read_or_memory_is_told),
		cmocka_unit_test(a_check_finds_no_damage_where_memory_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
