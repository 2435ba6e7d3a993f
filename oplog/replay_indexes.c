#include "oplog/replay_indexes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bson_build.h"
#include "base/ejson_number.h"
#include "oplog/coll_mod.h"
#include "store/snapshot/catalog_normal.h"

/* The order in which servers list the fields of a spec from 5.0 on, and what they hold. */
static const struct {
	const char *name;
	uint8_t type; /* 0: any */
} listed_fields[] = {
	{"v", BSON_KIND_INT32},
	{"key", 0},
	{"name", 0},
	{"background", BSON_KIND_BOOL},
	{"unique", BSON_KIND_BOOL},
	{"hidden", BSON_KIND_BOOL},
	{"partialFilterExpression", 0},
	{"sparse", BSON_KIND_BOOL},
	{"expireAfterSeconds", BSON_KIND_INT32},
	{"storageEngine", 0},
	{"weights", 0},
	{"default_language", 0},
	{"language_override", 0},
	{"textIndexVersion", BSON_KIND_INT32},
	{"2dsphereIndexVersion", BSON_KIND_INT32},
	{"bits", BSON_KIND_INT32},
	{"min", BSON_KIND_DOUBLE},
	{"max", BSON_KIND_DOUBLE},
	{"bucketSize", BSON_KIND_DOUBLE},
	{"collation", 0},
	{"wildcardProjection", 0},
	{"columnstoreProjection", 0},
	{"columnstoreCompressor", 0},
	{"coarsestIndexedLevel", BSON_KIND_INT32},
	{"finestIndexedLevel", BSON_KIND_INT32},
	{"dropDups", BSON_KIND_BOOL},
	{"originalSpec", 0},
	{"clustered", BSON_KIND_BOOL},
	{"prepareUnique", BSON_KIND_BOOL},
};

static bool named(const struct bson_field *field, const char *name)
{
	return bytes_equal(field->name, bytes_str(name));
}

static double decimal_of(const uint8_t *value)
{
	uint8_t text[EJSON_NUMBER_MAX + 1];

	text[ejson_number_decimal(text, value)] = 0;
	return strtod((const char *)text, NULL);
}

static bool number_of(const struct bson_field *field, double *ret)
{
	uint64_t bits;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
	} else if (field->type == BSON_KIND_INT64) {
		*ret = (double)(int64_t)get_le64(field->value.at);
	} else if (field->type == BSON_KIND_BOOL) {
		*ret = field->value.at[0];
	} else if (field->type == BSON_KIND_DOUBLE) {
		bits = get_le64(field->value.at);
		memcpy(ret, &bits, sizeof(*ret));
	} else if (field->type == BSON_KIND_DECIMAL) {
		*ret = decimal_of(field->value.at);
	} else {
		return false;
	}
	return true;
}

/* As 5.0.4 and 6.0.27 do: a NaN is 0, a double is cut, a decimal goes to the nearest, and what is too large to the last one. */
static int32_t int32_of(double number, bool decimal)
{
	if (isnan(number))
		return 0;
	if (decimal)
		number = rint(number);
	if (number <= INT32_MIN)
		return INT32_MIN;
	return number >= INT32_MAX ? INT32_MAX : (int32_t)number;
}

/* The value in the type in which it is listed; a decimal that becomes a double stays as it is. */
static void add_as(struct buf *ret, const struct bson_field *field, uint8_t type)
{
	const char *name = (const char *)field->name.at;
	bool decimal = field->type == BSON_KIND_DECIMAL;
	double number;

	if (type == 0 || field->type == type || (decimal && type == BSON_KIND_DOUBLE) ||
	    !number_of(field, &number))
		buf_add_bytes(ret, bson_element(field));
	else if (type == BSON_KIND_DOUBLE)
		bson_build_double(ret, name, number);
	else if (type == BSON_KIND_BOOL)
		bson_build_bool(ret, name, number != 0);
	else
		bson_build_int32(ret, name, int32_of(number, decimal));
}

static bool is_listed(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(listed_fields); i++)
		if (bytes_equal(name, bytes_str(listed_fields[i].name)))
			return true;
	return false;
}

static int list_new(struct bytes spec, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(spec);
	struct bson_field field;
	int got;

	for (size_t i = 0; i < COUNT_OF(listed_fields); i++) {
		if ((got = bson_find(spec, listed_fields[i].name, &field, e)) < 0)
			return got;
		if (got > 0)
			add_as(ret, &field, listed_fields[i].type);
	}
	while ((got = bson_fields_next(&fields, &field, e)) > 0)
		if (!is_listed(field.name) && !named(&field, "ns"))
			buf_add_bytes(ret, bson_element(&field));
	return got;
}

/* Up to 4.4 these come first, the others as they were given. (Before hidden was changed by collMod, which puts it last.) */
static int list_old(struct bytes spec, struct bytes ns, struct buf *ret, struct error *e)
{
	static const char *const first[] = {"v", "unique", "hidden", "key", "name"};
	struct bson_fields fields = bson_fields(spec);
	struct bson_field field;
	int got;

	for (size_t i = 0; i < COUNT_OF(first); i++) {
		if ((got = bson_find(spec, first[i], &field, e)) < 0)
			return got;
		if (got > 0)
			buf_add_bytes(ret, bson_element(&field));
	}
	if (ns.len > 0)
		bson_build_string(ret, "ns", ns);
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		bool had = named(&field, "ns");

		for (size_t i = 0; i < COUNT_OF(first); i++)
			had = had || named(&field, first[i]);
		if (!had)
			buf_add_bytes(ret, bson_element(&field));
	}
	return got;
}

int replay_indexes_listed(struct bytes spec, int major, struct bytes ns, struct buf *ret,
			  struct error *e)
{
	size_t begin = bson_build_begin(ret);
	int got = major >= 5 ? list_new(spec, ret, e) : list_old(spec, ns, ret, e);

	if (got < 0) {
		ret->len = begin;
		return got;
	}
	bson_build_end(ret, begin);
	return 0;
}

int replay_indexes_clustered(struct bytes options, struct buf *ret, struct error *e)
{
	static const char *const shown[] = {"collation", "expireAfterSeconds"};
	OWNED(buf_release) struct buf spec = {0};
	struct bson_fields fields;
	struct bson_field field;
	size_t begin;
	int got = bson_find(options, "clusteredIndex", &field, e);

	if (got <= 0 || field.type != BSON_KIND_DOCUMENT)
		return got < 0 ? got : 0;
	fields = bson_fields(field.value);
	begin = bson_build_begin(&spec);
	while ((got = bson_fields_next(&fields, &field, e)) > 0)
		buf_add_bytes(&spec, bson_element(&field));
	for (size_t i = 0; got >= 0 && i < COUNT_OF(shown); i++)
		if ((got = bson_find(options, shown[i], &field, e)) > 0)
			buf_add_bytes(&spec, bson_element(&field));
	if (got < 0)
		return got;
	bson_build_bool(&spec, "clustered", true);
	bson_build_end(&spec, begin);
	got = replay_indexes_listed(buf_bytes(&spec), 6, bytes_of(NULL, 0), ret, e);
	return got < 0 ? got : 1;
}

int replay_indexes_name(struct bytes spec, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int got = bson_find(spec, "name", &field, e);

	if (got < 0)
		return got;
	if (got == 0 || field.type != BSON_KIND_STRING)
		return error_set(e, ERR_CORRUPT, "an index's spec without a name");
	return bson_text(field.value, ret, e);
}

/* The next spec: 1, 0 at the end. */
static int next_spec(struct bson_fields *fields, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int got;

	if (fields->doc.len == 0)
		return 0;
	got = bson_fields_next(fields, &field, e);
	if (got <= 0)
		return got;
	if (field.type != BSON_KIND_DOCUMENT)
		return error_set(e, ERR_CORRUPT, "an index's spec has type 0x%02x", field.type);
	*ret = field.value;
	return 1;
}

/* An array that is being written. */
struct array {
	struct buf out;
	size_t begin;
	unsigned count;
};

static void array_release(struct array *array)
{
	buf_release(&array->out);
}
DEFINE_OWNED_STRUCT(struct array, array_release);

static void array_add(struct array *array, struct bytes spec)
{
	char number[16];

	if (array->out.len == 0)
		array->begin = bson_build_begin(&array->out);
	snprintf(number, sizeof(number), "%u", array->count++);
	bson_build_value(&array->out, number, BSON_KIND_DOCUMENT, spec);
}

/* It becomes `indexes`. */
static void array_take(struct array *array, struct buf *indexes)
{
	if (array->out.len == 0)
		array->begin = bson_build_begin(&array->out);
	bson_build_end(&array->out, array->begin);
	buf_release(indexes);
	*indexes = array->out;
	array->out = (struct buf){0};
}

static int is_same(struct bytes a, struct bytes b, struct error *e)
{
	OWNED(buf_release) struct buf x = {0};
	OWNED(buf_release) struct buf y = {0};

	if (catalog_normal_index(a, &x, e) < 0 || catalog_normal_index(b, &y, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&x), buf_bytes(&y));
}

/* Is there an index called `name`, and which? 1 or 0. */
static int find(struct bytes indexes, struct bytes name, struct bytes *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(indexes);
	struct bytes spec, other;
	int got;

	while ((got = next_spec(&fields, &spec, e)) > 0) {
		if (replay_indexes_name(spec, &other, e) < 0)
			return e->code;
		if (bytes_equal(name, other)) {
			*ret = spec;
			return 1;
		}
	}
	return got;
}

int replay_indexes_put(struct buf *indexes, struct bytes spec, replay_indexes_before *before,
		       void *ctx, struct error *e)
{
	OWNED(array_release) struct array array = {0};
	struct bson_fields fields = bson_fields(buf_bytes(indexes));
	struct bytes name, old = {0}, other, other_name;
	bool done = false;
	int got, had;

	if (replay_indexes_name(spec, &name, e) < 0 ||
	    (had = find(buf_bytes(indexes), name, &old, e)) < 0)
		return e->code;
	if (had > 0 && (got = is_same(old, spec, e)) != 0)
		return got < 0 ? got : 0;
	while ((got = next_spec(&fields, &other, e)) > 0) {
		if (replay_indexes_name(other, &other_name, e) < 0)
			return e->code;
		if (had > 0 && bytes_equal(other_name, name)) {
			other = spec;
			done = true;
		} else if (had == 0 && !done && before != NULL && before(ctx, other_name)) {
			array_add(&array, spec);
			done = true;
		}
		array_add(&array, other);
	}
	if (got < 0)
		return got;
	if (!done)
		array_add(&array, spec);
	array_take(&array, indexes);
	return 1;
}

/* Does the command mean this index? */
static int is_meant(const struct command *command, struct bytes spec, struct error *e)
{
	OWNED(buf_release) struct buf wanted = {0};
	OWNED(buf_release) struct buf has = {0};
	struct bson_field key;
	struct bytes name;
	size_t begin;
	int got;

	if (replay_indexes_name(spec, &name, e) < 0)
		return e->code;
	if (bytes_equal(name, bytes_str("_id_")))
		return 0;
	if (command->all_indexes)
		return 1;
	if (command->index_name.len > 0)
		return bytes_equal(name, command->index_name);
	if ((got = bson_find(spec, "key", &key, e)) <= 0)
		return got;
	/* As specs of one field: 1 and 1.0 are the same. */
	begin = bson_build_begin(&wanted);
	bson_build_value(&wanted, "key", BSON_KIND_DOCUMENT, command->index_key);
	bson_build_end(&wanted, begin);
	begin = bson_build_begin(&has);
	bson_build_value(&has, "key", key.type, key.value);
	bson_build_end(&has, begin);
	return is_same(buf_bytes(&wanted), buf_bytes(&has), e);
}

int replay_indexes_remove(struct buf *indexes, const struct command *command, struct error *e)
{
	OWNED(array_release) struct array array = {0};
	struct bson_fields fields = bson_fields(buf_bytes(indexes));
	struct bytes spec;
	int got, removed = 0;

	while ((got = next_spec(&fields, &spec, e)) > 0) {
		int meant = is_meant(command, spec, e);

		if (meant < 0)
			return meant;
		if (meant > 0)
			removed++;
		else
			array_add(&array, spec);
	}
	if (got < 0)
		return got;
	if (removed > 0)
		array_take(&array, indexes);
	return removed;
}

int replay_indexes_remove_named(struct buf *indexes, struct bytes name, struct error *e)
{
	struct command command = {.index_name = name};

	if (name.len == 0)
		return 0;
	return replay_indexes_remove(indexes, &command, e);
}

int replay_indexes_modify(struct buf *indexes, const struct command *command, int major,
			  struct error *e)
{
	OWNED(array_release) struct array array = {0};
	struct bson_fields fields = bson_fields(buf_bytes(indexes));
	struct bytes spec;
	int got, changed = 0;

	while ((got = next_spec(&fields, &spec, e)) > 0) {
		OWNED(buf_release) struct buf to = {0};
		OWNED(buf_release) struct buf listed = {0};
		int meant = coll_mod_names_index(command, spec, e);

		if (meant > 0)
			meant = coll_mod_index(command, spec, major, &to, e);
		if (meant > 0 && major >= 5) {
			if (replay_indexes_listed(buf_bytes(&to), major, bytes_of(NULL, 0), &listed,
						  e) < 0)
				return e->code;
			spec = buf_bytes(&listed);
		} else if (meant > 0) {
			spec = buf_bytes(&to);
		}
		if (meant < 0)
			return meant;
		changed += meant;
		array_add(&array, spec);
	}
	if (got < 0)
		return got;
	if (changed > 0)
		array_take(&array, indexes);
	return changed > 0;
}

int replay_indexes_have_ns(struct bytes indexes, struct error *e)
{
	struct bson_fields fields = bson_fields(indexes);
	struct bson_field field;
	struct bytes spec;
	int got = next_spec(&fields, &spec, e);

	return got <= 0 ? got : bson_find(spec, "ns", &field, e);
}

int replay_indexes_rename(struct buf *indexes, struct bytes ns, struct error *e)
{
	OWNED(array_release) struct array array = {0};
	struct bson_fields fields = bson_fields(buf_bytes(indexes));
	struct bytes spec;
	int got = replay_indexes_have_ns(buf_bytes(indexes), e);

	if (got <= 0)
		return got;
	while ((got = next_spec(&fields, &spec, e)) > 0) {
		OWNED(buf_release) struct buf to = {0};

		if (replay_indexes_listed(spec, 4, ns, &to, e) < 0)
			return e->code;
		array_add(&array, buf_bytes(&to));
	}
	if (got < 0)
		return got;
	array_take(&array, indexes);
	return 0;
}

/* The next build, and is it ready: 1, 0 at the end. What was stored was checked when it was read. */
static int next_started(struct bson_fields *fields, struct bytes *ret_name, bool *ret_ready)
{
	struct bson_field field;
	struct error ignored;

	if (fields->doc.len == 0 || bson_fields_next(fields, &field, &ignored) != 1)
		return 0;
	*ret_name = field.name;
	*ret_ready = bson_is_true(&field);
	return 1;
}

static void add_started(struct buf *list, struct bytes name, bool ready)
{
	if (list->len == 0)
		bson_build_begin(list);
	buf_add_u8(list, BSON_KIND_BOOL);
	buf_add_bytes(list, name);
	buf_add_u8(list, 0);
	buf_add_u8(list, ready);
}

enum what { GONE, READY, BEGUN };

/* A new list without `name`, with it ready, or with it at the end. What is ready is kept behind something that is not. */
static void rewrite(struct buf *started, struct bytes name, enum what what)
{
	struct bson_fields fields = bson_fields(buf_bytes(started));
	struct buf list = {0};
	struct bytes other;
	bool ready;

	while (next_started(&fields, &other, &ready) == 1) {
		bool same = bytes_equal(other, name);

		ready = ready || (same && what == READY);
		/* Nothing before it is being built: its place is the end. */
		if ((same && what != READY) || (ready && list.len == 0))
			continue;
		add_started(&list, other, ready);
	}
	if (what == BEGUN)
		add_started(&list, name, false);
	if (list.len > 0)
		bson_build_end(&list, 0);
	buf_release(started);
	*started = list;
}

void replay_indexes_begin(struct buf *started, struct bytes name)
{
	if (memchr(name.at, 0, name.len) != NULL)
		return; /* no such index name can be had; its order is not worth a refusal */
	rewrite(started, name, BEGUN);
}

void replay_indexes_end(struct buf *started, struct bytes name, bool ready)
{
	if (started->len > 0)
		rewrite(started, name, ready ? READY : GONE);
}

bool replay_indexes_later(const struct buf *started, struct bytes name, struct bytes other)
{
	struct bson_fields fields = bson_fields(buf_bytes(started));
	bool seen = false, ready;
	struct bytes at;

	while (next_started(&fields, &at, &ready) == 1) {
		if (bytes_equal(at, name))
			seen = true;
		else if (bytes_equal(at, other))
			return seen;
	}
	return false;
}
