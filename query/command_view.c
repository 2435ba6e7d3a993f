#include "query/command_view.h"

#include "base/bson_build.h"
#include "query/gaps.h"
#include "query/query_error.h"
#include "query/series_index.h"

int command_view_collation(struct command_context *c, const struct plan_resolved *r,
			   struct error *e)
{
	/* A time series takes any; a view of one does not. */
	if (!c->has_collation || r->is_series ||
	    command_collation_equals(c->collation_spec, r->collation))
		return 0;
	return query_error(e, QUERY_OPTION_NOT_SUPPORTED_ON_VIEW,
			   "Cannot override a view's default collation");
}

static int refuse(const char *what, struct error *e)
{
	return query_error(e, QUERY_INVALID_PIPELINE_OPERATOR,
			   "Option %s not supported in aggregation.", what);
}

static int refuse_flags(struct bytes cmd, const char *const *names, size_t count, struct error *e)
{
	for (size_t i = 0; i < count; i++)
		if (command_flag(cmd, names[i]))
			return refuse(names[i], e);
	return 0;
}

/* What asAggregationCommand() of mongod refuses, in its order. */
static int check_options(struct bytes cmd, struct error *e)
{
	static const char *const objects[] = {"min", "max"};
	static const char *const before[] = {"returnKey", "showRecordId"};
	static const char *const after[] = {"noCursorTimeout", "allowPartialResults"};
	static const char *const last[] = {"readOnce", "allowSpeculativeMajorityRead"};

	for (size_t i = 0; i < COUNT_OF(objects); i++) {
		struct value v = command_field(cmd, objects[i]);

		if (v.type == BSON_KIND_DOCUMENT && value_count(v.data) > 0)
			return refuse(objects[i], e);
	}
	if (refuse_flags(cmd, before, COUNT_OF(before), e) < 0)
		return e->code;
	if (command_flag(cmd, "tailable"))
		return query_error(e, QUERY_INVALID_PIPELINE_OPERATOR,
				   "Tailable cursors are not supported in aggregation.");
	if (refuse_flags(cmd, after, COUNT_OF(after), e) < 0)
		return e->code;
	/* A single batch of one document is what findOne() sends: that is let through. */
	if (command_flag(cmd, "singleBatch") && command_number(cmd, "limit", 0) != 1)
		return refuse("singleBatch", e);
	return refuse_flags(cmd, last, COUNT_OF(last), e);
}

static void add_object(struct buf *out, size_t *index, struct bytes cmd, const char *field,
		       const char *stage)
{
	struct value v = command_field(cmd, field);
	OWNED(buf_release) struct buf doc = {0};
	struct value one;
	size_t begin;

	if (v.type != BSON_KIND_DOCUMENT || value_count(v.data) == 0)
		return;
	begin = bson_build_begin(&doc);
	value_write(&doc, bytes_str(stage), &v);
	bson_build_end(&doc, begin);
	one = value_document(buf_bytes(&doc));
	value_write_at(out, (*index)++, &one);
}

static void add_number(struct buf *out, size_t *index, struct bytes cmd, const char *field,
		       const char *stage)
{
	int64_t number = command_number(cmd, field, 0);
	OWNED(buf_release) struct buf doc = {0};
	struct value one;
	size_t begin;

	if (number == 0)
		return;
	begin = bson_build_begin(&doc);
	bson_build_int64(&doc, stage, number);
	bson_build_end(&doc, begin);
	one = value_document(buf_bytes(&doc));
	value_write_at(out, (*index)++, &one);
}

static struct bytes object_of(struct bytes cmd, const char *name)
{
	struct value v = command_field(cmd, name);

	return v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty();
}

static struct bytes pipeline_of(struct arena *arena, struct bytes cmd)
{
	OWNED(buf_release) struct buf out = {0};
	size_t index = 0, begin = bson_build_begin(&out);

	add_object(&out, &index, cmd, "filter", "$match");
	if (command_natural(object_of(cmd, "sort")) == 0)
		add_object(&out, &index, cmd, "sort", "$sort");
	add_number(&out, &index, cmd, "skip", "$skip");
	add_number(&out, &index, cmd, "limit", "$limit");
	add_object(&out, &index, cmd, "projection", "$project");
	bson_build_end(&out, begin);
	return arena_copy(arena, buf_bytes(&out));
}

static int refused(struct error *e)
{
	if (e->server == QUERY_INVALID_PIPELINE_OPERATOR) {
		char old[sizeof(e->text)];

		memcpy(old, e->text, sizeof(old));
		query_error(e, QUERY_INVALID_PIPELINE_OPERATOR, "Unsupported in view pipeline: %s",
			    old);
	}
	return e->code;
}

static bool has_field(struct bytes doc, const char *name)
{
	struct value v = value_get(doc, bytes_str(name));

	return !value_is_missing(&v);
}

int command_hint(struct command_context *c, struct expr_scope *scope, struct plan_resolved *r,
		 struct error *e)
{
	OWNED(buf_release) struct buf key = {0};
	struct value hint = command_field(c->cmd, "hint");
	struct value first = value_at(r->pipeline, 0);
	struct value filter = plan_operand(&first, "$match");
	const struct match *match = NULL;
	struct bytes empty = bson_build_empty(), indexes[2];
	int found;

	if (hint.type == BSON_KIND_DOCUMENT && command_check_natural("hint", hint.data, e) < 0)
		return e->code;
	if (value_is_missing(&hint) || r->collection.kind != COLLECTION_STORED ||
	    (hint.type == BSON_KIND_DOCUMENT && value_count(hint.data) == 0))
		return 0;
	if (hint.type == BSON_KIND_DOCUMENT && command_natural(hint.data) != 0) {
		r->natural = command_natural(hint.data);
		return 0;
	}
	/* Of a time series mongod looks for the key that its fields have in the buckets. */
	if (r->unpack.len > 0 && hint.type == BSON_KIND_DOCUMENT &&
	    !has_field(hint.data, "$hint") && series_index_key(r->unpack, hint.data, &key))
		hint.data = buf_bytes(&key);
	found = collection_index(&r->collection, &hint, indexes, e);
	if (found < 0)
		return found;
	if (found == 1) {
		r->index = arena_copy(c->q.constants, indexes[0]);
		return 0;
	}
	r->has_bad_hint = pipeline_begins_with_geo(r->pipeline, NULL);
	if (r->has_bad_hint)
		return 0;
	/* mongod has optimized the pipeline before it plans. */
	if (plan_check_folded(&c->q, scope, r->pipeline, e) < 0 ||
	    match_parse(scope, filter.type == BSON_KIND_DOCUMENT ? filter.data : empty,
			MATCH_AGGREGATE, &match, e) < 0)
		return e->code;
	/* Of a view the namespace behind it is told. */
	buf_reset(&c->ns);
	buf_add(&c->ns, r->collection.entry.ns, r->collection.entry.ns_len);
	return command_not_one_index(c, match, indexes, found, e);
}

int command_view_find(struct query_cursor *cursor, struct plan_resolved *r,
		      const struct project *project, struct error *e)
{
	struct query_context *q = &cursor->c.q;

	(void)project;
	if (check_options(cursor->c.cmd, e) < 0 || command_view_collation(&cursor->c, r, e) < 0)
		return e->code;
	r->pipeline =
		plan_concat(q->constants, r->pipeline, pipeline_of(q->constants, cursor->c.cmd));
	q->in_find = q->has_near = false;
	q->wants_search = true;
	cursor->is_find = false;
	cursor->c.is_view_find = true;
	cursor->behind = r->coll;
	cursor->left = -1;
	cursor->is_single = command_flag(cursor->c.cmd, "singleBatch");
	cursor->scope = expr_scope_new(q);
	q->keeps_gaps = gaps_wanted(r->pipeline);
	if (plan_check_views(q, r->pipeline, e) < 0 ||
	    plan_check(q, cursor->scope, r->pipeline, e) < 0 ||
	    command_hint(&cursor->c, cursor->scope, r, e) < 0)
		return refused(e);
	if (r->natural == 0)
		r->natural = command_natural(object_of(cursor->c.cmd, "sort"));
	if (plan_pipeline(q, r, cursor->scope, NULL, true, &cursor->plan, &cursor->stage, e) < 0)
		return refused(e);
	return 0;
}

int command_view_match(struct command_context *c, struct plan_resolved *r, struct bytes query,
		       struct stage **ret, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), stage = bson_build_open(&out, "0");

	bson_build_value(&out, "$match", BSON_KIND_DOCUMENT, query);
	bson_build_end(&out, stage);
	bson_build_end(&out, begin);
	if (command_view_collation(c, r, e) < 0)
		return e->code;
	c->q.in_find = false;
	c->q.wants_search = true;
	r->pipeline = plan_concat(c->q.constants, r->pipeline,
				  value_count(query) == 0 ? bson_build_empty() : buf_bytes(&out));
	if (command_hint(c, expr_scope_new(&c->q), r, e) < 0)
		return e->code;
	return plan_pipeline(&c->q, r, NULL, NULL, true, NULL, ret, e);
}
