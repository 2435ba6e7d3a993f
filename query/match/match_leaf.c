#include <math.h>

#include "query/fields.h"
#include "query/match/match_node.h"

/* ---- comparisons */

static bool is_nan(const struct value *v)
{
	if (v->type == BSON_KIND_DOUBLE)
		return isnan(v->number);
	return v->type == BSON_KIND_DECIMAL && v->decimal != v->decimal;
}

static bool order_fits(enum match_kind kind, int order)
{
	switch (kind) {
	case MATCH_EQ:
		return order == 0;
	case MATCH_LT:
		return order < 0;
	case MATCH_LTE:
		return order <= 0;
	case MATCH_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static bool includes_equal(enum match_kind kind)
{
	return kind == MATCH_EQ || kind == MATCH_LTE || kind == MATCH_GTE;
}

/*
 * Of values of different classes. Null is equal to undefined and missing (places 5 and 0), and MinKey and MaxKey have no bracket.
 * Rule: ComparisonMatchExpression::matchesSingleElement.
 */
static bool compare_classes(const struct match_node *node, int class)
{
	enum match_kind kind = node->kind;

	if (class + value_class(node->value.type) == 5)
		return includes_equal(kind);
	if (node->value.type == BSON_KIND_MAX_KEY)
		return kind == MATCH_LT || kind == MATCH_LTE;
	if (node->value.type == BSON_KIND_MIN_KEY)
		return kind == MATCH_GT || kind == MATCH_GTE;
	return false;
}

static struct collation *collation_of(const struct match_test *t, const struct match_node *node)
{
	return node->collated ? t->frame->q->collation : NULL;
}

static bool compare_holds(const struct match_test *t, const struct match_node *node,
			  const struct bson_field *field)
{
	const struct value *operand = &node->value;
	struct collation *collation;
	struct value v;

	if (field->type != operand->type) {
		int class = value_class(field->type);

		if (class != value_class(operand->type))
			return compare_classes(node, class);
	}
	collation = collation_of(t, node);
	if (node->kind == MATCH_EQ && field->type == BSON_KIND_STRING && collation == NULL)
		return field->value.len == operand->data.len + 5 &&
		       memcmp(field->value.at + 4, operand->data.at, operand->data.len) == 0;
	v = value_of_field(field);
	if (value_is_number(&v) && (is_nan(&v) || is_nan(operand)))
		return is_nan(&v) && is_nan(operand) && includes_equal(node->kind);
	return order_fits(node->kind, value_compare_element(&v, operand, collation));
}

/* ---- $in */

static bool in_values(const struct match_in *in, const struct value *v, struct collation *collation)
{
	size_t low = 0, high = in->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = value_compare_element(v, &in->values[middle], collation);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool regex_holds(const struct match_regex *regex, const struct bson_field *field)
{
	struct bytes text;

	if (field->type == BSON_KIND_STRING || field->type == BSON_KIND_SYMBOL) {
		text = bytes_of(field->value.at + 4, field->value.len - 5);
		if (regex->prefix.len > 0 &&
		    (text.len < regex->prefix.len ||
		     memcmp(text.at, regex->prefix.at, regex->prefix.len) != 0))
			return false;
		return regex_test(regex->regex, text);
	}
	/* A payload is pattern, NUL, options, NUL. */
	return field->type == BSON_KIND_REGEX &&
	       field->value.len == regex->pattern.len + regex->options.len + 2 &&
	       memcmp(field->value.at, regex->pattern.at, regex->pattern.len + 1) == 0 &&
	       memcmp(field->value.at + regex->pattern.len + 1, regex->options.at,
		      regex->options.len) == 0;
}

static bool in_holds(const struct match_test *t, const struct match_node *node,
		     const struct bson_field *field)
{
	const struct match_in *in = &node->in;
	struct value v;

	if (field->type == 0 || field->type == BSON_KIND_UNDEFINED)
		return in->has_null;
	v = value_of_field(field);
	if (in_values(in, &v, collation_of(t, node)))
		return true;
	for (size_t i = 0; i < in->regex_count; i++)
		if (regex_holds(in->regexes[i], field))
			return true;
	return false;
}

/* ---- $mod */

static bool mod_holds(const struct match_node *node, const struct bson_field *field)
{
	struct value v = value_of_field(field);
	int64_t number;

	if (!value_is_number(&v))
		return false;
	/* A fraction is cut off; what no int64 holds never matches. */
	if (v.type == BSON_KIND_DOUBLE && !(v.number >= -0x1p63 && v.number < 0x1p63))
		return false;
	if (v.type == BSON_KIND_DECIMAL && !match_fits_int64(v.decimal))
		return false;
	number = value_to_int64(&v);
	return (node->mod.divisor == -1 ? 0 : number % node->mod.divisor) == node->mod.remainder;
}

/* ---- $bits.. */

static bool is_bit_set(struct bytes data, uint32_t position)
{
	size_t at = position / 8;

	return at < data.len && (data.at[at] >> (position % 8) & 1) != 0;
}

static bool bits_of_binary(const struct match_node *node, struct bytes data)
{
	bool wants_set = node->kind == MATCH_BITS_ALL_SET || node->kind == MATCH_BITS_ANY_SET;
	bool wants_all = node->kind == MATCH_BITS_ALL_SET || node->kind == MATCH_BITS_ALL_CLEAR;

	for (size_t i = 0; i < node->bits.data.len; i++) {
		uint8_t mask = node->bits.data.at[i], byte = i < data.len ? data.at[i] : 0;
		uint8_t fit = (uint8_t)(wants_set ? byte & mask : ~byte & mask);

		if (wants_all ? fit != mask : fit != 0)
			return !wants_all;
	}
	for (size_t i = 0; i < node->bits.count; i++)
		if ((is_bit_set(data, node->bits.positions[i]) == wants_set) != wants_all)
			return !wants_all;
	return wants_all;
}

static bool bits_hold(const struct match_node *node, const struct bson_field *field)
{
	struct value v = value_of_field(field);
	uint64_t mask = node->bits.mask;
	int64_t number;

	if (v.type == BSON_KIND_BINARY)
		return bits_of_binary(node, bytes_of(v.data.at + 5, v.data.len - 5));
	if (!value_is_number(&v) || !value_as_int64(&v, &number))
		return false;
	switch (node->kind) {
	case MATCH_BITS_ALL_SET:
		return ((uint64_t)number & mask) == mask;
	case MATCH_BITS_ALL_CLEAR:
		return (~(uint64_t)number & mask) == mask;
	case MATCH_BITS_ANY_SET:
		return ((uint64_t)number & mask) != 0;
	default:
		return (~(uint64_t)number & mask) != 0;
	}
}

/* ---- arrays */

static bool size_holds(const struct match_node *node, const struct bson_field *field)
{
	return field->type == BSON_KIND_ARRAY && node->size >= 0 &&
	       value_count(field->value) == (uint64_t)node->size;
}

bool match_leaf_holds(const struct match_test *t, const struct match_node *node,
		      const struct bson_field *field)
{
	switch (node->kind) {
	case MATCH_EQ:
	case MATCH_LT:
	case MATCH_LTE:
	case MATCH_GT:
	case MATCH_GTE:
		return compare_holds(t, node, field);
	case MATCH_REGEX:
		return regex_holds(node->regex, field);
	case MATCH_MOD:
		return mod_holds(node, field);
	case MATCH_EXISTS:
		return field->type != 0;
	case MATCH_IN:
		return in_holds(t, node, field);
	case MATCH_BITS_ALL_SET:
	case MATCH_BITS_ALL_CLEAR:
	case MATCH_BITS_ANY_SET:
	case MATCH_BITS_ANY_CLEAR:
		return bits_hold(node, field);
	case MATCH_TYPE:
		return match_types_have(&node->types, field->type);
	case MATCH_SIZE:
		return size_holds(node, field);
	case MATCH_GEO:
		return match_geo_holds(t, node->geo.geo, field);
	default:
		return false;
	}
}

static bool elem_object_holds(struct match_test *t, const struct match_node *node,
			      const struct bson_field *array, int64_t *ret_index)
{
	struct fields fields = fields_of(array->value);
	struct bson_field element;

	for (int64_t i = 0; fields_next(&fields, &element); i++) {
		if (element.type != BSON_KIND_DOCUMENT && element.type != BSON_KIND_ARRAY)
			continue;
		if (!match_document_holds(t, node->sub, element.value, NULL))
			continue;
		if (ret_index != NULL)
			*ret_index = i;
		return true;
	}
	return false;
}

static bool all_hold(struct match_test *t, const struct match_node *node,
		     const struct bson_field *field)
{
	for (size_t i = 0; i < node->count; i++)
		if (!match_value_holds(t, node->children[i], field, NULL))
			return false;
	return true;
}

static bool any_holds(struct match_test *t, const struct match_node *node,
		      const struct bson_field *field)
{
	for (size_t i = 0; i < node->count; i++)
		if (match_value_holds(t, node->children[i], field, NULL))
			return true;
	return false;
}

static bool elem_value_holds(struct match_test *t, const struct match_node *node,
			     const struct bson_field *array, int64_t *ret_index)
{
	struct fields fields = fields_of(array->value);
	struct bson_field element;

	for (int64_t i = 0; fields_next(&fields, &element); i++) {
		if (!all_hold(t, node, &element))
			continue;
		if (ret_index != NULL)
			*ret_index = i;
		return true;
	}
	return false;
}

bool match_value_holds(struct match_test *t, const struct match_node *node,
		       const struct bson_field *field, int64_t *ret_index)
{
	switch (node->kind) {
	case MATCH_AND:
		return all_hold(t, node, field);
	case MATCH_OR:
		return any_holds(t, node, field);
	case MATCH_NOR:
		return !any_holds(t, node, field);
	case MATCH_NOT:
		return !match_value_holds(t, node->children[0], field, NULL);
	case MATCH_ALWAYS_TRUE:
		return true;
	case MATCH_ELEM_OBJECT:
		return field->type == BSON_KIND_ARRAY &&
		       elem_object_holds(t, node, field, ret_index);
	case MATCH_ELEM_VALUE:
		return field->type == BSON_KIND_ARRAY &&
		       elem_value_holds(t, node, field, ret_index);
	default:
		return match_leaf_holds(t, node, field);
	}
}
