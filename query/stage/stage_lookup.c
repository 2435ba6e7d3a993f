/* $lookup: by fields (a join that is kept), by a pipeline (asked for each document), or both. */
#include <stdio.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/stage/reorder_part.h"
#include "query/stage/stage_join.h"

#define RESULTS_MAX (100 * MIB) /* internalLookupStageIntermediateDocumentMaxSizeBytes */

struct let {
	struct bytes name;
	const struct expr *expr;
};

struct lookup_stage {
	struct stage base;
	struct stage_work work;
	struct bytes from, as, local, foreign; /* from: empty when the pipeline has $documents */
	struct bytes pipeline;		       /* as written; empty slice when there is none */
	bool has_pipeline, unwinds, preserve;
	bool is_of_documents; /* the pipeline begins with $documents */
	bool is_over_join;    /* the pipeline works on what the join gives */
	struct bytes index_path;
	struct let *lets;
	size_t let_count;
	/* The pipeline at work. */
	struct query_context sub;
	struct arena *constants; /* sub's; emptied for each document */
	struct stage *stage;
	struct stage_join *join;
	bool is_started, is_cached; /* cached: `results` is the same for all documents */
	struct buf results, words, out, half;
	/* When it unwinds: the document whose results are given. */
	struct stage_doc doc;
	bool is_open;
	int64_t index;
};

/* ---- asking the other collection */

/* The context's let and our own, evaluated, as one document. */
static int make_let(struct lookup_stage *self, struct error *e)
{
	struct query_context *q = self->base.q;
	struct buf *out = &self->words;
	struct fields fields;
	struct bson_field field;
	size_t begin;

	buf_reset(out);
	begin = bson_build_begin(out);
	if (q->let.len > 0) {
		fields = fields_of(q->let);
		while (fields_next(&fields, &field))
			buf_add_bytes(out, bson_element(&field));
	}
	for (size_t i = 0; i < self->let_count; i++) {
		struct value v;

		if (expr_eval(self->lets[i].expr, &self->work.frame, &v, e) < 0)
			return e->code;
		expr_let_write(out, self->lets[i].name, &v);
	}
	bson_build_end(out, begin);
	self->sub.let = arena_copy(self->constants, buf_bytes(out));
	return 0;
}

/* {foreign: {$eq: v}} */
static void write_equal(struct buf *out, const char *foreign, const struct value *v)
{
	size_t field = bson_build_open(out, foreign);

	value_write(out, bytes_str("$eq"), v);
	bson_build_end(out, field);
}

/* {foreign: {$in: values}}: regular expressions in a $in would be asked, here they are values. */
static void write_in(struct buf *out, const char *foreign, const struct value *values, size_t count)
{
	size_t field = bson_build_open(out, foreign), list = bson_build_open_array(out, "$in"),
	       n = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i].type != BSON_KIND_REGEX)
			value_write_at(out, n++, &values[i]);
	bson_build_end(out, list);
	bson_build_end(out, field);
}

/* {$or: [{foreign: {$in: ..}}, {foreign: {$eq: regular expression}}, ..]} */
static void write_or(struct buf *out, const char *foreign, const struct value *values, size_t count)
{
	size_t list = bson_build_open_array(out, "$or"), one = bson_build_open(out, "0"), n = 1;
	char name[24];

	write_in(out, foreign, values, count);
	bson_build_end(out, one);
	for (size_t i = 0; i < count; i++) {
		if (values[i].type != BSON_KIND_REGEX)
			continue;
		snprintf(name, sizeof(name), "%zu", n++);
		one = bson_build_open(out, name);
		write_equal(out, foreign, &values[i]);
		bson_build_end(out, one);
	}
	bson_build_end(out, list);
}

static bool has_regex(const struct value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i].type == BSON_KIND_REGEX)
			return true;
	return false;
}

/* {$match: ..} of the documents that the one at hand joins, as element `name`. */
static void write_match(struct lookup_stage *self, struct buf *out, const char *name)
{
	const char *foreign = stage_text(&self->sub, self->foreign);
	size_t stage = bson_build_open(out, name), match = bson_build_open(out, "$match");
	struct value *values, null = value_null();
	size_t count =
		stage_local_values(self->work.arena, self->work.frame.root, self->local, &values);

	if (count <= 1)
		write_equal(out, foreign, count == 0 ? &null : &values[0]);
	else if (has_regex(values, count))
		write_or(out, foreign, values, count);
	else
		write_in(out, foreign, values, count);
	bson_build_end(out, match);
	bson_build_end(out, stage);
}

static struct bytes make_pipeline(struct lookup_stage *self)
{
	struct buf *out = &self->words;
	struct bson_field element;
	struct fields fields;
	size_t begin, n;
	char name[24];

	if (self->local.len == 0)
		return self->pipeline;
	buf_reset(out);
	begin = bson_build_begin(out);
	n = !self->is_of_documents;
	if (n == 1)
		write_match(self, out, "0");
	fields = fields_of(self->has_pipeline ? self->pipeline : bson_build_empty());
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		snprintf(name, sizeof(name), "%zu", n++);
		value_write(out, bytes_str(name), &v);
		if (n == 1) { /* behind $documents */
			write_match(self, out, "1");
			n++;
		}
	}
	bson_build_end(out, begin);
	return arena_copy(self->constants, buf_bytes(out));
}

/* The documents of the join, for a pipeline. */
struct joined_stage {
	struct stage base;
	struct stage_join *join; /* borrowed */
};

static int joined_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	*ret = (struct stage_doc){0};
	return stage_join_next(((struct joined_stage *)stage)->join, &ret->doc, e);
}

static const struct stage_kind joined_kind = {"$_joined", joined_next, NULL, NULL, NULL};

static int open_joined(struct lookup_stage *self, struct error *e)
{
	struct joined_stage *source = xcalloc(1, sizeof(*source));

	source->base = (struct stage){.kind = &joined_kind, .q = &self->sub};
	source->join = self->join;
	return pipeline_build(&self->sub, expr_scope_new(&self->sub), self->pipeline, &source->base,
			      &self->stage, e);
}

static int open_pipeline(struct lookup_stage *self, struct error *e)
{
	struct bytes pipeline;
	struct expr_scope *scope;

	stage_free(TAKE(self->stage));
	if (self->constants == NULL)
		self->constants = arena_new();
	arena_reset(self->constants);
	self->sub = query_context_inside(self->base.q, self->constants);
	if (make_let(self, e) < 0)
		return e->code;
	if (self->is_over_join)
		return open_joined(self, e);
	pipeline = make_pipeline(self);
	if (self->from.len > 0)
		return pipeline_ops()->open(&self->sub, self->sub.db, self->from, pipeline, NULL,
					    NULL, &self->stage, e);
	self->sub.coll = bytes_of(NULL, 0);
	scope = expr_scope_new(&self->sub);
	return pipeline_build(&self->sub, scope, pipeline, NULL, &self->stage, e);
}

/* By fields, and not by `_id`, which the tree finds. */
static bool wants_join(const struct lookup_stage *self)
{
	return self->local.len > 0 && !self->is_of_documents &&
	       !bytes_equal(self->foreign, bytes_str("_id"));
}

static int start(struct lookup_stage *self, struct error *e)
{
	self->is_started = true;
	self->is_of_documents = self->has_pipeline && stage_begins_with_documents(self->pipeline);
	/* The fields are looked at before it. */
	if (self->local.len > 0 && self->has_pipeline && !self->is_of_documents &&
	    pipeline_check_behind(self->pipeline, e) < 0)
		return e->code;
	if (!wants_join(self))
		return 0;
	if (stage_join_open(self->base.q, self->from, self->foreign, &self->join, e) < 0)
		return e->code;
	self->is_over_join = self->join != NULL && self->has_pipeline;
	return 0;
}

/* Begin with a document: its results come from next_result(). */
static int open_results(struct lookup_stage *self, struct error *e)
{
	struct value *values, null = value_null();
	size_t count;

	if (!self->is_started && start(self, e) < 0)
		return e->code;
	if (self->join == NULL)
		return open_pipeline(self, e);
	stage_join_begin(self->join);
	count = stage_local_values(self->work.arena, self->work.frame.root, self->local, &values);
	for (size_t i = 0; i < count; i++)
		stage_join_add(self->join, &values[i], false);
	if (count == 0)
		stage_join_add(self->join, &null, false);
	return self->is_over_join ? open_pipeline(self, e) : 0;
}

static int next_result(struct lookup_stage *self, struct bytes *ret, struct error *e)
{
	struct stage_doc doc;
	int found;

	if (self->join != NULL && !self->is_over_join)
		return stage_join_next(self->join, ret, e);
	found = stage_next(self->stage, &doc, e);
	if (found == 1)
		*ret = doc.doc;
	return found;
}

/* ---- giving */

static int gather_results(struct lookup_stage *self, struct error *e)
{
	struct bytes result;
	char name[24];
	size_t begin, n = 0;
	int found;

	if (open_results(self, e) < 0)
		return e->code;
	buf_reset(&self->results);
	begin = bson_build_begin(&self->results);
	while ((found = next_result(self, &result, e)) == 1) {
		if (self->results.len > RESULTS_MAX)
			return query_error(e, 4568,
					   "Total size of documents in %s matching pipeline's "
					   "$lookup stage exceeds %zu bytes",
					   stage_text(self->base.q, self->from), RESULTS_MAX);
		snprintf(name, sizeof(name), "%zu", n++);
		bson_build_value(&self->results, name, BSON_KIND_DOCUMENT, result);
	}
	bson_build_end(&self->results, begin);
	return found;
}

static int give_all(struct lookup_stage *self, struct stage_doc *ret, struct error *e)
{
	int found = stage_next(self->base.source, ret, e);
	struct value results;

	if (found <= 0)
		return found;
	stage_work_set(&self->work, self->base.q, ret);
	if (!self->is_cached && gather_results(self, e) < 0)
		return e->code;
	self->is_cached = self->has_pipeline && self->let_count == 0 && self->local.len == 0;
	results = value_array(buf_bytes(&self->results));
	buf_reset(&self->out);
	stage_set_path(&self->out, ret->doc, self->as, &results);
	ret->doc = buf_bytes(&self->out);
	return 1;
}

/* What stands for no result: its place is kept for the index if that goes below it, else for what comes later. */
static struct value nothing(const struct lookup_stage *self)
{
	static const struct value gap = {.type = FIELDS_GAP};

	if (reorder_is_within(self->index_path, self->as))
		return value_document(bson_build_empty());
	return self->base.q->keeps_gaps ? gap : value_missing();
}

/* One document with `result` and its index. */
static void give_unwound(struct lookup_stage *self, const struct value *result,
			 const struct value *index, struct stage_doc *ret)
{
	*ret = self->doc;
	buf_reset(&self->half);
	stage_set_path(&self->half, self->doc.doc, self->as, result);
	ret->doc = buf_bytes(&self->half);
	if (self->index_path.len == 0)
		return;
	buf_reset(&self->out);
	stage_set_path(&self->out, ret->doc, self->index_path, index);
	ret->doc = buf_bytes(&self->out);
}

static int give_each(struct lookup_stage *self, struct stage_doc *ret, struct error *e)
{
	struct value null = value_null(), result, index;
	struct bytes bytes;
	int found;

	for (;;) {
		if (!self->is_open) {
			found = stage_next(self->base.source, &self->doc, e);
			if (found <= 0)
				return found;
			stage_work_set(&self->work, self->base.q, &self->doc);
			if (open_results(self, e) < 0)
				return e->code;
			self->is_open = true;
			self->index = 0;
		}
		found = next_result(self, &bytes, e);
		if (found < 0)
			return found;
		if (found == 1) {
			result = value_document(bytes);
			index = value_int64(self->index++);
			give_unwound(self, &result, &index, ret);
			return 1;
		}
		self->is_open = false;
		if (self->index == 0 && self->preserve) {
			result = nothing(self);
			give_unwound(self, &result, &null, ret);
			return 1;
		}
	}
}

static int lookup_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct lookup_stage *self = (struct lookup_stage *)stage;

	return self->unwinds ? give_each(self, ret, e) : give_all(self, ret, e);
}

static void lookup_close(struct stage *stage)
{
	struct lookup_stage *self = (struct lookup_stage *)stage;

	stage_free(self->stage);
	stage_join_free(self->join);
	arena_free(self->constants);
	buf_release(&self->results);
	buf_release(&self->words);
	buf_release(&self->out);
	buf_release(&self->half);
	stage_work_close(&self->work);
}

static size_t lookup_memory(const struct stage *stage)
{
	const struct lookup_stage *self = (const struct lookup_stage *)stage;

	return sizeof(*self) + stage_memory(self->stage) + stage_join_memory(self->join) +
	       arena_held(self->constants) + self->results.cap + self->words.cap + self->out.cap +
	       self->half.cap + stage_work_memory(&self->work);
}

static const struct stage_kind lookup_kind = {"$lookup", lookup_next, lookup_close, NULL,
					      lookup_memory};

bool stage_is_plain_lookup(const struct stage *stage)
{
	return stage->kind == &lookup_kind && !((const struct lookup_stage *)stage)->unwinds;
}

bool stage_lookup_unwind(struct stage *stage, struct bytes path, struct bytes index, bool preserve)
{
	struct lookup_stage *self = (struct lookup_stage *)stage;

	if (stage->kind != &lookup_kind || self->unwinds || !bytes_equal(self->as, path))
		return false;
	self->unwinds = true;
	self->preserve = preserve;
	self->index_path = index;
	return true;
}

/* ---- parsing */

static int text_argument(struct stage_build *b, struct lookup_stage *self,
			 const struct bson_field *field, struct error *e)
{
	struct value v = value_of_field(field);
	struct bytes *to = NULL;

	if (v.type != BSON_KIND_STRING)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$lookup argument '%s' must be a string, found %s: %s",
				   stage_text(b->q, field->name),
				   stage_element_text(b->q, field->name, &v),
				   value_type_name(v.type));
	if (bytes_equal(field->name, bytes_str("as")))
		to = &self->as;
	else if (bytes_equal(field->name, bytes_str("localField")))
		to = &self->local;
	else if (bytes_equal(field->name, bytes_str("foreignField")))
		to = &self->foreign;
	else
		return query_error(e, QUERY_FAILED_TO_PARSE, "unknown argument to $lookup: %s",
				   stage_text(b->q, field->name));
	*to = v.data;
	return 0;
}

static int arguments(struct stage_build *b, struct lookup_stage *self, struct bytes spec,
		     struct value *ret_let, struct error *e)
{
	struct fields fields = fields_of(spec);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("pipeline"))) {
			/* The first look saw only the first field of that name. */
			if (self->has_pipeline && stage_lite(b->q, &v, e) < 0)
				return e->code;
			self->pipeline = v.data;
			self->has_pipeline = true;
		} else if (bytes_equal(field.name, bytes_str("let"))) {
			if (v.type != BSON_KIND_DOCUMENT)
				return query_error(
					e, QUERY_FAILED_TO_PARSE,
					"$lookup argument '%s' must be an object, is type %s",
					stage_element_text(b->q, field.name, &v),
					value_type_name(v.type));
			*ret_let = v;
		} else if (bytes_equal(field.name, bytes_str("from"))) {
			if (v.type != BSON_KIND_STRING)
				return query_error(
					e, QUERY_FAILED_TO_PARSE,
					"$lookup 'from' field must be a string, but found %s",
					value_type_name(v.type));
			self->from = v.data;
		} else if (text_argument(b, self, &field, e) < 0)
			return e->code;
	}
	return 0;
}

static int check_arguments(const struct lookup_stage *self, const struct value *let,
			   struct error *e)
{
	bool has_both = self->local.len > 0 && self->foreign.len > 0;
	bool has_none = self->local.len == 0 && self->foreign.len == 0;

	if (self->as.len == 0)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "must specify 'as' field for a $lookup");
	if (self->has_pipeline && !has_both && !has_none)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$lookup requires both or neither of 'localField' and "
				   "'foreignField' to be specified");
	if (!self->has_pipeline && !has_both)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$lookup requires either 'pipeline' or both 'localField' and "
				   "'foreignField' to be specified");
	if (!self->has_pipeline && let->type != VALUE_MISSING)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "$lookup with a 'let' argument must also specify 'pipeline'");
	if (field_path_check(self->as, e) < 0)
		return e->code;
	return has_both && (field_path_check(self->local, e) < 0 ||
			    field_path_check(self->foreign, e) < 0)
		       ? e->code
		       : 0;
}

static int parse_lets(struct stage_build *b, struct lookup_stage *self, const struct value *let,
		      struct error *e)
{
	struct bson_field field;
	struct fields fields;
	size_t slot;

	if (let->type != BSON_KIND_DOCUMENT)
		return 0;
	self->lets =
		arena_zeroed(b->q->constants, (value_count(let->data) + 1) * sizeof(*self->lets));
	fields = fields_of(let->data);
	while (fields_next(&fields, &field)) {
		struct let *one = &self->lets[self->let_count];
		struct value v = value_of_field(&field);
		struct expr_scope_mark mark = expr_scope_begin(b->scope);

		/* The name is checked first, but not visible to the expressions. */
		if (expr_scope_define(b->scope, field.name, &slot, e) < 0)
			return e->code;
		expr_scope_end(b->scope, mark);
		if (expr_parse(b->scope, &v, &one->expr, e) < 0)
			return e->code;
		one->name = field.name;
		self->let_count++;
	}
	return 0;
}

/* The pipeline inside is made once only to be checked. */
static int check_pipeline(struct stage_build *b, struct lookup_stage *self, struct error *e)
{
	struct expr_scope_mark mark = expr_scope_begin(b->scope);
	OWNED(stage_free) struct stage *made = NULL;
	struct stage_later *none = NULL;
	struct stage_build inner = {.q = b->q, .scope = b->scope, .last = &none};
	struct bytes coll = b->q->coll;
	size_t slot;
	int result;

	for (size_t i = 0; i < self->let_count; i++)
		if (expr_scope_define(b->scope, self->lets[i].name, &slot, e) < 0)
			return e->code;
	b->q->coll = self->from;
	result = stage_parse_sub(&inner, self->pipeline, STAGE_IN_LOOKUP, false, NULL, &made, e);
	b->q->coll = coll;
	expr_scope_end(b->scope, mark);
	return result;
}

int stage_make_lookup(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct lookup_stage *self = stage_new(b, &lookup_kind, sizeof(*self), operand, source);
	struct value let = value_missing();

	(void)name;
	made = &self->base;
	self->work.scope = b->scope;
	if (arguments(b, self, operand->data, &let, e) < 0 || check_arguments(self, &let, e) < 0 ||
	    parse_lets(b, self, &let, e) < 0)
		return e->code;
	if (self->has_pipeline && check_pipeline(b, self, e) < 0)
		return e->code;
	*ret = TAKE(made);
	return 0;
}
