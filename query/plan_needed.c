#include "query/plan_needed.h"

#include "base/bson_build.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/plan.h"
#include "query/stage/reorder_part.h"
#include "query/value.h"

#define PATHS_MAX 64

struct needed {
	struct bytes paths[PATHS_MAX];
	size_t count;
	bool all; /* of the document; or it is not known */
};

static void add_path(struct needed *n, struct bytes path)
{
	struct error ignored;

	if (n->count == PATHS_MAX || field_path_check(path, &ignored) < 0)
		n->all = true;
	else
		n->paths[n->count++] = path;
}

static void add_text(struct needed *n, const struct value *spec, const char *name)
{
	struct value v = value_get(spec->data, bytes_str(name));

	if (v.type == BSON_KIND_STRING)
		add_path(n, v.data);
}

/* ---- expressions, queries */

static void add_text_expr(struct needed *n, struct bytes text)
{
	if (text.len < 2 || text.at[0] != '$')
		return;
	if (text.at[1] != '$')
		add_path(n, bytes_of(text.at + 1, text.len - 1));
	else
		n->all |= memmem(text.at, text.len, "$$ROOT", 6) != NULL ||
			  memmem(text.at, text.len, "$$CURRENT", 9) != NULL;
}

static void add_expr(struct needed *n, const struct value *v)
{
	struct bson_field field;
	struct fields fields;

	if (v->type == BSON_KIND_STRING)
		add_text_expr(n, v->data);
	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return;
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value inner = value_of_field(&field);

		if (bytes_is(field.name, "$literal") || bytes_is(field.name, "$const"))
			continue;
		/* They look at the document as a whole, or name fields by keys. */
		n->all |= bytes_is(field.name, "$getField") || bytes_is(field.name, "$meta") ||
			  bytes_is(field.name, "sortBy");
		add_expr(n, &inner);
	}
}

static void add_query(struct needed *n, const struct value *query)
{
	struct bson_field field;
	struct fields fields;

	if (query->type != BSON_KIND_DOCUMENT) {
		n->all = true;
		return;
	}
	fields = fields_of(query->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		struct bson_field element;
		struct fields list;

		if (field.name.len == 0 || field.name.at[0] != '$') {
			add_path(n, reorder_needed_of(field.name));
		} else if (bytes_is(field.name, "$expr")) {
			add_expr(n, &v);
		} else if (v.type == BSON_KIND_ARRAY) {
			list = fields_of(v.data);
			while (fields_next(&list, &element)) {
				struct value one = value_of_field(&element);

				add_query(n, &one);
			}
		} else {
			n->all |= !bytes_is(field.name, "$comment");
		}
	}
}

/* ---- stages */

static bool is_operator(const struct value *v)
{
	struct fields fields;
	struct bson_field first;

	if (v->type != BSON_KIND_DOCUMENT)
		return true;
	fields = fields_of(v->data);
	return !fields_next(&fields, &first) || first.name.at[0] == '$';
}

/* The path of a field's document; len 0 at the top. */
static struct bytes above(struct bytes path)
{
	size_t len = path.len;

	while (len > 0 && path.at[len - 1] != '.')
		len--;
	return bytes_of(path.at, len > 0 ? len - 1 : 0);
}

/* $addFields and an inclusion: what is kept or computed. Of what is computed below a path all of that: arrays on the way count. */
static void add_fields(struct query_context *q, struct needed *n, struct bytes prefix,
		       const struct value *spec, bool keeps)
{
	struct fields fields = fields_of(spec->data);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		OWNED(buf_release) struct buf text = {0};
		struct bytes path;

		buf_add_bytes(&text, prefix);
		if (prefix.len > 0)
			buf_add_u8(&text, '.');
		buf_add_bytes(&text, field.name);
		path = arena_copy(q->constants, buf_bytes(&text));
		if (!is_operator(&v)) {
			add_fields(q, n, path, &v, keeps);
		} else if (keeps && (value_is_number(&v) || v.type == BSON_KIND_BOOL)) {
			if (value_is_true(&v))
				add_path(n, path);
		} else {
			if (above(path).len > 0)
				add_path(n, above(path));
			add_expr(n, &v);
		}
	}
}

/* Is it an exclusion: is the first leaf that is not _id false, or is there none and _id is? */
static bool excludes(const struct value *spec)
{
	struct fields fields = fields_of(spec->data);
	struct bson_field field;
	struct value v = value_missing();

	while (fields_next(&fields, &field)) {
		v = value_of_field(&field);
		if (!bytes_is(field.name, "_id"))
			break;
	}
	return !is_operator(&v)
		       ? excludes(&v)
		       : (value_is_number(&v) || v.type == BSON_KIND_BOOL) && !value_is_true(&v);
}

static void add_names(struct needed *n, const struct value *spec)
{
	struct fields fields = fields_of(spec->data);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		add_path(n, field.name);
		n->all |= field.type == BSON_KIND_DOCUMENT;
	}
}

/* Does the stage end it: is nothing of the document left behind it but what it computes or keeps? */
static bool add_stage_end(struct query_context *q, struct needed *n, struct bytes name,
			  const struct value *operand)
{
	static const char *const ends[] = {"$group",	  "$count",	  "$sortByCount", "$bucket",
					   "$bucketAuto", "$replaceRoot", "$replaceWith"};
	bool is_project = bytes_is(name, "$project") && operand->type == BSON_KIND_DOCUMENT;
	struct value id;

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		if (!bytes_is(name, ends[i]))
			continue;
		if (!bytes_is(name, "$count"))
			add_expr(n, operand);
		return true;
	}
	if (!is_project || excludes(operand))
		return false;
	id = value_get(operand->data, bytes_str("_id"));
	if (value_is_missing(&id))
		add_path(n, bytes_str("_id"));
	add_fields(q, n, bytes_of(NULL, 0), operand, true);
	return true;
}

static void add_lookup(struct needed *n, const struct value *operand)
{
	struct value let = value_get(operand->data, bytes_str("let"));

	add_text(n, operand, "localField");
	add_expr(n, &let);
}

static struct value unwound(const struct value *operand)
{
	return operand->type == BSON_KIND_DOCUMENT ? value_get(operand->data, bytes_str("path"))
						   : *operand;
}

static void add_unwind(struct needed *n, const struct value *operand)
{
	struct value path = unwound(operand);

	add_expr(n, &path);
}

static void add_stage(struct query_context *q, struct needed *n, struct bytes name,
		      const struct value *operand)
{
	bool is_doc = operand->type == BSON_KIND_DOCUMENT;

	if (bytes_is(name, "$limit") || bytes_is(name, "$skip") || bytes_is(name, "$unset") ||
	    (is_doc && bytes_is(name, "$project")))
		return;
	if (bytes_is(name, "$match"))
		add_query(n, operand);
	else if (bytes_is(name, "$unwind"))
		add_unwind(n, operand);
	else if (is_doc && bytes_is(name, "$sort"))
		add_names(n, operand);
	else if (is_doc && bytes_is(name, "$lookup"))
		add_lookup(n, operand);
	else if (is_doc && (bytes_is(name, "$addFields") || bytes_is(name, "$set")))
		add_fields(q, n, bytes_of(NULL, 0), operand, false);
	else
		n->all = true;
}

/* ---- the pipeline */

/* Is a part behind the first a number? Also "01": a localField may have it. */
static bool has_place(struct bytes path)
{
	struct bytes rest, name = field_path_first(path, &rest);

	while (rest.at != NULL) {
		size_t digits = 0;

		name = field_path_first(rest, &rest);
		while (digits < name.len && name.at[digits] >= '0' && name.at[digits] <= '9')
			digits++;
		if (digits > 0 && digits == name.len)
			return true;
	}
	return false;
}

/* Does the stage look for an element's place? */
static bool asks_place(struct bytes name, const struct value *operand)
{
	struct bson_field field;
	struct fields fields;
	struct value local;

	if (operand->type != BSON_KIND_DOCUMENT)
		return false;
	local = value_get(operand->data, bytes_str("localField"));
	if (bytes_is(name, "$lookup"))
		return local.type == BSON_KIND_STRING && has_place(local.data);
	fields = fields_of(operand->data);
	while (bytes_is(name, "$sort") && fields_next(&fields, &field))
		if (has_place(field.name))
			return true;
	return false;
}

/* {_id: 0, a: 1, ..}: each path once, and none below another. */
static struct bytes projection(struct query_context *q, const struct needed *n)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), stage = bson_build_open(&out, "$project");
	struct value one = value_int32(1), none = value_int32(0);
	bool has_id = false;

	for (size_t i = 0; i < n->count; i++) {
		bool is_below = false;

		for (size_t k = 0; k < n->count; k++)
			is_below |= k != i && reorder_is_within(n->paths[i], n->paths[k]) &&
				    (k < i || n->paths[i].len > n->paths[k].len);
		if (is_below)
			continue;
		has_id |= reorder_is_within(n->paths[i], bytes_str("_id"));
		value_write(&out, n->paths[i], &one);
	}
	if (!has_id)
		value_write(&out, bytes_str("_id"), &none);
	bson_build_end(&out, stage);
	bson_build_end(&out, begin);
	return arena_copy(q->constants, buf_bytes(&out));
}

static struct bytes insert(struct query_context *q, struct bytes pipeline, size_t place,
			   struct bytes stage)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), count = 0;
	struct value made = value_document(stage);
	struct fields fields = fields_of(pipeline);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (count == place)
			value_write_at(&out, count++, &made);
		value_write_at(&out, count++, &v);
	}
	bson_build_end(&out, begin);
	return arena_copy(q->constants, buf_bytes(&out));
}

struct bytes plan_needed(struct query_context *q, struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline), inner;
	struct bson_field element, stage;
	struct needed n = {.count = 0};
	size_t lead = 0, at = 0;
	bool asks = false, ends = false, in_lead = true;
	struct value lookup = value_missing();

	for (; !ends && !n.all && fields_next(&fields, &element); at++) {
		struct value operand;

		inner = fields_of(element.value);
		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			return pipeline;
		operand = value_of_field(&stage);
		if (in_lead && ((at == 0 && bytes_is(stage.name, "$match")) ||
				bytes_is(stage.name, "$sort"))) {
			lead = at + 1;
			in_lead = bytes_is(stage.name, "$match");
			continue;
		}
		in_lead = false;
		asks |= asks_place(stage.name, &operand);
		ends = add_stage_end(q, &n, stage.name, &operand);
		/* Of a $lookup and an $unwind of what it gives mongod makes one stage, which asks for no such field. */
		if (!ends && !(bytes_is(stage.name, "$unwind") && !value_is_missing(&lookup) &&
			       reorder_is_unwound(&lookup, &operand)))
			add_stage(q, &n, stage.name, &operand);
		lookup = bytes_is(stage.name, "$lookup") ? operand : value_missing();
	}
	return asks && ends && !n.all ? insert(q, pipeline, lead, projection(q, &n)) : pipeline;
}
