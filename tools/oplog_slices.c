#include "tools/oplog_slices.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

void oplog_slices_release(struct oplog_slices *slices)
{
	for (size_t i = 0; i < slices->count; i++)
		free(slices->paths[i]);
	free(slices->paths);
	*slices = (struct oplog_slices){0};
}

static bool has_file(const char *folder, const char *name)
{
	OWNED(free) char *path = xprintf("%s/%s", folder, name);
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* (A collection "oplog" of a database has metadata.) */
static bool is_dump(const char *folder)
{
	bool own = has_file(folder, "oplog.bson") || has_file(folder, "oplog.bson.gz");

	if (own && !has_file(folder, "oplog.metadata.json") &&
	    !has_file(folder, "oplog.metadata.json.gz"))
		return true;
	return has_file(folder, "local/oplog.rs.bson") ||
	       has_file(folder, "local/oplog.rs.bson.gz");
}

/* Where `name` ends in one of these: the length before it. */
static size_t stem_len(const char *name, const char *const *endings, size_t count)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++) {
		size_t end = strlen(endings[i]);

		if (len > end && strcmp(name + len - end, endings[i]) == 0)
			return len - end;
	}
	return 0;
}

/* A file of entries, not one of a collection, beside which mongodump puts what it knows of that. */
static bool is_slice_file(const char *folder, const char *name)
{
	static const char *const entries[] = {".bson", ".bson.gz"};
	static const char *const archives[] = {".archive", ".archive.gz"};
	size_t len = stem_len(name, entries, COUNT_OF(entries));
	OWNED(free) char *plain = xprintf("%.*s.metadata.json", (int)len, name);
	OWNED(free) char *zipped = xprintf("%s.gz", plain);

	if (len == 0)
		return stem_len(name, archives, COUNT_OF(archives)) > 0;
	if (bytes_is(bytes_of(name, len), "oplog.rs"))
		return true;
	return !has_file(folder, plain) && !has_file(folder, zipped);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int oplog_slices_list(const char *folder, struct oplog_slices *ret, struct error *e)
{
	struct dirent *entry;
	DIR *dir;

	*ret = (struct oplog_slices){0};
	if (is_dump(folder))
		return 0;
	dir = opendir(folder);
	if (dir == NULL)
		return error_sys(e, "%s", folder);
	while ((entry = readdir(dir)) != NULL) {
		OWNED(free) char *path = xprintf("%s/%s", folder, entry->d_name);
		struct stat st;

		if (entry->d_name[0] == '.' || stat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) ? !is_dump(path) : !is_slice_file(folder, entry->d_name))
			continue;
		ret->paths = xrealloc(ret->paths, (ret->count + 1) * sizeof(*ret->paths));
		ret->paths[ret->count++] = TAKE(path);
	}
	closedir(dir);
	if (ret->count > 0)
		qsort(ret->paths, ret->count, sizeof(*ret->paths), by_name);
	return 0;
}
