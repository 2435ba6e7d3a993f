/* Prefix: match_show_ */
#include <stdlib.h>

#include "base/bson_build.h"
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

/* {path: {$_internalSchemaType: ..}} */
static const struct match_node *type_leaf(struct match_parser *p, struct bytes path,
					  const struct match_types *types)
{
	struct match_node *node = match_leaf_new(p, MATCH_SHOWN_TYPE, path);

	node->types = *types;
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

#define NUMBER_BITS                                                                                \
	(1U << BSON_KIND_DOUBLE | 1U << BSON_KIND_INT32 | 1U << BSON_KIND_INT64 |                  \
	 1U << BSON_KIND_DECIMAL)

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
	if (!t->schema->has_types || !is_single(stated)) {
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

/* What is asked of the fields of a document: of the root itself, else of the one at the path. */
static void add_to_object(struct translation *t, const struct match_node *node)
{
	struct match_list one = {0};
	struct match_node *inner;

	if (t->is_root) {
		match_list_add(t->p, &t->all, node);
		return;
	}
	match_list_add(t->p, &one, node);
	inner = leaf(t, MATCH_SHOWN_OBJECT);
	inner->children = one.at;
	inner->count = one.count;
	add_restricted(t, OF_OBJECT, inner);
}

/* ---- numbers, strings */

static void add_size(struct translation *t, enum restriction restriction, enum match_kind kind,
		     int64_t size)
{
	struct match_node *node;

	if (size == SCHEMA_NO_LIMIT)
		return;
	node = leaf(t, kind);
	node->size = size;
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

static void add_items(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list list = {0};
	int64_t count = (int64_t)s->item_list.count;

	if (s->items != NULL)
		add_restricted(t, OF_ARRAY,
			       of_element(t, MATCH_SHOWN_ALL_ELEMENTS, 0, element(t, s->items)));
	for (size_t i = 0; i < s->item_list.count; i++)
		match_list_add(t->p, &list,
			       of_element(t, MATCH_SHOWN_ELEMENT, (int64_t)i,
					  element(t, s->item_list.at[i])));
	if (s->has_item_list)
		add_restricted(t, OF_ARRAY, match_tree_new(t->p, MATCH_AND, &list));
	if (s->additional_items != NULL)
		add_restricted(t, OF_ARRAY,
			       of_element(t, MATCH_SHOWN_ALL_ELEMENTS, count,
					  element(t, s->additional_items)));
	else if (s->has_item_list && s->has_additional_flag)
		add_restricted(t, OF_ARRAY,
			       of_element(t, MATCH_SHOWN_ALL_ELEMENTS, count,
					  always(t->p, !s->no_additional_items)));
}

static void add_arrays(struct translation *t)
{
	const struct match_schema *s = t->schema;

	add_size(t, OF_ARRAY, MATCH_SHOWN_MIN_ITEMS, s->min_items);
	add_size(t, OF_ARRAY, MATCH_SHOWN_MAX_ITEMS, s->max_items);
	if (s->unique_items)
		add_restricted(t, OF_ARRAY, leaf(t, MATCH_SHOWN_UNIQUE));
	add_items(t);
}

static void add_encryption(struct translation *t)
{
	struct match_types binary = {.bits = 1U << BSON_KIND_BINARY,
				     .numbers_bits = 1U << BSON_KIND_BINARY};
	struct match_node *node;

	if (!t->schema->is_encrypted)
		return;
	match_list_add(t->p, &t->all, type_leaf(t->p, t->path, &binary));
	match_list_add(t->p, &t->all, leaf(t, MATCH_SHOWN_SUBTYPE));
	if (!t->schema->has_inner_types)
		return;
	node = leaf(t, MATCH_SHOWN_ENCRYPTED);
	node->types = t->schema->inner_types;
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
	if (s->has_properties)
		add_to_object(t, match_tree_new(t->p, MATCH_AND, &list));
}

/* patternProperties and additionalProperties: its first child is of what has no other, the others of the patterns. */
static void add_allowed(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list list = {0};
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
	add_to_object(t, node);
}

static int compare_names(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void add_required(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct bytes *names = arena_get(t->p->arena, s->required_count * sizeof(*names));
	struct match_list list = {0};

	if (s->required_count == 0)
		return;
	for (size_t i = 0; i < s->required_count; i++)
		names[i] = s->required[i].text;
	qsort(names, s->required_count, sizeof(*names), compare_names);
	for (size_t i = 0; i < s->required_count; i++)
		match_list_add(t->p, &list, exists(t->p, names[i]));
	add_to_object(t, match_tree_new(t->p, MATCH_AND, &list));
}

static void add_count(struct translation *t, enum match_kind kind, int64_t count)
{
	struct match_node *node;

	if (count == SCHEMA_NO_LIMIT)
		return;
	node = match_node_new(t->p, kind);
	node->size = count;
	add_to_object(t, node);
}

/* Is there a field? In the document itself, or in the one at the path. */
static const struct match_node *field_exists(struct translation *t, struct bytes name)
{
	if (t->is_root)
		return exists(t->p, name);
	return of_element(t, MATCH_SHOWN_OBJECT, 0, exists(t->p, name));
}

static void add_dependencies(struct translation *t)
{
	const struct match_schema *s = t->schema;
	struct match_list all = {0};

	for (size_t i = 0; i < s->dependency_count; i++) {
		const struct schema_dependency *d = &s->dependencies[i];
		struct match_list cond = {0}, needed = {0};

		match_list_add(t->p, &cond, field_exists(t, d->path.text));
		for (size_t k = 0; k < d->count; k++)
			match_list_add(t->p, &needed, field_exists(t, d->needed[k].text));
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

static void add_enum(struct translation *t)
{
	struct match_list list = {0};
	size_t count = value_count(t->schema->values);

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct value v = value_at(t->schema->values, i);
		struct match_node *node;

		if (t->is_root && v.type != BSON_KIND_DOCUMENT)
			continue;
		node = t->is_root ? match_node_new(t->p, MATCH_SHOWN_ROOT_EQ)
				  : leaf(t, MATCH_SHOWN_EQ);
		node->value = v;
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
