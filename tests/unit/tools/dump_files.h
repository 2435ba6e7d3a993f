/*
 * dump_files.h - for the tests of sources and writers: files of a dump, and a sink that
 * writes down what comes.
 *
 * One thread.
 */
#ifndef TESTS_UNIT_TOOLS_DUMP_FILES_H
#define TESTS_UNIT_TOOLS_DUMP_FILES_H

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/file.h"
#include "tests/harness/harness.h"
#include "tools/source.h"

/* Write a file below `dir`, with the folders it needs. */
static inline void put_file(const char *dir, const char *name, struct bytes content)
{
	OWNED(free) char *path = xprintf("%s/%s", dir, name);
	OWNED(fd_close) int fd = -1;
	struct error e = {0};

	*strrchr(path, '/') = '\0';
	ASSERT_OK(file_make_dirs(path, &e));
	path[strlen(path)] = '/';
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	ASSERT_OK(file_write(fd, path, content, &e));
}

static inline void put_text(const char *dir, const char *name, const char *text)
{
	put_file(dir, name, bytes_str(text));
}

/* `from` as one gzip member, appended. */
static inline void add_gzip(struct buf *ret, struct bytes from)
{
	z_stream z = {0};
	size_t room = from.len + 1000;

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)from.at;
	z.avail_in = (uInt)from.len;
	z.next_out = buf_room(ret, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	ret->len += room - z.avail_out;
	deflateEnd(&z);
}

static inline void put_gzip(const char *dir, const char *name, struct bytes content)
{
	OWNED(buf_release) struct buf packed = {0};

	add_gzip(&packed, content);
	put_file(dir, name, buf_bytes(&packed));
}

/* Documents {_id: first}, {_id: first + 1}, ... */
static inline void add_docs(struct buf *ret, int first, int count)
{
	for (int i = 0; i < count; i++)
		harness_doc_of_int32(ret, first + i);
}

/* Of those, with {control: {}}. */
static inline void add_buckets(struct buf *ret, int first, int count)
{
	for (int i = 0; i < count; i++) {
		size_t doc = harness_doc_open(ret);

		harness_doc_int32(ret, "_id", first + i);
		harness_doc_close(ret, harness_doc_open_sub(ret, "control"));
		harness_doc_close(ret, doc);
	}
}

static inline void put_docs(const char *dir, const char *name, int count)
{
	OWNED(buf_release) struct buf docs = {0};

	add_docs(&docs, 1, count);
	put_file(dir, name, buf_bytes(&docs));
}

/* What a source pushed. Each namespace is a line "db.coll type docs=N indexes=N +meta +uuid +mapped". */
struct record {
	struct buf log;
	struct buf docs; /* of all namespaces, as they came */
	struct record_ns {
		char *line;
		struct bytes whole;
		bool ended;
		size_t count;
		bool meta;
		bool uuid;
		size_t indexes;
	} at[64];
	size_t count;
	size_t calls;
	uint64_t done;
	uint64_t total;
	int fail; /* returned by docs() when it is not 0 */
};

static inline int record_begin(void *ctx, const struct source_ns *ns, void **ret_handle,
			       struct error *e)
{
	static const char *const types[] = {"collection", "view", "timeseries"};
	struct record *record = ctx;
	struct record_ns *at = &record->at[record->count++];
	struct bson_fields fields = bson_fields(ns->indexes);
	struct bson_field field;

	assert_true(record->count <= COUNT_OF(record->at));
	assert_int_equal(strlen(ns->coll), ns->coll_len);
	assert_true(bson_check(ns->options, BSON_CHECK_FULL, e) >= 0);
	assert_true(bson_check(ns->indexes, BSON_CHECK_FULL, e) >= 0);
	at->line = xprintf("%s.%s %s", ns->db, ns->coll, types[ns->type]);
	at->whole = ns->whole;
	at->meta = ns->has_metadata;
	at->uuid = ns->has_uuid;
	while (bson_fields_next(&fields, &field, e) > 0)
		at->indexes++;
	*ret_handle = at;
	return 0;
}

static inline int record_docs(void *ctx, void *handle, struct bytes docs, uint64_t offset,
			      struct error *e)
{
	struct record *record = ctx;
	struct record_ns *at = handle;
	size_t used = 0;

	assert_false(at->ended);
	assert_true(docs.len > 0);
	if (at->whole.len > 0)
		assert_ptr_equal(docs.at, at->whole.at + offset);
	record->calls++;
	buf_add_bytes(&record->docs, docs);
	while (used < docs.len) {
		used += get_le32(docs.at + used);
		at->count++;
	}
	assert_int_equal(used, docs.len);
	return record->fail == 0 ? 0 : error_set(e, record->fail, "the sink says no");
}

static inline int record_end(void *ctx, void *handle, struct error *e UNUSED)
{
	struct record *record = ctx;
	struct record_ns *at = handle;

	assert_false(at->ended);
	at->ended = true;
	buf_printf(&record->log, "%s docs=%zu indexes=%zu%s%s%s\n", at->line, at->count,
		   at->indexes, at->meta ? " +meta" : "", at->uuid ? " +uuid" : "",
		   at->whole.len > 0 ? " +mapped" : "");
	return 0;
}

static inline void record_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct record *record = ctx;

	assert_true(done >= record->done);
	record->done = done;
	record->total = total;
}

static inline struct source_sink record_sink(struct record *record)
{
	return (struct source_sink){
		.ctx = record,
		.begin = record_begin,
		.docs = record_docs,
		.end = record_end,
		.progress = record_progress,
	};
}

static inline void record_release(struct record *record)
{
	for (size_t i = 0; i < record->count; i++)
		free(record->at[i].line);
	buf_release(&record->log);
	buf_release(&record->docs);
	*record = (struct record){0};
}
DEFINE_OWNED_STRUCT(struct record, record_release);

/* source_read() into a record that is empty. */
static inline int record_read(struct record *record, const char *path,
			      const struct source_options *options, struct source_info *info,
			      struct error *e)
{
	struct source_sink sink = record_sink(record);

	return source_read(path, false, options, &sink, info, e);
}

#endif
