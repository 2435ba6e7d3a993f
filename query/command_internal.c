/* Prefix: command_ - fields that members of a deployment send each other: a standalone looks at them, too. */
#include <stdio.h>

#include "query/command_parse.h"
#include "query/query_error.h"
#include "store/snapshot/catalog.h"

#define OWNER_MAX 80
#define CONSUMERS_MAX 100
#define BUFFER_MAX (100 * 1024 * 1024)

static const struct command_rule runtime[] = {
	{"localNow", COMMAND_DATE, true, NULL},
	{"clusterTime", COMMAND_TIMESTAMP, true, NULL},
	{"jsScope", COMMAND_OBJECT, false, NULL},
	{"isMapReduce", COMMAND_BOOL, false, NULL},
};
static const struct command_rule encryption[] = {
	{"type", COMMAND_NUMBER, false, NULL},
	{"schema", COMMAND_OBJECT, true, NULL},
	{"deleteTokens", COMMAND_OBJECT, false, NULL},
	{"crudProcessed", COMMAND_BOOL, false, NULL},
};
static int check_policy(const struct value *v, struct error *e)
{
	static const char *const known[] = {"broadcast", "roundrobin", "keyRange"};

	if (value_is_nullish(v))
		return 0;
	if (v->type != BSON_KIND_STRING)
		return command_wrong_type(e, "aggregate.exchange", "policy", v, "type 'string'");
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_equal(v->data, bytes_str(known[i])))
			return 0;
	return query_error(e, QUERY_BAD_VALUE,
			   "Enumeration value '%.*s' for field 'aggregate.exchange.policy' is not "
			   "a valid value.",
			   (int)MIN_OF(v->data.len, (size_t)200), (const char *)v->data.at);
}

static const struct command_rule exchange[] = {
	{"policy", COMMAND_STRING, true, check_policy}, {"consumers", COMMAND_INT, true, NULL},
	{"orderPreserving", COMMAND_BOOL, false, NULL}, {"bufferSize", COMMAND_INT, false, NULL},
	{"key", COMMAND_OBJECT, false, NULL},		{"boundaries", COMMAND_ARRAY, false, NULL},
	{"consumerIds", COMMAND_ARRAY, false, NULL},
};

int command_check_part(const char *owner, const struct command_rule *rule, const struct value *v,
		       struct error *e)
{
	char name[OWNER_MAX];
	struct command_rules rules = {name, runtime, COUNT_OF(runtime)};

	if (v->type != BSON_KIND_DOCUMENT)
		return command_wrong_type(e, owner, rule->name, v, "type 'object'");
	snprintf(name, sizeof(name), "%s.%s", owner, rule->name);
	if (rule->type == COMMAND_ENCRYPTION)
		rules = (struct command_rules){name, encryption, COUNT_OF(encryption)};
	else if (rule->type == COMMAND_EXCHANGE)
		rules = (struct command_rules){name, exchange, COUNT_OF(exchange)};
	return command_check_fields(&rules, v->data, e);
}

/* What mongod calls a subtype of binary data. */
static const char *subtype_name(uint8_t subtype)
{
	static const char *const names[] = {"general", "function", "binary", "UUID(deprecated)",
					    "UUID",    "MD5",	   "encrypt"};

	return subtype < COUNT_OF(names) ? names[subtype] : "user-defined";
}

int command_check_uuid(const char *owner, const char *field, const struct value *v, struct error *e)
{
	if (v->type != BSON_KIND_BINARY)
		return command_wrong_type(e, owner, field, v, "type 'binData'");
	if (v->data.at[4] != 4)
		return query_error(e, QUERY_TYPE_MISMATCH,
				   "BSON field '%s.%s' is the wrong binData type '%s', expected "
				   "type 'UUID'",
				   owner, field, subtype_name(v->data.at[4]));
	if (v->data.len != 5 + 16)
		return query_error(e, QUERY_INVALID_UUID,
				   "uuid must be a 16-byte binary field with UUID (4) subtype");
	return 0;
}

int command_check_encryption(struct bytes cmd, struct bytes db, struct bytes coll, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct value v = command_field(cmd, "encryptionInformation"), schema;

	if (v.type != BSON_KIND_DOCUMENT)
		return 0;
	buf_add_bytes(&ns, db);
	buf_add_u8(&ns, '.');
	buf_add_bytes(&ns, coll);
	schema = value_get(v.data, bytes_str("schema"));
	schema = value_get(schema.data, buf_bytes(&ns));
	if (schema.type != BSON_KIND_DOCUMENT)
		return query_error(e, 6371205,
				   "Expected an object for schema in EncryptionInformation");
	return query_error(e, QUERY_NOT_IMPLEMENTED, "encryptionInformation is not supported");
}

int command_check_collection_uuid(struct bytes cmd, const struct plan_resolved *resolved,
				  struct error *e)
{
	const struct collection *collection = &resolved->collection;
	struct value v = command_field(cmd, "collectionUUID");

	if (v.type != BSON_KIND_BINARY ||
	    (!resolved->is_view && collection->kind != COLLECTION_MISSING &&
	     collection->entry.has_uuid &&
	     memcmp(collection->entry.uuid, v.data.at + 5, sizeof(collection->entry.uuid)) == 0))
		return 0;
	return query_error(e, 361, "Collection UUID does not match that specified");
}

int command_check_merge(struct bytes cmd, struct bytes db, struct bytes coll, struct error *e)
{
	struct value needs = command_field(cmd, "needsMerge");
	struct value from = command_field(cmd, "fromMongos");

	if (!value_is_missing(&needs) && value_is_missing(&from))
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Cannot specify 'needsMerge' without 'fromMongos'");
	if (!command_flag(cmd, "$_requestReshardingResumeToken") ||
	    (bytes_equal(db, bytes_str("local")) && bytes_equal(coll, bytes_str("oplog.rs"))))
		return 0;
	return query_error(e, QUERY_FAILED_TO_PARSE,
			   "$_requestReshardingResumeToken must only be set for the oplog "
			   "namespace, not %.*s.%.*s",
			   (int)db.len, (const char *)db.at, (int)coll.len, (const char *)coll.at);
}

int command_check_exchange(struct bytes cmd, int64_t first_batch, struct error *e)
{
	struct value v = command_field(cmd, "exchange");
	int64_t consumers, size;

	if (v.type != BSON_KIND_DOCUMENT)
		return 0;
	consumers = command_number(v.data, "consumers", 0);
	size = command_number(v.data, "bufferSize", 0);
	if (consumers == 0)
		return query_error(e, 50901, "Exchange must have at least one consumer");
	if (consumers < 0 || consumers > CONSUMERS_MAX)
		return query_error(e, 50950,
				   "Specified number of exchange consumers (%llu) exceeds the "
				   "maximum allowable amount (%d).",
				   (unsigned long long)consumers, CONSUMERS_MAX);
	if (size < 0 || size > BUFFER_MAX)
		return query_error(e, 50951,
				   "Specified exchange buffer size (%llu) exceeds the maximum "
				   "allowable amount (%d).",
				   (unsigned long long)size, BUFFER_MAX);
	if (consumers == 1) /* it is answered as if there were no exchange */
		return 0;
	if (first_batch != 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "the exchange initial batch size must be zero");
	return query_error(e, QUERY_NOT_IMPLEMENTED, "exchange is not supported");
}
