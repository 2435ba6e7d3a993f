#include "base/id_name.h"

#include <openssl/sha.h>

#include "base/id_name_read.h"
#include "base/id_name_text.h"
#include "base/id_name_write.h"

#define HASH_MARK "%hash,"
#define KEY_MARK "%key,"
#define HASH_LEN 20 /* bytes of a SHA-256 that a name has */
#define TAIL_LEN (sizeof(HASH_MARK) - 1 + 2 * (size_t)HASH_LEN)
#define TEXT_KEPT (ID_NAME_MAX - TAIL_LEN) /* at most, of the text of a long string */
#define KEY_KEPT ((size_t)96)		   /* bytes of any other long key */

static void add_hash(struct bytes key, struct buf *ret)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256(key.at, key.len, hash);
	buf_add_str(ret, HASH_MARK);
	id_name_text_hex(ret, bytes_of(hash, HASH_LEN));
}

/* A long string keeps the beginning of its text, any other key that of its bytes. */
static void write_long(struct bytes key, struct buf *ret)
{
	size_t start = ret->len;

	if (key.len == 0 || key.at[0] != CLASS_STRING ||
	    !id_name_write_beginning(key, TEXT_KEPT, ret)) {
		ret->len = start;
		buf_add_str(ret, KEY_MARK);
		id_name_text_hex(ret, bytes_of(key.at, MIN_OF(key.len, KEY_KEPT)));
	}
	add_hash(key, ret);
}

void id_name_of_key(struct bytes key, struct buf *ret)
{
	size_t start = ret->len;

	if (id_name_write_key(key, ret) && ret->len - start <= ID_NAME_MAX)
		return;
	ret->len = start;
	write_long(key, ret);
}

void id_name_of_rank(uint64_t rank, struct buf *ret)
{
	buf_printf(ret, "%%rank,%llu", (unsigned long long)rank);
}

/* Is `name` the name of this key? */
static bool is_name_of(struct bytes name, struct bytes key)
{
	OWNED(buf_release) struct buf again = {0};

	id_name_of_key(key, &again);
	return bytes_equal(buf_bytes(&again), name);
}

/* The name of a long key, which begins with `head`. */
static enum id_name_found parse_long(struct bytes name, struct bytes head, struct buf *ret_key)
{
	OWNED(buf_release) struct buf again = {0};
	size_t start = ret_key->len;

	if (id_name_text_skip(&head, KEY_MARK)) {
		if (!id_name_text_unhex(ret_key, head))
			return ID_NAME_NONE;
		if (head.len == 2 * KEY_KEPT)
			return ID_NAME_PREFIX;
		/* All of the key is there. */
		return is_name_of(name, bytes_of(ret_key->at + start, ret_key->len - start))
			       ? ID_NAME_KEY
			       : ID_NAME_NONE;
	}
	buf_add_u8(ret_key, CLASS_STRING);
	if (head.len > TEXT_KEPT || head.len + ID_NAME_UNIT_MAX <= TEXT_KEPT ||
	    !id_name_text_unescape(ret_key, head, NUL_PLAIN))
		return ID_NAME_NONE;
	/* A short beginning, or one spelled in another way, is nobody's: don't make others search. */
	id_name_text_add(&again, bytes_of(ret_key->at + start + 1, ret_key->len - start - 1),
			 PLACE_ALONE);
	if (!bytes_equal(buf_bytes(&again), head))
		return ID_NAME_NONE;
	ret_key->len = start + 1;
	return id_name_text_unescape(ret_key, head, NUL_DOUBLE) ? ID_NAME_PREFIX : ID_NAME_NONE;
}

/* Does the name end as a long one does? *ret_head is what comes before. */
static bool split_long(struct bytes name, struct bytes *ret_head)
{
	OWNED(buf_release) struct buf hash = {0};
	struct bytes tail;

	if (name.len < TAIL_LEN)
		return false;
	tail = bytes_of(name.at + name.len - TAIL_LEN, TAIL_LEN);
	*ret_head = bytes_of(name.at, name.len - TAIL_LEN);
	return id_name_text_skip(&tail, HASH_MARK) && id_name_text_unhex(&hash, tail);
}

static bool parse_rank(struct bytes name, uint64_t *ret)
{
	OWNED(buf_release) struct buf again = {0};
	struct bytes digits = name;

	if (!id_name_text_skip(&digits, "%rank,") || digits.len == 0 || digits.len > 20)
		return false;
	*ret = 0;
	for (size_t i = 0; i < digits.len; i++)
		*ret = *ret * 10 + (uint64_t)(digits.at[i] - '0');
	id_name_of_rank(*ret, &again);
	return bytes_equal(buf_bytes(&again), name);
}

static enum id_name_found parse(struct bytes name, struct buf *ret_key, uint64_t *ret_rank)
{
	size_t start = ret_key->len;
	struct bytes head;
	uint64_t rank;

	if (name.len == 0 || name.len > ID_NAME_MAX)
		return ID_NAME_NONE;
	if (parse_rank(name, &rank)) {
		*ret_rank = rank;
		return ID_NAME_RANK;
	}
	if (split_long(name, &head))
		return parse_long(name, head, ret_key);
	if (!id_name_read_key(name, ret_key) ||
	    !is_name_of(name, bytes_of(ret_key->at + start, ret_key->len - start)))
		return ID_NAME_NONE;
	return ID_NAME_KEY;
}

enum id_name_found id_name_parse(struct bytes name, struct buf *ret_key, uint64_t *ret_rank)
{
	size_t start = ret_key->len;
	enum id_name_found found = parse(name, ret_key, ret_rank);

	if (found != ID_NAME_KEY && found != ID_NAME_PREFIX)
		ret_key->len = start;
	return found;
}
