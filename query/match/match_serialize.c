#include <stdio.h>

#include "base/bson_build.h"
#include "query/match/match_node.h"

static void add_node(const struct match_node *node, bool with_path, struct buf *ret);

static void open_name(struct buf *ret, uint8_t type, struct bytes name)
{
	buf_add_u8(ret, type);
	buf_add_bytes(ret, name);
	buf_add_u8(ret, 0);
}

static void add_types(const struct match_types *types, struct buf *ret)
{
	size_t at = bson_build_open_array(ret, "$type"), count = 0;
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
		add_types(&node->types, ret);
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
	default:
		value_write(ret, bytes_str(match_operator_name(node->kind)), &node->value);
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
	} else if (match_has_path(child)) {
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
		value_write(ret, bytes_str("$expr"), &node->expr.words);
		return;
	case MATCH_SAMPLE:
		add_sample(node, ret);
		return;
	case MATCH_SCHEMA:
		value_write(ret, bytes_str("$jsonSchema"), &node->schema.words);
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
	size_t at = bson_build_begin(ret);

	if (match->root->kind != MATCH_AND || match->root->count > 0)
		add_node(match->root, true, ret);
	bson_build_end(ret, at);
}
