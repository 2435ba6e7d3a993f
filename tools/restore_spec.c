#include "tools/restore_spec.h"

#include "base/bson.h"
#include "base/bson_build.h"
#include "store/snapshot/catalog_normal.h"
#include "tools/term.h"

#define SECONDS_MAX ((int64_t)1 << 40) /* later than anybody waits; keeps sums whole */

static bool is_one_of(struct bytes name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(name, bytes_str(names[i])))
			return true;
	return false;
}

int restore_spec_options(struct bytes options, unsigned major, unsigned minor, struct buf *ret,
			 struct buf *ret_expire, struct error *e)
{
	/* Record numbers (8.2 on) are not restored, so that nothing is lost with them; as mongorestore from 100.15 on. */
	static const char *const left_out[] = {
		"create", "uuid",      "idIndex", "autoIndexId",
		"flags",  "$nExtents", "temp",	  "recordIdsReplicated"};
	/* Servers before 4.2 took them without capped, later ones refuse that. */
	static const char *const of_capped[] = {"size", "max"};
	struct bson_fields fields = bson_fields(options);
	struct bson_field field;
	size_t begin = bson_build_begin(ret);
	bool capped;
	int more;

	if (catalog_is_capped(options, &capped, e) < 0)
		return e->code;
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		if (is_one_of(field.name, left_out, COUNT_OF(left_out)) ||
		    (!capped && is_one_of(field.name, of_capped, COUNT_OF(of_capped))) ||
		    (major < 6 &&
		     bytes_equal(field.name, bytes_str("changeStreamPreAndPostImages"))) ||
		    ((major >= 6 || (major == 4 && minor < 4)) &&
		     bytes_equal(field.name, bytes_str("recordPreImages"))))
			continue;
		buf_add_bytes(bytes_equal(field.name, bytes_str("expireAfterSeconds")) ? ret_expire
										       : ret,
			      bson_element(&field));
	}
	bson_build_end(ret, begin);
	return more;
}

/* {collation: {locale: "simple"}}, where the spec has none. 0 or more. */
static int add_simple(struct bytes index, struct buf *ret, struct error *e)
{
	struct bson_field field;
	int found = bson_find(index, "collation", &field, e);
	size_t collation;

	if (found != 0)
		return found;
	collation = bson_build_open(ret, "collation");
	bson_build_string(ret, "locale", bytes_str("simple"));
	bson_build_end(ret, collation);
	return 0;
}

/* Copy a spec without the fields named; `v` 0 is left out, too: only servers before 2.0 made it. */
static int copy_spec(struct bytes index, const char *const *left_out, size_t count, bool collated,
		     struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(index);
	struct bson_field field;
	size_t begin = bson_build_begin(ret);
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		bool zero = field.type == BSON_KIND_INT32 && get_le32(field.value.at) == 0;

		if (is_one_of(field.name, left_out, count) ||
		    (zero && bytes_equal(field.name, bytes_str("v"))))
			continue;
		buf_add_bytes(ret, bson_element(&field));
	}
	if (more == 0 && collated)
		more = add_simple(index, ret, e);
	bson_build_end(ret, begin);
	return more;
}

/*
 * Copy the spec of an _id index with what servers take in it (index_key_validate.cpp, allowedIdIndexFieldNames); old
 * ones had unique there, too, and took {_id: -1} for it.
 */
static int copy_id_spec(struct bytes index, struct buf *ret, struct error *e)
{
	static const char *const kept[] = {"v", "collation"};
	struct bson_field field;
	size_t begin, key;

	begin = bson_build_begin(ret);
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		int found = bson_find(index, kept[i], &field, e);

		if (found < 0)
			return found;
		if (found == 0 || (field.type == BSON_KIND_INT32 && get_le32(field.value.at) == 0))
			continue;
		bson_build_value(ret, kept[i], field.type, field.value);
	}
	key = bson_build_open(ret, "key");
	bson_build_int32(ret, "_id", 1);
	bson_build_end(ret, key);
	bson_build_string(ret, "name", bytes_str("_id_"));
	bson_build_end(ret, begin);
	return 0;
}

int restore_spec_indexes(struct bytes options, struct bytes indexes, bool no_ttl,
			 struct buf *ret_id, struct buf *ret, struct buf *ret_ttl, struct error *e)
{
	static const char *const left_out[] = {"ns", "dropDups", "clustered", "expireAfterSeconds"};
	struct bson_fields fields = bson_fields(indexes);
	struct bson_field field, option;
	int more, collated = bson_find(options, "collation", &option, e);

	if (collated < 0)
		return collated;
	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		int id = field.type == BSON_KIND_DOCUMENT
				 ? catalog_normal_is_id_index(field.value, e)
				 : -1;
		int ttl, clustered;

		if (field.type != BSON_KIND_DOCUMENT)
			return error_set(e, ERR_CORRUPT, "an index's spec is no document");
		if (id < 0)
			return id;
		ttl = bson_find(field.value, "expireAfterSeconds", &option, e);
		clustered = bson_find(field.value, "clustered", &option, e);
		if (ttl < 0 || clustered < 0)
			return e->code;
		if (clustered > 0) /* it is an option of the collection */
			continue;
		if (id > 0) {
			if (ret_id->len == 0 && copy_id_spec(field.value, ret_id, e) < 0)
				return e->code;
			continue;
		}
		if (copy_spec(field.value, left_out, COUNT_OF(left_out) - (ttl > 0 && !no_ttl),
			      collated > 0, ttl > 0 && !no_ttl ? ret_ttl : ret, e) < 0)
			return e->code;
	}
	return more;
}

/* Have both a field of that name with the same bytes? 1 or 0. */
static int share(struct bytes a, struct bytes b, const char *name, struct error *e)
{
	struct bson_field x, y;
	int found = bson_find(a, name, &x, e);

	if (found > 0)
		found = bson_find(b, name, &y, e);
	return found <= 0 ? found : bytes_equal(x.value, y.value);
}

/* 1 or 0. */
static int is_among(struct bytes index, struct bytes specs, struct error *e)
{
	int64_t len = 0;

	while (specs.len > 0 && (len = bson_next(specs, BSON_MAX_LEN, e)) > 0) {
		struct bytes one = bytes_of(specs.at, (size_t)len);
		int same = share(index, one, "name", e);

		if (same == 0)
			same = share(index, one, "key", e);
		if (same != 0)
			return same;
		specs = bytes_of(specs.at + len, specs.len - (size_t)len);
	}
	return len < 0 ? (int)len : 0;
}

int restore_spec_lacks(struct bytes ours, struct bytes theirs, struct buf *ret, struct error *e)
{
	int64_t len = 0;

	while (ours.len > 0 && (len = bson_next(ours, BSON_MAX_LEN, e)) > 0) {
		struct bytes index = bytes_of(ours.at, (size_t)len), text;
		struct bson_field name;
		int there = is_among(index, theirs, e);

		if (there < 0)
			return there;
		if (there == 0 && bson_find(index, "name", &name, e) > 0 &&
		    name.type == BSON_KIND_STRING && bson_text(name.value, &text, e) == 0) {
			buf_add_str(ret, ret->len > 0 ? ", " : "");
			term_escape(text, ret);
		}
		ours = bytes_of(ours.at + len, ours.len - (size_t)len);
	}
	return len < 0 ? (int)len : 0;
}

/* A key's value that servers from 3.4 on refuse: true, "", null, ... */
static bool is_bad_key(const struct bson_field *field)
{
	double number;

	switch (field->type) {
	case BSON_KIND_INT32:
		return get_le32(field->value.at) == 0;
	case BSON_KIND_INT64:
		return get_le64(field->value.at) == 0;
	case BSON_KIND_DOUBLE:
		number = get_le_double(field->value.at);
		return number == 0 || number != number;
	case BSON_KIND_STRING:
		return field->value.len <= 5; /* "" */
	default:
		return true;
	}
}

static int legacy_key(struct bytes key, struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(key);
	struct bson_field field;
	size_t begin = bson_build_open(ret, "key");
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		OWNED(free) char *name = xstrndup((const char *)field.name.at, field.name.len);

		if (is_bad_key(&field))
			bson_build_int32(ret, name, 1);
		else
			buf_add_bytes(ret, bson_element(&field));
	}
	bson_build_end(ret, begin);
	return more;
}

int restore_spec_legacy(struct bytes index, struct buf *ret, struct error *e)
{
	static const char *const known[] = {"name",
					    "v",
					    "background",
					    "unique",
					    "sparse",
					    "hidden",
					    "expireAfterSeconds",
					    "partialFilterExpression",
					    "collation",
					    "weights",
					    "default_language",
					    "language_override",
					    "textIndexVersion",
					    "2dsphereIndexVersion",
					    "bits",
					    "min",
					    "max",
					    "bucketSize",
					    "wildcardProjection",
					    "storageEngine",
					    "prepareUnique"};
	struct bson_fields fields = bson_fields(index);
	struct bson_field field;
	size_t begin = bson_build_begin(ret);
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		if (bytes_equal(field.name, bytes_str("key")) && field.type == BSON_KIND_DOCUMENT) {
			if (legacy_key(field.value, ret, e) < 0)
				return e->code;
		} else if (is_one_of(field.name, known, COUNT_OF(known))) {
			buf_add_bytes(ret, bson_element(&field));
		}
	}
	bson_build_end(ret, begin);
	return more;
}

const char *restore_spec_needs(const struct catalog_entry *entry, unsigned *ret_major,
			       unsigned *ret_minor)
{
	struct bytes options = buf_bytes(&entry->options);
	struct error ignored = {0};
	struct bson_field field, part;
	struct bytes text;

	*ret_major = *ret_minor = 0;
	if (entry->type == CATALOG_TIMESERIES) {
		*ret_major = 5;
		if (bson_find(options, "timeseries", &field, &ignored) <= 0 ||
		    field.type != BSON_KIND_DOCUMENT ||
		    bson_find(field.value, "bucketRoundingSeconds", &part, &ignored) <= 0)
			return "5.0";
		*ret_major = 6;
		*ret_minor = 3;
		return "6.3";
	}
	if (bson_find(options, "validationAction", &field, &ignored) > 0 &&
	    field.type == BSON_KIND_STRING && bson_text(field.value, &text, &ignored) == 0 &&
	    bytes_equal(text, bytes_str("errorAndLog"))) {
		*ret_major = 8;
		*ret_minor = 1;
		return "8.1";
	}
	if (bson_find(options, "encryptedFields", &field, &ignored) > 0) {
		*ret_major = 6;
		return "6.0";
	}
	if (bson_find(options, "clusteredIndex", &field, &ignored) > 0) {
		*ret_major = 5;
		*ret_minor = 3;
		return "5.3";
	}
	return "";
}

/* A number as whole seconds; false when it is none. */
static bool seconds_of(const struct bson_field *field, int64_t *ret)
{
	double number;

	if (field->type == BSON_KIND_INT32) {
		*ret = (int32_t)get_le32(field->value.at);
	} else if (field->type == BSON_KIND_INT64) {
		*ret = (int64_t)get_le64(field->value.at);
	} else if (field->type == BSON_KIND_DOUBLE) {
		number = get_le_double(field->value.at);
		if (!(number >= 0 && number < (double)SECONDS_MAX))
			return false;
		*ret = (int64_t)number;
	} else {
		return false;
	}
	return *ret >= 0 && *ret < SECONDS_MAX;
}

static int64_t date_of(const struct bson_field *field)
{
	return (int64_t)get_le64(field->value.at) / 1000;
}

/* The earliest date that a path leads to; INT64_MAX: none. Of an array each element counts. */
static int earliest(struct bytes doc, const char *path, int64_t *ret, struct error *e)
{
	const char *dot = strchr(path, '.');
	size_t len = dot == NULL ? strlen(path) : (size_t)(dot - path);
	OWNED(free) char *name = xstrndup(path, len);
	struct bson_field field, inner;
	struct bson_fields fields;
	int more = bson_find(doc, name, &field, e);

	if (more <= 0)
		return more;
	if (dot == NULL && field.type == BSON_KIND_DATE)
		*ret = MIN_OF(*ret, date_of(&field));
	if (dot != NULL && field.type == BSON_KIND_DOCUMENT)
		return earliest(field.value, dot + 1, ret, e);
	if (field.type != BSON_KIND_ARRAY)
		return 0;
	fields = bson_fields(field.value);
	while ((more = bson_fields_next(&fields, &inner, e)) > 0) {
		if (dot == NULL && inner.type == BSON_KIND_DATE)
			*ret = MIN_OF(*ret, date_of(&inner));
		if (dot != NULL && inner.type == BSON_KIND_DOCUMENT &&
		    earliest(inner.value, dot + 1, ret, e) < 0)
			return e->code;
	}
	return more;
}

/* By one index. */
static int expires_by(struct bytes index, struct bytes doc, int64_t *ret, struct error *e)
{
	struct bson_field after, key, first;
	struct bson_fields fields;
	int64_t seconds, date = INT64_MAX;
	int found = bson_find(index, "expireAfterSeconds", &after, e);

	if (found <= 0 || !seconds_of(&after, &seconds))
		return MIN_OF(found, 0);
	found = bson_find(index, "key", &key, e);
	if (found <= 0 || key.type != BSON_KIND_DOCUMENT)
		return MIN_OF(found, 0);
	fields = bson_fields(key.value);
	found = bson_fields_next(&fields, &first, e);
	if (found <= 0)
		return found;
	if (earliest(doc, (const char *)first.name.at, &date, e) < 0)
		return e->code;
	if (date != INT64_MAX)
		*ret = MIN_OF(*ret, date + seconds);
	return 0;
}

/* By the collection's own option: the date in _id, or when the bucket was begun. */
static int expires_by_option(struct bytes expire, bool buckets, struct bytes doc, int64_t *ret,
			     struct error *e)
{
	OWNED(buf_release) struct buf option = {0};
	size_t begin = bson_build_begin(&option);
	struct bson_field after, id;
	int64_t seconds;
	int found;

	buf_add_bytes(&option, expire);
	bson_build_end(&option, begin);
	found = bson_find(buf_bytes(&option), "expireAfterSeconds", &after, e);
	if (found <= 0 || !seconds_of(&after, &seconds))
		return MIN_OF(found, 0);
	found = bson_find(doc, "_id", &id, e);
	if (found <= 0)
		return found;
	if (buckets && id.type == BSON_KIND_OBJECT_ID)
		*ret = MIN_OF(*ret, (int64_t)get_be32(id.value.at) + seconds);
	else if (!buckets && id.type == BSON_KIND_DATE)
		*ret = MIN_OF(*ret, date_of(&id) + seconds);
	return 0;
}

int restore_spec_expires(struct bytes ttl, struct bytes expire, bool buckets, struct bytes doc,
			 int64_t *ret, struct error *e)
{
	int64_t when = INT64_MAX, len = 0;

	while (ttl.len > 0 && (len = bson_next(ttl, BSON_MAX_LEN, e)) > 0) {
		if (expires_by(bytes_of(ttl.at, (size_t)len), doc, &when, e) < 0)
			return e->code;
		ttl = bytes_of(ttl.at + len, ttl.len - (size_t)len);
	}
	if (len < 0)
		return (int)len;
	if (expire.len > 0 && expires_by_option(expire, buckets, doc, &when, e) < 0)
		return e->code;
	*ret = when;
	return 0;
}

/* ---- what is there */

/* Has it the same value in both, or in none? Numbers by value: a size is of any type. 1 or 0. */
static int is_same(struct bytes ours, struct bytes theirs, const char *name, struct error *e)
{
	struct bson_field a, b;
	int64_t x, y;
	int in_ours = bson_find(ours, name, &a, e), in_theirs;

	if (in_ours < 0)
		return in_ours;
	in_theirs = bson_find(theirs, name, &b, e);
	if (in_theirs < 0)
		return in_theirs;
	if (in_ours == 0 || in_theirs == 0)
		return in_ours == in_theirs;
	if (seconds_of(&a, &x) && seconds_of(&b, &y))
		return x == y;
	return a.type == b.type && bytes_equal(a.value, b.value);
}

int restore_spec_same_collation(struct bytes ours, struct bytes theirs, struct error *e)
{
	struct bson_fields fields = bson_fields(ours);
	struct bson_field field, other;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		const char *name = (const char *)field.name.at;
		int same = bson_find(theirs, name, &other, e);

		if (same > 0 && strcmp(name, "version") != 0)
			same = is_same(ours, theirs, name, e);
		else if (same == 0)
			same = 1;
		if (same <= 0)
			return same;
	}
	return more < 0 ? more : 1;
}

/* The first of `names` (NULL ends them) that is not the same. 1; 0 there is none. */
static int find_other(struct bytes ours, struct bytes theirs, const char *const *names,
		      struct error *e)
{
	for (; *names != NULL; names++) {
		int same = is_same(ours, theirs, *names, e);

		if (same <= 0)
			return same < 0 ? same : 1;
	}
	return 0;
}

static int compare_capped(struct bytes ours, struct bytes theirs, const char **ret, struct error *e)
{
	static const char *const sizes[] = {"size", "max", NULL};
	bool was, is;
	int other;

	if (catalog_is_capped(ours, &was, e) < 0 || catalog_is_capped(theirs, &is, e) < 0)
		return e->code;
	if (was != is) {
		*ret = is ? "is capped by now" : "is no longer capped";
		return 0;
	}
	other = is ? find_other(ours, theirs, sizes, e) : 0;
	if (other == 1)
		*ret = "is capped to another size by now";
	return MIN_OF(other, 0);
}

static int compare_series(struct bytes ours, struct bytes theirs, const char **ret, struct error *e)
{
	static const char *const names[] = {"timeField", "metaField", "granularity", NULL};
	struct bson_field was, is;
	int found = bson_find(ours, "timeseries", &was, e);

	if (found > 0)
		found = bson_find(theirs, "timeseries", &is, e);
	if (found <= 0 || was.type != BSON_KIND_DOCUMENT || is.type != BSON_KIND_DOCUMENT)
		return MIN_OF(found, 0);
	found = find_other(was.value, is.value, names, e);
	if (found == 1)
		*ret = "is a time series of other fields or granularity by now";
	return MIN_OF(found, 0);
}

/* The validator of a collection; an empty document when it has none. */
static int validator_of(struct bytes options, struct bytes *ret, struct error *e)
{
	static const uint8_t none[] = {5, 0, 0, 0, 0};
	struct bson_field field;
	int found = bson_find(options, "validator", &field, e);

	*ret = found > 0 && field.type == BSON_KIND_DOCUMENT ? field.value
							     : bytes_of(none, sizeof(none));
	return MIN_OF(found, 0);
}

/* Is the word at `name` the same, where a server takes `usual` when there is none? 1 or 0. */
static int is_same_word(struct bytes ours, struct bytes theirs, const char *name, const char *usual,
			struct error *e)
{
	struct bytes words[] = {bytes_str(usual), bytes_str(usual)};
	const struct bytes options[] = {ours, theirs};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct bson_field field;
		int found = bson_find(options[i], name, &field, e);

		if (found < 0 || (found > 0 && field.type == BSON_KIND_STRING &&
				  bson_text(field.value, &words[i], e) < 0))
			return e->code;
	}
	return bytes_equal(words[0], words[1]);
}

static int compare_rules(struct bytes ours, struct bytes theirs, const char **ret, struct error *e)
{
	struct bytes was, is;
	int level = 1, action = 1;

	if (validator_of(ours, &was, e) < 0 || validator_of(theirs, &is, e) < 0)
		return e->code;
	if (was.len > BSON_MIN_LEN && is.len > BSON_MIN_LEN) {
		level = is_same_word(ours, theirs, "validationLevel", "strict", e);
		action = is_same_word(ours, theirs, "validationAction", "error", e);
	}
	if (level < 0 || action < 0)
		return e->code;
	if (!bytes_equal(was, is) || level == 0 || action == 0)
		*ret = "has another validator by now";
	return 0;
}

int restore_spec_compare(struct bytes ours, struct bytes theirs, const char **ret_kind,
			 const char **ret_rules, struct error *e)
{
	*ret_kind = *ret_rules = NULL;
	if (compare_capped(ours, theirs, ret_kind, e) < 0 ||
	    (*ret_kind == NULL && compare_series(ours, theirs, ret_kind, e) < 0))
		return e->code;
	return compare_rules(ours, theirs, ret_rules, e);
}
