#include "tools/term.h"

#include <stdlib.h>
#include <time.h>

#include "base/time_text.h"
#include "base/utf8.h"

/* A code point and how many bytes it took; -1 and one byte when they are not UTF-8. */
static int32_t next_code_point(struct bytes text, size_t *ret_len)
{
	size_t len = text.at[0] < 0x80 ? 1 : utf8_sequence(text.at, text.len);
	int32_t code = len <= 1 ? text.at[0] : text.at[0] & (0xff >> (len + 1));

	*ret_len = MAX_OF(len, 1);
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (text.at[i] & 0x3f);
	return len == 0 ? -1 : code;
}

/* Would it move the cursor, end the line, turn the direction or not be seen at all? */
static bool is_hostile(int32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

static void escape_code_point(int32_t code, struct buf *ret)
{
	if (code == '\n')
		buf_add_str(ret, "\\n");
	else if (code == '\t')
		buf_add_str(ret, "\\t");
	else if (code == '\r')
		buf_add_str(ret, "\\r");
	else if (code < 0x80)
		buf_printf(ret, "\\x%02x", (unsigned)code);
	else if (code < 0x10000)
		buf_printf(ret, "\\u%04x", (unsigned)code);
	else
		buf_printf(ret, "\\U%08x", (unsigned)code);
}

static void escape(struct bytes text, bool message, struct buf *ret)
{
	while (text.len > 0) {
		size_t len;
		int32_t code = next_code_point(text, &len);

		if (code < 0)
			buf_printf(ret, "\\x%02x", text.at[0]);
		else if (code == '\\' && !message)
			buf_add_str(ret, "\\\\");
		else if (is_hostile(code) && !(message && code == '\n'))
			escape_code_point(code, ret);
		else
			buf_add(ret, text.at, len);
		text.at += len;
		text.len -= len;
	}
}

void term_escape(struct bytes text, struct buf *ret)
{
	escape(text, false, ret);
}

void term_escape_message(const char *text, struct buf *ret)
{
	escape(bytes_str(text), true, ret);
}

const char *term_escaped(struct bytes text, struct buf *b)
{
	buf_reset(b);
	term_escape(text, b);
	return buf_text(b);
}

/* Exactly `count` hex digits. */
static bool hex_digits(struct bytes text, size_t count, uint32_t *ret)
{
	*ret = 0;
	if (text.len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t c = text.at[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		*ret = *ret << 4 | (uint32_t)digit;
	}
	return true;
}

static void add_utf8(uint32_t code, struct buf *ret)
{
	if (code >= 0x10000)
		buf_add_u8(ret, (uint8_t)(0xf0 | code >> 18));
	if (code >= 0x10000)
		buf_add_u8(ret, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
	else
		buf_add_u8(ret, (uint8_t)(code >= 0x800 ? 0xe0 | code >> 12 : 0xc0 | code >> 6));
	if (code >= 0x800)
		buf_add_u8(ret, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	buf_add_u8(ret, (uint8_t)(0x80 | (code & 0x3f)));
}

bool term_unescape(struct bytes text, struct buf *ret)
{
	for (size_t at = 0; at < text.len; at++) {
		struct bytes rest = bytes_of(text.at + at + 2, text.len - MIN_OF(at + 2, text.len));
		uint8_t c = at + 1 < text.len ? text.at[at + 1] : 0;
		size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
		const char *simple = c == 0 ? NULL : strchr("n\nt\tr\r\\\\", c);
		uint32_t code;

		if (text.at[at] != '\\') {
			buf_add_u8(ret, text.at[at]);
			continue;
		}
		if (digits > 0) {
			if (!hex_digits(rest, digits, &code) || (digits > 2 && code < 0x80) ||
			    code > 0x10ffff)
				return false;
			if (digits == 2)
				buf_add_u8(ret, (uint8_t)code);
			else
				add_utf8(code, ret);
		} else if (simple != NULL && strchr("ntr\\", c) != NULL) {
			buf_add_u8(ret, (uint8_t)simple[1]);
		} else {
			return false;
		}
		at += 1 + digits;
	}
	return true;
}

static bool is_wide(int32_t code)
{
	static const int32_t ranges[][2] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},	{0x3041, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff},   {0xfe30, 0xfe6f},	{0xff00, 0xff60},   {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

size_t term_width(const char *text)
{
	struct bytes rest = bytes_str(text);
	size_t width = 0;

	while (rest.len > 0) {
		size_t len;
		int32_t code = next_code_point(rest, &len);

		if (code < 0x300 || code > 0x36f) /* combining marks take no column */
			width += is_wide(code) ? 2 : 1;
		rest.at += len;
		rest.len -= len;
	}
	return width;
}

bool term_is_tty(FILE *stream)
{
	static int known[3] = {-1, -1, -1};
	int fd = fileno(stream);

	if (fd < 0 || fd > 2)
		return fd >= 0 && isatty(fd);
	if (known[fd] < 0)
		known[fd] = isatty(fd);
	return known[fd] != 0;
}

const char *term_style(FILE *stream, enum term_style style)
{
	static const char *const codes[] = {"\033[0m",	"\033[1m",  "\033[2m",
					    "\033[31m", "\033[33m", "\033[32m"};
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!term_is_tty(stream) || (no_color != NULL && *no_color != '\0') || term == NULL ||
	    strcmp(term, "dumb") == 0)
		return "";
	return codes[style];
}

void term_time(uint64_t seconds, bool local, char ret[TERM_TIME_LEN])
{
	time_t when = (time_t)seconds;
	struct tm utc, here;
	size_t len;

	time_text_utc(seconds, ret);
	len = strlen(ret);
	if (!local || ret[0] == '@' || gmtime_r(&when, &utc) == NULL ||
	    localtime_r(&when, &here) == NULL || here.tm_gmtoff == 0)
		return;
	strftime(ret + len, TERM_TIME_LEN - len,
		 here.tm_mday == utc.tm_mday ? " (%H:%M:%S %Z)" : " (%Y-%m-%d %H:%M:%S %Z)", &here);
}
