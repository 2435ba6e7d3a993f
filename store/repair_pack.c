#include "store/repair_pack.h"

#include "store/leaf_facts.h"
#include "store/pack/pack_format.h"
#include "store/store_internal.h"
#include "store/writer_encode.h"

#define BASES_MAX 16

struct salvage {
	struct store_writer *writer;
	struct store *store;
	struct bytes pack;
	uint64_t count;
};

static bool is_serious(int code)
{
	return code == ERR_IO || code == ERR_NOMEM;
}

/* 0 also when the writer does not take it: it was no chunk then. */
static int put(struct salvage *s, struct bytes plain, enum chunk_kind kind,
	       const struct chunk_facts *facts, struct error *e)
{
	struct store_put put = {.kind = kind, .facts = *facts};
	int code;

	buf_add_bytes(&put.plain, plain);
	code = store_writer_put(s->writer, &put, e);
	buf_release(&put.plain);
	s->count += code == 0 && !put.reused;
	return is_serious(code) ? code : 0;
}

/* ---- by the directory */

static int by_directory(struct salvage *s, const struct pack_entry *entries, size_t count,
			struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		const struct chunk_place *place = &entries[i].place;
		const struct chunk_facts facts = {place->documents, place->relaxed,
						  place->canonical, place->renderer};
		OWNED(buf_release) struct buf plain = {0};
		struct error ignored;

		if (place->offset > s->pack.len || place->stored > s->pack.len - place->offset ||
		    store_decode_place(s->store, &entries[i].id, place,
				       bytes_of(s->pack.at + place->offset, place->stored), &plain,
				       &ignored) != 1)
			continue;
		if (put(s, buf_bytes(&plain), (enum chunk_kind)place->kind, &facts, e) < 0)
			return e->code;
	}
	return 0;
}

/* 1 and the entries, when header, footer and directory are sound. */
static int read_directory(struct bytes pack, struct buf *ret, struct error *e)
{
	struct pack_footer footer;
	enum pack_kind kind;
	const uint8_t *at;

	if (pack.len < PACK_HEADER_LEN + PACK_FOOTER_LEN ||
	    pack_format_check_header(pack.at, &kind, e) < 0)
		return 0;
	at = pack.at + pack.len - PACK_FOOTER_LEN;
	if (pack_format_parse_footer(at, pack.len, &footer, e) < 0)
		return 0;
	return pack_format_parse_directory(pack.at, at, &footer,
					   bytes_of(pack.at + footer.dir_offset, footer.dir_len),
					   ret, e) == 0;
}

/* ---- by the frames */

/* What the bytes are: a frame does not say. Of a node the facts are derived again when they are asked for. */
static int put_unknown(struct salvage *s, struct bytes plain, struct error *e)
{
	struct chunk_facts facts = {0};
	struct error ignored;

	if (plain.len > 2 && plain.at[0] == 'Y' && plain.at[1] == 'N')
		return put(s, plain, CHUNK_NODE, &facts, e);
	if (leaf_facts_measure(plain, &facts, &ignored) == 0)
		return put(s, plain, CHUNK_LEAF, &facts, e);
	return put(s, plain, CHUNK_PREFIX, &(struct chunk_facts){0}, e);
}

static int decode(struct salvage *s, const struct chunk_place *place, struct bytes stored,
		  struct bytes base, struct error *e)
{
	OWNED(buf_release) struct buf plain = {0};
	struct codec *codec;
	struct error ignored;
	int code;

	if (buf_reserve(&plain, place->plain, CHUNK_PLAIN_MAX, &ignored) < 0)
		return 0;
	codec = store_codec_take(s->store);
	code = codec_decode(codec, (enum codec_kind)place->codec, stored, base, plain.at,
			    place->plain, &ignored);
	store_codec_give(s->store, codec);
	if (code < 0)
		return 0;
	plain.len = place->plain;
	return put_unknown(s, buf_bytes(&plain), e) < 0 ? e->code : 1;
}

/* Of the base a frame has four bytes: every chunk that begins so is tried. What is decoded wrongly has an id that nothing names. */
static int decode_frame(struct salvage *s, const struct chunk_place *place, struct bytes stored,
			struct error *e)
{
	struct chunk_id ids[BASES_MAX];
	int count;

	if (place->codec != CODEC_ZSTD_PREFIX)
		return decode(s, place, stored, bytes_of(NULL, 0), e);
	count = chunk_index_by_prefix(s->store->index, place->base, PACK_FRAME_BASE_LEN, ids,
				      BASES_MAX, e);
	for (int i = 0; i < count; i++) {
		OWNED(chunk_release) struct chunk *base = NULL;
		struct error ignored;

		if (store_get(s->store, &ids[i], &base, &ignored) == 0 &&
		    decode(s, place, stored, base->plain, e) < 0)
			return e->code;
	}
	return count < 0 ? count : 0;
}

/* All frames of one depth; behind bytes that are none the next one is looked for. */
static int frames_of_depth(struct salvage *s, uint8_t depth, struct error *e)
{
	size_t at = PACK_HEADER_LEN;

	while (at < s->pack.len) {
		struct bytes rest = bytes_of(s->pack.at + at, s->pack.len - at);
		struct chunk_place place;
		size_t len;

		if (rest.at[0] != PACK_FRAME_MARK ||
		    pack_format_parse_frame(rest, &place, &len) != 1 ||
		    place.stored > rest.len - len || place.codec >= CODEC_COUNT) {
			at++;
			continue;
		}
		if (place.depth == depth &&
		    decode_frame(s, &place, bytes_of(rest.at + len, place.stored), e) < 0)
			return e->code;
		/* A frame that only looks like one would lead astray: inside of it there may be others. */
		at += place.codec == CODEC_RAW && place.plain != place.stored ? 1
									      : len + place.stored;
	}
	/* Those of more depth need these as bases. */
	return store_writer_flush(s->writer, e);
}

int repair_pack_salvage(struct store_writer *writer, struct bytes pack, uint64_t *ret_count,
			struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	struct salvage s = {.writer = writer, .store = store_writer_store(writer), .pack = pack};
	struct error why;

	if (read_directory(pack, &entries, &why) == 1) {
		if (by_directory(&s, (const struct pack_entry *)(const void *)entries.at,
				 entries.len / sizeof(struct pack_entry), e) < 0)
			return e->code;
	} else {
		for (uint8_t depth = DEPTH_PREFIX; depth <= DEPTH_DELTA; depth++)
			if (frames_of_depth(&s, depth, e) < 0)
				return e->code;
	}
	*ret_count = s.count;
	return store_writer_flush(writer, e);
}
