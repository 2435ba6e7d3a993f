/* Of replica sets and shards: what a server of one persona or the other says. Prefix: handle_ */
#include <time.h>

#include "query/value.h"
#include "wire/handlers.h"
#include "wire/idl.h"

#define SHARDING_NOT_INITIALIZED 203

static bool is_set(const struct call *call)
{
	return call->service->options.replset != NULL;
}

static int no_replication(struct error *e)
{
	return query_error(e, QUERY_NO_REPLICATION, "not running with --replSet");
}

static void add_optime(struct call *call, const char *name)
{
	size_t doc = bson_build_open(call->reply, name);

	bson_build_timestamp(call->reply, "ts", (uint32_t)(call->at.ts >> 32),
			     (uint32_t)call->at.ts);
	bson_build_int64(call->reply, "t", 1);
	bson_build_end(call->reply, doc);
}

static void add_member(struct call *call)
{
	struct buf *b = call->reply;
	size_t doc = bson_build_open(b, "0");

	bson_build_int32(b, "_id", 0);
	bson_build_string(b, "name", bytes_str(call->service->options.advertise));
	bson_build_double(b, "health", 1);
	bson_build_int32(b, "state", 1);
	bson_build_string(b, "stateStr", bytes_str("PRIMARY"));
	bson_build_int32(b, "uptime", (int32_t)(time(NULL) - call->service->began_us / 1000000));
	add_optime(call, "optime");
	bson_build_date(b, "optimeDate", (int64_t)(call->at.ts >> 32) * 1000);
	bson_build_int32(b, "configVersion", 1);
	bson_build_int32(b, "configTerm", 1);
	bson_build_bool(b, "self", true);
	bson_build_end(b, doc);
}

int handle_replset_status(struct call *call, struct error *e)
{
	struct buf *b = call->reply;
	size_t inner;

	if (!is_set(call))
		return no_replication(e);
	if (call_place(call, e) < 0)
		return e->code;
	bson_build_string(b, "set", bytes_str(call->service->options.replset));
	bson_build_date(b, "date", (int64_t)time(NULL) * 1000);
	bson_build_int32(b, "myState", 1);
	bson_build_int64(b, "term", 1);
	bson_build_string(b, "syncSourceHost", bytes_str(""));
	bson_build_int32(b, "syncSourceId", -1);
	bson_build_int64(b, "heartbeatIntervalMillis", 2000);
	bson_build_int32(b, "majorityVoteCount", 1);
	bson_build_int32(b, "writeMajorityCount", 1);
	bson_build_int32(b, "votingMembersCount", 1);
	bson_build_int32(b, "writableVotingMembersCount", 1);
	inner = bson_build_open(b, "optimes");
	add_optime(call, "lastCommittedOpTime");
	add_optime(call, "readConcernMajorityOpTime");
	add_optime(call, "appliedOpTime");
	add_optime(call, "durableOpTime");
	bson_build_end(b, inner);
	inner = bson_build_open_array(b, "members");
	add_member(call);
	bson_build_end(b, inner);
	return 0;
}

int handle_replset_config(struct call *call, struct error *e)
{
	struct buf *b = call->reply;
	size_t doc, members, one;

	if (!is_set(call))
		return no_replication(e);
	doc = bson_build_open(b, "config");
	bson_build_string(b, "_id", bytes_str(call->service->options.replset));
	bson_build_int32(b, "version", 1);
	bson_build_int32(b, "term", 1);
	members = bson_build_open_array(b, "members");
	one = bson_build_open(b, "0");
	bson_build_int32(b, "_id", 0);
	bson_build_string(b, "host", bytes_str(call->service->options.advertise));
	bson_build_bool(b, "arbiterOnly", false);
	bson_build_bool(b, "buildIndexes", true);
	bson_build_bool(b, "hidden", false);
	bson_build_double(b, "priority", 1);
	bson_build_end(b, bson_build_open(b, "tags"));
	bson_build_int64(b, "secondaryDelaySecs", 0);
	bson_build_int32(b, "votes", 1);
	bson_build_end(b, one);
	bson_build_end(b, members);
	bson_build_int64(b, "protocolVersion", 1);
	bson_build_bool(b, "writeConcernMajorityJournalDefault", true);
	bson_build_end(b, doc);
	return 0;
}

int handle_sharding_state(struct call *call, struct error *e)
{
	(void)e;
	bson_build_bool(call->reply, "enabled", false);
	return 0;
}

int handle_no_sharding(struct call *call, struct error *e)
{
	(void)call;
	return query_error(e, SHARDING_NOT_INITIALIZED, "Sharding is not enabled");
}

int handle_rw_concern(struct call *call, struct error *e)
{
	size_t doc;

	if (!is_set(call))
		return query_error(e, 51300,
				   "'getDefaultRWConcern' is not supported on standalone nodes.");
	doc = bson_build_open(call->reply, "defaultReadConcern");
	bson_build_string(call->reply, "level", bytes_str("local"));
	bson_build_end(call->reply, doc);
	bson_build_string(call->reply, "defaultReadConcernSource", bytes_str("implicit"));
	return 0;
}

int handle_last_error(struct call *call, struct error *e)
{
	(void)call;
	return query_error(e, 5739000, "getLastError command is not supported");
}

int handle_no_oplog(struct call *call, struct error *e)
{
	if (is_set(call))
		return call_refuse(call, e);
	return query_error(e, QUERY_NO_REPLICATION,
			   "Must have replication set up to run \"appendOplogNote\"");
}

int handle_no_transaction(struct call *call, struct error *e)
{
	static const struct idl_field fields[] = {{"recoveryToken", IDL_OBJECT, false}};

	if (idl_check(call->cmd, call->command->name, true, fields, COUNT_OF(fields), e) < 0)
		return e->code;
	return query_error(e, 125, "%s must be run within a transaction", call->command->name);
}
