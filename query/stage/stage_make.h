/*
 * stage_make.h - inside stage/: how stages are made. Each file has makers; pipeline.c has the table.
 *
 * Prefix: stage_
 * Threads: see stage.h.
 */
#ifndef QUERY_STAGE_STAGE_MAKE_H
#define QUERY_STAGE_STAGE_MAKE_H

#include "query/accumulator.h"
#include "query/project.h"
#include "query/query_error.h"
#include "query/stage/pipeline.h"

/* What is folded once the whole pipeline has been parsed: one of these. */
struct stage_later {
	struct stage_later *next;
	const struct expr **expr;
	const struct project *project;
	const struct accumulator *acc;
	const struct match *match;
	struct stage_later *sub; /* of a pipeline in the pipeline: optimized as a whole */
};

/* A pipeline in the making. */
struct stage_build {
	struct query_context *q;
	struct expr_scope *scope;
	struct stage_later *later, **last;
	bool wants_sort_key; /* something in it asks for {$meta: "sortKey"} */
	bool is_inside;	     /* of a pipeline in a pipeline */
};

/*
 * Make the stage of `operand` over `source`: takes source, also on failure. `name` is as it was written ($set or $addFields).
 * May give several stages ($bucket is a $group and a $sort).
 */
typedef int (*stage_maker)(struct stage_build *b, struct bytes name, const struct value *operand,
			   struct stage *source, struct stage **ret, struct error *e);

int stage_make_match(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_project(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e);
int stage_make_add_fields(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e);
int stage_make_unset(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_replace_root(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e);
int stage_make_replace_with(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e);
int stage_make_redact(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_limit(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_skip(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e);
int stage_make_count(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_unwind(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_sort(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e);
int stage_make_sample(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_group(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_sort_by_count(struct stage_build *b, struct bytes name, const struct value *operand,
			     struct stage *source, struct stage **ret, struct error *e);
int stage_make_bucket(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_bucket_auto(struct stage_build *b, struct bytes name, const struct value *operand,
			   struct stage *source, struct stage **ret, struct error *e);
int stage_make_facet(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_lookup(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_graph_lookup(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e);
int stage_make_union_with(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e);
int stage_make_documents(struct stage_build *b, struct bytes name, const struct value *operand,
			 struct stage *source, struct stage **ret, struct error *e);
int stage_make_window(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e);
int stage_make_densify(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e);
int stage_make_fill(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e);
int stage_make_coll_stats(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e);
int stage_make_index_stats(struct stage_build *b, struct bytes name, const struct value *operand,
			   struct stage *source, struct stage **ret, struct error *e);
int stage_make_local_sessions(struct stage_build *b, struct bytes name, const struct value *operand,
			      struct stage *source, struct stage **ret, struct error *e);
int stage_make_list_catalog(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e);
int stage_make_nothing(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e);
int stage_make_refused(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e);
int stage_make_out(struct stage_build *b, struct bytes name, const struct value *operand,
		   struct stage *source, struct stage **ret, struct error *e);
int stage_make_merge(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e);
int stage_make_plan_cache(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e);
int stage_make_geo_near(struct stage_build *b, struct bytes name, const struct value *operand,
			struct stage *source, struct stage **ret, struct error *e);

/* Fold this after parsing. */
void stage_later_expr(struct stage_build *b, const struct expr **expr);
void stage_later_project(struct stage_build *b, const struct project *project);
void stage_later_accumulator(struct stage_build *b, const struct accumulator *acc);
void stage_later_match(struct stage_build *b, const struct match *match);

/* Fold all of a list; an error has the prefix "Failed to optimize pipeline". */
MUST_CHECK int stage_optimize(struct stage_build *b, struct stage_later *later, struct error *e);

/* Is $documents the first of an array of stages? */
bool stage_begins_with_documents(struct bytes pipeline);

/* Where a pipeline stands: what it may contain. */
enum stage_inside {
	STAGE_TOP,
	STAGE_IN_FACET,
	STAGE_IN_LOOKUP,
	STAGE_IN_UNION,
};
/* Make the stages of a pipeline (BSON array) and check their places; folds nothing. Takes source. */
MUST_CHECK int stage_parse_pipeline(struct stage_build *b, struct bytes pipeline,
				    enum stage_inside inside, struct stage *source,
				    struct stage **ret, struct error *e);
/* The same for a pipeline inside, whose folding is one item of `b`'s; `source` NULL: it is only checked, nothing is given. */
MUST_CHECK int stage_parse_sub(struct stage_build *b, struct bytes pipeline,
			       enum stage_inside inside, bool later, struct stage *source,
			       struct stage **ret, struct error *e);
/* The refusal of a stage that is only known by its name ($search, $queue): an error, always. */
int stage_refuse(const char *stage, struct error *e) COLD;
/* LiteParsedPipeline: names of stages, and of those in them. */
MUST_CHECK int stage_lite(struct query_context *q, const struct value *pipeline, struct error *e);
/* A stage that gives nothing. Takes `source`, or NULL, which it never asks: what of it is to be folded has to stay. */
struct stage *stage_new_empty(struct stage_build *b, struct stage *source);

/* A stage of `size` bytes (struct stage first) over `source`. */
void *stage_new(struct stage_build *b, const struct stage_kind *kind, size_t size,
		const struct value *operand, struct stage *source);

/* What a stage evaluates with: embedded; made at the first document. */
struct stage_work {
	struct expr_scope *scope;
	struct arena *arena;
	struct expr_frame frame;
	struct buf out;
};
void stage_work_open(struct stage_work *work, struct query_context *q);
void stage_work_close(struct stage_work *work);
size_t stage_work_memory(const struct stage_work *work);
/* Ready for `doc`: the arena is empty, `out` too, the frame has the document. */
static inline void stage_work_set(struct stage_work *work, struct query_context *q,
				  const struct stage_doc *doc)
{
	if (work->arena == NULL)
		stage_work_open(work, q);
	arena_reset(work->arena);
	buf_reset(&work->out);
	expr_frame_set(&work->frame, doc->doc);
	work->frame.meta = doc;
}

/* Stages that others are made of. */
MUST_CHECK int stage_make_spec(struct stage_build *b, stage_maker maker, const char *name,
			       struct bytes spec, struct stage *source, struct stage **ret,
			       struct error *e);

/* MutableDocument::setNestedField: append to `ret` the document `doc` with `path` set to `v` (missing: removed). */
void stage_set_path(struct buf *ret, struct bytes doc, struct bytes path, const struct value *v);
/* Document::getNestedField: through documents only, arrays give missing. */
struct value stage_get_path(struct bytes doc, struct bytes path);
/* The text of a slice for a message, in the context's constants. */
const char *stage_text(struct query_context *q, struct bytes text);
/* `name: value` (BSONElement::toString) and the value alone, for messages; in the constants. */
const char *stage_element_text(struct query_context *q, struct bytes name, const struct value *v);
const char *stage_value_text(struct query_context *q, const struct value *v);
/* An operand that must be a non-negative 64-bit integer: parseIntegerElementToNonNegativeLong of mongod; `prefix` precedes its words. */
MUST_CHECK int stage_parse_count(struct query_context *q, struct bytes name, const struct value *v,
				 int code, const char *prefix, int64_t *ret, struct error *e);

/* Documents that are gone through again and again: in memory, beyond the context's limit in an unnamed file. */
struct stage_store;
struct stage_store *stage_store_new(struct query_context *q);
void stage_store_free(struct stage_store *store);
MUST_CHECK int stage_store_add(struct stage_store *store, struct bytes doc, struct error *e);
/* The same with stage_doc.near, which stage_store_get_doc() gives back. */
MUST_CHECK int stage_store_add_doc(struct stage_store *store, const struct stage_doc *doc,
				   struct error *e);
MUST_CHECK int stage_store_get_doc(const struct stage_store *store, size_t index, struct buf *room,
				   struct stage_doc *ret, struct error *e);
size_t stage_store_count(const struct stage_store *store);
/* Bytes that it holds in memory. NULL: none. */
size_t stage_store_memory(const struct stage_store *store);
/* Valid until the next call with the same `room`. */
MUST_CHECK int stage_store_get(const struct stage_store *store, size_t index, struct buf *room,
			       struct bytes *ret, struct error *e);
void stage_store_reset(struct stage_store *store);

/* The limit that a $limit behind a $sort lets it keep. */
void stage_sort_limit(struct stage *sort, uint64_t limit);
bool stage_is_sort(const struct stage *stage);
/* A $sort without limit that another one follows has no effect: it is freed; gives what was before it. */
struct stage *stage_drop_sort(struct stage *stage);
/* A $lookup that does not unwind. */
bool stage_is_plain_lookup(const struct stage *stage);
/* Are documents of this $densify in this order, all ascending, as mongod has it? Then it sorts no more (though null and missing may differ). */
bool stage_densify_keeps(const struct stage *stage, const struct bytes *paths, size_t count);
/* Absorb the $unwind that follows a $lookup of the same path: each result alone. Returns false when it can't. */
bool stage_lookup_unwind(struct stage *stage, struct bytes path, struct bytes index, bool preserve);

/*
 * Records of stages that sort before they give: [{"0": value}][document], in order of a key and of the number behind it. The value is the
 * group's or the partition's.
 */
struct extsort;
MUST_CHECK int stage_record_add(struct extsort *sorted, struct stage_work *work, struct buf *key,
				uint64_t number, const struct value *v, struct bytes doc,
				struct error *e);
/* 1 and the next record in *ret (replaced), 0 at the end. */
MUST_CHECK int stage_record_next(struct extsort *sorted, struct buf *ret, struct error *e);

#endif
