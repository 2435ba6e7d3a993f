#include "oplog/transaction.h"

#include <assert.h>
#include <inttypes.h>

#include "store/crypt/spill.h"

/* An entry of a chain: its document in memory (owned), or where it lies in the spill. */
struct part {
	uint8_t *doc;
	uint64_t at;
	size_t len;
};

struct chain {
	struct part *parts;
	size_t count;
	size_t bytes;	/* of its parts in memory */
	size_t spilled; /* parts in the file */
	int64_t operations;
	uint64_t first; /* timestamp of its first entry */
	struct entry
		tail;  /* time and session of its last entry: what the next one calls prevOpTime */
	uint8_t *lsid; /* owned: the tail's */
	bool prepared;
	bool headless; /* its first entries were never seen */
};

struct transactions {
	struct chain *chains;
	size_t count, cap;
	uint64_t fed; /* timestamp of the last entry */
	char *tmp;    /* NULL: nothing is kept */
	/* Parts that memory has no room for; NULL while there is none. */
	struct spill *spill;
	size_t bytes;	/* in memory, of open chains and of `done` */
	size_t spilled; /* parts in the spill, of the same */
	/* What the last unit was made of: a chain, and the entry that ended it if that has operations. */
	struct chain done;
	struct entry last;
	bool has_last;
	struct buf room; /* for a part that is read back */
};

struct transactions *transaction_new(const char *tmp)
{
	struct transactions *transactions = xcalloc(1, sizeof(*transactions));

	if (tmp != NULL)
		transactions->tmp = xstrdup(tmp);
	return transactions;
}

static void release_chain(struct transactions *transactions, struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		free(chain->parts[i].doc);
	transactions->bytes -= chain->bytes;
	transactions->spilled -= chain->spilled;
	free(chain->parts);
	free(chain->lsid);
	*chain = (struct chain){0};
}

void transaction_free(struct transactions *transactions)
{
	if (transactions == NULL)
		return;
	for (size_t i = 0; i < transactions->count; i++)
		release_chain(transactions, &transactions->chains[i]);
	release_chain(transactions, &transactions->done);
	spill_free(transactions->spill);
	buf_release(&transactions->room);
	free(transactions->chains);
	free(transactions->tmp);
	free(transactions);
}

static struct chain *find_chain(struct transactions *transactions, struct entry_optime last)
{
	for (size_t i = 0; i < transactions->count; i++) {
		struct chain *chain = &transactions->chains[i];

		if (chain->tail.at.ts == last.ts && chain->tail.at.term == last.term)
			return chain;
	}
	return NULL;
}

/* Take a chain out of the list; it is the caller's. */
static struct chain take_chain(struct transactions *transactions, struct chain *chain)
{
	struct chain taken = *chain;
	size_t at = (size_t)(chain - transactions->chains);

	transactions->count--;
	memmove(chain, chain + 1, (transactions->count - at) * sizeof(*chain));
	return taken;
}

static struct chain *add_chain(struct transactions *transactions)
{
	struct chain *chain;

	if (transactions->count == transactions->cap) {
		transactions->cap = MAX_OF(transactions->cap * 2, (size_t)8);
		transactions->chains =
			xrealloc(transactions->chains, transactions->cap * sizeof(*chain));
	}
	chain = &transactions->chains[transactions->count++];
	*chain = (struct chain){0};
	return chain;
}

/* Write a document behind what is in the file. */
static int spill_part(struct transactions *transactions, struct bytes doc, struct part *ret,
		      struct error *e)
{
	if (transactions->spill == NULL &&
	    spill_new(transactions->tmp, "spill of transactions", &transactions->spill, e) < 0)
		return e->code;
	ret->at = spill_size(transactions->spill);
	buf_reset(&transactions->room);
	if (buf_reserve(&transactions->room, doc.len, SIZE_MAX, e) < 0)
		return e->code;
	buf_add_bytes(&transactions->room, doc);
	return spill_write(transactions->spill, &transactions->room, e);
}

static int keep_part(struct transactions *transactions, struct chain *chain, struct bytes doc,
		     struct error *e)
{
	struct part part = {.len = doc.len};

	if (doc.len > TRANSACTION_MEMORY - MIN_OF(transactions->bytes, TRANSACTION_MEMORY)) {
		if (spill_part(transactions, doc, &part, e) < 0)
			return e->code;
		chain->spilled++;
		transactions->spilled++;
	} else {
		if ((part.doc = malloc(doc.len)) == NULL)
			return error_nomem(e, doc.len);
		memcpy(part.doc, doc.at, doc.len);
		chain->bytes += doc.len;
		transactions->bytes += doc.len;
	}
	chain->parts = xrealloc(chain->parts, (chain->count + 1) * sizeof(part));
	chain->parts[chain->count++] = part;
	return 0;
}

/* A copy of the entry at the chain's end. */
static int add_part(struct transactions *transactions, struct chain *chain,
		    const struct entry *entry, int64_t operations, struct error *e)
{
	if (transactions->tmp != NULL && keep_part(transactions, chain, entry->raw, e) < 0)
		return e->code;
	if (chain->first == 0)
		chain->first = entry->at.ts;
	chain->operations += operations;
	free(chain->lsid);
	chain->lsid = xmalloc(MAX_OF(entry->lsid.len, (size_t)1));
	if (entry->lsid.len > 0)
		memcpy(chain->lsid, entry->lsid.at, entry->lsid.len);
	chain->tail = (struct entry){.at = entry->at,
				     .lsid = bytes_of(chain->lsid, entry->lsid.len),
				     .has_txn_number = entry->has_txn_number,
				     .txn_number = entry->txn_number,
				     .has_wall = entry->has_wall,
				     .wall = entry->wall};
	return 0;
}

static int count_operations(const struct entry *entry, int64_t *ret, struct error *e)
{
	struct entry_ops ops;
	struct entry op;
	int64_t count = 0;
	int got;

	entry_ops_begin(&ops, entry);
	while ((got = entry_ops_next(&ops, &op, e)) > 0)
		count++;
	if (got == 0)
		*ret = count;
	return got;
}

/* A chain that nobody asks for any more; its place is another's. */
static void drop_chain(struct transactions *transactions, struct chain *chain)
{
	struct chain dead = take_chain(transactions, chain);

	release_chain(transactions, &dead);
}

/* A session begins its next transaction: what was not prepared of an older one is dead. */
static void drop_older(struct transactions *transactions, const struct entry *entry)
{
	for (size_t i = transactions->count; i-- > 0;) {
		struct chain *chain = &transactions->chains[i];
		const struct entry *last = &chain->tail;

		if (!chain->prepared && last->has_txn_number && entry->has_txn_number &&
		    last->txn_number < entry->txn_number && entry_same_session(last, entry))
			drop_chain(transactions, chain);
	}
}

/* The end of a chain whose start is missing; `chain`, what there is of it, is not open any more. NULL: nothing is. */
static int miss_start(struct transactions *transactions, struct chain *chain,
		      const struct entry *entry, struct error *e)
{
	if (chain != NULL)
		drop_chain(transactions, chain);
	return error_set(e, ERR_NO_TIME,
			 "its transaction began before the first entry that is there: the entry "
			 "before is %" PRIu32 ".%" PRIu32,
			 entry_seconds(entry->prev.ts), entry_increment(entry->prev.ts));
}

/* A partial entry, or the prepare: the chain goes on. */
static int go_on(struct transactions *transactions, const struct entry *entry,
		 const struct entry_unit_info *info, struct error *e)
{
	struct chain *chain = NULL;
	bool first = entry->prev.ts == 0, made = false;
	int64_t operations;
	int got = count_operations(entry, &operations, e);

	if (got < 0)
		return got;
	if (!first) {
		chain = find_chain(transactions, entry->prev);
		if (chain != NULL && chain->prepared)
			return error_set(e, ERR_CORRUPT,
					 "a prepared transaction goes on without its decision");
	}
	if (info->unit == ENTRY_UNIT_PREPARE && info->has_count && chain != NULL &&
	    !chain->headless && chain->operations + operations != info->count)
		return error_set(e, ERR_CORRUPT,
				 "transaction has %" PRId64 " operations, expected %" PRId64,
				 chain->operations + operations, info->count);
	if (first)
		drop_older(transactions, entry);
	if (chain == NULL) {
		/* One whose start is missing is kept: only its end is an error. */
		chain = add_chain(transactions);
		chain->headless = !first;
		made = true;
	}
	if ((got = add_part(transactions, chain, entry, operations, e)) < 0) {
		if (made)
			drop_chain(transactions, chain);
		return got;
	}
	chain->prepared = info->unit == ENTRY_UNIT_PREPARE;
	return 0;
}

/* The chain applies: its parts, and the entry that ends it if that has operations (NULL: not). */
static void give_chain(struct transactions *transactions, struct chain *chain,
		       const struct entry *end, struct transaction_unit *ret)
{
	const struct entry *last;

	transactions->done = take_chain(transactions, chain);
	last = end != NULL ? end : &transactions->done.tail;
	ret->has_wall = last->has_wall;
	ret->wall = last->wall;
	ret->count = transactions->done.count;
	transactions->has_last = end != NULL && transactions->tmp != NULL;
	if (transactions->has_last) {
		transactions->last = *end;
		ret->count++;
	}
}

/* Retryable writes that are applied together (8.1 and later) have a session and a number, too. */
static bool is_transaction(const struct entry *entry)
{
	return entry->has_txn_number && entry->multi_op_type == 0;
}

static int end_chain(struct transactions *transactions, const struct entry *entry,
		     const struct entry_unit_info *info, struct transaction_unit *ret,
		     struct error *e)
{
	struct chain *chain = find_chain(transactions, entry->prev);
	int64_t operations;
	int got;

	if (chain == NULL || chain->headless)
		return miss_start(transactions, chain, entry, e);
	if (chain->prepared)
		return error_set(e, ERR_CORRUPT,
				 "a prepared transaction ends without its decision");
	if ((got = count_operations(entry, &operations, e)) < 0)
		return got;
	if (info->has_count && chain->operations + operations != info->count)
		return error_set(e, ERR_CORRUPT,
				 "transaction has %" PRId64 " operations, expected %" PRId64,
				 chain->operations + operations, info->count);
	give_chain(transactions, chain, entry, ret);
	ret->transaction = is_transaction(entry);
	return 1;
}

static int commit(struct transactions *transactions, const struct entry *entry,
		  const struct entry_unit_info *info, struct transaction_unit *ret, struct error *e)
{
	struct chain *chain = find_chain(transactions, entry->prev);

	if (chain == NULL || chain->headless)
		return miss_start(transactions, chain, entry, e);
	if (!chain->prepared)
		return error_set(e, ERR_CORRUPT, "commit of a transaction that was not prepared");
	if (info->commit_ts < chain->tail.at.ts || info->commit_ts > entry->at.ts)
		return error_set(e, ERR_CORRUPT,
				 "commitTimestamp %" PRIu32 ".%" PRIu32
				 " is not between prepare and commit",
				 entry_seconds(info->commit_ts), entry_increment(info->commit_ts));
	give_chain(transactions, chain, NULL, ret);
	ret->visible = info->commit_ts;
	ret->transaction = true;
	return 1;
}

static int feed(struct transactions *transactions, const struct entry *entry,
		struct transaction_unit *ret, struct error *e)
{
	struct entry_unit_info info;
	struct chain *chain;
	int got = entry_unit(entry, &info, e);

	if (got < 0)
		return got;
	switch (info.unit) {
	case ENTRY_UNIT_PARTIAL:
	case ENTRY_UNIT_PREPARE:
		return go_on(transactions, entry, &info, e);
	case ENTRY_UNIT_END:
		return end_chain(transactions, entry, &info, ret, e);
	case ENTRY_UNIT_COMMIT:
		return commit(transactions, entry, &info, ret, e);
	case ENTRY_UNIT_ABORT:
		/* One that was prepared before the log begins has left nothing behind. */
		chain = find_chain(transactions, entry->prev);
		if (chain != NULL)
			drop_chain(transactions, chain);
		return 0;
	case ENTRY_UNIT_WHOLE:
		drop_older(transactions, entry);
		ret->transaction = is_transaction(entry);
		break;
	case ENTRY_UNIT_ALONE:
	case ENTRY_UNIT_APPLY_OPS:
		break;
	}
	transactions->last = *entry;
	transactions->has_last = true;
	ret->has_wall = entry->has_wall;
	ret->wall = entry->wall;
	ret->count = 1;
	return 1;
}

/* What the unit before was made of is not looked at any more. */
static void forget_done(struct transactions *transactions)
{
	release_chain(transactions, &transactions->done);
	transactions->has_last = false;
	if (transactions->spilled > 0 || transactions->spill == NULL)
		return;
	/* Nothing in it is needed: its room on the disk is given back. */
	spill_free(transactions->spill);
	transactions->spill = NULL;
	buf_release(&transactions->room);
}

int transaction_feed(struct transactions *transactions, const struct entry *entry,
		     struct transaction_unit *ret, struct error *e)
{
	struct transaction_unit unit = {.visible = entry->at.ts, .decided = entry->at};
	int got;

	if (entry->at.ts <= transactions->fed) {
		error_set(e, ERR_CORRUPT, "entry does not come after %" PRIu32 ".%" PRIu32,
			  entry_seconds(transactions->fed), entry_increment(transactions->fed));
		return entry_wrap(entry, e);
	}
	forget_done(transactions);
	got = feed(transactions, entry, &unit, e);
	if (got < 0)
		return entry_wrap(entry, e);
	transactions->fed = entry->at.ts;
	if (got > 0)
		*ret = unit;
	return got;
}

int transaction_entry(struct transactions *transactions, size_t i, struct entry *ret,
		      struct error *e)
{
	const struct chain *done = &transactions->done;
	const struct part *part;
	const uint8_t *doc;

	if (i == done->count && transactions->has_last) {
		*ret = transactions->last;
		return 0;
	}
	assert(i < done->count);
	part = &done->parts[i];
	doc = part->doc;
	if (doc == NULL) {
		buf_reset(&transactions->room);
		if (buf_reserve(&transactions->room, part->len, SIZE_MAX, e) < 0)
			return e->code;
		doc = transactions->room.at;
		if (spill_read(transactions->spill, part->at, transactions->room.at, part->len, e) <
		    0)
			return e->code;
	}
	/* The same bytes as before: what could be read can be read again. */
	return entry_parse(bytes_of(doc, part->len), ret, e);
}

uint64_t transaction_needed_from(const struct transactions *transactions)
{
	uint64_t oldest = 0;

	for (size_t i = 0; i < transactions->count; i++) {
		uint64_t first = transactions->chains[i].first;

		if (oldest == 0 || first < oldest)
			oldest = first;
	}
	return oldest;
}

int transaction_waiting(const struct transactions *transactions, uint64_t ts, uint64_t *ret)
{
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < transactions->count; i++) {
		const struct chain *chain = &transactions->chains[i];

		if (chain->prepared && chain->tail.at.ts <= ts)
			oldest = MIN_OF(oldest, chain->tail.at.ts);
	}
	if (oldest == UINT64_MAX)
		return 0;
	*ret = oldest;
	return 1;
}

size_t transaction_open_count(const struct transactions *transactions)
{
	return transactions->count;
}
