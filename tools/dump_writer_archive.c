#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/bson_check.h"
#include "base/buckets.h"
#include "base/crc64.h"
#include "tools/dump_writer_file.h"
#include "tools/dump_writer_form.h"

#define MAGIC 0x8199e26dU
#define FORMAT_VERSION "0.1"
#define SEGMENT_MAX (16 * MIB) /* bytes of documents in a block, after which another begins */
#define NO_SERVER "0.0.0"      /* mongorestore wants three numbers */

static const uint8_t terminator[] = {0xff, 0xff, 0xff, 0xff};

/* An archive that is being written: tools/source_archive.h has the format. */
struct archive {
	const struct dump_writer_ns *all; /* borrowed */
	size_t count;
	int fd;
	char *path; /* NULL: standard output */
	bool was_there;
	bool finished;
	struct dump_writer_file *file;

	const struct dump_writer_ns *ns; /* the one that is begun */
	uint64_t crc;			 /* of its documents so far */
	size_t in_block;		 /* bytes of documents in the block that is open */
	bool block_open;
	bool any_block;
	bool others_begun; /* a namespace that need not come first */
	bool own_names;	   /* the blocks of buckets have the name of their time series */
};

static void archive_free(void *self)
{
	struct archive *a = self;

	if (a == NULL)
		return;
	dump_writer_file_free(a->file);
	if (!a->finished && a->path != NULL) {
		if (!a->was_there)
			unlink(a->path);
		else if (ftruncate(a->fd, 0) != 0)
			a->was_there = true; /* a pipe, or what nobody can help */
	}
	if (a->path != NULL && a->fd >= 0)
		close(a->fd);
	free(a->path);
	free(a);
}
DEFINE_OWNED(struct archive *, archive_free);

/* Append a string field to a document that is being built. */
static void add_text(struct buf *doc, const char *name, struct bytes text)
{
	buf_add_u8(doc, BSON_KIND_STRING);
	buf_add(doc, name, strlen(name) + 1);
	buf_add_le32(doc, (uint32_t)text.len + 1);
	buf_add_bytes(doc, text);
	buf_add_u8(doc, 0);
}

static void add_int32(struct buf *doc, const char *name, uint32_t value)
{
	buf_add_u8(doc, BSON_KIND_INT32);
	buf_add(doc, name, strlen(name) + 1);
	buf_add_le32(doc, value);
}

/* Close a document that takes all of `doc`, and write it. */
static int put_doc(struct archive *a, struct buf *doc, struct error *e)
{
	buf_add_u8(doc, 0);
	put_le32(doc->at, (uint32_t)doc->len);
	if (doc->len > BSON_MAX_LEN)
		return error_set(e, ERR_LIMIT,
				 "metadata of %zu bytes, an archive takes at most %zu", doc->len,
				 BSON_MAX_LEN);
	return dump_writer_file_add(a->file, buf_bytes(doc), e);
}

static int put_terminator(struct archive *a, struct error *e)
{
	return dump_writer_file_add(a->file, bytes_of(terminator, sizeof(terminator)), e);
}

static bool is_series(const struct dump_writer_ns *ns)
{
	return strcmp(ns->type, "timeseries") == 0;
}

/* Are these the buckets of a time series that is listed, which stands in the catalog for them? */
static bool is_listed_buckets(const struct archive *a, const struct dump_writer_ns *ns)
{
	struct bytes series;

	if (ns->has_metadata || !buckets_is(ns->coll, &series))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (is_series(&a->all[i]) && strcmp(a->all[i].db, ns->db) == 0 &&
		    bytes_equal(a->all[i].coll, series))
			return true;
	return false;
}

/* The header of a block. */
static int put_block(struct archive *a, bool eof, uint64_t crc, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	struct bytes coll = a->ns->coll;

	if (a->own_names && is_listed_buckets(a, a->ns))
		buckets_is(a->ns->coll, &coll);
	buf_add_le32(&doc, 0);
	add_text(&doc, "db", bytes_str(a->ns->db));
	add_text(&doc, "collection", coll);
	buf_add_u8(&doc, BSON_KIND_BOOL);
	buf_add(&doc, "EOF", sizeof("EOF"));
	buf_add_u8(&doc, eof);
	buf_add_u8(&doc, BSON_KIND_INT64);
	buf_add(&doc, "CRC", sizeof("CRC"));
	buf_add_le64(&doc, crc);
	return put_doc(a, &doc, e);
}

/* One namespace of the catalog. */
static int put_listing(struct archive *a, const struct dump_writer_ns *ns, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf text = {0};
	int r = dump_writer_metadata(ns, &text, e);

	if (r < 0)
		return r;
	buf_add_le32(&doc, 0);
	add_text(&doc, "db", bytes_str(ns->db));
	add_text(&doc, "collection", ns->coll);
	add_text(&doc, "metadata", buf_bytes(&text));
	add_int32(&doc, "size", 0);
	add_text(&doc, "type", bytes_str(ns->type));
	return put_doc(a, &doc, e);
}

/* Everything before the first block. */
static int put_start(struct archive *a, const char *server_version, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};
	uint8_t magic[4];
	int r;

	put_le32(magic, MAGIC);
	r = dump_writer_file_add(a->file, bytes_of(magic, sizeof(magic)), e);
	if (r < 0)
		return r;
	buf_add_le32(&doc, 0);
	add_int32(&doc, "concurrent_collections", 1);
	add_text(&doc, "version", bytes_str(FORMAT_VERSION));
	add_text(&doc, "server_version",
		 bytes_str(*server_version == '\0' ? NO_SERVER : server_version));
	add_text(&doc, "tool_version", bytes_str(DUMP_WRITER_TOOL));
	r = put_doc(a, &doc, e);
	for (size_t i = 0; i < a->count && r >= 0; i++)
		if (!is_listed_buckets(a, &a->all[i]))
			r = put_listing(a, &a->all[i], e);
	return r < 0 ? r : put_terminator(a, e);
}

/* Open the file for writing; it must not have anything in it. */
static int open_path(struct archive *a, const char *path, struct error *e)
{
	struct stat st;

	a->was_there = access(path, F_OK) == 0;
	a->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (a->fd < 0)
		return error_sys(e, "create %s", path);
	if (fstat(a->fd, &st) != 0)
		return error_sys(e, "stat %s", path);
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		close(a->fd);
		a->fd = -1;
		error_set(e, ERR_EXISTS, "%s: expected no such file, found one of %lld bytes", path,
			  (long long)st.st_size);
		return error_hint(e, "remove it, or name another file");
	}
	a->path = xstrdup(path);
	return 0;
}

/* mongorestore expects what mongodump writes of such a server (mongo-tools common/archive/demultiplexer.go, CreateDemux). */
static bool names_series(const char *server_version)
{
	unsigned major, minor;

	return sscanf(server_version, "%u.%u", &major, &minor) == 2 &&
	       (major > 8 || (major == 8 && minor >= 3));
}

int dump_writer_archive_open(const struct dump_writer_options *options,
			     const struct dump_writer_ns *all, size_t count, void **ret,
			     struct error *e)
{
	OWNED(archive_free) struct archive *a = xcalloc(1, sizeof(*a));
	bool to_stdout = strcmp(options->archive, "-") == 0;
	int r = 0;

	a->all = all;
	a->count = count;
	a->own_names = names_series(options->server_version);
	a->fd = STDOUT_FILENO;
	if (!to_stdout)
		r = open_path(a, options->archive, e);
	if (r >= 0)
		r = dump_writer_file_from_fd(a->fd,
					     to_stdout ? "standard output" : options->archive,
					     options->gzip, &a->file, e);
	if (r >= 0)
		r = put_start(a, options->server_version, e);
	if (r < 0)
		return r;
	*ret = TAKE(a);
	return 0;
}

static int archive_begin(void *self, const struct dump_writer_ns *ns, struct error *e)
{
	struct archive *a = self;

	if (dump_writer_comes_first(ns) && a->others_begun)
		return error_set(e, ERR_INVALID,
				 "%s.%.*s must stand before other namespaces in an archive", ns->db,
				 (int)MIN_OF(ns->coll.len, (size_t)255), (const char *)ns->coll.at);
	a->others_begun |= !dump_writer_comes_first(ns);
	a->ns = ns;
	a->crc = 0;
	a->block_open = false;
	a->any_block = false;
	return 0;
}

static int archive_docs(void *self, struct bytes docs, struct error *e)
{
	struct archive *a = self;
	int r = 0;

	if (!a->block_open) {
		r = put_block(a, false, 0, e);
		a->block_open = true;
		a->any_block = true;
		a->in_block = 0;
	}
	if (r >= 0)
		r = dump_writer_file_add(a->file, docs, e);
	if (r < 0)
		return r;
	a->crc = crc64_update(a->crc, docs);
	a->in_block += docs.len;
	if (a->in_block < SEGMENT_MAX)
		return 0;
	a->block_open = false;
	return put_terminator(a, e);
}

static int archive_end(void *self, struct error *e)
{
	struct archive *a = self;
	int r = 0;

	/* A time series has no blocks of its own, but in its buckets' name. */
	if (is_series(a->ns) && !a->ns->has_documents)
		return 0;
	if (!a->any_block) {
		r = put_block(a, false, 0, e);
		a->block_open = true;
	}
	if (r >= 0 && a->block_open)
		r = put_terminator(a, e);
	if (r >= 0)
		r = put_block(a, true, a->crc, e);
	return r < 0 ? r : put_terminator(a, e);
}

static int archive_finish(void *self, struct error *e)
{
	struct archive *a = self;
	int r = dump_writer_file_finish(a->file, e);

	if (r < 0)
		return r;
	/* Pipes and terminals can't be synced, and need not. */
	if (fsync(a->fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return error_sys(e, "sync %s", a->path == NULL ? "standard output" : a->path);
	a->finished = true;
	return 0;
}

const struct dump_writer_form dump_writer_archive = {
	.begin = archive_begin,
	.docs = archive_docs,
	.end = archive_end,
	.finish = archive_finish,
	.free = archive_free,
};
