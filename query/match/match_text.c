/* A parsed match as mongod tells it in a planner's error: MatchExpression::debugString(). */
#include "base/bson_build.h"
#include "query/expr/expr_show.h"
#include "query/match/match_show.h"

#define INDENT 4

static void node_text(const struct match_node *node, unsigned depth, struct buf *ret);

static void children_text(const struct match_node *node, unsigned depth, struct buf *ret)
{
	for (size_t i = 0; i < node->count; i++)
		node_text(node->children[i], depth, ret);
}

static void regex_text(const struct match_regex *regex, struct buf *ret)
{
	buf_add_u8(ret, '/');
	buf_add_bytes(ret, regex->pattern);
	buf_add_u8(ret, '/');
	buf_add_bytes(ret, regex->options);
}

/* "$gt: 1" without the colon. */
static void value_part(struct bytes op, const struct value *v, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_element(op, v, &text);
	buf_add_bytes(ret, op);
	if (text.len > op.len + 1)
		buf_add(ret, text.at + op.len + 1, text.len - op.len - 1);
}

static void in_text(const struct match_in *in, struct buf *ret)
{
	buf_add_str(ret, "$in [ ");
	for (size_t i = 0; i < in->count; i++) {
		OWNED(buf_release) struct buf text = {0};

		value_text_element(bytes_str("_"), &in->values[i], &text);
		buf_add(ret, text.at + strlen("_: "), text.len - strlen("_: "));
		buf_add_u8(ret, ' ');
	}
	for (size_t i = 0; i < in->regex_count; i++) {
		regex_text(in->regexes[i], ret);
		buf_add_u8(ret, ' ');
	}
	buf_add_u8(ret, ']');
}

/* "$type: { 0: "number", 1: 16 }" */
static void types_text(const struct match_types *types, struct buf *ret)
{
	int count = 0;

	buf_add_str(ret, "$type: {");
	if (types->numbers)
		buf_printf(ret, " %d: \"number\"", count++);
	for (int type = -1; type <= 127; type++) {
		uint32_t bit = type == -1    ? MATCH_TYPE_MIN_KEY
			       : type == 127 ? MATCH_TYPE_MAX_KEY
			       : type < 20   ? 1U << type
					     : 0;

		if ((types->numbers_bits & bit) == 0)
			continue;
		buf_printf(ret, "%s %d: %d", count > 0 ? "," : "", count, type);
		count++;
	}
	buf_add_str(ret, " }");
}

/* "$bitsAllSet: [0, 1]" */
static void bits_text(const struct match_node *node, struct buf *ret)
{
	const struct match_bits *bits = &node->bits;
	size_t count = 0;

	buf_printf(ret, "%s: [", match_operator_name(node->kind));
	for (size_t i = 0; i < bits->count; i++)
		buf_printf(ret, "%s%u", count++ > 0 ? ", " : "", (unsigned)bits->positions[i]);
	for (size_t i = 0; i < bits->data.len * 8; i++)
		if ((bits->data.at[i / 8] >> (i % 8) & 1) != 0)
			buf_printf(ret, "%s%zu", count++ > 0 ? ", " : "", i);
	buf_add_u8(ret, ']');
}

static void geo_text(const struct match_node *node, struct buf *ret)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_element(node->geo.name, &node->geo.words, &text);
	buf_printf(ret, "GEO raw = { %.*s: { %.*s } }\n", (int)node->path.text.len,
		   (const char *)node->path.text.at, (int)text.len, (const char *)text.at);
}

/* What stands behind a path; 0: no new line follows. */
static bool leaf_text(const struct match_node *node, struct buf *ret)
{
	switch (node->kind) {
	case MATCH_REGEX:
		buf_add_str(ret, "regex ");
		regex_text(node->regex, ret);
		return true;
	case MATCH_MOD:
		buf_printf(ret, "mod %lld %% x == %lld", (long long)node->mod.divisor,
			   (long long)node->mod.remainder);
		return true;
	case MATCH_EXISTS:
		buf_add_str(ret, "exists");
		return true;
	case MATCH_IN:
		in_text(&node->in, ret);
		return true;
	case MATCH_TYPE:
		types_text(&node->types, ret);
		return true;
	case MATCH_SIZE:
		buf_printf(ret, "$size : %lld", (long long)node->size);
		return true;
	case MATCH_BITS_ALL_SET:
	case MATCH_BITS_ALL_CLEAR:
	case MATCH_BITS_ANY_SET:
	case MATCH_BITS_ANY_CLEAR:
		bits_text(node, ret);
		return false;
	default:
		value_part(bytes_str(match_shown_name(node->kind)), &node->value, ret);
		return true;
	}
}

static void path_text(const struct match_node *node, unsigned depth, struct buf *ret)
{
	if (node->kind == MATCH_GEO) {
		geo_text(node, ret);
		return;
	}
	if (node->kind == MATCH_GEO_NEAR) {
		match_near_text(node->near, ret);
		return;
	}
	buf_add_bytes(ret, node->path.text);
	buf_add_u8(ret, ' ');
	if (node->kind == MATCH_ELEM_OBJECT) {
		buf_add_str(ret, "$elemMatch (obj)\n");
		node_text(node->sub->whole, depth + 1, ret);
	} else if (node->kind == MATCH_ELEM_VALUE) {
		buf_add_str(ret, "$elemMatch (value)\n");
		children_text(node, depth + 1, ret);
	} else if (leaf_text(node, ret)) {
		buf_add_u8(ret, '\n');
	}
}

/* "$expr {$gt: ["$a", {$const: 1}]}", as Value::toString() has it, without a new line behind it. */
static void expr_text(const struct match_node *node, struct buf *ret)
{
	OWNED(buf_release) struct buf doc = {0};
	size_t begin = bson_build_begin(&doc);
	struct value v;

	expr_show(node->expr.expr, bytes_str("$expr"), &doc);
	bson_build_end(&doc, begin);
	v = value_get(buf_bytes(&doc), bytes_str("$expr"));
	buf_add_str(ret, "$expr ");
	value_text(&v, ret);
}

static void branch_text(const char *name, const struct match_node *node, unsigned depth,
			struct buf *ret)
{
	buf_printf(ret, "%s\n", name);
	children_text(node, depth + 1, ret);
}

static void node_text(const struct match_node *node, unsigned depth, struct buf *ret)
{
	for (unsigned i = 0; i < depth * INDENT; i++)
		buf_add_u8(ret, ' ');
	switch (node->kind) {
	case MATCH_AND:
		branch_text("$and", node, depth, ret);
		return;
	case MATCH_OR:
		branch_text("$or", node, depth, ret);
		return;
	case MATCH_NOR:
		branch_text("$nor", node, depth, ret);
		return;
	case MATCH_NOT:
		branch_text("$not", node, depth, ret);
		return;
	case MATCH_ALWAYS_TRUE:
		buf_add_str(ret, "$alwaysTrue: 1\n");
		return;
	case MATCH_ALWAYS_FALSE:
		buf_add_str(ret, "$alwaysFalse: 1\n");
		return;
	case MATCH_SAMPLE:
		if (node->rate == 0 || node->rate == 1) {
			buf_printf(ret, "$expr {$const: %s}", node->rate == 1 ? "true" : "false");
			return;
		}
		buf_add_str(ret, "$expr {$lt: [{$rand: {}}, {$const: ");
		value_text_double(node->rate, ret);
		buf_add_str(ret, "}]}");
		return;
	case MATCH_EXPR:
		expr_text(node, ret);
		return;
	case MATCH_SCHEMA:
		value_part(bytes_str("$jsonSchema"), &node->schema.words, ret);
		buf_add_u8(ret, '\n');
		return;
	default:
		path_text(node, depth, ret);
	}
}

void match_text(const struct match *match, struct buf *ret)
{
	OWNED(arena_free) struct arena *arena = NULL;
	struct match_parser p = {.q = match->q, .shows = true};

	if (match->parsed == NULL) {
		node_text(match->whole, 0, ret);
		return;
	}
	/* What the comparisons of an $expr say stands beside it. */
	p.arena = arena = arena_new();
	node_text(match_sort(match_optimize(&p, match->parsed)), 0, ret);
}
