/* Prefix: reorder_ - the part of a query that is asked before a $redact as well, because it can only hold of more than what is left. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/reorder.h"

/* Does a value begin like operators: {$..}? */
static bool is_operators(const struct value *v)
{
	struct fields fields;
	struct bson_field first;

	if (v->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(v->data);
	return fields_next(&fields, &first) && first.name.len > 0 && first.name.at[0] == '$';
}

static bool is_plain(const struct value *v)
{
	return v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY &&
	       v->type != BSON_KIND_NULL && v->type != BSON_KIND_UNDEFINED;
}

/* Elements of `list` that are plain into `out`; whether there is something: all of them, or one at least. */
static bool plain_elements(const struct value *list, bool all, struct buf *out)
{
	struct bson_field element;
	struct fields fields;
	size_t count = 0;

	if (list->type != BSON_KIND_ARRAY)
		return false;
	fields = fields_of(list->data);
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (is_plain(&v))
			value_write_at(out, count++, &v);
		else if (all)
			return false;
	}
	return all || count > 0;
}

static size_t redact_query(struct bytes query, int depth, struct buf *out);

/* Of {$op: operand, ..} what is safe; its number. Rule: redactSafePortionDollarOps() of mongod. */
static size_t redact_operators(struct bytes operators, int depth, struct buf *out)
{
	static const char *const always[] = {"$type",	    "$regex",	    "$options",
					     "$mod",	    "$bitsAllSet",  "$bitsAllClear",
					     "$bitsAnySet", "$bitsAnyClear"};
	static const char *const compare[] = {"$eq", "$gt", "$gte", "$lt", "$lte"};
	struct fields fields = fields_of(operators);
	struct bson_field op;
	size_t count = 0;

	while (fields_next(&fields, &op)) {
		OWNED(buf_release) struct buf part = {0};
		struct value v = value_of_field(&op), list;
		size_t begin = bson_build_begin(&part), kept = 0;

		for (size_t i = 0; i < COUNT_OF(always); i++)
			kept |= bytes_is(op.name, always[i]);
		for (size_t i = 0; i < COUNT_OF(compare); i++)
			kept |= bytes_is(op.name, compare[i]) && is_plain(&v);
		list = v;
		if (bytes_is(op.name, "$in") || bytes_is(op.name, "$all")) {
			kept = plain_elements(&v, bytes_is(op.name, "$in"), &part);
			bson_build_end(&part, begin);
			list = value_array(buf_bytes(&part));
		} else if (bytes_is(op.name, "$elemMatch") && v.type == BSON_KIND_DOCUMENT) {
			kept = is_operators(&v) ? redact_operators(v.data, depth + 1, &part)
						: redact_query(v.data, depth + 1, &part);
			bson_build_end(&part, begin);
			list = value_document(buf_bytes(&part));
		}
		if (kept > 0)
			value_write(out, op.name, &list);
		count += kept > 0;
	}
	return count;
}

/* Of the queries of an $and those that are safe, of an $or all or none. */
static size_t redact_list(const struct value *list, bool all, int depth, struct buf *out)
{
	struct bson_field element;
	struct fields fields;
	size_t count = 0;

	if (list->type != BSON_KIND_ARRAY)
		return 0;
	fields = fields_of(list->data);
	while (fields_next(&fields, &element)) {
		OWNED(buf_release) struct buf part = {0};
		size_t begin = bson_build_begin(&part), kept = 0;
		struct value query;

		if (element.type == BSON_KIND_DOCUMENT)
			kept = redact_query(element.value, depth + 1, &part);
		bson_build_end(&part, begin);
		query = value_document(buf_bytes(&part));
		if (kept > 0)
			value_write_at(out, count++, &query);
		else if (all)
			return 0;
	}
	return count;
}

/* Is a part of the path a number? It may be an element's place, which is another one once elements are taken out. */
static bool has_number(struct bytes path)
{
	bool is_number = true, is_empty = true;

	for (size_t i = 0; i < path.len; i++) {
		if (path.at[i] != '.') {
			is_number &= path.at[i] >= '0' && path.at[i] <= '9';
			is_empty = false;
		} else if (is_number && !is_empty) {
			return true;
		} else {
			is_number = is_empty = true;
		}
	}
	return is_number && !is_empty;
}

/* One field of a query; whether there is something of it. */
static bool redact_field(const struct bson_field *field, int depth, struct buf *out)
{
	OWNED(buf_release) struct buf part = {0};
	struct value v = value_of_field(field);
	size_t begin = bson_build_begin(&part), kept = 0;
	bool is_list = bytes_is(field->name, "$or") || bytes_is(field->name, "$and");

	if (is_list) {
		kept = redact_list(&v, bytes_is(field->name, "$or"), depth, &part);
	} else if ((field->name.len > 0 && field->name.at[0] == '$') || has_number(field->name)) {
		return false;
	} else if (is_plain(&v)) {
		value_write(out, field->name, &v);
		return true;
	} else if (is_operators(&v)) {
		kept = redact_operators(v.data, depth, &part);
	}
	bson_build_end(&part, begin);
	v = is_list ? value_array(buf_bytes(&part)) : value_document(buf_bytes(&part));
	if (kept > 0)
		value_write(out, field->name, &v);
	return kept > 0;
}

#define REDACT_DEPTH_MAX 100

/* Of a query what is safe; its number of fields. Rule: redactSafePortionTopLevel() of mongod. */
static size_t redact_query(struct bytes query, int depth, struct buf *out)
{
	struct fields fields = fields_of(query);
	struct bson_field field;
	size_t count = 0;

	while (depth < REDACT_DEPTH_MAX && fields_next(&fields, &field))
		count += redact_field(&field, depth, out);
	return count;
}

struct bytes reorder_redact_part(struct query_context *q, struct bytes query)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), count = redact_query(query, 0, &out);

	bson_build_end(&out, begin);
	return count == 0 ? bytes_of(NULL, 0) : arena_copy(q->constants, buf_bytes(&out));
}
