/* $graphLookup: breadth first through another collection. */
#include <inttypes.h>
#include <stdio.h>

#include "base/bson_build.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/match/match.h"
#include "query/stage/stage_join.h"

struct graph_stage {
	struct stage base;
	struct stage_work work, inner; /* of the input; of the documents that are met */
	struct bytes from, as, connect_from, connect_to, depth_field, restrict_with;
	const struct expr *start_with;
	const struct match *match; /* of restrictSearchWithMatch */
	bool is_folded;
	int64_t max_depth; /* -1: none */
	struct stage_join *join;
	bool is_started;
	/* Of one search. */
	struct query_context sub;
	struct arena *constants, *seen_arena;
	struct buf frontier[2]; /* BSON values: what is asked now, and next; [name NUL payload].. */
	size_t frontier_count[2];
	struct value *seen; /* `_id`s: open addressing */
	size_t seen_room, seen_count;
	struct buf results, out, with_depth;
	size_t result_count, results_begin;
};

/* ---- the set of `_id`s */

static bool see(struct graph_stage *self, const struct value *id)
{
	size_t i;

	if (2 * (self->seen_count + 1) > self->seen_room) {
		struct value *old = self->seen;
		size_t room = self->seen_room;

		self->seen_room = MAX_OF(2 * room, (size_t)64);
		self->seen = xcalloc(self->seen_room, sizeof(*self->seen));
		self->seen_count = 0;
		for (i = 0; i < room; i++)
			if (old[i].type != VALUE_MISSING)
				see(self, &old[i]);
		free(old);
	}
	for (i = value_hash(id, NULL) & (self->seen_room - 1); self->seen[i].type != VALUE_MISSING;
	     i = (i + 1) & (self->seen_room - 1))
		if (value_equal(&self->seen[i], id, NULL))
			return false;
	self->seen[i] = value_keep(self->seen_arena, *id);
	self->seen_count++;
	return true;
}

/* ---- the frontier: an array of values in the making */

static void frontier_begin(struct graph_stage *self, int which)
{
	buf_reset(&self->frontier[which]);
	bson_build_begin(&self->frontier[which]);
	self->frontier_count[which] = 0;
}

static struct bytes frontier_end(struct graph_stage *self, int which)
{
	bson_build_end(&self->frontier[which], 0);
	return buf_bytes(&self->frontier[which]);
}

static void frontier_add(struct graph_stage *self, int which, const struct value *v)
{
	value_write_at(&self->frontier[which], self->frontier_count[which]++, v);
}

static int start_frontier(struct graph_stage *self, struct error *e)
{
	struct bson_field field;
	struct fields fields;
	struct value v;

	if (expr_eval(self->start_with, &self->work.frame, &v, e) < 0)
		return e->code;
	frontier_begin(self, 0);
	if (v.type == BSON_KIND_ARRAY) {
		fields = fields_of(v.data);
		while (fields_next(&fields, &field)) {
			struct value element = value_of_field(&field);

			frontier_add(self, 0, &element);
		}
	} else if (!value_is_missing(&v)) {
		frontier_add(self, 0, &v);
	}
	return 0;
}

/* ---- documents that are met */

static int meet(struct graph_stage *self, struct bytes doc, int64_t depth, bool *ret_new,
		struct error *e)
{
	struct value id = value_get(doc, bytes_str("_id")), at = value_int64(depth), *values;
	char name[24];
	size_t count;

	if (value_is_missing(&id))
		return query_error(e, 40271,
				   "Documents in the '%s.%s' namespace must contain an _id for "
				   "de-duplication in $graphLookup",
				   stage_text(self->base.q, self->base.q->db),
				   stage_text(self->base.q, self->from));
	if (!see(self, &id))
		return 0;
	*ret_new = true;
	if (self->depth_field.len > 0) {
		buf_reset(&self->with_depth);
		stage_set_path(&self->with_depth, doc, self->depth_field, &at);
		doc = buf_bytes(&self->with_depth);
	}
	/* With the depth in it: mongod sets that first. */
	count = stage_local_values(self->inner.arena, doc, self->connect_from, &values);
	for (size_t i = 0; i < count; i++)
		frontier_add(self, 1, &values[i]);
	snprintf(name, sizeof(name), "%zu", self->result_count++);
	bson_build_value(&self->results, name, BSON_KIND_DOCUMENT, doc);
	if (self->results.len + self->frontier[1].len > 100 * MIB)
		return query_error(e, 40099, "$graphLookup reached maximum memory consumption");
	return 0;
}

static int meet_restricted(struct graph_stage *self, struct bytes bytes, int64_t depth,
			   bool *ret_new, struct error *e)
{
	struct stage_doc doc = {.doc = bytes};
	int matches = 1;

	stage_work_set(&self->inner, self->base.q, &doc);
	if (self->match != NULL)
		matches = match_test(self->match, &self->inner.frame, bytes, NULL, e);
	if (matches <= 0)
		return matches;
	return meet(self, bytes, depth, ret_new, e);
}

/* {$match: {to: {$in: frontier}}} as a pipeline. */
static struct bytes make_pipeline(struct graph_stage *self, struct bytes values)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), stage = bson_build_open(&out, "0"),
	       match = bson_build_open(&out, "$match"),
	       field = bson_build_open(&out, stage_text(&self->sub, self->connect_to)),
	       list = bson_build_open_array(&out, "$in");
	struct fields fields = fields_of(values);
	struct bson_field element;
	size_t n = 0;
	char name[24];

	while (fields_next(&fields, &element)) {
		if (element.type == BSON_KIND_REGEX)
			continue;
		snprintf(name, sizeof(name), "%zu", n++);
		bson_build_value(&out, name, element.type, element.value);
	}
	bson_build_end(&out, list);
	bson_build_end(&out, field);
	bson_build_end(&out, match);
	bson_build_end(&out, stage);
	bson_build_end(&out, begin);
	return arena_copy(self->constants, buf_bytes(&out));
}

static int ask_collection(struct graph_stage *self, struct bytes values, int64_t depth,
			  bool *ret_new, struct error *e)
{
	OWNED(stage_free) struct stage *stage = NULL;
	struct stage_doc doc;
	int found;

	if (self->constants == NULL)
		self->constants = arena_new();
	arena_reset(self->constants);
	self->sub = query_context_inside(self->base.q, self->constants);
	if (pipeline_ops()->open(&self->sub, self->sub.db, self->from, make_pipeline(self, values),
				 NULL, NULL, &stage, e) < 0)
		return e->code;
	while ((found = stage_next(stage, &doc, e)) == 1)
		if (meet_restricted(self, doc.doc, depth, ret_new, e) < 0)
			return e->code;
	return found;
}

static int ask_join(struct graph_stage *self, struct bytes values, int64_t depth, bool *ret_new,
		    struct error *e)
{
	struct fields fields = fields_of(values);
	struct bson_field element;
	struct bytes doc;
	int found;

	stage_join_begin(self->join);
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		stage_join_add(self->join, &v, true);
	}
	while ((found = stage_join_next(self->join, &doc, e)) == 1)
		if (meet_restricted(self, doc, depth, ret_new, e) < 0)
			return e->code;
	return found;
}

static int fold_restriction(struct graph_stage *self, struct error *e)
{
	if (self->match == NULL || self->is_folded)
		return 0;
	self->is_folded = true;
	if (match_fold(self->inner.scope, self->match, e) == 0)
		return 0;
	query_error_cause(e, "Failed to optimize expression"); /* of the $and with the search */
	return expr_optimize_error(e);
}

static int search(struct graph_stage *self, struct error *e)
{
	int64_t depth = 0;
	bool is_new = true;

	/* mongod folds it when the first search is made, whatever is found. */
	if (self->frontier_count[0] > 0 && fold_restriction(self, e) < 0)
		return e->code;
	while (is_new && self->frontier_count[0] > 0) {
		struct bytes values = frontier_end(self, 0);
		struct buf swap;

		is_new = false;
		frontier_begin(self, 1);
		if (query_context_check(self->base.q, e) < 0 ||
		    (self->join != NULL ? ask_join(self, values, depth, &is_new, e)
					: ask_collection(self, values, depth, &is_new, e)) < 0)
			return e->code;
		if (self->max_depth >= 0 && depth >= self->max_depth)
			break;
		depth++;
		swap = self->frontier[0];
		self->frontier[0] = self->frontier[1];
		self->frontier[1] = swap;
		self->frontier_count[0] = self->frontier_count[1];
	}
	return 0;
}

static int start(struct graph_stage *self, struct error *e)
{
	self->is_started = true;
	self->seen_arena = arena_new();
	if (bytes_equal(self->connect_to, bytes_str("_id")))
		return 0;
	return stage_join_open(self->base.q, self->from, self->connect_to, &self->join, e);
}

static int graph_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct graph_stage *self = (struct graph_stage *)stage;
	int found = stage_next(stage->source, ret, e);
	struct value results;
	size_t begin;

	if (found <= 0)
		return found;
	if (!self->is_started && start(self, e) < 0)
		return e->code;
	stage_work_set(&self->work, stage->q, ret);
	buf_reset(&self->results);
	begin = bson_build_begin(&self->results);
	self->result_count = 0;
	arena_reset(self->seen_arena);
	free(self->seen);
	self->seen = NULL;
	self->seen_room = self->seen_count = 0;
	if (start_frontier(self, e) < 0 || search(self, e) < 0)
		return e->code;
	bson_build_end(&self->results, begin);
	results = value_array(buf_bytes(&self->results));
	buf_reset(&self->out);
	stage_set_path(&self->out, ret->doc, self->as, &results);
	ret->doc = buf_bytes(&self->out);
	return 1;
}

static void graph_close(struct stage *stage)
{
	struct graph_stage *self = (struct graph_stage *)stage;

	stage_join_free(self->join);
	arena_free(self->constants);
	arena_free(self->seen_arena);
	free(self->seen);
	buf_release(&self->frontier[0]);
	buf_release(&self->frontier[1]);
	buf_release(&self->results);
	buf_release(&self->out);
	buf_release(&self->with_depth);
	stage_work_close(&self->work);
	stage_work_close(&self->inner);
}

static size_t graph_memory(const struct stage *stage)
{
	const struct graph_stage *self = (const struct graph_stage *)stage;

	return sizeof(*self) + stage_join_memory(self->join) + arena_held(self->constants) +
	       arena_held(self->seen_arena) + self->seen_room * sizeof(*self->seen) +
	       self->frontier[0].cap + self->frontier[1].cap + self->results.cap + self->out.cap +
	       self->with_depth.cap + stage_work_memory(&self->work) +
	       stage_work_memory(&self->inner);
}

static const struct stage_kind graph_kind = {"$graphLookup", graph_next, graph_close, NULL,
					     graph_memory};

/* ---- parsing */

static int parse_depth(struct graph_stage *self, const struct value *v, struct error *e)
{
	if (!value_is_number(v))
		return query_error(e, 40100, "maxDepth must be numeric, found type: %s",
				   value_type_name(v->type));
	self->max_depth = value_to_int64(v);
	if (self->max_depth < 0)
		return query_error(e, 40101,
				   "maxDepth requires a nonnegative argument, found: %" PRId64,
				   self->max_depth);
	if ((double)self->max_depth != value_to_double(v))
		return query_error(e, 40102,
				   "maxDepth could not be represented as a long long: %" PRId64,
				   self->max_depth);
	return 0;
}

static int parse_restriction(struct stage_build *b, struct graph_stage *self, const struct value *v,
			     struct error *e)
{
	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40185, "restrictSearchWithMatch must be an object, found %s",
				   value_type_name(v->type));
	if (match_parse(b->scope, v->data, MATCH_AGGREGATE | MATCH_UNFOLDED | MATCH_OF_LIST,
			&self->match, e) < 0)
		return query_error_cause(
			e, "Failed to parse 'restrictSearchWithMatch' option to $graphLookup");
	return 0;
}

static int parse_text(struct stage_build *b, struct graph_stage *self,
		      const struct bson_field *field, struct error *e)
{
	static const char *const names[] = {"from", "as", "connectFromField", "connectToField",
					    "depthField"};
	struct bytes *const to[] = {&self->from, &self->as, &self->connect_from, &self->connect_to,
				    &self->depth_field};
	struct value v = value_of_field(field);

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!bytes_equal(field->name, bytes_str(names[i])))
			continue;
		if (v.type == BSON_KIND_DOCUMENT)
			return query_error(e, 13111, "wrong type for field (%s) object != string",
					   names[i]);
		if (v.type != BSON_KIND_STRING)
			return query_error(e, 40103,
					   "expected string as argument for %s, found: %s",
					   names[i], value_type_name(v.type));
		*to[i] = v.data;
		return i == 4 ? field_path_check(v.data, e) : 0;
	}
	return query_error(e, 40104, "Unknown argument to $graphLookup: %s",
			   stage_text(b->q, field->name));
}

static int parse_argument(struct stage_build *b, struct graph_stage *self,
			  const struct bson_field *field, struct error *e)
{
	struct value v = value_of_field(field);

	if (bytes_equal(field->name, bytes_str("startWith")))
		return expr_parse(b->scope, &v, &self->start_with, e);
	if (bytes_equal(field->name, bytes_str("maxDepth")))
		return parse_depth(self, &v, e);
	if (bytes_equal(field->name, bytes_str("restrictSearchWithMatch")))
		return parse_restriction(b, self, &v, e);
	return parse_text(b, self, field, e);
}

int stage_make_graph_lookup(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct graph_stage *self = stage_new(b, &graph_kind, sizeof(*self), operand, source);
	struct fields fields = fields_of(operand->data);
	struct bson_field field;

	(void)name;
	made = &self->base;
	self->work.scope = self->inner.scope = b->scope;
	self->max_depth = -1;
	while (fields_next(&fields, &field))
		if (parse_argument(b, self, &field, e) < 0)
			return e->code;
	if (self->from.len == 0 || self->as.len == 0 || self->start_with == NULL ||
	    self->connect_from.len == 0 || self->connect_to.len == 0)
		return query_error(e, 40105,
				   "$graphLookup requires 'from', 'as', 'startWith', "
				   "'connectFromField', and 'connectToField' to be specified.");
	if (field_path_check(self->as, e) < 0 || field_path_check(self->connect_from, e) < 0 ||
	    field_path_check(self->connect_to, e) < 0)
		return e->code;
	*ret = TAKE(made);
	return 0;
}
