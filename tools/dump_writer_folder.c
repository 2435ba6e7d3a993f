#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/dump_name.h"
#include "base/ejson.h"
#include "base/file.h"
#include "tools/dump_writer_file.h"
#include "tools/dump_writer_form.h"

/* A folder that is being written. */
struct folder {
	char *out;
	bool gzip;
	bool made_out; /* it was not there before */
	bool finished;
	char **made; /* what was made directly in `out`, to be removed on failure */
	size_t made_count;
	struct dump_writer_file *data; /* of the namespace that is begun, if it has documents */
};

/* Remember something that was made in `out`; takes the path. */
static void remember(struct folder *f, char *path)
{
	f->made = xrealloc(f->made, (f->made_count + 1) * sizeof(*f->made));
	f->made[f->made_count++] = path;
}

static void folder_free(void *self)
{
	struct folder *f = self;
	struct error ignored = {0};

	if (f == NULL)
		return;
	dump_writer_file_free(f->data);
	for (size_t i = f->made_count; i-- > 0;) {
		if (!f->finished && file_remove_tree(f->made[i], &ignored) < 0)
			ignored = (struct error){0}; /* the first error is what the user is told */
		free(f->made[i]);
	}
	if (!f->finished && f->made_out)
		rmdir(f->out);
	free(f->made);
	free(f->out);
	free(f);
}
DEFINE_OWNED(struct folder *, folder_free);

/* 1 the folder is there and empty, 0 there is none; ERR_EXISTS when it has files. */
static int check_empty(const char *path, struct error *e)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL)
		return errno == ENOENT ? 0 : error_sys(e, "open folder %s", path);
	do
		entry = readdir(dir);
	while (entry != NULL &&
	       (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	if (entry != NULL) {
		error_set(e, ERR_EXISTS, "%s: expected no folder or an empty one, found %s in it",
			  path, entry->d_name);
		error_hint(e, "name a folder that does not exist");
	}
	closedir(dir);
	return entry != NULL ? e->code : 1;
}

/* Write a small file. */
static int put_text(const struct folder *f, const char *path, struct bytes text, struct error *e)
{
	OWNED(dump_writer_file_free) struct dump_writer_file *file = NULL;
	int r = dump_writer_file_open(path, f->gzip, &file, e);

	if (r >= 0)
		r = dump_writer_file_add(file, text, e);
	return r < 0 ? r : dump_writer_file_finish(file, e);
}

/* prelude.json: the versions. */
static int put_prelude(struct folder *f, const char *server_version, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	char *path = xprintf("%s/prelude.json%s", f->out, f->gzip ? ".gz" : "");
	int r;

	remember(f, path);
	buf_add_str(&text, "{\"ServerVersion\":");
	r = ejson_write_name(bytes_str(*server_version == '\0' ? "unknown" : server_version), &text,
			     e);
	if (r < 0)
		return r;
	buf_add_str(&text, ",\"ToolVersion\":\"" DUMP_WRITER_TOOL "\"}");
	return put_text(f, path, buf_bytes(&text), e);
}

int dump_writer_folder_open(const struct dump_writer_options *options, void **ret, struct error *e)
{
	OWNED(folder_free) struct folder *f = xcalloc(1, sizeof(*f));
	int r = check_empty(options->out, e);

	if (r < 0)
		return r;
	f->out = xstrdup(options->out);
	f->gzip = options->gzip;
	f->made_out = r == 0;
	r = file_make_dirs(f->out, e);
	if (r >= 0)
		r = put_prelude(f, options->server_version, e);
	if (r < 0)
		return r;
	*ret = TAKE(f);
	return 0;
}

/* The path of a namespace's file, with its folder made; the caller frees it. */
static int make_path(struct folder *f, const struct dump_writer_ns *ns, const char *extension,
		     char **ret, struct error *e)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(free) char *dir = xprintf("%s/%s", f->out, ns->db);
	const char *gzip = f->gzip ? ".gz" : "";

	if (*ns->db == '\0') { /* without .gz, or mongorestore does not find it */
		*ret = xprintf("%s/oplog%s", f->out, extension);
		remember(f, xstrdup(*ret));
		return 0;
	}
	if (mkdir(dir, 0700) == 0)
		remember(f, xstrdup(dir));
	else if (errno != EEXIST)
		return error_sys(e, "create folder %s", dir);
	dump_name_escape(ns->coll, &name);
	*ret = xprintf("%s/%s%s%s", dir, buf_text(&name), extension, gzip);
	return 0;
}

static int folder_begin(void *self, const struct dump_writer_ns *ns, struct error *e)
{
	struct folder *f = self;
	OWNED(free) char *meta = NULL;
	OWNED(free) char *data = NULL;
	OWNED(buf_release) struct buf text = {0};
	int r = dump_writer_metadata(ns, &text, e);

	if (r < 0)
		return r;
	if (ns->has_metadata) {
		r = make_path(f, ns, ".metadata.json", &meta, e);
		if (r >= 0)
			r = put_text(f, meta, buf_bytes(&text), e);
		if (r < 0)
			return r;
	}
	if (!ns->has_documents)
		return 0;
	r = make_path(f, ns, ".bson", &data, e);
	return r < 0 ? r : dump_writer_file_open(data, f->gzip, &f->data, e);
}

static int folder_docs(void *self, struct bytes docs, struct error *e)
{
	struct folder *f = self;

	return dump_writer_file_add(f->data, docs, e);
}

static int folder_end(void *self, struct error *e)
{
	struct folder *f = self;
	int r = 0;

	if (f->data != NULL)
		r = dump_writer_file_finish(f->data, e);
	dump_writer_file_free(TAKE(f->data));
	return r;
}

/* All is written: make it last. One syncfs is cheaper than an fsync for each of many files. */
static int folder_finish(void *self, struct error *e)
{
	struct folder *f = self;
	OWNED(fd_close) int fd = open(f->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(e, "open folder %s", f->out);
	if (syncfs(fd) != 0)
		return error_sys(e, "sync %s", f->out);
	f->finished = true;
	return 0;
}

const struct dump_writer_form dump_writer_folder = {
	.begin = folder_begin,
	.docs = folder_docs,
	.end = folder_end,
	.finish = folder_finish,
	.free = folder_free,
};
