/* $bucket: a $group by $switch and a $sort. */
#include <stdio.h>

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

struct bucket {
	struct value group_by, boundaries, output;
	struct value *bounds; /* evaluated */
	size_t count;
	bool has_fallback, has_output;
	struct value fallback_value;
};

/* The value of an expression that must be constant: 1, or 0 when it is none. */
static int constant_of(struct stage_build *b, const struct value *v, struct value *ret,
		       struct error *e)
{
	const struct expr *expr;

	if (expr_parse(b->scope, v, &expr, e) < 0 || expr_optimize(b->scope, &expr, e) < 0)
		return e->code;
	return expr_is_constant(expr, ret) ? 1 : 0;
}

/* Each 'output' adds to those before it. */
static void add_output(struct stage_build *b, struct bucket *bucket, struct bytes output)
{
	OWNED(buf_release) struct buf both = {0};
	size_t begin = bson_build_begin(&both);

	if (bucket->has_output)
		buf_add(&both, bucket->output.data.at + 4, bucket->output.data.len - BSON_MIN_LEN);
	buf_add(&both, output.at + 4, output.len - BSON_MIN_LEN);
	bson_build_end(&both, begin);
	bucket->output = value_document(arena_copy(b->q->constants, buf_bytes(&both)));
	bucket->has_output = true;
}

static int take_option(struct stage_build *b, struct bucket *bucket, const struct bson_field *field,
		       struct error *e)
{
	struct value v = value_of_field(field);
	int result;

	if (bytes_equal(field->name, bytes_str("groupBy"))) {
		bool is_operator =
			v.type == BSON_KIND_DOCUMENT && v.data.len > 6 && v.data.at[5] == '$';

		if (!is_operator &&
		    !(v.type == BSON_KIND_STRING && v.data.len > 0 && v.data.at[0] == '$')) {
			OWNED(buf_release) struct buf text = {0};

			value_text_element(bytes_str(""), &v, &text);
			return query_error(e, 40202,
					   "The $bucket 'groupBy' field must be defined as a "
					   "$-prefixed path or an expression, but found: %s.",
					   buf_text(&text) + 2);
		}
		bucket->group_by = v;
	} else if (bytes_equal(field->name, bytes_str("boundaries"))) {
		if (v.type != BSON_KIND_ARRAY)
			return query_error(e, 40200,
					   "The $bucket 'boundaries' field must be an array, but "
					   "found type: %s.",
					   value_type_name(v.type));
		bucket->boundaries = v;
	} else if (bytes_equal(field->name, bytes_str("default"))) {
		result = constant_of(b, &v, &bucket->fallback_value, e);
		if (result < 0)
			return result;
		if (result == 0)
			return query_error(e, 40195,
					   "The $bucket 'default' field must be a constant "
					   "expression, but found: %s.",
					   stage_element_text(b->q, bytes_str(""), &v) + 2);
		bucket->has_fallback = true;
	} else if (bytes_equal(field->name, bytes_str("output"))) {
		if (v.type != BSON_KIND_DOCUMENT)
			return query_error(
				e, 40196,
				"The $bucket 'output' field must be an object, but found type: %s.",
				value_type_name(v.type));
		add_output(b, bucket, v.data);
	} else {
		return query_error(e, 40197, "Unrecognized option to $bucket: %s.",
				   stage_text(b->q, field->name));
	}
	return 0;
}

static int check_bound(struct stage_build *b, struct bucket *bucket, size_t i, struct error *e)
{
	const struct value *low, *high = &bucket->bounds[i];

	if (i == 0)
		return 0;
	low = &bucket->bounds[i - 1];
	if (value_class(low->type) != value_class(high->type))
		return query_error(e, 40193,
				   "All values in the the 'boundaries' option to $bucket must have "
				   "the same type. Found conflicting types %s and %s.",
				   value_type_name(low->type), value_type_name(high->type));
	if (value_compare(low, high, b->q->collation) >= 0)
		return query_error(
			e, 40194,
			"The 'boundaries' option to $bucket must be sorted, but elements "
			"%zu and %zu are not in ascending order (%s is not less than "
			"%s).",
			i - 1, i, stage_value_text(b->q, low), stage_value_text(b->q, high));
	return 0;
}

static int take_boundaries(struct stage_build *b, struct bucket *bucket, struct error *e)
{
	struct fields fields = fields_of(bucket->boundaries.data);
	size_t count = bucket->count + value_count(bucket->boundaries.data);
	struct value *bounds = arena_get(b->q->constants, (count + 1) * sizeof(*bounds));
	struct bson_field field;
	int result;

	/* Each 'boundaries' adds to those before it. */
	if (bucket->count > 0)
		memcpy(bounds, bucket->bounds, bucket->count * sizeof(*bounds));
	bucket->bounds = bounds;
	for (; fields_next(&fields, &field); bucket->count++) {
		struct value v = value_of_field(&field);

		result = constant_of(b, &v, &bounds[bucket->count], e);
		if (result < 0)
			return result;
		if (result == 0)
			return query_error(e, 40191,
					   "The $bucket 'boundaries' field must be an array of "
					   "constant values, but found value: %s.",
					   stage_element_text(b->q, bytes_str(""), &v) + 2);
	}
	if (bucket->count < 2)
		return query_error(
			e, 40192,
			"The $bucket 'boundaries' field must have at least 2 values, but "
			"found %zu value(s).",
			bucket->count);
	for (size_t i = 0; i < bucket->count; i++)
		if (check_bound(b, bucket, i, e) < 0)
			return e->code;
	return 0;
}

static int parse(struct stage_build *b, const struct value *operand, struct bucket *bucket,
		 struct error *e)
{
	struct bson_field field;
	struct fields fields;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40201,
				   "Argument to $bucket stage must be an object, but found type: "
				   "%s.",
				   value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		if (take_option(b, bucket, &field, e) < 0)
			return e->code;
		if (bytes_equal(field.name, bytes_str("boundaries")) &&
		    take_boundaries(b, bucket, e) < 0)
			return e->code;
	}
	if (value_is_missing(&bucket->group_by) || value_is_missing(&bucket->boundaries))
		return query_error(e, 40198,
				   "$bucket requires 'groupBy' and 'boundaries' to be specified.");
	if (bucket->has_fallback &&
	    value_compare(&bucket->fallback_value, &bucket->bounds[0], b->q->collation) >= 0 &&
	    value_compare(&bucket->fallback_value, &bucket->bounds[bucket->count - 1],
			  b->q->collation) < 0)
		return query_error(e, 40199,
				   "The $bucket 'default' field must be less than the lowest "
				   "boundary or greater than or equal to the highest boundary.");
	return 0;
}

static void add_compare(struct buf *out, const char *name, const char *op,
			const struct bucket *bucket, size_t bound)
{
	size_t compare = bson_build_open(out, name), args = bson_build_open_array(out, op);

	value_write(out, bytes_str("0"), &bucket->group_by);
	value_write(out, bytes_str("1"), &bucket->bounds[bound]);
	bson_build_end(out, args);
	bson_build_end(out, compare);
}

/* {case: {$and: [{$gte: [by, low]}, {$lt: [by, high]}]}, then: low}: as in mongod no literals, a string with a dollar is a path now. */
static void add_branch(struct buf *out, const struct bucket *bucket, size_t i)
{
	char name[24];
	size_t branch, when, both;

	snprintf(name, sizeof(name), "%zu", i);
	branch = bson_build_open(out, name);
	when = bson_build_open(out, "case");
	both = bson_build_open_array(out, "$and");
	add_compare(out, "0", "$gte", bucket, i);
	add_compare(out, "1", "$lt", bucket, i + 1);
	bson_build_end(out, both);
	bson_build_end(out, when);
	value_write(out, bytes_str("then"), &bucket->bounds[i]);
	bson_build_end(out, branch);
}

static void build_group(const struct bucket *bucket, struct buf *out)
{
	size_t begin = bson_build_begin(out), id = bson_build_open(out, "_id"),
	       choose = bson_build_open(out, "$switch"),
	       branches = bson_build_open_array(out, "branches"), count;
	struct bson_field field;
	struct fields fields;

	for (size_t i = 0; i + 1 < bucket->count; i++)
		add_branch(out, bucket, i);
	bson_build_end(out, branches);
	if (bucket->has_fallback)
		value_write(out, bytes_str("default"), &bucket->fallback_value);
	bson_build_end(out, choose);
	bson_build_end(out, id);
	if (bucket->has_output) {
		fields = fields_of(bucket->output.data);
		while (fields_next(&fields, &field)) {
			struct value v = value_of_field(&field);

			value_write(out, field.name, &v);
		}
	} else {
		count = bson_build_open(out, "count");
		bson_build_int32(out, "$sum", 1);
		bson_build_end(out, count);
	}
	bson_build_end(out, begin);
}

int stage_make_bucket(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(buf_release) struct buf spec = {0};
	struct bucket bucket = {0};
	size_t begin;

	(void)name;
	if (parse(b, operand, &bucket, e) < 0)
		return e->code;
	build_group(&bucket, &spec);
	if (stage_make_spec(b, stage_make_group, "$group",
			    arena_copy(b->q->constants, buf_bytes(&spec)), TAKE(from), &from,
			    e) < 0)
		return e->code;
	buf_reset(&spec);
	begin = bson_build_begin(&spec);
	bson_build_int32(&spec, "_id", 1);
	bson_build_end(&spec, begin);
	return stage_make_spec(b, stage_make_sort, "$sort",
			       arena_copy(b->q->constants, buf_bytes(&spec)), TAKE(from), ret, e);
}
