#include "base/crc64.h"

#define SLICES 8

/*
 * tables[k][n] is the remainder of byte n followed by k zero bytes. The remainder is linear
 * over GF(2), so that each entry is the sum of those of its single bits, given here.
 */
#define SUM(n, b0, b1, b2, b3, b4, b5, b6, b7)                                                     \
	(((n)&1 ? b0 : 0) ^ ((n)&2 ? b1 : 0) ^ ((n)&4 ? b2 : 0) ^ ((n)&8 ? b3 : 0) ^               \
	 ((n)&16 ? b4 : 0) ^ ((n)&32 ? b5 : 0) ^ ((n)&64 ? b6 : 0) ^ ((n)&128 ? b7 : 0))
#define ENTRY_0(n)                                                                                 \
	SUM(n, 0xb32e4cbe03a75f6fU, 0xf4843657a840a05bU, 0x7bd0c384ff8f5e33U, 0xf7a18709ff1ebc66U, \
	    0x7d9ba13851336649U, 0xfb374270a266cc92U, 0x64b62bcaebc387a1U, 0xc96c5795d7870f42U)
#define ENTRY_1(n)                                                                                 \
	SUM(n, 0x54e979925cd0f10dU, 0xa9d2f324b9a1e21aU, 0xc17d4962dc4ddab1U, 0x10223dee1795abe7U, \
	    0x20447bdc2f2b57ceU, 0x4088f7b85e56af9cU, 0x8111ef70bcad5f38U, 0x90fb71cad654a0f5U)
#define ENTRY_2(n)                                                                                 \
	SUM(n, 0x3f0be14a916a6dcbU, 0x7e17c29522d4db96U, 0xfc2f852a45a9b72cU, 0x6a87a57f245d70ddU, \
	    0xd50f4afe48bae1baU, 0x38c63ad73e7bddf1U, 0x718c75ae7cf7bbe2U, 0xe318eb5cf9ef77c4U)
#define ENTRY_3(n)                                                                                 \
	SUM(n, 0x1dee8a5e222ca1dcU, 0x3bdd14bc445943b8U, 0x77ba297888b28770U, 0xef7452f111650ee0U, \
	    0x4c300ac98dc40345U, 0x986015931b88068aU, 0xa218840d981e1391U, 0xd6e9a7309f3239a7U)
#define ENTRY_4(n)                                                                                 \
	SUM(n, 0x5c2d776033c4205eU, 0xb85aeec0678840bcU, 0xe26d72ab601e9ffdU, 0x56024a7d6f33217fU, \
	    0xac0494fade6642feU, 0xcad186de13c29b79U, 0x077ba297888b2877U, 0x0ef7452f111650eeU)
#define ENTRY_5(n)                                                                                 \
	SUM(n, 0x6184d55f721267c6U, 0xc309aabee424cf8cU, 0x14cbfa566747819dU, 0x2997f4acce8f033aU, \
	    0x532fe9599d1e0674U, 0xa65fd2b33a3c0ce8U, 0xde670a4ddb760755U, 0x2e16bbb019e2102fU)
#define ENTRY_6(n)                                                                                 \
	SUM(n, 0x22ef0d5934f964ecU, 0x45de1ab269f2c9d8U, 0x8bbc3564d3e593b0U, 0x85a0c5e208c539e5U, \
	    0x999924efbe846d4fU, 0xa1eae6f4d206c41bU, 0xd10d62c20b0396b3U, 0x30c26aafb90933e3U)
#define ENTRY_7(n)                                                                                 \
	SUM(n, 0xdabe95afc7875f40U, 0x27a584742000a005U, 0x4f4b08e84001400aU, 0x9e9611d080028014U, \
	    0xaff48c8aaf0b1eadU, 0xcd31b63ef11823dfU, 0x08bbc3564d3e593bU, 0x117786ac9a7cb276U)

#define FOUR(entry, n) entry(n), entry((n) + 1), entry((n) + 2), entry((n) + 3)
#define SIXTEEN(entry, n)                                                                          \
	FOUR(entry, n), FOUR(entry, (n) + 4), FOUR(entry, (n) + 8), FOUR(entry, (n) + 12)
#define SIXTY_FOUR(entry, n)                                                                       \
	SIXTEEN(entry, n), SIXTEEN(entry, (n) + 16), SIXTEEN(entry, (n) + 32),                     \
		SIXTEEN(entry, (n) + 48)
#define TABLE(entry)                                                                               \
	{                                                                                          \
		SIXTY_FOUR(entry, 0), SIXTY_FOUR(entry, 64), SIXTY_FOUR(entry, 128),               \
			SIXTY_FOUR(entry, 192)                                                     \
	}

static const uint64_t tables[SLICES][256] = {
	TABLE(ENTRY_0), TABLE(ENTRY_1), TABLE(ENTRY_2), TABLE(ENTRY_3),
	TABLE(ENTRY_4), TABLE(ENTRY_5), TABLE(ENTRY_6), TABLE(ENTRY_7),
};

uint64_t crc64_update(uint64_t crc, struct bytes more)
{
	const uint8_t *at = more.at;
	size_t left = more.len;

	crc = ~crc;
	for (; left >= SLICES; left -= SLICES, at += SLICES) {
		crc ^= get_le64(at);
		crc = tables[7][crc & 0xff] ^ tables[6][crc >> 8 & 0xff] ^
		      tables[5][crc >> 16 & 0xff] ^ tables[4][crc >> 24 & 0xff] ^
		      tables[3][crc >> 32 & 0xff] ^ tables[2][crc >> 40 & 0xff] ^
		      tables[1][crc >> 48 & 0xff] ^ tables[0][crc >> 56];
	}
	for (; left > 0; left--, at++)
		crc = tables[0][(crc ^ *at) & 0xff] ^ crc >> 8;
	return ~crc;
}
