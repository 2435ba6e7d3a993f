#include "tools/source_archive.h"

#include <inttypes.h>

#include "base/buckets.h"
#include "base/crc64.h"
#include "tools/source_catalog.h"
#include "tools/source_kind.h"
#include "tools/source_window.h"

#define MAGIC_LEN 4
#define TERMINATOR UINT32_MAX
#define TERMINATOR_LEN 4

/* An archive that is being read. */
struct archive {
	struct source_job *job;
	struct input_stream *in;
	const char *name; /* for messages */
	struct source_window window;
	struct source_catalog catalog;
};

static void archive_release(struct archive *a)
{
	source_catalog_release(&a->catalog);
	source_window_release(&a->window);
}
DEFINE_OWNED_STRUCT(struct archive, archive_release);

/* Have `want` bytes in the window, or what there is until the end of the archive. */
static int more(struct archive *a, size_t want, struct bytes *ret, struct error *e)
{
	int r = source_window_more(&a->window, want, e);

	if (r < 0)
		return r;
	*ret = source_window_rest(&a->window);
	source_docs_progress(a->job, input_stream_done(a->in));
	return 0;
}

/* ERR_CORRUPT: the archive ends at the window's offset. */
static int COLD cut_off(const struct archive *a, const char *expected, struct error *e)
{
	error_set(e, ERR_CORRUPT, "%s: expected %s at offset %" PRIu64 ", the archive ends there",
		  a->name, expected, a->window.offset);
	return error_hint(e, "the archive is truncated; what it lacks can't be recovered from it");
}

/* The next document, checked, and used up: 1; or 0 for a terminator. Valid until the next more(). */
static int next_item(struct archive *a, const char *expected, struct bytes *ret, struct error *e)
{
	const uint64_t offset = a->window.offset;
	struct bytes rest;
	int64_t len;
	int r = more(a, TERMINATOR_LEN, &rest, e);

	if (r >= 0)
		r = more(a, source_docs_need(rest, BSON_MAX_LEN), &rest, e);
	if (r < 0)
		return r;
	if (rest.len == 0)
		return cut_off(a, expected, e);
	if (rest.len >= TERMINATOR_LEN && get_le32(rest.at) == TERMINATOR) {
		source_window_take(&a->window, TERMINATOR_LEN);
		return 0;
	}
	len = bson_next(rest, BSON_MAX_LEN, e);
	if (len >= 0) {
		*ret = bytes_of(rest.at, (size_t)len);
		r = bson_check(*ret, BSON_CHECK_STRUCTURE, e);
		len = r < 0 ? r : len;
	}
	if (len < 0) {
		source_docs_hint(rest, BSON_MAX_LEN, e);
		return error_wrap(e, "%s: %s at offset %" PRIu64, a->name, expected, offset);
	}
	source_window_take(&a->window, (size_t)len);
	return 1;
}

/* ERR_CORRUPT: it begins otherwise; what people take for archives is told as what it is. */
static int COLD not_an_archive(struct archive *a, struct error *e)
{
	struct source_kind kind;
	struct bytes rest;
	int r = more(a, SOURCE_KIND_LEN, &rest, e);

	if (r < 0)
		return r;
	kind = source_kind_of(rest);
	error_set(e, ERR_CORRUPT,
		  "%s: expected a mongodump archive (6d e2 99 81), found %02x %02x %02x %02x at "
		  "offset 0%s%s",
		  a->name, rest.at[0], rest.at[1], rest.at[2], rest.at[3],
		  kind.hint != NULL ? ": " : "", kind.hint != NULL ? kind.what : "");
	return kind.hint != NULL ? error_hint(e, "%s", kind.hint) : e->code;
}

/* The magic number. */
static int read_magic(struct archive *a, struct error *e)
{
	struct bytes rest;
	int r = more(a, MAGIC_LEN, &rest, e);

	if (r < 0)
		return r;
	if (rest.len < MAGIC_LEN)
		return error_set(e, ERR_CORRUPT,
				 "%s: expected a mongodump archive (6d e2 99 81), found %zu bytes",
				 a->name, rest.len);
	if (get_le32(rest.at) != SOURCE_ARCHIVE_MAGIC)
		return not_an_archive(a, e);
	source_window_take(&a->window, MAGIC_LEN);
	return 0;
}

/* Copy a version from the header. */
static void copy_version(struct bytes header, const char *name, char *ret, size_t size)
{
	struct error ignored = {0};
	struct bson_field field;
	struct bytes text;

	if (bson_find(header, name, &field, &ignored) <= 0 || field.type != BSON_KIND_STRING ||
	    bson_text(field.value, &text, &ignored) < 0)
		return;
	text.len = MIN_OF(text.len, size - 1);
	memcpy(ret, text.at, text.len);
	ret[text.len] = '\0';
}

/* The header and the catalog. */
static int read_catalog(struct archive *a, struct error *e)
{
	struct source_info *info = a->job->info;
	struct bytes doc;
	int r = next_item(a, "the header", &doc, e);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(e, ERR_CORRUPT,
				 "%s: expected the header at offset %d, found ff ff "
				 "ff ff",
				 a->name, MAGIC_LEN);
	copy_version(doc, "server_version", info->server_version, sizeof(info->server_version));
	copy_version(doc, "tool_version", info->tool_version, sizeof(info->tool_version));
	for (;;) {
		uint64_t offset = a->window.offset;

		r = next_item(a, "a namespace of the catalog", &doc, e);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		r = source_catalog_add(&a->catalog, doc, e);
		if (r < 0)
			return error_wrap(e, "%s: catalog at offset %" PRIu64, a->name, offset);
	}
	r = source_catalog_sort(&a->catalog, e);
	return r < 0 ? error_wrap(e, "%s", a->name) : 0;
}

/* Tell the sink of a namespace. */
static int open_entry(struct archive *a, struct source_catalog_entry *entry, struct error *e)
{
	const struct source_sink *sink = a->job->sink;
	int r = 0;

	entry->state = SOURCE_CATALOG_OPEN;
	entry->wanted =
		source_docs_wanted(a->job, entry->db, bytes_of(entry->coll, entry->coll_len));
	entry->ns = (struct source_ns){
		.db = entry->db,
		.coll = entry->coll,
		.coll_len = entry->coll_len,
		.file = a->name,
	};
	source_docs_describe(entry->has_metadata ? &entry->metadata : NULL, &entry->ns);
	if (*entry->db == '\0')
		a->job->info->has_oplog = true;
	if (entry->wanted)
		r = sink->begin(sink->ctx, &entry->ns, &entry->handle, e);
	return r < 0 ? r : 0;
}

static int close_entry(struct archive *a, struct source_catalog_entry *entry, struct error *e)
{
	const struct source_sink *sink = a->job->sink;
	int r = 0;

	entry->state = SOURCE_CATALOG_CLOSED;
	if (entry->wanted)
		r = sink->end(sink->ctx, entry->handle, e);
	metadata_release(&entry->metadata);
	return r < 0 ? r : 0;
}

/* A time series has no blocks of its own: it comes just before its buckets. */
static int open_series(struct archive *a, const struct source_catalog_entry *buckets,
		       struct error *e)
{
	struct source_catalog_entry *series;
	struct bytes name;
	int r;

	if (!buckets_is(bytes_of(buckets->coll, buckets->coll_len), &name))
		return 0;
	series = source_catalog_find(&a->catalog, bytes_str(buckets->db), name);
	if (series == NULL || series->state != SOURCE_CATALOG_WAITS || !series->is_series)
		return 0;
	r = open_entry(a, series, e);
	return r < 0 ? r : close_entry(a, series, e);
}

/*
 * Blocks of a time series itself: servers from 8.3 on keep it in one collection, whose documents are the buckets
 * (mongo-tools common/archive/demultiplexer.go, CreateDemux). They are taken as those of system.buckets.X.
 */
static struct source_catalog_entry *buckets_for(const struct archive *a,
						struct source_catalog_entry *entry)
{
	OWNED(buf_release) struct buf coll = {0};
	struct source_catalog_entry *buckets;

	if (!entry->is_series)
		return entry;
	buf_add_str(&coll, BUCKETS_PREFIX);
	buf_add(&coll, entry->coll, entry->coll_len);
	buckets = source_catalog_find(&a->catalog, bytes_str(entry->db), buf_bytes(&coll));
	return buckets != NULL && buckets->implied ? buckets : entry;
}

/* The namespace that the header of a block names, open. */
static int find_entry(struct archive *a, struct bytes header, struct source_catalog_entry **ret,
		      struct error *e)
{
	struct source_catalog_entry *named, *entry;
	struct bytes db;
	struct bytes coll;
	int r = source_catalog_names(header, &db, &coll, e);

	if (r < 0)
		return r;
	named = source_catalog_find(&a->catalog, db, coll);
	if (named == NULL)
		return error_set(e, ERR_CORRUPT,
				 "expected a namespace of the archive's catalog, found %.*s.%.*s",
				 (int)MIN_OF(db.len, 64), (const char *)db.at,
				 (int)MIN_OF(coll.len, 255), (const char *)coll.at);
	entry = buckets_for(a, named);
	if (entry->state == SOURCE_CATALOG_CLOSED)
		return error_set(e, ERR_CORRUPT, "a block of %s.%s, which has ended before",
				 entry->db, entry->coll);
	if (entry->state == SOURCE_CATALOG_WAITS) {
		r = open_series(a, entry, e);
		if (r >= 0)
			r = open_entry(a, entry, e);
	}
	entry->ns.under_series = entry != named;
	*ret = entry;
	return r;
}

/* The documents of a block, and its terminator. */
static int read_docs(struct archive *a, struct source_catalog_entry *entry, struct error *e)
{
	struct source_split how = {
		.limit = source_docs_limit(entry->db, entry->coll, entry->coll_len),
		.level = entry->wanted ? a->job->options->objcheck : BSON_CHECK_OFF,
		.terminated = true,
	};
	struct bytes rest;
	int r = more(a, TERMINATOR_LEN, &rest, e);

	while (r >= 0) {
		struct bytes docs;
		int64_t len;

		how.ended = a->window.ended;
		len = source_docs_split(rest, &how, a->name, a->window.offset, e);
		if (len < 0)
			return (int)len;
		docs = bytes_of(rest.at, (size_t)len);
		entry->crc = crc64_update(entry->crc, docs);
		if (len > 0 && entry->wanted)
			r = source_docs_push(a->job, &entry->ns, entry->handle, docs,
					     a->window.offset, e);
		if (r < 0)
			return r;
		source_window_take(&a->window, docs.len);
		rest = source_window_rest(&a->window);
		if (rest.len >= TERMINATOR_LEN && get_le32(rest.at) == TERMINATOR) {
			source_window_take(&a->window, TERMINATOR_LEN);
			return 0;
		}
		if (rest.len == 0 && a->window.ended)
			return cut_off(a, "more documents or ff ff ff ff", e);
		r = more(a, source_docs_need(rest, how.limit), &rest, e);
	}
	return r;
}

/* The block that ends a namespace: compare the CRC, expect the terminator. */
static int read_end(struct archive *a, struct source_catalog_entry *entry, struct bytes header,
		    struct error *e)
{
	uint64_t offset = a->window.offset;
	struct bson_field crc;
	struct bytes doc;
	int r = bson_find(header, "CRC", &crc, e);

	if (r >= 0 && (r == 0 || crc.type != BSON_KIND_INT64))
		r = error_set(e, ERR_CORRUPT, "expected an int64 \"CRC\", found none");
	if (r >= 0 && get_le64(crc.value.at) != entry->crc)
		r = error_set(e, ERR_CORRUPT,
			      "the documents of %s.%s are damaged: their CRC is %016" PRIx64
			      ", expected %016" PRIx64,
			      entry->db, entry->coll, entry->crc, get_le64(crc.value.at));
	if (r < 0)
		return error_wrap(e, "%s: block that ends at offset %" PRIu64, a->name, offset);
	r = next_item(a, "ff ff ff ff", &doc, e);
	if (r < 0)
		return r;
	if (r > 0)
		return error_set(e, ERR_CORRUPT,
				 "%s: expected ff ff ff ff at offset %" PRIu64
				 " after the end of %s.%s, found a document",
				 a->name, offset, entry->db, entry->coll);
	return close_entry(a, entry, e);
}

/* One block. 1 read, 0 the archive ends here. */
static int read_block(struct archive *a, struct error *e)
{
	uint64_t offset = a->window.offset;
	struct source_catalog_entry *entry = NULL;
	struct bson_field eof;
	struct bytes rest;
	struct bytes header;
	int r = more(a, TERMINATOR_LEN, &rest, e);

	if (r < 0)
		return r;
	if (rest.len == 0)
		return 0;
	if (rest.len >= MAGIC_LEN && get_le32(rest.at) == SOURCE_ARCHIVE_MAGIC) {
		error_set(e, ERR_CORRUPT,
			  "%s: expected the header of a block at offset %" PRIu64
			  ", found the beginning of another archive",
			  a->name, offset);
		return error_hint(e, "two archives in one file: take them apart, each is a dump");
	}
	r = next_item(a, "the header of a block", &header, e);
	if (r < 0)
		return r;
	if (r == 0)
		return error_set(e, ERR_CORRUPT,
				 "%s: expected the header of a block at offset %" PRIu64
				 ", found ff ff ff ff",
				 a->name, offset);
	r = bson_find(header, "EOF", &eof, e);
	if (r >= 0 && (r == 0 || eof.type != BSON_KIND_BOOL))
		r = error_set(e, ERR_CORRUPT, "expected a bool \"EOF\", found none");
	if (r < 0)
		return error_wrap(e, "%s: block at offset %" PRIu64, a->name, offset);
	r = find_entry(a, header, &entry, e);
	if (r < 0)
		return entry != NULL
			       ? r
			       : error_wrap(e, "%s: block at offset %" PRIu64, a->name, offset);
	r = eof.value.at[0] != 0 ? read_end(a, entry, header, e) : read_docs(a, entry, e);
	return r < 0 ? r : 1;
}

/* All that the catalog lists must have come. */
static int check_finished(const struct archive *a, struct error *e)
{
	const struct source_catalog_entry *entry = source_catalog_unfinished(&a->catalog);

	if (entry == NULL)
		return 0;
	error_set(e, ERR_CORRUPT,
		  "%s: the archive ends at offset %" PRIu64 ", but %s.%s has not ended", a->name,
		  a->window.offset, entry->db, entry->coll);
	return error_hint(e, "the archive is truncated; what it lacks can't be recovered from it");
}

int source_archive_read(struct source_job *job, struct input_stream *in, struct error *e)
{
	OWNED(archive_release)
	struct archive a = {
		.job = job,
		.in = in,
		.name = input_stream_name(in),
	};
	int r;

	source_window_init(&a.window, in);
	job->total = input_stream_total(in);
	job->info->newest_mtime = input_stream_mtime(in);
	r = read_magic(&a, e);
	if (r >= 0)
		r = read_catalog(&a, e);
	if (r < 0)
		return r;
	do
		r = read_block(&a, e);
	while (r > 0);
	return r < 0 ? r : check_finished(&a, e);
}
