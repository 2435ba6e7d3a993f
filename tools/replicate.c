#include "tools/replicate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/texts.h"
#include "store/backend/backend.h"
#include "store/store_stream.h"
#include "store/tmp_lock.h"
#include "tools/replicate_dest.h"
#include "tools/replicate_job.h"
#include "tools/replicate_sound.h"

#define CONFIG_MAX MIB

static void job_release(struct replicate_job *job)
{
	struct error ignored;

	if (job->tmp != NULL)
		(void)(file_remove_tree(job->tmp, &ignored) < 0);
	free(job->tmp);
	free(job->there);
	free(job->spared);
	buf_release(&job->skipped);
	buf_release(&job->damaged);
	buf_release(&job->sent);
	if (job->tmp_lock >= 0)
		close(job->tmp_lock);
	buf_release(&job->chunks);
	buf_release(&job->oplog);
	buf_release(&job->listed);
	buf_release(&job->manifests);
}
DEFINE_OWNED_STRUCT(struct replicate_job, job_release);

static int list_one(void *ctx, const char *name, uint64_t size UNUSED, struct error *e UNUSED)
{
	texts_add(ctx, name);
	return 0;
}

/* Is it a symbolic link, or is there one below it? What can't be read has none. */
static bool has_links(const char *path)
{
	struct dirent *entry;
	bool found = false;
	struct stat st;
	DIR *dir;

	if (lstat(path, &st) != 0)
		return false;
	if (!S_ISDIR(st.st_mode))
		return S_ISLNK(st.st_mode);
	dir = opendir(path);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		OWNED(free) char *below = NULL;

		/* Of most the name tells enough: there may be very many. */
		if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
			continue;
		below = xprintf("%s/%s", path, entry->d_name);
		found = has_links(below);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Is something that is sent a link to another place? */
static bool sends_links(const struct replicate_job *job)
{
	static const char *const sent[] = {"config", "keys", "chunks", "oplog", "snapshots"};
	bool found = false;

	for (size_t i = 0; i < COUNT_OF(sent) && !found; i++) {
		OWNED(free) char *path = xprintf("%s/%s", store_path(job->store), sent[i]);

		found = has_links(path);
	}
	return found;
}

static int list_files(struct replicate_job *job, struct error *e)
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
	job->follows = job->follows || sends_links(job);
	return 0;
}

/* What is sent together, in the order of dependency: folders whole, or what was listed. */
static const char *const parts[] = {"config", "keys", "chunks", "oplog", "manifests"};

/* The names of a part without journals, which grow. */
static void without_journals(const struct buf *names, struct buf *ret)
{
	const char *name;

	for (size_t at = 0; (name = texts_next(names, &at)) != NULL;) {
		size_t len = strlen(name);

		if (len < 8 || strcmp(name + len - 8, ".journal") != 0)
			texts_add(ret, name);
	}
}

/* From, and what: `list`, or the whole of the folder when that is NULL. */
static int part_words(struct replicate_job *job, const char *part, const struct buf *list,
		      struct child_words *words, struct error *e)
{
	const char *store = store_path(job->store);
	OWNED(free) char *path = NULL;

	if (list == NULL) {
		child_add_printf(words, "%s%s/%s", replicate_local(store), store, part);
	} else {
		if (replicate_write_list(job, part, buf_bytes(list), &path, e) < 0)
			return e->code;
		child_add_printf(words, "--files-from=%s%s", replicate_local(path), path);
		child_add(words, "--from0");
		child_add_printf(words, "%s%s/", replicate_local(store), store);
	}
	child_add(words, job->there);
	return 0;
}

static const struct buf *list_of(const struct replicate_job *job, const char *part)
{
	if (strcmp(part, "chunks") == 0)
		return &job->chunks;
	if (strcmp(part, "oplog") == 0)
		return &job->oplog;
	return strcmp(part, "manifests") == 0 ? &job->manifests : NULL;
}

static void tell_phase(const struct replicate_job *job, const char *phase)
{
	const struct progress *p = job->options->progress;

	if (p != NULL && p->report != NULL)
		p->report(p->ctx, phase, 0, 0);
}

static void sending_words(const struct replicate_job *job, struct child_words *words)
{
	replicate_words(job, words);
	replicate_words_spared(job, words);
	child_add(words, "--fsync");
	child_add(words, "--stats");
	/* What was sent in part stays, aside, and is gone on with the next time. */
	child_add(words, "--partial-dir=.rsync-partial");
	if (job->options->bwlimit != NULL)
		child_add_printf(words, "--bwlimit=%s", job->options->bwlimit);
}

/*
 * What one part needs lasts before the next one comes: rsync syncs files, not their names. A far machine does so when it
 * likes; of a disk that is ours this is how it can be unplugged.
 */
static int sync_there(const struct replicate_job *job, struct error *e)
{
	const char *dest = job->options->dest;
	int fd, code = 0;

	if (replicate_dest_is_remote(dest))
		return 0;
	fd = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		code = error_sys(e, "sync %s", dest);
	if (fd >= 0)
		close(fd);
	return code;
}

static int send_part(struct replicate_job *job, const char *part, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};
	uint64_t sent;

	sending_words(job, &words);
	child_add(&words, "--mkpath");
	child_add(&words, "--itemize-changes");
	/* Of a journal that grew what is new, to a folder of this machine, too. */
	if (strcmp(part, "oplog") == 0)
		child_add(&words, "--no-whole-file");
	tell_phase(job, "sending");
	/* New packs may go along, but nothing that makes things exist: its chunks might be missing. */
	if (part_words(job, part, strcmp(part, "chunks") == 0 ? NULL : list_of(job, part), &words,
		       e) < 0 ||
	    replicate_rsync(job, &words, false, &out, e) < 0)
		return e->code;
	sent = replicate_stat(&out, "Number of regular files transferred:");
	replicate_add_differences(&out, &job->sent);
	job->result.files += sent;
	job->result.bytes += replicate_stat(&out, "Literal data:");
	return sent == 0 ? 0 : sync_there(job, e);
}

/* ---- the far side */

/* The config of another machine's, as job->tmp/config; without one there is no such file. */
static int fetch_config(struct replicate_job *job, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};

	replicate_words(job, &words);
	child_add_printf(&words, "%sconfig", job->there);
	child_add_printf(&words, "%s%s/", replicate_local(job->tmp), job->tmp);
	/* That there is no such folder yet is no error: what is meant is seen by what came. */
	return replicate_rsync(job, &words, false, &out, e) < 0 &&
			       strstr(e->text, "No such file") == NULL
		       ? e->code
		       : 0;
}

/* Its config, when there is one, has to be ours. */
static int check_dest(struct replicate_job *job, struct error *e)
{
	const char *dest = job->options->dest;
	bool remote = replicate_dest_is_remote(dest);
	OWNED(buf_release) struct buf theirs = {0};
	OWNED(buf_release) struct buf ours = {0};
	OWNED(free) char *here = xprintf("%s/config", store_path(job->store));
	OWNED(free) char *there = xprintf("%s/config", remote ? job->tmp : dest);

	if (!remote && (replicate_dest_lies_in(dest, store_path(job->store)) ||
			replicate_dest_lies_in(store_path(job->store), dest)))
		return error_set(e, ERR_REFUSED, "%s: the store and its replica lie in each other",
				 dest);
	if (remote && fetch_config(job, e) < 0)
		return e->code;
	job->is_new = access(there, F_OK) != 0;
	if (job->is_new && errno != ENOENT)
		return error_sys(e, "%s", there);
	if (job->is_new)
		return remote ? 0 : replicate_dest_look(dest, e);
	if (file_read(here, CONFIG_MAX, &ours, e) < 0 ||
	    file_read(there, CONFIG_MAX, &theirs, e) < 0)
		return e->code;
	if (!bytes_equal(buf_bytes(&ours), buf_bytes(&theirs)))
		return error_set(e, ERR_REFUSED, "%s: another store is there", dest);
	return 0;
}

/* Deletions in the order in which nothing depends on what goes. */
static int delete_there(struct replicate_job *job, struct error *e)
{
	static const char *const folders[] = {"snapshots", "oplog", "chunks", "keys"};

	const char *store = store_path(job->store);

	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		OWNED(child_words_release) struct child_words words = {0};
		OWNED(buf_release) struct buf out = {0};
		OWNED(free)
		char *path = xprintf("%s%s/%s", replicate_local(store), store, folders[i]);

		if (access(path, F_OK) != 0)
			continue;
		replicate_words(job, &words);
		child_add(&words, "--delete");
		/* Nothing is sent now: what came since is of the next time. */
		child_add(&words, "--existing");
		child_add(&words, "--ignore-existing");
		child_add(&words, "--stats");
		child_add(&words, path);
		child_add(&words, job->there);
		if (replicate_rsync(job, &words, false, &out, e) < 0)
			return e->code;
		job->result.deleted += replicate_stat(&out, "Number of deleted files:");
	}
	return 0;
}

static void note_first(const struct buf *names, char ret[REPLICATE_NAME_MAX])
{
	if (names->len > 0)
		snprintf(ret, REPLICATE_NAME_MAX, "%s", (const char *)names->at);
}

/* Appends the names of what differs there to `ret`; `names`: of these, else the whole of the part. */
static int compare(struct replicate_job *job, const char *part, const struct buf *names,
		   struct buf *ret, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};

	replicate_words_asking(job, &words);
	replicate_words_spared(job, &words);
	if (job->options->verify == REPLICATE_FULL)
		child_add(&words, "--checksum");
	if (part_words(job, part, names, &words, e) < 0 ||
	    replicate_rsync(job, &words, false, &out, e) < 0)
		return e->code;
	replicate_add_differences(&out, ret);
	return 0;
}

/* A damaged file there of the size and time of ours, which is sound: nothing else sends it again. */
static int send_again(struct replicate_job *job, const struct buf *differ, struct error *e)
{
	OWNED(child_words_release) struct child_words words = {0};
	OWNED(buf_release) struct buf out = {0};
	OWNED(buf_release) struct buf still = {0};

	if (differ->len == 0)
		return 0;
	sending_words(job, &words);
	child_add(&words, "--ignore-times");
	if (part_words(job, "again", differ, &words, e) < 0 ||
	    replicate_rsync(job, &words, false, &out, e) < 0 || sync_there(job, e) < 0 ||
	    compare(job, "again", differ, &still, e) < 0)
		return e->code;
	job->result.mended = job->result.differ - texts_count(&still, "");
	return 0;
}

/*
 * All bytes here and there: a copy is no better than what it is one of, and where they differ it may be ours that rotted, with
 * size and time as before. What differs and is sound here stays in `differ`.
 */
static int prove_all(struct replicate_job *job, struct buf *differ, struct error *e)
{
	OWNED(buf_release) struct buf names = {0};
	OWNED(buf_release) struct buf sound = {0};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (list_of(job, parts[i]) != NULL)
			without_journals(list_of(job, parts[i]), &names);
	if (replicate_prove(job, &names, &sound, e) < 0)
		return e->code;
	buf_reset(&sound);
	if (replicate_prove(job, differ, &sound, e) < 0)
		return e->code;
	buf_reset(differ);
	buf_add_bytes(differ, buf_bytes(&sound));
	return 0;
}

/* What was sent is compared: names, sizes and times, or every byte. */
static int verify(struct replicate_job *job, struct error *e)
{
	OWNED(buf_release) struct buf differ = {0};

	tell_phase(job, "verifying");
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		OWNED(buf_release) struct buf names = {0};
		const struct buf *list = list_of(job, parts[i]);

		if (list != NULL)
			without_journals(list, &names);
		if (compare(job, parts[i], list == NULL ? NULL : &names, &differ, e) < 0)
			return e->code;
	}
	if (job->options->verify == REPLICATE_FULL && prove_all(job, &differ, e) < 0)
		return e->code;
	if (replicate_prove_sent(job, e) < 0)
		return e->code;
	job->result.differ = texts_count(&differ, "");
	note_first(&differ, job->result.first);
	job->result.verified = differ.len == 0 && job->result.spared == 0;
	return job->options->verify == REPLICATE_FULL ? send_again(job, &differ, e) : 0;
}

/* What is lost here may be whole there: it is not taken away. */
static int delete_or_not(struct replicate_job *job, struct error *e)
{
	int whole = replicate_is_whole(job->store, &job->result.lacking, e);

	if (whole < 0)
		return whole;
	return whole == 1 && job->result.spared == 0 ? delete_there(job, e) : 0;
}

/* An empty folder where a file system should be mounted, perhaps. */
static int check_deletes(const struct replicate_job *job, struct error *e)
{
	if (!job->options->deletes || job->manifests.len > 0)
		return 0;
	error_set(e, ERR_REFUSED,
		  "--delete: no snapshot is here, so that all would be deleted there");
	return error_hint(e, "is a file system below the store not mounted?");
}

static int make_tmp(struct replicate_job *job, struct error *e)
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

int replicate_run(struct store *store, const struct replicate_options *options,
		  struct replicate_result *ret, struct error *e)
{
	OWNED(job_release)
	struct replicate_job job = {.store = store, .options = options, .tmp_lock = -1};

	job.there = replicate_dest_folder(options->dest);
	job.follows = !replicate_dest_is_remote(options->dest);
	if (make_tmp(&job, e) < 0 || check_dest(&job, e) < 0 || list_files(&job, e) < 0 ||
	    check_deletes(&job, e) < 0 || replicate_streams(&job, e) < 0 ||
	    replicate_spare(&job, e) < 0)
		return e->code;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (send_part(&job, parts[i], e) < 0)
			return e->code;
	if (options->verify != REPLICATE_UNVERIFIED && verify(&job, e) < 0)
		return e->code;
	if (options->deletes && delete_or_not(&job, e) < 0)
		return e->code;
	job.result.snapshots = texts_count(&job.manifests, "snapshots/");
	*ret = job.result;
	return 0;
}
