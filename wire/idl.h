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
	IDL_FLAG, /* a bool or any number */
	IDL_BINARY,
	IDL_STRING_OR_OBJECT,
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

/* The check of one value: 1 it is one, 0 it is null. */
MUST_CHECK int idl_check_type(const char *owner, const struct bson_field *f, enum idl_type type,
			      struct error *e);

#endif
