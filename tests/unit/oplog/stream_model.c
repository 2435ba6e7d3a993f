#include "tests/unit/oplog/stream_model.h"

#include "oplog/stream_internal.h"
#include "tests/harness/test_store.h"

#include "base/bson_build.h"

struct store *stream_model_store(const char **ret_dir)
{
	const char *dir = harness_path(harness_tmpdir(), "store");
	const struct store_options options = {.threads = 2};
	struct store_params params;
	struct store *store = NULL;
	struct error e = {0};

	ASSERT_OK(store_params_default(&params, &e));
	params.leaf_target = 4096;
	memset(params.seed, 7, sizeof(params.seed));
	ASSERT_OK(test_store_init(dir, &params, &e));
	ASSERT_OK(test_store_open(dir, &options, &store, &e));
	if (ret_dir != NULL)
		*ret_dir = dir;
	return store;
}

char *stream_model_name(const struct store *store)
{
	char name[STREAM_NAME_LEN];

	stream_file_new_name(store, name);
	return xstrndup(name, sizeof(name));
}

uint64_t stream_model_ts(uint32_t n)
{
	return entry_ts(1700000000 + n / 3, (n % 3 + 1) * 10);
}

static size_t begin(struct buf *b, uint64_t ts, const char *op, const char *ns)
{
	size_t doc = bson_build_begin(b);

	bson_build_string(b, "op", bytes_str(op));
	bson_build_string(b, "ns", bytes_str(ns));
	bson_build_timestamp(b, "ts", entry_seconds(ts), entry_increment(ts));
	bson_build_int64(b, "t", 1);
	bson_build_int64(b, "v", 2);
	return doc;
}

void stream_model_uuid(uint8_t number, uint8_t ret[16])
{
	memset(ret, number, 16);
}

void stream_model_insert(struct buf *b, uint64_t ts, const char *ns, const uint8_t *uuid, int32_t n)
{
	size_t doc = begin(b, ts, "i", ns), o;

	if (uuid != NULL)
		bson_build_binary(b, "ui", 4, bytes_of(uuid, 16));
	o = bson_build_open(b, "o");
	bson_build_int32(b, "_id", n);
	bson_build_end(b, o);
	bson_build_end(b, doc);
}

void stream_model_command(struct buf *b, uint64_t ts, const char *db, struct bytes o)
{
	OWNED(free) char *ns = xprintf("%s.$cmd", db);
	size_t doc = begin(b, ts, "c", ns);

	bson_build_value(b, "o", BSON_KIND_DOCUMENT, o);
	bson_build_end(b, doc);
}

void stream_model_entry(struct buf *b, uint32_t n)
{
	static const uint8_t pad[3000] = {1, 2, 3};
	size_t doc = begin(b, stream_model_ts(n), n % 7 == 3 ? "n" : "i", n % 7 == 3 ? "" : "a.b");
	size_t o = bson_build_open(b, "o");
	uint8_t uuid[16];

	bson_build_int32(b, "_id", (int32_t)n);
	if (n % 11 == 5)
		bson_build_binary(b, "pad", 0, bytes_of(pad, n * 37 % sizeof(pad)));
	bson_build_end(b, o);
	stream_model_uuid((uint8_t)(n % 5 + 1), uuid);
	if (n % 7 != 3)
		bson_build_binary(b, "ui", 4, bytes_of(uuid, 16));
	bson_build_end(b, doc);
}

int stream_model_push(struct stream_add *add, struct bytes docs, struct error *e)
{
	int code = stream_add_slice(add, "slice", e);

	while (code == 0 && docs.len > 0) {
		int64_t len = bson_next(docs, docs.len, e);

		assert_true(len > 0);
		code = stream_add_entry(add, bytes_of(docs.at, (size_t)len), e);
		docs = bytes_of(docs.at + len, docs.len - (size_t)len);
	}
	return code;
}

int stream_model_add(struct store *store, struct bytes docs, struct stream_added *ret,
		     struct error *e)
{
	OWNED(store_writer_end) struct store_writer *writer = NULL;
	OWNED(stream_add_free) struct stream_add *add = NULL;
	struct stream_added added;

	if (store_writer_begin(store, &writer, e) < 0 || stream_add_begin(writer, &add, e) < 0 ||
	    stream_model_push(add, docs, e) < 0 ||
	    stream_add_finish(add, ret == NULL ? &added : ret, e) < 0)
		return e->code;
	return 0;
}

int stream_model_add_range(struct store *store, uint32_t first, uint32_t end,
			   struct stream_added *ret, struct error *e)
{
	OWNED(buf_release) struct buf docs = {0};

	for (uint32_t n = first; n < end; n++)
		stream_model_entry(&docs, n);
	return stream_model_add(store, buf_bytes(&docs), ret, e);
}

uint64_t stream_model_learn(struct stream_model *model, uint32_t first, uint32_t end)
{
	uint64_t fresh = 0;

	for (uint32_t n = first; n < end; n++) {
		fresh += !model->has[n];
		model->has[n] = true;
		model->joined[n] |= n + 1 < end;
	}
	return fresh;
}

/* The cursor gives entry n, and what the model knows to follow; the last one's number. */
static uint32_t check_range(struct stream_cursor *cursor, const struct stream_model *model,
			    uint32_t n, struct stream_range *ret)
{
	struct error e = {0};
	struct bytes got;

	*ret = (struct stream_range){.first = {stream_model_ts(n), 1}};
	for (;; n++) {
		OWNED(buf_release) struct buf doc = {0};

		stream_model_entry(&doc, n);
		assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &got, &e)), 1);
		ASSERT_BYTES(got, buf_bytes(&doc));
		ret->entries++;
		ret->bytes += doc.len;
		if (!model->has[n + 1] || !model->joined[n])
			break;
	}
	ret->last = (struct entry_optime){stream_model_ts(n), 1};
	assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &got, &e)), 0);
	assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &got, &e)), 0);
	return n;
}

/* Seeks to before, at and behind entry n, which is there or not, find what the model says. */
static void check_seek(struct stream *stream, const struct stream_model *model, uint32_t n)
{
	struct stream_cursor *cursor = stream_cursor_new(stream, NULL);
	struct error e = {0};

	for (int off = -1; off <= 1; off++) {
		OWNED(buf_release) struct buf doc = {0};
		uint64_t ts = stream_model_ts(n) + (uint64_t)(int64_t)off;
		uint32_t next = n + (off > 0);
		struct bytes got;

		while (next < STREAM_MODEL_COUNT && !model->has[next])
			next++;
		assert_int_equal(ASSERT_OK(stream_cursor_seek(cursor, ts, &e)),
				 off == 0 && model->has[n]);
		assert_int_equal(ASSERT_OK(stream_cursor_next(cursor, &got, &e)),
				 next < STREAM_MODEL_COUNT);
		if (next == STREAM_MODEL_COUNT)
			continue;
		stream_model_entry(&doc, next);
		ASSERT_BYTES(got, buf_bytes(&doc));
	}
	stream_cursor_free(cursor);
}

/* The last entry up to before, at and behind entry n is what the model says. */
static void check_last_upto(struct stream *stream, const struct stream_model *model, uint32_t n)
{
	struct error e = {0};

	for (int off = -1; off <= 1; off++) {
		uint64_t ts = stream_model_ts(n) + (uint64_t)(int64_t)off, got = 0;
		uint32_t end = n + (off >= 0);

		while (end > 0 && !model->has[end - 1])
			end--;
		assert_int_equal(ASSERT_OK(stream_last_upto(stream, ts, &got, &e)), end > 0);
		if (end > 0)
			assert_int_equal(got, stream_model_ts(end - 1));
	}
}

/* Bytes from any place to any other. */
static void check_bytes(struct stream *stream, const struct buf *all)
{
	struct error e = {0};

	assert_int_equal(stream_bytes(stream), all->len);
	for (size_t from = 0; from <= all->len; from += 1 + all->len / 5) {
		OWNED(buf_release) struct buf got = {0};
		size_t len;

		buf_room(&got, all->len + 10);
		ASSERT_OK(stream_read(stream, from, got.at, all->len + 10, &len, &e));
		ASSERT_BYTES(bytes_of(got.at, len), bytes_of(all->at + from, all->len - from));
		ASSERT_OK(stream_read(stream, from, got.at, 7, &len, &e));
		assert_int_equal(len, MIN_OF((size_t)7, all->len - from));
		assert_memory_equal(got.at, all->at + from, len);
	}
}

void stream_model_check(struct store *store, const struct stream_model *model)
{
	OWNED(stream_close) struct stream *stream = NULL;
	OWNED(stream_cursor_free) struct stream_cursor *cursor = NULL;
	OWNED(buf_release) struct buf all = {0};
	size_t range = 0, skipped;
	struct error e = {0};

	ASSERT_OK(stream_open(store, &stream, &skipped, &e));
	assert_int_equal(skipped, 0);
	cursor = stream_cursor_new(stream, NULL);
	for (uint32_t n = 0; n < STREAM_MODEL_COUNT; n++) {
		const struct stream_range *r;
		struct stream_range expected;

		check_last_upto(stream, model, n);
		if (n % 13 == 0)
			check_seek(stream, model, n);
		if (!model->has[n])
			continue;
		assert_true(range < stream_range_count(stream));
		r = stream_range(stream, range++);
		assert_int_equal(ASSERT_OK(stream_cursor_seek(cursor, stream_model_ts(n), &e)), 1);
		for (uint32_t i = n; model->has[i]; i++) {
			stream_model_entry(&all, i);
			if (!model->joined[i])
				break;
		}
		n = check_range(cursor, model, n, &expected);
		assert_memory_equal(r, &expected, sizeof(expected));
		assert_ptr_equal(stream_range_at(stream, stream_model_ts(n)), r);
	}
	assert_int_equal(range, stream_range_count(stream));
	check_bytes(stream, &all);
}
