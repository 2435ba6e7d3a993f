#include "store/store_stream.h"

#include <fcntl.h>

#include "base/file.h"
#include "store/rescue.h"
#include "store/snapshot/closure.h"
#include "store/store_internal.h"

struct backend *store_stream_files(struct store *store)
{
	return store->backend;
}

int store_lock_alone(struct store *store, uint64_t byte, const char *busy, int *ret_fd,
		     struct error *e)
{
	OWNED(free) char *path = xprintf("%s/config", store->path);
	/* A descriptor of its own, so that the lock holds against others of this process, too. */
	OWNED(fd_close) int fd = -1;
	int locked;

	if (store_look_writable(store, e) < 0)
		return e->code;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_sys(e, "open %s", path);
	locked = file_lock(fd, path, byte, FILE_LOCK_EXCLUSIVE, false, e);
	if (locked < 0)
		return locked;
	if (locked == 0)
		return error_set(e, ERR_BUSY, "%s: %s", store->path, busy);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int store_stream_lock(struct store *store, enum store_stream_lock lock, int *ret_fd,
		      struct error *e)
{
	if (store_is_keyless(store))
		return seal_no_key(e);
	return store_lock_alone(store, STORE_LOCK_STREAM + (uint64_t)lock,
				"somebody else adds to the oplog now", ret_fd, e);
}

int store_stream_is_whole(struct store *store, const struct chunk_id *id,
			  const struct tree_root *const *roots, size_t count, struct error *e)
{
	int there = 1;

	if (closure_is_noted(store, id))
		return 1;
	for (size_t i = 0; i < count && there == 1; i++)
		there = closure_has_tree(store, roots[i], e);
	return there == 1 ? closure_remember_whole(store, id, e) : there;
}

static int rescue(struct store_writer *writer, const struct tree_root *const *roots, size_t count,
		  struct error *e)
{
	int needed = rescue_begin(writer, e);

	if (needed <= 0)
		return needed;
	for (size_t i = 0; i < count; i++)
		if (rescue_tree(writer, roots[i], e) < 0)
			return e->code;
	return store_writer_flush(writer, e);
}

int store_stream_commit(struct store_writer *writer, const struct tree_root *const *roots,
			size_t count, int (*publish)(void *ctx, struct error *e), void *ctx,
			struct error *e)
{
	struct store *store = store_writer_store(writer);
	int code;

	if (file_lock(store->config_fd, "config", STORE_LOCK_COMMIT, FILE_LOCK_EXCLUSIVE, true, e) <
	    0)
		return error_wrap(e, "%s", store->path);
	code = rescue(writer, roots, count, e);
	if (code >= 0)
		code = publish(ctx, e);
	file_unlock(store->config_fd, STORE_LOCK_COMMIT);
	return code;
}
