#include "fs/fs_options.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/suggest.h"

#define UMASK_MOUNTER 0277 /* files 0400, folders 0500 */
#define UMASK_OTHERS 0222  /* files 0444, folders 0555 */
#define CACHE_MIN (1 * MIB)
#define CACHE_MAX ((size_t)1 << 40)

const char fs_options_help[] =
	"Usage: yesterfs STORE MNT [-f] [-o OPTION[,OPTION]...]\n"
	"Mount the history in STORE, read-only, at the folder MNT.\n"
	"\n"
	"  -f                stay in the foreground\n"
	"  -d                the same, and print each request\n"
	"  -h, --help        print this\n"
	"  -V, --version     print the version\n"
	"\n"
	"  -o allow_other    other users may look too (but not at users, roles and keys)\n"
	"  -o credentials    with allow_other: show users, roles and keys, to the mounter only\n"
	"  -o uid=N,gid=N    owner of what is shown; default: who mounts\n"
	"  -o umask=OCTAL    taken off 0444 and 0555; default 0277, with allow_other 0222\n"
	"  -o cache=SIZE     memory for decoded chunks, with K, M or G; default 64M\n"
	"  -o show=LIST      which forms of a collection listings show, of bson,json,docs;\n"
	"                    default all; what is not listed can still be opened by name\n"
	"  -o json=canonical .json files keep all types; default json=relaxed\n"
	"  -o key_file=F     of an encrypted store: the file with its key; YESTER_KEY_FILE may "
	"name it\n"
	"  -o key_command=C  the same: a command for sh that prints the key; a comma is \\,\n"
	"  -o nonempty       the mount point may have something in it\n"
	"\n"
	"The options of /etc/fstab (nofail, noauto, _netdev, x-systemd.automount, user, ...) are\n"
	"understood. Unmount with: yester umount MNT, or umount MNT, or by SIGTERM.\n"
	"\n"
	"Exit codes: 0 mounted (in the foreground: unmounted), 1 failure, 2 usage, 6 refused,\n"
	"10 no store, 12 wrong key.\n";

/* What fstab and mount(8) may say, and what a read-only mount is anyway. */
static const char *const tolerated[] = {
	"ro",
	"rw",
	"suid",
	"nosuid",
	"dev",
	"nodev",
	"exec",
	"noexec",
	"atime",
	"noatime",
	"diratime",
	"nodiratime",
	"relatime",
	"norelatime",
	"strictatime",
	"nostrictatime",
	"lazytime",
	"nolazytime",
	"sync",
	"async",
	"dirsync",
	"defaults",
	"auto",
	"noauto",
	"user",
	"nouser",
	"users",
	"nousers",
	"owner",
	"noowner",
	"group",
	"nogroup",
	"nofail",
	"_netdev",
	"silent",
	"loud",
	"mand",
	"nomand",
	"default_permissions",
	"",
};

static const char *const tolerated_beginnings[] = {
	"x-", "X-", "comment=", "user=", "uhelper=", "helper=", "subtype=", "fsname=",
};

static bool is_tolerated(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(tolerated); i++)
		if (strcmp(word, tolerated[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(tolerated_beginnings); i++)
		if (strncmp(word, tolerated_beginnings[i], strlen(tolerated_beginnings[i])) == 0)
			return true;
	return false;
}

/* The text after "name=", NULL when `word` is something else. */
static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static int usage_hint(struct error *e)
{
	return error_hint(e, "yesterfs STORE MNT [-f] [-o OPTION[,OPTION]...]; yesterfs --help");
}

/* A word of -o that is none: what it may have been meant as. */
static int unknown_word(const char *word, struct error *e)
{
	static const char *const ours[][2] = {
		{"allow_other", ""}, {"credentials", ""},   {"nonempty", ""},
		{"uid", "=N"},	     {"gid", "=N"},	    {"umask", "=OCTAL"},
		{"cache", "=SIZE"},  {"show", "=LIST"},	    {"json", "=canonical"},
		{"key_file", "=F"},  {"key_command", "=C"},
	};
	struct suggest near;

	(void)error_set(e, ERR_INVALID, "-o %s: unknown option", word);
	suggest_begin(&near, bytes_of(word, strcspn(word, "=")));
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		suggest_offer(&near, bytes_str(ours[i][0]));
	for (size_t i = 0; i < COUNT_OF(ours) && suggest_best(&near) != NULL; i++)
		if (strcmp(ours[i][0], suggest_best(&near)) == 0)
			return error_hint(e, "did you mean -o %s%s?", ours[i][0], ours[i][1]);
	return usage_hint(e);
}

/* A whole number in `base` that is at most `max`. */
static int parse_number(const char *word, const char *text, int base, uint64_t max, uint64_t *ret,
			struct error *e)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, base);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || text[0] == '+' ||
	    value > max)
		return error_set(e, ERR_INVALID, "-o %s: expected %s number up to %llu%s", word,
				 base == 8 ? "an octal" : "a",
				 base == 8 ? 777ULL : (unsigned long long)max, "");
	*ret = value;
	return 0;
}

/* "64M": a number, and perhaps K, M or G. */
static int parse_size(const char *word, const char *text, size_t *ret, struct error *e)
{
	char *end;
	unsigned long long value;
	unsigned shift = 0;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'M' || *end == 'm')
		shift = 20;
	else if (*end == 'G' || *end == 'g')
		shift = 30;
	if (errno != 0 || end == text || text[0] == '-' || end[shift != 0] != '\0' ||
	    value > CACHE_MAX >> shift || value << shift < CACHE_MIN)
		return error_set(e, ERR_INVALID, "-o %s: expected a size from 1M to 1024G", word);
	*ret = (size_t)(value << shift);
	return 0;
}

/* What a name in the list of show= means; 0: nothing. */
static unsigned show_of(const char *name)
{
	if (strcmp(name, "bson") == 0)
		return FS_OPTIONS_SHOW_BSON;
	if (strcmp(name, "json") == 0)
		return FS_OPTIONS_SHOW_JSON;
	return strcmp(name, "docs") == 0 ? FS_OPTIONS_SHOW_DOCS : 0;
}

/* One name of the list that show= has; its parts arrive as words of their own. */
static int parse_show(struct fs_options *options, const char *name, struct error *e)
{
	unsigned show = show_of(name);

	if (show == 0)
		return error_set(e, ERR_INVALID, "-o show=%s: expected bson, json or docs", name);
	options->show |= show;
	return 0;
}

static int parse_json(struct fs_options *options, const char *name, struct error *e)
{
	options->canonical = strcmp(name, "canonical") == 0;
	if (!options->canonical && strcmp(name, "relaxed") != 0)
		return error_set(e, ERR_INVALID, "-o json=%s: expected relaxed or canonical", name);
	return 0;
}

/* The last one given counts. */
static void keep_text(char **slot, const char *value)
{
	free(*slot);
	*slot = xstrdup(value);
}

/* A word with a value. 1 understood, 0 some other word. */
static int parse_valued(struct fs_options *options, const char *word, struct error *e)
{
	const char *value;
	uint64_t number = 0;
	int rc = 0;

	if ((value = value_of(word, "uid")) != NULL) {
		rc = parse_number(word, value, 10, UINT32_MAX - 1, &number, e);
		options->uid = (uid_t)number;
	} else if ((value = value_of(word, "gid")) != NULL) {
		rc = parse_number(word, value, 10, UINT32_MAX - 1, &number, e);
		options->gid = (gid_t)number;
	} else if ((value = value_of(word, "umask")) != NULL) {
		rc = parse_number(word, value, 8, 0777, &number, e);
		options->umask = (mode_t)number;
	} else if ((value = value_of(word, "cache")) != NULL) {
		rc = parse_size(word, value, &options->cache_bytes, e);
	} else if ((value = value_of(word, "json")) != NULL) {
		rc = parse_json(options, value, e);
	} else if ((value = value_of(word, "key_file")) != NULL) {
		keep_text(&options->key_file, value);
	} else if ((value = value_of(word, "key_command")) != NULL) {
		keep_text(&options->key_command, value);
	} else {
		return 0;
	}
	return rc < 0 ? rc : 1;
}

/* One word of -o. `*in_show` remembers that it may continue show=bson,json,docs. */
static int parse_word(struct fs_options *options, const char *word, bool *in_show, struct error *e)
{
	const char *show = value_of(word, "show");
	bool continues = *in_show && show_of(word) != 0;
	int rc;

	*in_show = show != NULL || continues;
	if (*in_show)
		return parse_show(options, show != NULL ? show : word, e);
	if (strcmp(word, "allow_other") == 0)
		options->allow_other = true;
	else if (strcmp(word, "credentials") == 0)
		options->credentials = true;
	else if (strcmp(word, "nonempty") == 0)
		options->nonempty = true;
	else if (!is_tolerated(word)) {
		rc = parse_valued(options, word, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return unknown_word(word, e);
	}
	return 0;
}

/* The words of one -o. A backslash keeps a comma, as in libfuse. */
static int parse_words(struct fs_options *options, const char *list, struct error *e)
{
	OWNED(buf_release) struct buf word = {0};
	bool in_show = false;

	for (;; list++) {
		int rc;

		if (*list == '\\' && list[1] != '\0') {
			buf_add_u8(&word, (uint8_t) * ++list);
			continue;
		}
		if (*list != ',' && *list != '\0') {
			buf_add_u8(&word, (uint8_t)*list);
			continue;
		}
		rc = parse_word(options, buf_text(&word), &in_show, e);
		if (rc < 0)
			return rc;
		if (*list == '\0')
			return 0;
		buf_reset(&word);
	}
}

/* STORE, then MNT. */
static int parse_operand(struct fs_options *options, const char *text, struct error *e)
{
	if (options->store == NULL) {
		options->store = xstrdup(text);
	} else if (options->mountpoint == NULL) {
		options->mountpoint = xstrdup(text);
	} else {
		(void)error_set(e, ERR_INVALID, "%s: one store and one mount point are enough",
				text);
		return usage_hint(e);
	}
	return 0;
}

/* A letter without a value. mount(8) means other things by some letters: its helper's. */
static int parse_flag(struct fs_options *options, const char *flag, bool is_helper, struct error *e)
{
	if (strcmp(flag, "-h") == 0 || strcmp(flag, "--help") == 0) {
		options->todo = FS_OPTIONS_HELP;
	} else if (strcmp(flag, "-V") == 0 || strcmp(flag, "--version") == 0) {
		options->todo = FS_OPTIONS_VERSION;
	} else if (is_helper && strcmp(flag, "-f") == 0) {
		options->todo = FS_OPTIONS_NOTHING;
	} else if (strcmp(flag, "-f") == 0) {
		options->foreground = true;
	} else if (strcmp(flag, "-d") == 0) {
		options->foreground = true;
		options->debug = true;
	} else if (strcmp(flag, "--foreground") == 0) {
		(void)error_set(e, ERR_INVALID, "%s: unknown option", flag);
		return error_hint(e, "did you mean -f?");
	} else if (!is_helper || strspn(flag + 1, "snvrw") != strlen(flag + 1)) {
		(void)error_set(e, ERR_INVALID, "%s: unknown option", flag);
		return usage_hint(e);
	}
	return 0;
}

/* Was it called as mount.yesterfs or mount.fuse.yesterfs, by mount(8)? */
static bool is_mount_helper(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strncmp(slash != NULL ? slash + 1 : program, "mount.", strlen("mount.")) == 0;
}

/* The argument number *at, and its value when it has one: *at moves to the last that was used. */
static int parse_argument(struct fs_options *options, int argc, char *const *argv, int *at,
			  bool is_helper, struct error *e)
{
	const char *arg = argv[*at];
	bool valued = strncmp(arg, "-o", 2) == 0 ||
		      (is_helper && (strcmp(arg, "-t") == 0 || strcmp(arg, "-N") == 0));
	const char *value = arg + 2;

	if (arg[0] != '-' || arg[1] == '\0')
		return parse_operand(options, arg, e);
	if (!valued)
		return parse_flag(options, arg, is_helper, e);
	if (*value == '\0') {
		if (*at + 1 >= argc) {
			(void)error_set(e, ERR_INVALID, "%s: expected a value after it", arg);
			return usage_hint(e);
		}
		value = argv[++*at];
	}
	return arg[1] == 'o' ? parse_words(options, value, e) : 0;
}

int fs_options_parse(int argc, char *const *argv, struct fs_options *ret, struct error *e)
{
	bool is_helper = argc > 0 && is_mount_helper(argv[0]);
	const mode_t not_given = (mode_t)-1;
	bool only_operands = false;

	*ret = (struct fs_options){.uid = getuid(), .gid = getgid(), .umask = not_given};
	for (int i = 1; i < argc; i++) {
		int rc;

		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
			continue;
		}
		rc = only_operands ? parse_operand(ret, argv[i], e)
				   : parse_argument(ret, argc, argv, &i, is_helper, e);
		if (rc < 0)
			return rc;
	}
	if (ret->umask == not_given)
		ret->umask = ret->allow_other ? UMASK_OTHERS : UMASK_MOUNTER;
	if (ret->show == 0)
		ret->show = FS_OPTIONS_SHOW_ALL;
	if (ret->todo == FS_OPTIONS_MOUNT && ret->mountpoint == NULL) {
		(void)error_set(e, ERR_INVALID, "expected a store and a mount point");
		return usage_hint(e);
	}
	return 0;
}

void fs_options_release(struct fs_options *options)
{
	free(options->store);
	free(options->mountpoint);
	free(options->key_file);
	free(options->key_command);
	*options = (struct fs_options){0};
}
