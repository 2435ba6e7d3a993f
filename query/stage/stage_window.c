/* $setWindowFields: the documents sorted by partition and sortBy, a partition at a time. */
#include <stdio.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/gaps.h"
#include "query/sort_parts.h"
#include "query/stage/window.h"
#include "store/tree/extsort.h"

/* ---- in */

static int add_key(struct window_stage *self, const struct value *partition,
		   const struct stage_doc *doc, struct buf *ret, struct error *e)
{
	if (sort_value_bytes(partition, self->base.q->collation, ret, e) < 0)
		return e->code;
	for (size_t i = 0; self->is_reverse && i < ret->len; i++)
		ret->at[i] = (uint8_t)~ret->at[i];
	return self->sort == NULL ? 0 : sort_key_bytes(self->sort, &self->work.frame, doc, ret, e);
}

/* [partition][document][stage_doc.near], the partition as {"0": value}. */
static int add_document(struct window_stage *self, const struct stage_doc *doc, uint64_t number,
			struct error *e)
{
	struct query_context *q = self->base.q;
	OWNED(buf_release) struct buf key = {0}, both = {0};
	struct value v = value_null();

	stage_work_set(&self->work, q, doc);
	if (self->partition != NULL && expr_eval(self->partition, &self->work.frame, &v, e) < 0)
		return e->code;
	if (v.type == BSON_KIND_ARRAY)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "An expression used to partition cannot evaluate to value of "
				   "type array");
	if (value_is_missing(&v))
		v = value_null();
	if (!self->is_sorted && add_key(self, &v, doc, &key, e) < 0)
		return e->code;
	if (doc->near.len == 0)
		return stage_record_add(self->sorted, &self->work, &key, number, &v, doc->doc, e);
	buf_add_bytes(&both, doc->doc);
	buf_add_bytes(&both, doc->near);
	return stage_record_add(self->sorted, &self->work, &key, number, &v, buf_bytes(&both), e);
}

static int next_record(struct window_stage *self, struct error *e)
{
	int found = stage_record_next(self->sorted, &self->record, e);

	self->has_record = found == 1;
	return found;
}

/* A wrong `n` of $topN and the like is found before any document is asked for. */
static int check_functions(struct window_stage *self, struct error *e)
{
	struct value none = value_missing();

	for (size_t i = 0; i < self->function_count; i++) {
		const struct accumulator *acc = self->functions[i].acc;
		void *state;
		int result;

		if (acc == NULL)
			continue;
		state = arena_zeroed(self->work.arena, accumulator_size(acc));
		result = accumulator_begin(acc, state, &self->work.frame, &none, e);
		accumulator_end(acc, state);
		if (result < 0)
			return result;
	}
	return 0;
}

static int take_in(struct window_stage *self, struct error *e)
{
	struct stage_doc doc;
	uint64_t number = 0;
	int found;

	self->is_open = true;
	self->sorted = extsort_new(sort_spill_folder(self->base.q), self->base.q->memory);
	self->docs = stage_store_new(self->base.q);
	self->arena = arena_new();
	if (self->work.arena == NULL)
		stage_work_open(&self->work, self->base.q);
	if (check_functions(self, e) < 0)
		return e->code;
	while ((found = stage_next(self->base.source, &doc, e)) == 1)
		if (add_document(self, &doc, number++, e) < 0)
			return e->code;
	if (found < 0 || extsort_finish(self->sorted, e) < 0)
		return e->code;
	return next_record(self, e) < 0 ? e->code : 0;
}

/* ---- a partition */

static struct stage_doc document_of(const struct window_stage *self)
{
	uint32_t head = get_le32(self->record.at), len = get_le32(self->record.at + head);

	return (struct stage_doc){
		.doc = bytes_of(self->record.at + head, len),
		.near = bytes_of(self->record.at + head + len, self->record.len - head - len)};
}

/* Its documents; then what the functions look at. */
static int read_partition(struct window_stage *self, struct error *e)
{
	struct stage_doc doc;
	struct value first, v;

	stage_store_reset(self->docs);
	arena_reset(self->arena);
	first = value_at(bytes_of(self->record.at, get_le32(self->record.at)), 0);
	first = value_keep(self->arena, first);
	while (self->has_record) {
		v = value_at(bytes_of(self->record.at, get_le32(self->record.at)), 0);
		if (value_compare(&v, &first, self->base.q->collation) != 0)
			break;
		doc = document_of(self);
		/* mongod's $setWindowFields has BSON in between: gaps end here. */
		if (self->base.q->keeps_gaps)
			doc.doc = gaps_strip(doc.doc, &self->room);
		if (stage_store_add_doc(self->docs, &doc, e) < 0 || next_record(self, e) < 0)
			return e->code;
	}
	self->count = stage_store_count(self->docs);
	self->at = 0;
	self->failed_at = SIZE_MAX;
	return 0;
}

static int evaluate(struct window_stage *self, const struct expr *expr, struct value *ret,
		    struct error *e)
{
	struct value v;

	if (expr_eval(expr, &self->work.frame, &v, e) < 0)
		return e->code;
	*ret = value_keep(self->arena, v);
	return 0;
}

static const struct expr *input_of(const struct window_function *f)
{
	/* These look at single documents only, when it comes to it. */
	if (f->kind == WINDOW_FIRST || f->kind == WINDOW_LAST || f->kind == WINDOW_SHIFT)
		return NULL;
	return f->acc != NULL ? accumulator_argument(f->acc) : f->input;
}

static int evaluate_sort_values(struct window_stage *self, struct error *e)
{
	struct stage_doc doc = {0};

	for (size_t i = 0; self->sort_value != NULL && i < self->count; i++) {
		if (stage_store_get_doc(self->docs, i, &self->room, &doc, e) < 0)
			return e->code;
		stage_work_set(&self->work, self->base.q, &doc);
		if (evaluate(self, self->sort_value, &self->sort_values[i], e) < 0)
			return e->code;
	}
	return 0;
}

static int evaluate_inputs(struct window_stage *self, struct error *e)
{
	struct stage_doc doc = {0};
	struct error failure = {0};

	for (size_t i = 0; i < self->count; i++) {
		if (stage_store_get_doc(self->docs, i, &self->room, &doc, e) < 0)
			return e->code;
		stage_work_set(&self->work, self->base.q, &doc);
		for (size_t n = 0; n < self->function_count; n++) {
			struct window_function *f = &self->functions[n];

			/* What is behind a failure nobody asks for, but $derivative, at its windows' ends. */
			if (input_of(f) == NULL ||
			    (f->fails_at != SIZE_MAX && f->kind != WINDOW_DERIVATIVE))
				continue;
			if (evaluate(self, input_of(f), &f->values[i], &failure) < 0)
				window_input_failed(self, f, i, &failure);
		}
	}
	return 0;
}

/* Does the error of an input come before the one that the function itself has met? */
static bool comes_first(const struct window_stage *self, const struct window_function *f,
			const struct error *own)
{
	if (f->kind == WINDOW_DERIVATIVE && own->server >= 5624900 && own->server <= 5624902)
		return f->fails_at < self->now; /* it looks at the time first */
	return f->fails_at <= self->now;
}

static void run(struct window_stage *self, struct window_function *f)
{
	struct error own = {0};
	bool failed;

	arena_reset(self->work.arena);
	if (window_is_lazy(f))
		return;
	failed = window_run(self, f, &own) < 0;
	if (f->fails_at != SIZE_MAX && (!failed || comes_first(self, f, &own))) {
		own = f->failure;
		self->now = f->fails_at;
		failed = true;
	}
	if (failed && self->now < self->failed_at) {
		self->failed_at = self->now;
		self->failed_by = (size_t)(f - self->functions);
		self->failure = own;
	}
	for (size_t i = 0; i < self->count; i++)
		f->results[i] = value_keep(self->arena, f->results[i]);
}

static int run_partition(struct window_stage *self, struct error *e)
{
	size_t bytes;

	if (read_partition(self, e) < 0)
		return e->code;
	bytes = self->count * sizeof(struct value);
	self->sort_values = arena_zeroed(self->arena, bytes);
	for (size_t n = 0; n < self->function_count; n++) {
		self->functions[n].values = arena_zeroed(self->arena, bytes);
		self->functions[n].results = arena_zeroed(
			self->arena,
			window_is_lazy(&self->functions[n]) ? sizeof(struct value) : bytes);
		window_moving_end(&self->functions[n]);
		self->functions[n].fails_at = SIZE_MAX;
		self->functions[n].looked_at = 0;
	}
	if (evaluate_sort_values(self, e) < 0 || evaluate_inputs(self, e) < 0)
		return e->code;
	for (size_t n = 0; n < self->function_count; n++)
		run(self, &self->functions[n]);
	return 0;
}

/* ---- out */

/* The results for the next document: those that are not there yet are made. The function that comes first tells its error. */
static int make_results(struct window_stage *self, struct error *e)
{
	for (size_t n = 0; n < self->function_count; n++) {
		struct window_function *f = &self->functions[n];

		if (self->at == self->failed_at && n == self->failed_by) {
			*e = self->failure;
			return e->code;
		}
		if (!window_is_lazy(f))
			continue;
		if (f->fails_at <= self->at) {
			*e = f->failure;
			return e->code;
		}
		arena_reset(self->work.arena);
		if (window_moving_result(self, f, self->at, f->results, e) < 0)
			return e->code;
	}
	return 0;
}

static int window_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct window_stage *self = (struct window_stage *)stage;
	struct stage_doc doc = {0};

	if (!self->is_open && take_in(self, e) < 0)
		return e->code;
	if (self->at == self->count) {
		if (!self->has_record)
			return 0;
		if (run_partition(self, e) < 0)
			return e->code;
	}
	if (make_results(self, e) < 0)
		return e->code;
	if (stage_store_get_doc(self->docs, self->at, &self->room, &doc, e) < 0)
		return e->code;
	stage_work_set(&self->work, stage->q, &doc);
	for (size_t n = 0; n < self->function_count; n++) {
		const struct window_function *f = &self->functions[n];

		self->work.frame.slots[f->slot] = f->results[window_is_lazy(f) ? 0 : self->at];
	}
	self->at++;
	if (project_apply(self->project, &self->work.frame, &doc, &self->work.out, e) < 0)
		return e->code;
	*ret = (struct stage_doc){.doc = buf_bytes(&self->work.out), .near = doc.near};
	return 1;
}

static void window_close(struct stage *stage)
{
	struct window_stage *self = (struct window_stage *)stage;

	for (size_t n = 0; n < self->function_count; n++) {
		window_moving_end(&self->functions[n]);
		arena_free(self->functions[n].arena);
	}
	extsort_free(self->sorted);
	stage_store_free(self->docs);
	arena_free(self->arena);
	buf_release(&self->record);
	buf_release(&self->room);
	stage_work_close(&self->work);
}

static size_t window_memory(const struct stage *stage)
{
	const struct window_stage *self = (const struct window_stage *)stage;
	size_t sum = 0;

	for (size_t n = 0; n < self->function_count; n++)
		sum += window_moving_memory(&self->functions[n]);
	return sum + sizeof(*self) + extsort_memory(self->sorted) + stage_store_memory(self->docs) +
	       arena_held(self->arena) + self->record.cap + self->room.cap +
	       stage_work_memory(&self->work);
}

static const struct stage_kind window_kind = {"$setWindowFields", window_next, window_close, NULL,
					      window_memory};

/* ---- parsing */

struct spec {
	struct value partition, sort, output;
};

static int wrong_type(const char *name, const struct value *v, struct error *e)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '$setWindowFields.%s' is the wrong type '%s', expected type "
			   "'object'",
			   name, value_type_name(v->type));
}

static int read_spec(const struct value *operand, struct spec *ret, struct error *e)
{
	struct bson_field field;
	struct fields fields;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "the $setWindowFields stage specification must be an object, "
				   "found %s",
				   value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("partitionBy"))) {
			ret->partition = v;
		} else if (bytes_equal(field.name, bytes_str("sortBy"))) {
			if (v.type != BSON_KIND_DOCUMENT && v.type != BSON_KIND_NULL)
				return wrong_type("sortBy", &v, e);
			ret->sort = v.type == BSON_KIND_NULL ? value_missing() : v;
		} else if (bytes_equal(field.name, bytes_str("output"))) {
			if (v.type != BSON_KIND_DOCUMENT && v.type != BSON_KIND_NULL)
				return wrong_type("output", &v, e);
			ret->output = v.type == BSON_KIND_NULL ? value_missing() : v;
		} else {
			return query_error_unknown_field(e, "$setWindowFields", field.name);
		}
		if (query_error_if_repeated(e, "$setWindowFields", operand->data, &field) < 0)
			return e->code;
	}
	if (value_is_missing(&ret->output))
		return query_error(
			e, 40414,
			"BSON field '$setWindowFields.output' is missing but a required field");
	return 0;
}

/* {$subtract: ["$$wa", "$$wb"]}: arithmetic on values that are no document's. */
static int parse_ops(struct stage_build *b, struct window_stage *self, struct error *e)
{
	static const char *const names[] = {"$add", "$subtract", "$multiply", "$divide"};
	struct expr_scope_mark mark = expr_scope_begin(b->scope);
	OWNED(buf_release) struct buf spec = {0};

	if (expr_scope_define(b->scope, bytes_str("wa"), &self->op_slots[0], e) < 0 ||
	    expr_scope_define(b->scope, bytes_str("wb"), &self->op_slots[1], e) < 0)
		return e->code;
	for (size_t i = 0; i < WINDOW_OPS; i++) {
		size_t begin, list;

		buf_reset(&spec);
		begin = bson_build_begin(&spec);
		list = bson_build_open_array(&spec, names[i]);
		bson_build_string(&spec, "0", bytes_str("$$wa"));
		bson_build_string(&spec, "1", bytes_str("$$wb"));
		bson_build_end(&spec, list);
		bson_build_end(&spec, begin);
		if (expr_parse_object(b->scope, arena_copy(b->q->constants, buf_bytes(&spec)),
				      &self->ops[i], e) < 0)
			return e->code;
	}
	expr_scope_end(b->scope, mark);
	return 0;
}

static bool conflicts(struct bytes a, struct bytes b)
{
	struct bytes less = a.len < b.len ? a : b, more = a.len < b.len ? b : a;

	return memcmp(less.at, more.at, less.len) == 0 &&
	       (less.len == more.len || more.at[less.len] == '.');
}

static void late_ties(struct window_function *f)
{
	if (f->acc != NULL && f->bounds.low.end != WINDOW_UNBOUNDED)
		accumulator_set_late(f->acc);
}

static int parse_outputs(struct stage_build *b, struct window_stage *self, const struct spec *spec,
			 struct error *e)
{
	struct fields fields = fields_of(spec->output.data);
	size_t parts = self->sort == NULL ? 0 : sort_count(self->sort);
	struct bson_field field;

	self->functions = arena_zeroed(b->q->constants, (value_count(spec->output.data) + 1) *
								sizeof(*self->functions));
	while (fields_next(&fields, &field)) {
		for (size_t i = 0; i < self->function_count; i++)
			if (conflicts(self->functions[i].path, field.name))
				return query_error(e, 6307900,
						   "$setWindowFields 'output' specification "
						   "contains two conflicting paths");
		if (window_parse(b, self, spec->sort.type == BSON_KIND_DOCUMENT, parts, &field,
				 &self->functions[self->function_count], e) < 0 ||
		    field_path_check(field.name, e) < 0)
			return e->code;
		late_ties(&self->functions[self->function_count++]);
	}
	return 0;
}

/* The outputs are set as $addFields sets what variables hold. */
static int parse_project(struct stage_build *b, struct window_stage *self, struct error *e)
{
	struct expr_scope_mark mark = expr_scope_begin(b->scope);
	OWNED(buf_release) struct buf spec = {0};
	size_t begin = bson_build_begin(&spec);
	struct value text;
	char name[32];

	for (size_t i = 0; i < self->function_count; i++) {
		struct window_function *f = &self->functions[i];

		snprintf(name, sizeof(name), "$$w%zu", i);
		if (expr_scope_define(b->scope, bytes_str(name + 2), &f->slot, e) < 0)
			return e->code;
		text = value_string(bytes_str(name));
		value_write(&spec, f->path, &text);
	}
	bson_build_end(&spec, begin);
	if (project_parse_add(b->scope, buf_bytes(&spec), &self->project, e) < 0)
		return e->code;
	expr_scope_end(b->scope, mark);
	return 0;
}

static int parse_partition(struct stage_build *b, struct window_stage *self, const struct value *v,
			   struct error *e)
{
	if (value_is_missing(v))
		return 0;
	if (expr_parse(b->scope, v, &self->partition, e) < 0)
		return e->code;
	if (expr_optimize(b->scope, &self->partition, e) < 0)
		return query_error_cause(e, "Failed to optimize partitionBy expression");
	return 0;
}

static int parse_sort(struct stage_build *b, struct window_stage *self, const struct value *v,
		      struct error *e)
{
	if (value_is_missing(v) || value_count(v->data) == 0)
		return 0;
	if (sort_parse(b->scope, v->data, &self->sort, e) < 0)
		return e->code;
	return sort_path(self->sort, 0).len == 0
		       ? 0
		       : expr_field(b->scope, sort_path(self->sort, 0), &self->sort_value, e);
}

/* Do the stage's documents come from a collection, and not through other stages? */
static bool is_first(const struct window_stage *self)
{
	const struct stage *source = self->base.source;

	return source != NULL && (strcmp(source->kind->name, "$cursor") == 0 ||
				  strcmp(source->kind->name, "IXSCAN") == 0);
}

/*
 * Is the field of the partitions also one of sortBy that goes down? In mongod's plans a sort has a field once, and the way that is
 * told last; in a stage it goes by the field's first place.
 */
static bool goes_down(const struct window_stage *self)
{
	struct bytes path;

	if (self->partition == NULL || !expr_is_field(self->partition, &path) || !is_first(self))
		return false;
	for (size_t i = 0; self->sort != NULL && i < sort_count(self->sort); i++)
		if (bytes_equal(path, sort_path(self->sort, i)))
			return !sort_is_ascending(self->sort, i);
	return false;
}

static bool comes_sorted(const struct window_stage *self)
{
	struct bytes paths[SORT_PARTS_MAX + 1];
	size_t count = 0;

	if (self->partition != NULL && !expr_is_field(self->partition, &paths[count++]))
		return false;
	for (size_t i = 0; self->sort != NULL && i < sort_count(self->sort); i++) {
		if (!sort_is_ascending(self->sort, i))
			return false;
		if (count == 0 || self->partition == NULL ||
		    !bytes_equal(paths[0], sort_path(self->sort, i)))
			paths[count++] = sort_path(self->sort, i);
	}
	return count > 0 && stage_densify_keeps(self->base.source, paths, count);
}

/* What it comes down to is looked at when the stage is put together: a document as a whole is refused, a constant is none. */
static int use_partition(struct window_stage *self, const struct value *partition, struct error *e)
{
	struct value constant;

	if (partition->type == BSON_KIND_STRING &&
	    (bytes_equal(partition->data, bytes_str("$$ROOT")) ||
	     bytes_equal(partition->data, bytes_str("$$CURRENT"))))
		return query_error(e, 16409, "FieldPath::tail() called on single element path");
	if (self->partition == NULL || !expr_is_constant(self->partition, &constant))
		return 0;
	if (constant.type == BSON_KIND_ARRAY)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "An expression used to partition cannot evaluate to value of "
				   "type array");
	self->partition = NULL;
	return 0;
}

int stage_make_window(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct window_stage *self = stage_new(b, &window_kind, sizeof(*self), operand, source);
	struct spec spec = {0};
	struct bytes path;

	(void)name;
	made = &self->base;
	self->work.scope = b->scope;
	if (read_spec(operand, &spec, e) < 0 || parse_partition(b, self, &spec.partition, e) < 0 ||
	    parse_sort(b, self, &spec.sort, e) < 0 || parse_outputs(b, self, &spec, e) < 0 ||
	    parse_ops(b, self, e) < 0 || parse_project(b, self, e) < 0 ||
	    use_partition(self, &spec.partition, e) < 0)
		return e->code;
	if (self->partition == NULL ? self->sort != NULL : expr_is_field(self->partition, &path))
		self->base.source = stage_drop_sort(self->base.source);
	self->is_sorted = comes_sorted(self);
	self->is_reverse = goes_down(self);
	for (size_t i = 0; i < self->function_count; i++) {
		if (self->functions[i].acc != NULL)
			stage_later_accumulator(b, self->functions[i].acc);
		else if (self->functions[i].input != NULL)
			stage_later_expr(b, &self->functions[i].input);
	}
	*ret = TAKE(made);
	return 0;
}
