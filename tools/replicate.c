#include "tools/replicate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/backend/backend.h"
#include "store/store_stream.h"
#include "store/tmp_lock.h"
#include "tools/child.h"

#define CONFIG_MAX MIB

struct job {
	struct store *store;
	const struct replicate_options *options;
	struct replicate_result result;
	char *tmp;    /* a folder for lists */
	int tmp_lock; /* keeps it there */
	/* Names, each with a NUL, as listed before anything was sent. */
	struct buf chunks, oplog, manifests;
};

static void job_release(struct job *job)
{
	struct error ignored;

	if (job->tmp != NULL)
		(void)(file_remove_tree(job->tmp, &ignored) < 0);
	free(job->tmp);
	if (job->tmp_lock >= 0)
		close(job->tmp_lock);
	buf_release(&job->chunks);
	buf_release(&job->oplog);
	buf_release(&job->manifests);
}
DEFINE_OWNED_STRUCT(struct job, job_release);

/* "host:path" or "rsync://": not a folder here. A slash before the colon makes it one. */
static bool is_remote(const char *dest)
{
	const char *colon = strchr(dest, ':'), *slash = strchr(dest, '/');

	return colon != NULL && dest[0] != '-' && (slash == NULL || colon < slash);
}

/* What makes a path of this machine one for rsync, which takes "-a" for an option and "a:b" for another machine. */
static const char *named(const char *path)
{
	return path[0] == '/' || is_remote(path) ? "" : "./";
}

/* The same where nothing can be remote. */
static const char *local(const char *path)
{
	return path[0] == '/' ? "" : "./";
}

static int list_one(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	buf_add(ctx, name, strlen(name) + 1);
	return 0;
}

static int list_files(struct job *job, struct error *e)
{
	struct backend *files = store_stream_files(job->store);

	/*
	 * Not the lists of prunes: what is let go here the far side may keep for longer, and a prune there would take away what is on
	 * its list.
	 */
	if (files->ops->list(files, "chunks", list_one, &job->chunks, e) < 0 ||
	    files->ops->list(files, "oplog", list_one, &job->oplog, e) < 0 ||
	    files->ops->list(files, "snapshots", list_one, &job->manifests, e) < 0)
		return e->code;
	return 0;
}

/* ---- rsync */

static void common_words(const struct job *job, struct child_words *ret)
{
	child_add(ret, "rsync");
	/* Owners are of this machine. */
	child_add(ret, "-rlpt");
	child_add(ret, "--secluded-args");
	child_add(ret, "--ignore-missing-args");
	if (job->options->ssh != NULL)
		child_add_printf(ret, "--rsh=%s", job->options->ssh);
}

/* What it wrote about why: the first line, which may be ssh's. The last one only repeats the exit code. */
static int tell_failure(int status, struct buf *err, struct error *e)
{
	const char *text = buf_text(err);
	size_t begin = strspn(text, "\r\n"), len = strcspn(text + begin, "\r\n");

	return error_set(e, ERR_REMOTE, "rsync ended with %d: %.*s", status, (int)len,
			 text + begin);
}

/* Run, and append what it printed. Files that vanished (24) were pruned meanwhile: they are not needed. */
static int run(const struct job *job, const struct child_words *words, bool shows, struct buf *out,
	       struct error *e)
{
	OWNED(buf_release) struct buf err = {0};
	int status = child_run(words, shows, job->options->progress, out, &err, e);

	if (status < 0)
		return status;
	if (status == 130 || status == 20)
		return error_set(e, ERR_CANCELLED, "interrupted");
	return status == 0 || status == 24 ? 0 : tell_failure(status, &err, e);
}

/* The number behind `label` in what --stats prints: "Number of regular files transferred: 1,234". */
static uint64_t stat_of(struct buf *out, const char *label)
{
	const char *at = strstr(buf_text(out), label);
	uint64_t number = 0;

	if (at == NULL)
		return 0;
	for (at += strlen(label); *at != '\0' && *at != '\n'; at++) {
		if (*at >= '0' && *at <= '9')
			number = number * 10 + (uint64_t)(*at - '0');
		else if (*at != ',' && *at != ' ')
			break;
	}
	return number;
}

/* The list as a file that rsync reads; its path is the caller's. */
static int write_list(const struct job *job, const char *name, struct bytes list, char **ret,
		      struct error *e)
{
	OWNED(free) char *path = xprintf("%s/%s", job->tmp, name);

	if (file_put(path, job->tmp, list, e) < 0)
		return e->code;
	*ret = TAKE(path);
	return 0;
}

/* What is sent together, in the order of dependency: folders whole, or what was listed. */
static const char *const parts[] = {"config", "keys", "chunks", "oplog", "manifests"};

/* The names of a part without journals, which grow. */
static void without_journals(const struct buf *names, struct buf *ret)
{
	for (size_t at = 0; at < names->len;) {
		const char *name = (const char *)names->at + at;
		size_t len = strlen(name);

		if (len < 8 || strcmp(name + len - 8, ".journal") != 0)
			buf_add(ret, name, len + 1);
		at += len + 1;
	}
}

/* From, and what: `list`, or the whole of the folder when that is NULL. */
static int part_words(struct job *job, const char *part, const struct buf *list,
		      struct child_words *words, struct error *e)
{
	const char *store = store_path(job->store), *dest = job->options->dest;
	OWNED(free) char *path = NULL;

	if (list == NULL) {
		child_add_printf(words, "%s%s/%s", local(store), store, part);
	} else {
		if (write_list(job, part, buf_bytes(list), &path, e) < 0)
			return e->code;
		child_add_printf(words, "--files-from=%s%s", local(path), path);
		child_add(words, "--from0");
		child_add_printf(words, "%s%s/", local(store), store);
	}
	child_add_printf(words, "%s%s/", named(dest), dest);
	return 0;
}

static const struct buf *list_of(const struct job *job, const char *part)
{
	if (strcmp(part, "chunks") == 0)
		return &job->chunks;
	if (strcmp(part, "oplog") == 0)
		return &job->oplog;
	return strcmp(part, "manifests") == 0 ? &job->manifests : NULL;
}

static void tell_phase(const struct job *job, const char *phase)
{
	const struct progress *p = job->options->progress;

	if (p != NULL && p->report != NULL)
		p->report(p->ctx, phase, 0, 0);
}

static int send_part(struct job *job, const char *part, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};

	common_words(job, &words);
	child_add(&words, "--fsync");
	child_add(&words, "--mkpath");
	child_add(&words, "--stats");
	/* What was sent in part stays, aside, and is gone on with the next time. */
	child_add(&words, "--partial-dir=.rsync-partial");
	if (job->options->bwlimit != NULL)
		child_add_printf(&words, "--bwlimit=%s", job->options->bwlimit);
	tell_phase(job, "sending");
	/* New packs may go along, but nothing that makes things exist: its chunks might be missing. */
	if (part_words(job, part, strcmp(part, "chunks") == 0 ? NULL : list_of(job, part), &words,
		       e) < 0 ||
	    run(job, &words, false, &out, e) < 0)
		return e->code;
	job->result.files += stat_of(&out, "Number of regular files transferred:");
	job->result.bytes += stat_of(&out, "Total transferred file size:");
	return 0;
}

/* ---- the far side */

static int look_at_folder(const char *dest, struct error *e)
{
	DIR *dir = opendir(dest);
	struct dirent *entry;
	bool any = false;

	if (dir == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "%s", dest);
	while (!any && (entry = readdir(dir)) != NULL)
		any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	if (!any)
		return 0;
	error_set(e, ERR_REFUSED, "%s: it is not empty, and no store", dest);
	return error_hint(e, "a new folder, or an empty one, becomes the replica");
}

/* The absolute form of a path whose end need not exist yet; NULL when nothing of it does. */
static char *resolved(const char *path)
{
	OWNED(free) char *rest = xstrdup(path);
	char *found = realpath(path, NULL), *slash;

	while (found == NULL && (slash = strrchr(rest, '/')) != NULL && slash != rest) {
		*slash = '\0';
		found = realpath(rest, NULL);
	}
	return found != NULL ? found : realpath(path[0] == '/' ? "/" : ".", NULL);
}

static bool lies_in(const char *path, const char *folder)
{
	OWNED(free) char *a = resolved(path);
	OWNED(free) char *b = realpath(folder, NULL);
	size_t len;

	if (a == NULL || b == NULL)
		return false;
	len = strlen(b);
	return strncmp(a, b, len) == 0 && (a[len] == '/' || a[len] == '\0');
}

/* Its config, when there is one, has to be ours. */
static int check_dest(struct job *job, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf theirs = {0};
	OWNED(buf_release) struct buf ours = {0};
	OWNED(buf_release) struct buf out = {0};
	OWNED(free) char *here = xprintf("%s/config", store_path(job->store));
	OWNED(free) char *there = xprintf("%s/config", job->tmp);
	const char *dest = job->options->dest;

	if (!is_remote(dest) &&
	    (lies_in(dest, store_path(job->store)) || lies_in(store_path(job->store), dest)))
		return error_set(e, ERR_REFUSED, "%s: the store and its replica lie in each other",
				 dest);
	common_words(job, &words);
	child_add_printf(&words, "%s%s/config", named(dest), dest);
	child_add_printf(&words, "%s%s/", local(job->tmp), job->tmp);
	/* That there is no such folder yet is no error: what is meant is seen by what came. */
	if (run(job, &words, false, &out, e) < 0 && (e->code != ERR_REMOTE || is_remote(dest)) &&
	    strstr(e->text, "No such file") == NULL)
		return e->code;
	if (access(there, F_OK) != 0)
		return is_remote(dest) ? 0 : look_at_folder(dest, e);
	if (file_read(here, CONFIG_MAX, &ours, e) < 0 ||
	    file_read(there, CONFIG_MAX, &theirs, e) < 0)
		return e->code;
	if (!bytes_equal(buf_bytes(&ours), buf_bytes(&theirs)))
		return error_set(e, ERR_REFUSED, "%s: another store is there", dest);
	return 0;
}

/* Deletions in the order in which nothing depends on what goes. */
static int delete_there(struct job *job, struct error *e)
{
	static const char *const folders[] = {"snapshots", "oplog", "chunks", "keys"};

	const char *store = store_path(job->store), *dest = job->options->dest;

	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		OWNED(child_words_release) struct child_words words = {0};
		OWNED(buf_release) struct buf out = {0};
		OWNED(free) char *path = xprintf("%s%s/%s", local(store), store, folders[i]);

		if (access(path, F_OK) != 0)
			continue;
		common_words(job, &words);
		child_add(&words, "--delete");
		/* Nothing is sent now: what came since is of the next time. */
		child_add(&words, "--existing");
		child_add(&words, "--ignore-existing");
		child_add(&words, "--stats");
		child_add(&words, path);
		child_add_printf(&words, "%s%s/", named(dest), dest);
		if (run(job, &words, false, &out, e) < 0)
			return e->code;
		job->result.deleted += stat_of(&out, "Number of deleted files:");
	}
	return 0;
}

/* Lines of an itemised dry run: each is a file that is not what it should be. */
static void count_differences(struct job *job, struct buf *out)
{
	const char *at = buf_text(out);

	while (*at != '\0') {
		const char *end = strchrnul(at, '\n');

		/* Of folders only the times differ: others write into them, too. */
		if (end - at > 12 && at[1] != 'd') {
			if (job->result.differ++ == 0)
				snprintf(job->result.first, sizeof(job->result.first), "%.*s",
					 (int)(end - at - 12), at + 12);
		}
		at = *end == '\0' ? end : end + 1;
	}
}

/* What was sent is compared: names, sizes and times, or every byte. */
static int verify(struct job *job, struct error *e)
{
	tell_phase(job, "verifying");
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		OWNED(child_words_release) struct child_words words = {0};
		OWNED(buf_release) struct buf out = {0};
		OWNED(buf_release) struct buf names = {0};
		const struct buf *list = list_of(job, parts[i]);

		if (list != NULL)
			without_journals(list, &names);
		common_words(job, &words);
		child_add(&words, "--dry-run");
		child_add(&words, "--itemize-changes");
		if (job->options->verify == REPLICATE_FULL)
			child_add(&words, "--checksum");
		if (part_words(job, parts[i], list == NULL ? NULL : &names, &words, e) < 0 ||
		    run(job, &words, false, &out, e) < 0)
			return e->code;
		count_differences(job, &out);
	}
	job->result.verified = job->result.differ == 0;
	return 0;
}

static int make_tmp(struct job *job, struct error *e)
{
	OWNED(free) char *path = xprintf("%s/replicate-XXXXXX", store_tmp(job->store));

	if (file_make_dirs(store_tmp(job->store), e) < 0 ||
	    tmp_lock_files(store_tmp(job->store), &job->tmp_lock, e) < 0)
		return e->code;
	if (mkdtemp(path) == NULL)
		return error_sys(e, "make %s", path);
	job->tmp = TAKE(path);
	return 0;
}

static uint64_t count_names(const struct buf *names, const char *prefix)
{
	uint64_t count = 0;

	for (size_t at = 0; at < names->len;) {
		const char *name = (const char *)names->at + at;

		count += strncmp(name, prefix, strlen(prefix)) == 0;
		at += strlen(name) + 1;
	}
	return count;
}

int replicate_run(struct store *store, const struct replicate_options *options,
		  struct replicate_result *ret, struct error *e)
{
	OWNED(job_release) struct job job = {.store = store, .options = options, .tmp_lock = -1};

	if (make_tmp(&job, e) < 0 || check_dest(&job, e) < 0 || list_files(&job, e) < 0)
		return e->code;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (send_part(&job, parts[i], e) < 0)
			return e->code;
	if (options->deletes && delete_there(&job, e) < 0)
		return e->code;
	if (options->verify != REPLICATE_UNVERIFIED && verify(&job, e) < 0)
		return e->code;
	job.result.snapshots = count_names(&job.manifests, "snapshots/");
	*ret = job.result;
	return 0;
}
