/* $group: a hash table of groups; what does not fit goes as partial results, sorted, to a file. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/sort_parts.h"
#include "query/stage/group_hash.h"
#include "query/stage/stage_make.h"
#include "store/tree/extsort.h"

#define COLUMNS_MAX 32 /* fields that are picked in one walk over a document */
#define FIRST_ROOM 256 /* slots of the table */
#define GROUP_COST 64  /* bytes that a group takes besides key and states */
#define COLUMN_NONE (-1)

/* One accumulated field. */
struct output {
	struct bytes name;
	const struct accumulator *acc;
	size_t offset; /* of its state behind a struct group */
	int column;    /* of the document, when its argument is a plain field; else COLUMN_NONE */
	bool has_constant; /* its argument is `constant` */
	struct value constant;
};

/* Followed by the states. */
struct group {
	struct value id;
};

struct slot {
	uint64_t hash;
	struct group *group;
};

struct group_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *id;
	int id_column;
	bool is_single_field; /* {_id: {a: ..}}: missing becomes null in it */
	struct bytes single_name;
	struct output *outputs;
	size_t output_count, state_bytes;
	struct bytes columns[COLUMNS_MAX];
	size_t column_count;
	/* While documents come in. */
	bool is_grouped;
	struct arena *memory; /* groups and their keys */
	struct slot *slots;
	size_t room, count;
	size_t heap;	       /* bytes that states hold */
	struct extsort *spill; /* NULL: nothing was spilled */
	uint64_t runs;	       /* how often */
	struct buf key;
	/* While groups go out. */
	size_t at;
	struct group *merged; /* of a spill: the group being put together */
	struct buf merged_key;
	bool has_pair, is_done;
	struct bytes pair_key, pair_doc;
};

static void *state_of(const struct group *group, const struct output *output)
{
	return (uint8_t *)(uintptr_t)group + output->offset;
}

/* ---- the table */

static struct slot *slot_of(struct group_stage *self, uint64_t hash, const struct value *id)
{
	size_t mask = self->room - 1, i = hash & mask;

	for (; self->slots[i].group != NULL; i = (i + 1) & mask)
		if (self->slots[i].hash == hash &&
		    value_equal(&self->slots[i].group->id, id, self->base.q->collation))
			break;
	return &self->slots[i];
}

static void grow(struct group_stage *self)
{
	struct slot *old = self->slots;
	size_t room = self->room;

	self->room = room == 0 ? FIRST_ROOM : 2 * room;
	self->slots = xcalloc(self->room, sizeof(*self->slots));
	for (size_t i = 0; i < room; i++) {
		size_t mask = self->room - 1, to = old[i].hash & mask;

		if (old[i].group == NULL)
			continue;
		while (self->slots[to].group != NULL)
			to = (to + 1) & mask;
		self->slots[to] = old[i];
	}
	free(old);
}

static int begin_group(struct group_stage *self, struct group *group, struct error *e)
{
	for (size_t i = 0; i < self->output_count; i++)
		if (accumulator_begin(self->outputs[i].acc, state_of(group, &self->outputs[i]),
				      &self->work.frame, &group->id, e) < 0)
			return e->code;
	return 0;
}

static int find_group(struct group_stage *self, const struct value *id, struct group **ret,
		      struct error *e)
{
	uint64_t hash = group_hash(id, self->base.q->collation);
	struct slot *slot;

	if (2 * (self->count + 1) > self->room)
		grow(self);
	slot = slot_of(self, hash, id);
	if (slot->group == NULL) {
		struct group *group = arena_zeroed(self->memory, self->state_bytes);

		group->id = value_keep(self->memory, *id);
		if (begin_group(self, group, e) < 0)
			return e->code;
		*slot = (struct slot){hash, group};
		self->count++;
		self->heap += GROUP_COST;
	}
	*ret = slot->group;
	return 0;
}

static void end_states(struct group_stage *self, struct group *group)
{
	for (size_t i = 0; i < self->output_count; i++)
		accumulator_end(self->outputs[i].acc, state_of(group, &self->outputs[i]));
}

static void forget_table(struct group_stage *self)
{
	for (size_t i = 0; i < self->room; i++)
		if (self->slots[i].group != NULL)
			end_states(self, self->slots[i].group);
	free(self->slots);
	self->slots = NULL;
	self->room = self->count = self->heap = 0;
	if (self->memory != NULL)
		arena_reset(self->memory);
}

/* ---- spilling */

/* [id, partial, partial ..] as BSON: what a group comes to so far. */
static int partial_of(struct group_stage *self, const struct group *group, struct error *e)
{
	struct buf *out = &self->work.out;
	size_t begin;

	buf_reset(out);
	begin = bson_build_begin(out);
	value_write_at(out, 0, &group->id);
	for (size_t i = 0; i < self->output_count; i++) {
		const struct output *output = &self->outputs[i];
		struct value v;

		if (accumulator_partial(output->acc, state_of(group, output), self->base.q,
					self->work.arena, &v, e) < 0)
			return e->code;
		value_write_at(out, i + 1, &v);
	}
	bson_build_end(out, begin);
	return 0;
}

static int spill(struct group_stage *self, struct error *e)
{
	struct query_context *q = self->base.q;

	if (!q->allow_disk_use)
		return query_error(e, QUERY_DISK_USE_NOT_ALLOWED,
				   "Exceeded memory limit for $group, but didn't allow external "
				   "sort. Pass allowDiskUse:true to opt in.");
	if (self->spill == NULL)
		self->spill = extsort_new(sort_spill_folder(q), q->memory / 2);
	for (size_t i = 0; i < self->room; i++) {
		const struct group *group = self->slots[i].group;

		if (group == NULL)
			continue;
		arena_reset(self->work.arena);
		buf_reset(&self->key);
		if (sort_value_bytes(&group->id, q->collation, &self->key, e) < 0 ||
		    partial_of(self, group, e) < 0)
			return e->code;
		put_be64(buf_room(&self->key, 8), self->runs);
		self->key.len += 8;
		if (extsort_add(self->spill, buf_bytes(&self->key), buf_bytes(&self->work.out), e) <
		    0)
			return e->code;
	}
	self->runs++;
	forget_table(self);
	return 0;
}

/* ---- documents in */

/* The values of the fields that are picked, in one walk. */
static void pick(const struct group_stage *self, struct bytes doc, struct value *columns)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	size_t left = self->column_count;

	for (size_t i = 0; i < self->column_count; i++)
		columns[i] = value_missing();
	while (left > 0 && fields_next(&fields, &field))
		for (size_t i = 0; i < self->column_count; i++)
			if (columns[i].type == VALUE_MISSING &&
			    bytes_equal(field.name, self->columns[i])) {
				columns[i] = value_of_field(&field);
				left--;
				break;
			}
}

/* {_id: {a: "$a"}} of a document without `a` is {a: null}: computeId() of mongod treats a single expression so. */
static struct value fill_single(struct group_stage *self, struct value id)
{
	struct buf *out = &self->work.out;
	struct value null = value_null();
	size_t begin;

	if (id.type != BSON_KIND_DOCUMENT || value_count(id.data) != 0)
		return id;
	buf_reset(out);
	begin = bson_build_begin(out);
	value_write(out, self->single_name, &null);
	bson_build_end(out, begin);
	return value_document(buf_bytes(out));
}

static int add_outputs(struct group_stage *self, struct group *group, const struct value *columns,
		       struct error *e)
{
	for (size_t i = 0; i < self->output_count; i++) {
		const struct output *output = &self->outputs[i];
		void *state = state_of(group, output);
		int64_t added;

		if (output->column != COLUMN_NONE)
			added = accumulator_add_value(output->acc, state, self->base.q,
						      &columns[output->column], e);
		else if (output->has_constant)
			added = accumulator_add_value(output->acc, state, self->base.q,
						      &output->constant, e);
		else
			added = accumulator_add(output->acc, state, &self->work.frame, e);
		if (added < 0)
			return e->code;
		self->heap += (size_t)added;
	}
	return 0;
}

static int add_document(struct group_stage *self, const struct stage_doc *doc, struct error *e)
{
	struct value columns[COLUMNS_MAX], id;
	struct group *group = NULL;

	stage_work_set(&self->work, self->base.q, doc);
	pick(self, doc->doc, columns);
	if (self->id_column != COLUMN_NONE)
		id = columns[self->id_column];
	else if (expr_eval(self->id, &self->work.frame, &id, e) < 0)
		return e->code;
	if (value_is_missing(&id))
		id = value_null();
	if (self->is_single_field)
		id = fill_single(self, id);
	if (find_group(self, &id, &group, e) < 0 || add_outputs(self, group, columns, e) < 0)
		return e->code;
	if (self->heap + arena_used(self->memory) + self->room * sizeof(*self->slots) >
	    self->base.q->memory)
		return spill(self, e);
	return 0;
}

static int take_in(struct group_stage *self, struct error *e)
{
	struct stage_doc doc;
	int found;

	self->memory = arena_new();
	while ((found = stage_next(self->base.source, &doc, e)) == 1)
		if (add_document(self, &doc, e) < 0)
			return e->code;
	if (found < 0)
		return found;
	self->is_grouped = true;
	if (self->spill == NULL)
		return 0;
	if (spill(self, e) < 0)
		return e->code;
	self->merged = arena_zeroed(self->memory, self->state_bytes);
	return extsort_finish(self->spill, e);
}

/* ---- groups out */

static int give(struct group_stage *self, const struct group *group, struct stage_doc *ret,
		struct error *e)
{
	struct buf *out = &self->work.out;
	size_t begin;

	arena_reset(self->work.arena);
	buf_reset(out);
	begin = bson_build_begin(out);
	value_write(out, bytes_str("_id"), &group->id);
	for (size_t i = 0; i < self->output_count; i++) {
		const struct output *output = &self->outputs[i];
		struct value v;

		if (accumulator_result(output->acc, state_of(group, output), self->base.q,
				       self->work.arena, &v, e) < 0)
			return e->code;
		value_write(out, output->name, &v);
	}
	bson_build_end(out, begin);
	*ret = (struct stage_doc){.doc = buf_bytes(out)};
	return 1;
}

static int merge_pair(struct group_stage *self, struct bytes doc, bool is_first, struct error *e)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	struct group *group = self->merged;

	if (!fields_next(&fields, &field))
		return error_set(e, ERR_CORRUPT, "a spilled group has no key");
	if (is_first) {
		group->id = value_of_field(&field);
		if (begin_group(self, group, e) < 0)
			return e->code;
	}
	for (size_t i = 0; i < self->output_count && fields_next(&fields, &field); i++) {
		struct value v = value_of_field(&field);

		if (accumulator_merge(self->outputs[i].acc, state_of(group, &self->outputs[i]),
				      self->base.q, &v, e) < 0)
			return e->code;
	}
	return 0;
}

static bool same_key(struct bytes a, struct bytes b)
{
	return bytes_equal(bytes_of(a.at, a.len - 8), bytes_of(b.at, b.len - 8));
}

/* The next group of what was spilled. */
static int give_merged(struct group_stage *self, struct stage_doc *ret, struct error *e)
{
	bool is_first = true;
	int found = 1, result;

	arena_reset(self->memory);
	self->merged = arena_zeroed(self->memory, self->state_bytes);
	while (found == 1) {
		if (!self->has_pair) {
			found = extsort_next(self->spill, &self->pair_key, &self->pair_doc, e);
			if (found <= 0)
				break;
			self->has_pair = true;
		}
		if (!is_first && !same_key(self->pair_key, buf_bytes(&self->merged_key)))
			break;
		if (is_first) {
			buf_reset(&self->merged_key);
			buf_add_bytes(&self->merged_key, self->pair_key);
		}
		if (merge_pair(self, arena_copy(self->memory, self->pair_doc), is_first, e) < 0) {
			end_states(self, self->merged);
			return e->code;
		}
		is_first = false;
		self->has_pair = false;
	}
	if (found < 0 || is_first)
		return found < 0 ? found : 0;
	result = give(self, self->merged, ret, e);
	end_states(self, self->merged);
	return result;
}

static int group_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct group_stage *self = (struct group_stage *)stage;

	if (self->work.arena == NULL)
		stage_work_open(&self->work, stage->q);
	if (!self->is_grouped && take_in(self, e) < 0)
		return e->code;
	if (self->spill != NULL)
		return give_merged(self, ret, e);
	for (; self->at < self->room; self->at++)
		if (self->slots[self->at].group != NULL)
			return give(self, self->slots[self->at++].group, ret, e);
	return 0;
}

static void group_close(struct stage *stage)
{
	struct group_stage *self = (struct group_stage *)stage;

	forget_table(self);
	arena_free(self->memory);
	extsort_free(self->spill);
	buf_release(&self->key);
	buf_release(&self->merged_key);
	stage_work_close(&self->work);
}

static size_t group_memory(const struct stage *stage)
{
	const struct group_stage *self = (const struct group_stage *)stage;

	return sizeof(*self) + self->heap + arena_held(self->memory) +
	       self->room * sizeof(*self->slots) + extsort_memory(self->spill) +
	       stage_work_memory(&self->work);
}

static const struct stage_kind group_kind = {"$group", group_next, group_close, NULL, group_memory};

/* ---- parsing */

/* The number of the column of a plain field; COLUMN_NONE for anything else. */
static int column_of(struct group_stage *self, const struct expr *expr)
{
	struct bytes path;

	if (expr == NULL || !expr_is_field(expr, &path) || path.len == 0 ||
	    memchr(path.at, '.', path.len) != NULL)
		return COLUMN_NONE;
	for (size_t i = 0; i < self->column_count; i++)
		if (bytes_equal(self->columns[i], path))
			return (int)i;
	if (self->column_count == COLUMNS_MAX)
		return COLUMN_NONE;
	self->columns[self->column_count] = path;
	return (int)self->column_count++;
}

static int parse_id(struct stage_build *b, struct group_stage *self, const struct value *v,
		    struct error *e)
{
	struct fields fields;
	struct bson_field field;
	size_t count = 0;

	if (v->type != BSON_KIND_DOCUMENT)
		return expr_parse(b->scope, v, &self->id, e);
	fields = fields_of(v->data);
	while (fields_next(&fields, &field)) {
		if (count == 0 && field.name.len > 0 && field.name.at[0] == '$')
			return expr_parse_object(b->scope, v->data, &self->id, e);
		if (field.type == BSON_KIND_BOOL || field.type == BSON_KIND_INT32 ||
		    field.type == BSON_KIND_INT64 || field.type == BSON_KIND_DOUBLE ||
		    field.type == BSON_KIND_DECIMAL)
			return query_error(e, 17390,
					   "$group does not support inclusion-style expressions");
		self->single_name = field.name;
		count++;
	}
	self->is_single_field = count == 1;
	return expr_parse(b->scope, v, &self->id, e);
}

static int check_output(struct stage_build *b, const struct bson_field *field, struct error *e)
{
	const char *name = stage_text(b->q, field->name);

	struct fields fields =
		fields_of(field->type == BSON_KIND_DOCUMENT ? field->value : bson_build_empty());
	struct bson_field first;

	if (!fields_next(&fields, &first) || first.name.len == 0 || first.name.at[0] != '$')
		return query_error(e, 40234, "The field '%s' must be an accumulator object", name);
	if (memchr(field->name.at, '.', field->name.len) != NULL)
		return query_error(e, 40235, "The field name '%s' cannot contain '.'", name);
	if (field->name.len > 0 && field->name.at[0] == '$')
		return query_error(e, 40236, "The field name '%s' cannot be an operator name",
				   name);
	if (value_count(field->value) != 1)
		return query_error(e, 40238, "The field '%s' must specify one accumulator", name);
	return 0;
}

static int parse_output(struct stage_build *b, struct group_stage *self,
			const struct bson_field *field, struct error *e)
{
	struct output *output = &self->outputs[self->output_count];
	struct bson_field inner;
	struct fields fields;
	struct value operand;

	if (check_output(b, field, e) < 0)
		return e->code;
	fields = fields_of(field->value);
	if (!fields_next(&fields, &inner))
		return error_set(e, ERR_CORRUPT, "an accumulator's document is damaged");
	operand = value_of_field(&inner);
	if (accumulator_parse(b->scope, inner.name, &operand, &output->acc, e) < 0)
		return e->code;
	output->name = field->name;
	output->offset = self->state_bytes;
	self->state_bytes += accumulator_size(output->acc);
	self->output_count++;
	return 0;
}

static int parse_group(struct stage_build *b, struct group_stage *self, struct bytes spec,
		       struct error *e)
{
	struct fields fields = fields_of(spec);
	struct bson_field field;
	struct value v;

	self->outputs = arena_zeroed(b->q->constants, value_count(spec) * sizeof(*self->outputs));
	self->state_bytes = (sizeof(struct group) + 15) & ~(size_t)15;
	while (fields_next(&fields, &field)) {
		v = value_of_field(&field);
		if (bytes_equal(field.name, bytes_str("_id"))) {
			bool again = self->id != NULL;

			if (parse_id(b, self, &v, e) < 0)
				return e->code;
			if (again)
				return query_error(e, 15948,
						   "a group's _id may only be specified once");
		} else if (bytes_equal(field.name, bytes_str("$doingMerge"))) {
			if (!value_is_true(&v))
				return query_error(e, 17030,
						   "$doingMerge should be true if present");
		} else if (parse_output(b, self, &field, e) < 0)
			return e->code;
	}
	if (self->id == NULL)
		return query_error(e, 15955, "a group specification must include an _id");
	return 0;
}

/* What can be looked at without evaluating: after parsing, before folding (a fold makes constants only). */
static void find_columns(struct group_stage *self)
{
	self->id_column = column_of(self, self->id);
	for (size_t i = 0; i < self->output_count; i++) {
		struct output *output = &self->outputs[i];
		const struct expr *argument = accumulator_argument(output->acc);

		output->column = column_of(self, argument);
		output->has_constant =
			argument != NULL && expr_is_constant(argument, &output->constant);
	}
}

int stage_make_group(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct group_stage *self = stage_new(b, &group_kind, sizeof(*self), operand, source);

	(void)name;
	made = &self->base;
	self->work.scope = b->scope;
	if (operand->type != BSON_KIND_DOCUMENT)
		return query_error(e, 15947, "a group's fields must be specified in an object");
	if (parse_group(b, self, operand->data, e) < 0)
		return e->code;
	find_columns(self);
	stage_later_expr(b, &self->id);
	for (size_t i = 0; i < self->output_count; i++)
		stage_later_accumulator(b, self->outputs[i].acc);
	*ret = TAKE(made);
	return 0;
}
