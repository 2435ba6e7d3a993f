/*
 * pipeline.h - from the words of an aggregate command to stages that run.
 *
 * Threads: see stage.h.
 */
#ifndef QUERY_STAGE_PIPELINE_H
#define QUERY_STAGE_PIPELINE_H

#include "query/stage/stage.h"

/* Where a pipeline's documents come from, and how the stages reach other collections: the plan's (query/plan.h). */
struct pipeline_ops {
	/*
	 * Open the namespace `db`.`coll` (a collection, a view, a time series or none: then it is empty) for reading through
	 * the pipeline `pipeline` (BSON array): views are resolved, a leading $match and $sort are used for the plan. The stage gives the
	 * pipeline's results. `let` variables are in `scope`'s slots (NULL: none but the context's).
	 */
	int (*open)(struct query_context *q, struct bytes db, struct bytes coll,
		    struct bytes pipeline, struct expr_scope *scope, const struct expr_frame *vars,
		    struct stage **ret, struct error *e);
	/* For $listCatalog: the first namespace from *rank on that is shown, and *rank behind it; 1, 0 none. */
	int (*next)(struct query_context *q, uint64_t *rank, struct catalog_entry *ret,
		    struct error *e);
	/* For $collStats, $indexStats: the catalog's entry; 1, 0 none. */
	int (*entry)(struct query_context *q, struct bytes db, struct bytes coll,
		     struct catalog_entry *ret, struct error *e);
};
/* Set once, before the first query. */
void pipeline_set_ops(const struct pipeline_ops *ops);
const struct pipeline_ops *pipeline_ops(void);

/* The first look at a pipeline, its names alone: before the command's collation and `let` are looked at. */
MUST_CHECK int pipeline_look(struct query_context *q, struct bytes pipeline, struct error *e);

/*
 * Build the stages of `pipeline` (BSON array of stage documents) over `source` (NULL: the pipeline's own first stage gives the documents,
 * $documents; or nothing). Takes `source`, also on failure. All checks that mongod makes while parsing are made here: 40323, 40324, 15998, ...
 */
MUST_CHECK int pipeline_build(struct query_context *q, struct expr_scope *scope,
			      struct bytes pipeline, struct stage *source, struct stage **ret,
			      struct error *e);

/* The same for the checks alone: nothing is folded, which may be an error only when the pipeline is in the order in which it runs (reorder.h). */
MUST_CHECK int pipeline_parse(struct query_context *q, struct expr_scope *scope,
			      struct bytes pipeline, struct stage *source, struct stage **ret,
			      struct error *e);

/* Check without running: as pipeline_build(), for views and $facet. Does the first stage make its documents itself ($documents, $currentOp)? */
bool pipeline_needs_collection(struct bytes pipeline);
/* May it be run with {aggregate: 1}: does it begin with a stage that needs no collection? Else error 73. */
bool pipeline_stands_alone(struct bytes pipeline);
/* Does it begin with $geoNear? Then *ret is its operand (may be NULL). */
bool pipeline_begins_with_geo(struct bytes pipeline, struct value *ret);
/* Of a $geoNear that was parsed: the field that it names by `key`; empty: none. */
struct bytes pipeline_geo_key(const struct value *operand);
/*
 * The query that a $geoNear is: what it has as `query`, and {field: {$near: ..}}. `set` has the values of the first `set_count` slots, or is NULL. 5860401, 5860402: `near` is no
 * place. Rule: DocumentSourceGeoNear::asNearQuery().
 */
MUST_CHECK int pipeline_geo_query(struct expr_scope *scope, const struct expr_frame *set,
				  size_t set_count, const struct value *operand, struct bytes field,
				  struct bytes *ret, struct error *e);
/* May something be put before it, as a $lookup by fields does? Else errors 40602, 40603. */
MUST_CHECK int pipeline_check_behind(struct bytes pipeline, struct error *e);
/* Does it write ($out, $merge)? Then the command is answered with 13 Unauthorized. */
bool pipeline_writes(struct bytes pipeline);

#endif
