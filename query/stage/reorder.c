#include "query/stage/reorder.h"

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/stage/reorder_part.h"

struct item {
	struct bytes name;
	struct value operand;
	bool is_done; /* a $redact that has had its $match; a $match whose $expr has been split */
};

#define MEMORY_MAX ((size_t)64 << 20) /* bytes that moving may take */

struct order {
	struct query_context *q;
	struct item *at;
	size_t count, room;
	bool has_changed;
};

static bool is_match(const struct item *item)
{
	return bytes_is(item->name, "$match") && item->operand.type == BSON_KIND_DOCUMENT &&
	       memmem(item->operand.data.at, item->operand.data.len, "$text", 5) == NULL;
}

/* ---- what stages change */

/* $addFields: all leaves are computed. */
static void computed(struct query_context *q, struct reorder_change *change, struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		reorder_add_computed(q, change, field.name, &v);
	}
}

/* Leaves of $project: the first that is not _id says what it is; 1 an inclusion, 0 an exclusion, -1 neither yet. */
static int project_type(struct bytes doc, bool is_top)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	int type = -1;

	while (type < 0 && fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (is_top && bytes_is(field.name, "_id") && v.type != BSON_KIND_DOCUMENT)
			continue;
		if (v.type == BSON_KIND_DOCUMENT && !reorder_is_operator(&v))
			type = project_type(v.data, false);
		else if (value_is_number(&v) || v.type == BSON_KIND_BOOL)
			type = value_is_true(&v);
		else
			type = 1;
	}
	return type;
}

bool reorder_is_inclusion(struct bytes project)
{
	int type = project_type(project, true);
	struct value id = value_get(project, bytes_str("_id"));

	return type == 1 || (type < 0 && value_is_true(&id));
}

static void projected(struct query_context *q, struct reorder_change *change, struct bytes prefix,
		      struct bytes doc)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;

	while (fields_next(&fields, &field)) {
		struct bytes path = reorder_join(q, prefix, field.name);
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_DOCUMENT && !reorder_is_operator(&v)) {
			projected(q, change, path, v.data);
		} else if (value_is_number(&v) || v.type == BSON_KIND_BOOL) {
			if (value_is_true(&v) == change->all_except)
				reorder_add_path(change, path);
		} else {
			reorder_add_computed(q, change, path, &v);
		}
	}
}

/* Is there _id or _id.x? */
static bool names_id(struct bytes spec)
{
	struct fields fields = fields_of(spec);
	struct bson_field field;

	while (fields_next(&fields, &field))
		if (reorder_is_within(field.name, bytes_str("_id")))
			return true;
	return false;
}

static void project_change(struct query_context *q, struct reorder_change *change,
			   const struct value *spec)
{
	struct value id = value_get(spec->data, bytes_str("_id"));
	int type = project_type(spec->data, true);

	if (type < 0)
		type = value_is_true(&id);
	change->all_except = type == 1;
	projected(q, change, bytes_of(NULL, 0), spec->data);
	if (type == 1 && !names_id(spec->data))
		reorder_add_path(change, bytes_str("_id"));
}

static void unset_change(struct reorder_change *change, const struct value *spec)
{
	struct bson_field field;
	struct fields fields;

	if (spec->type == BSON_KIND_STRING)
		reorder_add_path(change, spec->data);
	if (spec->type != BSON_KIND_ARRAY)
		return;
	fields = fields_of(spec->data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);

		if (v.type == BSON_KIND_STRING)
			reorder_add_path(change, v.data);
	}
}

static bool unwind_change(struct reorder_change *change, const struct value *spec)
{
	struct value path = *spec, index;

	if (spec->type == BSON_KIND_DOCUMENT) {
		path = value_get(spec->data, bytes_str("path"));
		index = value_get(spec->data, bytes_str("includeArrayIndex"));
		if (index.type == BSON_KIND_STRING)
			reorder_add_path(change, index.data);
	}
	if (path.type != BSON_KIND_STRING || path.data.len < 2)
		return false;
	reorder_add_path(change, bytes_of(path.data.at + 1, path.data.len - 1));
	return true;
}

/* What a field {$lookup: {as: ..}} is set to. */
static bool as_change(struct reorder_change *change, const struct value *spec)
{
	struct value as = value_missing();

	if (spec->type == BSON_KIND_DOCUMENT)
		as = value_get(spec->data, bytes_str("as"));
	if (as.type != BSON_KIND_STRING)
		return false;
	reorder_add_path(change, as.data);
	return true;
}

static void group_change(struct query_context *q, struct reorder_change *change,
			 const struct value *id)
{
	change->all_except = true;
	reorder_add_computed(q, change, bytes_str("_id"), id);
}

/* $fill with values alone is an $addFields. */
static bool fill_change(struct reorder_change *change, const struct value *spec)
{
	struct value output;
	struct bson_field field;
	struct fields fields;

	if (spec->type != BSON_KIND_DOCUMENT || value_count(spec->data) != 1)
		return false;
	output = value_get(spec->data, bytes_str("output"));
	if (output.type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(output.data);
	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		struct value value = v.type == BSON_KIND_DOCUMENT
					     ? value_get(v.data, bytes_str("value"))
					     : value_missing();

		if (value_is_missing(&value))
			return false;
		reorder_add_path(change, field.name);
	}
	return true;
}

/* May `match` go before the stage at all? Then what the stage changes. */
static bool change_of(struct query_context *q, const struct item *item, const struct item *match,
		      struct reorder_change *change)
{
	const struct value *spec = &item->operand;
	bool is_doc = spec->type == BSON_KIND_DOCUMENT;

	change->all_except = change->too_many = false;
	change->path_count = change->rename_count = 0;
	if (bytes_is(item->name, "$sort"))
		return true;
	if (bytes_is(item->name, "$unwind"))
		return unwind_change(change, spec);
	if (bytes_is(item->name, "$lookup") || bytes_is(item->name, "$graphLookup"))
		return as_change(change, spec);
	if (bytes_is(item->name, "$fill"))
		return fill_change(change, spec);
	if (bytes_is(item->name, "$unset"))
		unset_change(change, spec);
	else if (is_doc && (bytes_is(item->name, "$addFields") || bytes_is(item->name, "$set")))
		computed(q, change, spec->data);
	else if (is_doc && bytes_is(item->name, "$project"))
		project_change(q, change, spec);
	else if (is_doc && bytes_is(item->name, "$bucket"))
		change->all_except = true; /* nothing of a document is left as it was */
	else if (bytes_is(item->name, "$sortByCount") && !reorder_asks_for_id(match->operand.data))
		group_change(q, change, spec);
	else if (is_doc && bytes_is(item->name, "$group") &&
		 !reorder_asks_for_id(match->operand.data)) {
		struct value id = value_get(spec->data, bytes_str("_id"));

		group_change(q, change, &id);
	} else {
		return false;
	}
	return !change->too_many;
}

/* ---- moving */

static void insert(struct order *o, size_t at, struct bytes name, struct bytes query)
{
	memmove(&o->at[at + 1], &o->at[at], (o->count - at) * sizeof(*o->at));
	o->at[at] = (struct item){.name = name, .operand = value_document(query)};
	o->count++;
}

static void take_out(struct order *o, size_t at)
{
	memmove(&o->at[at], &o->at[at + 1], (o->count - at - 1) * sizeof(*o->at));
	o->count--;
}

/* A query, or those of its $and, as elements of the list that is being built. */
static void add_queries(struct buf *out, size_t *index, const struct value *query)
{
	struct value list = value_missing();
	struct bson_field element;
	struct fields fields;

	if (value_count(query->data) == 1)
		list = value_get(query->data, bytes_str("$and"));
	if (list.type != BSON_KIND_ARRAY) {
		value_write_at(out, (*index)++, query);
		return;
	}
	fields = fields_of(list.data);
	while (fields_next(&fields, &element)) {
		struct value v = value_of_field(&element);

		value_write_at(out, (*index)++, &v);
	}
}

/* Two $match that follow each other are one. */
static void merge(struct order *o, size_t i)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), index = 0;
	size_t list = bson_build_open_array(&out, "$and");

	add_queries(&out, &index, &o->at[i].operand);
	add_queries(&out, &index, &o->at[i + 1].operand);
	bson_build_end(&out, list);
	bson_build_end(&out, begin);
	o->at[i].operand = value_document(arena_copy(o->q->constants, buf_bytes(&out)));
	o->at[i].is_done |= o->at[i + 1].is_done;
	take_out(o, i + 1);
}

/* The $match at `i + 1` before the stage at `i`, or what of it can go. */
static bool push_before(struct order *o, size_t i)
{
	struct item match = o->at[i + 1];
	struct reorder_change change;
	struct bytes before, after;

	if (!change_of(o->q, &o->at[i], &match, &change))
		return false;
	reorder_split(o->q, match.operand.data, &change, !match.is_done, &before, &after);
	if (before.len == 0)
		return false;
	take_out(o, i + 1);
	insert(o, i, match.name, before);
	if (after.len > 0) {
		insert(o, i + 2, match.name, after);
		o->at[i + 2].is_done = true;
	}
	return true;
}

/* {$unionWith: ..} and a $match: it is for both. */
static void into_union(struct order *o, size_t i)
{
	OWNED(buf_release) struct buf out = {0}, stages = {0};
	const struct value *spec = &o->at[i].operand;
	struct value pipeline = value_missing(), coll = *spec, stage;
	size_t begin = bson_build_begin(&out), list = bson_build_begin(&stages), index = 0, one;
	OWNED(buf_release) struct buf match = {0};
	struct item moved = o->at[i + 1];

	if (spec->type == BSON_KIND_DOCUMENT) {
		pipeline = value_get(spec->data, bytes_str("pipeline"));
		coll = value_get(spec->data, bytes_str("coll"));
	}
	if (pipeline.type == BSON_KIND_ARRAY) {
		struct fields fields = fields_of(pipeline.data);
		struct bson_field field;

		while (fields_next(&fields, &field)) {
			stage = value_of_field(&field);
			value_write_at(&stages, index++, &stage);
		}
	}
	one = bson_build_begin(&match);
	value_write(&match, moved.name, &moved.operand);
	bson_build_end(&match, one);
	stage = value_document(buf_bytes(&match));
	value_write_at(&stages, index, &stage);
	bson_build_end(&stages, list);
	value_write(&out, bytes_str("coll"), &coll);
	pipeline = value_array(buf_bytes(&stages));
	value_write(&out, bytes_str("pipeline"), &pipeline);
	bson_build_end(&out, begin);
	o->at[i + 1] = o->at[i];
	o->at[i + 1].operand = value_document(arena_copy(o->q->constants, buf_bytes(&out)));
	o->at[i] = moved;
}

static bool before_redact(struct order *o, size_t i)
{
	struct bytes part;

	if (o->at[i].is_done)
		return false;
	o->at[i].is_done = true;
	part = reorder_redact_part(o->q, o->at[i + 1].operand.data);
	if (part.len > 0)
		insert(o, i, o->at[i + 1].name, part);
	return part.len > 0;
}

static bool is_transform(const struct item *item)
{
	static const char *const names[] = {"$project", "$addFields", "$set", "$unset"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (bytes_is(item->name, names[i]))
			return true;
	return false;
}

/* An $unwind of what the $lookup before it gives is a part of that. */
static bool is_unwound(const struct order *o, size_t i)
{
	return i > 0 && bytes_is(o->at[i].name, "$unwind") &&
	       bytes_is(o->at[i - 1].name, "$lookup") &&
	       reorder_is_unwound(&o->at[i - 1].operand, &o->at[i].operand);
}

/* What is no $match, at `i` + 1. */
static bool step_other(struct order *o, size_t i)
{
	struct item *here = &o->at[i], *next = &o->at[i + 1], moved = *here;
	bool is_sort = bytes_is(next->name, "$sort");

	/* Of two sorts in a row only the second counts. */
	if (is_sort && bytes_is(here->name, "$sort")) {
		take_out(o, i);
		return true;
	}
	if (is_sort ? !reorder_sort_moves(here->name, &here->operand, &next->operand) ||
			      is_unwound(o, i)
		    : !is_transform(here) || !bytes_is(next->name, "$sample"))
		return false;
	*here = *next;
	*next = moved;
	return true;
}

/* Does anything move at `i`? */
static bool step(struct order *o, size_t i)
{
	struct item *here = &o->at[i];

	if (!is_match(&o->at[i + 1]))
		return step_other(o, i);
	if (is_match(here)) {
		merge(o, i);
		return true;
	}
	if (bytes_is(here->name, "$unionWith")) {
		into_union(o, i);
		return true;
	}
	if (bytes_is(here->name, "$redact"))
		return before_redact(o, i);
	return push_before(o, i);
}

/* Where the queries that are put together grow too large, the rest stays where it is: that is as right. */
static void move_all(struct order *o)
{
	const struct arena *arena = o->q->constants;
	size_t i = 0, limit = arena_used(arena) + MEMORY_MAX;

	while (i + 1 < o->count && o->count + 2 < o->room && arena_used(arena) < limit) {
		if (!step(o, i)) {
			i++;
			continue;
		}
		o->has_changed = true;
		i = i > 0 ? i - 1 : 0;
	}
}

/* ---- words in and out */

static struct value facet_of(struct order *o, const struct value *spec)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out);
	struct fields fields = fields_of(spec->data);
	struct bson_field field;
	bool has_changed = false;

	while (fields_next(&fields, &field)) {
		struct value v = value_of_field(&field);
		struct bytes was = v.data;

		if (v.type == BSON_KIND_ARRAY)
			v.data = reorder_pipeline(o->q, v.data);
		has_changed |= v.type == BSON_KIND_ARRAY && v.data.at != was.at;
		value_write(&out, field.name, &v);
	}
	bson_build_end(&out, begin);
	o->has_changed |= has_changed;
	return has_changed ? value_document(arena_copy(o->q->constants, buf_bytes(&out))) : *spec;
}

static bool skips_nothing(const struct bson_field *stage)
{
	struct value v = value_of_field(stage);
	int64_t number;

	return bytes_is(stage->name, "$skip") && value_is_number(&v) &&
	       value_as_int64(&v, &number) && number == 0;
}

static bool read_items(struct order *o, struct bytes pipeline)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;

	while (fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);

		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &stage))
			return false;
		if (skips_nothing(&stage)) {
			o->has_changed = true;
			continue;
		}
		o->at[o->count] =
			(struct item){.name = stage.name, .operand = value_of_field(&stage)};
		if (bytes_is(stage.name, "$facet") && stage.type == BSON_KIND_DOCUMENT)
			o->at[o->count].operand = facet_of(o, &o->at[o->count].operand);
		o->count++;
	}
	return true;
}

static struct bytes write_items(const struct order *o)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out);

	for (size_t i = 0; i < o->count; i++) {
		OWNED(buf_release) struct buf one = {0};
		size_t inner = bson_build_begin(&one);
		struct value stage;

		value_write(&one, o->at[i].name, &o->at[i].operand);
		bson_build_end(&one, inner);
		stage = value_document(buf_bytes(&one));
		value_write_at(&out, i, &stage);
	}
	bson_build_end(&out, begin);
	return arena_copy(o->q->constants, buf_bytes(&out));
}

struct bytes reorder_pipeline(struct query_context *q, struct bytes pipeline)
{
	size_t count = value_count(pipeline);
	struct order o = {.q = q, .room = 4 * count + 16};

	if (count == 0 || (memmem(pipeline.at, pipeline.len, "$match", 6) == NULL &&
			   memmem(pipeline.at, pipeline.len, "$sort", 5) == NULL))
		return pipeline;
	/* In the arena, as a $lookup may come here for each document: its arena is short. */
	o.at = arena_get(q->constants, o.room * sizeof(*o.at));
	if (!read_items(&o, pipeline))
		return pipeline;
	move_all(&o);
	return o.has_changed ? write_items(&o) : pipeline;
}
