/*
 * fs_options.h - the command line of yesterfs: STORE MNT [-f] [-o OPTS].
 *
 * Also what mount(8) and mount.fuse3 call it with from /etc/fstab. It knows the words, and
 * nothing of stores or FUSE.
 *
 * Threads: one at a time.
 */
#ifndef FS_FS_OPTIONS_H
#define FS_FS_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

enum fs_options_todo {
	FS_OPTIONS_MOUNT = 0,
	FS_OPTIONS_HELP = 1,
	FS_OPTIONS_VERSION = 2,
	FS_OPTIONS_NOTHING = 3, /* mount --fake */
};

/* What listings show of a collection; what is hidden still resolves by name. */
enum fs_options_show {
	FS_OPTIONS_SHOW_BSON = 1, /* .bson and .metadata.json: what mongodump writes */
	FS_OPTIONS_SHOW_JSON = 2, /* .json */
	FS_OPTIONS_SHOW_DOCS = 4, /* the folder of documents */
	FS_OPTIONS_SHOW_ALL = 7,
};

struct fs_options {
	enum fs_options_todo todo;
	char *store;
	char *mountpoint;
	bool foreground;
	bool debug; /* print each request; implies foreground */
	bool allow_other;
	bool credentials; /* with allow_other: show users, roles and keys to the mounter */
	bool nonempty;
	uid_t uid; /* owner of all that is shown */
	gid_t gid;
	mode_t umask;	    /* taken off 0444 and 0555 */
	size_t cache_bytes; /* of decoded chunks; 0: the store's default */
	unsigned show;	    /* of enum fs_options_show */
	bool canonical;	    /* .json files in canonical extended JSON */
	char *key_file;	    /* of an encrypted store; NULL: none was given */
	char *key_command;
};

/*
 * Parse into *ret. ERR_INVALID: usage. fs_options_release() is needed in any case.
 */
MUST_CHECK int fs_options_parse(int argc, char *const *argv, struct fs_options *ret,
				struct error *e);
void fs_options_release(struct fs_options *options);
DEFINE_OWNED_STRUCT(struct fs_options, fs_options_release);

/* What --help prints. */
extern const char fs_options_help[];

#endif
