/*
 * compress.h - OP_COMPRESSED: messages packed by zlib or zstd, as client and server agreed in the handshake.
 *
 * Threads: pure.
 */
#ifndef WIRE_COMPRESS_H
#define WIRE_COMPRESS_H

#include "wire/message.h"

/* What the protocol calls them. Snappy (1) is not offered. */
enum compress_id { COMPRESS_NOOP = 0, COMPRESS_ZLIB = 2, COMPRESS_ZSTD = 3 };

/* Is `name` ("zlib", "zstd") one that we offer? */
bool compress_is_known(struct bytes name);

/* The bytes that the content of an OP_COMPRESSED says it has when unpacked; 0 when it is cut off. */
uint32_t compress_size(struct bytes content);

/*
 * Unpack the content of an OP_COMPRESSED into `ret`; *header becomes that of the message inside, and *ret_compressor
 * tells by what it was packed. ERR_CORRUPT: damaged, or not of the size that it tells; ERR_NOMEM.
 */
MUST_CHECK int compress_unpack(struct message_header *header, struct bytes content, struct buf *ret,
			       int *ret_compressor, struct error *e);

/* Replace the whole message in `b` by an OP_COMPRESSED of it. ERR_NOMEM. */
MUST_CHECK int compress_message(int compressor, struct buf *b, struct error *e);

#endif
