#include "store/snapshot/manifest.h"

#include "base/bson_build.h"
#include "base/ns_filter.h"
#include "store/crypt/store_keys.h"
#include "tests/harness/harness.h"

static void add_coverage(struct snapshot *s)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	struct error e = {0};

	ASSERT_OK(ns_filter_include(filter, "shop.*", &e));
	ns_filter_encode(filter, &s->coverage);
}

/* A snapshot with every field set, or only those that must be. */
static void sample(struct snapshot *s, bool all)
{
	*s = (struct snapshot){.name = xstrdup("before"),
			       .time = 1795254067,
			       .collections = 3,
			       .documents = 12,
			       .bytes = 999};
	s->catalog = (struct tree_root){.id = {{1, 2, 3}}, .height = 1, .count = 3, .bytes = 300};
	if (!all)
		return;
	s->created_us = 1795254067123456;
	s->exact = s->partial = s->has_parent = true;
	add_coverage(s);
	s->tag = xstrdup("weekly \xc3\xa4");
	s->source = xstrdup("dump");
	s->replica_set = xstrdup("rs0");
	s->server_version = xstrdup("6.0.19");
	s->tool = xstrdup("yester 0.1.0");
	s->optime = (struct optime){1795254066, 7};
	s->needed_from = (struct optime){1795254000, 1};
	s->parent = (struct chunk_id){{9, 8, 7}};
	s->changes = (struct tree_root){.id = {{4}}, .count = 2, .bytes = 20};
	s->oplog = (struct tree_root){
		.id = {{5}}, .kind = TREE_RANKED, .height = 2, .count = 900, .bytes = 90000};
}

static void same_text(const char *a, const char *b)
{
	assert_true((a == NULL) == (b == NULL));
	if (a != NULL)
		assert_string_equal(a, b);
}

static void same(const struct snapshot *a, const struct snapshot *b)
{
	assert_true(chunk_id_equal(&a->id, &b->id));
	same_text(a->name, b->name);
	same_text(a->tag, b->tag);
	same_text(a->source, b->source);
	same_text(a->replica_set, b->replica_set);
	same_text(a->server_version, b->server_version);
	same_text(a->tool, b->tool);
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->created_us, b->created_us);
	assert_int_equal(a->exact, b->exact);
	assert_int_equal(a->partial, b->partial);
	assert_true(bytes_equal(buf_bytes(&a->coverage), buf_bytes(&b->coverage)));
	assert_int_equal(a->optime.seconds, b->optime.seconds);
	assert_int_equal(a->optime.increment, b->optime.increment);
	assert_int_equal(a->needed_from.seconds, b->needed_from.seconds);
	assert_int_equal(a->needed_from.increment, b->needed_from.increment);
	assert_int_equal(a->has_parent, b->has_parent);
	assert_true(!a->has_parent || chunk_id_equal(&a->parent, &b->parent));
	assert_true(tree_root_equal(&a->catalog, &b->catalog));
	assert_int_equal(a->catalog.height, b->catalog.height);
	assert_true(tree_root_equal(&a->changes, &b->changes));
	assert_true(tree_root_equal(&a->oplog, &b->oplog));
	assert_int_equal(a->oplog.height, b->oplog.height);
	assert_int_equal(a->collections, b->collections);
	assert_int_equal(a->documents, b->documents);
	assert_int_equal(a->bytes, b->bytes);
}

static void what_is_encoded_is_decoded(void **state)
{
	(void)state;
	for (int all = 0; all < 2; all++) {
		OWNED(snapshot_release) struct snapshot s = {0};
		OWNED(snapshot_release) struct snapshot found = {0};
		OWNED(buf_release) struct buf bytes = {0};
		struct chunk_id name;
		struct error e = {0};

		sample(&s, all);
		ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
		name = chunk_id_of(buf_bytes(&bytes));
		assert_true(chunk_id_equal(&s.id, &name));
		ASSERT_OK(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &found, &e));
		same(&s, &found);
	}
}

static void a_copy_has_all_of_it(void **state)
{
	OWNED(snapshot_release) struct snapshot s = {0}, copy = {0};

	(void)state;
	sample(&s, true);
	snapshot_copy(&s, &copy);
	same(&s, &copy);
	assert_ptr_not_equal(s.coverage.at, copy.coverage.at);
}

static void a_coverage_that_is_none_is_damage(void **state)
{
	OWNED(snapshot_release) struct snapshot s = {0}, found = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct error e = {0};

	(void)state;
	sample(&s, false);
	buf_add_bytes(&s.coverage, bson_build_empty());
	ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
	ASSERT_ERROR_TEXT(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &found, &e), ERR_CORRUPT,
			  "coverage: no list \"include\" of patterns");
}

static void a_snapshot_without_a_name_is_refused(void **state)
{
	struct snapshot s = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct error e = {0};

	(void)state;
	ASSERT_ERROR(snapshot_encode(&s, NULL, &bytes, &e), ERR_INVALID);
}

/* The mount makes a folder of it: what could lead out of there is refused. */
static void a_name_that_is_a_path_is_refused(void **state)
{
	static const char *const names[] = {"../x", "a/b", "..", "", ".x"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		OWNED(snapshot_release) struct snapshot s = {0}, got = {0};
		OWNED(buf_release) struct buf bytes = {0};
		struct error e = {0};

		sample(&s, false);
		free(s.name);
		s.name = xstrdup(names[i]);
		ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
		ASSERT_ERROR(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &got, &e),
			     ERR_CORRUPT);
	}
}

static void every_flipped_bit_and_every_cut_is_detected(void **state)
{
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct snapshot found;
	struct error e = {0};

	(void)state;
	sample(&s, true);
	ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ASSERT_ERROR(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &found, &e),
			     ERR_CORRUPT);
		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < bytes.len; len++)
		ASSERT_ERROR(snapshot_decode(&s.id, bytes_of(bytes.at, len), NULL, &found, &e),
			     ERR_CORRUPT);
}

/* Bytes whose name fits, as a broken or hostile writer could make them: an error, never a crash. */
static void damage_under_a_name_that_fits_is_an_error_or_another_snapshot(void **state)
{
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct error e = {0};

	(void)state;
	sample(&s, true);
	ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		struct snapshot found = {0};
		struct chunk_id id;

		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		id = chunk_id_of(buf_bytes(&bytes));
		if (snapshot_decode(&id, buf_bytes(&bytes), NULL, &found, &e) == 0) {
			assert_non_null(found.name);
			snapshot_release(&found);
		}
		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	bytes.at[4] = 2;
	s.id = chunk_id_of(buf_bytes(&bytes));
	{
		struct snapshot found;

		ASSERT_ERROR(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &found, &e),
			     ERR_UNSUPPORTED);
	}
}

/* Each bit under a name that fits: the seal alone has to tell. */
static void a_sealed_manifest_says_nothing_and_every_flipped_bit_is_detected(void **state)
{
	static const uint8_t master[2][STORE_MASTER_LEN] = {{1}, {2}};
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master[0]);
	OWNED(store_keys_free) struct store_keys *others = store_keys_new(master[1]);
	OWNED(snapshot_release) struct snapshot s = {0}, found = {0};
	OWNED(buf_release) struct buf bytes = {0}, again = {0};
	struct error e = {0};

	(void)state;
	sample(&s, true);
	ASSERT_OK(snapshot_encode(&s, keys, &bytes, &e));
	ASSERT_OK(snapshot_encode(&s, keys, &again, &e));
	ASSERT_BYTES(buf_bytes(&bytes), buf_bytes(&again));
	assert_null(memmem(bytes.at, bytes.len, "weekly", 6));
	assert_null(memmem(bytes.at, bytes.len, "name", 4));
	ASSERT_ERROR(snapshot_decode(&s.id, buf_bytes(&bytes), NULL, &found, &e), ERR_WRONG_KEY);
	ASSERT_ERROR(snapshot_decode(&s.id, buf_bytes(&bytes), others, &found, &e), ERR_CORRUPT);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		struct chunk_id id;
		int code;

		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		id = chunk_id_of(buf_bytes(&bytes));
		code = snapshot_decode(&id, buf_bytes(&bytes), keys, &found, &e);
		assert_true(code == ERR_CORRUPT || (bit / 8 < 8 && code == ERR_UNSUPPORTED));
		bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ASSERT_OK(snapshot_decode(&s.id, buf_bytes(&bytes), keys, &found, &e));
	same(&s, &found);
}

static void a_plain_manifest_in_an_encrypted_store_is_refused(void **state)
{
	static const uint8_t master[STORE_MASTER_LEN] = {1};
	OWNED(store_keys_free) struct store_keys *keys = store_keys_new(master);
	OWNED(snapshot_release) struct snapshot s = {0}, found = {0};
	OWNED(buf_release) struct buf bytes = {0};
	struct error e = {0};

	(void)state;
	sample(&s, true);
	ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
	ASSERT_ERROR_TEXT(snapshot_decode(&s.id, buf_bytes(&bytes), keys, &found, &e), ERR_CORRUPT,
			  "not encrypted");
}

/* Frozen on 2026-11-21: the manifest of sample(all), by its hash. */
static void a_manifest_of_version_1_is_written_as_ever(void **state)
{
	OWNED(snapshot_release) struct snapshot s = {0};
	OWNED(buf_release) struct buf bytes = {0};
	char hex[CHUNK_ID_HEX + 1];
	struct error e = {0};

	(void)state;
	sample(&s, true);
	buf_release(&s.coverage); /* the first programs wrote none */
	ASSERT_OK(snapshot_encode(&s, NULL, &bytes, &e));
	chunk_id_hex(&s.id, hex);
	assert_string_equal(hex,
			    "49a49cd9e101d88dc2de5ee4e79c6e94f63a289d1ed5869b388612ed71c028aa");
	assert_memory_equal(bytes.at, "YSNP\x01\0\0\0", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(a_copy_has_all_of_it),
		cmocka_unit_test(a_coverage_that_is_none_is_damage),
		cmocka_unit_test(a_snapshot_without_a_name_is_refused),
		cmocka_unit_test(a_name_that_is_a_path_is_refused),
		cmocka_unit_test(every_flipped_bit_and_every_cut_is_detected),
		cmocka_unit_test(damage_under_a_name_that_fits_is_an_error_or_another_snapshot),
		cmocka_unit_test(a_sealed_manifest_says_nothing_and_every_flipped_bit_is_detected),
		cmocka_unit_test(a_plain_manifest_in_an_encrypted_store_is_refused),
		cmocka_unit_test(a_manifest_of_version_1_is_written_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
