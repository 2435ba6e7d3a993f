#include "oplog/update_out.h"

#include <stdio.h>

int update_out_reject(struct update_out *out, int code, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(out->e, ERR_CORRUPT, "a server rejects this update with code %d: %s", code,
			 text);
}

int update_out_grow(struct update_out *out, size_t len)
{
	int got = buf_reserve(out->to, len, out->limit, out->e);

	return got == ERR_LIMIT ? error_wrap(out->e, "updated document") : got;
}

int update_out_open(struct update_out *out, size_t *ret)
{
	static const uint8_t none[4];

	*ret = out->to->len;
	return update_out_put(out, none, sizeof(none));
}

int update_out_close(struct update_out *out, size_t begin)
{
	int got = update_out_put(out, "", 1);

	if (got < 0)
		return got;
	put_le32(out->to->at + begin, (uint32_t)(out->to->len - begin));
	return 0;
}

int update_out_name(struct update_out *out, uint8_t type, struct bytes name)
{
	struct buf *b = out->to;

	if (name.len + 2 > b->cap - b->len || name.len + 2 > out->limit - b->len) {
		int got = update_out_grow(out, name.len + 2);

		if (got < 0)
			return got;
	}
	b->at[b->len] = type;
	if (name.len > 0)
		memcpy(b->at + b->len + 1, name.at, name.len);
	b->at[b->len + 1 + name.len] = 0;
	b->len += name.len + 2;
	return 0;
}

int update_out_field(struct update_out *out, uint8_t type, struct bytes name, struct bytes value)
{
	int got = update_out_name(out, type, name);

	return got < 0 ? got : update_out_put(out, value.at, value.len);
}

struct update_out_index update_out_index_of(uint32_t value)
{
	struct update_out_index index = {.value = value};
	uint8_t len = 1;

	for (uint32_t rest = value; rest >= 10; rest /= 10)
		len++;
	index.len = len;
	for (uint32_t rest = value; len > 0; rest /= 10)
		index.text[--len] = (char)('0' + rest % 10);
	return index;
}

void update_out_index_next(struct update_out_index *index)
{
	uint8_t at = index->len;

	index->value++;
	while (at > 0 && index->text[at - 1] == '9')
		index->text[--at] = '0';
	if (at > 0) {
		index->text[at - 1]++;
		return;
	}
	/* All nines: one digit more. */
	index->text[0] = '1';
	index->text[index->len] = '0';
	index->len++;
}

int update_out_nulls(struct update_out *out, struct update_out_index *index, uint32_t end)
{
	while (index->value < end) {
		int got = update_out_name(out, BSON_KIND_NULL, update_out_index_name(index));

		if (got < 0)
			return got;
		update_out_index_next(index);
	}
	return 0;
}

int64_t update_out_parse_index(struct bytes name)
{
	uint64_t value = 0;

	if (name.len == 0)
		return -1;
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return -1;
		value = value * 10 + (uint64_t)(name.at[i] - '0');
		if (value > UINT32_MAX)
			return -1;
	}
	return (int64_t)value;
}

int update_out_element(struct update_out *out, struct update_out_run *run,
		       const struct bson_field *field, const struct update_out_index *index)
{
	struct bytes name = update_out_index_name(index);
	int got;

	if (bytes_equal(field->name, name))
		return 0;
	got = update_out_flush(out, run, update_out_begin(field), update_out_end(field));
	return got < 0 ? got : update_out_field(out, field->type, name, field->value);
}
