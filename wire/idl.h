/*
 * idl.h - the fields that a command takes, and what is said of others: as the parsers that mongod makes from its IDL files.
 *
 * Texts and codes (14, 40413, 40414, 40415, 51024) are those of idl_parser.cpp of 6.0; measured. A null is no value.
 * Threads: pure.
 */
#ifndef WIRE_IDL_H
#define WIRE_IDL_H

#include "base/bson.h"

enum idl_type {
	IDL_ANY,
	IDL_OBJECT,
	IDL_ARRAY,
	IDL_STRING,
	IDL_BOOL,
	IDL_LONG,	  /* an int64 and nothing else */
	IDL_NUMBER,	  /* any number */
	IDL_NUMBER_MIN_0, /* the same, not below 0 */
	IDL_NUMBER_MIN_1,
	IDL_INT_MIN_1, /* any number, not below 1; what is more than 32 bits is cut */
	IDL_FLAG,      /* a bool or any number */
	IDL_BINARY,
	IDL_UUID,   /* binary data of subtype 4, 16 bytes */
	IDL_SHA256, /* binary data of 32 bytes */
	IDL_TIMESTAMP,
	IDL_OBJECT_ID,
	IDL_CURSOR,  /* {batchSize: ..} */
	IDL_OP_TIME, /* {ts: .., t: ..}, whatever else it has */
};

struct idl_field {
	const char *name;
	enum idl_type type;
	bool required;
};

/*
 * Check that `doc` has only these fields, of these types, and those that are required. `owner`: what texts call it
 * ("listIndexes.cursor"). With `is_command` its first field is left out, as are those that every command takes.
 */
MUST_CHECK int idl_check(struct bytes doc, const char *owner, bool is_command,
			 const struct idl_field *fields, size_t count, struct error *e);

/* A number as IDL_INT_MIN_1 takes it. */
int32_t idl_int(const struct bson_field *f);

/* The check of a command's first field, which has to be there: a null is 40414. Behind idl_check(), as mongod does. */
MUST_CHECK int idl_check_first(const char *command, const struct bson_field *first,
			       struct error *e);

/* The check of one value: 1 it is one, 0 it is null. */
MUST_CHECK int idl_check_type(const char *owner, const struct bson_field *f, enum idl_type type,
			      struct error *e);

#endif
