/* What doctor.h promises of a store. Prefix: doctor_ */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/dbpath.h"
#include "tools/doctor.h"
#include "tools/file_system.h"
#include "tools/size.h"
#include "tools/status.h"

#define ROOM_SMALL ((uint64_t)1 << 30) /* bytes */
#define ROOM_NONE (64 * MIB)
#define FILES_SMALL 10000
#define FUTURE 60 /* seconds that clocks may differ */

static void check_room(struct doctor *doctor, const struct file_system *fs)
{
	char left[SIZE_TEXT_LEN], all[SIZE_TEXT_LEN];
	static const char hint[] =
		"all of local/ in the store can be deleted at any time; 'yester forget --prune' "
		"makes "
		"room when it is run again a grace (7d) later, and a larger disk more";

	size_text(fs->free, left);
	size_text(fs->size, all);
	if (fs->free < ROOM_NONE)
		doctor_add(doctor, "room", DOCTOR_PROBLEM, hint,
			   "%s of %s are free: the disk is full", left, all);
	else if (fs->free < ROOM_SMALL || fs->free < fs->size / 20)
		doctor_add(doctor, "room", DOCTOR_WARNING, hint, "only %s of %s are free", left,
			   all);
	else if (fs->files_free < FILES_SMALL)
		doctor_add(doctor, "room", DOCTOR_WARNING, hint,
			   "only %" PRIu64 " more files can be made", fs->files_free);
	else
		doctor_add(doctor, "room", DOCTOR_GOOD, NULL, "%s of %s are free", left, all);
}

static void check_kind(struct doctor *doctor, const char *path, const struct file_system *fs)
{
	if (fs->volatile_)
		doctor_add(doctor, "place", DOCTOR_WARNING,
			   "move the store to a disk: rsync -a will do",
			   "%s is in memory (%s): it is gone when the machine stops", path,
			   fs->type);
	else if (fs->network)
		doctor_add(doctor, "place", DOCTOR_WARNING,
			   "keep the store on a local disk and 'yester replicate' it there; the "
			   "index is mapped into "
			   "memory, which such file systems are bad at",
			   "%s is on a network file system (%s)", path, fs->type);
	else if (fs->read_only)
		doctor_add(doctor, "place", DOCTOR_NOTE, NULL,
			   "%s: %s, read-only: it can be looked at", path, fs->type);
	else
		doctor_add(doctor, "place", DOCTOR_GOOD, NULL, "%s: %s", path, fs->type);
}

static void check_rights(struct doctor *doctor, const char *path)
{
	OWNED(free) char *hint = xprintf("chmod go-rwx %s", path);
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	if ((st.st_mode & 0077) != 0)
		doctor_add(doctor, "rights", DOCTOR_WARNING, hint,
			   "other users may enter %s (mode %o): documents are in it", path,
			   (unsigned)(st.st_mode & 07777));
	else
		doctor_add(doctor, "rights", DOCTOR_GOOD, NULL, "only its owner may enter");
}

/* One disk must not take both. */
static void check_dbpaths(struct doctor *doctor, const struct file_system *fs,
			  const struct args_list *dbpaths)
{
	OWNED(dbpath_list_release) struct dbpath_list list = {0};
	OWNED(buf_release) struct buf same = {0};
	char cwd[PATH_MAX];

	for (size_t i = 0; i < dbpaths->count; i++)
		dbpath_add(&list, getcwd(cwd, sizeof(cwd)) == NULL ? "." : cwd, dbpaths->at[i]);
	dbpath_find(&list);
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;

		if (stat(list.at[i], &st) != 0)
			doctor_add(doctor, "device", DOCTOR_NOTE, NULL,
				   "the dbpath %s can't be looked at", list.at[i]);
		else if (st.st_dev == fs->device)
			buf_printf(&same, "%s%s", same.len == 0 ? "" : ", ", list.at[i]);
	}
	if (same.len > 0)
		doctor_add(doctor, "device", DOCTOR_WARNING,
			   "keep the store on another disk, better on another machine, or 'yester "
			   "replicate' it",
			   "what takes this device takes a mongod's data, too: %s",
			   buf_text(&same));
	else
		doctor_add(doctor, "device", DOCTOR_GOOD, NULL,
			   list.count == 0 ? "no mongod is seen to have its data on this machine"
					   : "no mongod is seen to have its data on this device");
}

void doctor_folder(struct doctor *doctor, const char *path, const struct args_list *dbpaths)
{
	struct file_system fs;
	struct error e = {0};

	if (file_system_of(path, &fs, &e) < 0)
		return; /* who opens it says so */
	check_kind(doctor, path, &fs);
	check_room(doctor, &fs);
	check_rights(doctor, path);
	check_dbpaths(doctor, &fs, dbpaths);
}

/* local/ of this machine: inside the store, or in the user's cache folder. */
static void check_local(struct doctor *doctor, struct store *store)
{
	OWNED(free) char *local = xstrdup(store_tmp(store));
	OWNED(free) char *index = NULL;
	char size[SIZE_TEXT_LEN];
	struct file_system fs;
	struct error e = {0};
	struct stat st;
	char *slash = strrchr(local, '/');

	if (slash != NULL)
		*slash = '\0';
	index = xprintf("%s/index/data.mdb", local);
	if (file_system_of(local, &fs, &e) < 0) {
		doctor_add(doctor, "local", DOCTOR_WARNING, NULL, "%s", e.text);
		return;
	}
	if (strncmp(local, store_path(store), strlen(store_path(store))) == 0)
		doctor_add(doctor, "local", DOCTOR_GOOD, NULL, "%s", local);
	else
		doctor_add(doctor, "local", DOCTOR_NOTE, NULL,
			   "%s (%s): the store itself can't be written to", local, fs.type);
	if (stat(index, &st) != 0) {
		doctor_add(doctor, "index", DOCTOR_WARNING, NULL, "%s is not there", index);
		return;
	}
	size_text((uint64_t)st.st_blocks * 512, size);
	doctor_add(doctor, "index", DOCTOR_GOOD, NULL, "%s, as far as the packs", size);
}

/* Each line of what `yester status --check` would tell. */
static void check_status(struct doctor *doctor, const struct status *status)
{
	const struct status_limits none = {0};
	OWNED(buf_release) struct buf problems = {0};
	char *rest, *line;

	if (status_check(status, &none, &problems) == 0)
		return;
	buf_text(&problems);
	rest = (char *)problems.at;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			doctor_add(doctor, "health", DOCTOR_WARNING,
				   "'yester gaps' and 'yester check' tell more", "%s", line);
}

static void check_future(struct doctor *doctor, const struct status *status)
{
	uint64_t last = entry_seconds(status->last_ts);

	if (last > status->now + FUTURE)
		doctor_add(doctor, "clock", DOCTOR_WARNING,
			   "compare this machine's clock with those of the members",
			   "the last operation in the store is %" PRIu64 " s in the future",
			   last - status->now);
}

static void check_habits(struct doctor *doctor, const struct status *status)
{
	if (!status->replicate.known)
		doctor_add(doctor, "off-site", DOCTOR_NOTE, "yester replicate DEST",
			   "this machine never copied the store elsewhere");
	if (!status->drill.known)
		doctor_add(doctor, "drill", DOCTOR_NOTE, "yester drill --mongod PATH",
			   "it was never restored for a test from this machine");
}

int doctor_store(struct doctor *doctor, struct store *store, struct error *e)
{
	OWNED(status_release) struct status status = {0};
	char snapshots[SIZE_TEXT_LEN], documents[SIZE_TEXT_LEN];

	if (store_refresh(store, e) < 0 || status_gather(store, &status, e) < 0)
		return e->code;
	check_local(doctor, store);
	check_status(doctor, &status);
	check_future(doctor, &status);
	size_count_text(status.snapshots, snapshots);
	size_count_text(status.documents, documents);
	if (status.snapshots == 0)
		doctor_add(doctor, "snapshots", DOCTOR_NOTE,
			   "'yester backup' or 'yester ingest' makes one", "there is none yet");
	else
		doctor_add(doctor, "snapshots", DOCTOR_GOOD, NULL,
			   "%s, the newest with %s documents; whole as far as a quick look goes",
			   snapshots, documents);
	check_habits(doctor, &status);
	return 0;
}
