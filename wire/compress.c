#include "wire/compress.h"

#include <zlib.h>
#include <zstd.h>

#define FIXED 9 /* bytes of the packed part before its data: operation, size, compressor */
#define ZSTD_LEVEL 1
#define ZLIB_LEVEL 1

bool compress_is_known(struct bytes name)
{
	return bytes_equal(name, bytes_str("zlib")) || bytes_equal(name, bytes_str("zstd"));
}

static int bad(struct error *e, const char *what)
{
	return error_set(e, ERR_CORRUPT, "compressed message: %s", what);
}

static int unpack(uint8_t id, struct bytes from, struct buf *to, size_t size, struct error *e)
{
	uLongf zlib_size = (uLongf)size;
	size_t got;

	if (buf_reserve(to, size + 1, MESSAGE_MAX + 1, e) < 0)
		return e->code;
	switch (id) {
	case COMPRESS_NOOP:
		if (from.len != size)
			return bad(e, "it is not of the size that it tells");
		memcpy(to->at, from.at, size);
		break;
	case COMPRESS_ZLIB:
		if (uncompress(to->at, &zlib_size, from.at, from.len) != Z_OK || zlib_size != size)
			return bad(e, "zlib does not unpack it to the size that it tells");
		break;
	case COMPRESS_ZSTD:
		got = ZSTD_decompress(to->at, size, from.at, from.len);
		if (ZSTD_isError(got) || got != size)
			return bad(e, "zstd does not unpack it to the size that it tells");
		break;
	default:
		return bad(e, "an unknown compressor");
	}
	to->len = size;
	return 0;
}

uint32_t compress_size(struct bytes content)
{
	return content.len < FIXED ? 0 : get_le32(content.at + 4);
}

int compress_unpack(struct message_header *header, struct bytes content, struct buf *ret,
		    int *ret_compressor, struct error *e)
{
	struct message_header inner = *header;
	uint32_t size;

	if (content.len < FIXED)
		return bad(e, "it is cut off");
	inner.op = (int32_t)get_le32(content.at);
	size = compress_size(content);
	if (size > MESSAGE_MAX - MESSAGE_HEADER)
		return error_set(e, ERR_CORRUPT, "compressed message: a size of %u bytes", size);
	if (inner.op != MESSAGE_MSG && inner.op != MESSAGE_QUERY)
		return bad(e, "an operation that can't be compressed");
	buf_reset(ret);
	if (unpack(content.at[8], bytes_of(content.at + FIXED, content.len - FIXED), ret, size, e) <
	    0)
		return e->code;
	inner.len = size + MESSAGE_HEADER;
	*ret_compressor = content.at[8];
	*header = inner;
	return 0;
}

/* Pack `from` behind what is in `to`. */
static int pack(int id, struct bytes from, struct buf *to, struct error *e)
{
	size_t most = id == COMPRESS_ZLIB   ? compressBound(from.len)
		      : id == COMPRESS_ZSTD ? ZSTD_compressBound(from.len)
					    : from.len;
	uLongf zlib_size = (uLongf)most;
	size_t got = from.len;

	if (buf_reserve(to, most, SIZE_MAX, e) < 0)
		return e->code;
	if (id == COMPRESS_ZLIB) {
		if (compress2(to->at + to->len, &zlib_size, from.at, from.len, ZLIB_LEVEL) != Z_OK)
			return error_nomem(e, most);
		got = zlib_size;
	} else if (id == COMPRESS_ZSTD) {
		got = ZSTD_compress(to->at + to->len, most, from.at, from.len, ZSTD_LEVEL);
		if (ZSTD_isError(got))
			return error_nomem(e, most);
	} else {
		memcpy(to->at + to->len, from.at, from.len);
	}
	to->len += got;
	return 0;
}

int compress_message(int compressor, struct buf *b, struct error *e)
{
	OWNED(buf_release) struct buf packed = {0};

	buf_add(&packed, b->at, MESSAGE_HEADER);
	put_le32(packed.at + 12, MESSAGE_COMPRESSED);
	buf_add(&packed, b->at + 12, 4);
	buf_add_le32(&packed, (uint32_t)(b->len - MESSAGE_HEADER));
	buf_add_u8(&packed, (uint8_t)compressor);
	if (pack(compressor, bytes_of(b->at + MESSAGE_HEADER, b->len - MESSAGE_HEADER), &packed,
		 e) < 0)
		return e->code;
	put_le32(packed.at, (uint32_t)packed.len);
	buf_reset(b);
	buf_add_bytes(b, buf_bytes(&packed));
	return 0;
}
