/*
 * codec.h - how a chunk's plain bytes are stored: raw, zstd, or zstd with a prefix chunk.
 *
 * The only file that knows zstd. The id of a chunk names its plain bytes, so everything
 * here is free to change; the caller verifies what comes out.
 *
 * Threads: a struct codec belongs to one thread at a time; a struct codec_prefix is
 * shared.
 */
#ifndef STORE_PACK_CODEC_H
#define STORE_PACK_CODEC_H

#include "base/buf.h"
#include "base/error.h"

enum codec_kind {
	CODEC_RAW = 0,
	CODEC_ZSTD = 1,
	CODEC_ZSTD_PREFIX = 2, /* needs the plain bytes of a base chunk */
	CODEC_COUNT
};

#define CHUNK_PLAIN_MAX (31 * MIB) /* no chunk is larger: a document is at most 16 MiB and a bit */

struct codec; /* opaque: zstd contexts */

struct codec *codec_new(void);
void codec_free(struct codec *codec);
DEFINE_OWNED(struct codec *, codec_free);

/* A base that many chunks share, digested once for each effort that is asked for. */
struct codec_prefix; /* opaque */

/* `base` is copied. */
struct codec_prefix *codec_prefix_new(struct bytes base);
void codec_prefix_free(struct codec_prefix *prefix);
DEFINE_OWNED(struct codec_prefix *, codec_prefix_free);

/*
 * Append the stored form of `plain` to `ret`: alone, with a digested prefix, or with a base
 * for this once. *ret_kind may be CODEC_RAW when zstd does not make it smaller.
 * `thorough`: a full form takes some 50 times as long (6 ms for a leaf) and is a quarter smaller,
 * a delta takes 5 times as long and is more than a quarter smaller.
 */
MUST_CHECK int codec_encode(struct codec *codec, struct bytes plain, bool thorough, struct buf *ret,
			    enum codec_kind *ret_kind, struct error *e);
MUST_CHECK int codec_encode_prefix(struct codec *codec, struct codec_prefix *prefix,
				   struct bytes plain, bool thorough, struct buf *ret,
				   enum codec_kind *ret_kind, struct error *e);
MUST_CHECK int codec_encode_delta(struct codec *codec, struct bytes base, struct bytes plain,
				  bool thorough, struct buf *ret, enum codec_kind *ret_kind,
				  struct error *e);

/*
 * Decode `stored` to exactly `len` bytes at `ret`. `base` is needed by CODEC_ZSTD_PREFIX only.
 * ERR_CORRUPT when it does not decode to that; ERR_UNSUPPORTED for an unknown kind.
 */
MUST_CHECK int codec_decode(struct codec *codec, enum codec_kind kind, struct bytes stored,
			    struct bytes base, uint8_t *ret, size_t len, struct error *e);

/*
 * For chunks in a row with the same base: a codec keeps a copy of one. Decoding right behind it is faster
 * than with a base elsewhere, and it need not be looked up. `name` tells bases apart (the first bytes of
 * its id will do: the caller verifies).
 *
 * Decode `stored` with the base of that name: 1, or 0 when it is not the one that is kept, or it does not
 * decode with it, or `len` is large.
 */
int codec_decode_kept(struct codec *codec, uint64_t name, struct bytes stored, uint8_t *ret,
		      size_t len);
/* A chunk was decoded with this base: keep it when the one before was, too. */
void codec_keep(struct codec *codec, uint64_t name, struct bytes base);

/* "1.5.4": the version of zstd that is loaded. */
const char *codec_library(void);

#endif
