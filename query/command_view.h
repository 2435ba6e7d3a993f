/*
 * command_view.h - Prefix: command_
 *
 * Commands on views and time series, which become aggregations.
 *
 * Threads: one at a time.
 */
#ifndef QUERY_COMMAND_VIEW_H
#define QUERY_COMMAND_VIEW_H

#include "query/command_cursor.h"
#include "query/project.h"

/*
 * Open a find command on a view: $match, $sort, $skip, $limit and $project behind the view's pipeline. The command's parts have been
 * parsed as find's; `project` is the projection or NULL. Errors: 168 options that an aggregation does not have; 167 another collation.
 */
MUST_CHECK int command_view_find(struct query_cursor *cursor, struct plan_resolved *resolved,
				 const struct project *project, struct error *e);

/*
 * The hint of an aggregate, or of a find on a view: natural order, or an index of the collection behind, whose order and documents are
 * taken. Error 2 when there is no such index. The scope must be there.
 */
MUST_CHECK int command_hint(struct command_context *c, struct expr_scope *scope,
			    struct plan_resolved *resolved, struct error *e);

/* The stages of a count or distinct on a view; the filter is `query`. */
MUST_CHECK int command_view_match(struct command_context *c, struct plan_resolved *resolved,
				  struct bytes query, struct stage **ret, struct error *e);

/* 167 when the command's collation is not the view's. */
MUST_CHECK int command_view_collation(struct command_context *c,
				      const struct plan_resolved *resolved, struct error *e);

#endif
