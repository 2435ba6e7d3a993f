#include "query/fields.h"
#include "query/match/match_node.h"

static int only_top(struct match_parser *p, const char *name)
{
	return query_error(p->e, QUERY_BAD_VALUE,
			   "%s can only be applied to the top-level document", name);
}

/* ---- what has no path: {$and: [..]} and so on */

static int parse_tree(struct match_parser *p, enum match_kind kind, const struct bson_field *field,
		      enum match_level level, const struct match_node **ret)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	struct match_list list = {0};

	if (field->type != BSON_KIND_ARRAY)
		return query_error(p->e, QUERY_BAD_VALUE, "%.*s must be an array",
				   (int)field->name.len, (const char *)field->name.at);
	if (field->value.len <= BSON_MIN_LEN)
		return query_error(p->e, QUERY_BAD_VALUE, "$and/$or/$nor must be a nonempty array");
	while (fields_next(&fields, &element)) {
		const struct match_node *node = NULL;

		if (element.type != BSON_KIND_DOCUMENT)
			return query_error(p->e, QUERY_BAD_VALUE,
					   "$or/$and/$nor entries need to be full objects");
		if (match_parse_document(p, element.value, level, &node) < 0)
			return p->e->code;
		match_list_add(p, &list, node);
	}
	*ret = match_tree_new(p, kind, &list);
	return 0;
}

static int parse_always(struct match_parser *p, enum match_kind kind,
			const struct bson_field *field, const struct match_node **ret)
{
	int64_t number = 0;

	if (match_parse_int64(field, &number, p->e) < 0)
		return p->e->code;
	if (number != 1)
		return query_error(p->e, QUERY_FAILED_TO_PARSE,
				   "%.*s must be an integer value of 1", (int)field->name.len,
				   (const char *)field->name.at);
	*ret = match_node_new(p, kind);
	return 0;
}

static int parse_sample(struct match_parser *p, const struct bson_field *field,
			enum match_level level, const struct match_node **ret)
{
	struct value v = value_of_field(field);
	double rate = value_to_double(&v);
	struct match_node *node;

	if (level == MATCH_LEVEL_SUB)
		return only_top(p, "$sampleRate");
	if (!value_is_number(&v))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "argument to $sampleRate must be a numeric type");
	if (!(rate >= 0 && rate <= 1))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "numeric argument to $sampleRate must be in [0, 1]");
	node = match_node_new(p, MATCH_SAMPLE);
	node->rate = rate;
	*ret = node;
	return 0;
}

#define FEATURE_NOT_ALLOWED 224 /* QueryFeatureNotAllowed */

static int parse_expr(struct match_parser *p, const struct bson_field *field,
		      enum match_level level, const struct match_node **ret)
{
	struct value v = value_of_field(field);
	struct match_node *node;

	if (level == MATCH_LEVEL_SUB)
		return only_top(p, "$expr");
	if ((p->flags & MATCH_NO_EXPR) != 0)
		return query_error(p->e, FEATURE_NOT_ALLOWED,
				   "$expr is not allowed in this context");
	node = match_node_new(p, MATCH_EXPR);
	node->expr.words = v;
	if (expr_parse(p->scope, &v, &node->expr.expr, p->e) < 0)
		return p->e->code;
	p->has_expr = true;
	*ret = node;
	return 0;
}

static int parse_where(struct match_parser *p, const struct bson_field *field,
		       enum match_level level)
{
	if ((p->flags & (MATCH_AGGREGATE | MATCH_NO_EXPR | MATCH_OF_LIST)) != 0)
		return query_error(p->e, QUERY_BAD_VALUE, "$where is not allowed in this context");
	if (level == MATCH_LEVEL_SUB)
		return only_top(p, "$where");
	if (field->type != BSON_KIND_STRING && field->type != BSON_KIND_CODE &&
	    field->type != BSON_KIND_CODE_WITH_SCOPE)
		return query_error(p->e, QUERY_BAD_VALUE, "$where got bad type");
	if (field->type == BSON_KIND_CODE_WITH_SCOPE)
		return query_error(p->e, 4649201,
				   "$where no longer supports deprecated BSON type CodeWScope");
	return query_error(p->e, 6108304, "no globalScriptEngine in $where parsing");
}

/* A field of $text's operand has to have a type; the error is that of mongod's bsonExtractTypedField(). */
static int text_field(struct match_parser *p, const char *name, const char *type,
		      const struct value *v)
{
	return query_error(p->e, QUERY_TYPE_MISMATCH,
			   "\"%s\" had the wrong type. Expected %s, found %s", name, type,
			   value_type_name(v->type));
}

/* There is never a text index: the operand is checked, then refused. */
static int parse_text(struct match_parser *p, const struct bson_field *field,
		      enum match_level level)
{
	static const struct {
		const char *name, *type;
		uint8_t kind;
	} fields[] = {{"$search", "string", BSON_KIND_STRING},
		      {"$language", "string", BSON_KIND_STRING},
		      {"$caseSensitive", "bool", BSON_KIND_BOOL},
		      {"$diacriticSensitive", "bool", BSON_KIND_BOOL}};
	size_t known = 0;

	if (level == MATCH_LEVEL_SUB)
		return only_top(p, "$text");
	if ((p->flags & (MATCH_NO_EXPR | MATCH_OF_LIST)) != 0)
		return query_error(p->e, QUERY_BAD_VALUE, "$text is not allowed in this context");
	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(p->e, QUERY_BAD_VALUE, "$text expects an object");
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct value v = value_get(field->value, bytes_str(fields[i].name));

		if (i == 0 && v.type == VALUE_MISSING)
			return query_error(p->e, QUERY_NO_SUCH_KEY,
					   "Missing expected field \"$search\"");
		if (v.type != VALUE_MISSING && v.type != fields[i].kind)
			return text_field(p, fields[i].name, fields[i].type, &v);
		known += v.type != VALUE_MISSING;
	}
	if (value_count(field->value) != known)
		return query_error(p->e, QUERY_BAD_VALUE, "extra fields in $text");
	return query_error(p->e, QUERY_INDEX_NOT_FOUND, "text index required for $text query");
}

/* The words of {$ref: .., $id: .., $db: ..} are fields; only $id's strings are collated. */
static int parse_dbref(struct match_parser *p, const struct bson_field *field,
		       const struct match_node **ret)
{
	struct value v = value_of_field(field);
	struct match_node *node;

	if (v.type == BSON_KIND_UNDEFINED)
		return query_error(p->e, QUERY_BAD_VALUE, "cannot compare to undefined");
	node = match_leaf_new(p, MATCH_EQ, field->name);
	node->value = v;
	node->collated = bytes_is(field->name, "$id");
	*ret = node;
	return 0;
}

static const char *const pathless[] = {
	"$and",	 "$or",		"$nor",	  "$alwaysTrue", "$alwaysFalse", "$sampleRate", "$comment",
	"$expr", "$jsonSchema", "$where", "$text",	 "$ref",	 "$id",		"$db"};

bool match_is_pathless(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(pathless); i++)
		if (bytes_is(name, pathless[i]))
			return true;
	return false;
}

int match_parse_pathless(struct match_parser *p, const struct bson_field *field,
			 enum match_level level, const struct match_node **ret)
{
	struct bytes name = field->name;

	if (bytes_is(name, "$and"))
		return parse_tree(p, MATCH_AND, field, level, ret);
	if (bytes_is(name, "$or"))
		return parse_tree(p, MATCH_OR, field, level, ret);
	if (bytes_is(name, "$nor"))
		return parse_tree(p, MATCH_NOR, field, level, ret);
	if (bytes_is(name, "$comment"))
		return 0;
	if (bytes_is(name, "$expr"))
		return parse_expr(p, field, level, ret);
	if (bytes_is(name, "$jsonSchema") && (p->flags & MATCH_NO_EXPR) != 0)
		return query_error(p->e, FEATURE_NOT_ALLOWED,
				   "$jsonSchema is not allowed in this context");
	if (bytes_is(name, "$jsonSchema"))
		return match_parse_schema(p, field, ret);
	if (bytes_is(name, "$where"))
		return parse_where(p, field, level);
	if (bytes_is(name, "$text"))
		return parse_text(p, field, level);
	if (bytes_is(name, "$sampleRate"))
		return parse_sample(p, field, level, ret);
	if (bytes_is(name, "$alwaysTrue"))
		return parse_always(p, MATCH_ALWAYS_TRUE, field, ret);
	if (bytes_is(name, "$alwaysFalse"))
		return parse_always(p, MATCH_ALWAYS_FALSE, field, ret);
	if (match_is_pathless(name))
		return parse_dbref(p, field, ret);
	if (bytes_is(name, "$not"))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "unknown top level operator: $not. If you are trying to negate "
				   "an entire expression, use $nor.");
	return query_error(p->e, QUERY_BAD_VALUE,
			   "unknown top level operator: %.*s. If you have a field name that starts "
			   "with a '$' symbol, consider using $getField or $setField.",
			   (int)name.len, (const char *)name.at);
}
