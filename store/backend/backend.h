/*
 * backend.h - where a store's immutable files lie: the contract of a back end.
 *
 * Names are relative paths of lower-case letters, digits, '-', '.' and '/'. A file is written
 * once, whole, and never changed, unless it is damaged. There is no append, rename or lock here: journals and locks
 * are outside of the contract, so that an object store can fit it.
 *
 * tests/contract/ runs one suite over every back end.
 * Threads: all calls from any thread.
 */
#ifndef STORE_BACKEND_BACKEND_H
#define STORE_BACKEND_BACKEND_H

#include "base/buf.h"
#include "base/error.h"

#define BACKEND_FILE_MAX ((size_t)32 << 20) /* bytes of the largest file that put takes */

struct backend; /* first member of each implementation */

struct backend_ops {
	/*
	 * Write a file durably, all or nothing: 1 written, 0 it was there already (untouched).
	 * ERR_LIMIT above BACKEND_FILE_MAX, ERR_IO.
	 */
	int (*put)(struct backend *b, const char *name, struct bytes content, struct error *e);
	/*
	 * The same, in the place of what is there under that name, which is damaged: until the new one is durable the old one
	 * stays as it is.
	 */
	int (*replace)(struct backend *b, const char *name, struct bytes content, struct error *e);
	/* Read exactly `len` bytes at `offset`: 1; 0 there is no such file. ERR_CORRUPT: it is shorter. */
	int (*get)(struct backend *b, const char *name, uint64_t offset, uint8_t *ret, size_t len,
		   struct error *e);
	/* 1 and the size in bytes, 0 there is no such file. */
	int (*size)(struct backend *b, const char *name, uint64_t *ret, struct error *e);
	/*
	 * Call `each` for every file below folder `dir`, in no order, with its whole name. A
	 * negative return of `each` ends the list and is returned. A missing folder is empty, where the store is.
	 */
	int (*list)(struct backend *b, const char *dir,
		    int (*each)(void *ctx, const char *name, uint64_t size, struct error *e),
		    void *ctx, struct error *e);
	/* The same without a look at each file, which costs more than its name: `size` means nothing. */
	int (*names)(struct backend *b, const char *dir,
		     int (*each)(void *ctx, const char *name, uint64_t size, struct error *e),
		     void *ctx, struct error *e);
	/*
	 * A number that is another one when a name right in folder `dir` came or went since. 0: that is not known more cheaply than by
	 * names(), or one came or went just now and the next could go unnoticed. May be NULL.
	 */
	uint64_t (*version)(struct backend *b, const char *dir);
	/* Delete: 1 deleted, 0 there was none. A power cut may bring it back until sync() was called. */
	int (*remove)(struct backend *b, const char *name, struct error *e);
	/* All that is there, whoever put it, and all that is deleted, stays so. ERR_IO. */
	int (*sync)(struct backend *b, struct error *e);
	void (*free)(struct backend *b);
};

struct backend {
	const struct backend_ops *ops;
};

static inline void backend_free(struct backend *b)
{
	if (b != NULL)
		b->ops->free(b);
}
DEFINE_OWNED(struct backend *, backend_free);

#endif
