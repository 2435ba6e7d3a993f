/* Prefix: query_ - the distinct command. */
#include <stdlib.h>

#include "base/bson_build.h"
#include "query/command_cursor.h"
#include "query/command_view.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/near.h"
#include "query/path.h"
#include "query/project.h"
#include "query/query_error.h"
#include "query/sort.h"

#define REPLY_MAX (16 * MIB) /* bytes of the values, in mongod's reply */

static const struct command_rule rules[] = {
	{"key", COMMAND_STRING, true, NULL},
	{"query", COMMAND_OBJECT, false, NULL},
	{"collation", COMMAND_OBJECT, false, NULL},
	{"maxTimeMS", COMMAND_TIME, false, NULL},
	{"readConcern", COMMAND_READ_CONCERN, false, NULL},
	{"$queryOptions", COMMAND_OBJECT, false, NULL},
};
static const struct command_rules distinct_rules = {"distinct", rules, COUNT_OF(rules)};

/* The values that were met, each once: a hash table of places in an array that is kept in the order in which they came. */
struct set {
	struct arena *arena;
	struct collation *collation;
	struct value *values;
	uint64_t *hashes;
	size_t count, room;
	size_t *places; /* number + 1; 0: empty */
	size_t place_count;
	size_t bytes;
	bool is_full;
	size_t met;	    /* values, repeated ones counted */
	bool sorts;	    /* those of a document, before they are taken in */
	struct buf waiting; /* struct one: of the document that is looked at */
};

static void set_release(struct set *set)
{
	free(set->values);
	free(set->hashes);
	free(set->places);
	buf_release(&set->waiting);
	arena_free(set->arena);
}
DEFINE_OWNED_STRUCT(struct set, set_release);

static size_t find_place(const struct set *set, const struct value *v, uint64_t hash)
{
	size_t at = (size_t)hash & (set->place_count - 1);

	while (set->places[at] != 0) {
		size_t i = set->places[at] - 1;

		if (set->hashes[i] == hash &&
		    value_compare_element(&set->values[i], v, set->collation) == 0)
			break;
		at = (at + 1) & (set->place_count - 1);
	}
	return at;
}

static void grow(struct set *set)
{
	set->room = set->room * 2 + 64;
	set->values = xrealloc(set->values, set->room * sizeof(*set->values));
	set->hashes = xrealloc(set->hashes, set->room * sizeof(*set->hashes));
	free(set->places);
	set->place_count = 1;
	while (set->place_count < set->room * 2)
		set->place_count *= 2;
	set->places = xcalloc(set->place_count, sizeof(*set->places));
	for (size_t i = 0; i < set->count; i++)
		set->places[find_place(set, &set->values[i], set->hashes[i])] = i + 1;
}

/* `bytes`: that it has in BSON. */
static int take_in(struct set *set, const struct value *v, size_t bytes)
{
	uint64_t hash;
	size_t place;

	if (set->count == set->room)
		grow(set);
	hash = value_hash_element(v, set->collation);
	place = find_place(set, v, hash);
	if (set->places[place] != 0)
		return 0;
	set->bytes += bytes;
	set->is_full = set->bytes > REPLY_MAX;
	set->values[set->count] = value_keep(set->arena, *v);
	set->hashes[set->count] = hash;
	set->places[place] = ++set->count;
	return set->is_full;
}

/* A value of a document, and its place there. */
struct one {
	struct value value;
	size_t number, bytes;
};

/* Without the collation, and of equal values the first one first. */
static int compare_ones(const void *a, const void *b)
{
	const struct one *left = a, *right = b;
	int order = value_compare(&left->value, &right->value, NULL);

	return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

/*
 * mongod puts the values of a document in a set of their own first, which knows no collation: of two that are equal to the collation the
 * lesser one of the first document that has any of them is shown.
 */
static void take_in_sorted(struct set *set)
{
	struct one *ones = (struct one *)(void *)set->waiting.at;
	size_t count = set->waiting.len / sizeof(*ones);

	if (count > 1)
		qsort(ones, count, sizeof(*ones), compare_ones);
	for (size_t i = 0; i < count && !set->is_full; i++)
		take_in(set, &ones[i].value, ones[i].bytes);
	buf_reset(&set->waiting);
}

/* Meet a value that an array at the path's end held, or that lay there. */
static int visit(void *arg, const struct bson_field *field, int64_t offset)
{
	struct set *set = arg;
	struct one one = {value_of_field(field), set->met, field->value.len};

	(void)offset;
	if (value_is_missing(&one.value))
		return 0;
	set->met++;
	if (!set->sorts)
		return take_in(set, &one.value, one.bytes);
	buf_add(&set->waiting, &one, sizeof(one));
	return 0;
}

/* The order of the values in the reply: mongod's is that of a sorted set. */
struct sorted {
	struct value value;
	struct collation *collation;
};

static int compare(const void *a, const void *b)
{
	const struct sorted *left = a, *right = b;

	return value_compare_element(&left->value, &right->value, left->collation);
}

static void write_sorted(const struct set *set, struct buf *ret)
{
	struct sorted *sorted = xcalloc(set->count + 1, sizeof(*sorted));
	size_t begin = bson_build_begin(ret);

	for (size_t i = 0; i < set->count; i++)
		sorted[i] = (struct sorted){set->values[i], set->collation};
	qsort(sorted, set->count, sizeof(*sorted), compare);
	for (size_t i = 0; i < set->count; i++)
		value_write_at(ret, i, &sorted[i].value);
	bson_build_end(ret, begin);
	free(sorted);
}

/* ---- where an index answers */

static bool has_index_in_path(struct bytes path)
{
	size_t unused;

	while (path.at != NULL)
		if (path_is_index(field_path_first(path, &path), &unused))
			return true;
	return false;
}

/* The paths of an index that begins with the field as a sort; false for what no distinct is answered by. */
static bool read_paths(struct bytes spec, struct bytes key, struct buf *ret, size_t *ret_count)
{
	struct value pattern = value_get(spec, bytes_str("key"));
	struct fields fields = fields_of(pattern.data);
	struct bson_field field;
	size_t begin, count = 0;

	for (const char *const *name =
		     (const char *const[]){"partialFilterExpression", "collation", NULL};
	     *name != NULL; name++) {
		struct value v = value_get(spec, bytes_str(*name));

		if (!value_is_missing(&v))
			return false;
	}
	buf_reset(ret);
	begin = bson_build_begin(ret);
	for (; fields_next(&fields, &field); count++) {
		struct value way = value_of_field(&field);
		bool is_hashed = way.type == BSON_KIND_STRING && bytes_is(way.data, "hashed");

		if ((!value_is_number(&way) && (count == 0 || !is_hashed)) ||
		    bytes_equal(field.name, key) != (count == 0))
			return false;
		/* {"a.b": 1, a: 1}: the path leads into what the second field has. */
		if (count > 0 && field.name.len < key.len && key.at[field.name.len] == '.' &&
		    memcmp(field.name.at, key.at, field.name.len) == 0)
			return false;
		value_write(ret, field.name, &(struct value){.type = BSON_KIND_INT32, .int32 = 1});
	}
	bson_build_end(ret, begin);
	*ret_count = count;
	return count > 0;
}

/*
 * An index whose keys mongod takes for the documents, as a sort; NULL: there is none. Rules: getDistinctNodeIndex(),
 * getExecutorDistinct().
 *
 * A query of everything is answered by the keys of the index with the least fields, the first of them: null for a field that is not
 * there, undefined for an empty array.
 */
static const struct sort *find_covering(struct command_context *c,
					const struct collection *collection, struct bytes query)
{
	struct bytes key = command_field(c->cmd, "key").data;
	struct fields fields = fields_of(buf_bytes(&collection->entry.indexes));
	OWNED(buf_release) struct buf paths = {0};
	const struct sort *ret = NULL, *sort;
	struct bson_field field;
	size_t least = SIZE_MAX;

	if (collection->kind != COLLECTION_STORED || value_count(query) > 0 ||
	    c->q.collation != NULL || bytes_is(key, "_id") || has_index_in_path(key))
		return NULL;
	while (fields_next(&fields, &field)) {
		struct value hidden = value_get(field.value, bytes_str("hidden"));
		struct value sparse = value_get(field.value, bytes_str("sparse"));
		struct sort_bounds bounds = {.is_sparse = value_is_true(&sparse)};
		struct error ignored;
		size_t count;

		if (value_is_true(&hidden) || !read_paths(field.value, key, &paths, &count) ||
		    count >= least ||
		    sort_parse(expr_scope_new(&c->q), arena_copy(c->q.constants, buf_bytes(&paths)),
			       &sort, &ignored) < 0)
			continue;
		least = count;
		ret = sort_within(sort, &bounds, c->q.constants);
	}
	return ret;
}

struct taking {
	struct set *set;
	struct buf room;
};

static void take_key(struct taking *t, const struct value *v)
{
	buf_reset(&t->room);
	value_write(&t->room, bytes_of("", 0), v);
	take_in(t->set, v, t->room.len - 2);
}

/* An array that is a key was the element of another. */
static void visit_key(void *arg, const struct value *key)
{
	struct taking *t = arg;
	struct fields fields;
	struct bson_field field;

	if (t->set->is_full)
		return;
	if (key->type != BSON_KIND_ARRAY) {
		take_key(t, key);
		return;
	}
	for (fields = fields_of(key->data); !t->set->is_full && fields_next(&fields, &field);) {
		struct value v = value_of_field(&field);

		take_key(t, &v);
	}
}

static int collect(struct command_context *c, struct stage *stage, bool is_view,
		   const struct sort *covering, struct buf *ret, struct error *e)
{
	OWNED(set_release)
	struct set set = {.arena = arena_new(),
			  .collation = c->q.collation,
			  .sorts = c->q.collation != NULL && !is_view};
	struct taking taking = {.set = &set};
	struct bytes key = command_field(c->cmd, "key").data;
	struct stage_doc doc;
	int more = 0;

	while (!set.is_full && (more = stage_next(stage, &doc, e)) > 0) {
		struct error
			ignored; /* no index has such a document: there was none when it was written */

		if (covering == NULL)
			path_each(key, doc.doc, visit, &set);
		else if (sort_each_key(covering, doc.doc, visit_key, &taking, &ignored) < 0)
			continue;
		take_in_sorted(&set);
	}
	buf_release(&taking.room);
	if (set.is_full)
		return query_error(e, 17217, "distinct too big, 16mb cap");
	if (more < 0 && e->server != 0)
		return query_error_cause(e, is_view ? "PlanExecutor error during aggregation"
						    : "Executor error during distinct command");
	if (more < 0)
		return more;
	write_sorted(&set, ret);
	return 0;
}

/* The projection that mongod makes of the key. */
static struct bytes key_projection(const struct command_context *c)
{
	struct bytes key = command_field(c->cmd, "key").data;
	OWNED(buf_release) struct buf doc = {0};
	size_t begin = bson_build_begin(&doc);

	if (!bytes_is(key, "_id") && (key.len < 4 || memcmp(key.at, "_id.", 4) != 0))
		bson_build_int32(&doc, "_id", 0);
	value_write(&doc, key, &(struct value){.type = BSON_KIND_INT32, .int32 = 1});
	bson_build_end(&doc, begin);
	return arena_copy(c->q.constants, buf_bytes(&doc));
}

/* Where an index has the key mongod looks for a plan that needs no more than it. Rule: getExecutorDistinct(). */
static struct bytes planned_projection(const struct command_context *c,
				       const struct collection *collection)
{
	struct fields fields = fields_of(buf_bytes(&collection->entry.indexes));
	struct bytes key = command_field(c->cmd, "key").data;
	bool is_id = bytes_is(key, "_id"), found = is_id;
	struct bson_field field;

	while (!found && fields_next(&fields, &field)) {
		struct value pattern = value_get(field.value, bytes_str("key"));
		struct value hidden = value_get(field.value, bytes_str("hidden"));

		found = pattern.type == BSON_KIND_DOCUMENT && !value_is_true(&hidden) &&
			value_get(pattern.data, key).type != VALUE_MISSING;
	}
	if (!found)
		return bytes_of(NULL, 0);
	return key_projection(c);
}

static int open_stored(struct command_context *c, struct collection *collection, struct bytes query,
		       struct stage **ret, struct error *e)
{
	struct plan_request request = {.scope = expr_scope_new(&c->q)};
	const struct match_near *near;
	struct near_index places = {0};
	struct plan plan;

	if (match_parse(request.scope, query, MATCH_TOP | MATCH_WITH_NEAR, &request.match, e) < 0)
		return e->code;
	near = match_near(request.match);
	c->projection = planned_projection(c, collection);
	if (command_near_index(c, request.scope, collection, request.match, bytes_of(NULL, 0),
			       &places, e) < 0)
		return e->code;
	if (plan_collection(&c->q, collection, &request, &plan, ret, e) < 0)
		return e->code;
	if (near != NULL)
		*ret = near_open(&c->q, request.scope, near, &places, 0, true, *ret);
	return 0;
}

static int distinct(struct command_context *c, struct buf *ret, struct error *e)
{
	struct query_context *q = &c->q;
	OWNED(plan_resolved_release) struct plan_resolved resolved = {0};
	OWNED(stage_free) struct stage *stage = NULL;
	struct value query = command_field(c->cmd, "query");
	struct bytes filter = query.type == BSON_KIND_DOCUMENT ? query.data : bson_build_empty();
	const struct match *parsed;
	const struct project *unused;
	struct bytes collation;
	const struct sort *covering = NULL;

	if (command_collation(c, e) < 0)
		return query_error_cause(e, "unable to parse collation");
	if (plan_resolve(q, q->db, q->coll, bson_build_empty(), &resolved, e) < 0)
		return e->code;
	if (resolved.is_view)
		collation = resolved.collation;
	else if (collection_collation(&resolved.collection, &collation, e) < 0)
		return e->code;
	if (command_default_collation(c, collation, e) < 0)
		return e->code;
	/* mongod parses the query before it looks at the key, which is a find's projection to it (a.$ may be
	   one), and only then makes a pipeline of the command. */
	if (match_parse(expr_scope_new(q), filter, MATCH_TOP | MATCH_WITH_NEAR | MATCH_UNFOLDED,
			&parsed, e) < 0 ||
	    project_parse(expr_scope_new(q), key_projection(c), PROJECT_FIND, parsed, &unused, e) <
		    0 ||
	    (resolved.is_view && field_path_check(command_field(c->cmd, "key").data, e) < 0) ||
	    (resolved.is_view &&
	     match_parse(expr_scope_new(q), filter, MATCH_TOP | MATCH_WITH_NEAR, &parsed, e) < 0))
		return e->code;
	if (!resolved.is_view)
		covering = find_covering(c, &resolved.collection, filter);
	if ((resolved.is_view ? command_view_match(c, &resolved, filter, &stage, e)
			      : open_stored(c, &resolved.collection, filter, &stage, e)) < 0)
		return e->code;
	return collect(c, stage, resolved.is_view, covering, ret, e);
}

int query_distinct(const struct query_request *request, struct buf *ret, struct error *e)
{
	OWNED(command_end) struct command_context c = {0};
	OWNED(buf_release) struct buf coll = {0};
	struct bytes key;

	if (command_collection(request, COMMAND_NAME_OTHER, &coll, e) < 0 ||
	    command_check(&distinct_rules, request->cmd, e) < 0 ||
	    command_read_concern(request->cmd, "distinct", true, e) < 0)
		return e->code;
	key = command_field(request->cmd, "key").data;
	if (memchr(key.at, '\0', key.len) != NULL)
		return query_error(e, 31032, "Key field cannot contain an embedded null byte");
	command_begin(&c, request, buf_bytes(&coll));
	c.q.in_find = true;
	return distinct(&c, ret, e);
}
