/*
 * store_model.h - what the tests of store/ share: stores, leaves, puts, files to be damaged.
 *
 * Threads: one.
 */
#ifndef TESTS_UNIT_STORE_STORE_MODEL_H
#define TESTS_UNIT_STORE_STORE_MODEL_H

#include <sys/types.h>

#include "store/store_internal.h"
#include "store/store_writer.h"
#include "tests/harness/harness.h"

/* The folder of a new store with leaves of 4 KiB and a fixed seed. */
const char *store_model_init(void);
struct store *store_model_open(const char *dir);

/* Documents { _id: first + i, … } of about `each` bytes that compress well, appended. */
void store_model_leaf(struct buf *ret, int32_t first, size_t count, size_t each,
		      struct harness_rng *rng);

/* Put a chunk and wait; `hint` and `prefix` may be NULL. */
struct chunk_id store_model_put(struct store_writer *writer, enum chunk_kind kind,
				struct bytes plain, const struct chunk_id *hint,
				const struct writer_prefix *prefix);
/* The same in a writer of its own, flushed: one pack. */
struct chunk_id store_model_put_alone(struct store *store, enum chunk_kind kind, struct bytes plain,
				      const struct chunk_id *hint,
				      const struct writer_prefix *prefix);

/* The first place of a chunk; fails the test when it is not known. */
struct chunk_place store_model_place(struct store *store, const struct chunk_id *id);
/* Frames to be decoded to read a chunk from its first place: it and its bases. */
unsigned store_model_reads(struct store *store, const struct chunk_id *id);

/* Paths of all regular files below a folder, sorted. */
struct model_files {
	char **path;
	size_t count;
};
void store_model_files(const char *dir, struct model_files *ret);
void store_model_files_release(struct model_files *files);

/* Copy a folder's regular files into a new one, and its path. */
const char *store_model_copy(const char *dir);

/* Read all of a file; write all of it in place (same inode). */
void store_model_read_file(const char *path, struct buf *ret);
void store_model_write_file(const char *path, struct bytes content);
/* Change bits of one byte in place; the same again undoes it. */
void store_model_flip(const char *path, uint64_t offset, uint8_t bits);

/* Run in a child: its exit status (0..255), or 1000 and the signal that killed it. */
int store_model_in_child(int (*run)(void *ctx), void *ctx);
/* The same of a child that was forked already. */
int store_model_wait(pid_t child);

#endif
