/* $replaceRoot and $replaceWith. Prefix: stage_ */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

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
	OWNED(buf_release) struct buf value = {0}, input = {0}, part = {0}, kept = {0}, shown = {0};
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
			   self->what, query_error_quote(buf_bytes(&value), &shown),
			   value_type_name(v->type), query_error_quote(buf_bytes(&input), &kept));
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

static size_t replace_memory(const struct stage *stage)
{
	return stage_work_memory(&((const struct replace_stage *)stage)->work);
}

static const struct stage_kind replace_kind = {"$replaceRoot", replace_next, replace_close, NULL,
					       replace_memory};

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

/* The names of the fields of an operand's document. */
static void gather_names(const struct value *operand, const char *field, struct buf *spec)
{
	struct value doc = value_get(operand->data, bytes_str(field)), one = value_int32(1);
	struct bson_field name;
	struct fields fields;

	if (doc.type != BSON_KIND_DOCUMENT)
		return;
	fields = fields_of(doc.data);
	while (fields_next(&fields, &name))
		value_write(spec, name.name, &one);
}

static void gather_text(const struct value *operand, const char *field, struct buf *spec)
{
	struct value path = value_get(operand->data, bytes_str(field)), one = value_int32(1);

	if (path.type == BSON_KIND_STRING)
		value_write(spec, path.data, &one);
}

/* What a stage before it reads and makes. False: a stage of which that is not known. */
static bool gather_stage(const struct stage *stage, struct buf *spec, bool *all)
{
	static const char *const planned[] = {"$match", "$sort", "$limit", "$skip", "$unionWith"};
	static const char *const known[] = {"$lookup",	"$graphLookup", "$setWindowFields",
					    "$densify", "$fill",	"$addFields"};
	const struct value *operand = &stage->spec;
	struct value let;
	size_t i = 0;

	for (i = 0; i < COUNT_OF(planned); i++)
		if (strcmp(stage->kind->name, planned[i]) == 0)
			return true;
	if (strcmp(stage->kind->name, "$unwind") == 0) {
		gather_paths(operand, spec, all);
		return operand->type == BSON_KIND_STRING;
	}
	for (i = 0; i < COUNT_OF(known) && strcmp(stage->kind->name, known[i]) != 0;)
		i++;
	if (i == COUNT_OF(known) || operand->type != BSON_KIND_DOCUMENT)
		return i < COUNT_OF(known) ? false : operand->type == BSON_KIND_ARRAY;
	if (strcmp(stage->kind->name, "$addFields") == 0) {
		struct value one = value_int32(1);
		struct fields fields = fields_of(operand->data);
		struct bson_field field;

		gather_paths(operand, spec, all);
		while (fields_next(&fields, &field))
			value_write(spec, field.name, &one);
		return true;
	}
	gather_text(operand, "localField", spec);
	gather_text(operand, "as", spec);
	gather_text(operand, "field", spec);
	gather_names(operand, "sortBy", spec);
	gather_names(operand, "output", spec);
	for (i = 0; i < 4; i++) {
		static const char *const exprs[] = {"let", "startWith", "partitionBy", "output"};

		let = value_get(operand->data, bytes_str(exprs[i]));
		gather_paths(&let, spec, all);
	}
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

			is_below = path.len > other.len
					   ? path.at[other.len] == '.' &&
						     memcmp(path.at, other.at, other.len) == 0
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
			return query_error_unknown_field(e, "$replaceRoot", field.name);
		if (query_error_if_repeated(e, "$replaceRoot", operand->data, &field) < 0)
			return e->code;
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
