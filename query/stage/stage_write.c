/*
 * Prefix: stage_ - $out and $merge: the words are checked as mongod checks them, so that what is wrong is told; a pipeline that is right
 * and would write is refused as a whole (command_aggregate.c).
 */
#include "query/fields.h"
#include "query/stage/stage_make.h"

static bool is(struct bytes name, const char *text)
{
	return bytes_equal(name, bytes_str(text));
}

static bool is_internal(struct bytes db)
{
	return is(db, "admin") || is(db, "config") || is(db, "local");
}

static int check_out(struct stage_build *b, const struct value *operand, struct error *e)
{
	struct value db = value_string(b->q->db), coll = *operand;

	if (operand->type == BSON_KIND_DOCUMENT) {
		db = value_get(operand->data, bytes_str("db"));
		coll = value_get(operand->data, bytes_str("coll"));
		if (value_count(operand->data) != 2 || db.type != BSON_KIND_STRING ||
		    coll.type != BSON_KIND_STRING)
			return query_error(e, 16994,
					   "If an object is passed to $out it must have exactly 2 "
					   "fields: 'db' and 'coll'");
	} else if (operand->type != BSON_KIND_STRING) {
		return query_error(e, 16990,
				   "$out only supports a string or object argument, but found %s",
				   value_type_name(operand->type));
	}
	if (db.data.len == 0 || coll.data.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Invalid $out target namespace, %s.%s",
				   stage_text(b->q, db.data), stage_text(b->q, coll.data));
	if (coll.data.len >= 7 && memcmp(coll.data.at, "system.", 7) == 0)
		return query_error(e, 17385, "Can't $out to special collection: %s",
				   stage_text(b->q, coll.data));
	if (is_internal(db.data))
		return query_error(e, 31321, "Can't $out to internal database: %s",
				   stage_text(b->q, db.data));
	return 0;
}

int stage_make_out(struct stage_build *b, struct bytes name UNUSED, const struct value *operand,
		   struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;

	if (check_out(b, operand, e) < 0)
		return e->code;
	*ret = TAKE(from);
	return 0;
}

/* ---- $merge */

static int check_into(const struct value *into, struct error *e)
{
	struct fields fields;
	struct bson_field field;
	struct value coll;

	if (into->type == BSON_KIND_STRING)
		return 0;
	if (into->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, 51178,
			"$merge 'into' field  must be either a string or an object, but found %s",
			value_type_name(into->type));
	fields = fields_of(into->data);
	while (fields_next(&fields, &field)) {
		if (!is(field.name, "db") && !is(field.name, "coll"))
			return query_error_unknown_field(e, "into", field.name);
		if (query_error_if_repeated(e, "into", into->data, &field) < 0)
			return e->code;
	}
	coll = value_get(into->data, bytes_str("coll"));
	if (coll.type != BSON_KIND_STRING || coll.data.len == 0)
		return query_error(e, 5786801,
				   "$merge 'into' field must specify a 'coll' that is not empty, "
				   "null or undefined");
	return 0;
}

static int check_on(const struct value *on, struct error *e)
{
	struct fields fields;
	struct bson_field field;

	if (on->type == BSON_KIND_STRING)
		return 0;
	if (on->type != BSON_KIND_ARRAY)
		return query_error(e, 51186,
				   "$merge 'on' field  must be either a string or an array of "
				   "strings, but found %s",
				   value_type_name(on->type));
	if (value_count(on->data) == 0)
		return query_error(
			e, 51187,
			"If explicitly specifying $merge 'on', must include at least one field");
	fields = fields_of(on->data);
	while (fields_next(&fields, &field))
		if (field.type != BSON_KIND_STRING)
			return query_error(
				e, 51134,
				"$merge 'on' array elements must be strings, but found %s",
				value_type_name(field.type));
	return 0;
}

static bool is_among(const struct value *v, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (v->type == BSON_KIND_STRING && is(v->data, words[i]))
			return true;
	return false;
}

static int bad_mode(struct stage_build *b, const char *field, const struct value *v,
		    struct error *e)
{
	return query_error(e, QUERY_BAD_VALUE,
			   "Enumeration value '%s' for field '%s' is not a valid value.",
			   stage_text(b->q, v->data), field);
}

static int check_mode(struct stage_build *b, const struct bson_field *field, struct error *e)
{
	static const char *const matched[] = {"replace", "merge", "keepExisting", "fail"};
	static const char *const others[] = {"insert", "discard", "fail"};
	struct value v = value_of_field(field);
	bool is_matched = is(field->name, "whenMatched");

	if (is_matched && v.type == BSON_KIND_ARRAY)
		return stage_lite(b->q, &v, e);
	if (v.type != BSON_KIND_STRING && is_matched)
		return query_error(
			e, 51191,
			"$merge 'whenMatched' field  must be either a string or an array, but "
			"found %s",
			value_type_name(v.type));
	if (v.type != BSON_KIND_STRING)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field '$merge.whenNotMatched' is the wrong type '%s', "
				   "expected type 'string'",
				   value_type_name(v.type));
	if (is_matched && !is_among(&v, matched, COUNT_OF(matched)))
		return bad_mode(b, "whenMatched", &v, e);
	if (!is_matched && !is_among(&v, others, COUNT_OF(others)))
		return bad_mode(b, "$merge.whenNotMatched", &v, e);
	return 0;
}

static int check_field(struct stage_build *b, const struct bson_field *field, struct error *e)
{
	struct value v = value_of_field(field);

	if (is(field->name, "into"))
		return check_into(&v, e);
	if (is(field->name, "on"))
		return check_on(&v, e);
	if (is(field->name, "whenMatched") || is(field->name, "whenNotMatched"))
		return check_mode(b, field, e);
	if (!is(field->name, "let"))
		return query_error_unknown_field(e, "$merge", field->name);
	if (v.type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field '$merge.let' is the wrong type '%s', expected type "
				   "'object'",
				   value_type_name(v.type));
	return 0;
}

/* Modes that do not go together. */
static int check_modes(struct stage_build *b, struct bytes spec, struct error *e)
{
	struct value matched = value_get(spec, bytes_str("whenMatched"));
	struct value other = value_get(spec, bytes_str("whenNotMatched"));
	struct value let = value_get(spec, bytes_str("let"));
	const char *mode = matched.type == BSON_KIND_STRING  ? stage_text(b->q, matched.data)
			   : matched.type == BSON_KIND_ARRAY ? "pipeline"
							     : "merge";
	const char *other_mode =
		other.type == BSON_KIND_STRING ? stage_text(b->q, other.data) : "insert";

	if (!value_is_missing(&let) && matched.type != BSON_KIND_ARRAY)
		return query_error(e, 51199,
				   "Cannot use 'let' variables with 'whenMatched: %s' mode", mode);
	if ((strcmp(mode, "fail") == 0 && strcmp(other_mode, "insert") != 0) ||
	    (strcmp(mode, "keepExisting") == 0 && strcmp(other_mode, "insert") != 0))
		return query_error(e, 51181,
				   "Combination of $merge modes 'whenMatched: %s' and "
				   "'whenNotMatched: %s' is not supported",
				   mode, other_mode);
	return 0;
}

static int check_merge(struct stage_build *b, const struct value *operand, struct error *e)
{
	struct fields fields;
	struct bson_field field;
	struct value into;

	if (operand->type == BSON_KIND_STRING)
		return 0;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "$merge requires a string or object argument, but found %s",
				   value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field))
		if (check_field(b, &field, e) < 0 ||
		    query_error_if_repeated(e, "$merge", operand->data, &field) < 0)
			return e->code;
	into = value_get(operand->data, bytes_str("into"));
	if (value_is_missing(&into))
		return query_error(e, 40414,
				   "BSON field '$merge.into' is missing but a required field");
	return check_modes(b, operand->data, e);
}

int stage_make_merge(struct stage_build *b, struct bytes name UNUSED, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;

	if (check_merge(b, operand, e) < 0)
		return e->code;
	*ret = TAKE(from);
	return 0;
}
