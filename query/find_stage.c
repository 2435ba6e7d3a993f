#include "query/find_stage.h"

#include "base/bson_build.h"
#include "query/fields.h"
#include "query/path.h"

/* A path of a sparse index, or one of places. */
struct wanted {
	struct path path;
	bool is_place;
};

/* All of them; what a stage does not use is empty. */
struct find_stage {
	struct stage stage;
	struct arena *arena;
	struct expr_frame frame;
	const struct sort *sort;
	struct sorter *sorter;
	bool is_sorted;
	uint64_t skip, limit;
	bool has_limit;
	const struct project *project;
	unsigned extra;
	struct bytes key;
	const struct sort *by; /* the index' keys that count, for `key`; or NULL */
	const struct wanted
		*wanted; /* a document has one of them; NULL: all documents are wanted */
	size_t wanted_count;
	const struct match *partial; /* or NULL */
	const struct match *match;
	struct buf doc;
};

static void find_close(struct stage *stage)
{
	struct find_stage *s = (struct find_stage *)stage;

	sorter_free(s->sorter);
	arena_free(s->arena);
	buf_release(&s->doc);
}

static size_t find_memory(const struct stage *stage)
{
	const struct find_stage *s = (const struct find_stage *)stage;

	return sizeof(*s) + sorter_memory(s->sorter) + arena_held(s->arena) + s->doc.cap;
}

static struct find_stage *make(struct query_context *q, struct expr_scope *scope,
			       const struct stage_kind *kind, struct stage *source)
{
	struct find_stage *s = xcalloc(1, sizeof(*s));

	s->stage = (struct stage){.kind = kind, .source = source, .q = q};
	if (scope != NULL) {
		s->arena = arena_new();
		s->frame = expr_frame_new(q, scope, s->arena);
	}
	return s;
}

/* ---- sort */

static int sort_all(struct find_stage *s, struct error *e)
{
	struct stage_doc doc;
	int more;

	while ((more = stage_next(s->stage.source, &doc, e)) > 0) {
		arena_reset(s->arena);
		if (query_context_check(s->stage.q, e) < 0 ||
		    sorter_add(s->sorter, &s->frame, &doc, e) < 0)
			return e->code;
	}
	if (more < 0)
		return more;
	s->is_sorted = true;
	return sorter_finish(s->sorter, e);
}

static int sort_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;

	if (!s->is_sorted && sort_all(s, e) < 0)
		return e->code;
	return sorter_next(s->sorter, ret, e);
}

static const struct stage_kind sort_kind = {
	.name = "SORT", .next = sort_next, .close = find_close, .memory = find_memory};

struct stage *find_stage_sort(struct query_context *q, struct expr_scope *scope,
			      const struct sort *sort, uint64_t limit, bool keep_keys,
			      struct stage *source)
{
	struct find_stage *s = make(q, scope, &sort_kind, source);

	s->sorter = sorter_new(q, sort, limit, keep_keys);
	return &s->stage;
}

/* ---- skip and limit */

static int cut_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;
	int more = 1;

	if (s->has_limit && s->limit == 0)
		return 0;
	while (s->skip > 0 && (more = stage_next(stage->source, ret, e)) > 0)
		s->skip--;
	if (more > 0)
		more = stage_next(stage->source, ret, e);
	if (more > 0 && s->has_limit)
		s->limit--;
	return more;
}

static const struct stage_kind cut_kind = {.name = "LIMIT", .next = cut_next, .close = find_close};

struct stage *find_stage_cut(struct query_context *q, uint64_t skip, uint64_t limit,
			     struct stage *source)
{
	struct find_stage *s;

	if (skip == 0 && limit == 0)
		return source;
	s = make(q, NULL, &cut_kind, source);
	s->skip = skip;
	s->limit = limit;
	s->has_limit = limit > 0;
	return &s->stage;
}

/* ---- projection */

/* {} or the fields of the key pattern, with the first of the document's keys that the index leads to. */
static int only_key(struct find_stage *s, const struct stage_doc *from, struct error *e)
{
	struct fields fields = fields_of(s->key);
	struct bson_field field;
	struct value *values = NULL;
	size_t begin = bson_build_begin(&s->doc);

	if (s->by != NULL) {
		arena_reset(s->arena);
		expr_frame_set(&s->frame, from->doc);
		values = arena_get(s->arena, sort_count(s->by) * sizeof(*values));
		if (sort_key_values(s->by, &s->frame, from, values, e) < 0)
			return e->code;
	}
	for (size_t i = 0; s->key.len > 0 && fields_next(&fields, &field); i++) {
		struct value v = values != NULL ? values[i] : value_get(from->doc, field.name);

		if (value_is_missing(&v))
			v = value_null();
		value_write(&s->doc, field.name, &v);
	}
	bson_build_end(&s->doc, begin);
	return 0;
}

/* The key with what the projection adds to it. */
static int project_key(struct find_stage *s, const struct stage_doc *from, struct error *e)
{
	struct stage_doc key = *from;

	arena_reset(s->arena);
	key.doc = arena_copy(s->arena, buf_bytes(&s->doc));
	expr_frame_set(&s->frame, key.doc);
	buf_reset(&s->doc);
	return project_apply(s->project, &s->frame, &key, &s->doc, e);
}

static int project_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;
	int more = stage_next(stage->source, ret, e);

	if (more <= 0)
		return more;
	buf_reset(&s->doc);
	if (s->extra & FIND_STAGE_ONLY_KEY) {
		if (only_key(s, ret, e) < 0 || (s->project != NULL && project_key(s, ret, e) < 0))
			return e->code;
	} else if (s->project != NULL) {
		arena_reset(s->arena);
		if (project_apply(s->project, &s->frame, ret, &s->doc, e) < 0)
			return e->code;
	} else {
		buf_add_bytes(&s->doc, ret->doc);
	}
	if (s->extra & FIND_STAGE_RECORD_ID) {
		s->doc.len--;
		bson_build_int64(&s->doc, "$recordId", ret->record_id);
		bson_build_end(&s->doc, 0);
	}
	ret->doc = buf_bytes(&s->doc);
	return 1;
}

static const struct stage_kind project_kind = {
	.name = "PROJECTION", .next = project_next, .close = find_close};

struct stage *find_stage_project(struct query_context *q, struct expr_scope *scope,
				 const struct project *project, unsigned extra, struct bytes key,
				 const struct sort *by, struct stage *source)
{
	struct find_stage *s;

	if (project != NULL && project_is_all(project))
		project = NULL;
	if (project == NULL && extra == 0)
		return source;
	s = make(q, scope, &project_kind, source);
	s->project = project;
	s->extra = extra;
	s->key = key;
	s->by = by;
	return &s->stage;
}

/* ---- bounds */

static int bounds_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;
	struct value *key;
	int more, is_there;

	while ((more = stage_next(stage->source, ret, e)) > 0) {
		arena_reset(s->arena);
		expr_frame_set(&s->frame, ret->doc);
		key = arena_get(s->arena, sort_count(s->sort) * sizeof(*key));
		is_there = sort_key_values(s->sort, &s->frame, ret, key, e);
		if (is_there != 0)
			return is_there;
	}
	return more;
}

static const struct stage_kind bounds_kind = {
	.name = "IXSCAN", .next = bounds_next, .close = find_close};

struct stage *find_stage_bounds(struct query_context *q, struct expr_scope *scope,
				const struct sort *within, struct stage *source)
{
	struct find_stage *s = make(q, scope, &bounds_kind, source);

	s->sort = within;
	return &s->stage;
}

/* ---- filter */

static int match_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;
	int more, holds;

	while ((more = stage_next(stage->source, ret, e)) > 0) {
		arena_reset(s->arena);
		expr_frame_set(&s->frame, ret->doc);
		holds = match_test(s->match, &s->frame, ret->doc, NULL, e);
		if (holds != 0)
			return holds;
	}
	return more;
}

static const struct stage_kind match_kind = {
	.name = "FETCH", .next = match_next, .close = find_close};

struct stage *find_stage_match(struct query_context *q, struct expr_scope *scope,
			       const struct match *match, struct stage *source)
{
	struct find_stage *s;

	if (match == NULL || match_is_all(match))
		return source;
	s = make(q, scope, &match_kind, source);
	s->match = match;
	return &s->stage;
}

/* ---- what an index holds */

/* Places are objects and arrays that are not empty, whatever is in them. */
static int is_there(void *arg, const struct bson_field *at, int64_t offset)
{
	const struct wanted *wanted = arg;

	(void)offset;
	if (!wanted->is_place)
		return at->type != 0;
	return (at->type == BSON_KIND_DOCUMENT || at->type == BSON_KIND_ARRAY) && at->value.len > 5;
}

static bool has_key(const struct find_stage *s, struct bytes doc)
{
	for (size_t i = 0; i < s->wanted_count; i++) {
		struct wanted wanted = s->wanted[i];

		if (path_walk(&wanted.path, doc, !wanted.is_place, is_there, &wanted) != 0)
			return true;
	}
	return s->wanted == NULL;
}

/*
 * A document of a sparse index has one of its paths at least, one of an index of places (2d and 2dsphere, but its first version) one of
 * the places.
 */
static void read_wanted(struct find_stage *s, struct bytes key, bool is_sparse, struct arena *arena)
{
	struct wanted *wanted = arena_get(arena, (value_count(key) + 1) * sizeof(*wanted));
	struct fields fields = fields_of(key);
	struct bson_field field;
	bool has_places = false;
	size_t count = 0;

	while (fields_next(&fields, &field)) {
		struct value kind = value_of_field(&field);
		bool is_place = kind.type == BSON_KIND_STRING &&
				(bytes_is(kind.data, "2d") || bytes_is(kind.data, "2dsphere"));

		if (has_places && !is_place)
			continue;
		if (is_place && !has_places)
			count = 0;
		has_places |= is_place;
		path_parse(arena, arena_copy(arena, field.name), &wanted[count].path);
		wanted[count++].is_place = is_place;
	}
	if (!is_sparse && !has_places)
		return;
	s->wanted = wanted;
	s->wanted_count = count;
}

static int index_next(struct stage *stage, struct stage_doc *ret, struct error *e)
{
	struct find_stage *s = (struct find_stage *)stage;
	int more;

	while ((more = stage_next(stage->source, ret, e)) > 0) {
		int held = 1;

		arena_reset(s->arena);
		if (!has_key(s, ret->doc))
			continue;
		if (s->partial != NULL) {
			expr_frame_set(&s->frame, ret->doc);
			held = match_test(s->partial, &s->frame, ret->doc, NULL, e);
		}
		if (held != 0)
			return held;
	}
	return more;
}

static const struct stage_kind index_kind = {
	.name = "IXSCAN", .next = index_next, .close = find_close};

struct stage *find_stage_index(struct query_context *q, struct expr_scope *scope, struct bytes spec,
			       bool in_order, struct stage *source)
{
	struct value key = spec.len > 0 ? value_get(spec, bytes_str("key")) : value_missing();
	struct value sparse, partial, version;
	const struct sort *sort = NULL;
	struct find_stage *s;
	struct error ignored;

	if (key.type != BSON_KIND_DOCUMENT)
		return source;
	s = make(q, scope, &index_kind, source);
	sparse = value_get(spec, bytes_str("sparse"));
	partial = value_get(spec, bytes_str("partialFilterExpression"));
	version = value_get(spec, bytes_str("2dsphereIndexVersion"));
	if (!value_is_number(&version) || value_to_double(&version) > 1)
		read_wanted(s, key.data, value_is_true(&sparse), q->constants);
	if (partial.type == BSON_KIND_DOCUMENT &&
	    match_parse(scope, partial.data, MATCH_TOP, &s->partial, &ignored) < 0)
		s->partial = NULL;
	source = &s->stage;
	if (!in_order || sort_parse(scope, key.data, &sort, &ignored) < 0)
		return source; /* an index of another kind: no order that we know */
	if (sort_count(sort) == 1 && bytes_equal(sort_path(sort, 0), bytes_str("_id")) &&
	    q->collation == NULL)
		return source;
	sort = sort_within(sort, &(struct sort_bounds){.is_sparse = value_is_true(&sparse)},
			   q->constants);
	return find_stage_sort(q, scope, sort, 0, false, source);
}
