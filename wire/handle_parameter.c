/* getParameter. Prefix: handle_ */
#include <stdio.h>

#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"

enum kind { BOOL, INT32, INT64, DOUBLE, TEXT, VERSION, MECHANISMS, COMPONENTS };

/* What clients and tests ask of a mongod, in the order of names, with the values of a 6.0 that was just started. */
static const struct parameter {
	const char *name;
	enum kind kind;
	int64_t number;
	const char *text;
} parameters[] = {
	{"allowDiskUseByDefault", BOOL, 1, NULL},
	{"authSchemaVersion", INT32, 5, NULL},
	{"authenticationMechanisms", MECHANISMS, 0, NULL},
	{"clientCursorMonitorFrequencySecs", INT32, 4, NULL},
	{"clusterAuthMode", TEXT, 0, "undefined"},
	{"cursorTimeoutMillis", INT64, 600000, NULL},
	{"diagnosticDataCollectionEnabled", BOOL, 0, NULL},
	{"enableLocalhostAuthBypass", BOOL, 0, NULL},
	{"enableTestCommands", BOOL, 0, NULL},
	{"featureCompatibilityVersion", VERSION, 0, "6.0"},
	{"internalDocumentSourceGroupMaxMemoryBytes", INT64, 104857600, NULL},
	{"internalDocumentSourceSetWindowFieldsMaxMemoryBytes", INT64, 104857600, NULL},
	{"internalPipelineLengthLimit", INT32, 1000, NULL},
	{"internalQueryFacetBufferSizeBytes", INT32, 104857600, NULL},
	{"internalQueryFacetMaxOutputDocSizeBytes", INT64, 104857600, NULL},
	{"internalQueryForceClassicEngine", BOOL, 1, NULL},
	{"internalQueryMaxBlockingSortMemoryUsageBytes", INT32, 104857600, NULL},
	{"localLogicalSessionTimeoutMinutes", INT32, 30, NULL},
	{"logComponentVerbosity", COMPONENTS, 0, NULL},
	{"logLevel", INT32, 0, NULL},
	{"logicalSessionRefreshMillis", INT32, 300000, NULL},
	{"maxBSONDepth", INT32, 200, NULL},
	{"maxSessions", INT32, 1000000, NULL},
	{"maxTransactionLockRequestTimeoutMillis", INT32, 5, NULL},
	{"minSnapshotHistoryWindowInSeconds", INT32, 300, NULL},
	{"notablescan", BOOL, 0, NULL},
	{"quiet", BOOL, 0, NULL},
	{"scramIterationCount", INT32, 10000, NULL},
	{"scramSHA256IterationCount", INT32, 15000, NULL},
	{"syncdelay", DOUBLE, 60, NULL},
	{"traceExceptions", BOOL, 0, NULL},
	{"transactionLifetimeLimitSeconds", INT32, 60, NULL},
	{"ttlMonitorEnabled", BOOL, 0, NULL},
};

/* The components of a mongod's log in its order, and how deep they lie. */
static const struct component {
	const char *name;
	size_t depth;
} components[] = {
	{"accessControl", 1},
	{"assert", 1},
	{"command", 1},
	{"control", 1},
	{"executor", 1},
	{"geo", 1},
	{"index", 1},
	{"network", 1},
	{"asio", 2},
	{"bridge", 2},
	{"connectionPool", 2},
	{"processHealth", 1},
	{"query", 1},
	{"queryStats", 1},
	{"replication", 1},
	{"election", 2},
	{"heartbeats", 2},
	{"initialSync", 2},
	{"rollback", 2},
	{"sharding", 1},
	{"rangeDeleter", 2},
	{"shardingCatalogRefresh", 2},
	{"migration", 2},
	{"reshard", 2},
	{"migrationPerf", 2},
	{"storage", 1},
	{"recovery", 2},
	{"journal", 2},
	{"wt", 2},
	{"wtBackup", 3},
	{"wtCheckpoint", 3},
	{"wtCompact", 3},
	{"wtEviction", 3},
	{"wtHS", 3},
	{"wtRecovery", 3},
	{"wtRTS", 3},
	{"wtSalvage", 3},
	{"wtTiered", 3},
	{"wtTimestamp", 3},
	{"wtTransaction", 3},
	{"wtVerify", 3},
	{"wtWriteLog", 3},
	{"write", 1},
	{"ftdc", 1},
	{"tracking", 1},
	{"transaction", 1},
	{"tenantMigration", 1},
	{"test", 1},
};
#define COMPONENT_DEPTH_MAX 3

/* {verbosity: 0, command: {verbosity: -1}, ..}: -1 is that of the component around it. */
static void add_components(struct buf *b, const char *name)
{
	size_t open[COMPONENT_DEPTH_MAX + 1] = {bson_build_open(b, name)}, depth = 0;

	bson_build_int32(b, "verbosity", 0);
	for (size_t i = 0; i < COUNT_OF(components); i++) {
		for (; depth >= components[i].depth; depth--)
			bson_build_end(b, open[depth]);
		open[++depth] = bson_build_open(b, components[i].name);
		bson_build_int32(b, "verbosity", -1);
	}
	for (size_t i = depth + 1; i > 0; i--)
		bson_build_end(b, open[i - 1]);
}

static void add_value(struct buf *b, const char *name, const struct parameter *p)
{
	size_t doc;

	switch (p->kind) {
	case BOOL:
		bson_build_bool(b, name, p->number != 0);
		break;
	case INT32:
		bson_build_int32(b, name, (int32_t)p->number);
		break;
	case INT64:
		bson_build_int64(b, name, p->number);
		break;
	case DOUBLE:
		bson_build_double(b, name, (double)p->number);
		break;
	case TEXT:
		bson_build_string(b, name, bytes_str(p->text));
		break;
	case VERSION:
		doc = bson_build_open(b, name);
		bson_build_string(b, "version", bytes_str(p->text));
		bson_build_end(b, doc);
		break;
	case COMPONENTS:
		add_components(b, name);
		break;
	case MECHANISMS:
		doc = bson_build_open_array(b, name);
		bson_build_string(b, "0", bytes_str("SCRAM-SHA-256"));
		bson_build_end(b, doc);
		break;
	}
}

static void add_parameter(struct buf *b, const struct parameter *p, bool details)
{
	size_t doc;

	if (!details) {
		add_value(b, p->name, p);
		return;
	}
	doc = bson_build_open(b, p->name);
	add_value(b, "value", p);
	bson_build_bool(b, "settableAtRuntime", false);
	bson_build_bool(b, "settableAtStartup", false);
	bson_build_end(b, doc);
}

/* getParameter: {showDetails: true, allParameters: true} */
static bool inner_flag(const struct bson_field *first, const char *name)
{
	struct bson_field f;
	struct value v;

	if (first->type != BSON_KIND_DOCUMENT || !fields_find(first->value, bytes_str(name), &f))
		return false;
	v = value_of_field(&f);
	return value_is_true(&v);
}

int handle_get_parameter(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {
		{"showDetails", IDL_FLAG, false},
		{"allParameters", IDL_FLAG, false},
	};
	bool all = inner_flag(&call->first, "allParameters");
	bool details = inner_flag(&call->first, "showDetails"), any = false;
	struct bson_field f;

	if (call->first.type == BSON_KIND_DOCUMENT &&
	    idl_check(call->first.value, "getParameter", false, fields, COUNT_OF(fields), e) < 0)
		return e->code;
	if (call->first.type == BSON_KIND_STRING)
		all = bytes_equal(value_of_field(&call->first).data, bytes_str("*"));
	for (size_t i = 0; i < COUNT_OF(parameters); i++) {
		if (!all && !fields_find(call->cmd, bytes_str(parameters[i].name), &f))
			continue;
		add_parameter(call->reply, &parameters[i], details);
		any = true;
	}
	return any ? 0 : call_bare_error(call, e, "no option found to get");
}
