#include "base/utf8.h"

#define HIGH_BITS 0x8080808080808080U

/* How many of the `left` bytes at `at` are below 0x80, from the start; or a few less. */
static inline size_t ascii_run(const uint8_t *at, size_t left)
{
	size_t i = 0;

	for (; left - i >= 16; i += 16) {
		if (((get_le64(at + i) | get_le64(at + i + 8)) & HIGH_BITS) != 0)
			return i;
	}
	if (left - i >= 8 && (get_le64(at + i) & HIGH_BITS) == 0)
		i += 8;
	if (left - i >= 4 && (get_le32(at + i) & (uint32_t)HIGH_BITS) == 0)
		i += 4;
	return i;
}

size_t utf8_prefix(struct bytes text)
{
	size_t i = 0;

	while (i < text.len) {
		size_t stop;

		i += ascii_run(text.at + i, text.len - i);
		/* Byte by byte where sequences are, for a while. */
		for (stop = MIN_OF(text.len, i + 16); i < stop;) {
			size_t len = 1;

			if (text.at[i] >= 0x80)
				len = utf8_sequence(text.at + i, text.len - i);
			if (len == 0)
				return i;
			i += len;
		}
	}
	return i;
}
