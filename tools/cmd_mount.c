#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/shell_word.h"
#include "tools/cmd_table.h"
#include "tools/driver.h"

struct options {
	struct args_list options;
	bool foreground;
};

static const struct args_option options[] = {
	{"options", 'o', ARGS_LIST, "OPTS", "options of yesterfs: allow_other,json=canonical",
	 offsetof(struct options, options)},
	{"foreground", 'f', ARGS_FLAG, NULL, "stay in the foreground",
	 offsetof(struct options, foreground)},
};

/* The mount point must be a folder; a dead mount there is named. */
static int check_mount_point(const char *path, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};
	struct statfs fs;
	struct stat st;

	/* A dead mount's stat() may come from the kernel's cache; its statfs() does not. */
	if (statfs(path, &fs) == 0 && stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		errno = ENOTDIR;
		return error_sys(e, "%s", path);
	}
	if (errno == ENOTCONN) {
		error_sys(e, "%s is a dead mount", path);
		return error_hint(e, "what mends it: yester umount %s", shell_word(path, &word));
	}
	error_sys(e, "%s", path);
	if (e->sys == ENOENT)
		error_hint(e, "mkdir %s", path);
	return e->code;
}

/* Mounted twice is a slip; -o nonempty says that it is meant. */
static int check_not_mounted(const char *path, const struct args_list *list, struct error *e)
{
	char inside[DRIVER_PATH_LEN];

	if (snprintf(inside, sizeof(inside), "%s/.yester/status.json", path) >= DRIVER_PATH_LEN ||
	    access(inside, F_OK) != 0)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (strstr(list->at[i], "nonempty") != NULL)
			return 0;
	error_set(e, ERR_REFUSED, "a store is mounted at %s already", path);
	return error_hint(e,
			  "new snapshots and operations appear there by themselves; 'yester "
			  "umount %s' ends it",
			  path);
}

/* "name=value" for -o, where a comma would end it. */
static void add_valued(struct args_list *argv, const char *name, const char *value)
{
	struct buf word = {0};

	if (value == NULL)
		return;
	buf_printf(&word, "%s=", name);
	for (; *value != '\0'; value++) {
		if (*value == ',' || *value == '\\')
			buf_add_u8(&word, '\\');
		buf_add_u8(&word, (uint8_t)*value);
	}
	buf_add_u8(&word, '\0');
	args_list_add(argv, "-o");
	/* For the program that we become. */
	args_list_add(argv, (const char *)word.at);
}

/* A path, which must not look like an option. */
static void add_path(struct args_list *argv, const char *path)
{
	/* For the program that we become. */
	args_list_add(argv, path[0] == '-' ? xprintf("./%s", path) : path);
}

static int run_mount(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	struct args_list argv = {0};
	char path[DRIVER_PATH_LEN];
	const char *store_at = NULL;

	if (cmd_store_path(run, &store_at, e) < 0)
		return e->code;
	if (check_mount_point(run->words.at[0], e) < 0 ||
	    check_not_mounted(run->words.at[0], &o->options, e) < 0)
		return e->code;
	args_list_add(&argv, DRIVER_NAME);
	add_path(&argv, store_at);
	add_path(&argv, run->words.at[0]);
	if (o->foreground)
		args_list_add(&argv, "-f");
	for (size_t i = 0; i < o->options.count; i++) {
		args_list_add(&argv, "-o");
		args_list_add(&argv, o->options.at[i]);
	}
	add_valued(&argv, "key_file", run->globals.key_file);
	add_valued(&argv, "key_command", run->globals.key_command);
	args_list_add(&argv, NULL);
	fflush(stdout);
	if (driver_find_beside(path))
		execv(path, (char *const *)argv.at);
	else
		execvp(DRIVER_NAME, (char *const *)argv.at);
	error_sys(e, "%s could not be started", DRIVER_NAME);
	args_list_release(&argv);
	return error_hint(e, "it belongs beside yester, or into a folder of PATH");
}

const struct cmd cmd_mount = {
	.name = "mount",
	.group = "Look",
	.synopsis = "-s STORE MNT [-o OPTS] [-f]",
	.summary = "mount the store: every snapshot, and every moment, is a folder",
	.about = "Runs yesterfs, which goes to the background once the mount is there. What is "
		 "mounted\n"
		 "is read-only, and only you can read it unless you say -o allow_other. "
		 "mongorestore,\n"
		 "bsondump, cp, rsync, diff -r and grep work on it as they are.\n"
		 "\n"
		 "MNT/latest is the newest snapshot. MNT/at/WHEN is any moment that 'yester "
		 "ranges' shows,\n"
		 "though at/ lists few: type it, or paste the --at of 'yester log --bursts'. "
		 "MNT/README.txt\n"
		 "says the rest. With -o show=bson there is nothing that mongorestore says it "
		 "skips.\n",
	.examples = "  yester mount -s /backup/shop /mnt/shop\n"
		    "  ls /mnt/shop/latest/shop /mnt/shop/at/2026-11-21T094107Z/shop\n"
		    "  cat /mnt/shop/at/1795254067.14~/shop/orders/507f1f77bcf86cd799439011.json\n"
		    "  mongorestore --dir /mnt/shop/at/1795254067.14~ --nsInclude 'shop.*'\n"
		    "  yester umount /mnt/shop\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.missing = "where? an empty folder",
	.run = run_mount,
};
