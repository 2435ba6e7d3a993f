/*
 * read_concern.h - the command's readConcern: read, checked, and the moment that it names.
 *
 * Rules and texts: repl/read_concern_args.cpp of mongod 6.0; measured.
 * Threads: pure.
 */
#ifndef WIRE_READ_CONCERN_H
#define WIRE_READ_CONCERN_H

#include "base/bson.h"

enum read_concern_level {
	READ_CONCERN_NONE, /* as local */
	READ_CONCERN_LOCAL,
	READ_CONCERN_AVAILABLE,
	READ_CONCERN_MAJORITY,
	READ_CONCERN_LINEARIZABLE,
	READ_CONCERN_SNAPSHOT,
};

struct read_concern {
	enum read_concern_level level;
	bool has_op_time; /* afterOpTime, that the members of a set send each other */
	bool has_at, has_after;
	uint64_t at;	/* atClusterTime */
	uint64_t after; /* afterClusterTime: nothing newer is ever seen, so it is not waited for */
};

/* Read the field's value. Errors for the client. */
MUST_CHECK int read_concern_parse(const struct bson_field *field, struct read_concern *ret,
				  struct error *e);

/* What a command supports. */
enum read_concern_support {
	READ_CONCERN_LOCAL_ONLY,
	READ_CONCERN_NOT_SNAPSHOT,
	READ_CONCERN_ALL,
};
/* Error 72 when it is more than local: of a stage about the server itself. */
MUST_CHECK int read_concern_check_local(const struct read_concern *concern, const char *command,
					const char *stage, struct error *e);
/* Is it one that `command` supports, on this kind of node? */
MUST_CHECK int read_concern_check(const struct read_concern *concern, const char *command,
				  enum read_concern_support support, bool replset, struct error *e);

#endif
