#include "fs/fs_guard.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/shell_word.h"

#define FUSE_CONF "/etc/fuse.conf"

/* Is folder `path` (absolute, no links) the same as or below `folder`? Compares the folders
 * themselves, so bind mounts are seen through. */
static bool is_inside(const char *path, const struct stat *folder)
{
	OWNED(free) char *at = xstrdup(path);

	for (;;) {
		char *slash = strrchr(at, '/');
		struct stat here;

		if (stat(*at != '\0' ? at : "/", &here) == 0 && here.st_dev == folder->st_dev &&
		    here.st_ino == folder->st_ino)
			return true;
		if (slash == NULL)
			return false;
		*slash = '\0';
	}
}

static int check_overlap(const struct fs_options *options, const struct stat *mountpoint,
			 struct error *e)
{
	struct stat store;

	/* What is wrong with the store itself is told by who opens it. */
	if (stat(options->store, &store) < 0)
		return 0;
	if (is_inside(options->mountpoint, &store))
		return error_set(e, ERR_REFUSED, "mount point %s is inside the store %s",
				 options->mountpoint, options->store);
	if (is_inside(options->store, mountpoint))
		return error_set(e, ERR_REFUSED, "store %s is inside the mount point %s",
				 options->store, options->mountpoint);
	return 0;
}

/* ERR_IO for a path that the system refused; a dead mount is told how to mend. */
static int path_failed(const char *what, const char *path, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};
	int rc = error_sys(e, "%s %s", what, path);

	if (e->sys == ENOTCONN)
		return error_hint(e, "a mount died there; what mends it: yester umount %s",
				  shell_word(path, &word));
	return rc;
}

static int check_empty(const char *path, struct error *e)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return path_failed("mount point", path, e);
	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	if (empty)
		return 0;
	(void)error_set(e, ERR_REFUSED, "mount point %s is not empty", path);
	return error_hint(e, "what is in it would be hidden; -o nonempty allows that");
}

/* A store where a mount point should be: the two were taken for each other. */
static int check_order(const char *path, struct error *e)
{
	OWNED(free) char *config = xprintf("%s/config", path);
	OWNED(free) char *chunks = xprintf("%s/chunks", path);

	if (access(config, F_OK) != 0 || access(chunks, F_OK) != 0)
		return 0;
	(void)error_set(e, ERR_REFUSED, "mount point %s is a store", path);
	return error_hint(e, "the store comes first: yesterfs STORE MNT");
}

/* An absolute path without links in place of *path. */
static int resolve(char **path, const char *what, struct error *e)
{
	char *real = realpath(*path, NULL);

	if (real == NULL)
		return path_failed(what, *path, e);
	free(*path);
	*path = real;
	return 0;
}

int fs_guard_paths(struct fs_options *options, struct error *e)
{
	struct stat mountpoint;
	int rc = resolve(&options->mountpoint, "mount point", e);

	if (rc < 0)
		return rc;
	rc = resolve(&options->store, "store", e);
	if (rc < 0) {
		if (e->sys != ENOENT && e->sys != ENOTDIR)
			return e->code;
		e->code = ERR_NO_STORE;
		return error_hint(e, "'yester init -s STORE' makes one");
	}
	if (stat(options->mountpoint, &mountpoint) < 0)
		return path_failed("mount point", options->mountpoint, e);
	if (!S_ISDIR(mountpoint.st_mode)) {
		errno = ENOTDIR;
		return error_sys(e, "mount point %s", options->mountpoint);
	}
	rc = check_overlap(options, &mountpoint, e);
	if (rc < 0 || options->nonempty)
		return rc;
	if (check_order(options->mountpoint, e) < 0)
		return e->code;
	return check_empty(options->mountpoint, e);
}

/* Does /etc/fuse.conf have this line? */
static bool conf_has(const char *word)
{
	OWNED(buf_release) struct buf conf = {0};
	struct error ignored;
	char *rest;

	if (file_read(FUSE_CONF, MIB, &conf, &ignored) != 1)
		return false;
	(void)buf_text(&conf);
	for (char *line = strtok_r((char *)conf.at, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		if (strncmp(line, word, strlen(word)) == 0 &&
		    strspn(line + strlen(word), " \t\r") == strlen(line + strlen(word)))
			return true;
	}
	return false;
}

/* Is there a program that mounts for users who are not root? */
static bool have_fusermount(void)
{
	static const char *const places[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin",
					     "/usr/local/bin"};
	char path[64];

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		snprintf(path, sizeof(path), "%s/fusermount3", places[i]);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

int fs_guard_fuse(const struct fs_options *options, struct error *e)
{
	if (access("/dev/fuse", F_OK) < 0) {
		(void)error_sys(e, "FUSE is not there: /dev/fuse");
		return error_hint(e,
				  "'modprobe fuse' loads it; a container needs --device /dev/fuse "
				  "and --cap-add SYS_ADMIN");
	}
	if (geteuid() == 0)
		return 0;
	if (!have_fusermount()) {
		(void)error_set(e, ERR_UNSUPPORTED, "fusermount3 is not installed");
		return error_hint(e,
				  "apt install fuse3 (Debian, Ubuntu), dnf install fuse3 (Fedora)");
	}
	if (options->allow_other && !conf_has("user_allow_other")) {
		(void)error_set(e, ERR_REFUSED,
				"-o allow_other: this system allows it to root only");
		return error_hint(e, "put a line 'user_allow_other' into " FUSE_CONF);
	}
	return 0;
}
