#include "tools/source_scan.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dump_name.h"

enum role { ROLE_DATA, ROLE_META };

/* The extensions, the best first: of two files of a role the one that stands earlier is taken. */
static const struct extension {
	const char *text;
	enum role role;
	bool gzip;
} extensions[] = {
	{".metadata.json", ROLE_META, false}, {".metadata.json.gz", ROLE_META, true},
	{".bson", ROLE_DATA, false},	      {".bin", ROLE_DATA, false},
	{".bson.gz", ROLE_DATA, true},
};

/* Every WiredTiger has it, no dump. */
static const char dbpath_name[] = "WiredTiger.wt";
static const char prelude_name[] = "prelude.json";
static const char prelude_gzip_name[] = "prelude.json.gz";

/* Index of the extension that `name` ends with; COUNT_OF(extensions) when it is none of ours. */
static size_t find_extension(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < COUNT_OF(extensions); i++) {
		size_t tail = strlen(extensions[i].text);

		if (len > tail && strcmp(name + len - tail, extensions[i].text) == 0)
			return i;
	}
	return COUNT_OF(extensions);
}

bool source_scan_is_data(const char *name)
{
	size_t i = find_extension(name);

	return i < COUNT_OF(extensions) && extensions[i].role == ROLE_DATA;
}

void source_member_release(struct source_member *member)
{
	free(member->stem);
	free(member->data.path);
	free(member->meta.path);
	*member = (struct source_member){0};
}

void source_scan_release(struct source_scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		source_member_release(&scan->members[i]);
	for (size_t i = 0; i < scan->folder_count; i++)
		free(scan->folders[i]);
	for (size_t i = 0; i < scan->unread_count; i++)
		free(scan->unread[i]);
	free(scan->members);
	free(scan->folders);
	free(scan->unread);
	free(scan->prelude.path);
	*scan = (struct source_scan){0};
}

/* A file that was found: its name's extension, and what stat says. */
struct found {
	char *name;
	size_t extension; /* index */
	struct source_file file;
};

struct found_list {
	struct found *at;
	size_t count;
};

static void found_list_release(struct found_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->at[i].name);
		free(list->at[i].file.path);
	}
	free(list->at);
}
DEFINE_OWNED_STRUCT(struct found_list, found_list_release);

static struct source_file file_of(char *path, bool gzip, const struct stat *st)
{
	return (struct source_file){
		.path = path,
		.gzip = gzip,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
		.mtime = st->st_mtime > 0 ? (uint64_t)st->st_mtime : 0,
	};
}

static int COLD not_a_file(const char *path, struct error *e)
{
	return error_set(e, ERR_INVALID, "%s: expected a file, found a device, pipe or socket",
			 path);
}

/* Keep the path of a file that looks like documents and is not read. */
static void add_unread(struct source_scan *scan, char *path)
{
	scan->unread = xrealloc(scan->unread, (scan->unread_count + 1) * sizeof(*scan->unread));
	scan->unread[scan->unread_count++] = path;
}

/*
 * Does the name have .bson in it, in any case, behind a stem? Not .json: those of a mount may be lines of
 * a collection that is called so.
 */
static bool is_like_data(const char *name)
{
	const char *mark = strcasestr(name, ".bson");
	size_t len = strlen(name);

	return mark != NULL && mark > name && (len < 5 || strcasecmp(name + len - 5, ".json") != 0);
}

/* Take a plain file in preference to a gzip'd one for the prelude. */
static void take_prelude(struct source_scan *scan, char *path, bool gzip, const struct stat *st)
{
	if (scan->prelude.path != NULL && gzip) {
		free(path);
		return;
	}
	free(scan->prelude.path);
	scan->prelude = file_of(path, gzip, st);
}

/* One entry of the folder. */
static int take_entry(const char *dir, const char *name, struct source_scan *scan,
		      struct found_list *list, struct error *e)
{
	size_t extension = find_extension(name);
	bool prelude = strcmp(name, prelude_name) == 0 || strcmp(name, prelude_gzip_name) == 0;
	OWNED(free) char *path = xprintf("%s/%s", dir, name);
	struct stat st;

	if (stat(path, &st) != 0) {
		/* A link to nowhere is no loss when it has no name of ours. */
		if (extension == COUNT_OF(extensions) && !prelude)
			return 0;
		return error_sys(e, "stat %s", path);
	}
	if (S_ISDIR(st.st_mode)) {
		/* At the root of a file system, and root's alone; one that can be read may be a database of that name. */
		if (strcmp(name, "lost+found") == 0 && access(path, R_OK | X_OK) != 0)
			return 0;
		scan->folders =
			xrealloc(scan->folders, (scan->folder_count + 1) * sizeof(*scan->folders));
		scan->folders[scan->folder_count++] = xstrdup(name);
		return 0;
	}
	if (prelude && S_ISREG(st.st_mode)) {
		take_prelude(scan, TAKE(path), strcmp(name, prelude_gzip_name) == 0, &st);
		return 0;
	}
	if (extension == COUNT_OF(extensions)) {
		scan->other_count++;
		scan->is_dbpath |= strcmp(name, dbpath_name) == 0;
		if (S_ISREG(st.st_mode) && is_like_data(name))
			add_unread(scan, TAKE(path));
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return not_a_file(path, e);
	list->at = xrealloc(list->at, (list->count + 1) * sizeof(*list->at));
	list->at[list->count++] = (struct found){
		.name = xstrdup(name),
		.extension = extension,
		.file = file_of(TAKE(path), extensions[extension].gzip, &st),
	};
	return 0;
}

/* All entries of the folder, in the order the file system has them. */
static int read_entries(const char *dir, struct source_scan *scan, struct found_list *list,
			struct error *e)
{
	DIR *open_dir = opendir(dir);
	int r = 0;

	if (open_dir == NULL)
		return error_sys(e, "open folder %s", dir);
	while (r >= 0) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(open_dir);
		if (entry == NULL) {
			r = errno != 0 ? error_sys(e, "read folder %s", dir) : 0;
			break;
		}
		if (entry->d_name[0] != '.')
			r = take_entry(dir, entry->d_name, scan, list, e);
	}
	closedir(open_dir);
	return r;
}

/* The name without its extension. */
static struct bytes stem_of(const struct found *found)
{
	return bytes_of(found->name,
			strlen(found->name) - strlen(extensions[found->extension].text));
}

/* By stem, then the better extension first. */
static int compare_found(const void *a, const void *b)
{
	const struct found *x = a;
	const struct found *y = b;
	int order = bytes_compare(stem_of(x), stem_of(y));

	if (order != 0)
		return order;
	return x->extension < y->extension ? -1 : x->extension > y->extension;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Put files with the same stem together. */
static void group(struct found_list *list, struct source_scan *scan)
{
	scan->members = xcalloc(list->count, sizeof(*scan->members));
	for (size_t i = 0; i < list->count; i++) {
		struct found *found = &list->at[i];
		struct source_member *member = &scan->members[scan->count];
		struct source_file *slot;

		if (i == 0 || !bytes_equal(stem_of(found), stem_of(found - 1))) {
			struct bytes stem = stem_of(found);

			member->stem = xstrndup((const char *)stem.at, stem.len);
			scan->count++;
		} else {
			member--;
		}
		slot = extensions[found->extension].role == ROLE_DATA ? &member->data
								      : &member->meta;
		if (slot->path != NULL) {
			if (slot == &member->data)
				add_unread(scan, TAKE(found->file.path));
			continue;
		}
		*slot = found->file;
		found->file.path = NULL;
	}
}

/* The member of this stem, or NULL. */
static const struct source_member *find_member(const struct source_scan *scan, struct bytes stem)
{
	size_t low = 0;
	size_t high = scan->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = bytes_compare(stem, bytes_str(scan->members[middle].stem));

		if (order == 0)
			return &scan->members[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Has a member of this stem a data file? */
static bool has_data(const struct source_scan *scan, struct bytes stem)
{
	const struct source_member *member = find_member(scan, stem);

	return member != NULL && member->data.path != NULL;
}

/* What lies beside X.bson and is called X.bson.something (a checksum, an older copy) is not missed. */
static void drop_companions(struct source_scan *scan)
{
	size_t kept = 0;

	for (size_t i = 0; i < scan->unread_count; i++) {
		char *path = scan->unread[i];
		const char *name = strrchr(path, '/') + 1;
		const char *mark = strcasestr(name, ".bson");

		if (find_extension(name) == COUNT_OF(extensions) &&
		    has_data(scan, bytes_of(name, (size_t)(mark - name))))
			free(path);
		else
			scan->unread[kept++] = path;
	}
	scan->unread_count = kept;
}

static bool same_name(const char *a, const char *b)
{
	OWNED(buf_release) struct buf x = {0};
	OWNED(buf_release) struct buf y = {0};
	struct error ignored = {0};

	return dump_name_unescape(bytes_str(a), &x, &ignored) == 1 &&
	       dump_name_unescape(bytes_str(b), &y, &ignored) == 1 &&
	       bytes_equal(buf_bytes(&x), buf_bytes(&y));
}

bool source_scan_has(const struct source_scan *scan, const char *name)
{
	/* Mostly it is the same name: a folder may have thousands of both. */
	if (find_member(scan, bytes_str(name)) != NULL)
		return true;
	for (size_t i = 0; i < scan->count; i++)
		if (same_name(scan->members[i].stem, name))
			return true;
	return false;
}

int source_scan_folder(const char *path, struct source_scan *ret, struct error *e)
{
	OWNED(source_scan_release) struct source_scan scan = {0};
	OWNED(found_list_release) struct found_list list = {0};
	int r = read_entries(path, &scan, &list, e);

	if (r < 0)
		return r;
	if (list.count > 0)
		qsort(list.at, list.count, sizeof(*list.at), compare_found);
	if (scan.folder_count > 0)
		qsort(scan.folders, scan.folder_count, sizeof(*scan.folders), compare_names);
	group(&list, &scan);
	drop_companions(&scan);
	*ret = scan;
	scan = (struct source_scan){0};
	return 0;
}

int source_scan_find_meta(const char *path, struct source_file *ret, struct error *e)
{
	for (size_t i = 0; i < COUNT_OF(extensions); i++) {
		OWNED(free) char *meta = NULL;
		struct stat st;

		if (extensions[i].role != ROLE_META)
			continue;
		meta = xprintf("%s%s", path, extensions[i].text);
		if (stat(meta, &st) == 0) {
			*ret = file_of(TAKE(meta), extensions[i].gzip, &st);
			return 1;
		}
		if (errno != ENOENT && errno != ENAMETOOLONG)
			return error_sys(e, "stat %s", meta);
	}
	return 0;
}

int source_scan_file(const char *path, struct source_member *ret, struct error *e)
{
	OWNED(source_member_release) struct source_member member = {0};
	OWNED(free) char *stem = NULL;
	size_t extension = find_extension(path);
	const char *slash;
	struct stat st;
	int r;

	if (!source_scan_is_data(path))
		return error_set(e, ERR_INVALID,
				 "%s: expected a name that ends in .bson or .bson.gz", path);
	if (stat(path, &st) != 0)
		return error_sys(e, "stat %s", path);
	stem = xstrndup(path, strlen(path) - strlen(extensions[extension].text));
	slash = strrchr(stem, '/');
	member.stem = xstrdup(slash == NULL ? stem : slash + 1);
	member.data = file_of(xstrdup(path), extensions[extension].gzip, &st);
	r = source_scan_find_meta(stem, &member.meta, e);
	if (r < 0)
		return r;
	*ret = member;
	member = (struct source_member){0};
	return 0;
}
