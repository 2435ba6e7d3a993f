/* $match, $limit, $skip, $count, and the stages that give one document for each: $project, $addFields, $unset, $replaceRoot. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/gaps.h"
#include "query/match/match.h"
#include "query/stage/stage_make.h"

/* ---- $match */

struct match_stage {
	struct stage base;
	struct stage_work work;
	const struct match *match;
	struct buf stripped; /* mongod asks a document without the places of what was taken away */
};

static int match_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct match_stage *self = (struct match_stage *)stage;
	int found, matches;

	while ((found = stage_next(stage->source, ret, e)) == 1) {
		struct stage_doc asked = *ret;

		if (stage->q->keeps_gaps)
			asked.doc = gaps_strip(ret->doc, &self->stripped);
		stage_work_set(&self->work, stage->q, &asked);
		matches = match_test(self->match, &self->work.frame, asked.doc, NULL, e);
		if (matches != 0)
			return matches;
	}
	return found;
}

static void match_close(struct stage *stage)
{
	struct match_stage *self = (struct match_stage *)stage;

	stage_work_close(&self->work);
	buf_release(&self->stripped);
}

static size_t match_memory(const struct stage *stage)
{
	return stage_work_memory(&((const struct match_stage *)stage)->work);
}

static const struct stage_kind match_kind = {"$match", match_next, match_close, NULL, match_memory};

int stage_make_match(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct match_stage *self;
	const struct match *match;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 15959, "the match filter must be an expression in an object");
	if (match_parse(b->scope, operand->data,
			MATCH_AGGREGATE | MATCH_UNFOLDED | MATCH_AS_WRITTEN, &match, e) < 0)
		return e->code;
	stage_later_match(b, match);
	/* What is not wanted need not be sorted: reorder.h has put it before. */
	self = stage_new(b, &match_kind, sizeof(*self), operand, TAKE(from));
	self->work.scope = b->scope;
	self->match = match;
	*ret = &self->base;
	return 0;
}

/* ---- $limit and $skip */

static bool is_one_to_one(const struct stage *stage);

struct count_stage {
	struct stage base;
	int64_t left;
};

static int limit_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct count_stage *self = (struct count_stage *)stage;
	int found;

	if (self->left == 0)
		return 0;
	found = stage_next(stage->source, ret, e);
	if (found == 1)
		self->left--;
	return found;
}

static int skip_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct count_stage *self = (struct count_stage *)stage;
	int found;

	for (; self->left > 0; self->left--) {
		found = stage_next(stage->source, ret, e);
		if (found <= 0)
			return found;
	}
	return stage_next(stage->source, ret, e);
}

static const struct stage_kind limit_kind = {"$limit", limit_next, NULL, NULL, NULL};
static const struct stage_kind skip_kind = {"$skip", skip_next, NULL, NULL, NULL};

/*
 * $limit and $skip go before the stages that give one document for each, as mongod's optimizer has it: those work less then, and what they
 * would fail on may not be met. `*ret` is the place whose source the new stage stands on.
 */
static struct stage **sink(struct stage **top)
{
	while (*top != NULL && is_one_to_one(*top))
		top = &(*top)->source;
	return top;
}

/* $sort keeps no more than a $limit behind it lets through; $skip and another $limit may stand between. */
static void tell_sort(struct stage *source, int64_t limit)
{
	for (; source != NULL && (source->kind == &skip_kind || source->kind == &limit_kind);
	     source = source->source) {
		int64_t count = ((struct count_stage *)source)->left;

		if (source->kind == &limit_kind) {
			limit = MIN_OF(limit, count);
			continue;
		}
		if (count > INT64_MAX - limit)
			return;
		limit += count;
	}
	if (source != NULL && stage_is_sort(source))
		stage_sort_limit(source, (uint64_t)limit);
}

int stage_make_limit(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct count_stage *self;
	struct stage **place;
	int64_t limit;

	if (stage_parse_count(b->q, name, operand, 5107201,
			      "invalid argument to $limit stage: ", &limit, e) < 0)
		return e->code;
	if (limit == 0)
		return query_error(e, 15958, "the limit must be positive");
	place = sink(&from);
	tell_sort(*place, limit);
	self = stage_new(b, &limit_kind, sizeof(*self), operand, *place);
	self->left = limit;
	*place = &self->base;
	*ret = TAKE(from);
	return 0;
}

int stage_make_skip(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct count_stage *self;
	struct stage **place;
	int64_t skip;

	if (stage_parse_count(b->q, name, operand, 5107200,
			      "invalid argument to $skip stage: ", &skip, e) < 0)
		return e->code;
	place = sink(&from);
	self = stage_new(b, &skip_kind, sizeof(*self), operand, *place);
	self->left = skip;
	*place = &self->base;
	*ret = TAKE(from);
	return 0;
}

/* ---- $count: a $group of everything, and its one field */

int stage_make_count(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(buf_release) struct buf group = {0};
	const char *field;
	size_t begin, inner;
	int result;

	(void)name;
	if (operand->type != BSON_KIND_STRING)
		return query_error(e, 40156, "the count field must be a non-empty string");
	if (operand->data.len == 0)
		return query_error(e, 40157, "the count field must be a non-empty string");
	if (operand->data.at[0] == '$')
		return query_error(e, 40158, "the count field cannot be a $-prefixed path");
	if (memchr(operand->data.at, '\0', operand->data.len) != NULL)
		return query_error(e, 40159, "the count field cannot contain a null byte");
	if (memchr(operand->data.at, '.', operand->data.len) != NULL)
		return query_error(e, 40160, "the count field cannot contain '.'");
	field = stage_text(b->q, operand->data);
	begin = bson_build_begin(&group);
	bson_build_null(&group, "_id");
	inner = bson_build_open(&group, field);
	bson_build_int32(&group, "$sum", 1);
	bson_build_end(&group, inner);
	bson_build_end(&group, begin);
	result = stage_make_spec(b, stage_make_group, "$group",
				 arena_copy(b->q->constants, buf_bytes(&group)), TAKE(from), &from,
				 e);
	if (result < 0)
		return result;
	buf_reset(&group);
	begin = bson_build_begin(&group);
	bson_build_bool(&group, "_id", false);
	bson_build_end(&group, begin);
	return stage_make_spec(b, stage_make_project, "$project",
			       arena_copy(b->q->constants, buf_bytes(&group)), TAKE(from), ret, e);
}

/* ---- projections */

struct project_stage {
	struct stage base;
	struct stage_work work;
	const struct project *project;
};

static int project_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct project_stage *self = (struct project_stage *)stage;
	int found = stage_next(stage->source, ret, e);

	if (found <= 0)
		return found;
	stage_work_set(&self->work, stage->q, ret);
	if (project_apply(self->project, &self->work.frame, ret, &self->work.out, e) < 0)
		return e->code;
	ret->doc = buf_bytes(&self->work.out);
	return 1;
}

static void project_close(struct stage *stage)
{
	stage_work_close(&((struct project_stage *)stage)->work);
}

static size_t project_memory(const struct stage *stage)
{
	return stage_work_memory(&((const struct project_stage *)stage)->work);
}

static const struct stage_kind project_kind = {"$project", project_next, project_close, NULL,
					       project_memory};
static const struct stage_kind add_fields_kind = {"$addFields", project_next, project_close, NULL,
						  project_memory};
static const struct stage_kind set_kind = {"$set", project_next, project_close, NULL,
					   project_memory};

static struct stage *project_stage(struct stage_build *b, const struct stage_kind *kind,
				   const struct value *operand, const struct project *project,
				   struct stage *source)
{
	struct project_stage *self = stage_new(b, kind, sizeof(*self), operand, source);

	self->work.scope = b->scope;
	self->project = project;
	stage_later_project(b, project);
	return &self->base;
}

/* What metadata or variables a query lacks is found behind the parsing of the stage, and told without its name. */
static int invalid(struct error *e, const char *stage)
{
	return e->server == 40218 || e->server == 6347903
		       ? e->code
		       : query_error_cause(e, "Invalid %s", stage);
}

int stage_make_project(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	const struct project *project;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 15969, "$project specification must be an object");
	if (value_count(operand->data) == 0)
		return query_error(e, 51272,
				   "Invalid $project :: caused by :: projection specification must "
				   "have at least one field");
	if (project_parse(b->scope, operand->data, PROJECT_STAGE, NULL, &project, e) < 0)
		return invalid(e, "$project");
	*ret = project_stage(b, &project_kind, operand, project, TAKE(from));
	return 0;
}

int stage_make_add_fields(struct stage_build *b, struct bytes name, const struct value *operand,
			  struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	const struct project *project;
	bool is_set = bytes_equal(name, bytes_str("$set"));

	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 40272, "%s specification stage must be an object, got %s",
				   stage_text(b->q, name), value_type_name(operand->type));
	if (project_parse_add(b->scope, operand->data, &project, e) < 0)
		return invalid(e, stage_text(b->q, name));
	*ret = project_stage(b, is_set ? &set_kind : &add_fields_kind, operand, project,
			     TAKE(from));
	return 0;
}

int stage_make_unset(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	size_t count = operand->type == BSON_KIND_ARRAY ? value_count(operand->data) : 1;
	struct bytes *paths = arena_get(b->q->constants, count * sizeof(*paths));
	struct fields fields =
		fields_of(operand->type == BSON_KIND_ARRAY ? operand->data : bson_build_empty());
	const struct project *project;
	struct bson_field field;

	(void)name;
	if (operand->type != BSON_KIND_STRING && operand->type != BSON_KIND_ARRAY)
		return query_error(e, 31002, "$unset specification must be a string or an array");
	if (count == 0)
		return query_error(e, 31119,
				   "$unset specification must be a string or an array with at "
				   "least one field");
	for (size_t i = 0; i < count; i++) {
		struct value v = *operand;

		if (operand->type == BSON_KIND_ARRAY && fields_next(&fields, &field))
			v = value_of_field(&field);

		if (v.type != BSON_KIND_STRING)
			return query_error(e, 31120,
					   "$unset specification must be a string or an array "
					   "containing only string values");
		paths[i] = v.data;
	}
	for (size_t i = 0; i < count; i++)
		if (memchr(paths[i].at, '\0', paths[i].len) != NULL)
			return query_error(e, 9527900, "illegal embedded NUL byte");
	if (project_parse_unset(b->scope, paths, count, &project, e) < 0)
		return query_error_cause(e, "Invalid $unset");
	*ret = project_stage(b, &project_kind, operand, project, TAKE(from));
	return 0;
}

/* Does it give exactly one document for each, with nothing noted about the others? */
static bool is_one_to_one(const struct stage *stage)
{
	return stage->kind == &project_kind || stage->kind == &add_fields_kind ||
	       stage->kind == &set_kind || strcmp(stage->kind->name, "$replaceRoot") == 0 ||
	       stage_is_plain_lookup(stage);
}
