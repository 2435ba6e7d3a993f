#include "base/shell_word.h"

#include <string.h>

static const char plain[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

const char *shell_word(const char *text, struct buf *b)
{
	if (*text != '\0' && text[strspn(text, plain)] == '\0')
		return text;
	buf_reset(b);
	buf_add_u8(b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_str(b, "'\\'");
		buf_add_u8(b, (uint8_t)*text);
	}
	buf_add_u8(b, '\'');
	return buf_text(b);
}
