#include "query/query_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "query/fields.h"

int query_error(struct error *e, int server, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_set_args(e, ERR_INVALID, format, args);
	va_end(args);
	e->server = server;
	return ERR_INVALID;
}

int query_error_unknown_field(struct error *e, const char *parser, struct bytes name)
{
	OWNED(buf_release) struct buf text = {0};
	bool for_crypt =
		bytes_is(name, "jsonSchema"); /* a driver's, which took us for a mongocryptd */

	return query_error(
		e, for_crypt ? 4662500 : 40415, "BSON field '%s%s%s' is an unknown field.%s",
		parser, name.len > 0 ? "." : "", query_error_quote(name, &text),
		for_crypt ? " This command may be meant for a mongocryptd process." : "");
}

int query_error_if_repeated(struct error *e, const char *parser, struct bytes doc,
			    const struct bson_field *field)
{
	struct fields fields = fields_of(doc);
	OWNED(buf_release) struct buf text = {0};
	struct bson_field before;

	while (fields_next(&fields, &before) && before.name.at != field->name.at) {
		if (before.type == BSON_KIND_NULL || field->type == BSON_KIND_NULL ||
		    !bytes_equal(before.name, field->name))
			continue;
		return query_error(e, 40413, "BSON field '%s.%s' is a duplicate field", parser,
				   query_error_quote(field->name, &text));
	}
	return 0;
}

int query_error_cause(struct error *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_wrap_args(e, " :: caused by :: ", format, args);
	va_end(args);
	return e->code;
}

struct name {
	int code;
	const char *name;
};

/* Those a reader can meet. */
static const struct name names[] = {
	{1, "InternalError"},
	{2, "BadValue"},
	{4, "NoSuchKey"},
	{5, "GraphContainsCycle"},
	{6, "HostUnreachable"},
	{8, "UnknownError"},
	{9, "FailedToParse"},
	{10, "CannotMutateObject"},
	{11, "UserNotFound"},
	{12, "UnsupportedFormat"},
	{13, "Unauthorized"},
	{14, "TypeMismatch"},
	{15, "Overflow"},
	{16, "InvalidLength"},
	{17, "ProtocolError"},
	{18, "AuthenticationFailed"},
	{20, "IllegalOperation"},
	{22, "InvalidBSON"},
	{26, "NamespaceNotFound"},
	{27, "IndexNotFound"},
	{28, "PathNotViable"},
	{31, "RoleNotFound"},
	{35, "CannotBackfillArray"},
	{40, "ConflictingUpdateOperators"},
	{43, "CursorNotFound"},
	{48, "NamespaceExists"},
	{50, "MaxTimeMSExpired"},
	{51, "ManualInterventionRequired"},
	{52, "DollarPrefixedFieldName"},
	{53, "InvalidIdField"},
	{54, "NotSingleValueField"},
	{55, "InvalidDBRef"},
	{56, "EmptyFieldName"},
	{57, "DottedFieldName"},
	{59, "CommandNotFound"},
	{66, "ImmutableField"},
	{67, "CannotCreateIndex"},
	{72, "InvalidOptions"},
	{73, "InvalidNamespace"},
	{76, "NoReplicationEnabled"},
	{77, "StaleShardVersion"},
	{89, "NetworkTimeout"},
	{94, "NotYetInitialized"},
	{95, "InvalidReplicaSetConfig"},
	{96, "OperationFailed"},
	{115, "CommandNotSupported"},
	{116, "DocTooLargeForCapped"},
	{117, "ConflictingOperationInProgress"},
	{121, "DocumentValidationFailure"},
	{123, "NotAReplicaSet"},
	{125, "CommandFailed"},
	{136, "CappedPositionLost"},
	{139, "JSInterpreterFailure"},
	{146, "ExceededMemoryLimit"},
	{148, "ReadConcernMajorityNotEnabled"},
	{159, "DurationOverflow"},
	{160, "MaxStalenessOutOfRange"},
	{161, "IncompatibleCollationVersion"},
	{165, "ViewDepthLimitExceeded"},
	{166, "CommandNotSupportedOnView"},
	{167, "OptionNotSupportedOnView"},
	{168, "InvalidPipelineOperator"},
	{175, "QueryPlanKilled"},
	{183, "ClientMetadataMissingField"},
	{197, "InvalidIndexSpecificationOption"},
	{203, "ShardingStateNotInitialized"},
	{207, "InvalidUUID"},
	{209, "AmbiguousIndexKeyPattern"},
	{217, "IncompleteTransactionHistory"},
	{222, "CloseChangeStream"},
	{224, "QueryFeatureNotAllowed"},
	{225, "InvalidSSLConfiguration"},
	{232, "MaxSubPipelineDepthExceeded"},
	{233, "ExceededTimeLimit"},
	{237, "CursorKilled"},
	{238, "NotImplemented"},
	{239, "SnapshotTooOld"},
	{241, "ConversionFailure"},
	{246, "SnapshotUnavailable"},
	{251, "NoSuchTransaction"},
	{263, "OperationNotSupportedInTransaction"},
	{286, "ChangeStreamHistoryLost"},

	{291, "NoQueryExecutionPlans"},
	{292, "QueryExceededMemoryLimitNoDiskUseAllowed"},
	{312, "IncompatibleShardingMetadata"},
	{322, "APIVersionError"},
	{323, "APIStrictError"},
	{324, "APIDeprecationError"},
	{334, "MechanismUnavailable"},
	{352, "UnsupportedOpQueryCommand"},
	{361, "CollectionUUIDMismatch"},
	{10107, "NotWritablePrimary"},
	{10334, "BSONObjectTooLarge"},
	{11000, "DuplicateKey"},
	{11600, "InterruptedAtShutdown"},
	{11601, "Interrupted"},
	{12051, "CursorInUse"},
	{13435, "NotPrimaryNoSecondaryOk"},
	{40413, "IDLDuplicateField"},
	{40414, "IDLFailedToParse"},
	{40415, "IDLUnknownField"},
	{4662500, "IDLUnknownFieldPossibleMongocryptd"},

};

const char *query_error_quote(struct bytes text, struct buf *keep)
{
	buf_reset(keep);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == 0)
			buf_add_str(keep, QUERY_ERROR_NUL);
		else
			buf_add_u8(keep, text.at[i]);
	}
	return buf_text(keep);
}

void query_error_text(const struct error *e, struct buf *ret)
{
	const char *at = e->text, *nul;

	while ((nul = strstr(at, QUERY_ERROR_NUL)) != NULL) {
		buf_add(ret, at, (size_t)(nul - at));
		buf_add_u8(ret, 0);
		at = nul + strlen(QUERY_ERROR_NUL);
	}
	buf_add_str(ret, at);
}

void query_error_name(int server, char ret[QUERY_ERROR_NAME_MAX])
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].code == server) {
			snprintf(ret, QUERY_ERROR_NAME_MAX, "%s", names[i].name);
			return;
		}
	snprintf(ret, QUERY_ERROR_NAME_MAX, "Location%d", server);
}
