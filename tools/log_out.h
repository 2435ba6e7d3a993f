/*
 * log_out.h - operations of the oplog as `yester log` prints them: a line each, for people or as JSON.
 *
 *	2026-11-21 09:41:07 UTC  1795254067.5  d  shop.orders  5  3f2a91bc:14
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_LOG_OUT_H
#define TOOLS_LOG_OUT_H

#include <stdio.h>

#include "tools/json_out.h"
#include "tools/log_read.h"

/* The operations that are wanted: --op. */
#define LOG_OUT_INSERT 1u
#define LOG_OUT_UPDATE 2u
#define LOG_OUT_DELETE 4u
#define LOG_OUT_COMMAND 8u
#define LOG_OUT_NOOP 16u
#define LOG_OUT_DEFAULT (LOG_OUT_INSERT | LOG_OUT_UPDATE | LOG_OUT_DELETE | LOG_OUT_COMMAND)

/* "i,u,d,c" (n: noops). ERR_INVALID. */
MUST_CHECK int log_out_ops(const char *text, unsigned *ret, struct error *e);

/* Which of these an operation is; what only servers write for themselves is a LOG_OUT_NOOP. */
unsigned log_out_op(const struct entry *op);

struct log_out {
	FILE *to;
	bool json;
	bool verbose; /* with what it does (o) */
	bool local;   /* the local time, too */
	struct buf line;
};

void log_out_release(struct log_out *out);
DEFINE_OWNED_STRUCT(struct log_out, log_out_release);

/* Print out->line with a newline, escaped where a terminal reads it, and forget it. ERR_IO. */
MUST_CHECK int log_out_put(struct log_out *out, struct error *e);

/* Append the namespace that an operation is about: of a command its collection's, as it was called then. */
void log_out_ns(const struct log_op *op, struct buf *ret);

/* Append what a command does, on one line and escaped: "drop (1,234 documents)". */
void log_out_command(const struct log_op *op, struct buf *ret);

/* How many documents a drop, or a rename over a collection, took along; false, and 0: it is not told. */
bool log_out_dropped(const struct log_op *op, uint64_t *ret);

/* Append " (1,234 documents)". */
void log_out_documents(uint64_t count, struct buf *ret);

/* Does it make an index that removes documents? */
bool log_out_expires(const struct command *command);

/* The UUID of the operation's session, or an empty slice; and the beginning of it, as text. */
struct bytes log_out_lsid(const struct entry *op);
void log_out_session_id(const struct entry *op, struct buf *ret);

/* A UUID (16 bytes), or NULL: null. */
void log_out_json_uuid(struct json_out *j, const char *key, const uint8_t *u);

/* The fields that all JSON lines about an operation begin with: optime, time, wall, op, ns, session. */
void log_out_json_head(struct json_out *j, const struct log_op *op);

/* The head of a text line: time, optime, operation, namespace. The tail: session, transaction. */
void log_out_text_head(struct log_out *out, const struct log_op *op);
void log_out_text_tail(struct log_out *out, const struct log_op *op);

/* Print one operation. */
MUST_CHECK int log_out_operation(struct log_out *out, const struct log_op *op, struct error *e);

/* Print that there is no oplog between two times, and what can't be told: on standard error, too, in JSON. */
MUST_CHECK int log_out_gap(struct log_out *out, const struct stream_range *before,
			   const struct stream_range *after, struct error *e);
MUST_CHECK int log_out_lost(struct log_out *out, uint64_t ts, const struct error *why,
			    struct error *e);

#endif
