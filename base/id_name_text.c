#include "base/id_name_text.h"

#include "base/utf8.h"

/* Values whose key is a class alone. */
static const struct {
	uint8_t class;
	const char *text;
} words[] = {
	{CLASS_MIN_KEY, "MinKey"}, {CLASS_UNDEFINED, "undefined"}, {CLASS_NULL, "null"},
	{CLASS_NAN, "NaN"},	   {CLASS_INFINITY, "Infinity"},   {CLASS_FALSE, "false"},
	{CLASS_TRUE, "true"},	   {CLASS_MAX_KEY, "MaxKey"},
};

const char *id_name_text_word(uint8_t class)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i].class == class)
			return words[i].text;
	return NULL;
}

uint8_t id_name_text_class(struct bytes word)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (bytes_equal(word, bytes_str(words[i].text)))
			return words[i].class;
	return 0;
}

void id_name_text_hex(struct buf *ret, struct bytes from)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < from.len; i++) {
		buf_add_u8(ret, (uint8_t)digits[from.at[i] >> 4]);
		buf_add_u8(ret, (uint8_t)digits[from.at[i] & 15]);
	}
}

static void add_escaped(struct buf *ret, const uint8_t *at, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		buf_add_u8(ret, '%');
		buf_add_u8(ret, (uint8_t)digits[at[i] >> 4]);
		buf_add_u8(ret, (uint8_t)digits[at[i] & 15]);
	}
}

/* Controls of U+0080 to U+009F, line and paragraph separator, directional formatting. */
static bool is_hidden(const uint8_t *at, size_t len)
{
	if (len == 2)
		return at[0] == 0xc2 && at[1] < 0xa0;
	if (len != 3 || at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
	       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

static bool is_escaped(uint8_t byte, enum id_name_place place, bool first)
{
	if (byte < 0x20 || byte == 0x7f || byte == '%' || byte == '/')
		return true;
	if (first && place != PLACE_FIELD && strchr("-.~{[", byte) != NULL)
		return true;
	if (place == PLACE_FIELD && byte == ':')
		return true;
	return place != PLACE_ALONE && strchr(",{}[]", byte) != NULL;
}

size_t id_name_text_unit(struct buf *ret, struct bytes text, enum id_name_place place, bool first)
{
	size_t len = 1;

	if (text.at[0] < 0x80) {
		if (is_escaped(text.at[0], place, first))
			add_escaped(ret, text.at, 1);
		else
			buf_add_u8(ret, text.at[0]);
		return 1;
	}
	len = utf8_sequence(text.at, text.len);
	if (len == 0 || is_hidden(text.at, len))
		add_escaped(ret, text.at, MAX_OF(len, (size_t)1));
	else
		buf_add(ret, text.at, len);
	return MAX_OF(len, (size_t)1);
}

void id_name_text_add(struct buf *ret, struct bytes text, enum id_name_place place)
{
	for (size_t i = 0; i < text.len;)
		i += id_name_text_unit(ret, bytes_of(text.at + i, text.len - i), place, i == 0);
}

static int hex_value(uint8_t digit, char ten)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= ten && digit < ten + 6 ? digit - ten + 10 : -1;
}

bool id_name_text_unhex(struct buf *ret, struct bytes hex)
{
	if (hex.len % 2 != 0)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_value(hex.at[i], 'a'), low = hex_value(hex.at[i + 1], 'a');

		if (high < 0 || low < 0)
			return false;
		buf_add_u8(ret, (uint8_t)(high << 4 | low));
	}
	return true;
}

bool id_name_text_unescape(struct buf *ret, struct bytes text, enum id_name_nul nul)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];

		if (byte == '%') {
			int high = i + 2 < text.len ? hex_value(text.at[i + 1], 'A') : -1;
			int low = i + 2 < text.len ? hex_value(text.at[i + 2], 'A') : -1;

			if (high < 0 || low < 0)
				return false;
			byte = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (byte == 0 && nul == NUL_NONE)
			return false;
		buf_add_u8(ret, byte);
		if (byte == 0 && nul == NUL_DOUBLE)
			buf_add_u8(ret, 0xff);
	}
	return true;
}
