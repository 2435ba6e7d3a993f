/* Transactions that are prepared and not decided at a range's end: moments from there on do not exist yet. */
#include "oplog/timeline_internal.h"
#include "oplog/transaction.h"

/* Where reading has to begin so that every open transaction is met: the newest base of the range. */
static uint64_t begin_of(const struct timeline_view *view, const struct stream_range *range)
{
	uint64_t newest = 0, begin = range->first.ts;

	for (size_t i = 0; i < view->list.count; i++) {
		const struct snapshot *s = &view->list.at[i];
		uint64_t at = timeline_ts(s->optime), needed = timeline_ts(s->needed_from);

		if (at < newest || timeline_range_of(view, s) != range)
			continue;
		newest = at;
		begin = needed != 0 ? needed : at;
	}
	return begin;
}

/* Entries that can't be understood are no concern here: a replay that meets them says so. */
static int feed(struct transactions *transactions, struct bytes doc, struct error *e)
{
	struct transaction_unit unit;
	struct entry entry;
	struct error ignored;
	int fed;

	if (entry_parse(doc, &entry, &ignored) < 0)
		return 0;
	fed = transaction_feed(transactions, &entry, &unit, e);
	return fed == ERR_NO_TIME || fed == ERR_CORRUPT || fed == ERR_LIMIT ? 0 : fed;
}

static int find(const struct timeline_view *view, const struct stream_range *range, uint64_t *ret,
		struct error *e)
{
	const struct stream_filter commands_only = {0};
	OWNED(transaction_free) struct transactions *transactions = transaction_new(NULL);
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(view->stream, &commands_only);
	uint64_t waits;
	struct bytes doc;
	int found = stream_cursor_seek(cursor, begin_of(view, range), e);

	if (found < 0)
		return found;
	while ((found = stream_cursor_next(cursor, &doc, e)) == 1)
		if (feed(transactions, doc, e) < 0)
			return e->code;
	if (found < 0)
		return found;
	*ret = transaction_waiting(transactions, UINT64_MAX, &waits) == 1 ? waits : UINT64_MAX;
	return 0;
}

int timeline_waits_from(struct timeline_view *view, const struct stream_range *range, uint64_t *ret,
			struct error *e)
{
	struct timeline_waits *waits = &view->waits[range - stream_range(view->stream, 0)];
	int code = 0;

	pthread_mutex_lock(&view->lock);
	if (!waits->known)
		code = find(view, range, &waits->from, e);
	waits->known = code == 0;
	*ret = waits->from;
	pthread_mutex_unlock(&view->lock);
	return code;
}
