/* Prefix: match_show_ */
#include <stdlib.h>

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/match/match_show.h"

/* A schema while it is translated: what it is of, and the predicates so far. */
struct translation {
	struct match_parser *p;
	const struct match_schema *schema;
	struct bytes path; /* of the value; nothing in it for the document itself */
	bool is_root;
	struct match_list all;
};

/* How the value of a keyword's place is called where there is no name: of elements, and of fields with names by a pattern. */
#define PLACEHOLDER "i"

static const struct match_node *translate(struct match_parser *p, const struct match_schema *schema,
					  struct bytes path, bool is_root);

static struct match_node *leaf(struct translation *t, enum match_kind kind)
{
	return match_leaf_new(t->p, kind, t->path);
}

/* A schema for one keyword alone, which a node asks. */
static struct match_schema *asks_of(struct match_parser *p, struct match_node *node)
{
	struct match_schema *ret = match_schema_new(p->arena);

	node->asks = ret;
	return ret;
}

static struct match_node *list_of(struct match_parser *p, enum match_kind kind,
				  const struct match_node *a, const struct match_node *b)
{
	struct match_list list = {0};

	match_list_add(p, &list, a);
	match_list_add(p, &list, b);
	return match_tree_new(p, kind, &list);
}

static const struct match_node *always(struct match_parser *p, bool what)
{
	return match_node_new(p, what ? MATCH_ALWAYS_TRUE : MATCH_ALWAYS_FALSE);
}

static const struct match_node *exists(struct match_parser *p, struct bytes path)
{
	return match_leaf_new(p, MATCH_EXISTS, path);
}

#define NUMBER_BITS                                                                                \
	(1U << BSON_KIND_DOUBLE | 1U << BSON_KIND_INT32 | 1U << BSON_KIND_INT64 |                  \
	 1U << BSON_KIND_DECIMAL)

/* {path: {$_internalSchemaType: ..}} */
static const struct match_node *type_leaf(struct match_parser *p, struct bytes path,
					  const struct match_types *types)
{
	struct match_node *node = match_leaf_new(p, MATCH_SHOWN_TYPE, path);
	struct match_schema *asks = asks_of(p, node);

	node->types = *types;
	asks->has_types = true;
	asks->types = *types;
	if (types->numbers)
		asks->types.bits |= NUMBER_BITS;
	return node;
}

/* ---- what a keyword asks of values of one type only */

enum restriction { OF_NUMBER, OF_STRING, OF_ARRAY, OF_OBJECT };

static struct match_types types_of(enum restriction restriction)
{
	static const uint8_t kinds[] = {0, BSON_KIND_STRING, BSON_KIND_ARRAY, BSON_KIND_DOCUMENT};
	struct match_types ret = {0};

	if (restriction == OF_NUMBER)
		ret.numbers = true;
	else
		ret.numbers_bits = ret.bits = 1U << kinds[restriction];
	return ret;
}

/* As asks_of(), and false of a value of another type: a path with dots may reach several. */
static struct match_schema *asks_of_type(struct translation *t, struct match_node *node,
					 enum restriction restriction)
{
	struct match_schema *ret = asks_of(t->p, node);

	ret->has_types = true;
	ret->types = types_of(restriction);
	if (ret->types.numbers)
		ret->types.bits |= NUMBER_BITS;
	return ret;
}

static bool is_single(const struct match_types *types)
{
	int named = __builtin_popcount(types->numbers_bits);

	return types->numbers ? named == 0 : named == 1;
}

/* A type that was stated makes the question needless, or the keyword. Rule: makeRestriction(). */
static void add_restricted(struct translation *t, enum restriction restriction,
			   const struct match_node *node)
{
	const struct match_types *stated = &t->schema->types;
	struct match_types types = types_of(restriction);
	bool fits;

	if (t->is_root) {
		match_list_add(t->p, &t->all, always(t->p, true));
		return;
	}
	if (t->schema->is_encrypted) { /* which says that it is binary data */
		node = always(t->p, true);
	} else if (!t->schema->has_types || !is_single(stated)) {
		node = list_of(t->p, MATCH_OR,
			       match_not_new(t->p, type_leaf(t->p, t->path, &types)), node);
	} else {
		fits = restriction == OF_NUMBER
			       ? stated->numbers || (stated->numbers_bits & NUMBER_BITS) != 0
			       : stated->numbers_bits == types.numbers_bits;
		node = fits ? node : always(t->p, true);
	}
	match_list_add(t->p, &t->all, node);
}

/* {path: {$_internalSchemaObjectMatch: ..}}; *ret_asks: it has to be a document, the rest is the caller's. */
static struct match_node *object(struct translation *t, const struct match_node *inner,
				 struct match_schema **ret_asks)
{
	struct match_list one = {0};
	struct match_node *node = leaf(t, MATCH_SHOWN_OBJECT);

	match_list_add(t->p, &one, inner);
	node->children = one.at;
	node->count = one.count;
	*ret_asks = asks_of(t->p, node);
	(*ret_asks)->has_types = true;
	(*ret_asks)->types.bits = 1U << BSON_KIND_DOCUMENT;
	return node;
}

/* What is asked of the fields of a document: of the root itself, else of the one at the path. `asks`: the keyword, of which `node` is made. */
static void add_to_object(struct translation *t, const struct match_node *node,
			  const struct match_schema *asks)
{
	struct match_schema *both, *ret;
	struct match_node *inner;

	if (t->is_root) {
		match_list_add(t->p, &t->all, node);
		return;
	}
	inner = object(t, node, &both);
	ret = arena_get(t->p->arena, sizeof(*ret));
	*ret = *asks;
	ret->has_types = true;
	ret->types = both->types;
	inner->asks = ret;
	add_restricted(t, OF_OBJECT, inner);
}

/* ---- numbers, strings */

static void set_size(struct match_schema *asks, enum match_kind kind, int64_t size)
{
	int64_t *place = kind == MATCH_SHOWN_MAX_LENGTH	      ? &asks->max_length
			 : kind == MATCH_SHOWN_MIN_LENGTH     ? &asks->min_length
			 : kind == MATCH_SHOWN_MAX_ITEMS      ? &asks->max_items
			 : kind == MATCH_SHOWN_MIN_ITEMS      ? &asks->min_items
			 : kind == MATCH_SHOWN_MAX_PROPERTIES ? &asks->max_properties
							      : &asks->min_properties;

	*place = size;
}

static void add_size(struct translation *t, enum restriction restriction, enum match_kind kind,
		     int64_t size)
{
	struct match_node *node;

	if (size == SCHEMA_NO_LIMIT)
		return;
	node = leaf(t, kind);
	node->size = size;
	set_size(asks_of_type(t, node, restriction), kind, size);
	add_restricted(t, restriction, node);
}

static void add_bound(struct translation *t, enum match_kind kind, const struct value *bound)
{
	struct match_node *node;

	if (value_is_missing(bound))
		return;
	node = leaf(t, kind);
	node->value = *bound;
	node->collated = true;
	add_restricted(t, OF_NUMBER, node);
}

static void add_scalars(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_node *node;

	if (s->pattern != NULL) {
		node = leaf(t, MATCH_REGEX);
		node->regex = s->pattern;
		add_restricted(t, OF_STRING, node);
	}
	add_size(t, OF_STRING, MATCH_SHOWN_MAX_LENGTH, s->max_length);
	add_size(t, OF_STRING, MATCH_SHOWN_MIN_LENGTH, s->min_length);
	if (s->multiple_of != 0) {
		node = leaf(t, MATCH_SHOWN_FMOD);
		node->value = value_decimal(s->multiple_of);
		asks_of_type(t, node, OF_NUMBER)->multiple_of = s->multiple_of;
		add_restricted(t, OF_NUMBER, node);
	}
	add_bound(t, s->below_maximum ? MATCH_LT : MATCH_LTE, &s->maximum);
	add_bound(t, s->above_minimum ? MATCH_GT : MATCH_GTE, &s->minimum);
}

/* ---- arrays */

/* A node with a number and one predicate of an element. */
static struct match_node *of_element(struct translation *t, enum match_kind kind, int64_t number,
				     const struct match_node *element)
{
	struct match_list one = {0};
	struct match_node *node = leaf(t, kind);

	match_list_add(t->p, &one, element);
	node->children = one.at;
	node->count = one.count;
	node->size = number;
	return node;
}

static const struct match_node *element(struct translation *t, const struct match_schema *schema)
{
	return translate(t->p, schema, bytes_str(PLACEHOLDER), false);
}

/* A list of schemas of which only one asks: that of element number `at`, or with `schema` NULL none. */
static struct schema_list only_one(struct translation *t, size_t at,
				   const struct match_schema *schema)
{
	struct schema_list ret = {.count = at + (schema != NULL)};

	ret.at = arena_zeroed(t->p->arena, (ret.count + 1) * sizeof(struct match_schema *));
	ret.at[at] = schema;
	return ret;
}

/* Those behind the ones that have a schema each. */
static void add_more_items(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_node *node;
	struct match_schema *asks;

	if (s->additional_items == NULL && !(s->has_item_list && s->has_additional_flag))
		return;
	node = of_element(t, MATCH_SHOWN_ALL_ELEMENTS, (int64_t)s->item_list.count,
			  s->additional_items != NULL ? element(t, s->additional_items)
						      : always(t->p, !s->no_additional_items));
	asks = asks_of_type(t, node, OF_ARRAY);
	asks->item_list = only_one(t, s->item_list.count, NULL);
	asks->additional_items = s->additional_items;
	asks->no_additional_items = s->additional_items == NULL && s->no_additional_items;
	add_restricted(t, OF_ARRAY, node);
}

static void add_items(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list list = {0};
	struct match_node *node;

	if (s->items != NULL) {
		node = of_element(t, MATCH_SHOWN_ALL_ELEMENTS, 0, element(t, s->items));
		asks_of_type(t, node, OF_ARRAY)->items = s->items;
		add_restricted(t, OF_ARRAY, node);
	}
	for (size_t i = 0; i < s->item_list.count; i++) {
		node = of_element(t, MATCH_SHOWN_ELEMENT, (int64_t)i,
				  element(t, s->item_list.at[i]));
		asks_of_type(t, node, OF_ARRAY)->item_list = only_one(t, i, s->item_list.at[i]);
		match_list_add(t->p, &list, node);
	}
	if (s->has_item_list)
		add_restricted(t, OF_ARRAY, match_tree_new(t->p, MATCH_AND, &list));
	add_more_items(t);
}

static void add_arrays(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_node *node;

	add_size(t, OF_ARRAY, MATCH_SHOWN_MIN_ITEMS, s->min_items);
	add_size(t, OF_ARRAY, MATCH_SHOWN_MAX_ITEMS, s->max_items);
	if (s->unique_items) {
		node = leaf(t, MATCH_SHOWN_UNIQUE);
		asks_of_type(t, node, OF_ARRAY)->unique_items = true;
		add_restricted(t, OF_ARRAY, node);
	}
	add_items(t);
}

static void add_encryption(struct translation *t)
{
	struct match_types binary = {.bits = 1U << BSON_KIND_BINARY,
				     .numbers_bits = 1U << BSON_KIND_BINARY};
	struct match_schema *asks;
	struct match_node *node;

	if (!t->schema->is_encrypted)
		return;
	match_list_add(t->p, &t->all, type_leaf(t->p, t->path, &binary));
	node = leaf(t, MATCH_SHOWN_SUBTYPE);
	asks_of(t->p, node)->is_encrypted = true;
	match_list_add(t->p, &t->all, node);
	if (!t->schema->has_inner_types)
		return;
	node = leaf(t, MATCH_SHOWN_ENCRYPTED);
	node->types = t->schema->inner_types;
	asks = asks_of(t->p, node);
	asks->is_encrypted = asks->has_inner_types = true;
	asks->inner_types = t->schema->inner_types;
	match_list_add(t->p, &t->all, node);
}

/* ---- documents */

static bool is_required(const struct match_schema *s, struct bytes name)
{
	for (size_t i = 0; i < s->required_count; i++)
		if (bytes_equal(s->required[i].text, name))
			return true;
	return false;
}

static void add_properties(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_schema *asks = match_schema_new(t->p->arena);
	struct match_list list = {0};

	for (size_t i = 0; i < s->property_count; i++) {
		struct bytes name = s->properties[i].path.text;
		const struct match_node *node =
			translate(t->p, s->properties[i].schema, name, name.len == 0);

		if (!is_required(s, name))
			node = list_of(t->p, MATCH_OR, match_not_new(t->p, exists(t->p, name)),
				       node);
		match_list_add(t->p, &list, node);
	}
	asks->properties = s->properties;
	asks->property_count = s->property_count;
	if (s->has_properties)
		add_to_object(t, match_tree_new(t->p, MATCH_AND, &list), asks);
}

/* patternProperties and additionalProperties: its first child is of what has no other, the others of the patterns. */
static void add_allowed(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list list = {0};
	struct match_schema *asks;
	struct match_node *node;

	if (!s->looks_at_all)
		return;
	match_list_add(t->p, &list,
		       s->additional_properties != NULL
			       ? element(t, s->additional_properties)
			       : always(t->p, !s->no_additional_properties));
	for (size_t i = 0; i < s->pattern_count; i++)
		match_list_add(t->p, &list, element(t, s->patterns[i].schema));
	node = match_tree_new(t->p, MATCH_SHOWN_ALLOWED, &list);
	node->schema.schema = s;
	asks = asks_of(t->p, node);
	asks->looks_at_all = true;
	asks->properties = s->properties; /* a name that is one of these is no other */
	asks->property_count = s->property_count;
	asks->patterns = s->patterns;
	asks->pattern_count = s->pattern_count;
	asks->no_additional_properties = s->no_additional_properties;
	asks->additional_properties = s->additional_properties;
	add_to_object(t, node, asks);
}

static int compare_names(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void add_required(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct bytes *names = arena_get(t->p->arena, s->required_count * sizeof(*names));
	struct match_schema *asks = match_schema_new(t->p->arena);
	struct match_list list = {0};

	if (s->required_count == 0)
		return;
	for (size_t i = 0; i < s->required_count; i++)
		names[i] = s->required[i].text;
	qsort(names, s->required_count, sizeof(*names), compare_names);
	for (size_t i = 0; i < s->required_count; i++)
		match_list_add(t->p, &list, exists(t->p, names[i]));
	asks->required = s->required;
	asks->required_count = s->required_count;
	add_to_object(t, match_tree_new(t->p, MATCH_AND, &list), asks);
}

static void add_count(struct translation *t, enum match_kind kind, int64_t count)
{
	struct match_node *node;

	if (count == SCHEMA_NO_LIMIT)
		return;
	node = match_node_new(t->p, kind);
	node->size = count;
	set_size(asks_of(t->p, node), kind, count);
	add_to_object(t, node, node->asks);
}

/* Is there a field? In the document itself, or in the one at the path. */
static const struct match_node *field_exists(struct translation *t, const struct path *path)
{
	struct match_schema *asks;
	struct match_node *node;

	if (t->is_root)
		return exists(t->p, path->text);
	node = object(t, exists(t->p, path->text), &asks);
	asks->required = path;
	asks->required_count = 1;
	return node;
}

static void add_dependencies(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list all = {0};

	for (size_t i = 0; i < s->dependency_count; i++) {
		const struct schema_dependency *d = &s->dependencies[i];
		struct match_list cond = {0}, needed = {0};

		match_list_add(t->p, &cond, field_exists(t, &d->path));
		for (size_t k = 0; k < d->count; k++)
			match_list_add(t->p, &needed, field_exists(t, &d->needed[k]));
		match_list_add(t->p, &cond,
			       d->schema != NULL ? translate(t->p, d->schema, t->path, t->is_root)
						 : match_tree_new(t->p, MATCH_AND, &needed));
		match_list_add(t->p, &cond, always(t->p, true));
		match_list_add(t->p, &all, match_tree_new(t->p, MATCH_SHOWN_COND, &cond));
	}
	if (s->dependency_count > 0)
		match_list_add(t->p, &t->all, match_tree_new(t->p, MATCH_AND, &all));
}

/* ---- logic */

static void add_list(struct translation *t, enum match_kind kind, const struct schema_list *schemas)
{
	struct match_list list = {0};

	if (schemas->count == 0)
		return;
	for (size_t i = 0; i < schemas->count; i++)
		match_list_add(t->p, &list, translate(t->p, schemas->at[i], t->path, t->is_root));
	match_list_add(t->p, &t->all, match_tree_new(t->p, kind, &list));
}

/* An array of one. */
static struct bytes only_value(struct match_parser *p, const struct value *v)
{
	OWNED(buf_release) struct buf array = {0};
	size_t begin = bson_build_begin(&array);

	value_write_at(&array, 0, v);
	bson_build_end(&array, begin);
	return arena_copy(p->arena, buf_bytes(&array));
}

static void add_enum(struct translation *t)
{
	struct match_list list = {0};
	struct fields fields = fields_of(t->schema->values);
	struct bson_field field;

	if (value_count(t->schema->values) == 0)
		return;
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		struct match_node *node;

		if (t->is_root && v.type != BSON_KIND_DOCUMENT)
			continue;
		node = t->is_root ? match_node_new(t->p, MATCH_SHOWN_ROOT_EQ)
				  : leaf(t, MATCH_SHOWN_EQ);
		node->value = v;
		asks_of(t->p, node)->values = only_value(t->p, &v);
		match_list_add(t->p, &list, node);
	}
	match_list_add(t->p, &t->all,
		       list.count == 0 ? always(t->p, false)
				       : match_tree_new(t->p, MATCH_OR, &list));
}

static bool is_document(const struct match_schema *s)
{
	return !s->is_encrypted &&
	       (!s->has_types || (s->types.numbers_bits & 1U << BSON_KIND_DOCUMENT) != 0);
}

static const struct match_node *translate(struct match_parser *p, const struct match_schema *schema,
					  struct bytes path, bool is_root)
{
	struct translation t = {.p = p, .schema = schema, .path = path, .is_root = is_root};

	if (is_root && !is_document(schema))
		return always(p, false);
	add_scalars(&t);
	add_arrays(&t);
	add_encryption(&t);
	add_properties(&t);
	add_allowed(&t);
	add_required(&t);
	add_count(&t, MATCH_SHOWN_MIN_PROPERTIES, schema->min_properties);
	add_count(&t, MATCH_SHOWN_MAX_PROPERTIES, schema->max_properties);
	add_dependencies(&t);
	add_list(&t, MATCH_AND, &schema->all_of);
	add_list(&t, MATCH_OR, &schema->any_of);
	add_list(&t, MATCH_SHOWN_XOR, &schema->one_of);
	if (schema->not_this != NULL)
		match_list_add(p, &t.all,
			       match_not_new(p, translate(p, schema->not_this, path, is_root)));
	add_enum(&t);
	if (schema->has_types && !is_root)
		match_list_add(p, &t.all, type_leaf(p, path, &schema->types));
	return match_tree_new(p, MATCH_AND, &t.all);
}

const struct match_node *match_show_schema(struct match_parser *p,
					   const struct match_schema *schema, bool is_root)
{
	return translate(p, schema, bytes_of("", 0), is_root);
}

const struct match_node *match_show_property(struct match_parser *p,
					     const struct match_schema *schema, struct bytes name)
{
	return translate(p, schema, name, false);
}
