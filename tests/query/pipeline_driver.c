/*
 * pipeline_driver.c - aggregations without a store: for differential tests of the stages against a real mongod.
 *
 * Reads BSON documents from stdin, one after the other:
 *	{colls: {c: [documents], ..}, pipeline: [..], memory: bytes, collation: {..}, let: {..}, find: {..}}
 * and writes for each {ok: 1, docs: [..]} or {ok: 0, code, errmsg} to stdout. The collection that is read is `c`.
 */
#include <stdio.h>

#include "base/bson_build.h"
#include "base/bson_check.h"
#include "query/fields.h"
#include "query/project.h"
#include "query/query_error.h"
#include "query/stage/pipeline.h"

static struct bytes colls;

struct array_stage {
	struct stage base;
	struct fields fields;
	int64_t rank;
};

static int array_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct array_stage *self = (struct array_stage *)stage;
	struct bson_field field;

	(void)e;
	if (!fields_next(&self->fields, &field))
		return 0;
	*ret = (struct stage_doc){.doc = field.value, .record_id = ++self->rank};
	return 1;
}

static const struct stage_kind array_kind = {"COLLSCAN", array_next, NULL, NULL, NULL};

static struct stage *scan(struct query_context *q, struct bytes coll)
{
	struct array_stage *self = xcalloc(1, sizeof(*self));
	struct value docs = value_get(colls, coll);

	self->base.kind = &array_kind;
	self->base.q = q;
	self->fields = fields_of(docs.type == BSON_KIND_ARRAY ? docs.data : bson_build_empty());
	return &self->base;
}

static int open_coll(struct query_context *q, struct bytes db, struct bytes coll,
		     struct bytes pipeline, struct expr_scope *scope, const struct expr_frame *vars,
		     struct stage **ret, struct error *e)
{
	(void)db;
	(void)vars;
	if (scope == NULL)
		scope = expr_scope_new(q);
	return pipeline_build(q, scope, pipeline,
			      pipeline_needs_collection(pipeline) ? scan(q, coll) : NULL, ret, e);
}

static int no_entry(struct query_context *q, struct bytes db, struct bytes coll,
		    struct catalog_entry *ret, struct error *e)
{
	(void)q;
	(void)db;
	(void)coll;
	(void)ret;
	(void)e;
	return 0;
}

static const struct pipeline_ops ops = {open_coll, no_entry};

static int run(struct query_context *q, struct bytes request, struct buf *out, struct error *e)
{
	OWNED(stage_free) struct stage *stage = NULL;
	struct value pipeline = value_get(request, bytes_str("pipeline"));
	struct stage_doc doc;
	size_t list;
	char name[24];
	int found;

	if (open_coll(q, q->db, q->coll, pipeline.data, NULL, NULL, &stage, e) < 0)
		return e->code;
	list = bson_build_open_array(out, "docs");
	for (size_t n = 0; (found = stage_next(stage, &doc, e)) == 1; n++) {
		snprintf(name, sizeof(name), "%zu", n);
		bson_build_value(out, name, BSON_KIND_DOCUMENT, doc.doc);
	}
	if (found < 0 && e->server != 0)
		query_error_cause(e, "PlanExecutor error during aggregation");
	bson_build_end(out, list);
	return found;
}

static void answer(struct bytes request)
{
	OWNED(arena_free) struct arena *constants = arena_new();
	OWNED(collation_close) struct collation *collation = NULL;
	OWNED(buf_release) struct buf out = {0};
	struct query_context q = {.constants = constants,
				  .db = bytes_str("q4"),
				  .coll = bytes_str("c"),
				  .memory = QUERY_MEMORY_DEFAULT,
				  .allow_disk_use = true};
	struct value memory = value_get(request, bytes_str("memory")),
		     spec = value_get(request, bytes_str("collation")),
		     let = value_get(request, bytes_str("let")),
		     all = value_get(request, bytes_str("colls"));
	struct error e = {0};
	size_t begin = bson_build_begin(&out);

	if (value_is_number(&memory))
		q.memory = (size_t)value_to_int64(&memory);
	if (let.type == BSON_KIND_DOCUMENT)
		q.let = let.data;
	colls = all.type == BSON_KIND_DOCUMENT ? all.data : bson_build_empty();
	if (spec.type == BSON_KIND_DOCUMENT && collation_open(spec.data, &collation, &e) == 1)
		q.collation = collation;
	if (run(&q, request, &out, &e) < 0) {
		out.len = begin;
		begin = bson_build_begin(&out);
		bson_build_int32(&out, "ok", 0);
		bson_build_int32(&out, "code", e.server);
		bson_build_string(&out, "errmsg", bytes_str(e.text));
	} else {
		bson_build_int32(&out, "ok", 1);
	}
	bson_build_end(&out, begin);
	fwrite(out.at, 1, out.len, stdout);
	fflush(stdout);
}

int main(void)
{
	OWNED(buf_release) struct buf request = {0};
	uint8_t head[4];

	pipeline_set_ops(&ops);
	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		uint32_t len = get_le32(head);

		if (len < BSON_MIN_LEN || len > 256 * MIB)
			return 2;
		buf_reset(&request);
		buf_add(&request, head, sizeof(head));
		if (fread(buf_room(&request, len - 4), 1, len - 4, stdin) != len - 4)
			return 2;
		request.len = len;
		answer(buf_bytes(&request));
	}
	return 0;
}
