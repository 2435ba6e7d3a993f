#include "query/series_lead.h"

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/plan.h"
#include "query/stage/reorder_part.h"
#include "query/value.h"

struct lead {
	struct bytes meta; /* the meta field; empty: there is none */
	bool needs_meta;   /* a stage before looks at it */
	bool has_project;  /* the one projection that unpacking does is found */
	struct buf names;  /* fields of a document */
	struct arena *constants;
};

static bool is_meta(const struct lead *l, struct bytes path)
{
	return l->meta.len > 0 && reorder_is_within(path, l->meta);
}

static bool has_dot(struct bytes path)
{
	return path.len > 0 && memchr(path.at, '.', path.len) != NULL;
}

static void add_name(struct buf *names, struct bytes name)
{
	struct value nothing = {.type = BSON_KIND_NULL};

	value_write(names, name, &nothing);
}

/* ---- stages that go before the unpacking */

static bool asks_meta_only(const struct lead *l, struct bytes query)
{
	struct fields fields = fields_of(query), parts;
	struct bson_field f, part;

	while (fields_next(&fields, &f)) {
		if (is_meta(l, f.name))
			continue;
		if (f.type != BSON_KIND_ARRAY || f.name.len == 0 || f.name.at[0] != '$')
			return false;
		parts = fields_of(f.value); /* $and, $or, $nor */
		while (fields_next(&parts, &part))
			if (part.type != BSON_KIND_DOCUMENT || !asks_meta_only(l, part.value))
				return false;
	}
	return true;
}

static bool goes_before(const struct lead *l, const struct value *stage)
{
	struct value match = plan_operand(stage, "$match"), sort = plan_operand(stage, "$sort");

	if (match.type == BSON_KIND_DOCUMENT)
		return asks_meta_only(l, match.data);
	return sort.type == BSON_KIND_DOCUMENT && asks_meta_only(l, sort.data);
}

static bool is_stage(const struct value *stage, const char *name)
{
	struct value operand = plan_operand(stage, name);

	return !value_is_missing(&operand);
}

/* Is there a $skip that goes before all of them, behind stages that give one document for each? */
static bool begins_with_skip(struct bytes pipeline, size_t index)
{
	static const char *const names[] = {"$set",	"$addFields",	"$unset",
					    "$project", "$replaceRoot", "$replaceWith"};
	struct value stage = value_at(pipeline, index);
	bool goes_on = !is_stage(&stage, "$limit");

	while (goes_on && !is_stage(&stage, "$skip")) {
		goes_on = false;
		for (size_t i = 0; i < COUNT_OF(names); i++)
			goes_on |= is_stage(&stage, names[i]);
		stage = value_at(pipeline, ++index);
	}
	return is_stage(&stage, "$skip") && goes_on;
}

/* The first stage from `*index` on that does not go before the unpacking. */
static struct value first_of(struct lead *l, struct bytes pipeline, size_t *index)
{
	struct value stage = value_at(pipeline, *index);

	while (goes_before(l, &stage)) {
		l->needs_meta = true;
		stage = value_at(pipeline, ++*index);
	}
	return stage;
}

/* ---- exclusions */

/* One name: into `plain`, unless it is of the meta field. *ret_fits becomes false for one that unpacking can't do. */
static void exclude(struct lead *l, struct bytes name, struct buf *plain, bool *ret_fits)
{
	if (!is_meta(l, name)) {
		*ret_fits &= !has_dot(name);
		add_name(plain, name);
	} else if (name.len == l->meta.len && !l->needs_meta) {
		add_name(&l->names, name);
	}
}

/* False: the stage excludes nothing. */
static bool read_excluded(struct lead *l, const struct value *stage, struct buf *plain,
			  bool *ret_fits)
{
	struct value unset = plan_operand(stage, "$unset");
	struct value project = plan_operand(stage, "$project");
	struct fields fields;
	struct bson_field f;

	*ret_fits = true;
	if (unset.type == BSON_KIND_STRING) {
		exclude(l, unset.data, plain, ret_fits);
		return true;
	}
	if (unset.type != BSON_KIND_ARRAY && project.type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(unset.type == BSON_KIND_ARRAY ? unset.data : project.data);
	while (unset.type != BSON_KIND_ARRAY && fields_next(&fields, &f)) {
		struct value v = value_of_field(&f);

		if (v.type != BSON_KIND_BOOL && !value_is_number(&v))
			return false; /* a nested one, too: seldom */
		if (value_is_true(&v))
			return false;
	}
	fields = fields_of(unset.type == BSON_KIND_ARRAY ? unset.data : project.data);
	while (fields_next(&fields, &f))
		exclude(l, unset.type == BSON_KIND_ARRAY ? value_of_field(&f).data : f.name, plain,
			ret_fits);
	return true;
}

/* May the next stage be looked at? */
static bool take_excluded(struct lead *l, const struct value *stage)
{
	OWNED(buf_release) struct buf plain = {0};
	bool fits;

	if (!read_excluded(l, stage, &plain, &fits) || !fits)
		return false;
	if (plain.len == 0)
		return true; /* of the meta field alone: it is done with the bucket */
	if (l->has_project)
		return false;
	l->has_project = true;
	buf_add_bytes(&l->names, buf_bytes(&plain));
	return true;
}

/* ---- fields made of the meta field */

/* Does the expression read the meta field, and nothing else? */
static bool reads_meta(const struct lead *l, const struct value *v, bool *ret_reads)
{
	struct fields fields;
	struct bson_field f;

	if (v->type == BSON_KIND_STRING && v->data.len > 0 && v->data.at[0] == '$') {
		*ret_reads = true;
		return is_meta(l, bytes_of(v->data.at + 1, v->data.len - 1));
	}
	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return true;
	fields = fields_of(v->data);
	while (fields_next(&fields, &f)) {
		struct value inner = value_of_field(&f);

		if (!bytes_equal(f.name, bytes_str("$literal")) &&
		    !reads_meta(l, &inner, ret_reads))
			return false;
	}
	return true;
}

static bool is_made_of_meta(const struct lead *l, const struct bson_field *f)
{
	struct value v = value_of_field(f);
	struct fields inner;
	struct bson_field first;
	bool reads = false;

	if (has_dot(f->name) || bytes_equal(f->name, l->meta) ||
	    bytes_equal(f->name, bytes_str("_id")))
		return false;
	if (v.type == BSON_KIND_DOCUMENT) {
		inner = fields_of(v.data);
		if (!fields_next(&inner, &first) || first.name.len == 0 || first.name.at[0] != '$')
			return false;
	}
	return reads_meta(l, &v, &reads) && reads;
}

/* The same $set with its fields in the order of their names. */
static struct bytes sorted(struct lead *l, struct bytes doc)
{
	OWNED(buf_release) struct buf out = {0};
	size_t begin = bson_build_begin(&out), count = value_count(doc);
	struct bytes last = {0};

	for (size_t i = 0; i < count; i++) {
		struct fields fields = fields_of(doc);
		struct bson_field f, least = {.name = {0}};

		while (fields_next(&fields, &f))
			if ((last.at == NULL || bytes_compare(f.name, last) > 0) &&
			    (least.name.at == NULL || bytes_compare(f.name, least.name) < 0))
				least = f;
		if (least.name.at == NULL)
			break;
		struct value v = value_of_field(&least);

		value_write(&out, least.name, &v);
		last = least.name;
	}
	bson_build_end(&out, begin);
	return arena_copy(l->constants, buf_bytes(&out));
}

/* The pipeline with another document in the $set at `index`. */
static struct bytes replaced(struct lead *l, struct bytes pipeline, size_t index, struct bytes doc)
{
	OWNED(buf_release) struct buf out = {0};
	struct fields fields = fields_of(pipeline);
	struct bson_field f;
	size_t begin = bson_build_begin(&out), stage;

	for (size_t i = 0; fields_next(&fields, &f); i++) {
		struct value v = value_of_field(&f);
		OWNED(buf_release) struct buf set = {0};

		if (i == index) {
			stage = bson_build_begin(&set);
			bson_build_value(&set, "$set", BSON_KIND_DOCUMENT, doc);
			bson_build_end(&set, stage);
			v.data = buf_bytes(&set);
		}
		value_write_at(&out, i, &v);
	}
	bson_build_end(&out, begin);
	return arena_copy(l->constants, buf_bytes(&out));
}

/* Does the value, as an expression, ask for a field of `names`? True also of what is not looked at closely. */
static bool asks_for(const struct value *v, struct bytes names)
{
	struct fields fields;
	struct bson_field f;

	if (v->type == BSON_KIND_STRING && v->data.len > 1 && v->data.at[0] == '$') {
		struct bytes name = bytes_of(v->data.at + 1, v->data.len - 1);
		const uint8_t *dot = memchr(name.at, '.', name.len);
		struct value found;

		if (dot != NULL)
			name.len = (size_t)(dot - name.at);
		found = value_get(names, name);
		return name.at[0] == '$' || !value_is_missing(&found);
	}
	if (v->type != BSON_KIND_DOCUMENT && v->type != BSON_KIND_ARRAY)
		return false;
	fields = fields_of(v->data);
	while (fields_next(&fields, &f)) {
		struct value inner = value_of_field(&f);

		if (asks_for(&inner, names))
			return true;
	}
	return false;
}

/* May the next stage be looked at? The fields that the $set begins with are made, up to the first that is not of the meta field alone. */
static bool take_made(struct lead *l, const struct value *stage, size_t index,
		      struct bytes *pipeline)
{
	OWNED(buf_release) struct buf made = {0};
	struct value set = plan_operand(stage, "$set");
	struct fields fields;
	struct bson_field f;
	size_t begin = bson_build_begin(&made), count = 0;

	if (value_is_missing(&set))
		set = plan_operand(stage, "$addFields");
	if (set.type != BSON_KIND_DOCUMENT)
		return false;
	fields = fields_of(set.data);
	for (; fields_next(&fields, &f) && is_made_of_meta(l, &f); count++)
		add_name(&made, f.name);
	bson_build_end(&made, begin);
	/* What is left may ask for the old values of the others. */
	if (count < value_count(set.data) && asks_for(&set, buf_bytes(&made)))
		return false;
	fields = fields_of(buf_bytes(&made));
	while (fields_next(&fields, &f))
		add_name(&l->names, f.name);
	if (count < value_count(set.data))
		return false;
	*pipeline = replaced(l, *pipeline, index, sorted(l, set.data));
	l->needs_meta = true;
	return true;
}

struct bytes series_lead_drops(struct query_context *q, struct bytes series, struct bytes asked,
			       struct bytes *pipeline)
{
	struct value meta = value_get(series, bytes_str("metaField")), stage;
	struct lead l = {.constants = q->constants};
	OWNED(buf_release) struct buf doc = {0};
	size_t index = 0, begin;

	if (meta.type == BSON_KIND_STRING)
		l.meta = meta.data;
	stage = first_of(&l, asked, &index);
	if (is_stage(&stage, "$limit") || begins_with_skip(asked, index))
		return (struct bytes){0};
	index = 0;
	/* A $limit that went before does so in a mongod, too, but later than this is looked at. */
	while (stage = first_of(&l, *pipeline, &index),
	       is_stage(&stage, "$limit") || (index > 0 && is_stage(&stage, "$skip")))
		index++;
	while (take_excluded(&l, &stage) || take_made(&l, &stage, index, pipeline))
		stage = value_at(*pipeline, ++index);
	begin = bson_build_begin(&doc);
	buf_add_bytes(&doc, buf_bytes(&l.names));
	bson_build_end(&doc, begin);
	buf_release(&l.names);
	return arena_copy(q->constants, buf_bytes(&doc));
}
