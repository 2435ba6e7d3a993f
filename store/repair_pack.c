#include "store/repair_pack.h"

#include <openssl/crypto.h>

#include "store/leaf_facts.h"
#include "store/pack/pack_format.h"
#include "store/store_internal.h"
#include "store/writer_encode.h"

#define BASES_MAX 16

struct salvage {
	struct store_writer *writer;
	struct store *store;
	struct bytes pack;
	const uint8_t *key; /* of the pack; NULL: it is not sealed */
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
		    store_decode_sealed(s->store, &entries[i].id, place, s->key,
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

/*
 * The stored bytes of what looks like a frame: of a sealed one the seal tells whether it is. *own holds them then.
 */
static bool frame_bytes(const struct salvage *s, const struct chunk_place *place, struct buf *own,
			struct bytes *ret)
{
	struct error ignored;

	*ret = bytes_of(s->pack.at + place->offset, place->stored);
	if (s->key != NULL) {
		buf_add_bytes(own, *ret);
		if (pack_seal_open(s->key, place, own, &ignored) < 0)
			return false;
		*ret = buf_bytes(own);
	}
	/* Inside of what only looks like a frame there may be others. */
	return place->codec != CODEC_RAW || place->plain == ret->len;
}

/* All frames of one depth; behind bytes that are none the next one is looked for. */
static int frames_of_depth(struct salvage *s, uint8_t depth, struct error *e)
{
	size_t at = PACK_HEADER_LEN;

	while (at < s->pack.len) {
		struct bytes rest = bytes_of(s->pack.at + at, s->pack.len - at);
		OWNED(buf_release) struct buf own = {0};
		struct bytes stored = {0};
		struct chunk_place place;
		bool is_frame;
		size_t len;

		if (rest.at[0] != PACK_FRAME_MARK ||
		    pack_format_parse_frame(rest, &place, &len) != 1 ||
		    place.stored > rest.len - len || place.codec >= CODEC_COUNT) {
			at++;
			continue;
		}
		place.offset = (uint32_t)(at + len);
		is_frame = frame_bytes(s, &place, &own, &stored);
		if (is_frame && place.depth == depth && decode_frame(s, &place, stored, e) < 0)
			return e->code;
		at += is_frame ? len + place.stored : 1;
	}
	/* Those of more depth need these as bases. */
	return store_writer_flush(s->writer, e);
}

static int salvage(struct salvage *s, struct error *e)
{
	OWNED(buf_release) struct buf entries = {0};
	struct error why;

	if (read_directory(s->pack, &entries, &why) == 1)
		return by_directory(s, (const struct pack_entry *)(const void *)entries.at,
				    entries.len / sizeof(struct pack_entry), e);
	for (uint8_t depth = DEPTH_PREFIX; depth <= DEPTH_DELTA; depth++)
		if (frames_of_depth(s, depth, e) < 0)
			return e->code;
	return 0;
}

/* With the pack's first salt; when nothing opens, that one may be what is damaged: with the other. */
static int salvage_sealed(struct salvage *s, struct error *e)
{
	const struct store_keys *keys = s->store->keys;
	uint8_t key[STORE_KEY_LEN];
	struct pack_footer footer;
	struct error why;
	int code = 0;

	s->key = key;
	if (pack_seal_key(keys, s->pack, key))
		code = salvage(s, e);
	if (code == 0 && s->count == 0 && s->pack.len >= PACK_HEADER_LEN + PACK_FOOTER_LEN &&
	    pack_format_parse_footer(s->pack.at + s->pack.len - PACK_FOOTER_LEN, s->pack.len,
				     &footer, &why) == 0 &&
	    pack_seal_last_key(keys, s->pack, footer.dir_offset, key))
		code = salvage(s, e);
	s->key = NULL;
	OPENSSL_cleanse(key, sizeof(key));
	return code;
}

int repair_pack_salvage(struct store_writer *writer, struct bytes pack, uint64_t *ret_count,
			struct error *e)
{
	struct salvage s = {.writer = writer, .store = store_writer_store(writer), .pack = pack};

	if ((s.store->keys != NULL ? salvage_sealed(&s, e) : salvage(&s, e)) < 0)
		return e->code;
	*ret_count = s.count;
	return store_writer_flush(writer, e);
}
