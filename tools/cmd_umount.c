#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "tools/cmd_table.h"

#define MOUNTS "/proc/self/mountinfo"
#define MOUNTS_MAX (16 * MIB)
#define BUSY_TRIES 50
#define BUSY_PAUSE 20000000 /* nanoseconds */
#define NO_HELPER -1
#define HELPER_FAILED -2

/*
 * The absolute path of a mount point that may be dead: the folder above is resolved, the last
 * part is not looked at.
 */
static int resolve(const char *path, char ret[PATH_MAX], struct error *e)
{
	OWNED(free) char *copy = xstrdup(path);
	OWNED(free) char *parent = NULL;
	size_t len = strlen(copy);
	char *slash;

	if (realpath(path, ret) != NULL)
		return 0;
	if (errno != ENOTCONN && errno != EACCES && errno != EIO)
		return error_sys(e, "%s", path);
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	slash = strrchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	parent = realpath(slash == NULL ? "." : slash == copy ? "/" : copy, NULL);
	if (parent == NULL)
		return error_sys(e, "%s", path);
	if (snprintf(ret, PATH_MAX, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent,
		     slash == NULL ? copy : slash + 1) >= PATH_MAX)
		return error_set(e, ERR_INVALID, "%s: the path is too long", path);
	return 0;
}

/* Undo the octal escapes (\040) of a field of mountinfo, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		unsigned code;

		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* Is the line of mountinfo about `path`? Then *ret_ours says whether yesterfs is mounted there. */
static bool match_line(char *line, const char *path, bool *ret_ours)
{
	char *fields = line, *point = NULL, *type;

	for (unsigned i = 0; i < 5 && fields != NULL; i++)
		point = strsep(&fields, " ");
	if (fields == NULL || point == NULL)
		return false;
	type = strstr(fields, " - ");
	if (type == NULL)
		return false;
	unescape(point);
	if (strcmp(point, path) != 0)
		return false;
	*ret_ours = strncmp(type + 3, "fuse.yesterfs ", 14) == 0;
	return true;
}

/* What is mounted at `path`: 1 ours, 0 nothing; ERR_REFUSED when it is something else. */
static int find_mount(const char *path, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	bool found = false, ours = false;
	char *rest;

	if (file_read(MOUNTS, MOUNTS_MAX, &text, e) < 0)
		return e->code;
	buf_text(&text);
	rest = (char *)text.at;
	while (rest != NULL) /* the last one lies on top */
		found |= match_line(strsep(&rest, "\n"), path, &ours);
	if (found && !ours)
		return error_set(e, ERR_REFUSED, "%s is a mount, but not one of yesterfs", path);
	return found;
}

/* Run fusermount3, for those who are not root. Its exit status, or -1. */
static int run_helper(const char *path, bool lazy)
{
	char *const argv[] = {(char *)"fusermount3", (char *)"-u", (char *)(lazy ? "-z" : "-q"),
			      (char *)"--",	     (char *)path, NULL};
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* 0, an errno, or what else can be in the way. */
static int try_unmount(const char *path, bool dead)
{
	int status;

	if (umount2(path, UMOUNT_NOFOLLOW | (dead ? MNT_DETACH : 0)) == 0)
		return 0;
	if (errno != EPERM)
		return errno;
	status = run_helper(path, dead);
	return status == 0 ? 0 : status == 127 ? NO_HELPER : HELPER_FAILED;
}

static int unmount(const char *path, bool dead, struct error *e)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE};
	int problem = try_unmount(path, dead);

	/* Every mongod of the machine looks at each mount once a second (statfs): it is in use for a moment, by nobody who stays. */
	for (unsigned i = 0; i < BUSY_TRIES && (problem == EBUSY || problem == HELPER_FAILED);
	     i++) {
		nanosleep(&pause, NULL);
		problem = try_unmount(path, dead);
	}
	if (problem == 0)
		return 0;
	if (problem == NO_HELPER) {
		error_set(e, ERR_IO, "%s: fusermount3 is not installed", path);
		return error_hint(e, "install the package fuse3, or unmount as root");
	}
	if (problem == HELPER_FAILED) {
		error_set(e, ERR_IO, "%s could not be unmounted", path);
	} else {
		errno = problem;
		error_sys(e, "%s", path);
		if (problem != EBUSY)
			return e->code;
	}
	return error_hint(e, "'fuser -vm %s' shows who uses it", path);
}

static int run_umount(struct cmd_run *run, struct error *e)
{
	char path[PATH_MAX];
	struct statfs fs;
	bool dead;
	int found;

	if (resolve(run->words.at[0], path, e) < 0)
		return e->code;
	found = find_mount(path, e);
	if (found < 0)
		return found;
	if (found == 0)
		return error_set(e, ERR_NOT_FOUND, "nothing is mounted at %s", path);
	/* Not stat(): the kernel answers that from its cache. */
	dead = statfs(path, &fs) != 0 && errno == ENOTCONN;
	if (unmount(path, dead, e) < 0)
		return e->code;
	if (dead && !run->globals.quiet)
		printf("%s was a dead mount; it is mended\n", path);
	return 0;
}

const struct cmd cmd_umount = {
	.name = "umount",
	.group = "Look",
	.synopsis = "MNT",
	.summary = "unmount what 'yester mount' mounted, also when its driver has died",
	.about = "Only mounts of yesterfs are touched.\n",
	.examples = "  yester umount /mnt/shop\n",
	.words_min = 1,
	.words_max = 1,
	.missing = "what is to be unmounted?",
	.run = run_umount,
};
