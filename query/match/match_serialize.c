#include <stdio.h>
#include <stdlib.h>

#include "base/bson_build.h"
#include "query/expr/expr_show.h"
#include "query/match/match_show.h"

static void add_node(const struct match_node *node, bool with_path, struct buf *ret);

static void open_name(struct buf *ret, uint8_t type, struct bytes name)
{
	buf_add_u8(ret, type);
	buf_add_bytes(ret, name);
	buf_add_u8(ret, 0);
}

static void add_types(const char *name, const struct match_types *types, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, name), count = 0;
	struct value number = value_string(bytes_str("number"));
	uint32_t bits = types->numbers_bits;

	if (types->numbers)
		value_write_at(ret, count++, &number);
	for (int type = -1; type <= 127; type++) {
		struct value v = value_int32(type);
		uint32_t bit = type == -1    ? MATCH_TYPE_MIN_KEY
			       : type == 127 ? MATCH_TYPE_MAX_KEY
			       : type < 20   ? 1U << type
					     : 0;

		if ((bits & bit) != 0)
			value_write_at(ret, count++, &v);
	}
	bson_build_end(ret, at);
}

static void add_regex_value(struct buf *ret, size_t index, const struct match_regex *regex)
{
	OWNED(buf_release) struct buf payload = {0};
	struct value v = {.type = BSON_KIND_REGEX};

	buf_add(&payload, regex->pattern.at, regex->pattern.len + 1);
	buf_add(&payload, regex->options.at, regex->options.len + 1);
	v.data = buf_bytes(&payload);
	value_write_at(ret, index, &v);
}

static void add_in(const struct match_in *in, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "$in");

	for (size_t i = 0; i < in->count; i++)
		value_write_at(ret, i, &in->values[i]);
	for (size_t i = 0; i < in->regex_count; i++)
		add_regex_value(ret, in->count + i, in->regexes[i]);
	bson_build_end(ret, at);
}

static void add_bits(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, match_operator_name(node->kind)), count = 0;
	const struct match_bits *bits = &node->bits;

	for (size_t i = 0; i < bits->count; i++) {
		struct value v = value_int32((int32_t)bits->positions[i]);

		value_write_at(ret, count++, &v);
	}
	for (size_t i = 0; i < bits->data.len * 8; i++) {
		struct value v = value_int32((int32_t)i);

		if ((bits->data.at[i / 8] >> (i % 8) & 1) != 0)
			value_write_at(ret, count++, &v);
	}
	bson_build_end(ret, at);
}

static void add_mod(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "$mod");

	bson_build_int64(ret, "0", node->mod.divisor);
	bson_build_int64(ret, "1", node->mod.remainder);
	bson_build_end(ret, at);
}

static void add_document(const char *name, const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open(ret, name);

	if (node->kind != MATCH_AND || node->count > 0)
		add_node(node, true, ret);
	bson_build_end(ret, at);
}

static void add_children(const struct match_node *node, bool with_path, struct buf *ret)
{
	for (size_t i = 0; i < node->count; i++)
		add_node(node->children[i], with_path, ret);
}

/* {$not: ..}: an AND in it is not spelled out, as no query could say it. */
static void add_not(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open(ret, "$not");
	const struct match_node *child = node->children[0];

	if (child->kind == MATCH_AND)
		add_children(child, false, ret);
	else
		add_node(child, false, ret);
	bson_build_end(ret, at);
}

/* ---- what only mongod has as nodes */

static void add_number(const char *name, const struct match_node *node, struct buf *ret)
{
	bson_build_int64(ret, name, node->size);
}

static void add_fmod(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "$_internalSchemaFmod");
	struct value none = value_decimal(0.DL);

	value_write_at(ret, 0, &node->value);
	value_write_at(ret, 1, &none);
	bson_build_end(ret, at);
}

static void add_all_elements(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "$_internalSchemaAllElemMatchFromIndex");

	add_number("0", node, ret);
	add_document("1", node->children[0], ret);
	bson_build_end(ret, at);
}

/* Does a predicate, or one that it consists of, name a path? */
static bool names_path(const struct match_node *node)
{
	if (match_has_path(node))
		return true;
	if (node->kind > MATCH_SCHEMA && node->kind != MATCH_SHOWN_XOR)
		return false;
	for (size_t i = 0; i < node->count; i++)
		if (names_path(node->children[i]))
			return true;
	return false;
}

static void add_element(const struct match_node *node, struct buf *ret)
{
	size_t at = bson_build_open(ret, "$_internalSchemaMatchArrayIndex");

	add_number("index", node, ret);
	bson_build_string(ret, "namePlaceholder",
			  bytes_str(names_path(node->children[0]) ? "i" : ""));
	add_document("expression", node->children[0], ret);
	bson_build_end(ret, at);
}

static int compare_names(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void add_names(const struct match_schema *schema, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "properties"), count = schema->property_count;
	struct bytes *names = xmalloc((count + 1) * sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = schema->properties[i].path.text;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		struct value v = value_string(names[i]);

		value_write_at(ret, i, &v);
	}
	free(names);
	bson_build_end(ret, at);
}

static void add_allowed(const struct match_node *node, struct buf *ret)
{
	const struct match_schema *schema = node->schema.schema;
	size_t at = bson_build_open(ret, "$_internalSchemaAllowedProperties"), list;
	char digits[24];

	add_names(schema, ret);
	bson_build_string(ret, "namePlaceholder", bytes_str("i"));
	list = bson_build_open_array(ret, "patternProperties");
	for (size_t i = 0; i < schema->pattern_count; i++) {
		OWNED(buf_release) struct buf regex = {0};
		struct bytes text = schema->patterns[i].text;
		size_t one;

		snprintf(digits, sizeof(digits), "%zu", i);
		one = bson_build_open(ret, digits);
		buf_add_bytes(&regex, text);
		buf_add(&regex, "\0", 2);
		bson_build_value(ret, "regex", BSON_KIND_REGEX, buf_bytes(&regex));
		add_document("expression", node->children[i + 1], ret);
		bson_build_end(ret, one);
	}
	bson_build_end(ret, list);
	add_document("otherwise", node->children[0], ret);
	bson_build_end(ret, at);
}

static const struct {
	enum match_kind kind;
	const char *name;
} shown_names[] = {
	{MATCH_INTERNAL_EQ, "$_internalExprEq"},
	{MATCH_INTERNAL_GT, "$_internalExprGt"},
	{MATCH_INTERNAL_GTE, "$_internalExprGte"},
	{MATCH_INTERNAL_LT, "$_internalExprLt"},
	{MATCH_INTERNAL_LTE, "$_internalExprLte"},
	{MATCH_SHOWN_EQ, "$_internalSchemaEq"},
	{MATCH_SHOWN_ROOT_EQ, "$_internalSchemaRootDocEq"},
	{MATCH_SHOWN_MAX_ITEMS, "$_internalSchemaMaxItems"},
	{MATCH_SHOWN_MAX_LENGTH, "$_internalSchemaMaxLength"},
	{MATCH_SHOWN_MAX_PROPERTIES, "$_internalSchemaMaxProperties"},
	{MATCH_SHOWN_MIN_ITEMS, "$_internalSchemaMinItems"},
	{MATCH_SHOWN_MIN_LENGTH, "$_internalSchemaMinLength"},
	{MATCH_SHOWN_MIN_PROPERTIES, "$_internalSchemaMinProperties"},
};

const char *match_shown_name(enum match_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(shown_names); i++)
		if (shown_names[i].kind == kind)
			return shown_names[i].name;
	return match_operator_name(kind);
}

static void add_other(const struct match_node *node, struct buf *ret)
{
	switch (node->kind) {
	case MATCH_SHOWN_TYPE:
		add_types("$_internalSchemaType", &node->types, ret);
		return;
	case MATCH_SHOWN_ENCRYPTED:
		add_types("$_internalSchemaBinDataEncryptedType", &node->types, ret);
		return;
	case MATCH_SHOWN_SUBTYPE:
		bson_build_int32(ret, "$_internalSchemaBinDataSubType", 6);
		return;
	case MATCH_SHOWN_UNIQUE:
		bson_build_bool(ret, "$_internalSchemaUniqueItems", true);
		return;
	case MATCH_SHOWN_FMOD:
		add_fmod(node, ret);
		return;
	case MATCH_SHOWN_ALL_ELEMENTS:
		add_all_elements(node, ret);
		return;
	case MATCH_SHOWN_ELEMENT:
		add_element(node, ret);
		return;
	case MATCH_SHOWN_OBJECT:
		add_document("$_internalSchemaObjectMatch", node->children[0], ret);
		return;
	case MATCH_SHOWN_MAX_ITEMS:
	case MATCH_SHOWN_MAX_LENGTH:
	case MATCH_SHOWN_MAX_PROPERTIES:
	case MATCH_SHOWN_MIN_ITEMS:
	case MATCH_SHOWN_MIN_LENGTH:
	case MATCH_SHOWN_MIN_PROPERTIES:
		add_number(match_shown_name(node->kind), node, ret);
		return;
	default:
		value_write(ret, bytes_str(match_shown_name(node->kind)), &node->value);
	}
}

/* The fields of a document, as they are. */
static void add_fields(struct bytes doc, struct buf *ret)
{
	buf_add(ret, doc.at + 4, doc.len - BSON_MIN_LEN);
}

/* The operator and operand of a node with a path. */
static void add_operator(const struct match_node *node, struct buf *ret)
{
	size_t at;

	switch (node->kind) {
	case MATCH_REGEX:
		bson_build_string(ret, "$regex", node->regex->pattern);
		if (node->regex->options.len > 0)
			bson_build_string(ret, "$options", node->regex->options);
		break;
	case MATCH_MOD:
		add_mod(node, ret);
		break;
	case MATCH_EXISTS:
		bson_build_bool(ret, "$exists", true);
		break;
	case MATCH_IN:
		add_in(&node->in, ret);
		break;
	case MATCH_BITS_ALL_SET:
	case MATCH_BITS_ALL_CLEAR:
	case MATCH_BITS_ANY_SET:
	case MATCH_BITS_ANY_CLEAR:
		add_bits(node, ret);
		break;
	case MATCH_TYPE:
		add_types("$type", &node->types, ret);
		break;
	case MATCH_SIZE:
		bson_build_int32(ret, "$size", (int32_t)node->size);
		break;
	case MATCH_ELEM_OBJECT:
		add_document("$elemMatch", node->sub->root, ret);
		break;
	case MATCH_ELEM_VALUE:
		at = bson_build_open(ret, "$elemMatch");
		add_children(node, false, ret);
		bson_build_end(ret, at);
		break;
	case MATCH_GEO:
		value_write(ret, node->geo.name, &node->geo.words);
		break;
	case MATCH_GEO_NEAR:
		add_fields(node->near->words, ret);
		break;
	default:
		add_other(node, ret);
	}
}

static void add_list(const char *name, const struct match_node *node, bool with_path,
		     struct buf *ret)
{
	size_t at = bson_build_open_array(ret, name);
	char digits[24];

	for (size_t i = 0; i < node->count; i++) {
		size_t element;
		const struct match_node *child = node->children[i];

		snprintf(digits, sizeof(digits), "%zu", i);
		element = bson_build_open(ret, digits);
		if (child->kind != MATCH_AND || child->count > 0)
			add_node(child, with_path, ret);
		bson_build_end(ret, element);
	}
	bson_build_end(ret, at);
}

static void add_negation(const struct match_node *node, bool with_path, struct buf *ret)
{
	const struct match_node *child = node->children[0];
	size_t at;

	if (!with_path) {
		add_not(node, ret);
	} else if (child->kind == MATCH_AND && child->count == 0) {
		bson_build_int32(ret, "$alwaysFalse", 1);
	} else if (match_has_path(child) && child->kind != MATCH_SHOWN_EQ) {
		open_name(ret, BSON_KIND_DOCUMENT, child->path.text);
		at = bson_build_begin(ret);
		add_not(node, ret);
		bson_build_end(ret, at);
	} else {
		add_list("$nor", node, true, ret);
	}
}

/* {$expr: {$lt: [{$rand: {}}, {$const: rate}]}} */
static void add_sample(const struct match_node *node, struct buf *ret)
{
	size_t expr = bson_build_open(ret, "$expr"), args, rand, rate;

	if (node->rate == 0 || node->rate == 1) {
		bson_build_bool(ret, "$const", node->rate == 1);
		bson_build_end(ret, expr);
		return;
	}
	args = bson_build_open_array(ret, "$lt");
	rand = bson_build_open(ret, "0");
	rate = bson_build_open(ret, "$rand");
	bson_build_end(ret, rate);
	bson_build_end(ret, rand);
	rate = bson_build_open(ret, "1");
	bson_build_double(ret, "$const", node->rate);
	bson_build_end(ret, rate);
	bson_build_end(ret, args);
	bson_build_end(ret, expr);
}

static void add_node(const struct match_node *node, bool with_path, struct buf *ret)
{
	size_t at;

	switch (node->kind) {
	case MATCH_AND:
		add_list("$and", node, with_path, ret);
		return;
	case MATCH_OR:
		add_list("$or", node, with_path, ret);
		return;
	case MATCH_NOR:
		add_list("$nor", node, with_path, ret);
		return;
	case MATCH_NOT:
		add_negation(node, with_path, ret);
		return;
	case MATCH_ALWAYS_TRUE:
		bson_build_int32(ret, "$alwaysTrue", 1);
		return;
	case MATCH_ALWAYS_FALSE:
		bson_build_int32(ret, "$alwaysFalse", 1);
		return;
	case MATCH_EXPR:
		expr_show(node->expr.expr, bytes_str("$expr"), ret);
		return;
	case MATCH_SAMPLE:
		add_sample(node, ret);
		return;
	case MATCH_SHOWN_COND:
		add_list("$_internalSchemaCond", node, with_path, ret);
		return;
	case MATCH_SHOWN_XOR:
		add_list("$_internalSchemaXor", node, with_path, ret);
		return;
	case MATCH_SHOWN_ALLOWED:
		add_allowed(node, ret);
		return;
	case MATCH_SHOWN_MIN_PROPERTIES:
	case MATCH_SHOWN_MAX_PROPERTIES:
	case MATCH_SHOWN_ROOT_EQ:
		add_operator(node, ret);
		return;
	default:
		break;
	}
	if (!with_path) {
		add_operator(node, ret);
		return;
	}
	open_name(ret, BSON_KIND_DOCUMENT, node->path.text);
	at = bson_build_begin(ret);
	add_operator(node, ret);
	bson_build_end(ret, at);
}

void match_serialize(const struct match *match, struct buf *ret)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct match_parser p = {.q = match->q, .arena = arena, .shows = true};
	const struct match_node *root = match->root;
	size_t at = bson_build_begin(ret);

	if (match_show_differs(match->parsed_tree))
		root = match_show_tree(&p, match->parsed_tree);
	if (root->kind != MATCH_AND || root->count > 0)
		add_node(root, true, ret);
	bson_build_end(ret, at);
}
