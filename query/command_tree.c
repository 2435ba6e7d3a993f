/* Prefix: command_ - a query as mongod tells it in the error of one that has no plan. */
#include "base/bson_build.h"
#include "query/command_parse.h"
#include "query/query_error.h"

static struct bytes object_of(struct bytes cmd, const char *field)
{
	struct value v = command_field(cmd, field);

	return v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty();
}

static void add_object(const char *name, struct bytes doc, struct buf *out)
{
	buf_add_str(out, name);
	value_text_bson(doc, false, out);
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

/* Of a pipeline: the $limit behind the $match and $sort that it begins with. */
static void add_leading_limit(const struct value *pipeline, struct buf *out)
{
	struct value stage = value_missing(), limit = value_missing();

	for (size_t i = 0; i < 3 && value_is_missing(&limit); i++) {
		stage = value_at(pipeline->data, i);
		if (stage.type != BSON_KIND_DOCUMENT)
			return;
		limit = value_get(stage.data, bytes_str("$limit"));
		if (value_is_missing(&limit) &&
		    value_get(stage.data, bytes_str("$match")).type == VALUE_MISSING &&
		    value_get(stage.data, bytes_str("$sort")).type == VALUE_MISSING)
			return;
	}
	if (value_is_number(&limit))
		buf_printf(out, " limit=%lld", (long long)value_to_int64(&limit));
}

int command_planner_error(struct command_context *c, const struct match *match, int code,
			  const char *text, struct error *e)
{
	struct value pipeline = value_get(c->cmd, bytes_str("pipeline"));
	struct value collation = command_field(c->cmd, "collation");
	OWNED(buf_release) struct buf out = {0};
	bool aggregates = !value_is_missing(&pipeline) || c->is_view_find;
	struct bytes projection = bson_build_empty();

	buf_printf(&out, "ns=%s", buf_text(&c->ns));
	if (!aggregates && command_field(c->cmd, "find").type != VALUE_MISSING) {
		add_number(c->cmd, "batchSize", &out);
		add_number(c->cmd, "limit", &out);
		add_number(c->cmd, "skip", &out);
	} else if (!value_is_missing(&pipeline)) {
		add_leading_limit(&pipeline, &out);
	}
	buf_add_str(&out, "Tree: ");
	if (match == NULL)
		buf_add_str(&out, "$and\n");
	else
		match_text(match, &out);
	if (!value_is_missing(&pipeline))
		add_leading_sort(&pipeline, &out);
	else
		add_object("Sort: ", object_of(c->cmd, "sort"), &out);
	if (c->projection.len > 0)
		projection = c->projection;
	else if (!aggregates)
		projection = object_of(c->cmd, "projection");
	add_object("Proj: ", projection, &out);
	if (collation.type == BSON_KIND_DOCUMENT && value_count(collation.data) > 0)
		add_object("Collation: ", collation.data, &out);
	else if (aggregates)
		buf_add_str(&out, "Collation: { locale: \"simple\" }\n");
	return query_error(e, code, "error processing query: %s %s", buf_text(&out), text);
}

/* An index as mongod shows it (IndexEntry::toString). */
static int add_index(struct command_context *c, struct bytes index, struct buf *out,
		     struct error *e)
{
	struct value key = value_get(index, bytes_str("key"));
	struct value name = value_get(index, bytes_str("name"));
	struct value filter = value_get(index, bytes_str("partialFilterExpression"));
	struct value sparse = value_get(index, bytes_str("sparse"));
	struct value unique = value_get(index, bytes_str("unique"));
	const struct match *match = NULL;

	buf_add_str(out, "kp: ");
	value_text_bson(key.type == BSON_KIND_DOCUMENT ? key.data : bson_build_empty(), false, out);
	buf_add_str(out, value_is_true(&sparse) ? " sparse" : "");
	buf_add_str(out, value_is_true(&unique) ? " unique" : "");
	buf_printf(out, " name: '(%.*s, )'", (int)name.data.len, (const char *)name.data.at);
	if (filter.type == BSON_KIND_DOCUMENT) {
		if (match_parse(expr_scope_new(&c->q), filter.data, 0, &match, e) < 0)
			return e->code;
		buf_add_str(out, " filterExpr: ");
		match_text(match, out);
	}
	buf_add_str(out, " io: ");
	value_text_bson(index, false, out);
	return 0;
}

int command_not_one_index(struct command_context *c, const struct match *match,
			  const struct bytes indexes[2], int found, struct error *e)
{
	OWNED(buf_release) struct buf out = {0};

	buf_add_str(&out, "planner returned error :: caused by :: ");
	if (found == 0) {
		buf_add_str(&out, "hint provided does not correspond to an existing index");
		return command_planner_error(c, match, QUERY_BAD_VALUE, buf_text(&out), e);
	}
	buf_add_str(&out, "Hint matched multiple indexes, must hint by index name. Matched: ");
	if (add_index(c, indexes[0], &out, e) < 0)
		return e->code;
	buf_add_str(&out, " and ");
	if (add_index(c, indexes[1], &out, e) < 0)
		return e->code;
	return command_planner_error(c, match, QUERY_INDEX_NOT_FOUND, buf_text(&out), e);
}
