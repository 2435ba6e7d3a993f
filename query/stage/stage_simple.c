/* $match, $limit, $skip, $count, and the stages that give one document for each: $project, $addFields, $unset, $replaceRoot. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/match/match.h"
#include "query/stage/stage_make.h"

/* ---- $match */

struct match_stage {
	struct stage base;
	struct stage_work work;
	const struct match *match;
};

static int match_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct match_stage *self = (struct match_stage *)stage;
	int found, matches;

	while ((found = stage_next(stage->source, ret, e)) == 1) {
		stage_work_set(&self->work, stage->q, ret);
		matches = match_test(self->match, &self->work.frame, ret->doc, NULL, e);
		if (matches != 0)
			return matches;
	}
	return found;
}

static void match_close(struct stage *stage)
{
	stage_work_close(&((struct match_stage *)stage)->work);
}

static const struct stage_kind match_kind = {"$match", match_next, match_close, NULL};

int stage_make_match(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct stage **place = &from;
	struct match_stage *self;
	const struct match *match;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 15959, "the match filter must be an expression in an object");
	if (match_parse(b->scope, operand->data, MATCH_AGGREGATE | MATCH_UNFOLDED, &match, e) < 0)
		return e->code;
	stage_later_match(b, match);
	/* What is not wanted need not be sorted. */
	while (*place != NULL && stage_is_sort(*place) && !stage_sort_has_limit(*place))
		place = &(*place)->source;
	self = stage_new(b, &match_kind, sizeof(*self), operand, *place);
	self->work.scope = b->scope;
	self->match = match;
	*place = &self->base;
	*ret = TAKE(from);
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

static const struct stage_kind limit_kind = {"$limit", limit_next, NULL, NULL};
static const struct stage_kind skip_kind = {"$skip", skip_next, NULL, NULL};

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

/* $sort keeps no more than a $limit behind it lets through; $skip may stand between. */
static void tell_sort(struct stage *source, int64_t limit)
{
	while (source != NULL && source->kind == &skip_kind) {
		int64_t skip = ((struct count_stage *)source)->left;

		if (skip > INT64_MAX - limit)
			return;
		limit += skip;
		source = source->source;
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

static const struct stage_kind project_kind = {"$project", project_next, project_close, NULL};
static const struct stage_kind add_fields_kind = {"$addFields", project_next, project_close, NULL};
static const struct stage_kind set_kind = {"$set", project_next, project_close, NULL};

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
		return query_error_cause(e, "Invalid $project");
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
		return query_error_cause(e, "Invalid %s", stage_text(b->q, name));
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
	const struct project *project;

	(void)name;
	if (operand->type != BSON_KIND_STRING && operand->type != BSON_KIND_ARRAY)
		return query_error(e, 31002, "$unset specification must be a string or an array");
	if (count == 0)
		return query_error(e, 31119,
				   "$unset specification must be a string or an array with at "
				   "least one field");
	for (size_t i = 0; i < count; i++) {
		struct value v =
			operand->type == BSON_KIND_STRING ? *operand : value_at(operand->data, i);

		if (v.type != BSON_KIND_STRING)
			return query_error(e, 31120,
					   "$unset specification must be a string or an array "
					   "containing only string values");
		paths[i] = v.data;
	}
	if (project_parse_unset(b->scope, paths, count, &project, e) < 0)
		return query_error_cause(e, "Invalid $unset");
	*ret = project_stage(b, &project_kind, operand, project, TAKE(from));
	return 0;
}

/* ---- $replaceRoot and $replaceWith */

struct replace_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *root;
	const char *what;	      /* how messages call the expression */
	const struct project *needed; /* of the input, for messages; NULL: all of it */
	bool needs_nothing;
};

static COLD int no_object(struct replace_stage *self, const struct value *v,
			  const struct stage_doc *doc, struct error *e)
{
	OWNED(buf_release) struct buf value = {0}, input = {0}, part = {0};
	struct value whole = value_document(doc->doc);

	if (self->needs_nothing)
		whole = value_document(bson_build_empty());
	else if (self->needed != NULL &&
		 project_apply(self->needed, &self->work.frame, doc, &part, e) == 0)
		whole = value_document(buf_bytes(&part));

	if (value_is_missing(v))
		buf_add_str(&value, "MISSING");
	else
		value_text(v, &value);
	value_text(&whole, &input);
	return query_error(e, 40228,
			   "%s must evaluate to an object, but resulting value was: %s. Type of "
			   "resulting value: '%s'. Input document: %s",
			   self->what, buf_text(&value), value_type_name(v->type),
			   buf_text(&input));
}

static int replace_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct replace_stage *self = (struct replace_stage *)stage;
	int found = stage_next(stage->source, ret, e);
	struct value v;

	if (found <= 0)
		return found;
	stage_work_set(&self->work, stage->q, ret);
	if (expr_eval(self->root, &self->work.frame, &v, e) < 0)
		return e->code;
	if (v.type != BSON_KIND_DOCUMENT)
		return no_object(self, &v, ret, e);
	ret->doc = v.data;
	return 1;
}

static void replace_close(struct stage *stage)
{
	stage_work_close(&((struct replace_stage *)stage)->work);
}

static const struct stage_kind replace_kind = {"$replaceRoot", replace_next, replace_close, NULL};

/*
 * mongod reads no more of a document than the pipeline needs, which its message shows: the paths in the expression, when the documents
 * come from a collection.
 */
static void gather_paths(const struct value *v, struct buf *spec, bool *all)
{
	struct bson_field field;
	struct fields fields;

	if (v->type == BSON_KIND_STRING && v->data.len > 1 && v->data.at[0] == '$') {
		struct bytes path = bytes_of(v->data.at + 1, v->data.len - 1);
		struct value one = value_int32(1);

		if (path.len > 6 && memcmp(path.at, "$ROOT.", 6) == 0)
			path = bytes_of(path.at + 6, path.len - 6);
		if (path.at[0] != '$')
			value_write(spec, path, &one);
		else
			*all |= memmem(path.at, path.len, "ROOT", 4) != NULL ||
				memmem(path.at, path.len, "CURRENT", 7) != NULL;
	}
	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return;
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		struct value inner = value_of_field(&field);

		if (!bytes_equal(field.name, bytes_str("$literal")))
			gather_paths(&inner, spec, all);
	}
}

/* What a stage before it reads and makes. False: a stage of which that is not known. */
static bool gather_stage(const struct stage *stage, struct buf *spec, bool *all)
{
	static const char *const planned[] = {"$match", "$sort", "$limit", "$skip", "$unset"};
	struct value one = value_int32(1);
	struct bson_field field;
	struct fields fields;

	for (size_t i = 0; i < COUNT_OF(planned); i++)
		if (strcmp(stage->kind->name, planned[i]) == 0)
			return true;
	if (strcmp(stage->kind->name, "$unwind") == 0) {
		gather_paths(&stage->spec, spec, all);
		return stage->spec.type == BSON_KIND_STRING;
	}
	if (strcmp(stage->kind->name, "$addFields") != 0 ||
	    stage->spec.type != BSON_KIND_DOCUMENT)
		return false;
	gather_paths(&stage->spec, spec, all);
	fields = fields_of(stage->spec.data);
	while (fields_next(&fields, &field))
		value_write(spec, field.name, &one);
	return true;
}

/* Does all come from a collection, through stages that are known? */
static bool gather_stages(const struct stage *stage, struct buf *spec, bool *all)
{
	while (stage != NULL && strcmp(stage->kind->name, "$cursor") != 0) {
		if (!gather_stage(stage, spec, all))
			return false;
		stage = stage->source;
	}
	return stage != NULL;
}

/* Each path once, and none below another. */
static void add_needed(const struct bson_field *paths, size_t count, struct buf *ret)
{
	struct value one = value_int32(1);

	for (size_t i = 0; i < count; i++) {
		struct bytes path = paths[i].name;
		bool is_below = false;

		for (size_t k = 0; k < count && !is_below; k++) {
			struct bytes other = paths[k].name;

			is_below = path.len > other.len ? path.at[other.len] == '.' &&
								  memcmp(path.at, other.at,
									 other.len) == 0
							: k < i && bytes_equal(path, other);
		}
		if (!is_below)
			value_write(ret, path, &one);
	}
}

#define NEEDED_MAX 32 /* paths; with more of them the message shows all of the document */

static void find_needed(struct stage_build *b, struct replace_stage *self, const struct value *expr)
{
	OWNED(buf_release) struct buf found = {0}, spec = {0};
	size_t begin = bson_build_begin(&found), count = 0;
	struct bson_field paths[NEEDED_MAX + 1];
	struct fields fields;
	struct error ignored;
	struct value id;
	bool all = false;

	gather_paths(expr, &found, &all);
	if (!gather_stages(self->base.source, &found, &all) || all)
		return;
	bson_build_end(&found, begin);
	fields = fields_of(buf_bytes(&found));
	while (count <= NEEDED_MAX && fields_next(&fields, &paths[count]))
		count++;
	self->needs_nothing = count == 0;
	if (count == 0 || count > NEEDED_MAX)
		return;
	begin = bson_build_begin(&spec);
	add_needed(paths, count, &spec);
	bson_build_end(&spec, begin);
	id = value_get(buf_bytes(&spec), bytes_str("_id"));
	if (value_is_missing(&id)) {
		spec.len--;
		bson_build_bool(&spec, "_id", false);
		bson_build_end(&spec, begin);
	}
	if (project_parse(b->scope, arena_copy(b->q->constants, buf_bytes(&spec)), PROJECT_STAGE,
			  NULL, &self->needed, &ignored) < 0)
		self->needed = NULL;
}

static int make_replace(struct stage_build *b, const struct value *expr, const char *what,
			const struct value *operand, struct stage *source, struct stage **ret,
			struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct replace_stage *self;
	const struct expr *root;

	if (expr_parse(b->scope, expr, &root, e) < 0)
		return e->code;
	self = stage_new(b, &replace_kind, sizeof(*self), operand, TAKE(from));
	self->work.scope = b->scope;
	self->root = root;
	self->what = what;
	find_needed(b, self, expr);
	stage_later_expr(b, &self->root);
	*ret = &self->base;
	return 0;
}

int stage_make_replace_root(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct value root = value_missing();
	struct bson_field field;
	struct fields fields;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(
			e, 40229,
			"expected an object as specification for $replaceRoot stage, got %s",
			value_type_name(operand->type));
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		if (!bytes_equal(field.name, bytes_str("newRoot")))
			return query_error(e, 40415,
					   "BSON field '$replaceRoot.%s' is an unknown field.",
					   stage_text(b->q, field.name));
		root = value_of_field(&field);
	}
	if (value_is_missing(&root))
		return query_error(
			e, 40414,
			"BSON field '$replaceRoot.newRoot' is missing but a required field");
	return make_replace(b, &root, "'newRoot' expression ", operand, TAKE(from), ret, e);
}

int stage_make_replace_with(struct stage_build *b, struct bytes name, const struct value *operand,
			    struct stage *source, struct stage **ret, struct error *e)
{
	(void)name;
	return make_replace(b, operand, "'replacement document' ", operand, source, ret, e);
}

/* Does it give exactly one document for each, with nothing noted about the others? */
static bool is_one_to_one(const struct stage *stage)
{
	return stage->kind == &project_kind || stage->kind == &add_fields_kind ||
	       stage->kind == &set_kind || stage->kind == &replace_kind ||
	       stage_is_plain_lookup(stage);
}
