#include "query/command_explain_refuse.h"

#include "query/query_error.h"

int command_explain_refuse_nothing(struct error *e)
{
	return query_error(e, 40414,
			   "BSON field 'explain.explain' is missing but a required field");
}

int command_explain_refuse(struct bytes name, const struct value *its, struct error *e)
{
	static const char *const known[] = {
		"ping",		 "insert",	    "update",	     "delete",
		"findAndModify", "listCollections", "listDatabases", "listIndexes",
		"hello",	 "isMaster",	    "getMore",	     "buildInfo",
		"dbStats",	 "collStats",	    "create",	     "drop",
		"serverStatus",	 "validate",	    "mapReduce"};

	if (bytes_is(name, "explain") && value_is_nullish(its))
		return command_explain_refuse_nothing(e);
	if (bytes_is(name, "explain"))
		return query_error(e, QUERY_ILLEGAL_OPERATION, "Explain cannot explain itself.");
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (bytes_is(name, known[i]))
			return query_error(e, QUERY_ILLEGAL_OPERATION, "Cannot explain cmd: %s",
					   known[i]);
	return query_error(e, QUERY_COMMAND_NOT_FOUND,
			   "Explain failed due to unknown command: %.*s", (int)name.len,
			   (const char *)name.at);
}
