#include "store/snapshot/catalog_normal.h"

#include "base/bson.h"
#include "base/metadata_json.h"
#include "tests/harness/harness.h"

/* A document from extended JSON with ' for ". */
static struct bytes doc_of(const char *text, struct buf *ret)
{
	OWNED(buf_release) struct buf json = {0};
	struct error e = {0};

	buf_add_str(&json, text);
	for (size_t i = 0; i < json.len; i++)
		if (json.at[i] == '\'')
			json.at[i] = '"';
	buf_reset(ret);
	ASSERT_OK(metadata_json_parse(buf_bytes(&json), MIB, ret, &e));
	return buf_bytes(ret);
}

typedef int normal(struct bytes from, struct buf *ret, struct error *e);

struct pair {
	const char *a, *b;
	bool same;
};

static void check(normal *form, const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf a = {0}, b = {0}, x = {0}, y = {0}, again = {0};
		struct error e = {0};

		ASSERT_OK(form(doc_of(pairs[i].a, &a), &x, &e));
		ASSERT_OK(form(doc_of(pairs[i].b, &b), &y, &e));
		if (bytes_equal(buf_bytes(&x), buf_bytes(&y)) != pairs[i].same)
			fail_msg("%s and %s should be %s", pairs[i].a, pairs[i].b,
				 pairs[i].same ? "the same" : "different");
		/* What is normal stays so. */
		ASSERT_OK(form(buf_bytes(&x), &again, &e));
		ASSERT_BYTES(buf_bytes(&again), buf_bytes(&x));
	}
}

static void options_that_mean_the_same_are_the_same(void **state)
{
	static const struct pair pairs[] = {
		{"{'capped':true,'size':4096,'max':5}",
		 "{'max':{'$numberLong':'5'},'size':{'$numberDouble':'4096.0'},'capped':1}", true},
		{"{'capped':true,'size':4096}", "{'capped':true,'size':4097}", false},
		{"{'capped':false,'size':0,'max':0}", "{}", true},
		{"{'capped':true,'size':4096}", "{'size':4096}", false},
		{"{'temp':false,'validator':{}}", "{}", true},
		{"{'validator':{'a':1}}", "{}", false},
		{"{'validator':{'a':1}}", "{'validator':{'a':{'$numberLong':'1'}}}", false},
		{"{'create':'x','uuid':1,'idIndex':{}}", "{}", true},
		{"{'timeseries':{'timeField':'t','bucketMaxSpanSeconds':3600}}",
		 "{'timeseries':{'bucketMaxSpanSeconds':{'$numberLong':'3600'},'timeField':'t'}}",
		 true},
		{"{'clusteredIndex':true}", "{'clusteredIndex':{'v':2}}", false},
		{"{'clusteredIndex':{'v':2,'key':{'_id':1},'unique':true}}",
		 "{'clusteredIndex':{'unique':true,'key':{'_id':1},'v':{'$numberLong':'2'}}}",
		 true},
		{"{'changeStreamPreAndPostImages':{'enabled':false}}", "{}", true},
		{"{'changeStreamPreAndPostImages':{'enabled':true}}", "{}", false},
		{"{'collation':{'locale':'de','strength':3}}",
		 "{'collation':{'locale':'de','strength':{'$numberLong':'3'}}}", true},
		{"{'viewOn':'t','pipeline':[{'a':1},{'b':1}]}",
		 "{'pipeline':[{'a':1},{'b':1}],'viewOn':'t'}", true},
		{"{'viewOn':'t','pipeline':[{'a':1},{'b':1}]}",
		 "{'viewOn':'t','pipeline':[{'b':1},{'a':1}]}", false},
		{"{'expireAfterSeconds':{'$numberLong':'60'}}", "{'expireAfterSeconds':60}", true},
		{"{'expireAfterSeconds':{'$numberDouble':'60.5'}}", "{'expireAfterSeconds':60}",
		 false},
		{"{'storageEngine':{'wiredTiger':{'configString':'app_metadata=("
		 "timeseriesBucketsMayHaveMixedSchemaData=true)'}}}",
		 "{}", true},
		{"{'storageEngine':{'wiredTiger':{'configString':'block_compressor=zlib,app_"
		 "metadata=(timeseriesBucketsMayHaveMixedSchemaData=true)'}}}",
		 "{'storageEngine':{'wiredTiger':{'configString':'block_compressor=zlib'}}}", true},
		{"{'storageEngine':{'wiredTiger':{'configString':'app_metadata=("
		 "timeseriesBucketsMayHaveMixedSchemaData=true),block_compressor=zlib'}}}",
		 "{'storageEngine':{'wiredTiger':{'configString':'block_compressor=zlib'}}}", true},
		{"{'storageEngine':{'wiredTiger':{'configString':'app_metadata=("
		 "timeseriesBucketsMayHaveMixedSchemaData=true)'}}}",
		 "{'storageEngine':{'wiredTiger':{'configString':'block_compressor=zlib'}}}",
		 false},
		{"{'storageEngine':{'wiredTiger':{'configString':'app_metadata=(mine=1)'}}}", "{}",
		 false},
		{"{'storageEngine':{'wiredTiger':{}}}", "{}", true},
		{"{'storageEngine':{'other':{'configString':'x'}}}",
		 "{'storageEngine':{'wiredTiger':{'configString':'x'}}}", false},
		{"{'storageEngine':1}", "{}", false},
		{"{'unheardOf':1}", "{'unheardOf':{'$numberLong':'1'}}", false},
	};

	(void)state;
	check(catalog_normal_options, pairs, COUNT_OF(pairs));
}

static void specs_that_mean_the_same_are_the_same(void **state)
{
	static const struct pair pairs[] = {
		/* 4.2 and 6.0 */
		{"{'v':2,'unique':true,'key':{'a':1},'name':'a_1','ns':'d.c','sparse':true}",
		 "{'v':2,'key':{'a':1},'name':'a_1','unique':true,'sparse':true}", true},
		{"{'key':{'a':1},'name':'a_1','background':true,'unique':false}",
		 "{'key':{'a':{'$numberDouble':'1.0'}},'name':'a_1'}", true},
		{"{'key':{'a':1,'b':1}}", "{'key':{'b':1,'a':1}}", false},
		{"{'key':{'a':1}}", "{'key':{'a':-1}}", false},
		{"{'key':{'a':'hashed'}}", "{'key':{'a':1}}", false},
		{"{'min':-10,'max':10}",
		 "{'min':{'$numberDouble':'-10.0'},'max':{'$numberDouble':'10.0'}}", true},
		{"{'expireAfterSeconds':{'$numberLong':'9'}}", "{'expireAfterSeconds':9}", true},
		{"{'weights':{'a':1,'b':2}}", "{'weights':{'b':2,'a':{'$numberDouble':'1.0'}}}",
		 true},
		{"{'wildcardProjection':{'q':1}}", "{'wildcardProjection':{'q':true,'_id':false}}",
		 true},
		{"{'wildcardProjection':{'q':0}}", "{'wildcardProjection':{'q':1}}", false},
		{"{'wildcardProjection':{'q':1,'_id':1}}",
		 "{'wildcardProjection':{'q':true,'_id':true}}", true},
		{"{'wildcardProjection':{'q':1,'_id':1}}", "{'wildcardProjection':{'q':1}}", false},
		/* What no server lists stays as it is. */
		{"{'wildcardProjection':5}", "{'wildcardProjection':{'q':1}}", false},
		{"{'sparse':'x'}", "{'sparse':true}", false},
		{"{'sparse':'x'}", "{}", false},
		{"{'hidden':true}", "{}", false},
		{"{'hidden':false}", "{}", true},
		{"{'partialFilterExpression':{'a':1}}", "{'partialFilterExpression':{'a':2}}",
		 false},
	};

	(void)state;
	check(catalog_normal_index, pairs, COUNT_OF(pairs));
}

static void the_order_of_indexes_does_not_count(void **state)
{
	static const struct pair pairs[] = {
		{"{'0':{'name':'b','v':2},'1':{'v':2,'name':'a'}}",
		 "{'0':{'name':'a','v':2},'1':{'name':'b','v':2}}", true},
		{"{'0':{'name':'b'}}", "{'0':{'name':'a'}}", false},
		{"{'0':{'name':'b'}}", "{'0':{'name':'b'},'1':{'name':'c'}}", false},
		{"{'0':{'v':1},'1':{'name':7}}", "{'0':{'v':1},'1':{'name':8}}", false},
	};

	(void)state;
	check(catalog_normal_indexes, pairs, COUNT_OF(pairs));
}

static void entries_are_compared_by_type_options_and_indexes(void **state)
{
	OWNED(catalog_entry_release) struct catalog_entry a = {.has_uuid = true};
	OWNED(catalog_entry_release) struct catalog_entry b = {0};
	struct error e = {0};

	(void)state;
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 1);
	doc_of("{}", &a.options);
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 1);
	doc_of("{'capped':true}", &b.options);
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 0);
	doc_of("{'capped':true}", &a.options);
	doc_of("{'0':{'name':'a'}}", &a.indexes);
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 0);
	doc_of("{'0':{'name':'a'}}", &b.indexes);
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 1);
	b.type = CATALOG_VIEW;
	assert_int_equal(ASSERT_OK(catalog_normal_same(&a, &b, &e)), 0);
}

static void damage_is_an_error_and_leaves_the_result_alone(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	struct error e = {0};

	(void)state;
	buf_add_str(&got, "x");
	doc_of("{'0':5}", &doc);
	ASSERT_ERROR(catalog_normal_indexes(buf_bytes(&doc), &got, &e), ERR_CORRUPT);
	doc_of("{'timeseries':{'timeField':'t'},'capped':true,'clusteredIndex':{'key':{'a':1}}}",
	       &doc);
	for (size_t cut = 1; cut < doc.len; cut++) {
		int code = catalog_normal_options(bytes_of(doc.at, cut), &got, &e);

		assert_true(code < 0);
		e = (struct error){0};
	}
	/* Any byte may be another one: no crash, nothing read outside (with the sanitizers). */
	for (size_t at = 0; at < doc.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			OWNED(buf_release) struct buf out = {0};

			doc.at[at] ^= (uint8_t)(1u << bit);
			if (catalog_normal_options(buf_bytes(&doc), &out, &e) < 0)
				assert_int_equal(out.len, 0);
			doc.at[at] ^= (uint8_t)(1u << bit);
		}
	}
	/* An index of a list of which a part can't be read. */
	doc_of("{'0':{'name':'a','key':{'b':1}}}", &doc);
	doc.at[doc.len - 10] ^= 0x40; /* the type of b */
	ASSERT_ERROR(catalog_normal_indexes(buf_bytes(&doc), &got, &e), ERR_CORRUPT);
	assert_int_equal(got.len, 1);
}

static void damage_in_either_of_two_is_no_difference(void **state)
{
	OWNED(catalog_entry_release) struct catalog_entry a = {0};
	OWNED(catalog_entry_release) struct catalog_entry b = {0};
	struct error e = {0};

	(void)state;
	doc_of("{'0':5}", &b.indexes);
	ASSERT_ERROR(catalog_normal_same(&a, &b, &e), ERR_CORRUPT);
	ASSERT_ERROR(catalog_normal_same(&b, &a, &e), ERR_CORRUPT);
}

static void more_fields_than_any_server_has_are_refused(void **state)
{
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf got = {0};
	size_t at = harness_doc_open(&doc);
	struct error e = {0};

	(void)state;
	for (int i = 0; i <= 1000000; i++)
		harness_doc_element(&doc, BSON_KIND_NULL, "", bytes_of(NULL, 0));
	harness_doc_close(&doc, at);
	ASSERT_ERROR_TEXT(catalog_normal_options(buf_bytes(&doc), &got, &e), ERR_LIMIT, "fields");
	assert_int_equal(got.len, 0);
}

static void an_id_index_is_told_by_its_key(void **state)
{
	static const struct {
		const char *index;
		int is;
	} cases[] = {
		{"{'v':2,'key':{'_id':1},'name':'x'}", 1},
		{"{'v':2,'key':{'_id':-1},'name':'x'}", 1},
		{"{'v':2,'key':{'_id':'hashed'},'name':'x'}", 0},
		{"{'v':2,'key':{'_id':1,'a':1},'name':'x'}", 0},
		{"{'v':2,'key':{'a':1},'name':'_id_'}", 0},
		{"{'v':2,'key':{},'name':'x'}", 0},
		{"{'v':2,'key':5,'name':'x'}", 0},
		{"{'v':2,'name':'x'}", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf doc = {0};
		struct error e = {0};

		doc_of(cases[i].index, &doc);
		if (ASSERT_OK(catalog_normal_is_id_index(buf_bytes(&doc), &e)) != cases[i].is)
			fail_msg("%s", cases[i].index);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_that_mean_the_same_are_the_same),
		cmocka_unit_test(specs_that_mean_the_same_are_the_same),
		cmocka_unit_test(the_order_of_indexes_does_not_count),
		cmocka_unit_test(entries_are_compared_by_type_options_and_indexes),
		cmocka_unit_test(damage_is_an_error_and_leaves_the_result_alone),
		cmocka_unit_test(damage_in_either_of_two_is_no_difference),
		cmocka_unit_test(more_fields_than_any_server_has_are_refused),
		cmocka_unit_test(an_id_index_is_told_by_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
