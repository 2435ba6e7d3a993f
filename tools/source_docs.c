#include "tools/source_docs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buckets.h"
#include "tools/source_window.h"

#define SLICE_LEN (1 * MIB)
#define UNMAP_EACH (32 * MIB) /* whole pages */
#define LEN_FIELD 4	      /* bytes of a document's length */
#define TERMINATOR UINT32_MAX

static const uint8_t empty_document[BSON_MIN_LEN] = {BSON_MIN_LEN};

void source_docs_progress(const struct source_job *job, uint64_t more)
{
	if (job->sink->progress != NULL)
		job->sink->progress(job->sink->ctx, job->done + more, job->total);
}

void source_docs_note(struct source_files *files, const char *path)
{
	if (files->count++ == 0)
		snprintf(files->first, sizeof(files->first), "%s", path);
}

void source_docs_note_all(struct source_files *files, const struct source_files *more)
{
	if (files->count == 0)
		*files = *more;
	else
		files->count += more->count;
}

int source_docs_check_db(struct bytes db, struct error *e)
{
	static const char refused[] = "/\\. \""; /* and the NUL behind them */
	bool good = db.len > 0;

	for (size_t i = 0; i < db.len && good; i++)
		good = memchr(refused, db.at[i], sizeof(refused)) == NULL;
	if (good)
		return 0;
	return error_set(e, ERR_INVALID, "expected the name of a database, found \"%.*s\"",
			 (int)MIN_OF(db.len, 64), (const char *)db.at);
}

bool source_docs_wanted(const struct source_job *job, const char *db, struct bytes coll)
{
	return *db == '\0' ||
	       ns_filter_takes(job->options->filter, db, (const char *)coll.at, coll.len);
}

size_t source_docs_limit(const char *db, const char *coll, size_t coll_len)
{
	static const char oplogs[] = "oplog.";
	size_t len = sizeof(oplogs) - 1;

	if (*db == '\0' ||
	    (strcmp(db, "local") == 0 && coll_len > len && memcmp(coll, oplogs, len) == 0))
		return SOURCE_DOCS_OPLOG_MAX;
	return BSON_MAX_LEN;
}

/* Does the document have a field of this name? A damaged one was refused before. */
static bool has_field(struct bytes doc, const char *name)
{
	struct bson_field field;
	struct error ignored = {0};

	return bson_find(doc, name, &field, &ignored) > 0;
}

void source_docs_describe(const struct metadata *m, struct source_ns *ret)
{
	ret->type = SOURCE_COLLECTION;
	ret->options = bytes_of(empty_document, sizeof(empty_document));
	ret->indexes = ret->options;
	ret->has_metadata = m != NULL;
	ret->has_uuid = false;
	if (m == NULL)
		return;
	ret->options = buf_bytes(&m->options);
	ret->indexes = buf_bytes(&m->indexes);
	ret->has_uuid = m->has_uuid;
	memcpy(ret->uuid, m->uuid, sizeof(ret->uuid));
	/* Not by m->type: mongodump --viewsAsCollections leaves "view" there, and dumps documents. */
	if (has_field(ret->options, "viewOn"))
		ret->type = SOURCE_VIEW;
	/* The buckets of a time series have its options, too, when they are dumped by name. */
	else if ((has_field(ret->options, "timeseries") || strcmp(m->type, "timeseries") == 0) &&
		 !buckets_is(bytes_str(ret->coll), NULL))
		ret->type = SOURCE_TIMESERIES;
}

size_t source_docs_need(struct bytes window, size_t limit)
{
	size_t len = window.len < LEN_FIELD ? LEN_FIELD : get_le32(window.at);

	return len > limit ? LEN_FIELD : len;
}

void source_docs_hint(struct bytes rest, size_t limit, struct error *e)
{
	if (source_docs_need(rest, limit) > rest.len)
		(void)error_hint(
			e, "it is truncated, unless that length is damaged; what it lacks can't be "
			   "recovered from it");
}

int64_t source_docs_split(struct bytes window, const struct source_split *how, const char *file,
			  uint64_t offset, struct error *e)
{
	size_t at = 0;

	while (at < window.len && at < SLICE_LEN) {
		struct bytes rest = bytes_of(window.at + at, window.len - at);
		int64_t len;

		if (how->terminated && rest.len >= LEN_FIELD && get_le32(rest.at) == TERMINATOR)
			break;
		if (!how->ended && source_docs_need(rest, how->limit) > rest.len)
			break;
		len = bson_next(rest, how->limit, e);
		if (len >= 0) {
			int r = bson_check(bytes_of(rest.at, (size_t)len), how->level, e);

			len = r < 0 ? r : len;
		}
		if (len < 0) {
			source_docs_hint(rest, how->limit, e);
			return error_wrap(e, "%s: document at offset %" PRIu64, file, offset + at);
		}
		at += (size_t)len;
	}
	return (int64_t)at;
}

/*
 * Tools that do not know time series (mongodump before 100.4) wrote the measurements of one under its name, which are
 * what a find of it gives and no documents of a collection.
 */
static int check_buckets(const struct source_ns *ns, struct bytes docs, uint64_t offset,
			 struct error *e)
{
	struct bson_field field;
	int64_t len = 0;

	for (size_t at = 0; at < docs.len; at += (size_t)len) {
		struct bytes rest = bytes_of(docs.at + at, docs.len - at);
		int found;

		len = bson_next(rest, rest.len, e);
		if (len < 0)
			return (int)len;
		found = bson_find(bytes_of(rest.at, (size_t)len), "control", &field, e);
		if (found < 0)
			return found;
		if (found == 1 && field.type == BSON_KIND_DOCUMENT)
			continue;
		error_set(e, ERR_UNSUPPORTED,
			  "%s: offset %" PRIu64 ": expected a bucket of the time series %s.%s, "
			  "found a document without control",
			  ns->file, offset + at, ns->db, ns->coll + sizeof(BUCKETS_PREFIX) - 1);
		return error_hint(e, "mongodump 100.4 and later dumps buckets, not measurements; "
				     "--nsExclude leaves it out");
	}
	return 0;
}

int source_docs_push(const struct source_job *job, const struct source_ns *ns, void *handle,
		     struct bytes docs, uint64_t offset, struct error *e)
{
	if (ns->type != SOURCE_COLLECTION)
		return error_set(e, ERR_CORRUPT,
				 "%s: offset %" PRIu64
				 ": expected no documents of %s.%s, which is a %s",
				 ns->file, offset, ns->db, ns->coll,
				 ns->type == SOURCE_VIEW ? "view" : "time series");
	if (ns->under_series && check_buckets(ns, docs, offset, e) < 0)
		return e->code;
	return job->sink->docs(job->sink->ctx, handle, docs, offset, e);
}

/* How the documents of a namespace are split. */
static struct source_split split_of(const struct source_job *job, const struct source_ns *ns)
{
	return (struct source_split){
		.limit = source_docs_limit(ns->db, ns->coll, ns->coll_len),
		.level = job->options->objcheck,
	};
}

/* All documents of a stream. */
static int push_stream(const struct source_job *job, const struct source_ns *ns, void *handle,
		       struct input_stream *in, struct error *e)
{
	OWNED(source_window_release) struct source_window window;
	struct source_split how = split_of(job, ns);

	source_window_init(&window, in);
	for (;;) {
		struct bytes rest = source_window_rest(&window);
		int64_t len;
		int r = source_window_more(&window, source_docs_need(rest, how.limit), e);

		if (r < 0)
			return r;
		rest = source_window_rest(&window);
		if (rest.len == 0)
			return 0;
		how.ended = window.ended;
		len = source_docs_split(rest, &how, ns->file, window.offset, e);
		if (len < 0)
			return (int)len;
		if (len == 0)
			continue;
		r = source_docs_push(job, ns, handle, bytes_of(rest.at, (size_t)len), window.offset,
				     e);
		if (r < 0)
			return r;
		source_window_take(&window, (size_t)len);
		source_docs_progress(job, input_stream_done(in));
	}
}

/* The file must stay as long as it was: reading what was cut off of a mapping is fatal. */
static int check_size(int fd, const struct source_ns *ns, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat %s", ns->file);
	if ((uint64_t)st.st_size == ns->whole.len)
		return 0;
	error_set(e, ERR_CORRUPT,
		  "%s: the file changed while it was read: it had %zu bytes, now %" PRIu64,
		  ns->file, ns->whole.len, (uint64_t)st.st_size);
	return error_hint(e, "let mongodump finish, then read the dump again");
}

/* Pages that were read are given back on the way: at the end, all at once, nothing else goes on meanwhile. */
static void unmap_passed(struct bytes whole, size_t at, size_t *passed)
{
	size_t end = at / UNMAP_EACH * UNMAP_EACH;

	if (end == *passed)
		return;
	(void)!madvise((void *)(uintptr_t)(whole.at + *passed), end - *passed, MADV_DONTNEED);
	*passed = end;
}

/* All documents of a mapped file. */
static int push_whole(const struct source_job *job, const struct source_ns *ns, void *handle,
		      int fd, struct error *e)
{
	struct source_split how = split_of(job, ns);
	size_t at = 0, passed = 0;
	int r = 0;

	how.ended = true;
	while (r >= 0 && at < ns->whole.len) {
		struct bytes rest = bytes_of(ns->whole.at + at, ns->whole.len - at);
		int64_t len;

		r = check_size(fd, ns, e);
		if (r < 0)
			return r;
		len = source_docs_split(rest, &how, ns->file, at, e);
		if (len < 0)
			return (int)len;
		r = source_docs_push(job, ns, handle, bytes_of(rest.at, (size_t)len), at, e);
		at += (size_t)len;
		unmap_passed(ns->whole, at, &passed);
		source_docs_progress(job, at);
	}
	return r < 0 ? r : check_size(fd, ns, e);
}

/* begin, what `push` finds, end. `in` NULL: the file is mapped. */
static int push_namespace(const struct source_job *job, const struct source_ns *ns, int fd,
			  struct input_stream *in, struct error *e)
{
	void *handle = NULL;
	int r = job->sink->begin(job->sink->ctx, ns, &handle, e);

	if (r >= 0 && in != NULL)
		r = push_stream(job, ns, handle, in, e);
	else if (r >= 0 && fd >= 0)
		r = push_whole(job, ns, handle, fd, e);
	if (r >= 0)
		r = job->sink->end(job->sink->ctx, handle, e);
	return r < 0 ? r : 0;
}

/*
 * Is what is called .bson gzip'd? mongodump --gzip --oplog calls its oplog so. A document may begin with the same
 * bytes, but is one then.
 */
static bool is_gzipped(struct bytes whole)
{
	struct error ignored = {0};
	int64_t len;

	if (!input_stream_is_gzip(whole))
		return false;
	len = bson_next(whole, SOURCE_DOCS_OPLOG_MAX, &ignored);
	return len < 0 ||
	       bson_check(bytes_of(whole.at, (size_t)len), BSON_CHECK_STRUCTURE, &ignored) < 0;
}

/* All documents of a gzip'd file. */
static int push_gzip(const struct source_job *job, struct source_ns *ns, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	int r = input_stream_open(ns->file, INPUT_STREAM_GZIP, &in, e);

	return r < 0 ? r : push_namespace(job, ns, -1, in, e);
}

/* A plain file: mapped, or read as a stream where that cannot be. */
static int push_plain(const struct source_job *job, struct source_ns *ns, struct error *e)
{
	OWNED(input_stream_close) struct input_stream *in = NULL;
	OWNED(fd_close) int fd = open(ns->file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map = MAP_FAILED;
	bool gzip;
	int r;

	if (fd < 0)
		return error_sys(e, "open %s", ns->file);
	if (fstat(fd, &st) != 0)
		return error_sys(e, "stat %s", ns->file);
	if (S_ISREG(st.st_mode)) {
		ns->expected_bytes = (uint64_t)st.st_size;
		if (st.st_size == 0)
			return push_namespace(job, ns, -1, NULL, e);
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (map == MAP_FAILED) {
		r = input_stream_from_fd(fd, ns->file, INPUT_STREAM_PLAIN, &in, e);
		return r < 0 ? r : push_namespace(job, ns, fd, in, e);
	}
	madvise(map, (size_t)st.st_size, MADV_SEQUENTIAL);
	ns->whole = bytes_of(map, (size_t)st.st_size);
	gzip = is_gzipped(ns->whole);
	r = gzip ? 0 : push_namespace(job, ns, fd, NULL, e);
	munmap(map, (size_t)st.st_size);
	ns->whole = bytes_of(NULL, 0);
	if (!gzip)
		return r;
	ns->expected_bytes = 0;
	return push_gzip(job, ns, e);
}

int source_docs_file(const struct source_job *job, struct source_ns *ns, const char *path,
		     bool gzip, struct error *e)
{
	ns->whole = bytes_of(NULL, 0);
	ns->expected_bytes = 0;
	if (path == NULL)
		return push_namespace(job, ns, -1, NULL, e);
	ns->file = path;
	return gzip ? push_gzip(job, ns, e) : push_plain(job, ns, e);
}
