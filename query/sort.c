#include "query/sort.h"

#include "query/expr/expr_op.h"
#include "query/field_path.h"
#include "query/fields.h"
#include "query/query_error.h"
#include "query/sort_parts.h"

/* What may be sorted by besides fields. */
static int check_meta_name(const struct value *v, struct error *e)
{
	static const char *const known[] = {"textScore", "randVal", "searchScore",
					    "searchHighlights", "geoNearDistance"};
	OWNED(buf_release) struct buf text = {0};

	if (v->type == BSON_KIND_STRING)
		for (size_t i = 0; i < COUNT_OF(known); i++)
			if (bytes_equal(v->data, bytes_str(known[i])))
				return 0;
	value_text_element(bytes_str("$meta"), v, &text);
	return query_error(e, 31138, "Illegal $meta sort: %s", buf_text(&text));
}

/* No query here has a text search behind it; a $near it may have. */
static int check_meta_there(const struct query_context *q, const struct value *v, struct error *e)
{
	if (!q->has_near && bytes_equal(v->data, bytes_str("geoNearDistance")))
		return query_error(e, 40218,
				   "query requires $geoNear distance metadata, but it is not "
				   "available");
	if (bytes_equal(v->data, bytes_str("textScore")))
		return query_error(e, 40218,
				   "query requires text score metadata, but it is not available");
	if (bytes_equal(v->data, bytes_str("searchScore")))
		return query_error(e, 31218,
				   "$meta sort by 'searchScore' metadata is not supported");
	if (bytes_equal(v->data, bytes_str("searchHighlights")))
		return query_error(e, 31219,
				   "$meta sort by 'searchHighlights' metadata is not supported");
	return 0;
}

static int parse_meta(struct expr_scope *scope, const struct bson_field *field,
		      struct sort_part *part, struct error *e)
{
	struct fields walk = fields_of(field->value);
	struct bson_field inner;
	struct value v;

	if (!fields_next(&walk, &inner) || !bytes_equal(inner.name, bytes_str("$meta")))
		return query_error(e, 17312,
				   "$meta is the only expression supported by $sort right now");
	if (walk.at < walk.end)
		return query_error(e, QUERY_FAILED_TO_PARSE,
				   "Cannot have additional keys in a $meta sort specification");
	v = value_of_field(&inner);
	if (check_meta_name(&v, e) < 0 || check_meta_there(expr_scope_context(scope), &v, e) < 0)
		return e->code;
	part->path = bytes_of(NULL, 0);
	part->is_ascending = false;
	return expr_parse_object(scope, field->value, &part->meta, e);
}

static int parse_part(struct expr_scope *scope, const struct bson_field *field,
		      struct sort_part *part, struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);
	int64_t direction;

	if (field->type == BSON_KIND_DOCUMENT)
		return parse_meta(scope, field, part, e);
	if (!value_is_number(&v)) {
		value_text_element(field->name, &v, &text);
		return query_error(e, 15974, "Illegal key in $sort specification: %s",
				   buf_text(&text));
	}
	direction = value_round_int64(&v);
	if (direction != 1 && direction != -1)
		return query_error(e, 15975,
				   "$sort key ordering must be 1 (for ascending) or -1 (for "
				   "descending)");
	part->path = field->name;
	part->is_ascending = direction > 0;
	return field_path_check(field->name, e);
}

int sort_parse_any(struct expr_scope *scope, struct bytes spec, const struct sort **ret,
		   struct error *e)
{
	struct arena *arena = expr_scope_context(scope)->constants;
	struct fields walk = fields_of(arena_copy(arena, spec));
	struct sort *sort = arena_zeroed(arena, sizeof(*sort));
	struct sort_part part;
	struct bson_field field;
	size_t all = 0, fields_count = 0;

	for (; fields_next(&walk, &field); all++) {
		part = (struct sort_part){.path = bytes_of(NULL, 0)};
		if (parse_part(scope, &field, &part, e) < 0)
			return e->code;
		fields_count += part.meta == NULL;
		if (all < SORT_PARTS_MAX)
			sort->parts[sort->count++] = part;
	}
	if (fields_count > SORT_FIELDS_MAX || all > SORT_PARTS_MAX)
		return query_error(e, 13103, "too many compound keys");
	*ret = sort;
	return 0;
}

int sort_parse(struct expr_scope *scope, struct bytes spec, const struct sort **ret,
	       struct error *e)
{
	if (sort_parse_any(scope, spec, ret, e) < 0)
		return e->code;
	if ((*ret)->count == 0)
		return query_error(e, 15976, "$sort stage must have at least one sort key");
	return 0;
}

size_t sort_count(const struct sort *sort)
{
	return sort->count;
}

struct bytes sort_path(const struct sort *sort, size_t part)
{
	return sort->parts[part].path;
}

bool sort_is_ascending(const struct sort *sort, size_t part)
{
	return sort->parts[part].is_ascending;
}

int sort_compare_values(const struct sort *sort, const struct value *a, const struct value *b,
			struct collation *collation)
{
	for (size_t i = 0; i < sort->count; i++) {
		int order = value_compare(&a[i], &b[i], collation);

		if (order != 0)
			return sort->parts[i].is_ascending ? order : -order;
	}
	return 0;
}

const struct value *sort_end_values(const struct sort *sort, bool first, struct arena *arena)
{
	struct value *values = arena_zeroed(arena, sort->count * sizeof(*values));

	for (size_t i = 0; i < sort->count; i++)
		values[i].type =
			sort_is_ascending(sort, i) == first ? BSON_KIND_MIN_KEY : BSON_KIND_MAX_KEY;
	return values;
}

static const struct sort *sort_of(struct query_context *q, struct sort_part part)
{
	struct sort *sort = arena_zeroed(q->constants, sizeof(*sort));

	sort->count = 1;
	sort->parts[0] = part;
	return sort;
}

const struct sort *sort_by_chance(struct query_context *q)
{
	return sort_of(q, (struct sort_part){.is_random = true, .is_ascending = true});
}

const struct sort *sort_by_distance(struct query_context *q)
{
	return sort_of(q, (struct sort_part){.is_near = true, .is_ascending = true});
}
