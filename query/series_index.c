#include "query/series_index.h"

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/reorder_part.h"
#include "query/value.h"

/* What "2dsphere" of a measurement is in buckets. */
#define PLACES "2dsphere_bucket"
/* Where a specification of buckets has what the user said. */
#define ORIGINAL "originalSpec"

struct names {
	struct bytes time, meta; /* `meta` is empty when there is none */
};

static struct bytes text_of(struct bytes series, const char *name)
{
	struct value v = value_get(series, bytes_str(name));

	return v.type == BSON_KIND_STRING ? v.data : (struct bytes){0};
}

static struct names names_of(struct bytes series)
{
	return (struct names){.time = text_of(series, "timeField"),
			      .meta = text_of(series, "metaField")};
}

static bool is_meta(const struct names *n, struct bytes name)
{
	return n->meta.len > 0 && reorder_is_within(name, n->meta);
}

static void add(struct buf *ret, const char *prefix, struct bytes name, const struct value *v)
{
	OWNED(buf_release) struct buf path = {0};

	buf_add_str(&path, prefix);
	buf_add_bytes(&path, name);
	value_write(ret, buf_bytes(&path), v);
}

/* One field of a key. *ret_measured: it is one of the measurements' own. */
static bool add_field(const struct names *n, const struct bson_field *f, struct buf *ret,
		      bool *ret_measured)
{
	struct value v = value_of_field(f);
	bool is_descending;

	if (is_meta(n, f->name)) {
		add(ret, "meta", bytes_of(f->name.at + n->meta.len, f->name.len - n->meta.len), &v);
		return true;
	}
	*ret_measured |= !bytes_equal(f->name, n->time);
	if (!value_is_number(&v)) {
		if (v.type != BSON_KIND_STRING || !bytes_equal(v.data, bytes_str("2dsphere")) ||
		    bytes_equal(f->name, n->time))
			return false;
		v.data = bytes_str(PLACES);
		add(ret, "data.", f->name, &v);
		return true;
	}
	is_descending = value_to_double(&v) < 0;
	add(ret, is_descending ? "control.max." : "control.min.", f->name, &v);
	add(ret, is_descending ? "control.min." : "control.max.", f->name, &v);
	return true;
}

static bool add_key(struct bytes series, struct bytes key, struct buf *ret, bool *ret_measured)
{
	struct names n = names_of(series);
	struct fields fields = fields_of(key);
	struct bson_field f;
	size_t before = ret->len, begin = bson_build_begin(ret);

	*ret_measured = false;
	while (fields_next(&fields, &f)) {
		if (!add_field(&n, &f, ret, ret_measured)) {
			ret->len = before;
			return false;
		}
	}
	bson_build_end(ret, begin);
	return true;
}

bool series_index_key(struct bytes series, struct bytes key, struct buf *ret)
{
	bool is_measured;

	return add_key(series, key, ret, &is_measured);
}

static bool has_places(struct bytes key)
{
	struct fields fields = fields_of(key);
	struct bson_field f;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (v.type == BSON_KIND_STRING && bytes_equal(v.data, bytes_str(PLACES)))
			return true;
	}
	return false;
}

/* The specification without a user's words for it, with another key. */
static void write_spec(struct bytes index, struct bytes key, struct buf *spec)
{
	struct fields fields = fields_of(index);
	struct bson_field f;

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (bytes_equal(f.name, bytes_str(ORIGINAL)))
			continue;
		if (bytes_equal(f.name, bytes_str("key")))
			v.data = key;
		value_write(spec, f.name, &v);
	}
}

/* One specification, as a document in *spec (empty). False: the other can't have it. */
typedef bool spec_maker(struct bytes series, struct bytes index, struct buf *spec);

static bool make_of_buckets(struct bytes series, struct bytes index, struct buf *spec)
{
	OWNED(buf_release) struct buf key = {0};
	struct value of = value_get(index, bytes_str("key"));
	bool is_measured;
	size_t begin;

	if (of.type != BSON_KIND_DOCUMENT || !add_key(series, of.data, &key, &is_measured))
		return false;
	begin = bson_build_begin(spec);
	write_spec(index, buf_bytes(&key), spec);
	of = value_get(index, bytes_str("2dsphereIndexVersion"));
	if (value_is_missing(&of) && has_places(buf_bytes(&key)))
		bson_build_int32(spec, "2dsphereIndexVersion", 3);
	/* From such a key the way back is not clear: the user's words are kept. */
	if (is_measured)
		bson_build_value(spec, ORIGINAL, BSON_KIND_DOCUMENT, index);
	bson_build_end(spec, begin);
	return true;
}

/* `name` is "<prefix>rest": the rest. */
static bool is_below(struct bytes name, const char *prefix, struct bytes *ret)
{
	size_t len = strlen(prefix);

	if (name.len < len || memcmp(name.at, prefix, len) != 0)
		return false;
	*ret = bytes_of(name.at + len, name.len - len);
	return true;
}

/* One field of a key of buckets. False: it is none that a user made. */
static bool add_back(const struct names *n, const struct bson_field *f, struct buf *ret)
{
	OWNED(buf_release) struct buf path = {0};
	struct value v = value_of_field(f);
	struct bytes rest;

	if (is_below(f->name, "meta", &rest) && (rest.len == 0 || rest.at[0] == '.')) {
		buf_add_bytes(&path, n->meta);
	} else if (is_below(f->name, "control.min.", &rest) ||
		   is_below(f->name, "control.max.", &rest)) {
		bool is_min = f->name.at[9] == 'i'; /* control.m[i]n */

		/* Ascending: min first, then max; one of the pair is shown. */
		if (value_is_number(&v) ? is_min != (value_to_double(&v) >= 0) : !is_min)
			return true;
	} else if (!is_below(f->name, "data.", &rest)) {
		return false;
	}
	buf_add_bytes(&path, rest);
	value_write(ret, buf_bytes(&path), &v);
	return true;
}

static bool make_of_series(struct bytes series, struct bytes index, struct buf *spec)
{
	OWNED(buf_release) struct buf key = {0};
	struct names n = names_of(series);
	struct value of = value_get(index, bytes_str("key"));
	struct value original = value_get(index, bytes_str(ORIGINAL));
	struct fields fields;
	struct bson_field f;
	size_t begin;

	if (original.type == BSON_KIND_DOCUMENT) {
		buf_add_bytes(spec, original.data);
		return true;
	}
	if (of.type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(of.data);
	begin = bson_build_begin(&key);
	while (fields_next(&fields, &f))
		if (!add_back(&n, &f, &key))
			return false;
	bson_build_end(&key, begin);
	begin = bson_build_begin(spec);
	write_spec(index, buf_bytes(&key), spec);
	bson_build_end(spec, begin);
	return true;
}

static int make_list(struct bytes options, struct bytes indexes, spec_maker *make, struct buf *ret,
		     struct error *e)
{
	struct value series = value_get(options, bytes_str("timeseries"));
	struct bson_fields fields = bson_fields(indexes);
	struct bson_field f;
	size_t number = 0, begin = bson_build_begin(ret);
	int more = 0;

	while (series.type == BSON_KIND_DOCUMENT && indexes.len > 0 &&
	       (more = bson_fields_next(&fields, &f, e)) > 0) {
		OWNED(buf_release) struct buf spec = {0};
		struct value whole = {.type = BSON_KIND_DOCUMENT};

		if (f.type != BSON_KIND_DOCUMENT || !make(series.data, f.value, &spec))
			continue;
		whole.data = buf_bytes(&spec);
		value_write_at(ret, number++, &whole);
	}
	if (more < 0)
		return more;
	bson_build_end(ret, begin);
	return 0;
}

int series_index_of_buckets(struct bytes options, struct bytes indexes, struct buf *ret,
			    struct error *e)
{
	return make_list(options, indexes, make_of_buckets, ret, e);
}

int series_index_of_series(struct bytes options, struct bytes indexes, struct buf *ret,
			   struct error *e)
{
	return make_list(options, indexes, make_of_series, ret, e);
}
