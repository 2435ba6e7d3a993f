#include "base/chunk_ids.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#define BLOCK 64
#define TAIL_MAX (2 * BLOCK) /* the last bytes, the mark behind them, the length */
#define LANES 2
#define CPUID_1_ECX_SSSE3 (1u << 9)
#define CPUID_1_ECX_SSE41 (1u << 19)
#define CPUID_7_EBX_SHA (1u << 29)
#define FOR_SHA __attribute__((target("sha,sse4.1,ssse3")))

/* FIPS 180-4: the first bits of the roots of primes. */
static const uint32_t first_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint32_t constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};

/* A text being hashed: its whole blocks, then those of `tail`. */
struct lane {
	__m128i abef, cdgh; /* the state, as the instructions want it */
	const uint8_t *at;
	size_t blocks;
	size_t tail_blocks; /* 0: they are at hand, or done */
	uint8_t tail[TAIL_MAX];
	struct chunk_id *ret;
};

static bool has_instructions;

static void look_at_cpu(void)
{
	unsigned a, b, c, d;
	bool sse = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & CPUID_1_ECX_SSSE3) != 0 &&
		   (c & CPUID_1_ECX_SSE41) != 0;

	has_instructions =
		sse && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & CPUID_7_EBX_SHA) != 0;
}

FOR_SHA static void lane_begin(struct lane *lane, struct bytes from, struct chunk_id *ret)
{
	size_t rest = from.len % BLOCK;
	__m128i low = _mm_loadu_si128((const void *)&first_state[0]);
	__m128i high = _mm_loadu_si128((const void *)&first_state[4]);

	low = _mm_shuffle_epi32(low, 0xb1);
	high = _mm_shuffle_epi32(high, 0x1b);
	lane->abef = _mm_alignr_epi8(low, high, 8);
	lane->cdgh = _mm_blend_epi16(high, low, 0xf0);
	lane->at = from.at;
	lane->blocks = from.len / BLOCK;
	lane->tail_blocks = rest + 1 + sizeof(uint64_t) > BLOCK ? 2 : 1;
	memset(lane->tail, 0, sizeof(lane->tail));
	if (rest > 0)
		memcpy(lane->tail, from.at + from.len - rest, rest);
	lane->tail[rest] = 0x80;
	put_be64(lane->tail + lane->tail_blocks * BLOCK - sizeof(uint64_t), (uint64_t)from.len * 8);
	lane->ret = ret;
}

/* To the tail when the whole blocks are done; false when that is done, too. */
static bool lane_goes_on(struct lane *lane)
{
	if (lane->blocks > 0)
		return true;
	lane->at = lane->tail;
	lane->blocks = lane->tail_blocks;
	lane->tail_blocks = 0;
	return lane->blocks > 0;
}

FOR_SHA static void lane_end(struct lane *lane)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i low = _mm_shuffle_epi32(lane->abef, 0x1b);
	__m128i high = _mm_shuffle_epi32(lane->cdgh, 0xb1);
	__m128i dcba = _mm_blend_epi16(low, high, 0xf0);
	__m128i hgfe = _mm_alignr_epi8(high, low, 8);

	_mm_storeu_si128((void *)lane->ret->at, _mm_shuffle_epi8(dcba, swap));
	_mm_storeu_si128((void *)(lane->ret->at + 16), _mm_shuffle_epi8(hgfe, swap));
}

/* Four rounds of a block, and what the later ones need of the schedule. `r` is known when this is compiled. */
FOR_SHA static inline __attribute__((always_inline)) void four_rounds(__m128i *abef, __m128i *cdgh,
								      __m128i words[4], int r)
{
	__m128i *here = &words[r & 3], *next = &words[(r + 1) & 3], *last = &words[(r + 3) & 3];
	__m128i sum = _mm_add_epi32(*here, _mm_load_si128((const void *)&constants[4 * r]));

	*cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
	if (r >= 3 && r < 15)
		*next = _mm_sha256msg2_epu32(_mm_add_epi32(*next, _mm_alignr_epi8(*here, *last, 4)),
					     *here);
	*abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0e));
	if (r >= 1 && r < 13)
		*last = _mm_sha256msg1_epu32(*last, *here);
}

/* `blocks` blocks of each of `lanes` lanes. */
FOR_SHA static inline __attribute__((always_inline)) void run(struct lane *const *lane, int lanes,
							      size_t blocks)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abef[LANES], cdgh[LANES];

	for (int k = 0; k < lanes; k++) {
		abef[k] = lane[k]->abef;
		cdgh[k] = lane[k]->cdgh;
	}
	for (size_t n = 0; n < blocks; n++) {
		__m128i words[LANES][4], abef_before[LANES], cdgh_before[LANES];

		for (int k = 0; k < lanes; k++) {
			abef_before[k] = abef[k];
			cdgh_before[k] = cdgh[k];
			for (size_t i = 0; i < 4; i++)
				words[k][i] = _mm_shuffle_epi8(
					_mm_loadu_si128(
						(const void *)(lane[k]->at + BLOCK * n + 16 * i)),
					swap);
		}
#pragma GCC unroll 16
		for (int r = 0; r < 16; r++)
#pragma GCC unroll 2
			for (int k = 0; k < lanes; k++)
				four_rounds(&abef[k], &cdgh[k], words[k], r);
		for (int k = 0; k < lanes; k++) {
			abef[k] = _mm_add_epi32(abef[k], abef_before[k]);
			cdgh[k] = _mm_add_epi32(cdgh[k], cdgh_before[k]);
		}
	}
	for (int k = 0; k < lanes; k++) {
		lane[k]->abef = abef[k];
		lane[k]->cdgh = cdgh[k];
		lane[k]->at += BLOCK * blocks;
		lane[k]->blocks -= blocks;
	}
}

FOR_SHA static void run_one(struct lane *const *lane)
{
	run(lane, 1, lane[0]->blocks);
}

FOR_SHA static void run_two(struct lane *const *lane)
{
	run(lane, 2, MIN_OF(lane[0]->blocks, lane[1]->blocks));
}

static void hash_by_lanes(const struct bytes *from, size_t count, struct chunk_id *ret)
{
	struct lane room[LANES], *lane[LANES] = {&room[0], &room[1]};
	size_t next = 0, busy = 0;

	while (busy > 0 || next < count) {
		for (; busy < LANES && next < count; next++) {
			lane_begin(lane[busy], from[next], &ret[next]);
			(void)lane_goes_on(lane[busy++]);
		}
		if (busy == LANES)
			run_two(lane);
		else
			run_one(lane);
		for (size_t k = busy; k-- > 0;) {
			struct lane *done = lane[k];

			if (lane_goes_on(done))
				continue;
			lane_end(done);
			lane[k] = lane[--busy];
			lane[busy] = done;
		}
	}
}

void chunk_ids_of(const struct bytes *from, size_t count, struct chunk_id *ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look_at_cpu);
	if (has_instructions && count > 1) {
		hash_by_lanes(from, count, ret);
		return;
	}
	for (size_t i = 0; i < count; i++)
		ret[i] = chunk_id_of(from[i]);
}

#else

void chunk_ids_of(const struct bytes *from, size_t count, struct chunk_id *ret)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = chunk_id_of(from[i]);
}

#endif
