/* Prefix: reorder_ - which parts of a query do not look at what a stage changes. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/reorder_part.h"

struct splitting {
	struct query_context *q;
	const struct reorder_change *change;
	struct buf before, after; /* arrays of queries that are being built */
	size_t before_count, after_count;
	bool is_renamed, exprs;
};

/* ---- predicates */

static bool is_operators(const struct value *v)
{
	struct fields fields;
	struct bson_field first;

	if (v->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(v->data);
	return fields_next(&fields, &first) && first.name.len > 0 && first.name.at[0] == '$' &&
	       !bytes_is(first.name, "$ref") && !bytes_is(first.name, "$id") &&
	       !bytes_is(first.name, "$db");
}

static bool leaf_moves(const struct bson_field *field);

static bool leaves_move(struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (!leaf_moves(&field))
			return false;
	return true;
}

/* Predicates on arrays, and on places, are no comparisons of a path's values to mongod. */
static bool leaf_moves(const struct bson_field *field)
{
	static const char *const others[] = {"$elemMatch",  "$size",	      "$geoWithin",
					     "$within",	    "$geoIntersects", "$near",
					     "$nearSphere", "$geoNear",	      "$sampleRate"};
	struct value v = value_of_field(field);
	struct bson_field element;
	struct fields fields;

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (bytes_is(field->name, others[i]))
			return false;
	if (bytes_is(field->name, "$not") && v.type == BSON_KIND_DOCUMENT)
		return leaves_move(v.data);
	if (!bytes_is(field->name, "$all") || v.type != BSON_KIND_ARRAY)
		return true;
	if (value_count(v.data) == 0)
		return false;
	fields = fields_of(v.data);
	while (fields_next(&fields, &element)) {
		struct value one = value_of_field(&element);

		if (is_operators(&one))
			return false;
	}
	return true;
}

static bool query_moves(const struct reorder_change *change, struct bytes query);

static bool list_moves(const struct reorder_change *change, const struct value *list)
{
	struct fields fields = fields_of(list->data);
	struct bson_field element;

	while (fields_next(&fields, &element))
		if (!query_moves(change, element.value))
			return false;
	return true;
}

static bool required_moves(const struct reorder_change *change, struct bytes names)
{
	struct fields fields = fields_of(names);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (v.type != BSON_KIND_STRING || reorder_rename_of(change, v.data) >= 0 ||
		    !reorder_path_moves(change, v.data))
			return false;
	}
	return true;
}

static bool schema_moves(const struct reorder_change *change, const struct value *schema);

static bool schemas_move(const struct reorder_change *change, struct bytes list)
{
	struct fields fields = fields_of(list);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		if (!schema_moves(change, &v))
			return false;
	}
	return true;
}

/* {$jsonSchema: {required: [..]}} is {$exists: true} of its paths, lists of these are $and and $or; others are not looked into. */
static bool schema_moves(const struct reorder_change *change, const struct value *schema)
{
	struct bson_field word;
	struct fields fields;

	if (schema->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(schema->data);
	while (fields_next(&fields, &word)) {
		bool moves = false;

		if (word.type == BSON_KIND_ARRAY && bytes_is(word.name, "required"))
			moves = required_moves(change, word.value);
		else if (word.type == BSON_KIND_ARRAY &&
			 (bytes_is(word.name, "anyOf") || bytes_is(word.name, "allOf")))
			moves = schemas_move(change, word.value);
		if (!moves)
			return false;
	}
	return value_count(schema->data) > 0;
}

static bool field_moves(const struct reorder_change *change, const struct bson_field *field)
{
	struct value v = value_of_field(field);

	if (bytes_is(field->name, "$and") || bytes_is(field->name, "$or") ||
	    bytes_is(field->name, "$nor"))
		return list_moves(change, &v);
	if (bytes_is(field->name, "$expr"))
		return reorder_expr_moves(change, &v);
	if (bytes_is(field->name, "$comment"))
		return true;
	if (bytes_is(field->name, "$jsonSchema"))
		return schema_moves(change, &v);
	if (field->name.len > 0 && field->name.at[0] == '$')
		return false;
	return reorder_path_moves(change, field->name) &&
	       (!is_operators(&v) || leaves_move(v.data));
}

static bool query_moves(const struct reorder_change *change, struct bytes query)
{
	struct fields fields = fields_of(query);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (!field_moves(change, &field))
			return false;
	return true;
}

/* ---- the two halves */

static void copy_renamed(struct splitting *s, struct buf *out, struct bytes query);

static void copy_list(struct splitting *s, struct buf *out, struct bytes name,
		      const struct value *list)
{
	struct buf inner = {0};
	size_t begin = bson_build_begin(&inner), index = 0;
	struct fields fields = fields_of(list->data);
	struct bson_field element;
	struct value v;

	while (fields_next(&fields, &element)) {
		struct buf one = {0};

		copy_renamed(s, &one, element.value);
		v = value_document(buf_bytes(&one));
		value_write_at(&inner, index++, &v);
		buf_release(&one);
	}
	bson_build_end(&inner, begin);
	v = value_array(buf_bytes(&inner));
	value_write(out, name, &v);
	buf_release(&inner);
}

/* One predicate, in the names of before. */
static void copy_field(struct splitting *s, struct buf *out, const struct bson_field *field)
{
	OWNED(buf_release) struct buf path = {0};
	struct value v = value_of_field(field);
	int rename = reorder_rename_of(s->change, field->name);

	if (bytes_is(field->name, "$and") || bytes_is(field->name, "$or") ||
	    bytes_is(field->name, "$nor")) {
		copy_list(s, out, field->name, &v);
		return;
	}
	if (bytes_is(field->name, "$expr"))
		s->is_renamed = reorder_expr_rename(s->q, s->change, &v) || s->is_renamed;
	if (rename < 0 || (field->name.len > 0 && field->name.at[0] == '$')) {
		value_write(out, field->name, &v);
		return;
	}
	reorder_rename_path(s->change, (size_t)rename, field->name, &path);
	value_write(out, buf_bytes(&path), &v);
	s->is_renamed = true;
}

static void copy_renamed(struct splitting *s, struct buf *out, struct bytes query)
{
	struct fields fields = fields_of(query);
	size_t begin = bson_build_begin(out);
	struct bson_field field;

	while (fields_next(&fields, &field))
		copy_field(s, out, &field);
	bson_build_end(out, begin);
}

/* One more query of one of the halves: {name: v}. */
static void put(struct splitting *s, bool before, const struct bson_field *field)
{
	struct buf *out = before ? &s->before : &s->after;
	size_t *count = before ? &s->before_count : &s->after_count;
	struct buf one = {0};
	size_t begin = bson_build_begin(&one);
	struct value v = value_of_field(field), query;

	if (before)
		copy_field(s, &one, field);
	else
		value_write(&one, field->name, &v);
	bson_build_end(&one, begin);
	query = value_document(buf_bytes(&one));
	value_write_at(out, (*count)++, &query);
	buf_release(&one);
}

/* {path: {$a: .., $b: ..}}: each operator for itself; $regex stays with its $options. */
static void split_operators(struct splitting *s, const struct bson_field *field)
{
	struct buf halves[2] = {{0}, {0}};
	size_t begins[2] = {bson_build_begin(&halves[0]), bson_build_begin(&halves[1])};
	struct fields fields = fields_of(field->value);
	struct bson_field op;

	while (fields_next(&fields, &op)) {
		struct value v = value_of_field(&op);

		value_write(&halves[leaf_moves(&op)], op.name, &v);
	}
	for (size_t i = 0; i < 2; i++) {
		struct bson_field part = *field;

		bson_build_end(&halves[i], begins[i]);
		part.value = buf_bytes(&halves[i]);
		if (part.value.len > BSON_MIN_LEN)
			put(s, i == 1, &part);
		buf_release(&halves[i]);
	}
}

/* Of {$expr: {$and: [..]}} mongod has the comparisons with constants as predicates as well: these go, and the whole stays. */
static bool is_comparison(const struct value *v)
{
	static const char *const names[] = {"$eq", "$gt", "$gte", "$lt", "$lte"};
	struct bson_field op = {0};
	struct value a, b;
	struct fields fields;

	if (v->type != BSON_KIND_DOCUMENT || value_count(v->data) != 1)
		return false;
	fields = fields_of(v->data);
	if (!fields_next(&fields, &op) || op.type != BSON_KIND_ARRAY || value_count(op.value) != 2)
		return false;
	a = value_at(op.value, 0);
	b = value_at(op.value, 1);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_is(op.name, names[i]))
			return a.type == BSON_KIND_STRING && a.data.len > 1 &&
			       a.data.at[0] == '$' && a.data.at[1] != '$' &&
			       b.type != BSON_KIND_STRING && b.type != BSON_KIND_DOCUMENT &&
			       b.type != BSON_KIND_ARRAY && b.type != BSON_KIND_NULL &&
			       b.type != BSON_KIND_UNDEFINED;
	return false;
}

static void split_expr(struct splitting *s, const struct bson_field *field)
{
	struct value v = value_of_field(field), list = value_missing();
	struct bson_field element;
	struct fields fields;

	if (s->exprs && v.type == BSON_KIND_DOCUMENT && value_count(v.data) == 1)
		list = value_get(v.data, bytes_str("$and"));
	if (list.type == BSON_KIND_ARRAY) {
		fields = fields_of(list.data);
		while (fields_next(&fields, &element)) {
			struct value one = value_of_field(&element);
			struct bson_field part = element;

			part.name = field->name;
			if (is_comparison(&one) && reorder_expr_moves(s->change, &one))
				put(s, true, &part);
		}
	}
	put(s, false, field);
}

static void split_query(struct splitting *s, struct bytes query);

/* {$nor: [a, b]} is {$nor: [a]} and {$nor: [b]}. */
static void split_nor(struct splitting *s, const struct bson_field *field)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		struct bson_field one = *field;
		struct buf list = {0};
		size_t begin = bson_build_begin(&list);
		struct value v = value_of_field(&element);

		value_write_at(&list, 0, &v);
		bson_build_end(&list, begin);
		one.value = buf_bytes(&list);
		put(s, query_moves(s->change, element.value), &one);
		buf_release(&list);
	}
}

static void split_field(struct splitting *s, const struct bson_field *field)
{
	struct value v = value_of_field(field);

	if (bytes_is(field->name, "$and")) {
		struct fields fields = fields_of(v.data);
		struct bson_field element;

		while (fields_next(&fields, &element))
			split_query(s, element.value);
	} else if (bytes_is(field->name, "$nor")) {
		split_nor(s, field);
	} else if (bytes_is(field->name, "$expr") && !reorder_expr_moves(s->change, &v)) {
		split_expr(s, field);
	} else if (field->name.len > 0 && field->name.at[0] == '$') {
		put(s, field_moves(s->change, field), field);
	} else if (is_operators(&v) && reorder_path_moves(s->change, field->name)) {
		split_operators(s, field);
	} else {
		put(s, field_moves(s->change, field), field);
	}
}

static void split_query(struct splitting *s, struct bytes query)
{
	struct fields fields = fields_of(query);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (!bytes_is(field.name, "$comment"))
			split_field(s, &field);
}

/* The queries of a half as one; a single one is itself. */
static struct bytes half(struct query_context *q, const struct buf *list, size_t count)
{
	OWNED(buf_release) struct buf out = {0};
	struct value v = value_array(buf_bytes(list));
	size_t begin;

	if (count == 0)
		return bytes_of(NULL, 0);
	if (count == 1)
		return arena_copy(q->constants, value_at(v.data, 0).data);
	begin = bson_build_begin(&out);
	value_write(&out, bytes_str("$and"), &v);
	bson_build_end(&out, begin);
	return arena_copy(q->constants, buf_bytes(&out));
}

void reorder_split(struct query_context *q, struct bytes query, const struct reorder_change *change,
		   bool exprs, struct bytes *ret_before, struct bytes *ret_after)
{
	struct splitting s = {.q = q, .change = change, .exprs = exprs};
	size_t before = bson_build_begin(&s.before), after = bson_build_begin(&s.after);

	split_query(&s, query);
	bson_build_end(&s.before, before);
	bson_build_end(&s.after, after);
	*ret_before = half(q, &s.before, s.before_count);
	*ret_after = half(q, &s.after, s.after_count);
	/* As it was written, where it goes or stays as a whole. */
	if (s.before_count == 0)
		*ret_after = query;
	else if (s.after_count == 0 && !s.is_renamed)
		*ret_before = query;
	buf_release(&s.before);
	buf_release(&s.after);
}
