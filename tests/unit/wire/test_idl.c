#include "wire/idl.h"

#include "tests/harness/harness.h"
#include "wire/read_concern.h"

static const struct idl_field fields[] = {
	{"filter", IDL_OBJECT, false},	   {"nameOnly", IDL_BOOL, false},
	{"size", IDL_NUMBER_MIN_0, false}, {"need", IDL_STRING, true},
	{"flag", IDL_FLAG, false},	   {"id", IDL_LONG, false},
};

/* {cmd: 1, need: "x", <name>: <type, value>, $db: "x"} */
static void build(struct buf *b, const char *name, uint8_t type, struct bytes value)
{
	size_t doc = harness_doc_open(b);

	harness_doc_int32(b, "cmd", 1);
	if (strcmp(name, "need") != 0)
		harness_doc_string(b, "need", "x");
	harness_doc_element(b, type, name, value);
	harness_doc_string(b, "$db", "x");
	harness_doc_string(b, "lsid", "any");
	harness_doc_close(b, doc);
}

/* Texts measured on mongod 6.0.27. */
static void fields_are_judged_in_mongods_words(void **state)
{
	static const struct {
		const char *name;
		uint8_t type;
		const char *value;
		size_t len;
		int server; /* 0: it is taken */
		const char *text;
	} cases[] = {
		{"filter", 3, "\5\0\0\0\0", 5, 0, NULL},
		{"filter", 10, "", 0, 0, NULL},
		{"filter", 16, "\1\0\0\0", 4, 14,
		 "BSON field 'list.filter' is the wrong type 'int', expected type 'object'"},
		{"nameOnly", 2, "\2\0\0\0x\0", 6, 14,
		 "BSON field 'list.nameOnly' is the wrong type 'string', expected type 'bool'"},
		{"size", 2, "\2\0\0\0x\0", 6, 14,
		 "BSON field 'list.size' is the wrong type 'string', expected types '[long, int, "
		 "decimal, double']"},
		{"size", 16, "\xff\xff\xff\xff", 4, 51024,
		 "BSON field 'size' value must be >= 0, actual value '-1'"},
		{"flag", 2, "\2\0\0\0x\0", 6, 14,
		 "BSON field 'list.flag' is the wrong type 'string', expected types '[bool, long, "
		 "int, decimal, double']"},
		{"id", 16, "\5\0\0\0", 4, 14,
		 "BSON field 'list.id' is the wrong type 'int', expected type 'long'"},
		{"foo", 16, "\1\0\0\0", 4, 40415, "BSON field 'list.foo' is an unknown field."},
		{"need", 10, "", 0, 40414,
		 "BSON field 'list.need' is missing but a required field"},
		{"maxTimeMS", 16, "\1\0\0\0", 4, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf b = {0};
		struct error e = {0};
		int code;

		build(&b, cases[i].name, cases[i].type, bytes_of(cases[i].value, cases[i].len));
		code = idl_check(buf_bytes(&b), "list", true, fields, COUNT_OF(fields), &e);
		assert_int_equal(code < 0 ? e.server : 0, cases[i].server);
		if (code < 0)
			assert_string_equal(e.text, cases[i].text);
	}
}

static void a_field_that_comes_twice_is_refused(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	struct error e = {0};
	size_t doc = harness_doc_open(&b);

	(void)state;
	harness_doc_int32(&b, "cmd", 1);
	harness_doc_string(&b, "need", "x");
	harness_doc_string(&b, "need", "y");
	harness_doc_close(&b, doc);
	assert_true(idl_check(buf_bytes(&b), "list", true, fields, COUNT_OF(fields), &e) < 0);
	assert_int_equal(e.server, 40413);
}

enum { LEVEL = 1, AT = 2, AFTER = 4 };

static int parse(unsigned what, const char *level, uint32_t at, struct read_concern *ret,
		 struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	size_t doc = harness_doc_open(&b);
	struct bson_field field = {.type = BSON_KIND_DOCUMENT};

	if (what & LEVEL)
		harness_doc_string(&b, "level", level);
	if (what & AT)
		harness_doc_timestamp(&b, "atClusterTime", at, at);
	if (what & AFTER)
		harness_doc_timestamp(&b, "afterClusterTime", at, at);
	harness_doc_close(&b, doc);
	field.value = buf_bytes(&b);
	return read_concern_parse(&field, ret, e);
}

static void a_read_concern_is_judged_as_mongod_does(void **state)
{
	static const struct {
		unsigned what;
		const char *level;
		uint32_t at;
		int server;
	} cases[] = {
		{LEVEL, "local", 0, 0},
		{LEVEL, "foo", 0, 9},
		{AT, NULL, 5, 72},
		{LEVEL | AT, "snapshot", 5, 0},
		{LEVEL | AT, "snapshot", 0, 72},
		{LEVEL | AT, "majority", 5, 72},
		{AT | AFTER | LEVEL, "snapshot", 5, 72},
		{AFTER, NULL, 5, 0},
		{AFTER, NULL, 0, 72},
		{LEVEL | AFTER, "available", 5, 72},
		{LEVEL | AFTER, "linearizable", 5, 72},
		{0, NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct read_concern c;
		struct error e = {0};
		int code = parse(cases[i].what, cases[i].level, cases[i].at, &c, &e);

		assert_int_equal(code < 0 ? e.server : 0, cases[i].server);
	}
}

static void what_a_command_does_not_support_is_told(void **state)
{
	struct read_concern c;
	struct error e = {0};

	(void)state;
	ASSERT_OK(parse(LEVEL | AT, "snapshot", 7, &c, &e));
	assert_true(read_concern_check(&c, "count", READ_CONCERN_NOT_SNAPSHOT, false, &e) < 0);
	assert_string_equal(
		e.text,
		"Command count does not support { readConcern: { level: \"snapshot\", "
		"atClusterTime: Timestamp(7, 7), provenance: \"clientSupplied\" } } :: caused "
		"by :: read concern snapshot not supported");
	ASSERT_OK(read_concern_check(&c, "find", READ_CONCERN_ALL, false, &e));
	ASSERT_OK(parse(LEVEL, "linearizable", 0, &c, &e));
	assert_true(read_concern_check(&c, "find", READ_CONCERN_ALL, false, &e) < 0);
	assert_int_equal(e.server, 123);
	ASSERT_OK(read_concern_check(&c, "find", READ_CONCERN_ALL, true, &e));
	ASSERT_OK(parse(AFTER, NULL, 4, &c, &e));
	assert_true(read_concern_check(&c, "find", READ_CONCERN_ALL, false, &e) < 0);
	assert_int_equal(e.server, 20);
	ASSERT_OK(read_concern_check(&c, "find", READ_CONCERN_ALL, true, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_judged_in_mongods_words),
		cmocka_unit_test(a_field_that_comes_twice_is_refused),
		cmocka_unit_test(a_read_concern_is_judged_as_mongod_does),
		cmocka_unit_test(what_a_command_does_not_support_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
