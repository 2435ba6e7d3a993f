#include "wire/read_concern.h"

#include <inttypes.h>
#include <stdio.h>

#include "oplog/entry.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "query/value.h"

#define NOT_A_REPLICA_SET 123

static const char *const level_names[] = {
	[READ_CONCERN_NONE] = "",
	[READ_CONCERN_LOCAL] = "local",
	[READ_CONCERN_AVAILABLE] = "available",
	[READ_CONCERN_MAJORITY] = "majority",
	[READ_CONCERN_LINEARIZABLE] = "linearizable",
	[READ_CONCERN_SNAPSHOT] = "snapshot",
};

static int wrong_type(const struct bson_field *f, uint8_t wanted, struct error *e)
{
	return query_error(e, QUERY_TYPE_MISMATCH,
			   "\"%.*s\" had the wrong type. Expected %s, found %s", (int)f->name.len,
			   (const char *)f->name.at, value_type_name(wanted),
			   value_type_name(f->type));
}

static int take_time(const struct bson_field *f, bool *ret_has, uint64_t *ret, struct error *e)
{
	if (f->type != BSON_KIND_TIMESTAMP)
		return wrong_type(f, BSON_KIND_TIMESTAMP, e);
	*ret_has = true;
	*ret = get_le64(f->value.at);
	return 0;
}

static int take_level(const struct bson_field *f, enum read_concern_level *ret, struct error *e)
{
	struct bytes text;

	if (f->type != BSON_KIND_STRING)
		return wrong_type(f, BSON_KIND_STRING, e);
	if (bson_text(f->value, &text, e) < 0)
		return e->code;
	for (size_t i = READ_CONCERN_LOCAL; i < COUNT_OF(level_names); i++)
		if (bytes_equal(text, bytes_str(level_names[i]))) {
			*ret = (enum read_concern_level)i;
			return 0;
		}
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "readConcern.level must be either 'local', 'majority', 'linearizable', "
			   "'available', or 'snapshot'");
}

static int check_provenance(const struct bson_field *f, struct error *e)
{
	static const char *const known[] = {"clientSupplied", "implicitDefault", "customDefault",
					    "getLastErrorDefaults", "internalWriteDefault"};
	struct bytes text;

	if (f->type == BSON_KIND_NULL || f->type == BSON_KIND_UNDEFINED)
		return 0; /* as if it was not there */
	if (f->type != BSON_KIND_STRING)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field 'ReadConcernArgs::parse.provenance' is the wrong "
				   "type '%s', expected type 'string'",
				   value_type_name(f->type));
	if (bson_text(f->value, &text, e) < 0)
		return e->code;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_equal(text, bytes_str(known[i])))
			return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   "Enumeration value '%.*s' for field 'ReadConcernArgs::parse.provenance' "
			   "is not a valid value.",
			   (int)MIN_OF(text.len, (size_t)200), (const char *)text.at);
}

/* {ts: .., t: ..} */
static int check_op_time(const struct bson_field *f, struct error *e)
{
	struct bson_field ts, term;
	struct value v;

	if (f->type != BSON_KIND_DOCUMENT)
		return wrong_type(f, BSON_KIND_DOCUMENT, e);
	if (!fields_find(f->value, bytes_str("ts"), &ts))
		return query_error(e, QUERY_NO_SUCH_KEY, "Missing expected field \"ts\"");
	if (ts.type != BSON_KIND_TIMESTAMP)
		return wrong_type(&ts, BSON_KIND_TIMESTAMP, e);
	if (!fields_find(f->value, bytes_str("t"), &term))
		return query_error(e, QUERY_NO_SUCH_KEY, "Missing expected field \"t\"");
	v = value_of_field(&term);
	if (!value_is_number(&v))
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "Expected field \"t\" to have numeric type, but found %s",
				   value_type_name(term.type));
	return 0;
}

static int take_field(const struct bson_field *f, struct read_concern *ret, struct error *e)
{
	if (bytes_equal(f->name, bytes_str("level")))
		return take_level(f, &ret->level, e);
	if (bytes_equal(f->name, bytes_str("atClusterTime")))
		return take_time(f, &ret->has_at, &ret->at, e);
	if (bytes_equal(f->name, bytes_str("afterClusterTime")))
		return take_time(f, &ret->has_after, &ret->after, e);
	if (bytes_equal(f->name, bytes_str("provenance")))
		return check_provenance(f, e);
	if (bytes_equal(f->name, bytes_str("afterOpTime"))) {
		ret->has_op_time = true;
		return check_op_time(f, e);
	}
	if (bytes_equal(f->name, bytes_str("$waitLastStableRecoveryTimestamp")) ||
	    bytes_equal(f->name, bytes_str("$allowTransactionTableSnapshot")))
		return 0;
	return query_error(e, QUERY_INVALID_OPTIONS, "Unrecognized option in readConcern: %.*s",
			   (int)f->name.len, (const char *)f->name.at);
}

static int check_together(const struct read_concern *c, struct error *e)
{
	enum read_concern_level level = c->level;

	if (c->has_at && c->has_after)
		return query_error(
			e, QUERY_INVALID_OPTIONS,
			"Specifying a timestamp for readConcern snapshot in a causally consistent "
			"session is not allowed. See "
			"https://docs.mongodb.com/manual/core/read-isolation-consistency-recency/"
			"#causal-consistency");
	if (c->has_after && level != READ_CONCERN_NONE && level != READ_CONCERN_MAJORITY &&
	    level != READ_CONCERN_LOCAL && level != READ_CONCERN_SNAPSHOT)
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "afterClusterTime field can be set only if level is equal to "
				   "majority, local, or snapshot");
	if (c->has_at && level != READ_CONCERN_SNAPSHOT)
		return query_error(
			e, QUERY_INVALID_OPTIONS,
			"atClusterTime field can be set only if level is equal to snapshot");
	if ((c->has_after && c->after == 0) || (c->has_at && c->at == 0))
		return query_error(e, QUERY_INVALID_OPTIONS, "%s cannot be a null timestamp",
				   c->has_at ? "atClusterTime" : "afterClusterTime");
	return 0;
}

int read_concern_parse(const struct bson_field *field, struct read_concern *ret, struct error *e)
{
	struct read_concern c = {0};
	struct bson_field f;
	struct fields fields;

	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "readConcern field should be an object");
	fields = fields_of(field->value);
	while (fields_next(&fields, &f))
		if (take_field(&f, &c, e) < 0)
			return e->code;
	if (check_together(&c, e) < 0)
		return e->code;
	*ret = c;
	return 0;
}

static int not_supported(const struct read_concern *c, const char *command, const char *why,
			 struct error *e)
{
	char time[80] = "";
	uint64_t ts = c->has_at ? c->at : c->after;

	if (c->has_at || c->has_after)
		snprintf(time, sizeof(time), ", %sClusterTime: Timestamp(%" PRIu32 ", %" PRIu32 ")",
			 c->has_at ? "at" : "after", entry_seconds(ts), entry_increment(ts));
	return query_error(
		e, QUERY_INVALID_OPTIONS,
		"Command %s does not support { readConcern: { level: \"%s\"%s, provenance: "
		"\"clientSupplied\" } } :: caused by :: %s",
		command, level_names[c->level], time, why);
}

int read_concern_check_local(const struct read_concern *c, const char *command, const char *stage,
			     struct error *e)
{
	char why[160];

	if (c->level <= READ_CONCERN_LOCAL)
		return 0;
	snprintf(why, sizeof(why),
		 "Aggregation stage %s cannot run with a readConcern other than 'local'. Current "
		 "readConcern: %s",
		 stage, level_names[c->level]);
	return not_supported(c, command, why, e);
}

/* Commands of which mongod says that they know no afterClusterTime. */
static bool takes_after(const char *command)
{
	static const char *const without[] = {"currentOp", "dbHash",	   "getMore",
					      "ping",	   "serverStatus", "validate"};

	for (size_t i = 0; i < COUNT_OF(without); i++)
		if (strcmp(command, without[i]) == 0)
			return false;
	return true;
}

int read_concern_check(const struct read_concern *c, const char *command,
		       enum read_concern_support support, bool replset, struct error *e)
{
	if (support == READ_CONCERN_LOCAL_ONLY && c->level > READ_CONCERN_LOCAL)
		return not_supported(c, command, "read concern not supported", e);
	if (support == READ_CONCERN_NOT_SNAPSHOT && c->level == READ_CONCERN_SNAPSHOT)
		return not_supported(c, command, "read concern snapshot not supported", e);
	if (c->has_after && !takes_after(command))
		return query_error(e, QUERY_INVALID_OPTIONS,
				   "afterClusterTime is not allowed for this command");
	if (!replset && (c->level == READ_CONCERN_LINEARIZABLE || c->has_op_time))
		return query_error(e, NOT_A_REPLICA_SET,
				   "node needs to be a replica set member to use read concern");
	/* With a time it is how a moment is asked for, here. */
	if (!replset && c->level == READ_CONCERN_SNAPSHOT && !c->has_at)
		return query_error(
			e, NOT_A_REPLICA_SET,
			"node needs to be a replica set member to use readConcern: snapshot");
	if (!replset && c->has_after && c->level != READ_CONCERN_SNAPSHOT)
		return query_error(
			e, QUERY_ILLEGAL_OPERATION,
			"Cannot specify afterClusterTime readConcern without replication enabled");
	return 0;
}
