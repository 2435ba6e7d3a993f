#include "wire/filter.h"

struct filter {
	struct query_context q;
	struct arena *arena;
	const struct match *match;
	struct expr_frame frame;
};

int filter_new(struct bytes query, unsigned flags, struct filter **ret, struct error *e)
{
	OWNED(filter_free) struct filter *filter = xcalloc(1, sizeof(*filter));
	struct expr_scope *scope;

	filter->arena = arena_new();
	filter->q.constants = arena_new();
	filter->q.let = bson_build_empty();
	filter->q.memory = QUERY_MEMORY_DEFAULT;
	scope = expr_scope_new(&filter->q);
	if (match_parse(scope, query, flags, &filter->match, e) < 0)
		return e->code;
	filter->frame = expr_frame_new(&filter->q, scope, filter->arena);
	*ret = TAKE(filter);
	return 0;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	arena_free(filter->arena);
	arena_free(filter->q.constants);
	free(filter);
}

int filter_test(struct filter *filter, struct bytes doc, struct error *e)
{
	if (filter == NULL)
		return 1;
	arena_reset(filter->arena);
	expr_frame_set(&filter->frame, doc);
	return match_test(filter->match, &filter->frame, doc, NULL, e);
}
