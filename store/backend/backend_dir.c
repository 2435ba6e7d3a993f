#include "store/backend/backend_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/file.h"

#define OPEN_FILES 32

/* An open file for reads, kept because packs are read many times in a row. */
struct open_file {
	char *name; /* NULL: the slot is free */
	int fd;
	unsigned users; /* reads in progress: not to be closed */
	uint64_t last_use;
};

struct backend_dir {
	struct backend base;
	char *root;
	char *tmp_dir;
	pthread_mutex_t lock; /* over the slots and the clock */
	struct open_file slots[OPEN_FILES];
	uint64_t clock;
};

static struct backend_dir *self_of(struct backend *b)
{
	return (struct backend_dir *)(void *)b;
}

static char *path_of(struct backend_dir *self, const char *name)
{
	return xprintf("%s/%s", self->root, name);
}

/* mkdir -p of the folder of `path`, each new level made durable. */
static int make_parent(const char *root, const char *path, struct error *e)
{
	OWNED(free) char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	struct stat st;

	*slash = '\0';
	if (stat(dir, &st) == 0 || strcmp(dir, root) == 0)
		return 0;
	if (make_parent(root, dir, e) < 0)
		return e->code;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return error_sys(e, "create folder %s", dir);
	*strrchr(dir, '/') = '\0';
	return file_sync_dir(dir, e);
}

static int dir_put(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(free) char *path = path_of(self, name);
	struct stat st;

	if (content.len > BACKEND_FILE_MAX)
		return error_set(e, ERR_LIMIT, "%s: %zu bytes are over the limit of %zu", path,
				 content.len, BACKEND_FILE_MAX);
	if (self->tmp_dir == NULL)
		return error_set(e, ERR_UNSUPPORTED, "%s: the store is open for reading only",
				 path);
	if (stat(path, &st) == 0)
		return 0;
	if (make_parent(self->root, path, e) < 0 || file_put(path, self->tmp_dir, content, e) < 0)
		return e->code;
	return 1;
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
	int fd;

	pthread_mutex_lock(&self->lock);
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
	slot = slot_find(self, name) != NULL ? NULL : slot_evict(self);
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
	slot->users--;
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

static int list_entry(struct backend_dir *self, const char *name,
		      int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		      struct error *e);

static int list_dir(struct backend_dir *self, const char *dir,
		    int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		    struct error *e)
{
	OWNED(free) char *path = path_of(self, dir);
	DIR *stream = opendir(path);
	struct dirent *entry;
	int code = 0;

	if (stream == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "open folder %s", path);
	while (code == 0 && (entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		OWNED(free) char *name = xprintf("%s/%s", dir, entry->d_name);

		code = list_entry(self, name, each, ctx, e);
	}
	closedir(stream);
	return code;
}

static int list_entry(struct backend_dir *self, const char *name,
		      int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		      struct error *e)
{
	OWNED(free) char *path = path_of(self, name);
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : error_sys(e, "stat %s", path);
	if (S_ISDIR(st.st_mode))
		return list_dir(self, name, each, ctx, e);
	return S_ISREG(st.st_mode) ? each(ctx, name, (uint64_t)st.st_size, e) : 0;
}

/* Who lists looks for what changed: a file that was replaced or deleted is opened anew then. */
static void forget_idle(struct backend_dir *self)
{
	pthread_mutex_lock(&self->lock);
	for (size_t i = 0; i < OPEN_FILES; i++)
		if (self->slots[i].users == 0)
			slot_close(&self->slots[i]);
	pthread_mutex_unlock(&self->lock);
}

static int dir_list(struct backend *b, const char *dir,
		    int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		    struct error *e)
{
	forget_idle(self_of(b));
	return list_dir(self_of(b), dir, each, ctx, e);
}

static int dir_remove(struct backend *b, const char *name, struct error *e)
{
	struct backend_dir *self = self_of(b);
	OWNED(free) char *path = path_of(self, name);
	struct open_file *slot;

	pthread_mutex_lock(&self->lock);
	slot = slot_find(self, name);
	if (slot != NULL && slot->users == 0)
		slot_close(slot);
	pthread_mutex_unlock(&self->lock);
	if (unlink(path) != 0)
		return errno == ENOENT ? 0 : error_sys(e, "remove %s", path);
	return 1;
}

static void dir_free(struct backend *b)
{
	struct backend_dir *self = self_of(b);

	for (size_t i = 0; i < OPEN_FILES; i++)
		slot_close(&self->slots[i]);
	pthread_mutex_destroy(&self->lock);
	free(self->root);
	free(self->tmp_dir);
	free(self);
}

static const struct backend_ops dir_ops = {
	.put = dir_put,
	.get = dir_get,
	.size = dir_size,
	.list = dir_list,
	.remove = dir_remove,
	.free = dir_free,
};

struct backend *backend_dir_new(const char *root, const char *tmp_dir)
{
	struct backend_dir *self = xcalloc(1, sizeof(*self));

	self->base.ops = &dir_ops;
	self->root = xstrdup(root);
	self->tmp_dir = tmp_dir == NULL ? NULL : xstrdup(tmp_dir);
	pthread_mutex_init(&self->lock, NULL);
	return &self->base;
}
