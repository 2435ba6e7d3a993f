#include "store/pack/pack_format.h"

#include <assert.h>
#include <inttypes.h>

#define HASH_SHA256 1
#define CIPHER_MAX 1
#define FOOTER_SUMMED 36 /* bytes of the footer that its checksum covers */
#define CHECKSUM_LEN 24

static const uint8_t head_magic[4] = {'Y', 'P', 'C', 'K'};
static const uint8_t foot_magic[4] = {'K', 'C', 'P', 'Y'};

void pack_format_header(enum pack_kind kind, uint8_t ret[PACK_HEADER_LEN])
{
	memset(ret, 0, PACK_HEADER_LEN);
	memcpy(ret, head_magic, sizeof(head_magic));
	ret[4] = PACK_VERSION;
	ret[5] = (uint8_t)kind;
	ret[6] = HASH_SHA256;
}

int pack_format_check_header(const uint8_t at[PACK_HEADER_LEN], enum pack_kind *ret,
			     struct error *e)
{
	if (memcmp(at, head_magic, sizeof(head_magic)) != 0)
		return error_set(e, ERR_CORRUPT, "no pack begins like this: %02x%02x%02x%02x",
				 at[0], at[1], at[2], at[3]);
	if (at[4] != PACK_VERSION)
		return error_set(e, ERR_UNSUPPORTED, "pack version %u, this program knows %u",
				 at[4], PACK_VERSION);
	if (at[6] != HASH_SHA256)
		return error_set(e, ERR_UNSUPPORTED, "pack with hash %u, this program knows %u",
				 at[6], HASH_SHA256);
	if (at[PACK_CIPHER_AT] > CIPHER_MAX)
		return error_set(e, ERR_UNSUPPORTED, "pack with cipher %u, this program knows %u",
				 at[PACK_CIPHER_AT], CIPHER_MAX);
	if (at[5] != PACK_LEAVES && at[5] != PACK_NODES)
		return error_set(e, ERR_CORRUPT, "pack of unknown kind %u", at[5]);
	*ret = (enum pack_kind)at[5];
	return 0;
}

static size_t key_salt_len(const uint8_t header[PACK_HEADER_LEN])
{
	return header[PACK_CIPHER_AT] == 0 ? 0 : PACK_KEY_SALT_LEN;
}

size_t pack_format_begin(const uint8_t header[PACK_HEADER_LEN])
{
	return PACK_HEADER_LEN + key_salt_len(header);
}

static bool has_base(uint8_t codec)
{
	return codec == CODEC_ZSTD_PREFIX;
}

void pack_format_frame(const struct chunk_place *place, struct buf *ret)
{
	assert(place->codec < 16 && place->depth < 16);
	buf_add_u8(ret, PACK_FRAME_MARK);
	buf_add_u8(ret, (uint8_t)(place->codec | place->depth << 4));
	buf_add_varint(ret, place->stored);
	buf_add_varint(ret, place->plain);
	if (has_base(place->codec))
		buf_add(ret, place->base, PACK_FRAME_BASE_LEN);
}

static size_t frame_header_len(const struct chunk_place *place)
{
	uint8_t room[VARINT_MAX];

	return 2 + put_varint(room, place->stored) + put_varint(room, place->plain) +
	       (has_base(place->codec) ? PACK_FRAME_BASE_LEN : 0);
}

int pack_format_parse_frame(struct bytes from, struct chunk_place *ret, size_t *ret_len)
{
	struct chunk_place place = {0};
	struct bytes rest;
	uint64_t stored, plain;

	if (from.len < 2 || from.at[0] != PACK_FRAME_MARK)
		return 0;
	place.codec = from.at[1] & 15;
	place.depth = from.at[1] >> 4;
	rest = bytes_of(from.at + 2, from.len - 2);
	if (place.codec >= CODEC_COUNT || !get_varint(&rest, &stored) ||
	    !get_varint(&rest, &plain) || stored > PACK_MAX || plain > CHUNK_PLAIN_MAX)
		return 0;
	if (has_base(place.codec)) {
		if (rest.len < PACK_FRAME_BASE_LEN)
			return 0;
		memcpy(place.base, rest.at, PACK_FRAME_BASE_LEN);
		rest.at += PACK_FRAME_BASE_LEN;
	}
	place.stored = (uint32_t)stored;
	place.plain = (uint32_t)plain;
	*ret = place;
	*ret_len = (size_t)(rest.at - from.at);
	return 1;
}

/* The footer names one renderer: the first that measured. Prefixes, at least, are not measured. */
static uint32_t renderer_of(const struct pack_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].place.renderer != 0)
			return entries[i].place.renderer;
	return 0;
}

/*
 * The columns: alike values together, so that zstd finds them. Sizes that `renderer` did not
 * measure are 0: no document's JSON is empty.
 */
static void add_columns(const struct pack_entry *entries, size_t count, uint32_t renderer,
			struct buf *ret)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_u8(ret, (uint8_t)(entries[i].place.codec | entries[i].place.depth << 4));
		buf_add_u8(ret, entries[i].place.kind);
	}
	for (size_t i = 0; i < count; i++)
		buf_add_varint(ret, entries[i].place.stored);
	for (size_t i = 0; i < count; i++)
		buf_add_varint(ret, entries[i].place.plain);
	for (size_t i = 0; i < count; i++)
		buf_add_varint(ret, entries[i].place.documents);
	for (size_t i = 0; i < count; i++)
		buf_add_varint(ret, entries[i].place.renderer == renderer ? entries[i].place.relaxed
									  : 0);
	for (size_t i = 0; i < count; i++)
		buf_add_varint(ret, entries[i].place.renderer == renderer
					    ? entries[i].place.canonical
					    : 0);
	for (size_t i = 0; i < count; i++)
		if (has_base(entries[i].place.codec))
			buf_add(ret, entries[i].place.base, CHUNK_BASE_LEN);
}

static void checksum_of(const uint8_t *header, struct bytes dir, const uint8_t *footer,
			uint8_t ret[CHECKSUM_LEN])
{
	OWNED(sha256_free) struct sha256 *hash = sha256_new();
	struct chunk_id sum;

	sha256_add(hash, bytes_of(header, PACK_HEADER_LEN));
	sha256_add(hash, dir);
	sha256_add(hash, bytes_of(footer, FOOTER_SUMMED));
	sum = sha256_end(hash);
	memcpy(ret, sum.at, CHECKSUM_LEN);
}

int pack_format_directory(const uint8_t header[PACK_HEADER_LEN], const struct pack_entry *entries,
			  size_t count, uint64_t end, struct buf *ret, struct error *e)
{
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(buf_release) struct buf columns = {0};
	uint8_t footer[PACK_FOOTER_LEN] = {0};
	size_t start = ret->len;
	uint32_t renderer = renderer_of(entries, count);
	enum codec_kind kind;

	for (size_t i = 0; i < count; i++)
		buf_add(ret, entries[i].id.at, CHUNK_ID_LEN);
	add_columns(entries, count, renderer, &columns);
	if (codec_encode(codec, buf_bytes(&columns), false, ret, &kind, e) < 0)
		return e->code;
	put_le64(footer, end);
	put_le32(footer + 8, (uint32_t)(ret->len - start));
	put_le32(footer + 12, (uint32_t)count);
	put_le32(footer + 16, (uint32_t)columns.len);
	put_le32(footer + 20, renderer);
	footer[24] = (uint8_t)kind;
	checksum_of(header, bytes_of(ret->at + start, ret->len - start), footer,
		    footer + FOOTER_SUMMED);
	memcpy(footer + PACK_FOOTER_LEN - sizeof(foot_magic), foot_magic, sizeof(foot_magic));
	buf_add(ret, footer, sizeof(footer));
	return 0;
}

int pack_format_parse_footer(const uint8_t at[PACK_FOOTER_LEN], uint64_t size,
			     struct pack_footer *ret, struct error *e)
{
	struct pack_footer footer = {
		.dir_offset = get_le64(at),
		.dir_len = get_le32(at + 8),
		.count = get_le32(at + 12),
		.columns_len = get_le32(at + 16),
		.renderer = get_le32(at + 20),
		.columns_codec = at[24],
	};

	if (memcmp(at + PACK_FOOTER_LEN - sizeof(foot_magic), foot_magic, sizeof(foot_magic)) != 0)
		return error_set(e, ERR_CORRUPT, "pack has no trailer (cut off?)");
	if (footer.dir_offset < PACK_HEADER_LEN || footer.dir_offset > size ||
	    footer.dir_offset + footer.dir_len + PACK_FOOTER_LEN != size ||
	    footer.count > PACK_ENTRIES_MAX ||
	    (uint64_t)footer.count * CHUNK_ID_LEN > footer.dir_len ||
	    footer.columns_len > PACK_ENTRIES_MAX * 64u)
		return error_set(e, ERR_CORRUPT,
				 "pack trailer does not fit a file of %" PRIu64 " bytes", size);
	memcpy(footer.checksum, at + FOOTER_SUMMED, CHECKSUM_LEN);
	*ret = footer;
	return 0;
}

static bool read_u32(struct bytes *from, uint64_t limit, uint32_t *ret)
{
	uint64_t value;

	if (!get_varint(from, &value) || value > limit)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool parse_columns(struct bytes from, struct pack_entry *entries, size_t count,
			  uint32_t renderer)
{
	if (from.len < 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		entries[i].place.codec = from.at[2 * i] & 15;
		entries[i].place.depth = from.at[2 * i] >> 4;
		entries[i].place.kind = from.at[2 * i + 1];
		if (entries[i].place.codec >= CODEC_COUNT ||
		    entries[i].place.kind >= CHUNK_KIND_COUNT)
			return false;
	}
	from.at += 2 * count;
	from.len -= 2 * count;
	for (size_t i = 0; i < count; i++)
		if (!read_u32(&from, PACK_MAX, &entries[i].place.stored))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!read_u32(&from, CHUNK_PLAIN_MAX, &entries[i].place.plain))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!get_varint(&from, &entries[i].place.documents))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!get_varint(&from, &entries[i].place.relaxed))
			return false;
	for (size_t i = 0; i < count; i++) {
		struct chunk_place *place = &entries[i].place;

		if (!get_varint(&from, &place->canonical))
			return false;
		if (place->relaxed != 0 && place->canonical != 0)
			place->renderer = renderer;
	}
	for (size_t i = 0; i < count; i++) {
		if (!has_base(entries[i].place.codec))
			continue;
		if (from.len < CHUNK_BASE_LEN)
			return false;
		memcpy(entries[i].place.base, from.at, CHUNK_BASE_LEN);
		from.at += CHUNK_BASE_LEN;
		from.len -= CHUNK_BASE_LEN;
	}
	return from.len == 0;
}

/* Frames lie one after the other: their offsets follow from their lengths. */
static bool set_offsets(struct pack_entry *entries, size_t count,
			const uint8_t header[PACK_HEADER_LEN], uint64_t end)
{
	uint64_t at = pack_format_begin(header);

	for (size_t i = 0; i < count; i++) {
		at += frame_header_len(&entries[i].place);
		if (at + entries[i].place.stored > end)
			return false;
		entries[i].place.offset = (uint32_t)at;
		at += entries[i].place.stored;
	}
	return at + key_salt_len(header) == end;
}

static int decode_columns(const struct pack_footer *footer, struct bytes stored, struct buf *ret,
			  struct error *e)
{
	OWNED(codec_free) struct codec *codec = codec_new();

	if (buf_reserve(ret, footer->columns_len, footer->columns_len, e) < 0)
		return e->code;
	if (footer->columns_codec > CODEC_ZSTD)
		return error_set(e, ERR_CORRUPT, "pack directory with codec %u",
				 footer->columns_codec);
	if (codec_decode(codec, (enum codec_kind)footer->columns_codec, stored, bytes_of(NULL, 0),
			 ret->at, footer->columns_len, e) < 0)
		return error_wrap(e, "pack directory");
	ret->len = footer->columns_len;
	return 0;
}

int pack_format_parse_directory(const uint8_t header[PACK_HEADER_LEN],
				const uint8_t footer_at[PACK_FOOTER_LEN],
				const struct pack_footer *footer, struct bytes dir, struct buf *ret,
				struct error *e)
{
	OWNED(buf_release) struct buf columns = {0};
	OWNED(free) struct pack_entry *entries = NULL;
	size_t ids_len = (size_t)footer->count * CHUNK_ID_LEN;
	uint8_t sum[CHECKSUM_LEN];

	checksum_of(header, dir, footer_at, sum);
	if (memcmp(sum, footer->checksum, CHECKSUM_LEN) != 0)
		return error_set(e, ERR_CORRUPT, "pack directory: its checksum does not fit");
	if (dir.len < ids_len)
		return error_set(e, ERR_CORRUPT, "pack directory is too short");
	if (decode_columns(footer, bytes_of(dir.at + ids_len, dir.len - ids_len), &columns, e) < 0)
		return e->code;
	entries = xcalloc(footer->count, sizeof(*entries));
	for (size_t i = 0; i < footer->count; i++)
		memcpy(entries[i].id.at, dir.at + i * CHUNK_ID_LEN, CHUNK_ID_LEN);
	if (!parse_columns(buf_bytes(&columns), entries, footer->count, footer->renderer) ||
	    !set_offsets(entries, footer->count, header, footer->dir_offset))
		return error_set(e, ERR_CORRUPT, "pack directory does not fit its frames");
	buf_add(ret, entries, footer->count * sizeof(*entries));
	return 0;
}
