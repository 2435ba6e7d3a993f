/* Stages that bring documents of their own: $documents and $unionWith; those that give none; those that are refused. */
#include <stdio.h>

#include "base/bson_build.h"
#include "base/chunk_id.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

/* ---- $documents */

struct documents_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *expr;
	struct value array;
	struct fields elements;
	bool is_open;
};

static COLD int no_object(const struct value *v, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	value_text(v, &text);
	return query_error(e, 40228,
			   "elements within the array passed to $documents must evaluate to an "
			   "object, but resulting value was: %s. Type of resulting value: '%s'. "
			   "Input document: {_tempDocumentsField: %s}",
			   buf_text(&text), value_type_name(v->type), buf_text(&text));
}

static int open_documents(struct documents_stage *self, struct error *e)
{
	const struct stage_doc nothing = {.doc = bson_build_empty()};

	stage_work_set(&self->work, self->base.q, &nothing);
	if (expr_eval(self->expr, &self->work.frame, &self->array, e) < 0)
		return e->code;
	if (self->array.type != BSON_KIND_ARRAY)
		return query_error(e, 5858203, "an array is expected");
	self->elements = fields_of(self->array.data);
	self->is_open = true;
	return 0;
}

static int documents_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct documents_stage *self = (struct documents_stage *)stage;
	struct bson_field field;
	struct value v;

	if (!self->is_open && open_documents(self, e) < 0)
		return e->code;
	if (!fields_next(&self->elements, &field))
		return 0;
	v = value_of_field(&field);
	if (v.type != BSON_KIND_DOCUMENT)
		return no_object(&v, e);
	*ret = (struct stage_doc){.doc = v.data};
	return 1;
}

static void documents_close(struct stage *stage)
{
	stage_work_close(&((struct documents_stage *)stage)->work);
}

static const struct stage_kind documents_kind = {"$documents", documents_next, documents_close,
						 NULL, NULL};

/* It is parsed as a field of a $project: what no operator is has the words of that one. */
static int check_operator(struct stage_build *b, const struct value *operand, struct error *e)
{
	struct fields fields;
	struct bson_field first;

	if (operand->type != BSON_KIND_DOCUMENT)
		return 0;
	fields = fields_of(operand->data);
	if (!fields_next(&fields, &first))
		return 0;
	if (first.name.len == 0)
		return query_error(e, 40352, "FieldPath cannot be constructed with empty string");
	if (first.name.at[0] != '$' ||
	    (value_count(operand->data) == 1 && expr_op_find(first.name) != NULL))
		return 0;
	if (value_count(operand->data) > 1)
		return field_path_check_name(first.name, e);
	return query_error(e, 31325, "Unknown expression %s", stage_text(b->q, first.name));
}

int stage_make_documents(struct stage_build *b, struct bytes name, const struct value *operand,
			 struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct documents_stage *self;
	const struct expr *expr;

	(void)name;
	if (operand->type == BSON_KIND_DOCUMENT && value_count(operand->data) == 0)
		return query_error(e, 51270,
				   "Invalid $documents :: caused by :: An empty sub-projection is "
				   "not a valid value. Found empty object at path");
	if (check_operator(b, operand, e) < 0 || expr_parse(b->scope, operand, &expr, e) < 0)
		return query_error_cause(e, "Invalid $documents");
	stage_free(TAKE(from));
	self = stage_new(b, &documents_kind, sizeof(*self), operand, NULL);
	self->work.scope = b->scope;
	self->expr = expr;
	stage_later_expr(b, &self->expr);
	*ret = &self->base;
	return 0;
}

/* ---- $unionWith */

struct union_stage {
	struct stage base;
	struct bytes coll, pipeline; /* coll empty: the pipeline begins with $documents */
	struct query_context sub;
	struct arena *constants;
	struct stage *checked; /* made while parsing, for its errors only */
	struct stage *stage;
	bool is_second;
};

static int open_second(struct union_stage *self, struct error *e)
{
	self->is_second = true;
	self->constants = arena_new();
	self->sub = query_context_inside(self->base.q, self->constants);
	if (self->coll.at != NULL && self->coll.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Namespace %.*s. is not a valid collection name",
				   (int)self->sub.db.len, (const char *)self->sub.db.at);
	if (self->coll.at != NULL)
		return pipeline_ops()->open(&self->sub, self->sub.db, self->coll, self->pipeline,
					    NULL, NULL, &self->stage, e);
	self->sub.coll = bytes_of(NULL, 0);
	return pipeline_build(&self->sub, expr_scope_new(&self->sub), self->pipeline, NULL,
			      &self->stage, e);
}

static int union_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct union_stage *self = (struct union_stage *)stage;
	int found;

	if (!self->is_second) {
		found = stage_next(stage->source, ret, e);
		if (found != 0)
			return found;
		if (open_second(self, e) < 0)
			return e->code;
	}
	return self->stage == NULL ? 0 : stage_next(self->stage, ret, e);
}

static void union_close(struct stage *stage)
{
	struct union_stage *self = (struct union_stage *)stage;

	stage_free(self->stage);
	stage_free(self->checked);
	arena_free(self->constants);
}

static size_t union_memory(const struct stage *stage)
{
	const struct union_stage *self = (const struct union_stage *)stage;

	return sizeof(*self) + stage_memory(self->stage) + stage_memory(self->checked) +
	       arena_held(self->constants);
}

static const struct stage_kind union_kind = {"$unionWith", union_next, union_close, NULL,
					     union_memory};

int stage_make_union_with(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct union_stage *self = stage_new(b, &union_kind, sizeof(*self), operand, source);
	struct value coll = *operand, pipeline = value_missing();
	struct bytes own = b->q->coll;
	int result;

	(void)name;
	made = &self->base;
	if (operand->type == BSON_KIND_DOCUMENT) {
		coll = value_get(operand->data, bytes_str("coll"));
		pipeline = value_get(operand->data, bytes_str("pipeline"));
	}
	if (!value_is_missing(&coll))
		self->coll = coll.data;
	self->pipeline = value_is_missing(&pipeline) ? bson_build_empty() : pipeline.data;
	b->q->coll = self->coll;
	result = stage_parse_sub(b, self->pipeline, STAGE_IN_UNION, true, NULL, &self->checked, e);
	b->q->coll = own;
	if (result < 0)
		return result;
	*ret = TAKE(made);
	return 0;
}

/* ---- those that give nothing */

static int only_on_admin(struct stage_build *b, const char *stage, struct error *e)
{
	if (bytes_equal(b->q->db, bytes_str("admin")) && b->q->coll.len == 0)
		return 0;
	return query_error(e, QUERY_INVALID_NAMESPACE,
			   "%s must be run against the 'admin' database with {aggregate: 1}",
			   stage);
}

static int check_plan_cache(const struct value *operand, struct error *e)
{
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$planCacheStats value must be an object. Found: %s",
				   value_type_name(operand->type));
	if (value_count(operand->data) > 0)
		return query_error(
			e, QUERY_FAILED_TO_PARSE,
			"$planCacheStats parameters object must be empty. Found: object");
	return 0;
}

static int check_options(const char *stage, const struct value *operand, struct error *e)
{
	struct bson_field field;
	struct fields fields;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "%s options must be specified in an object, but found: %s",
				   stage, value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field))
		if (strcmp(stage, "$currentOp") != 0 &&
		    !bytes_equal(field.name, bytes_str("users")) &&
		    !bytes_equal(field.name, bytes_str("allUsers")))
			return query_error_unknown_field(e, stage, field.name);
	return 0;
}

static int check_inhibit(struct stage_build *b, const char *stage, const struct value *operand,
			 struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "%s must take a nested object but found: %s", stage,
				   stage_element_text(b->q, bytes_str(stage), operand));
	if (value_count(operand->data) == 0)
		return 0;
	value_text_bson(operand->data, false, &text);
	return query_error(e, QUERY_FAILED_TO_PARSE, "%s must take an empty object but found: %s",
			   stage, buf_text(&text));
}

static int check_nothing(struct stage_build *b, const char *stage, const struct value *operand,
			 struct error *e)
{
	if (strcmp(stage, "$_internalInhibitOptimization") == 0)
		return check_inhibit(b, stage, operand, e);
	if (strcmp(stage, "$currentOp") == 0)
		return check_options(stage, operand, e) < 0 ? e->code : only_on_admin(b, stage, e);
	if (strcmp(stage, "$listLocalSessions") == 0) {
		if (check_options(stage, operand, e) < 0)
			return e->code;
		if (b->q->coll.len > 0)
			return query_error(e, QUERY_INVALID_NAMESPACE,
					   "$listLocalSessions must be run against the database "
					   "with {aggregate: 1}, not a collection");
	}
	if (strcmp(stage, "$listSessions") == 0 &&
	    (!bytes_equal(b->q->db, bytes_str("config")) ||
	     !bytes_equal(b->q->coll, bytes_str("system.sessions"))))
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "$listSessions may only be run against config.system.sessions");
	return 0;
}

int stage_make_nothing(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	const char *stage = stage_text(b->q, name);

	if (check_nothing(b, stage, operand, e) < 0)
		return e->code;
	/* These two leave what comes as it is. */
	if (from != NULL && (strcmp(stage, "$listSessions") == 0 ||
			     strcmp(stage, "$_internalInhibitOptimization") == 0)) {
		*ret = TAKE(from);
		return 0;
	}
	*ret = stage_new_empty(b, TAKE(from));
	return 0;
}

/* ---- $planCacheStats: nothing is cached; a collection has to be there, though */

static int plan_cache_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct query_context *q = stage->q;
	struct catalog_entry entry;
	int found;

	(void)ret;
	catalog_entry_init(&entry);
	found = pipeline_ops()->entry(q, q->db, q->coll, &entry, e);
	catalog_entry_release(&entry);
	if (found != 0)
		return MIN_OF(found, 0);
	return query_error(e, 50933, "collection '%s.%s' does not exist", stage_text(q, q->db),
			   stage_text(q, q->coll));
}

static const struct stage_kind plan_cache_kind = {"$planCacheStats", plan_cache_next, NULL, NULL,
						  NULL};

int stage_make_plan_cache(struct stage_build *b, struct bytes name UNUSED,
			  const struct value *operand, struct stage *source, struct stage **ret,
			  struct error *e)
{
	OWNED(stage_free) struct stage *from = source;

	if (check_plan_cache(operand, e) < 0)
		return e->code;
	*ret = stage_new(b, &plan_cache_kind, sizeof(struct stage), operand, NULL);
	return 0;
}

/* ---- $listLocalSessions: there is no list; the session that asks is one */

static bool asks_for_all(const struct value *spec)
{
	struct value users = value_get(spec->data, bytes_str("users"));

	return users.type != BSON_KIND_ARRAY || value_count(users.data) == 0;
}

int stage_make_local_sessions(struct stage_build *b, struct bytes name, const struct value *operand,
			      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct chunk_id nobody = chunk_id_of(bytes_of(NULL, 0)); /* the user's name, hashed */
	OWNED(buf_release) struct buf list = {0};
	size_t begin, inner, id;
	struct value made, uuid = value_missing();

	if (check_nothing(b, stage_text(b->q, name), operand, e) < 0)
		return e->code;
	if (b->q->lsid.len > 0)
		uuid = value_get(b->q->lsid, bytes_str("id"));
	begin = bson_build_begin(&list);
	if (uuid.type == BSON_KIND_BINARY && asks_for_all(operand)) {
		inner = bson_build_open(&list, "0");
		id = bson_build_open(&list, "_id");
		value_write(&list, bytes_str("id"), &uuid);
		bson_build_binary(&list, "uid", 0, bytes_of(nobody.at, sizeof(nobody.at)));
		bson_build_end(&list, id);
		bson_build_date(&list, "lastUse", b->q->now);
		bson_build_end(&list, inner);
	}
	bson_build_end(&list, begin);
	made = value_array(arena_copy(b->q->constants, buf_bytes(&list)));
	return stage_make_documents(b, name, &made, TAKE(from), ret, e);
}

/* ---- those that are refused, in mongod's words */

struct refusal {
	const char *stage;
	int code;
	const char *text; /* %s: the stage */
};

static const struct refusal refusals[] = {
	{"$changeStream", 40573, "The %s stage is only supported on replica sets"},
	{"$changeStreamSplitLargeEvent", QUERY_ILLEGAL_OPERATION,
	 "%s can only be used in a $changeStream pipeline"},
	{"$search", 6047401, "%s stage is only allowed on MongoDB Atlas"},
	{"$searchMeta", 6047401, "%s stage is only allowed on MongoDB Atlas"},
	{"$vectorSearch", 6047401, "%s stage is only allowed on MongoDB Atlas"},
	{"$listSearchIndexes", 6047401, "%s stage is only allowed on MongoDB Atlas"},
	{"$queryStats", QUERY_INVALID_NAMESPACE,
	 "%s must be run against the 'admin' database with {aggregate: 1}"},
	{"$operationMetrics", 115,
	 "The aggregateOperationResourceConsumption server parameter is not set"},
	{"$shardedDataDistribution", 6789101, "The %s stage can only be run on mongoS"},
};

int stage_refuse(const char *stage, struct error *e)
{
	for (size_t i = 0; i < COUNT_OF(refusals); i++)
		if (strcmp(stage, refusals[i].stage) == 0) {
			const char *text = refusals[i].text, *hole = strstr(text, "%s");

			if (hole == NULL)
				return query_error(e, refusals[i].code, "%s", text);
			return query_error(e, refusals[i].code, "%.*s%s%s", (int)(hole - text),
					   text, stage, hole + 2);
		}
	return query_error(e, 5491300, "%s' is not allowed in user requests", stage);
}

int stage_make_refused(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;

	(void)operand;
	(void)ret;
	return stage_refuse(stage_text(b->q, name), e);
}
