#include "oplog/coll_mod.h"

#include <math.h>

#include "base/bson_build.h"

#define MAX_CHANGES 24
#define EMPTY_STRING_LEN 5 /* of a BSON string's value */

/* A field that gets a value, or goes (type 0). */
struct change {
	char name[64];
	unsigned rank; /* its place among the fields of such a document */
	uint8_t type;
	struct bytes value;
	uint8_t own[8]; /* `value` lies here if it was made */
	bool moves;	/* to the end, when it is there already */
	bool done;
};

struct changes {
	struct change at[MAX_CHANGES];
	size_t count;
};

static const char *const option_order[] = {
	"capped",
	"size",
	"max",
	"autoIndexId",
	"temp",
	"recordPreImages",
	"changeStreamPreAndPostImages",
	"storageEngine",
	"indexOptionDefaults",
	"validator",
	"validationLevel",
	"validationAction",
	"collation",
	"viewOn",
	"pipeline",
	"clusteredIndex",
	"expireAfterSeconds",
	"timeseries",
	"encryptedFields",
	"recordIdsReplicated",
};

static const char *const spec_order[] = {"v", "key", "name", "ns", "unique"};

/* Time series' options: one document inside another. */
static const char *const series_order[] = {"timeField", "metaField", "granularity",
					   "bucketMaxSpanSeconds", "bucketRoundingSeconds"};

struct order {
	const char *const *names;
	unsigned count;
};

#define ORDER_OF(array)                                                                            \
	(struct order)                                                                             \
	{                                                                                          \
		array, COUNT_OF(array)                                                             \
	}

static unsigned rank_of(struct order order, struct bytes name)
{
	unsigned rank = 0;

	while (rank < order.count && !bytes_equal(name, bytes_str(order.names[rank])))
		rank++;
	return rank;
}

static bool named(const struct bson_field *field, const char *name)
{
	return bytes_equal(field->name, bytes_str(name));
}

static int add(struct changes *changes, struct order order, struct bytes name, uint8_t type,
	       struct bytes value, struct error *e)
{
	struct change *change = &changes->at[changes->count];

	if (changes->count == MAX_CHANGES || name.len >= sizeof(change->name))
		return error_set(e, ERR_LIMIT, "collMod of more than %d options, or a long name",
				 MAX_CHANGES);
	*change = (struct change){.rank = rank_of(order, name), .type = type, .value = value};
	memcpy(change->name, name.at, name.len);
	changes->count++;
	return 0;
}

static int add_as(struct changes *changes, struct order order, const char *name,
		  const struct bson_field *field, struct error *e)
{
	return add(changes, order, bytes_str(name), field->type, field->value, e);
}

static int drop(struct changes *changes, struct order order, const char *name, struct error *e)
{
	return add(changes, order, bytes_str(name), 0, bytes_of(NULL, 0), e);
}

static bool is_number(const struct bson_field *field, int64_t *ret)
{
	double number;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
	} else if (field->type == BSON_KIND_INT64) {
		*ret = (int64_t)get_le64(field->value.at);
	} else if (field->type == BSON_KIND_DOUBLE) {
		number = get_le_double(field->value.at);
		if (!(number > -9e15 && number < 9e15))
			return false;
		*ret = (int64_t)number;
	} else {
		return false;
	}
	return true;
}

/* A number as a server stores it: int32 if it fits. */
static int add_number(struct changes *changes, struct order order, const char *name, int64_t number,
		      struct error *e)
{
	bool small = number >= INT32_MIN && number <= INT32_MAX;
	int got = add(changes, order, bytes_str(name), small ? BSON_KIND_INT32 : BSON_KIND_INT64,
		      bytes_of(NULL, 0), e);
	struct change *change;

	if (got < 0)
		return got;
	change = &changes->at[changes->count - 1];
	put_le64(change->own, (uint64_t)number);
	change->value = bytes_of(change->own, small ? 4 : 8);
	return 0;
}

static int wrong(const struct bson_field *field, struct error *e)
{
	return error_set(e, ERR_CORRUPT, "collMod: %.*s has type 0x%02x",
			 (int)MIN_OF(field->name.len, (size_t)60), (const char *)field->name.at,
			 field->type);
}

static int copy_number(struct changes *changes, struct order order, const char *name,
		       const struct bson_field *field, struct error *e)
{
	int64_t number;

	if (!is_number(field, &number))
		return wrong(field, e);
	return add_number(changes, order, name, number, e);
}

static bool is_false(const struct bson_field *field)
{
	return field->type == BSON_KIND_BOOL && field->value.at[0] == 0;
}

/* Append `doc` with the changes; returns 1, or 0 and nothing when it is the same. */
static int write_changed(struct bytes doc, struct changes *changes, struct order order,
			 struct buf *ret, struct error *e);
static struct change *find_change(struct changes *changes, struct bytes name);

/* { granularity } or { bucketMaxSpanSeconds, bucketRoundingSeconds } into the options `old`. */
static int change_series(struct bytes old, struct bytes given, struct buf *ret, struct error *e)
{
	static const struct {
		const char *name;
		int64_t span;
	} spans[] = {{"seconds", 3600}, {"minutes", 86400}, {"hours", 2592000}};
	const struct order order = ORDER_OF(series_order);
	struct bson_fields fields = bson_fields(given);
	struct changes changes = {0};
	struct bson_field field;
	struct bytes text;
	bool grain = false;
	int got, bad = 0;

	while (bad == 0 && (got = bson_fields_next(&fields, &field, e)) > 0) {
		bad = add(&changes, order, field.name, field.type, field.value, e);
		if (bad < 0 || !named(&field, "granularity"))
			continue;
		grain = true;
		if (field.type != BSON_KIND_STRING || bson_text(field.value, &text, e) < 0)
			return wrong(&field, e);
		for (size_t i = 0; bad == 0 && i < COUNT_OF(spans); i++)
			if (bytes_equal(text, bytes_str(spans[i].name)))
				bad = add_number(&changes, order, "bucketMaxSpanSeconds",
						 spans[i].span, e);
		if (bad == 0)
			bad = drop(&changes, order, "bucketRoundingSeconds", e);
	}
	if (bad == 0 && got == 0 && !grain && changes.count > 0)
		bad = drop(&changes, order, "granularity", e);
	if (bad < 0 || got < 0)
		return bad < 0 ? bad : got;
	got = write_changed(old, &changes, order, ret, e);
	if (got == 0)
		buf_add_bytes(ret, old);
	return got < 0 ? got : 0;
}

static int take_series(struct changes *changes, struct bytes options,
		       const struct bson_field *field, struct buf *series, struct error *e)
{
	struct bson_field old;
	int got = bson_find(options, "timeseries", &old, e);

	if (got <= 0)
		return got;
	if (field->type != BSON_KIND_DOCUMENT || old.type != BSON_KIND_DOCUMENT)
		return wrong(field, e);
	if ((got = change_series(old.value, field->value, series, e)) < 0)
		return got;
	return add(changes, ORDER_OF(option_order), field->name, BSON_KIND_DOCUMENT,
		   buf_bytes(series), e);
}

static bool is_enabled(const struct bson_field *field)
{
	struct bson_field enabled;
	struct error ignored = {0};

	return field->type != BSON_KIND_DOCUMENT ||
	       bson_find(field->value, "enabled", &enabled, &ignored) <= 0 || !is_false(&enabled);
}

/* Logged as it was given, stored in whole 256 bytes (measured on 6.0.27). */
static int take_capped_size(struct changes *changes, const struct bson_field *field,
			    struct error *e)
{
	int64_t size;

	if (!is_number(field, &size) || size > INT64_MAX - 255)
		return wrong(field, e);
	return add_number(changes, ORDER_OF(option_order), "size", (size + 255) & ~(int64_t)255, e);
}

/* No limit is logged as it was given, and stored as the largest one (measured on 6.0.27). */
static int take_capped_max(struct changes *changes, const struct bson_field *field, struct error *e)
{
	int64_t max;

	if (!is_number(field, &max))
		return wrong(field, e);
	return add_number(changes, ORDER_OF(option_order), "max", max > 0 ? max : INT32_MAX, e);
}

/* A collection keeps images in one of two ways: who turns one on turns off the other (measured on 6.0.27). 4.4 takes any value for recordPreImages. */
static int take_images(struct changes *changes, const struct bson_field *field, struct error *e)
{
	const struct order order = ORDER_OF(option_order);
	static const uint8_t yes = 1;
	bool pre = named(field, "recordPreImages");
	int got;

	if (pre ? !bson_is_true(field) : !is_enabled(field))
		return add(changes, order, field->name, 0, bytes_of(NULL, 0), e);
	got = pre ? add(changes, order, field->name, BSON_KIND_BOOL, bytes_of(&yes, 1), e)
		  : add(changes, order, field->name, field->type, field->value, e);
	if (got < 0)
		return got;
	return drop(changes, order, pre ? "changeStreamPreAndPostImages" : "recordPreImages", e);
}

/* What is no option of the collection: of old servers, or flags that servers keep beside the options (coll_mod.idl). */
static bool is_no_option(const struct bson_field *field)
{
	static const char *const names[] = {
		"index",
		"noPadding",
		"usePowerOf2Sizes",
		"isTimeseriesNamespace",
		"timeseriesBucketsMayHaveMixedSchemaData",
		"timeseriesBucketingParametersHaveChanged",
		"_removeLegacyTimeseriesBucketingParametersHaveChanged",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (named(field, names[i]))
			return true;
	return false;
}

static const struct {
	const char *name;
	uint8_t value[11]; /* a string's payload */
	size_t len;
} validation_defaults[] = {
	{"validationLevel", {7, 0, 0, 0, 's', 't', 'r', 'i', 'c', 't', 0}, 11},
	{"validationAction", {6, 0, 0, 0, 'e', 'r', 'r', 'o', 'r', 0}, 10},
};

static int add_default(struct changes *changes, size_t which, struct error *e)
{
	return add(changes, ORDER_OF(option_order), bytes_str(validation_defaults[which].name),
		   BSON_KIND_STRING,
		   bytes_of(validation_defaults[which].value, validation_defaults[which].len), e);
}

/* Which of validation_defaults[] it sets to the empty text; -1: none. */
static int unsaid_validation(const struct bson_field *field)
{
	for (size_t i = 0; i < COUNT_OF(validation_defaults); i++)
		if (named(field, validation_defaults[i].name) && field->type == BSON_KIND_STRING &&
		    field->value.len == EMPTY_STRING_LEN)
			return (int)i;
	return -1;
}

static int take_option(struct changes *changes, const struct bson_field *field, struct error *e)
{
	const struct order order = ORDER_OF(option_order);
	bool empty = (field->type == BSON_KIND_DOCUMENT || field->type == BSON_KIND_ARRAY) &&
		     field->value.len == BSON_MIN_LEN;

	if (is_no_option(field))
		return 0;
	if (unsaid_validation(field) >= 0)
		return add_default(changes, (size_t)unsaid_validation(field), e);
	if (named(field, "cappedSize"))
		return take_capped_size(changes, field, e);
	if (named(field, "cappedMax"))
		return take_capped_max(changes, field, e);
	if (named(field, "recordPreImages") || named(field, "changeStreamPreAndPostImages"))
		return take_images(changes, field, e);
	if ((named(field, "validator") && empty) ||
	    (named(field, "recordIdsReplicated") && is_false(field)) ||
	    (named(field, "expireAfterSeconds") && field->type == BSON_KIND_STRING))
		return add(changes, order, field->name, 0, bytes_of(NULL, 0), e);
	return add(changes, order, field->name, field->type, field->value, e);
}

static bool is_validation(const struct bson_field *field)
{
	return named(field, "validator") || named(field, "validationLevel") ||
	       named(field, "validationAction");
}

/* Who changes one of them has all of them written out (measured on 4.2 to 6.0). */
static int complete_validation(struct changes *changes, struct bytes options, struct error *e)
{
	for (size_t i = 0; i < COUNT_OF(validation_defaults); i++) {
		struct bytes name = bytes_str(validation_defaults[i].name);
		struct bson_field field;
		int got = bson_find(options, validation_defaults[i].name, &field, e);

		if (got == 0 && find_change(changes, name) == NULL)
			got = add_default(changes, i, e);
		if (got < 0)
			return got;
	}
	return 0;
}

int coll_mod_options(const struct command *command, struct bytes options, int version,
		     struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(command->entry->o);
	OWNED(buf_release) struct buf series = {0};
	struct changes changes = {0};
	struct bson_field field;
	bool images = false, validation = false;
	int bad = 0, got = bson_fields_next(&fields, &field, e);

	while (got > 0 && bad == 0 && (got = bson_fields_next(&fields, &field, e)) > 0) {
		/* As if it were not there; 4.4 sets the default (measured), later ones refuse it. */
		if (version < 404 && unsaid_validation(&field) >= 0)
			continue;
		images = images || named(&field, "recordPreImages");
		validation = validation || is_validation(&field);
		if (named(&field, "timeseries"))
			bad = take_series(&changes, options, &field, &series, e);
		else
			bad = take_option(&changes, &field, e);
	}
	if (got == 0 && bad == 0 && validation)
		bad = complete_validation(&changes, options, e);
	/* 5.0 forgets it whenever it is not mentioned (measured); 4.4 doesn't, 6.0 has it no more. */
	if (got == 0 && bad == 0 && version / 100 == 5 && !images)
		bad = drop(&changes, ORDER_OF(option_order), "recordPreImages", e);
	if (got == 0 && bad == 0)
		got = write_changed(options, &changes, ORDER_OF(option_order), ret, e);
	else
		got = bad < 0 ? bad : got;
	return got < 0 ? entry_wrap(command->entry, e) : got;
}

/* The document `index` of the collMod: 1, or 0 when there is none. */
static int find_index(const struct command *command, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int got = bson_find(command->entry->o, "index", &field, e);

	if (got > 0 && field.type != BSON_KIND_DOCUMENT)
		got = wrong(&field, e);
	if (got > 0)
		*ret = field.value;
	return got < 0 ? entry_wrap(command->entry, e) : got;
}

int coll_mod_names_index(const struct command *command, struct bytes spec, struct error *e)
{
	static const char *const names[][2] = {{"name", "name"}, {"keyPattern", "key"}};
	struct bson_field wanted, has;
	struct bytes index;
	int got = find_index(command, &index, e);

	if (got <= 0)
		return got;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if ((got = bson_find(index, names[i][0], &wanted, e)) < 0)
			return entry_wrap(command->entry, e);
		if (got == 0)
			continue;
		if ((got = bson_find(spec, names[i][1], &has, e)) < 0)
			return got;
		return got > 0 && has.type == wanted.type && bytes_equal(has.value, wanted.value);
	}
	return 0;
}

static double as_double(const struct bson_field *field)
{
	int64_t whole;

	if (field->type == BSON_KIND_DOUBLE)
		return get_le_double(field->value.at);
	return is_number(field, &whole) ? (double)whole : (double)NAN;
}

/* 4.x moves a changed one to the end, and leaves an equal number alone, type and all (measured on 4.2 and 4.4). */
static int take_old_expiry(struct changes *changes, const struct bson_field *field,
			   struct bytes spec, struct error *e)
{
	struct bson_field old;
	int got = bson_find(spec, "expireAfterSeconds", &old, e);

	if (got < 0 || (got > 0 && as_double(&old) == as_double(field)))
		return MIN_OF(got, 0);
	got = add_as(changes, ORDER_OF(spec_order), "expireAfterSeconds", field, e);
	if (got == 0)
		changes->at[changes->count - 1].moves = true;
	return got;
}

static int take_index_option(struct changes *changes, const struct bson_field *field,
			     struct bytes spec, int major, struct error *e)
{
	const struct order order = ORDER_OF(spec_order);
	int got = 0;

	if (named(field, "name") || named(field, "keyPattern"))
		return 0;
	if (named(field, "expireAfterSeconds"))
		return major >= 5 ? copy_number(changes, order, "expireAfterSeconds", field, e)
				  : take_old_expiry(changes, field, spec, e);
	if (named(field, "forceNonUnique"))
		return is_false(field) ? 0 : drop(changes, order, "unique", e);
	if (named(field, "unique") && !is_false(field))
		got = drop(changes, order, "prepareUnique", e);
	if (got < 0)
		return got;
	return is_false(field) ? add(changes, order, field->name, 0, bytes_of(NULL, 0), e)
			       : add(changes, order, field->name, field->type, field->value, e);
}

int coll_mod_index(const struct command *command, struct bytes spec, int major, struct buf *ret,
		   struct error *e)
{
	struct changes changes = {0};
	struct bson_fields fields;
	struct bson_field field;
	struct bytes index;
	int bad = 0, got = find_index(command, &index, e);

	if (got <= 0)
		return got;
	fields = bson_fields(index);
	while (bad == 0 && (got = bson_fields_next(&fields, &field, e)) > 0)
		bad = take_index_option(&changes, &field, spec, major, e);
	if (bad < 0 || got < 0)
		return entry_wrap(command->entry, e);
	return write_changed(spec, &changes, ORDER_OF(spec_order), ret, e);
}

static struct change *find_change(struct changes *changes, struct bytes name)
{
	/* Of several for one name the last one counts. */
	for (size_t i = changes->count; i-- > 0;)
		if (bytes_equal(name, bytes_str(changes->at[i].name)))
			return &changes->at[i];
	return NULL;
}

/* New fields whose place is before `rank`, in the order of their places. */
static void write_new(struct buf *ret, struct changes *changes, unsigned rank)
{
	for (unsigned at = 0; at < rank; at++) {
		for (size_t i = 0; i < changes->count; i++) {
			struct change *change = &changes->at[i];

			if (change->done || change->rank != at)
				continue;
			change->done = true;
			if (change->type != 0)
				bson_build_value(ret, change->name, change->type, change->value);
		}
	}
}

/* Fields that stay where they are come from `doc`; the others go to their places. */
static void mark_present(struct bytes doc, struct changes *changes)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error ignored = {0};

	for (size_t i = 0; i < changes->count; i++)
		changes->at[i].done =
			find_change(changes, bytes_str(changes->at[i].name)) != &changes->at[i];
	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct change *change = find_change(changes, field.name);

		if (change != NULL && !change->moves)
			change->done = true;
	}
}

static int write_changed(struct bytes doc, struct changes *changes, struct order order,
			 struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	size_t start = ret->len, begin = bson_build_begin(ret);
	struct bson_field field;
	int got;

	mark_present(doc, changes);
	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		const struct change *change = find_change(changes, field.name);

		write_new(ret, changes, rank_of(order, field.name));
		if (change == NULL)
			buf_add_bytes(ret, bson_element(&field));
		else if (change->type != 0 && !change->moves)
			bson_build_value(ret, change->name, change->type, change->value);
	}
	if (got == 0) {
		write_new(ret, changes, order.count + 1);
		bson_build_end(ret, begin);
		got = !bytes_equal(doc, bytes_of(ret->at + start, ret->len - start));
	}
	if (got <= 0)
		ret->len = start;
	return got;
}
