/* $sort, $sample, $sortByCount. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/sort_parts.h"
#include "query/stage/stage_make.h"

/* ---- $sort */

struct sort_stage {
	struct stage base;
	struct stage_work work;
	const struct sort *sort;
	uint64_t limit; /* 0: none */
	bool keep_keys;
	struct sorter *sorter; /* NULL before the first document is asked for */
};

static int take_in(struct sort_stage *self, struct error *e)
{
	struct stage_doc doc;
	int found;

	self->sorter = sorter_new(self->base.q, self->sort, self->limit, self->keep_keys);
	while ((found = stage_next(self->base.source, &doc, e)) == 1) {
		stage_work_set(&self->work, self->base.q, &doc);
		if (sorter_add(self->sorter, &self->work.frame, &doc, e) < 0)
			return e->code;
	}
	return found < 0 ? found : sorter_finish(self->sorter, e);
}

static int sort_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct sort_stage *self = (struct sort_stage *)stage;

	if (self->sorter == NULL && take_in(self, e) < 0)
		return e->code;
	return sorter_next(self->sorter, ret, e);
}

static void sort_close(struct stage *stage)
{
	struct sort_stage *self = (struct sort_stage *)stage;

	sorter_free(self->sorter);
	stage_work_close(&self->work);
}

static size_t sort_memory(const struct stage *stage)
{
	const struct sort_stage *self = (const struct sort_stage *)stage;

	return sizeof(*self) + sorter_memory(self->sorter) + stage_work_memory(&self->work);
}

static const struct stage_kind sort_kind = {"$sort", sort_next, sort_close, NULL, sort_memory};

static bool is_kept(const struct stage *source, const struct sort *sort)
{
	struct bytes paths[SORT_PARTS_MAX];

	for (size_t i = 0; i < sort_count(sort); i++) {
		if (!sort_is_ascending(sort, i))
			return false;
		paths[i] = sort_path(sort, i);
	}
	return stage_densify_keeps(source, paths, sort_count(sort));
}

int stage_make_sort(struct stage_build *b, struct bytes name, const struct value *operand,
		    struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	const struct sort *sort;
	struct sort_stage *self;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 15973, "the $sort key specification must be an object");
	if (sort_parse(b->scope, operand->data, &sort, e) < 0)
		return e->code;
	from = stage_drop_sort(TAKE(from));
	if (is_kept(from, sort)) {
		*ret = TAKE(from);
		return 0;
	}
	self = stage_new(b, &sort_kind, sizeof(*self), operand, TAKE(from));
	self->work.scope = b->scope;
	self->sort = sort;
	self->keep_keys = b->wants_sort_key;
	*ret = &self->base;
	return 0;
}

bool stage_is_sort(const struct stage *stage)
{
	return stage->kind == &sort_kind;
}

struct stage *stage_drop_sort(struct stage *stage)
{
	struct stage *source;

	if (stage == NULL || !stage_is_sort(stage) || ((struct sort_stage *)stage)->limit > 0)
		return stage;
	source = stage->source;
	stage->source = NULL;
	stage_free(stage);
	return source;
}

void stage_sort_limit(struct stage *stage, uint64_t limit)
{
	struct sort_stage *self = (struct sort_stage *)stage;

	if (self->limit == 0 || limit < self->limit)
		self->limit = limit;
}

/* ---- $sample: sorted by chance, and cut */

static const struct stage_kind sample_kind = {"$sample", sort_next, sort_close, NULL, sort_memory};

int stage_make_sample(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	struct sort_stage *self;
	struct bson_field field;
	struct fields fields;
	int64_t size = -1;

	(void)name;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 28745, "the $sample stage specification must be an object");
	fields = fields_of(operand->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (!bytes_equal(field.name, bytes_str("size")))
			return query_error(e, 28748, "unrecognized option to $sample: %s",
					   stage_text(b->q, field.name));
		if (!value_is_number(&v))
			return query_error(e, 28746, "size argument to $sample must be a number");
		size = value_round_int64(&v);
		if (size < 0)
			return query_error(e, 28747,
					   "size argument to $sample must not be negative");
	}
	if (size < 0)
		return query_error(e, 28749, "$sample stage must specify a size");
	if (size == 0) {
		*ret = stage_new_empty(b, TAKE(from));
		return 0;
	}
	self = stage_new(b, &sample_kind, sizeof(*self), operand, TAKE(from));
	self->work.scope = b->scope;
	self->sort = sort_by_chance(b->q);
	self->limit = (uint64_t)size;
	*ret = &self->base;
	return 0;
}

/* ---- $sortByCount: a $group and a $sort */

static int check_count_operand(const struct value *operand, struct error *e)
{
	struct bson_field field = {0};
	struct fields fields;

	if (operand->type == BSON_KIND_DOCUMENT) {
		fields = fields_of(operand->data);
		if (!fields_next(&fields, &field) || field.name.len == 0 || field.name.at[0] != '$')
			return query_error(e, 40147,
					   "the sortByCount field must be defined as a $-prefixed "
					   "path or an expression inside an object");
		return 0;
	}
	if (operand->type != BSON_KIND_STRING)
		return query_error(
			e, 40149,
			"the sortByCount field must be specified as a string or as an object");
	if (operand->data.len < 2 || operand->data.at[0] != '$')
		return query_error(e, 40148,
				   "the sortByCount field must be defined as a $-prefixed path or "
				   "an expression inside an object");
	return 0;
}

int stage_make_sort_by_count(struct stage_build *b, struct bytes name, const struct value *operand,
			     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(buf_release) struct buf spec = {0};
	size_t begin, inner;

	(void)name;
	if (check_count_operand(operand, e) < 0)
		return e->code;
	begin = bson_build_begin(&spec);
	value_write(&spec, bytes_str("_id"), operand);
	inner = bson_build_open(&spec, "count");
	bson_build_int32(&spec, "$sum", 1);
	bson_build_end(&spec, inner);
	bson_build_end(&spec, begin);
	if (stage_make_spec(b, stage_make_group, "$group",
			    arena_copy(b->q->constants, buf_bytes(&spec)), TAKE(from), &from,
			    e) < 0)
		return e->code;
	buf_reset(&spec);
	begin = bson_build_begin(&spec);
	bson_build_int32(&spec, "count", -1);
	bson_build_end(&spec, begin);
	return stage_make_spec(b, stage_make_sort, "$sort",
			       arena_copy(b->q->constants, buf_bytes(&spec)), TAKE(from), ret, e);
}
