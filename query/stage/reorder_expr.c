/* Prefix: reorder_ - what expressions look at, and the same in the names of before a stage. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/reorder_part.h"

/* Is a text of an expression a path of the document ("$a.b", "$$ROOT.a.b")? *ret: "a.b", of the document itself "". */
static bool is_document_path(struct bytes text, struct bytes *ret)
{
	static const char *const roots[] = {"$$ROOT", "$$CURRENT"};

	if (text.len < 2 || text.at[0] != '$')
		return false;
	*ret = bytes_of(text.at + 1, text.len - 1);
	if (text.at[1] != '$')
		return true;
	for (size_t i = 0; i < COUNT_OF(roots); i++) {
		size_t len = MIN_OF(strlen(roots[i]) + 1, text.len);

		*ret = bytes_of(text.at + len, text.len - len);
		if (reorder_is_within(text, bytes_str(roots[i])))
			return true;
	}
	return false;
}

static bool text_moves(const struct reorder_change *change, struct bytes text)
{
	struct bytes path;

	if (!is_document_path(text, &path))
		return true;
	return path.len > 0 &&
	       (reorder_rename_of(change, path) >= 0 || reorder_path_stays(change, path));
}

/* {$and: [false, ..]}: it is folded before anything is moved. */
static bool is_decided(const struct bson_field *op)
{
	bool is_and = bytes_is(op->name, "$and");
	struct fields fields = fields_of(op->value);
	struct bson_field element;

	if (op->type != BSON_KIND_ARRAY || (!is_and && !bytes_is(op->name, "$or")))
		return false;
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (v.type != BSON_KIND_STRING && v.type != BSON_KIND_DOCUMENT &&
		    v.type != BSON_KIND_ARRAY && value_is_true(&v) != is_and)
			return true;
	}
	return false;
}

/* What looks at more than the paths in it: {$getField: name} is of the document as a whole, with an input of that alone. */
static bool is_opaque(const struct bson_field *op, const struct value *operand)
{
	static const char *const opaque[] = {"$meta", "$rand", "$function", "$accumulator"};
	struct value input = value_missing();

	for (size_t i = 0; i < COUNT_OF(opaque); i++)
		if (bytes_is(op->name, opaque[i]))
			return true;
	if (!bytes_is(op->name, "$getField"))
		return false;
	if (operand->type == BSON_KIND_DOCUMENT)
		input = value_get(operand->data, bytes_str("input"));
	return value_is_missing(&input);
}

static bool operator_moves(const struct reorder_change *change, struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (bytes_is(field.name, "$literal") || bytes_is(field.name, "$const") ||
		    is_decided(&field))
			continue;
		if (is_opaque(&field, &v) || !reorder_expr_moves(change, &v))
			return false;
	}
	return true;
}

bool reorder_expr_moves(const struct reorder_change *change, const struct value *v)
{
	if (v->type == BSON_KIND_STRING)
		return text_moves(change, v->data);
	if (v->type == BSON_KIND_DOCUMENT || v->type == BSON_KIND_ARRAY)
		return operator_moves(change, v->data);
	return true;
}

struct renaming {
	struct query_context *q;
	const struct reorder_change *change;
	bool is_any;
};

static struct value renamed_expr(struct renaming *r, struct value v);

/* An expression's document or array. */
static struct value renamed_operands(struct renaming *r, const struct value *v)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out);
	struct fields fields = fields_of(v->data);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value one = value_of_field(&field);

		if (!bytes_is(field.name, "$literal") && !bytes_is(field.name, "$const"))
			one = renamed_expr(r, one);
		value_write(&out, field.name, &one);
	}
	bson_build_end(&out, begin);
	return (struct value){.type = v->type,
			      .data = arena_copy(r->q->constants, buf_bytes(&out))};
}

static struct value renamed_expr(struct renaming *r, struct value v)
{
	OWNED(buf_release) struct buf out = {0};
	struct bytes path;
	int rename = -1;

	if (v.type == BSON_KIND_DOCUMENT || v.type == BSON_KIND_ARRAY)
		return renamed_operands(r, &v);
	if (v.type == BSON_KIND_STRING && is_document_path(v.data, &path))
		rename = reorder_rename_of(r->change, path);
	if (rename < 0)
		return v;
	buf_add_u8(&out, '$');
	reorder_rename_path(r->change, (size_t)rename, path, &out);
	r->is_any = true;
	v.data = arena_copy(r->q->constants, buf_bytes(&out));
	return v;
}

bool reorder_expr_rename(struct query_context *q, const struct reorder_change *change,
			 struct value *v)
{
	struct renaming r = {.q = q, .change = change};

	if (change->rename_count > 0)
		*v = renamed_expr(&r, *v);
	return r.is_any;
}
