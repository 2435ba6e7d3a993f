/*
 * $listCatalog: what the catalog says of one collection, or of all. Of a mongod's answer what tells files and pages of its
 * storage engine is missing (ident, idxIdent, head, multikeyPaths and the like).
 */
#include <stdio.h>

#include "base/bson_build.h"
#include "base/buckets.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

struct catalog_stage {
	struct stage base;
	uint64_t rank;
	bool is_done;
	struct catalog_entry entry;
	struct buf out;
};

static void add_fields(struct buf *out, struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	struct value v;

	while (fields_next(&fields, &field)) {
		v = value_of_field(&field);
		value_write(out, field.name, &v);
	}
}

static void add_indexes(struct buf *out, struct bytes indexes)
{
	struct fields fields = fields_of(indexes);
	size_t array = bson_build_open_array(out, "indexes"), one;
	struct bson_field field;
	struct value spec;
	char number[16];

	for (unsigned i = 0; fields_next(&fields, &field); i++) {
		spec = value_of_field(&field);
		snprintf(number, sizeof(number), "%u", i);
		one = bson_build_open(out, number);
		value_write(out, bytes_str("spec"), &spec);
		bson_build_bool(out, "ready", true);
		bson_build_end(out, one);
	}
	bson_build_end(out, array);
}

static void add_metadata(struct buf *out, const struct catalog_entry *entry, struct bytes ns)
{
	size_t md = bson_build_open(out, "md"), options;

	bson_build_string(out, "ns", ns);
	options = bson_build_open(out, "options");
	if (entry->has_uuid)
		bson_build_binary(out, "uuid", 4, bytes_of(entry->uuid, sizeof(entry->uuid)));
	add_fields(out, buf_bytes(&entry->options));
	bson_build_end(out, options);
	add_indexes(out, buf_bytes(&entry->indexes));
	bson_build_end(out, md);
}

/* A time series is a view of its buckets. */
static void add_series(struct buf *out, const struct catalog_entry *entry)
{
	static const char *const names[] = {"timeField", "metaField", "bucketMaxSpanSeconds"};
	OWNED(buf_release) struct buf buckets = {0};
	struct value spec = value_get(buf_bytes(&entry->options), bytes_str("timeseries"));
	size_t array, stage, unpack;

	buf_add_str(&buckets, BUCKETS_PREFIX);
	buf_add_bytes(&buckets, catalog_entry_coll(entry));
	bson_build_string(out, "viewOn", buf_bytes(&buckets));
	array = bson_build_open_array(out, "pipeline");
	stage = bson_build_open(out, "0");
	unpack = bson_build_open(out, "$_internalUnpackBucket");
	for (size_t i = 0; i < COUNT_OF(names) && spec.type == BSON_KIND_DOCUMENT; i++) {
		struct value v = value_get(spec.data, bytes_str(names[i]));

		if (v.type != 0)
			value_write(out, bytes_str(names[i]), &v);
	}
	bson_build_end(out, unpack);
	bson_build_end(out, stage);
	bson_build_end(out, array);
}

static void add_entry(struct buf *out, const struct catalog_entry *entry)
{
	struct bytes ns = bytes_of(entry->ns, entry->ns_len);
	size_t doc = bson_build_begin(out);

	bson_build_string(out, "db", bytes_of(entry->ns, entry->db_len));
	bson_build_string(out, "name", catalog_entry_coll(entry));
	bson_build_string(out, "type", bytes_str(catalog_type_name(entry->type)));
	if (entry->type == CATALOG_COLLECTION)
		add_metadata(out, entry, ns);
	bson_build_string(out, "ns", ns);
	if (entry->type != CATALOG_COLLECTION)
		bson_build_string(out, "_id", ns);
	if (entry->type == CATALOG_VIEW)
		add_fields(out, buf_bytes(&entry->options));
	if (entry->type == CATALOG_TIMESERIES)
		add_series(out, entry);
	bson_build_end(out, doc);
}

static int next_entry(struct catalog_stage *self, struct error *e)
{
	struct query_context *q = self->base.q;

	if (q->coll.len == 0)
		return pipeline_ops()->next(q, &self->rank, &self->entry, e);
	if (self->is_done)
		return 0;
	self->is_done = true;
	return pipeline_ops()->entry(q, q->db, q->coll, &self->entry, e);
}

static int list_catalog_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct catalog_stage *self = (struct catalog_stage *)stage;
	int found = next_entry(self, e);

	if (found <= 0)
		return found;
	buf_reset(&self->out);
	add_entry(&self->out, &self->entry);
	*ret = (struct stage_doc){.doc = buf_bytes(&self->out)};
	return 1;
}

static void list_catalog_close(struct stage *stage)
{
	struct catalog_stage *self = (struct catalog_stage *)stage;

	catalog_entry_release(&self->entry);
	buf_release(&self->out);
}

static const struct stage_kind list_catalog_kind = {"$listCatalog", list_catalog_next,
						    list_catalog_close, NULL, NULL};

/* Of a time series: what unpacks its buckets comes first, in a mongod. */
static int refuse_series(struct query_context *q, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry = {0};
	int found = 0;

	catalog_entry_init(&entry);
	if (q->coll.len > 0)
		found = pipeline_ops()->entry(q, q->db, q->coll, &entry, e);
	if (found == 1 && entry.type == CATALOG_TIMESERIES)
		return query_error(e, 40602,
				   "$listCatalog is only valid as the first stage in a pipeline");
	return MIN_OF(found, 0);
}

int stage_make_list_catalog(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct catalog_stage *self;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT || value_count(operand->data) > 0)
		return query_error(e, 6200600,
				   "The $listCatalog stage specification must be an empty object");
	if (b->q->coll.len == 0 && !bytes_equal(b->q->db, bytes_str("admin")))
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collectionless $listCatalog must be run against the 'admin' "
				   "database with {aggregate: 1}");
	if (refuse_series(b->q, e) < 0)
		return e->code;
	self = stage_new(b, &list_catalog_kind, sizeof(*self), operand, NULL);
	catalog_entry_init(&self->entry);
	*ret = &self->base;
	return 0;
}
