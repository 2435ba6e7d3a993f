/* Prefix: schema_ (of match_schema_read.h) */
#include <stdlib.h>

#include "query/fields.h"
#include "query/match/match_schema_read.h"
#include "query/match/match_show.h"

/* ---- documents */

/* The paths that the strings of an array name. */
static const struct path *paths_of(struct schema_reader *r, struct bytes array, size_t *ret_count)
{
	struct fields fields = fields_of(array);
	struct path *paths = arena_get(r->p->arena, value_count(array) * sizeof(*paths));
	struct bson_field element;

	for (*ret_count = 0; fields_next(&fields, &element); (*ret_count)++)
		path_parse(r->p->arena, value_of_field(&element).data, &paths[*ret_count]);
	return paths;
}

static int compare_elements(const void *a, const void *b)
{
	const struct bson_field *x = a, *y = b;
	int order = bytes_compare(x->value, y->value);

	/* Equal ones in their order in the array. */
	return order != 0 ? order : x->name.at < y->name.at ? -1 : x->name.at > y->name.at;
}

bool schema_repeats(struct schema_reader *r, struct bytes array, size_t count, struct bytes *ret)
{
	struct bson_field *all = arena_get(r->p->arena, count * sizeof(*all));
	const struct bson_field *first = NULL;
	struct fields fields = fields_of(array);

	for (size_t i = 0; i < count && fields_next(&fields, &all[i]); i++)
		;
	if (count > 1)
		qsort(all, count, sizeof(*all), compare_elements);
	for (size_t i = 1; i < count; i++)
		if (bytes_equal(all[i].value, all[i - 1].value) &&
		    (first == NULL || all[i].name.at < first->name.at))
			first = &all[i];
	if (first == NULL)
		return false;
	*ret = bytes_of(first->value.at + 4, first->value.len - 5);
	return true;
}

static int read_required(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_REQUIRED);
	struct fields fields;
	struct bson_field element;
	struct bytes twice;

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_ARRAY)
		return schema_wrong_type(r, SCHEMA_REQUIRED,
					 "must be an array, but found an element of type ",
					 field->type);
	if (field->value.len <= BSON_MIN_LEN)
		return schema_wrong(r, SCHEMA_REQUIRED, QUERY_FAILED_TO_PARSE,
				    "cannot be an empty array");
	fields = fields_of(field->value);
	while (fields_next(&fields, &element))
		if (element.type != BSON_KIND_STRING)
			return schema_wrong_type(
				r, SCHEMA_REQUIRED,
				"must be an array of strings, but found an element of type: ",
				element.type);
	if (schema_repeats(r, field->value, value_count(field->value), &twice))
		return schema_wrong(r, SCHEMA_REQUIRED, QUERY_FAILED_TO_PARSE,
				    "array cannot contain duplicate values");
	r->schema->required = paths_of(r, field->value, &r->schema->required_count);
	return 0;
}

static int read_properties(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_PROPERTIES);
	struct schema_property *properties;
	struct fields fields;
	struct bson_field inner;

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_DOCUMENT)
		return schema_wrong(r, SCHEMA_PROPERTIES, QUERY_TYPE_MISMATCH, "must be an object");
	r->schema->has_properties = true;
	properties = arena_get(r->p->arena, value_count(field->value) * sizeof(*properties));
	fields = fields_of(field->value);
	while (fields_next(&fields, &inner)) {
		struct schema_property *at = &properties[r->schema->property_count++];

		if (inner.type != BSON_KIND_DOCUMENT)
			return query_error(
				r->p->e, QUERY_TYPE_MISMATCH,
				"Nested schema for $jsonSchema property '%.*s' must be an object",
				(int)inner.name.len, (const char *)inner.name.at);
		path_parse(r->p->arena, inner.name, &at->path);
		if (schema_parse(r->p, inner.value, false, &at->schema) < 0)
			return r->p->e->code;
		at->predicates =
			at->path.count == 1
				? NULL
				: match_level_of(r->p,
						 match_show_property(r->p, at->schema, inner.name));
	}
	r->schema->properties = properties;
	return 0;
}

static int read_patterns(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_PATTERN_PROPERTIES);
	struct schema_pattern *patterns;
	struct fields fields;
	struct bson_field inner;

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_DOCUMENT)
		return schema_wrong(r, SCHEMA_PATTERN_PROPERTIES, QUERY_TYPE_MISMATCH,
				    "must be an object");
	r->schema->looks_at_all = true;
	patterns = arena_get(r->p->arena, value_count(field->value) * sizeof(*patterns));
	fields = fields_of(field->value);
	while (fields_next(&fields, &inner)) {
		struct schema_pattern *at = &patterns[r->schema->pattern_count++];
		struct regex *regex;
		const char *text = NULL;

		if (inner.type != BSON_KIND_DOCUMENT)
			return query_error(r->p->e, QUERY_TYPE_MISMATCH,
					   "$jsonSchema keyword 'patternProperties' has property "
					   "'%.*s' which is not an object",
					   (int)inner.name.len, (const char *)inner.name.at);
		if (schema_parse(r->p, inner.value, false, &at->schema) < 0)
			return r->p->e->code;
		regex = regex_new(inner.name, REGEX_CLOSED, &text, NULL);
		if (regex == NULL)
			return query_error(r->p->e, QUERY_BAD_VALUE,
					   "Invalid regular expression: %s", text);
		arena_on_free(r->p->arena, (void (*)(void *))regex_free, regex);
		at->regex = regex;
		at->text = inner.name;
	}
	r->schema->patterns = patterns;
	return 0;
}

static int read_additional(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_ADDITIONAL_PROPERTIES);

	if (field == NULL)
		return 0;
	r->schema->looks_at_all = true;
	if (field->type == BSON_KIND_BOOL) {
		r->schema->no_additional_properties = field->value.at[0] == 0;
		return 0;
	}
	if (field->type != BSON_KIND_DOCUMENT)
		return schema_wrong(r, SCHEMA_ADDITIONAL_PROPERTIES, QUERY_TYPE_MISMATCH,
				    "must be an object or a boolean");
	return schema_parse(r->p, field->value, false, &r->schema->additional_properties);
}

/* One property that others depend on. */
static int read_dependency(struct schema_reader *r, const struct bson_field *field,
			   struct schema_dependency *ret)
{
	int len = (int)field->name.len;
	const char *name = (const char *)field->name.at;
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	struct bytes twice;

	path_parse(r->p->arena, field->name, &ret->path);
	if (field->type == BSON_KIND_DOCUMENT)
		return schema_parse(r->p, field->value, r->is_root, &ret->schema);
	if (field->type != BSON_KIND_ARRAY)
		return query_error(r->p->e, QUERY_TYPE_MISMATCH,
				   "property '%.*s' in $jsonSchema keyword 'dependencies' must be "
				   "either an object or an array",
				   len, name);
	if (field->value.len <= BSON_MIN_LEN)
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "property '%.*s' in $jsonSchema keyword 'dependencies' cannot "
				   "be an empty array",
				   len, name);
	while (fields_next(&fields, &element))
		if (element.type != BSON_KIND_STRING)
			return query_error(r->p->e, QUERY_TYPE_MISMATCH,
					   "array '%.*s' in $jsonSchema keyword 'dependencies' can "
					   "only contain strings, but found element of type: %s",
					   len, name, value_type_name(element.type));
	if (schema_repeats(r, field->value, value_count(field->value), &twice))
		return query_error(r->p->e, QUERY_FAILED_TO_PARSE,
				   "array '%.*s' in $jsonSchema keyword 'dependencies' contains "
				   "duplicate element: %.*s",
				   len, name, (int)twice.len, (const char *)twice.at);
	ret->needed = paths_of(r, field->value, &ret->count);
	return 0;
}

static int read_dependencies(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_DEPENDENCIES);
	struct schema_dependency *dependencies;
	struct fields fields;
	struct bson_field inner;

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_DOCUMENT)
		return schema_wrong(r, SCHEMA_DEPENDENCIES, QUERY_TYPE_MISMATCH,
				    "must be an object");
	dependencies = arena_zeroed(r->p->arena, value_count(field->value) * sizeof(*dependencies));
	fields = fields_of(field->value);
	while (fields_next(&fields, &inner))
		if (read_dependency(r, &inner, &dependencies[r->schema->dependency_count++]) < 0)
			return r->p->e->code;
	r->schema->dependencies = dependencies;
	return 0;
}

int schema_read_documents(struct schema_reader *r)
{
	if (read_required(r) < 0 || read_properties(r) < 0 || read_patterns(r) < 0 ||
	    read_additional(r) < 0 ||
	    schema_read_size(r, SCHEMA_MIN_PROPERTIES, &r->schema->min_properties) < 0 ||
	    schema_read_size(r, SCHEMA_MAX_PROPERTIES, &r->schema->max_properties) < 0 ||
	    read_dependencies(r) < 0)
		return r->p->e->code;
	return 0;
}

/* ---- logic */

static int read_logic_list(struct schema_reader *r, enum schema_keyword keyword,
			   struct schema_list *ret)
{
	const struct bson_field *field = schema_given(r, keyword);

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_ARRAY)
		return schema_wrong(r, keyword, QUERY_TYPE_MISMATCH, "must be an array");
	if (field->value.len <= BSON_MIN_LEN)
		return schema_wrong(r, keyword, QUERY_BAD_VALUE, "must be a non-empty array");
	return schema_read_list(r, keyword,
				"must be an array of objects, but found an element of type ",
				r->is_root, ret);
}

static int read_enum(struct schema_reader *r)
{
	const struct bson_field *field = schema_given(r, SCHEMA_ENUM);

	if (field == NULL)
		return 0;
	if (field->type != BSON_KIND_ARRAY)
		return schema_wrong_type(r, SCHEMA_ENUM,
					 "must be an array, but found an element of type ",
					 field->type);
	if (field->value.len <= BSON_MIN_LEN)
		return schema_wrong(r, SCHEMA_ENUM, QUERY_FAILED_TO_PARSE,
				    "cannot be an empty array");
	if (match_unordered_repeats(r->p->arena, field->value))
		return schema_wrong(r, SCHEMA_ENUM, QUERY_FAILED_TO_PARSE,
				    "array cannot contain duplicate values.");
	r->schema->values = field->value;
	return 0;
}

int schema_read_logic(struct schema_reader *r)
{
	const struct bson_field *not_this = schema_given(r, SCHEMA_NOT);

	if (read_logic_list(r, SCHEMA_ALL_OF, &r->schema->all_of) < 0 ||
	    read_logic_list(r, SCHEMA_ANY_OF, &r->schema->any_of) < 0 ||
	    read_logic_list(r, SCHEMA_ONE_OF, &r->schema->one_of) < 0)
		return r->p->e->code;
	if (not_this != NULL && not_this->type != BSON_KIND_DOCUMENT)
		return schema_wrong_type(r, SCHEMA_NOT,
					 "must be an object, but found an element of type ",
					 not_this->type);
	if (not_this != NULL &&
	    schema_parse(r->p, not_this->value, r->is_root, &r->schema->not_this) < 0)
		return r->p->e->code;
	return read_enum(r);
}
