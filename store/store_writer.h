/*
 * store_writer.h - adding chunks to a store: many threads encode, packs are finished whole.
 *
 * A chunk that the store has is not written again. Nothing is visible to others before
 * store_writer_flush(); then every chunk that was put is durable and in the index. What makes
 * a snapshot of them is snapshot/commit.h.
 *
 * Needs no lock against other writers, in this process or another (DESIGN 4).
 * Threads: begin, flush and end from one; the others from any.
 */
#ifndef STORE_STORE_WRITER_H
#define STORE_STORE_WRITER_H

#include "store/pack/pack_format.h"
#include "store/store.h"

struct store_writer; /* opaque */

/*
 * Does a writer work on this machine, or can't that be told? One that begins when the answer was no sees the condemned list that
 * was there before the question.
 */
bool store_writer_any_works(struct store *store);

/* Start: worker threads, one for each core. ERR_UNSUPPORTED when the store can't be written; ERR_WRONG_KEY: it is open without its key. */
MUST_CHECK int store_writer_begin(struct store *store, struct store_writer **ret, struct error *e);
/* Stop; what was not flushed is given up. NULL is fine. */
void store_writer_end(struct store_writer *writer);
DEFINE_OWNED(struct store_writer *, store_writer_end);

/*
 * A writer encodes the first chunks that it rewrites with more effort, so that a small change is stored small. Where
 * it is known that much will be rewritten that is time lost: say so before.
 */
void store_writer_expect_much(struct store_writer *writer);

struct store *store_writer_store(struct store_writer *writer);

/* A prefix that the full chunks of one collection share: stored, digested. */
struct writer_prefix; /* opaque */

/* Store `plain` (about 128 KiB of ordinary leaves) as a prefix chunk. The caller frees *ret. */
MUST_CHECK int store_writer_prefix(struct store_writer *writer, struct bytes plain,
				   struct writer_prefix **ret, struct error *e);
/* The prefix that chunk `id` of the store was encoded with: 1, or 0 when it has none. */
MUST_CHECK int store_writer_prefix_of(struct store_writer *writer, const struct chunk_id *id,
				      struct writer_prefix **ret, struct error *e);
void writer_prefix_free(struct writer_prefix *prefix);
DEFINE_OWNED(struct writer_prefix *, writer_prefix_free);

/* One chunk on its way in. Set the inputs, submit, wait. */
struct store_put {
	struct buf plain; /* in: the bytes; owned by the put */
	enum chunk_kind kind;
	bool has_hint; /* in: `hint` is an older chunk that this one replaces */
	struct chunk_id hint;
	const struct writer_prefix *prefix; /* in: or NULL; must outlive the put */
	/* in: documents; of a node all; of a leaf all when its sizes are known (renderer). out: all of them */
	struct chunk_facts facts;
	/* in: 0, or it is shared only with a place of less depth, as a base for what is of this depth */
	unsigned below;
	bool thorough;	    /* of the writer: encode it with more effort */
	struct chunk_id id; /* out */
	bool reused;	    /* out: the store had it */
	bool done;	    /* set when the outputs are valid; under the writer's lock */
	bool waited;	    /* somebody waits for it; the same */
	int code;	    /* 0, or what went wrong */
	struct error error;
	struct store_put *next; /* of the queue */
};

/* Queue a put for the workers; it must not move or be touched until waited for. */
void store_writer_submit(struct store_writer *writer, struct store_put *put);
/* Wait until a submitted put is done; returns its code. */
MUST_CHECK int store_writer_wait(struct store_writer *writer, struct store_put *put,
				 struct error *e);
/* Both, in the caller's thread. */
MUST_CHECK int store_writer_put(struct store_writer *writer, struct store_put *put,
				struct error *e);

/* Finish the packs and commit the index: all puts that were waited for are durable and known. */
MUST_CHECK int store_writer_flush(struct store_writer *writer, struct error *e);

/*
 * Chunks in condemned packs (condemned.h) are not shared but stored again. The list was looked at when the writer
 * began; look again: 1 when anything is condemned, or was since (and may be gone), 0 when nothing is. rescue.h is what
 * else there is to do.
 */
MUST_CHECK int store_writer_look_at_condemned(struct store_writer *writer, struct error *e);
/* Is the pack of this number (of the index) condemned? */
bool store_writer_is_condemned(struct store_writer *writer, uint32_t pack);
/*
 * 1 when the chunk has a place of less than `depth` (STORE_WRITER_ANY_DEPTH) in a pack that is not condemned, and so have its bases; 0
 * not. What was condemned before the writer began may go while it works.
 */
#define STORE_WRITER_ANY_DEPTH (UINT8_MAX + 1)
MUST_CHECK int store_writer_is_safe(struct store_writer *writer, const struct chunk_id *id,
				    unsigned depth, struct error *e);

struct store_writer_counts {
	uint64_t new_chunks;
	uint64_t reused_chunks;
	uint64_t delta_chunks;
	uint64_t stored_bytes; /* of finished packs, trailers included */
};
void store_writer_counts(struct store_writer *writer, struct store_writer_counts *ret);

/* A folder for spills, removed when no writer is left that could use it. */
const char *store_writer_tmp(struct store_writer *writer);

#endif
