/*
 * crc32c.h - CRC-32C (Castagnoli): the checksum that an OP_MSG may end with.
 *
 * Threads: pure.
 */
#ifndef WIRE_CRC32C_H
#define WIRE_CRC32C_H

#include "base/bytes.h"

/* The checksum of `in`: polynomial 0x82f63b78 reflected, begun and ended with all ones. */
uint32_t crc32c_of(struct bytes in);

#endif
