#include "store/backend/backend_mem.h"

#include <pthread.h>

struct mem_file {
	char *name;
	struct buf content;
};

struct backend_mem {
	struct backend base;
	pthread_mutex_t lock;
	struct mem_file *files;
	size_t count;
};

static struct backend_mem *self_of(struct backend *b)
{
	return (struct backend_mem *)(void *)b;
}

static struct mem_file *find(struct backend_mem *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->files[i].name, name) == 0)
			return &self->files[i];
	return NULL;
}

static int write_file(struct backend *b, const char *name, struct bytes content, bool again,
		      struct error *e)
{
	struct backend_mem *self = self_of(b);
	struct mem_file *file;
	int written = 0;

	if (content.len > BACKEND_FILE_MAX)
		return error_set(e, ERR_LIMIT, "%s: %zu bytes are over the limit of %zu", name,
				 content.len, BACKEND_FILE_MAX);
	pthread_mutex_lock(&self->lock);
	file = find(self, name);
	if (file == NULL || again) {
		if (file == NULL) {
			self->files =
				xrealloc(self->files, (self->count + 1) * sizeof(*self->files));
			file = &self->files[self->count++];
			*file = (struct mem_file){.name = xstrdup(name)};
		}
		buf_reset(&file->content);
		buf_add_bytes(&file->content, content);
		written = 1;
	}
	pthread_mutex_unlock(&self->lock);
	return written;
}

static int mem_put(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	return write_file(b, name, content, false, e);
}

static int mem_replace(struct backend *b, const char *name, struct bytes content, struct error *e)
{
	return write_file(b, name, content, true, e);
}

static int mem_get(struct backend *b, const char *name, uint64_t offset, uint8_t *ret, size_t len,
		   struct error *e)
{
	struct backend_mem *self = self_of(b);
	struct mem_file *file;
	int found = 0;

	pthread_mutex_lock(&self->lock);
	file = find(self, name);
	if (file != NULL && (offset > file->content.len || len > file->content.len - offset)) {
		found = error_set(e, ERR_CORRUPT,
				  "%s: %zu bytes expected at its offset, it has %zu", name, len,
				  file->content.len);
	} else if (file != NULL) {
		if (len > 0)
			memcpy(ret, file->content.at + offset, len);
		found = 1;
	}
	pthread_mutex_unlock(&self->lock);
	return found;
}

static int mem_size(struct backend *b, const char *name, uint64_t *ret, struct error *e UNUSED)
{
	struct backend_mem *self = self_of(b);
	struct mem_file *file;

	pthread_mutex_lock(&self->lock);
	file = find(self, name);
	if (file != NULL)
		*ret = file->content.len;
	pthread_mutex_unlock(&self->lock);
	return file != NULL;
}

static int mem_list(struct backend *b, const char *dir,
		    int (*each)(void *, const char *, uint64_t, struct error *), void *ctx,
		    struct error *e)
{
	struct backend_mem *self = self_of(b);
	size_t len = strlen(dir);

	/* `each` may call back: the lock is held for one entry at a time only. */
	for (size_t i = 0;; i++) {
		OWNED(free) char *name = NULL;
		uint64_t size = 0;
		bool more;

		pthread_mutex_lock(&self->lock);
		more = i < self->count;
		if (more && strncmp(self->files[i].name, dir, len) == 0 &&
		    self->files[i].name[len] == '/') {
			name = xstrdup(self->files[i].name);
			size = self->files[i].content.len;
		}
		pthread_mutex_unlock(&self->lock);
		if (!more)
			return 0;
		if (name != NULL && each(ctx, name, size, e) < 0)
			return e->code;
	}
}

static int mem_remove(struct backend *b, const char *name, struct error *e UNUSED)
{
	struct backend_mem *self = self_of(b);
	struct mem_file *file;

	pthread_mutex_lock(&self->lock);
	file = find(self, name);
	if (file != NULL) {
		free(file->name);
		buf_release(&file->content);
		*file = self->files[--self->count];
	}
	pthread_mutex_unlock(&self->lock);
	return file != NULL;
}

static int mem_sync(struct backend *b UNUSED, struct error *e UNUSED)
{
	return 0;
}

static void mem_free(struct backend *b)
{
	struct backend_mem *self = self_of(b);

	for (size_t i = 0; i < self->count; i++) {
		free(self->files[i].name);
		buf_release(&self->files[i].content);
	}
	free(self->files);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

static const struct backend_ops mem_ops = {
	.put = mem_put,
	.replace = mem_replace,
	.get = mem_get,
	.size = mem_size,
	.list = mem_list,
	.names = mem_list,
	.remove = mem_remove,
	.sync = mem_sync,
	.free = mem_free,
};

struct backend *backend_mem_new(void)
{
	struct backend_mem *self = xcalloc(1, sizeof(*self));

	self->base.ops = &mem_ops;
	pthread_mutex_init(&self->lock, NULL);
	return &self->base;
}
