#include "oplog/stream_contradicts.h"

#include <inttypes.h>

static int hint_other(struct error *e)
{
	error_hint(e, "it is another replica set's (a store keeps one), or was rolled back, or was "
		      "cut out of a longer one");
	return e->code;
}

int stream_contradicts_differs(const struct entry_optime *at, struct error *e)
{
	error_set(e, ERR_EXISTS,
		  "entry %" PRIu32 ".%" PRIu32 " differs from the one that the store has",
		  entry_seconds(at->ts), entry_increment(at->ts));
	return hint_other(e);
}

int stream_contradicts_lacks(uint64_t ts, struct error *e)
{
	error_set(e, ERR_EXISTS, "entry %" PRIu32 ".%" PRIu32 ", which the store has, is not there",
		  entry_seconds(ts), entry_increment(ts));
	return hint_other(e);
}

int stream_contradicts_surplus(const struct entry_optime *at, struct error *e)
{
	error_set(e, ERR_EXISTS,
		  "entry %" PRIu32 ".%" PRIu32
		  " is none of those that the store has of that time, which are without a gap",
		  entry_seconds(at->ts), entry_increment(at->ts));
	return hint_other(e);
}

int stream_contradicts_term(const struct entry_optime *at, const struct entry_optime *last,
			    struct error *e)
{
	error_set(e, ERR_EXISTS,
		  "entry %" PRIu32 ".%" PRIu32 " of term %" PRId64 " comes after entry %" PRIu32
		  ".%" PRIu32 " of term %" PRId64 ": two oplogs were mixed",
		  entry_seconds(at->ts), entry_increment(at->ts), at->term, entry_seconds(last->ts),
		  entry_increment(last->ts), last->term);
	return hint_other(e);
}

int stream_contradicts_begin(const struct entry_optime *at, const struct entry_optime *earlier,
			     struct error *e)
{
	error_set(e, ERR_EXISTS,
		  "with entry %" PRIu32 ".%" PRIu32
		  " a replica set was initiated, and entry %" PRIu32 ".%" PRIu32
		  " is before it: they are of two replica sets",
		  entry_seconds(at->ts), entry_increment(at->ts), entry_seconds(earlier->ts),
		  entry_increment(earlier->ts));
	return error_hint(e, "a store keeps one replica set: make another store for this one");
}
