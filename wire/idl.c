#include "wire/idl.h"

#include <stdio.h>

#include "query/command_parse.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "query/value.h"

#define DUPLICATE_FIELD 40413
#define MISSING_FIELD 40414
#define OUT_OF_BOUNDS 51024

/* What every command takes: generic_argument.idl of 6.0. */
static const char *const generic[] = {
	"$db",
	"lsid",
	"$readPreference",
	"$clusterTime",
	"readConcern",
	"writeConcern",
	"maxTimeMS",
	"maxTimeMSOpOnly",
	"comment",
	"apiVersion",
	"apiStrict",
	"apiDeprecationErrors",
	"txnNumber",
	"autocommit",
	"startTransaction",
	"stmtId",
	"coordinator",
	"$audit",
	"$client",
	"$configServerState",
	"$configTime",
	"$topologyTime",
	"$oplogQueryData",
	"$queryOptions",
	"$replData",
	"allowImplicitCollectionCreation",
	"clientOperationKey",
	"databaseVersion",
	"shardVersion",
	"tracking_info",
	"mayBypassWriteBlocking",
};

static bool is_generic(struct bytes name)
{
	for (size_t i = 0; i < COUNT_OF(generic); i++)
		if (bytes_equal(name, bytes_str(generic[i])))
			return true;
	return false;
}

static int wrong(const char *owner, const struct bson_field *f, const char *wanted, struct error *e)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '%s.%.*s' is the wrong type '%s', expected %s", owner,
			   (int)MIN_OF(f->name.len, (size_t)200), (const char *)f->name.at,
			   value_type_name(f->type), wanted);
}

static int bounds(const struct bson_field *f, int64_t number, int64_t min, struct error *e)
{
	if (number >= min)
		return 1;
	return query_error(e, OUT_OF_BOUNDS,
			   "BSON field '%.*s' value must be >= %lld, actual value '%lld'",
			   (int)MIN_OF(f->name.len, (size_t)200), (const char *)f->name.at,
			   (long long)min, (long long)number);
}

int32_t idl_int(const struct bson_field *f)
{
	struct value v = value_of_field(f);

	return (int32_t)MAX_OF(MIN_OF(value_round_int64(&v), (int64_t)INT32_MAX),
			       (int64_t)INT32_MIN);
}

static int sha256(const char *owner, const struct bson_field *f, struct error *e)
{
	if (f->type != BSON_KIND_BINARY)
		return wrong(owner, f, "type 'binData'", e);
	if (f->value.len == 5 + 32)
		return 1;
	return query_error(e, 12, "Unsupported SHA256Block hash length: %zu", f->value.len - 5);
}

int idl_check_first(const char *command, const struct bson_field *first, struct error *e)
{
	if (first->type != BSON_KIND_NULL && first->type != BSON_KIND_UNDEFINED)
		return 0;
	return query_error(e, MISSING_FIELD, "BSON field '%s.%s' is missing but a required field",
			   command, command);
}

static bool is_number(uint8_t type)
{
	return type == BSON_KIND_INT32 || type == BSON_KIND_INT64 || type == BSON_KIND_DOUBLE ||
	       type == BSON_KIND_DECIMAL;
}

static int number(const char *owner, const struct bson_field *f, enum idl_type type,
		  struct error *e)
{
	struct value v = value_of_field(f);

	if (!is_number(f->type))
		return wrong(owner, f, "types '[long, int, decimal, double']", e);
	if (type == IDL_NUMBER)
		return 1;
	if (type == IDL_INT_MIN_1)
		return bounds(f, idl_int(f), 1, e);
	return bounds(f, value_round_int64(&v), type == IDL_NUMBER_MIN_1, e);
}

static int cursor(const char *owner, const struct bson_field *f, struct error *e)
{
	static const struct idl_field fields[] = {{"batchSize", IDL_NUMBER_MIN_0, false}};
	char name[80];

	if (f->type != BSON_KIND_DOCUMENT)
		return wrong(owner, f, "type 'object'", e);
	snprintf(name, sizeof(name), "%s.%.*s", owner, (int)f->name.len, (const char *)f->name.at);
	return idl_check(f->value, name, false, fields, COUNT_OF(fields), e) < 0 ? e->code : 1;
}

/* Its parser lets other fields pass. */
static int op_time(const char *owner, const struct bson_field *f, struct error *e)
{
	static const char its[] = "OpTimeBase";
	struct fields walk = fields_of(f->value);
	struct bson_field part;
	bool has_ts = false;

	if (f->type != BSON_KIND_DOCUMENT)
		return wrong(owner, f, "type 'object'", e);
	while (fields_next(&walk, &part)) {
		bool is_ts = bytes_equal(part.name, bytes_str("ts"));
		int got = 0;

		if (is_ts)
			got = idl_check_type(its, &part, IDL_TIMESTAMP, e);
		else if (bytes_equal(part.name, bytes_str("t")))
			got = idl_check_type(its, &part, IDL_LONG, e);
		if (got < 0)
			return got;
		has_ts = has_ts || (is_ts && got > 0);
	}
	if (has_ts)
		return 1;
	return query_error(e, MISSING_FIELD, "BSON field '%s.ts' is missing but a required field",
			   its);
}

int idl_check_type(const char *owner, const struct bson_field *f, enum idl_type type,
		   struct error *e)
{
	static const struct {
		uint8_t kind;
		const char *text;
	} plain[] = {
		[IDL_OBJECT] = {BSON_KIND_DOCUMENT, "type 'object'"},
		[IDL_ARRAY] = {BSON_KIND_ARRAY, "type 'array'"},
		[IDL_STRING] = {BSON_KIND_STRING, "type 'string'"},
		[IDL_BOOL] = {BSON_KIND_BOOL, "type 'bool'"},
		[IDL_LONG] = {BSON_KIND_INT64, "type 'long'"},
		[IDL_BINARY] = {BSON_KIND_BINARY, "type 'binData'"},
		[IDL_TIMESTAMP] = {BSON_KIND_TIMESTAMP, "type 'timestamp'"},
		[IDL_OBJECT_ID] = {BSON_KIND_OBJECT_ID, "type 'objectId'"},
	};

	if (type == IDL_ANY)
		return 1;
	if (type == IDL_ARRAY &&
	    (f->type == BSON_KIND_NULL ||
	     f->type == BSON_KIND_UNDEFINED)) /* its fields are asked for at once */
		return query_error(e, 10065, "invalid parameter: expected an object (%.*s)",
				   (int)MIN_OF(f->name.len, (size_t)200), (const char *)f->name.at);
	if (f->type == BSON_KIND_NULL || f->type == BSON_KIND_UNDEFINED)
		return 0;
	if (type == IDL_NUMBER || type == IDL_NUMBER_MIN_0 || type == IDL_NUMBER_MIN_1 ||
	    type == IDL_INT_MIN_1)
		return number(owner, f, type, e);
	if (type == IDL_UUID) {
		struct value v = value_of_field(f);

		/* A name in BSON ends with a zero. */
		return command_check_uuid(owner, (const char *)f->name.at, &v, e) < 0 ? e->code : 1;
	}
	if (type == IDL_SHA256)
		return sha256(owner, f, e);
	if (type == IDL_CURSOR)
		return cursor(owner, f, e);
	if (type == IDL_OP_TIME)
		return op_time(owner, f, e);
	if (type == IDL_FLAG) {
		if (!is_number(f->type) && f->type != BSON_KIND_BOOL)
			return wrong(owner, f, "types '[bool, long, int, decimal, double']", e);
		return 1;
	}
	return f->type == plain[type].kind ? 1 : wrong(owner, f, plain[type].text, e);
}

static int check_field(const struct bson_field *f, const char *owner, bool is_command,
		       const struct idl_field *fields, size_t count, uint64_t *seen,
		       struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		int got;

		if (!bytes_equal(f->name, bytes_str(fields[i].name)))
			continue;
		if (*seen & (uint64_t)1 << i)
			return query_error(e, DUPLICATE_FIELD,
					   "BSON field '%s.%s' is a duplicate field", owner,
					   fields[i].name);
		got = idl_check_type(owner, f, fields[i].type, e);
		if (got > 0)
			*seen |= (uint64_t)1 << i;
		return MIN_OF(got, 0);
	}
	if (is_command && is_generic(f->name))
		return 0;
	return query_error_unknown_field(e, owner,
					 bytes_of(f->name.at, MIN_OF(f->name.len, (size_t)500)));
}

int idl_check(struct bytes doc, const char *owner, bool is_command, const struct idl_field *fields,
	      size_t count, struct error *e)
{
	struct fields walk = fields_of(doc);
	struct bson_field f;
	uint64_t seen = 0;

	if (is_command && !fields_next(&walk, &f))
		return 0;
	while (fields_next(&walk, &f))
		if (check_field(&f, owner, is_command, fields, count, &seen, e) < 0)
			return e->code;
	for (size_t i = 0; i < count; i++)
		if (fields[i].required && !(seen & (uint64_t)1 << i))
			return query_error(e, MISSING_FIELD,
					   "BSON field '%s.%s' is missing but a required field",
					   owner, fields[i].name);
	return 0;
}
