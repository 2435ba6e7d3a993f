#include "query/expr/expr_coerce.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "query/decimal.h"
#include "query/expr/expr_calendar.h"

static struct bytes text_of(struct arena *arena, const char *text)
{
	return arena_copy(arena, bytes_str(text));
}

/* Timestamp::toStringPretty(): "Jan  2 03:04:05:7". */
static struct bytes timestamp_text(uint64_t v, struct arena *arena)
{
	time_t seconds = (time_t)(v >> 32);
	char text[64], all[96];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (strftime(text, sizeof(text), "%b %e %H:%M:%S", &tm) == 0)
		text[0] = 0;
	snprintf(all, sizeof(all), "%s:%" PRIu64, text, v & UINT32_MAX);
	return text_of(arena, all);
}

int expr_date_text(int64_t ms, struct arena *arena, struct bytes *ret, struct error *e)
{
	struct expr_moment m = expr_calendar_of(ms, zone_utc());
	char text[64];

	if (m.year < 0 || m.year > 9999)
		return query_error(e, 18537,
				   "Could not convert date to string: date component was outside "
				   "the supported range of 0-9999: %" PRId64,
				   m.year);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)m.year, m.month,
		 m.day, m.hour, m.minute, m.second, m.millisecond);
	*ret = text_of(arena, text);
	return 0;
}

int expr_coerce_text(const struct value *v, struct arena *arena, struct bytes *ret, struct error *e)
{
	OWNED(buf_release) struct buf b = {0};
	char text[DECIMAL_TEXT_MAX];

	switch (v->type) {
	case BSON_KIND_STRING:
	case BSON_KIND_SYMBOL:
	case BSON_KIND_CODE:
		*ret = v->data;
		return 0;
	case BSON_KIND_DOUBLE:
		value_text(v, &b); /* six digits */
		break;
	case BSON_KIND_INT32:
		buf_printf(&b, "%" PRId32, v->int32);
		break;
	case BSON_KIND_INT64:
		buf_printf(&b, "%" PRId64, v->int64);
		break;
	case BSON_KIND_DECIMAL:
		decimal_text(v->decimal, text);
		buf_add_str(&b, text);
		break;
	case BSON_KIND_TIMESTAMP:
		*ret = timestamp_text(v->timestamp, arena);
		return 0;
	case BSON_KIND_DATE:
		if (expr_date_text(v->date, arena, ret, e) < 0)
			return query_error_cause(e, "failed while coercing date to string");
		return 0;
	case VALUE_MISSING:
	case BSON_KIND_NULL:
	case BSON_KIND_UNDEFINED:
		*ret = bytes_str("");
		return 0;
	default:
		return query_error(e, 16007, "can't convert from BSON type %s to String",
				   expr_type(v));
	}
	*ret = arena_copy(arena, buf_bytes(&b));
	return 0;
}

int64_t expr_coerce_int64(const struct value *v)
{
	unsigned flags = 0;

	switch (v->type) {
	case BSON_KIND_INT32:
		return v->int32;
	case BSON_KIND_INT64:
		return v->int64;
	case BSON_KIND_DECIMAL:
		return decimal_to_int64(decimal_quantize(v->decimal, 0, DECIMAL_HALF_EVEN), &flags);
	case BSON_KIND_DOUBLE:
		if (!(v->number >= -0x1p63 && v->number < 0x1p63))
			return INT64_MIN;
		return (int64_t)v->number;
	default:
		return 0;
	}
}

int expr_coerce_long(const struct value *v, int64_t *ret, struct error *e)
{
	if (v->type == BSON_KIND_DOUBLE && !(v->number >= -0x1p63 && v->number < 0x1p63))
		return query_error(e, 31109, "Can't coerce out of range value %g to long",
				   v->number);
	*ret = expr_coerce_int64(v);
	return 0;
}

struct value expr_string_of(struct arena *arena, const struct buf *b)
{
	return value_string(arena_copy(arena, buf_bytes(b)));
}

size_t expr_character_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	/* As many as it has leading ones: 5 to 8 for what is no UTF-8. */
	return (size_t)__builtin_clz(~((unsigned)first << 24));
}
