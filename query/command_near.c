/* Prefix: command_ - what a command with a $near asks for beside it. */
#include "query/command_parse.h"
#include "query/near.h"
#include "query/query_error.h"

int command_near_index(struct command_context *c, struct expr_scope *scope,
		       const struct collection *collection, const struct match *match,
		       struct bytes hinted, struct near_index *ret, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	const char *why;

	if (match_near(match) == NULL || collection->kind != COLLECTION_STORED ||
	    near_find_index(scope, collection, match, hinted, ret, &why))
		return 0;
	buf_printf(&text, "planner returned error :: caused by :: %s", why);
	return command_planner_error(c, match, 291, buf_text(&text), e);
}

int command_check_near(const struct command_context *c, const struct match *match, bool tails,
		       struct error *e)
{
	struct value hint = command_field(c->cmd, "hint"), sort = command_field(c->cmd, "sort");

	if (match_near(match) == NULL)
		return 0;
	if (sort.type == BSON_KIND_DOCUMENT && command_natural(sort.data) != 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "geoNear expression not allowed with $natural sort order");
	if (hint.type == BSON_KIND_DOCUMENT && command_natural(hint.data) != 0)
		return query_error(e, QUERY_BAD_VALUE,
				   "geoNear expression not allowed with $natural hint");
	if (tails)
		return query_error(e, QUERY_BAD_VALUE,
				   "Tailable cursors and geo $near cannot be used together");
	return 0;
}
