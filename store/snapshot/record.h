/*
 * record.h - reading BSON records of our own files: typed fields by name.
 *
 * Inside store/snapshot/ and oplog/segment.c only. Each getter: 1 and the value, 0 when the field is absent;
 * ERR_CORRUPT when it has another type or does not fit. Threads: pure.
 */
#ifndef STORE_SNAPSHOT_RECORD_H
#define STORE_SNAPSHOT_RECORD_H

#include "base/bson_check.h"
#include "base/buf.h"
#include "store/tree/tree.h"

MUST_CHECK int record_int(struct bytes doc, const char *name, uint64_t *ret, struct error *e);
MUST_CHECK int record_bool(struct bytes doc, const char *name, bool *ret, struct error *e);
/* A copy, NUL-terminated; the caller frees. NULs inside are kept; *ret_len may be NULL. */
MUST_CHECK int record_text(struct bytes doc, const char *name, char **ret, size_t *ret_len,
			   struct error *e);
/* Binary of exactly `len` bytes. */
MUST_CHECK int record_binary(struct bytes doc, const char *name, uint8_t *ret, size_t len,
			     struct error *e);
/* A document or array, whole. */
MUST_CHECK int record_document(struct bytes doc, const char *name, struct bytes *ret,
			       struct error *e);
/* {id, kind, height, count, bytes} */
MUST_CHECK int record_root(struct bytes doc, const char *name, struct tree_root *ret,
			   struct error *e);
/* Write such a root as field `name`. */
void record_add_root(struct buf *b, const char *name, const struct tree_root *root);

/* What the getters say when a field that must be there is not. */
int record_missing(struct error *e, const char *name) COLD;

#endif
