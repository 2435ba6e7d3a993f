#include "store/pack/codec.h"

#include "base/chunk_id.h"
#include "tests/harness/harness.h"

enum content { ZEROS, TEXT, NOISE, CONTENTS };

static void fill(struct buf *ret, enum content content, size_t len, struct harness_rng *rng)
{
	static const char text[] = "status: shipped, city: Ulm, price: 1234, quantity: 17; ";
	uint8_t *at = buf_room(ret, len + 1);

	if (content == NOISE)
		harness_rng_fill(rng, at, len);
	else
		for (size_t i = 0; i < len; i++)
			at[i] = content == ZEROS ? 0
						 : (uint8_t)(text[i % (sizeof(text) - 1)] ^
							     (harness_rng_below(rng, 29) == 0));
	ret->len += len;
}

static void decodes(struct codec *codec, enum codec_kind kind, struct bytes stored,
		    struct bytes base, struct bytes plain)
{
	uint8_t *room = xmalloc(plain.len + 1);
	struct error e = {0};

	ASSERT_OK(codec_decode(codec, kind, stored, base, room, plain.len, &e));
	ASSERT_BYTES(bytes_of(room, plain.len), plain);
	free(room);
}

static const size_t sizes[] = {
	0, 1, 2, 15, 16, 100, 4096, 65536, 200000, 3 * MIB, 16 * MIB + 16 * KIB};

static void what_is_encoded_comes_back(void **state)
{
	struct harness_rng rng = harness_rng_of(101);
	OWNED(codec_free) struct codec *codec = codec_new();
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		for (enum content content = ZEROS; content < CONTENTS; content++) {
			OWNED(buf_release) struct buf plain = {0};
			OWNED(buf_release) struct buf stored = {0};
			enum codec_kind kind = CODEC_COUNT;

			fill(&plain, content, sizes[i], &rng);
			buf_add_str(&stored, "kept");
			ASSERT_OK(
				codec_encode(codec, buf_bytes(&plain), false, &stored, &kind, &e));
			assert_memory_equal(stored.at, "kept", 4);
			assert_true(stored.len - 4 <= plain.len);
			assert_true(kind == (stored.len - 4 < plain.len ? CODEC_ZSTD : CODEC_RAW));
			assert_true(content == NOISE || plain.len < 256 || kind == CODEC_ZSTD);
			decodes(codec, kind, bytes_of(stored.at + 4, stored.len - 4),
				bytes_of(NULL, 0), buf_bytes(&plain));
		}
	}
}

static void an_empty_slice_without_memory_is_fine(void **state)
{
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf stored = {0};
	enum codec_kind kind;
	struct error e = {0};

	(void)state;
	ASSERT_OK(codec_encode(codec, bytes_of(NULL, 0), false, &stored, &kind, &e));
	assert_int_equal(kind, CODEC_RAW);
	assert_int_equal(stored.len, 0);
	ASSERT_OK(
		codec_decode(codec, CODEC_RAW, bytes_of(NULL, 0), bytes_of(NULL, 0), NULL, 0, &e));
}

static void a_prefix_and_a_base_make_it_smaller_and_come_back(void **state)
{
	struct harness_rng rng = harness_rng_of(102);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf base = {0};
	OWNED(codec_prefix_free) struct codec_prefix *prefix = NULL;
	struct error e = {0};

	(void)state;
	fill(&base, NOISE, 128 * KIB, &rng);
	prefix = codec_prefix_new(buf_bytes(&base));
	for (size_t len = 0; len <= base.len; len = len == 0 ? 1 : len * 2) {
		OWNED(buf_release) struct buf with = {0};
		OWNED(buf_release) struct buf delta = {0};
		OWNED(buf_release) struct buf copy = {0}; /* zstd wants no overlap with the base */
		struct bytes plain;
		enum codec_kind kind;

		(void)buf_room(&copy, 1);
		buf_add(&copy, base.at + base.len - len, len);
		plain = buf_bytes(&copy);

		for (int thorough = 0; thorough < 2; thorough++) {
			buf_reset(&with);
			ASSERT_OK(codec_encode_prefix(codec, prefix, plain, thorough, &with, &kind,
						      &e));
			assert_true(len < 256 || kind == CODEC_ZSTD_PREFIX);
			decodes(codec, kind, buf_bytes(&with), buf_bytes(&base), plain);
		}
		ASSERT_OK(codec_encode_delta(codec, buf_bytes(&base), plain, len % 2, &delta, &kind,
					     &e));
		assert_true(len < 256 || (kind == CODEC_ZSTD_PREFIX && delta.len < 128));
		decodes(codec, kind, buf_bytes(&delta), buf_bytes(&base), plain);
	}
}

/* Two prefixes, each for some chunks in a row; each is made anew now and then, maybe where the other one lay. */
static void with_a_prefix_a_chunk_is_as_small_whatever_came_before(void **state)
{
	struct harness_rng rng = harness_rng_of(112);
	OWNED(codec_free) struct codec *codec = codec_new();
	struct buf bases[2] = {{0}, {0}};
	struct codec_prefix *prefixes[2] = {NULL, NULL};
	unsigned which = 0;
	struct error e = {0};

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		OWNED(codec_free) struct codec *fresh = codec_new();
		OWNED(buf_release) struct buf plain = {0};
		OWNED(buf_release) struct buf stored = {0};
		OWNED(buf_release) struct buf expected = {0};
		size_t len = 1 + harness_rng_below(&rng, 1u << (8 + harness_rng_below(&rng, 12)));
		enum codec_kind kind, expected_kind;

		if (harness_rng_below(&rng, 4) == 0)
			which = (unsigned)harness_rng_below(&rng, 2);
		if (prefixes[which] == NULL || harness_rng_below(&rng, 10) == 0) {
			codec_prefix_free(prefixes[which]);
			buf_reset(&bases[which]);
			fill(&bases[which], TEXT, 100 + harness_rng_below(&rng, 160 * KIB), &rng);
			prefixes[which] = codec_prefix_new(buf_bytes(&bases[which]));
		}
		fill(&plain, i % 16 == 0 ? NOISE : TEXT, len, &rng);
		ASSERT_OK(codec_encode_prefix(codec, prefixes[which], buf_bytes(&plain),
					      i % 32 == 1, &stored, &kind, &e));
		ASSERT_OK(codec_encode_prefix(fresh, prefixes[which], buf_bytes(&plain),
					      i % 32 == 1, &expected, &expected_kind, &e));
		assert_int_equal(kind, expected_kind);
		assert_true(stored.len <= expected.len + expected.len / 20 + 32);
		decodes(codec, kind, buf_bytes(&stored), buf_bytes(&bases[which]),
			buf_bytes(&plain));
	}
	for (unsigned i = 0; i < COUNT_OF(bases); i++) {
		codec_prefix_free(prefixes[i]);
		buf_release(&bases[i]);
	}
}

/* Runs of all lengths that are the base's or new, so that blocks end within matches, within literals and between. */
static void edit_runs(struct harness_rng *rng, struct bytes base, size_t len, struct buf *ret)
{
	while (ret->len < len) {
		size_t some = 1 + harness_rng_below(rng, 1u << harness_rng_below(rng, 19));
		size_t from = harness_rng_below(rng, (uint32_t)base.len);

		some = MIN_OF(some, MIN_OF(len - ret->len, base.len - from));
		if (harness_rng_below(rng, 3) != 0)
			buf_add(ret, base.at + from, some);
		else
			for (size_t i = 0; i < some; i++)
				buf_add_u8(ret, (uint8_t)harness_rng_below(rng, 250));
	}
}

static void a_delta_of_several_blocks_comes_back(void **state)
{
	OWNED(codec_free) struct codec *codec = codec_new();
	struct harness_rng rng = {harness_seed()};

	(void)state;
	for (int round = 0; round < 60; round++) {
		OWNED(buf_release) struct buf base = {0};
		OWNED(buf_release) struct buf plain = {0};
		OWNED(buf_release) struct buf delta = {0};
		enum codec_kind kind;
		struct error e = {0};
		/* Also exactly full blocks, and a byte more or less. */
		size_t len = round < 9
				     ? (size_t)(1 + round / 3) * 128 * KIB + (size_t)(round % 3) - 1
				     : 100 * KIB + harness_rng_below(&rng, 900 * KIB);

		for (size_t i = 0; i < 300 * KIB; i++)
			buf_add_u8(&base, (uint8_t)harness_rng_below(&rng, 200));
		if (round % 4 == 0) /* nothing but one match */
			while (plain.len < len)
				buf_add(&plain, base.at, MIN_OF(len - plain.len, base.len));
		else
			edit_runs(&rng, buf_bytes(&base), len, &plain);
		ASSERT_OK(codec_encode_delta(codec, buf_bytes(&base), buf_bytes(&plain), false,
					     &delta, &kind, &e));
		assert_int_equal(kind, CODEC_ZSTD_PREFIX);
		decodes(codec, kind, buf_bytes(&delta), buf_bytes(&base), buf_bytes(&plain));
	}
}

static void a_large_delta_finds_matches_far_apart(void **state)
{
	struct harness_rng rng = harness_rng_of(103);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf base = {0};
	struct error e = {0};

	(void)state;
	fill(&base, NOISE, 16 * MIB, &rng);
	for (int cut = 0; cut < 2; cut++) {
		OWNED(buf_release) struct buf plain = {0};
		OWNED(buf_release) struct buf stored = {0};
		enum codec_kind kind;

		/* Everything moves by 100 bytes. */
		if (cut)
			fill(&plain, NOISE, 100, &rng);
		buf_add(&plain, base.at + (cut ? 0 : 100), base.len - 100);
		ASSERT_OK(codec_encode_delta(codec, buf_bytes(&base), buf_bytes(&plain), false,
					     &stored, &kind, &e));
		assert_int_equal(kind, CODEC_ZSTD_PREFIX);
		assert_true(stored.len < 16 * KIB);
		decodes(codec, kind, buf_bytes(&stored), buf_bytes(&base), buf_bytes(&plain));
	}
}

/* Never more than is asked for is written; what decodes to other bytes has another id. */
static void damaged_bytes_give_an_error_or_other_bytes(void **state)
{
	struct harness_rng rng = harness_rng_of(104);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf base = {0};
	OWNED(buf_release) struct buf plain = {0};
	struct chunk_id id;
	size_t errors = 0, others = 0;

	(void)state;
	fill(&base, TEXT, 5000, &rng);
	fill(&plain, TEXT, 3000, &rng);
	id = chunk_id_of(buf_bytes(&plain));
	for (int delta = 0; delta < 2; delta++) {
		OWNED(buf_release) struct buf stored = {0};
		uint8_t *room = xmalloc(plain.len);
		enum codec_kind kind;
		struct error e = {0};

		if (delta)
			ASSERT_OK(codec_encode_delta(codec, buf_bytes(&base), buf_bytes(&plain),
						     false, &stored, &kind, &e));
		else
			ASSERT_OK(
				codec_encode(codec, buf_bytes(&plain), false, &stored, &kind, &e));
		for (size_t bit = 0; bit < 8 * stored.len; bit++) {
			struct chunk_id found;

			stored.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (codec_decode(codec, kind, buf_bytes(&stored), buf_bytes(&base), room,
					 plain.len, &e) < 0) {
				assert_int_equal(e.code, ERR_CORRUPT);
				errors++;
			} else {
				found = chunk_id_of(bytes_of(room, plain.len));
				/* A bit that means nothing to zstd may change: then all is right. */
				others += !chunk_id_equal(&found, &id);
			}
			stored.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t len = 0; len < stored.len; len++)
			ASSERT_ERROR(codec_decode(codec, kind, bytes_of(stored.at, len),
						  buf_bytes(&base), room, plain.len, &e),
				     ERR_CORRUPT);
		free(room);
	}
	assert_true(errors > 0 && others > 0);
}

static void a_wrong_length_or_base_does_not_give_the_plain_bytes(void **state)
{
	struct harness_rng rng = harness_rng_of(105);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf base = {0};
	OWNED(buf_release) struct buf other = {0};
	OWNED(buf_release) struct buf stored = {0};
	OWNED(free) uint8_t *room = xmalloc(8000);
	OWNED(buf_release) struct buf copy = {0}; /* zstd wants no overlap with the base */
	struct bytes plain;
	enum codec_kind kind;
	struct error e = {0};

	(void)state;
	fill(&base, NOISE, 5000, &rng);
	fill(&other, NOISE, 5000, &rng);
	buf_add(&copy, base.at + 100, 3000);
	plain = buf_bytes(&copy);
	ASSERT_OK(codec_encode_delta(codec, buf_bytes(&base), plain, true, &stored, &kind, &e));
	assert_int_equal(kind, CODEC_ZSTD_PREFIX);
	for (size_t len = 2999; len <= 3001; len += 2)
		ASSERT_ERROR(codec_decode(codec, kind, buf_bytes(&stored), buf_bytes(&base), room,
					  len, &e),
			     ERR_CORRUPT);
	ASSERT_ERROR(
		codec_decode(codec, kind, buf_bytes(&stored), bytes_of(NULL, 0), room, 3000, &e),
		ERR_CORRUPT);
	if (codec_decode(codec, kind, buf_bytes(&stored), buf_bytes(&other), room, 3000, &e) == 0)
		assert_memory_not_equal(room, plain.at, 3000);
	ASSERT_ERROR(codec_decode(codec, CODEC_RAW, buf_bytes(&stored), bytes_of(NULL, 0), room,
				  3000, &e),
		     ERR_CORRUPT);
	ASSERT_ERROR(codec_decode(codec, CODEC_COUNT, buf_bytes(&stored), bytes_of(NULL, 0), room,
				  3000, &e),
		     ERR_UNSUPPORTED);
}

static void a_codec_is_fit_for_more_after_a_failure(void **state)
{
	struct harness_rng rng = harness_rng_of(106);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf plain = {0};
	uint8_t room[100];
	struct error e = {0};

	(void)state;
	fill(&plain, TEXT, 5000, &rng);
	for (int round = 0; round < 20; round++) {
		OWNED(buf_release) struct buf stored = {0};
		enum codec_kind kind;

		ASSERT_ERROR(codec_decode(codec, CODEC_ZSTD, bytes_str("no frame of zstd"),
					  bytes_of(NULL, 0), room, sizeof(room), &e),
			     ERR_CORRUPT);
		ASSERT_OK(codec_encode(codec, buf_bytes(&plain), false, &stored, &kind, &e));
		decodes(codec, kind, buf_bytes(&stored), bytes_of(NULL, 0), buf_bytes(&plain));
	}
}

static void more_effort_makes_it_smaller(void **state)
{
	struct harness_rng rng = harness_rng_of(108);
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf quick = {0};
	OWNED(buf_release) struct buf thorough = {0};
	enum codec_kind kind;
	struct error e = {0};

	(void)state;
	fill(&plain, TEXT, 32 * KIB, &rng);
	ASSERT_OK(codec_encode(codec, buf_bytes(&plain), false, &quick, &kind, &e));
	ASSERT_OK(codec_encode(codec, buf_bytes(&plain), true, &thorough, &kind, &e));
	assert_true(thorough.len < quick.len);
	decodes(codec, kind, buf_bytes(&thorough), bytes_of(NULL, 0), buf_bytes(&plain));
}

static void a_base_asked_for_twice_is_kept(void **state)
{
	struct harness_rng rng = harness_rng_of(109);
	OWNED(codec_free) struct codec *codec = codec_new();
	struct buf bases[2] = {{0}, {0}};
	OWNED(buf_release) struct buf plain = {0};
	OWNED(buf_release) struct buf stored = {0};
	uint8_t *room = xmalloc(MIB);
	enum codec_kind kind;
	struct error e = {0};

	(void)state;
	fill(&bases[0], NOISE, 150 * KIB, &rng);
	fill(&bases[1], NOISE, 150 * KIB, &rng);
	buf_add(&plain, bases[0].at + 1000, 40 * KIB);
	fill(&plain, NOISE, 1000, &rng);
	buf_add(&plain, plain.at + 10, 5000);
	ASSERT_OK(codec_encode_delta(codec, buf_bytes(&bases[0]), buf_bytes(&plain), false, &stored,
				     &kind, &e));
	assert_int_equal(kind, CODEC_ZSTD_PREFIX);
	for (uint64_t name = 0; name < 2; name++) {
		for (int time = 0; time < 2; time++) {
			assert_int_equal(codec_decode_kept(codec, 7 + name, buf_bytes(&stored),
							   room, plain.len),
					 0);
			codec_keep(codec, 7 + name, buf_bytes(&bases[name]));
		}
		memset(room, 0, plain.len);
		/* With the other base it may decode, to other bytes. */
		if (codec_decode_kept(codec, 7 + name, buf_bytes(&stored), room, plain.len) == 1)
			assert_true(name == (memcmp(room, plain.at, plain.len) != 0));
		else
			assert_int_equal(name, 1);
	}
	assert_int_equal(codec_decode_kept(codec, 7, buf_bytes(&stored), room, plain.len), 0);
	assert_int_equal(codec_decode_kept(codec, 8, buf_bytes(&stored), room, MIB), 0);
	free(room);
	buf_release(&bases[0]);
	buf_release(&bases[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_comes_back),
		cmocka_unit_test(an_empty_slice_without_memory_is_fine),
		cmocka_unit_test(a_prefix_and_a_base_make_it_smaller_and_come_back),
		cmocka_unit_test(with_a_prefix_a_chunk_is_as_small_whatever_came_before),
		cmocka_unit_test(a_delta_of_several_blocks_comes_back),
		cmocka_unit_test(a_large_delta_finds_matches_far_apart),
		cmocka_unit_test(damaged_bytes_give_an_error_or_other_bytes),
		cmocka_unit_test(a_wrong_length_or_base_does_not_give_the_plain_bytes),
		cmocka_unit_test(a_codec_is_fit_for_more_after_a_failure),
		cmocka_unit_test(more_effort_makes_it_smaller),
		cmocka_unit_test(a_base_asked_for_twice_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
