#include "tools/diff_catalog.h"

#include "tests/unit/oplog/text_doc.h"

/* "+name", "-name", "~name" for each difference. */
static int take(void *ctx, struct bytes name, const struct bson_field *old_field,
		const struct bson_field *new_field, struct error *e UNUSED)
{
	struct buf *got = ctx;

	assert_true(old_field->type != 0 || new_field->type != 0);
	buf_printf(got, "%s%c%.*s", got->len > 0 ? " " : "",
		   old_field->type == 0	  ? '+'
		   : new_field->type == 0 ? '-'
					  : '~',
		   (int)name.len, (const char *)name.at);
	return 0;
}

static void check_options(const char *a, const char *b, const char *expected)
{
	OWNED(buf_release) struct buf first = {0};
	OWNED(buf_release) struct buf second = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	text_doc(&first, a);
	text_doc(&second, b);
	assert_int_equal(ASSERT_OK(diff_catalog_options(buf_bytes(&first), buf_bytes(&second), take,
							&got, &e)),
			 *expected != '\0');
	assert_string_equal(buf_text(&got), expected);
	assert_int_equal(ASSERT_OK(diff_catalog_options(buf_bytes(&first), buf_bytes(&second), NULL,
							NULL, &e)),
			 *expected != '\0');
}

static void options_are_compared_by_what_they_mean(void **state)
{
	(void)state;
	check_options("{}", "{}", "");
	check_options("{'capped':true,'size':4096}", "{'size':4096.0,'capped':true}", "");
	check_options("{'capped':true}", "{'capped':true,'max':5}", "+max");
	check_options("{'validator':{'a':1},'max':5}", "{'validator':{'a':2}}", "~validator -max");
	/* Order within a value counts. */
	check_options("{'validator':{'a':1,'b':2}}", "{'validator':{'b':2,'a':1}}", "~validator");
	check_options("{'pipeline':[1,2]}", "{'pipeline':[2,1]}", "~pipeline");
}

static void check_indexes(const char *a, const char *b, const char *expected)
{
	OWNED(buf_release) struct buf first = {0};
	OWNED(buf_release) struct buf second = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};
	struct bson_field x, y;

	text_doc(&first, a);
	text_doc(&second, b);
	assert_int_equal(bson_find(buf_bytes(&first), "i", &x, &e), 1);
	assert_int_equal(bson_find(buf_bytes(&second), "i", &y, &e), 1);
	assert_int_equal(ASSERT_OK(diff_catalog_indexes(x.value, y.value, take, &got, &e)),
			 *expected != '\0');
	assert_string_equal(buf_text(&got), expected);
}

#define ID "{'v':2,'key':{'_id':1},'name':'_id_'}"

static void indexes_are_told_apart_by_their_names(void **state)
{
	(void)state;
	check_indexes("{'i':[" ID "]}", "{'i':[" ID "]}", "");
	/* As a dump of 4.2 and its oplog write the same index. */
	check_indexes(
		"{'i':[{'v':2,'unique':true,'key':{'a':1},'name':'a','ns':'x.y'}]}",
		"{'i':[{'v':2.0,'key':{'a':1.0},'name':'a','unique':true,'background':true}]}", "");
	check_indexes("{'i':[" ID ",{'key':{'a':1},'name':'a'}]}",
		      "{'i':[{'key':{'b':1},'name':'b'}," ID "]}", "-a +b");
	check_indexes("{'i':[{'key':{'a':1,'b':1},'name':'x'}]}",
		      "{'i':[{'key':{'b':1,'a':1},'name':'x'}]}", "~x");
	check_indexes("{'i':[{'key':{'a':1},'name':'x'}]}",
		      "{'i':[{'key':{'a':1},'name':'x','sparse':true}]}", "~x");
}

static void what_is_no_index_is_damage(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	struct bson_field field;
	struct error e = {0};

	(void)state;
	text_doc(&doc, "{'i':[{'key':{'a':1}}],'j':[5]}");
	assert_int_equal(bson_find(buf_bytes(&doc), "i", &field, &e), 1);
	ASSERT_ERROR(diff_catalog_indexes(field.value, field.value, NULL, NULL, &e), ERR_CORRUPT);
	assert_int_equal(bson_find(buf_bytes(&doc), "j", &field, &e), 1);
	ASSERT_ERROR(diff_catalog_indexes(field.value, field.value, NULL, NULL, &e), ERR_CORRUPT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_compared_by_what_they_mean),
		cmocka_unit_test(indexes_are_told_apart_by_their_names),
		cmocka_unit_test(what_is_no_index_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
