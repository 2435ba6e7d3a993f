/*
 * replay_op.h - one collected operation on a document: its bytes in the sort, the stream of all of them
 * in order, and what they make of one document. Internal to replay_docs.
 *
 * The sort's key is u32 BE slot, u8 order, then by that order
 *
 *	collated	key of the `_id` under the collection's collation, u64 BE sequence
 *	keyed		key of the `_id` (key.h), u64 BE sequence
 *	natural		u64 BE sequence
 *
 * Of two different keys one may be the start of the other only where the longer one goes on with ff
 * (key.h), and no sequence begins so: the operations of a document are next to each other, in order.
 *
 * Prefixes: replay_op_, replay_ops_, replay_doc_. Threads: one at a time.
 */
#ifndef OPLOG_REPLAY_OP_H
#define OPLOG_REPLAY_OP_H

#include "oplog/replay_docs.h"
#include "store/tree/extsort.h"

/* Collated ones come first: what they come to is merged with the keyed ones behind them. */
enum replay_op_order { REPLAY_OP_COLLATED, REPLAY_OP_KEYED, REPLAY_OP_NATURAL };

struct replay_op {
	enum entry_op kind; /* ENTRY_INSERT, ENTRY_UPDATE or ENTRY_DELETE */
	bool upsert;	    /* of an update */
	bool fuzzy;	    /* an update of a missing document is skipped */
	bool evicts;	    /* of an insert: a capped collection evicts after it */
	bool logged;	    /* see update_rules */
	uint8_t major;
	uint64_t ts;
	uint64_t sequence;
	struct bytes key;     /* of the `_id` (key.h) */
	struct bson_field id; /* of an upsert: type and value; else type 0 */
	uint64_t size, max;   /* of the capped collection, as they are now; 0: no limit */
	struct bytes o;	      /* of a delete: empty */
};

/* Append the payload. A keyed one's key is in the sort's key only. */
void replay_op_encode(const struct replay_op *op, enum replay_op_order order, struct buf *ret);

/* Read a payload in place; `key` and `sequence` of a keyed one are left alone. ERR_CORRUPT. */
MUST_CHECK int replay_op_decode(struct bytes payload, enum replay_op_order order,
				struct replay_op *ret, struct error *e);

/* Append the sort's key. `key` is the one that `order` sorts by (none if natural). */
void replay_op_sort_key(uint32_t slot, enum replay_op_order order, struct bytes key,
			uint64_t sequence, struct buf *ret);

/* ------------------------------------------------------------------ the stream, in order */

struct replay_ops {
	struct extsort *sort;
	const struct progress *progress; /* or NULL */
	uint64_t done, total;		 /* bytes of payloads */
	unsigned polled;
	struct buf
		ahead; /* records that were looked at ahead: u32 LE key length, u32 LE payload length, bytes */
	size_t ahead_at;
	/* The record at hand, valid until replay_ops_next(); none at the end. */
	bool some;
	uint32_t slot;
	enum replay_op_order order;
	struct bytes key; /* that is sorted by */
	uint64_t sequence;
	struct bytes payload;
};

/* To the next record (at first: to the first one): 0, or an error; ops->some says whether there is one. */
MUST_CHECK int replay_ops_next(struct replay_ops *ops, struct error *e);

/* Decode the record at hand. */
MUST_CHECK int replay_ops_read(const struct replay_ops *ops, struct replay_op *ret,
			       struct error *e);

/* Past all records of slot `number`. */
MUST_CHECK int replay_ops_skip(struct replay_ops *ops, uint32_t number, struct error *e);

/*
 * Look ahead, at most `limit` bytes and not behind the slot at hand, for documents that are inserted: append
 * some of them, whole, about `len` bytes from all that was looked at. The record at hand stays.
 */
MUST_CHECK int replay_ops_sample(struct replay_ops *ops, size_t limit, size_t len, struct buf *ret,
				 struct error *e);

/* Once for each document of a pass over a collection: tells how far it is. ERR_CANCELLED. */
MUST_CHECK int replay_ops_poll(struct replay_ops *ops, struct error *e);

void replay_ops_release(struct replay_ops *ops);

/* ------------------------------------------------------------------ one document */

/* A document while operations are applied to it. */
struct replay_doc {
	struct bytes now;   /* as it is; empty: there is none. The first one is borrowed */
	struct buf room[2]; /* in which it is then, in turn */
	unsigned turn;
	bool stopped; /* the operation can't be applied: the collection stops here */
	uint64_t stopped_at;
};

/*
 * Apply an operation. On an error, doc->stopped tells whether it is the operation's fault (ERR_CORRUPT,
 * ERR_UNSUPPORTED, ERR_LIMIT: the text names optime and reason); else it is ERR_NOMEM or a damaged spill.
 */
MUST_CHECK int replay_doc_apply(struct replay_doc *doc, const struct replay_op *op,
				struct error *e);

void replay_doc_release(struct replay_doc *doc);
DEFINE_OWNED_STRUCT(struct replay_doc, replay_doc_release);

/* ------------------------------------------------------------------ one collection */

/* What the parts of replay_docs.c share for one collection. */
struct replay_slot_work {
	struct replay_ops *ops; /* stands at the slot's first record */
	struct replay_slot *slot;
	struct tree_root root; /* before; and after */
	struct store_writer *writer;
	const struct writer_prefix *prefix; /* or NULL */
	const char *tmp_dir;
	size_t memory;	      /* for what is held at a time */
	struct extsort *made; /* what collated operations came to, keyed; finished; or NULL */
	struct replay_doc doc;
};

/* Apply the slot's operations: work->root. An operation's fault is in work->doc.stopped. */
MUST_CHECK int replay_keyed_run(struct replay_slot_work *work, struct error *e);
MUST_CHECK int replay_natural_run(struct replay_slot_work *work, struct error *e);
/* The collated ones only: they become work->made. */
MUST_CHECK int replay_collated_run(struct replay_slot_work *work, struct error *e);

#endif
