/*
 * json_out.h - a small writer of JSON for --json: one document, indented or on one line, valid UTF-8.
 *
 * Bytes that are not UTF-8 become U+FFFD; json_out_name() then adds their hex beside them. The
 * writer checks nothing: brackets are the caller's to balance.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_JSON_OUT_H
#define TOOLS_JSON_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

struct json_out {
	struct buf text; /* what is written so far and not yet flushed */
	FILE *to;	 /* NULL: all stays in `text` */
	unsigned depth;
	bool line;   /* all on one */
	bool array;  /* the outermost is one */
	bool filled; /* the innermost object or array has something in it */
};

/* Begin with the outermost object or array. */
void json_out_begin(struct json_out *j, FILE *to, bool array);
/* Begin an object that is written on one line, without spaces: of JSON lines. */
void json_out_begin_line(struct json_out *j, FILE *to);
/* Close it, write everything and release. */
void json_out_finish(struct json_out *j);

/* Give up: release without closing. What was flushed stays written. */
void json_out_drop(struct json_out *j);

/* A `key` of NULL writes an element of an array. */
void json_out_object(struct json_out *j, const char *key);
void json_out_array(struct json_out *j, const char *key);
void json_out_end_object(struct json_out *j);
void json_out_end_array(struct json_out *j);

void json_out_str(struct json_out *j, const char *key, const char *text); /* NULL: null */
void json_out_bytes(struct json_out *j, const char *key, struct bytes text);
void json_out_u64(struct json_out *j, const char *key, uint64_t value);
void json_out_double(struct json_out *j, const char *key, double value);
void json_out_bool(struct json_out *j, const char *key, bool value);
void json_out_null(struct json_out *j, const char *key);
void json_out_hex(struct json_out *j, const char *key, struct bytes value);

/* Text that is JSON already. */
void json_out_raw(struct json_out *j, const char *key, struct bytes json);

/* A name from a database; when it is not UTF-8, also "<key>Hex" with all its bytes. Needs a key. */
void json_out_name(struct json_out *j, const char *key, struct bytes name);

/* A text under a key that comes from a database. */
void json_out_entry_str(struct json_out *j, struct bytes key, const char *value);

/* "2026-11-21T09:41:07Z" */
void json_out_time(struct json_out *j, const char *key, uint64_t seconds);
/* "1700000000.5" */
void json_out_optime(struct json_out *j, const char *key, uint32_t seconds, uint32_t increment);

#endif
