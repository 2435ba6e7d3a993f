/* The operations on open files. Prefix: fs_ops_ */
#include <errno.h>
#include <fcntl.h>

#include "fs/fs_file.h"
#include "fs/fs_handles.h"
#include "fs/fs_ops.h"

/* Leaves in one reply: a request of 1 MiB has some 33; with many small ones they are copied. */
#define PIECES_MAX 128

/* What the kernel's handle is. */
struct open_file {
	struct fs_handle handle;
	struct fs_file *file;
};

static struct open_file *open_file_of(const struct fuse_file_info *info)
{
	return (struct open_file *)(uintptr_t)info->fh;
}

static struct fs_file *file_of(const struct fuse_file_info *info)
{
	return open_file_of(info)->file;
}

static void close_file(struct fs_handle *handle)
{
	struct open_file *open = (struct open_file *)(void *)handle;

	fs_file_close(open->file);
	free(open);
}

/* What kind of file may be opened how; 0 or an errno. */
static int check_open(const struct fs_node *node, int flags)
{
	if (fs_node_is_folder(node))
		return EISDIR;
	if (fs_node_type(node) != S_IFREG)
		return ELOOP;
	return (flags & O_ACCMODE) == O_RDONLY && (flags & O_TRUNC) == 0 ? 0 : EROFS;
}

/* Open a node that may be; what it returns is as fs_node_find()'s. */
static int open_node(struct fs_ops_request *request, struct fs_node *node, struct error *e)
{
	bool is_fixed = node->inode.kind == FS_KIND_FIXED;
	struct fs *fs = fuse_req_userdata(request->req);
	struct fs_file *file = NULL;
	struct open_file *open;

	if (fs_file_open(fs, node, &file, e) < 0)
		return e->code;
	open = xcalloc(1, sizeof(*open));
	open->file = file;
	request->info.fh = (uintptr_t)open;
	request->info.keep_cache = !is_fixed;
	request->info.direct_io = is_fixed; /* its length may differ from what stat said */
	request->info.noflush = 1;
	fs_handles_add(fs->handles, &open->handle, close_file);
	/* Interrupted: there will be no release. */
	if (fuse_reply_open(request->req, &request->info) < 0)
		fs_handles_close(fs->handles, &open->handle);
	return 1;
}

static void open_file(struct fs_ops_request *request)
{
	OWNED(fs_node_release) struct fs_node node;
	bool waits = false;
	struct error e;
	int refused = 0;
	int rc;

	fs_node_init(&node);
	rc = fs_node_find(fuse_req_userdata(request->req), request->ino, &node, &e);
	if (rc > 0)
		refused = check_open(&node, request->info.flags);
	if (refused != 0) {
		fuse_reply_err(request->req, refused);
		return;
	}
	if (rc > 0)
		rc = fs_ops_load(request, &node, &waits, &e);
	if (waits)
		return;
	if (rc > 0)
		rc = open_node(request, &node, &e);
	if (rc <= 0)
		fs_ops_fail(request->req, request->ino, rc, &e);
}

void fs_ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs_ops_request request = {
		.req = req, .ino = ino, .info = *info, .answer = open_file};

	fs_ops_answer(&request, true);
}

/* 1 when it was answered straight from the decoded chunks, 0 when the bytes have to be copied. */
static int reply_pieces(fuse_req_t req, struct fs_file *file, size_t size, uint64_t offset,
			struct error *e)
{
	struct tree_piece pieces[PIECES_MAX];
	struct iovec iov[PIECES_MAX];
	size_t count = 0;
	int rc = fs_file_pieces(file, offset, size, pieces, PIECES_MAX, &count, e);

	if (rc != 1)
		return rc;
	for (size_t i = 0; i < count; i++)
		iov[i] = (struct iovec){(void *)(uintptr_t)pieces[i].bytes.at, pieces[i].bytes.len};
	fuse_reply_iov(req, iov, (int)count);
	for (size_t i = 0; i < count; i++)
		chunk_release(pieces[i].chunk);
	return 1;
}

void fs_ops_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		 struct fuse_file_info *info)
{
	size_t len = 0;
	char *reply;
	struct error e;
	int rc;

	rc = reply_pieces(req, file_of(info), size, (uint64_t)offset, &e);
	if (rc == 1)
		return;
	reply = fs_ops_scratch(size);
	if (rc == 0)
		rc = fs_file_read(file_of(info), (uint64_t)offset, reply, size, &len, &e);
	if (rc < 0)
		fs_ops_fail(req, ino, rc, &e);
	else
		fuse_reply_buf(req, reply, len);
}

void fs_ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs *fs = fuse_req_userdata(req);

	(void)ino;
	fs_handles_close(fs->handles, &open_file_of(info)->handle);
	fuse_reply_err(req, 0);
}
