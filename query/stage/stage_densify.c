/* $densify: documents for the values that are left out; over documents that a $sort before it has put in order. */
#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/densify.h"

#define GENERATED_MAX 500000 /* internalQueryMaxAllowedDensifyDocs */

enum state {
	STATE_BELOW, /* at the beginning, or below the range */
	STATE_NEED,
	STATE_GENERATE,
	STATE_FINISH,
	STATE_DONE,
};

/* The last value of a partition. */
struct part {
	struct value key; /* a document; type missing: none */
	struct value last;
	bool is_done;
};

struct densify_stage {
	struct stage base;
	struct stage_work work;
	struct densify_spec spec;
	enum state state;
	bool has_parts, is_eof, has_current;
	struct value current, global_min, global_max;
	/* What is being generated. */
	struct value next, end;
	struct buf include; /* the partition's fields */
	struct stage_doc final;
	bool has_final, is_final; /* is_final: all were generated, `final` follows */
	bool is_generating;
	struct buf out, key;
	uint64_t generated;
	/* Partitions: open addressing over `order`. */
	struct arena *arena;
	struct part *parts;
	size_t part_count, part_room, finish_at;
	uint32_t *slots;
	size_t slot_room;
};

static int compare(const struct value *a, const struct value *b)
{
	return value_compare(a, b, NULL);
}

/* ---- partitions */

static void partition_key(struct densify_stage *self, struct bytes doc, struct buf *ret)
{
	struct value v = value_missing();
	struct error ignored;

	expr_frame_set(&self->work.frame, doc);
	/* Paths alone: there is nothing to fail. */
	if (expr_eval(self->spec.partition, &self->work.frame, &v, &ignored) < 0)
		v = value_missing();
	buf_reset(ret);
	buf_add_bytes(ret, v.type == BSON_KIND_DOCUMENT ? v.data : bson_build_empty());
}

static uint32_t *slot_of(struct densify_stage *self, const struct value *key)
{
	struct collation *collation = self->base.q->collation;
	size_t mask = self->slot_room - 1, i = value_hash(key, collation) & mask;

	while (self->slots[i] != 0 &&
	       !value_equal(&self->parts[self->slots[i] - 1].key, key, collation))
		i = (i + 1) & mask;
	return &self->slots[i];
}

static void grow_slots(struct densify_stage *self)
{
	self->slot_room = MAX_OF(2 * self->slot_room, (size_t)64);
	free(self->slots);
	self->slots = xcalloc(self->slot_room, sizeof(*self->slots));
	for (size_t i = 0; i < self->part_count; i++)
		*slot_of(self, &self->parts[i].key) = (uint32_t)i + 1;
}

static struct part *find_part(struct densify_stage *self, struct bytes doc)
{
	struct value key;
	uint32_t *slot;

	if (self->slot_room == 0)
		return NULL;
	partition_key(self, doc, &self->key);
	key = value_document(buf_bytes(&self->key));
	slot = slot_of(self, &key);
	return *slot == 0 ? NULL : &self->parts[*slot - 1];
}

/* setPartitionValue() of mongod. */
static void set_part(struct densify_stage *self, struct bytes doc, const struct value *v)
{
	struct part *part;

	if (!self->has_parts)
		return;
	part = find_part(self, doc);
	if (part == NULL) {
		struct value key;

		if (2 * (self->part_count + 1) > self->slot_room)
			grow_slots(self);
		if (self->part_count == self->part_room) {
			self->part_room = MAX_OF(2 * self->part_room, (size_t)16);
			self->parts = xrealloc(self->parts, self->part_room * sizeof(*self->parts));
		}
		partition_key(self, doc, &self->key);
		key = value_document(arena_copy(self->arena, buf_bytes(&self->key)));
		part = &self->parts[self->part_count++];
		*part = (struct part){.key = key};
		*slot_of(self, &key) = (uint32_t)self->part_count;
	}
	part->last = *v;
}

/* ---- values of documents */

static int value_in(struct densify_stage *self, struct bytes doc, struct value *ret,
		    struct error *e)
{
	*ret = stage_get_path(doc, self->spec.field);
	if (!value_is_number(ret) && ret->type != BSON_KIND_DATE)
		return query_error(e, 5733201, "Densify field type must be numeric or a date");
	if (value_is_number(ret) && self->spec.has_unit)
		return query_error(e, 6053600,
				   "Encountered numeric densify value in collection when step has "
				   "a date unit.");
	if (ret->type == BSON_KIND_DATE && !self->spec.has_unit)
		return query_error(e, 6053600,
				   "Encountered date densify value in collection when step does "
				   "not have a date unit.");
	return 0;
}

static int step(struct densify_stage *self, const struct value *v, int direction, struct value *ret,
		struct error *e)
{
	return densify_step(&self->spec, &self->work.frame, v, direction, ret, e);
}

/* ---- the generator */

/* From `next` to before `end`; then `final`, when there is one. `include`: the partition's fields; NULL: none. */
static int generate(struct densify_stage *self, const struct value *next, const struct value *end,
		    const struct bytes *include, const struct stage_doc *final, struct error *e)
{
	buf_reset(&self->include);
	buf_add_bytes(&self->include, include == NULL ? bson_build_empty() : *include);
	self->next = *next;
	self->end = *end;
	self->has_final = final != NULL;
	self->is_final = false;
	if (final != NULL)
		self->final = *final;
	self->is_generating = true;
	return densify_check_path(&self->spec, buf_bytes(&self->include), e);
}

/* The next document of the generator, with its value; is_generating becomes false behind the last. */
static int generated(struct densify_stage *self, struct stage_doc *ret, struct value *ret_value,
		     struct error *e)
{
	struct value v = self->next;

	if (self->is_final) {
		self->is_generating = false;
		*ret = self->final;
		return value_in(self, ret->doc, ret_value, e);
	}
	if (step(self, &v, 1, &self->next, e) < 0)
		return e->code;
	if (compare(&self->end, &self->next) <= 0) {
		self->is_final = self->has_final;
		self->is_generating = self->has_final;
	}
	buf_reset(&self->out);
	stage_set_path(&self->out, buf_bytes(&self->include), self->spec.field, &v);
	*ret = (struct stage_doc){.doc = buf_bytes(&self->out)};
	*ret_value = v;
	self->generated++;
	return 0;
}

static int generate_before(struct densify_stage *self, const struct value *next,
			   const struct value *end, const struct stage_doc *doc, struct error *e)
{
	struct bytes include;

	partition_key(self, doc->doc, &self->key);
	include = buf_bytes(&self->key);
	return generate(self, next, end, self->has_parts ? &include : NULL, doc, e);
}

/* ---- states */

static void reset_generator(struct densify_stage *self)
{
	if (self->is_generating)
		return;
	if (compare(&self->current, &self->spec.high) >= 0 && !self->has_parts)
		self->state = STATE_DONE;
	else if (self->has_parts && self->is_eof)
		self->state = STATE_FINISH;
	else
		self->state = STATE_NEED;
}

/* Generate what lies between the current value and the document's. */
static int above_low(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
		     struct error *e)
{
	struct value low, made;
	const struct value *high = compare(v, &self->spec.high) < 0 ? v : &self->spec.high;
	struct stage_doc doc = *ret;

	if (step(self, &self->current, 1, &low, e) < 0)
		return e->code;
	if (compare(v, &low) == 0) {
		set_part(self, doc.doc, v);
		self->current = low;
		return 1;
	}
	if (generate_before(self, &low, high, &doc, e) < 0 || generated(self, ret, &made, e) < 0)
		return e->code;
	self->current = made;
	self->state = STATE_GENERATE;
	reset_generator(self);
	set_part(self, ret->doc, &made);
	return 1;
}

static int first_explicit(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
			  struct error *e)
{
	int where = compare(v, &self->spec.low);

	if (!self->has_current) {
		if (step(self, &self->spec.low, -1, &self->current, e) < 0)
			return e->code;
		self->has_current = true;
	}
	if (where > 0)
		return above_low(self, v, ret, e);
	if (where == 0) {
		self->state = STATE_NEED;
		self->current = *v;
		set_part(self, ret->doc, v);
	} else {
		self->state = STATE_BELOW;
	}
	return 1;
}

static int need_explicit(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
			 struct error *e)
{
	int where = compare(v, &self->spec.low);
	struct value next;

	if (where <= 0) {
		set_part(self, ret->doc, v);
		if (where == 0)
			self->current = *v;
		else
			self->state = STATE_BELOW;
		return 1;
	}
	if (step(self, &self->current, 1, &next, e) < 0)
		return e->code;
	if (compare(v, &self->spec.high) < 0) {
		int order = compare(v, &next);

		if (order == 0) {
			self->current = *v;
			set_part(self, ret->doc, v);
		}
		return order <= 0 ? 1 : above_low(self, v, ret, e);
	}
	if (compare(&next, &self->spec.high) < 0)
		return above_low(self, v, ret, e);
	self->current = next;
	set_part(self, ret->doc, v);
	if (!self->has_parts)
		self->state = STATE_DONE;
	return 1;
}

static int need(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
		struct error *e)
{
	struct stage_doc doc = *ret;
	struct value next, made;
	int order;

	if (step(self, &self->current, 1, &next, e) < 0)
		return e->code;
	order = compare(v, &next);
	if (order == 0) {
		set_part(self, doc.doc, v);
		self->current = *v;
	}
	if (order <= 0)
		return 1;
	if (generate_before(self, &next, v, &doc, e) < 0 || generated(self, ret, &made, e) < 0)
		return e->code;
	self->state = self->is_generating ? STATE_GENERATE : STATE_NEED;
	self->current = made;
	set_part(self, ret->doc, &made);
	return 1;
}

/* Partitions that end before the others do. */
static int finish(struct densify_stage *self, struct stage_doc *ret, struct error *e)
{
	bool is_full = self->spec.range == DENSIFY_FULL;
	struct value most = self->spec.high, from, made;
	int on_step;

	if (is_full && self->part_count > 0) {
		on_step = densify_on_step(&self->spec, &self->work.frame, &self->global_max,
					  &self->current, e);
		most = self->global_max;
		if (on_step < 0 || (on_step == 1 && step(self, &most, 1, &most, e) < 0))
			return e->code;
	}
	for (; self->finish_at < self->part_count; self->finish_at++) {
		struct part *part = &self->parts[self->finish_at];

		if (step(self, &part->last, 1, &from, e) < 0)
			return e->code;
		if (compare(&from, &most) >= 0)
			continue;
		if (!is_full && compare(&from, &self->spec.low) < 0)
			from = self->spec.low;
		self->finish_at++;
		if (generate(self, &from, &most, &part->key.data, NULL, e) < 0 ||
		    generated(self, ret, &made, e) < 0)
			return e->code;
		self->state = self->is_generating ? STATE_GENERATE : STATE_FINISH;
		return 1;
	}
	self->state = STATE_DONE;
	return 0;
}

/* No partitions, a range: what is left of it. */
static int finish_range(struct densify_stage *self, struct stage_doc *ret, struct error *e)
{
	struct value from = self->spec.low, made;

	if (self->has_current && step(self, &self->current, 1, &from, e) < 0)
		return e->code;
	/* As of no documents at all, of documents below the range one comes even where it ends as it begins. */
	if (self->has_current && self->state != STATE_BELOW &&
	    compare(&from, &self->spec.high) >= 0) {
		self->state = STATE_DONE;
		return 0;
	}
	if (!self->has_current) {
		self->current = from;
		self->has_current = true;
	}
	if (generate(self, &from, &self->spec.high, NULL, NULL, e) < 0 ||
	    generated(self, ret, &made, e) < 0)
		return e->code;
	self->state = self->is_generating ? STATE_GENERATE : STATE_DONE;
	return 1;
}

static int exhausted(struct densify_stage *self, struct stage_doc *ret, struct error *e)
{
	self->is_eof = true;
	if (self->spec.range != DENSIFY_PARTITION && self->has_parts)
		return finish(self, ret, e);
	if (self->spec.range == DENSIFY_EXPLICIT)
		return finish_range(self, ret, e);
	self->state = STATE_DONE;
	return 0;
}

/* The document's partition was seen: go on where it stopped. 1; 0 it is new. */
static int go_on(struct densify_stage *self, struct bytes doc)
{
	struct part *part = find_part(self, doc);

	if (part == NULL)
		return 0;
	self->current = part->last;
	self->has_current = true;
	return 1;
}

static int take_first(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
		      struct error *e)
{
	if (self->spec.partition_count > 0 && !self->has_parts) {
		self->has_parts = true;
		set_part(self, ret->doc, v);
	}
	if (self->spec.range == DENSIFY_EXPLICIT)
		return first_explicit(self, v, ret, e);
	if (self->spec.range == DENSIFY_FULL) {
		self->current = self->global_min = self->global_max = *v;
		self->has_current = true;
	}
	self->state = STATE_NEED;
	return 1;
}

static int take_next(struct densify_stage *self, const struct value *v, struct stage_doc *ret,
		     struct error *e)
{
	if (self->has_parts) {
		self->global_max = *v;
		if (go_on(self, ret->doc) == 0) {
			set_part(self, ret->doc, v);
			if (self->spec.range == DENSIFY_PARTITION)
				return 1;
			if (self->spec.range == DENSIFY_EXPLICIT) {
				self->has_current = false;
				return first_explicit(self, v, ret, e);
			}
			if (step(self, &self->global_min, -1, &self->current, e) < 0)
				return e->code;
		}
	}
	return self->spec.range == DENSIFY_EXPLICIT ? need_explicit(self, v, ret, e)
						    : need(self, v, ret, e);
}

static int pull(struct densify_stage *self, struct stage_doc *ret, struct error *e)
{
	struct value v;
	int found = stage_next(self->base.source, ret, e);

	if (found < 0)
		return found;
	if (found == 0)
		return exhausted(self, ret, e);
	stage_work_set(&self->work, self->base.q, ret);
	v = stage_get_path(ret->doc, self->spec.field);
	if (value_is_nullish(&v))
		return 1;
	if (value_in(self, ret->doc, &v, e) < 0)
		return e->code;
	return self->state == STATE_BELOW ? take_first(self, &v, ret, e)
					  : take_next(self, &v, ret, e);
}

static int go_on_generating(struct densify_stage *self, struct stage_doc *ret, struct error *e)
{
	struct value v, next;
	int on_step;

	if (generated(self, ret, &v, e) < 0)
		return e->code;
	if (self->spec.range == DENSIFY_EXPLICIT) {
		on_step = densify_on_step(&self->spec, &self->work.frame, &v, &self->current, e);
		if (on_step < 0)
			return on_step;
		if (on_step == 1) {
			self->current = v;
			set_part(self, ret->doc, &v);
		}
		reset_generator(self);
		return 1;
	}
	if (!self->is_generating)
		self->state = self->is_eof && self->has_parts ? STATE_FINISH : STATE_NEED;
	if (step(self, &self->current, 1, &next, e) < 0)
		return e->code;
	if (compare(&v, &next) == 0) {
		self->current = v;
		set_part(self, ret->doc, &v);
	}
	return 1;
}

static int densify_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct densify_stage *self = (struct densify_stage *)stage;

	if (self->generated > GENERATED_MAX)
		return query_error(e, 5897900,
				   "Generated %llu documents in $densify, which is over the limit "
				   "of %d. Increase the 'internalQueryMaxAllowedDensifyDocs' "
				   "parameter to allow more generated documents",
				   (unsigned long long)self->generated, GENERATED_MAX);
	if (self->arena == NULL) {
		self->arena = arena_new();
		stage_work_open(&self->work, stage->q);
	}
	if (query_context_check(stage->q, e) < 0)
		return e->code;
	switch (self->state) {
	case STATE_BELOW:
	case STATE_NEED:
		return pull(self, ret, e);
	case STATE_GENERATE:
		return go_on_generating(self, ret, e);
	case STATE_FINISH:
		return finish(self, ret, e);
	case STATE_DONE:
		break;
	}
	return stage_next(stage->source, ret, e);
}

static void densify_close(struct stage *stage)
{
	struct densify_stage *self = (struct densify_stage *)stage;

	arena_free(self->arena);
	free(self->parts);
	free(self->slots);
	buf_release(&self->include);
	buf_release(&self->out);
	buf_release(&self->key);
	stage_work_close(&self->work);
}

static size_t densify_memory(const struct stage *stage)
{
	const struct densify_stage *self = (const struct densify_stage *)stage;

	return sizeof(*self) + stage_work_memory(&self->work) + arena_held(self->arena) +
	       self->part_room * sizeof(*self->parts) + self->slot_room * sizeof(*self->slots) +
	       self->include.cap + self->out.cap + self->key.cap;
}

static const struct stage_kind densify_kind = {"$densify", densify_next, densify_close, NULL,
					       densify_memory};

bool stage_densify_keeps(const struct stage *stage, const struct bytes *paths, size_t count)
{
	const struct densify_stage *self = (const struct densify_stage *)stage;
	size_t parts;

	if (stage == NULL || stage->kind != &densify_kind)
		return false;
	parts = self->spec.range == DENSIFY_FULL ? 0 : self->spec.partition_count;
	if ((self->spec.range == DENSIFY_FULL && self->spec.partition_count > 0) ||
	    count > parts + 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!bytes_equal(paths[i], i < parts ? self->spec.partitions[i] : self->spec.field))
			return false;
	return true;
}

int stage_make_densify(struct stage_build *b, struct bytes name, const struct value *operand,
		       struct stage *source, struct stage **ret, struct error *e)
{
	OWNED(stage_free) struct stage *from = source;
	OWNED(buf_release) struct buf sort = {0};
	struct densify_spec spec = {0};
	struct value one = value_int32(1);
	struct densify_stage *self;
	size_t begin;

	(void)name;
	if (densify_parse(b, operand, &spec, e) < 0)
		return e->code;
	begin = bson_build_begin(&sort);
	for (size_t i = 0; spec.range != DENSIFY_FULL && i < spec.partition_count; i++)
		value_write(&sort, spec.partitions[i], &one);
	value_write(&sort, spec.field, &one);
	bson_build_end(&sort, begin);
	if (stage_make_spec(b, stage_make_sort, "$sort",
			    arena_copy(b->q->constants, buf_bytes(&sort)), TAKE(from), &from,
			    e) < 0)
		return e->code;
	self = stage_new(b, &densify_kind, sizeof(*self), operand, TAKE(from));
	self->work.scope = b->scope;
	self->spec = spec;
	*ret = &self->base;
	return 0;
}
