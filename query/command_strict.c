/* Prefix: command_ - what apiStrict leaves of the fields of a command. Rule: `stability: unstable` in the IDL of mongod 6.0. */
#include "query/command_parse.h"
#include "query/query_error.h"

static const struct {
	const char *owner, *field;
} unstable[] = {
	{"FindCommandRequest", "min"},
	{"FindCommandRequest", "max"},
	{"FindCommandRequest", "returnKey"},
	{"FindCommandRequest", "showRecordId"},
	{"FindCommandRequest", "tailable"},
	{"FindCommandRequest", "oplogReplay"},
	{"FindCommandRequest", "noCursorTimeout"},
	{"FindCommandRequest", "awaitData"},
	{"FindCommandRequest", "readOnce"},
	{"FindCommandRequest", "allowSpeculativeMajorityRead"},
	{"FindCommandRequest", "$_requestResumeToken"},
	{"FindCommandRequest", "$_resumeAfter"},
	{"FindCommandRequest", "ntoreturn"},
	{"FindCommandRequest", "term"},
	{"FindCommandRequest", "options"},
	{"FindCommandRequest", "encryptionInformation"},
	{"FindCommandRequest", "collectionUUID"},
	{"aggregate", "explain"},
	{"aggregate", "isMapReduceCommand"},
	{"aggregate", "collectionUUID"},
	{"aggregate", "encryptionInformation"},
};

bool command_is_strict(struct bytes cmd)
{
	struct value v = command_field(cmd, "apiStrict");

	return v.type == BSON_KIND_BOOL && value_is_true(&v);
}

int command_check_strict(const char *owner, struct bytes field, struct error *e)
{
	for (size_t i = 0; i < COUNT_OF(unstable); i++)
		if (bytes_equal(field, bytes_str(unstable[i].field)) &&
		    strcmp(owner, unstable[i].owner) == 0)
			return query_error(e, QUERY_API_STRICT,
					   "BSON field '%s.%s' is not allowed with apiStrict:true.",
					   owner, unstable[i].field);
	return 0;
}
