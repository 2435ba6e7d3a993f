/*
 * crc64.h - CRC-64/XZ: polynomial of ECMA-182 reflected, as xz and mongodump archives use it.
 *
 * Finds accidental damage. Not a content hash (that is chunk_id.h).
 *
 * Threads: pure.
 */
#ifndef BASE_CRC64_H
#define BASE_CRC64_H

#include "base/bytes.h"

/*
 * The CRC of what `crc` is the CRC of, followed by `more`. Start with 0; every value returned
 * is final: the CRC of "123456789" is 0x995dc9bbdf1939fa. The same as crc64.Update of Go
 * with the ECMA table, by which mongodump closes the parts of an archive.
 */
uint64_t crc64_update(uint64_t crc, struct bytes more);

#endif
