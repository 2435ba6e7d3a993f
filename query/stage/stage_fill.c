/* $fill: a $setWindowFields for what is carried on or interpolated, an $addFields for what is a value. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

struct words {
	struct value output, sort, partition, partition_fields;
	struct buf functions, values; /* documents in the making */
	size_t functions_begin, values_begin;
	bool has_functions, has_values;
};

static void words_release(struct words *words)
{
	buf_release(&words->functions);
	buf_release(&words->values);
}
DEFINE_OWNED_STRUCT(struct words, words_release);

static int take(const struct bson_field *field, uint8_t type, struct value *to, struct error *e)
{
	*to = value_of_field(field);
	if (field->type == type)
		return 0;
	if (field->type == BSON_KIND_NULL && type == BSON_KIND_ARRAY)
		return query_error(e, 10065, "invalid parameter: expected an object (%.*s)",
				   (int)field->name.len, (const char *)field->name.at);
	if (field->type == BSON_KIND_NULL) {
		*to = value_missing(); /* to generated parsers null is nothing */
		return 0;
	}
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '$fill.%.*s' is the wrong type '%s', expected type '%s'",
			   (int)field->name.len, (const char *)field->name.at,
			   value_type_name(field->type), value_type_name(type));
}

static int take_names(struct stage_build *b, const struct bson_field *field, struct value *to,
		      struct error *e)
{
	struct bson_field element;
	struct fields fields;

	if (take(field, BSON_KIND_ARRAY, to, e) < 0)
		return e->code;
	fields = fields_of(field->value);
	while (fields_next(&fields, &element))
		if (element.type != BSON_KIND_STRING)
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "BSON field '$fill.partitionByFields.%s' is the wrong "
					   "type '%s', expected type 'string'",
					   stage_text(b->q, element.name),
					   value_type_name(element.type));
	return 0;
}

static int read_words(struct stage_build *b, const struct value *operand, struct words *ret,
		      struct error *e)
{
	struct bson_field field;
	struct fields fields;
	int result = 0;

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "The $fill stage specification must be an object, found %s",
				   value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (result == 0 && fields_next(&fields, &field)) {
		if (bytes_equal(field.name, bytes_str("output")))
			result = take(&field, BSON_KIND_DOCUMENT, &ret->output, e);
		else if (bytes_equal(field.name, bytes_str("sortBy")))
			result = take(&field, BSON_KIND_DOCUMENT, &ret->sort, e);
		else if (bytes_equal(field.name, bytes_str("partitionBy")))
			result = take(&field, BSON_KIND_DOCUMENT, &ret->partition, e);
		else if (bytes_equal(field.name, bytes_str("partitionByFields")))
			result = take_names(b, &field, &ret->partition_fields, e);
		else
			result = query_error_unknown_field(e, "$fill", field.name);
		if (result == 0)
			result = query_error_if_repeated(e, "$fill", operand->data, &field);
	}
	if (result < 0)
		return result;
	if (value_is_missing(&ret->output))
		return query_error(e, 40414,
				   "BSON field '$fill.output' is missing but a required field");
	if (value_count(ret->output.data) == 0)
		return query_error(e, 6050203,
				   "The output field in '$fill' must contain an object with at "
				   "least one element");
	return 0;
}

/* "$" and a name, in the constants. */
static struct value dollar(struct stage_build *b, struct bytes name)
{
	struct buf text = {0};
	struct value v;

	buf_add_u8(&text, '$');
	buf_add_bytes(&text, name);
	v = value_string(arena_copy(b->q->constants, buf_bytes(&text)));
	buf_release(&text);
	return v;
}

static size_t open_field(struct buf *out, uint8_t type, struct bytes name)
{
	buf_add_u8(out, type);
	buf_add_bytes(out, name);
	buf_add_u8(out, 0);
	return bson_build_begin(out);
}

static int add_method(struct stage_build *b, struct words *words, struct bytes name,
		      const struct value *method, struct error *e)
{
	bool is_linear = bytes_equal(method->data, bytes_str("linear"));
	struct value path = dollar(b, name);
	size_t begin;

	if (!is_linear && !bytes_equal(method->data, bytes_str("locf")))
		return query_error(e, 6050202, "Method must be either locf or linear");
	begin = open_field(&words->functions, BSON_KIND_DOCUMENT, name);
	value_write(&words->functions, bytes_str(is_linear ? "$linearFill" : "$locf"), &path);
	bson_build_end(&words->functions, begin);
	words->has_functions = true;
	return 0;
}

/* {name: {$ifNull: ["$name", value]}} */
static void add_value(struct stage_build *b, struct words *words, struct bytes name,
		      const struct value *v)
{
	struct value path = dollar(b, name);
	size_t begin = open_field(&words->values, BSON_KIND_DOCUMENT, name),
	       list = bson_build_open_array(&words->values, "$ifNull");

	value_write(&words->values, bytes_str("0"), &path);
	value_write(&words->values, bytes_str("1"), v);
	bson_build_end(&words->values, list);
	bson_build_end(&words->values, begin);
	words->has_values = true;
}

static int read_output(struct stage_build *b, struct words *words, const struct bson_field *field,
		       struct error *e)
{
	struct value method = value_missing(), v = value_missing();
	struct bson_field inner;
	struct fields fields;

	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, 6050200,
			"Each fill output specification must be an object with exactly one field");
	fields = fields_of(field->value);
	while (fields_next(&fields, &inner)) {
		if (bytes_equal(inner.name, bytes_str("method"))) {
			if (take(&inner, BSON_KIND_STRING, &method, e) < 0)
				return e->code;
		} else if (bytes_equal(inner.name, bytes_str("value"))) {
			v = value_of_field(&inner);
		} else {
			return query_error_unknown_field(e, "$fill", inner.name);
		}
		if (query_error_if_repeated(e, "$fill", field->value, &inner) < 0)
			return e->code;
	}
	if (!value_is_missing(&method) && !value_is_missing(&v))
		return query_error(e, 6050201,
				   "Each fill output specification must have exactly one of "
				   "'method' or 'value' fields, not both");
	if (!value_is_missing(&method))
		return add_method(b, words, field->name, &method, e);
	if (!value_is_missing(&v))
		add_value(b, words, field->name, &v);
	return 0;
}

static int add_partition(struct stage_build *b, struct words *words, struct buf *out,
			 struct error *e)
{
	struct bson_field field;
	struct fields fields;
	size_t begin;

	if (!value_is_missing(&words->partition)) {
		if (!value_is_missing(&words->partition_fields))
			return query_error(
				e, 6050204,
				"Maximum one of 'partitionBy' and 'partitionByFields can "
				"be specified in '$fill'");
		value_write(out, bytes_str("partitionBy"), &words->partition);
	}
	if (value_is_missing(&words->partition_fields))
		return 0;
	begin = bson_build_open(out, "partitionBy");
	fields = fields_of(words->partition_fields.data);
	while (fields_next(&fields, &field)) {
		struct value name = value_of_field(&field), path;

		if (name.type != BSON_KIND_STRING)
			return query_error(e, QUERY_TYPE_MISMATCH,
					   "BSON field '$fill.partitionByFields.%s' is the wrong "
					   "type '%s', expected type 'string'",
					   stage_text(b->q, field.name),
					   value_type_name(name.type));
		path = dollar(b, name.data);
		value_write(out, name.data, &path);
	}
	bson_build_end(out, begin);
	return 0;
}

static int make_window(struct stage_build *b, struct words *words, struct stage *source,
		       struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(buf_release) struct buf spec = {0};
	struct value output;
	size_t begin = bson_build_begin(&spec);

	bson_build_end(&words->functions, words->functions_begin);
	output = value_document(buf_bytes(&words->functions));
	value_write(&spec, bytes_str("output"), &output);
	value_write(&spec, bytes_str("sortBy"), &words->sort);
	if (add_partition(b, words, &spec, e) < 0)
		return e->code;
	bson_build_end(&spec, begin);
	if (!words->has_functions) {
		*ret = TAKE(from);
		return 0;
	}
	return stage_make_spec(b, stage_make_window, "$setWindowFields",
			       arena_copy(b->q->constants, buf_bytes(&spec)), TAKE(from), ret, e);
}

int stage_make_fill(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(words_release) struct words words = {0};
	struct bson_field field;
	struct fields fields;

	(void)name;
	if (read_words(b, operand, &words, e) < 0)
		return e->code;
	words.functions_begin = bson_build_begin(&words.functions);
	words.values_begin = bson_build_begin(&words.values);
	fields = fields_of(words.output.data);
	while (fields_next(&fields, &field))
		if (read_output(b, &words, &field, e) < 0)
			return e->code;
	if (make_window(b, &words, TAKE(from), &from, e) < 0)
		return e->code;
	if (!words.has_values) {
		*ret = from == NULL ? stage_new_empty(b, NULL) : TAKE(from);
		return 0;
	}
	bson_build_end(&words.values, words.values_begin);
	return stage_make_spec(b, stage_make_add_fields, "$addFields",
			       arena_copy(b->q->constants, buf_bytes(&words.values)), TAKE(from),
			       ret, e);
}
