/* Prefix: schema_ (of match_schema_read.h) */
#include "query/decimal_math.h"
#include "query/fields.h"
#include "query/match/match_schema_read.h"

const char *const schema_keywords[SCHEMA_KEYWORDS] = {
	"title",
	"description",
	"type",
	"bsonType",
	"pattern",
	"maxLength",
	"minLength",
	"multipleOf",
	"maximum",
	"exclusiveMaximum",
	"minimum",
	"exclusiveMinimum",
	"minItems",
	"maxItems",
	"uniqueItems",
	"items",
	"additionalItems",
	"encrypt",
	"encryptMetadata",
	"required",
	"properties",
	"patternProperties",
	"additionalProperties",
	"minProperties",
	"maxProperties",
	"dependencies",
	"allOf",
	"anyOf",
	"oneOf",
	"not",
	"enum",
};

/* Those of draft 4 that mongod refuses. */
static const char *const refused[] = {"$ref", "$schema", "default", "definitions", "format", "id"};

/* "$jsonSchema keyword 'x' ..." */
int schema_wrong(const struct schema_reader *r, enum schema_keyword keyword, int code,
		 const char *text)
{
	return query_error(r->p->e, code, "$jsonSchema keyword '%s' %s", schema_keywords[keyword],
			   text);
}

/* The same, with a type behind it. */
int schema_wrong_type(const struct schema_reader *r, enum schema_keyword keyword, const char *text,
		      uint8_t type)
{
	return query_error(r->p->e, QUERY_TYPE_MISMATCH, "$jsonSchema keyword '%s' %s%s",
			   schema_keywords[keyword], text, value_type_name(type));
}

static int collect(struct schema_reader *r, struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		int name_len = (int)field.name.len;
		const char *name = (const char *)field.name.at;
		size_t k = 0;

		while (k < SCHEMA_KEYWORDS &&
		       !bytes_equal(field.name, bytes_str(schema_keywords[k])))
			k++;
		for (size_t i = 0; k == SCHEMA_KEYWORDS && i < COUNT_OF(refused); i++)
			if (bytes_equal(field.name, bytes_str(refused[i])))
				return query_error(
					r->p->e, QUERY_FAILED_TO_PARSE,
					"$jsonSchema keyword '%s' is not currently supported",
					refused[i]);
		if (k == SCHEMA_KEYWORDS)
			return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
					   "Unknown $jsonSchema keyword: %.*s", name_len, name);
		if (r->given[k].type != 0)
			return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
					   "Duplicate $jsonSchema keyword: %.*s", name_len, name);
		r->given[k] = field;
	}
	return 0;
}

/* ---- type */

static int add_type_name(struct schema_reader *r, bool is_bson, const struct bson_field *field,
			 struct match_types *types)
{
	static const char *const names[][2] = {{"array", "array"},   {"boolean", "bool"},
					       {"null", "null"},     {"number", "number"},
					       {"object", "object"}, {"string", "string"}};
	OWNED(buf_release) struct buf one = {0};
	struct value name = value_of_field(field);
	struct bson_field bson = {.type = BSON_KIND_STRING};
	struct match_types added = {0};
	size_t i = 0;

	if (bytes_equal(name.data, bytes_str("integer")))
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "$jsonSchema type 'integer' is not currently supported.");
	if (!is_bson) {
		while (i < COUNT_OF(names) && !bytes_equal(name.data, bytes_str(names[i][0])))
			i++;
		if (i == COUNT_OF(names))
			return query_error(r->p->e, QUERY_BAD_VALUE,
					   "Unknown type name alias: %.*s", (int)name.data.len,
					   (const char *)name.data.at);
		name = value_string(bytes_str(names[i][1]));
	}
	value_write(&one, bytes_of("", 0), &name);
	bson.value = bytes_of(one.at + 2, one.len - 2);
	if (match_parse_types(r->p, &bson, &added) < 0)
		return r->p->e->code;
	types->bits |= added.bits;
	types->numbers |= added.numbers;
	types->numbers_bits |= added.numbers_bits;
	return 0;
}

static int check_type_names(struct schema_reader *r, enum schema_keyword keyword,
			    struct bytes array)
{
	struct fields fields = fields_of(array);
	struct bson_field element;
	bool are_strings = true;
	struct bytes twice;
	size_t count = 0;

	if (array.len <= BSON_MIN_LEN)
		return schema_wrong(r, keyword, QUERY_FAILED_TO_PARSE,
				    "must name at least one type");
	while (are_strings && fields_next(&fields, &element)) {
		are_strings = element.type == BSON_KIND_STRING;
		count += are_strings;
	}
	if (schema_repeats(r, array, count, &twice))
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "$jsonSchema keyword '%s' has duplicate value: %.*s",
				   schema_keywords[keyword], (int)twice.len,
				   (const char *)twice.at);
	return are_strings ? 0
			   : schema_wrong(r, keyword, QUERY_TYPE_MISMATCH,
					  "array elements must be strings");
}

/* The type or types of a field; `keyword` for the texts of errors. */
static int read_types(struct schema_reader *r, enum schema_keyword keyword,
		      const struct bson_field *field, struct match_types *ret)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;

	if (field->type == BSON_KIND_STRING)
		return add_type_name(r, keyword == SCHEMA_BSON_TYPE, field, ret);
	while (fields_next(&fields, &element))
		if (add_type_name(r, keyword == SCHEMA_BSON_TYPE, &element, ret) < 0)
			return r->p->e->code;
	return 0;
}

int schema_read_bson_types(struct schema_reader *r, const struct bson_field *field,
			   struct match_types *ret)
{
	if (field->type != BSON_KIND_STRING && field->type != BSON_KIND_ARRAY)
		return schema_wrong(r, SCHEMA_BSON_TYPE, QUERY_TYPE_MISMATCH,
				    "must be either a string or an array of strings");
	if (field->type == BSON_KIND_ARRAY && field->value.len > BSON_MIN_LEN &&
	    check_type_names(r, SCHEMA_BSON_TYPE, field->value) < 0)
		return r->p->e->code;
	return read_types(r, SCHEMA_BSON_TYPE, field, ret);
}

static int read_type(struct schema_reader *r)
{
	enum schema_keyword keyword =
		schema_given(r, SCHEMA_TYPE) != NULL ? SCHEMA_TYPE : SCHEMA_BSON_TYPE;
	const struct bson_field *field = schema_given(r, keyword);

	if (schema_given(r, SCHEMA_TYPE) != NULL && schema_given(r, SCHEMA_BSON_TYPE) != NULL)
		return query_error(
			r->p->e, QUERY_FAILED_TO_PARSE,
			"Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
	if (field == NULL)
		return 0;
	r->schema->has_types = true;
	if (field->type != BSON_KIND_STRING && field->type != BSON_KIND_ARRAY)
		return schema_wrong(r, keyword, QUERY_TYPE_MISMATCH,
				    "must be either a string or an array of strings");
	if (field->type == BSON_KIND_ARRAY && check_type_names(r, keyword, field->value) < 0)
		return r->p->e->code;
	return read_types(r, keyword, field, &r->schema->types);
}

/* ---- strings and numbers */

static int read_pattern(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_PATTERN);
	struct value v;

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_STRING)
		return schema_wrong(r, SCHEMA_PATTERN, QUERY_TYPE_MISMATCH, "must be a string");
	v = value_of_field(field);
	/* A document is no string: mongod does not even compile it there. */
	return r->is_root ? 0 : match_regex_new(r->p, v.data, bytes_of("", 0), &r->schema->pattern);
}

int schema_read_size(struct schema_reader *r, enum schema_keyword keyword, int64_t *ret)
{
	const struct bson_field *field = schema_given(r, keyword);

	return field == NULL ? 0 : match_parse_size_number(field, ret, r->p->e);
}

static int read_multiple(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_MULTIPLE_OF);
	struct value v;
	_Decimal128 divisor;

	if (field == NULL)
		return 0;
	v = value_of_field(field);
	if (!value_is_number(&v))
		return schema_wrong(r, SCHEMA_MULTIPLE_OF, QUERY_TYPE_MISMATCH, "must be a number");
	divisor = value_to_decimal(&v);
	if (divisor <= 0 || decimal_is_negative(divisor)) /* -NaN, too */
		return schema_wrong(r, SCHEMA_MULTIPLE_OF, QUERY_FAILED_TO_PARSE,
				    "must have a positive value");
	if (!r->is_root && decimal_is_nan(divisor))
		return query_error(r->p->e, QUERY_BAD_VALUE, "divisor cannot be NaN");
	if (!r->is_root && decimal_is_infinite(divisor))
		return query_error(r->p->e, QUERY_BAD_VALUE, "divisor cannot be infinite");
	r->schema->multiple_of = divisor;
	return 0;
}

static int read_bound(struct schema_reader *r, enum schema_keyword keyword,
		      enum schema_keyword exclusive, struct value *ret, bool *ret_excluded)
{
	const struct bson_field *field = schema_given(r, keyword),
				*flag = schema_given(r, exclusive);

	if (field == NULL && flag == NULL)
		return 0;
	if (field == NULL)
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "$jsonSchema keyword '%s' must be a present if %s is present",
				   schema_keywords[keyword], schema_keywords[exclusive]);
	*ret = value_of_field(field);
	if (flag != NULL && flag->type != BSON_KIND_BOOL)
		return schema_wrong(r, exclusive, QUERY_TYPE_MISMATCH, "must be a boolean");
	if (!value_is_number(ret))
		return schema_wrong(r, keyword, QUERY_TYPE_MISMATCH, "must be a number");
	*ret_excluded = flag != NULL && flag->value.at[0] != 0;
	return 0;
}

static int read_scalars(struct schema_reader *r)
{
	struct match_schema *s = r->schema;

	if (read_pattern(r) < 0 || schema_read_size(r, SCHEMA_MAX_LENGTH, &s->max_length) < 0 ||
	    schema_read_size(r, SCHEMA_MIN_LENGTH, &s->min_length) < 0 || read_multiple(r) < 0 ||
	    read_bound(r, SCHEMA_MAXIMUM, SCHEMA_EXCLUSIVE_MAXIMUM, &s->maximum,
		       &s->below_maximum) < 0 ||
	    read_bound(r, SCHEMA_MINIMUM, SCHEMA_EXCLUSIVE_MINIMUM, &s->minimum,
		       &s->above_minimum) < 0)
		return r->p->e->code;
	return 0;
}

/* ---- arrays */

int schema_read_list(struct schema_reader *r, enum schema_keyword keyword, const char *text,
		     bool is_root, struct schema_list *ret)
{
	struct bytes array = schema_given(r, keyword)->value;
	struct fields fields = fields_of(array);
	struct bson_field element;

	ret->at = arena_get(r->p->arena, value_count(array) * sizeof(struct match_schema *));
	while (fields_next(&fields, &element)) {
		if (element.type != BSON_KIND_DOCUMENT)
			return schema_wrong_type(r, keyword, text, element.type);
		if (schema_parse(r->p, element.value, is_root, &ret->at[ret->count]) < 0)
			return r->p->e->code;
		ret->count++;
	}
	return 0;
}

static int read_items(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_ITEMS);

	if (field == NULL)
		return 0;
	if (field->type == BSON_KIND_DOCUMENT)
		return schema_parse(r->p, field->value, false, &r->schema->items);
	if (field->type != BSON_KIND_ARRAY)
		return schema_wrong_type(r, SCHEMA_ITEMS, "must be an array or an object, not ",
					 field->type);
	r->schema->has_item_list = true;
	return schema_read_list(
		r, SCHEMA_ITEMS,
		"requires that each element of the array is an object, but found a ", false,
		&r->schema->item_list);
}

static int read_additional_items(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_ADDITIONAL_ITEMS);
	const struct match_schema *schema = NULL;
	bool applies = schema_given(r, SCHEMA_ITEMS) != NULL &&
		       schema_given(r, SCHEMA_ITEMS)->type == BSON_KIND_ARRAY;

	if (field == NULL)
		return 0;
	if (field->type == BSON_KIND_BOOL) {
		r->schema->has_additional_flag = true;
		r->schema->no_additional_items = applies && field->value.at[0] == 0;
		return 0;
	}
	if (field->type != BSON_KIND_DOCUMENT)
		return schema_wrong_type(r, SCHEMA_ADDITIONAL_ITEMS,
					 "must be either an object or a boolean, but got a ",
					 field->type);
	if (schema_parse(r->p, field->value, false, &schema) < 0)
		return r->p->e->code;
	r->schema->additional_items = applies ? schema : NULL;
	return 0;
}

static int read_arrays(struct schema_reader *r)
{
	const struct bson_field *unique = schema_given(r, SCHEMA_UNIQUE_ITEMS);

	if (schema_read_size(r, SCHEMA_MIN_ITEMS, &r->schema->min_items) < 0 ||
	    schema_read_size(r, SCHEMA_MAX_ITEMS, &r->schema->max_items) < 0)
		return r->p->e->code;
	if (unique != NULL && unique->type != BSON_KIND_BOOL)
		return schema_wrong(r, SCHEMA_UNIQUE_ITEMS, QUERY_TYPE_MISMATCH,
				    "must be a boolean");
	r->schema->unique_items = unique != NULL && unique->value.at[0] != 0;
	return read_items(r) < 0 || read_additional_items(r) < 0 ? r->p->e->code : 0;
}

/* ---- all of it */

struct match_schema *match_schema_new(struct arena *arena)
{
	struct match_schema *schema = arena_zeroed(arena, sizeof(*schema));

	schema->min_length = schema->max_length = SCHEMA_NO_LIMIT;
	schema->min_items = schema->max_items = SCHEMA_NO_LIMIT;
	schema->min_properties = schema->max_properties = SCHEMA_NO_LIMIT;
	schema->multiple_of = (_Decimal128)0;
	schema->minimum = schema->maximum = value_missing();
	return schema;
}

int schema_parse(struct match_parser *p, struct bytes doc, bool is_root,
		 const struct match_schema **ret)
{
	struct schema_reader r = {.p = p, .is_root = is_root, .schema = match_schema_new(p->arena)};

	if (collect(&r, doc) < 0)
		return p->e->code;
	for (int k = SCHEMA_TITLE; k <= SCHEMA_DESCRIPTION; k++)
		if (schema_given(&r, (enum schema_keyword)k) != NULL &&
		    r.given[k].type != BSON_KIND_STRING)
			return schema_wrong(&r, (enum schema_keyword)k, QUERY_TYPE_MISMATCH,
					    "must be of type string");
	if (read_type(&r) < 0 || read_scalars(&r) < 0 || read_arrays(&r) < 0 ||
	    schema_read_encryption(&r) < 0 || schema_read_documents(&r) < 0 ||
	    schema_read_logic(&r) < 0)
		return p->e->code;
	*ret = r.schema;
	return 0;
}

int match_parse_schema(struct match_parser *p, const struct bson_field *field,
		       const struct match_node **ret)
{
	struct match_node *node;

	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(p->e, QUERY_TYPE_MISMATCH, "$jsonSchema must be an object");
	node = match_node_new(p, MATCH_SCHEMA);
	node->schema.words = value_of_field(field);
	if (schema_parse(p, field->value, true, &node->schema.schema) < 0)
		return p->e->code;
	*ret = node;
	return 0;
}
