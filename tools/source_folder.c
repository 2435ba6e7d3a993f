#include "tools/source_folder.h"

#include "base/buckets.h"
#include "base/metadata_json.h"
#include "tools/input_stream.h"
#include "tools/source_database.h"
#include "tools/source_scan.h"

#define PRELUDE_MAX (64 * KIB) /* bytes of prelude.json */
#define OPLOG "oplog"

/* A sub-folder with files of a dump: a database. */
struct folder {
	char *name;
	struct source_scan scan;
};

/* A dump: its own files, and those of its databases. */
struct folders {
	struct source_scan root;
	struct folder *at;
	size_t count;
	struct source_files deeper; /* data files one folder below where those of databases are */
};

static void folders_release(struct folders *dump)
{
	source_scan_release(&dump->root);
	for (size_t i = 0; i < dump->count; i++) {
		free(dump->at[i].name);
		source_scan_release(&dump->at[i].scan);
	}
	free(dump->at);
}
DEFINE_OWNED_STRUCT(struct folders, folders_release);

/*
 * Is this sub-folder that of a collection's documents in a mount, and the folder around it a database? It lies
 * beside the files of the collection, and has no data; what is in it may be called x.metadata.json, after an _id.
 */
static bool is_of_documents(const struct source_scan *around, const char *name,
			    const struct source_scan *scan)
{
	for (size_t i = 0; i < scan->count; i++)
		if (scan->members[i].data.path != NULL)
			return false;
	return source_scan_has(around, name);
}

/*
 * Data files in the folders of a database's folder: another dump that was put there, maybe. In a mount those of
 * the collections' documents are there, which may be many.
 */
static void look_deeper(struct folders *dump, const char *path, const struct source_scan *scan)
{
	for (size_t i = 0; i < scan->folder_count; i++) {
		OWNED(free) char *sub = xprintf("%s/%s", path, scan->folders[i]);
		OWNED(source_scan_release) struct source_scan below = {0};
		struct error ignored = {0};

		if (source_scan_has(scan, scan->folders[i]) ||
		    source_scan_folder(sub, &below, &ignored) < 0)
			continue;
		for (size_t k = 0; k < below.count; k++)
			if (below.members[k].data.path != NULL)
				source_docs_note(&dump->deeper, below.members[k].data.path);
	}
}

/* Scan the folder and its sub-folders. */
static int scan_all(const char *path, struct folders *ret, struct error *e)
{
	int r = source_scan_folder(path, &ret->root, e);

	if (r < 0)
		return r;
	ret->at = xcalloc(ret->root.folder_count, sizeof(*ret->at));
	for (size_t i = 0; i < ret->root.folder_count; i++) {
		OWNED(free) char *sub = xprintf("%s/%s", path, ret->root.folders[i]);
		struct folder *folder = &ret->at[ret->count];

		r = source_scan_folder(sub, &folder->scan, e);
		if (r < 0)
			return r;
		if (is_of_documents(&ret->root, ret->root.folders[i], &folder->scan)) {
			source_scan_release(&folder->scan);
			continue;
		}
		look_deeper(ret, sub, &folder->scan);
		if (folder->scan.count == 0) {
			source_scan_release(&folder->scan);
			continue;
		}
		folder->name = xstrdup(ret->root.folders[i]);
		ret->count++;
	}
	return 0;
}

/* Copy the text of a field of the prelude; "unknown" counts as nothing. */
static void copy_version(struct bytes doc, const char *name, char *ret, size_t size)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text;

	if (bson_find(doc, name, &field, &ignored) <= 0 || field.type != BSON_KIND_STRING ||
	    bson_text(field.value, &text, &ignored) < 0 || bytes_equal(text, bytes_str("unknown")))
		return;
	text.len = MIN_OF(text.len, size - 1);
	memcpy(ret, text.at, text.len);
	ret[text.len] = '\0';
}

/* The object in a prelude.json. */
static int parse_prelude(const char *path, bool gzip, struct buf *ret, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	OWNED(buf_release) struct buf text = {0};
	int r = input_stream_open(path, gzip ? INPUT_STREAM_GZIP : INPUT_STREAM_PLAIN, &in, e);

	if (r < 0)
		return r;
	r = input_stream_read_all(in, PRELUDE_MAX, &text, e);
	if (r < 0)
		return r;
	r = metadata_json_parse(buf_bytes(&text), PRELUDE_MAX, ret, e);
	return r < 0 ? error_wrap(e, "%s", path) : 0;
}

/* Is there a collection called prelude beside prelude.json? In a mount that file is then its documents, one a line. */
static bool is_of_collection(const char *path)
{
	static const char *const endings[] = {".bson", ".bson.gz", ".metadata.json",
					      ".metadata.json.gz"};
	size_t len = strlen(path) - strlen(strstr(strrchr(path, '/'), ".json"));

	for (size_t i = 0; i < COUNT_OF(endings); i++) {
		OWNED(free) char *beside = xprintf("%.*s%s", (int)len, path, endings[i]);

		if (access(beside, F_OK) == 0)
			return true;
	}
	return false;
}

/* Take the versions from a prelude.json. */
static int read_prelude(const struct source_job *job, const char *path, bool gzip, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	int r = parse_prelude(path, gzip, &doc, e);

	if ((r == ERR_CORRUPT || r == ERR_LIMIT) && is_of_collection(path)) {
		*e = (struct error){0};
		return 0;
	}
	if (r < 0)
		return r;
	copy_version(buf_bytes(&doc), "ServerVersion", job->info->server_version,
		     sizeof(job->info->server_version));
	copy_version(buf_bytes(&doc), "ToolVersion", job->info->tool_version,
		     sizeof(job->info->tool_version));
	return 0;
}

/* The prelude of a database's folder, plain or gzip'd: there, or one folder up. */
static int read_near_prelude(const struct source_job *job, const char *dir, struct error *e)
{
	for (size_t i = 0; i < 4; i++) {
		OWNED(free)
		char *path = xprintf("%s/%sprelude.json%s", dir, i >= 2 ? "../" : "",
				     i % 2 == 1 ? ".gz" : "");

		if (access(path, R_OK) == 0)
			return read_prelude(job, path, i % 2 == 1, e);
	}
	return 0;
}

/* Tell of the files that are not read. */
static void note_unread(struct source_job *job, const struct source_scan *scan)
{
	for (size_t i = 0; i < scan->unread_count; i++)
		source_docs_note(&job->info->unread, scan->unread[i]);
}

/* Count the files of a database in the job's totals. */
static void count_members(struct source_job *job, const struct source_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (members[i].data.path == NULL)
			continue;
		job->total += members[i].data.size;
		job->info->newest_mtime = MAX_OF(job->info->newest_mtime, members[i].data.mtime);
	}
}

/* Is this an oplog that mongodump --oplog wrote? */
static bool is_oplog(const struct source_member *member)
{
	return strcmp(member->stem, OPLOG) == 0 && member->data.path != NULL &&
	       member->meta.path == NULL;
}

static int push_oplog(struct source_job *job, const struct source_member *member, struct error *e)
{
	struct source_ns ns = {.db = "", .coll = OPLOG, .coll_len = strlen(OPLOG)};
	int r;

	source_docs_describe(NULL, &ns);
	r = source_docs_file(job, &ns, member->data.path, member->data.gzip, e);
	if (r < 0)
		return r;
	job->info->has_oplog = true;
	job->done += member->data.size;
	return 0;
}

/* ERR_INVALID: a mongod's own files. Its storage.bson would be taken for a collection. */
static int COLD is_dbpath(const char *path, struct error *e)
{
	error_set(e, ERR_INVALID,
		  "%s: expected a mongodump folder, found the data folder of a mongod "
		  "(WiredTiger.wt)",
		  path);
	return error_hint(e, "'yester backup --dbpath' takes the files of a mongod that is stopped "
			     "or frozen; --uri copies from one that runs");
}

/* ERR_INVALID: a dump, not a database. Its oplog would be taken for a collection, and its databases be left out. */
static int COLD is_dump_itself(const char *path, struct error *e)
{
	error_set(e, ERR_INVALID,
		  "%s: expected the files of a database, found a dump of its own: an oplog.bson "
		  "and no other file of a collection",
		  path);
	return error_hint(e, "each dump is read by itself: %s", path);
}

/* Is there nothing but the oplog of a dump? */
static bool is_only_oplog(const struct source_scan *scan)
{
	return scan->count == 1 && is_oplog(&scan->members[0]);
}

/* What is said with a whole dump must fit it. */
static int check_dump(const struct source_job *job, const char *path, const struct folders *dump,
		      struct error *e)
{
	if (job->options->db != NULL) {
		error_set(e, ERR_INVALID,
			  "--db is for a lone .bson or the folder of one database; %s is a whole "
			  "dump",
			  path);
		return error_hint(e, "take one: its sub-folders are its databases");
	}
	for (size_t i = 0; i < dump->count; i++) {
		OWNED(free) char *sub = xprintf("%s/%s", path, dump->at[i].name);

		if (dump->at[i].scan.is_dbpath)
			return is_dbpath(sub, e);
		if (is_only_oplog(&dump->at[i].scan))
			return is_dump_itself(sub, e);
		if (source_docs_check_db(bytes_str(dump->at[i].name), e) >= 0)
			continue;
		error_wrap(e, "%s", sub);
		return error_hint(e, "no server allows such a name: move it out of the dump, or "
				     "rename it");
	}
	return 0;
}

/* A whole dump: each database, then the oplog. */
static int push_dump(struct source_job *job, const char *path, const struct folders *dump,
		     struct error *e)
{
	const struct source_member *oplog = NULL;
	const struct source_file *prelude = &dump->root.prelude;
	int r = check_dump(job, path, dump, e);

	if (r >= 0 && prelude->path != NULL)
		r = read_prelude(job, prelude->path, prelude->gzip, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < dump->root.count; i++) {
		const struct source_member *member = &dump->root.members[i];

		if (is_oplog(member))
			oplog = member;
		else if (member->data.path != NULL)
			source_docs_note(&job->info->unread, member->data.path);
	}
	note_unread(job, &dump->root);
	count_members(job, oplog, oplog != NULL);
	for (size_t i = 0; i < dump->count; i++) {
		const struct source_scan *scan = &dump->at[i].scan;

		count_members(job, scan->members, scan->count);
		note_unread(job, scan);
		prelude = &scan->prelude;
		if (dump->root.prelude.path == NULL && prelude->path != NULL &&
		    (r = read_prelude(job, prelude->path, prelude->gzip, e)) < 0)
			return r;
	}
	for (size_t i = 0; i < dump->count; i++) {
		r = source_database_push(job, dump->at[i].name, dump->at[i].scan.members,
					 dump->at[i].scan.count, e);
		if (r < 0)
			return r;
	}
	return oplog == NULL ? 0 : push_oplog(job, oplog, e);
}

/* The last component of `path`, made absolute when it says nothing ("."). */
static char *folder_name(const char *path)
{
	OWNED(free) char *absolute = NULL;
	size_t len = strlen(path);
	const char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);
	if (slash != NULL) {
		len -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	if (len > 0 && !(len == 1 && *path == '.') && !(len == 2 && memcmp(path, "..", 2) == 0))
		return xstrndup(path, len);
	absolute = realpath(path, NULL);
	slash = absolute == NULL ? NULL : strrchr(absolute, '/');
	return xstrdup(slash == NULL || slash[1] == '\0' ? "test" : slash + 1);
}

/* One database's folder. */
static int push_database(struct source_job *job, const char *path, const struct source_scan *scan,
			 struct error *e)
{
	OWNED(free)
	char *name = job->options->db != NULL ? xstrdup(job->options->db) : folder_name(path);
	int r = source_docs_check_db(bytes_str(name), e);

	if (r < 0) {
		if (job->options->db != NULL)
			return error_wrap(e, "--db");
		error_wrap(e, "%s", path);
		return error_hint(e, "it would be that of the folder; --db NAME says another one");
	}
	r = read_near_prelude(job, path, e);
	if (r < 0)
		return r;
	count_members(job, scan->members, scan->count);
	note_unread(job, scan);
	return source_database_push(job, name, scan->members, scan->count, e);
}

/* ERR_INVALID, with a hint when a sub-folder looks like the dump that was meant. */
static int COLD not_a_dump(const char *path, const struct folders *dump, struct error *e)
{
	error_set(
		e, ERR_INVALID,
		"%s: expected a mongodump folder (a sub-folder with .bson and .metadata.json files "
		"for each database), found %zu sub-folders and %zu files, none of a dump",
		path, dump->root.folder_count, dump->root.other_count);
	for (size_t i = 0; i < MIN_OF(dump->root.folder_count, (size_t)16); i++) {
		OWNED(free) char *sub = xprintf("%s/%s", path, dump->root.folders[i]);
		OWNED(folders_release) struct folders below = {0};
		struct error ignored = {0};

		if (scan_all(sub, &below, &ignored) == 0 && below.count > 0)
			return error_hint(e, "did you mean %s?", sub);
	}
	return e->code;
}

int source_folder_read(struct source_job *job, const char *path, struct error *e)
{
	OWNED(folders_release) struct folders dump = {0};
	int r = scan_all(path, &dump, e);

	if (r < 0)
		return r;
	if (dump.root.is_dbpath)
		return is_dbpath(path, e);
	if (dump.count > 0 || is_only_oplog(&dump.root))
		r = push_dump(job, path, &dump, e);
	else if (dump.root.count > 0)
		r = push_database(job, path, &dump.root, e);
	else
		return not_a_dump(path, &dump, e);
	source_docs_note_all(&job->info->unread, &dump.deeper);
	return r;
}

/* The buckets of a time series: the metadata that is under the series' own name. */
static int find_series(const char *dir, const char *stem, struct source_member *ret,
		       struct error *e)
{
	OWNED(free) char *path = NULL;
	struct bytes series;
	int r;

	if (!buckets_is(bytes_str(stem), &series))
		return 0;
	path = xprintf("%s/%s", dir, (const char *)series.at);
	r = source_scan_find_meta(path, &ret->meta, e);
	if (r > 0)
		ret->stem = xstrdup((const char *)series.at);
	return r;
}

int source_folder_read_file(struct source_job *job, const char *path, struct error *e)
{
	const char *slash = strrchr(path, '/');
	OWNED(free)
	char *dir = slash == NULL   ? xstrdup(".")
		    : slash == path ? xstrdup("/")
				    : xstrndup(path, (size_t)(slash - path));
	OWNED(source_scan_release) struct source_scan scan = {0};
	int r;

	scan.members = xcalloc(2, sizeof(*scan.members));
	r = source_scan_file(path, &scan.members[0], e);
	if (r < 0)
		return r;
	scan.count = 1;
	if (is_oplog(&scan.members[0]) && job->options->db == NULL) {
		count_members(job, scan.members, scan.count);
		return push_oplog(job, &scan.members[0], e);
	}
	if (scan.members[0].meta.path == NULL) {
		r = find_series(dir, scan.members[0].stem, &scan.members[1], e);
		if (r < 0)
			return r;
		scan.count += (size_t)r;
	}
	return push_database(job, dir, &scan, e);
}
