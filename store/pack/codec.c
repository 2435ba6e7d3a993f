#include "store/pack/codec.h"

#include <pthread.h>
#include <stdio.h>

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_compressSequences() */
#include <zstd.h>
#include <zstd_errors.h>

#include "store/pack/delta_match.h"

#define LEVEL 3
/*
 * With a shared prefix the level decides little about size and much about time: zstd copies the
 * prefix's tables for every chunk, which are 64 KiB at level 1 and 512 KiB at level 3.
 */
#define PREFIX_LEVEL 2
#define DELTA_THOROUGH_LEVEL 9
#define THOROUGH_LEVEL 15
/* Every zstd frame begins so; the four bytes are left out on disk. */
#define MAGIC_LEN 4
static const uint8_t magic[MAGIC_LEN] = {0x28, 0xb5, 0x2f, 0xfd};
/* Above this a base may lie out of zstd's usual reach: wide window and long matches. */
#define LONG_LEN (2 * MIB)
/* What is encoded by matches of our own. */
#define MATCHED_MIN 256
#define MATCHED_MAX (1 * MIB)
#define MATCH_LEN_MIN 3 /* of zstd's format */
/* What is longer is not decoded behind a kept base, nor kept: it would only take memory. */
#define KEPT_LEN_MAX (256 * KIB)
/* Below it zstd does not copy the prefix's tables, above it would only take memory. */
#define NEAR_LEN_MIN (8 * KIB)
#define NEAR_LEN_MAX (256 * KIB)
#define WINDOW_LOG_MAX 27 /* 128 MiB: base and chunk of 32 MiB each fit */

/*
 * What is searched right behind its prefix in memory is one piece to zstd, which takes a sixth less time than two. So an
 * encoder that goes on with one prefix has a copy of it, with room behind.
 */
struct near_prefix {
	uint64_t number, last_number; /* of prefixes; 0: none */
	struct buf base;	      /* and NEAR_LEN_MAX behind it */
	ZSTD_CDict *digest;	      /* of where it lies */
};

struct codec {
	/*
	 * One for each effort: zstd gives memory back that one did not use for long, and takes it again. An
	 * encoder that did both was reallocated every 25 chunks.
	 */
	ZSTD_CCtx *encoders[2];
	ZSTD_CCtx *encoder; /* the one in use */
	ZSTD_DCtx *decoder;
	struct delta_matches matches;
	struct buf sequences; /* of ZSTD_Sequence */
	struct buf room;      /* of the stored bytes with the magic before them */
	struct near_prefix near;
	struct buf kept; /* a base; behind it room for KEPT_LEN_MAX */
	uint64_t kept_name, last_name;
};

struct codec_prefix {
	uint64_t number; /* no other one in this process has it */
	ZSTD_CDict *digest;
	struct buf base;
	pthread_mutex_t lock; /* over making `thorough` */
	ZSTD_CDict *thorough; /* NULL: not yet asked for */
};

struct codec *codec_new(void)
{
	return xcalloc(1, sizeof(struct codec));
}

static void near_release(struct near_prefix *near)
{
	ZSTD_freeCDict(near->digest);
	buf_release(&near->base);
	*near = (struct near_prefix){0};
}

void codec_free(struct codec *codec)
{
	if (codec == NULL)
		return;
	ZSTD_freeCCtx(codec->encoders[0]);
	ZSTD_freeCCtx(codec->encoders[1]);
	ZSTD_freeDCtx(codec->decoder);
	delta_matches_release(&codec->matches);
	buf_release(&codec->sequences);
	buf_release(&codec->room);
	buf_release(&codec->kept);
	near_release(&codec->near);
	free(codec);
}

struct codec_prefix *codec_prefix_new(struct bytes base)
{
	static uint64_t numbers;
	struct codec_prefix *prefix = xcalloc(1, sizeof(*prefix));

	prefix->number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
	/* Without zstd's dictionary magic in front (no BSON length looks like it) this is raw content. */
	prefix->digest = ZSTD_createCDict(base.at, base.len, PREFIX_LEVEL);
	buf_add_bytes(&prefix->base, base);
	pthread_mutex_init(&prefix->lock, NULL);
	return prefix;
}

void codec_prefix_free(struct codec_prefix *prefix)
{
	if (prefix == NULL)
		return;
	ZSTD_freeCDict(prefix->digest);
	ZSTD_freeCDict(prefix->thorough);
	buf_release(&prefix->base);
	pthread_mutex_destroy(&prefix->lock);
	free(prefix);
}

/* The digest for thorough work takes megabytes and 20 ms: it is made when it is needed. */
static ZSTD_CDict *digest_of(struct codec_prefix *prefix, bool thorough)
{
	ZSTD_CDict *digest;

	if (!thorough)
		return prefix->digest;
	pthread_mutex_lock(&prefix->lock);
	if (prefix->thorough == NULL)
		prefix->thorough =
			ZSTD_createCDict(prefix->base.at, prefix->base.len, THOROUGH_LEVEL);
	digest = prefix->thorough;
	pthread_mutex_unlock(&prefix->lock);
	return digest != NULL ? digest : prefix->digest;
}

static int encoder_ready(struct codec *codec, bool thorough, struct error *e)
{
	if (codec->encoders[thorough] == NULL)
		codec->encoders[thorough] = ZSTD_createCCtx();
	codec->encoder = codec->encoders[thorough];
	if (codec->encoder == NULL)
		return error_nomem(e, 0);
	ZSTD_CCtx_reset(codec->encoder, ZSTD_reset_session_and_parameters);
	return 0;
}

static int log2_up(size_t size)
{
	return size <= 1 ? 0 : 64 - __builtin_clzll(size - 1);
}

static void add_sequence(struct codec *codec, uint32_t offset, size_t literals, size_t len)
{
	const ZSTD_Sequence sequence = {
		.offset = offset, .litLength = (unsigned)literals, .matchLength = (unsigned)len};

	buf_add(&codec->sequences, &sequence, sizeof(sequence));
}

/*
 * A match, cut where a block is full; `left` of the one at hand remains, and is given back. A sequence without a
 * match ends a block.
 */
static size_t add_match(struct codec *codec, const struct delta_match *match, size_t left)
{
	size_t literals = match->literals, len = match->len;

	for (; literals > left; left = ZSTD_BLOCKSIZE_MAX) {
		add_sequence(codec, 0, left, 0);
		literals -= left;
	}
	left -= literals;
	while (len > left) {
		size_t part = MIN_OF(left, len - MATCH_LEN_MIN);

		if (part >= MATCH_LEN_MIN) {
			add_sequence(codec, match->offset, literals, part);
			len -= part;
			literals = 0;
		}
		add_sequence(codec, 0, literals, 0);
		literals = 0;
		left = ZSTD_BLOCKSIZE_MAX;
	}
	add_sequence(codec, match->offset, literals, len);
	return left - len;
}

/* Encode by the matches that were found: zstd does not search. Its result, or an error of zstd's. */
static size_t run_matches(struct codec *codec, struct bytes plain, uint8_t *ret, size_t bound)
{
	const struct delta_match *match =
		(const struct delta_match *)(const void *)codec->matches.found.at;
	size_t count = codec->matches.found.len / sizeof(*match), left = ZSTD_BLOCKSIZE_MAX;

	buf_reset(&codec->sequences);
	for (size_t i = 0; i < count; i++)
		left = add_match(codec, &match[i], left);
	/* Its tables for a search are not used: small ones are set up faster. */
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_hashLog, 6);
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_chainLog, 6);
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_blockDelimiters,
			       ZSTD_sf_explicitBlockDelimiters);
	return ZSTD_compressSequences(codec->encoder, ret, bound,
				      (const ZSTD_Sequence *)(const void *)codec->sequences.at,
				      codec->sequences.len / sizeof(ZSTD_Sequence), plain.at,
				      plain.len);
}

/* Room for the worst case, encode, take the magic away, fall back to raw. */
static int run(struct codec *codec, struct bytes plain, bool by_matches, enum codec_kind kind,
	       struct buf *ret, enum codec_kind *ret_kind, struct error *e)
{
	size_t bound = ZSTD_compressBound(plain.len), start = ret->len, made;

	if (buf_reserve(ret, bound, SIZE_MAX, e) < 0)
		return e->code;
	made = by_matches ? run_matches(codec, plain, ret->at + start, bound)
			  : ZSTD_compress2(codec->encoder, ret->at + start, bound, plain.at,
					   plain.len);
	if (ZSTD_isError(made))
		return error_set(e, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(made));
	if (made - MAGIC_LEN >= plain.len) {
		buf_add_bytes(ret, plain);
		*ret_kind = CODEC_RAW;
		return 0;
	}
	memmove(ret->at + start, ret->at + start + MAGIC_LEN, made - MAGIC_LEN);
	ret->len = start + made - MAGIC_LEN;
	*ret_kind = kind;
	return 0;
}

static void set_level(struct codec *codec, int level)
{
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_checksumFlag, 0);
	ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_dictIDFlag, 0);
}

int codec_encode(struct codec *codec, struct bytes plain, bool thorough, struct buf *ret,
		 enum codec_kind *ret_kind, struct error *e)
{
	if (encoder_ready(codec, thorough, e) < 0)
		return e->code;
	set_level(codec, thorough ? THOROUGH_LEVEL : LEVEL);
	return run(codec, plain, false, CODEC_ZSTD, ret, ret_kind, e);
}

/* A prefix that was used before, too, gets its copy: a digest takes as long as some chunks. False: it has none. */
static bool come_near(struct near_prefix *near, const struct codec_prefix *prefix)
{
	struct error ignored;
	bool again = near->last_number == prefix->number;

	near->last_number = prefix->number;
	if (near->number == prefix->number)
		return true;
	if (!again)
		return false;
	near_release(near);
	if (buf_reserve(&near->base, prefix->base.len + NEAR_LEN_MAX, SIZE_MAX, &ignored) < 0)
		return false;
	buf_add_bytes(&near->base, buf_bytes(&prefix->base));
	near->digest = ZSTD_createCDict_byReference(near->base.at, near->base.len, PREFIX_LEVEL);
	near->last_number = prefix->number;
	if (near->digest == NULL)
		return false;
	near->number = prefix->number;
	return true;
}

int codec_encode_prefix(struct codec *codec, struct codec_prefix *prefix, struct bytes plain,
			bool thorough, struct buf *ret, enum codec_kind *ret_kind, struct error *e)
{
	ZSTD_CDict *digest = digest_of(prefix, thorough);

	if (digest == NULL)
		return codec_encode(codec, plain, thorough, ret, ret_kind, e);
	if (encoder_ready(codec, thorough, e) < 0)
		return e->code;
	if (!thorough && plain.len >= NEAR_LEN_MIN && plain.len <= NEAR_LEN_MAX &&
	    come_near(&codec->near, prefix)) {
		uint8_t *behind = codec->near.base.at + codec->near.base.len;

		memcpy(behind, plain.at, plain.len);
		plain.at = behind;
		digest = codec->near.digest;
	}
	set_level(codec, LEVEL); /* the digest's counts */
	ZSTD_CCtx_refCDict(codec->encoder, digest);
	return run(codec, plain, false, CODEC_ZSTD_PREFIX, ret, ret_kind, e);
}

int codec_encode_delta(struct codec *codec, struct bytes base, struct bytes plain, bool thorough,
		       struct buf *ret, enum codec_kind *ret_kind, struct error *e)
{
	if (encoder_ready(codec, thorough, e) < 0)
		return e->code;
	set_level(codec, thorough ? DELTA_THOROUGH_LEVEL : LEVEL);
	if (!thorough && plain.len >= MATCHED_MIN && plain.len <= MATCHED_MAX &&
	    base.len <= LONG_LEN) {
		delta_match_find(&codec->matches, base, plain);
		return run(codec, plain, true, CODEC_ZSTD_PREFIX, ret, ret_kind, e);
	}
	if (base.len + plain.len > LONG_LEN) {
		int log = MIN_OF(log2_up(base.len + plain.len), WINDOW_LOG_MAX);

		ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_windowLog, log);
		ZSTD_CCtx_setParameter(codec->encoder, ZSTD_c_enableLongDistanceMatching, 1);
	}
	ZSTD_CCtx_refPrefix(codec->encoder, base.at, base.len);
	return run(codec, plain, false, CODEC_ZSTD_PREFIX, ret, ret_kind, e);
}

/* A decoder, and `stored` in codec->room with the magic before it. */
static int decoder_ready(struct codec *codec, struct bytes stored, struct error *e)
{
	if (codec->decoder == NULL)
		codec->decoder = ZSTD_createDCtx();
	if (codec->decoder == NULL)
		return error_nomem(e, 0);
	ZSTD_DCtx_reset(codec->decoder, ZSTD_reset_session_and_parameters);
	ZSTD_DCtx_setParameter(codec->decoder, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	buf_reset(&codec->room);
	if (buf_reserve(&codec->room, stored.len + MAGIC_LEN, SIZE_MAX, e) < 0)
		return e->code;
	buf_add(&codec->room, magic, MAGIC_LEN);
	buf_add_bytes(&codec->room, stored);
	return 0;
}

static int decode_zstd(struct codec *codec, struct bytes stored, struct bytes base, uint8_t *ret,
		       size_t len, struct error *e)
{
	size_t made;

	if (decoder_ready(codec, stored, e) < 0)
		return e->code;
	/* Without it the frame would decode to other bytes, or look damaged. */
	if (base.len > 0 && ZSTD_isError(ZSTD_DCtx_refPrefix(codec->decoder, base.at, base.len)))
		return error_nomem(e, base.len);
	made = ZSTD_decompressDCtx(codec->decoder, ret, len, codec->room.at, codec->room.len);
	if (ZSTD_isError(made))
		return error_set(e,
				 ZSTD_getErrorCode(made) == ZSTD_error_memory_allocation
					 ? ERR_NOMEM
					 : ERR_CORRUPT,
				 "zstd: %s", ZSTD_getErrorName(made));
	if (made != len)
		return error_set(e, ERR_CORRUPT, "zstd: %zu bytes expected, %zu decoded", len,
				 made);
	return 0;
}

int codec_decode(struct codec *codec, enum codec_kind kind, struct bytes stored, struct bytes base,
		 uint8_t *ret, size_t len, struct error *e)
{
	switch (kind) {
	case CODEC_RAW:
		if (stored.len != len)
			return error_set(e, ERR_CORRUPT,
					 "raw chunk: %zu bytes expected, %zu stored", len,
					 stored.len);
		if (len > 0)
			memcpy(ret, stored.at, len);
		return 0;
	case CODEC_ZSTD:
		return decode_zstd(codec, stored, bytes_of(NULL, 0), ret, len, e);
	case CODEC_ZSTD_PREFIX:
		return decode_zstd(codec, stored, base, ret, len, e);
	case CODEC_COUNT:
		break;
	}
	return error_set(e, ERR_UNSUPPORTED, "codec %u is unknown to this version", (unsigned)kind);
}

int codec_decode_kept(struct codec *codec, uint64_t name, struct bytes stored, uint8_t *ret,
		      size_t len)
{
	struct buf *kept = &codec->kept;
	struct error ignored;
	size_t made;

	if (kept->len == 0 || codec->kept_name != name || len > KEPT_LEN_MAX ||
	    decoder_ready(codec, stored, &ignored) < 0)
		return 0;
	/* To zstd this is one piece of memory whose first part is decoded already. */
	made = ZSTD_decompress_usingDict(codec->decoder, kept->at + kept->len, len, codec->room.at,
					 codec->room.len, kept->at, kept->len);
	if (ZSTD_isError(made) || made != len)
		return 0;
	memcpy(ret, kept->at + kept->len, len);
	return 1;
}

void codec_keep(struct codec *codec, uint64_t name, struct bytes base)
{
	struct error ignored;
	bool again = codec->last_name == name;

	codec->last_name = name;
	if (!again || base.len == 0 || base.len > KEPT_LEN_MAX ||
	    (codec->kept.len > 0 && codec->kept_name == name))
		return;
	buf_reset(&codec->kept);
	if (buf_reserve(&codec->kept, base.len + KEPT_LEN_MAX, SIZE_MAX, &ignored) < 0)
		return;
	buf_add_bytes(&codec->kept, base);
	codec->kept_name = name;
}

const char *codec_library(void)
{
	return ZSTD_versionString();
}
