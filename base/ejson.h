/*
 * ejson.h - BSON as MongoDB extended JSON v2, byte for byte as mongoexport writes it.
 *
 * No spaces and no newline. The rules are those of MarshalExtJSON of mongo-go-driver 1.16
 * with escapeHTML off, which mongoexport and bsondump of mongo-tools (July 2024) call; where
 * they produce invalid JSON or lose information, docs/format/json.md says what we do instead.
 * Documents should have passed bson_check(); others give ERR_CORRUPT, never a read out of
 * bounds. Nothing here reads JSON.
 *
 * Threads: pure.
 */
#ifndef BASE_EJSON_H
#define BASE_EJSON_H

#include "base/buf.h"

enum ejson_mode {
	EJSON_RELAXED,	 /* for people and most programs; loses int and double types */
	EJSON_CANONICAL, /* keeps all types */
};

/* The rules' version: to be raised whenever the bytes of any document change. */
#define EJSON_VERSION 1

/*
 * Append the document to *out. ERR_CORRUPT, ERR_LIMIT (nested more than BSON_MAX_NESTING),
 * ERR_NOMEM; *out keeps its content then.
 */
MUST_CHECK int ejson_write(struct bytes doc, enum ejson_mode mode, struct buf *out,
			   struct error *e);

/* The same for a BSON array: [..], the names of its fields left out. */
MUST_CHECK int ejson_write_array(struct bytes array, enum ejson_mode mode, struct buf *out,
				 struct error *e);

/* The same for one value: all bytes of the payload of a field of type `type`. */
MUST_CHECK int ejson_write_value(uint8_t type, struct bytes value, enum ejson_mode mode,
				 struct buf *out, struct error *e);

/* Append a field name, or any text, as a JSON string with its quotes. ERR_NOMEM. */
MUST_CHECK int ejson_write_name(struct bytes text, struct buf *out, struct error *e);

/* The number of bytes that ejson_write() would append, without writing them. Errors as there. */
MUST_CHECK int ejson_size(struct bytes doc, enum ejson_mode mode, uint64_t *ret, struct error *e);

/* Both sizes in one walk. */
MUST_CHECK int ejson_sizes(struct bytes doc, uint64_t *ret_relaxed, uint64_t *ret_canonical,
			   struct error *e);

/*
 * Append the document for eyes: relaxed, a field or element a line, indented by two spaces a
 * level, a space after each colon, no newline at the end. Values that are objects only in
 * JSON ({"$oid":..}) stay on their line. Errors as ejson_write().
 */
MUST_CHECK int ejson_pretty(struct bytes doc, struct buf *out, struct error *e);

#endif
