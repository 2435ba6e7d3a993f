#include "base/siphash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotated(uint64_t value, unsigned by)
{
	return value << by | value >> (64 - by);
}

static inline void rounds(struct state *s, int count)
{
	for (int i = 0; i < count; i++) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotated(s->v1, 13) ^ s->v0;
		s->v3 = rotated(s->v3, 16) ^ s->v2;
		s->v0 = rotated(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotated(s->v1, 17) ^ s->v2;
		s->v3 = rotated(s->v3, 21) ^ s->v0;
		s->v2 = rotated(s->v2, 32);
	}
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

uint64_t siphash24(const uint8_t key[SIPHASH_KEY_LEN], struct bytes in)
{
	uint64_t k0 = get_le64(key), k1 = get_le64(key + 8);
	struct state s = {
		.v0 = k0 ^ 0x736f6d6570736575U,
		.v1 = k1 ^ 0x646f72616e646f6dU,
		.v2 = k0 ^ 0x6c7967656e657261U,
		.v3 = k1 ^ 0x7465646279746573U,
	};
	uint64_t last = (uint64_t)in.len << 56;
	size_t whole = in.len & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8)
		absorb(&s, get_le64(in.at + i));
	for (size_t i = whole; i < in.len; i++)
		last |= (uint64_t)in.at[i] << (8 * (i - whole));
	absorb(&s, last);
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
