/* A pack as it lies on disk: header, footer, directory; and frames anywhere in it, as salvage looks for them. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "base/chunk_id.h"
#include "store/pack/pack_format.h"

/* Bytes of header, directory and footer whose checksum is made to fit, so that what is behind it is tried. */
static void seal(struct buf *pack, const struct pack_footer *footer)
{
	OWNED(sha256_free) struct sha256 *hash = sha256_new();
	uint8_t *foot = pack->at + pack->len - PACK_FOOTER_LEN;
	struct chunk_id sum;

	sha256_add(hash, bytes_of(pack->at, PACK_HEADER_LEN));
	sha256_add(hash, bytes_of(pack->at + footer->dir_offset, footer->dir_len));
	sha256_add(hash, bytes_of(foot, 36));
	sum = sha256_end(hash);
	memcpy(foot + 36, sum.at, 24);
}

/* Places lie in the pack, one behind the other. */
static void check_entries(const uint8_t *header, const struct buf *entries,
			  const struct pack_footer *footer)
{
	const struct pack_entry *entry = (const struct pack_entry *)(const void *)entries->at;
	uint64_t at = pack_format_begin(header);

	FUZZ_REQUIRE(entries->len == footer->count * sizeof(*entry));
	for (uint32_t i = 0; i < footer->count; i++) {
		FUZZ_REQUIRE(entry[i].place.offset > at);
		at = (uint64_t)entry[i].place.offset + entry[i].place.stored;
		FUZZ_REQUIRE(at <= footer->dir_offset);
		FUZZ_REQUIRE(entry[i].place.codec < CODEC_COUNT);
		FUZZ_REQUIRE(entry[i].place.kind < CHUNK_KIND_COUNT);
		FUZZ_REQUIRE(entry[i].place.plain <= CHUNK_PLAIN_MAX);
	}
	FUZZ_REQUIRE(at + pack_format_begin(header) - PACK_HEADER_LEN == footer->dir_offset);
}

static void try_pack(struct buf *pack, bool sealed)
{
	OWNED(buf_release) struct buf entries = {0};
	struct pack_footer footer;
	struct error e = {0};
	enum pack_kind kind;
	const uint8_t *foot;

	if (pack->len < PACK_HEADER_LEN + PACK_FOOTER_LEN)
		return;
	foot = pack->at + pack->len - PACK_FOOTER_LEN;
	if (pack_format_check_header(pack->at, &kind, &e) < 0 ||
	    pack_format_parse_footer(foot, pack->len, &footer, &e) < 0) {
		FUZZ_REQUIRE(e.code == ERR_CORRUPT || e.code == ERR_UNSUPPORTED);
		return;
	}
	FUZZ_REQUIRE(footer.dir_offset + footer.dir_len + PACK_FOOTER_LEN == pack->len);
	if (sealed) {
		seal(pack, &footer);
		FUZZ_REQUIRE(pack_format_parse_footer(foot, pack->len, &footer, &e) == 0);
	}
	if (pack_format_parse_directory(pack->at, foot, &footer,
					bytes_of(pack->at + footer.dir_offset, footer.dir_len),
					&entries, &e) == 0)
		check_entries(pack->at, &entries, &footer);
	else
		FUZZ_REQUIRE(entries.len == 0 && e.code < 0);
}

static void try_frames(struct bytes from)
{
	for (size_t at = 0; at < from.len; at++) {
		struct bytes rest = bytes_of(from.at + at, from.len - at);
		OWNED(buf_release) struct buf again = {0};
		struct chunk_place place;
		size_t len = 0;

		if (pack_format_parse_frame(rest, &place, &len) == 0)
			continue;
		FUZZ_REQUIRE(len <= rest.len && len <= PACK_FRAME_HEADER_MAX);
		pack_format_frame(&place, &again);
		FUZZ_REQUIRE(bytes_equal(buf_bytes(&again), bytes_of(rest.at, len)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf pack = {0};

	buf_add(&pack, data, size);
	try_pack(&pack, false);
	try_pack(&pack, true);
	try_frames(bytes_of(data, size));
	return 0;
}
