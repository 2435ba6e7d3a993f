/*
 * tree_build.h - making a tree from documents in order; leaves are encoded by all cores.
 *
 * Documents come in key order (keyed; equal keys in order of their bytes) or in natural order
 * (ranked). Parts of an older tree can be put in whole where the builder stands at an end.
 *
 * Threads: one at a time.
 */
#ifndef STORE_TREE_TREE_BUILD_H
#define STORE_TREE_TREE_BUILD_H

#include "store/store_writer.h"
#include "store/tree/tree_node.h"

struct tree_builder; /* opaque */

struct tree_build_options {
	enum tree_kind kind;
	const struct tree_root *old; /* of which this is a later version, or NULL */
	const struct writer_prefix
		*prefix; /* that its leaves share, or NULL; outlives the builder */
	bool sums; /* the caller tells how leaves are made of older ones: tree_builder_sum_*() */
};

struct tree_builder *tree_builder_new(struct store_writer *writer,
				      const struct tree_build_options *options);
/* Waits for what was submitted. NULL is fine. */
void tree_builder_free(struct tree_builder *builder);
DEFINE_OWNED(struct tree_builder *, tree_builder_free);

/* Add a document with its key (ranked trees: any). ERR_INVALID when it is out of order. */
MUST_CHECK int tree_builder_add(struct tree_builder *builder, struct bytes key, struct bytes doc,
				struct error *e);

/* Does a leaf end with the last document of a run, by its content? */
enum tree_run_end { TREE_RUN_OPEN, TREE_RUN_ENDS, TREE_RUN_UNKNOWN };

/* Documents that lay next to each other in a leaf of an older tree: it ends with none before the last. */
struct tree_run {
	struct bytes docs;
	uint64_t count;
	size_t last_len; /* bytes of the last one */
	enum tree_run_end end;
};

/* As tree_builder_add() of each, but quick: keyed trees only. */
MUST_CHECK int tree_builder_add_run(struct tree_builder *builder, const struct tree_run *run,
				    struct error *e);

/*
 * With options.sums: leaves need not be measured whole. Before the first document of an older leaf is
 * added: its facts, or NULL where they are not known. Before its last document: sum_close(). For each that
 * is added, goes or is replaced in between, or before or after it, sum_change() first; either may be empty.
 * sum_unknown(): the leaf in the making has to be measured.
 */
void tree_builder_sum_open(struct tree_builder *builder, const struct chunk_facts *facts);
void tree_builder_sum_close(struct tree_builder *builder);
void tree_builder_sum_change(struct tree_builder *builder, struct bytes old, struct bytes now);
void tree_builder_sum_unknown(struct tree_builder *builder);

/* True when every level below `level` is at an end: a chunk of `level` - 1 can be put in whole. */
bool tree_builder_is_clean(const struct tree_builder *builder, uint8_t level);

/* About so many bytes come before the next leaf ends: there is room for them at once. */
void tree_builder_expect(struct tree_builder *builder, size_t bytes);

/* Wait for leaves that are being encoded if only they keep levels above 1 from being clean. */
MUST_CHECK int tree_builder_settle(struct tree_builder *builder, struct error *e);

/*
 * Put in a child of an older node of `level`; only when clean, and in ranked trees only behind the
 * document that it was behind.
 */
MUST_CHECK int tree_builder_add_child(struct tree_builder *builder, uint8_t level,
				      const struct tree_child *child, struct error *e);

/* Ranked trees, before a document behind a child that was put in whole: the child's last document. */
void tree_builder_follow(struct tree_builder *builder, struct bytes last_doc);

/* Ranked trees: what is added next lies at, or in the place of, byte `offset` of the older tree. For hints. */
void tree_builder_stand(struct tree_builder *builder, uint64_t offset);

/* End it. The root's chunks are known to others after the writer's flush. */
MUST_CHECK int tree_builder_finish(struct tree_builder *builder, struct tree_root *ret,
				   struct error *e);

#endif
