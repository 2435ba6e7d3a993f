#include "oplog/transaction.h"

#include <inttypes.h>

/* A part of a chain: its document (owned) and the view of it. */
struct part {
	uint8_t *doc;
	struct entry entry;
};

struct chain {
	struct part *parts;
	size_t count;
	size_t bytes;
	int64_t operations;
	struct entry_optime last; /* what the next entry of it calls prevOpTime */
	bool prepared;
	bool headless; /* its first entries were never seen */
};

struct transactions {
	struct chain *chains;
	size_t count, cap;
	size_t bytes; /* in all of them */
	uint64_t fed; /* timestamp of the last entry */
	/* What the last unit was made of. */
	struct chain done;
	struct entry *view;
	struct entry alone;
};

struct transactions *transaction_new(void)
{
	return xcalloc(1, sizeof(struct transactions));
}

static void release_chain(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		free(chain->parts[i].doc);
	free(chain->parts);
	*chain = (struct chain){0};
}

void transaction_free(struct transactions *transactions)
{
	if (transactions == NULL)
		return;
	for (size_t i = 0; i < transactions->count; i++)
		release_chain(&transactions->chains[i]);
	release_chain(&transactions->done);
	free(transactions->chains);
	free(transactions->view);
	free(transactions);
}

static struct chain *find_chain(struct transactions *transactions, struct entry_optime last)
{
	for (size_t i = 0; i < transactions->count; i++) {
		struct chain *chain = &transactions->chains[i];

		if (chain->last.ts == last.ts && chain->last.term == last.term)
			return chain;
	}
	return NULL;
}

/* Take a chain out of the list; it is the caller's. */
static struct chain take_chain(struct transactions *transactions, struct chain *chain)
{
	struct chain taken = *chain;
	size_t at = (size_t)(chain - transactions->chains);

	transactions->bytes -= taken.bytes;
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

/* A copy of the entry at the chain's end. */
static int add_part(struct transactions *transactions, struct chain *chain,
		    const struct entry *entry, int64_t operations, struct error *e)
{
	size_t len = entry->raw.len;
	struct part *part;
	uint8_t *doc;

	if (len > TRANSACTION_MAX_OPEN - transactions->bytes)
		return error_set(e, ERR_LIMIT, "open transactions have over %zu bytes",
				 TRANSACTION_MAX_OPEN);
	if ((doc = malloc(len)) == NULL)
		return error_nomem(e, len);
	memcpy(doc, entry->raw.at, len);
	chain->parts = xrealloc(chain->parts, (chain->count + 1) * sizeof(*part));
	part = &chain->parts[chain->count];
	part->doc = doc;
	/* The same bytes as before: what could be read can be read again. */
	if (entry_parse(bytes_of(doc, len), &part->entry, e) < 0) {
		free(doc);
		return ERR_CORRUPT;
	}
	chain->count++;
	chain->bytes += len;
	chain->operations += operations;
	chain->last = entry->at;
	transactions->bytes += len;
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

/* A session begins its next transaction: what was not prepared of an older one is dead. */
static void drop_older(struct transactions *transactions, const struct entry *entry)
{
	for (size_t i = transactions->count; i-- > 0;) {
		struct chain *chain = &transactions->chains[i];
		const struct entry *last = &chain->parts[chain->count - 1].entry;

		if (!chain->prepared && last->has_txn_number && entry->has_txn_number &&
		    last->txn_number < entry->txn_number && entry_same_session(last, entry)) {
			struct chain dead = take_chain(transactions, chain);

			release_chain(&dead);
		}
	}
}

static int miss_start(const struct entry *entry, struct error *e)
{
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
		if (made) {
			struct chain empty = take_chain(transactions, chain);

			release_chain(&empty);
		}
		return got;
	}
	chain->prepared = info->unit == ENTRY_UNIT_PREPARE;
	return 0;
}

/* The chain applies: its parts, and the entry that ends it if that has operations (NULL: not). */
static void give_chain(struct transactions *transactions, struct chain *chain,
		       const struct entry *end, struct transaction_unit *ret)
{
	size_t count = 0;

	release_chain(&transactions->done);
	transactions->done = take_chain(transactions, chain);
	free(transactions->view);
	transactions->view = xmalloc((transactions->done.count + 1) * sizeof(*transactions->view));
	for (; count < transactions->done.count; count++)
		transactions->view[count] = transactions->done.parts[count].entry;
	if (end != NULL)
		transactions->view[count++] = *end;
	ret->entries = transactions->view;
	ret->count = count;
}

static int end_chain(struct transactions *transactions, const struct entry *entry,
		     const struct entry_unit_info *info, struct transaction_unit *ret,
		     struct error *e)
{
	struct chain *chain = find_chain(transactions, entry->prev);
	int64_t operations;
	int got;

	if (chain == NULL || chain->headless)
		return miss_start(entry, e);
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
	ret->transaction = entry->has_txn_number;
	return 1;
}

static int commit(struct transactions *transactions, const struct entry *entry,
		  const struct entry_unit_info *info, struct transaction_unit *ret, struct error *e)
{
	struct chain *chain = find_chain(transactions, entry->prev);

	if (chain == NULL || chain->headless)
		return miss_start(entry, e);
	if (!chain->prepared)
		return error_set(e, ERR_CORRUPT, "commit of a transaction that was not prepared");
	if (info->commit_ts < chain->last.ts || info->commit_ts > entry->at.ts)
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
		if (chain != NULL) {
			struct chain dead = take_chain(transactions, chain);

			release_chain(&dead);
		}
		return 0;
	case ENTRY_UNIT_WHOLE:
		drop_older(transactions, entry);
		ret->transaction = true;
		break;
	case ENTRY_UNIT_ALONE:
	case ENTRY_UNIT_APPLY_OPS:
		break;
	}
	transactions->alone = *entry;
	ret->entries = &transactions->alone;
	ret->count = 1;
	return 1;
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
	got = feed(transactions, entry, &unit, e);
	if (got < 0)
		return entry_wrap(entry, e);
	transactions->fed = entry->at.ts;
	if (got > 0)
		*ret = unit;
	return got;
}

uint64_t transaction_needed_from(const struct transactions *transactions)
{
	uint64_t oldest = 0;

	for (size_t i = 0; i < transactions->count; i++) {
		uint64_t first = transactions->chains[i].parts[0].entry.at.ts;

		if (oldest == 0 || first < oldest)
			oldest = first;
	}
	return oldest;
}

int transaction_waiting(const struct transactions *transactions, uint64_t ts,
			const struct entry **ret)
{
	const struct entry *oldest = NULL;

	for (size_t i = 0; i < transactions->count; i++) {
		const struct chain *chain = &transactions->chains[i];
		const struct entry *last = &chain->parts[chain->count - 1].entry;

		if (chain->prepared && last->at.ts <= ts &&
		    (oldest == NULL || last->at.ts < oldest->at.ts))
			oldest = last;
	}
	if (oldest == NULL)
		return 0;
	*ret = oldest;
	return 1;
}

size_t transaction_open_count(const struct transactions *transactions)
{
	return transactions->count;
}

static int compare_parts(const void *a, const void *b)
{
	uint64_t x = (*(const struct part *const *)a)->entry.at.ts;
	uint64_t y = (*(const struct part *const *)b)->entry.at.ts;

	return x < y ? -1 : x > y;
}

void transaction_save(const struct transactions *transactions, struct buf *ret)
{
	OWNED(free) const struct part **parts = NULL;
	size_t count = 0, at = 0;

	for (size_t i = 0; i < transactions->count; i++)
		count += transactions->chains[i].count;
	parts = xcalloc(count, sizeof(const struct part *));
	for (size_t i = 0; i < transactions->count; i++)
		for (size_t j = 0; j < transactions->chains[i].count; j++)
			parts[at++] = &transactions->chains[i].parts[j];
	qsort(parts, count, sizeof(const struct part *), compare_parts);
	for (at = 0; at < count; at++)
		buf_add_bytes(ret, parts[at]->entry.raw);
}

int transaction_load(struct transactions *transactions, struct bytes saved, struct error *e)
{
	struct transaction_unit unit;
	struct entry entry;
	int64_t len;
	int got;

	while ((len = bson_next(saved, ENTRY_MAX_LEN, e)) > 0) {
		got = entry_parse(bytes_of(saved.at, (size_t)len), &entry, e);
		if (got == 0)
			got = transaction_feed(transactions, &entry, &unit, e);
		if (got < 0)
			return got;
		if (got > 0)
			return error_set(e, ERR_CORRUPT,
					 "what was saved of open transactions has an end");
		saved = bytes_of(saved.at + len, saved.len - (size_t)len);
	}
	return (int)len;
}
