#include "query/near.h"

#include "base/bson_build.h"
#include "query/command_parse.h"
#include "query/expr/expr_op.h"
#include "query/fields.h"
#include "query/match/match_index.h"
#include "query/query_error.h"
#include "query/sort_parts.h"

#define SQRT2_ABOUT 1.5	 /* mongod's: of the diagonal of all that a 2d index holds */
#define FLAT_BOUND 180.0 /* of a 2d index that names none */

/* ---- which index */

static bool is_kind(const struct value *v, const char *kind)
{
	return v->type == BSON_KIND_STRING && bytes_equal(v->data, bytes_str(kind));
}

static struct bytes key_of(struct bytes spec)
{
	struct value key = value_get(spec, bytes_str("key"));

	return key.type == BSON_KIND_DOCUMENT ? key.data : bson_build_empty();
}

static bool is_hidden(struct bytes spec)
{
	struct value hidden = value_get(spec, bytes_str("hidden"));

	return value_is_true(&hidden);
}

static bool is_same_index(struct bytes spec, struct bytes other)
{
	struct value a = value_get(spec, bytes_str("name")),
		     b = value_get(other, bytes_str("name"));

	return a.type == BSON_KIND_STRING && b.type == BSON_KIND_STRING &&
	       bytes_equal(a.data, b.data);
}

/* Has the index the $near's field, as places that it can be about? */
static bool has_places(struct bytes spec, const struct match_near *near)
{
	struct value kind = value_get(key_of(spec), near->path);

	return is_kind(&kind, "2dsphere") ? near->is_on_earth
					  : is_kind(&kind, "2d") && near->is_legacy;
}

static bool is_foreign(const struct query_context *q, struct bytes spec)
{
	struct value collation = value_get(spec, bytes_str("collation"));

	return !command_collation_equals(q->collation_spec, collation.type == BSON_KIND_DOCUMENT
								    ? collation.data
								    : (struct bytes){0});
}

struct choice {
	struct expr_scope *scope;
	const struct match *match;
	const struct match_plan *plan;
	bool is_hinted;
};

/* Does a partial index hold all that the query can match? */
static bool holds_all(const struct choice *c, struct bytes spec)
{
	struct value partial = value_get(spec, bytes_str("partialFilterExpression"));
	const struct match *filter;
	struct error ignored;

	if (partial.type != BSON_KIND_DOCUMENT)
		return true;
	return match_parse(c->scope, partial.data, MATCH_TOP, &filter, &ignored) >= 0 &&
	       match_plan_is_within(c->plan, filter,
				    is_foreign(expr_scope_context(c->scope), spec));
}

enum fit { FIT_NOT, FIT_TAGGED, FIT_WELL };

/* Tagged: it is an index for the $near, but what it begins with is not asked for in a way that an index can answer. */
static enum fit fit_of(const struct choice *c, struct bytes spec)
{
	const struct match_near *near = match_near(c->match);
	struct value first = value_at(key_of(spec), 0), sparse;
	struct fields fields = fields_of(key_of(spec));
	struct match_key key = {.is_sphere = is_kind(&first, "2dsphere")};
	struct bson_field field;

	if (is_hidden(spec) || !has_places(spec, near) || !fields_next(&fields, &field))
		return FIT_NOT;
	if ((!c->is_hinted && !match_plan_names(c->plan, field.name)) || !holds_all(c, spec))
		return FIT_NOT;
	if (bytes_equal(field.name, near->path))
		return FIT_WELL;
	sparse = value_get(spec, bytes_str("sparse"));
	key.path = field.name;
	key.is_sparse = value_is_true(&sparse);
	key.is_foreign = is_foreign(expr_scope_context(c->scope), spec);
	return match_plan_bounds(c->plan, &key) ? FIT_WELL : FIT_TAGGED;
}

static double number_of(struct bytes spec, const char *name, double otherwise)
{
	struct value v = value_get(spec, bytes_str(name));

	return value_is_number(&v) ? value_to_double(&v) : otherwise;
}

bool near_find_index(struct expr_scope *scope, const struct collection *collection,
		     const struct match *match, struct bytes hinted, struct near_index *ret,
		     const char **ret_why)
{
	OWNED(arena_free) struct arena *arena = arena_new();
	struct choice c = {.scope = scope, .match = match, .is_hinted = hinted.len > 0};
	struct fields fields = fields_of(buf_bytes(&collection->entry.indexes));
	struct bson_field field;
	bool found = false;

	c.plan = match_plan_of(match, arena);
	*ret_why = "unable to find index for $geoNear query";
	while (fields_next(&fields, &field)) {
		struct bytes spec = field.value;
		struct value kind = value_get(key_of(spec), match_near(match)->path);
		enum fit fit;

		if (field.type != BSON_KIND_DOCUMENT ||
		    (c.is_hinted && !is_same_index(spec, hinted)))
			continue;
		fit = fit_of(&c, spec);
		if (fit == FIT_TAGGED)
			*ret_why = "No query solutions";
		/* Of both kinds the one on the sphere has no limits. */
		if (fit != FIT_WELL || (found && is_kind(&kind, "2d")))
			continue;
		found = true;
		*ret = (struct near_index){.is_flat = is_kind(&kind, "2d"),
					   .low = number_of(spec, "min", -FLAT_BOUND),
					   .high = number_of(spec, "max", FLAT_BOUND)};
	}
	return found;
}

/* The field of an index of that kind, and how many such indexes there are. */
static size_t fields_of_kind(const struct collection *collection, const char *kind,
			     struct bytes *ret)
{
	struct fields fields = fields_of(buf_bytes(&collection->entry.indexes)), keys;
	struct bson_field index, key;
	size_t count = 0;

	while (fields_next(&fields, &index)) {
		bool found = false;

		keys = fields_of(key_of(index.value));
		while (index.type == BSON_KIND_DOCUMENT && !found && fields_next(&keys, &key)) {
			struct value v = value_of_field(&key);

			found = is_kind(&v, kind);
		}
		if (found && count++ == 0)
			*ret = key.name;
	}
	return count;
}

int near_field(const struct collection *collection, struct bytes *ret, struct error *e)
{
	static const char *const kinds[] = {"2d", "2dsphere"};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		size_t count = fields_of_kind(collection, kinds[i], ret);

		if (count > 1)
			return query_error(e, QUERY_INDEX_NOT_FOUND,
					   "There is more than one %s index on %s; unsure which to "
					   "use for $geoNear",
					   kinds[i], collection->entry.ns);
		if (count == 1)
			return 0;
	}
	return query_error(e, QUERY_INDEX_NOT_FOUND,
			   "$geoNear requires a 2d or 2dsphere index, but none were found");
}

/* ---- the stage */

struct near_stage {
	struct stage base;
	struct arena *arena;
	struct expr_frame frame;
	const struct match_near *near;
	struct near_index index;
	double diagonal;
	struct sorter *sorter; /* NULL: in the order of the source */
	bool is_begun;
	struct buf found; /* stage_doc.near */
};

static void note(struct near_stage *s, const struct match_near_place *place, struct stage_doc *doc)
{
	struct value v = value_of_field(&place->at);
	double told = place->distance;
	size_t begin;

	if (s->near->in_radians)
		told /= MATCH_NEAR_EARTH;
	buf_reset(&s->found);
	begin = bson_build_begin(&s->found);
	bson_build_double(&s->found, STAGE_NEAR_ORDER, place->distance);
	bson_build_double(&s->found, STAGE_NEAR_DISTANCE, told);
	value_write(&s->found, bytes_str(STAGE_NEAR_POINT), &v);
	bson_build_end(&s->found, begin);
	doc->near = buf_bytes(&s->found);
}

/* The next of the source that is within the bounds. */
static int next_within(struct near_stage *s, struct stage_doc *ret, struct error *e)
{
	struct match_near_place place;
	int more;

	while ((more = stage_next(s->base.source, ret, e)) > 0) {
		arena_reset(s->arena);
		if (match_near_find(s->near, s->arena, ret->doc, &place) == 0 ||
		    !match_near_is_within(s->near, s->index.is_flat, s->diagonal, place.distance))
			continue;
		if (!s->near->is_on_earth &&
		    !match_near_is_around(s->near, s->arena, ret->doc, s->diagonal))
			continue;
		note(s, &place, ret);
		return 1;
	}
	return more;
}

static int sort_all(struct near_stage *s, struct error *e)
{
	struct stage_doc doc;
	int more;

	while ((more = next_within(s, &doc, e)) > 0)
		if (sorter_add(s->sorter, &s->frame, &doc, e) < 0)
			return e->code;
	return more < 0 ? more : sorter_finish(s->sorter, e);
}

/* Rule: GeoHashConverter::hash() of mongod, asked for the center. */
static int check_center(const struct near_stage *s, struct error *e)
{
	OWNED(buf_release) struct buf doc = {0}, text = {0};
	size_t begin;

	if (!s->index.is_flat || (s->near->x >= s->index.low && s->near->x <= s->index.high &&
				  s->near->y >= s->index.low && s->near->y <= s->index.high))
		return 0;
	begin = bson_build_begin(&doc);
	bson_build_double(&doc, "0", s->near->x);
	bson_build_double(&doc, "1", s->near->y);
	bson_build_end(&doc, begin);
	value_text_bson(buf_bytes(&doc), false, &text);
	return query_error(e, 16433, "point not in interval of [ %g, %g ] :: caused by :: %s",
			   s->index.low, s->index.high, buf_text(&text));
}

static int near_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct near_stage *s = (struct near_stage *)stage;

	if (!s->is_begun && (check_center(s, e) < 0 || (s->sorter != NULL && sort_all(s, e) < 0)))
		return e->code;
	s->is_begun = true;
	return s->sorter != NULL ? sorter_next(s->sorter, ret, e) : next_within(s, ret, e);
}

static void near_close(struct stage *stage)
{
	struct near_stage *s = (struct near_stage *)stage;

	sorter_free(s->sorter);
	arena_free(s->arena);
	buf_release(&s->found);
}

static size_t near_memory(const struct stage *stage)
{
	const struct near_stage *s = (const struct near_stage *)stage;

	return sizeof(*s) + sorter_memory(s->sorter) + arena_held(s->arena) + s->found.cap;
}

static const struct stage_kind near_kind = {
	.name = "GEO_NEAR", .next = near_next, .close = near_close, .memory = near_memory};

struct stage *near_open(struct query_context *q, struct expr_scope *scope,
			const struct match_near *near, const struct near_index *index,
			uint64_t limit, bool sorts, struct stage *source)
{
	struct near_stage *s = xcalloc(1, sizeof(*s));

	s->base = (struct stage){.kind = &near_kind, .source = source, .q = q};
	s->arena = arena_new();
	s->frame = expr_frame_new(q, scope, s->arena);
	s->near = near;
	s->index = *index;
	s->diagonal = SQRT2_ABOUT * (index->high - index->low);
	if (sorts)
		s->sorter = sorter_new(q, sort_by_distance(q), limit, false);
	return &s->base;
}
