/* Requests that wait for a moment to be opened or replayed, so that no thread has to. Prefix: fs_ops_ */
#include <errno.h>

#include "fs/fs_ops.h"
#include "fs/fs_requester.h"

/* What has to be loaded before node `ino` can be found, or looked into; false: nothing. */
static bool needs(struct fs *fs, uint64_t ino, bool inside, struct fs_inode *ret)
{
	struct fs_inode inode = fs_inode_unpack(ino);
	struct fs_inode folder;

	*ret = (struct fs_inode){.kind = FS_KIND_MOMENT, .slot = inode.slot};
	switch (inode.kind) {
	case FS_KIND_FIXED:
	case FS_KIND_LINK:
	case FS_KIND_SPAN:
		return false;
	case FS_KIND_MOMENT:
		return inside;
	case FS_KIND_DOC_JSON:
	case FS_KIND_DOC_BSON:
		return fs_folders_find(fs->folders, inode.slot, ret);
	case FS_KIND_KEY_JSON:
	case FS_KIND_KEY_BSON:
		if (!fs_keyed_find(fs->keyed, inode, &folder, NULL))
			return false;
		ret->slot = folder.slot;
		return true;
	default:
		return true;
	}
}

/* Would it have to be replayed, in a moment that is open? */
static bool is_dear(struct fs *fs, struct fs_inode inode)
{
	OWNED(fs_node_release) struct fs_node node;
	struct error ignored;

	fs_node_init(&node);
	return inode.kind == FS_KIND_DOCS &&
	       fs_node_find(fs, fs_inode_pack(inode), &node, &ignored) == 1 &&
	       fs_node_is_dear(&node);
}

static bool gave_up(struct fs_visit_job *job)
{
	fuse_req_t req = ((struct fs_ops_request *)job)->req;

	return fuse_req_interrupted(req) != 0 && fs_requester_gave_up(fuse_req_ctx(req)->pid);
}

static void end(struct fs_visit_job *job, int rc, const struct error *e)
{
	struct fs_ops_request *waiting = (struct fs_ops_request *)job;

	if (rc < 0)
		fs_ops_fail(waiting->req, waiting->ino, rc, e);
	else
		waiting->answer(waiting); /* of what is gone it says so */
	free(waiting->name);
	free(waiting);
}

void fs_ops_wait(const struct fs_ops_request *request, struct fs_inode inode)
{
	struct fs *fs = fuse_req_userdata(request->req);
	struct fs_ops_request *waiting = xmalloc(sizeof(*waiting));

	*waiting = *request;
	waiting->name = request->name != NULL ? xstrdup(request->name) : NULL;
	waiting->aside = true;
	waiting->job = (struct fs_visit_job){.end = end, .gave_up = gave_up};
	fs_visits_add(fs->visits, fs_inode_pack(inode), &waiting->job);
}

void fs_ops_answer(struct fs_ops_request *request, bool inside)
{
	struct fs *fs = fuse_req_userdata(request->req);
	struct fs_inode needed;

	fs_refresh(fs, request->ino);
	if (needs(fs, request->ino, inside, &needed) && needed.slot >= FS_INODE_POINTS &&
	    (!fs_points_is_open(fs->points, needed.slot) || is_dear(fs, needed)))
		fs_ops_wait(request, needed);
	else
		request->answer(request);
}

int fs_ops_load(struct fs_ops_request *request, struct fs_node *node, bool *ret_waits,
		struct error *e)
{
	*ret_waits = fs_node_is_dear(node);
	if (*ret_waits) {
		fs_ops_wait(request, node->inode);
		return 1;
	}
	return fs_node_load(fuse_req_userdata(request->req), node, e);
}
