#include "store/pack/pack_format.h"

#include "store/writer_encode.h"
#include "tests/harness/harness.h"

/* Three frames: a raw prefix, a zstd leaf that was measured, and a delta of it that was not. */
#define FRAMES 3
static void sample_entries(struct pack_entry entries[FRAMES])
{
	const struct chunk_place places[FRAMES] = {
		{.stored = 5, .plain = 5, .codec = CODEC_RAW, .kind = CHUNK_PREFIX},
		{.stored = 300,
		 .plain = 70000,
		 .codec = CODEC_ZSTD,
		 .depth = DEPTH_FULL,
		 .documents = 7,
		 .relaxed = 90000,
		 .canonical = 120000,
		 .renderer = 3},
		{.stored = 9,
		 .plain = 70000,
		 .codec = CODEC_ZSTD_PREFIX,
		 .depth = DEPTH_DELTA,
		 .base = {1, 2, 3, 4, 5, 6, 7, 8},
		 .documents = 7},
	};

	for (size_t i = 0; i < FRAMES; i++) {
		entries[i].place = places[i];
		memset(entries[i].id.at, (int)(0xa0 + i), CHUNK_ID_LEN);
	}
}

/* A whole pack; stored bytes are their frame's number. Sets the offsets. */
static void build(enum pack_kind kind, struct pack_entry *entries, size_t count, struct buf *ret)
{
	uint8_t header[PACK_HEADER_LEN];
	struct error e = {0};

	pack_format_header(kind, header);
	buf_add(ret, header, sizeof(header));
	for (size_t i = 0; i < count; i++) {
		pack_format_frame(&entries[i].place, ret);
		entries[i].place.offset = (uint32_t)ret->len;
		memset(buf_room(ret, entries[i].place.stored), (int)i, entries[i].place.stored);
		ret->len += entries[i].place.stored;
	}
	ASSERT_OK(pack_format_directory(header, entries, count, ret->len, ret, &e));
}

/* As the reader does it. */
static int parse(struct bytes pack, struct buf *ret, enum pack_kind *ret_kind, struct error *e)
{
	const uint8_t *foot = pack.at + pack.len - PACK_FOOTER_LEN;
	struct pack_footer footer;

	if (pack.len < PACK_HEADER_LEN + PACK_FOOTER_LEN)
		return error_set(e, ERR_CORRUPT, "too short");
	if (pack_format_check_header(pack.at, ret_kind, e) < 0 ||
	    pack_format_parse_footer(foot, pack.len, &footer, e) < 0)
		return e->code;
	return pack_format_parse_directory(pack.at, foot, &footer,
					   bytes_of(pack.at + footer.dir_offset, footer.dir_len),
					   ret, e);
}

static void same_place(const struct chunk_place *a, const struct chunk_place *b)
{
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->stored, b->stored);
	assert_int_equal(a->plain, b->plain);
	assert_int_equal(a->codec, b->codec);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->kind, b->kind);
	assert_memory_equal(a->base, b->base, CHUNK_BASE_LEN);
	assert_int_equal(a->documents, b->documents);
	assert_int_equal(a->relaxed, b->relaxed);
	assert_int_equal(a->canonical, b->canonical);
	assert_int_equal(a->renderer, b->renderer);
}

static void a_directory_says_what_was_put_in(void **state)
{
	struct pack_entry entries[FRAMES], *found;
	OWNED(buf_release) struct buf pack = {0};
	OWNED(buf_release) struct buf parsed = {0};
	struct error e = {0};
	enum pack_kind kind = 0;

	(void)state;
	sample_entries(entries);
	build(PACK_LEAVES, entries, FRAMES, &pack);
	ASSERT_OK(parse(buf_bytes(&pack), &parsed, &kind, &e));
	assert_int_equal(kind, PACK_LEAVES);
	assert_int_equal(parsed.len, FRAMES * sizeof(*found));
	found = (struct pack_entry *)(void *)parsed.at;
	for (size_t i = 0; i < FRAMES; i++) {
		assert_true(chunk_id_equal(&found[i].id, &entries[i].id));
		same_place(&found[i].place, &entries[i].place);
	}
}

/* What was measured stays measured, and what was not does not become "0 bytes of JSON". */
static void facts_that_are_not_known_stay_unknown_beside_others(void **state)
{
	(void)state;
	for (unsigned mask = 0; mask < 1u << FRAMES; mask++) {
		struct pack_entry entries[FRAMES], *found;
		OWNED(buf_release) struct buf pack = {0};
		OWNED(buf_release) struct buf parsed = {0};
		struct error e = {0};
		enum pack_kind kind = 0;

		sample_entries(entries);
		for (size_t i = 0; i < FRAMES; i++) {
			bool known = (mask >> i & 1) != 0;

			entries[i].place.renderer = known ? 3 : 0;
			entries[i].place.relaxed = known ? 1000 + i : 0;
			entries[i].place.canonical = known ? 2000 + i : 0;
		}
		build(PACK_LEAVES, entries, FRAMES, &pack);
		ASSERT_OK(parse(buf_bytes(&pack), &parsed, &kind, &e));
		found = (struct pack_entry *)(void *)parsed.at;
		for (size_t i = 0; i < FRAMES; i++)
			same_place(&found[i].place, &entries[i].place);
	}
}

static void an_empty_pack_has_an_empty_directory(void **state)
{
	OWNED(buf_release) struct buf pack = {0};
	OWNED(buf_release) struct buf parsed = {0};
	struct error e = {0};
	enum pack_kind kind = 0;

	(void)state;
	build(PACK_NODES, NULL, 0, &pack);
	ASSERT_OK(parse(buf_bytes(&pack), &parsed, &kind, &e));
	assert_int_equal(kind, PACK_NODES);
	assert_int_equal(parsed.len, 0);
}

static void every_flipped_bit_of_header_directory_and_footer_is_detected(void **state)
{
	struct pack_entry entries[FRAMES];
	OWNED(buf_release) struct buf pack = {0};
	struct pack_footer footer;
	struct error e = {0};

	(void)state;
	sample_entries(entries);
	build(PACK_LEAVES, entries, FRAMES, &pack);
	ASSERT_OK(pack_format_parse_footer(pack.at + pack.len - PACK_FOOTER_LEN, pack.len, &footer,
					   &e));
	for (size_t at = 0; at < pack.len; at++) {
		/* The frames between are checked by the ids of their chunks. */
		if (at >= PACK_HEADER_LEN && at < footer.dir_offset)
			continue;
		for (unsigned bit = 0; bit < 8; bit++) {
			OWNED(buf_release) struct buf parsed = {0};
			enum pack_kind kind;
			int code;

			pack.at[at] ^= (uint8_t)(1u << bit);
			code = parse(buf_bytes(&pack), &parsed, &kind, &e);
			pack.at[at] ^= (uint8_t)(1u << bit);
			if (code != ERR_CORRUPT && code != ERR_UNSUPPORTED)
				fail_msg("bit %u of byte %zu: %d", bit, at, code);
			assert_int_equal(parsed.len, 0);
		}
	}
}

static void a_pack_of_any_other_length_is_refused(void **state)
{
	struct pack_entry entries[FRAMES];
	OWNED(buf_release) struct buf pack = {0};
	struct error e = {0};

	(void)state;
	sample_entries(entries);
	build(PACK_LEAVES, entries, FRAMES, &pack);
	for (size_t len = PACK_HEADER_LEN + PACK_FOOTER_LEN; len < pack.len; len++) {
		struct buf parsed = {0};
		enum pack_kind kind;

		ASSERT_ERROR(parse(bytes_of(pack.at, len), &parsed, &kind, &e), ERR_CORRUPT);
	}
	for (uint64_t size = pack.len - 3; size <= pack.len + 3; size++) {
		struct pack_footer footer;
		int code = pack_format_parse_footer(pack.at + pack.len - PACK_FOOTER_LEN, size,
						    &footer, &e);

		assert_int_equal(code, size == pack.len ? 0 : ERR_CORRUPT);
	}
}

/* Sums in a footer that overflow 64 bits must not look like a small file. */
static void a_directory_outside_of_the_file_is_refused(void **state)
{
	uint8_t foot[PACK_FOOTER_LEN] = {0};
	struct pack_footer footer;
	struct error e = {0};

	(void)state;
	memcpy(foot + PACK_FOOTER_LEN - 4, "KCPY", 4);
	put_le64(foot, UINT64_MAX - 100 + 1);
	put_le32(foot + 8, 1000);
	ASSERT_ERROR(pack_format_parse_footer(foot, 1000 + PACK_FOOTER_LEN - 100, &footer, &e),
		     ERR_CORRUPT);
	put_le64(foot, PACK_HEADER_LEN - 1);
	ASSERT_ERROR(pack_format_parse_footer(foot, 1000 + PACK_FOOTER_LEN + PACK_HEADER_LEN - 1,
					      &footer, &e),
		     ERR_CORRUPT);
}

/* The directory of a pack whose trailer is at `foot`, with other columns: its checksum is right. */
static int parse_columns(const struct buf *pack, const struct pack_footer *good,
			 struct bytes columns, uint8_t codec, uint64_t ids, struct error *e)
{
	OWNED(buf_release) struct buf summed = {0};
	OWNED(buf_release) struct buf parsed = {0};
	uint8_t foot[PACK_FOOTER_LEN] = {0};
	struct pack_footer footer = *good;
	struct chunk_id sum;
	struct bytes dir;
	int code;

	footer.columns_codec = codec;
	footer.columns_len = (uint32_t)columns.len;
	buf_add(&summed, pack->at, PACK_HEADER_LEN);
	buf_add(&summed, pack->at + good->dir_offset, ids * CHUNK_ID_LEN);
	buf_add_bytes(&summed, columns);
	dir = bytes_of(summed.at + PACK_HEADER_LEN, summed.len - PACK_HEADER_LEN);
	buf_add(&summed, foot, 36);
	sum = chunk_id_of(buf_bytes(&summed));
	memcpy(footer.checksum, sum.at, sizeof(footer.checksum));
	code = pack_format_parse_directory(pack->at, foot, &footer,
					   bytes_of(summed.at + PACK_HEADER_LEN, dir.len), &parsed,
					   e);
	assert_int_equal(parsed.len, code < 0 ? 0 : FRAMES * sizeof(struct pack_entry));
	return code;
}

static void columns_that_do_not_fit_are_refused_whatever_their_checksum(void **state)
{
	struct pack_entry entries[FRAMES];
	OWNED(buf_release) struct buf pack = {0};
	OWNED(buf_release) struct buf columns = {0};
	struct pack_footer footer;
	struct error e = {0};

	(void)state;
	sample_entries(entries);
	build(PACK_LEAVES, entries, FRAMES, &pack);
	ASSERT_OK(pack_format_parse_footer(pack.at + pack.len - PACK_FOOTER_LEN, pack.len, &footer,
					   &e));
	assert_int_equal(footer.columns_codec, CODEC_RAW);
	buf_add(&columns, pack.at + footer.dir_offset + FRAMES * CHUNK_ID_LEN, footer.columns_len);
	ASSERT_OK(parse_columns(&pack, &footer, buf_bytes(&columns), CODEC_RAW, FRAMES, &e));
#define REFUSED(what, codec, ids, part)                                                            \
	ASSERT_ERROR_TEXT(parse_columns(&pack, &footer, what, codec, ids, &e), ERR_CORRUPT, part)
	for (size_t len = 0; len < columns.len; len++)
		REFUSED(bytes_of(columns.at, len), CODEC_RAW, FRAMES, "does not fit its frames");
	REFUSED(buf_bytes(&columns), 9, FRAMES, "pack directory with codec 9");
	REFUSED(buf_bytes(&columns), CODEC_ZSTD, FRAMES, "pack directory: ");
	REFUSED(bytes_of(NULL, 0), CODEC_RAW, FRAMES - 1, "pack directory is too short");
	/* A codec and a kind that there are none of; a frame that is longer than the pack; one more byte. */
	columns.at[0] ^= 15;
	REFUSED(buf_bytes(&columns), CODEC_RAW, FRAMES, "does not fit its frames");
	columns.at[0] ^= 15;
	columns.at[1] ^= 0x80;
	REFUSED(buf_bytes(&columns), CODEC_RAW, FRAMES, "does not fit its frames");
	columns.at[1] ^= 0x80;
	columns.at[2 * FRAMES] ^= 0x40;
	REFUSED(buf_bytes(&columns), CODEC_RAW, FRAMES, "does not fit its frames");
	columns.at[2 * FRAMES] ^= 0x40;
	buf_add_u8(&columns, 0);
	REFUSED(buf_bytes(&columns), CODEC_RAW, FRAMES, "does not fit its frames");
#undef REFUSED
}

static void a_newer_pack_or_one_with_another_cipher_is_unsupported(void **state)
{
	uint8_t header[PACK_HEADER_LEN];
	enum pack_kind kind;
	struct error e = {0};

	(void)state;
	pack_format_header(PACK_NODES, header);
	assert_int_equal(ASSERT_OK(pack_format_check_header(header, &kind, &e)), 0);
	assert_int_equal(kind, PACK_NODES);
	header[4] = PACK_VERSION + 1;
	ASSERT_ERROR(pack_format_check_header(header, &kind, &e), ERR_UNSUPPORTED);
	pack_format_header(PACK_NODES, header);
	header[6] = 2;
	ASSERT_ERROR(pack_format_check_header(header, &kind, &e), ERR_UNSUPPORTED);
	pack_format_header(PACK_NODES, header);
	header[PACK_CIPHER_AT] = 1;
	assert_int_equal(ASSERT_OK(pack_format_check_header(header, &kind, &e)), 0);
	header[PACK_CIPHER_AT] = 2;
	ASSERT_ERROR_TEXT(pack_format_check_header(header, &kind, &e), ERR_UNSUPPORTED, "cipher 2");
	pack_format_header(PACK_NODES, header);
	header[5] = 3;
	ASSERT_ERROR(pack_format_check_header(header, &kind, &e), ERR_CORRUPT);
	header[0] = 'y';
	ASSERT_ERROR(pack_format_check_header(header, &kind, &e), ERR_CORRUPT);
}

static void a_frame_header_comes_back(void **state)
{
	static const uint32_t sizes[] = {0, 1, 127, 128, 16383, 16384, 1 << 20, CHUNK_PLAIN_MAX};

	(void)state;
	for (uint8_t codec = 0; codec < CODEC_COUNT; codec++) {
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct chunk_place place = {.codec = codec,
						    .depth = (uint8_t)(i % 3),
						    .stored = sizes[i],
						    .plain = sizes[i]};
			struct chunk_place found;
			OWNED(buf_release) struct buf frame = {0};
			size_t len = 0;

			memset(place.base, codec == CODEC_ZSTD_PREFIX ? 0x5a : 0,
			       PACK_FRAME_BASE_LEN);
			pack_format_frame(&place, &frame);
			assert_true(frame.len <= PACK_FRAME_HEADER_MAX);
			assert_int_equal(pack_format_parse_frame(buf_bytes(&frame), &found, &len),
					 1);
			assert_int_equal(len, frame.len);
			same_place(&found, &place);
			/* Cut off anywhere it is none. */
			for (size_t cut = 0; cut < frame.len; cut++)
				assert_int_equal(pack_format_parse_frame(bytes_of(frame.at, cut),
									 &found, &len),
						 0);
		}
	}
}

static void no_frame_is_seen_in_garbage_beyond_its_bounds(void **state)
{
	struct harness_rng rng = harness_rng_of(91);

	(void)state;
	for (int round = 0; round < 200000; round++) {
		uint8_t room[PACK_FRAME_HEADER_MAX];
		size_t len = harness_rng_below(&rng, sizeof(room) + 1), used = 0;
		struct chunk_place place;

		harness_rng_fill(&rng, room, sizeof(room));
		if (round % 2)
			room[0] = PACK_FRAME_MARK;
		if (pack_format_parse_frame(bytes_of(room, len), &place, &used) == 0)
			continue;
		assert_int_equal(room[0], PACK_FRAME_MARK);
		assert_true(used <= len);
		assert_true(place.stored <= PACK_MAX && place.plain <= CHUNK_PLAIN_MAX);
		assert_true(place.codec < CODEC_COUNT);
	}
}

/* Frozen on 2026-11-21: packs of version 1 must be readable for ever. */
static const char golden[] =
	"5950434b010101000000000000000000c70005050000000000c71103f0a204010101c72209f0a204"
	"01020304020202020202020202a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
	"a0a0a0a0a0a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a2a2a2"
	"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a200021100220005030905f0"
	"a204f0a2040007070090bf050000c0a9070001020304050607083500000000000000850000000300"
	"000025000000030000000000000000000000000000000e49acc2402356a302666e4700afe64fb4b2"
	"5d89034c99384b435059";

static void from_hex(const char *text, struct buf *ret)
{
	for (; text[0] != '\0'; text += 2) {
		unsigned value;

		assert_int_equal(sscanf(text, "%2x", &value), 1);
		buf_add_u8(ret, (uint8_t)value);
	}
}

static void a_pack_of_version_1_is_read_for_ever(void **state)
{
	struct pack_entry entries[FRAMES], *found;
	OWNED(buf_release) struct buf pack = {0};
	OWNED(buf_release) struct buf now = {0};
	OWNED(buf_release) struct buf parsed = {0};
	struct error e = {0};
	enum pack_kind kind = 0;

	(void)state;
	sample_entries(entries);
	entries[1].place.stored = 3;
	build(PACK_LEAVES, entries, FRAMES, &now);
	if (getenv("YESTER_PRINT_GOLDEN") != NULL)
		for (size_t i = 0; i < now.len; i++)
			printf("%02x", now.at[i]);
	from_hex(golden, &pack);
	ASSERT_OK(parse(buf_bytes(&pack), &parsed, &kind, &e));
	assert_int_equal(kind, PACK_LEAVES);
	assert_int_equal(parsed.len, FRAMES * sizeof(*found));
	found = (struct pack_entry *)(void *)parsed.at;
	for (size_t i = 0; i < FRAMES; i++) {
		assert_true(chunk_id_equal(&found[i].id, &entries[i].id));
		same_place(&found[i].place, &entries[i].place);
	}
	/* And still written the same, as far as zstd has no say in it. */
	ASSERT_BYTES(bytes_of(now.at, entries[FRAMES - 1].place.offset),
		     bytes_of(pack.at, entries[FRAMES - 1].place.offset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_says_what_was_put_in),
		cmocka_unit_test(facts_that_are_not_known_stay_unknown_beside_others),
		cmocka_unit_test(an_empty_pack_has_an_empty_directory),
		cmocka_unit_test(every_flipped_bit_of_header_directory_and_footer_is_detected),
		cmocka_unit_test(a_pack_of_any_other_length_is_refused),
		cmocka_unit_test(a_directory_outside_of_the_file_is_refused),
		cmocka_unit_test(columns_that_do_not_fit_are_refused_whatever_their_checksum),
		cmocka_unit_test(a_newer_pack_or_one_with_another_cipher_is_unsupported),
		cmocka_unit_test(a_frame_header_comes_back),
		cmocka_unit_test(no_frame_is_seen_in_garbage_beyond_its_bounds),
		cmocka_unit_test(a_pack_of_version_1_is_read_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
