#include "wire/command_fields.h"

#include "query/command.h"
#include "wire/handlers.h"
#include "wire/idl.h"

static const struct idl_field connection_status[] = {{"showPrivileges", IDL_FLAG, false}};
static const struct idl_field features[] = {{"oidReset", IDL_FLAG, false}};
static const struct idl_field rw_concern[] = {{"inMemory", IDL_BOOL, false}};
static const struct idl_field get_more[] = {
	{"collection", IDL_STRING, true},
	{"batchSize", IDL_NUMBER_MIN_0, false},
	{"maxTimeMS", IDL_NUMBER, false},
	{"term", IDL_LONG, false},
	{"lastKnownCommittedOpTime", IDL_OP_TIME, false},
};
static const struct idl_field kill_cursors[] = {{"cursors", IDL_ARRAY, true}};
static const struct idl_field list_collections[] = {
	{"cursor", IDL_CURSOR, false},
	{"filter", IDL_OBJECT, false},
	{"nameOnly", IDL_BOOL, false},
	{"authorizedCollections", IDL_BOOL, false},
	{"includePendingDrops", IDL_FLAG, false},
};
static const struct idl_field list_databases[] = {
	{"filter", IDL_OBJECT, false},
	{"nameOnly", IDL_FLAG, false},
	{"authorizedDatabases", IDL_BOOL, false},
};
static const struct idl_field list_indexes[] = {
	{"cursor", IDL_CURSOR, false},
	{"includeBuildUUIDs", IDL_FLAG, false},
	{"includeIndexBuildInfo", IDL_FLAG, false},
};
static const struct idl_field roles_info[] = {
	{"showPrivileges", IDL_ANY, false},
	{"showAuthenticationRestrictions", IDL_FLAG, false},
	{"showBuiltinRoles", IDL_FLAG, false},
};
static const struct idl_field users_info[] = {
	{"showPrivileges", IDL_FLAG, false},
	{"showCredentials", IDL_FLAG, false},
	{"showAuthenticationRestrictions", IDL_FLAG, false},
	{"showCustomData", IDL_FLAG, false},
	{"filter", IDL_OBJECT, false},
};

static const struct rule {
	const char *command;
	const struct idl_field *fields;
	size_t count;
	bool names_collection; /* looked at first */
	bool is_cursor;	       /* it begins with the id of one */
} rules[] = {
	{"connectionStatus", connection_status, COUNT_OF(connection_status), false, false},
	{"endSessions", NULL, 0, false, false},
	{"features", features, COUNT_OF(features), false, false},
	{"getCmdLineOpts", NULL, 0, false, false},
	{"getDefaultRWConcern", rw_concern, COUNT_OF(rw_concern), false, false},
	{"getMore", get_more, COUNT_OF(get_more), false, true},
	{"hostInfo", NULL, 0, false, false},
	{"killCursors", kill_cursors, COUNT_OF(kill_cursors), true, false},
	{"listCollections", list_collections, COUNT_OF(list_collections), false, false},
	{"listDatabases", list_databases, COUNT_OF(list_databases), false, false},
	{"listIndexes", list_indexes, COUNT_OF(list_indexes), true, false},
	{"ping", NULL, 0, false, false},
	{"refreshSessions", NULL, 0, false, false},
	{"rolesInfo", roles_info, COUNT_OF(roles_info), false, false},
	{"usersInfo", users_info, COUNT_OF(users_info), false, false},
};

static int check(const struct rule *rule, struct call *call, struct error *e)
{
	OWNED(buf_release) struct buf ns = {0};
	struct value first = value_of_field(&call->first);
	bool by_uuid = rule->fields == list_indexes && value_is_uuid(&first);
	struct bytes coll;

	if (rule->names_collection && !by_uuid && call_ns(call, QUERY_BAD_VALUE, &ns, &coll, e) < 0)
		return e->code;
	if (idl_check(call->cmd, rule->command, true, rule->fields, rule->count, e) < 0 ||
	    (rule->is_cursor && idl_check_type(rule->command, &call->first, IDL_LONG, e) < 0))
		return e->code;
	return rule->is_cursor ? idl_check_first(rule->command, &call->first, e) : 0;
}

int command_fields_check(struct call *call, struct error *e)
{
	const char *name = call->command->name;
	struct query_request request = {.db = call->db, .cmd = call->cmd};

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (strcmp(rules[i].command, name) == 0)
			return check(&rules[i], call, e);
	if (strcmp(name, "aggregate") == 0)
		return query_check_aggregate(&request, e);
	return strcmp(name, "explain") == 0 ? query_check_explain(&request, e) : 0;
}
