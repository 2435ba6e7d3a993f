/* $bucketAuto: the documents sorted by a value, cut into buckets of about the same size. */
#include <math.h>

#include "base/bson_build.h"
#include "query/accumulator_op.h"
#include "query/fields.h"
#include "query/sort_parts.h"
#include "query/stage/granularity.h"
#include "query/stage/stage_make.h"
#include "store/tree/extsort.h"

struct output {
	struct bytes name;
	const struct accumulator *acc;
	size_t offset;
};

struct bucket_auto_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *group_by;
	const struct granularity *granularity;
	int32_t buckets;
	bool has_buckets;
	struct output *outputs;
	size_t output_count, state_bytes;
	struct extsort *sorted;
	uint64_t count, size; /* documents, and about how many in a bucket */
	int32_t made;
	bool is_open;
	struct buf record; /* [value][document] that is next */
	bool has_record;
	void *states;
	struct accumulator_box min, max, before; /* of the bucket, and the max of the one before */
	bool has_before;
};

/* ---- in */

static int check_granular(const struct value *v, struct error *e)
{
	if (!value_is_number(v))
		return query_error(e, 40258,
				   "$bucketAuto can specify a 'granularity' with numeric "
				   "boundaries only, but found a value with type: %s",
				   value_type_name(v->type));
	if (isnan(value_to_double(v)))
		return query_error(e, 40259,
				   "$bucketAuto can specify a 'granularity' with numeric "
				   "boundaries only, but found a NaN");
	if (value_to_double(v) < 0)
		return query_error(e, 40260,
				   "$bucketAuto can specify a 'granularity' with non-negative "
				   "numbers only, but found a negative number");
	return 0;
}

static int add_document(struct bucket_auto_stage *self, const struct stage_doc *doc,
			struct error *e)
{
	struct query_context *q = self->base.q;
	OWNED(buf_release) struct buf key = {0};
	struct value v;

	stage_work_set(&self->work, q, doc);
	if (expr_eval(self->group_by, &self->work.frame, &v, e) < 0)
		return e->code;
	if (self->granularity != NULL && check_granular(&v, e) < 0)
		return e->code;
	if (value_is_missing(&v))
		v = value_null();
	if (sort_value_bytes(&v, q->collation, &key, e) < 0)
		return e->code;
	return stage_record_add(self->sorted, &self->work, &key, self->count++, &v, doc->doc, e);
}

static int take_record(struct bucket_auto_stage *self, struct error *e)
{
	int found = stage_record_next(self->sorted, &self->record, e);

	self->has_record = found == 1;
	return found;
}

static int take_in(struct bucket_auto_stage *self, struct error *e)
{
	struct stage_doc doc;
	int found;

	self->sorted = extsort_new(sort_spill_folder(self->base.q), self->base.q->memory);
	while ((found = stage_next(self->base.source, &doc, e)) == 1)
		if (add_document(self, &doc, e) < 0)
			return e->code;
	if (found < 0 || extsort_finish(self->sorted, e) < 0)
		return e->code;
	self->size = (uint64_t)MAX_OF(round((double)self->count / (double)self->buckets), 1.0);
	self->is_open = true;
	self->states = xcalloc(1, MAX_OF(self->state_bytes, (size_t)1));
	if (self->work.arena == NULL)
		stage_work_open(&self->work, self->base.q);
	return take_record(self, e) < 0 ? e->code : 0;
}

/* ---- out */

static struct value record_value(const struct bucket_auto_stage *self)
{
	return value_at(bytes_of(self->record.at, get_le32(self->record.at)), 0);
}

/* Put the next record into the bucket, and take the one after it. */
static int add_record(struct bucket_auto_stage *self, struct error *e)
{
	uint32_t head = get_le32(self->record.at);
	struct stage_doc doc = {.doc = bytes_of(self->record.at + head, self->record.len - head)};
	struct value v = record_value(self);

	accumulator_box_set(&self->max, &v);
	stage_work_set(&self->work, self->base.q, &doc);
	for (size_t i = 0; i < self->output_count; i++)
		if (accumulator_add(self->outputs[i].acc,
				    (uint8_t *)self->states + self->outputs[i].offset,
				    &self->work.frame, e) < 0)
			return e->code;
	return take_record(self, e) < 0 ? e->code : 0;
}

static int begin_bucket(struct bucket_auto_stage *self, struct error *e)
{
	struct value v = record_value(self), none = value_missing(), low;

	low = v;
	if (self->granularity != NULL)
		low = self->has_before ? self->before.v : granularity_down(self->granularity, &v);
	accumulator_box_set(&self->min, &low);
	for (size_t i = 0; i < self->output_count; i++)
		if (accumulator_begin(self->outputs[i].acc,
				      (uint8_t *)self->states + self->outputs[i].offset,
				      &self->work.frame, &none, e) < 0)
			return e->code;
	return 0;
}

/* What else belongs to the bucket because its value does; sets the max. */
static int end_bucket(struct bucket_auto_stage *self, struct error *e)
{
	struct collation *collation = self->base.q->collation;
	struct value bound = value_missing(), v;
	double number;

	if (self->granularity != NULL)
		bound = granularity_up(self->granularity, &self->max.v);
	while (self->has_record) {
		v = record_value(self);
		if (value_compare(&self->max.v, &v, collation) != 0 &&
		    (value_is_missing(&bound) || value_compare(&bound, &v, collation) <= 0))
			break;
		if (add_record(self, e) < 0)
			return e->code;
	}
	if (self->granularity == NULL) {
		if (self->has_record) {
			v = record_value(self);
			accumulator_box_set(&self->max, &v);
		}
		return 0;
	}
	number = value_to_double(&bound);
	if (number == 0 && self->has_record) {
		v = record_value(self);
		bound = granularity_down(self->granularity, &v);
	}
	accumulator_box_set(&self->max, &bound);
	return 0;
}

static int give(struct bucket_auto_stage *self, struct stage_doc *ret, struct error *e)
{
	struct buf *out = &self->work.out;
	size_t begin, id;

	buf_reset(out);
	begin = bson_build_begin(out);
	id = bson_build_open(out, "_id");
	value_write(out, bytes_str("min"), &self->min.v);
	value_write(out, bytes_str("max"), &self->max.v);
	bson_build_end(out, id);
	for (size_t i = 0; i < self->output_count; i++) {
		const struct output *output = &self->outputs[i];
		void *state = (uint8_t *)self->states + output->offset;
		struct value v;

		if (accumulator_result(output->acc, state, self->base.q, self->work.arena, &v, e) <
		    0)
			return e->code;
		value_write(out, output->name, &v);
		accumulator_end(output->acc, state);
	}
	bson_build_end(out, begin);
	accumulator_box_set(&self->before, &self->max.v);
	self->has_before = true;
	*ret = (struct stage_doc){.doc = buf_bytes(out)};
	return 1;
}

static int bucket_auto_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct bucket_auto_stage *self = (struct bucket_auto_stage *)stage;
	bool is_last;

	if (!self->is_open && take_in(self, e) < 0)
		return e->code;
	if (!self->has_record || self->made == self->buckets)
		return 0;
	is_last = ++self->made == self->buckets;
	if (begin_bucket(self, e) < 0)
		return e->code;
	for (uint64_t i = 0; self->has_record && (i < self->size || is_last); i++)
		if (add_record(self, e) < 0)
			return e->code;
	if (end_bucket(self, e) < 0)
		return e->code;
	return give(self, ret, e);
}

static void bucket_auto_close(struct stage *stage)
{
	struct bucket_auto_stage *self = (struct bucket_auto_stage *)stage;

	for (size_t i = 0; self->states != NULL && i < self->output_count; i++)
		accumulator_end(self->outputs[i].acc,
				(uint8_t *)self->states + self->outputs[i].offset);
	free(self->states);
	extsort_free(self->sorted);
	buf_release(&self->record);
	buf_release(&self->min.bytes);
	buf_release(&self->max.bytes);
	buf_release(&self->before.bytes);
	stage_work_close(&self->work);
}

static size_t bucket_auto_memory(const struct stage *stage)
{
	const struct bucket_auto_stage *self = (const struct bucket_auto_stage *)stage;

	return sizeof(*self) + extsort_memory(self->sorted) + self->record.cap +
	       stage_work_memory(&self->work);
}

static const struct stage_kind bucket_auto_kind = {"$bucketAuto", bucket_auto_next,
						   bucket_auto_close, NULL, bucket_auto_memory};

/* ---- parsing */

static int parse_group_by(struct stage_build *b, struct bucket_auto_stage *self,
			  const struct value *v, struct error *e)
{
	if (v->type == BSON_KIND_DOCUMENT && v->data.len > 6 && v->data.at[5] == '$')
		return expr_parse_object(b->scope, v->data, &self->group_by, e);
	if (v->type == BSON_KIND_STRING && v->data.len > 1 && v->data.at[0] == '$')
		return expr_parse(b->scope, v, &self->group_by, e);
	return query_error(e, 40239,
			   "The $bucketAuto 'groupBy' field must be defined as a $-prefixed path "
			   "or an expression object, but found: %s",
			   stage_element_text(b->q, bytes_str(""), v) + 2);
}

static int parse_buckets(struct bucket_auto_stage *self, const struct value *v, struct error *e)
{
	if (!value_is_number(v))
		return query_error(e, 40241,
				   "The $bucketAuto 'buckets' field must be a numeric value, but "
				   "found type: %s",
				   value_type_name(v->type));
	if (!value_as_int32(v, &self->buckets))
		return query_error(e, 40242,
				   "The $bucketAuto 'buckets' field must be representable as a "
				   "32-bit integer, but found %g",
				   value_to_double(v));
	self->has_buckets = true;
	return 0;
}

static int parse_accumulator(struct stage_build *b, struct bytes name, const struct value *operand,
			     const struct accumulator **ret, struct error *e)
{
	int is_constant;

	if (accumulator_parse(b->scope, name, operand, ret, e) < 0)
		return e->code;
	is_constant = accumulator_fold_n(b->scope, *ret, e);
	if (is_constant == 0)
		return query_error(e, 4544714, "Can't refer to the group key in $bucketAuto");
	return is_constant;
}

/* The accumulators of `output`: as $group's. */
static int parse_outputs(struct stage_build *b, struct bucket_auto_stage *self, struct bytes spec,
			 struct error *e)
{
	struct fields fields = fields_of(spec), inner;
	size_t count = self->output_count + value_count(spec);
	struct output *outputs = arena_zeroed(b->q->constants, (count + 1) * sizeof(*outputs));
	struct bson_field field, op;

	/* Each 'output' adds to those before it. */
	if (self->output_count > 0)
		memcpy(outputs, self->outputs, self->output_count * sizeof(*outputs));
	self->outputs = outputs;
	while (fields_next(&fields, &field)) {
		struct output *output = &self->outputs[self->output_count];
		const char *name = stage_text(b->q, field.name);
		struct value operand;

		inner = fields_of(field.type == BSON_KIND_DOCUMENT ? field.value
								   : bson_build_empty());
		if (!fields_next(&inner, &op) || op.name.len == 0 || op.name.at[0] != '$')
			return query_error(e, 40234, "The field '%s' must be an accumulator object",
					   name);
		if (memchr(field.name.at, '.', field.name.len) != NULL)
			return query_error(e, 40235, "The field name '%s' cannot contain '.'",
					   name);
		if (field.name.len > 0 && field.name.at[0] == '$')
			return query_error(e, 40236,
					   "The field name '%s' cannot be an operator name", name);
		if (inner.at < inner.end)
			return query_error(e, 40238, "The field '%s' must specify one accumulator",
					   name);
		operand = value_of_field(&op);
		if (parse_accumulator(b, op.name, &operand, &output->acc, e) < 0)
			return e->code;
		output->name = field.name;
		output->offset = self->state_bytes;
		self->state_bytes += accumulator_size(output->acc);
		stage_later_accumulator(b, output->acc);
		self->output_count++;
	}
	return 0;
}

static int default_output(struct stage_build *b, struct bucket_auto_stage *self, struct error *e)
{
	OWNED(buf_release) struct buf spec = {0};
	size_t begin = bson_build_begin(&spec), inner = bson_build_open(&spec, "count");

	bson_build_int32(&spec, "$sum", 1);
	bson_build_end(&spec, inner);
	bson_build_end(&spec, begin);
	return parse_outputs(b, self, arena_copy(b->q->constants, buf_bytes(&spec)), e);
}

static int parse_option(struct stage_build *b, struct bucket_auto_stage *self,
			const struct bson_field *field, struct error *e)
{
	struct value v = value_of_field(field);

	if (bytes_equal(field->name, bytes_str("groupBy")))
		return parse_group_by(b, self, &v, e);
	if (bytes_equal(field->name, bytes_str("buckets")))
		return parse_buckets(self, &v, e);
	if (bytes_equal(field->name, bytes_str("output"))) {
		if (v.type == BSON_KIND_DOCUMENT)
			return parse_outputs(b, self, v.data, e);
		return query_error(e, 40244,
				   "The $bucketAuto 'output' field must be an object, but found "
				   "type: %s",
				   value_type_name(v.type));
	}
	if (!bytes_equal(field->name, bytes_str("granularity")))
		return query_error(e, 40245, "Unrecognized option to $bucketAuto: %s",
				   stage_text(b->q, field->name));
	if (v.type != BSON_KIND_STRING)
		return query_error(e, 40261,
				   "The $bucketAuto 'granularity' field must be a string, but "
				   "found type: %s",
				   value_type_name(v.type));
	self->granularity = granularity_find(v.data);
	if (self->granularity == NULL)
		return query_error(e, 40257, "Unknown rounding granularity '%s'",
				   stage_text(b->q, v.data));
	return 0;
}

int stage_make_bucket_auto(struct stage_build *b, struct bytes name, const struct value *operand,
			   struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct bucket_auto_stage *self =
		stage_new(b, &bucket_auto_kind, sizeof(*self), operand, source);
	struct bson_field field;
	struct fields fields;

	(void)name;
	made = &self->base;
	self->work.scope = b->scope;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40240,
				   "The argument to $bucketAuto must be an object, but found type: "
				   "%s",
				   value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field))
		if (parse_option(b, self, &field, e) < 0)
			return e->code;
	if (self->group_by == NULL || !self->has_buckets)
		return query_error(e, 40246,
				   "$bucketAuto requires 'groupBy' and 'buckets' to be specified");
	if (self->buckets <= 0)
		return query_error(e, 40243,
				   "The $bucketAuto 'buckets' field must be greater than 0, but "
				   "found: %d",
				   self->buckets);
	if (self->output_count == 0 && default_output(b, self, e) < 0)
		return e->code;
	stage_later_expr(b, &self->group_by);
	*ret = TAKE(made);
	return 0;
}
