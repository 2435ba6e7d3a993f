#include "store/leaf_facts.h"

#include "base/ejson.h"
#include "tests/harness/harness.h"

static void the_sizes_are_those_of_the_lines(void **state)
{
	struct harness_rng rng = harness_rng_of(261);
	OWNED(buf_release) struct buf leaf = {0};
	OWNED(buf_release) struct buf relaxed = {0};
	OWNED(buf_release) struct buf canonical = {0};
	struct chunk_facts facts;
	struct error e = {0};

	(void)state;
	for (int32_t i = 0; i < 300; i++) {
		size_t at = leaf.len, doc = harness_doc_open(&leaf);

		harness_doc_int32(&leaf, "_id", i);
		harness_doc_int64(&leaf, "n", (int64_t)harness_rng_u64(&rng));
		harness_doc_double(&leaf, "d", (double)harness_rng_below(&rng, 1000) / 7);
		harness_doc_date(&leaf, "when", (int64_t)harness_rng_below(&rng, 1ull << 45));
		harness_doc_string_bytes(&leaf, "invalid", bytes_of("\xff\"\n\0x", 5));
		harness_doc_binary_random(&leaf, "pad", harness_rng_below(&rng, 50), &rng);
		harness_doc_close(&leaf, doc);
		ASSERT_OK(ejson_write(harness_doc_at(&leaf, at), EJSON_RELAXED, &relaxed, &e));
		buf_add_u8(&relaxed, '\n');
		ASSERT_OK(ejson_write(harness_doc_at(&leaf, at), EJSON_CANONICAL, &canonical, &e));
		buf_add_u8(&canonical, '\n');
	}
	ASSERT_OK(leaf_facts_measure(buf_bytes(&leaf), &facts, &e));
	assert_int_equal(facts.documents, 300);
	assert_int_equal(facts.relaxed, relaxed.len);
	assert_int_equal(facts.canonical, canonical.len);
	assert_int_equal(facts.renderer, EJSON_VERSION);
}

/* A few fields of a few names and values, so that two documents have some in common; maybe none. */
static void add_some(struct harness_rng *rng, struct buf *ret)
{
	size_t doc = harness_doc_open(ret);

	for (uint64_t i = harness_rng_below(rng, 7); i > 0; i--) {
		static const char *const names[] = {"a", "bc", "name"};
		const char *name = names[harness_rng_below(rng, COUNT_OF(names))];
		int32_t n = (int32_t)harness_rng_below(rng, 3) * 1000;
		size_t inner;

		switch (harness_rng_below(rng, 4)) {
		case 0:
			harness_doc_int32(ret, name, n);
			break;
		case 1:
			harness_doc_double(ret, name, n);
			break;
		case 2:
			harness_doc_string_bytes(ret, name, bytes_of("\"text\0", (size_t)n / 400));
			break;
		default:
			inner = harness_doc_open_sub(ret, name);
			harness_doc_int32(ret, "x", n);
			harness_doc_close(ret, inner);
		}
	}
	harness_doc_close(ret, doc);
}

/* Used again by each change, as a builder does. */
static struct buf room[2];

static void assert_change(struct bytes old, struct bytes now)
{
	struct leaf_facts_sum sum = {.relaxed = 5, .canonical = 7};
	struct chunk_facts before, after;
	struct error e = {0};

	ASSERT_OK(leaf_facts_measure(old, &before, &e));
	ASSERT_OK(leaf_facts_measure(now, &after, &e));
	ASSERT_OK(leaf_facts_change(old, now, room, &sum, &e));
	assert_true(sum.relaxed == 5 + (int64_t)(after.relaxed - before.relaxed));
	assert_true(sum.canonical == 7 + (int64_t)(after.canonical - before.canonical));
}

static void a_change_adds_what_measuring_both_gives(void **state)
{
	struct harness_rng rng = harness_rng_of(262);

	(void)state;
	for (int i = 0; i < 30000; i++) {
		OWNED(buf_release) struct buf old = {0};
		OWNED(buf_release) struct buf now = {0};

		add_some(&rng, &old);
		add_some(&rng, &now);
		assert_change(buf_bytes(&old), buf_bytes(&now));
		assert_change(bytes_of(NULL, 0), buf_bytes(&now));
		assert_change(buf_bytes(&old), bytes_of(NULL, 0));
	}
}

/* A document with two texts of 3 MiB: `second` is what the second one is made of. */
static void add_large(struct buf *ret, char second)
{
	size_t len = (size_t)3 << 20, doc = harness_doc_open(ret);
	OWNED(buf_release) struct buf text = {0};

	memset(buf_room(&text, len), 'a', len);
	harness_doc_string_bytes(ret, "first", bytes_of(text.at, len));
	harness_doc_int32(ret, "n", second);
	memset(text.at, second, len);
	harness_doc_string_bytes(ret, "second", bytes_of(text.at, len));
	harness_doc_bool(ret, "end", second == '"');
	harness_doc_close(ret, doc);
}

static void a_change_of_a_large_document_is_measured_where_it_lies(void **state)
{
	struct buf mine[2] = {{0}, {0}};
	OWNED(buf_release) struct buf old = {0};
	OWNED(buf_release) struct buf now = {0};
	struct leaf_facts_sum sum = {0};
	struct error e = {0};

	(void)state;
	add_large(&old, 'b');
	add_large(&now, '"');
	assert_change(buf_bytes(&old), buf_bytes(&now));
	ASSERT_OK(leaf_facts_change(buf_bytes(&old), buf_bytes(&now), mine, &sum, &e));
	assert_in_range(mine[0].cap + mine[1].cap, 0, (size_t)3 << 20);
	buf_release(&mine[0]);
	buf_release(&mine[1]);
}

static void a_change_of_what_is_damaged_is_an_error_and_adds_nothing(void **state)
{
	struct harness_rng rng = harness_rng_of(263);
	struct chunk_facts facts;
	unsigned damaged = 0;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		OWNED(buf_release) struct buf old = {0};
		OWNED(buf_release) struct buf now = {0};
		struct leaf_facts_sum sum = {.relaxed = 5, .canonical = 7};
		struct error e = {0};

		add_some(&rng, &old);
		add_some(&rng, &now);
		now.at[harness_rng_below(&rng, now.len)] ^=
			(uint8_t)(1 + harness_rng_below(&rng, 255));
		if (leaf_facts_measure(buf_bytes(&now), &facts, &e) == 0)
			continue;
		damaged++;
		ASSERT_ERROR(leaf_facts_change(buf_bytes(&old), buf_bytes(&now), room, &sum, &e),
			     ERR_CORRUPT);
		assert_true(sum.relaxed == 5 && sum.canonical == 7);
	}
	assert_true(damaged > 1000);
}

/* The old leaf and a new one: documents stay, change, come and go. */
static void add_leaves(struct harness_rng *rng, struct buf *old, struct buf *now)
{
	uint64_t busy = 1 + harness_rng_below(rng, 40);

	for (uint64_t n = harness_rng_below(rng, 60); n > 0; n--) {
		OWNED(buf_release) struct buf doc = {0};
		bool differs = harness_rng_below(rng, busy) == 0;
		uint64_t what = harness_rng_below(rng, 3);

		add_some(rng, &doc);
		if (!differs || what != 0)
			buf_add_bytes(old, buf_bytes(&doc));
		if (differs && what == 1) {
			buf_reset(&doc);
			add_some(rng, &doc);
		}
		if (!differs || what != 2)
			buf_add_bytes(now, buf_bytes(&doc));
	}
}

static void a_leaf_like_an_older_one_measures_the_same(void **state)
{
	struct harness_rng rng = harness_rng_of(264);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		OWNED(buf_release) struct buf old = {0};
		OWNED(buf_release) struct buf now = {0};
		struct chunk_facts of_old, want, got;
		struct error e = {0};

		add_leaves(&rng, &old, &now);
		ASSERT_OK(leaf_facts_measure(buf_bytes(&old), &of_old, &e));
		ASSERT_OK(leaf_facts_measure(buf_bytes(&now), &want, &e));
		ASSERT_OK(leaf_facts_measure_like(buf_bytes(&now), buf_bytes(&old), &of_old, &got,
						  &e));
		assert_memory_equal(&got, &want, sizeof(want));
		/* What another version measured says nothing. */
		of_old = (struct chunk_facts){.relaxed = 1, .renderer = want.renderer + 1};
		ASSERT_OK(leaf_facts_measure_like(buf_bytes(&now), buf_bytes(&old), &of_old, &got,
						  &e));
		assert_memory_equal(&got, &want, sizeof(want));
	}
}

static int release_room(void **state)
{
	(void)state;
	buf_release(&room[0]);
	buf_release(&room[1]);
	return 0;
}

static void what_is_no_leaf_is_an_error(void **state)
{
	OWNED(buf_release) struct buf leaf = {0};
	struct chunk_facts facts;
	struct error e = {0};

	(void)state;
	harness_doc_of_int32(&leaf, 1);
	harness_doc_of_int32(&leaf, 2);
	for (size_t len = 1; len < leaf.len; len++)
		if (len != leaf.len / 2)
			ASSERT_ERROR(leaf_facts_measure(bytes_of(leaf.at, len), &facts, &e),
				     ERR_CORRUPT);
	ASSERT_OK(leaf_facts_measure(bytes_of(NULL, 0), &facts, &e));
	assert_int_equal(facts.documents, 0);
	leaf.at[4] = 0x55;
	ASSERT_ERROR(leaf_facts_measure(buf_bytes(&leaf), &facts, &e), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sizes_are_those_of_the_lines),
		cmocka_unit_test(a_change_adds_what_measuring_both_gives),
		cmocka_unit_test(a_change_of_a_large_document_is_measured_where_it_lies),
		cmocka_unit_test(a_change_of_what_is_damaged_is_an_error_and_adds_nothing),
		cmocka_unit_test(a_leaf_like_an_older_one_measures_the_same),
		cmocka_unit_test(what_is_no_leaf_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, release_room);
}
