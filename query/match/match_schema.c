#include "query/match/match_schema.h"

#include <math.h>

#include "query/decimal_math.h"
#include "query/fields.h"

/* ---- strings and numbers */

static int64_t code_points(struct bytes text)
{
	int64_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += (text.at[i] & 0xc0) != 0x80;
	return count;
}

static bool string_fits(const struct match_schema *schema, struct bytes text)
{
	if (schema->min_length != SCHEMA_NO_LIMIT && code_points(text) < schema->min_length)
		return false;
	if (schema->max_length != SCHEMA_NO_LIMIT && code_points(text) > schema->max_length)
		return false;
	return schema->pattern == NULL || regex_test(schema->pattern->regex, text);
}

static bool is_nan(const struct value *v)
{
	return isnan(value_to_double(v));
}

/* As {$lte: bound} and its like: NaN fits NaN alone. */
static bool bound_fits(const struct value *v, const struct value *bound, bool excluded, int sign)
{
	int order;

	if (bound->type == VALUE_MISSING)
		return true;
	if (is_nan(v) || is_nan(bound))
		return is_nan(v) && is_nan(bound) && !excluded;
	order = value_compare(v, bound, NULL) * sign;
	return order < 0 || (order == 0 && !excluded);
}

static bool number_fits(const struct match_schema *schema, const struct value *v)
{
	if (!bound_fits(v, &schema->maximum, schema->below_maximum, 1) ||
	    !bound_fits(v, &schema->minimum, schema->above_minimum, -1))
		return false;
	return schema->multiple_of == 0 ||
	       decimal_math_mod(value_to_decimal(v), schema->multiple_of) == 0;
}

/* ---- arrays */

static bool items_fit(struct match_test *t, const struct match_schema *schema, struct bytes array)
{
	struct fields fields = fields_of(array);
	struct bson_field element;

	for (size_t i = 0; fields_next(&fields, &element); i++) {
		const struct match_schema *inner = schema->items;

		if (inner == NULL && i < schema->item_list.count) {
			inner = schema->item_list.at[i];
		} else if (inner == NULL) {
			if (schema->no_additional_items)
				return false;
			inner = schema->additional_items;
		}
		if (inner != NULL && !match_schema_fits(t, inner, &element))
			return false;
	}
	return true;
}

static bool array_fits(struct match_test *t, const struct match_schema *schema, struct bytes array)
{
	int64_t count = (int64_t)value_count(array);

	if (schema->min_items != SCHEMA_NO_LIMIT && count < schema->min_items)
		return false;
	if (schema->max_items != SCHEMA_NO_LIMIT && count > schema->max_items)
		return false;
	if (schema->unique_items && match_unordered_repeats(t->frame->arena, array))
		return false;
	return items_fit(t, schema, array);
}

/* ---- documents */

static int visit_present(void *arg, const struct bson_field *at, int64_t offset)
{
	(void)arg;
	(void)offset;
	return at->type != 0;
}

static bool has_field(const struct path *path, struct bytes doc)
{
	return path_walk(path, doc, true, visit_present, NULL) != 0;
}

static bool property_fits(struct match_test *t, const struct schema_property *property,
			  struct bytes doc)
{
	struct bson_field field;

	if (property->predicates == NULL)
		return !fields_find(doc, property->path.text, &field) ||
		       match_schema_fits(t, property->schema, &field);
	return !has_field(&property->path, doc) ||
	       match_document_holds(t, property->predicates, doc, NULL);
}

static bool properties_fit(struct match_test *t, const struct match_schema *schema,
			   struct bytes doc)
{
	for (size_t i = 0; i < schema->property_count; i++)
		if (!property_fits(t, &schema->properties[i], doc))
			return false;
	return true;
}

static bool is_property(const struct match_schema *schema, struct bytes name)
{
	for (size_t i = 0; i < schema->property_count; i++)
		if (bytes_equal(schema->properties[i].path.text, name))
			return true;
	return false;
}

/* patternProperties and additionalProperties. */
static bool all_fields_fit(struct match_test *t, const struct match_schema *schema,
			   struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	if (!schema->looks_at_all)
		return true;
	while (fields_next(&fields, &field)) {
		bool is_known = is_property(schema, field.name);

		for (size_t i = 0; i < schema->pattern_count; i++) {
			if (!regex_test(schema->patterns[i].regex, field.name))
				continue;
			is_known = true;
			if (!match_schema_fits(t, schema->patterns[i].schema, &field))
				return false;
		}
		if (is_known)
			continue;
		if (schema->no_additional_properties ||
		    (schema->additional_properties != NULL &&
		     !match_schema_fits(t, schema->additional_properties, &field)))
			return false;
	}
	return true;
}

static bool dependencies_fit(struct match_test *t, const struct match_schema *schema,
			     const struct bson_field *field)
{
	for (size_t i = 0; i < schema->dependency_count; i++) {
		const struct schema_dependency *dependency = &schema->dependencies[i];

		if (!has_field(&dependency->path, field->value))
			continue;
		if (dependency->schema != NULL && !match_schema_fits(t, dependency->schema, field))
			return false;
		for (size_t k = 0; k < dependency->count; k++)
			if (!has_field(&dependency->needed[k], field->value))
				return false;
	}
	return true;
}

static bool document_fits(struct match_test *t, const struct match_schema *schema,
			  const struct bson_field *field)
{
	int64_t count = (int64_t)value_count(field->value);

	for (size_t i = 0; i < schema->required_count; i++)
		if (!has_field(&schema->required[i], field->value))
			return false;
	if (schema->min_properties != SCHEMA_NO_LIMIT && count < schema->min_properties)
		return false;
	if (schema->max_properties != SCHEMA_NO_LIMIT && count > schema->max_properties)
		return false;
	return properties_fit(t, schema, field->value) && all_fields_fit(t, schema, field->value) &&
	       dependencies_fit(t, schema, field);
}

/* ---- any value */

static bool lists_fit(struct match_test *t, const struct match_schema *schema,
		      const struct bson_field *field)
{
	size_t hits = 0;

	for (size_t i = 0; i < schema->all_of.count; i++)
		if (!match_schema_fits(t, schema->all_of.at[i], field))
			return false;
	for (size_t i = 0; i < schema->any_of.count && hits == 0; i++)
		hits += match_schema_fits(t, schema->any_of.at[i], field);
	if (schema->any_of.count > 0 && hits == 0)
		return false;
	hits = 0;
	for (size_t i = 0; i < schema->one_of.count; i++)
		hits += match_schema_fits(t, schema->one_of.at[i], field);
	if (schema->one_of.count > 0 && hits != 1)
		return false;
	return schema->not_this == NULL || !match_schema_fits(t, schema->not_this, field);
}

static bool is_listed(struct match_test *t, struct bytes values, const struct bson_field *field)
{
	struct fields fields = fields_of(values);
	struct value v = value_of_field(field);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		struct value one = value_of_field(&element);

		if (match_unordered_equal(t->frame->arena, &v, &one))
			return true;
	}
	return false;
}

bool match_schema_fits(struct match_test *t, const struct match_schema *schema,
		       const struct bson_field *field)
{
	struct value v = value_of_field(field);

	if (schema->has_types && !match_types_have(&schema->types, v.type))
		return false;
	if (schema->is_encrypted && !match_schema_encrypted(schema, field))
		return false;
	if (v.type == BSON_KIND_STRING && !string_fits(schema, v.data))
		return false;
	if (value_is_number(&v) && !number_fits(schema, &v))
		return false;
	if (v.type == BSON_KIND_ARRAY && !array_fits(t, schema, v.data))
		return false;
	if (v.type == BSON_KIND_DOCUMENT && !document_fits(t, schema, field))
		return false;
	if (schema->values.len > 0 && !is_listed(t, schema->values, field))
		return false;
	return lists_fit(t, schema, field);
}

struct part {
	struct match_test *t;
	const struct match_schema *asks;
};

static int visit_part(void *arg, const struct bson_field *field, int64_t offset)
{
	const struct part *part = arg;

	(void)offset;
	return field->type != 0 && match_schema_fits(part->t, part->asks, field);
}

bool match_schema_part_holds(struct match_test *t, const struct match_node *node, struct bytes doc)
{
	struct part part = {t, node->asks};

	if (node->path.count == 0)
		return match_schema_holds(t, node->asks, doc);
	return path_walk(&node->path, doc, false, visit_part, &part) != 0;
}

bool match_schema_holds(struct match_test *t, const struct match_schema *schema, struct bytes doc)
{
	struct bson_field root = {
		.type = BSON_KIND_DOCUMENT, .name = bytes_of(NULL, 0), .value = doc};

	return match_schema_fits(t, schema, &root);
}
