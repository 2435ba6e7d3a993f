#include "base/bson_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/make_bson.h"

static void assert_fault(const char *hex, enum bson_check_level level, const char *text)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	make_hex(&doc, hex);
	assert_int_equal(bson_check(buf_bytes(&doc), level, &e), ERR_CORRUPT);
	assert_string_equal(e.text, text);
}

static void assert_fine(const char *hex, enum bson_check_level level)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	make_hex(&doc, hex);
	ASSERT_OK(bson_check(buf_bytes(&doc), level, &e));
}

static void a_document_with_every_type_is_fine(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	(void)state;
	make_all_types(&doc);
	for (int level = BSON_CHECK_OFF; level <= BSON_CHECK_FULL; level++)
		ASSERT_OK(bson_check(buf_bytes(&doc), (enum bson_check_level)level, &e));
}

static void the_frame_is_checked_at_every_level(void **state)
{
	(void)state;
	for (int i = BSON_CHECK_OFF; i <= BSON_CHECK_FULL; i++) {
		enum bson_check_level level = (enum bson_check_level)i;

		assert_fine("0500000000", level);
		assert_fault("", level, "byte 0: document of 0 bytes, expected 5 or more");
		assert_fault("05000000", level, "byte 0: document of 4 bytes, expected 5 or more");
		assert_fault("0600000000", level,
			     "byte 0: document says it has 6 bytes, but has 5");
		assert_fault("ffffffff00", level,
			     "byte 0: document says it has -1 bytes, but has 5");
		assert_fault("0500000001", level, "byte 4: document ends in 0x01, expected 0x00");
	}
}

static void off_looks_no_further(void **state)
{
	(void)state;
	assert_fine("0c000000aa61000700000000", BSON_CHECK_OFF);
}

static void structure_faults_say_where_and_what(void **state)
{
	static const struct {
		const char *hex, *text;
	} faults[] = {
		{"0c000000aa61000700000000", "byte 4: field type 0xaa is unknown"},
		{"07000000000000", "byte 4: field type 0x00 is unknown"},
		{"0800000010616100", "byte 5: field name has no end"},
		{"0b00000010610007000000",
		 "byte 7: value of type 0x10 is cut off: 4 bytes expected, 3 left"},
		{"0a000000026100010000",
		 "byte 7: length of a value of type 0x02 is cut off, 2 bytes left"},
		{"0e00000002610000000000610000",
		 "byte 7: length of a value of type 0x02 is 0, expected 1 or more"},
		{"0e000000026100ffffffff610000",
		 "byte 7: length of a value of type 0x02 is -1, expected 1 or more"},
		{"0e00000002610003000000610000",
		 "byte 7: value of type 0x02 has length 3, but 2 bytes are left"},
		{"0e00000002610002000000616100",
		 "byte 12: value of type 0x02 ends in 0x61, expected 0x00"},
		{"0d000000036100040000000000",
		 "byte 7: length of a value of type 0x03 is 4, expected 5 or more"},
		{"0d000000036100060000000000",
		 "byte 7: value of type 0x03 has length 6, but 5 bytes are left"},
		{"0d000000036100050000000100",
		 "byte 11: value of type 0x03 ends in 0x01, expected 0x00"},
		{"0d000000056100010000000000",
		 "byte 7: value of type 0x05 has length 1, but 0 bytes are left"},
		{"0c0000000b61006162630000",
		 "byte 7: regular expression without its two terminators"},
		{"0b0000000b610061626300",
		 "byte 7: regular expression without its two terminators"},
		{"140000000c610002000000610001020304050600",
		 "byte 7: value of type 0x0c is cut off"},
		{"150000000f61000d00000001000000000500000000",
		 "byte 7: length of a value of type 0x0f is 13, expected 14 or more"},
		{"160000000f61000e0000000200000000050000000000",
		 "byte 16: value of type 0x0d ends in 0x05, expected 0x00"},
		{"170000000f61000f000000010000000005000000000000",
		 "byte 16: the scope does not fill the 6 bytes left for it"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		assert_fault(faults[i].hex, BSON_CHECK_STRUCTURE, faults[i].text);
		assert_fault(faults[i].hex, BSON_CHECK_FULL, faults[i].text);
	}
}

static void faults_inside_are_found_at_offsets_of_the_outermost(void **state)
{
	(void)state;
	/* {a: {b: unknown}} and code with a scope of {b: unknown}. */
	assert_fault("1000000003610008000000ee62000000", BSON_CHECK_STRUCTURE,
		     "byte 11: field type 0xee is unknown");
	assert_fault("190000000f610011000000010000000008000000ee62000000", BSON_CHECK_STRUCTURE,
		     "byte 20: field type 0xee is unknown");
}

static void only_full_looks_at_content(void **state)
{
	static const struct {
		const char *hex, *text;
	} faults[] = {
		{"0e00000002610002000000ff0000", "byte 11: not UTF-8: 0xff"},
		{"0e0000000d610002000000ff0000", "byte 11: not UTF-8: 0xff"},
		{"0e0000000e610002000000ff0000", "byte 11: not UTF-8: 0xff"},
		{"080000000aff0000", "byte 5: not UTF-8: 0xff"},
		{"090000000861000200", "byte 7: boolean is 0x02, expected 0 or 1"},
		{"0e00000005610001000000024100",
		 "byte 12: inner length of binary subtype 2 does not fit its 1 bytes"},
		{"120000000561000500000002020000004100",
		 "byte 12: inner length of binary subtype 2 does not fit its 5 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		assert_fine(faults[i].hex, BSON_CHECK_STRUCTURE);
		assert_fault(faults[i].hex, BSON_CHECK_FULL, faults[i].text);
	}
	/* A good one of subtype 2; regular expression, DBPointer and scoped code. */
	assert_fine("13000000056100060000000202000000414200", BSON_CHECK_FULL);
	assert_fault("0c0000000b6100ff00690000", BSON_CHECK_FULL, "byte 7: not UTF-8: 0xff");
	assert_fault("0c0000000b61006100ff0000", BSON_CHECK_FULL, "byte 9: not UTF-8: 0xff");
	assert_fault("1a0000000c610002000000ff000102030405060708090a0b0c00", BSON_CHECK_FULL,
		     "byte 11: not UTF-8: 0xff");
	assert_fault("170000000f61000f00000002000000ff00050000000000", BSON_CHECK_FULL,
		     "byte 15: not UTF-8: 0xff");
}

static void odd_but_legal_documents_are_fine(void **state)
{
	(void)state;
	assert_fine("0b0000000a61000a610000", BSON_CHECK_FULL);		  /* a name twice */
	assert_fine("070000000a0000", BSON_CHECK_FULL);			  /* an empty name */
	assert_fine("10000000046100080000000a78000000", BSON_CHECK_FULL); /* array index x */
	assert_fine("0f0000000261000300000061000000", BSON_CHECK_FULL);	  /* NUL in a string */
	assert_fine("0e00000005610001000000024100", BSON_CHECK_STRUCTURE);
}

static void nesting_has_a_limit(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	(void)state;
	make_nested(&doc, BSON_MAX_NESTING);
	ASSERT_OK(bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, &e));
	buf_reset(&doc);
	make_nested(&doc, BSON_MAX_NESTING + 1);
	assert_int_equal(bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, &e), ERR_LIMIT);
	assert_string_equal(e.text, "byte 1400: documents nest more than 200 deep");
	ASSERT_OK(bson_check(buf_bytes(&doc), BSON_CHECK_OFF, &e));
}

static void every_cut_of_a_document_is_found(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	(void)state;
	make_all_types(&doc);
	for (size_t len = 0; len < doc.len; len++) {
		uint8_t *copy = xmalloc(len);
		bool boundary = false;

		memcpy(copy, doc.at, len);
		if (len >= BSON_MIN_LEN) {
			put_le32(copy, (uint32_t)len);
			/* A cut where a field ends in a NUL that then closes the document. */
			boundary = bson_check(bytes_of(copy, len), BSON_CHECK_STRUCTURE, &e) == 0;
		}
		if (!boundary && len >= BSON_MIN_LEN)
			assert_int_equal(e.code, ERR_CORRUPT);
		if (len > 5)
			assert_int_equal(
				bson_check(bytes_of(doc.at, len), BSON_CHECK_STRUCTURE, &e),
				ERR_CORRUPT);
		free(copy);
	}
}

static void random_documents_are_fine_and_iterate(void **state)
{
	const uint64_t seed = 7;
	uint64_t random = seed;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		OWNED(buf_release) struct buf doc = {0};
		struct bson_fields fields;
		struct bson_field field;
		struct error e = {0};
		int got;

		make_random_fields(&doc, &random, 0);
		if (bson_check(buf_bytes(&doc), BSON_CHECK_STRUCTURE, &e) < 0)
			fail_msg("round %d of seed %llu: %s", round, (unsigned long long)seed,
				 e.text);
		fields = bson_fields(buf_bytes(&doc));
		while ((got = bson_fields_next(&fields, &field, &e)) > 0)
			;
		assert_int_equal(got, 0);
		/* Damage never makes a check read out of bounds, whatever it says. */
		doc.at[4 + make_below(&random, (unsigned)doc.len - 4)] ^=
			(uint8_t)(1u << make_below(&random, 8));
		got = bson_check(buf_bytes(&doc), BSON_CHECK_FULL, &e);
		assert_true(got == 0 || got == ERR_CORRUPT || got == ERR_LIMIT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_with_every_type_is_fine),
		cmocka_unit_test(the_frame_is_checked_at_every_level),
		cmocka_unit_test(off_looks_no_further),
		cmocka_unit_test(structure_faults_say_where_and_what),
		cmocka_unit_test(faults_inside_are_found_at_offsets_of_the_outermost),
		cmocka_unit_test(only_full_looks_at_content),
		cmocka_unit_test(odd_but_legal_documents_are_fine),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(every_cut_of_a_document_is_found),
		cmocka_unit_test(random_documents_are_fine_and_iterate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
