#include "store/backend/backend_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/siphash.h"
#include "store/tmp_lock.h"

#define OPEN_FILES 32

/* Seconds: file systems' clocks tick that slowly at worst. */
#define TICK 2

/* An open file for reads, kept because packs are read many times in a row. */
struct open_file {
	char *name; /* NULL: nobody finds it any more; without users the slot is free */
	int fd;
	unsigned users; /* reads in progress: not to be closed */
	uint64_t last_use;
};

struct backend_dir {
	struct backend base;
	char *root;
	char *tmp_dir;
	pthread_mutex_t lock; /* over the slots, the clock and the count */
	struct open_file slots[OPEN_FILES];
	uint64_t clock;
	uint64_t forgets;	 /* of names; what was opened before the last is not kept */
	bool loose;		 /* what is put need not outlive a power cut */
	pthread_mutex_t folders; /* over what follows */
	char **settled;		 /* paths of folders whose names are durable */
	size_t settled_count;
};

static struct backend_dir *self_of(struct backend *b)
{
	return (struct backend_dir *)(void *)b;
}

static char *path_of(struct backend_dir *self, const char *name)
{
	return xprintf("%s/%s", self->root, name);
}

static bool is_settled(const struct backend_dir *self, const char *folder)
{
	for (size_t i = 0; i < self->settled_count; i++)
		if (strcmp(self->settled[i], folder) == 0)
			return true;
	return false;
}

static void add_settled(struct backend_dir *self, const char *folder)
{
	if (is_settled(self, folder))
		return;
	self->settled = xrealloc(self->settled, (self->settled_count + 1) * sizeof(char *));
	self->settled[self->settled_count++] = xstrdup(folder);
}

static void forget_settled(struct backend_dir *self)
{
	for (size_t i = 0; i < self->settled_count; i++)
		free(self->settled[i]);
	free(self->settled);
	self->settled = NULL;
	self->settled_count = 0;
}

/* The names of all folders that are in `above` now: durable, also when a process that died had just made them. */
static int settle_names(struct backend_dir *self, const char *above, struct error *e)
{
	DIR *stream = opendir(above);
	struct dirent *entry;

	if (stream == NULL)
		return error_sys(e, "open folder %s", above);
	while ((entry = readdir(stream)) != NULL) {
		OWNED(free) char *path = xprintf("%s/%s", above, entry->d_name);

		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			add_settled(self, path);
	}
	closedir(stream);
	return file_sync_dir(above, e);
}

/* mkdir -p; each level is made durable, once. Lock of the folders held. */
static int make_folder(struct backend_dir *self, const char *folder, struct error *e)
{
	OWNED(free) char *above = NULL;
	struct stat st;

	if (stat(folder, &st) != 0)
		forget_settled(self); /* local/ may be deleted at any time */
	else if (is_settled(self, folder))
		return 0;
	if (strcmp(folder, self->root) == 0) {
		if (self->loose)
			return 0;
		/* What lies around the store is not ours to list; and may be closed to us. */
		if (file_sync_above(folder, 1, e) < 0)
			return e->code;
		add_settled(self, folder);
		return 0;
	}
	above = xstrdup(folder);
	*strrchr(above, '/') = '\0';
	if (make_folder(self, above, e) < 0)
		return e->code;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return error_sys(e, "create folder %s", folder);
	if (!self->loose && settle_names(self, above, e) < 0)
		return e->code;
	add_settled(self, folder);
	return 0;
}

/* The folder of `path`. */
static int make_parent(struct backend_dir *self, const char *path, struct error *e)
{
	OWNED(free) char *folder = xstrdup(path);
	int code;

	*strrchr(folder, '/') = '\0';
	pthread_mutex_lock(&self->folders);
	code = make_folder(self, folder, e);
	if (code < 0)
		forget_settled(self);
	pthread_mutex_unlock(&self->folders);
	return code;
}

/* syncfs: which of the files others made, and how far they came, nobody knows. */
static int dir_sync(struct backend *b, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(fd_close) int fd = -1;

	if (self->loose)
		return 0;
	fd = open(self->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "open folder %s", self->root);
	return syncfs(fd) == 0 ? 0 : error_sys(e, "sync the file system of %s", self->root);
}

/* A writer that begins would take what lies in the folder of temporary files for a dead one's. */
static int put_file(struct backend_dir *self, const char *path, struct bytes content,
		    struct error *e)
{
	OWNED(fd_close) int lock = -1;

	if (tmp_lock_files(self->tmp_dir, &lock, e) < 0)
		return e->code;
	return self->loose ? file_put_loose(path, self->tmp_dir, content, e)
			   : file_put(path, self->tmp_dir, content, e);
}

static int check_put(struct backend_dir *self, const char *path, struct bytes content,
		     struct error *e)
{
	if (content.len > BACKEND_FILE_MAX)
		return error_set(e, ERR_LIMIT, "%s: %zu bytes are over the limit of %zu", path,
				 content.len, BACKEND_FILE_MAX);
	if (self->tmp_dir == NULL)
		return error_set(e, ERR_UNSUPPORTED, "%s: the store is open for reading only",
				 path);
	return 0;
}

static struct open_file *slot_find(struct backend_dir *self, const char *name)
{
	for (size_t i = 0; i < OPEN_FILES; i++)
		if (self->slots[i].name != NULL && strcmp(self->slots[i].name, name) == 0)
			return &self->slots[i];
	return NULL;
}

static void slot_close(struct open_file *slot)
{
	if (slot->name == NULL)
		return;
	close(slot->fd);
	free(slot->name);
	slot->name = NULL;
}

/* Nobody finds it again; the last of those who read from it closes it. Lock held. */
static void slot_let_go(struct open_file *slot)
{
	if (slot->users == 0) {
		slot_close(slot);
		return;
	}
	free(slot->name);
	slot->name = NULL;
}

/* What has that name now is another file, or none: it is not read from the old one again. */
static void slot_forget(struct backend_dir *self, const char *name)
{
	struct open_file *slot;

	pthread_mutex_lock(&self->lock);
	self->forgets++;
	slot = slot_find(self, name);
	if (slot != NULL)
		slot_let_go(slot);
	pthread_mutex_unlock(&self->lock);
}

static int dir_put(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(free) char *path = path_of(self, name);
	struct stat st;

	if (check_put(self, path, content, e) < 0)
		return e->code;
	/* It may be of a process that died before it could fsync. */
	if (stat(path, &st) == 0)
		return dir_sync(b, e);
	if (make_parent(self, path, e) < 0 || put_file(self, path, content, e) < 0)
		return e->code;
	slot_forget(self, name); /* another process may have removed what had it before */
	return 1;
}

static int dir_replace(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(free) char *path = path_of(self, name);

	if (check_put(self, path, content, e) < 0 || make_parent(self, path, e) < 0 ||
	    put_file(self, path, content, e) < 0)
		return e->code;
	slot_forget(self, name);
	return 1;
}

/* The slot that was unused the longest, emptied; NULL when all are busy. */
static struct open_file *slot_evict(struct backend_dir *self)
{
	struct open_file *oldest = NULL;

	for (size_t i = 0; i < OPEN_FILES; i++) {
		struct open_file *slot = &self->slots[i];

		if (slot->users > 0)
			continue;
		if (slot->name == NULL)
			return slot;
		if (oldest == NULL || slot->last_use < oldest->last_use)
			oldest = slot;
	}
	if (oldest != NULL)
		slot_close(oldest);
	return oldest;
}

/* 1 and an open fd; *ret_slot is NULL when the caller has to close it. 0: absent. */
static int acquire(struct backend_dir *self, const char *name, int *ret_fd,
		   struct open_file **ret_slot, struct error *e)
{
	OWNED(free) char *path = NULL;
	struct open_file *slot;
	uint64_t forgets;
	int fd;

	pthread_mutex_lock(&self->lock);
	forgets = self->forgets;
	slot = slot_find(self, name);
	if (slot != NULL) {
		slot->users++;
		slot->last_use = ++self->clock;
		*ret_fd = slot->fd;
		*ret_slot = slot;
		pthread_mutex_unlock(&self->lock);
		return 1;
	}
	pthread_mutex_unlock(&self->lock);
	path = path_of(self, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(e, "open %s", path);
	pthread_mutex_lock(&self->lock);
	slot = forgets != self->forgets || slot_find(self, name) != NULL ? NULL : slot_evict(self);
	if (slot != NULL)
		*slot = (struct open_file){xstrdup(name), fd, 1, ++self->clock};
	pthread_mutex_unlock(&self->lock);
	*ret_fd = fd;
	*ret_slot = slot;
	return 1;
}

static void release(struct backend_dir *self, int fd, struct open_file *slot)
{
	if (slot == NULL) {
		close(fd);
		return;
	}
	pthread_mutex_lock(&self->lock);
	if (--slot->users == 0 && slot->name == NULL)
		close(slot->fd);
	pthread_mutex_unlock(&self->lock);
}

static int dir_get(struct backend *b, const char *name, uint64_t offset, uint8_t *ret, size_t len,
		   struct error *e)
{
	struct backend_dir *self = self_of(b);
	struct open_file *slot = NULL;
	int fd = -1, code, found = acquire(self, name, &fd, &slot, e);

	if (found != 1)
		return found;
	code = file_pread(fd, name, offset, ret, len, e);
	release(self, fd, slot);
	return code < 0 ? code : 1;
}

static int dir_size(struct backend *b, const char *name, uint64_t *ret, struct error *e)
{
	OWNED(free) char *path = path_of(self_of(b), name);
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_sys(e, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	*ret = (uint64_t)st.st_size;
	return 1;
}

/* What a list is made of, and for whom. */
struct listing {
	struct backend_dir *self;
	bool names; /* sizes are not asked for */
	int (*each)(void *ctx, const char *name, uint64_t size, struct error *e);
	void *ctx;
};

static int list_entry(const struct listing *listing, const char *name, struct error *e);

static int list_dir(const struct listing *listing, const char *dir, struct error *e)
{
	OWNED(free) char *path = path_of(listing->self, dir);
	DIR *stream = opendir(path);
	struct dirent *entry;
	int code = 0;

	if (stream == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "open folder %s", path);
	while (code == 0 && (entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		OWNED(free) char *name = xprintf("%s/%s", dir, entry->d_name);

		if (entry->d_type == DT_DIR)
			code = list_dir(listing, name, e);
		else if (listing->names && entry->d_type == DT_REG)
			code = listing->each(listing->ctx, name, 0, e);
		else
			code = list_entry(listing, name, e);
	}
	closedir(stream);
	return code;
}

static int list_entry(const struct listing *listing, const char *name, struct error *e)
{
	OWNED(free) char *path = path_of(listing->self, name);
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_sys(e, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return list_dir(listing, name, e);
	if (!S_ISREG(st.st_mode))
		return 0;
	return listing->each(listing->ctx, name, (uint64_t)st.st_size, e);
}

/*
 * A folder of the store that can't be found is an empty one only when nothing was made in it yet. A link to a disk that is not
 * mounted, or a store that was moved or unmounted, must not look like one without snapshots: a prune would take all away.
 */
static int check_absent(struct backend_dir *self, const char *dir, struct error *e)
{
	OWNED(free) char *path = path_of(self, dir);
	OWNED(free) char *config = path_of(self, "config");
	struct stat st;

	if (stat(path, &st) == 0 || errno != ENOENT)
		return 0; /* list_dir() tells */
	if (lstat(path, &st) == 0) {
		errno = ENOENT;
		return error_sys(e, "open folder %s: the link leads nowhere", path);
	}
	if (stat(config, &st) != 0 && errno == ENOENT)
		return error_set(e, ERR_NO_STORE, "there is no store at %s any more", self->root);
	return 0;
}

/* Who lists looks for what changed: a file that was replaced or deleted is opened anew then. */
static void forget_all(struct backend_dir *self)
{
	pthread_mutex_lock(&self->lock);
	self->forgets++;
	for (size_t i = 0; i < OPEN_FILES; i++)
		slot_let_go(&self->slots[i]);
	pthread_mutex_unlock(&self->lock);
}

static int list_all(const struct listing *listing, const char *dir, struct error *e)
{
	forget_all(listing->self);
	if (check_absent(listing->self, dir, e) < 0)
		return e->code;
	return list_dir(listing, dir, e);
}

static int dir_list(struct backend *b, const char *dir,
		    int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		    struct error *e)
{
	struct listing listing = {.self = self_of(b), .each = each, .ctx = ctx};

	return list_all(&listing, dir, e);
}

static int dir_names(struct backend *b, const char *dir,
		     int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		     struct error *e)
{
	struct listing listing = {.self = self_of(b), .names = true, .each = each, .ctx = ctx};

	return list_all(&listing, dir, e);
}

static uint64_t dir_version(struct backend *b, const char *dir)
{
	static const uint8_t key[SIPHASH_KEY_LEN] = "folder version";
	OWNED(free) char *path = path_of(self_of(b), dir);
	uint64_t seen[6];
	time_t now = time(NULL);
	struct stat st;

	if (stat(path, &st) != 0 || st.st_mtim.tv_sec + TICK >= now ||
	    st.st_ctim.tv_sec + TICK >= now)
		return 0;
	seen[0] = st.st_dev;
	seen[1] = st.st_ino;
	seen[2] = (uint64_t)st.st_mtim.tv_sec;
	seen[3] = (uint64_t)st.st_mtim.tv_nsec;
	seen[4] = (uint64_t)st.st_ctim.tv_sec;
	seen[5] = (uint64_t)st.st_ctim.tv_nsec;
	return siphash24(key, bytes_of(seen, sizeof(seen))) | 1;
}

static int dir_remove(struct backend *b, const char *name, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(free) char *path = path_of(self, name);
	int code = unlink(path) == 0 ? 1 : errno == ENOENT ? 0 : error_sys(e, "remove %s", path);

	slot_forget(self, name);
	return code;
}

static void dir_free(struct backend *b)
{
	struct backend_dir *self = self_of(b);

	for (size_t i = 0; i < OPEN_FILES; i++)
		slot_close(&self->slots[i]);
	forget_settled(self);
	pthread_mutex_destroy(&self->folders);
	pthread_mutex_destroy(&self->lock);
	free(self->root);
	free(self->tmp_dir);
	free(self);
}

static const struct backend_ops dir_ops = {
	.put = dir_put,
	.replace = dir_replace,
	.get = dir_get,
	.size = dir_size,
	.list = dir_list,
	.names = dir_names,
	.version = dir_version,
	.remove = dir_remove,
	.sync = dir_sync,
	.free = dir_free,
};

struct backend *backend_dir_new(const char *root, const char *tmp_dir)
{
	struct backend_dir *self = xcalloc(1, sizeof(*self));

	self->base.ops = &dir_ops;
	self->root = xstrdup(root);
	self->tmp_dir = tmp_dir == NULL ? NULL : xstrdup(tmp_dir);
	pthread_mutex_init(&self->lock, NULL);
	pthread_mutex_init(&self->folders, NULL);
	return &self->base;
}

void backend_dir_spare_syncs(struct backend *b)
{
	self_of(b)->loose = true;
}
