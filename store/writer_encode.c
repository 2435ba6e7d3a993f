#include "store/writer_encode.h"

/* The least growth of a delta from version to version that is reckoned with: 1/32 of the full form. */
#define GROWTH_SHARE 32
/* A delta this many times smaller than the plain bytes is good without a comparison. */
#define CLEARLY_SMALL 24
#define THOROUGH_MAX (1 * MIB) /* plain bytes above which more effort takes too long */
/*
 * One that is so many times smaller than the full form is expected to be is not compared with it: 2 is the rule, and leaves of
 * a collection are about as dense as each other. A leaf that is mostly not the base's may be of another kind: 3.
 */
#define MARGIN 9
#define MARGIN_OF 4
#define MARGIN_OTHERS 3
#define MOSTLY 4 /* a delta so many times smaller than the plain bytes is mostly the base's */

int writer_encode_base_of(struct store *store, const struct chunk_place *place,
			  struct chunk_id *ret, struct error *e)
{
	struct chunk_id ids[4];
	int count = chunk_index_by_prefix(store->index, place->base, CHUNK_BASE_LEN, ids,
					  COUNT_OF(ids), e);

	for (int i = 0; i < count; i++) {
		struct chunk_place places[CHUNK_PLACES_MAX];
		int known = chunk_index_get(store->index, &ids[i], places, e);

		if (known < 0)
			return known;
		for (int k = 0; k < known; k++) {
			if (places[k].depth < place->depth) {
				*ret = ids[i];
				return 1;
			}
		}
	}
	return count < 0 ? count : 0;
}

/* The shallowest place of a chunk: 1, 0 it has none. */
static int shallowest(struct store *store, const struct chunk_id *id, struct chunk_place *ret,
		      struct error *e)
{
	struct chunk_place places[CHUNK_PLACES_MAX];
	int count = chunk_index_get(store->index, id, places, e), best = 0;

	if (count <= 0)
		return count;
	for (int i = 1; i < count; i++)
		if (places[i].depth < places[best].depth)
			best = i;
	*ret = places[best];
	return 1;
}

/* What is known of the chunk that is replaced, and of the base that a delta has then. */
struct known {
	struct chunk_place old;
	struct chunk_id base_id;
	struct chunk_place base;
	bool some_base; /* `base` is set */
};

/* 1 and base_id (`base` is not looked up where it is not at hand); 0: there is none. */
static int find_base(struct store *store, const struct chunk_id *hint, struct known *ret,
		     struct error *e)
{
	int found = shallowest(store, hint, &ret->old, e);

	if (found != 1)
		return found;
	ret->some_base = ret->old.depth < DEPTH_DELTA;
	if (!ret->some_base)
		return writer_encode_base_of(store, &ret->old, &ret->base_id, e);
	ret->base_id = *hint;
	ret->base = ret->old;
	return 1;
}

int writer_encode_delta_base(struct store *store, const struct chunk_id *hint, struct chunk_id *ret,
			     struct error *e)
{
	struct known known;
	int found = find_base(store, hint, &known, e);

	if (found == 1)
		*ret = known.base_id;
	return found;
}

static int encode_full(struct codec *codec, const struct store_put *put, bool thorough,
		       struct buf *ret, struct chunk_place *place, struct error *e)
{
	enum codec_kind kind;
	int code;

	buf_reset(ret);
	place->depth = put->kind == CHUNK_PREFIX ? DEPTH_PREFIX : DEPTH_FULL;
	if (put->prefix != NULL) {
		code = codec_encode_prefix(codec, put->prefix->digest, buf_bytes(&put->plain),
					   thorough, ret, &kind, e);
		memcpy(place->base, put->prefix->id.at, CHUNK_BASE_LEN);
	} else {
		code = codec_encode(codec, buf_bytes(&put->plain), thorough, ret, &kind, e);
	}
	place->codec = (uint8_t)kind;
	return code;
}

/*
 * Is it time for a new base? Deltas against one base grow as its content changes: with growth g a
 * version, the sum over k versions and one full form F is least when the last delta is
 * sqrt(2 F g). The chunk that is replaced tells g when it was a delta itself.
 */
static bool has_grown(const struct known *known, uint64_t delta)
{
	uint64_t old = known->old.stored, full = known->base.stored, growth;

	if (known->old.depth != DEPTH_DELTA || full == 0)
		return false;
	growth = MAX_OF(delta > old ? delta - old : 0, full / GROWTH_SHARE);
	return delta * delta > 2 * full * growth;
}

/* Would the full form be over twice as long, if it is as dense as that of the base? */
static bool is_worth(const struct known *known, uint64_t plain, uint64_t delta)
{
	const struct chunk_place *base = &known->base;
	uint64_t margin = delta * MOSTLY < plain ? MARGIN : MARGIN_OTHERS * MARGIN_OF;

	return base->plain > 0 && base->depth < DEPTH_DELTA &&
	       delta * margin * base->plain < base->stored * plain * MARGIN_OF;
}

/* 1 when *ret is a delta that is worth it by itself, 0 when it has to be compared or there is none. */
static int encode_delta(struct store *store, struct codec *codec, const struct store_put *put,
			struct buf *ret, struct chunk_place *place, struct error *e)
{
	OWNED(chunk_release) struct chunk *base = NULL;
	struct known known = {0};
	struct error ignored;
	enum codec_kind kind;
	int found = find_base(store, &put->hint, &known, e);

	if (found != 1)
		return found;
	/* Possible where the index learns of the chunk itself after it was found missing. */
	if (chunk_id_equal(&known.base_id, &put->id))
		return 0;
	/* A base that can't be read is no reason to fail: the chunk is stored full. */
	if (store_get(store, &known.base_id, &base, &ignored) < 0)
		return 0;
	if (codec_encode_delta(codec, base->plain, buf_bytes(&put->plain),
			       put->thorough && put->plain.len <= THOROUGH_MAX, ret, &kind, e) < 0)
		return e->code;
	place->codec = (uint8_t)kind;
	place->depth = DEPTH_DELTA;
	memcpy(place->base, known.base_id.at, CHUNK_BASE_LEN);
	if (kind == CODEC_ZSTD_PREFIX && ret->len * CLEARLY_SMALL < put->plain.len)
		return 1;
	if (!known.some_base && shallowest(store, &known.base_id, &known.base, &ignored) != 1)
		known.base = (struct chunk_place){0};
	if (kind != CODEC_ZSTD_PREFIX || has_grown(&known, ret->len))
		buf_reset(ret);
	return ret->len > 0 && is_worth(&known, put->plain.len, ret->len);
}

int writer_encode(struct store *store, struct codec *codec, const struct store_put *put,
		  struct buf *ret, struct chunk_place *ret_place, struct error *e)
{
	OWNED(buf_release) struct buf full = {0};
	struct chunk_place delta = {0}, place = {0};
	struct buf swap;
	int good = 0;

	buf_reset(ret);
	if (put->has_hint)
		good = encode_delta(store, codec, put, ret, &delta, e);
	if (good < 0)
		return good;
	if (good == 0 && encode_full(codec, put, false, &full, &place, e) < 0)
		return e->code;
	if (good == 1 || (ret->len > 0 && 2 * ret->len < full.len)) {
		place = delta;
	} else {
		/* What replaces a chunk will be the base of those that replace it. */
		if (put->thorough && put->plain.len <= THOROUGH_MAX &&
		    encode_full(codec, put, true, &full, &place, e) < 0)
			return e->code;
		swap = *ret;
		*ret = full;
		full = swap;
	}
	place.kind = (uint8_t)put->kind;
	place.plain = (uint32_t)put->plain.len;
	place.stored = (uint32_t)ret->len;
	if (place.codec != CODEC_ZSTD_PREFIX)
		memset(place.base, 0, sizeof(place.base));
	*ret_place = place;
	return 0;
}
