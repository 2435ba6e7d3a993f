/*
 * restore_batch.h - some documents of one collection, and which of them the target has.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_RESTORE_BATCH_H
#define TOOLS_RESTORE_BATCH_H

#include "base/collation.h"
#include "tools/restore_target.h"

#define RESTORE_BATCH_DOCUMENTS 2000
#define RESTORE_BATCH_BYTES (8 * MIB) /* after which it is full; a command holds 16 MiB */

enum restore_batch_state {
	RESTORE_BATCH_ABSENT, /* as far as is known */
	RESTORE_BATCH_SAME,   /* it is there, byte for byte */
	RESTORE_BATCH_OTHER,  /* there is another document of that _id */
};

struct restore_batch_doc {
	size_t at, len; /* in `docs` */
	size_t key,
		key_len; /* in `keys`; length 0: it has no _id, or one that can't be looked for */
	enum restore_batch_state state;
};

struct restore_batch {
	struct buf docs;
	struct buf keys;
	struct restore_batch_doc at[RESTORE_BATCH_DOCUMENTS];
	size_t count;
	struct restore_batch_doc *sorted[RESTORE_BATCH_DOCUMENTS]; /* by key */
	struct collation *collation; /* of the collection, or NULL; borrowed */
	struct buf scratch;
};

void restore_batch_init(struct restore_batch *batch);
void restore_batch_release(struct restore_batch *batch);

/* Empty it. */
void restore_batch_reset(struct restore_batch *batch);
/* Would this document be too much? A single one never is. */
bool restore_batch_is_full(const struct restore_batch *batch, size_t len);
/* Copy a document in. ERR_CORRUPT. */
MUST_CHECK int restore_batch_add(struct restore_batch *batch, struct bytes doc, struct error *e);

/* Has it more bytes than a client may insert? A secondary takes somewhat more: BSONObjMaxInternalSize of mongod. */
static inline bool restore_batch_is_long(struct bytes doc)
{
	return doc.len > 16 * MIB;
}

static inline struct bytes restore_batch_doc(const struct restore_batch *batch, size_t i)
{
	return bytes_of(batch->docs.at + batch->at[i].at, batch->at[i].len);
}

/*
 * Ask the target for those whose number is in `which` (NULL: all), and set their state. 0; ERR_BUSY, ERR_REMOTE. `each`
 * (may be NULL) is told what is there with an _id of the batch.
 */
MUST_CHECK int restore_batch_look(struct restore_batch *batch, struct restore_target *target,
				  mongoc_client_t *client, const char *db, const char *coll,
				  const bool *which, struct error *e);

/*
 * Does the server keep this document as it is when a client inserts it? No: an _id that is not first (or absent), a
 * Timestamp(0, 0); and one that is too long (restore_batch_is_long()) it refuses.
 */
MUST_CHECK int restore_batch_is_plain(struct bytes doc, bool *ret, bool *ret_id_first,
				      struct error *e);

#endif
