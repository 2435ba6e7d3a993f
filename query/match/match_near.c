#include <float.h>
#include <math.h>

#include "query/fields.h"
#include "query/match/match_geo.h"

#define HALF_ROUND (2 * M_PI * MATCH_NEAR_EARTH / 2) /* the farthest that a place can be */

/* ---- parsing */

/* `code`: of "must be a number"; that of "must not be negative" is the next. With 0 both are 2, and infinity is none. */
static int parse_distance(struct match_parser *p, const struct bson_field *field, int code,
			  double *ret)
{
	struct value v = value_of_field(field);

	if (!value_is_number(&v))
		return query_error(p->e, code == 0 ? QUERY_BAD_VALUE : code,
				   "%.*s must be a number", (int)field->name.len,
				   (const char *)field->name.at);
	*ret = value_to_double(&v);
	if (!(*ret >= 0) || (code == 0 && isinf(*ret)))
		return query_error(p->e, code == 0 ? QUERY_BAD_VALUE : code + 1,
				   "%.*s must be non-negative", (int)field->name.len,
				   (const char *)field->name.at);
	return 0;
}

/* [x, y, distance] */
static bool parse_three(const struct bson_field *field, struct match_near *near)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	double numbers[3];
	size_t count = 0;

	for (; fields_next(&fields, &element); count++) {
		struct value v = value_of_field(&element);

		if (!value_is_number(&v) || count == COUNT_OF(numbers))
			return false;
		numbers[count] = value_to_double(&v);
	}
	if (count != COUNT_OF(numbers))
		return false;
	near->x = numbers[0];
	near->y = numbers[1];
	near->most = numbers[2];
	near->is_legacy = true;
	return true;
}

static bool is_near(struct bytes name)
{
	return bytes_equal(name, bytes_str("$near")) || bytes_equal(name, bytes_str("$geoNear")) ||
	       bytes_equal(name, bytes_str("$nearSphere"));
}

static bool parse_place(const struct bson_field *field, struct match_near *near, struct error *e)
{
	struct geo_point center;

	if (geo_parse_center(field, &near->is_legacy, &center, e) < 0)
		return false;
	near->x = center.x;
	near->y = center.y;
	return true;
}

/* {$near: [x, y], $maxDistance: ..}: 1; 0 it is something else. Rule: GeoNearExpression::parseLegacyQuery() of mongod. */
static int parse_legacy(struct match_parser *p, struct bytes doc, struct match_near *near)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	struct error ignored;
	bool found = false;

	while (fields_next(&fields, &field)) {
		int result = 0;

		if (is_near(field.name)) {
			if (field.type != BSON_KIND_DOCUMENT && field.type != BSON_KIND_ARRAY)
				return 0;
			if (!parse_place(&field, near, &ignored) && !parse_three(&field, near))
				continue;
			if (!(near->most >= 0))
				return query_error(p->e, 18522,
						   "max distance must be non-negative");
			found = true;
			near->is_sphere = bytes_equal(field.name, bytes_str("$nearSphere"));
		} else if (bytes_equal(field.name, bytes_str("$maxDistance"))) {
			result = parse_distance(p, &field, 16895, &near->most);
		} else if (bytes_equal(field.name, bytes_str("$minDistance"))) {
			result = parse_distance(p, &field, 16893, &near->least);
		} else if (!bytes_equal(field.name, bytes_str("$uniqueDocs"))) {
			return query_error(p->e, 34413, "invalid argument in geo near query: %.*s",
					   (int)field.name.len, (const char *)field.name.at);
		}
		if (result < 0)
			return result;
	}
	return found;
}

static int parse_center(struct match_parser *p, const struct bson_field *field,
			struct match_near *near)
{
	OWNED(buf_release) struct buf text = {0};
	struct error why = {0};

	value_text_bson(field->value, false, &text);
	if (!parse_place(field, near, &why))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "invalid point in geo near query $geometry argument: %s  %s",
				   buf_text(&text), why.text);
	if (near->is_legacy)
		return query_error(p->e, QUERY_BAD_VALUE, "$near requires geojson point, given %s",
				   buf_text(&text));
	return 0;
}

/* {$near: {$geometry: .., $maxDistance: ..}}. Rule: GeoNearExpression::parseNewQuery() of mongod. */
static int parse_new(struct match_parser *p, struct bytes doc, struct match_near *near)
{
	struct fields outer = fields_of(doc), fields;
	struct bson_field field;
	bool found = false;

	*near = (struct match_near){.path = near->path, .words = near->words, .most = DBL_MAX};
	if (!fields_next(&outer, &field))
		return 0;
	fields = fields_of(field.value);
	if (fields_next(&outer, &field)) {
		OWNED(buf_release) struct buf text = {0};
		struct value v = value_of_field(&field);

		value_text_element(field.name, &v, &text);
		return query_error(p->e, QUERY_BAD_VALUE,
				   "geo near accepts just one argument when querying for a GeoJSON "
				   "point. Extra field found: %s",
				   buf_text(&text));
	}
	while (fields_next(&fields, &field)) {
		int result = 0;

		if (bytes_equal(field.name, bytes_str("$geometry"))) {
			if (field.type != BSON_KIND_DOCUMENT && field.type != BSON_KIND_ARRAY)
				continue;
			result = parse_center(p, &field, near);
			found = true;
		} else if (bytes_equal(field.name, bytes_str("$minDistance"))) {
			result = parse_distance(p, &field, 0, &near->least);
		} else if (bytes_equal(field.name, bytes_str("$maxDistance"))) {
			result = parse_distance(p, &field, 0, &near->most);
		} else {
			result = query_error(p->e, QUERY_BAD_VALUE,
					     "invalid argument in geo near query: %.*s",
					     (int)field.name.len, (const char *)field.name.at);
		}
		if (result < 0)
			return result;
	}
	return found ? 0
		     : query_error(p->e, QUERY_BAD_VALUE,
				   "$geometry is required for geo near query");
}

/* Rule: GeoNearExpression::parseFrom(). */
static int parse(struct match_parser *p, struct bytes doc, struct match_near *near)
{
	int found = parse_legacy(p, doc, near);

	if (found < 0 || (found == 0 && parse_new(p, doc, near) < 0))
		return p->e->code;
	if (near->is_sphere && near->is_legacy && !geo_is_on_sphere(near->x, near->y))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "Legacy point is out of bounds for spherical query");
	near->is_on_earth = near->is_sphere || !near->is_legacy;
	near->in_radians = near->is_sphere && near->is_legacy;
	return 0;
}

int match_parse_near(struct match_parser *p, struct bytes name, struct bytes doc,
		     const struct match_node **ret)
{
	struct match_near *near = arena_zeroed(p->arena, sizeof(*near));
	struct fields fields = fields_of(doc);
	struct bson_field first = {.type = 0};
	OWNED(buf_release) struct buf text = {0};
	struct match_node *node;

	if (!fields_next(&fields, &first) ||
	    (first.type != BSON_KIND_DOCUMENT && first.type != BSON_KIND_ARRAY)) {
		value_text_bson(doc, false, &text);
		return query_error(p->e, QUERY_BAD_VALUE, "near must be first in: %s",
				   buf_text(&text));
	}
	if ((p->flags & MATCH_WITH_NEAR) == 0 &&
	    (p->flags & (MATCH_AGGREGATE | MATCH_NO_EXPR | MATCH_OF_LIST)) != 0)
		return query_error(
			p->e, 5626500,
			"$geoNear, $near, and $nearSphere are not allowed in this context");
	near->path = name;
	near->words = doc;
	near->most = DBL_MAX;
	if (parse(p, doc, near) < 0)
		return p->e->code;
	node = match_leaf_new(p, MATCH_GEO_NEAR, name);
	node->near = p->near = near;
	*ret = node;
	return 0;
}

/* ---- where it may stand */

static size_t count_nears(const struct match_node *node)
{
	size_t count = node->kind == MATCH_GEO_NEAR;

	if (node->kind == MATCH_ELEM_OBJECT)
		count += count_nears(node->sub->root);
	for (size_t i = 0; i < node->count; i++)
		count += count_nears(node->children[i]);
	return count;
}

static const struct match_near *at_top(const struct match_node *root)
{
	if (root->kind == MATCH_GEO_NEAR)
		return root->near;
	for (size_t i = 0; root->kind == MATCH_AND && i < root->count; i++)
		if (root->children[i]->kind == MATCH_GEO_NEAR)
			return root->children[i]->near;
	return NULL;
}

void match_near_text(const struct match_near *near, struct buf *ret)
{
	buf_printf(ret, "GEONEAR  field=%.*s maxdist=%g isNearSphere=%d\n", (int)near->path.len,
		   (const char *)near->path.at, near->most, near->is_sphere);
}

/* There is nobody who would look for an index. */
static COLD int refuse(struct match_parser *p, const struct match *match)
{
	OWNED(buf_release) struct buf text = {0};

	match_text(match, &text);
	return query_error(
		p->e, 291,
		"error processing query: ns=%.*s.%.*sTree: %sSort: {}\nProj: {}\n planner returned "
		"error :: caused by :: unable to find index for $geoNear query",
		(int)p->q->db.len, (const char *)p->q->db.at, (int)p->q->coll.len,
		(const char *)p->q->coll.at, buf_text(&text));
}

int match_check_near(struct match_parser *p, struct match *match)
{
	size_t count = count_nears(match->root);

	if (count > 1)
		return query_error(p->e, QUERY_BAD_VALUE, "Too many geoNear expressions");
	match->near = at_top(match->root);
	if (count == 1 && match->near == NULL)
		return query_error(p->e, QUERY_BAD_VALUE, "geo $near must be top-level expr");
	return match->near != NULL && (p->flags & MATCH_WITH_NEAR) == 0 ? refuse(p, match) : 0;
}

/* ---- distances */

struct search {
	const struct match_near *near;
	struct geo_vector center;
	struct arena *arena;
	struct match_near_place *best;
	struct value owner; /* what lies at the path: the best place, or the array that it is in */
	bool found;
};

/* distance() of mongod's shapes.cpp. */
static double flat_distance(const struct match_near *near, const struct geo_point *p)
{
	double dx = p->x - near->x, dy = p->y - near->y;

	return dx == 0 ? fabs(dy) : dy == 0 ? fabs(dx) : sqrt((dx * dx) + (dy * dy));
}

/* GeometryContainer::minDistance(): 1; 0 the shape can't be where the center is. */
static bool distance_of(const struct search *s, const struct geo_shape *shape, double *ret)
{
	double radians;

	if (shape->is_strict)
		return false;
	if (!s->near->is_on_earth) {
		*ret = shape->is_single ? flat_distance(s->near, &shape->points[0]) : 0;
		return shape->is_single;
	}
	if (shape->is_flat && !geo_is_on_sphere(shape->points[0].x, shape->points[0].y))
		return false;
	if (!geo_shape_distance(s->center, shape, &radians))
		return false;
	*ret = radians * MATCH_NEAR_EARTH;
	return true;
}

/* Is it a geometry, whatever its distance? mongod looks at those of a document in the order of their values. */
static bool look_at(struct search *s, const struct value *owner, const struct bson_field *field)
{
	struct geo_shape shape = {.points = NULL};
	struct error ignored;
	double distance;

	if ((field->type != BSON_KIND_DOCUMENT && field->type != BSON_KIND_ARRAY) ||
	    geo_parse_stored(s->arena, field, &shape, &ignored) < 0)
		return false;
	if (!distance_of(s, &shape, &distance))
		return true;
	if (s->found &&
	    (distance > s->best->distance ||
	     (distance == s->best->distance && value_compare(owner, &s->owner, NULL) >= 0)))
		return true;
	s->found = true;
	s->owner = *owner;
	*s->best = (struct match_near_place){distance, *field};
	return true;
}

static int visit(void *arg, const struct bson_field *at, int64_t offset UNUSED)
{
	struct value owner = value_of_field(at);
	struct bson_field element;
	struct fields fields;

	if (look_at(arg, &owner, at) || at->type != BSON_KIND_ARRAY)
		return 0;
	fields = fields_of(at->value);
	while (fields_next(&fields, &element))
		look_at(arg, &owner, &element);
	return 0;
}

int match_near_find(const struct match_near *near, struct arena *arena, struct bytes doc,
		    struct match_near_place *ret)
{
	struct search s = {.near = near, .arena = arena, .best = ret};

	s.center = geo_vector_of(near->x, near->y);
	path_each_whole(near->path, doc, visit, &s);
	return s.found;
}

/* Is the circle of what is too near, an angle about the center, all of the earth? As S2Cap::FromAxisAngle() rounds its height. */
static bool is_whole(double angle)
{
	double half = sin(0.5 * angle);

	return angle >= M_PI || 2 * half * half >= 2;
}

bool match_near_is_within(const struct match_near *near, bool by_2d, double diagonal,
			  double distance)
{
	double least = near->least, most = near->most, slack;

	if (near->is_on_earth) {
		least = fmin(near->in_radians ? least * MATCH_NEAR_EARTH : least, HALF_ROUND);
		most = fmin(near->in_radians ? most * MATCH_NEAR_EARTH : most, HALF_ROUND);
		return distance >= least && distance <= most &&
		       (by_2d || !is_whole(least / MATCH_NEAR_EARTH));
	}
	most = fmin(most, diagonal);
	slack = DBL_EPSILON * (fmax(fabs(near->x), fabs(near->y)) + most);
	if (least > 0)
		least = fmax(0, least - slack);
	return distance >= least && distance <= most + slack;
}

/* Of a flat search: the bounds. */
struct annulus {
	struct geo_point center;
	double least, most;
	struct arena *arena;
};

static int is_in(void *arg, const struct bson_field *at, int64_t offset UNUSED)
{
	const struct annulus *bounds = arg;
	struct geo_shape shape = {.points = NULL};
	struct error ignored;

	return (at->type == BSON_KIND_DOCUMENT || at->type == BSON_KIND_ARRAY) &&
	       geo_parse_stored(bounds->arena, at, &shape, &ignored) >= 0 && shape.is_single &&
	       geo_circle_side(&bounds->center, bounds->least, &shape.points[0]) >= 0 &&
	       geo_circle_side(&bounds->center, bounds->most, &shape.points[0]) <= 0;
}

bool match_near_is_around(const struct match_near *near, struct arena *arena, struct bytes doc,
			  double diagonal)
{
	struct annulus bounds = {.center = {.x = near->x, .y = near->y},
				 .least = near->least,
				 .most = fmin(near->most, diagonal),
				 .arena = arena};
	struct path path;

	path_parse(arena, near->path, &path);
	return path_walk(&path, doc, true, is_in, &bounds) != 0;
}
