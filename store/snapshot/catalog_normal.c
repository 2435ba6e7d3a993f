#include "store/snapshot/catalog_normal.h"

#include <stdio.h>

#include "base/bson.h"
#include "base/bson_build.h"

#define FIELDS_MAX 1000000 /* of one document of options, or indexes of one collection */

/* What a field of this name holds; others are kept as they are. */
enum form {
	FORM_AS_IT_IS,
	FORM_LEFT_OUT,
	FORM_BOOL,	 /* a number is one, too; false is nothing */
	FORM_NUMBER,	 /* whole ones are int64 */
	FORM_NUMBERS,	 /* a document with numbers inside, order kept */
	FORM_SORTED,	 /* the same, in order of its names */
	FORM_PROJECTION, /* a document of bools, _id: false is nothing */
	FORM_SPEC,	 /* an index's spec; true stands for itself */
	FORM_NOT_EMPTY,	 /* {} is nothing */
	FORM_ENABLED,	 /* {enabled: false} is nothing */
	FORM_ENGINE,	 /* without flags of the server's own; nothing in it is nothing */
};

struct rule {
	const char *name;
	enum form form;
};

/* The first rule counts. Servers before 4.2 took a size without capped, and made nothing of it. */
#define RULES_NOT_CAPPED 2
static const struct rule option_rules[] = {
	{"size", FORM_LEFT_OUT},
	{"max", FORM_LEFT_OUT},
	{"create", FORM_LEFT_OUT}, /* old tools: the collection's name */
	{"uuid", FORM_LEFT_OUT},
	{"idIndex", FORM_LEFT_OUT},
	{"capped", FORM_BOOL},
	{"temp", FORM_BOOL},
	{"recordPreImages", FORM_BOOL},
	{"recordIdsReplicated", FORM_BOOL},
	{"size", FORM_NUMBER},
	{"max", FORM_NUMBER},
	{"expireAfterSeconds", FORM_NUMBER},
	{"collation", FORM_NUMBERS},
	{"timeseries", FORM_SORTED},
	{"clusteredIndex", FORM_SPEC},
	{"validator", FORM_NOT_EMPTY},
	{"indexOptionDefaults", FORM_NOT_EMPTY},
	{"changeStreamPreAndPostImages", FORM_ENABLED},
	{"storageEngine", FORM_ENGINE},
};

static const struct rule spec_rules[] = {
	{"ns", FORM_LEFT_OUT},
	{"background", FORM_LEFT_OUT},
	{"dropDups", FORM_LEFT_OUT},
	{"v", FORM_NUMBER},
	{"key", FORM_NUMBERS},
	{"unique", FORM_BOOL},
	{"sparse", FORM_BOOL},
	{"hidden", FORM_BOOL},
	{"prepareUnique", FORM_BOOL},
	{"clustered", FORM_BOOL},
	{"expireAfterSeconds", FORM_NUMBER},
	{"weights", FORM_SORTED},
	{"textIndexVersion", FORM_NUMBER},
	{"2dsphereIndexVersion", FORM_NUMBER},
	{"bits", FORM_NUMBER},
	{"min", FORM_NUMBER},
	{"max", FORM_NUMBER},
	{"bucketSize", FORM_NUMBER},
	{"coarsestIndexedLevel", FORM_NUMBER},
	{"finestIndexedLevel", FORM_NUMBER},
	{"collation", FORM_NUMBERS},
	{"wildcardProjection", FORM_PROJECTION},
};

/* Fields of which all names follow one rule. */
static const struct rule number_rules[] = {{NULL, FORM_NUMBER}};
static const struct rule projection_rules[] = {{"_id", FORM_BOOL}, {NULL, FORM_AS_IT_IS}};

struct rules {
	const struct rule *at;
	size_t count;
};

#define RULES_OF(array)                                                                            \
	(struct rules)                                                                             \
	{                                                                                          \
		array, COUNT_OF(array)                                                             \
	}

static int write_document(struct buf *ret, const char *name, struct bytes doc, struct rules rules,
			  bool sorted, struct error *e);

static enum form form_of(struct rules rules, struct bytes name)
{
	for (size_t i = 0; i < rules.count; i++)
		if (rules.at[i].name == NULL || bytes_equal(name, bytes_str(rules.at[i].name)))
			return rules.at[i].form;
	return FORM_AS_IT_IS;
}

/* Its number, when it is whole and below 2^53. */
static bool whole(const struct bson_field *field, int64_t *ret)
{
	double number;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
		return true;
	}
	if (field->type == BSON_KIND_INT64) {
		*ret = (int64_t)get_le64(field->value.at);
		return true;
	}
	if (field->type != BSON_KIND_DOUBLE)
		return false;
	number = get_le_double(field->value.at);
	if (!(number > -9e15 && number < 9e15) || number != (double)(int64_t)number)
		return false;
	*ret = (int64_t)number;
	return true;
}

/* The name with its NUL lies in the document. */
static const char *name_of(const struct bson_field *field)
{
	return (const char *)field->name.at;
}

static void add_number(struct buf *ret, const struct bson_field *field)
{
	int64_t number;

	if (whole(field, &number))
		bson_build_int64(ret, name_of(field), number);
	else
		buf_add_bytes(ret, bson_element(field));
}

static void add_bool(struct buf *ret, const struct bson_field *field)
{
	int64_t number = 0;

	if (field->type == BSON_KIND_BOOL)
		number = field->value.at[0];
	else if (!whole(field, &number)) {
		buf_add_bytes(ret, bson_element(field));
		return;
	}
	if (number != 0)
		bson_build_bool(ret, name_of(field), true);
}

/* true, 1 and 1.0 are the same in a projection; so are their opposites. */
static int add_projection(struct buf *ret, const struct bson_field *projection, struct error *e)
{
	struct bson_fields fields = bson_fields(projection->value);
	size_t begin = bson_build_open(ret, name_of(projection));
	struct bson_field field;
	int64_t number;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (form_of(RULES_OF(projection_rules), field.name) == FORM_BOOL)
			add_bool(ret, &field);
		else if (whole(&field, &number))
			bson_build_bool(ret, name_of(&field), number != 0);
		else
			buf_add_bytes(ret, bson_element(&field));
	}
	bson_build_end(ret, begin);
	return got;
}

static bool is_disabled(struct bytes doc)
{
	struct bson_field enabled;
	struct error ignored = {0};

	return bson_find(doc, "enabled", &enabled, &ignored) > 0 &&
	       enabled.type == BSON_KIND_BOOL && enabled.value.at[0] == 0;
}

/*
 * What a server says there about a time series' buckets follows from the data and the versions it has been through, and is set by
 * an empty collMod that does not tell it (6.0.27, from FCV 5.0 to 6.0): no oplog leads to it.
 */
static void cut_own_flags(struct bytes text, struct buf *ret)
{
	static const char flags[] = "app_metadata=(timeseriesBucket";
	const char *begin = memmem(text.at, text.len, flags, sizeof(flags) - 1);
	size_t before, after;
	const char *end;

	if (begin == NULL) {
		buf_add_bytes(ret, text);
		return;
	}
	before = (size_t)(begin - (const char *)text.at);
	end = memchr(begin, ')', text.len - before);
	after = end == NULL ? text.len : (size_t)(end + 1 - (const char *)text.at);
	if (before > 0 && begin[-1] == ',')
		before--;
	else if (after < text.len && text.at[after] == ',')
		after++;
	buf_add(ret, text.at, before);
	buf_add(ret, text.at + after, text.len - after);
}

static int add_config(struct buf *ret, const struct bson_field *field, struct error *e)
{
	OWNED(buf_release) struct buf kept = {0};
	struct bytes text;

	if (field->type != BSON_KIND_STRING ||
	    !bytes_equal(field->name, bytes_str("configString"))) {
		buf_add_bytes(ret, bson_element(field));
		return 0;
	}
	if (bson_text(field->value, &text, e) < 0)
		return e->code;
	cut_own_flags(text, &kept);
	if (kept.len > 0)
		bson_build_string(ret, name_of(field), buf_bytes(&kept));
	return 0;
}

/* { <engine>: { configString } }, as a level of its own and as a whole: what is empty then is left out. */
static int add_engine(struct buf *ret, const struct bson_field *engines, bool outer,
		      struct error *e)
{
	struct bson_fields fields = bson_fields(engines->value);
	size_t start = ret->len, begin = bson_build_open(ret, name_of(engines)), empty = ret->len;
	struct bson_field field;
	int got, bad = 0;

	while (bad == 0 && (got = bson_fields_next(&fields, &field, e)) > 0)
		bad = outer && field.type == BSON_KIND_DOCUMENT ? add_engine(ret, &field, false, e)
								: add_config(ret, &field, e);
	if (bad < 0 || got < 0)
		return bad < 0 ? bad : got;
	if (ret->len == empty)
		ret->len = start;
	else
		bson_build_end(ret, begin);
	return 0;
}

static int add_in_form(struct buf *ret, const struct bson_field *field, enum form form,
		       struct error *e)
{
	bool document = field->type == BSON_KIND_DOCUMENT;

	switch (form) {
	case FORM_LEFT_OUT:
		return 0;
	case FORM_BOOL:
		add_bool(ret, field);
		return 0;
	case FORM_NUMBER:
		add_number(ret, field);
		return 0;
	case FORM_NUMBERS:
	case FORM_SORTED:
		if (document)
			return write_document(ret, name_of(field), field->value,
					      RULES_OF(number_rules), form == FORM_SORTED, e);
		break;
	case FORM_SPEC:
		if (document)
			return write_document(ret, name_of(field), field->value,
					      RULES_OF(spec_rules), true, e);
		break;
	case FORM_PROJECTION:
		if (document)
			return add_projection(ret, field, e);
		break;
	case FORM_NOT_EMPTY:
		if (document && field->value.len == BSON_MIN_LEN)
			return 0;
		break;
	case FORM_ENABLED:
		if (document && is_disabled(field->value))
			return 0;
		break;
	case FORM_ENGINE:
		if (document)
			return add_engine(ret, field, true, e);
		break;
	case FORM_AS_IT_IS:
		break;
	}
	buf_add_bytes(ret, bson_element(field));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct bson_field *x = a, *y = b;

	return bytes_compare(x->name, y->name);
}

/* All fields of a document, in an array of the caller's. */
static int read_fields(struct bytes doc, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	int got;

	while ((got = bson_fields_next(&fields, &field, e)) > 0) {
		if (ret->len / sizeof(field) >= FIELDS_MAX)
			return error_set(e, ERR_LIMIT, "more than %d fields", FIELDS_MAX);
		buf_add(ret, &field, sizeof(field));
	}
	return got;
}

/* Field `name` of *ret, or a document of its own when it is NULL. */
static int write_document(struct buf *ret, const char *name, struct bytes doc, struct rules rules,
			  bool sorted, struct error *e)
{
	OWNED(buf_release) struct buf list = {0};
	const struct bson_field *fields;
	size_t count, begin;

	if (read_fields(doc, &list, e) < 0)
		return e->code;
	count = list.len / sizeof(struct bson_field);
	if (sorted && count > 1)
		qsort(list.at, count, sizeof(struct bson_field), by_name);
	fields = (const struct bson_field *)(const void *)list.at;
	begin = name == NULL ? bson_build_begin(ret) : bson_build_open(ret, name);
	for (size_t i = 0; i < count; i++)
		if (add_in_form(ret, &fields[i], form_of(rules, fields[i].name), e) < 0)
			return e->code;
	bson_build_end(ret, begin);
	return 0;
}

static int write_whole(struct bytes doc, struct rules rules, struct buf *ret, struct error *e)
{
	size_t start = ret->len;

	if (doc.len == 0)
		doc = bson_build_empty();
	if (write_document(ret, NULL, doc, rules, true, e) < 0) {
		ret->len = start;
		return e->code;
	}
	return 0;
}

int catalog_normal_options(struct bytes options, struct buf *ret, struct error *e)
{
	struct rules rules = RULES_OF(option_rules);
	bool capped = false;

	if (options.len > 0 && catalog_is_capped(options, &capped, e) < 0)
		return e->code;
	if (capped) {
		rules.at += RULES_NOT_CAPPED;
		rules.count -= RULES_NOT_CAPPED;
	}
	return write_whole(options, rules, ret, e);
}

int catalog_normal_index(struct bytes spec, struct buf *ret, struct error *e)
{
	return write_whole(spec, RULES_OF(spec_rules), ret, e);
}

/* In the place of an element's own name, that of its index: so they sort. */
static int read_specs(struct bytes indexes, struct buf *ret, struct error *e)
{
	struct bson_field *specs, name;
	size_t count;
	int got;

	if (read_fields(indexes, ret, e) < 0)
		return e->code;
	specs = (struct bson_field *)(void *)ret->at;
	count = ret->len / sizeof(*specs);
	for (size_t i = 0; i < count; i++) {
		if (specs[i].type != BSON_KIND_DOCUMENT)
			return error_set(e, ERR_CORRUPT, "an index's spec is no document");
		got = bson_find(specs[i].value, "name", &name, e);
		if (got < 0)
			return got;
		specs[i].name = got > 0 ? name.value : bytes_of(NULL, 0);
	}
	if (count > 1)
		qsort(specs, count, sizeof(*specs), by_name);
	return 0;
}

int catalog_normal_indexes(struct bytes indexes, struct buf *ret, struct error *e)
{
	OWNED(buf_release) struct buf list = {0};
	const struct bson_field *specs;
	size_t start = ret->len, begin;
	char number[24];

	if (indexes.len == 0)
		indexes = bson_build_empty();
	if (read_specs(indexes, &list, e) < 0)
		return e->code;
	specs = (const struct bson_field *)(const void *)list.at;
	begin = bson_build_begin(ret);
	for (size_t i = 0; i < list.len / sizeof(*specs); i++) {
		snprintf(number, sizeof(number), "%zu", i);
		if (write_document(ret, number, specs[i].value, RULES_OF(spec_rules), true, e) <
		    0) {
			ret->len = start;
			return e->code;
		}
	}
	bson_build_end(ret, begin);
	return 0;
}

int catalog_normal_is_id_index(struct bytes index, struct error *e)
{
	struct bson_fields fields;
	struct bson_field field;
	int found = bson_find(index, "key", &field, e);

	if (found <= 0 || field.type != BSON_KIND_DOCUMENT)
		return MIN_OF(found, 0);
	fields = bson_fields(field.value);
	found = bson_fields_next(&fields, &field, e);
	if (found <= 0)
		return found;
	if (!bytes_equal(field.name, bytes_str("_id")) || field.type == BSON_KIND_STRING)
		return 0;
	found = bson_fields_next(&fields, &field, e);
	return found < 0 ? found : found == 0;
}

int catalog_normal_same(const struct catalog_entry *a, const struct catalog_entry *b,
			struct error *e)
{
	OWNED(buf_release) struct buf x = {0};
	OWNED(buf_release) struct buf y = {0};

	if (a->type != b->type)
		return 0;
	if (catalog_normal_options(buf_bytes(&a->options), &x, e) < 0 ||
	    catalog_normal_indexes(buf_bytes(&a->indexes), &x, e) < 0 ||
	    catalog_normal_options(buf_bytes(&b->options), &y, e) < 0 ||
	    catalog_normal_indexes(buf_bytes(&b->indexes), &y, e) < 0)
		return e->code;
	return bytes_equal(buf_bytes(&x), buf_bytes(&y));
}
