/*
 * message.h - the messages of MongoDB's wire protocol: requests are read in place, replies are written.
 *
 * Every byte of a request comes from outside: all is checked here, and what is not well formed is ERR_CORRUPT, which
 * ends the connection. What passed holds documents that passed bson_check().
 * Rules: reference/query.md 1.1; rpc/message.h, op_msg.cpp of mongod 6.0.
 *
 * Threads: pure.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include "base/buf.h"

#define MESSAGE_HEADER 16    /* bytes before each message's content */
#define MESSAGE_MAX 48000000 /* bytes of a message with its header: maxMessageSizeBytes */
#define MESSAGE_SEQUENCES 8  /* kind-1 sections in one message, at most; clients send one or two */

enum message_op {
	MESSAGE_REPLY = 1,	   /* OP_REPLY */
	MESSAGE_QUERY = 2004,	   /* OP_QUERY: the handshake of older drivers */
	MESSAGE_COMPRESSED = 2012, /* OP_COMPRESSED */
	MESSAGE_MSG = 2013,	   /* OP_MSG */
};

enum message_flag {
	MESSAGE_CHECKSUM = 1 << 0,
	MESSAGE_MORE_TO_COME = 1 << 1,	   /* of a request: no answer is wanted */
	MESSAGE_EXHAUST_ALLOWED = 1 << 16, /* several answers would be fine; one always is */
};

struct message_header {
	uint32_t len; /* of all, header too */
	int32_t request_id;
	int32_t response_to;
	int32_t op;
};

/* Read a header of MESSAGE_HEADER bytes. ERR_CORRUPT: a length or an operation that no client of ours sends. */
MUST_CHECK int message_header_read(struct bytes from, struct message_header *ret, struct error *e);

/* Documents that follow the command's: kind 1. */
struct message_sequence {
	struct bytes name;
	struct bytes documents; /* whole documents, back to back */
};

/* A request. All slices point into the message. */
struct message {
	struct message_header header; /* `op` is what it is when not compressed */
	int compressor;	   /* it came compressed by this one (compress.h); -1: it did not */
	uint32_t flags;	   /* of an OP_MSG or an OP_QUERY */
	int32_t wanted;	   /* of an OP_QUERY: numberToReturn */
	struct bytes body; /* the command */
	struct bytes db;   /* of an OP_QUERY: "admin" of "admin.$cmd" */
	struct bytes coll; /* of an OP_QUERY: "$cmd"; else empty */
	struct message_sequence sequences[MESSAGE_SEQUENCES];
	size_t sequence_count;
	bool is_too_deep; /* an OP_MSG whose documents nest too deep to be looked at: it has an empty body. Answered with an error */
};

/*
 * Read the content of an OP_MSG or OP_QUERY. ERR_CORRUPT: unknown flags, sections or lengths, none or
 * several bodies, a wrong checksum, damaged documents.
 */
MUST_CHECK int message_parse(const struct message_header *header, struct bytes content,
			     struct message *ret, struct error *e);

/*
 * Begin a reply to `request` in `b`, which the reply's document is to follow. message_reply_end() writes the length, and the
 * checksum when the request had one; compressed as the request was when `compress`.
 */
void message_reply_begin(const struct message *request, struct buf *b);
MUST_CHECK int message_reply_end(const struct message *request, bool compress, struct buf *b,
				 struct error *e);

#endif
