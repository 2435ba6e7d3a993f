#include "tools/restore_spec.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "base/metadata_json.h"
#include "tests/harness/harness.h"

/* BSON of a text; of an array with a field "a" around it. */
static void parse(const char *json, struct buf *ret)
{
	struct error e = {0};

	buf_reset(ret);
	ASSERT_OK(metadata_json_parse(bytes_str(json), 1 * MIB, ret, &e));
}

static struct bytes inner(const struct buf *doc)
{
	struct bson_field field;
	struct error e = {0};

	assert_int_equal(bson_find(buf_bytes(doc), "a", &field, &e), 1);
	return field.value;
}

static void assert_same(const struct buf *found, const char *json)
{
	OWNED(buf_release) struct buf wanted = {0};

	parse(json, &wanted);
	assert_int_equal(found->len, wanted.len);
	assert_memory_equal(found->at, wanted.at, wanted.len);
}

static void options_lose_what_a_create_does_not_take(void **state UNUSED)
{
	OWNED(buf_release) struct buf options = {0};
	OWNED(buf_release) struct buf found = {0};
	OWNED(buf_release) struct buf expire = {0};
	struct error e = {0};

	parse("{\"create\":\"x\",\"uuid\":1,\"capped\":true,\"size\":4096,\"autoIndexId\":true,"
	      "\"$nExtents\":3,\"recordIdsReplicated\":true,"
	      "\"temp\":true,\"expireAfterSeconds\":60,\"recordPreImages\":true,"
	      "\"changeStreamPreAndPostImages\":{\"enabled\":true}}",
	      &options);
	ASSERT_OK(restore_spec_options(buf_bytes(&options), 6, 0, &found, &expire, &e));
	assert_same(&found, "{\"capped\":true,\"size\":4096,\"changeStreamPreAndPostImages\":{"
			    "\"enabled\":true}}");
	assert_true(expire.len > 0);
	buf_reset(&found);
	ASSERT_OK(restore_spec_options(buf_bytes(&options), 5, 0, &found, &expire, &e));
	assert_same(&found, "{\"capped\":true,\"size\":4096,\"recordPreImages\":true}");
	buf_reset(&found);
	ASSERT_OK(restore_spec_options(buf_bytes(&options), 4, 4, &found, &expire, &e));
	assert_same(&found, "{\"capped\":true,\"size\":4096,\"recordPreImages\":true}");
	buf_reset(&found);
	ASSERT_OK(restore_spec_options(buf_bytes(&options), 4, 2, &found, &expire, &e));
	assert_same(&found, "{\"capped\":true,\"size\":4096}");
	parse("{\"capped\":false,\"size\":0,\"max\":0}", &options);
	buf_reset(&found);
	ASSERT_OK(restore_spec_options(buf_bytes(&options), 6, 0, &found, &expire, &e));
	assert_same(&found, "{\"capped\":false}");
}

static void indexes_are_sorted_out(void **state UNUSED)
{
	OWNED(buf_release) struct buf indexes = {0};
	OWNED(buf_release) struct buf id = {0};
	OWNED(buf_release) struct buf others = {0};
	OWNED(buf_release) struct buf ttl = {0};
	struct error e = {0};

	parse("{\"a\":[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\",\"ns\":\"x.y\"},"
	      "{\"v\":0,\"key\":{\"n\":1},\"name\":\"n\",\"dropDups\":true},"
	      "{\"v\":2,\"key\":{\"t\":1},\"name\":\"t\",\"expireAfterSeconds\":5}]}",
	      &indexes);
	ASSERT_OK(restore_spec_indexes(bson_build_empty(), inner(&indexes), false, &id, &others,
				       &ttl, &e));
	assert_same(&id, "{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\"}");
	assert_same(&others, "{\"key\":{\"n\":1},\"name\":\"n\"}");
	assert_same(&ttl, "{\"v\":2,\"key\":{\"t\":1},\"name\":\"t\",\"expireAfterSeconds\":5}");
	buf_reset(&id);
	buf_reset(&others);
	buf_reset(&ttl);
	ASSERT_OK(restore_spec_indexes(bson_build_empty(), inner(&indexes), true, &id, &others,
				       &ttl, &e));
	assert_int_equal(ttl.len, 0);
	assert_int_equal(bson_next(buf_bytes(&others), BSON_MAX_LEN, &e) < (int64_t)others.len, 1);
}

/* In a collection with a collation no index is listed with the simple one: createIndexes has to be told. */
static void an_index_of_the_simple_collation_stays_one(void **state UNUSED)
{
	OWNED(buf_release) struct buf options = {0};
	OWNED(buf_release) struct buf indexes = {0};
	OWNED(buf_release) struct buf id = {0};
	OWNED(buf_release) struct buf others = {0};
	OWNED(buf_release) struct buf ttl = {0};
	struct error e = {0};

	parse("{\"collation\":{\"locale\":\"fr\"}}", &options);
	parse("{\"a\":[{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\",\"collation\":{\"locale\":"
	      "\"fr\"}},"
	      "{\"v\":2,\"key\":{\"n\":1},\"name\":\"n\"},"
	      "{\"v\":2,\"key\":{\"t\":1},\"name\":\"t\",\"expireAfterSeconds\":5,\"collation\":{"
	      "\"locale\":\"de\"}}]}",
	      &indexes);
	ASSERT_OK(restore_spec_indexes(buf_bytes(&options), inner(&indexes), false, &id, &others,
				       &ttl, &e));
	assert_same(&id, "{\"v\":2,\"collation\":{\"locale\":\"fr\"},\"key\":{\"_id\":1},\"name\":"
			 "\"_id_\"}");
	assert_same(
		&others,
		"{\"v\":2,\"key\":{\"n\":1},\"name\":\"n\",\"collation\":{\"locale\":\"simple\"}}");
	assert_same(&ttl, "{\"v\":2,\"key\":{\"t\":1},\"name\":\"t\",\"expireAfterSeconds\":5,"
			  "\"collation\":{\"locale\":\"de\"}}");
}

/* Servers before 3.4 took more in it, and more than one. */
static void the_index_on_id_is_what_servers_take(void **state UNUSED)
{
	OWNED(buf_release) struct buf indexes = {0};
	OWNED(buf_release) struct buf id = {0};
	OWNED(buf_release) struct buf others = {0};
	OWNED(buf_release) struct buf ttl = {0};
	struct error e = {0};

	parse("{\"a\":[{\"v\":1,\"key\":{\"_id\":-1},\"name\":\"_id_-1\",\"unique\":true,"
	      "\"ns\":\"x.y\",\"collation\":{\"locale\":\"de\"}},"
	      "{\"v\":2,\"key\":{\"_id\":1},\"name\":\"_id_\"},"
	      "{\"v\":2,\"key\":{\"_id\":\"hashed\"},\"name\":\"h\"}]}",
	      &indexes);
	ASSERT_OK(restore_spec_indexes(bson_build_empty(), inner(&indexes), false, &id, &others,
				       &ttl, &e));
	assert_same(&id, "{\"v\":1,\"collation\":{\"locale\":\"de\"},\"key\":{\"_id\":1},"
			 "\"name\":\"_id_\"}");
	assert_same(&others, "{\"v\":2,\"key\":{\"_id\":\"hashed\"},\"name\":\"h\"}");
}

static void old_indexes_become_such_that_servers_take(void **state UNUSED)
{
	OWNED(buf_release) struct buf index = {0};
	OWNED(buf_release) struct buf found = {0};
	struct error e = {0};

	parse("{\"key\":{\"a\":true,\"b\":-1,\"c\":\"text\",\"d\":0},\"name\":\"x\",\"safe\":null,"
	      "\"background\":true}",
	      &index);
	ASSERT_OK(restore_spec_legacy(buf_bytes(&index), &found, &e));
	assert_same(&found, "{\"key\":{\"a\":1,\"b\":-1,\"c\":\"text\",\"d\":1},\"name\":\"x\","
			    "\"background\":true}");
}

static int64_t expires(const char *ttl, const char *doc)
{
	OWNED(buf_release) struct buf index = {0};
	OWNED(buf_release) struct buf document = {0};
	struct error e = {0};
	int64_t found = 0;

	parse(ttl, &index);
	parse(doc, &document);
	ASSERT_OK(restore_spec_expires(buf_bytes(&index), bytes_of(NULL, 0), false,
				       buf_bytes(&document), &found, &e));
	return found;
}

static void a_document_expires_by_its_earliest_date(void **state UNUSED)
{
	static const char ttl[] = "{\"key\":{\"a.t\":1},\"name\":\"t\",\"expireAfterSeconds\":100}";

	assert_int_equal(expires(ttl, "{\"a\":{\"t\":{\"$date\":{\"$numberLong\":\"5000\"}}}}"),
			 105);
	assert_int_equal(expires(ttl,
				 "{\"a\":[{\"t\":{\"$date\":{\"$numberLong\":\"9000\"}}},{\"t\":"
				 "[{\"$date\":{\"$numberLong\":\"7000\"}},5]}]}"),
			 107);
	assert_true(expires(ttl, "{\"a\":{\"t\":5}}") == INT64_MAX);
	assert_true(expires(ttl, "{\"b\":1}") == INT64_MAX);
	assert_true(expires("{\"key\":{\"t\":1},\"name\":\"t\",\"expireAfterSeconds\":\"x\"}",
			    "{\"t\":{\"$date\":{\"$numberLong\":\"5000\"}}}") == INT64_MAX);
}

/* How options that are there differ from what they were. */
static void compare(const char *was, const char *is, const char *kind, const char *rules)
{
	OWNED(buf_release) struct buf a = {0};
	OWNED(buf_release) struct buf b = {0};
	const char *found_kind, *found_rules;
	struct error e = {0};

	parse(was, &a);
	parse(is, &b);
	ASSERT_OK(
		restore_spec_compare(buf_bytes(&a), buf_bytes(&b), &found_kind, &found_rules, &e));
	if (kind == NULL)
		assert_null(found_kind);
	else
		assert_non_null(strstr(found_kind, kind));
	if (rules == NULL)
		assert_null(found_rules);
	else
		assert_non_null(strstr(found_rules, rules));
}

static void options_that_are_there_are_compared(void **state UNUSED)
{
	compare("{}", "{}", NULL, NULL);
	compare("{\"idIndex\":{},\"capped\":false}", "{\"temp\":true}", NULL, NULL);
	compare("{\"capped\":true,\"size\":4096}",
		"{\"size\":{\"$numberLong\":\"4096\"},\"capped\":1}", NULL, NULL);
	compare("{\"capped\":true,\"size\":4096}", "{}", "no longer capped", NULL);
	compare("{}", "{\"capped\":true,\"size\":4096}", "is capped", NULL);
	compare("{\"capped\":true,\"size\":4096}", "{\"capped\":true,\"size\":8192}",
		"another size", NULL);
	compare("{\"capped\":true,\"size\":4096,\"max\":5}", "{\"capped\":true,\"size\":4096}",
		"another size", NULL);
	compare("{\"validator\":{\"a\":1}}", "{\"validator\":{\"a\":1}}", NULL, NULL);
	compare("{\"validator\":{\"a\":1}}", "{\"validator\":{\"a\":2}}", NULL, "validator");
	compare("{}", "{\"validator\":{\"a\":2}}", NULL, "validator");
	compare("{\"validationLevel\":\"off\",\"validator\":{}}", "{}", NULL, NULL);
	compare("{\"validator\":{\"a\":1}}",
		"{\"validator\":{\"a\":1},\"validationLevel\":\"strict\",\"validationAction\":"
		"\"error\"}",
		NULL, NULL);
	compare("{\"validator\":{\"a\":1}}",
		"{\"validator\":{\"a\":1},\"validationLevel\":\"moderate\"}", NULL, "validator");
	compare("{\"validator\":{\"a\":1},\"validationAction\":\"warn\"}",
		"{\"validator\":{\"a\":1}}", NULL, "validator");
	compare("{\"timeseries\":{\"timeField\":\"t\"}}",
		"{\"timeseries\":{\"timeField\":\"t\",\"bucketMaxSpanSeconds\":3600}}", NULL, NULL);
	compare("{\"timeseries\":{\"timeField\":\"t\"}}",
		"{\"timeseries\":{\"timeField\":\"t\",\"metaField\":\"m\"}}", "time series", NULL);
}

static void collations_are_compared_by_what_both_tell(void **state UNUSED)
{
	static const struct {
		const char *ours, *theirs;
		int same;
	} cases[] = {
		{"{\"locale\":\"de\"}", "{\"locale\":\"de\",\"strength\":3,\"version\":\"57.1\"}",
		 1},
		{"{\"locale\":\"de\",\"strength\":3}", "{\"strength\":3.0,\"locale\":\"de\"}", 1},
		{"{\"locale\":\"de\",\"version\":\"57.1\"}",
		 "{\"locale\":\"de\",\"version\":\"70.1\"}", 1},
		{"{\"locale\":\"de\"}", "{\"locale\":\"sv\"}", 0},
		{"{\"locale\":\"en\",\"strength\":2}", "{\"locale\":\"en\",\"strength\":3}", 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		OWNED(buf_release) struct buf a = {0};
		OWNED(buf_release) struct buf b = {0};
		struct error e = {0};

		parse(cases[i].ours, &a);
		parse(cases[i].theirs, &b);
		assert_int_equal(restore_spec_same_collation(buf_bytes(&a), buf_bytes(&b), &e),
				 cases[i].same);
	}
}

static void damaged_documents_are_errors(void **state UNUSED)
{
	static const uint8_t cut[] = {12, 0, 0, 0, 3, 'x', 0, 99, 0, 0, 0, 0};
	OWNED(buf_release) struct buf out = {0};
	struct error e = {0};

	assert_int_equal(restore_spec_options(bytes_of(cut, sizeof(cut)), 6, 0, &out, &out, &e),
			 ERR_CORRUPT);
	assert_int_equal(restore_spec_indexes(bson_build_empty(), bytes_of(cut, sizeof(cut)), false,
					      &out, &out, &out, &e),
			 ERR_CORRUPT);
}

static void what_a_collection_needs_is_told_before_it_is_made(void **state UNUSED)
{
	static const struct {
		enum catalog_type type;
		const char *options, *needs;
	} rows[] = {
		{CATALOG_COLLECTION, "{\"capped\":true}", ""},
		{CATALOG_COLLECTION, "{\"validationAction\":\"warn\"}", ""},
		{CATALOG_COLLECTION, "{\"validationAction\":\"errorAndLog\"}", "8.1"},
		{CATALOG_COLLECTION, "{\"encryptedFields\":{}}", "6.0"},
		{CATALOG_COLLECTION, "{\"clusteredIndex\":{}}", "5.3"},
		{CATALOG_TIMESERIES, "{\"timeseries\":{}}", "5.0"},
		{CATALOG_TIMESERIES, "{\"timeseries\":{\"bucketRoundingSeconds\":5}}", "6.3"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		OWNED(buf_release) struct buf options = {0};
		struct catalog_entry entry = {.type = rows[i].type};
		unsigned major, minor;
		char version[8];

		parse(rows[i].options, &options);
		entry.options = options;
		assert_string_equal(restore_spec_needs(&entry, &major, &minor), rows[i].needs);
		snprintf(version, sizeof(version), "%u.%u", major, minor);
		assert_string_equal(version, rows[i].needs[0] != 0 ? rows[i].needs : "0.0");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_lose_what_a_create_does_not_take),
		cmocka_unit_test(indexes_are_sorted_out),
		cmocka_unit_test(an_index_of_the_simple_collation_stays_one),
		cmocka_unit_test(what_a_collection_needs_is_told_before_it_is_made),
		cmocka_unit_test(the_index_on_id_is_what_servers_take),
		cmocka_unit_test(old_indexes_become_such_that_servers_take),
		cmocka_unit_test(a_document_expires_by_its_earliest_date),
		cmocka_unit_test(options_that_are_there_are_compared),
		cmocka_unit_test(collations_are_compared_by_what_both_tell),
		cmocka_unit_test(damaged_documents_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
