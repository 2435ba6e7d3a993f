#include "base/ejson_string.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

#define EACH_BYTE(value) (UINT64_MAX / 255 * (value))

#define UNICODE 1   /* written as \u00xx */
#define MULTIBYTE 2 /* part of a sequence, or not UTF-8 */
#define INVALID "\\ufffd"

/* What to do with a byte: 0 copy it, UNICODE, MULTIBYTE, else the letter behind a backslash. */
static const uint8_t actions[256] = {
	[0x00 ... 0x07] = UNICODE,
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	[0x0b] = UNICODE,
	['\f'] = 'f',
	['\r'] = 'r',
	[0x0e ... 0x1f] = UNICODE,
	['"'] = '"',
	['\\'] = '\\',
	[0x80 ... 0xff] = MULTIBYTE,
};

/* How many bytes longer a byte below 0x80 gets by its action. */
static inline size_t growth(uint8_t action)
{
	return action == UNICODE ? 5 : 1;
}

/*
 * The high bit of the first byte in `word` (from the lowest) that has an action, and maybe of
 * bytes behind it; 0 when none has.
 */
static inline uint64_t marked(uint64_t word)
{
	uint64_t quote = word ^ EACH_BYTE('"'), backslash = word ^ EACH_BYTE('\\');

	return (word | (word - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
		(backslash - EACH_BYTE(1))) &
	       EACH_BYTE(0x80);
}

/* The `left` < 8 bytes at `at` as the low bytes of a word; those above are 0, which is marked. */
static inline uint64_t short_word(const uint8_t *at, size_t left)
{
	if (left >= 4)
		return get_le32(at) | (uint64_t)get_le32(at + left - 4) << (8 * (left - 4));
	if (left == 0)
		return 0;
	return at[0] | (uint64_t)at[left / 2] << (8 * (left / 2)) |
	       (uint64_t)at[left - 1] << (8 * (left - 1));
}

/*
 * How many of the `left` bytes at `at` have no action, from the start. With `copy` they go to
 * `to`, where up to seven bytes more may be overwritten than `left`.
 */
static inline __attribute__((always_inline)) size_t plain_run(uint8_t *to, const uint8_t *at,
							      size_t left, const bool copy)
{
	uint64_t word, marks;
	size_t i = 0;

#ifdef __SSE2__
	for (; left - i >= 16; i += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)(at + i));
		/* As signed bytes, 0x80 and more are below 0x20 as well. */
		__m128i hits =
			_mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
				     _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
						  _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
		unsigned mask = (unsigned)_mm_movemask_epi8(hits);

		if (copy)
			_mm_storeu_si128((__m128i *)(void *)(to + i), block);
		if (mask != 0)
			return i + (size_t)__builtin_ctz(mask);
	}
#endif
	for (; left - i >= 8; i += 8) {
		word = get_le64(at + i);
		marks = marked(word);
		if (copy)
			put_le64(to + i, word);
		if (marks != 0)
			return i + (size_t)__builtin_ctzll(marks) / 8;
	}
	word = short_word(at + i, left - i);
	if (copy)
		put_le64(to + i, word);
	return i + (size_t)__builtin_ctzll(marked(word)) / 8;
}

/* U+2028 or U+2029. */
static inline bool is_separator(const uint8_t *at, size_t len)
{
	return len == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8;
}

/* The length that the sequences from at[*i] on, which is 0x80 or more, get over their own. */
static uint64_t multibyte_growth(struct bytes text, size_t *i)
{
	uint64_t more = 0;
	size_t at = *i;

	do {
		size_t len = utf8_sequence(text.at + at, text.len - at);

		if (len == 0 || is_separator(text.at + at, len))
			more += 6 - MAX_OF(len, (size_t)1);
		at += MAX_OF(len, (size_t)1);
	} while (at < text.len && text.at[at] >= 0x80);
	*i = at;
	return more;
}

uint64_t ejson_string_len(struct bytes text)
{
	uint64_t more = 2;
	size_t i = 0;

	for (;;) {
		i += plain_run(NULL, text.at + i, text.len - i, false);
		if (i == text.len)
			return text.len + more;
		if (actions[text.at[i]] == MULTIBYTE)
			more += multibyte_growth(text, &i);
		else
			more += growth(actions[text.at[i++]]);
	}
}

/* Write the escape of a byte below 0x80. */
static inline uint8_t *put_escape(uint8_t *to, uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	if (actions[byte] != UNICODE) {
		*to++ = actions[byte];
		return to;
	}
	memcpy(to, "u00", 3);
	to[3] = (uint8_t)hex[byte >> 4];
	to[4] = (uint8_t)hex[byte & 15];
	return to + 5;
}

/* Write the sequences from at[*i] on, which is 0x80 or more, and advance *i behind them. */
static uint8_t *put_multibyte(uint8_t *to, struct bytes text, size_t *i)
{
	size_t at = *i;

	do {
		size_t len = utf8_sequence(text.at + at, text.len - at);

		if (len == 0) {
			memcpy(to, INVALID, 6);
			to += 6;
			at++;
			continue;
		}
		if (is_separator(text.at + at, len)) {
			memcpy(to, "\\u202", 5);
			to[5] = (uint8_t)(text.at[at + 2] - 0xa8 + '8');
			to += 6;
		} else {
			for (size_t k = 0; k < len; k++)
				to[k] = text.at[at + k];
			to += len;
		}
		at += len;
	} while (at < text.len && text.at[at] >= 0x80);
	*i = at;
	return to;
}

uint8_t *ejson_string_put(uint8_t *to, struct bytes text)
{
	size_t i = 0;

	*to++ = '"';
	for (;;) {
		size_t plain = plain_run(to, text.at + i, text.len - i, true);

		to += plain;
		i += plain;
		if (i == text.len)
			break;
		if (actions[text.at[i]] == MULTIBYTE)
			to = put_multibyte(to, text, &i);
		else
			to = put_escape(to, text.at[i++]);
	}
	*to++ = '"';
	return to;
}
