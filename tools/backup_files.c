#include "tools/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/bson.h"
#include "base/bson_check.h"
#include "base/file.h"

#define DEPTH_MAX 16
#define PIECE (8 * MIB)
#define STORAGE_MAX (64 * KIB)

struct backup_files {
	char *copy; /* to be removed; NULL: in place */
	struct mongod_run *mongod;
	struct live_uri *uri;
};

void backup_files_close(struct backup_files *files)
{
	struct error ignored;

	if (files == NULL)
		return;
	live_uri_free(files->uri);
	mongod_run_end(files->mongod);
	if (files->copy != NULL)
		(void)!file_remove_tree(files->copy, &ignored);
	free(files->copy);
	free(files);
}

const struct live_uri *backup_files_uri(const struct backup_files *files)
{
	return files->uri;
}

/* ---- copying */

static int check_cancelled(const struct progress *p, struct error *e)
{
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

static int copy_file(const char *from, const char *to, const struct progress *progress,
		     struct error *e)
{
	OWNED(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
	OWNED(fd_close) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t done;

	if (in < 0)
		return error_sys(e, "%s", from);
	if (out < 0)
		return error_sys(e, "%s", to);
	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	while ((done = copy_file_range(in, NULL, out, NULL, PIECE, 0)) > 0)
		if (check_cancelled(progress, e) < 0)
			return e->code;
	if (done == 0)
		return 0;
	if (errno != EXDEV && errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL)
		return error_sys(e, "copying %s", from);
	for (OWNED(buf_release) struct buf piece = {0};;) {
		buf_reset(&piece);
		done = read(in, buf_room(&piece, PIECE), PIECE);
		if (done < 0)
			return error_sys(e, "read %s", from);
		if (done == 0)
			return 0;
		if (file_write(out, to, bytes_of(piece.at, (size_t)done), e) < 0 ||
		    check_cancelled(progress, e) < 0)
			return e->code;
	}
}

/* The lock is of a process that had it; what it measured is nobody's. */
static bool is_left_out(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "mongod.lock") == 0 || strcmp(name, "diagnostic.data") == 0;
}

static int copy_folder(const char *from, const char *to, unsigned depth,
		       const struct progress *progress, struct error *e)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	int code = 0;

	if (dir == NULL)
		return error_sys(e, "%s", from);
	while (code == 0 && (entry = readdir(dir)) != NULL) {
		OWNED(free) char *source = xprintf("%s/%s", from, entry->d_name);
		OWNED(free) char *target = xprintf("%s/%s", to, entry->d_name);
		struct stat st;

		if (is_left_out(entry->d_name))
			continue;
		/* A link is followed: a journal on another disk is a part of it. */
		if (stat(source, &st) != 0)
			code = error_sys(e, "%s", source);
		else if (S_ISREG(st.st_mode))
			code = copy_file(source, target, progress, e);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && mkdir(target, 0700) != 0)
			code = error_sys(e, "%s", target);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			code = copy_folder(source, target, depth + 1, progress, e);
	}
	closedir(dir);
	return code;
}

/* Beside the folder, where a reflink may work, else where temporary files go. */
static int make_copy(const struct backup_files_options *options, struct backup_files *files,
		     struct error *e)
{
	OWNED(free) char *real = realpath(options->dbpath, NULL);
	char *slash = real == NULL ? NULL : strrchr(real, '/');

	if (real == NULL)
		return error_sys(e, "%s", options->dbpath);
	files->copy = xprintf("%.*s/.yester-dbpath-XXXXXX", slash == NULL ? 0 : (int)(slash - real),
			      real);
	if (mkdtemp(files->copy) == NULL) {
		free(files->copy);
		files->copy = xprintf("%s/yester-dbpath-XXXXXX", options->tmp);
		if (mkdtemp(files->copy) == NULL)
			return error_sys(e, "%s", files->copy);
	}
	return copy_folder(options->dbpath, files->copy, 0, options->progress, e);
}

/* ---- what is there */

/* Is the file locked, in either of the ways that versions of mongod use? */
static bool is_locked(const char *dbpath, const char *name)
{
	OWNED(free) char *path = xprintf("%s/%s", dbpath, name);
	OWNED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		return false;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		return true;
	return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static int refuse_running(const char *dbpath, struct error *e)
{
	if (!is_locked(dbpath, "mongod.lock") && !is_locked(dbpath, "WiredTiger.lock"))
		return 0;
	error_set(e, ERR_REFUSED, "a mongod runs on %s now", dbpath);
	return error_hint(e, "--uri backs up a running one; --dbpath is for a snapshot or a copy "
			     "of its files");
}

static bool has_true(struct bytes doc, const char *name)
{
	struct bson_field field;
	struct error ignored;

	return bson_find(doc, name, &field, &ignored) == 1 && field.type == BSON_KIND_BOOL &&
	       field.value.at[0] != 0;
}

/* How the files lie, as storage.bson says: mongod wants to be told the same. */
static int read_layout(const char *dbpath, bool *ret_folders, bool *ret_index_folders,
		       struct error *e)
{
	OWNED(free) char *path = xprintf("%s/storage.bson", dbpath);
	OWNED(buf_release) struct buf text = {0};
	struct bson_field storage, options;
	int found = file_read(path, STORAGE_MAX, &text, e);

	if (found < 0)
		return found;
	if (found == 0)
		return error_set(e, ERR_INVALID, "%s is no dbpath of a mongod: no storage.bson",
				 dbpath);
	if (bson_check(buf_bytes(&text), BSON_CHECK_STRUCTURE, e) < 0)
		return error_wrap(e, "%s", path);
	if (bson_find(buf_bytes(&text), "storage", &storage, e) == 1 &&
	    storage.type == BSON_KIND_DOCUMENT &&
	    bson_find(storage.value, "options", &options, e) == 1 &&
	    options.type == BSON_KIND_DOCUMENT) {
		*ret_folders = has_true(options.value, "directoryPerDB");
		*ret_index_folders = has_true(options.value, "directoryForIndexes");
	}
	return 0;
}

int backup_files_open(const struct backup_files_options *options, struct backup_files **ret,
		      struct error *e)
{
	OWNED(backup_files_close) struct backup_files *files = xcalloc(1, sizeof(*files));
	/* The oplog is applied to its end, as a member would after a crash. */
	const char *more[8] = {"--setParameter", "recoverFromOplogAsStandalone=true"};
	struct mongod_run_options run = {.mongod = options->mongod,
					 .more = more,
					 .tmp = options->tmp,
					 .progress = options->progress};
	bool folders = false, index_folders = false;
	size_t count = 2;

	if (read_layout(options->dbpath, &folders, &index_folders, e) < 0 ||
	    refuse_running(options->dbpath, e) < 0)
		return e->code;
	if (!options->in_place && make_copy(options, files, e) < 0)
		return e->code;
	if (folders)
		more[count++] = "--directoryperdb";
	if (index_folders)
		more[count++] = "--wiredTigerDirectoryForIndexes";
	run.dbpath = files->copy != NULL ? files->copy : options->dbpath;
	if (mongod_run_start(&run, &files->mongod, e) < 0 ||
	    live_uri_make(mongod_run_uri(files->mongod), &files->uri, e) < 0)
		return e->code;
	files->uri->alone = true;
	*ret = TAKE(files);
	return 0;
}
