#include "query/fields.h"
#include "query/match/match_node.h"

/* ---- nodes */

struct match_node *match_node_new(struct match_parser *p, enum match_kind kind)
{
	struct match_node *node = arena_zeroed(p->arena, sizeof(*node));

	node->kind = kind;
	node->slot = -1;
	return node;
}

struct match_node *match_leaf_new(struct match_parser *p, enum match_kind kind, struct bytes path)
{
	struct match_node *node = match_node_new(p, kind);

	path_parse(p->arena, path, &node->path);
	node->in_elements = kind != MATCH_SIZE && kind != MATCH_ELEM_OBJECT &&
			    kind != MATCH_ELEM_VALUE && kind != MATCH_GEO;
	return node;
}

void match_list_add(struct match_parser *p, struct match_list *list, const struct match_node *node)
{
	if (node == NULL)
		return;
	if (list->count == list->cap) {
		const struct match_node **at;

		list->cap = MAX_OF(list->cap * 2, (size_t)4);
		at = arena_get(p->arena, list->cap * sizeof(*at));
		for (size_t i = 0; i < list->count; i++)
			at[i] = list->at[i];
		list->at = at;
	}
	list->at[list->count++] = node;
}

struct match_node *match_tree_new(struct match_parser *p, enum match_kind kind,
				  const struct match_list *list)
{
	struct match_node *node = match_node_new(p, kind);

	node->children = list->at;
	node->count = list->count;
	return node;
}

struct match_node *match_not_new(struct match_parser *p, const struct match_node *child)
{
	struct match_list one = {0};

	match_list_add(p, &one, child);
	return match_tree_new(p, MATCH_NOT, &one);
}

static bool begins_with_dollar(struct bytes name)
{
	return name.len > 0 && name.at[0] == '$';
}

/* Does a document look like {$ref: .., $id: ..}? */
static bool is_dbref(struct bytes doc, bool incomplete)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	bool ref = false, id = false, db = false;

	while (fields_next(&fields, &field)) {
		ref |= bytes_is(field.name, "$ref");
		id |= bytes_is(field.name, "$id");
		db |= bytes_is(field.name, "$db");
	}
	return incomplete ? ref || id || db : ref && id;
}

bool match_is_operators(const struct value *v, bool incomplete_dbref)
{
	struct fields fields;
	struct bson_field first;

	if (v->type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(v->data);
	return fields_next(&fields, &first) && begins_with_dollar(first.name) &&
	       !is_dbref(v->data, incomplete_dbref);
}

/* ---- {path: {$op: operand, ..}} */

int match_parse_compare(struct match_parser *p, enum match_kind kind, struct bytes name,
			const struct value *v, const struct match_node **ret)
{
	struct match_node *node;

	if (v->type == BSON_KIND_UNDEFINED)
		return query_error(p->e, QUERY_BAD_VALUE, "cannot compare to undefined");
	if (kind != MATCH_EQ && v->type == BSON_KIND_REGEX)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "Can't have RegEx as arg to predicate over field '%.*s'.",
				   (int)name.len, (const char *)name.at);
	node = match_leaf_new(p, kind, name);
	node->value = *v;
	node->collated = true;
	*ret = node;
	return 0;
}

static int parse_not(struct match_parser *p, struct bytes name, const struct value *v,
		     enum match_level level, const struct match_node **ret)
{
	struct match_list list = {0};
	const struct match_node *regex = NULL;

	if (v->type == BSON_KIND_REGEX) {
		if (match_parse_regex_value(p, name, v, &regex) < 0)
			return p->e->code;
		*ret = match_not_new(p, regex);
		return 0;
	}
	if (v->type != BSON_KIND_DOCUMENT)
		return query_error(p->e, QUERY_BAD_VALUE, "$not needs a regex or a document");
	if (v->data.len <= BSON_MIN_LEN)
		return query_error(p->e, QUERY_BAD_VALUE, "$not cannot be empty");
	if (match_parse_field(p, name, v->data, level, &list) < 0)
		return p->e->code;
	*ret = match_not_new(p, match_tree_new(p, MATCH_AND, &list));
	return 0;
}

static int parse_elem_match(struct match_parser *p, struct bytes name,
			    const struct bson_field *field, const struct match_node **ret)
{
	struct value v = value_of_field(field);
	struct match_list list = {0};
	const struct match_node *root = NULL;
	struct match_node *node;
	struct bson_field first;
	struct fields fields;

	if (v.type != BSON_KIND_DOCUMENT)
		return query_error(p->e, QUERY_BAD_VALUE, "$elemMatch needs an Object");
	fields = fields_of(v.data);
	if (match_is_operators(&v, true) && fields_next(&fields, &first) &&
	    !match_is_pathless(first.name)) {
		if (match_parse_field(p, bytes_of("", 0), v.data, MATCH_LEVEL_SUB, &list) < 0)
			return p->e->code;
		node = match_leaf_new(p, MATCH_ELEM_VALUE, name);
		node->children = list.at;
		node->count = list.count;
	} else {
		if (match_parse_document(p, v.data, MATCH_LEVEL_SUB, &root) < 0)
			return p->e->code;
		node = match_leaf_new(p, MATCH_ELEM_OBJECT, name);
		node->sub = match_level_of(p, root);
	}
	*ret = node;
	return 0;
}

static bool is_field_operator(struct bytes name);

/* $all: [{$elemMatch: ..}, ..] */
static int parse_all_elem_match(struct match_parser *p, struct bytes name, struct bytes array,
				struct match_list *list)
{
	struct fields fields = fields_of(array), inner;
	struct bson_field element, first;

	while (fields_next(&fields, &element)) {
		const struct match_node *node = NULL;

		inner = fields_of(element.value);
		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &first) ||
		    !bytes_is(first.name, "$elemMatch"))
			return query_error(p->e, QUERY_BAD_VALUE,
					   "$all/$elemMatch has to be consistent");
		if (parse_elem_match(p, name, &first, &node) < 0)
			return p->e->code;
		match_list_add(p, list, node);
	}
	return 0;
}

/* Words in front of a value of $all that are refused; others are fields like any. What mongod takes for these was measured. */
static bool is_known_operator(const struct value *v)
{
	static const char *const others[] = {"$ne",
					     "$nin",
					     "$options",
					     "$_internalExprEq",
					     "$_internalExprGt",
					     "$_internalExprGte",
					     "$_internalExprLt",
					     "$_internalExprLte"};
	struct fields fields = fields_of(v->data);
	struct bson_field first;

	if (!fields_next(&fields, &first) || bytes_is(first.name, "$not"))
		return false;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (bytes_is(first.name, others[i]))
			return true;
	return is_field_operator(first.name);
}

static int parse_all_values(struct match_parser *p, struct bytes name, struct bytes array,
			    struct match_list *list)
{
	struct fields fields = fields_of(array);
	struct bson_field element;

	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);
		const struct match_node *node = NULL;
		int code;

		if (v.type == BSON_KIND_REGEX)
			code = match_parse_regex_value(p, name, &v, &node);
		else if (match_is_operators(&v, false) && is_known_operator(&v))
			code = query_error(p->e, QUERY_BAD_VALUE, "no $ expressions in $all");
		else
			code = match_parse_compare(p, MATCH_EQ, name, &v, &node);
		if (code < 0)
			return code;
		match_list_add(p, list, node);
	}
	return 0;
}

static int parse_all(struct match_parser *p, struct bytes name, const struct value *v,
		     const struct match_node **ret)
{
	struct match_list list = {0};
	struct bson_field first, inner;
	struct fields fields, below;
	int code;

	if (v->type != BSON_KIND_ARRAY)
		return query_error(p->e, QUERY_BAD_VALUE, "$all needs an array");
	fields = fields_of(v->data);
	if (fields_next(&fields, &first) && first.type == BSON_KIND_DOCUMENT &&
	    (below = fields_of(first.value), fields_next(&below, &inner)) &&
	    bytes_is(inner.name, "$elemMatch"))
		code = parse_all_elem_match(p, name, v->data, &list);
	else
		code = parse_all_values(p, name, v->data, &list);
	if (code < 0)
		return code;
	*ret = list.count == 0 ? match_node_new(p, MATCH_ALWAYS_FALSE)
			       : match_tree_new(p, MATCH_AND, &list);
	return 0;
}

static const struct {
	const char *name;
	enum match_kind kind;
} field_operators[] = {
	{"$eq", MATCH_EQ},
	{"$gt", MATCH_GT},
	{"$gte", MATCH_GTE},
	{"$lt", MATCH_LT},
	{"$lte", MATCH_LTE},
	{"$in", MATCH_IN},
	{"$size", MATCH_SIZE},
	{"$type", MATCH_TYPE},
	{"$mod", MATCH_MOD},
	{"$exists", MATCH_EXISTS},
	{"$regex", MATCH_REGEX},
	{"$elemMatch", MATCH_ELEM_OBJECT},
	{"$all", MATCH_AND},
	{"$not", MATCH_NOT},
	{"$bitsAllSet", MATCH_BITS_ALL_SET},
	{"$bitsAllClear", MATCH_BITS_ALL_CLEAR},
	{"$bitsAnySet", MATCH_BITS_ANY_SET},
	{"$bitsAnyClear", MATCH_BITS_ANY_CLEAR},
	{"$geoWithin", MATCH_GEO},
	{"$within", MATCH_GEO},
	{"$geoIntersects", MATCH_GEO},
	{"$near", MATCH_GEO_NEAR},
	{"$nearSphere", MATCH_GEO_NEAR},
	{"$geoNear", MATCH_GEO_NEAR},
};

static bool is_field_operator(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(field_operators); i++)
		if (bytes_is(name, field_operators[i].name))
			return true;
	return false;
}

const char *match_operator_name(enum match_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(field_operators); i++)
		if (field_operators[i].kind == kind)
			return field_operators[i].name;
	return NULL;
}

/* The operators that are another one's, or its negation. */
static int parse_derived(struct match_parser *p, struct bytes name, struct bytes doc,
			 const struct bson_field *field, const struct match_node **ret)
{
	struct value v = value_of_field(field);
	const struct match_node *node = NULL;
	struct bson_field regex;

	if (bytes_is(field->name, "$ne")) {
		if (v.type == BSON_KIND_REGEX)
			return query_error(p->e, QUERY_BAD_VALUE,
					   "Can't have regex as arg to $ne.");
		if (match_parse_compare(p, MATCH_EQ, name, &v, &node) < 0)
			return p->e->code;
		*ret = match_not_new(p, node);
		return 0;
	}
	if (bytes_is(field->name, "$nin")) {
		if (match_parse_in(p, name, field, &node) < 0)
			return p->e->code;
		*ret = match_not_new(p, node);
		return 0;
	}
	if (bytes_is(field->name, "$options")) {
		if (fields_find(doc, bytes_str("$regex"), &regex))
			return 0;
		return query_error(p->e, QUERY_BAD_VALUE, "$options needs a $regex");
	}
	if (bytes_is(field->name, "$where"))
		return query_error(p->e, QUERY_BAD_VALUE, "$where cannot be applied to a field");
	return query_error(p->e, QUERY_BAD_VALUE, "unknown operator: %.*s", (int)field->name.len,
			   (const char *)field->name.at);
}

static int parse_exists(struct match_parser *p, struct bytes name, const struct value *v,
			const struct match_node **ret)
{
	const struct match_node *node = match_leaf_new(p, MATCH_EXISTS, name);

	/* BSONElement::trueValue(): as in aggregation, but for undefined, which is false there too. */
	*ret = value_is_true(v) ? node : match_not_new(p, node);
	return 0;
}

static int near_first(struct match_parser *p, struct bytes doc)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_bson(doc, false, &text);
	return query_error(p->e, QUERY_BAD_VALUE, "near must be first in: %s", buf_text(&text));
}

static int parse_operator(struct match_parser *p, enum match_kind kind, struct bytes name,
			  struct bytes doc, const struct bson_field *field, enum match_level level,
			  const struct match_node **ret)
{
	struct value v = value_of_field(field);

	switch (kind) {
	case MATCH_IN:
		return match_parse_in(p, name, field, ret);
	case MATCH_SIZE:
		return match_parse_size(p, name, field, ret);
	case MATCH_TYPE:
		return match_parse_type(p, name, field, ret);
	case MATCH_MOD:
		return match_parse_mod(p, name, field, ret);
	case MATCH_EXISTS:
		return parse_exists(p, name, &v, ret);
	case MATCH_REGEX:
		return match_parse_regex(p, name, doc, ret);
	case MATCH_ELEM_OBJECT:
		return parse_elem_match(p, name, field, ret);
	case MATCH_AND:
		return parse_all(p, name, &v, ret);
	case MATCH_NOT:
		return parse_not(p, name, &v, level, ret);
	case MATCH_BITS_ALL_SET:
	case MATCH_BITS_ALL_CLEAR:
	case MATCH_BITS_ANY_SET:
	case MATCH_BITS_ANY_CLEAR:
		return match_parse_bits(p, kind, name, field, ret);
	case MATCH_GEO:
		return match_parse_geo(p, name, doc, field, ret);
	case MATCH_GEO_NEAR:
		return near_first(p, doc);
	default:
		return match_parse_compare(p, kind, name, &v, ret);
	}
}

/* Is the first field one of the near ones? Then the whole document is its operand. */
static bool is_near(struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field first;

	return fields_next(&fields, &first) &&
	       (bytes_is(first.name, "$near") || bytes_is(first.name, "$nearSphere") ||
		bytes_is(first.name, "$geoNear"));
}

int match_parse_field(struct match_parser *p, struct bytes name, struct bytes doc,
		      enum match_level level, struct match_list *list)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	if (is_near(doc)) {
		const struct match_node *node = NULL;

		if (match_parse_near(p, name, doc, &node) < 0)
			return p->e->code;
		match_list_add(p, list, node);
		return 0;
	}
	while (fields_next(&fields, &field)) {
		const struct match_node *node = NULL;
		size_t i = 0;
		int code;

		while (i < COUNT_OF(field_operators) &&
		       !bytes_is(field.name, field_operators[i].name))
			i++;
		if (i < COUNT_OF(field_operators))
			code = parse_operator(p, field_operators[i].kind, name, doc, &field, level,
					      &node);
		else
			code = parse_derived(p, name, doc, &field, &node);
		if (code < 0)
			return code;
		match_list_add(p, list, node);
	}
	return 0;
}

/* ---- a whole document */

int match_parse_document(struct match_parser *p, struct bytes doc, enum match_level level,
			 const struct match_node **ret)
{
	struct fields fields = fields_of(doc);
	struct match_list list = {0};
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		const struct match_node *node = NULL;
		int code;

		if (begins_with_dollar(field.name))
			code = match_parse_pathless(p, &field, level, &node);
		else if (match_is_operators(&v, false))
			code = match_parse_field(p, field.name, v.data, level, &list);
		else if (v.type == BSON_KIND_REGEX)
			code = match_parse_regex_value(p, field.name, &v, &node);
		else
			code = match_parse_compare(p, MATCH_EQ, field.name, &v, &node);
		if (code < 0)
			return code;
		match_list_add(p, &list, node);
	}
	*ret = list.count == 1 ? list.at[0] : match_tree_new(p, MATCH_AND, &list);
	return 0;
}
