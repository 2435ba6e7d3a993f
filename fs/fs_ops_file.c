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

/* A read of an open file. */
struct reading {
	struct fs_turn_request aside; /* first */
	fuse_req_t req;
	fuse_ino_t ino;
	size_t size;
	off_t offset;
	struct fs_file *file;
};

static void reply_pieces(fuse_req_t req, const struct tree_piece *pieces, size_t count)
{
	struct iovec iov[PIECES_MAX];

	for (size_t i = 0; i < count; i++)
		iov[i] = (struct iovec){(void *)(uintptr_t)pieces[i].bytes.at, pieces[i].bytes.len};
	fuse_reply_iov(req, iov, (int)count);
	for (size_t i = 0; i < count; i++)
		chunk_release(pieces[i].chunk);
}

/* With the reply the file may be closed. `turn`: it has one, which is used no longer then. */
static void answer_read(const struct reading *r, struct fs_turn *turn)
{
	struct fs *fs = fuse_req_userdata(r->req);
	uint64_t offset = (uint64_t)r->offset;
	struct tree_piece pieces[PIECES_MAX];
	size_t count = 0, len = 0;
	char *reply = NULL;
	struct error e;
	int rc;

	/* Straight from the decoded chunks, or the bytes have to be copied. */
	rc = fs_file_pieces(r->file, offset, r->size, pieces, PIECES_MAX, &count, &e);
	if (rc == 0) {
		reply = fs_ops_scratch(r->size);
		rc = fs_file_read(r->file, offset, reply, r->size, &len, &e);
	}
	if (turn != NULL)
		fs_turns_end(fs->turns, turn);
	if (rc < 0)
		fs_ops_fail(r->req, r->ino, rc, &e);
	else if (reply == NULL)
		reply_pieces(r->req, pieces, count);
	else
		fuse_reply_buf(r->req, reply, len);
}

/* Its turn has come. */
static void run_aside(struct fs_turn_request *request, bool cancelled)
{
	struct reading *r = (struct reading *)(void *)request;
	struct fs *fs = fuse_req_userdata(r->req);

	if (cancelled) {
		fs_turns_end(fs->turns, fs_file_turn(r->file));
		fuse_reply_err(r->req, ENOTCONN);
	} else {
		answer_read(r, fs_file_turn(r->file));
	}
	free(r);
}

void fs_ops_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		 struct fuse_file_info *info)
{
	const struct reading r = {.aside = {.run = run_aside},
				  .req = req,
				  .ino = ino,
				  .size = size,
				  .offset = offset,
				  .file = file_of(info)};
	struct fs_turn *turn = fs_file_turn(r.file);
	struct fs *fs = fuse_req_userdata(req);
	struct reading *aside;

	if (turn == NULL) {
		answer_read(&r, NULL);
		return;
	}
	aside = xmalloc(sizeof(*aside));
	*aside = r;
	if (fs_turns_begin(fs->turns, turn, &aside->aside)) {
		free(aside);
		answer_read(&r, turn);
	}
}

void fs_ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct fs *fs = fuse_req_userdata(req);

	(void)ino;
	fs_handles_close(fs->handles, &open_file_of(info)->handle);
	fuse_reply_err(req, 0);
}
