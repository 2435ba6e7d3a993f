/*
 * fail_calls.h - calls of the system and of LMDB that fail: each way that a job comes to such a call, one after the other.
 *
 * For one .c file of a test program, which includes it before all else: it puts functions of its own before those of libc and of LMDB.
 *
 *	fail_calls_learn(job, ctx);		every chain of callers that ends in such a call
 *	for (i = 0; i < fail_calls_count(); i++)
 *		ending = fail_calls_run(i, job, ctx);	the first call of that chain fails with EIO, once
 *
 * A job runs in a child; it calls fail_calls_begin() where calls begin to count, fail_calls_end() where they end to, and returns
 * what the child is to exit with. Nothing is synced meanwhile. Threads: a job may have many. Not under sanitizers, which have functions
 * of their own: fail_calls_learn() skips the test.
 */
#ifndef HARNESS_FAIL_CALLS_H
#define HARNESS_FAIL_CALLS_H

/* With it libc's headers have inline functions of these names. */
#undef _FORTIFY_SOURCE

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "tests/harness/harness.h"

#define FAIL_CHAINS 8192
#define FAIL_USUAL 40
#define FAIL_DEPTH 12 /* frames that tell a chain from another */

static struct {
	uint64_t chains[FAIL_CHAINS];
	unsigned count;
} * fail_shared;	     /* with the child that learns */
static uint64_t fail_wanted; /* 0: none fails */
static bool fail_active, fail_learning;
static unsigned fail_done; /* calls that failed; atomic */
static __thread bool fail_busy;
static __thread int fail_outside; /* frames of this thread that are outside of the job */

static inline void fail_calls_begin(void)
{
	__atomic_store_n(&fail_active, true, __ATOMIC_SEQ_CST);
}

static inline void fail_calls_end(void)
{
	__atomic_store_n(&fail_active, false, __ATOMIC_SEQ_CST);
}

/* Has the call that was meant to failed? */
static inline bool fail_calls_happened(void)
{
	return __atomic_load_n(&fail_done, __ATOMIC_SEQ_CST) > 0;
}

static void fail_note(uint64_t chain)
{
	static int lock;

	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0)
		;
	unsigned i = 0;
	while (i < fail_shared->count && fail_shared->chains[i] != chain)
		i++;
	if (i == fail_shared->count && i < FAIL_CHAINS)
		fail_shared->chains[fail_shared->count++] = chain;
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* Is this call one that fails? */
static __attribute__((noinline)) bool fail_now(void)
{
	void *frames[100];
	uint64_t chain = 1469598103934665603u;
	int depth, kept = errno;

	if (!__atomic_load_n(&fail_active, __ATOMIC_SEQ_CST) || fail_busy)
		return false;
	fail_busy = true; /* the first backtrace() opens a library */
	depth = backtrace(frames, COUNT_OF(frames)) - fail_outside;
	fail_busy = false;
	errno = kept;
	for (int i = 1; i < depth && i <= FAIL_DEPTH; i++)
		chain = (chain ^ (uint64_t)(uintptr_t)frames[i]) * 1099511628211u;
	if (fail_learning)
		fail_note(chain);
	if (chain != fail_wanted || __atomic_exchange_n(&fail_done, 1, __ATOMIC_SEQ_CST) != 0)
		return false;
	errno = EIO;
	return true;
}

#define FAIL_REAL(name)                                                                            \
	static __typeof__(&name) real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

#define FAIL_CALL(type, name, bad, parameters, arguments)                                          \
	type name parameters                                                                       \
	{                                                                                          \
		FAIL_REAL(name);                                                                   \
		return fail_now() ? (bad) : real arguments;                                        \
	}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAIL_CALLS_WORK 1

FAIL_CALL(ssize_t, pread, -1, (int fd, void *to, size_t len, off_t at), (fd, to, len, at))
FAIL_CALL(ssize_t, read, -1, (int fd, void *to, size_t len), (fd, to, len))
FAIL_CALL(ssize_t, write, -1, (int fd, const void *from, size_t len), (fd, from, len))
FAIL_CALL(int, rename, -1, (const char *from, const char *to), (from, to))
FAIL_CALL(int, unlink, -1, (const char *path), (path))
FAIL_CALL(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
FAIL_CALL(int, stat, -1, (const char *path, struct stat *ret), (path, ret))
FAIL_CALL(int, lstat, -1, (const char *path, struct stat *ret), (path, ret))
FAIL_CALL(int, fstat, -1, (int fd, struct stat *ret), (fd, ret))
FAIL_CALL(DIR *, opendir, NULL, (const char *path), (path))

/* Not done: nobody cuts the power here. */
int fsync(int fd)
{
	return fail_now() ? -1 : fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int fdatasync(int fd)
{
	return fail_now() ? -1 : fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int syncfs(int fd)
{
	return fail_now() ? -1 : fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int open(const char *path, int flags, ...)
{
	FAIL_REAL(open);
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fail_now() ? -1 : real(path, flags, mode);
}
#else
#define FAIL_CALLS_WORK 0
#endif

FAIL_CALL(int, mdb_get, EIO, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
	  (txn, dbi, key, value))
FAIL_CALL(int, mdb_put, EIO,
	  (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags),
	  (txn, dbi, key, value, flags))
FAIL_CALL(int, mdb_del, EIO, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
	  (txn, dbi, key, value))
FAIL_CALL(int, mdb_drop, EIO, (MDB_txn * txn, MDB_dbi dbi, int del), (txn, dbi, del))
FAIL_CALL(int, mdb_dbi_open, EIO, (MDB_txn * txn, const char *name, unsigned flags, MDB_dbi *dbi),
	  (txn, name, flags, dbi))
FAIL_CALL(int, mdb_cursor_open, EIO, (MDB_txn * txn, MDB_dbi dbi, MDB_cursor **ret),
	  (txn, dbi, ret))
FAIL_CALL(int, mdb_cursor_get, EIO,
	  (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
	  (cursor, key, value, op))
FAIL_CALL(int, mdb_cursor_put, EIO,
	  (MDB_cursor * cursor, MDB_val *key, MDB_val *value, unsigned flags),
	  (cursor, key, value, flags))
FAIL_CALL(int, mdb_cursor_del, EIO, (MDB_cursor * cursor, unsigned flags), (cursor, flags))
FAIL_CALL(int, mdb_txn_begin, EIO, (MDB_env * env, MDB_txn *parent, unsigned flags, MDB_txn **ret),
	  (env, parent, flags, ret))
FAIL_CALL(int, mdb_env_create, EIO, (MDB_env * *ret), (ret))
FAIL_CALL(int, mdb_env_open, EIO,
	  (MDB_env * env, const char *path, unsigned flags, mdb_mode_t mode),
	  (env, path, flags, mode))

int mdb_txn_commit(MDB_txn *txn)
{
	FAIL_REAL(mdb_txn_commit);
	if (!fail_now())
		return real(txn);
	mdb_txn_abort(txn);
	return EIO;
}

static int fail_child(int (*job)(void *ctx), void *ctx)
{
	void *frames[100];
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

		for (size_t i = 0; i < COUNT_OF(fatal); i++)
			signal(fatal[i], SIG_DFL); /* cmocka's would hide a crash */
		alarm(120);
		fail_outside = backtrace(frames, COUNT_OF(frames));
		status = job(ctx);
		fail_calls_end();
		_exit(status);
	}
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* How the job ends when nothing fails. */
static int fail_calls_learn(int (*job)(void *ctx), void *ctx)
{
	int ending;

	if (!FAIL_CALLS_WORK)
		skip();
	if (fail_shared == NULL)
		fail_shared = mmap(NULL, sizeof(*fail_shared), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(fail_shared != MAP_FAILED);
	fail_shared->count = 0;
	fail_wanted = 0;
	fail_learning = true;
	ending = fail_child(job, ctx);
	fail_learning = false;
	return ending;
}

static unsigned fail_calls_count(void)
{
	return fail_shared->count;
}

/* Is it this one's turn? By the seed for about FAIL_USUAL of them; for all when YESTER_CHAINS is "all". */
static bool fail_calls_chosen(struct harness_rng *rng)
{
	const char *wish = getenv("YESTER_CHAINS");

	return harness_rng_below(rng, fail_shared->count) < FAIL_USUAL ||
	       (wish != NULL && strcmp(wish, "all") == 0);
}

/* How it ends when the first call of chain `number` fails; 1000 and more: a signal killed it. */
static int fail_calls_run(unsigned number, int (*job)(void *ctx), void *ctx)
{
	int ending;

	fail_wanted = fail_shared->chains[number];
	ending = fail_child(job, ctx);
	fail_wanted = 0;
	return ending;
}

#endif
