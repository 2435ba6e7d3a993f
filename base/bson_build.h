/*
 * bson_build.h - writing BSON documents into a buf, field by field.
 *
 *	size_t doc = bson_build_begin(&b);
 *	bson_build_int64(&b, "count", 3);
 *	bson_build_end(&b, doc);
 *
 * Documents nest: begin a field with bson_build_open(), end it with bson_build_end(). Names are
 * C strings. Memory is the buf's (aborts when it is out). Threads: pure.
 */
#ifndef BASE_BSON_BUILD_H
#define BASE_BSON_BUILD_H

#include "base/buf.h"

/* Begin a document; the return value goes to bson_build_end(). */
size_t bson_build_begin(struct buf *b);
/* Begin a field that is a document, or an array. */
size_t bson_build_open(struct buf *b, const char *name);
size_t bson_build_open_array(struct buf *b, const char *name);
/* End what `begin` began: its length is written. */
void bson_build_end(struct buf *b, size_t begin);

void bson_build_double(struct buf *b, const char *name, double value);
void bson_build_string(struct buf *b, const char *name, struct bytes value);
void bson_build_binary(struct buf *b, const char *name, uint8_t subtype, struct bytes value);
void bson_build_bool(struct buf *b, const char *name, bool value);
void bson_build_null(struct buf *b, const char *name);
void bson_build_date(struct buf *b, const char *name, int64_t milliseconds);
void bson_build_int32(struct buf *b, const char *name, int32_t value);
void bson_build_int64(struct buf *b, const char *name, int64_t value);
void bson_build_timestamp(struct buf *b, const char *name, uint32_t seconds, uint32_t increment);
/* Any value: its type byte and payload bytes. A document or array is a value of type 3 or 4. */
void bson_build_value(struct buf *b, const char *name, uint8_t type, struct bytes payload);

/* The five bytes of {} (and of []). */
struct bytes bson_build_empty(void);

#endif
