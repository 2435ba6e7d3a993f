#include "query/stage/stage_make.h"

#include <inttypes.h>
#include <math.h>

#include "base/bson_build.h"
#include "query/field_path.h"
#include "query/gaps.h"
#include "store/tree/extsort.h"

void stage_free(struct stage *stage)
{
	while (stage != NULL) {
		struct stage *source = stage->source;

		if (stage->kind->close != NULL)
			stage->kind->close(stage);
		free(stage);
		stage = source;
	}
}

void *stage_new(struct stage_build *b, const struct stage_kind *kind, size_t size,
		const struct value *operand, struct stage *source)
{
	struct stage *stage = xcalloc(1, size);

	stage->kind = kind;
	stage->q = b->q;
	stage->source = source;
	stage->spec = *operand;
	return stage;
}

/* ---- folding */

static struct stage_later *add_later(struct stage_build *b)
{
	struct stage_later *later = arena_zeroed(b->q->constants, sizeof(*later));

	*b->last = later;
	b->last = &later->next;
	return later;
}

void stage_later_expr(struct stage_build *b, const struct expr **expr)
{
	add_later(b)->expr = expr;
}

void stage_later_project(struct stage_build *b, const struct project *project)
{
	add_later(b)->project = project;
}

void stage_later_accumulator(struct stage_build *b, const struct accumulator *acc)
{
	add_later(b)->acc = acc;
}

void stage_later_match(struct stage_build *b, const struct match *match)
{
	add_later(b)->match = match;
}

/* ---- evaluation */

void stage_work_open(struct stage_work *work, struct query_context *q)
{
	work->arena = arena_new();
	work->frame = expr_frame_new(q, work->scope, work->arena);
}

void stage_work_close(struct stage_work *work)
{
	arena_free(work->arena);
	buf_release(&work->out);
}

size_t stage_work_memory(const struct stage_work *work)
{
	return arena_held(work->arena) + work->out.cap;
}

#define STAGE_COST (20 * KIB) /* of a stage that does not tell: its arena, mostly */

size_t stage_memory(const struct stage *stage)
{
	size_t sum = 0;

	for (; stage != NULL; stage = stage->source)
		sum += stage->kind->memory == NULL ? STAGE_COST : stage->kind->memory(stage);
	return sum;
}

/* ---- documents */

static void add_head(struct buf *b, uint8_t type, struct bytes name)
{
	buf_add_u8(b, type);
	buf_add_bytes(b, name);
	buf_add_u8(b, 0);
}

static void set_rest(struct buf *ret, struct bytes name, struct bytes doc, struct bytes rest,
		     const struct value *v)
{
	if (rest.at == NULL && v->type == FIELDS_GAP) {
		gaps_write(ret, name);
		return;
	}
	if (rest.at == NULL) {
		value_write(ret, name, v);
		return;
	}
	add_head(ret, BSON_KIND_DOCUMENT, name);
	stage_set_path(ret, doc, rest, v);
}

void stage_set_path(struct buf *ret, struct bytes doc, struct bytes path, const struct value *v)
{
	struct bytes rest, name = field_path_first(path, &rest);
	size_t begin = bson_build_begin(ret);
	struct fields fields = fields_of(doc);
	struct bson_field field;
	bool is_set = false;

	while (fields_next_all(&fields, &field)) {
		if (is_set || !bytes_equal(field.name, name)) {
			buf_add_bytes(ret, bson_element(&field));
			continue;
		}
		is_set = true;
		set_rest(ret, name,
			 field.type == BSON_KIND_DOCUMENT ? field.value : bson_build_empty(), rest,
			 v);
	}
	if (!is_set)
		set_rest(ret, name, bson_build_empty(), rest, v);
	bson_build_end(ret, begin);
}

struct value stage_get_path(struct bytes doc, struct bytes path)
{
	struct value v = value_document(doc);

	while (path.at != NULL) {
		struct bytes rest, name = field_path_first(path, &rest);

		if (v.type != BSON_KIND_DOCUMENT)
			return value_missing();
		v = value_get(v.data, name);
		path = rest;
	}
	return v;
}

/* ---- words */

const char *stage_text(struct query_context *q, struct bytes text)
{
	return arena_text(q->constants, text);
}

static const char *keep(struct query_context *q, struct buf *text)
{
	const char *kept = arena_text(q->constants, buf_bytes(text));

	buf_release(text);
	return kept;
}

const char *stage_element_text(struct query_context *q, struct bytes name, const struct value *v)
{
	struct buf text = {0};

	value_text_element(name, v, &text);
	return keep(q, &text);
}

const char *stage_value_text(struct query_context *q, const struct value *v)
{
	struct buf text = {0};

	value_text(v, &text);
	return keep(q, &text);
}

int stage_parse_count(struct query_context *q, struct bytes name, const struct value *v, int code,
		      const char *prefix, int64_t *ret, struct error *e)
{
	const char *text = stage_element_text(q, name, v);
	double d;

	if (!value_is_number(v))
		return query_error(e, code, "%sExpected a number in: %s", prefix, text);
	d = value_to_double(v);
	if (isnan(d) && v->type == BSON_KIND_DOUBLE)
		return query_error(e, code, "%sExpected an integer, but found NaN in: %s", prefix,
				   text);
	if (!value_as_int64(v, ret)) {
		if (v->type == BSON_KIND_DECIMAL || !(fabs(d) < 0x1p63))
			return query_error(e, code, "%sCannot represent as a 64-bit integer: %s",
					   prefix, text);
		return query_error(e, code, "%sExpected an integer: %s", prefix, text);
	}
	if (*ret < 0)
		return query_error(e, code, "%sExpected a non-negative number in: %s", prefix,
				   text);
	return 0;
}

int stage_make_spec(struct stage_build *b, stage_maker maker, const char *name, struct bytes spec,
		    struct stage *source, struct stage **ret, struct error *e)
{
	struct value operand = value_document(spec);

	return maker(b, bytes_str(name), &operand, source, ret, e);
}

int stage_record_add(struct extsort *sorted, struct stage_work *work, struct buf *key,
		     uint64_t number, const struct value *v, struct bytes doc, struct error *e)
{
	size_t begin;

	put_be64(buf_room(key, 8), number);
	key->len += 8;
	begin = bson_build_begin(&work->out);
	value_write_at(&work->out, 0, v);
	bson_build_end(&work->out, begin);
	buf_add_bytes(&work->out, doc);
	return extsort_add(sorted, buf_bytes(key), buf_bytes(&work->out), e);
}

int stage_record_next(struct extsort *sorted, struct buf *ret, struct error *e)
{
	struct bytes key, record;
	int found = extsort_next(sorted, &key, &record, e);

	if (found != 1)
		return found;
	buf_reset(ret);
	buf_add_bytes(ret, record);
	return 1;
}
