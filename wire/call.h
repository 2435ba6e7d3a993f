/*
 * call.h - one command on its way: what it asks, for whom, at which moment, and the reply that is being built.
 *
 * Threads: one.
 */
#ifndef WIRE_CALL_H
#define WIRE_CALL_H

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "wire/read_concern.h"
#include "wire/service.h"

struct call;

enum command_flag {
	COMMAND_OPEN = 1 << 0,		/* before login, too */
	COMMAND_ADMIN = 1 << 1,		/* on the database admin only */
	COMMAND_QUICK = 1 << 2,		/* answered at once */
	COMMAND_API = 1 << 3,		/* part of the stable API, version 1 */
	COMMAND_READ_CONCERN = 1 << 4,	/* any level; */
	COMMAND_SNAPSHOT = 1 << 5,	/* snapshot, too */
	COMMAND_WRITE_CONCERN = 1 << 6, /* a write: writeConcern is no error */
	COMMAND_SECRET = 1 << 7,	/* its `pwd` is not shown */
};

struct command {
	const char *name, *alias;			/* alias NULL: none */
	unsigned flags;					/* of enum command_flag */
	int (*run)(struct call *call, struct error *e); /* NULL: refused, 13 Unauthorized */
};

struct call {
	struct service *service;
	struct client *client;
	const struct message *message;
	const struct command *command;
	struct bytes cmd;	 /* its document */
	struct bson_field first; /* of it: name and value */
	struct bytes db;	 /* as the client named it */
	struct read_concern concern;
	bool has_lsid;
	uint8_t lsid[CURSORS_LSID_LEN];
	struct kill_switch *kill;
	struct buf *reply;  /* a document, begun */
	struct buf refusal; /* a text that is too long for a struct error */
	unsigned delay;	    /* milliseconds until the reply is sent */
	bool is_bare;	    /* an error without a code */
	bool is_int_ok;	    /* the reply ends in {ok: 1}, an int */

	bool is_placed; /* the next ones are set */
	struct moments_at at;
	struct bytes real_db; /* as the moment calls it */
};

/* The moment that the command is about, and its database's name there. */
MUST_CHECK int call_place(struct call *call, struct error *e);

/* Find field `name` of the command; false when it is not there, or null. */
bool call_field(const struct call *call, const char *name, struct bson_field *ret);
/* Is it there and true (or a number that is not 0)? */
bool call_flag(const struct call *call, const char *name);
/* The value as a number; `otherwise` when it is none. */
int64_t call_number(const struct call *call, const char *name, int64_t otherwise);

/* "db.coll" of the command's own argument, as mongod checks it: error 2 (or `wrong_type`) when that is no string, 73 InvalidNamespace. */
MUST_CHECK int call_ns(struct call *call, int wrong_type, struct buf *ret_ns,
		       struct bytes *ret_coll, struct error *e);
/* The entry of `coll` at the call's moment: 1, 0. */
MUST_CHECK int call_entry(struct call *call, struct bytes coll, struct catalog_entry *ret,
			  struct error *e);
/* Error 166: "Namespace db.coll is a view, not a collection". */
int call_is_view(struct bytes ns, struct error *e) COLD;
/* An error that has a text and no code. */
int call_bare_error(struct call *call, struct error *e, const char *text) COLD;
/* Error 13: not authorized on db to execute command {...}. */
int call_refuse(struct call *call, struct error *e) COLD;

static inline bool call_is_field(const struct bson_field *field, const char *name)
{
	return bytes_equal(field->name, bytes_str(name));
}

/* ---- writing numbers as mongod's appendNumber does: an int32 when it fits */
void call_add_number(struct call *call, const char *name, int64_t value);

#endif
