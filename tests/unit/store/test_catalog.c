#include "store/snapshot/catalog.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "store/snapshot/catalog_order.h"
#include "tests/harness/harness.h"

/* `text` with `len` bytes is the namespace; it may hold NULs. */
static void sample(struct catalog_entry *entry, const char *text, size_t len, bool all)
{
	catalog_entry_init(entry);
	entry->ns = xstrndup(text, len);
	entry->ns_len = len;
	entry->db_len = strcspn(text, ".");
	if (!all)
		return;
	entry->type = CATALOG_TIMESERIES;
	entry->has_uuid = entry->has_metadata = true;
	memset(entry->uuid, 0xab, sizeof(entry->uuid));
	{
		size_t doc = bson_build_begin(&entry->options);

		bson_build_bool(&entry->options, "capped", true);
		bson_build_end(&entry->options, doc);
		doc = bson_build_begin(&entry->indexes);
		bson_build_value(&entry->indexes, "0", BSON_KIND_DOCUMENT,
				 buf_bytes(&entry->options));
		bson_build_end(&entry->indexes, doc);
	}
	entry->root = (struct tree_root){.id = {{7}},
					 .kind = TREE_RANKED,
					 .height = 3,
					 .count = 1ull << 40,
					 .bytes = 1ull << 50};
}

static void what_is_encoded_is_decoded(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} names[] = {{"a.b", 3},	  {"shop.orders", 11},	 {"shop.system.buckets.x", 21},
		     {"d.with.dots", 11}, {"d.nul\0inside", 12}, {"d.new\nline", 10},
		     {"\xc3\xa4.\xff", 4}};
	OWNED(catalog_entry_release) struct catalog_entry found = {0};

	(void)state;
	/* `found` is used again and again, as readers do. */
	for (size_t i = 0; i < 2 * COUNT_OF(names); i++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0};
		OWNED(buf_release) struct buf doc = {0};
		struct error e = {0};

		sample(&entry, names[i / 2].text, names[i / 2].len, i % 2);
		ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
		ASSERT_OK(catalog_entry_decode(buf_bytes(&doc), &found, &e));
		assert_int_equal(found.ns_len, entry.ns_len);
		assert_memory_equal(found.ns, entry.ns, entry.ns_len + 1);
		assert_int_equal(found.db_len, entry.db_len);
		ASSERT_BYTES(catalog_entry_coll(&found), catalog_entry_coll(&entry));
		assert_int_equal(found.type, entry.type);
		assert_int_equal(found.has_uuid, entry.has_uuid);
		assert_memory_equal(found.uuid, entry.uuid, 16);
		assert_int_equal(found.has_metadata, entry.has_metadata);
		assert_true(tree_root_equal(&found.root, &entry.root));
		assert_int_equal(found.root.height, entry.root.height);
		ASSERT_BYTES(buf_bytes(&found.options),
			     i % 2 ? buf_bytes(&entry.options) : bson_build_empty());
		ASSERT_BYTES(buf_bytes(&found.indexes),
			     i % 2 ? buf_bytes(&entry.indexes) : bson_build_empty());
	}
}

static void a_name_without_database_or_collection_is_refused(void **state)
{
	static const char *const names[] = {"", ".", "a", "a.", ".b"};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		OWNED(catalog_entry_release) struct catalog_entry entry = {0}, found = {0};
		OWNED(buf_release) struct buf doc = {0};
		size_t at;

		sample(&entry, names[i], strlen(names[i]), false);
		ASSERT_ERROR(catalog_entry_encode(&entry, &doc, &e), ERR_INVALID);
		buf_reset(&doc);
		at = bson_build_begin(&doc);
		bson_build_string(&doc, "_id", bytes_str(names[i]));
		bson_build_end(&doc, at);
		ASSERT_ERROR(catalog_entry_decode(buf_bytes(&doc), &found, &e), ERR_CORRUPT);
	}
}

static void damage_is_an_error_or_another_entry(void **state)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0}, found = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	size_t errors = 0;

	(void)state;
	sample(&entry, "shop.orders", 11, true);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	for (size_t bit = 0; bit < 8 * doc.len; bit++) {
		doc.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (catalog_entry_decode(buf_bytes(&doc), &found, &e) < 0) {
			assert_true(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
			errors++;
		}
		doc.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(errors > 100);
	for (size_t len = 0; len < doc.len; len++)
		if (catalog_entry_decode(bytes_of(doc.at, len), &found, &e) >= 0 && len < 60)
			fail_msg("an entry that was cut after %zu bytes is taken", len);
}

static void a_natural_order_is_kept_with_the_documents_that_it_is_of(void **state)
{
	static const char order[] = "\x02\x01";
	OWNED(catalog_entry_release) struct catalog_entry entry = {0}, found = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};

	(void)state;
	sample(&entry, "shop.orders", 11, false);
	entry.root = (struct tree_root){.id = {{7}}, .count = 2, .bytes = 50};
	entry.order_of = entry.root.id;
	buf_add(&entry.order, order, 2);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	ASSERT_OK(catalog_entry_decode(buf_bytes(&doc), &found, &e));
	ASSERT_BYTES(catalog_entry_order(&found), bytes_of(order, 2));
	found.root.id.at[0] = 8; /* other documents */
	assert_int_equal(catalog_entry_order(&found).len, 0);
	buf_reset(&doc);
	ASSERT_OK(catalog_entry_encode(&found, &doc, &e));
	ASSERT_OK(catalog_entry_decode(buf_bytes(&doc), &found, &e));
	assert_int_equal(found.order.len, 0);
}

static void an_order_of_another_type_or_too_long_is_refused(void **state)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0}, found = {0};
	struct error e = {0};

	(void)state;
	sample(&entry, "shop.orders", 11, false);
	entry.root = (struct tree_root){.id = {{7}}, .count = 2, .bytes = 50};
	entry.order_of = entry.root.id;
	for (int i = 0; i < 2; i++) {
		OWNED(buf_release) struct buf doc = {0};

		buf_reset(&entry.order);
		(void)buf_room(&entry.order, CATALOG_ORDER_BYTES_MAX + 1);
		memset(entry.order.at, 0, CATALOG_ORDER_BYTES_MAX + 1);
		entry.order.len = i == 0 ? CATALOG_ORDER_BYTES_MAX + 1 : 0;
		ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
		if (i == 1) {
			doc.len--;
			bson_build_bool(&doc, "order", true);
			bson_build_end(&doc, 0);
		}
		ASSERT_ERROR_TEXT(catalog_entry_decode(buf_bytes(&doc), &found, &e), ERR_CORRUPT,
				  "order");
	}
}

static void builds_that_are_open_are_kept(void **state)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0}, found = {0};
	OWNED(buf_release) struct buf doc = {0};
	struct error e = {0};
	size_t begin;

	(void)state;
	sample(&entry, "shop.orders", 11, false);
	begin = bson_build_begin(&entry.building);
	bson_build_bool(&entry.building, "a_1", false);
	bson_build_bool(&entry.building, "b_1", true);
	bson_build_end(&entry.building, begin);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	ASSERT_OK(catalog_entry_decode(buf_bytes(&doc), &found, &e));
	ASSERT_BYTES(buf_bytes(&found.building), buf_bytes(&entry.building));
	buf_reset(&entry.building);
	begin = bson_build_begin(&entry.building);
	bson_build_int32(&entry.building, "a_1", 1);
	bson_build_end(&entry.building, begin);
	buf_reset(&doc);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	ASSERT_ERROR_TEXT(catalog_entry_decode(buf_bytes(&doc), &found, &e), ERR_CORRUPT,
			  "building");
	buf_reset(&entry.building);
	buf_reset(&doc);
	ASSERT_OK(catalog_entry_encode(&entry, &doc, &e));
	doc.len--;
	bson_build_bool(&doc, "building", true);
	bson_build_end(&doc, 0);
	ASSERT_ERROR_TEXT(catalog_entry_decode(buf_bytes(&doc), &found, &e), ERR_CORRUPT,
			  "building");
}

static void types_have_the_names_of_mongodump(void **state)
{
	(void)state;
	assert_string_equal(catalog_type_name(CATALOG_COLLECTION), "collection");
	assert_string_equal(catalog_type_name(CATALOG_VIEW), "view");
	assert_string_equal(catalog_type_name(CATALOG_TIMESERIES), "timeseries");
}

/* One option of a collection, of any type. */
static bool is_natural(const char *coll, const char *name, uint8_t type, struct bytes value)
{
	OWNED(buf_release) struct buf options = {0};
	size_t doc = bson_build_begin(&options);
	struct error e = {0};
	bool natural = false;

	if (name != NULL)
		bson_build_value(&options, name, type, value);
	bson_build_end(&options, doc);
	ASSERT_OK(catalog_is_natural(bytes_str(coll), buf_bytes(&options), &natural, &e));
	return natural;
}

/* What a server takes for true: old ones have stored numbers. */
static void capped_may_be_a_bool_or_a_number(void **state)
{
	static const uint8_t zero[8] = {0}, one[8] = {1}, half[8] = {0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
	static const uint8_t text[8] = {2, 0, 0, 0, 'x', 0};
	/* -0.0, or the least of integers */
	static const uint8_t high[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
	static const struct {
		uint8_t type;
		size_t len;
		const uint8_t *value;
		bool is;
	} cases[] = {
		{BSON_KIND_BOOL, 1, one, true},	    {BSON_KIND_BOOL, 1, zero, false},
		{BSON_KIND_INT32, 4, one, true},    {BSON_KIND_INT32, 4, zero, false},
		{BSON_KIND_INT64, 8, one, true},    {BSON_KIND_INT64, 8, zero, false},
		{BSON_KIND_DOUBLE, 8, half, true},  {BSON_KIND_DOUBLE, 8, zero, false},
		{BSON_KIND_DOUBLE, 8, high, false}, {BSON_KIND_INT64, 8, high, true},
		{BSON_KIND_NULL, 0, zero, false},   {BSON_KIND_STRING, 6, text, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bytes value = bytes_of(cases[i].value, cases[i].len);

		assert_int_equal(is_natural("c", "capped", cases[i].type, value), cases[i].is);
		assert_int_equal(is_natural("c", "autoIndexId", cases[i].type, value),
				 !cases[i].is);
	}
	assert_false(is_natural("c", NULL, 0, bytes_of(NULL, 0)));
	assert_true(is_natural("system.profile", NULL, 0, bytes_of(NULL, 0)));
}

static void options_that_are_damaged_have_no_order(void **state)
{
	OWNED(buf_release) struct buf options = {0};
	bool natural = true;
	struct error e = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t doc = (buf_reset(&options), bson_build_begin(&options));

		if (i == 1)
			bson_build_bool(&options, "capped", false);
		bson_build_int32(&options, "x", 1);
		bson_build_end(&options, doc);
		options.at[i == 1 ? 4 + 9 : 4] = 0x42;
		ASSERT_ERROR(catalog_is_natural(bytes_str("c"), buf_bytes(&options), &natural, &e),
			     ERR_CORRUPT);
		assert_true(natural);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capped_may_be_a_bool_or_a_number),
		cmocka_unit_test(options_that_are_damaged_have_no_order),
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(a_name_without_database_or_collection_is_refused),
		cmocka_unit_test(damage_is_an_error_or_another_entry),
		cmocka_unit_test(a_natural_order_is_kept_with_the_documents_that_it_is_of),
		cmocka_unit_test(an_order_of_another_type_or_too_long_is_refused),
		cmocka_unit_test(builds_that_are_open_are_kept),
		cmocka_unit_test(types_have_the_names_of_mongodump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
