#include "oplog/replay_ahead.h"

#include "base/bson_build.h"
#include "tests/harness/harness.h"

#define LARGE_MAX (1 * MIB)
#define NEVER UINT32_MAX

/* Entries 1, 2, …: number n has the timestamp 1.n and a text of n's length; all lie in the same memory, one after the other. */
struct source {
	uint32_t count;	    /* of entries */
	uint32_t fails_at;  /* the number at which it fails */
	uint32_t broken_at; /* the number of one that has no timestamp */
	bool large;	    /* some are */
	uint32_t calls;
	struct buf doc;
};

static size_t pad_of(const struct source *source, uint32_t number)
{
	static const size_t large[] = {256 * KIB - 200, 256 * KIB, 256 * KIB + 200, LARGE_MAX};

	if (source->large && number % 97 == 0)
		return large[number / 97 % COUNT_OF(large)];
	return number * 7919 % 2000;
}

static void build(struct source *source, uint32_t number)
{
	OWNED(free) char *pad = xmalloc(LARGE_MAX);
	size_t len = pad_of(source, number), doc, o;
	struct buf *b = &source->doc;

	memset(pad, 'a' + (int)(number % 26), len);
	doc = bson_build_begin(b);
	if (number != source->broken_at)
		bson_build_timestamp(b, "ts", 1, number);
	bson_build_int64(b, "v", 2);
	bson_build_string(b, "op", bytes_str("i"));
	bson_build_string(b, "ns", bytes_str("a.b"));
	o = bson_build_open(b, "o");
	bson_build_int32(b, "_id", (int32_t)number);
	bson_build_string(b, "pad", bytes_of(pad, len));
	bson_build_end(b, o);
	bson_build_end(b, doc);
}

static int next_of(void *ctx, struct bytes *ret, struct error *e)
{
	struct source *source = ctx;

	/* What it gave is not valid any more. */
	if (source->doc.len > 0)
		memset(source->doc.at, 0xee, source->doc.len);
	buf_reset(&source->doc);
	if (source->calls++ == source->count)
		return 0;
	if (source->calls == source->fails_at)
		return error_set(e, ERR_IO, "entry %u can't be read", source->calls);
	build(source, source->calls);
	*ret = buf_bytes(&source->doc);
	return 1;
}

static void check_entry(const struct source *source, const struct entry *entry, uint32_t number)
{
	struct bson_field pad;
	struct bytes text;
	struct error e;

	assert_int_equal(entry->at.ts, entry_ts(1, number));
	ASSERT_OK(bson_find(entry->o, "pad", &pad, &e));
	ASSERT_OK(bson_text(pad.value, &text, &e));
	assert_int_equal(text.len, pad_of(source, number));
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != 'a' + number % 26)
			fail_msg("entry %u: byte %zu is %02x", number, i, text.at[i]);
}

/* Take up to `want` entries: how many came, and what came behind them. */
static uint32_t take(struct source *source, uint32_t want, int *ret_code, struct error *e)
{
	const struct replay_source from = {next_of, source};
	OWNED(replay_ahead_free) struct replay_ahead *ahead = replay_ahead_new(&from);
	struct entry entry;
	uint32_t count = 0;

	while (count < want && (*ret_code = replay_ahead_next(ahead, &entry, e)) == 1)
		check_entry(source, &entry, ++count);
	return count;
}

static void all_entries_come_in_their_order(void **state UNUSED)
{
	for (int large = 0; large < 2; large++) {
		struct source source = {.count = 6000, .large = large};
		struct error e;
		int code;

		assert_int_equal(take(&source, NEVER, &code, &e), 6000);
		assert_int_equal(code, 0);
		buf_release(&source.doc);
	}
}

static void of_few_entries_none_is_read_that_nobody_asked_for(void **state UNUSED)
{
	struct source source = {.count = 6000};
	struct error e;
	int code;

	assert_int_equal(take(&source, 500, &code, &e), 500);
	assert_int_equal(source.calls, 500);
	buf_release(&source.doc);
}

static void who_has_enough_waits_for_nobody(void **state UNUSED)
{
	for (uint32_t want = 1000; want < 6000; want += 331) {
		struct source source = {.count = 6000, .large = want % 2 == 0};
		struct error e;
		int code;

		assert_int_equal(take(&source, want, &code, &e), want);
		assert_true(source.calls >= want);
		buf_release(&source.doc);
	}
}

static void an_error_comes_when_its_turn_has_come(void **state UNUSED)
{
	static const uint32_t numbers[] = {1, 2, 900, 1047, 1048, 1049, 2000, 3104, 5999, 6000};

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct source fails = {.count = 6000, .fails_at = numbers[i], .large = i % 2 == 0};
		struct source broken = {.count = 6000, .broken_at = numbers[i]};
		struct error e;
		int code;

		assert_int_equal(take(&fails, NEVER, &code, &e), numbers[i] - 1);
		assert_int_equal(code, ERR_IO);
		assert_non_null(strstr(e.text, "can't be read"));
		assert_int_equal(take(&broken, NEVER, &code, &e), numbers[i] - 1);
		assert_int_equal(code, ERR_CORRUPT);
		assert_int_equal(e.code, ERR_CORRUPT);
		/* Behind what is of interest it is of none. */
		broken.calls = 0;
		assert_int_equal(take(&broken, numbers[i] - 1, &code, &e), numbers[i] - 1);
		buf_release(&fails.doc);
		buf_release(&broken.doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_entries_come_in_their_order),
		cmocka_unit_test(of_few_entries_none_is_read_that_nobody_asked_for),
		cmocka_unit_test(who_has_enough_waits_for_nobody),
		cmocka_unit_test(an_error_comes_when_its_turn_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
