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

static void assert_read(struct ejson_reader *reader, const struct buf *text, uint64_t offset,
			size_t len)
{
	size_t want = offset >= text->len ? 0 : (size_t)MIN_OF(len, text->len - offset);
	OWNED(free) uint8_t *got = xmalloc(len + 1);
	struct error e = {0};
	size_t got_len = 0;

	ASSERT_OK(ejson_reader_read(reader, offset, got, len, &got_len, &e));
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
	reader = ejson_reader_new(buf_bytes(&docs), EJSON_PRETTY);
	for (uint64_t at = 0; at < text.len + 100; at += 700000)
		assert_read(reader, &text, at, 700000);
	for (int i = 0; i < READS / 10; i++)
		assert_read(reader, &text, make_random(&random) % (text.len + 1000),
			    make_random(&random) % 200000);
	assert_read(reader, &text, text.len, 10);
	assert_read(reader, &text, 0, text.len + 10);
	assert_read(reader, &text, UINT64_MAX, 10);
}

struct shared {
	struct ejson_reader *reader;
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
		assert_read(s->reader, s->text, at, 128 * KIB);
	}
}

static void threads_that_read_on_together_get_their_parts(void **state)
{
	OWNED(ejson_reader_free) struct ejson_reader *reader = NULL;
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf text = {0};
	struct shared s = {.text = &text};
	pthread_t thread[THREADS];

	(void)state;
	make_docs(&docs, &text);
	reader = s.reader = ejson_reader_new(buf_bytes(&docs), EJSON_PRETTY);
	pthread_mutex_init(&s.lock, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, read_parts, &s), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_destroy(&s.lock);
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
	reader = ejson_reader_new(buf_bytes(&doc), EJSON_PRETTY);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ejson_reader_read(reader, 0, room, sizeof(room), &len, &e),
				 ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bytes_can_be_read_in_any_order),
		cmocka_unit_test(threads_that_read_on_together_get_their_parts),
		cmocka_unit_test(damage_is_an_error_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
