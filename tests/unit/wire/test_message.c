#include "wire/message.h"

#include "base/bson_build.h"
#include "tests/harness/harness.h"
#include "wire/compress.h"
#include "wire/crc32c.h"

/* {ping: 1} */
static void add_ping(struct buf *b)
{
	size_t doc = bson_build_begin(b);

	bson_build_int32(b, "ping", 1);
	bson_build_end(b, doc);
}

static struct message_header header_of(const struct buf *content, int32_t op)
{
	return (struct message_header){
		.len = (uint32_t)content->len + MESSAGE_HEADER, .request_id = 7, .op = op};
}

/* The whole message as it is sent. */
static void whole_of(const struct message_header *h, struct bytes content, struct buf *ret)
{
	buf_add_le32(ret, h->len);
	buf_add_le32(ret, (uint32_t)h->request_id);
	buf_add_le32(ret, (uint32_t)h->response_to);
	buf_add_le32(ret, (uint32_t)h->op);
	buf_add_bytes(ret, content);
}

static void a_header_is_read_and_bad_ones_are_refused(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct message_header h;
	struct error e = {0};

	(void)state;
	whole_of(&(struct message_header){.len = 16, .request_id = 3, .response_to = 4, .op = 2013},
		 bytes_of("", 0), &b);
	ASSERT_OK(message_header_read(buf_bytes(&b), &h, &e));
	assert_int_equal(h.request_id, 3);
	assert_int_equal(h.response_to, 4);
	ASSERT_ERROR(message_header_read(bytes_of(b.at, 15), &h, &e), ERR_CORRUPT);
	for (size_t i = 0; i < 4; i++) {
		static const uint32_t lengths[] = {0, 15, MESSAGE_MAX + 1, UINT32_MAX};

		put_le32(b.at, lengths[i]);
		ASSERT_ERROR(message_header_read(buf_bytes(&b), &h, &e), ERR_CORRUPT);
	}
	put_le32(b.at, MESSAGE_MAX);
	put_le32(b.at + 12, 2012);
	ASSERT_OK(message_header_read(buf_bytes(&b), &h, &e));
	put_le32(b.at + 12, 2010);
	ASSERT_ERROR(message_header_read(buf_bytes(&b), &h, &e), ERR_CORRUPT);
}

static void a_body_and_sections_are_found_in_any_order(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct message m;
	struct message_header h;
	struct error e = {0};

	(void)state;
	buf_add_le32(&b, MESSAGE_EXHAUST_ALLOWED | 1U << 20);
	buf_add_u8(&b, 1);
	buf_add_le32(&b, 4 + 5);
	buf_add(&b, "docs", 5);
	buf_add_u8(&b, 0);
	add_ping(&b);
	h = header_of(&b, MESSAGE_MSG);
	ASSERT_OK(message_parse(&h, buf_bytes(&b), &m, &e));
	assert_int_equal(m.sequence_count, 1);
	assert_int_equal(m.sequences[0].documents.len, 0);
	assert_int_equal(m.body.len, get_le32(m.body.at));
	assert_int_equal(m.compressor, -1);
}

static void every_cut_of_a_message_is_refused(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct message m;
	struct error e = {0};

	(void)state;
	buf_add_le32(&b, 0);
	buf_add_u8(&b, 1);
	buf_add_le32(&b, 4 + 2 + 5);
	buf_add(&b, "d", 2);
	buf_add_bytes(&b, bson_build_empty());
	buf_add_u8(&b, 0);
	add_ping(&b);
	for (size_t len = 0; len <= b.len; len++) {
		struct message_header h = {.len = (uint32_t)len + MESSAGE_HEADER,
					   .op = MESSAGE_MSG};

		if (len == b.len)
			ASSERT_OK(message_parse(&h, bytes_of(b.at, len), &m, &e));
		else
			ASSERT_ERROR(message_parse(&h, bytes_of(b.at, len), &m, &e), ERR_CORRUPT);
	}
}

static void what_is_not_a_message_is_refused(void **state)
{
	static const char *const kinds[] = {"flag", "kind", "two", "same", "many", "compressed"};
	struct message m;
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct message_header h;
		size_t sections = i == 3 ? 2 : i == 4 ? MESSAGE_SEQUENCES + 1 : 0;

		buf_add_le32(&b, i == 0 ? 1U << 2 : 0);
		buf_add_u8(&b, i == 1 ? 3 : 0);
		add_ping(&b);
		if (i == 2) {
			buf_add_u8(&b, 0);
			add_ping(&b);
		}
		for (size_t k = 0; k < sections; k++) {
			buf_add_u8(&b, 1);
			buf_add_le32(&b, 4 + 2);
			buf_add_u8(&b, (uint8_t)('a' + (i == 3 ? 0 : k)));
			buf_add_u8(&b, 0);
		}
		h = header_of(&b, i == 5 ? MESSAGE_COMPRESSED : MESSAGE_MSG);
		ASSERT_ERROR(message_parse(&h, buf_bytes(&b), &m, &e), ERR_CORRUPT);
	}
}

static void a_checksum_is_that_of_the_whole_message(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	OWNED(buf_release) struct buf whole = {0};
	struct message_header h;
	struct message m;
	struct error e = {0};

	(void)state;
	assert_int_equal(crc32c_of(bytes_str("123456789")), 0xe3069283);
	buf_add_le32(&b, MESSAGE_CHECKSUM);
	buf_add_u8(&b, 0);
	add_ping(&b);
	h = header_of(&b, MESSAGE_MSG);
	h.len += 4;
	whole_of(&h, buf_bytes(&b), &whole);
	buf_add_le32(&b, crc32c_of(buf_bytes(&whole)));
	ASSERT_OK(message_parse(&h, buf_bytes(&b), &m, &e));
	b.at[b.len - 1] ^= 1;
	ASSERT_ERROR_TEXT(message_parse(&h, buf_bytes(&b), &m, &e), ERR_CORRUPT, "checksum");
}

static void a_reply_can_be_read_back(void **state)
{
	static const int compressors[] = {-1, COMPRESS_NOOP, COMPRESS_ZLIB, COMPRESS_ZSTD};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(compressors); i++) {
		struct message request = {.header = {.request_id = 42, .op = MESSAGE_MSG},
					  .compressor = compressors[i / 2],
					  .flags = i % 2 ? MESSAGE_CHECKSUM : 0};
		OWNED(buf_release) struct buf b = {0};
		OWNED(buf_release) struct buf plain = {0};
		struct message_header h;
		struct message m;
		struct bytes content;
		int used = -1;

		message_reply_begin(&request, &b);
		add_ping(&b);
		ASSERT_OK(message_reply_end(&request, true, &b, &e));
		ASSERT_OK(message_header_read(buf_bytes(&b), &h, &e));
		assert_int_equal(h.len, b.len);
		assert_int_equal(h.response_to, 42);
		content = bytes_of(b.at + MESSAGE_HEADER, b.len - MESSAGE_HEADER);
		if (request.compressor >= 0) {
			assert_int_equal(h.op, MESSAGE_COMPRESSED);
			ASSERT_OK(compress_unpack(&h, content, &plain, &used, &e));
			content = buf_bytes(&plain);
		}
		assert_int_equal(used, request.compressor);
		ASSERT_OK(message_parse(&h, content, &m, &e));
		assert_int_equal(m.flags, request.flags);
	}
}

static void damaged_packed_messages_are_refused(void **state)
{
	OWNED(buf_release) struct buf plain = {0};
	struct error e = {0};

	(void)state;
	for (int id = 0; id < 256; id++) {
		uint8_t content[] = {0xdd, 7, 0, 0, 100, 0, 0, 0, (uint8_t)id, 1, 2, 3, 4};
		struct message_header h = {.len = 29, .op = MESSAGE_COMPRESSED};
		int used;

		for (size_t len = 0; len <= sizeof(content); len++)
			ASSERT_ERROR(compress_unpack(&h, bytes_of(content, len), &plain, &used, &e),
				     ERR_CORRUPT);
		put_le32(content + 4, UINT32_MAX);
		ASSERT_ERROR(
			compress_unpack(&h, bytes_of(content, sizeof(content)), &plain, &used, &e),
			ERR_CORRUPT);
	}
}

static void an_old_query_is_read(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct message m;
	struct error e = {0};

	(void)state;
	buf_add_le32(&b, 0);
	buf_add(&b, "admin.$cmd", 11);
	buf_add_le64(&b, 0);
	add_ping(&b);
	for (size_t len = 0; len <= b.len; len++) {
		struct message_header h = {.len = (uint32_t)len + MESSAGE_HEADER,
					   .op = MESSAGE_QUERY};

		if (len < b.len) {
			ASSERT_ERROR(message_parse(&h, bytes_of(b.at, len), &m, &e), ERR_CORRUPT);
			continue;
		}
		ASSERT_OK(message_parse(&h, bytes_of(b.at, len), &m, &e));
		ASSERT_BYTES(m.db, bytes_str("admin"));
		ASSERT_BYTES(m.coll, bytes_str("$cmd"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_and_bad_ones_are_refused),
		cmocka_unit_test(a_body_and_sections_are_found_in_any_order),
		cmocka_unit_test(every_cut_of_a_message_is_refused),
		cmocka_unit_test(what_is_not_a_message_is_refused),
		cmocka_unit_test(a_checksum_is_that_of_the_whole_message),
		cmocka_unit_test(a_reply_can_be_read_back),
		cmocka_unit_test(damaged_packed_messages_are_refused),
		cmocka_unit_test(an_old_query_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
