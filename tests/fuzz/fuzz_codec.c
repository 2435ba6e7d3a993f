/*
 * Stored bytes of every kind: they decode to exactly the length that is asked for, or not. The first
 * four bytes choose the length, the length of the base and how it is decoded.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"

#include "store/pack/codec.h"

static void round_trip(struct codec *codec, struct bytes base, struct bytes plain)
{
	OWNED(buf_release) struct buf stored = {0};
	OWNED(free) uint8_t *room = malloc(plain.len + 1);
	enum codec_kind kind;
	struct error e = {0};

	FUZZ_REQUIRE(codec_encode_delta(codec, base, plain, plain.len % 2 != 0, &stored, &kind,
					&e) == 0);
	FUZZ_REQUIRE(stored.len <= plain.len);
	FUZZ_REQUIRE(codec_decode(codec, kind, buf_bytes(&stored), base, room, plain.len, &e) == 0);
	FUZZ_REQUIRE(bytes_equal(bytes_of(room, plain.len), plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(codec_free) struct codec *codec = codec_new();
	OWNED(free) uint8_t *room = NULL;
	size_t len, base_len;
	struct bytes stored, base;
	struct error e = {0};
	int code;

	if (size < 4)
		return 0;
	len = get_le16(data);
	base_len = MIN_OF((size_t)data[2] * 16, size - 4);
	base = bytes_of(data + 4, base_len);
	stored = bytes_of(data + 4 + base_len, size - 4 - base_len);
	room = malloc(len + 1);
	room[len] = 0x7e;
	code = codec_decode(codec, (enum codec_kind)(data[3] % 5), stored, base, room, len, &e);
	FUZZ_REQUIRE(code == 0 || code == ERR_CORRUPT || code == ERR_UNSUPPORTED);
	FUZZ_REQUIRE(room[len] == 0x7e);
	round_trip(codec, base, stored);
	return 0;
}
