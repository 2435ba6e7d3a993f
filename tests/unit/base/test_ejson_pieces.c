#include "base/ejson_pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void collect(struct bytes docs, enum ejson_form form, struct buf *ret)
{
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = ejson_pieces_new(docs, form);
	struct error e = {0};
	struct bytes piece;
	uint64_t size = 0;
	int more;

	while ((more = ejson_pieces_next(pieces, &piece, &e)) == 1) {
		assert_true(piece.len > 0);
		buf_add_bytes(ret, piece);
	}
	assert_int_equal(more, 0);
	assert_int_equal(ejson_pieces_next(pieces, &piece, &e), 0);
	ASSERT_OK(ejson_pieces_size(docs, form, &size, &e));
	assert_true(size == ret->len);
}

static void assert_lines(struct bytes doc, enum ejson_mode mode)
{
	OWNED(buf_release) struct buf want = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	collect(doc, mode == EJSON_CANONICAL ? EJSON_LINE_CANONICAL : EJSON_LINE_RELAXED, &got);
	ASSERT_OK(ejson_write(doc, mode, &want, &e));
	buf_add_u8(&want, '\n');
	if (!bytes_equal(buf_bytes(&got), buf_bytes(&want)))
		fail_msg("in pieces: %.300s\nat once: %.300s", buf_text(&got), buf_text(&want));
}

static void pieces_of_random_documents_are_the_text(void **state)
{
	uint64_t random = 815;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf doc = {0};

		make_random_fields(&doc, &random, 0);
		assert_lines(buf_bytes(&doc), EJSON_RELAXED);
		assert_lines(buf_bytes(&doc), EJSON_CANONICAL);
	}
}

static void documents_follow_each_other_line_by_line(void **state)
{
	OWNED(buf_release) struct buf docs = {0};
	OWNED(buf_release) struct buf got = {0};

	(void)state;
	make_single(&docs, BSON_KIND_INT32, "a", bytes_of("\1\0\0\0", 4));
	buf_add(&docs, "\5\0\0\0\0", 5);
	make_single(&docs, BSON_KIND_NULL, "b", bytes_of(NULL, 0));
	collect(buf_bytes(&docs), EJSON_LINE_RELAXED, &got);
	assert_string_equal(buf_text(&got), "{\"a\":1}\n{}\n{\"b\":null}\n");
	buf_reset(&got);
	collect(buf_bytes(&docs), EJSON_PRETTY, &got);
	assert_string_equal(buf_text(&got), "{\n  \"a\": 1\n}\n{}\n{\n  \"b\": null\n}\n");
	buf_reset(&got);
	collect(bytes_of(NULL, 0), EJSON_PRETTY, &got);
	assert_int_equal(got.len, 0);
}

/* Texts are cut between characters, and where there are none. */
static void long_texts_of_every_type_are_cut_where_it_can_not_be_seen(void **state)
{
	static const char *const units[] = {"a",
					    "\"",
					    "\x01",
					    "\x80\xbf\xa0\x90",
					    "\xe2\x80\xa8",
					    "\xc3\xa9",
					    "\xff",
					    "\xf0\x9f\x98\x80",
					    "a\xf0\x9f\x98",
					    "\xe2\x80\xa8x"};
	static const uint8_t types[] = {BSON_KIND_STRING, BSON_KIND_CODE, BSON_KIND_SYMBOL};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(units) * COUNT_OF(types); i++) {
		OWNED(buf_release) struct buf text = {0};
		OWNED(buf_release) struct buf value = {0};
		OWNED(buf_release) struct buf doc = {0};

		for (size_t shift = 0; shift < 4; shift++) {
			buf_reset(&text);
			buf_reset(&value);
			buf_reset(&doc);
			buf_add(&text, "xxxx", shift);
			while (text.len < 200 * KIB)
				buf_add_str(&text, units[i / COUNT_OF(types)]);
			make_text(&value, buf_bytes(&text));
			make_single(&doc, types[i % COUNT_OF(types)], "a", buf_bytes(&value));
			assert_lines(buf_bytes(&doc), EJSON_RELAXED);
		}
	}
}

static void a_long_name_and_a_long_scope_are_cut_as_well(void **state)
{
	OWNED(buf_release) struct buf name = {0};
	OWNED(buf_release) struct buf value = {0};
	OWNED(buf_release) struct buf scope = {0};
	OWNED(buf_release) struct buf doc = {0};

	(void)state;
	while (name.len < 150 * KIB)
		buf_add_str(&name, "n\xc3\xa4");
	make_text(&value, buf_bytes(&name));
	make_single(&scope, BSON_KIND_STRING, buf_text(&name), buf_bytes(&value));
	buf_reset(&value);
	buf_add_le32(&value, 0);
	make_text(&value, buf_bytes(&name));
	buf_add_bytes(&value, buf_bytes(&scope));
	put_le32(value.at, (uint32_t)value.len);
	make_single(&doc, BSON_KIND_CODE_WITH_SCOPE, buf_text(&name), buf_bytes(&value));
	assert_lines(buf_bytes(&doc), EJSON_CANONICAL);
}

static void no_piece_is_long(void **state)
{
	OWNED(ejson_pieces_free) struct ejson_pieces *pieces = NULL;
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	struct bytes piece;
	uint64_t total = 0;
	size_t starts[BSON_MAX_NESTING];
	int more;

	(void)state;
	/* Fields of two bytes behind 200 levels of indentation. */
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		starts[i] = make_begin(&doc);
		if (i + 1 < COUNT_OF(starts))
			make_head(&doc, BSON_KIND_ARRAY, "");
	}
	while (doc.len < 200 * KIB)
		make_head(&doc, BSON_KIND_NULL, "");
	for (size_t i = COUNT_OF(starts); i > 0; i--)
		make_end(&doc, starts[i - 1]);
	pieces = ejson_pieces_new(buf_bytes(&doc), EJSON_PRETTY);
	while ((more = ejson_pieces_next(pieces, &piece, &e)) == 1) {
		assert_true(piece.len < 66 * KIB);
		total += piece.len;
	}
	assert_int_equal(more, 0);
	assert_true(total > 30 * MIB);
}

static void damage_and_depth_are_errors_and_the_end(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	struct bytes piece;
	uint64_t size = 7;

	(void)state;
	for (int round = 0; round < 2; round++) {
		OWNED(ejson_pieces_free) struct ejson_pieces *pieces = NULL;
		int code = round == 0 ? ERR_CORRUPT : ERR_LIMIT;

		buf_reset(&doc);
		if (round == 0)
			make_hex(&doc, "1000000003610008000000ee62000000");
		else
			make_nested(&doc, BSON_MAX_NESTING + 1);
		pieces = ejson_pieces_new(buf_bytes(&doc), EJSON_LINE_RELAXED);
		assert_int_equal(ejson_pieces_next(pieces, &piece, &e), code);
		assert_int_equal(ejson_pieces_next(pieces, &piece, &e), 0);
		assert_int_equal(ejson_pieces_size(buf_bytes(&doc), EJSON_PRETTY, &size, &e), code);
	}
	assert_int_equal(size, 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_random_documents_are_the_text),
		cmocka_unit_test(documents_follow_each_other_line_by_line),
		cmocka_unit_test(long_texts_of_every_type_are_cut_where_it_can_not_be_seen),
		cmocka_unit_test(a_long_name_and_a_long_scope_are_cut_as_well),
		cmocka_unit_test(no_piece_is_long),
		cmocka_unit_test(damage_and_depth_are_errors_and_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
