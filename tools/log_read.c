#include "tools/log_read.h"

#include "oplog/transaction.h"

#define CHAIN_MAX ((size_t)1 << 20) /* entries of one transaction */

struct reader {
	const struct log_read_options *options;
	const struct log_sink *sink;
	struct stream_cursor *cursor;
	struct transactions *transactions; /* that began within what is read */
	struct transactions *recovered;	   /* the one that was put together last */
	uint64_t done, total;		   /* bytes */
	struct progress_pace pace;
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
	struct log_op out = {
		.op = op,
		.ts = unit->visible,
		.transaction = unit->transaction,
		.has_wall = unit->has_wall,
		.wall = unit->wall,
	};
	struct error ignored = {0};
	struct command command;

	if (op->op == ENTRY_COMMAND && command_parse(op, &command, &ignored) >= 0)
		out.command = &command;
	return reader->sink->op(reader->sink->ctx, &out, e);
}

/* The operations of a unit, if it is of the time that is asked for. 1: the filter was changed. */
static int give_unit(struct reader *reader, struct transactions *from,
		     const struct transaction_unit *unit, struct error *e)
{
	int changed = 0;

	if (unit->visible < reader->options->from || unit->visible > reader->options->to)
		return 0;
	for (size_t i = 0; i < unit->count; i++) {
		struct entry entry, op;
		struct entry_ops ops;
		struct error why = {0};
		int more;

		if (transaction_entry(from, i, &entry, e) < 0)
			return e->code;
		entry_ops_begin(&ops, &entry);
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

/* Entries of a chain, from its last to its first: their timestamps. */
static int find_chain(struct stream_cursor *cursor, const struct entry *last, struct buf *ret,
		      struct error *e)
{
	struct entry entry = *last;

	while (entry.has_prev && entry.prev.ts != 0 && entry.prev.ts < entry.at.ts) {
		uint64_t ts = entry.prev.ts;
		struct bytes doc;
		int found = stream_cursor_seek(cursor, ts, e);

		if (ret->len == CHAIN_MAX * sizeof(ts))
			return error_set(e, ERR_LIMIT, "a transaction has too many entries");
		buf_add(ret, &ts, sizeof(ts));
		if (found > 0)
			found = stream_cursor_next(cursor, &doc, e);
		if (found == 0)
			return error_set(
				e, ERR_NO_TIME,
				"its beginning (%u.%u) is not in the oplog that the store has",
				entry_seconds(ts), entry_increment(ts));
		if (found < 0 || entry_parse(doc, &entry, e) < 0)
			return e->code;
	}
	return 0;
}

/* Feed the entry of that time, which was found before. */
static int feed_again(struct reader *reader, struct stream_cursor *cursor, uint64_t ts,
		      struct transaction_unit *ret, struct error *e)
{
	struct entry entry;
	struct bytes doc;
	int found = stream_cursor_seek(cursor, ts, e);

	if (found > 0)
		found = stream_cursor_next(cursor, &doc, e);
	if (found == 0)
		return error_set(e, ERR_CORRUPT, "an entry of the oplog is gone");
	if (found < 0 || entry_parse(doc, &entry, e) < 0)
		return e->code;
	return transaction_feed(reader->recovered, &entry, ret, e);
}

/* A transaction that ends with `last` and began before what was read: 1 and the unit, 0 it was aborted. */
static int recover(struct reader *reader, const struct entry *last, struct transaction_unit *ret,
		   struct error *e)
{
	OWNED(stream_cursor_free)
	struct stream_cursor *cursor = stream_cursor_new(reader->options->stream, NULL);
	OWNED(buf_release) struct buf times = {0};

	if (find_chain(cursor, last, &times, e) < 0)
		return e->code;
	transaction_free(reader->recovered);
	reader->recovered = transaction_new(stream_tmp(reader->options->stream));
	for (size_t at = times.len; at > 0;) {
		uint64_t ts;

		at -= sizeof(ts);
		memcpy(&ts, times.at + at, sizeof(ts));
		if (feed_again(reader, cursor, ts, ret, e) < 0)
			return e->code;
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
	struct transactions *from = reader->transactions;
	struct transaction_unit unit;
	struct error why = {0};
	struct entry entry;
	int fed = entry_parse(doc, &entry, &why);

	*ret_ts = ts_of(doc);
	if (fed == 0)
		fed = transaction_feed(reader->transactions, &entry, &unit, &why);
	if (fed == ERR_NO_TIME) {
		fed = recover(reader, &entry, &unit, &why);
		from = reader->recovered;
	}
	if (fed > 0)
		return give_unit(reader, from, &unit, e);
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
	uint64_t waits;

	return ts_of(doc) > reader->options->to &&
	       transaction_waiting(reader->transactions, reader->options->to, &waits) == 0;
}

static int report(struct reader *reader, size_t bytes, struct error *e)
{
	const struct progress *p = reader->options->progress;

	reader->done += bytes;
	if (p == NULL || !progress_is_due(&reader->pace, bytes))
		return 0;
	p->report(p->ctx, "reading the oplog", reader->done, reader->total);
	if (progress_cancelled(p))
		return error_set(e, ERR_CANCELLED, "interrupted");
	return 0;
}

/* The entries of one range from `ts` on. */
static int read_range(struct reader *reader, uint64_t ts, struct error *e)
{
	int more = 0, changed = 1;

	transaction_free(reader->transactions);
	reader->transactions = transaction_new(stream_tmp(reader->options->stream));
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
