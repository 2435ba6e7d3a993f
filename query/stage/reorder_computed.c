/* Prefix: reorder_ - of what an expression computes: which fields are others under a new name. Rules: getComputedPaths() of expression.cpp. */
#include "query/fields.h"
#include "query/stage/reorder_part.h"

void reorder_add_path(struct reorder_change *change, struct bytes path)
{
	if (change->path_count == REORDER_PATHS_MAX)
		change->too_many = true;
	else
		change->paths[change->path_count++] = path;
}

static void add_rename(struct reorder_change *change, struct bytes to, struct bytes from)
{
	if (change->rename_count == REORDER_PATHS_MAX) {
		change->too_many = true;
		return;
	}
	change->renames[change->rename_count].to = to;
	change->renames[change->rename_count++].from = from;
}

struct bytes reorder_join(struct query_context *q, struct bytes prefix, struct bytes name)
{
	OWNED(buf_release) struct buf path = {0};

	if (prefix.len == 0)
		return name;
	buf_add_bytes(&path, prefix);
	buf_add_u8(&path, '.');
	buf_add_bytes(&path, name);
	return arena_copy(q->constants, buf_bytes(&path));
}

bool reorder_is_operator(const struct value *v)
{
	struct fields fields;
	struct bson_field first;

	if (v->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(v->data);
	return !fields_next(&fields, &first) || (first.name.len > 0 && first.name.at[0] == '$');
}

/* Is the text "$$" and the variable, a point, and more? What comes behind. */
static bool is_of_variable(struct bytes text, struct bytes variable, struct bytes *ret)
{
	size_t begin = 2 + variable.len + 1;

	if (text.len <= begin || memcmp(text.at, "$$", 2) != 0 || text.at[begin - 1] != '.' ||
	    memcmp(text.at + 2, variable.at, variable.len) != 0)
		return false;
	*ret = bytes_of(text.at + begin, text.len - begin);
	return true;
}

/* Is it one field, not one of a field, of the variable (empty: of the document)? */
static bool is_one_field(const struct value *v, struct bytes variable, struct bytes *ret)
{
	if (v->type != BSON_KIND_STRING || v->data.len < 2 || v->data.at[0] != '$')
		return false;
	if (variable.len > 0) {
		if (!is_of_variable(v->data, variable, ret))
			return false;
	} else if (v->data.at[1] != '$') {
		*ret = bytes_of(v->data.at + 1, v->data.len - 1);
	} else if (!is_of_variable(v->data, bytes_str("ROOT"), ret) &&
		   !is_of_variable(v->data, bytes_str("CURRENT"), ret)) {
		return false;
	}
	return memchr(ret->at, '.', ret->len) == NULL;
}

/* Is it a $map of one field of the variable? The name of its own, and what it makes of each element. */
static bool is_map(const struct value *v, struct bytes variable, struct bytes *ret_array,
		   struct bytes *ret_as, struct value *ret_in)
{
	struct value map, input, as;

	if (v->type != BSON_KIND_DOCUMENT)
		return false;
	map = value_get(v->data, bytes_str("$map"));
	if (map.type != BSON_KIND_DOCUMENT)
		return false;
	input = value_get(map.data, bytes_str("input"));
	as = value_get(map.data, bytes_str("as"));
	*ret_as = as.type == BSON_KIND_STRING ? as.data : bytes_str("this");
	*ret_in = value_get(map.data, bytes_str("in"));
	return is_one_field(&input, variable, ret_array);
}

static bool has_rename(const struct value *v, struct bytes variable)
{
	struct bytes name, as;
	struct bson_field field;
	struct fields fields;
	struct value in;

	if (is_one_field(v, variable, &name))
		return true;
	if (is_map(v, variable, &name, &as, &in))
		return has_rename(&in, as);
	if (v->type != BSON_KIND_DOCUMENT || reorder_is_operator(v))
		return false;
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value one = value_of_field(&field);

		if (has_rename(&one, variable))
			return true;
	}
	return false;
}

static void add_computed(struct query_context *q, struct reorder_change *change, struct bytes to,
			 const struct value *v, struct bytes variable, struct bytes base)
{
	struct bytes name, as;
	struct bson_field field;
	struct fields fields;
	struct value in;

	if (is_one_field(v, variable, &name)) {
		add_rename(change, to, reorder_join(q, base, name));
	} else if (is_map(v, variable, &name, &as, &in) && has_rename(&in, as)) {
		add_computed(q, change, to, &in, as, reorder_join(q, base, name));
	} else if (v->type == BSON_KIND_DOCUMENT && !reorder_is_operator(v)) {
		fields = fields_of(v->data);
		while (fields_next(&fields, &field)) {
			struct value one = value_of_field(&field);

			add_computed(q, change, reorder_join(q, to, field.name), &one, variable,
				     base);
		}
	} else if (!change->all_except) {
		reorder_add_path(change, to);
	}
}

void reorder_add_computed(struct query_context *q, struct reorder_change *change, struct bytes to,
			  const struct value *v)
{
	add_computed(q, change, to, v, bytes_of(NULL, 0), bytes_of(NULL, 0));
}
