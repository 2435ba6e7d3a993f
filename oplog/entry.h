/*
 * entry.h - one entry of the oplog, read in place: typed and checked, for servers 4.2 to 8.x.
 *
 * The view does not depend on the order of the fields, and ignores fields that it does not know
 * (it counts them). It says what an entry is; what it does to documents and collections is
 * update.h and command.h, what belongs together is transaction.h. All slices point into the document
 * that went in and live as long.
 *
 * Sources: mongo/db/repl/oplog_entry.idl, oplog_entry.cpp, and entries of 4.2.6 to 6.0.27.
 *
 * Threads: pure; an iterator belongs to one thread at a time.
 */
#ifndef OPLOG_ENTRY_H
#define OPLOG_ENTRY_H

#include "base/bson.h"

#define ENTRY_MAX_LEN BSON_MAX_LEN
#define ENTRY_MAX_NESTING 10 /* applyOps in applyOps, as servers limit it (ApplyOps::kMaxDepth) */

/* A point of the log: the timestamp (seconds << 32 | increment) and the election term. */
struct entry_optime {
	uint64_t ts;
	int64_t term; /* -1: none */
};

static inline uint64_t entry_ts(uint32_t seconds, uint32_t increment)
{
	return (uint64_t)seconds << 32 | increment;
}

static inline uint32_t entry_seconds(uint64_t ts)
{
	return (uint32_t)(ts >> 32);
}

static inline uint32_t entry_increment(uint64_t ts)
{
	return (uint32_t)ts;
}

enum entry_op {
	ENTRY_INSERT = 1,
	ENTRY_UPDATE,
	ENTRY_DELETE,
	ENTRY_COMMAND,
	ENTRY_NOOP,
	/* Not replayed: keys of global indexes (xi, xd), containers (ci, cd, cu), multikey paths (km). */
	ENTRY_GLOBAL_INDEX_INSERT,
	ENTRY_GLOBAL_INDEX_DELETE,
	ENTRY_CONTAINER_INSERT,
	ENTRY_CONTAINER_DELETE,
	ENTRY_CONTAINER_UPDATE,
	ENTRY_MULTIKEY,
	ENTRY_UNKNOWN, /* of a later server, on the collection that it names: only where it acts is known */
};

/* The letters of an operation as they are in the log; "?" for an unknown one. */
const char *entry_op_name(enum entry_op op);

struct entry {
	struct bytes raw; /* the whole document; of an operation inside applyOps that one's */
	struct entry_optime at;
	enum entry_op op;
	struct bytes op_text; /* its letters in the log */
	struct bytes ns;      /* "db.coll", "db.$cmd", or empty (noop) */
	struct bytes db;      /* up to the first dot */
	struct bytes coll;    /* behind it */
	const uint8_t *ui;    /* the collection's UUID, 16 bytes; NULL: none */
	struct bytes o;	      /* a document */
	struct bytes o2;      /* a document; len 0: none */
	bool inner;	   /* an operation inside applyOps; what it lacked is the outer entry's */
	bool upsert;	   /* of an update: make a missing document */
	bool from_migrate; /* changes nothing about applying it */
	bool has_wall;
	int64_t wall; /* milliseconds since 1970 */
	bool has_txn_number;
	int64_t txn_number;
	struct bytes lsid;	   /* a document; len 0: none */
	struct bson_field stmt_id; /* type 0: none; see entry_stmt_id() */
	bool has_prev;
	struct entry_optime prev;  /* prevOpTime; its term is -1 and ts 0 at a chain's begin */
	int64_t multi_op_type;	   /* 0: none */
	struct bytes retry_image;  /* "preImage", "postImage", or empty */
	unsigned unknown;	   /* fields that this version does not know */
	struct bytes unknown_name; /* the first of them */
};

/*
 * Read an entry. `doc` has passed bson_check(); damage is found nevertheless.
 * ERR_CORRUPT: a field is missing or has the wrong type. ERR_UNSUPPORTED: another version of the
 * format (v is not 2), an unknown operation that names no collection, a tenant's entry. The text names
 * optime and namespace when they are known.
 */
MUST_CHECK int entry_parse(struct bytes doc, struct entry *ret, struct error *e);

/*
 * Read an operation inside the applyOps of `outer`, which it inherits all but op and o from. As
 * entry_parse(); v and ts need not be there. (ApplyOps::extractOperationsTo.)
 */
MUST_CHECK int entry_parse_inner(struct bytes doc, const struct entry *outer, struct entry *ret,
				 struct error *e);

/* The hint of what can't be replayed, whatever it is. Returns e->code. */
int entry_hint_before(struct error *e);

/* ERR_UNSUPPORTED: the text that says which operation of an ENTRY_UNKNOWN is not known. */
int entry_refuse(const struct entry *entry, struct error *e);

/*
 * Was it given to applyOps by a user, who may say there what no server logs? What is inside a transaction was not:
 * that has a number.
 */
static inline bool entry_is_of_user(const struct entry *entry)
{
	return entry->inner && !entry->has_txn_number;
}

/* Put "oplog entry 1795251817.14 (u shop.orders): " before the text of `e`; returns its code. */
int entry_wrap(const struct entry *entry, struct error *e) COLD;

/*
 * The _id by which an insert, update or delete finds its document: of o, o2, o. Other fields there
 * (a shard key) do not count. 1, or ERR_CORRUPT when there is none.
 */
MUST_CHECK int entry_id(const struct entry *entry, struct bson_field *ret, struct error *e);

/* Statement number `rank` of a retryable write (one number, or an array from 5.0 on). 1, 0 behind the last. */
MUST_CHECK int entry_stmt_id(const struct entry *entry, size_t rank, int32_t *ret, struct error *e);

/* Both belong to the same session; false when one has none. */
bool entry_same_session(const struct entry *a, const struct entry *b);

/* The name of a command: the first field of o. 1 and the field, 0 when o is empty. */
MUST_CHECK int entry_command(const struct entry *entry, struct bson_field *ret, struct error *e);

/* What an entry is a part of (oplog_entry.cpp: isPartialTransaction, shouldPrepare, isInTransaction). */
enum entry_unit {
	ENTRY_UNIT_ALONE,     /* no applyOps: it applies by itself, at its timestamp */
	ENTRY_UNIT_APPLY_OPS, /* so do the operations in it */
	ENTRY_UNIT_WHOLE,     /* a transaction in one entry: the same */
	ENTRY_UNIT_PARTIAL,   /* operations of a chain that goes on */
	ENTRY_UNIT_END,	      /* the last of an unprepared chain: all of it applies now */
	ENTRY_UNIT_PREPARE,   /* the last, or only one, of a prepared transaction */
	ENTRY_UNIT_COMMIT,    /* of a prepared transaction */
	ENTRY_UNIT_ABORT,     /* the same */
};

struct entry_unit_info {
	enum entry_unit unit;
	bool has_count; /* of the last of a chain: operations in all of it */
	int64_t count;
	uint64_t commit_ts; /* of a commit: the time at which the transaction is visible */
};

MUST_CHECK int entry_unit(const struct entry *entry, struct entry_unit_info *ret, struct error *e);

/*
 * The operations of an entry: itself, or those of its applyOps in their order, nested ones flat.
 *
 *	struct entry_ops ops;
 *
 *	entry_ops_begin(&ops, &entry);
 *	while ((got = entry_ops_next(&ops, &op, e)) > 0)
 *
 * An operation inherits what it lacks from the entry around it. An update upserts when its own b
 * says so, and also when alwaysUpsert (true if not given) holds and the entry has no txnNumber: b as
 * false takes nothing away from that (measured on primaries and secondaries of 4.2.6 to 6.0.27).
 */
struct entry_ops {
	const struct entry *entry; /* until it was looked at */
	unsigned depth;		   /* levels in use */
	struct {
		struct entry outer;
		struct bson_fields fields;
		bool upsert; /* of all updates */
	} level[ENTRY_MAX_NESTING];
};

void entry_ops_begin(struct entry_ops *ops, const struct entry *entry);

/* 1 and the next operation, 0 at the end, ERR_CORRUPT, ERR_UNSUPPORTED, ERR_LIMIT (nested too deep). */
MUST_CHECK int entry_ops_next(struct entry_ops *ops, struct entry *ret, struct error *e);

#endif
