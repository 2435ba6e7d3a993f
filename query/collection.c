#include "query/collection.h"

#include "base/buckets.h"
#include "query/command.h"
#include "query/series_index.h"

void collection_init(struct collection *collection)
{
	*collection = (struct collection){0};
	catalog_entry_init(&collection->entry);
}

void collection_release(struct collection *collection)
{
	catalog_entry_release(&collection->entry);
}

static bool option_is_true(const struct collection *c, const char *name, struct error *e)
{
	struct bson_field field;
	struct value v;

	if (bson_find(buf_bytes(&c->entry.options), name, &field, e) <= 0)
		return false;
	v = value_of_field(&field);
	return value_is_true(&v);
}

int collection_find(struct moment *moment, struct bytes db, struct bytes coll, bool with_users,
		    struct collection *ret, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	int found = 0;

	ret->moment = moment;
	ret->kind = COLLECTION_MISSING;
	ret->is_resolved = ret->is_capped = ret->is_clustered = false;
	if (moment == NULL || coll.len == 0 || query_is_hidden(db, coll, with_users))
		return 0;
	buf_add_bytes(&ns, db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, coll);
	found = moment_find(moment, buf_bytes(&ns), NULL, &ret->entry, e);
	if (found <= 0)
		return found;
	switch (ret->entry.type) {
	case CATALOG_VIEW:
		ret->kind = COLLECTION_VIEW;
		return 0;
	case CATALOG_TIMESERIES:
		ret->kind = COLLECTION_SERIES;
		return 0;
	default:
		ret->kind = COLLECTION_STORED;
	}
	ret->is_capped = option_is_true(ret, "capped", e);
	ret->is_clustered = option_is_true(ret, "clusteredIndex", e);
	return 0;
}

int collection_resolve(struct collection *c, struct error *e)
{
	if (c->is_resolved || c->kind != COLLECTION_STORED)
		return 0;
	if (moment_resolve(c->moment, &c->entry, e) < 0)
		return e->code;
	c->is_resolved = true;
	return 0;
}

int collection_option(const struct collection *c, const char *name, struct bson_field *ret,
		      struct error *e)
{
	if (c->kind == COLLECTION_MISSING)
		return 0;
	return bson_find(buf_bytes(&c->entry.options), name, ret, e);
}

int collection_collation(const struct collection *c, struct bytes *ret, struct error *e)
{
	struct bson_field field, locale;
	int found = collection_option(c, "collation", &field, e);

	*ret = (struct bytes){0};
	if (found <= 0 || field.type != BSON_KIND_DOCUMENT)
		return MIN_OF(found, 0);
	found = bson_find(field.value, "locale", &locale, e);
	if (found < 0)
		return found;
	if (found > 0 && locale.type == BSON_KIND_STRING) {
		struct bytes text;

		if (bson_text(locale.value, &text, e) < 0)
			return e->code;
		if (bytes_equal(text, bytes_str("simple")))
			return 0;
	}
	*ret = field.value;
	return 0;
}

/* Does the hint name this index? */
static int is_meant(struct bytes spec, const struct value *hint, bool *ret, struct error *e)
{
	struct bson_field field;
	struct value v;
	int found = bson_find(spec, hint->type == BSON_KIND_STRING ? "name" : "key", &field, e);

	*ret = false;
	if (found <= 0)
		return found;
	v = value_of_field(&field);
	*ret = v.type == hint->type && value_equal(&v, hint, NULL);
	return 0;
}

/* {v: 2, key: {_id: 1}, name: "_id_"} */
static const uint8_t id_index[] = "\x2e\0\0\0"
				  "\x10v\0\2\0\0\0"
				  "\3key\0\x0e\0\0\0\x10_id\0\1\0\0\0\0"
				  "\2name\0\5\0\0\0_id_\0";

/* The name in {$hint: "name"}; missing of any other. */
static struct value named_by(struct bytes hint)
{
	struct bson_fields fields = bson_fields(hint);
	struct bson_field first;
	struct error ignored;

	if (bson_fields_next(&fields, &first, &ignored) <= 0 || !bytes_is(first.name, "$hint"))
		return value_missing();
	return value_of_field(&first);
}

/*
 * The index that needs no place in the catalog: that of _id; of a clustered collection what its option says, which may have another
 * name; of buckets, whose option is `true`, one that is called as that of _id. 0: there is none.
 */
static int unlisted_index(const struct collection *c, struct bytes *ret, struct error *e)
{
	struct bson_field field;
	int found;

	*ret = bytes_of(id_index, get_le32(id_index));
	if (c->is_clustered) {
		found = collection_option(c, "clusteredIndex", &field, e);
		if (found > 0 && field.type == BSON_KIND_DOCUMENT)
			*ret = field.value;
		return found < 0 ? found : 1;
	}
	return buckets_is(catalog_entry_coll(&c->entry), NULL) || !collection_is_ranked(c);
}

/* No plan may use it, nor may a hint name it. */
static bool is_hidden(struct bytes index)
{
	struct value hidden = value_get(index, bytes_str("hidden"));

	return value_is_true(&hidden);
}

int collection_know_indexes(struct moment *moment, struct catalog_entry *entry, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry other = {0};
	OWNED(buf_release) struct buf ns = {0}, list = {0};
	struct bytes name = catalog_entry_coll(entry);
	bool is_series = entry->type == CATALOG_TIMESERIES;
	int found;

	if (entry->indexes.len > BSON_MIN_LEN ||
	    (!is_series && (entry->type != CATALOG_COLLECTION || !buckets_is(name, &name))))
		return 0;
	catalog_entry_init(&other);
	buf_add(&ns, entry->ns, entry->db_len + 1);
	buf_add_str(&ns, is_series ? BUCKETS_PREFIX : "");
	buf_add_bytes(&ns, name);
	found = moment_find(moment, buf_bytes(&ns), NULL, &other, e);
	if (found <= 0 || (!is_series && other.type != CATALOG_TIMESERIES))
		return MIN_OF(found, 0);
	found = is_series ? series_index_of_series(buf_bytes(&entry->options),
						   buf_bytes(&other.indexes), &list, e)
			  : series_index_of_buckets(buf_bytes(&other.options),
						    buf_bytes(&other.indexes), &list, e);
	if (found < 0)
		return found;
	buf_reset(&entry->indexes);
	buf_add_bytes(&entry->indexes, buf_bytes(&list));
	return 0;
}

int collection_index(struct collection *c, const struct value *hint, struct bytes ret[2],
		     struct error *e)
{
	struct bson_fields fields;
	struct bytes of_id;
	struct bson_field field;
	struct value named = {.type = VALUE_MISSING};
	bool meant = false;
	int more, found = 0;

	if (c->kind != COLLECTION_STORED)
		return 0;
	if (collection_know_indexes(c->moment, &c->entry, e) < 0)
		return e->code;
	fields = bson_fields(buf_bytes(&c->entry.indexes));
	if (hint->type == BSON_KIND_DOCUMENT)
		named = named_by(hint->data);
	if (named.type == BSON_KIND_STRING)
		hint = &named;
	while (found < 2 && (more = bson_fields_next(&fields, &field, e)) > 0) {
		if (field.type != BSON_KIND_DOCUMENT || is_hidden(field.value))
			continue;
		if (is_meant(field.value, hint, &meant, e) < 0)
			return e->code;
		if (meant)
			ret[found++] = field.value;
	}
	if (found > 0 || more < 0)
		return found > 0 ? found : more;
	more = unlisted_index(c, &of_id, e);
	if (more <= 0)
		return more;
	if (is_meant(of_id, hint, &meant, e) < 0)
		return e->code;
	if (meant)
		ret[0] = of_id;
	return meant;
}
