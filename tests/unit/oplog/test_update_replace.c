#include "tests/unit/oplog/text_doc.h"

#define ZERO "{'$timestamp':{'t':0,'i':0}}"

/* Reference 8.1 and 3.1. D07 and on are of the samples; the forms were measured on four versions. */
static const struct update_case cases[] = {
	{"D04 repl_present", ALL, "{'_id':1,'a':1,'b':2}", "{'_id':1,'b':3,'a':4}",
	 "{'_id':1,'b':3,'a':4}"},
	{"D05 repl_id_last", ALL, "{'_id':1,'a':1}", "{'b':3,'_id':1}", "{'_id':1,'b':3}"},
	{"D05 in the middle", ALL, "{'_id':1,'a':1}", "{'b':3,'_id':1,'c':4}",
	 "{'_id':1,'b':3,'c':4}"},
	{"D06 repl_missing", ALL, NULL, "{'_id':1,'b':3}", NULL},
	{"D06 repl_missing", UPSERT | ALL, NULL, "{'_id':1,'b':3}", "{'_id':1,'b':3}"},
	{"D07 repl_id_diff", ALL, "{'_id':1,'a':1}", "{'_id':2,'b':3}", "#13596"},
	{"D08 repl_dollar_toplevel", ALL, "{'_id':1,'a':1}", "{'_id':1,'$y':1}",
	 "{'_id':1,'$y':1}"},
	{"repl_dollar_field", ALL, "{'_id':1,'a':1}", "{'_id':1,'x':{'$y':1}}",
	 "{'_id':1,'x':{'$y':1}}"},
	{"repl_no_id", V4 | V5, "{'_id':1,'a':1}", "{'b':3}", "{'_id':1,'b':3}"},
	{"repl_no_id", FROM_V6, "{'_id':1,'a':1}", "{'b':3}", "#9"},
	{"repl_empty", V4 | V5, "{'_id':1,'a':1}", "{}", "{'_id':1}"},
	{"repl_empty", FROM_V6, "{'_id':1,'a':1}", "{}", NULL},
	{"repl_zero_ts", ALL, "{'_id':1,'a':1}", "{'_id':1,'t':" ZERO "}",
	 "{'_id':1,'t':" ZERO "}"},
	{"the same again", ALL, "{'_id':1,'a':1}", "{'_id':1,'a':1}", NULL},
	{"_id of another type", ALL, "{'_id':1,'a':1}", "{'_id':{'$numberLong':'1'},'x':1}",
	 "{'_id':{'$numberLong':'1'},'x':1}"},
	{"_id twice", ALL, "{'_id':1,'a':1}", "{'_id':1,'x':1,'_id':2}", "{'_id':1,'x':1,'_id':2}"},
	{"names twice", ALL, "{'_id':1,'a':1}", "{'_id':1,'x':1,'x':2}", "{'_id':1,'x':1,'x':2}"},
	{"upsert without _id", UPSERT | V4 | V5, NULL, "{'x':1}", "{'_id':1,'x':1}"},
	{"upsert without _id", UPSERT | FROM_V6, NULL, "{'x':1}", "#9"},
	{"upsert of another _id", UPSERT | ALL, NULL, "{'_id':2,'x':1}", "{'_id':2,'x':1}"},
	{"upsert of nothing", UPSERT | ALL, NULL, "{}", "{'_id':1}"},
	/* A document of a user may have these fields, from 5.0 on. */
	{"{_id, $v: 2, diff}", V4 | V6 | V8, "{'_id':1,'a':1}",
	 "{'_id':1,'$v':2,'diff':{'u':{'a':2}}}", "{'_id':1,'$v':2,'diff':{'u':{'a':2}}}"},
	{"{_id, $v: 2, diff}", V5, "{'_id':1,'a':1}", "{'_id':1,'$v':2,'diff':{'u':{'a':2}}}",
	 "{'_id':1,'a':2}"},
	{"{$v: 2, diff, _id}", V4, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':{'a':2}},'_id':1}",
	 "#40682"},
	{"{$v: 2, diff, _id}", V5, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':{'a':2}},'_id':1}",
	 "{'_id':1,'a':2}"},
	{"{$v: 2, diff, _id}", FROM_V6, "{'_id':1,'a':1}", "{'$v':2,'diff':{'u':{'a':2}},'_id':1}",
	 "{'_id':1,'$v':2,'diff':{'u':{'a':2}}}"},
	{"{_id, $v: 1, $set}", ALL, "{'_id':1,'a':1}", "{'_id':1,'$v':1,'$set':{'a':2}}",
	 "{'_id':1,'$v':1,'$set':{'a':2}}"},
	{"{$v: 1, $set, _id}", V4 | V5, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a':2},'_id':1}", "#9"},
	{"{$v: 1, $set, _id}", FROM_V6, "{'_id':1,'a':1}", "{'$v':1,'$set':{'a':2},'_id':1}",
	 "{'_id':1,'$v':1,'$set':{'a':2}}"},
	{"{_id, $v: 3}", V4 | V6 | V8, "{'_id':1,'a':1}", "{'_id':1,'$v':3}", "{'_id':1,'$v':3}"},
	{"{_id, $v: 3}", V5, "{'_id':1,'a':1}", "{'_id':1,'$v':3}", "#4772604"},
	{"{a, $v: 1}", V4 | V5, "{'_id':1,'a':1}", "{'a':5,'$v':1}", "{'_id':1,'a':5,'$v':1}"},
	{"{a, $v: 1}", FROM_V6, "{'_id':1,'a':1}", "{'a':5,'$v':1}", "#9"},
	{"v2_v_last", V4, "{'_id':1,'b':1}", "{'diff':{'u':{'b':2}},'$v':2}",
	 "{'_id':1,'diff':{'u':{'b':2}},'$v':2}"},
	{"{$set, $v: 1}", ALL, "{'_id':1,'a':1}", "{'$set':{'a':2},'$v':1}", "{'_id':1,'a':2}"},
	{"{$v: 1.0, $set}", V4, "{'_id':1,'a':1}", "{'$v':1.0,'$set':{'a':2}}", "#2"},
	{"{$v: 1.0, $set}", V5, "{'_id':1,'a':1}", "{'$v':1.0,'$set':{'a':2}}", "#4772600"},
	{"{$v: 1.5, $set}", FROM_V6, "{'_id':1,'a':1}", "{'$v':1.5,'$set':{'a':2}}",
	 "{'_id':1,'a':2}"},
	{"{$v: '1', $set}", FROM_V5, "{'_id':1,'a':1}", "{'$v':'1','$set':{'a':2}}", "#4772600"},
};

static void every_named_case_gives_what_servers_give(void **state)
{
	(void)state;
	check_updates(cases, COUNT_OF(cases));
}

static void the_result_is_appended_and_errors_leave_nothing(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf o = {0};
	OWNED(buf_release) struct buf out = {0};
	struct update_rules rules = {.major = 6};
	struct error e = {0};

	(void)state;
	buf_add_str(&out, "before");
	text_doc(&doc, "{'_id':1,'a':1}");
	text_doc(&o, "{'$v':1,'$set':{'b':1}}");
	ASSERT_OK(update_apply(buf_bytes(&doc), buf_bytes(&o), &rules, &out, &e));
	assert_memory_equal(out.at, "before", 6);
	ASSERT_OK(bson_check(bytes_of(out.at + 6, out.len - 6), BSON_CHECK_FULL, &e));
	/* Cut anywhere, both are refused and nothing is left. */
	for (size_t cut = 1; cut < doc.len; cut++) {
		size_t len = out.len;

		ASSERT_ERROR(update_apply(bytes_of(doc.at, doc.len - cut), buf_bytes(&o), &rules,
					  &out, &e),
			     ERR_CORRUPT);
		assert_int_equal(out.len, len);
	}
	for (size_t cut = 1; cut <= o.len; cut++)
		ASSERT_ERROR(update_apply(buf_bytes(&doc), bytes_of(o.at, o.len - cut), &rules,
					  &out, &e),
			     ERR_CORRUPT);
}

/* Which form an update has differs between versions, and is told without applying it. */
static void the_form_of_an_update_is_that_of_its_server(void **state)
{
	static const struct {
		const char *o;
		int kind[3]; /* of 4.4, 5.0 and 6.0; an error is negative */
	} forms[] = {
		{"{'a':1}", {UPDATE_REPLACE, UPDATE_REPLACE, UPDATE_MODIFY}},
		{"{'_id':1,'a':1}", {UPDATE_REPLACE, UPDATE_REPLACE, UPDATE_REPLACE}},
		{"{'$v':1,'$set':{'a':1}}", {UPDATE_MODIFY, UPDATE_MODIFY, UPDATE_MODIFY}},
		{"{'$set':{'a':1}}", {UPDATE_MODIFY, UPDATE_MODIFY, UPDATE_MODIFY}},
		{"{'$v':2,'diff':{}}", {ERR_CORRUPT, UPDATE_DIFF, UPDATE_DIFF}},
		{"{'$v':3,'diff':{}}", {ERR_CORRUPT, ERR_CORRUPT, ERR_CORRUPT}},
		{"{'$v':'x','$set':{}}", {ERR_CORRUPT, ERR_CORRUPT, ERR_CORRUPT}},
		{"{'_id':1,'$v':2}", {UPDATE_REPLACE, UPDATE_DIFF, UPDATE_REPLACE}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		for (int major = 4; major <= 6; major++) {
			OWNED(buf_release) struct buf b = {0};
			enum update_kind kind = UPDATE_REPLACE;
			struct error e = {0};
			int code = update_classify(text_doc(&b, forms[i].o), major, &kind, &e);
			int expected = forms[i].kind[major - 4];

			if (code < 0 ? code != expected : (int)kind != expected)
				fail_msg("%s of %d: %d, form %d", forms[i].o, major, code, kind);
		}
	}
}

static void a_damaged_update_has_no_form(void **state)
{
	OWNED(buf_release) struct buf b = {0};
	enum update_kind kind = UPDATE_DIFF;
	struct error e = {0};

	(void)state;
	text_doc(&b, "{'a':1,'b':1}");
	b.at[4 + 7] = 0x42;
	ASSERT_ERROR(update_classify(buf_bytes(&b), 6, &kind, &e), ERR_CORRUPT);
	assert_int_equal(kind, UPDATE_DIFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_named_case_gives_what_servers_give),
		cmocka_unit_test(the_result_is_appended_and_errors_leave_nothing),
		cmocka_unit_test(the_form_of_an_update_is_that_of_its_server),
		cmocka_unit_test(a_damaged_update_has_no_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
