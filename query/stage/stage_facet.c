/* $facet and $redact. */
#include <stdio.h>

#include "base/bson_build.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/stage/stage_make.h"

/* ---- $facet: all documents are kept, each pipeline goes through them */

#define FACET_MAX (100 * MIB) /* internalQueryFacetMaxOutputDocSizeBytes */

/* The first stage of each pipeline inside. */
struct tee_stage {
	struct stage base;
	struct stage_store *const *store;
	struct buf room;
	size_t at;
};

static int tee_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct tee_stage *self = (struct tee_stage *)stage;

	if (self->at == stage_store_count(*self->store))
		return 0;
	return stage_store_get_doc(*self->store, self->at++, &self->room, ret, e) < 0 ? e->code : 1;
}

static void tee_close(struct stage *stage)
{
	buf_release(&((struct tee_stage *)stage)->room);
}

static const struct stage_kind tee_kind = {"$_tee", tee_next, tee_close, NULL, NULL};

struct facet_stage {
	struct stage base;
	struct stage_store *store;
	struct bytes *names;
	struct stage **pipelines;
	size_t count;
	struct buf out;
	bool is_done;
};

static int give_facet(struct facet_stage *self, size_t i, struct error *e)
{
	struct stage_doc doc;
	char name[24];
	size_t begin, n = 0;
	int found;

	buf_add_u8(&self->out, BSON_KIND_ARRAY);
	buf_add_bytes(&self->out, self->names[i]);
	buf_add_u8(&self->out, 0);
	begin = bson_build_begin(&self->out);
	while ((found = stage_next(self->pipelines[i], &doc, e)) == 1) {
		snprintf(name, sizeof(name), "%zu", n++);
		bson_build_value(&self->out, name, BSON_KIND_DOCUMENT, doc.doc);
		if (self->out.len > FACET_MAX)
			return query_error(e, 4031700,
					   "document constructed by $facet is %zu bytes, which "
					   "exceeds the limit of %zu bytes",
					   self->out.len, FACET_MAX);
	}
	bson_build_end(&self->out, begin);
	return found;
}

static int facet_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct facet_stage *self = (struct facet_stage *)stage;
	struct stage_doc doc;
	size_t begin;
	int found;

	if (self->is_done)
		return 0;
	while ((found = stage_next(stage->source, &doc, e)) == 1)
		if (stage_store_add_doc(self->store, &doc, e) < 0)
			return e->code;
	if (found < 0)
		return found;
	begin = bson_build_begin(&self->out);
	for (size_t i = 0; i < self->count; i++)
		if (give_facet(self, i, e) < 0)
			return e->code;
	bson_build_end(&self->out, begin);
	self->is_done = true;
	*ret = (struct stage_doc){.doc = buf_bytes(&self->out)};
	return 1;
}

static void facet_close(struct stage *stage)
{
	struct facet_stage *self = (struct facet_stage *)stage;

	for (size_t i = 0; i < self->count; i++)
		stage_free(self->pipelines[i]);
	stage_store_free(self->store);
	buf_release(&self->out);
}

static size_t facet_memory(const struct stage *stage)
{
	const struct facet_stage *self = (const struct facet_stage *)stage;
	size_t sum = sizeof(*self) + stage_store_memory(self->store) + self->out.cap;

	for (size_t i = 0; i < self->count; i++)
		sum += stage_memory(self->pipelines[i]);
	return sum;
}

static const struct stage_kind facet_kind = {"$facet", facet_next, facet_close, NULL, facet_memory};

int stage_make_facet(struct stage_build *b, struct bytes name, const struct value *operand,
		     struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct facet_stage *self = stage_new(b, &facet_kind, sizeof(*self), operand, source);
	struct fields fields = fields_of(operand->data);
	size_t count = value_count(operand->data);
	struct value none = value_missing();
	struct bson_field field;

	(void)name;
	made = &self->base;
	self->store = stage_store_new(b->q);
	self->names = arena_get(b->q->constants, count * sizeof(*self->names));
	self->pipelines = arena_zeroed(b->q->constants, count * sizeof(struct stage *));
	while (fields_next(&fields, &field)) {
		struct tee_stage *tee = stage_new(b, &tee_kind, sizeof(*tee), &none, NULL);

		tee->store = &self->store;
		self->names[self->count] = field.name;
		if (stage_parse_sub(b, field.value, STAGE_IN_FACET, true, &tee->base,
				    &self->pipelines[self->count], e) < 0)
			return e->code;
		self->count++;
	}
	*ret = TAKE(made);
	return 0;
}

/* ---- $redact */

struct redact_stage {
	struct stage base;
	struct stage_work work;
	const struct expr *expr;
};

enum verdict {
	PRUNE,
	KEEP,
	DESCEND,
};

static int judge(struct redact_stage *self, struct bytes doc, struct error *e)
{
	static const char *const words[] = {"prune", "keep", "descend"};
	OWNED(buf_release) struct buf text = {0};
	struct value v;

	self->work.frame.current = value_document(doc);
	if (expr_eval(self->expr, &self->work.frame, &v, e) < 0)
		return e->code;
	if (v.type == BSON_KIND_STRING)
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (bytes_equal(v.data, bytes_str(words[i])))
				return (int)i;
	if (value_is_missing(&v))
		buf_add_str(&text, "MISSING");
	else
		value_text(&v, &text);
	return query_error(e, 17053,
			   "$redact's expression should not return anything aside from the "
			   "variables $$KEEP, $$DESCEND, and $$PRUNE, but returned %s",
			   buf_text(&text));
}

static int redact_inside(struct redact_stage *self, struct bytes doc, bool is_array,
			 struct error *e);

/* A document or array that is met. `out` has its name already; taken back to `begin` when it goes. */
static int redact_value(struct redact_stage *self, const struct bson_field *field, size_t begin,
			struct error *e)
{
	int verdict = DESCEND;

	if (field->type == BSON_KIND_DOCUMENT) {
		verdict = judge(self, field->value, e);
		if (verdict < 0)
			return verdict;
	}
	if (verdict == PRUNE) {
		self->work.out.len = begin;
		return 0;
	}
	if (verdict == KEEP) {
		buf_add_bytes(&self->work.out, field->value);
		return 1;
	}
	return redact_inside(self, field->value, field->type == BSON_KIND_ARRAY, e) < 0 ? e->code
											: 1;
}

static int redact_inside(struct redact_stage *self, struct bytes doc, bool is_array,
			 struct error *e)
{
	struct buf *out = &self->work.out;
	size_t start = bson_build_begin(out), index = 0;
	struct fields fields = fields_of(doc);
	struct bson_field field;
	char number[24];
	int kept;

	while (fields_next(&fields, &field)) {
		size_t begin = out->len;

		buf_add_u8(out, field.type);
		if (is_array) {
			snprintf(number, sizeof(number), "%zu", index);
			buf_add_str(out, number);
		} else {
			buf_add_bytes(out, field.name);
		}
		buf_add_u8(out, 0);
		if (field.type == BSON_KIND_DOCUMENT || field.type == BSON_KIND_ARRAY) {
			kept = redact_value(self, &field, begin, e);
			if (kept < 0)
				return kept;
			index += (size_t)kept;
		} else {
			buf_add_bytes(out, field.value);
			index++;
		}
	}
	bson_build_end(out, start);
	return 0;
}

static int redact_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct redact_stage *self = (struct redact_stage *)stage;
	int found, verdict;

	while ((found = stage_next(stage->source, ret, e)) == 1) {
		stage_work_set(&self->work, stage->q, ret);
		verdict = judge(self, ret->doc, e);
		if (verdict < 0)
			return verdict;
		if (verdict == PRUNE)
			continue;
		if (verdict == KEEP)
			return 1;
		if (redact_inside(self, ret->doc, false, e) < 0)
			return e->code;
		ret->doc = buf_bytes(&self->work.out);
		return 1;
	}
	return found;
}

static void redact_close(struct stage *stage)
{
	stage_work_close(&((struct redact_stage *)stage)->work);
}

static size_t redact_memory(const struct stage *stage)
{
	return stage_work_memory(&((const struct redact_stage *)stage)->work);
}

static const struct stage_kind redact_kind = {"$redact", redact_next, redact_close, NULL,
					      redact_memory};

/* $$KEEP and its like are constants to an expression: {$let: {vars: {KEEP: "keep"}}} by another way. */
static const char *const verdict_names[] = {"DESCEND", "PRUNE", "KEEP"};
static const char *const verdict_values[] = {"descend", "prune", "keep"};

static int redact_first(struct stage *stage, struct stage_doc *ret, struct error *e);
static const struct stage_kind redact_first_kind = {"$redact", redact_first, redact_close, NULL,
						    redact_memory};

struct redact_slots {
	struct redact_stage redact;
	size_t slots[COUNT_OF(verdict_names)];
};

/* The first document: the frame is made, and the variables get their values. */
static int redact_first(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct redact_slots *self = (struct redact_slots *)stage;

	stage->kind = &redact_kind;
	stage_work_open(&self->redact.work, stage->q);
	for (size_t i = 0; i < COUNT_OF(verdict_names); i++)
		self->redact.work.frame.slots[self->slots[i]] =
			value_string(bytes_str(verdict_values[i]));
	return redact_next(stage, ret, e);
}

int stage_make_redact(struct stage_build *b, struct bytes name, const struct value *operand,
		      struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *made = NULL;
	struct redact_slots *self =
		stage_new(b, &redact_first_kind, sizeof(*self), operand, source);
	struct expr_scope_mark mark = expr_scope_begin(b->scope);
	int result;

	(void)name;
	made = &self->redact.base;
	self->redact.work.scope = b->scope;
	for (size_t i = 0; i < COUNT_OF(verdict_names); i++)
		self->slots[i] = expr_scope_define_system(b->scope, verdict_names[i]);
	result = expr_parse(b->scope, operand, &self->redact.expr, e);
	expr_scope_end(b->scope, mark);
	if (result < 0)
		return result;
	stage_later_expr(b, &self->redact.expr);
	*ret = TAKE(made);
	return 0;
}
