#include "wire/catalog_walk.h"

#include "base/buckets.h"
#include "query/value.h"

#define VIEWS "system.views"

static int bounds(struct moment *moment, struct bytes db, uint64_t *ret_first, uint64_t *ret_end,
		  struct error *e)
{
	OWNED(buf_release) struct buf bound = {0};

	buf_add_bytes(&bound, db);
	buf_add_u8(&bound, '.');
	if (moment_seek(moment, buf_bytes(&bound), ret_first, e) < 0)
		return e->code;
	bound.at[bound.len - 1] = '.' + 1;
	return moment_seek(moment, buf_bytes(&bound), ret_end, e);
}

int catalog_walk_begin(struct moment *moment, struct bytes db, bool with_users,
		       struct catalog_walk *ret, struct error *e)
{
	struct catalog_walk walk = {.moment = moment, .with_users = with_users};

	if (bounds(moment, db, &walk.rank, &walk.end, e) < 0)
		return e->code;
	catalog_entry_init(&walk.entry);
	*ret = walk;
	return 0;
}

int catalog_walk_next(struct catalog_walk *walk, struct error *e)
{
	while (walk->rank < walk->end) {
		struct bytes db, coll;

		if (moment_entry(walk->moment, walk->rank++, &walk->entry, e) < 0)
			return e->code;
		db = bytes_of(walk->entry.ns, walk->entry.db_len);
		coll = catalog_entry_coll(&walk->entry);
		if (!query_is_hidden(db, coll, walk->with_users))
			return 1;
	}
	return 0;
}

void catalog_walk_release(struct catalog_walk *walk)
{
	catalog_entry_release(&walk->entry);
}

/* Is there anything of this database that is shown? */
static int shows(struct moment *moment, struct bytes db, bool with_users, struct error *e)
{
	OWNED(catalog_walk_release) struct catalog_walk walk = {0};

	if (catalog_walk_begin(moment, db, with_users, &walk, e) < 0)
		return e->code;
	return catalog_walk_next(&walk, e);
}

int catalog_walk_db(struct moment *moment, struct bytes after, bool with_users, struct buf *ret,
		    struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf bound = {0};
	uint64_t rank;
	int found;

	catalog_entry_init(&entry);
	buf_add_bytes(&bound, after);
	for (;;) {
		if (bound.len > 0)
			buf_add_u8(&bound, '.' + 1);
		if (moment_seek(moment, buf_bytes(&bound), &rank, e) < 0)
			return e->code;
		found = moment_entry(moment, rank, &entry, e);
		if (found <= 0)
			return found;
		buf_reset(&bound);
		buf_add(&bound, entry.ns, entry.db_len);
		found = shows(moment, buf_bytes(&bound), with_users, e);
		if (found < 0)
			return found;
		if (found > 0)
			break;
	}
	buf_add_bytes(ret, buf_bytes(&bound));
	return 1;
}

int catalog_walk_lacks_views(struct moment *moment, struct bytes db, struct error *e)
{
	OWNED(catalog_walk_release) struct catalog_walk walk = {0};
	bool any = false;
	int more;

	if (catalog_walk_begin(moment, db, true, &walk, e) < 0)
		return e->code;
	while ((more = catalog_walk_next(&walk, e)) > 0) {
		if (walk.entry.type != CATALOG_COLLECTION)
			any = true;
		else if (bytes_equal(catalog_entry_coll(&walk.entry), bytes_str(VIEWS)))
			return 0;
	}
	return more < 0 ? more : any;
}

bool catalog_walk_is_id_index(struct bytes index)
{
	struct bson_field key, first, second;
	struct fields fields;

	if (!fields_find(index, bytes_str("key"), &key) || key.type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(key.value);
	return fields_next(&fields, &first) && bytes_equal(first.name, bytes_str("_id")) &&
	       first.type != BSON_KIND_STRING && !fields_next(&fields, &second);
}

/* An index without the field that only old servers have. */
static void add_index(struct bytes index, struct buf *ret)
{
	struct fields fields = fields_of(index);
	struct bson_field f;
	size_t doc = bson_build_begin(ret);

	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (!bytes_equal(f.name, bytes_str("ns")))
			value_write(ret, f.name, &v);
	}
	bson_build_end(ret, doc);
}

/* {v, key, name, unique, clustered: true} of options.clusteredIndex. */
static void add_clustered(struct bytes options, struct buf *ret)
{
	struct bson_field clustered, f;
	struct fields fields;
	size_t doc;

	/* The buckets of a time series have `true` there, and list no such index. */
	if (!fields_find(options, bytes_str("clusteredIndex"), &clustered) ||
	    clustered.type != BSON_KIND_DOCUMENT)
		return;
	doc = bson_build_begin(ret);
	fields = fields_of(clustered.value);
	while (fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		value_write(ret, f.name, &v);
	}
	bson_build_bool(ret, "clustered", true);
	bson_build_end(ret, doc);
}

void catalog_walk_indexes(const struct catalog_entry *entry, struct buf *ret)
{
	struct fields fields = fields_of(buf_bytes(&entry->indexes));
	struct bson_field f, clustered;
	size_t doc, key;

	if (!entry->has_metadata && entry->type == CATALOG_COLLECTION &&
	    entry->root.kind == TREE_KEYED && entry->indexes.len <= BSON_MIN_LEN) {
		/* A dump has no metadata of buckets, which are clustered. */
		if (buckets_is(catalog_entry_coll(entry), NULL))
			return;
		doc = bson_build_begin(ret);
		bson_build_int32(ret, "v", 2);
		key = bson_build_open(ret, "key");
		bson_build_int32(ret, "_id", 1);
		bson_build_end(ret, key);
		bson_build_string(ret, "name", bytes_str("_id_"));
		bson_build_end(ret, doc);
		return;
	}
	add_clustered(buf_bytes(&entry->options), ret);
	while (fields_next(&fields, &f)) {
		if (f.type != BSON_KIND_DOCUMENT)
			continue;
		if (fields_find(f.value, bytes_str("clustered"), &clustered))
			continue; /* made above */
		add_index(f.value, ret);
	}
}
