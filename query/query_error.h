/*
 * query_error.h - errors as a mongod tells them: its code, its words.
 *
 * A query that is wrong is answered with the code and text of mongod 6.0.27 (drivers and people look for them).
 * Such an error has `code` ERR_INVALID and the server's number in `server`; everything else (a damaged chunk, no
 * memory) has `server` 0 and reaches a client as 8 UnknownError or what wire/ decides.
 *
 * Threads: pure.
 */
#ifndef QUERY_QUERY_ERROR_H
#define QUERY_QUERY_ERROR_H

#include "base/bson.h"
#include "base/buf.h"
#include "base/error.h"

/* Codes with names; the many others are numbers only ("Location40324"). base/error_codes.yml of mongod 6.0. */
enum query_code {
	QUERY_INTERNAL_ERROR = 1,
	QUERY_BAD_VALUE = 2,
	QUERY_NO_SUCH_KEY = 4,
	QUERY_UNKNOWN_ERROR = 8,
	QUERY_FAILED_TO_PARSE = 9,
	QUERY_UNAUTHORIZED = 13,
	QUERY_TYPE_MISMATCH = 14,
	QUERY_OVERFLOW = 15,
	QUERY_INVALID_LENGTH = 16,
	QUERY_AUTHENTICATION_FAILED = 18,
	QUERY_ILLEGAL_OPERATION = 20,
	QUERY_NAMESPACE_NOT_FOUND = 26,
	QUERY_INDEX_NOT_FOUND = 27,
	QUERY_INVALID_UUID = 207,
	QUERY_CURSOR_NOT_FOUND = 43,
	QUERY_MAX_TIME_EXPIRED = 50,
	QUERY_COMMAND_NOT_FOUND = 59,
	QUERY_INVALID_OPTIONS = 72,
	QUERY_INVALID_NAMESPACE = 73,
	QUERY_NO_REPLICATION = 76,
	QUERY_EXCEEDED_MEMORY_LIMIT = 146,
	QUERY_VIEW_DEPTH_LIMIT = 165,
	QUERY_NOT_SUPPORTED_ON_VIEW = 166,
	QUERY_OPTION_NOT_SUPPORTED_ON_VIEW = 167,
	QUERY_INVALID_PIPELINE_OPERATOR = 168,
	QUERY_NOT_IMPLEMENTED = 238,
	QUERY_CONVERSION_FAILURE = 241,
	QUERY_SNAPSHOT_UNAVAILABLE = 246,
	QUERY_BSON_TOO_LARGE = 10334,
	QUERY_CURSOR_KILLED = 237,
	QUERY_DISK_USE_NOT_ALLOWED = 292, /* QueryExceededMemoryLimitNoDiskUseAllowed */
	QUERY_API_VERSION = 322,
	QUERY_API_STRICT = 323,
};

/* Set `e` (code ERR_INVALID, server `server`) and return ERR_INVALID. */
int query_error(struct error *e, int server, const char *format, ...) PRINTF_LIKE(3, 4) COLD;

/* Code 40415 as mongod's generated parsers tell it: "BSON field 'parser.name' is an unknown field."; without ".name" when it is empty. */
int query_error_unknown_field(struct error *e, const char *parser, struct bytes name) COLD;

/*
 * Code 40413, when `doc` has a field of that name before `field`, which is in it and not null; else 0. For documents that mongod reads with a
 * generated parser; after the check of the type, as there.
 */
int query_error_if_repeated(struct error *e, const char *parser, struct bytes doc,
			    const struct bson_field *field);

/* Put "context :: caused by :: " before the text of `e`, as mongod does; returns its code. */
int query_error_cause(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3) COLD;

/* A text of mongod may hold a NUL, ours is a C string: there these two bytes stand for it. */
#define QUERY_ERROR_NUL "\xc0\x80"
/* A text of the user as it may stand in a message: with such NULs. Written into `keep`, which is returned as a C string. */
const char *query_error_quote(struct bytes text, struct buf *keep);
/* Append the text of `e` as a client gets it, with such NULs. */
void query_error_text(const struct error *e, struct buf *ret);

/* The name of a code: "BadValue", "TypeMismatch"; "Location40324" for one without, into `ret`. */
#define QUERY_ERROR_NAME_MAX 64
void query_error_name(int server, char ret[QUERY_ERROR_NAME_MAX]);

#endif
