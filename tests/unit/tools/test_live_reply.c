#include "tools/live_reply.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "tests/harness/harness.h"

/* {cursor: {firstBatch: [{_id: 0}, {_id: 1}, {_id: 2}], id: 7, ns: "a.b"}, ok: 1}; *ret_at: where the document in the middle begins. */
static void build(struct buf *to, const char *name, size_t *ret_at)
{
	static const char *const keys[] = {"0", "1", "2"};
	size_t begin = bson_build_begin(to), cursor = bson_build_open(to, "cursor"), batch;

	buf_add_u8(to, BSON_KIND_ARRAY);
	buf_add(to, name, strlen(name) + 1);
	batch = bson_build_begin(to);
	for (int i = 0; i < 3; i++) {
		size_t doc = bson_build_open(to, keys[i]);

		if (i == 1)
			*ret_at = doc;
		bson_build_int32(to, "_id", i);
		bson_build_end(to, doc);
	}
	bson_build_end(to, batch);
	bson_build_int64(to, "id", 7);
	bson_build_string(to, "ns", bytes_str("a.b"));
	bson_build_end(to, cursor);
	bson_build_int32(to, "ok", 1);
	bson_build_end(to, begin);
}

static void a_batch_of_documents_is_whole(void **state)
{
	static const char *const names[] = {"firstBatch", "nextBatch"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		OWNED(buf_release) struct buf reply = {0};
		size_t at;

		build(&reply, names[i], &at);
		assert_true(live_reply_is_whole(buf_bytes(&reply)));
	}
	assert_true(live_reply_is_whole(bytes_of("\5\0\0\0\0", 5)));
}

static void a_batch_of_another_name_is_none(void **state)
{
	OWNED(buf_release) struct buf reply = {0};
	size_t at;

	(void)state;
	build(&reply, "lastBatch", &at);
	assert_false(live_reply_is_whole(buf_bytes(&reply)));
}

static void a_cursor_without_a_number_is_told(void **state)
{
	OWNED(buf_release) struct buf reply = {0};
	uint8_t *id;
	size_t at;

	(void)state;
	build(&reply, "nextBatch", &at);
	id = memmem(reply.at, reply.len, "\22id", 4);
	assert_non_null(id);
	id[0] = BSON_KIND_DATE;
	assert_false(live_reply_is_whole(buf_bytes(&reply)));
	id[0] = BSON_KIND_DOUBLE;
	assert_true(live_reply_is_whole(buf_bytes(&reply)));
	id[1] = 'j';
	assert_false(live_reply_is_whole(buf_bytes(&reply)));
}

/* Its length, its last byte, and what it is. */
static void a_document_that_is_none_is_told(void **state)
{
	static const int32_t lengths[] = {-1, 0, 4, 13, 15, INT32_MAX};
	size_t at;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		OWNED(buf_release) struct buf reply = {0};

		build(&reply, "firstBatch", &at);
		assert_int_equal(get_le32(reply.at + at), 14);
		put_le32(reply.at + at, (uint32_t)lengths[i]);
		assert_false(live_reply_is_whole(buf_bytes(&reply)));
	}
	OWNED(buf_release) struct buf reply = {0};

	build(&reply, "firstBatch", &at);
	reply.at[at + 13] = 1;
	assert_false(live_reply_is_whole(buf_bytes(&reply)));
	reply.at[at + 13] = 0;
	assert_true(live_reply_is_whole(buf_bytes(&reply)));
	reply.at[at - 3] = BSON_KIND_ARRAY;
	assert_false(live_reply_is_whole(buf_bytes(&reply)));
}

/* {cursor: {id: 7, nextBatch: [{o: {}, ts: ...}, ...], ns}} */
static void build_oplog(struct buf *to, const char *ns, const uint32_t increments[3])
{
	static const char *const keys[] = {"0", "1", "2"};
	size_t begin = bson_build_begin(to), cursor = bson_build_open(to, "cursor"), batch;

	bson_build_int64(to, "id", 7);
	buf_add_u8(to, BSON_KIND_ARRAY);
	buf_add(to, "nextBatch", sizeof("nextBatch"));
	batch = bson_build_begin(to);
	for (int i = 0; i < 3; i++) {
		size_t doc = bson_build_open(to, keys[i]);

		bson_build_end(to, bson_build_open(to, "o"));
		if (increments[i] != 0)
			bson_build_timestamp(to, "ts", 1795254067, increments[i]);
		bson_build_end(to, doc);
	}
	bson_build_end(to, batch);
	bson_build_string(to, "ns", bytes_str(ns));
	bson_build_end(to, cursor);
	bson_build_end(to, begin);
}

static void entries_of_the_oplog_are_in_order(void **state)
{
	static const struct {
		uint32_t increments[3];
		bool whole;
	} rows[] = {
		{{1, 2, 3}, true},  {{1, 7, 4000000000}, true}, {{1, 0, 3}, true},
		{{3, 2, 1}, false}, {{1, 2, 2}, false},		{{2, 0, 1}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(buf_release) struct buf oplog = {0};
		OWNED(buf_release) struct buf other = {0};

		build_oplog(&oplog, "local.oplog.rs", rows[i].increments);
		build_oplog(&other, "local.oplog.rt", rows[i].increments);
		assert_int_equal(live_reply_is_whole(buf_bytes(&oplog)), rows[i].whole);
		assert_true(live_reply_is_whole(buf_bytes(&other)));
	}
}

/* Whatever a byte is, nothing outside of the reply is looked at (a sanitizer would tell). */
static void any_byte_may_be_wrong(void **state)
{
	OWNED(buf_release) struct buf reply = {0};
	size_t at;

	(void)state;
	build(&reply, "firstBatch", &at);
	for (size_t i = 0; i < reply.len; i++)
		for (int value = 0; value < 256; value++) {
			uint8_t *copy = xmalloc(reply.len);
			bool whole;

			memcpy(copy, reply.at, reply.len);
			copy[i] = (uint8_t)value;
			whole = live_reply_is_whole(bytes_of(copy, reply.len));
			assert_true(whole || copy[i] != reply.at[i]);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_of_documents_is_whole),
		cmocka_unit_test(a_batch_of_another_name_is_none),
		cmocka_unit_test(a_cursor_without_a_number_is_told),
		cmocka_unit_test(a_document_that_is_none_is_told),
		cmocka_unit_test(entries_of_the_oplog_are_in_order),
		cmocka_unit_test(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
