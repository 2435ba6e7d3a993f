#include "base/dump_name.h"

#include <openssl/sha.h>

#define KEPT_LEN 208 /* bytes of the escaped name that a shortened one keeps */
#define SHORT_MARK "%24"
#define HASH_LEN 27 /* bytes of a SHA-1 in base64url */

/* Does url.QueryEscape leave this byte as it is? */
static bool is_plain(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' ||
	       byte == '~';
}

/* Append `len` bytes in base64url without padding. */
static void add_base64url(struct buf *ret, const uint8_t *from, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned int held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | from[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			buf_add_u8(ret, (uint8_t)digits[bits >> held & 63]);
		}
	}
	if (held > 0)
		buf_add_u8(ret, (uint8_t)digits[bits << (6 - held) & 63]);
}

void dump_name_escape(struct bytes name, struct buf *ret)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t start = ret->len;
	uint8_t hash[SHA_DIGEST_LENGTH];

	for (size_t i = 0; i < name.len; i++) {
		uint8_t byte = name.at[i];

		if (is_plain(byte)) {
			buf_add_u8(ret, byte);
		} else if (byte == ' ') {
			buf_add_u8(ret, '+');
		} else {
			buf_add_u8(ret, '%');
			buf_add_u8(ret, (uint8_t)hex[byte >> 4]);
			buf_add_u8(ret, (uint8_t)hex[byte & 15]);
		}
	}
	if (ret->len - start <= DUMP_NAME_MAX)
		return;
	ret->len = start + KEPT_LEN;
	SHA1(name.at, name.len, hash);
	buf_add_str(ret, SHORT_MARK);
	add_base64url(ret, hash, sizeof(hash));
}

/* The value of a hex digit, -1 when it is none. */
static int hex_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* Does the name end as a shortened one does: the mark, then a hash? */
static bool is_shortened(struct bytes name)
{
	if (name.len != DUMP_NAME_MAX ||
	    memcmp(name.at + KEPT_LEN, SHORT_MARK, strlen(SHORT_MARK)) != 0)
		return false;
	for (size_t i = DUMP_NAME_MAX - HASH_LEN; i < DUMP_NAME_MAX; i++)
		if (!is_plain(name.at[i]) || name.at[i] == '.' || name.at[i] == '~')
			return false;
	return true;
}

int dump_name_unescape(struct bytes name, struct buf *ret, struct error *e)
{
	size_t start = ret->len;

	if (is_shortened(name))
		return 0;
	for (size_t i = 0; i < name.len; i++) {
		int high;
		int low;

		if (name.at[i] != '%') {
			buf_add_u8(ret, name.at[i] == '+' ? ' ' : name.at[i]);
			continue;
		}
		high = i + 1 < name.len ? hex_value(name.at[i + 1]) : -1;
		low = i + 2 < name.len ? hex_value(name.at[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			ret->len = start;
			return error_set(
				e, ERR_INVALID,
				"file name %.*s, byte %zu: expected two hex digits, not 00, "
				"after %%",
				(int)MIN_OF(name.len, 255), (const char *)name.at, i);
		}
		buf_add_u8(ret, (uint8_t)(high << 4 | low));
		i += 2;
	}
	return 1;
}
