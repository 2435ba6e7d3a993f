/* collStats and dbStats. Prefix: handle_ */
#include <math.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/buckets.h"
#include "query/series_stats.h"
#include "query/value.h"
#include "store/snapshot/view_docs.h"
#include "wire/catalog_walk.h"
#include "wire/handlers.h"
#include "wire/idl.h"

/* What one collection has. */
struct coll_sizes {
	int64_t count, bytes;
};

static int sizes_of(struct call *call, struct catalog_entry *entry, struct coll_sizes *ret,
		    struct error *e)
{
	if (moment_resolve(call->at.moment, entry, e) < 0)
		return e->code;
	ret->count = (int64_t)entry->root.count;
	ret->bytes = (int64_t)entry->root.bytes;
	return 0;
}

/* Walks `list`: names of indexes and 0 each, for nothing is kept for them. */
static int64_t add_index_sizes(struct call *call, const struct catalog_entry *entry, bool write)
{
	OWNED(buf_release) struct buf list = {0};
	int64_t count = 0;

	catalog_walk_indexes(entry, &list);
	for (size_t at = 0; at < list.len;) {
		struct bytes index = bytes_of(list.at + at, get_le32(list.at + at));
		struct bson_field name, clustered;

		at += index.len;
		if (fields_find(index, bytes_str("clustered"), &clustered) ||
		    !fields_find(index, bytes_str("name"), &name) || name.type != BSON_KIND_STRING)
			continue;
		count++;
		if (write) {
			struct value zero = value_int32(0);

			value_write(call->reply, value_of_field(&name).data, &zero);
		}
	}
	return count;
}

static void add_capped(struct call *call, struct bytes options, int64_t scale)
{
	struct bson_field f;
	struct value v;
	bool capped = fields_find(options, bytes_str("capped"), &f);

	if (capped) {
		v = value_of_field(&f);
		capped = value_is_true(&v);
	}
	bson_build_bool(call->reply, "capped", capped);
	if (!capped)
		return;
	v = value_get(options, bytes_str("max"));
	call_add_number(call, "max", value_to_int64(&v));
	if (fields_find(options, bytes_str("size"), &f)) {
		v = value_of_field(&f);
		call_add_number(call, "maxSize", value_to_int64(&v) / scale);
	}
}

static void add_absent(struct call *call, int64_t scale)
{
	struct buf *b = call->reply;

	bson_build_int32(b, "size", 0);
	bson_build_int32(b, "count", 0);
	bson_build_int32(b, "numOrphanDocs", 0);
	bson_build_int32(b, "storageSize", 0);
	bson_build_int32(b, "totalSize", 0);
	bson_build_int32(b, "nindexes", 0);
	bson_build_int32(b, "totalIndexSize", 0);
	bson_build_end(b, bson_build_open(b, "indexDetails"));
	bson_build_end(b, bson_build_open(b, "indexSizes"));
	call_add_number(call, "scaleFactor", scale);
}

/* `series`: of which these are the buckets; or no slice. */
static void add_sizes(struct call *call, const struct catalog_entry *entry, struct bytes series,
		      const struct coll_sizes *sizes, int64_t scale)
{
	struct buf *b = call->reply;
	size_t doc;

	call_add_number(call, "size", sizes->bytes / scale);
	if (series.at != NULL) {
		series_stats_add(b, call->db, series, (uint64_t)sizes->count,
				 (uint64_t)sizes->bytes);
	} else {
		call_add_number(call, "count", sizes->count);
		if (sizes->count > 0)
			call_add_number(call, "avgObjSize", sizes->bytes / sizes->count);
	}
	bson_build_int32(b, "numOrphanDocs", 0);
	call_add_number(call, "storageSize", sizes->bytes / scale);
	bson_build_int32(b, "freeStorageSize", 0);
	add_capped(call, buf_bytes(&entry->options), scale);
	call_add_number(call, "nindexes", add_index_sizes(call, entry, false));
	bson_build_end(b, bson_build_open(b, "indexDetails"));
	bson_build_end(b, bson_build_open_array(b, "indexBuilds"));
	bson_build_int32(b, "totalIndexSize", 0);
	call_add_number(call, "totalSize", sizes->bytes / scale);
	doc = bson_build_open(b, "indexSizes");
	add_index_sizes(call, entry, true);
	bson_build_end(b, doc);
	call_add_number(call, "scaleFactor", scale);
}

static int check_scale(struct call *call, int64_t *ret, struct error *e)
{
	struct bson_field f;

	if (call_field(call, "scale", &f) && idl_check_type("collStats", &f, IDL_INT_MIN_1, e) < 0)
		return e->code;
	*ret = call_field(call, "scale", &f) ? idl_int(&f) : 1;
	return 0;
}

int handle_coll_stats(struct call *call, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	OWNED(buf_release) struct buf ns = {0};
	OWNED(buf_release) struct buf name = {0};
	struct coll_sizes sizes = {0};
	struct bytes coll, series = {0};
	int64_t scale = 1;
	int found;

	if (call_ns(call, QUERY_INVALID_NAMESPACE, &ns, &coll, e) < 0 ||
	    check_scale(call, &scale, e) < 0)
		return e->code;
	catalog_entry_init(&entry);
	found = call_entry(call, coll, &entry, e);
	if (found < 0)
		return found;
	if (found > 0 && entry.type == CATALOG_VIEW)
		return call_is_view(buf_bytes(&ns), e);
	bson_build_string(call->reply, "ns", buf_bytes(&ns));
	buckets_is(coll, &series);
	if (found > 0 && entry.type == CATALOG_TIMESERIES) {
		series = coll;
		buf_add_str(&name, BUCKETS_PREFIX);
		buf_add_bytes(&name, coll);
		found = call_entry(call, buf_bytes(&name), &entry, e);
	}
	if (found <= 0) {
		add_absent(call, scale);
		return found;
	}
	if (sizes_of(call, &entry, &sizes, e) < 0)
		return e->code;
	add_sizes(call, &entry, series, &sizes, scale);
	return 0;
}

struct db_sizes {
	int64_t collections, views, objects, bytes, indexes;
};

/* Its document in the system.views that dumps lack. */
static int add_view(struct call *call, const struct catalog_entry *entry, struct db_sizes *sum,
		    struct error *e)
{
	OWNED(buf_release) struct buf doc = {0};

	if (view_docs_write(entry, moment_snapshot(call->at.moment)->server_version, &doc, e) < 0)
		return e->code;
	sum->objects++;
	sum->bytes += (int64_t)doc.len;
	return 0;
}

static int sum_db(struct call *call, struct db_sizes *ret, struct error *e)
{
	OWNED(catalog_walk_release) struct catalog_walk walk = {0};
	int more, lacks;

	if (call_place(call, e) < 0)
		return e->code;
	lacks = catalog_walk_lacks_views(call->at.moment, call->real_db, e);
	if (lacks < 0 || catalog_walk_begin(call->at.moment, call->real_db,
					    call->service->options.with_users, &walk, e) < 0)
		return e->code;
	ret->collections += lacks;
	ret->indexes += lacks;
	while ((more = catalog_walk_next(&walk, e)) > 0) {
		struct coll_sizes sizes = {0};

		if (walk.entry.type != CATALOG_COLLECTION) {
			ret->views++;
			if (lacks > 0 && add_view(call, &walk.entry, ret, e) < 0)
				return e->code;
			continue;
		}
		if (sizes_of(call, &walk.entry, &sizes, e) < 0)
			return e->code;
		ret->collections++;
		ret->objects += sizes.count;
		ret->bytes += sizes.bytes;
		ret->indexes += add_index_sizes(call, &walk.entry, false);
	}
	return more;
}

/* The numbers of a database that is not there are of another type. */
static void add_scaled(struct call *call, const char *name, double value, bool absent)
{
	if (absent)
		bson_build_int32(call->reply, name, 0);
	else
		bson_build_double(call->reply, name, value);
}

/* BSONElement::numberInt(): a long loses its upper half, what no int is near is the least one. */
static int32_t number_int(const struct value *v)
{
	int64_t number = value_round_int64(v);

	if (v->type == BSON_KIND_INT64)
		return (int32_t)(uint32_t)(uint64_t)number;
	if (!(fabs(value_to_double(v)) < (double)INT64_MAX) || number > INT32_MAX)
		return INT32_MIN;
	return (int32_t)MAX_OF(number, (int64_t)INT32_MIN);
}

static int db_scale(struct call *call, int64_t *ret, struct error *e)
{
	struct bson_field f;
	struct value v;

	*ret = 1;
	if (!call_field(call, "scale", &f))
		return 0;
	v = value_of_field(&f);
	if (!value_is_number(&v) && !value_is_true(&v))
		return 0;
	if (!value_is_number(&v))
		return call_bare_error(call, e, "scale has to be a number > 0");
	*ret = number_int(&v);
	return *ret > 0 ? 0 : call_bare_error(call, e, "scale has to be > 0");
}

static int check_db_argument(struct call *call, struct error *e)
{
	struct bytes text;

	if (call->first.type != BSON_KIND_STRING)
		return 0;
	text = value_of_field(&call->first).data;
	return query_error(e, QUERY_INVALID_NAMESPACE, "Invalid db name: %.*s.%.*s",
			   (int)call->db.len, (const char *)call->db.at,
			   (int)MIN_OF(text.len, (size_t)200), (const char *)text.at);
}

int handle_db_stats(struct call *call, struct error *e)
{
	struct db_sizes sizes = {0};
	struct statvfs fs = {0};
	int64_t scale = 1;
	double size;
	bool absent;

	if (check_db_argument(call, e) < 0 || db_scale(call, &scale, e) < 0 ||
	    sum_db(call, &sizes, e) < 0)
		return e->code;
	absent = sizes.collections == 0 && sizes.views == 0;
	size = (double)sizes.bytes / (double)scale;
	if (!absent)
		(void)!statvfs(store_path(call->service->store), &fs);
	bson_build_string(call->reply, "db", call->db);
	call_add_number(call, "collections", sizes.collections);
	call_add_number(call, "views", sizes.views);
	call_add_number(call, "objects", sizes.objects);
	add_scaled(call, "avgObjSize",
		   sizes.objects == 0 ? 0 : (double)sizes.bytes / (double)sizes.objects, absent);
	add_scaled(call, "dataSize", size, absent);
	add_scaled(call, "storageSize", size, absent);
	if (call_flag(call, "freeStorage"))
		add_scaled(call, "freeStorageSize", 0, absent);
	call_add_number(call, "indexes", sizes.indexes);
	add_scaled(call, "indexSize", 0, absent);
	if (call_flag(call, "freeStorage"))
		add_scaled(call, "indexFreeStorageSize", 0, absent);
	add_scaled(call, "totalSize", size, absent);
	if (call_flag(call, "freeStorage"))
		add_scaled(call, "totalFreeStorageSize", 0, absent);
	if (absent)
		call_add_number(call, "scaleFactor", scale);
	else
		bson_build_double(call->reply, "scaleFactor", (double)scale);
	add_scaled(call, "fsUsedSize",
		   (double)(fs.f_blocks - fs.f_bavail) * (double)fs.f_frsize / (double)scale,
		   absent);
	add_scaled(call, "fsTotalSize", (double)fs.f_blocks * (double)fs.f_frsize / (double)scale,
		   absent);
	return 0;
}
