#include "store/snapshot/view_docs.h"

#include "tests/harness/harness.h"

/* An entry called `ns` whose options are what was built; release the entry only. */
static struct catalog_entry entry_of(const char *ns, enum catalog_type type, struct buf options)
{
	struct catalog_entry entry = {.type = type, .options = options};

	entry.ns = xstrdup(ns);
	entry.ns_len = strlen(ns);
	entry.db_len = (size_t)(strchr(ns, '.') - ns);
	return entry;
}

static void a_view_is_its_options_under_its_name(void **state)
{
	struct error e = {0};
	OWNED(buf_release) struct buf expected = {0};
	OWNED(buf_release) struct buf got = {0};
	struct buf options = {0};
	struct catalog_entry entry;
	size_t doc = harness_doc_open(&options), sub;

	(void)state;
	harness_doc_string(&options, "viewOn", "orders");
	sub = harness_doc_open_array(&options, "pipeline");
	harness_doc_close(&options, sub);
	sub = harness_doc_open_sub(&options, "collation");
	harness_doc_string(&options, "locale", "fr");
	harness_doc_close(&options, sub);
	harness_doc_close(&options, doc);
	doc = harness_doc_open(&expected);
	harness_doc_string(&expected, "_id", "shop.paid");
	harness_doc_string(&expected, "viewOn", "orders");
	sub = harness_doc_open_array(&expected, "pipeline");
	harness_doc_close(&expected, sub);
	sub = harness_doc_open_sub(&expected, "collation");
	harness_doc_string(&expected, "locale", "fr");
	harness_doc_close(&expected, sub);
	harness_doc_close(&expected, doc);
	entry = entry_of("shop.paid", CATALOG_VIEW, options);
	ASSERT_OK(view_docs_write(&entry, NULL, &got, &e));
	ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
	catalog_entry_release(&entry);

	/* A view without a pipeline has an empty one. */
	options = (struct buf){0};
	doc = harness_doc_open(&options);
	harness_doc_string(&options, "viewOn", "orders");
	harness_doc_close(&options, doc);
	buf_reset(&expected);
	buf_reset(&got);
	doc = harness_doc_open(&expected);
	harness_doc_string(&expected, "_id", "shop.paid");
	harness_doc_string(&expected, "viewOn", "orders");
	harness_doc_close(&expected, harness_doc_open_array(&expected, "pipeline"));
	harness_doc_close(&expected, doc);
	entry = entry_of("shop.paid", CATALOG_VIEW, options);
	ASSERT_OK(view_docs_write(&entry, NULL, &got, &e));
	ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
	catalog_entry_release(&entry);
}

/* {_id, viewOn, pipeline: [{$_internalUnpackBucket: {timeField, metaField, span, exclude?}}]} */
static void expect_series(struct buf *b, int32_t span, bool exclude)
{
	size_t doc = harness_doc_open(b), pipeline, element, stage, empty;

	harness_doc_string(b, "_id", "metrics.weather");
	harness_doc_string(b, "viewOn", "system.buckets.weather");
	pipeline = harness_doc_open_array(b, "pipeline");
	element = harness_doc_open_sub(b, "0");
	stage = harness_doc_open_sub(b, "$_internalUnpackBucket");
	harness_doc_string(b, "timeField", "ts");
	harness_doc_string(b, "metaField", "sensor");
	harness_doc_int32(b, "bucketMaxSpanSeconds", span);
	if (exclude) {
		empty = harness_doc_open_array(b, "exclude");
		harness_doc_close(b, empty);
	}
	harness_doc_close(b, stage);
	harness_doc_close(b, element);
	harness_doc_close(b, pipeline);
	harness_doc_close(b, doc);
}

static void a_time_series_unpacks_its_buckets_as_its_server_writes_it(void **state)
{
	static const struct {
		const char *version;
		bool exclude, span;
		const char *granularity;
		int32_t seconds;
	} cases[] = {
		{"5.0.4", true, true, "minutes", 86400},   {"6.0.5", false, true, "minutes", 86400},
		{NULL, false, true, "minutes", 86400},	   {"", false, false, "minutes", 86400},
		{"6.0.5", false, false, "hours", 2592000}, {"6.0.5", false, false, "seconds", 3600},
		{"6.0.5", false, false, NULL, 3600}};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf expected = {0};
		OWNED(buf_release) struct buf got = {0};
		struct buf options = {0};
		size_t doc = harness_doc_open(&options), sub;
		struct catalog_entry entry;

		sub = harness_doc_open_sub(&options, "timeseries");
		harness_doc_string(&options, "timeField", "ts");
		harness_doc_string(&options, "metaField", "sensor");
		if (cases[i].granularity != NULL)
			harness_doc_string(&options, "granularity", cases[i].granularity);
		if (cases[i].span)
			harness_doc_int32(&options, "bucketMaxSpanSeconds", cases[i].seconds);
		harness_doc_close(&options, sub);
		harness_doc_close(&options, doc);
		entry = entry_of("metrics.weather", CATALOG_TIMESERIES, options);
		expect_series(&expected, cases[i].seconds, cases[i].exclude);
		ASSERT_OK(view_docs_write(&entry, cases[i].version, &got, &e));
		ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
		catalog_entry_release(&entry);
	}
}

static void options_that_are_none_of_a_view_are_an_error(void **state)
{
	struct error e = {0};
	OWNED(buf_release) struct buf got = {0};
	struct buf options = {0};
	size_t doc = harness_doc_open(&options);
	struct catalog_entry entry;

	(void)state;
	harness_doc_close(&options, doc);
	buf_add_str(&got, "x");
	entry = entry_of("a.b", CATALOG_VIEW, options);
	ASSERT_ERROR_TEXT(view_docs_write(&entry, NULL, &got, &e), ERR_CORRUPT, "no viewOn");
	entry.type = CATALOG_TIMESERIES;
	ASSERT_ERROR_TEXT(view_docs_write(&entry, NULL, &got, &e), ERR_CORRUPT,
			  "no option timeseries");
	buf_reset(&entry.options);
	doc = harness_doc_open(&entry.options);
	harness_doc_close(&entry.options, harness_doc_open_sub(&entry.options, "timeseries"));
	harness_doc_close(&entry.options, doc);
	ASSERT_ERROR_TEXT(view_docs_write(&entry, NULL, &got, &e), ERR_CORRUPT, "no timeField");
	/* Nothing half-written is left. */
	ASSERT_BYTES(buf_bytes(&got), bytes_str("x"));
	catalog_entry_release(&entry);
}

/* {_id, viewOn, pipeline: []} */
static void add_view(struct buf *b, const char *id, const char *on)
{
	size_t doc, sub;

	buf_reset(b);
	doc = harness_doc_open(b);
	harness_doc_string(b, "viewOn", on);
	harness_doc_string(b, "_id", id);
	sub = harness_doc_open_array(b, "pipeline");
	harness_doc_close(b, sub);
	harness_doc_close(b, doc);
}

static void the_options_of_a_view_are_its_document_without_its_name(void **state)
{
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	OWNED(buf_release) struct buf expected = {0};
	OWNED(buf_release) struct buf got = {0};
	size_t at, sub;

	(void)state;
	add_view(&doc, "shop.paid", "orders");
	at = harness_doc_open(&expected);
	harness_doc_string(&expected, "viewOn", "orders");
	sub = harness_doc_open_array(&expected, "pipeline");
	harness_doc_close(&expected, sub);
	harness_doc_close(&expected, at);
	ASSERT_OK(view_docs_options(buf_bytes(&doc), &got, &e));
	ASSERT_BYTES(buf_bytes(&got), buf_bytes(&expected));
	doc.at[4] = 0x42;
	buf_reset(&got);
	ASSERT_ERROR(view_docs_options(buf_bytes(&doc), &got, &e), ERR_CORRUPT);
	assert_int_equal(got.len, 0);
}

static void a_view_on_the_buckets_of_its_own_name_is_a_time_series(void **state)
{
	static const struct {
		const char *id, *on;
		const char *series;
	} cases[] = {{"d.ts", "system.buckets.ts", "ts"}, {"d.a.b", "system.buckets.a.b", "a.b"},
		     {"d.v", "system.buckets.ts", NULL},  {"d.v", "v", NULL},
		     {"ts", "system.buckets.ts", NULL},	  {"d.ts", "system.buckets.", NULL}};
	struct error e = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct bytes name;
	size_t at;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {

		add_view(&doc, cases[i].id, cases[i].on);
		assert_int_equal(ASSERT_OK(view_docs_is_series(buf_bytes(&doc), &name, &e)),
				 cases[i].series != NULL);
		if (cases[i].series != NULL)
			ASSERT_BYTES(name, bytes_str(cases[i].series));
	}
	/* Names that are none. */
	buf_reset(&doc);
	at = harness_doc_open(&doc);
	harness_doc_int32(&doc, "_id", 7);
	harness_doc_string(&doc, "viewOn", "system.buckets.ts");
	harness_doc_close(&doc, at);
	assert_int_equal(ASSERT_OK(view_docs_is_series(buf_bytes(&doc), &name, &e)), 0);
	buf_reset(&doc);
	at = harness_doc_open(&doc);
	harness_doc_string(&doc, "_id", "d.ts");
	harness_doc_close(&doc, at);
	assert_int_equal(ASSERT_OK(view_docs_is_series(buf_bytes(&doc), &name, &e)), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_view_is_its_options_under_its_name),
		cmocka_unit_test(a_time_series_unpacks_its_buckets_as_its_server_writes_it),
		cmocka_unit_test(options_that_are_none_of_a_view_are_an_error),
		cmocka_unit_test(the_options_of_a_view_are_its_document_without_its_name),
		cmocka_unit_test(a_view_on_the_buckets_of_its_own_name_is_a_time_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
