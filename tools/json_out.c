#include "tools/json_out.h"

#include "base/time_text.h"
#include "base/utf8.h"
#include "tools/term.h"

#define FLUSH_AT (64 * KIB)

/* The text between the quotes. */
static void add_escaped(struct buf *to, struct bytes text)
{
	while (text.len > 0) {
		size_t valid = utf8_prefix(text);

		for (size_t i = 0; i < valid; i++) {
			uint8_t c = text.at[i];

			if (c == '"' || c == '\\')
				buf_printf(to, "\\%c", c);
			else if (c == '\n')
				buf_add_str(to, "\\n");
			else if (c == '\t')
				buf_add_str(to, "\\t");
			else if (c < 0x20 || c == 0x7f)
				buf_printf(to, "\\u%04x", c);
			else
				buf_add_u8(to, c);
		}
		if (valid < text.len) {
			buf_add_str(to, "\\ufffd");
			valid++;
		}
		text.at += valid;
		text.len -= valid;
	}
}

/* What is JSON in a file may turn the text of a terminal around, or its colours. */
static void flush(struct json_out *j)
{
	OWNED(buf_release) struct buf escaped = {0};
	struct bytes text = buf_bytes(&j->text);

	if (j->to == NULL || j->text.len == 0)
		return;
	if (term_is_tty(j->to)) {
		term_escape_message(buf_text(&j->text), &escaped);
		text = buf_bytes(&escaped);
	}
	fwrite(text.at, 1, text.len, j->to);
	buf_reset(&j->text);
}

static void new_line(struct json_out *j)
{
	if (j->line)
		return;
	buf_add_u8(&j->text, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		buf_add_str(&j->text, "  ");
}

/* What comes before each value. */
static void begin_entry(struct json_out *j, struct bytes key)
{
	if (j->text.len > FLUSH_AT)
		flush(j);
	if (j->filled)
		buf_add_u8(&j->text, ',');
	new_line(j);
	j->filled = true;
	if (key.at == NULL)
		return;
	buf_add_u8(&j->text, '"');
	add_escaped(&j->text, key);
	buf_add_str(&j->text, j->line ? "\":" : "\": ");
}

static void begin_value(struct json_out *j, const char *key)
{
	begin_entry(j, key == NULL ? bytes_of(NULL, 0) : bytes_str(key));
}

static void open(struct json_out *j, char bracket)
{
	buf_add_u8(&j->text, (uint8_t)bracket);
	j->depth++;
	j->filled = false;
}

static void close_with(struct json_out *j, char bracket)
{
	j->depth--;
	if (j->filled)
		new_line(j);
	buf_add_u8(&j->text, (uint8_t)bracket);
	j->filled = true;
}

void json_out_begin(struct json_out *j, FILE *to, bool array)
{
	*j = (struct json_out){.to = to, .array = array};
	open(j, array ? '[' : '{');
}

void json_out_begin_line(struct json_out *j, FILE *to)
{
	*j = (struct json_out){.to = to, .line = true};
	open(j, '{');
}

void json_out_finish(struct json_out *j)
{
	close_with(j, j->array ? ']' : '}');
	buf_add_u8(&j->text, '\n');
	flush(j);
	buf_release(&j->text);
}

void json_out_drop(struct json_out *j)
{
	buf_release(&j->text);
}

void json_out_object(struct json_out *j, const char *key)
{
	begin_value(j, key);
	open(j, '{');
}

void json_out_array(struct json_out *j, const char *key)
{
	begin_value(j, key);
	open(j, '[');
}

void json_out_end_object(struct json_out *j)
{
	close_with(j, '}');
}

void json_out_end_array(struct json_out *j)
{
	close_with(j, ']');
}

void json_out_bytes(struct json_out *j, const char *key, struct bytes text)
{
	begin_value(j, key);
	buf_add_u8(&j->text, '"');
	add_escaped(&j->text, text);
	buf_add_u8(&j->text, '"');
}

void json_out_str(struct json_out *j, const char *key, const char *text)
{
	if (text == NULL)
		json_out_null(j, key);
	else
		json_out_bytes(j, key, bytes_str(text));
}

void json_out_raw(struct json_out *j, const char *key, struct bytes json)
{
	begin_value(j, key);
	buf_add_bytes(&j->text, json);
}

void json_out_u64(struct json_out *j, const char *key, uint64_t value)
{
	begin_value(j, key);
	buf_printf(&j->text, "%llu", (unsigned long long)value);
}

void json_out_double(struct json_out *j, const char *key, double value)
{
	begin_value(j, key);
	buf_printf(&j->text, "%.3f", value);
}

void json_out_bool(struct json_out *j, const char *key, bool value)
{
	json_out_raw(j, key, bytes_str(value ? "true" : "false"));
}

void json_out_null(struct json_out *j, const char *key)
{
	json_out_raw(j, key, bytes_str("null"));
}

void json_out_hex(struct json_out *j, const char *key, struct bytes value)
{
	begin_value(j, key);
	buf_add_u8(&j->text, '"');
	for (size_t i = 0; i < value.len; i++)
		buf_printf(&j->text, "%02x", value.at[i]);
	buf_add_u8(&j->text, '"');
}

void json_out_name(struct json_out *j, const char *key, struct bytes name)
{
	json_out_bytes(j, key, name);
	if (utf8_prefix(name) < name.len) {
		OWNED(free) char *hex_key = xprintf("%sHex", key);

		json_out_hex(j, hex_key, name);
	}
}

void json_out_entry_str(struct json_out *j, struct bytes key, const char *value)
{
	begin_entry(j, key);
	buf_add_u8(&j->text, '"');
	add_escaped(&j->text, bytes_str(value));
	buf_add_u8(&j->text, '"');
}

void json_out_time(struct json_out *j, const char *key, uint64_t seconds)
{
	char text[TIME_TEXT_RFC3339_LEN];

	time_text_rfc3339(seconds, text);
	json_out_str(j, key, text);
}

void json_out_optime(struct json_out *j, const char *key, uint32_t seconds, uint32_t increment)
{
	begin_value(j, key);
	buf_printf(&j->text, "\"%u.%u\"", seconds, increment);
}
