/* Prefix: command_ - a query as mongod tells it in the error of one that has no plan. */
#include "base/bson_build.h"
#include "query/command_parse.h"
#include "query/query_error.h"

#define INDENT 4

static void indent(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth * INDENT; i++)
		buf_add_u8(out, ' ');
}

static void tree(struct bytes doc, unsigned depth, struct buf *out);

/* One operator of a path: "a $gt 1". */
static void leaf(struct bytes path, struct bytes op, const struct value *v, unsigned depth,
		 struct buf *out)
{
	OWNED(buf_release) struct buf text = {0};

	indent(out, depth);
	if (bytes_equal(op, bytes_str("$not")) && v->type == BSON_KIND_DOCUMENT) {
		struct bson_fields fields = bson_fields(v->data);
		struct bson_field field;
		struct error ignored;

		buf_add_str(out, "$not\n");
		while (bson_fields_next(&fields, &field, &ignored) > 0) {
			struct value inner = value_of_field(&field);

			leaf(path, field.name, &inner, depth + 1, out);
		}
		return;
	}
	buf_add_bytes(out, path);
	if (bytes_equal(op, bytes_str("$exists"))) {
		buf_add_str(out, " exists\n");
		return;
	}
	/* "$bitsAllSet: [0, 1]", and no new line: BitTestMatchExpression::debugString() */
	if (op.len > 5 && memcmp(op.at, "$bits", 5) == 0) {
		value_text(v, &text);
		buf_printf(out, " %.*s: %s", (int)op.len, (const char *)op.at, buf_text(&text));
		return;
	}
	value_text_element(op, v, &text);
	buf_add_u8(out, ' ');
	buf_add_bytes(out, op);
	/* "$gt: 1" without the colon */
	if (text.len > op.len + 1)
		buf_add(out, text.at + op.len + 1, text.len - op.len - 1);
	buf_add_u8(out, '\n');
}

static void branch(struct bytes name, const struct value *list, unsigned depth, struct buf *out)
{
	struct bson_fields fields = bson_fields(list->data);
	struct bson_field field;
	struct error ignored;

	indent(out, depth);
	buf_add_bytes(out, name);
	buf_add_u8(out, '\n');
	while (bson_fields_next(&fields, &field, &ignored) > 0)
		if (field.type == BSON_KIND_DOCUMENT)
			tree(field.value, depth + 1, out);
}

static void tree(struct bytes doc, unsigned depth, struct buf *out)
{
	struct bson_fields fields = bson_fields(doc), ops;
	struct bson_field field, op;
	struct error ignored;

	while (bson_fields_next(&fields, &field, &ignored) > 0) {
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_ARRAY) {
			branch(field.name, &v, depth, out);
			continue;
		}
		if (v.type != BSON_KIND_DOCUMENT || !command_is_operator(v.data)) {
			leaf(field.name, bytes_str("$eq"), &v, depth, out);
			continue;
		}
		ops = bson_fields(v.data);
		while (bson_fields_next(&ops, &op, &ignored) > 0) {
			struct value operand = value_of_field(&op);

			leaf(field.name, op.name, &operand, depth, out);
		}
	}
}

static void add_part(struct bytes cmd, const char *field, const char *name, struct buf *out)
{
	struct value v = command_field(cmd, field);

	buf_add_str(out, name);
	value_text_bson(v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty(), false, out);
	buf_add_u8(out, '\n');
}

/* Of a pipeline: the $sort behind the $match that it begins with, or the one that it begins with. */
static void add_leading_sort(const struct value *pipeline, struct buf *out)
{
	struct value stage = value_missing(), sort = value_missing();

	for (size_t i = 0; i < 2 && value_is_missing(&sort); i++) {
		if (i == 1) {
			struct value match = value_get(stage.data, bytes_str("$match"));

			if (value_is_missing(&match))
				break;
		}
		stage = value_at(pipeline->data, i);
		if (stage.type != BSON_KIND_DOCUMENT)
			break;
		sort = value_get(stage.data, bytes_str("$sort"));
	}
	buf_add_str(out, "Sort: ");
	value_text_bson(sort.type == BSON_KIND_DOCUMENT ? sort.data : bson_build_empty(), false,
			out);
	buf_add_u8(out, '\n');
}

static void add_number(struct bytes cmd, const char *field, struct buf *out)
{
	bool is_batch = strcmp(field, "batchSize") == 0;
	int64_t number = command_number(cmd, field, is_batch ? -1 : 0);

	if (number > (is_batch ? -1 : 0))
		buf_printf(out, " %s=%lld", field, (long long)number);
}

int command_planner_error(struct command_context *c, const struct match *match, int code,
			  const char *text, struct error *e)
{
	struct value pipeline = value_get(c->cmd, bytes_str("pipeline"));
	struct value collation = command_field(c->cmd, "collation");
	OWNED(buf_release) struct buf out = {0};
	OWNED(buf_release) struct buf parsed = {0};

	buf_printf(&out, "ns=%s", buf_text(&c->ns));
	add_number(c->cmd, "batchSize", &out);
	add_number(c->cmd, "limit", &out);
	add_number(c->cmd, "skip", &out);
	buf_add_str(&out, "Tree: ");
	if (match == NULL || match_is_all(match)) {
		buf_add_str(&out, "$and\n");
	} else {
		match_serialize(match, &parsed);
		tree(buf_bytes(&parsed), 0, &out);
	}
	if (!value_is_missing(&pipeline))
		add_leading_sort(&pipeline, &out);
	else
		add_part(c->cmd, "sort", "Sort: ", &out);
	add_part(c->cmd, "projection", "Proj: ", &out);
	if (collation.type == BSON_KIND_DOCUMENT && value_count(collation.data) > 0)
		add_part(c->cmd, "collation", "Collation: ", &out);
	else if (!value_is_missing(&pipeline))
		buf_add_str(&out, "Collation: { locale: \"simple\" }\n");
	return query_error(e, code, "error processing query: %s %s", buf_text(&out), text);
}
