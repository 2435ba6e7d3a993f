/*
 * command.h - the commands of the oplog (op c): which there are, what becomes of each, and a parsed view.
 *
 * It reads entries and options documents; the catalog that it is applied to lies elsewhere, and so do
 * the rules for conflicts of names and UUIDs. What is not in the table is refused: an entry that is
 * not understood is never skipped in silence.
 *
 * Sources: the command table kOpsMap of mongo/db/repl/oplog.cpp, mongo-tools' mongorestore for later
 * versions, and entries of 4.2.6 to 6.0.27.
 *
 * Threads: pure; an iterator belongs to one thread at a time.
 */
#ifndef OPLOG_COMMAND_H
#define OPLOG_COMMAND_H

#include "base/buf.h"
#include "oplog/entry.h"

enum command_kind {
	COMMAND_CREATE = 1,
	COMMAND_CREATE_INDEXES,
	COMMAND_COMMIT_INDEX_BUILD, /* as create_indexes, for several */
	COMMAND_DROP_INDEXES,
	COMMAND_DROP,
	COMMAND_DROP_DATABASE,
	COMMAND_RENAME,
	COMMAND_COLL_MOD,
	COMMAND_EMPTY_CAPPED,
	COMMAND_TURN_SERIES,	    /* a time series with a view becomes one without, or back */
	COMMAND_APPLY_OPS,	    /* entry_ops_next() gives what is in it; transaction.h when */
	COMMAND_COMMIT_TRANSACTION, /* transaction.h */
	COMMAND_ABORT_TRANSACTION,  /* the same */
	COMMAND_START_INDEX_BUILD,  /* nothing is visible of it until its commit */
	COMMAND_ABORT_INDEX_BUILD,
	COMMAND_OTHER, /* skipped or refused; by its name */
};

enum command_policy {
	COMMAND_APPLY,
	COMMAND_SKIP,	/* changes nothing that is kept */
	COMMAND_REFUSE, /* what it does is not in the log: nothing behind it can be reached */
};

struct command {
	enum command_kind kind;
	enum command_policy policy;
	struct bytes name; /* as it is in the entry: the first field of o */
	struct bytes coll; /* the collection's name inside entry->db; empty when it names none. The
			      entry's ui goes before it. */
	const struct entry *entry;

	/* create */
	struct bytes id_index; /* spec of the _id index; len 0: see `clustered` and `id_index_v1` */
	bool clustered;	       /* clusteredIndex is there (a document, or true): no _id index */
	bool id_index_v1;      /* neither: servers build {v: 1, key: {_id: 1}, name: "_id_"} */

	/* commitIndexBuild, startIndexBuild, abortIndexBuild */
	struct bytes indexes;	   /* array of specs */
	const uint8_t *build_uuid; /* 16 bytes; NULL: none */

	/* dropIndexes */
	struct bytes index_name; /* or empty, and */
	struct bytes index_key;	 /* the key's document */
	bool all_indexes;	 /* "*": all but _id's; servers log one entry for each instead */

	/* renameCollection: of ns `from` (the ui goes before it) */
	struct bytes from, to;	    /* "db.coll" */
	bool stay_temp;		    /* else the option temp goes */
	const uint8_t *drop_target; /* UUID of the collection that goes; NULL: none is named */
	bool drop_any_target;	    /* dropTarget: true of old logs: whatever has the name */
};

/*
 * Read a command. 1: to be applied, 0: to be skipped (*ret is set either way). ERR_UNSUPPORTED: refused
 * or unknown; ERR_CORRUPT. The texts begin with optime and namespace. `entry` must outlive *ret.
 */
MUST_CHECK int command_parse(const struct entry *entry, struct command *ret, struct error *e);

/* The policy for a command of this name: COMMAND_REFUSE and kind 0 for one that is not known. */
enum command_policy command_policy(struct bytes name, enum command_kind *ret);

/*
 * Append the options of the collection that a create makes, as listCollections shows them: o without
 * the command and idIndex, in the order of the log (equal in all 486 collections of the samples).
 */
MUST_CHECK int command_create_options(const struct command *command, struct buf *ret,
				      struct error *e);

/*
 * Index specs of createIndexes (one), commit- and startIndexBuild (each): append the spec of number
 * `rank`, as it is in the log. 1, or 0 behind the last.
 */
MUST_CHECK int command_index_spec(const struct command *command, size_t rank, struct buf *ret,
				  struct error *e);

#endif
