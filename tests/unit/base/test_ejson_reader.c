#include "base/ejson_reader.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

enum { DOCS = 400, FIELDS = 2000, READS = 300, THREADS = 4 };

/* Documents whose text is several times what a reader keeps. */
static void make_docs(struct buf *docs, struct buf *text)
{
	struct error e = {0};

	for (int i = 0; i < DOCS; i++) {
		size_t start = make_begin(docs), at = start;

		for (int k = 0; k < FIELDS; k++) {
			make_head(docs, BSON_KIND_INT32, "name of a field");
			buf_add_le32(docs, (uint32_t)(i * FIELDS + k));
		}
		make_end(docs, start);
		ASSERT_OK(ejson_pretty(bytes_of(docs->at + at, docs->len - at), text, &e));
		buf_add_u8(text, '\n');
	}
	assert_true(text->len > 4 * EJSON_READER_KEPT);
}

static void assert_read(struct ejson_reader *reader, const struct buf *docs, const struct buf *text,
			uint64_t offset, size_t len)
{
	size_t want = offset >= text->len ? 0 : (size_t)MIN_OF(len, text->len - offset);
	OWNED(free) uint8_t *got = xmalloc(len + 1);
	struct error e = {0};
	size_t got_len = 0;

	ASSERT_OK(ejson_reader_read(reader, buf_bytes(docs), offset, got, len, &got_len, &e));
	assert_true(got_len == want);
	assert_true(want == 0 || memcmp(got, text->at + offset, want) == 0);
}

static void any_bytes_can_be_read_in_any_order(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = NULL;
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	uint64_t random = 99;

	(void)state;
	make_docs(&docs, &text);
	reader = ejson_reader_new(EJSON_PRETTY);
	for (uint64_t at = 0; at < text.len + 100; at += 700000)
		assert_read(reader, &docs, &text, at, 700000);
	for (int i = 0; i < READS / 10; i++)
		assert_read(reader, &docs, &text, make_random(&random) % (text.len + 1000),
			    make_random(&random) % 200000);
	assert_read(reader, &docs, &text, text.len, 10);
	assert_read(reader, &docs, &text, 0, text.len + 10);
	assert_read(reader, &docs, &text, UINT64_MAX, 10);
}

struct shared {
	struct ejson_reader *reader;
	const struct buf *docs;
	const struct buf *text;
	uint64_t at;
	pthread_mutex_t lock;
};

/* Each takes the next part: they come out of order, as the kernel's requests do. */
static void *read_parts(void *arg)
{
	struct shared *s = arg;

	for (;;) {
		uint64_t at;

		pthread_mutex_lock(&s->lock);
		at = s->at;
		s->at += 128 * KIB;
		pthread_mutex_unlock(&s->lock);
		if (at > s->text->len)
			return NULL;
		assert_read(s->reader, s->docs, s->text, at, 128 * KIB);
	}
}

static void threads_that_read_on_together_get_their_parts(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = NULL;
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	struct shared s = {.docs = &docs, .text = &text};
	pthread_t thread[THREADS];

	(void)state;
	make_docs(&docs, &text);
	reader = s.reader = ejson_reader_new(EJSON_PRETTY);
	pthread_mutex_init(&s.lock, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_parts, &s), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_destroy(&s.lock);
}

/* A document with what the others lack: strings longer than a piece, levels. */
static void add_deep_doc(struct buf *docs, struct buf *text)
{
	size_t start = make_begin(docs), at = start, level[3];
	struct error e = {0};

	for (int i = 0; i < 3; i++) {
		make_head(docs, i == 1 ? BSON_KIND_ARRAY : BSON_KIND_DOCUMENT, "level");
		level[i] = make_begin(docs);
		make_head(docs, BSON_KIND_STRING, "long");
		buf_add_le32(docs, 200001);
		for (int k = 0; k < 200000; k++)
			buf_add_u8(docs, (uint8_t)(k % 50 == 0 ? '\n' : 'a' + k % 26));
		buf_add_u8(docs, 0);
	}
	for (int i = 2; i >= 0; i--) {
		make_head(docs, BSON_KIND_INT32, "behind");
		buf_add_le32(docs, 7);
		make_end(docs, level[i]);
	}
	make_end(docs, start);
	ASSERT_OK(ejson_pretty(bytes_of(docs->at + at, docs->len - at), text, &e));
	buf_add_u8(text, '\n');
}

/* Each read finds the documents elsewhere, those at the old place overwritten; in between it rests. */
static void documents_may_lie_elsewhere_at_each_read(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = ejson_reader_new(EJSON_PRETTY);
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	uint64_t at = 0, random = 7;

	(void)state;
	add_deep_doc(&docs, &text);
	make_docs(&docs, &text);
	for (int i = 0; at < text.len + 10; i++) {
		OWNED(buf_release) struct buf copy = {0};
		size_t len = (size_t)(make_random(&random) % (at < 700000 ? 30000 : 300000));

		buf_add_bytes(&copy, buf_bytes(&docs));
		assert_read(reader, &copy, &text, at, len);
		at += len;
		if (i % 3 == 0) {
			assert_true(ejson_reader_kept(reader) > 0);
			assert_true(ejson_reader_rest(reader, true));
			assert_int_equal(ejson_reader_kept(reader), 0);
		}
		memset(copy.at, 0xff, copy.len);
	}
	assert_read(reader, &docs, &text, text.len / 2, 1000);
}

static void what_was_rendered_ahead_needs_no_documents(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = ejson_reader_new(EJSON_PRETTY);
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	OWNED(free) uint8_t *got = xmalloc(MIB);
	size_t len = 0, end;

	(void)state;
	make_docs(&docs, &text);
	assert_false(ejson_reader_read_kept(reader, 0, got, 1, &len));
	assert_read(reader, &docs, &text, 0, 1000);
	ejson_reader_go_on(reader, buf_bytes(&docs), MIB);
	assert_true(ejson_reader_rest(reader, false));
	assert_true(ejson_reader_read_kept(reader, 1000, got, MIB, &len));
	assert_int_equal(len, MIB);
	assert_memory_equal(got, text.at + 1000, len);
	assert_true(ejson_reader_read_kept(reader, 1000, got, 10, &len));
	assert_false(ejson_reader_read_kept(reader, 999, got, 10, &len));
	assert_false(ejson_reader_read_kept(reader, 1000 + MIB, got, MIB, &len));
	end = text.len - 100;
	assert_read(reader, &docs, &text, end, 10);
	ejson_reader_go_on(reader, buf_bytes(&docs), MIB);
	assert_true(ejson_reader_read_kept(reader, end, got, MIB, &len));
	assert_int_equal(len, 100);
	assert_true(ejson_reader_read_kept(reader, text.len, got, MIB, &len));
	assert_int_equal(len, 0);
}

static void damage_is_an_error_each_time(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = NULL;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	char room[10];
	size_t len;

	(void)state;
	make_hex(&doc, "1000000003610008000000ee62000000");
	reader = ejson_reader_new(EJSON_PRETTY);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			ejson_reader_read(reader, buf_bytes(&doc), 0, room, sizeof(room), &len, &e),
			ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_can_be_read_in_any_order),
		cmocka_unit_test(threads_that_read_on_together_get_their_parts),
		cmocka_unit_test(documents_may_lie_elsewhere_at_each_read),
		cmocka_unit_test(what_was_rendered_ahead_needs_no_documents),
		cmocka_unit_test(damage_is_an_error_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
