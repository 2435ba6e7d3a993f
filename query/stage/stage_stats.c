/* $collStats and $indexStats. */
#include <time.h>
#include <unistd.h>

#include "base/bson_build.h"
#include "base/buckets.h"
#include "base/clock.h"
#include "query/collection.h"
#include "query/fields.h"
#include "query/series_stats.h"
#include "query/stage/stage_make.h"

static void add_host(const struct query_context *q, struct buf *out)
{
	char host[256] = "localhost";

	if (q->host == NULL)
		gethostname(host, sizeof(host) - 1);
	bson_build_string(out, "host", bytes_str(q->host == NULL ? host : q->host));
}

static void add_time(struct buf *out, const char *name)
{
	bson_build_date(out, name, (int64_t)clock_wall_ms());
}

/* As an int where it fits. */
static void add_number(struct buf *out, const char *name, int64_t number)
{
	if (number >= INT32_MIN && number <= INT32_MAX)
		bson_build_int32(out, name, (int32_t)number);
	else
		bson_build_int64(out, name, number);
}

/* ---- $collStats */

struct coll_stats_stage {
	struct stage base;
	bool wants_count, wants_storage, wants_latency, wants_histograms, wants_queries, is_done;
	double scale;
	struct buf out;
};

/* Has the database a namespace? 1, 0 none. */
static int has_db(struct query_context *q, struct error *e)
{
	struct catalog_entry entry;
	uint64_t rank = 0;
	int found;

	catalog_entry_init(&entry);
	while ((found = pipeline_ops()->next(q, &rank, &entry, e)) == 1)
		if (bytes_equal(bytes_of(entry.ns, entry.db_len), q->db))
			break;
	catalog_entry_release(&entry);
	return found;
}

static int not_found(struct coll_stats_stage *self, const char *what, struct error *e)
{
	struct query_context *q = self->base.q;
	int found = strcmp(what, "queryExecStats") == 0 ? has_db(q, e) : 1;

	if (found < 0)
		return found;
	if (found == 0)
		return query_error(e, QUERY_NAMESPACE_NOT_FOUND,
				   "Unable to retrieve %s in $collStats stage :: caused by :: "
				   "Database [%s] not found.",
				   what, stage_text(q, q->db));
	return query_error(e, QUERY_NAMESPACE_NOT_FOUND,
			   "Unable to retrieve %s in $collStats stage :: caused by :: Collection "
			   "[%s.%s] not found.",
			   what, stage_text(q, q->db), stage_text(q, q->coll));
}

/* The entry, or 26 with the words of what could not be told, or 166 for a view. */
static int find_entry(struct coll_stats_stage *self, const char *what, struct catalog_entry *ret,
		      struct error *e)
{
	struct query_context *q = self->base.q;
	int found = pipeline_ops()->entry(q, q->db, q->coll, ret, e);

	if (found < 0)
		return found;
	if (found == 0)
		return not_found(self, what, e);
	if (ret->type == CATALOG_VIEW)
		return query_error(e, QUERY_NOT_SUPPORTED_ON_VIEW,
				   "Namespace %s.%s is a view, not a collection",
				   stage_text(q, q->db), stage_text(q, q->coll));
	if (ret->type == CATALOG_TIMESERIES)
		return query_error(e, QUERY_NOT_SUPPORTED_ON_VIEW,
				   "Namespace %s.%s is a timeseries collection",
				   stage_text(q, q->db), stage_text(q, q->coll));
	return q->moment == NULL ? 0 : moment_resolve(q->moment, ret, e);
}

static void add_size(struct coll_stats_stage *self, const char *name, uint64_t bytes)
{
	bson_build_int32(&self->out, name,
			 (int32_t)MIN_OF((double)bytes / self->scale, 2147483647));
}

/* What a capped collection may hold; no bound of documents is 0. */
static void add_limits(struct coll_stats_stage *self, struct bytes options)
{
	struct value most = value_get(options, bytes_str("max"));
	struct value size = value_get(options, bytes_str("size"));

	add_number(&self->out, "max", value_to_int64(&most));
	add_number(&self->out, "maxSize", value_to_int64(&size) / (int64_t)self->scale);
}

/* The indexes that are stored: not that by which a clustered collection is. With `write`, names and the 0 bytes that are kept for them. */
static int32_t add_indexes(struct buf *out, const struct catalog_entry *entry, bool write)
{
	struct fields indexes = fields_of(buf_bytes(&entry->indexes));
	struct bson_field field, clustered;
	int32_t count = 0;

	while (fields_next(&indexes, &field)) {
		struct value name, zero = value_int32(0);

		if (field.type != BSON_KIND_DOCUMENT ||
		    fields_find(field.value, bytes_str("clustered"), &clustered))
			continue;
		count++;
		name = value_get(field.value, bytes_str("name"));
		if (write && name.type == BSON_KIND_STRING)
			value_write(out, name.data, &zero);
	}
	return count;
}

static void add_storage(struct coll_stats_stage *self, const struct catalog_entry *entry)
{
	struct buf *out = &self->out;
	struct bytes options = buf_bytes(&entry->options);
	struct value capped =
		options.len > 0 ? value_get(options, bytes_str("capped")) : value_missing();
	size_t begin = bson_build_open(out, "storageStats"), inner;
	uint64_t count = entry->root.count, bytes = entry->root.bytes;
	struct bytes series;

	add_size(self, "size", bytes);
	if (buckets_is(self->base.q->coll, &series)) {
		series_stats_add(out, self->base.q->db, series, count, bytes);
	} else {
		bson_build_int32(out, "count", (int32_t)count);
		if (count > 0)
			bson_build_int32(out, "avgObjSize", (int32_t)(bytes / count));
	}
	bson_build_int32(out, "numOrphanDocs", 0);
	add_size(self, "storageSize", bytes);
	add_size(self, "freeStorageSize", 0);
	bson_build_bool(out, "capped", value_is_true(&capped));
	if (value_is_true(&capped))
		add_limits(self, options);
	bson_build_int32(out, "nindexes", add_indexes(out, entry, false));
	inner = bson_build_open(out, "indexDetails");
	bson_build_end(out, inner);
	inner = bson_build_open_array(out, "indexBuilds");
	bson_build_end(out, inner);
	add_size(self, "totalIndexSize", 0);
	add_size(self, "totalSize", bytes);
	inner = bson_build_open(out, "indexSizes");
	add_indexes(out, entry, true);
	bson_build_end(out, inner);
	bson_build_int32(out, "scaleFactor", (int32_t)self->scale);
	bson_build_end(out, begin);
}

static void add_namespace(struct query_context *q, struct bytes coll, struct buf *out)
{
	OWNED(buf_release) struct buf ns = {0};

	buf_add_bytes(&ns, q->db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, coll);
	bson_build_string(out, "ns", buf_bytes(&ns));
}

static void add_latency(struct coll_stats_stage *self)
{
	static const char *const names[] = {"reads", "writes", "commands", "transactions"};
	struct query_context *q = self->base.q;
	struct bytes coll = q->coll; /* here a time series has its own name */
	struct buf *out = &self->out;
	size_t begin, inner;

	if (q->is_of_series)
		buckets_is(q->coll, &coll);
	add_namespace(q, coll, out); /* once more */
	begin = bson_build_open(out, "latencyStats");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		inner = bson_build_open(out, names[i]);
		if (self->wants_histograms) /* of no operation */
			bson_build_end(out, bson_build_open_array(out, "histogram"));
		bson_build_int64(out, "latency", 0);
		bson_build_int64(out, "ops", 0);
		bson_build_end(out, inner);
	}
	bson_build_end(out, begin);
}

static void add_queries(struct buf *out)
{
	size_t begin = bson_build_open(out, "queryExecStats"),
	       inner = bson_build_open(out, "collectionScans");

	bson_build_int64(out, "total", 0);
	bson_build_int64(out, "nonTailable", 0);
	bson_build_end(out, inner);
	bson_build_end(out, begin);
}

static int coll_stats_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct coll_stats_stage *self = (struct coll_stats_stage *)stage;
	OWNED(catalog_entry_release) struct catalog_entry entry;
	size_t begin;

	catalog_entry_init(&entry);
	if (self->is_done)
		return 0;
	self->is_done = true;
	begin = bson_build_begin(&self->out);
	add_namespace(stage->q, stage->q->coll, &self->out);
	add_host(stage->q, &self->out);
	add_time(&self->out, "localTime");
	if (self->wants_latency)
		add_latency(self);
	if (self->wants_storage) {
		if (find_entry(self, "storageStats", &entry, e) < 0)
			return e->code;
		add_storage(self, &entry);
	}
	if (self->wants_count) {
		if (find_entry(self, "count", &entry, e) < 0)
			return e->code;
		add_number(&self->out, "count", (int64_t)entry.root.count);
	}
	if (self->wants_queries) {
		if (find_entry(self, "queryExecStats", &entry, e) < 0)
			return e->code;
		add_queries(&self->out);
	}
	bson_build_end(&self->out, begin);
	*ret = (struct stage_doc){.doc = buf_bytes(&self->out)};
	return 1;
}

static void coll_stats_close(struct stage *stage)
{
	buf_release(&((struct coll_stats_stage *)stage)->out);
}

static const struct stage_kind coll_stats_kind = {"$collStats", coll_stats_next, coll_stats_close,
						  NULL, NULL};

static int parse_scale(struct coll_stats_stage *self, struct bytes spec, struct error *e)
{
	struct value scale = value_get(spec, bytes_str("scale"));

	self->scale = 1;
	if (value_is_nullish(&scale))
		return 0;
	if (!value_is_number(&scale))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field '$collStats.storageStats.scale' is the wrong type "
				   "'%s', expected types '[long, int, decimal, double']",
				   value_type_name(scale.type));
	self->scale = (double)MIN_OF(value_to_int64(&scale), (int64_t)INT32_MAX);
	if (self->scale < 1)
		return query_error(e, 51024,
				   "BSON field 'scale' value must be >= 1, actual value '%lld'",
				   (long long)self->scale);
	return 0;
}

static int check_flag(struct bytes spec, const char *name, struct error *e)
{
	struct value v = value_get(spec, bytes_str(name));

	if (v.type == 0 || v.type == BSON_KIND_BOOL)
		return 0;
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "Field '%s' should be a boolean value, but found: %s", name,
			   value_type_name(v.type));
}

static int parse_latency(struct coll_stats_stage *self, struct bytes spec, struct error *e)
{
	struct value histograms = value_get(spec, bytes_str("histograms"));
	struct fields fields = fields_of(spec);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		if (!bytes_equal(field.name, bytes_str("histograms")))
			return query_error_unknown_field(e, "$collStats.latencyStats", field.name);
		if (query_error_if_repeated(e, "$collStats.latencyStats", spec, &field) < 0)
			return e->code;
	}
	self->wants_histograms = value_is_true(&histograms);
	return check_flag(spec, "histograms", e);
}

static int check_empty(struct bytes spec, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (value_count(spec) == 0)
		return 0;
	value_text_bson(spec, false, &text);
	return query_error(e, 31170, "expected an empty object, but got %s", buf_text(&text));
}

/* What is in an option's object. */
static int parse_inside(struct coll_stats_stage *self, const bool *option, struct bytes spec,
			struct error *e)
{
	if (option == &self->wants_latency)
		return parse_latency(self, spec, e);
	if (option != &self->wants_storage)
		return check_empty(spec, e);
	if (parse_scale(self, spec, e) < 0 || check_flag(spec, "verbose", e) < 0 ||
	    check_flag(spec, "waitForLock", e) < 0)
		return e->code;
	return check_flag(spec, "numericOnly", e);
}

static int parse_option(struct coll_stats_stage *self, const struct bson_field *field,
			struct error *e)
{
	static const char *const names[] = {"latencyStats", "storageStats", "count",
					    "queryExecStats"};
	bool *const to[] = {&self->wants_latency, &self->wants_storage, &self->wants_count,
			    &self->wants_queries};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!bytes_equal(field->name, bytes_str(names[i])))
			continue;
		if (field->type == BSON_KIND_NULL)
			return 0;
		if (field->type != BSON_KIND_DOCUMENT)
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "BSON field '$collStats.%s' is the wrong type '%s', "
					   "expected type 'object'",
					   names[i], value_type_name(field->type));
		*to[i] = true;
		return parse_inside(self, to[i], field->value, e);
	}
	return query_error_unknown_field(e, "$collStats", field->name);
}

int stage_make_coll_stats(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL, *from = source;
	struct coll_stats_stage *self =
		stage_new(b, &coll_stats_kind, sizeof(*self), operand, NULL);
	struct bson_field field;
	struct fields fields;

	(void)name;
	made = &self->base;
	self->scale = 1;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 5447000, "$collStats must take a nested object but found: %s",
				   stage_element_text(b->q, bytes_str("$collStats"), operand));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field))
		if (parse_option(self, &field, e) < 0 ||
		    query_error_if_repeated(e, "$collStats", operand->data, &field) < 0)
			return e->code;
	if (b->q->api_strict && (self->wants_latency || self->wants_storage || self->wants_queries))
		return query_error(
			e, QUERY_API_STRICT,
			"only the 'count' option to $collStats is supported in API Version 1");
	*ret = TAKE(made);
	return 0;
}

/* ---- $indexStats */

struct index_stats_stage {
	struct stage base;
	struct catalog_entry entry;
	struct fields indexes;
	bool is_open;
	struct buf out;
};

#define VIEWS_MAX 20

/* The collection's entry; of a view whose pipeline is empty that of what it views (else the stage would not be the first). */
static int index_stats_open(struct index_stats_stage *self, struct error *e)
{
	struct query_context *q = self->base.q;
	OWNED(buf_release) struct buf name = {0};
	int found;

	buf_add_bytes(&name, q->coll);
	for (int i = 0; i < VIEWS_MAX; i++) {
		struct value on;

		found = pipeline_ops()->entry(q, q->db, buf_bytes(&name), &self->entry, e);
		if (found > 0 && self->entry.type != CATALOG_VIEW &&
		    collection_know_indexes(q->moment, &self->entry, e) < 0)
			return e->code;
		if (found <= 0 || self->entry.type != CATALOG_VIEW)
			return found;
		on = value_get(buf_bytes(&self->entry.options), bytes_str("viewOn"));
		buf_reset(&name);
		if (on.type == BSON_KIND_STRING)
			buf_add_bytes(&name, on.data);
	}
	return 0;
}

static int index_stats_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct index_stats_stage *self = (struct index_stats_stage *)stage;
	struct bson_field field;
	struct value name, key, spec;
	bool is_series;
	size_t begin, inner;

	if (!self->is_open) {
		int found = index_stats_open(self, e);

		if (found <= 0)
			return found;
		self->indexes = fields_of(buf_bytes(&self->entry.indexes));
		self->is_open = true;
	}
	if (!fields_next(&self->indexes, &field))
		return 0;
	spec = value_of_field(&field);
	name = value_get(field.value, bytes_str("name"));
	key = value_get(field.value, bytes_str("key"));
	is_series = self->entry.type == CATALOG_TIMESERIES; /* its keys are put in anew */
	buf_reset(&self->out);
	begin = bson_build_begin(&self->out);
	value_write(&self->out, bytes_str("name"), &name);
	if (!is_series)
		value_write(&self->out, bytes_str("key"), &key);
	add_host(stage->q, &self->out);
	inner = bson_build_open(&self->out, "accesses");
	bson_build_int64(&self->out, "ops", 0);
	add_time(&self->out, "since");
	bson_build_end(&self->out, inner);
	value_write(&self->out, bytes_str("spec"), &spec);
	if (is_series)
		value_write(&self->out, bytes_str("key"), &key);
	bson_build_end(&self->out, begin);
	*ret = (struct stage_doc){.doc = buf_bytes(&self->out)};
	return 1;
}

static void index_stats_close(struct stage *stage)
{
	struct index_stats_stage *self = (struct index_stats_stage *)stage;

	catalog_entry_release(&self->entry);
	buf_release(&self->out);
}

static const struct stage_kind index_stats_kind = {"$indexStats", index_stats_next,
						   index_stats_close, NULL, NULL};

int stage_make_index_stats(struct stage_build *b, struct bytes name, const struct value *operand,
			   struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct index_stats_stage *self;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT || value_count(operand->data) > 0)
		return query_error(e, 28803,
				   "The $indexStats stage specification must be an empty object");
	self = stage_new(b, &index_stats_kind, sizeof(*self), operand, NULL);
	catalog_entry_init(&self->entry);
	*ret = &self->base;
	return 0;
}
