/*
 * command_parse.h - Prefix: command_
 *
 * The fields of a command checked as mongod's generated parsers do: in the order in which they came, each against its rule; then the
 * required ones. And the context that a command's common fields (let, collation, maxTimeMS) make.
 *
 * Threads: pure, but for the context that is made.
 */
#ifndef QUERY_COMMAND_PARSE_H
#define QUERY_COMMAND_PARSE_H

#include "query/command.h"
#include "query/match/match.h"
#include "query/plan.h"

/* What a field has to be; an error is 14 TypeMismatch unless it says otherwise. */
enum command_type {
	COMMAND_ANY,
	COMMAND_IGNORED, /* of every command: lsid, $db */
	COMMAND_OBJECT,	 /* "BSON field 'find.x' is the wrong type 'int', expected type 'object'" */
	COMMAND_OWNED,	 /* the same, in the words "Expected field xto be of type object" */
	COMMAND_ARRAY,	 /* array */
	COMMAND_STRING,	 /* string */
	COMMAND_FLAG,	 /* bool; "Field 'x' should be a boolean value, but found: int" */
	COMMAND_BOOL,	 /* bool */
	COMMAND_BOOL_SAFE, /* bool or number */
	COMMAND_COUNT,	   /* number, not negative after truncation: 51024 */
	COMMAND_INT32,	   /* number that fits into 32 bits, not negative */
	COMMAND_TIME,	   /* maxTimeMS */
	COMMAND_READ_CONCERN,
	COMMAND_HINT,	     /* string or object: 9 FailedToParse */
	COMMAND_OBJECT_NULL, /* object or null, which is as if it were not there */
	COMMAND_NUMBER,	     /* any number */
	COMMAND_INT,	     /* an int32 and nothing else */
	COMMAND_DATE,
	COMMAND_TIMESTAMP,
	COMMAND_UUID,	    /* binary data of subtype 4, 16 bytes */
	COMMAND_RUNTIME,    /* runtimeConstants, of members: command_internal.c */
	COMMAND_ENCRYPTION, /* encryptionInformation */
	COMMAND_EXCHANGE,   /* exchange */
};

struct command_rule {
	const char *name;
	enum command_type type;
	bool is_required;
	/* Instead of `type`: checks the value; or NULL. */
	int (*check)(const struct value *v, struct error *e);
};

struct command_rules {
	const char *name; /* "FindCommandRequest", "aggregate": in messages */
	const struct command_rule *rules;
	size_t count;
};

/* command_strict.c. Does the command say apiStrict: true? Is a field of it, below the rules' name, not in the stable API then (323)? */
bool command_is_strict(struct bytes cmd);
MUST_CHECK int command_check_strict(const char *owner, struct bytes field, struct error *e);

/* Check all fields of `cmd` but the first. */
MUST_CHECK int command_check(const struct command_rules *rules, struct bytes cmd, struct error *e);

/* The fields alone, not what all commands have in common: maxTimeMS, and that no name comes twice. */
MUST_CHECK int command_check_known(const struct command_rules *rules, struct bytes cmd,
				   struct error *e);

/* The same of all fields of another document, a command's part. */
MUST_CHECK int command_check_fields(const struct command_rules *rules, struct bytes doc,
				    struct error *e);

/* The document of a field that members of a deployment send: its own fields, below the name "owner.field". */
MUST_CHECK int command_check_part(const char *owner, const struct command_rule *rule,
				  const struct value *v, struct error *e);
MUST_CHECK int command_check_uuid(const char *owner, const char *field, const struct value *v,
				  struct error *e);
/* encryptionInformation of what is not encrypted: 6371205; what could be is refused. */
MUST_CHECK int command_check_encryption(struct bytes cmd, struct bytes db, struct bytes coll,
					struct error *e);
/* Is collectionUUID that of the collection that the command names? 361 when it is not, or is a view, or there is none. */
MUST_CHECK int command_check_collection_uuid(struct bytes cmd, const struct plan_resolved *resolved,
					     struct error *e);
/* {$natural: ..} stands alone, in a sort and in a hint: 2 when it does not. `what` of both `spec` is. */
MUST_CHECK int command_check_natural(const char *what, struct bytes spec, struct error *e);
/* What an aggregate has that only members send: needsMerge, exchange. */
MUST_CHECK int command_check_merge(struct bytes cmd, struct bytes db, struct bytes coll,
				   struct error *e);
MUST_CHECK int command_check_exchange(struct bytes cmd, int64_t first_batch, struct error *e);

/* The value of a checked field; missing also when it is null and null is as nothing. */
struct value command_field(struct bytes cmd, const char *name);
/* A checked number, truncated; `or` when it is missing. */
int64_t command_number(struct bytes cmd, const char *name, int64_t or_else);
bool command_flag(struct bytes cmd, const char *name);
/* A number as COMMAND_COUNT has it (also of `cursor.batchSize`): NaN is 0. `field` is the name in messages. */
MUST_CHECK int command_count_of(const char *field, const struct value *v, int64_t *ret,
				struct error *e);
/* The error of a wrong type: "BSON field 'find.skip' is the wrong type 'string', expected type 'object'" */
int command_wrong_type(struct error *e, const char *command, const char *field,
		       const struct value *v, const char *expected) COLD;

/* {$natural: 1} of a sort or hint: 1, {$natural: -1}: -1; 0: another one. */
int command_natural(struct bytes spec);
/* Its number as mongod compares a sort's and a hint's: an int; 0 when it is none. */
int64_t command_natural_number(struct bytes spec);
/* May a blocking stage spill? allowDiskUse, on unless it is told not to (allowDiskUseByDefault). */
bool command_spills(struct bytes cmd);
/* Does a document begin with an operator: {$gt: 1}? */
bool command_is_operator(struct bytes doc);
/* The value of maxTimeMS, with the words of every command. */
MUST_CHECK int command_check_time(const struct value *v, struct error *e);

/* What a command takes as the name of its collection. */
enum command_name_rule { COMMAND_NAME_FIND, COMMAND_NAME_OTHER, COMMAND_NAME_AGGREGATE };
/* The first field's value as a collection's name (or UUID), appended to `ret`: 2, 73, 26. */
MUST_CHECK int command_collection(const struct query_request *request, enum command_name_rule rule,
				  struct buf *ret, struct error *e);
/* What readConcern says: 9, 14, 72, 123 and 20. `name`: of the command, `with_snapshot`: may it read a snapshot? */
MUST_CHECK int command_read_concern(struct bytes cmd, const char *name, bool with_snapshot,
				    struct error *e);

/* A context with what it owns. */
struct command_context {
	struct query_context q;
	struct moment *moment;
	struct bytes cmd; /* the command, kept */
	struct buf ns;	  /* "db.coll" */
	struct collation *collation;
	bool is_view_find;	     /* a find that is an aggregation of what a view views */
	bool has_collation;	     /* the command names one (maybe the simple one) */
	struct bytes collation_spec; /* that is in force; empty: simple */
	struct bytes projection;     /* of a distinct: what its planner is asked for; empty: {} */
};

/* Make it: the command is copied, the moment held. maxTimeMS counts from now. */
void command_begin(struct command_context *c, const struct query_request *request,
		   struct bytes coll);
void command_end(struct command_context *c);
DEFINE_OWNED_STRUCT(struct command_context, command_end);
/* Read the command's collation. Errors as mongod's. */
MUST_CHECK int command_collation(struct command_context *c, struct error *e);
/* What the namespace's default makes of it, when the command names none. */
MUST_CHECK int command_default_collation(struct command_context *c, struct bytes spec,
					 struct error *e);
/* A collation with all that it leaves to defaults, as mongod shows it (of the ICU that mongod has). */
void command_collation_write(struct bytes spec, const char *name, struct buf *ret);
/* Are two collations (documents; empty: simple) the same? */
bool command_collation_equals(struct bytes spec, struct bytes other);
/* mongod's words for a query that has no plan: the whole query, and `text`. `match` may be NULL. */
int command_planner_error(struct command_context *c, const struct match *match, int code,
			  const char *text, struct error *e) COLD;
/*
 * mongod's words for a hint that `found` indexes have: 0, or 2, whose specifications are in `indexes`. As above; of a multikey index
 * mongod says so, which no dump tells.
 */
int command_not_one_index(struct command_context *c, const struct match *match,
			  const struct bytes indexes[2], int found, struct error *e) COLD;
struct near_index;
/*
 * The index for the $near of `match` (near.h): 291 in the words of the whole query when there is none. Nothing is done where there is no $near, or no
 * stored collection.
 */
MUST_CHECK int command_near_index(struct command_context *c, struct expr_scope *scope,
				  const struct collection *collection, const struct match *match,
				  struct bytes hinted, struct near_index *ret, struct error *e);
/* Beside a $near no sort and no hint may be {$natural: ..}, and no cursor tails. Rule: CanonicalQuery::isValid(). */
MUST_CHECK int command_check_near(const struct command_context *c, const struct match *match,
				  bool tails, struct error *e);
/* Evaluate the command's `let`. */
MUST_CHECK int command_let(struct command_context *c, struct error *e);

#endif
