#include <math.h>

#include "query/decimal.h"
#include "query/fields.h"
#include "query/match/match_node.h"

#define INT64_LIMIT 0x1p63

/* An error whose text is: words, then the field's own text. */
static int field_error(struct error *e, int code, const char *words, const struct bson_field *field)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);

	value_text_element_full(field->name, &v, &text);
	return query_error(e, code, "%s%s", words, buf_text(&text));
}

/* ---- numbers */

int match_parse_int64(const struct bson_field *field, int64_t *ret, struct error *e)
{
	struct value v = value_of_field(field);
	const char *wrong = NULL;

	if (!value_is_number(&v))
		wrong = "Expected a number in: ";
	else if (v.type == BSON_KIND_DOUBLE && isnan(v.number))
		wrong = "Expected an integer, but found NaN in: ";
	else if (v.type == BSON_KIND_DOUBLE &&
		 !(v.number >= -INT64_LIMIT && v.number < INT64_LIMIT))
		wrong = "Cannot represent as a 64-bit integer: ";
	else if (!value_as_int64(&v, ret))
		wrong = v.type == BSON_KIND_DOUBLE ? "Expected an integer: "
						   : "Cannot represent as a 64-bit integer: ";
	return wrong == NULL ? 0 : field_error(e, QUERY_FAILED_TO_PARSE, wrong, field);
}

int match_parse_size_number(const struct bson_field *field, int64_t *ret, struct error *e)
{
	int64_t number = 0;

	if (match_parse_int64(field, &number, e) < 0)
		return e->code;
	if (number < 0)
		return field_error(e, QUERY_FAILED_TO_PARSE,
				   "Expected a non-negative number in: ", field);
	*ret = number;
	return 0;
}

int match_parse_int32(const struct bson_field *field, int32_t *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);
	int64_t number = 0;

	if (match_parse_int64(field, &number, e) < 0)
		return e->code;
	if (number < INT32_MIN || number > INT32_MAX) {
		value_text_element_full(field->name, &v, &text);
		return query_error(e, QUERY_FAILED_TO_PARSE, "Cannot represent %s in an int",
				   buf_text(&text));
	}
	*ret = (int32_t)number;
	return 0;
}

/* An int that is not negative, for $size and bit positions, whose errors have words of their own and code 2. */
static int natural_int32(struct match_parser *p, const struct bson_field *field, const char *words,
			 int32_t *ret)
{
	char text[sizeof(p->e->text)];
	int64_t number;
	int code = match_parse_int32(field, ret, p->e);

	if (code >= 0)
		code = match_parse_size_number(field, &number, p->e);
	if (code >= 0)
		return 0;
	memcpy(text, p->e->text, sizeof(text));
	return query_error(p->e, QUERY_BAD_VALUE, "%s. %s", words, text);
}

/* ---- $in */

static int compare_values(const void *a, const void *b, void *collation)
{
	return value_compare_element(a, b, collation);
}

/* The two kinds of operands of an $in, in the order of the array. */
static int in_operands(struct match_parser *p, struct bytes array, struct value *values,
		       const struct match_regex **regexes, struct match_in *ret)
{
	struct fields fields = fields_of(array);
	struct bson_field element;
	bool undefined = false;

	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (match_is_operators(&v, false))
			return query_error(p->e, QUERY_BAD_VALUE, "cannot nest $ under $in");
		if (v.type == BSON_KIND_REGEX) {
			size_t pattern = strlen((const char *)v.data.at);

			if (match_regex_new(
				    p, bytes_of(v.data.at, pattern),
				    bytes_of(v.data.at + pattern + 1, v.data.len - pattern - 2),
				    &regexes[ret->regex_count++]) < 0)
				return p->e->code;
			continue;
		}
		undefined |= v.type == BSON_KIND_UNDEFINED;
		ret->has_null |= v.type == BSON_KIND_NULL;
		values[ret->count++] = v;
	}
	if (undefined)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "InMatchExpression equality cannot be undefined");
	return 0;
}

int match_parse_in(struct match_parser *p, struct bytes name, const struct bson_field *field,
		   const struct match_node **ret)
{
	struct collation *collation = p->q->collation;
	const struct match_regex **regexes;
	struct match_node *node;
	struct value *values;
	size_t count, kept = 0;

	if (field->type != BSON_KIND_ARRAY)
		return query_error(p->e, QUERY_BAD_VALUE, "%.*s needs an array",
				   (int)field->name.len, (const char *)field->name.at);
	node = match_leaf_new(p, MATCH_IN, name);
	node->collated = true;
	count = value_count(field->value);
	values = arena_get(p->arena, count * sizeof(*values));
	regexes = arena_get(p->arena, count * sizeof(*regexes));
	if (in_operands(p, field->value, values, regexes, &node->in) < 0)
		return p->e->code;
	qsort_r(values, node->in.count, sizeof(*values), compare_values, collation);
	for (size_t i = 0; i < node->in.count; i++)
		if (kept == 0 ||
		    value_compare_element(&values[kept - 1], &values[i], collation) != 0)
			values[kept++] = values[i];
	node->in.values = values;
	node->in.count = kept;
	node->in.regexes = regexes;
	*ret = node;
	return 0;
}

/* ---- $size */

int match_parse_size(struct match_parser *p, struct bytes name, const struct bson_field *field,
		     const struct match_node **ret)
{
	struct match_node *node = match_leaf_new(p, MATCH_SIZE, name);
	int32_t size = 0;

	if (natural_int32(p, field, "Failed to parse $size", &size) < 0)
		return p->e->code;
	node->size = size;
	*ret = node;
	return 0;
}

/* ---- $type */

/* The numbers that a type has on the wire; MinKey's is -1 for people. */
static bool type_of_number(int64_t number, uint8_t *ret)
{
	if (number == -1)
		*ret = BSON_KIND_MIN_KEY;
	else if (number == 127 || (number >= 1 && number <= 19))
		*ret = (uint8_t)number;
	else
		return false;
	return true;
}

static void add_type(struct match_types *types, uint8_t type)
{
	types->bits |= type < 30		   ? 1U << type
		       : type == BSON_KIND_MAX_KEY ? MATCH_TYPE_MAX_KEY
						   : MATCH_TYPE_MIN_KEY;
}

static int add_type_name(struct match_parser *p, struct bytes name, struct match_types *ret)
{
	if (bytes_equal(name, bytes_str("number"))) {
		ret->numbers = true;
		return 0;
	}
	if (bytes_equal(name, bytes_str("missing")))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "'missing' is not a legal type name. To query for "
				   "non-existence of a field, use {$exists:false}.");
	for (int number = -1; number <= 127; number++) {
		uint8_t type;

		if (!type_of_number(number, &type) ||
		    !bytes_equal(name, bytes_str(value_type_name(type))))
			continue;
		add_type(ret, type);
		return 0;
	}
	return query_error(p->e, QUERY_BAD_VALUE, "Unknown type name alias: %.*s", (int)name.len,
			   (const char *)name.at);
}

static int add_one_type(struct match_parser *p, const struct bson_field *field,
			struct match_types *ret)
{
	struct value v = value_of_field(field);
	int64_t number = 0;
	uint8_t type;

	if (v.type == BSON_KIND_STRING)
		return add_type_name(p, v.data, ret);
	if (!value_is_number(&v))
		return query_error(p->e, QUERY_TYPE_MISMATCH,
				   "type must be represented as a number or a string");
	if (value_as_int64(&v, &number) && number == 0)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "Invalid numerical type code: %g. Instead use {$exists:false}.",
				   value_to_double(&v));
	if (!value_as_int64(&v, &number) || !type_of_number(number, &type))
		return query_error(p->e, QUERY_BAD_VALUE, "Invalid numerical type code: %g",
				   value_to_double(&v));
	add_type(ret, type);
	return 0;
}

int match_parse_types(struct match_parser *p, const struct bson_field *field,
		      struct match_types *ret)
{
	struct fields fields = fields_of(field->value);
	struct match_types types = {0};
	struct bson_field element;

	if (field->type != BSON_KIND_ARRAY) {
		if (add_one_type(p, field, &types) < 0)
			return p->e->code;
	} else {
		while (fields_next(&fields, &element))
			if (add_one_type(p, &element, &types) < 0)
				return p->e->code;
	}
	types.numbers_bits = types.bits;
	if (types.numbers) {
		add_type(&types, BSON_KIND_DOUBLE);
		add_type(&types, BSON_KIND_INT32);
		add_type(&types, BSON_KIND_INT64);
		add_type(&types, BSON_KIND_DECIMAL);
	}
	*ret = types;
	return 0;
}

int match_parse_type(struct match_parser *p, struct bytes name, const struct bson_field *field,
		     const struct match_node **ret)
{
	struct match_node *node = match_leaf_new(p, MATCH_TYPE, name);

	if (match_parse_types(p, field, &node->types) < 0)
		return p->e->code;
	if (node->types.bits == 0)
		return query_error(p->e, QUERY_FAILED_TO_PARSE, "%.*s must match at least one type",
				   (int)name.len, (const char *)name.at);
	*ret = node;
	return 0;
}

/* ---- $mod */

/* BSONElement::tryCoerce() to a long long: cuts off a fraction. */
static int coerce_int64(struct match_parser *p, const struct value *v, const char *what,
			int64_t *ret)
{
	bool is_double = v->type == BSON_KIND_DOUBLE, is_decimal = v->type == BSON_KIND_DECIMAL;
	const char *wrong = NULL;

	if ((is_double && !isfinite(v->number)) || (is_decimal && !decimal_is_finite(v->decimal)))
		wrong = "Unable to coerce NaN/Inf to integral type";
	else if ((is_double && !(v->number >= -INT64_LIMIT && v->number < INT64_LIMIT)) ||
		 (is_decimal && !match_fits_int64(v->decimal)))
		wrong = "Out of bounds coercing to integral value";
	if (wrong != NULL)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "malformed mod, %s value is invalid :: caused by :: %s", what,
				   wrong);
	*ret = value_to_int64(v);
	return 0;
}

int match_parse_mod(struct match_parser *p, struct bytes name, const struct bson_field *field,
		    const struct match_node **ret)
{
	struct match_node *node = match_leaf_new(p, MATCH_MOD, name);
	struct value divisor, remainder;
	const char *wrong = NULL;
	size_t count;

	if (field->type != BSON_KIND_ARRAY)
		return query_error(p->e, QUERY_BAD_VALUE, "malformed mod, needs to be an array");
	count = value_count(field->value);
	divisor = value_at(field->value, 0);
	remainder = value_at(field->value, 1);
	if (count == 0)
		wrong = "not enough elements";
	else if (!value_is_number(&divisor))
		wrong = "divisor not a number";
	else if (count == 1)
		wrong = "not enough elements";
	else if (!value_is_number(&remainder))
		wrong = "remainder not a number";
	else if (count > 2)
		wrong = "too many elements";
	if (wrong != NULL)
		return query_error(p->e, QUERY_BAD_VALUE, "malformed mod, %s", wrong);
	if (coerce_int64(p, &divisor, "divisor", &node->mod.divisor) < 0 ||
	    coerce_int64(p, &remainder, "remainder", &node->mod.remainder) < 0)
		return p->e->code;
	if (node->mod.divisor == 0)
		return query_error(p->e, QUERY_BAD_VALUE, "divisor cannot be 0");
	*ret = node;
	return 0;
}

/* ---- $regex */

int match_regex_new(struct match_parser *p, struct bytes pattern, struct bytes options,
		    const struct match_regex **ret)
{
	struct match_regex *regex = arena_zeroed(p->arena, sizeof(*regex));
	const char *text = NULL;
	struct regex *compiled;
	unsigned bits = 0;
	char wrong;

	if (memchr(pattern.at, 0, pattern.len) != NULL)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "Regular expression cannot contain an embedded null byte");
	/* A NUL is an invalid flag, too: mongod's text ends in it. */
	wrong = regex_parse_options(options, &bits);
	if (wrong == 0 && memchr(options.at, 0, options.len) != NULL)
		return query_error(p->e, 51108, " invalid flag in regex options: ");
	if (wrong != 0)
		return query_error(p->e, 51108, " invalid flag in regex options: %c", wrong);
	compiled = regex_new(pattern, bits | REGEX_CLOSED, &text, NULL);
	if (compiled == NULL)
		return query_error(p->e, 51091, "Regular expression is invalid: %s", text);
	arena_on_free(p->arena, (void (*)(void *))regex_free, compiled);
	regex->regex = compiled;
	regex->pattern = bytes_of(arena_text(p->arena, pattern), pattern.len);
	regex->options = bytes_of(arena_text(p->arena, options), options.len);
	if (regex_prefix(regex->pattern, bits, &regex->prefix) == 0)
		regex->prefix = bytes_of(NULL, 0);
	*ret = regex;
	return 0;
}

static int regex_node(struct match_parser *p, struct bytes name, struct bytes pattern,
		      struct bytes options, const struct match_node **ret)
{
	struct match_node *node = match_leaf_new(p, MATCH_REGEX, name);

	if (match_regex_new(p, pattern, options, &node->regex) < 0)
		return p->e->code;
	*ret = node;
	return 0;
}

int match_parse_regex_value(struct match_parser *p, struct bytes name, const struct value *v,
			    const struct match_node **ret)
{
	size_t pattern = strlen((const char *)v->data.at);

	return regex_node(p, name, bytes_of(v->data.at, pattern),
			  bytes_of(v->data.at + pattern + 1, v->data.len - pattern - 2), ret);
}

/* The pattern of {$regex: ..}; a regex as operand brings its options. */
static int regex_pattern(struct match_parser *p, const struct value *v, struct bytes *pattern,
			 struct bytes *options)
{
	if (v->type == BSON_KIND_STRING) {
		*pattern = v->data;
		return 0;
	}
	if (v->type != BSON_KIND_REGEX)
		return query_error(p->e, QUERY_BAD_VALUE, "$regex has to be a string");
	*pattern = bytes_str((const char *)v->data.at);
	if (v->data.len - pattern->len == 2)
		return 0;
	if (options->len > 0)
		return query_error(p->e, 51074, "options set in both $regex and $options");
	*options = bytes_of(v->data.at + pattern->len + 1, v->data.len - pattern->len - 2);
	return 0;
}

int match_parse_regex(struct match_parser *p, struct bytes name, struct bytes doc,
		      const struct match_node **ret)
{
	struct bytes pattern = bytes_of("", 0), options = bytes_of("", 0);
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_equal(field.name, bytes_str("$regex"))) {
			if (regex_pattern(p, &v, &pattern, &options) < 0)
				return p->e->code;
		} else if (bytes_equal(field.name, bytes_str("$options"))) {
			if (v.type != BSON_KIND_STRING)
				return query_error(p->e, QUERY_BAD_VALUE,
						   "$options has to be a string");
			if (options.len > 0)
				return query_error(p->e, 51075,
						   "options set in both $regex and $options");
			options = v.data;
		}
	}
	return regex_node(p, name, pattern, options, ret);
}

/* ---- $bits.. */

static int bits_of_array(struct match_parser *p, struct bytes array, uint32_t *positions,
			 size_t *ret_count)
{
	struct fields fields = fields_of(array);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		int32_t number = 0;

		if (natural_int32(p, &element, "Failed to parse bit position", &number) < 0)
			return p->e->code;
		positions[(*ret_count)++] = (uint32_t)number;
	}
	return 0;
}

static int bits_operand(struct match_parser *p, struct bytes name, const struct bson_field *field,
			struct match_bits *ret)
{
	struct value v = value_of_field(field);
	OWNED(buf_release) struct buf text = {0};
	uint8_t *mask;
	uint32_t *positions;
	int64_t number = 0;

	if (v.type == BSON_KIND_ARRAY) {
		positions = arena_get(p->arena, value_count(v.data) * sizeof(*positions));
		ret->positions = positions;
		return bits_of_array(p, v.data, positions, &ret->count);
	}
	if (value_is_number(&v)) {
		if (match_parse_size_number(field, &number, p->e) < 0)
			return p->e->code;
		mask = arena_get(p->arena, 8);
		put_le64(mask, (uint64_t)number);
		ret->data = bytes_of(mask, 8);
		return 0;
	}
	if (v.type == BSON_KIND_BINARY) {
		ret->data = bytes_of(v.data.at + 5, v.data.len - 5);
		return 0;
	}
	value_text_element(field->name, &v, &text);
	return query_error(p->e, QUERY_BAD_VALUE,
			   "%.*s takes an Array, a number, or a BinData but received: %s",
			   (int)name.len, (const char *)name.at, buf_text(&text));
}

int match_parse_bits(struct match_parser *p, enum match_kind kind, struct bytes name,
		     const struct bson_field *field, const struct match_node **ret)
{
	struct match_node *node = match_leaf_new(p, kind, name);
	struct match_bits *bits = &node->bits;

	if (bits_operand(p, name, field, bits) < 0)
		return p->e->code;
	/* A number has its sign in every position from 63 on. */
	for (size_t i = 0; i < bits->count; i++)
		bits->mask |= UINT64_C(1) << MIN_OF(bits->positions[i], 63U);
	for (size_t i = 0; i < bits->data.len; i++)
		if (i < 8)
			bits->mask |= (uint64_t)bits->data.at[i] << (8 * i);
		else if (bits->data.at[i] != 0)
			bits->mask |= UINT64_C(1) << 63;
	*ret = node;
	return 0;
}
