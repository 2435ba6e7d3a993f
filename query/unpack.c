#include "query/unpack.h"

#include "base/bson_build.h"
#include "query/bson_column.h"

#define COLUMNS_MAX 4096 /* fields of one bucket */

/* The values of one field, in the order of measurements. */
struct column {
	struct bytes name;
	struct bson_fields plain; /* version 1: {"0": value, "3": value} */
	struct bson_field ahead;  /* the next one of it */
	bool has_ahead;
	struct bson_column *packed; /* or NULL */
};

struct unpack {
	struct stage stage;
	struct bytes time, meta; /* names; meta may be empty */
	struct bytes dropped;
	bool has_time, has_meta; /* to be given */
	struct arena *arena;	 /* of a bucket */
	struct column *columns;	 /* the first is the time's */
	size_t column_count;
	struct value bucket_meta;
	bool in_bucket;
	struct buf doc;
};

static int damaged(struct error *e, const char *what)
{
	return error_set(e, ERR_CORRUPT, "a bucket of a time series is damaged: %s", what);
}

/* ---- columns */

static int step(struct column *c, struct error *e)
{
	int more = bson_fields_next(&c->plain, &c->ahead, e);

	c->has_ahead = more > 0;
	return MIN_OF(more, 0);
}

static int open_column(struct unpack *u, const struct bson_field *field, struct column *c,
		       struct error *e)
{
	*c = (struct column){.name = field->name};
	if (field->type == BSON_KIND_DOCUMENT) {
		c->plain = bson_fields(field->value);
		return step(c, e);
	}
	if (field->type != BSON_KIND_BINARY || field->value.len < 5 || field->value.at[4] != 7)
		return damaged(e, "a column is neither a document nor compressed");
	c->packed = bson_column_new(bytes_of(field->value.at + 5, field->value.len - 5), u->arena);
	return 0;
}

/* The time's next: 1 and its value, and its name in a plain bucket; 0 the end. */
static int next_time(struct column *c, struct value *ret, struct bytes *ret_index, struct error *e)
{
	if (c->packed != NULL)
		return bson_column_next(c->packed, ret, e);
	if (!c->has_ahead)
		return 0;
	*ret = value_of_field(&c->ahead);
	*ret_index = c->ahead.name;
	return step(c, e) < 0 ? e->code : 1;
}

/* The value of the measurement, missing when it has none. */
static int next_value(struct column *c, struct bytes index, struct value *ret, struct error *e)
{
	int more;

	*ret = value_missing();
	if (c->packed != NULL) {
		more = bson_column_next(c->packed, ret, e);
		return MIN_OF(more, 0);
	}
	if (!c->has_ahead || !bytes_equal(c->ahead.name, index))
		return 0;
	*ret = value_of_field(&c->ahead);
	return step(c, e);
}

/* ---- buckets */

static int count_fields(struct bytes doc, size_t *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int more;

	*ret = 0;
	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (++*ret > COLUMNS_MAX)
			return error_set(e, ERR_LIMIT, "a bucket of more than %d fields",
					 COLUMNS_MAX);
	return more;
}

static bool is_dropped(const struct unpack *u, struct bytes name)
{
	struct value v = u->dropped.len > 0 ? value_get(u->dropped, name) : value_missing();

	return !value_is_missing(&v);
}

static int open_bucket(struct unpack *u, struct bytes bucket, struct error *e)
{
	struct bson_field data, field;
	struct bson_fields fields;
	size_t count;
	int found;

	arena_reset(u->arena);
	bucket = arena_copy(u->arena, bucket);
	u->bucket_meta = value_get(bucket, bytes_str("meta"));
	found = bson_find(bucket, "data", &data, e);
	if (found <= 0 || data.type != BSON_KIND_DOCUMENT)
		return found < 0 ? found : damaged(e, "it has no data");
	if (count_fields(data.value, &count, e) < 0)
		return e->code;
	u->columns = arena_zeroed(u->arena, (count + 1) * sizeof(*u->columns));
	u->column_count = 1;
	fields = bson_fields(data.value);
	while ((found = bson_fields_next(&fields, &field, e)) > 0) {
		bool is_time = bytes_equal(field.name, u->time);

		if (!is_time && is_dropped(u, field.name))
			continue;
		if (open_column(u, &field, &u->columns[is_time ? 0 : u->column_count], e) < 0)
			return e->code;
		u->column_count += !is_time;
	}
	if (found == 0 && u->columns[0].name.at == NULL)
		return damaged(e, "it has no times");
	u->in_bucket = true;
	return found;
}

/* The next measurement of the bucket into `doc`: 1, 0 at the bucket's end. */
static int next_measurement(struct unpack *u, struct error *e)
{
	struct bytes index = {0};
	struct value v;
	size_t begin;
	int more = next_time(&u->columns[0], &v, &index, e);

	if (more <= 0)
		return more;
	buf_reset(&u->doc);
	begin = bson_build_begin(&u->doc);
	if (u->has_time)
		value_write(&u->doc, u->time, &v);
	if (u->has_meta)
		value_write(&u->doc, u->meta, &u->bucket_meta);
	for (size_t i = 1; i < u->column_count; i++) {
		if (next_value(&u->columns[i], index, &v, e) < 0)
			return e->code;
		value_write(&u->doc, u->columns[i].name, &v);
	}
	bson_build_end(&u->doc, begin);
	return 1;
}

static int unpack_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct unpack *u = (struct unpack *)stage;

	for (;;) {
		struct stage_doc bucket;
		int more = 0;

		if (u->in_bucket)
			more = next_measurement(u, e);
		if (more != 0) {
			*ret = (struct stage_doc){.doc = buf_bytes(&u->doc)};
			return more;
		}
		u->in_bucket = false;
		more = stage_next(stage->source, &bucket, e);
		if (more <= 0)
			return more;
		if (open_bucket(u, bucket.doc, e) < 0)
			return e->code;
	}
}

static void unpack_close(struct stage *stage)
{
	struct unpack *u = (struct unpack *)stage;

	arena_free(u->arena);
	buf_release(&u->doc);
}

static const struct stage_kind kind = {
	.name = "$_internalUnpackBucket", .next = unpack_next, .close = unpack_close};

static struct bytes name_in(struct bytes options, const char *name)
{
	struct value v = value_get(options, bytes_str(name));

	return v.type == BSON_KIND_STRING ? v.data : (struct bytes){0};
}

int unpack_open(struct query_context *q, struct bytes options, struct bytes dropped,
		struct stage *source, struct stage **ret, struct error *e)
{
	struct unpack *u;
	struct bytes time = name_in(options, "timeField");

	if (time.len == 0) {
		stage_free(source);
		return error_set(e, ERR_CORRUPT, "a time series without a time field");
	}
	u = xcalloc(1, sizeof(*u));
	u->stage = (struct stage){.kind = &kind, .source = source, .q = q};
	u->arena = arena_new();
	u->time = arena_copy(q->constants, time);
	u->meta = arena_copy(q->constants, name_in(options, "metaField"));
	u->dropped = dropped;
	u->has_time = !is_dropped(u, u->time);
	u->has_meta = u->meta.len > 0 && !is_dropped(u, u->meta);
	*ret = &u->stage;
	return 0;
}
