/*
 * log_names.h - which operations of the oplog are about the namespace that was named.
 *
 * A collection is followed by its UUID under all names that it has had, as far as the UUID is known: from the
 * moments at both ends of the time that is read, and from commands in between that make a collection of
 * that name. These are read first: what $out makes, say, gets its documents before it gets its name.
 * Else its name decides, and so it does for databases.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_LOG_NAMES_H
#define TOOLS_LOG_NAMES_H

#include "oplog/moment.h"
#include "tools/log_read.h"

struct log_names {
	struct buf word;  /* "shop" or "shop.orders", unescaped; empty: everything */
	bool collection;  /* it is "db.coll" */
	struct buf uuids; /* 16 bytes each */
	bool known;	  /* all collections of that name at the beginning are among them */
	struct stream_filter filter; /* of them; kept up to date */
};

/* `word` as typed, raw or in the escaped form that we print; NULL: everything. */
void log_names_init(struct log_names *names, const char *word);
void log_names_release(struct log_names *names);
DEFINE_OWNED_STRUCT(struct log_names, log_names_release);

/* Learn the UUID of the collection that has the name at a moment. 1 there is one, 0 there is none. */
MUST_CHECK int log_names_learn(struct log_names *names, struct moment *moment, struct error *e);

/* Learn the UUIDs of the collections that get the name between two times, both inclusive. */
MUST_CHECK int log_names_read(struct log_names *names, struct stream *stream, uint64_t from,
			      uint64_t to, struct error *e);

/* Learn a UUID: true when it is new. */
bool log_names_add(struct log_names *names, const uint8_t uuid[16]);

/* Is it among them? */
bool log_names_has(const struct log_names *names, const uint8_t *uuid);

/* Is the operation about it? *ret_learned: a UUID was learned from it. */
bool log_names_match(struct log_names *names, const struct log_op *op, bool *ret_learned);

/* Only the document with this key is of interest, as long as it is one collection. */
void log_names_only(struct log_names *names, struct bytes key);

/* What to read the stream with: NULL (all) unless the collection's UUIDs are known. It changes when more is learned. */
const struct stream_filter *log_names_filter(struct log_names *names);

#endif
