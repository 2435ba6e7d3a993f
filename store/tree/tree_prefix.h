/*
 * tree_prefix.h - the prefix that the leaves of a collection share: that of its older version, or one
 * made of a sample of its documents. It decides how bytes are stored, never what they are.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_PREFIX_H
#define STORE_TREE_TREE_PREFIX_H

#include "store/store_writer.h"
#include "store/tree/tree.h"

/* Bytes of a sample. Above 128 KiB zstd takes larger tables, which make chunks 2 % smaller. */
#define TREE_PREFIX_LEN (160 * KIB)
/* Bytes of documents below which a shared prefix costs more than it saves. */
#define TREE_PREFIX_FROM (1 * MIB)

/* The prefix of an older version, so that new full leaves are like its leaves: 1, 0: it has none. */
MUST_CHECK int tree_prefix_of(struct store_writer *writer, const struct tree_root *old,
			      struct writer_prefix **ret, struct error *e);

/*
 * Make one of a sample, whole documents of about TREE_PREFIX_LEN bytes: 1, or 0 when they are so large
 * that it would say nothing. The caller frees *ret.
 */
MUST_CHECK int tree_prefix_make(struct store_writer *writer, struct bytes sample,
				struct writer_prefix **ret, struct error *e);

#endif
