/*
 * plan.h - from a namespace and what is asked of it to the stages that answer.
 *
 * There are four ways to read a collection: nothing (it does not exist), given `_id`s, an interval of `_id`s, all of it; the tree gives
 * `_id` order forward and backward. Views become pipelines over what they view; a time series is its buckets, unpacked.
 *
 * Threads: one query at a time; different queries from any threads.
 */
#ifndef QUERY_PLAN_H
#define QUERY_PLAN_H

#include "query/collection.h"
#include "query/match/match.h"
#include "query/stage/pipeline.h"

#define PLAN_VIEW_DEPTH_MAX 20 /* of views on views; deeper: error 165 */

enum plan_way { PLAN_NOTHING, PLAN_ALL, PLAN_IDS, PLAN_RANGE };

/* What was decided: for explain, and for the rules of when a cursor is at its end. */
struct plan {
	enum plan_way way;
	bool is_backward;
	bool is_id_order; /* gives documents in the order of `_id` that was asked for */
	bool bounds_id; /* of PLAN_ALL: mongod would read by the index on `_id`, as the match has bounds for it */
	const struct stage *scan;
	const struct match *match; /* the filter, or NULL */
	struct value low, high;	   /* of PLAN_RANGE, as match_ids() had them */
	bool low_open, high_open;
	size_t id_count; /* of PLAN_IDS */
	bool is_near;	 /* the match has a $near, which is what the documents are sorted by */
};

/* What a reader asks of a stored collection. */
struct plan_request {
	struct expr_scope *scope;
	const struct match *match; /* NULL: everything */
	const struct expr_frame
		*set; /* values of the scope's first `set_count` variables, or NULL */
	size_t set_count;
	int order;   /* 0: any; 1, -1: by `_id` ascending, descending */
	int natural; /* 0: any; 1, -1: natural order forward, backward: no plan by `_id` */
	bool by_id; /* an index on `_id` is hinted: not in natural order, though `order` does not ask for another */
	bool numbers;  /* the numbers of records are wanted */
	bool use_none; /* the filter is applied by somebody else: only look where it can match */
};

/* Register the ways of this file with the pipelines (pipeline_set_ops()). Any number of times. */
void plan_init(void);

/*
 * The documents of a stored or missing collection that match. *ret_plan says how; is_id_order is set when `order` is met
 * (else the caller sorts). May change `collection` (its entry is used up).
 */
MUST_CHECK int plan_collection(struct query_context *q, struct collection *collection,
			       const struct plan_request *request, struct plan *ret_plan,
			       struct stage **ret, struct error *e);

/*
 * What views and time series come down to. `pipeline` (BSON array) is put behind those of the views.
 * A time series' buckets are to be unpacked by `unpack` (the option "timeseries", empty for others) before the pipeline.
 */
struct plan_resolved {
	struct collection collection; /* stored or missing */
	struct bytes coll;     /* its name, in the context's constants; also of a missing one */
	struct bytes pipeline; /* there, too */
	struct bytes unpack;
	struct bytes dropped; /* what is not unpacked: series_lead.h */
	struct bytes index; /* the specification of an index by which it is to be read; or empty */
	bool has_bad_hint; /* a $geoNear is to use an index that there is not: told when all else is right */
	int natural;	/* 1, -1: the natural order wanted of the collection */
	bool is_view;	/* was it a view, or a time series? */
	bool is_series; /* was it a time series itself? */
	bool tells; /* a view's pipeline begins with $collStats: of `coll`, be that a view, too */
	bool has_collation;	/* a view decided the collation: */
	struct bytes collation; /* empty: simple */
};
void plan_resolved_release(struct plan_resolved *resolved);
DEFINE_OWNED_STRUCT(struct plan_resolved, plan_resolved_release);
/* Errors: 165 views deeper than PLAN_VIEW_DEPTH_MAX, or in a circle. */
MUST_CHECK int plan_resolve(struct query_context *q, struct bytes db, struct bytes coll,
			    struct bytes pipeline, struct plan_resolved *ret, struct error *e);

/* 40602 when the pipeline begins with a stage that tells of a collection, and a view has stages, or measurements are unpacked, before it. */
MUST_CHECK int plan_check_first(const struct plan_resolved *r, struct bytes pipeline,
				struct error *e);

/* Is it the specification of an index on `_id` alone? */
bool plan_is_on_id(struct bytes index);

/* Parse a pipeline for its errors, in mongod's order. plan_check_folded() also folds its constants, which may fail. */
MUST_CHECK int plan_check(struct query_context *q, struct expr_scope *scope, struct bytes pipeline,
			  struct error *e);
MUST_CHECK int plan_check_folded(struct query_context *q, struct expr_scope *scope,
				 struct bytes pipeline, struct error *e);
/* 165 when a view that a stage names, or one that the stages of such a view name, is too deep (mongod: resolveInvolvedNamespaces()). */
MUST_CHECK int plan_check_views(struct query_context *q, struct bytes pipeline, struct error *e);
/*
 * OptionNotSupportedOnView when a stage of the pipeline names a view or a time series of another collation than the context's
 * (mongod: collatorCompatibleWithPipeline()); plan_check() looks at that last.
 */
MUST_CHECK int plan_check_collations(struct query_context *q, struct bytes pipeline,
				     struct error *e);

/*
 * plan_geo.c: the documents of a pipeline that begins with $geoNear, nearest first. 26, 27: there is no collection, no index; 291: none that would
 * do. Rule: PipelineD::buildInnerQueryExecutorGeoNear().
 */
MUST_CHECK int plan_geo_open(struct query_context *q, struct plan_resolved *r,
			     const struct plan_request *request, struct plan *ret_plan,
			     struct stage **ret, struct error *e);

/* The stages of a resolved namespace's pipeline. With `check` the whole of it is parsed first, in order, for the right error.
 * `set` as in plan_request. *ret_plan may be NULL. */
MUST_CHECK int plan_pipeline(struct query_context *q, struct plan_resolved *resolved,
			     struct expr_scope *scope, const struct expr_frame *set, bool check,
			     struct plan *ret_plan, struct stage **ret, struct error *e);

/* The operand of a stage document {$name: operand}; missing when its only field is another. */
struct value plan_operand(const struct value *stage, const char *name);

/* Does a $fill of this operand sort? It does for what it fills by a method; values alone are an $addFields. */
bool plan_fill_sorts(const struct value *fill);

/* The stages from number `from` on, in the context's constants. */
struct bytes plan_drop(struct query_context *q, struct bytes pipeline, size_t from);

/* The BSON array of `a`'s elements and then `b`'s, in the arena. */
struct bytes plan_concat(struct arena *arena, struct bytes a, struct bytes b);

#endif
