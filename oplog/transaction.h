/*
 * transaction.h - which operations of the oplog apply together, and at which time they are visible.
 *
 * Entries go in, in the order of the log; out come units: one entry, or the entries of a chain (a
 * transaction of over 16 MB, a large batched write, a prepared transaction), and the time from
 * which on they are seen. A unit's operations are those of entry_ops_next() over its entries in turn.
 * Nothing is applied here.
 *
 *	plain entry, applyOps, whole transaction	at once, visible at its timestamp
 *	chain: partial .. partial, end			all at the end, visible at the end's timestamp
 *	chain or whole, prepared			at commitTransaction, visible at its commitTimestamp,
 *							which is before entries that have already come
 *	aborted						never
 *
 * An operation of a prepared transaction commutes with all that was logged since it was prepared
 * (a server lets nobody write the same documents meanwhile), so what comes out late may be applied late;
 * but a moment at or behind the prepare has to wait for the decision: transaction_waiting().
 *
 * Chains are found by the optime of their last entry, as entries name it (prevOpTime): batched writes
 * have no session. What does not fit in TRANSACTION_MEMORY waits for its end in an unnamed file.
 *
 * Sources: reference of the oplog, 5.1 to 5.5; oplog_entry.cpp; atClusterTime reads on 4.2.6 to 6.0.27.
 *
 * Threads: one at a time.
 */
#ifndef OPLOG_TRANSACTION_H
#define OPLOG_TRANSACTION_H

#include "base/buf.h"
#include "oplog/entry.h"

struct transactions; /* opaque: the open chains */

/* The file is made in the folder `tmp`. NULL: contents are not kept, for who asks what is open only. */
struct transactions *transaction_new(const char *tmp);
void transaction_free(struct transactions *transactions);
DEFINE_OWNED(struct transactions *, transaction_free);

/* Operations that apply together. */
struct transaction_unit {
	uint64_t visible;	     /* from this timestamp on */
	struct entry_optime decided; /* of the entry that says so */
	bool transaction;	     /* else one entry, or a batched write */
	bool has_wall;
	int64_t wall; /* of the last entry that has operations: milliseconds since 1970 */
	size_t count; /* of entries: transaction_entry(); 0: they were not kept */
};

/*
 * Feed the next entry. 1: *ret applies; 0: nothing does now (a part, a prepare, an abort).
 *
 * Noops come out as units too. A unit whose `visible` is at or before the time of the base that it
 * goes on top of is in that base already: the caller leaves it out.
 *
 * ERR_NO_TIME: the chain began before the first entry that was fed: its time and all later ones can't
 * be reached from here. It is not open any more: who knows it to be in the base goes on. ERR_CORRUPT: timestamps that do not ascend, a commit of what was not
 * prepared, another number of operations than the chain's end says. ERR_IO, ERR_NOMEM. After another
 * error the state is as before the call.
 */
#define TRANSACTION_MEMORY (16 * MIB)
MUST_CHECK int transaction_feed(struct transactions *transactions, const struct entry *entry,
				struct transaction_unit *ret, struct error *e);

/* Entry `i` of the unit that came out last, valid until the next call of any function here. ERR_IO. */
MUST_CHECK int transaction_entry(struct transactions *transactions, size_t i, struct entry *ret,
				 struct error *e);

/* The first timestamp of the oldest open chain, from which on entries are still needed; 0: none is open. */
uint64_t transaction_needed_from(const struct transactions *transactions);

/*
 * The moment `ts` waits: a transaction was prepared at or before it and is not decided yet. 1 and the
 * time of the entry that prepared it (the oldest); 0: none.
 */
int transaction_waiting(const struct transactions *transactions, uint64_t ts, uint64_t *ret);

size_t transaction_open_count(const struct transactions *transactions);

#endif
