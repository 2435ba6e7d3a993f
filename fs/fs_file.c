#include "fs/fs_file.h"

#include <stdatomic.h>

/* The kernel has a few requests of one reader under way, and they arrive in any order. */
#define NEAR (2 * MIB)
#define AHEAD_MAX 48 /* leaves; about 1.5 MiB */
#define AHEAD_MIN 4

struct fs_file {
	struct moment *moment;
	struct tree_root root;	/* of a collection's .bson or .json */
	struct tree_json *json; /* of a .json, borrowed from the mount */
	bool is_text;
	struct buf text;	   /* of all others, fixed at open */
	_Atomic uint64_t expected; /* where a sequential reader goes on */
	_Atomic unsigned in_a_row; /* sequential requests */
};

int fs_file_open(struct fs *fs, const struct fs_node *node, struct fs_file **ret, struct error *e)
{
	OWNED(fs_file_close) struct fs_file *file = xcalloc(1, sizeof(*file));

	if (node->inode.kind == FS_KIND_BSON || node->inode.kind == FS_KIND_JSON) {
		if (node->inode.kind == FS_KIND_JSON)
			file->json = fs->json;
		file->moment = moment_hold(node->moment);
		file->root = node->entry.root;
	} else {
		int rc = fs_node_text(fs, node, &file->text, e);

		if (rc < 0)
			return rc;
		file->is_text = true;
	}
	*ret = TAKE(file);
	return 0;
}

void fs_file_close(struct fs_file *file)
{
	if (file == NULL)
		return;
	moment_release(file->moment);
	buf_release(&file->text);
	free(file);
}

/* How many leaves to decode ahead: more with each request that goes on where others ended. */
static unsigned ahead_of(struct fs_file *file, uint64_t offset, size_t len)
{
	uint64_t expected = atomic_load_explicit(&file->expected, memory_order_relaxed);
	bool is_near = offset <= expected + NEAR && expected <= offset + NEAR;
	unsigned in_a_row = 0;

	if (is_near && (expected != 0 || offset == 0))
		in_a_row = atomic_fetch_add_explicit(&file->in_a_row, 1, memory_order_relaxed) + 1;
	else
		atomic_store_explicit(&file->in_a_row, 0, memory_order_relaxed);
	if (!is_near || offset + len > expected)
		atomic_store_explicit(&file->expected, offset + len, memory_order_relaxed);
	/* The first request may be a look at the head of the file. */
	if (in_a_row < 2)
		return 0;
	return in_a_row > AHEAD_MAX / AHEAD_MIN ? AHEAD_MAX : in_a_row * AHEAD_MIN;
}

int fs_file_read(struct fs_file *file, uint64_t offset, void *ret, size_t len, size_t *ret_len,
		 struct error *e)
{
	if (file->is_text) {
		size_t from = (size_t)MIN_OF(offset, file->text.len);

		*ret_len = MIN_OF(len, file->text.len - from);
		if (*ret_len > 0)
			memcpy(ret, file->text.at + from, *ret_len);
		return 0;
	}
	if (file->json != NULL)
		return tree_json_read(file->json, &file->root, offset, ret, len,
				      ahead_of(file, offset, len), ret_len, e);
	return tree_read(moment_store(file->moment), &file->root, offset, ret, len,
			 ahead_of(file, offset, len), ret_len, e);
}

int fs_file_pieces(struct fs_file *file, uint64_t offset, size_t len, struct tree_piece *ret,
		   size_t max, size_t *ret_count, struct error *e)
{
	if (file->is_text || file->json != NULL)
		return 0;
	return tree_read_pieces(moment_store(file->moment), &file->root, offset, len,
				ahead_of(file, offset, len), ret, max, ret_count, e);
}
