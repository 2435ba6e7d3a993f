#include "tools/log_read.h"

#include "oplog/transaction.h"

#define CHAIN_MAX ((size_t)1 << 20) /* entries of one transaction */
#define REPORT_EVERY 1000

struct reader {
	const struct log_read_options *options;
	const struct log_sink *sink;
	struct stream_cursor *cursor;
	struct transactions *transactions; /* that began within what is read */
	struct transactions *recovered;	   /* the one that was put together last */
	uint64_t done, total;		   /* bytes */
	unsigned unreported;
};

static void reader_release(struct reader *reader)
{
	stream_cursor_free(reader->cursor);
	transaction_free(reader->transactions);
	transaction_free(reader->recovered);
}
DEFINE_OWNED_STRUCT(struct reader, reader_release);

static int give(struct reader *reader, const struct entry *op, const struct transaction_unit *unit,
		struct error *e)
{
	const struct entry *last = &unit->entries[unit->count - 1];
	struct log_op out = {
		.op = op,
		.ts = unit->visible,
		.transaction = unit->transaction,
		.has_wall = last->has_wall,
		.wall = last->wall,
	};
	struct error ignored = {0};
	struct command command;

	if (op->op == ENTRY_COMMAND && command_parse(op, &command, &ignored) >= 0)
		out.command = &command;
	return reader->sink->op(reader->sink->ctx, &out, e);
}

/* The operations of a unit, if it is of the time that is asked for. 1: the filter was changed. */
static int give_unit(struct reader *reader, const struct transaction_unit *unit, struct error *e)
{
	int changed = 0;

	if (unit->visible < reader->options->from || unit->visible > reader->options->to)
		return 0;
	for (size_t i = 0; i < unit->count; i++) {
		struct entry_ops ops;
		struct entry op;
		struct error why = {0};
		int more;

		entry_ops_begin(&ops, &unit->entries[i]);
		while ((more = entry_ops_next(&ops, &op, &why)) > 0) {
			int given = give(reader, &op, unit, e);

			if (given < 0)
				return given;
			changed |= given;
		}
		if (more < 0 && reader->sink->lost(reader->sink->ctx, unit->visible, &why, e) < 0)
			return e->code;
	}
	return changed;
}

/* Entries of a chain, from its last to its first: documents one after another. */
struct chain {
	struct buf docs;
	size_t *begin;
	size_t count, room;
};

static void chain_release(struct chain *chain)
{
	buf_release(&chain->docs);
	free(chain->begin);
}
DEFINE_OWNED_STRUCT(struct chain, chain_release);

static int chain_add(struct chain *chain, struct bytes doc, struct error *e)
{
	if (chain->count == CHAIN_MAX ||
	    buf_reserve(&chain->docs, doc.len, TRANSACTION_MAX_OPEN, e) < 0)
		return error_set(e, ERR_LIMIT, "a transaction has too many entries");
	if (chain->count == chain->room) {
		chain->room = chain->room == 0 ? 8 : chain->room * 2;
		chain->begin = xrealloc(chain->begin, chain->room * sizeof(*chain->begin));
	}
	chain->begin[chain->count++] = chain->docs.len;
	buf_add_bytes(&chain->docs, doc);
	return 0;
}

static struct bytes chain_doc(const struct chain *chain, size_t i)
{
	const uint8_t *at = chain->docs.at + chain->begin[i];

	return bytes_of(at, get_le32(at));
}

/* The entries before `last`, by their links. ERR_NO_TIME when one of them is not there. */
static int chain_read(struct reader *reader, const struct entry *last, struct chain *ret,
		      struct error *e)
{
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(reader->options->stream, NULL);
	struct entry entry = *last;

	while (entry.has_prev && entry.prev.ts != 0 && entry.prev.ts < entry.at.ts) {
		struct bytes doc;
		int found = stream_cursor_seek(cursor, entry.prev.ts, e);

		if (found > 0)
			found = stream_cursor_next(cursor, &doc, e);
		if (found == 0)
			return error_set(
				e, ERR_NO_TIME,
				"its beginning (%u.%u) is not in the oplog that the store has",
				entry_seconds(entry.prev.ts), entry_increment(entry.prev.ts));
		if (found < 0 || chain_add(ret, doc, e) < 0 ||
		    entry_parse(chain_doc(ret, ret->count - 1), &entry, e) < 0)
			return e->code;
	}
	return 0;
}

/* A transaction that ends with `last` and began before what was read: 1 and the unit, 0 it was aborted. */
static int recover(struct reader *reader, const struct entry *last, struct transaction_unit *ret,
		   struct error *e)
{
	OWNED(chain_release) struct chain chain = {0};
	struct entry entry;

	if (chain_read(reader, last, &chain, e) < 0)
		return e->code;
	transaction_free(reader->recovered);
	reader->recovered = transaction_new();
	for (size_t i = chain.count; i-- > 0;) {
		int fed;

		if (entry_parse(chain_doc(&chain, i), &entry, e) < 0)
			return e->code;
		fed = transaction_feed(reader->recovered, &entry, ret, e);
		if (fed < 0)
			return fed;
	}
	return transaction_feed(reader->recovered, last, ret, e);
}

static bool is_of_the_data(int code)
{
	return code == ERR_CORRUPT || code == ERR_UNSUPPORTED || code == ERR_NO_TIME ||
	       code == ERR_LIMIT;
}

/* The timestamp of an entry that may be no more than that. */
static uint64_t ts_of(struct bytes doc)
{
	struct error ignored = {0};
	struct bson_field field;

	if (bson_find(doc, "ts", &field, &ignored) <= 0 || field.type != BSON_KIND_TIMESTAMP)
		return 0;
	return get_le64(field.value.at);
}

/* One entry. 1: the filter was changed. */
static int take(struct reader *reader, struct bytes doc, uint64_t *ret_ts, struct error *e)
{
	struct transaction_unit unit;
	struct error why = {0};
	struct entry entry;
	int fed = entry_parse(doc, &entry, &why);

	*ret_ts = ts_of(doc);
	if (fed == 0)
		fed = transaction_feed(reader->transactions, &entry, &unit, &why);
	if (fed == ERR_NO_TIME)
		fed = recover(reader, &entry, &unit, &why);
	if (fed > 0)
		return give_unit(reader, &unit, e);
	if (fed == 0)
		return 0;
	if (!is_of_the_data(fed)) {
		*e = why;
		return e->code;
	}
	return *ret_ts > reader->options->to
		       ? 0
		       : reader->sink->lost(reader->sink->ctx, *ret_ts, &why, e);
}

/* Behind the last entry that is asked for: does a transaction that was prepared before it wait for its end? */
static bool is_over(const struct reader *reader, struct bytes doc)
{
	const struct entry *waits;

	return ts_of(doc) > reader->options->to &&
	       transaction_waiting(reader->transactions, reader->options->to, &waits) == 0;
}

static int report(struct reader *reader, size_t bytes, struct error *e)
{
	const struct progress *p = reader->options->progress;

	reader->done += bytes;
	if (p == NULL || ++reader->unreported < REPORT_EVERY)
		return 0;
	reader->unreported = 0;
	p->report(p->ctx, "reading the oplog", reader->done, reader->total);
	if (p->cancelled != NULL && p->cancelled(p->ctx))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* The entries of one range from `ts` on. */
static int read_range(struct reader *reader, uint64_t ts, struct error *e)
{
	int more = 0, changed = 1;

	transaction_free(reader->transactions);
	reader->transactions = transaction_new();
	do {
		struct bytes doc;

		if (changed > 0) {
			stream_cursor_free(reader->cursor);
			reader->cursor =
				stream_cursor_new(reader->options->stream, reader->options->filter);
			if (stream_cursor_seek(reader->cursor, ts, e) < 0)
				return e->code;
		}
		more = stream_cursor_next(reader->cursor, &doc, e);
		if (more <= 0 || is_over(reader, doc))
			break;
		if (report(reader, doc.len, e) < 0)
			return e->code;
		changed = take(reader, doc, &ts, e);
		if (changed < 0)
			return changed;
		ts++;
	} while (more > 0);
	return more < 0 ? more : 0;
}

static uint64_t bytes_between(const struct log_read_options *o)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < stream_segment_count(o->stream); i++) {
		const struct segment *segment = stream_segment(o->stream, i);

		if (segment->last.ts >= o->from && segment->first.ts <= o->to)
			bytes += segment->bytes;
	}
	return bytes;
}

int log_read(const struct log_read_options *options, const struct log_sink *sink, struct error *e)
{
	OWNED(reader_release) struct reader reader = {.options = options, .sink = sink};
	size_t count = stream_range_count(options->stream);

	reader.total = bytes_between(options);
	for (size_t i = 0; i < count; i++) {
		const struct stream_range *range = stream_range(options->stream, i);
		const struct stream_range *next =
			i + 1 < count ? stream_range(options->stream, i + 1) : NULL;

		if (range->last.ts >= options->from && range->first.ts <= options->to &&
		    read_range(&reader, MAX_OF(options->from, range->first.ts), e) < 0)
			return e->code;
		if (next != NULL && range->last.ts < options->to &&
		    next->first.ts > options->from && sink->gap(sink->ctx, range, next, e) < 0)
			return e->code;
	}
	return 0;
}
