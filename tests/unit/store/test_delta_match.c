#include "store/pack/delta_match.h"

#include "store/pack/codec.h"
#include "tests/harness/harness.h"

/* What the matches say, put together again. */
static void rebuild(const struct delta_matches *matches, struct bytes base, struct bytes plain,
		    struct buf *ret)
{
	const struct delta_match *one = (const struct delta_match *)(const void *)matches->found.at;
	size_t count = matches->found.len / sizeof(*one);

	for (size_t i = 0; i < count; i++) {
		assert_true(one[i].literals <= plain.len - ret->len);
		buf_add(ret, plain.at + ret->len, one[i].literals);
		if (one[i].len == 0) {
			assert_true(i + 1 == count);
			continue;
		}
		assert_true(one[i].len >= 3);
		assert_true(one[i].offset <= base.len + ret->len);
		assert_true(one[i].offset >= ret->len + one[i].len);
		buf_add(ret, base.at + base.len + ret->len - one[i].offset, one[i].len);
	}
}

static void both_ways(struct delta_matches *matches, struct codec *codec, struct bytes base,
		      struct bytes plain)
{
	OWNED(buf_release) struct buf again = {0};
	OWNED(buf_release) struct buf stored = {0};
	OWNED(free) uint8_t *room = xmalloc(plain.len + 1);
	enum codec_kind kind;
	struct error e = {0};

	delta_match_find(matches, base, plain);
	rebuild(matches, base, plain, &again);
	ASSERT_BYTES(buf_bytes(&again), plain);
	ASSERT_OK(codec_encode_delta(codec, base, plain, false, &stored, &kind, &e));
	ASSERT_OK(codec_decode(codec, kind, buf_bytes(&stored), base, room, plain.len, &e));
	ASSERT_BYTES(bytes_of(room, plain.len), plain);
}

/* Bytes of few kinds, so that there is much to find, and much that is found wrongly first. */
static void fill(struct harness_rng *rng, size_t len, struct buf *ret)
{
	uint64_t kinds = 2 + harness_rng_below(rng, 200);

	for (size_t i = 0; i < len; i++)
		buf_add_u8(ret, (uint8_t)harness_rng_below(rng, kinds));
}

static size_t at_most(struct harness_rng *rng, size_t limit, size_t most)
{
	size_t drawn = (size_t)harness_rng_below(rng, limit);

	return MIN_OF(drawn, most);
}

static void edit(struct harness_rng *rng, struct bytes from, struct buf *ret)
{
	size_t at = 0;

	while (at < from.len) {
		size_t run = at_most(rng, 5000, from.len - at);

		buf_add(ret, from.at + at, run);
		at += run;
		switch (harness_rng_below(rng, 4)) {
		case 0: /* something new */
			fill(rng, harness_rng_below(rng, 300), ret);
			break;
		case 1: /* something less */
			at += at_most(rng, 300, from.len - at);
			break;
		case 2: /* something else of the same length */
			run = at_most(rng, 20, from.len - at);
			fill(rng, run, ret);
			at += run;
			break;
		default: /* something once more */
			run = at_most(rng, 2000, at);
			buf_add(ret, from.at + at - run, run);
		}
	}
}

static void matches_of_random_edits_make_the_chunk_again(void **state)
{
	struct harness_rng rng = harness_rng_of(harness_seed());
	OWNED(codec_free) struct codec *codec = codec_new();
	struct delta_matches matches = {0};

	(void)state;
	for (int round = 0; round < 300; round++) {
		OWNED(buf_release) struct buf base = {0};
		OWNED(buf_release) struct buf plain = {0};

		fill(&rng, harness_rng_below(&rng, round % 10 == 0 ? 600000 : 40000), &base);
		edit(&rng, buf_bytes(&base), &plain);
		both_ways(&matches, codec, buf_bytes(&base), buf_bytes(&plain));
	}
	delta_matches_release(&matches);
}

static void short_and_empty_chunks_have_matches_too(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";
	OWNED(codec_free) struct codec *codec = codec_new();
	struct delta_matches matches = {0};

	(void)state;
	for (size_t base = 0; base < sizeof(text); base++)
		for (size_t plain = 0; plain < sizeof(text); plain++)
			both_ways(&matches, codec, bytes_of(text, base), bytes_of(text, plain));
	delta_matches_release(&matches);
}

static void what_is_the_same_is_one_match(void **state)
{
	struct harness_rng rng = harness_rng_of(7);
	OWNED(buf_release) struct buf base = {0};
	struct delta_matches matches = {0};
	const struct delta_match *one;

	(void)state;
	fill(&rng, 200000, &base);
	delta_match_find(&matches, buf_bytes(&base), buf_bytes(&base));
	one = (const struct delta_match *)(const void *)matches.found.at;
	assert_int_equal(matches.found.len / sizeof(*one), 2);
	assert_int_equal(one[0].len, base.len);
	assert_int_equal(one[0].offset, base.len);
	delta_matches_release(&matches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_of_random_edits_make_the_chunk_again),
		cmocka_unit_test(short_and_empty_chunks_have_matches_too),
		cmocka_unit_test(what_is_the_same_is_one_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
