#include "tools/ingest_oplog.h"

#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "tools/input_stream.h"
#include "tools/oplog_slices.h"
#include "tools/source_archive.h"
#include "tools/source_docs.h"
#include "tools/source_kind.h"
#include "tools/source_window.h"

struct job {
	const struct ingest_oplog_options *options;
	struct stream_add *add;
	size_t slices; /* of the path that is read */
	void *open;    /* the handle of the slice that was begun and not ended */
	struct ingest_oplog_result result;
};

static int begin_slice(struct job *job, const char *name, struct error *e)
{
	oplog_own_end_slice(&job->result.own);
	return stream_add_slice(job->add, name, e);
}

static int add_docs(struct job *job, struct bytes docs, struct error *e)
{
	const struct progress *p = job->options->progress;

	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	while (docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);
		struct bytes doc = bytes_of(docs.at, len < 0 ? 0 : (size_t)len);
		struct entry_optime at;

		if (len < 0 || stream_add_entry(job->add, doc, e) < 0)
			return e->code;
		at = stream_add_last(job->add);
		oplog_own_look(&job->result.own, &at, doc);
		if (job->result.first.ts == 0 || at.ts < job->result.first.ts)
			job->result.first = at;
		if (at.ts > job->result.last.ts)
			job->result.last = at;
		docs = bytes_of(docs.at + len, docs.len - (size_t)len);
	}
	return 0;
}

static void report(const struct job *job, uint64_t done, uint64_t total)
{
	const struct progress *p = job->options->progress;

	if (p != NULL && p->report != NULL)
		p->report(p->ctx, "reading the oplog", done, total);
}

/* What is called .gz has some bytes, also of nothing: an empty file is what a full disk left. */
static int check_not_empty(const struct input_stream *in, struct error *e)
{
	static const char suffix[] = ".gz";
	const char *name = input_stream_name(in);
	size_t len = strlen(name), tail = sizeof(suffix) - 1;

	if (input_stream_done(in) > 0 || len <= tail || strcmp(name + len - tail, suffix) != 0)
		return 0;
	return error_set(e, ERR_CORRUPT, "%s: expected gzip, the file has 0 bytes", name);
}

/* What can't be read at the very beginning is mostly something else. */
static int COLD explain(const struct source_window *window, const char *name, struct error *e)
{
	struct source_kind kind = {0};

	if (window->offset == 0)
		kind = source_kind_of_entries(source_window_rest(window));
	if (kind.what == NULL)
		return e->code;
	*e = (struct error){0};
	error_set(e, ERR_INVALID,
		  "%s: expected entries of an oplog, as mongodump writes them, found %s", name,
		  kind.what);
	return error_hint(e, "%s", kind.hint);
}

/* Entries one after the other, to the end of the stream. */
static int read_entries(struct job *job, struct input_stream *in, struct source_window *window,
			struct error *e)
{
	const char *name = input_stream_name(in);
	struct source_split how = {.limit = ENTRY_MAX_LEN, .level = BSON_CHECK_STRUCTURE};

	if (begin_slice(job, name, e) < 0)
		return e->code;
	for (;;) {
		struct bytes rest = source_window_rest(window);
		int64_t len;

		if (source_window_more(window, source_docs_need(rest, how.limit), e) < 0)
			return e->code;
		rest = source_window_rest(window);
		if (rest.len == 0)
			return check_not_empty(in, e);
		how.ended = window->ended;
		len = source_docs_split(rest, &how, name, window->offset, e);
		if (len < 0)
			return explain(window, name, e);
		if (add_docs(job, bytes_of(rest.at, (size_t)len), e) < 0)
			return e->code;
		source_window_take(window, (size_t)len);
		report(job, input_stream_done(in), input_stream_total(in));
	}
}

static int on_begin(void *ctx, const struct source_ns *ns, void **ret_handle, struct error *e)
{
	struct job *job = ctx;

	if (job->open != NULL)
		return error_set(e, ERR_UNSUPPORTED,
				 "%s: the archive has two oplogs that are mixed", ns->file);
	if (begin_slice(job, ns->file == NULL ? ns->coll : ns->file, e) < 0)
		return e->code;
	job->slices++;
	job->open = job;
	*ret_handle = job;
	return 0;
}

static int on_docs(void *ctx, void *handle UNUSED, struct bytes docs, uint64_t offset UNUSED,
		   struct error *e)
{
	return add_docs(ctx, docs, e);
}

static int on_end(void *ctx, void *handle UNUSED, struct error *e UNUSED)
{
	((struct job *)ctx)->open = NULL;
	return 0;
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	report(ctx, done, total);
}

/* A dump's own oplog, and a dump of the oplog: a folder, or (`archive` is not NULL) what is read of an archive. */
static int read_dump(struct job *job, const char *path, struct input_stream *archive,
		     struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	const struct source_sink sink = {job, on_begin, on_docs, on_end, on_progress, NULL};
	const struct source_options options = {.objcheck = BSON_CHECK_STRUCTURE, .filter = filter};
	struct source_info info;

	job->slices = 0;
	if (ns_filter_include(filter, "local.oplog.rs", e) < 0)
		return e->code;
	if ((archive == NULL ? source_read(path, false, &options, &sink, &info, e)
			     : source_read_archive(archive, &options, &sink, &info, e)) < 0)
		return e->code;
	if (job->slices > 0)
		return 0;
	error_set(e, ERR_INVALID, "%s: there is no oplog in it", path);
	return error_hint(e, "it is oplog.bson of 'mongodump --oplog', or local/oplog.rs.bson of "
			     "'mongodump -d local -c oplog.rs'");
}

static int read_path(struct job *job, const char *path, struct error *e);

/* A dump, or a folder in which several slices lie. */
static int read_folder(struct job *job, const char *path, struct error *e)
{
	OWNED(oplog_slices_release) struct oplog_slices slices = {0};

	if (oplog_slices_list(path, &slices, e) < 0)
		return e->code;
	if (slices.count == 0)
		return read_dump(job, path, NULL, e);
	for (size_t i = 0; i < slices.count; i++)
		if (read_path(job, slices.paths[i], e) < 0)
			return e->code;
	return 0;
}

static int read_path(struct job *job, const char *path, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	OWNED(source_window_release) struct source_window window = {0};
	bool is_stdin = strcmp(path, "-") == 0;
	struct bytes begin;
	struct stat st;

	if (!is_stdin && stat(path, &st) != 0)
		return error_sys(e, "%s", path);
	if (!is_stdin && S_ISDIR(st.st_mode))
		return read_folder(job, path, e);
	if (input_stream_open(path, INPUT_STREAM_AUTO, &in, e) < 0)
		return e->code;
	source_window_init(&window, in);
	if (source_window_more(&window, sizeof(uint32_t), e) < 0)
		return e->code;
	begin = source_window_rest(&window);
	if (begin.len < sizeof(uint32_t) || get_le32(begin.at) != SOURCE_ARCHIVE_MAGIC)
		return read_entries(job, in, &window, e);
	input_stream_unread(in, begin);
	return read_dump(job, input_stream_name(in), in, e);
}

static int run(struct job *job, struct store *store, struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct store_writer_counts counts;

	if (store_writer_begin(store, &writer, e) < 0 || stream_add_begin(writer, &add, e) < 0)
		return e->code;
	job->add = add;
	for (size_t i = 0; i < job->options->path_count; i++)
		if (read_path(job, job->options->paths[i], e) < 0)
			return e->code;
	oplog_own_end_slice(&job->result.own);
	if (stream_add_finish(add, &job->result.added, e) < 0)
		return e->code;
	store_writer_counts(writer, &counts);
	job->result.stored_bytes = counts.stored_bytes;
	return 0;
}

int ingest_oplog_run(struct store *store, const struct ingest_oplog_options *options,
		     struct ingest_oplog_result *ret, struct error *e)
{
	OWNED(stream_close) struct stream *stream = NULL;
	struct job job = {.options = options};
	uint64_t start = clock_ms();
	const struct stream_range *range;

	if (run(&job, store, e) < 0 || stream_open(store, &stream, NULL, e) < 0)
		return e->code;
	range = stream_range_at(stream, job.result.last.ts);
	if (range != NULL) {
		job.result.has_range = true;
		job.result.range = *range;
	}
	job.result.milliseconds = clock_ms() - start;
	*ret = job.result;
	return 0;
}
