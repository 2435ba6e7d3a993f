/*
 * utf8.h - what is UTF-8 and what is not (RFC 3629: no surrogates, no overlong forms).
 *
 * Threads: pure.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/*
 * The length in bytes of the valid sequence of two to four bytes at `at`, which begins with a
 * byte of 0x80 or more; 0 when it is not valid or longer than the `left` bytes.
 */
static inline size_t utf8_sequence(const uint8_t *at, size_t left)
{
	size_t len = at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > left || (at[1] & 0xc0) != 0x80)
		return 0;
	if (len == 2)
		return 2;
	if ((at[2] & 0xc0) != 0x80 || (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f))
		return 0;
	if (len == 3)
		return 3;
	if ((at[3] & 0xc0) != 0x80 || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return 4;
}

/* The number of bytes of `text` that are valid UTF-8, from the start; text.len when all are. */
size_t utf8_prefix(struct bytes text);

#endif
