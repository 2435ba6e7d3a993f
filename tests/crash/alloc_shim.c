/*
 * alloc_shim.c - an LD_PRELOAD library that lets an allocation fail: malloc and its kin, mmap, pthread_create.
 *
 *	ALLOC_AT     the number of the call that fails, from 1
 *	ALLOC_SITE   or: the site whose call fails (a name that ALLOC_REPORT gave), the ALLOC_NTH one (default: the first)
 *	ALLOC_LATER  not empty: all calls after it fail, too
 *	ALLOC_FROM   a file: calls are counted from when it exists on
 *	ALLOC_REPORT a file; when the program ends, a line "site calls first" is written for each site
 *	ALLOC_WHERE  not empty: where the call came from is printed
 *
 * A site is the chain of the FRAMES innermost callers, as offsets in their modules: the same in every run of the
 * same programs. The call that fails is told on standard error. Only the process that was started is touched,
 * not its children. Threads: any.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 8
#define OWN_FRAMES 3 /* of this library, at the innermost end */
#define SITES (1u << 15)

/* What glibc's own are called, whatever is put before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

struct site {
	uint64_t name;
	unsigned long calls, first;
};

static struct {
	pid_t pid;
	unsigned long at, nth, calls, hits;
	uint64_t site;
	bool on, later, failed, sites_wanted, where;
	const char *from, *report;
	pthread_mutex_t lock;
	struct site site_list[SITES];
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER};

static __thread bool inside __attribute__((tls_model("initial-exec")));

static unsigned long number_of(const char *name, unsigned long otherwise, int base)
{
	const char *text = getenv(name);

	return text == NULL || text[0] == '\0' ? otherwise : strtoul(text, NULL, base);
}

static bool is_given(const char *name)
{
	const char *text = getenv(name);

	return text != NULL && text[0] != '\0';
}

__attribute__((constructor)) static void shim_start(void)
{
	void *frames[2];

	inside = true;
	unsetenv("LD_PRELOAD"); /* what the program starts is left alone */
	backtrace(frames, 2);	/* loads what it needs */
	shim.pid = getpid();
	shim.at = number_of("ALLOC_AT", 0, 10);
	shim.site = number_of("ALLOC_SITE", 0, 16);
	shim.nth = number_of("ALLOC_NTH", 1, 10);
	shim.later = is_given("ALLOC_LATER");
	shim.where = is_given("ALLOC_WHERE");
	shim.from = is_given("ALLOC_FROM") ? getenv("ALLOC_FROM") : NULL;
	shim.report = is_given("ALLOC_REPORT") ? getenv("ALLOC_REPORT") : NULL;
	shim.sites_wanted = shim.report != NULL || shim.site != 0;
	inside = false;
	__atomic_store_n(&shim.on, true, __ATOMIC_SEQ_CST);
}

__attribute__((destructor)) static void shim_end(void)
{
	FILE *file;

	inside = true;
	if (shim.report == NULL || getpid() != shim.pid || (file = fopen(shim.report, "w")) == NULL)
		return;
	for (size_t i = 0; i < SITES; i++)
		if (shim.site_list[i].calls > 0)
			fprintf(file, "%016llx %lu %lu\n",
				(unsigned long long)shim.site_list[i].name, shim.site_list[i].calls,
				shim.site_list[i].first);
	fclose(file);
}

static uint64_t name_site(void *const *frames, int count)
{
	uint64_t name = 0xcbf29ce484222325u;

	for (int i = 0; i < count; i++) {
		Dl_info about;
		uintptr_t at = (uintptr_t)frames[i];

		if (dladdr(frames[i], &about) != 0)
			at -= (uintptr_t)about.dli_fbase;
		name = (name ^ at) * 0x100000001b3u;
		name ^= name >> 29;
	}
	return name == 0 ? 1 : name;
}

static void count_site(uint64_t name, unsigned long number)
{
	size_t at = name % SITES;

	pthread_mutex_lock(&shim.lock);
	for (size_t i = 0;
	     i < SITES && shim.site_list[at].calls > 0 && shim.site_list[at].name != name; i++)
		at = (at + 1) % SITES;
	if (shim.site_list[at].calls == 0) {
		shim.site_list[at].name = name;
		shim.site_list[at].first = number;
	}
	if (shim.site_list[at].name == name)
		shim.site_list[at].calls++;
	pthread_mutex_unlock(&shim.lock);
}

static void say(const char *call, size_t size, unsigned long number, void *const *frames, int count)
{
	char line[160];
	int len = snprintf(line, sizeof(line), "alloc: call %lu fails: %s of %zu bytes\n", number,
			   call, size);

	(void)!write(STDERR_FILENO, line, (size_t)len);
	if (shim.where && count > OWN_FRAMES)
		backtrace_symbols_fd(frames + OWN_FRAMES, count - OWN_FRAMES, STDERR_FILENO);
}

/* Count a call; is it to fail? */
static __attribute__((noinline)) bool fails_inside(const char *call, size_t size)
{
	void *frames[OWN_FRAMES + 24];
	unsigned long number;
	uint64_t site = 0;
	int count = 0;
	bool hit;

	if (shim.from != NULL && access(shim.from, F_OK) != 0)
		return false;
	number = __atomic_add_fetch(&shim.calls, 1, __ATOMIC_SEQ_CST);
	if (shim.sites_wanted) {
		count = backtrace(frames, OWN_FRAMES + FRAMES);
		site = name_site(frames + OWN_FRAMES, count > OWN_FRAMES ? count - OWN_FRAMES : 0);
		if (shim.report != NULL)
			count_site(site, number);
	}
	hit = shim.site != 0 ? site == shim.site && __atomic_add_fetch(&shim.hits, 1,
								       __ATOMIC_SEQ_CST) == shim.nth
			     : shim.at != 0 && number == shim.at;
	if (hit) {
		if (shim.where)
			count = backtrace(frames, OWN_FRAMES + 24);
		say(call, size, number, frames, count);
		shim.failed = true;
	}
	return hit || (shim.failed && shim.later);
}

static __attribute__((noinline)) bool fails(const char *call, size_t size)
{
	int saved = errno;
	bool failing;

	if (inside || !__atomic_load_n(&shim.on, __ATOMIC_RELAXED) || getpid() != shim.pid)
		return false;
	inside = true;
	failing = fails_inside(call, size);
	inside = false;
	errno = failing ? ENOMEM : saved;
	return failing;
}

void *malloc(size_t size)
{
	void *p = fails("malloc", size) ? NULL : __libc_malloc(size);

	__asm__ volatile("" : : "r"(p)); /* a frame of its own, not a tail call */
	return p;
}

void *calloc(size_t count, size_t size)
{
	void *p = fails("calloc", count * size) ? NULL : __libc_calloc(count, size);

	__asm__ volatile("" : : "r"(p));
	return p;
}

void *realloc(void *old, size_t size)
{
	void *p = size > 0 && fails("realloc", size) ? NULL : __libc_realloc(old, size);

	__asm__ volatile("" : : "r"(p));
	return p;
}

void *memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size)
{
	void *p = fails("memalign", size) ? NULL : __libc_memalign(align, size);

	__asm__ volatile("" : : "r"(p));
	return p;
}

void *aligned_alloc(size_t align, size_t size)
{
	void *p = fails("aligned_alloc", size) ? NULL : __libc_memalign(align, size);

	__asm__ volatile("" : : "r"(p));
	return p;
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	void *p = fails("posix_memalign", size) ? NULL : __libc_memalign(align, size);

	__asm__ volatile("" : : "r"(p));
	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off64_t offset)
{
	bool failing = fails("mmap", len);

	__asm__ volatile("" : : "r"(failing));
	if (failing)
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return mmap64(at, len, protection, flags, fd, offset);
}

int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	static __typeof__(&pthread_create) real;
	bool failing;

	inside = true;
	if (real == NULL)
		real = (__typeof__(&pthread_create))dlsym(RTLD_NEXT, "pthread_create");
	inside = false;
	failing = fails("pthread_create", 0);
	__asm__ volatile("" : : "r"(failing));
	return failing ? EAGAIN : real(ret, attr, run, arg);
}
