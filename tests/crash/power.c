#include "tests/crash/power.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECTOR 512 /* bytes of a write that are there, or not, together */

/* A write that may be undone. */
struct patch {
	struct patch *before; /* the older one */
	off_t offset, size;   /* the file's size before it */
	size_t len, had;      /* `had` bytes were there */
	uint8_t old[];
};

struct file {
	struct file *next;
	dev_t device;
	ino_t inode;
	int fd;	    /* our own */
	off_t size; /* that is durable */
	struct patch *patches;
};

enum change_kind { CREATED, MADE_FOLDER, UNLINKED, RENAMED };

struct change {
	struct change *before;
	enum change_kind kind;
	dev_t device;
	ino_t folder;		  /* whose fsync makes it durable */
	char *path, *from, *kept; /* `kept`: where the file is that `path` was */
};

enum cut { NO_CUT, DROP, TORN };

static struct {
	pthread_mutex_t lock;
	enum cut cut;
	char root[PATH_MAX], lost[PATH_MAX + 8];
	uint64_t random;
	unsigned number;
	struct file *files;
	struct change *changes;
} power = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The calls without the shim's. */
static int open_raw(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

static void unlink_raw(const char *path)
{
	(void)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

static void rename_raw(const char *from, const char *to)
{
	(void)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static uint64_t draw(void)
{
	power.random ^= power.random >> 12;
	power.random ^= power.random << 25;
	power.random ^= power.random >> 27;
	return (power.random * 2685821657736338717U) >> 16;
}

/* What a process before us left, the newest first. */
static void find_changes(const char *from)
{
	FILE *file = fopen(from, "r");
	struct change **at = &power.changes;
	unsigned long device, folder;
	unsigned kind;
	char path[PATH_MAX], before[PATH_MAX], kept[PATH_MAX];

	if (file == NULL)
		abort();
	while (fscanf(file, "%u %lu %lu %4095s %4095s %4095s\n", &kind, &device, &folder, path,
		      before, kept) == 6) {
		*at = must(calloc(1, sizeof(**at)));
		**at = (struct change){NULL, kind, device, folder, must(strdup(path)), NULL, NULL};
		if (strcmp(before, "-") != 0)
			(*at)->from = must(strdup(before));
		if (strcmp(kept, "-") != 0)
			(*at)->kept = must(strdup(kept));
		at = &(*at)->before;
	}
	fclose(file);
}

static void leave_changes(const char *to)
{
	FILE *file = fopen(to, "w");

	if (file == NULL)
		abort();
	for (struct change *change = power.changes; change != NULL; change = change->before)
		fprintf(file, "%u %lu %lu %s %s %s\n", change->kind, (unsigned long)change->device,
			(unsigned long)change->folder, change->path,
			change->from == NULL ? "-" : change->from,
			change->kept == NULL ? "-" : change->kept);
	if (fclose(file) != 0)
		abort();
}

void power_start(void)
{
	const char *cut = getenv("SHIM_CUT"), *root = getenv("SHIM_STORE"),
		   *seed = getenv("SHIM_SEED");

	if (cut == NULL || root == NULL || realpath(root, power.root) == NULL)
		return;
	power.cut = strcmp(cut, "drop") == 0 ? DROP : strcmp(cut, "torn") == 0 ? TORN : NO_CUT;
	power.random =
		(seed == NULL ? 0 : strtoull(seed, NULL, 10)) * 2654435761U + 88172645463325252U;
	snprintf(power.lost, sizeof(power.lost), "%s.lost", power.root);
	if (power.cut != NO_CUT)
		(void)syscall(SYS_mkdirat, AT_FDCWD, power.lost, 0700);
	if (power.cut != NO_CUT && getenv("SHIM_FINDS") != NULL)
		find_changes(getenv("SHIM_FINDS"));
}

bool power_is_on(void)
{
	return power.cut != NO_CUT;
}

void power_lock(void)
{
	if (power_is_on())
		pthread_mutex_lock(&power.lock);
}

void power_unlock(void)
{
	if (power_is_on())
		pthread_mutex_unlock(&power.lock);
}

static bool is_below(const char *path)
{
	size_t len = strlen(power.root);

	return strncmp(path, power.root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* ---- bytes of files */

/* A file of the store that has a name, and is not LMDB's lock file (which only lives in memory). */
static bool is_ours(int fd, const struct stat *st)
{
	char link[40], path[PATH_MAX];
	ssize_t len;

	if (!S_ISREG(st->st_mode) || st->st_nlink == 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	return is_below(path) && strstr(path + strlen(power.root), "lock") == NULL;
}

static struct file **find(dev_t device, ino_t inode)
{
	struct file **at = &power.files;

	while (*at != NULL && ((*at)->device != device || (*at)->inode != inode))
		at = &(*at)->next;
	return at;
}

static struct file *file_of(int fd, const struct stat *st)
{
	struct file **at = find(st->st_dev, st->st_ino), *made;
	char link[40];

	if (*at != NULL)
		return *at;
	made = must(calloc(1, sizeof(*made)));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	*made = (struct file){.device = st->st_dev,
			      .inode = st->st_ino,
			      .fd = open_raw(link, O_RDWR),
			      .size = st->st_size};
	if (made->fd < 0)
		abort();
	return *at = made;
}

void power_writes(int fd, off_t offset, size_t len)
{
	int flags = power_is_on() ? fcntl(fd, F_GETFL) : -1;
	struct patch *patch;
	struct file *file;
	struct stat st;

	/* With O_DSYNC the write itself makes it durable. */
	if (flags < 0 || (flags & O_DSYNC) != 0 || fstat(fd, &st) != 0 || !is_ours(fd, &st))
		return;
	if (offset < 0)
		offset = (flags & O_APPEND) != 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
	file = file_of(fd, &st);
	patch = must(calloc(1, sizeof(*patch) + len));
	*patch = (struct patch){
		.before = file->patches, .offset = offset, .size = st.st_size, .len = len};
	if (offset < st.st_size)
		patch->had = (size_t)syscall(SYS_pread64, file->fd, patch->old, len, offset);
	if (patch->had > len)
		abort();
	file->patches = patch;
}

static void forget(struct file **at)
{
	struct file *file = *at;

	while (file->patches != NULL) {
		struct patch *patch = file->patches;

		file->patches = patch->before;
		free(patch);
	}
	(void)syscall(SYS_close, file->fd);
	*at = file->next;
	free(file);
}

/* How much of a write is there after the cut. */
static size_t kept_of(size_t len)
{
	if (power.cut == DROP)
		return 0;
	switch (draw() % 3) {
	case 0:
		return 0;
	case 1:
		return len;
	default:
		return len <= SECTOR ? 0 : draw() % (len / SECTOR) * SECTOR;
	}
}

static void undo_writes(struct file *file)
{
	off_t size = file->size;

	for (struct patch *patch = file->patches; patch != NULL; patch = patch->before) {
		size_t kept = kept_of(patch->len);
		off_t end = patch->offset + (off_t)kept;

		if (end > size && kept > 0)
			size = end;
		if (kept < patch->len) /* what is behind the end of the old file is zeros here */
			(void)syscall(SYS_pwrite64, file->fd, patch->old + kept, patch->len - kept,
				      end);
	}
	(void)syscall(SYS_ftruncate, file->fd, size);
}

/* ---- names */

static bool folder_of(const char *path, struct stat *ret)
{
	char folder[PATH_MAX];
	char *slash;

	if (strlen(path) >= sizeof(folder))
		return false;
	memcpy(folder, path, strlen(path) + 1);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return stat(folder, ret) == 0;
}

static struct change *add(enum change_kind kind, const char *path)
{
	struct change *change;
	struct stat st;

	if (!power_is_on() || !is_below(path) ||
	    strstr(path + strlen(power.root), "lock") != NULL || !folder_of(path, &st))
		return NULL;
	change = must(calloc(1, sizeof(*change)));
	*change = (struct change){power.changes,      kind, st.st_dev, st.st_ino,
				  must(strdup(path)), NULL, NULL};
	return power.changes = change;
}

/* Another name for the file, by which it comes back. */
static char *keep(const char *path)
{
	char *kept = NULL;

	if (asprintf(&kept, "%s/%d-%u", power.lost, (int)getpid(), ++power.number) < 0)
		abort();
	if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0) == 0)
		return kept;
	free(kept);
	return NULL;
}

void power_creates(const char *path)
{
	struct stat st;

	if (power_is_on() && lstat(path, &st) != 0)
		(void)add(CREATED, path);
}

void power_makes_folder(const char *path)
{
	struct stat st;

	if (power_is_on() && lstat(path, &st) != 0)
		(void)add(MADE_FOLDER, path);
}

void power_unlinks(const char *path)
{
	struct change *change;
	struct stat st;

	if (!power_is_on() || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	change = add(UNLINKED, path);
	if (change != NULL)
		change->kept = keep(path);
}

void power_renames(const char *from, const char *to)
{
	struct change *change = add(RENAMED, to);

	if (change == NULL)
		return;
	change->from = must(strdup(from));
	change->kept = keep(to);
}

static void end_change(struct change **at)
{
	struct change *change = *at;

	if (change->kept != NULL)
		unlink_raw(change->kept);
	*at = change->before;
	free(change->path);
	free(change->from);
	free(change->kept);
	free(change);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void undo_change(const struct change *change)
{
	switch (change->kind) {
	case CREATED:
		unlink_raw(change->path);
		break;
	case MADE_FOLDER:
		(void)nftw(change->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		break;
	case UNLINKED:
		if (change->kept != NULL)
			rename_raw(change->kept, change->path);
		break;
	case RENAMED:
		rename_raw(change->path, change->from);
		if (change->kept != NULL)
			rename_raw(change->kept, change->path);
		break;
	}
}

/* ---- both */

void power_synced(int fd)
{
	struct file **file;
	struct stat st;

	if (!power_is_on() || fstat(fd, &st) != 0)
		return;
	file = find(st.st_dev, st.st_ino);
	if (*file != NULL)
		forget(file);
	if (!S_ISDIR(st.st_mode))
		return;
	for (struct change **at = &power.changes; *at != NULL;) {
		if ((*at)->device == st.st_dev && (*at)->folder == st.st_ino)
			end_change(at);
		else
			at = &(*at)->before;
	}
}

void power_synced_all(void)
{
	while (power_is_on() && power.files != NULL)
		forget(&power.files);
	while (power_is_on() && power.changes != NULL)
		end_change(&power.changes);
}

void power_cut(void)
{
	if (!power_is_on())
		return;
	power_lock();
	if (getenv("SHIM_LEAVES") != NULL) {
		leave_changes(getenv("SHIM_LEAVES"));
		return;
	}
	for (struct file *file = power.files; file != NULL; file = file->next)
		undo_writes(file);
	for (struct change *change = power.changes; change != NULL; change = change->before)
		if (power.cut == DROP || draw() % 2 == 0)
			undo_change(change);
}
