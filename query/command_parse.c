#include "query/command_parse.h"

#include <math.h>

#include "query/query_error.h"

#define COMMAND_FIELDS_MAX 1000

/* Every command may have them; they are looked at by others, or not at all. */
static const char *const everywhere[] = {
	"$db",
	"lsid",
	"$clusterTime",
	"$readPreference",
	"$audit",
	"$client",
	"$configServerState",
	"$configTime",
	"$topologyTime",
	"$oplogQueryData",
	"$replData",
	"$impersonatedUsers",
	"allowImplicitCollectionCreation",
	"allowImplicitDatabaseCreation",
	"apiDeprecationErrors",
	"apiStrict",
	"apiVersion",
	"autocommit",
	"clientOperationKey",
	"comment",
	"coordinator",
	"databaseVersion",
	"maxTimeMSOpOnly",
	"mayBypassWriteBlocking",
	"shardVersion",
	"startTransaction",
	"stmtId",
	"tracking_info",
	"txnNumber",
	"writeConcern",
};

int command_wrong_type(struct error *e, const char *command, const char *field,
		       const struct value *v, const char *expected)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '%s.%s' is the wrong type '%s', expected %s", command, field,
			   value_type_name(v->type), expected);
}

/* BSONElement::safeNumberLong(): NaN is 0; a double loses its fraction, a decimal is rounded to even. */
static int64_t safe_number(const struct value *v)
{
	int64_t number = value_to_int64(v);
	_Decimal128 rest;

	if (v->type == BSON_KIND_DOUBLE && isnan(v->number))
		return 0;
	if (v->type != BSON_KIND_DECIMAL || number == INT64_MAX || number == INT64_MIN)
		return number;
	rest = v->decimal - (_Decimal128)number;
	if (rest > 0.5DL || (rest == 0.5DL && (number & 1) != 0))
		return number + 1;
	if (rest < -0.5DL || (rest == -0.5DL && (number & 1) != 0))
		return number - 1;
	return number;
}

int command_count_of(const char *field, const struct value *v, int64_t *ret, struct error *e)
{
	int64_t number = safe_number(v);

	if (number < 0)
		return query_error(e, 51024,
				   "BSON field '%s' value must be >= 0, actual value '%lld'", field,
				   (long long)number);
	*ret = number;
	return 0;
}

#define NUMBERS "types '[long, int, decimal, double']"
#define NUMBERS_OR_BOOL "types '[bool, long, int, decimal, double']"

static int check_plain(const struct command_rules *rules, const struct command_rule *rule,
		       const struct value *v, struct error *e)
{
	static const struct {
		enum command_type type;
		uint8_t kind;
		const char *text;
	} plain[] = {
		{COMMAND_OBJECT, BSON_KIND_DOCUMENT, "type 'object'"},
		{COMMAND_OBJECT_NULL, BSON_KIND_DOCUMENT, "type 'object'"},
		{COMMAND_ARRAY, BSON_KIND_ARRAY, "type 'array'"},
		{COMMAND_STRING, BSON_KIND_STRING, "type 'string'"},
		{COMMAND_BOOL, BSON_KIND_BOOL, "type 'bool'"},
		{COMMAND_DATE, BSON_KIND_DATE, "type 'date'"},
		{COMMAND_TIMESTAMP, BSON_KIND_TIMESTAMP, "type 'timestamp'"},
		{COMMAND_INT, BSON_KIND_INT32, "type 'int'"},
	};

	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (plain[i].type == rule->type && v->type != plain[i].kind)
			return command_wrong_type(e, rules->name, rule->name, v, plain[i].text);
	return 0;
}

static int check_field(const struct command_rules *rules, const struct command_rule *rule,
		       const struct value *v, struct error *e)
{
	int64_t number;

	if (rule->check != NULL)
		return rule->check(v, e);
	switch (rule->type) {
	case COMMAND_OWNED:
		if (v->type == BSON_KIND_DOCUMENT)
			return 0;
		return query_error(e, QUERY_TYPE_MISMATCH, "Expected field %sto be of type object",
				   rule->name);
	case COMMAND_FLAG:
		if (v->type == BSON_KIND_BOOL)
			return 0;
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Field '%s' should be a boolean value, but found: %s",
				   rule->name, value_type_name(v->type));
	case COMMAND_BOOL_SAFE:
		if (v->type == BSON_KIND_BOOL || value_is_number(v))
			return 0;
		return command_wrong_type(e, rules->name, rule->name, v, NUMBERS_OR_BOOL);
	case COMMAND_COUNT:
	case COMMAND_INT32:
		if (!value_is_number(v))
			return command_wrong_type(e, rules->name, rule->name, v, NUMBERS);
		return command_count_of(rule->name, v, &number, e);
	case COMMAND_NUMBER:
		if (!value_is_number(v))
			return command_wrong_type(e, rules->name, rule->name, v, NUMBERS);
		return 0;
	case COMMAND_UUID:
		return command_check_uuid(rules->name, rule->name, v, e);
	case COMMAND_RUNTIME:
	case COMMAND_ENCRYPTION:
	case COMMAND_EXCHANGE:
		return command_check_part(rules->name, rule, v, e);
	case COMMAND_TIME:
		return command_check_time(v, e);
	case COMMAND_READ_CONCERN:
		if (v->type != BSON_KIND_DOCUMENT)
			return query_error(e, QUERY_FAILED_TO_PARSE,
					   "readConcern field should be an object");
		return 0;
	case COMMAND_HINT:
		if (v->type == BSON_KIND_STRING || v->type == BSON_KIND_DOCUMENT)
			return 0;
		return query_error(e, QUERY_FAILED_TO_PARSE, "Hint must be a string or an object");
	default:
		return check_plain(rules, rule, v, e);
	}
}

static const struct command_rule *find_rule(const struct command_rules *rules, struct bytes name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (bytes_equal(name, bytes_str(rules->rules[i].name)))
			return &rules->rules[i];
	return NULL;
}

static bool is_everywhere(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(everywhere); i++)
		if (bytes_equal(name, bytes_str(everywhere[i])))
			return true;
	return false;
}

/* Two fields of one name: another parser of mongod's, which all commands pass first, sees that. */
static int check_repeated(struct bytes cmd, struct error *e)
{
	struct bson_fields fields = bson_fields(cmd);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0) {
		struct bson_fields before = bson_fields(cmd);
		struct bson_field other;

		while (before.at < fields.at && bson_fields_next(&before, &other, e) > 0 &&
		       other.name.at != field.name.at)
			if (bytes_equal(other.name, field.name))
				return query_error(
					e, 40413,
					"BSON field 'APIParametersFromClient.%.*s' is a duplicate "
					"field",
					(int)field.name.len, (const char *)field.name.at);
	}
	return more;
}

/* maxTimeMS of every command: a whole number of 31 bits. */
int command_check_time(const struct value *v, struct error *e)
{
	int64_t number = 0;

	if (!value_is_number(v))
		return query_error(e, QUERY_BAD_VALUE, "maxTimeMS must be a number");
	number = safe_number(v);
	if (number < 0 || number > INT32_MAX)
		return query_error(e, QUERY_BAD_VALUE, "%lld value for maxTimeMS is out of range",
				   (long long)number);
	if (v->type == BSON_KIND_DOUBLE && v->number != (double)number)
		return query_error(e, QUERY_BAD_VALUE, "maxTimeMS has non-integral value");
	return 0;
}

static bool minds_null(const struct command_rule *rule)
{
	return rule->check != NULL || rule->type == COMMAND_OWNED || rule->type == COMMAND_FLAG ||
	       rule->type == COMMAND_HINT || rule->type == COMMAND_TIME ||
	       rule->type == COMMAND_READ_CONCERN;
}

static int check_one(const struct command_rules *rules, const struct bson_field *field,
		     bool is_command, bool is_strict, struct error *e)
{
	const struct command_rule *rule = find_rule(rules, field->name);
	struct value v = value_of_field(field);

	if (rule == NULL && is_command && is_everywhere(field->name))
		return 0;
	if (rule == NULL)
		return query_error_unknown_field(e, rules->name, field->name);
	if (is_strict && command_check_strict(rules->name, field->name, e) < 0)
		return e->code;
	/* The generated parsers take null and undefined as if the field were not there. */
	if ((v.type == BSON_KIND_NULL || v.type == BSON_KIND_UNDEFINED) && !minds_null(rule))
		return 0;
	return check_field(rules, rule, &v, e);
}

static int check_rest(const struct command_rules *rules, struct bytes doc,
		      struct bson_fields fields, bool is_command, struct error *e)
{
	bool is_strict = is_command && command_is_strict(doc);
	struct bson_field field;
	int more;

	while ((more = bson_fields_next(&fields, &field, e)) > 0)
		if (check_one(rules, &field, is_command, is_strict, e) < 0 ||
		    (!is_command && query_error_if_repeated(e, rules->name, doc, &field) < 0))
			return e->code;
	if (more < 0)
		return more;
	for (size_t i = 0; i < rules->count; i++) {
		struct value v;

		if (!rules->rules[i].is_required)
			continue;
		v = value_get(doc, bytes_str(rules->rules[i].name));
		if (value_is_nullish(&v))
			return query_error(e, 40414,
					   "BSON field '%s.%s' is missing but a required field",
					   rules->name, rules->rules[i].name);
	}
	return 0;
}

int command_check_fields(const struct command_rules *rules, struct bytes doc, struct error *e)
{
	return check_rest(rules, doc, bson_fields(doc), false, e);
}

int command_check_known(const struct command_rules *rules, struct bytes cmd, struct error *e)
{
	struct bson_fields fields = bson_fields(cmd);
	struct bson_field field;

	if (bson_fields_next(&fields, &field, e) < 0)
		return e->code;
	return check_rest(rules, cmd, fields, true, e);
}

int command_check(const struct command_rules *rules, struct bytes cmd, struct error *e)
{
	struct bson_fields fields = bson_fields(cmd);
	struct bson_field field;
	bool is_parsed_first;
	struct value v;

	if (value_count(cmd) > COMMAND_FIELDS_MAX)
		return query_error(e, QUERY_FAILED_TO_PARSE, "a command of more than %d fields",
				   COMMAND_FIELDS_MAX);
	if (check_repeated(cmd, e) < 0 || bson_fields_next(&fields, &field, e) < 0)
		return e->code;
	/* An aggregate is parsed before the time of all commands is looked at, others after it. */
	is_parsed_first = strcmp(rules->name, "aggregate") == 0;
	v = value_get(cmd, bytes_str("maxTimeMS"));
	if (!is_parsed_first && !value_is_missing(&v) && command_check_time(&v, e) < 0)
		return e->code;
	if (check_rest(rules, cmd, fields, true, e) < 0)
		return e->code;
	return value_is_missing(&v) ? 0 : command_check_time(&v, e);
}

struct value command_field(struct bytes cmd, const char *name)
{
	struct value v = value_get(cmd, bytes_str(name));

	return value_is_nullish(&v) ? value_missing() : v;
}

int64_t command_number(struct bytes cmd, const char *name, int64_t or_else)
{
	struct value v = command_field(cmd, name);

	return value_is_number(&v) ? safe_number(&v) : or_else;
}

bool command_flag(struct bytes cmd, const char *name)
{
	struct value v = command_field(cmd, name);

	return value_is_true(&v);
}

int64_t command_natural_number(struct bytes spec)
{
	struct value v = value_get(spec, bytes_str("$natural"));

	if (!value_is_number(&v))
		return 0;
	return MIN_OF(MAX_OF(value_round_int64(&v), (int64_t)INT32_MIN), (int64_t)INT32_MAX);
}

int command_natural(struct bytes spec)
{
	struct value v = value_get(spec, bytes_str("$natural"));

	if (value_is_missing(&v))
		return 0;
	return command_natural_number(spec) < 0 ? -1 : 1;
}

int command_check_natural(const char *what, struct bytes spec, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	if (command_natural(spec) == 0 || value_count(spec) == 1)
		return 0;
	value_text_bson(spec, false, &text);
	return query_error(e, QUERY_BAD_VALUE, "Cannot include '$natural' in compound %s: %s", what,
			   buf_text(&text));
}

bool command_spills(struct bytes cmd)
{
	struct value v = command_field(cmd, "allowDiskUse");

	return value_is_missing(&v) || value_is_true(&v);
}

bool command_is_operator(struct bytes doc)
{
	struct bson_fields fields = bson_fields(doc);
	struct bson_field field;
	struct error ignored;

	return bson_fields_next(&fields, &field, &ignored) > 0 && field.name.len > 0 &&
	       field.name.at[0] == '$';
}

/* ---- names */

/* Collection names with `$` are for the server's own commands. */
static int check_name(struct bytes db, struct bytes coll, bool with_dollar, struct error *e)
{
	if (coll.len == 0)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Invalid namespace specified '%.*s.'", (int)db.len,
				   (const char *)db.at);
	if (memchr(coll.at, '\0', coll.len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "namespaces cannot have embedded null characters");
	if (coll.at[0] == '.')
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Collection names cannot start with '.': %.*s", (int)coll.len,
				   (const char *)coll.at);
	/* What an aggregate without a collection would be: no name for one. */
	if (bytes_equal(coll, bytes_str("$cmd.aggregate")) && with_dollar)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Invalid namespace specified '%.*s.$cmd.aggregate'", (int)db.len,
				   (const char *)db.at);
	/* The quote that is opened is not closed in mongod either. */
	if (!with_dollar && memchr(coll.at, '$', coll.len) != NULL &&
	    !(bytes_equal(db, bytes_str("local")) && bytes_equal(coll, bytes_str("oplog.$main"))))
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "Invalid collection name specified '%.*s.%.*s", (int)db.len,
				   (const char *)db.at, (int)coll.len, (const char *)coll.at);
	return 0;
}

/* The collection of the database that has this UUID: 1 and its name, 0. */
static int find_uuid(const struct query_request *request, const uint8_t *uuid, struct buf *ret,
		     struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry;
	uint64_t rank = 0;
	int more = 0;

	catalog_entry_init(&entry);
	if (moment_seek(request->moment, request->db, &rank, e) < 0)
		return e->code;
	while ((more = moment_entry(request->moment, rank++, &entry, e)) > 0) {
		struct bytes db = bytes_of(entry.ns, entry.db_len);

		if (entry.ns_len < request->db.len ||
		    memcmp(entry.ns, request->db.at, request->db.len) != 0)
			break;
		if (!bytes_equal(db, request->db) || !entry.has_uuid ||
		    memcmp(entry.uuid, uuid, sizeof(entry.uuid)) != 0)
			continue;
		buf_add_bytes(ret, catalog_entry_coll(&entry));
		return 1;
	}
	return MIN_OF(more, 0);
}

int command_name_of_uuid(const struct query_request *request, struct bytes payload, struct buf *ret,
			 struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	const uint8_t *uuid = payload.at + 5;
	int found;

	if (payload.len != 5 + 16)
		return query_error(e, QUERY_INVALID_UUID,
				   "uuid must be a 16-byte binary field with UUID (4) subtype");
	found = find_uuid(request, uuid, ret, e);
	if (found != 0)
		return found;
	for (size_t i = 0; i < 16; i++)
		buf_printf(&text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
			   uuid[i]);
	return query_error(e, QUERY_NAMESPACE_NOT_FOUND, "Unable to resolve %s", buf_text(&text));
}

int command_collection(const struct query_request *request, enum command_name_rule rule,
		       struct buf *ret, struct error *e)
{
	struct bson_fields fields = bson_fields(request->cmd);
	struct bson_field field;
	struct value v;
	int more = bson_fields_next(&fields, &field, e);

	if (more <= 0)
		return more < 0 ? more : query_error(e, QUERY_FAILED_TO_PARSE, "an empty command");
	v = value_of_field(&field);
	if (rule != COMMAND_NAME_AGGREGATE && value_is_uuid(&v))
		return command_name_of_uuid(request, v.data, ret, e);
	if (v.type != BSON_KIND_STRING)
		return query_error(
			e, rule == COMMAND_NAME_FIND ? QUERY_BAD_VALUE : QUERY_INVALID_NAMESPACE,
			"collection name has invalid type %s", value_type_name(v.type));
	buf_add_bytes(ret, v.data);
	return check_name(request->db, v.data, rule == COMMAND_NAME_AGGREGATE, e);
}
