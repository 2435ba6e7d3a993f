#include "query/bson_column.h"

#include <math.h>

#include "base/bson_build.h"

#define WORD 8 /* bytes of one Simple-8b word */
#define RLE_SELECTOR 15
#define RLE_UNIT 120 /* values that one step of a run length stands for */
#define DEPTH_MAX 64 /* of objects in an interleaved reference */

/* How values lie in a Simple-8b word; a kind is the plain one, or one with counts of trailing zeros. */
struct layout {
	uint8_t bits[16]; /* of a value, without its count of zeros; 0: there is no such selector */
	uint8_t count_bits;
	uint8_t zeros; /* that each count stands for */
};

static const struct layout layouts[] = {
	{{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 60, 0}, 0, 0},
	{{0, 2, 3, 4, 5, 7, 10, 14, 24, 52, 0, 0, 0, 0, 0, 0}, 4, 1},
	{{0, 4, 5, 7, 10, 14, 24, 52, 0, 0, 0, 0, 0, 0, 0, 0}, 4, 4},
	{{0, 0, 0, 0, 0, 0, 0, 0, 4, 6, 9, 13, 23, 51, 0, 0}, 5, 4},
};

/* A walk over words. The last number stays known behind their end: a run of it may come. */
struct words {
	const uint8_t *at, *end; /* of the words that were not begun */
	uint64_t word;
	const struct layout *layout;
	uint64_t mask;
	unsigned shift, width; /* width 0: nothing is left in the word */
	unsigned run;	       /* values left of a run */
	bool is_none;	       /* the value that was read last was a skip */
	unsigned __int128 value;
};

/* One stream of values: the decoder of a scalar. */
struct stream {
	struct value last; /* the type and value that differences are to; missing at first */
	bool is_wide;	   /* differences have 128 bits */
	bool is_double_delta;
	uint8_t scale;
	int64_t encoded, second; /* `second`: the sum of `encoded`, with is_double_delta */
	unsigned __int128 wide;
	struct words words;
};

struct bson_column {
	struct arena *arena;
	const uint8_t *at, *end;
	bool is_done, is_interleaved, with_arrays;
	struct value reference; /* of the interleaved: an object or array */
	struct stream *streams; /* of its scalars */
	size_t stream_count, stream;
	struct stream own; /* when not interleaved */
	struct buf build;  /* not used between calls */
};

struct bson_column *bson_column_new(struct bytes column, struct arena *arena)
{
	struct bson_column *c = arena_zeroed(arena, sizeof(*c));

	c->arena = arena;
	c->at = column.at;
	c->end = column.at + column.len;
	return c;
}

static int damaged(struct error *e, const char *what)
{
	return error_set(e, ERR_CORRUPT, "a compressed column is damaged: %s", what);
}

/* ---- Simple-8b */

static int next_word(struct words *w, struct error *e)
{
	unsigned selector, extension, kind = 0;

	w->word = get_le64(w->at);
	w->at += WORD;
	selector = (unsigned)(w->word & 15);
	extension = (unsigned)(w->word >> 4 & 15);
	if (selector == RLE_SELECTOR) {
		w->run = (extension + 1) * RLE_UNIT;
		w->width = 0;
		return 0;
	}
	w->shift = 4;
	if (selector == 7 || selector == 8) {
		w->shift = 8;
		if (extension != 0) {
			kind = selector == 7 ? 1 : extension < 8 ? 2 : 3;
			selector = extension;
		}
	}
	w->layout = &layouts[kind];
	if (w->layout->bits[selector] == 0)
		return damaged(e, "a selector that does not exist");
	w->width = w->layout->bits[selector] + w->layout->count_bits;
	w->mask = ((uint64_t)1 << w->width) - 1;
	return 0;
}

/* 1: the next number is in `value`, or it is a skip; 0: the words are at their end. */
static int next_number(struct words *w, struct error *e)
{
	uint64_t raw;

	for (;;) {
		if (w->run > 0) {
			w->run--;
			return 1;
		}
		if (w->width > 0 && w->shift + w->width <= 64)
			break;
		w->width = 0;
		if (w->at == w->end)
			return 0;
		if (next_word(w, e) < 0)
			return e->code;
	}
	raw = w->word >> w->shift & w->mask;
	w->shift += w->width;
	w->is_none = raw == w->mask;
	if (!w->is_none) {
		unsigned zeros = (unsigned)(raw & (((uint64_t)1 << w->layout->count_bits) - 1)) *
				 w->layout->zeros;

		w->value = (unsigned __int128)(raw >> w->layout->count_bits) << zeros;
	}
	return 1;
}

/* ---- what is packed, for each type */

static int64_t object_id_number(struct bytes id)
{
	static const uint8_t places[] = {11, 3, 10, 2, 9, 1, 0};
	uint64_t v = 0;

	for (size_t i = 0; i < COUNT_OF(places); i++)
		v |= (uint64_t)id.at[places[i]] << (8 * i);
	return (int64_t)v;
}

static struct bytes object_id_of(struct arena *arena, struct bytes last, int64_t number)
{
	static const uint8_t places[] = {11, 3, 10, 2, 9, 1, 0};
	uint8_t *id = arena_get(arena, 12);

	memcpy(id, last.at, 12);
	for (size_t i = 0; i < COUNT_OF(places); i++)
		id[places[i]] = (uint8_t)((uint64_t)number >> (8 * i));
	return bytes_of(id, 12);
}

/* Up to 16 bytes as a number, the last one of a string lowest; longer ones are 0 (and have no differences). */
static unsigned __int128 wide_of(const struct value *v)
{
	unsigned __int128 wide = 0;
	struct bytes data = v->data;

	if (v->type == BSON_KIND_DECIMAL) {
		memcpy(&wide, &v->decimal, sizeof(wide));
		return wide;
	}
	if (v->type == BSON_KIND_BINARY)
		data = bytes_of(data.at + 5, data.len - 5);
	if (data.len > 16)
		return 0;
	for (size_t i = 0; i < data.len; i++) {
		size_t place = v->type == BSON_KIND_BINARY ? i : data.len - 1 - i;

		wide |= (unsigned __int128)data.at[i] << (8 * place);
	}
	return wide;
}

static int wide_value(struct arena *arena, const struct value *last, unsigned __int128 wide,
		      struct value *ret, struct error *e)
{
	uint8_t *text;
	size_t len = 16;

	*ret = *last;
	if (last->type == BSON_KIND_DECIMAL) {
		memcpy(&ret->decimal, &wide, sizeof(wide));
		return 0;
	}
	if (last->type == BSON_KIND_BINARY) {
		if (last->data.len > 5 + 16)
			return damaged(e, "a difference to long binary data");
		text = arena_get(arena, last->data.len);
		memcpy(text, last->data.at, 5);
		for (size_t i = 5; i < last->data.len; i++)
			text[i] = (uint8_t)(wide >> (8 * (i - 5)));
		ret->data.at = text;
		return 0;
	}
	while (len > 0 && (uint8_t)(wide >> (8 * (len - 1))) == 0)
		len--;
	text = arena_get(arena, len + 1);
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(wide >> (8 * (len - 1 - i)));
	ret->data = bytes_of(text, len);
	return 0;
}

static const double scales[] = {1, 10, 100, 10000, 100000000};
#define SCALE_MEMORY COUNT_OF(scales) /* the double's bits are the number */

static int scale_double(double v, uint8_t scale, int64_t *ret, struct error *e)
{
	double times;

	if (scale == SCALE_MEMORY) {
		memcpy(ret, &v, sizeof(v));
		return 0;
	}
	times = v * scales[scale];
	if (!(times >= -9007199254740992.0 && times <= 9007199254740992.0))
		return damaged(e, "a double that does not fit its scale");
	*ret = llround(times);
	return 0;
}

static double unscale_double(int64_t v, uint8_t scale)
{
	double ret;

	if (scale != SCALE_MEMORY)
		return (double)v / scales[scale];
	memcpy(&ret, &v, sizeof(ret));
	return ret;
}

/* ---- one stream */

/* A literal: what comes is told by its difference to it. */
static void take_literal(struct stream *s, const struct value *v)
{
	int64_t number = 0;

	*s = (struct stream){.last = *v};
	switch (v->type) {
	case BSON_KIND_DECIMAL:
	case BSON_KIND_BINARY:
	case BSON_KIND_STRING:
	case BSON_KIND_CODE:
		s->is_wide = true;
		s->wide = wide_of(v);
		return;
	case BSON_KIND_OBJECT_ID:
		number = object_id_number(v->data);
		s->is_double_delta = true;
		break;
	case BSON_KIND_DATE:
		number = v->date;
		s->is_double_delta = true;
		break;
	case BSON_KIND_TIMESTAMP:
		number = (int64_t)v->timestamp;
		s->is_double_delta = true;
		break;
	case BSON_KIND_BOOL:
		number = v->flag;
		break;
	case BSON_KIND_INT32:
		number = v->int32;
		break;
	case BSON_KIND_INT64:
		number = v->int64;
		break;
	default:
		break;
	}
	if (s->is_double_delta)
		s->second = number;
	else
		s->encoded = number;
}

static int number_value(struct arena *arena, struct stream *s, int64_t number, struct error *e)
{
	struct value *last = &s->last;

	switch (last->type) {
	case BSON_KIND_DOUBLE:
		last->number = unscale_double(number, s->scale);
		return 0;
	case BSON_KIND_OBJECT_ID:
		last->data = object_id_of(arena, last->data, number);
		return 0;
	case BSON_KIND_DATE:
		last->date = number;
		return 0;
	case BSON_KIND_TIMESTAMP:
		last->timestamp = (uint64_t)number;
		return 0;
	case BSON_KIND_BOOL:
		last->flag = (number & 1) != 0;
		return 0;
	case BSON_KIND_INT32:
		last->int32 = (int32_t)number;
		return 0;
	case BSON_KIND_INT64:
		last->int64 = number;
		return 0;
	default:
		return damaged(e, "a difference to a value that can have none");
	}
}

/* The stream's number was read: its value, missing for a skip. */
static int take_number(struct arena *arena, struct stream *s, struct value *ret, struct error *e)
{
	uint64_t raw = (uint64_t)s->words.value;
	unsigned __int128 wide = s->words.value;

	if (s->words.is_none) {
		*ret = value_missing();
		return 1;
	}
	if (wide != 0 && s->is_wide) {
		s->wide += (wide >> 1) ^ (~(wide & 1) + 1);
		if (wide_value(arena, &s->last, s->wide, &s->last, e) < 0)
			return e->code;
	} else if (!s->is_wide && (raw != 0 || s->is_double_delta)) {
		s->encoded = (int64_t)((uint64_t)s->encoded + ((raw >> 1) ^ (~(raw & 1) + 1)));
		s->second = (int64_t)((uint64_t)s->second + (uint64_t)s->encoded);
		if (number_value(arena, s, s->is_double_delta ? s->second : s->encoded, e) < 0)
			return e->code;
	}
	*ret = s->last;
	return 1;
}

static bool is_literal(uint8_t control)
{
	return (control & 0xe0) == 0 || control == BSON_KIND_MAX_KEY ||
	       control == BSON_KIND_MIN_KEY;
}

/* At a control byte: a literal, or words. */
static int take_control(struct bson_column *c, struct stream *s, struct value *ret, struct error *e)
{
	uint8_t control = *c->at;
	size_t len = (size_t)((control & 15) + 1) * WORD;
	int got;

	if (is_literal(control)) {
		struct bson_field field = {.type = control};
		int64_t value_len;

		if (c->end - c->at < 2 || c->at[1] != 0)
			return damaged(e, "a literal with a name");
		field.value = bytes_of(c->at + 2, (size_t)(c->end - c->at - 2));
		value_len = bson_value_len(control, field.value);
		if (value_len < 0)
			return damaged(e, "a literal that is cut off");
		field.value.len = (size_t)value_len;
		c->at = field.value.at + value_len;
		*ret = value_of_field(&field);
		take_literal(s, ret);
		return 1;
	}
	if (control < 0x80 || control >= 0xe0)
		return damaged(e, "a control byte that does not exist");
	if ((size_t)(c->end - c->at) < len + 1)
		return damaged(e, "it is cut off");
	s->scale = (uint8_t)(control >> 4 == 8 ? (int)SCALE_MEMORY : (control >> 4) - 9);
	if (s->last.type == BSON_KIND_DOUBLE &&
	    scale_double(s->last.number, s->scale, &s->encoded, e) < 0)
		return e->code;
	s->words.at = c->at + 1;
	s->words.end = c->at + 1 + len;
	s->words.width = s->words.run = 0;
	c->at += len + 1;
	got = next_number(&s->words, e);
	if (got <= 0)
		return got < 0 ? got : damaged(e, "words that hold nothing");
	return take_number(c->arena, s, ret, e);
}

/* The next value of a stream: 1, or 0 when a control byte is needed that is the column's (or the interleaving's) end. */
static int next_of(struct bson_column *c, struct stream *s, struct value *ret, struct error *e)
{
	int more = next_number(&s->words, e);

	if (more != 0)
		return more < 0 ? more : take_number(c->arena, s, ret, e);
	if (c->at >= c->end)
		return damaged(e, "it has no end");
	if (*c->at == 0)
		return 0;
	return take_control(c, s, ret, e);
}

/* ---- interleaved objects */

static bool goes_into(const struct bson_column *c, const struct bson_field *field)
{
	return field->type == BSON_KIND_DOCUMENT ||
	       (field->type == BSON_KIND_ARRAY && c->with_arrays);
}

/* Count the scalars of the reference, or make their streams. */
static int each_scalar(struct bson_column *c, struct bytes doc, unsigned depth, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int more;

	if (depth > DEPTH_MAX)
		return damaged(e, "objects in each other");
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		if (goes_into(c, &field)) {
			if (each_scalar(c, field.value, depth + 1, e) < 0)
				return e->code;
			continue;
		}
		if (c->streams != NULL) {
			struct value v = value_of_field(&field);

			take_literal(&c->streams[c->stream_count], &v);
		}
		c->stream_count++;
	}
	return more;
}

static int begin_interleaved(struct bson_column *c, struct error *e)
{
	uint8_t control = *c->at;
	struct bytes rest = bytes_of(c->at + 1, (size_t)(c->end - c->at - 1));
	int64_t len = bson_next(rest, rest.len, e);
	struct bytes doc;

	if (len <= 0)
		return damaged(e, "an interleaved reference that is cut off");
	doc = bytes_of(rest.at, (size_t)len);
	c->with_arrays = control != 0xf0;
	c->reference = control == 0xf2 ? value_array(doc) : value_document(doc);
	c->streams = NULL;
	c->stream_count = 0;
	if (each_scalar(c, doc, 0, e) < 0)
		return e->code;
	if (c->stream_count == 0)
		return damaged(e, "an interleaved reference without values");
	c->streams = arena_zeroed(c->arena, c->stream_count * sizeof(*c->streams));
	c->stream_count = 0;
	if (each_scalar(c, doc, 0, e) < 0)
		return e->code;
	c->at += 1 + len;
	c->is_interleaved = true;
	return 0;
}

/* Append the fields of one object: 1, or 0 when the interleaving has ended before its first scalar. */
static int build_object(struct bson_column *c, struct bytes reference, struct error *e)
{
	struct bson_fields fields = bson_fields(reference);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		struct value v;
		int got;

		if (goes_into(c, &field)) {
			size_t before = c->build.len, inner;

			buf_add_u8(&c->build, field.type);
			buf_add_bytes(&c->build, field.name);
			buf_add_u8(&c->build, 0);
			inner = bson_build_begin(&c->build);
			got = build_object(c, field.value, e);
			if (got <= 0)
				return got;
			if (c->build.len == inner + 4 && field.value.len > BSON_MIN_LEN)
				c->build.len = before;
			else
				bson_build_end(&c->build, inner);
			continue;
		}
		got = next_of(c, &c->streams[c->stream], &v, e);
		if (got <= 0)
			return got == 0 && c->stream > 0 ? damaged(e, "it ends inside an object")
							 : got;
		c->stream++;
		value_write(&c->build, field.name, &v);
	}
	return more < 0 ? more : 1;
}

static int next_interleaved(struct bson_column *c, struct value *ret, struct error *e)
{
	size_t begin;
	int got;

	buf_reset(&c->build);
	begin = bson_build_begin(&c->build);
	c->stream = 0;
	got = build_object(c, c->reference.data, e);
	if (got > 0 && (c->build.len > begin + 4 || c->reference.data.len == BSON_MIN_LEN)) {
		bson_build_end(&c->build, begin);
		*ret = c->reference;
		ret->data = arena_copy(c->arena, buf_bytes(&c->build));
		c->own.last = *ret;
	} else if (got > 0) {
		*ret = value_missing();
	}
	return got;
}

/* After an interleaving, or without one: 1 a value, 0 the end, 2 an interleaving has begun. */
static int next_own(struct bson_column *c, struct value *ret, struct error *e)
{
	int got = next_number(&c->own.words, e);

	if (got != 0)
		return got < 0 ? got : take_number(c->arena, &c->own, ret, e);
	if (c->at >= c->end)
		return damaged(e, "it has no end");
	if (*c->at == 0) {
		c->is_done = true;
		return c->at + 1 == c->end ? 0 : damaged(e, "there is more behind its end");
	}
	if (*c->at < 0xf0 || *c->at > 0xf2)
		return take_control(c, &c->own, ret, e);
	return begin_interleaved(c, e) < 0 ? e->code : 2;
}

int bson_column_next(struct bson_column *c, struct value *ret, struct error *e)
{
	int got = 2;

	while (!c->is_done && got == 2) {
		if (!c->is_interleaved) {
			got = next_own(c, ret, e);
			continue;
		}
		got = next_interleaved(c, ret, e);
		buf_release(&c->build);
		if (got != 0)
			break;
		c->at++;
		c->is_interleaved = false;
		c->own = (struct stream){.last = c->own.last};
		got = 2;
	}
	return c->is_done ? 0 : got;
}
