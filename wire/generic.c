#include "wire/generic.h"

#include <math.h>

#include "base/siphash.h"
#include "query/value.h"
#include "wire/command_fields.h"
#include "wire/idl.h"
#include "wire/write_concern.h"

#define DB_NAME_MAX 63
#define FEW_FIELDS 32 /* each is compared with each */

static struct bytes text_of(const struct bson_field *f)
{
	return value_of_field(f).data;
}

int generic_db(struct call *call, struct error *e)
{
	struct bson_field f;

	if (!fields_find(call->cmd, bytes_str("$db"), &f))
		return query_error(e, 40571, "OP_MSG requests require a $db argument");
	if (f.type != BSON_KIND_STRING)
		return query_error(e, 13111, "wrong type for field ($db) %s != string",
				   value_type_name(f.type));
	call->db = text_of(&f);
	if (memchr(call->db.at, '.', call->db.len) != NULL)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "'.' is an invalid character in the database name: %.*s",
				   (int)MIN_OF(call->db.len, (size_t)200),
				   (const char *)call->db.at);
	return 0;
}

static int wrong_type(const char *owner, const struct bson_field *f, const char *wanted,
		      struct error *e)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "BSON field '%s.%.*s' is the wrong type '%s', expected type '%s'", owner,
			   (int)f->name.len, (const char *)f->name.at, value_type_name(f->type),
			   wanted);
}

static int check_api(struct call *call, struct error *e)
{
	struct bson_field version, strict, deprecation;
	bool has_version = call_field(call, "apiVersion", &version);
	bool has_strict = call_field(call, "apiStrict", &strict);
	bool has_deprecation = call_field(call, "apiDeprecationErrors", &deprecation);

	if (has_version && version.type != BSON_KIND_STRING)
		return wrong_type("APIParametersFromClient", &version, "string", e);
	if (has_strict && strict.type != BSON_KIND_BOOL)
		return wrong_type("APIParametersFromClient", &strict, "bool", e);
	if (has_deprecation && deprecation.type != BSON_KIND_BOOL)
		return wrong_type("APIParametersFromClient", &deprecation, "bool", e);
	if (!has_version && (has_strict || has_deprecation))
		return query_error(e, 4886600,
				   "Provided apiStrict and/or apiDeprecationErrors without passing "
				   "apiVersion");
	if (has_version && bytes_equal(text_of(&version), bytes_str("2")))
		return query_error(e, QUERY_API_VERSION, "Cannot accept API version %.*s",
				   (int)MIN_OF(text_of(&version).len, (size_t)200),
				   (const char *)text_of(&version).at);
	if (has_version && !bytes_equal(text_of(&version), bytes_str("1")))
		return query_error(e, QUERY_API_VERSION, "API version must be \"1\"");
	if (has_strict && strict.value.at[0] != 0 && !(call->command->flags & COMMAND_API))
		return query_error(
			e, QUERY_API_STRICT,
			"Provided apiStrict:true, but the command %s is not in API Version 1. "
			"Information on supported commands and migrations in API Version 1 can be "
			"found at https://dochub.mongodb.org/core/manual-versioned-api",
			call->command->name);
	return 0;
}

static int check_mode(const struct bson_field *f, bool *ret_primary, struct error *e)
{
	static const char *const modes[] = {"primary", "primaryPreferred", "secondary",
					    "secondaryPreferred", "nearest"};
	struct bytes text;

	if (f->type != BSON_KIND_STRING)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "\"mode\" had the wrong type. Expected string, found %s",
				   value_type_name(f->type));
	text = text_of(f);
	*ret_primary = bytes_equal(text, bytes_str("primary"));
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (bytes_equal(text, bytes_str(modes[i])))
			return 0;
	return query_error(
		e, QUERY_BAD_VALUE,
		"Could not parse $readPreference mode '%.*s'. Only the modes 'primary', "
		"'primaryPreferred', 'secondary', 'secondaryPreferred', and 'nearest' are "
		"supported. :: caused by :: Enumeration value '%.*s' for field 'mode' is not "
		"a valid value.",
		(int)MIN_OF(text.len, (size_t)200), (const char *)text.at,
		(int)MIN_OF(text.len, (size_t)200), (const char *)text.at);
}

#define STALENESS_LEAST 90 /* seconds */

static int check_staleness(const struct bson_field *f, bool primary, struct error *e)
{
	struct value v = value_of_field(f);
	OWNED(buf_release) struct buf text = {0};
	double seconds = value_to_double(&v);
	int64_t whole;

	if (!value_is_number(&v))
		return query_error(
			e, QUERY_TYPE_MISMATCH,
			"Expected field \"maxStalenessSeconds\" to have numeric type, but found %s",
			value_type_name(f->type));
	if (!value_as_int64(&v, &whole)) {
		value_text_element(f->name, &v, &text);
		return query_error(e, QUERY_BAD_VALUE,
				   "Expected field \"maxStalenessSeconds\" to have a value exactly "
				   "representable as a 64-bit integer, but found %s",
				   buf_text(&text));
	}
	if (!(seconds >= 0))
		return query_error(e, QUERY_BAD_VALUE,
				   "maxStalenessSeconds must be a non-negative integer");
	if (primary && seconds > 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "maxStalenessSeconds can not be set for the primary mode");
	if (seconds > 0 && seconds < STALENESS_LEAST)
		return query_error(e, 160, "maxStalenessSeconds value can not be less than %d",
				   STALENESS_LEAST);
	return 0;
}

static int check_tags(const struct bson_field *tags, bool primary, struct error *e)
{
	struct value list = value_of_field(tags), first;

	if (tags->type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "\"tags\" had the wrong type. Expected array, found %s",
				   value_type_name(tags->type));
	first = value_at(list.data, 0);
	if (primary && (value_count(list.data) > 1 ||
			(first.type == BSON_KIND_DOCUMENT && value_count(first.data) > 0)))
		return query_error(e, QUERY_BAD_VALUE,
				   "Only empty tags are allowed with primary read preference");
	return 0;
}

/* {enabled: ..}: of reads that a mongos would send twice. */
static int check_hedge(const struct bson_field *hedge, bool primary, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(hedge);
	struct bson_field f, enabled = {0};
	struct fields fields;

	if (hedge->type != BSON_KIND_DOCUMENT) {
		value_text_element(hedge->name, &v, &text);
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "hedge field must be of type object if provided; found %s",
				   buf_text(&text));
	}
	fields = fields_of(hedge->value);
	while (fields_next(&fields, &f)) {
		if (!call_is_field(&f, "enabled"))
			return query_error(e, 40415, "BSON field 'hedge.%.*s' is an unknown field.",
					   (int)MIN_OF(f.name.len, (size_t)200),
					   (const char *)f.name.at);
		if (f.type == BSON_KIND_NULL || f.type == BSON_KIND_UNDEFINED)
			continue;
		if (f.type != BSON_KIND_BOOL)
			return wrong_type("hedge", &f, "bool", e);
		enabled = f;
	}
	if (primary && (enabled.type == 0 || enabled.value.at[0] != 0))
		return query_error(
			e, QUERY_INVALID_OPTIONS,
			"cannot enable hedging for $readPreference mode \"primaryOnly\"");
	return 0;
}

static int check_read_preference(struct call *call, struct error *e)
{
	struct bson_field f, mode, other;
	bool primary = false;

	if (!fields_find(call->cmd, bytes_str("$readPreference"), &f))
		return 0;
	if (f.type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "$readPreference has incorrect type: expected object but got %s",
				   value_type_name(f.type));
	if (!fields_find(f.value, bytes_str("mode"), &mode))
		return query_error(e, QUERY_NO_SUCH_KEY, "Missing expected field \"mode\"");
	if (check_mode(&mode, &primary, e) < 0)
		return e->code;
	if (fields_find(f.value, bytes_str("hedge"), &other) && check_hedge(&other, primary, e) < 0)
		return e->code;
	if (fields_find(f.value, bytes_str("tags"), &other) && check_tags(&other, primary, e) < 0)
		return e->code;
	if (fields_find(f.value, bytes_str("maxStalenessSeconds"), &other))
		return check_staleness(&other, primary, e);
	return 0;
}

/* {id: UUID, ...}, below the name `owner`. */
static int take_lsid(struct call *call, const struct bson_field *lsid, struct error *e)
{
	struct fields fields;
	struct bson_field f;
	bool has_id = false, has_number = false, has_child = false;

	if (lsid->type != BSON_KIND_DOCUMENT)
		return wrong_type("OperationSessionInfo", lsid, "object", e);
	fields = fields_of(lsid->value);
	while (fields_next(&fields, &f)) {
		if (f.type == BSON_KIND_NULL || f.type == BSON_KIND_UNDEFINED) {
			continue;
		} else if (call_is_field(&f, "id")) {
			if (idl_check_type("OperationSessionInfo.lsid", &f, IDL_UUID, e) < 0)
				return e->code;
			memcpy(call->lsid, f.value.at + 5, CURSORS_LSID_LEN);
			has_id = true;
		} else if (call_is_field(&f, "uid")) {
			if (idl_check_type("OperationSessionInfo.lsid", &f, IDL_SHA256, e) < 0)
				return e->code;
		} else if (call_is_field(&f, "txnNumber")) {
			has_number = true;
			if (idl_check_type("OperationSessionInfo.lsid", &f, IDL_LONG, e) < 0)
				return e->code;
		} else if (call_is_field(&f, "txnUUID")) {
			has_child = true;
			if (idl_check_type("OperationSessionInfo.lsid", &f, IDL_UUID, e) < 0)
				return e->code;
		} else {
			return query_error(
				e, 40415,
				"BSON field 'OperationSessionInfo.lsid.%.*s' is an unknown "
				"field.",
				(int)MIN_OF(f.name.len, (size_t)200), (const char *)f.name.at);
		}
	}
	if (!has_id)
		return query_error(e, 40414,
				   "BSON field 'OperationSessionInfo.lsid.id' is missing "
				   "but a required field");
	if (has_number && !has_child)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Cannot specify txnNumber in lsid without specifying txnUUID");
	if (has_child)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Internal sessions are not supported outside of transactions");
	call->has_lsid = true;
	return 0;
}

/* A field of OperationSessionInfo: true when it is there; a null is as if it were not. */
static int session_field(struct call *call, const char *name, uint8_t type, const char *wanted,
			 bool *ret, struct error *e)
{
	struct bson_field f;

	*ret = call_field(call, name, &f) && f.type != BSON_KIND_NULL;
	return *ret && f.type != type ? wrong_type("OperationSessionInfo", &f, wanted, e) : 0;
}

static int check_session(struct call *call, struct error *e)
{
	bool has_number, has_autocommit, has_start, has_coordinator;
	struct bson_field lsid;

	if (call_field(call, "lsid", &lsid) && take_lsid(call, &lsid, e) < 0)
		return e->code;
	if (session_field(call, "txnNumber", BSON_KIND_INT64, "long", &has_number, e) < 0 ||
	    session_field(call, "autocommit", BSON_KIND_BOOL, "bool", &has_autocommit, e) < 0 ||
	    session_field(call, "startTransaction", BSON_KIND_BOOL, "bool", &has_start, e) < 0 ||
	    session_field(call, "coordinator", BSON_KIND_BOOL, "bool", &has_coordinator, e) < 0)
		return e->code;
	if (has_number && !call->has_lsid)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Transaction number requires a session ID to also be specified");
	if (has_autocommit && !has_number)
		return query_error(
			e, QUERY_INVALID_OPTIONS,
			"'autocommit' field requires a transaction number to also be specified");
	if (has_start && !has_autocommit)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "'startTransaction' field requires 'autocommit' field to also "
				   "be specified");
	/* A driver numbers its retryable writes when it sees a replica set: those are refused as writes. */
	if (has_number && (has_autocommit || call->service->options.replset == NULL))
		return query_error(
			e, QUERY_ILLEGAL_OPERATION,
			"Transaction numbers are only allowed on a replica set member or mongos");
	return 0;
}

/* Its moment behind an '@' is no part of the database's name. */
static bool is_too_long(struct bytes db)
{
	const uint8_t *at = db.len > DB_NAME_MAX ? memrchr(db.at, '@', db.len) : NULL;

	return db.len > DB_NAME_MAX &&
	       (at == NULL || at - db.at > DB_NAME_MAX + 1 || /* a moment may begin with one, too */
		db.len > DB_NAME_MAX + 1 + MOMENTS_NAME_MAX);
}

static int check_db_name(struct call *call, struct error *e)
{
	bool bad = call->db.len == 0 || is_too_long(call->db);

	for (size_t i = 0; i < call->db.len; i++)
		bad = bad || call->db.at[i] == 0 || strchr("/\\ \"", call->db.at[i]) != NULL;
	if (!bad)
		return 0;
	return query_error(e, QUERY_INVALID_NAMESPACE, "Invalid database name: '%.*s'",
			   (int)MIN_OF(call->db.len, (size_t)200), (const char *)call->db.at);
}

static int is_duplicate(const struct bson_field *f, struct error *e)
{
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "Parsed command object contains duplicate top level key: %.*s",
			   (int)MIN_OF(f->name.len, (size_t)200), (const char *)f->name.at);
}

/* An open hash table of names: where each lies in the command, 0 for none. */
struct names {
	struct bytes cmd;
	const uint8_t *key;
	uint32_t *slots;
	size_t size; /* a power of two, at most half full */
};

/* Was the name there before? */
static bool names_has(struct names *n, struct bytes name)
{
	size_t i = siphash24(n->key, name) & (n->size - 1);

	for (; n->slots[i] != 0; i = (i + 1) & (n->size - 1)) {
		const char *other = (const char *)n->cmd.at + n->slots[i];

		/* A name in BSON ends with a zero. */
		if (strcmp(other, (const char *)name.at) == 0)
			return true;
	}
	n->slots[i] = (uint32_t)(name.at - n->cmd.at);
	return false;
}

/* Of very many fields: who has not logged in can send 80,000, others millions. */
static int check_many(struct call *call, size_t count, struct error *e)
{
	struct memory *memory = &call->service->memory;
	struct names names = {.cmd = call->cmd, .key = call->service->secret, .size = 2};
	struct fields fields = fields_of(call->cmd);
	struct bson_field f;
	int code = 0;

	while (names.size < 2 * count)
		names.size *= 2;
	if (!memory_take(memory, names.size * sizeof(*names.slots)))
		return query_error(e, QUERY_EXCEEDED_MEMORY_LIMIT, "a command of %zu fields",
				   count);
	names.slots = calloc(names.size, sizeof(*names.slots));
	if (names.slots == NULL)
		code = error_nomem(e, names.size * sizeof(*names.slots));
	while (code == 0 && fields_next(&fields, &f))
		if (names_has(&names, f.name))
			code = is_duplicate(&f, e);
	free(names.slots);
	memory_give(memory, names.size * sizeof(*names.slots));
	return code;
}

static int check_duplicates(struct call *call, struct error *e)
{
	struct fields fields = fields_of(call->cmd), others;
	struct bson_field f, other;
	size_t count = 0;

	while (fields_next(&fields, &f))
		count++;
	if (count > FEW_FIELDS)
		return check_many(call, count, e);
	fields = fields_of(call->cmd);
	while (fields_next(&fields, &f)) {
		others = fields_of(call->cmd);
		while (fields_next(&others, &other) && other.name.at != f.name.at)
			if (bytes_equal(other.name, f.name))
				return is_duplicate(&f, e);
	}
	return 0;
}

/* Fields that only members of a deployment send: a client's are refused. */
static int check_internal(struct call *call, struct error *e)
{
	struct bson_field f;

	if (fields_find(call->cmd, bytes_str("mayBypassWriteBlocking"), &f) &&
	    f.type != BSON_KIND_BOOL)
		return query_error(e, 13111,
				   "wrong type for field (mayBypassWriteBlocking) %s != bool",
				   value_type_name(f.type));
	if (fields_find(call->cmd, bytes_str("maxTimeMSOpOnly"), &f))
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Can not specify maxTimeMSOpOnly for non internal clients");
	return 0;
}

static int check_login(struct call *call, struct error *e)
{
	unsigned flags = call->command->flags;

	if ((flags & COMMAND_ADMIN) && !bytes_equal(call->db, bytes_str("admin")))
		return query_error(e, QUERY_UNAUTHORIZED,
				   "%s may only be run against the admin database.",
				   call->command->name);
	if (!(flags & COMMAND_OPEN) && call->service->options.auth &&
	    !client_is_known(call->client))
		return query_error(e, QUERY_UNAUTHORIZED, "command %s requires authentication",
				   call->command->name);
	return 0;
}

int generic_before(struct call *call, struct error *e)
{
	if (check_api(call, e) < 0 || check_login(call, e) < 0 ||
	    check_read_preference(call, e) < 0 || command_fields_check(call, e) < 0 ||
	    check_session(call, e) < 0 || check_db_name(call, e) < 0)
		return e->code;
	return check_internal(call, e) < 0 ? e->code : check_duplicates(call, e);
}

static bool is_aggregate(const struct call *call)
{
	return strcmp(call->command->name, "aggregate") == 0;
}

/* aggregate reads some of its generic fields itself, first, and has other words for them. */
static int check_concern_type(struct call *call, const struct bson_field *f, struct error *e)
{
	if (is_aggregate(call) && f->type != BSON_KIND_DOCUMENT && f->type != BSON_KIND_NULL)
		return wrong_type("aggregate", f, "object", e);
	return 0;
}

static int check_aggregate_time(const struct bson_field *f, struct error *e)
{
	struct value v = value_of_field(f);

	if (!value_is_number(&v))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field 'aggregate.maxTimeMS' is the wrong type '%s', "
				   "expected types '[long, int, decimal, double']",
				   value_type_name(f->type));
	if (value_to_double(&v) < 0)
		return query_error(e, 51024,
				   "BSON field 'maxTimeMS' value must be >= 0, actual value '%lld'",
				   (long long)value_to_int64(&v));
	return 0;
}

/* The first stage of an aggregate that is about this server, not about data: it takes no read concern but local. */
static int check_local_stage(struct call *call, struct error *e)
{
	static const char *const local[] = {"$planCacheStats", "$currentOp", "$listLocalSessions"};
	struct bson_field pipeline, first = {.type = 0}, stage = {.type = 0};
	struct fields fields;

	if (!is_aggregate(call) || !call_field(call, "pipeline", &pipeline) ||
	    pipeline.type != BSON_KIND_ARRAY)
		return 0;
	fields = fields_of(pipeline.value);
	if (!fields_next(&fields, &first) || first.type != BSON_KIND_DOCUMENT)
		return 0;
	fields = fields_of(first.value);
	if (!fields_next(&fields, &stage))
		return 0;
	for (size_t i = 0; i < COUNT_OF(local); i++)
		if (call_is_field(&stage, local[i]))
			return read_concern_check_local(&call->concern, call->command->name,
							local[i], e);
	return 0;
}

static int check_max_time(struct call *call, struct error *e)
{
	struct bson_field f;
	struct value v;
	double number;

	if (!fields_find(call->cmd, bytes_str("maxTimeMS"), &f))
		return 0;
	v = value_of_field(&f);
	if (is_aggregate(call) && f.type != BSON_KIND_NULL && check_aggregate_time(&f, e) < 0)
		return e->code;
	if (!value_is_number(&v))
		return query_error(e, QUERY_BAD_VALUE, "maxTimeMS must be a number");
	number = value_to_double(&v);
	if (v.type == BSON_KIND_DECIMAL)
		number = (double)value_round_int64(&v);
	if (number < 0 || number > INT32_MAX)
		return query_error(e, QUERY_BAD_VALUE, "%lld value for maxTimeMS is out of range",
				   (long long)value_to_int64(&v));
	if (number != floor(number))
		return query_error(e, QUERY_BAD_VALUE, "maxTimeMS has non-integral value");
	return 0;
}

int generic_after(struct call *call, struct error *e)
{
	unsigned flags = call->command->flags;
	enum read_concern_support support = flags & COMMAND_SNAPSHOT ? READ_CONCERN_ALL
					    : flags & COMMAND_READ_CONCERN
						    ? READ_CONCERN_NOT_SNAPSHOT
						    : READ_CONCERN_LOCAL_ONLY;
	struct bson_field f;

	if (check_max_time(call, e) < 0)
		return e->code;
	if (fields_find(call->cmd, bytes_str("readConcern"), &f) &&
	    (check_concern_type(call, &f, e) < 0 || read_concern_parse(&f, &call->concern, e) < 0 ||
	     check_local_stage(call, e) < 0 ||
	     read_concern_check(&call->concern, call->command->name, support,
				call->service->options.replset != NULL, e) < 0))
		return e->code;
	if (!(flags & COMMAND_WRITE_CONCERN) &&
	    fields_find(call->cmd, bytes_str("writeConcern"), &f))
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "Command does not support writeConcern");
	if (is_aggregate(call) && fields_find(call->cmd, bytes_str("writeConcern"), &f)) {
		if (call_flag(call, "explain"))
			return query_error(
				e, QUERY_FAILED_TO_PARSE,
				"Aggregation explain does not support the'writeConcern' option");
		return write_concern_check(&f, "aggregate", call->service->options.replset != NULL,
					   e);
	}
	return 0;
}
