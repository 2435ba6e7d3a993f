/* Prefix: plan_ - the views that the stages of a pipeline name: can they be resolved, and their collations. */
#include "base/bson_build.h"
#include "base/bytes.h"
#include "query/collection.h"
#include "query/command_parse.h"
#include "query/fields.h"
#include "query/plan.h"
#include "query/query_error.h"

/* A view's collation, and that of a time series, is that of what is asked. */
static int check_name(struct query_context *q, struct bytes coll, struct error *e)
{
	OWNED(collection_release) struct collection c;
	struct bytes collation;

	collection_init(&c);
	if (collection_find(q->moment, q->db, coll, q->with_users, &c, e) < 0)
		return e->code;
	if (c.kind == COLLECTION_MISSING || c.kind == COLLECTION_STORED)
		return 0;
	if (collection_collation(&c, &collation, e) < 0)
		return e->code;
	if (command_collation_equals(q->collation_spec, collation))
		return 0;
	/* The namespace behind the words without a blank is mongod's. */
	return query_error(e, QUERY_OPTION_NOT_SUPPORTED_ON_VIEW,
			   "Cannot override a view's default collation%.*s.%.*s", (int)q->db.len,
			   (const char *)q->db.at, (int)coll.len, (const char *)coll.at);
}

/* What is done with each namespace that a pipeline names, in $facet and inner pipelines, too. */
struct name_walk {
	struct query_context *q;
	int (*visit)(struct name_walk *walk, struct bytes coll, struct error *e);
	struct buf names; /* of check_views(): name after name, each behind its length */
};

static int walk_pipeline(struct name_walk *walk, struct bytes pipeline, struct error *e);

static int walk_facets(struct name_walk *walk, struct bytes facets, struct error *e)
{
	struct fields fields = fields_of(facets);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (field.type == BSON_KIND_ARRAY && walk_pipeline(walk, field.value, e) < 0)
			return e->code;
	return 0;
}

static int walk_join(struct name_walk *walk, const struct bson_field *stage, struct error *e)
{
	struct value coll = value_of_field(stage), pipeline;
	bool is_union = bytes_equal(stage->name, bytes_str("$unionWith"));

	if (coll.type == BSON_KIND_DOCUMENT)
		coll = value_get(stage->value, bytes_str(is_union ? "coll" : "from"));
	if (coll.type == BSON_KIND_STRING && walk->visit(walk, coll.data, e) < 0)
		return e->code;
	if (stage->type != BSON_KIND_DOCUMENT)
		return 0;
	pipeline = value_get(stage->value, bytes_str("pipeline"));
	return pipeline.type == BSON_KIND_ARRAY ? walk_pipeline(walk, pipeline.data, e) : 0;
}

static int walk_pipeline(struct name_walk *walk, struct bytes pipeline, struct error *e)
{
	static const char *const joins[] = {"$lookup", "$graphLookup", "$unionWith"};
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element, stage;
	int code = 0;

	while (code == 0 && fields_next(&fields, &element)) {
		inner = fields_of(element.value);
		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			continue;
		for (size_t i = 0; i < COUNT_OF(joins) && code == 0; i++)
			if (bytes_equal(stage.name, bytes_str(joins[i])))
				code = walk_join(walk, &stage, e);
		if (code == 0 && stage.type == BSON_KIND_DOCUMENT &&
		    bytes_equal(stage.name, bytes_str("$facet")))
			code = walk_facets(walk, stage.value, e);
	}
	return code;
}

static int visit_collation(struct name_walk *walk, struct bytes coll, struct error *e)
{
	return check_name(walk->q, coll, e);
}

int plan_check_collations(struct query_context *q, struct bytes pipeline, struct error *e)
{
	struct name_walk walk = {.q = q, .visit = visit_collation};

	return walk_pipeline(&walk, pipeline, e);
}

/* ---- views that can't be resolved */

static struct bytes name_at(const struct buf *names, size_t at)
{
	return bytes_of(names->at + at + 4, get_le32(names->at + at));
}

/* Note the name, once. */
static int visit_name(struct name_walk *walk, struct bytes coll, struct error *e)
{
	uint8_t len[4];

	(void)e;
	for (size_t at = 0; at < walk->names.len; at += 4 + name_at(&walk->names, at).len)
		if (bytes_equal(name_at(&walk->names, at), coll))
			return 0;
	put_le32(len, (uint32_t)coll.len);
	buf_add(&walk->names, len, sizeof(len));
	buf_add_bytes(&walk->names, coll);
	return 0;
}

static int resolve_name(struct name_walk *walk, struct bytes coll, struct error *e)
{
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};
	struct query_context *q = walk->q;

	if (plan_resolve(q, q->db, coll, bson_build_empty(), &resolved, e) >= 0)
		return walk_pipeline(walk, resolved.pipeline, e);
	if (e->server != QUERY_VIEW_DEPTH_LIMIT)
		return e->code;
	return query_error_cause(e, "Failed to resolve view '%.*s.%.*s", (int)q->db.len,
				 (const char *)q->db.at, (int)coll.len, (const char *)coll.at);
}

int plan_check_views(struct query_context *q, struct bytes pipeline, struct error *e)
{
	struct name_walk walk = {.q = q, .visit = visit_name};
	int code = walk_pipeline(&walk, pipeline, e);

	for (size_t at = 0; code == 0 && at < walk.names.len;) {
		struct bytes coll = arena_copy(q->constants, name_at(&walk.names, at));

		at += 4 + coll.len;
		code = resolve_name(&walk, coll, e);
	}
	buf_release(&walk.names);
	return code;
}
