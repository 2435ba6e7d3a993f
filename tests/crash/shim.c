/*
 * shim.c - an LD_PRELOAD library that stops a program, or lets a call fail, at the Nth call of a phase.
 *
 *	SHIM_PHASES  which calls are counted, together: names of the table below, with commas
 *	SHIM_AT      the number of the call, from 1
 *	SHIM_DO      kill-before, kill-after, tear (write half of it, then kill), short (write or read
 *		     half of it, say so), eintr, eio, enospc, edquot; a '+' at the end: all later ones fail, too
 *	SHIM_INPUT   what is read: a path's beginning, or "-" for standard input
 *	SHIM_STORE   the folder that the phase "any" and SHIM_CUT are about
 *	SHIM_CUT     drop or torn: when it dies, and when it ends by itself, the power is cut: power.h
 *	SHIM_CORES   what the program is told of the machine's cores
 *	SHIM_REPORT  a file; when the program ends, "phase calls" lines are written to it
 *
 *	SHIM_FORKS   yes: its forks are counted, each for itself, and all of its process group is killed
 *
 * Phases: see struct phase_name. What is done at a call is printed on standard error. Only the
 * process that was started is touched, not its children, unless SHIM_FORKS is there. Threads: any.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/crash/power.h"

enum phase { NONE, READ, SORT, PACK, FSYNC, RENAME, INDEX, PAGES, MANIFEST, UNLINK, ANY, PHASES };

static const struct phase_name {
	const char *name;
	const char *calls;
} names[PHASES] = {
	[READ] = {"read", "read, pread, mmap of the input"},
	[SORT] = {"sort", "write to the unnamed file of a spool or a sort"},
	[PACK] = {"pack", "write to the temporary file of a pack"},
	[FSYNC] = {"fsync", "fsync of packs and folders, not those of the manifest"},
	[RENAME] = {"rename", "rename of a pack"},
	[INDEX] = {"index", "mdb_txn_commit of a transaction that writes"},
	[PAGES] = {"pages", "write and sync of the index's file within a commit"},
	[MANIFEST] = {"manifest",
		      "write, fsync, rename of a manifest or a key, fsync of its folder"},
	[UNLINK] = {"unlink", "unlink of a file of the store"},
	[ANY] = {"any", "instead of all these: whatever changes something below SHIM_STORE"},
};

enum deed { NOTHING, KILL_BEFORE, KILL_AFTER, STOP, TEAR, SHORT, FAIL };

static struct {
	pid_t pid;
	unsigned phases; /* bits */
	unsigned long at;
	enum deed deed;
	bool all_later, forks;
	int error;
	const char *input, *report, *store;
	const char *deed_name;
	unsigned long calls[PHASES], chosen;
	MDB_txn *writing; /* LMDB has one such transaction at a time */
} shim;

#define MANIFEST_FDS 1024
static bool is_manifest[MANIFEST_FDS]; /* the temporary file that this fd writes is one */

static void parse_phases(const char *text)
{
	for (int i = 1; i < PHASES && text != NULL; i++) {
		const char *found = strstr(text, names[i].name);

		if (found != NULL)
			shim.phases |= 1u << i;
	}
}

static void parse_deed(const char *text)
{
	static const struct {
		const char *name;
		enum deed deed;
		int error;
	} deeds[] = {{"kill-before", KILL_BEFORE, 0},
		     {"kill-after", KILL_AFTER, 0},
		     {"stop", STOP, 0}, /* until somebody lets it go on */
		     {"tear", TEAR, 0},
		     {"short", SHORT, 0},
		     {"eintr", FAIL, EINTR},
		     {"eio", FAIL, EIO},
		     {"enospc", FAIL, ENOSPC},
		     {"edquot", FAIL, EDQUOT}};

	shim.deed_name = text;
	for (size_t i = 0; text != NULL && i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strncmp(text, deeds[i].name, strlen(deeds[i].name)) == 0) {
			shim.deed = deeds[i].deed;
			shim.error = deeds[i].error;
		}
	}
	shim.all_later = text != NULL && text[strlen(text) - 1] == '+';
}

__attribute__((constructor)) static void shim_start(void)
{
	const char *at = getenv("SHIM_AT");

	/* What the program starts (a helper, a mount) is left alone. */
	unsetenv("LD_PRELOAD");
	shim.pid = getpid();
	shim.at = at == NULL ? 0 : strtoul(at, NULL, 10);
	shim.input = getenv("SHIM_INPUT");
	shim.report = getenv("SHIM_REPORT");
	shim.store = getenv("SHIM_STORE");
	shim.forks = getenv("SHIM_FORKS") != NULL;
	power_start();
	parse_phases(getenv("SHIM_PHASES"));
	parse_deed(getenv("SHIM_DO"));
}

__attribute__((destructor)) static void shim_end(void)
{
	FILE *file;

	if (getpid() != shim.pid)
		return;
	power_cut();
	if (shim.report == NULL || (file = fopen(shim.report, "w")) == NULL)
		return;
	for (int i = 1; i < PHASES; i++)
		fprintf(file, "%s %lu\n", names[i].name, shim.calls[i]);
	fclose(file);
}

#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void say(enum phase phase, const char *call)
{
	char line[200];
	int len = snprintf(line, sizeof(line), "shim: %s at call %lu of phase %s: %s\n",
			   shim.deed_name, shim.chosen, names[phase].name, call);

	if (len > 0)
		(void)!write(STDERR_FILENO, line, (size_t)len);
}

static void die(void)
{
	power_cut();
	kill(shim.forks ? 0 : shim.pid, SIGKILL);
	for (;;)
		pause();
}

long sysconf(int name)
{
	REAL(sysconf);
	const char *cores = name == _SC_NPROCESSORS_ONLN ? getenv("SHIM_CORES") : NULL;

	return cores != NULL && cores[0] != '\0' ? strtol(cores, NULL, 10) : real(name);
}

/* Count a call; what is to be done at it. */
static enum deed at_call(enum phase phase, const char *call)
{
	unsigned long number;

	if (phase == NONE || (!shim.forks && getpid() != shim.pid))
		return NOTHING;
	__atomic_add_fetch(&shim.calls[phase], 1, __ATOMIC_SEQ_CST);
	if ((shim.phases & 1u << phase) == 0)
		return NOTHING;
	number = __atomic_add_fetch(&shim.chosen, 1, __ATOMIC_SEQ_CST);
	if (shim.at == 0 || number < shim.at || (number > shim.at && !shim.all_later))
		return NOTHING;
	if (number == shim.at)
		say(phase, call);
	if (shim.deed == KILL_BEFORE)
		die();
	if (shim.deed == STOP)
		raise(SIGSTOP);
	return shim.deed == STOP ? NOTHING : shim.deed;
}

/* After a call that was made. */
static void after_call(enum deed deed)
{
	int saved = errno;

	if (deed == KILL_AFTER || deed == TEAR)
		die();
	errno = saved;
}

/* The path behind a file descriptor. */
static void path_of(int fd, char ret[PATH_MAX])
{
	char link[40];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret, PATH_MAX - 1);
	ret[len < 0 ? 0 : len] = '\0';
}

/* Is it the phase "any" that counts, and the path of what it is about? */
static bool is_any(const char *path)
{
	size_t len = shim.store == NULL ? 0 : strlen(shim.store);

	return (shim.phases & 1u << ANY) != 0 && len > 0 && strncmp(path, shim.store, len) == 0 &&
	       path[len] == '/';
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static enum phase phase_of_read(int fd)
{
	char path[PATH_MAX];

	if (shim.input == NULL || fd < 0)
		return NONE;
	if (strcmp(shim.input, "-") == 0)
		return fd == 0 ? READ : NONE;
	path_of(fd, path);
	return strncmp(path, shim.input, strlen(shim.input)) == 0 ? READ : NONE;
}

static enum phase phase_of_write(int fd, const void *from, size_t len)
{
	char path[PATH_MAX];

	path_of(fd, path);
	if (is_any(path))
		return ANY;
	if (ends_with(path, "/data.mdb"))
		return PAGES;
	if (strstr(path, "/local/") == NULL || strstr(path, "/tmp/") == NULL)
		return NONE;
	if (ends_with(path, " (deleted)"))
		return SORT;
	if (!ends_with(path, ".tmp"))
		return NONE;
	if (fd < MANIFEST_FDS && lseek(fd, 0, SEEK_CUR) == 0)
		is_manifest[fd] = len < 4 || memcmp(from, "YPCK", 4) != 0;
	return fd < MANIFEST_FDS && is_manifest[fd] ? MANIFEST : PACK;
}

static enum phase phase_of_sync(int fd)
{
	char path[PATH_MAX];

	path_of(fd, path);
	if (is_any(path))
		return ANY;
	if (ends_with(path, "/data.mdb"))
		return PAGES;
	if (ends_with(path, "/snapshots") || ends_with(path, "/keys"))
		return MANIFEST;
	return ends_with(path, ".tmp") && fd < MANIFEST_FDS && is_manifest[fd] ? MANIFEST : FSYNC;
}

static enum phase phase_of_rename(const char *to)
{
	if (is_any(to))
		return ANY;
	if (strstr(to, "/snapshots/") != NULL || strstr(to, "/prune/") != NULL ||
	    strstr(to, "/keys/") != NULL)
		return MANIFEST;
	return strstr(to, "/chunks/") != NULL ? RENAME : NONE;
}

static enum phase phase_of_unlink(const char *path)
{
	static const char *const folders[] = {"/snapshots/", "/prune/", "/chunks/", "/oplog/",
					      "/keys/"};

	if (is_any(path))
		return ANY;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strstr(path, folders[i]) != NULL)
			return UNLINK;
	return NONE;
}

/* The length that a read or write is to have, 0 to fail with errno. */
static size_t cut(enum deed deed, size_t len)
{
	if (deed == FAIL) {
		errno = shim.error;
		return 0;
	}
	return (deed == TEAR || deed == SHORT) && len > 1 ? len / 2 : len;
}

ssize_t read(int fd, void *to, size_t len)
{
	REAL(read);
	enum deed deed = at_call(phase_of_read(fd), "read");
	size_t want = cut(deed, len);
	ssize_t got = deed == FAIL ? -1 : real(fd, to, want);

	after_call(deed);
	return got;
}

/* A program calls the one or the other; with 64-bit off_t they are the same. */
ssize_t pread64(int fd, void *to, size_t len, off_t offset)
{
	REAL(pread64);
	enum deed deed = at_call(phase_of_read(fd), "pread");
	size_t want = cut(deed, len);
	ssize_t got = deed == FAIL ? -1 : real(fd, to, want, offset);

	after_call(deed);
	return got;
}

ssize_t pread(int fd, void *to, size_t len, off_t offset)
{
	return pread64(fd, to, len, offset);
}

/* The checked forms of _FORTIFY_SOURCE go the same way. */
ssize_t __read_chk(int fd, void *to, size_t len, size_t room);
ssize_t __read_chk(int fd, void *to, size_t len, size_t room)
{
	if (len > room)
		abort();
	return read(fd, to, len);
}

ssize_t __pread64_chk(int fd, void *to, size_t len, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t len, off_t offset, size_t room)
{
	if (len > room)
		abort();
	return pread(fd, to, len, offset);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	REAL(mmap64);
	enum deed deed = at_call(phase_of_read(fd), "mmap");
	void *map;

	if (deed == FAIL && cut(deed, len) == 0)
		return MAP_FAILED;
	map = real(at, len, protection, flags, fd, offset);
	after_call(deed);
	return map;
}

ssize_t write(int fd, const void *from, size_t len)
{
	REAL(write);
	enum deed deed = at_call(phase_of_write(fd, from, len), "write");
	size_t want = cut(deed, len);
	ssize_t put = -1;

	power_lock();
	if (deed != FAIL) {
		power_writes(fd, -1, want);
		put = real(fd, from, want);
	}
	power_unlock();

	after_call(deed);
	return put;
}

ssize_t pwrite64(int fd, const void *from, size_t len, off_t offset)
{
	REAL(pwrite64);
	enum deed deed = at_call(phase_of_write(fd, from, len), "pwrite");
	size_t want = cut(deed, len);
	ssize_t put = -1;

	power_lock();
	if (deed != FAIL) {
		power_writes(fd, offset, want);
		put = real(fd, from, want, offset);
	}
	power_unlock();

	after_call(deed);
	return put;
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t offset)
{
	return pwrite64(fd, from, len, offset);
}

/* LMDB writes neighbouring pages with it. A half of it is its first pieces. */
ssize_t writev(int fd, const struct iovec *at, int count)
{
	REAL(writev);
	enum deed deed = at_call(phase_of_write(fd, at[0].iov_base, at[0].iov_len), "writev");
	size_t want = cut(deed, (size_t)count);
	ssize_t put = -1;
	size_t len = 0;

	for (size_t i = 0; i < want; i++)
		len += at[i].iov_len;
	power_lock();
	if (deed != FAIL) {
		power_writes(fd, -1, len);
		put = real(fd, at, (int)want);
	}
	power_unlock();

	after_call(deed);
	return put;
}

int fsync(int fd)
{
	REAL(fsync);
	enum deed deed = at_call(phase_of_sync(fd), "fsync");
	int code = -1;

	power_lock();
	if (deed == FAIL)
		errno = shim.error;
	else if ((code = real(fd)) == 0)
		power_synced(fd);
	power_unlock();
	after_call(deed);
	return code;
}

int syncfs(int fd)
{
	REAL(syncfs);
	enum deed deed = at_call(phase_of_sync(fd), "syncfs");
	int code = -1;

	power_lock();
	if (deed == FAIL)
		errno = shim.error;
	else if ((code = real(fd)) == 0)
		power_synced_all();
	power_unlock();
	after_call(deed);
	return code;
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	enum deed deed = at_call(phase_of_sync(fd), "fdatasync");
	int code = -1;

	power_lock();
	if (deed == FAIL)
		errno = shim.error;
	else if ((code = real(fd)) == 0)
		power_synced(fd);
	power_unlock();
	after_call(deed);
	return code;
}

int rename(const char *from, const char *to)
{
	REAL(rename);
	enum deed deed = at_call(phase_of_rename(to), "rename");
	int code = -1;

	power_lock();
	if (deed == FAIL) {
		errno = shim.error;
	} else {
		power_renames(from, to);
		code = real(from, to);
	}
	power_unlock();
	after_call(deed);
	return code;
}

int unlink(const char *path)
{
	REAL(unlink);
	enum deed deed = at_call(phase_of_unlink(path), "unlink");
	int code = -1;

	power_lock();
	if (deed == FAIL) {
		errno = shim.error;
	} else {
		power_unlinks(path);
		code = real(path);
	}
	power_unlock();
	after_call(deed);
	return code;
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **ret)
{
	REAL(mdb_txn_begin);
	int code = real(env, parent, flags, ret);

	if (code == 0 && (flags & MDB_RDONLY) == 0)
		shim.writing = *ret;
	return code;
}

int mdb_txn_commit(MDB_txn *txn)
{
	REAL(mdb_txn_commit);
	enum phase phase = txn != shim.writing		    ? NONE
			   : (shim.phases & 1u << ANY) != 0 ? ANY
							    : INDEX;
	enum deed deed = at_call(phase, "mdb_txn_commit");
	int code;

	if (deed == FAIL) {
		mdb_txn_abort(txn);
		return shim.error;
	}
	code = real(txn);
	after_call(deed);
	return code;
}

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	enum deed deed = at_call(is_any(path) ? ANY : NONE, "mkdir");
	int code = -1;

	power_lock();
	if (deed == FAIL) {
		errno = shim.error;
	} else {
		power_makes_folder(path);
		code = real(path, mode);
	}
	power_unlock();
	after_call(deed);
	return code;
}

/* A program calls the one or the other, as with pread. Only what may create a file is of interest. */
int open64(const char *path, int flags, ...)
{
	REAL(open64);
	bool creates = (flags & O_CREAT) != 0;
	enum deed deed = at_call(creates && is_any(path) ? ANY : NONE, "open");
	va_list more;
	mode_t mode;
	int fd = -1;

	va_start(more, flags);
	mode = creates || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
	va_end(more);
	if (!creates && deed == NOTHING)
		return real(path, flags, mode);
	power_lock();
	if (deed == FAIL) {
		errno = shim.error;
	} else {
		power_creates(path);
		fd = real(path, flags, mode);
	}
	power_unlock();
	after_call(deed);
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t)
									  : 0;
	va_end(more);
	return open64(path, flags, mode);
}
