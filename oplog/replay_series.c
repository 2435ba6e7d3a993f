#include "oplog/replay_series.h"

#include "base/bson_build.h"
#include "oplog/replay_indexes.h"

static bool named(const struct bson_field *field, const char *name)
{
	return bytes_equal(field->name, bytes_str(name));
}

int replay_series_options(struct bytes buckets, struct buf *ret, struct error *e)
{
	static const char *const shown[] = {"storageEngine", "indexOptionDefaults", "collation",
					    "timeseries", "expireAfterSeconds"};
	struct bson_fields fields = bson_fields(buckets);
	size_t begin = bson_build_begin(ret);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0)
		for (size_t i = 0; i < COUNT_OF(shown); i++)
			if (named(&field, shown[i]))
				buf_add_bytes(ret, bson_element(&field));
	if (got < 0) {
		ret->len = begin;
		return got;
	}
	bson_build_end(ret, begin);
	return 0;
}

/* "timeField" or "metaField" of the options: 1, or 0 and empty. */
static int name_of(struct bytes options, const char *which, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int got = bson_find(options, "timeseries", &field, e);

	*ret = bytes_of(NULL, 0);
	if (got <= 0 || field.type != BSON_KIND_DOCUMENT)
		return got < 0 ? got : 0;
	got = bson_find(field.value, which, &field, e);
	if (got <= 0 || field.type != BSON_KIND_STRING)
		return got < 0 ? got : 0;
	got = bson_text(field.value, ret, e);
	return got < 0 ? got : 1;
}

static bool cut(struct bytes name, const char *prefix, struct bytes *ret)
{
	size_t len = strlen(prefix);

	if (name.len < len || memcmp(name.at, prefix, len) != 0)
		return false;
	*ret = bytes_of(name.at + len, name.len - len);
	return true;
}

/* Names with a NUL come from damaged texts only: none is written. */
static void add_named(struct buf *ret, const struct bson_field *field, struct bytes a,
		      struct bytes b)
{
	buf_add_u8(ret, field->type);
	buf_add_bytes(ret, a);
	buf_add_bytes(ret, b);
	buf_add_u8(ret, 0);
	buf_add_bytes(ret, field->value);
}

/* A key that is being translated. */
struct key {
	struct bytes meta, time;
	const char *awaited; /* the other end of the time, which has to come next; NULL: none */
	struct buf *out;
};

/* One field of the buckets' key as one of the time series'. 1; 0: can't be. */
static int add_key_field(struct key *key, const struct bson_field *field)
{
	static const char low[] = "control.min.", high[] = "control.max.";
	const char *other = high;
	struct bytes rest;

	if (key->awaited != NULL) {
		if (!cut(field->name, key->awaited, &rest) || !bytes_equal(rest, key->time))
			return 0;
		key->awaited = NULL;
		return 1;
	}
	if (cut(field->name, "meta", &rest) && (rest.len == 0 || rest.at[0] == '.')) {
		if (key->meta.len == 0)
			return 0;
		add_named(key->out, field, key->meta, rest);
		return 1;
	}
	/* Of the two ends the first one is the index's, the other comes with it. */
	if (!cut(field->name, low, &rest)) {
		other = low;
		if (!cut(field->name, high, &rest))
			return 0;
	}
	if (!bytes_equal(rest, key->time))
		return 0;
	add_named(key->out, field, key->time, bytes_of(NULL, 0));
	key->awaited = other;
	return 1;
}

static int add_key(struct bytes spec_key, struct bytes options, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(spec_key);
	struct key key = {.out = ret};
	size_t begin = bson_build_open(ret, "key");
	struct bson_field field;
	int got;

	if (name_of(options, "metaField", &key.meta, e) < 0 ||
	    name_of(options, "timeField", &key.time, e) < 0)
		return e->code;
	if (key.time.len == 0 || memchr(key.time.at, 0, key.time.len) != NULL ||
	    (key.meta.len > 0 && memchr(key.meta.at, 0, key.meta.len) != NULL))
		return 0;
	while ((got = bson_fields_next(&fields, &field, e)) > 0)
		if (add_key_field(&key, &field) == 0)
			return 0;
	bson_build_end(ret, begin);
	return got < 0 ? got : key.awaited == NULL;
}

static int add_translated(struct bytes spec, struct bytes options, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(spec);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (!named(&field, "key")) {
			buf_add_bytes(ret, bson_element(&field));
			continue;
		}
		got = field.type == BSON_KIND_DOCUMENT ? add_key(field.value, options, ret, e) : 0;
		if (got <= 0)
			return got;
	}
	return got < 0 ? got : 1;
}

int replay_series_index(struct bytes spec, struct bytes options, int major, struct buf *ret,
			struct error *e)
{
	OWNED(buf_release) struct buf shown = {0};
	size_t begin = bson_build_begin(&shown);
	struct bson_field original;
	int got = bson_find(spec, "originalSpec", &original, e);

	if (got > 0 && original.type == BSON_KIND_DOCUMENT) {
		buf_reset(&shown);
		buf_add_bytes(&shown, original.value);
	} else if (got >= 0) {
		got = add_translated(spec, options, &shown, e);
		if (got > 0)
			bson_build_end(&shown, begin);
	}
	if (got <= 0)
		return got;
	/* No server before 5.0 has a time series. */
	got = replay_indexes_listed(buf_bytes(&shown), MAX_OF(major, 5), bytes_of(NULL, 0), ret, e);
	return got < 0 ? got : 1;
}

int replay_series_is_original(struct bytes spec, struct bytes options, struct error *e)
{
	struct bson_fields fields;
	struct bytes meta, time, rest;
	struct bson_field field;
	int got = bson_find(spec, "partialFilterExpression", &field, e);

	if (got != 0)
		return got;
	if (name_of(options, "metaField", &meta, e) < 0 ||
	    name_of(options, "timeField", &time, e) < 0)
		return e->code;
	got = bson_find(spec, "key", &field, e);
	if (got <= 0 || field.type != BSON_KIND_DOCUMENT)
		return got < 0 ? got : 0;
	fields = bson_fields(field.value);
	/* A field that is neither the time nor in the meta field is a measurement. */
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		bool is_meta = meta.len > 0 && field.name.len >= meta.len &&
			       memcmp(field.name.at, meta.at, meta.len) == 0;

		rest = bytes_of(field.name.at + meta.len, is_meta ? field.name.len - meta.len : 0);
		if (!bytes_equal(field.name, time) &&
		    (!is_meta || (rest.len > 0 && rest.at[0] != '.')))
			return 1;
	}
	return got;
}
