/*
 * stream_model.h - entries, slices and stores for the tests of streams.
 *
 * Entry number n of the one true oplog is always the same document. Threads: one.
 */
#ifndef TESTS_UNIT_OPLOG_STREAM_MODEL_H
#define TESTS_UNIT_OPLOG_STREAM_MODEL_H

#include "oplog/stream_add.h"
#include "tests/harness/harness.h"

/* A new store with leaves of 4 KiB; *ret_dir (may be NULL) is its folder. */
struct store *stream_model_store(const char **ret_dir);

/* What the store's stream is called. Freed by the caller. */
char *stream_model_name(const struct store *store);

/* The timestamp of entry `n`: three a second, with increments of 10. */
uint64_t stream_model_ts(uint32_t n);

/* Append entry `n`; of size about 100 bytes, some are much larger, each seventh is a noop. */
void stream_model_entry(struct buf *b, uint32_t n);

/* Append an entry of this time, namespace and UUID (NULL: none): an insert of { _id: n }. */
void stream_model_insert(struct buf *b, uint64_t ts, const char *ns, const uint8_t *uuid,
			 int32_t n);

/* Append a command of this time on database `db`: `o` is a document. */
void stream_model_command(struct buf *b, uint64_t ts, const char *db, struct bytes o);

/* Add the documents in `docs` as one slice to `add`. */
MUST_CHECK int stream_model_push(struct stream_add *add, struct bytes docs, struct error *e);

/* Add the documents in `docs` as one slice to the store; `ret` may be NULL. */
MUST_CHECK int stream_model_add(struct store *store, struct bytes docs, struct stream_added *ret,
				struct error *e);

/* The same of entries first..end-1. */
MUST_CHECK int stream_model_add_range(struct store *store, uint32_t first, uint32_t end,
				      struct stream_added *ret, struct error *e);

#define STREAM_MODEL_COUNT 240 /* entries of the true oplog that a model knows */

/* What must be known: which entries are there, and which are proven to follow each other. */
struct stream_model {
	bool has[STREAM_MODEL_COUNT + 1];
	bool joined[STREAM_MODEL_COUNT + 1]; /* n and n + 1 */
};

/* Tell the model of a slice first..end-1: how many of it are new. */
uint64_t stream_model_learn(struct stream_model *model, uint32_t first, uint32_t end);

/* All of the stream is what the model says: its ranges, their sums, every entry, seeks, bytes. */
void stream_model_check(struct store *store, const struct stream_model *model);

/* A small uuid that tells its number. */
void stream_model_uuid(uint8_t number, uint8_t ret[16]);

#endif
