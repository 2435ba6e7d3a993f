/*
 * spool.h - the documents of one collection in natural order, held until all are known.
 *
 * Whether a collection is sorted, or has documents without `_id`, is only known at its end. A
 * mapped file is its own spool; what comes in pieces (archives, gzip) is kept in memory while
 * small and in an unnamed temporary file after that.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_SPOOL_H
#define TOOLS_SPOOL_H

#include "base/buf.h"
#include "base/error.h"

struct spool; /* opaque */

/* Temporary files go to `tmp_dir`. */
struct spool *spool_new(const char *tmp_dir);
void spool_free(struct spool *spool);
DEFINE_OWNED(struct spool *, spool_free);

/* Use `whole` instead of copies: it must outlive the spool; spool_add() then only looks. */
void spool_borrow(struct spool *spool, struct bytes whole);

/*
 * Call `each` for every document while it is added, as long as the keys strictly ascend and every
 * document has an `_id`: so what is sorted already can be built at once. Its errors end spool_add().
 */
typedef int spool_each(void *ctx, struct bytes key, struct bytes doc, struct error *e);
void spool_watch(struct spool *spool, spool_each *each, void *ctx);
/*
 * With a watch: keep nothing that is added from now on. Then all has to come in order: spool_add() of what does not is
 * ERR_INVALID. Before the first spool_add().
 */
void spool_only_watch(struct spool *spool);

/* Add whole documents, in order. ERR_IO, ERR_CORRUPT (an `_id` that is not sound). */
MUST_CHECK int spool_add(struct spool *spool, struct bytes docs, struct error *e);

/* What was added so far. */
struct spool_facts {
	uint64_t count, bytes;
	bool ascending;	 /* keys strictly ascend */
	bool without_id; /* a document has no _id */
};
void spool_facts(const struct spool *spool, struct spool_facts *ret);

/* Read from the beginning: 1 and some whole documents (valid until the next call), 0 at the end. */
void spool_rewind(struct spool *spool);
MUST_CHECK int spool_next(struct spool *spool, struct bytes *ret_docs, struct error *e);

/*
 * Append about `want` bytes from places spread over all of it: what the collection's chunks have
 * in common. It begins with a document's begin; less than asked for when documents are large.
 * Only after the last spool_add(), or when it is borrowed.
 */
MUST_CHECK int spool_sample(struct spool *spool, size_t want, struct buf *ret, struct error *e);

#endif
