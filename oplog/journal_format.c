#include "oplog/journal_format.h"

#include "base/crc64.h"
#include "store/crypt/seal.h"

#define VERSION 1
/* How a payload is stored. */
enum form { FORM_PLAIN, FORM_SEALED };

static const uint8_t file_magic[4] = {'Y', 'J', 'N', 'L'};
static const uint8_t frame_magic[4] = {'Y', 'J', 'F', 'R'};

uint64_t journal_format_header(const struct journal_info *info, bool sealed,
			       uint8_t ret[JOURNAL_HEADER_LEN])
{
	uint64_t sum;

	memset(ret, 0, JOURNAL_HEADER_LEN);
	memcpy(ret, file_magic, sizeof(file_magic));
	ret[4] = VERSION;
	ret[5] = sealed ? SEAL_AES_256_GCM : SEAL_NONE;
	put_le64(ret + 8, info->number);
	put_le64(ret + 16, info->created_us);
	ret[24] = info->prev.known;
	if (info->prev.known) {
		put_le64(ret + 32, info->prev.at.ts);
		put_le64(ret + 40, (uint64_t)info->prev.at.term);
		memcpy(ret + 48, info->prev.hash.at, CHUNK_ID_LEN);
	}
	sum = crc64_update(0, bytes_of(ret, JOURNAL_HEADER_LEN - 8));
	put_le64(ret + JOURNAL_HEADER_LEN - 8, sum);
	return sum;
}

int journal_format_read_header(const uint8_t from[JOURNAL_HEADER_LEN], struct journal_info *ret,
			       bool *ret_sealed, uint64_t *ret_chain, struct error *e)
{
	struct journal_info info = {0};
	uint64_t sum = crc64_update(0, bytes_of(from, JOURNAL_HEADER_LEN - 8));

	if (memcmp(from, file_magic, sizeof(file_magic)) != 0)
		return error_set(e, ERR_CORRUPT, "it does not begin like a journal");
	if (get_le64(from + JOURNAL_HEADER_LEN - 8) != sum)
		return error_set(e, ERR_CORRUPT, "the checksum of its header is wrong");
	if (from[4] != VERSION)
		return error_set(e, ERR_UNSUPPORTED, "journal version %u, this program knows %u",
				 from[4], VERSION);
	if (from[5] > SEAL_AES_256_GCM)
		return error_set(e, ERR_UNSUPPORTED,
				 "journal with cipher %u, this program knows %u", from[5],
				 SEAL_AES_256_GCM);
	info.number = get_le64(from + 8);
	info.created_us = get_le64(from + 16);
	info.prev.known = from[24] != 0;
	if (info.prev.known) {
		info.prev.at.ts = get_le64(from + 32);
		info.prev.at.term = (int64_t)get_le64(from + 40);
		memcpy(info.prev.hash.at, from + 48, CHUNK_ID_LEN);
	}
	*ret = info;
	*ret_sealed = from[5] != SEAL_NONE;
	*ret_chain = sum;
	return 0;
}

uint64_t journal_format_salt(const uint8_t salt[STORE_SALT_LEN], uint64_t chain)
{
	return crc64_update(chain, bytes_of(salt, STORE_SALT_LEN));
}

size_t journal_format_payload(const struct journal_frame *frame)
{
	return frame->len + (frame->sealed ? SEAL_TAG_LEN : 0);
}

void journal_format_about(const struct journal_frame *frame, uint8_t ret[JOURNAL_FRAME_ABOUT_LEN])
{
	memcpy(ret, frame_magic, sizeof(frame_magic));
	put_le32(ret + 4, frame->len);
	put_le32(ret + 8, frame->count);
	put_le32(ret + 12, frame->sealed ? FORM_SEALED : FORM_PLAIN);
	put_le64(ret + 16, frame->first_ts);
	put_le64(ret + 24, frame->last_ts);
}

uint64_t journal_format_frame(const struct journal_frame *frame, uint64_t chain,
			      uint8_t ret[JOURNAL_FRAME_HEADER_LEN])
{
	uint64_t sum;

	journal_format_about(frame, ret);
	memcpy(ret + JOURNAL_FRAME_ABOUT_LEN, frame->hash, CHUNK_ID_LEN);
	sum = crc64_update(chain, bytes_of(ret, JOURNAL_FRAME_HEADER_LEN - 8));
	put_le64(ret + JOURNAL_FRAME_HEADER_LEN - 8, sum);
	return sum;
}

int journal_format_read_frame(const uint8_t from[JOURNAL_FRAME_HEADER_LEN], uint64_t chain,
			      struct journal_frame *ret, uint64_t *ret_chain, struct error *e)
{
	struct journal_frame frame = {0};
	uint64_t sum = crc64_update(chain, bytes_of(from, JOURNAL_FRAME_HEADER_LEN - 8));

	if (memcmp(from, frame_magic, sizeof(frame_magic)) != 0)
		return error_set(e, ERR_CORRUPT, "there is no frame where one has to begin");
	if (get_le64(from + JOURNAL_FRAME_HEADER_LEN - 8) != sum)
		return error_set(e, ERR_CORRUPT, "the checksum of a frame's header is wrong");
	if (get_le32(from + 12) > FORM_SEALED)
		return error_set(e, ERR_UNSUPPORTED, "a frame of form %u, this program knows %d",
				 get_le32(from + 12), FORM_SEALED);
	frame.sealed = get_le32(from + 12) == FORM_SEALED;
	frame.len = get_le32(from + 4);
	frame.count = get_le32(from + 8);
	frame.first_ts = get_le64(from + 16);
	frame.last_ts = get_le64(from + 24);
	memcpy(frame.hash, from + JOURNAL_FRAME_ABOUT_LEN, CHUNK_ID_LEN);
	if (frame.len > JOURNAL_FRAME_MAX || frame.count == 0 ||
	    frame.count > frame.len / BSON_MIN_LEN || frame.first_ts == 0 ||
	    (frame.first_ts == frame.last_ts) != (frame.count == 1) ||
	    frame.first_ts > frame.last_ts)
		return error_set(e, ERR_CORRUPT, "a frame of %u entries in %u bytes", frame.count,
				 frame.len);
	*ret = frame;
	*ret_chain = sum;
	return 0;
}

bool journal_format_may_begin(struct bytes rest)
{
	for (size_t i = 0; i < MIN_OF(rest.len, sizeof(frame_magic)); i++)
		if (rest.at[i] != 0 && rest.at[i] != frame_magic[i])
			return false;
	return true;
}
