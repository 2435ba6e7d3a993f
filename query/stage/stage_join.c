#include "query/stage/stage_join.h"

#include "base/bson_build.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/path.h"

#define NONE UINT32_MAX

/* One value of one document; those of the same hash are chained. */
struct entry {
	uint64_t hash;
	uint32_t doc, next;
};

struct stage_join {
	struct query_context *q;
	struct stage_store *docs;
	struct arena *arena; /* of the path's parts */
	struct path path;
	struct entry *entries;
	size_t count, room;
	uint32_t *heads;
	size_t mask;
	/* What is being gathered. */
	uint32_t *found;
	size_t found_count, found_room, at;
	struct arena *values;
	struct buf doc;
};

/* null, undefined and missing are one thing to {$eq: null}. */
static uint64_t hash_of(const struct value *v, struct collation *collation)
{
	struct value null = value_null();

	return value_hash_element(value_is_nullish(v) ? &null : v, collation);
}

struct adding {
	struct stage_join *join;
	uint32_t doc;
	size_t first; /* of its entries */
};

static int add_entry(void *arg, const struct bson_field *at, int64_t offset)
{
	struct adding *adding = arg;
	struct stage_join *join = adding->join;
	struct value v = at->type == 0 ? value_missing() : value_of_field(at);
	uint64_t hash = hash_of(&v, join->q->collation);

	(void)offset;
	for (size_t i = adding->first; i < join->count; i++)
		if (join->entries[i].hash == hash)
			return 0;
	if (join->count == join->room) {
		join->room = MAX_OF(2 * join->room, (size_t)256);
		join->entries = xrealloc(join->entries, join->room * sizeof(*join->entries));
	}
	join->entries[join->count++] = (struct entry){hash, adding->doc, NONE};
	return 0;
}

static void chain(struct stage_join *join)
{
	size_t room = 64;

	while (room < join->count)
		room *= 2;
	join->mask = room - 1;
	join->heads = xrealloc(join->heads, room * sizeof(*join->heads));
	memset(join->heads, 0xff, room * sizeof(*join->heads));
	for (size_t i = join->count; i-- > 0;) {
		uint32_t *head = &join->heads[join->entries[i].hash & join->mask];

		join->entries[i].next = *head;
		*head = (uint32_t)i;
	}
}

static int read_all(struct stage_join *join, struct stage *stage, struct error *e)
{
	struct stage_doc doc;
	int found;

	while ((found = stage_next(stage, &doc, e)) == 1) {
		struct adding adding = {join, (uint32_t)stage_store_count(join->docs), join->count};

		if (stage_store_add(join->docs, doc.doc, e) < 0)
			return e->code;
		path_walk(&join->path, doc.doc, true, add_entry, &adding);
		if (join->count * sizeof(*join->entries) > join->q->memory ||
		    join->count >= NONE / 2)
			return 0;
	}
	return found < 0 ? found : 1;
}

int stage_join_open(struct query_context *q, struct bytes coll, struct bytes path,
		    struct stage_join **ret, struct error *e)
{
	OWNED(stage_free) struct stage *stage = NULL;
	struct stage_join *join;
	int result;

	if (pipeline_ops()->open(q, q->db, coll, bson_build_empty(), NULL, NULL, &stage, e) < 0)
		return e->code;
	join = xcalloc(1, sizeof(*join));
	join->q = q;
	join->docs = stage_store_new(q);
	join->arena = arena_new();
	join->values = arena_new();
	path_parse(join->arena, path, &join->path);
	result = read_all(join, stage, e);
	if (result != 1) {
		stage_join_free(join);
		return result;
	}
	chain(join);
	*ret = join;
	return 1;
}

void stage_join_free(struct stage_join *join)
{
	if (join == NULL)
		return;
	stage_store_free(join->docs);
	arena_free(join->arena);
	arena_free(join->values);
	free(join->entries);
	free(join->heads);
	free(join->found);
	buf_release(&join->doc);
	free(join);
}

size_t stage_join_memory(const struct stage_join *join)
{
	return join == NULL
		       ? 0
		       : sizeof(*join) + stage_store_memory(join->docs) + arena_held(join->arena) +
				 arena_held(join->values) + join->room * sizeof(*join->entries) +
				 (join->mask + 1) * sizeof(*join->heads) +
				 join->found_room * sizeof(*join->found) + join->doc.cap;
}

/* ---- asking */

void stage_join_begin(struct stage_join *join)
{
	join->found_count = join->at = 0;
	arena_reset(join->values);
}

struct testing {
	const struct value *v;
	struct collation *collation;
	bool strict_null, has_match, has_value;
};

static int test_value(void *arg, const struct bson_field *at, int64_t offset)
{
	struct testing *testing = arg;
	struct value v = at->type == 0 ? value_missing() : value_of_field(at);

	(void)offset;
	testing->has_value |= at->type != 0;
	if (value_is_nullish(testing->v))
		testing->has_match |= testing->strict_null && at->type != 0
					      ? v.type == testing->v->type
					      : value_is_nullish(&v);
	else
		testing->has_match |=
			v.type != VALUE_MISSING &&
			value_class(v.type) == value_class(testing->v->type) &&
			value_compare_element(&v, testing->v, testing->collation) == 0;
	return 0;
}

static bool matches(struct stage_join *join, uint32_t doc, const struct value *v, bool strict_null)
{
	struct testing testing = {v, join->q->collation, strict_null, false, false};
	struct error ignored;
	struct bytes bytes;

	if (stage_store_get(join->docs, doc, &join->doc, &bytes, &ignored) < 0)
		return true; /* stage_join_next() tells */
	path_walk(&join->path, bytes, true, test_value, &testing);
	return testing.has_match && (!strict_null || testing.has_value);
}

void stage_join_add(struct stage_join *join, const struct value *v, bool strict_null)
{
	uint64_t hash = hash_of(v, join->q->collation);

	for (uint32_t i = join->heads[hash & join->mask]; i != NONE; i = join->entries[i].next) {
		if (join->entries[i].hash != hash ||
		    !matches(join, join->entries[i].doc, v, strict_null))
			continue;
		if (join->found_count == join->found_room) {
			join->found_room = MAX_OF(2 * join->found_room, (size_t)16);
			join->found =
				xrealloc(join->found, join->found_room * sizeof(*join->found));
		}
		join->found[join->found_count++] = join->entries[i].doc;
	}
}

static int compare_docs(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int stage_join_next(struct stage_join *join, struct bytes *ret, struct error *e)
{
	if (join->at == 0 && join->found_count > 1)
		qsort(join->found, join->found_count, sizeof(*join->found), compare_docs);
	while (join->at > 0 && join->at < join->found_count &&
	       join->found[join->at] == join->found[join->at - 1])
		join->at++;
	if (join->at == join->found_count)
		return 0;
	return stage_store_get(join->docs, join->found[join->at++], &join->doc, ret, e) < 0
		       ? e->code
		       : 1;
}

/* ---- local values: document_path_support::visitAllValuesAtPath */

struct gathering {
	struct arena *arena;
	struct value *values;
	size_t count, room;
};

static void gather(struct gathering *g, struct value v)
{
	if (g->count == g->room) {
		struct value *more =
			arena_get(g->arena, MAX_OF(2 * g->room, (size_t)4) * sizeof(*more));

		if (g->count > 0)
			memcpy(more, g->values, g->count * sizeof(*more));
		g->values = more;
		g->room = MAX_OF(2 * g->room, (size_t)4);
	}
	g->values[g->count++] = v;
}

/* str::parseUnsignedBase10Integer(): unlike the index in a filter's path it may begin with zeros. */
static bool is_position(struct bytes name, size_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(name.at[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*ret = (size_t)n;
	return name.len > 0;
}

static void visit(struct gathering *g, struct value v, struct bytes path)
{
	struct bytes rest, name;
	struct bson_field field;
	struct fields fields;
	size_t index;

	if (path.at == NULL) {
		if (v.type == BSON_KIND_ARRAY) {
			fields = fields_of(v.data);
			while (fields_next(&fields, &field))
				gather(g, value_of_field(&field));
		} else if (!value_is_missing(&v)) {
			gather(g, v);
		}
		return;
	}
	name = field_path_first(path, &rest);
	if (v.type == BSON_KIND_DOCUMENT) {
		visit(g, value_get(v.data, name), rest);
	} else if (v.type == BSON_KIND_ARRAY) {
		if (is_position(name, &index)) {
			struct value element = value_at(v.data, index);

			if (!value_is_missing(&element))
				visit(g, element, rest);
			return;
		}
		fields = fields_of(v.data);
		while (fields_next(&fields, &field))
			if (field.type == BSON_KIND_DOCUMENT)
				visit(g, value_of_field(&field), path);
	}
}

size_t stage_local_values(struct arena *arena, struct bytes doc, struct bytes path,
			  struct value **ret)
{
	struct gathering g = {.arena = arena};

	visit(&g, value_document(doc), path);
	*ret = g.values;
	return g.count;
}
