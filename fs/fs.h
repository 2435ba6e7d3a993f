/*
 * fs.h - a mounted file system: what all its operations share.
 *
 * It knows no FUSE; fs_ops.h puts it behind the kernel's requests.
 * Threads: any; the fields do not change after fs_new(), but what has a lock.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/fs_folders.h"
#include "fs/fs_journal.h"
#include "fs/fs_keyed.h"
#include "fs/fs_log.h"
#include "fs/fs_long.h"
#include "fs/fs_options.h"
#include "fs/fs_points.h"
#include "fs/fs_text_long.h"
#include "fs/fs_tree.h"
#include "fs/fs_turns.h"
#include "fs/fs_visit.h"
#include "store/tree/tree_json.h"

struct fs {
	struct store *store; /* borrowed */
	struct timeline *timeline;
	struct fs_tree *tree;	  /* snapshots */
	struct fs_points *points; /* other moments */
	struct fs_visits *visits;
	struct fs_folders *folders;
	struct fs_keyed *keyed;
	struct fs_long *places; /* of documents with long names */
	struct fs_journals *journals;
	struct fs_handles *handles;
	struct fs_texts *texts; /* of documents that are open */
	struct fs_turns *turns; /* who reads large ones */
	struct fs_log *log;	/* borrowed */
	char *store_path;	/* as README.txt prints it */
	uid_t uid;		/* owner of all that is shown */
	gid_t gid;
	uid_t mounter_uid; /* owner of users, roles and keys */
	gid_t mounter_gid;
	mode_t umask;
	bool guard_credentials; /* others may look: users, roles and keys are the mounter's alone */
	bool hide_credentials;	/* ... and not even listed */
	unsigned show;		/* what is listed, of enum fs_options_show */
	bool canonical;		/* the mode of .json files */
	size_t json_cache;	/* bytes of rendered leaves to keep; 0: as many as it likes */
	pthread_mutex_t json_lock; /* over what follows; see fs_json() */
	struct fs_json_of {
		struct store *store;
		struct tree_json *json;
	} * json;
	size_t json_count;
};

/* A file system over `store`; both it and `log` must outlive it. */
MUST_CHECK int fs_new(struct store *store, struct fs_log *log, const struct fs_options *options,
		      struct fs **ret, struct error *e);
void fs_free(struct fs *fs);
DEFINE_OWNED(struct fs *, fs_free);

/*
 * The moment in `slot`, a snapshot or another: 1 and a reference for moment_release(), 0 when it is
 * forgotten or never was. The first visit of a moment may take minutes; who answers requests has
 * it opened beforehand (fs_visit.h).
 */
MUST_CHECK int fs_moment(struct fs *fs, uint32_t slot, struct moment **ret, struct error *e);

/* The renderer of trees in `store`, which is a moment's; made when it is first needed. */
struct tree_json *fs_json(struct fs *fs, struct store *store);

/*
 * Look for new and forgotten snapshots and oplog before answering about node `id`: at once where the answer
 * is about the list itself, at most once a second inside a snapshot. What fails is logged.
 */
void fs_refresh(struct fs *fs, uint64_t id);

/*
 * Was the snapshot of node `id`, or the one that its moment is made from, forgotten by now? Then its chunks may be
 * pruned, and the same path may mean the same moment made from another snapshot.
 */
bool fs_is_forgotten(struct fs *fs, uint64_t id);

#endif
