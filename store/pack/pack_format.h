/*
 * pack_format.h - the bytes of a pack: header, frames, directory, footer.
 *
 *	header (16)  "YPCK" version kind hash cipher, u64 salt; with a cipher 16 bytes of key salt
 *	frame        0xc7, codec | depth << 4, varint stored, varint plain,
 *	             4 bytes of the base's id when the codec has a base, stored bytes
 *	…            with a cipher the 16 bytes of key salt again
 *	directory    count × 32 bytes of id, then the columns (varints and bases), zstd or raw
 *	footer (64)  u64 directory offset, u32 directory length, u32 count, u32 plain length of the
 *	             columns, u32 renderer, u8 columns' codec, 11 zero bytes, 24 bytes of SHA-256
 *	             over header, directory and the 36 footer bytes before it, "KCPY"
 *
 * The name of a pack is the SHA-256 of its whole content. The same table, longer, is in
 * docs/format/pack.md. Pure functions, any thread.
 */
#ifndef STORE_PACK_PACK_FORMAT_H
#define STORE_PACK_PACK_FORMAT_H

#include "index/chunk_index.h"
#include "store/pack/codec.h"

#define PACK_VERSION 1
#define PACK_HEADER_LEN 16
#define PACK_CIPHER_AT 7     /* of the header: 0 none, 1 AES-256-GCM (pack_seal.h) */
#define PACK_KEY_SALT_LEN 16 /* behind the header and behind the frames, with a cipher */
#define PACK_SALT_AT 8 /* of the header: u64, the prune list that the writer knew, 0 for none */
#define PACK_FOOTER_LEN 64
#define PACK_FRAME_MARK 0xc7
#define PACK_FRAME_HEADER_MAX (2 + 2 * VARINT_MAX + PACK_FRAME_BASE_LEN)
#define PACK_FRAME_BASE_LEN 4
#define PACK_MAX                                                                                   \
	((size_t)32 << 20) /* bytes; a pack is larger than PACK_FULL only for one big chunk */
#define PACK_FULL ((size_t)16 << 20)
#define PACK_ENTRIES_MAX 262144

enum chunk_kind {
	CHUNK_LEAF = 0,
	CHUNK_NODE = 1,
	CHUNK_PREFIX = 2, /* a collection's shared prefix */
	CHUNK_KIND_COUNT
};

/* Which pack a chunk goes to: nodes apart, so that checks read little. */
enum pack_kind { PACK_LEAVES = 1, PACK_NODES = 2 };

struct pack_entry {
	struct chunk_id id;
	struct chunk_place place; /* place.pack is not used here */
};

/* The 16 bytes a pack begins with. */
void pack_format_header(enum pack_kind kind, uint8_t ret[PACK_HEADER_LEN]);

/* 0 and the kind. ERR_CORRUPT, ERR_UNSUPPORTED (a newer version, an unknown hash or cipher). */
MUST_CHECK int pack_format_check_header(const uint8_t at[PACK_HEADER_LEN], enum pack_kind *ret,
					struct error *e);

/* Where the first frame begins. */
size_t pack_format_begin(const uint8_t header[PACK_HEADER_LEN]);

/* Append a frame's header for place (stored, plain, codec, depth, base). */
void pack_format_frame(const struct chunk_place *place, struct buf *ret);

/*
 * Parse the frame header at the start of `from`: 1 and the place (offset not set; only
 * PACK_FRAME_BASE_LEN bytes of the base are known) and the header's length; 0 when no frame starts here.
 */
MUST_CHECK int pack_format_parse_frame(struct bytes from, struct chunk_place *ret, size_t *ret_len);

/* Append directory and footer for a pack whose frames (and key salt) end at `end`. */
MUST_CHECK int pack_format_directory(const uint8_t header[PACK_HEADER_LEN],
				     const struct pack_entry *entries, size_t count, uint64_t end,
				     struct buf *ret, struct error *e);

struct pack_footer {
	uint64_t dir_offset;
	uint32_t dir_len;
	uint32_t count;
	uint32_t columns_len;
	uint32_t renderer;
	uint8_t columns_codec;
	uint8_t checksum[24];
};

/* Parse the last PACK_FOOTER_LEN bytes of a pack of `size` bytes. ERR_CORRUPT. */
MUST_CHECK int pack_format_parse_footer(const uint8_t at[PACK_FOOTER_LEN], uint64_t size,
					struct pack_footer *ret, struct error *e);

/*
 * Parse the directory: appends `count` struct pack_entry to *ret. `footer_at` are the raw footer
 * bytes. ERR_CORRUPT when anything does not fit, the checksum first.
 */
MUST_CHECK int pack_format_parse_directory(const uint8_t header[PACK_HEADER_LEN],
					   const uint8_t footer_at[PACK_FOOTER_LEN],
					   const struct pack_footer *footer, struct bytes dir,
					   struct buf *ret, struct error *e);

#endif
