#include "query/match/match_geo.h"

#include <math.h>

#include "query/fields.h"

/* The operand of $geoWithin or $geoIntersects. */
enum geo_kind { GEO_BOX, GEO_CENTER, GEO_POLYGON, GEO_CAP, GEO_SHAPE };

struct match_geo {
	enum geo_kind kind;
	bool within;		 /* else intersects */
	struct geo_point corner; /* of a box: the least; of a circle: the center */
	struct geo_point other;	 /* of a box: the greatest */
	double radius;
	const struct geo_point *points; /* of a polygon on a plane */
	size_t count;
	struct geo_shape shape;
};

/* ---- on a plane: of all that is stored, points alone can be there */

/*
 * Is it crossed an odd number of times by the ray to the right? mongod asks nothing else of a place on an edge, so that it depends on the
 * edge; but vertices, vertical and horizontal edges are inside. From vertex 0 on, and round.
 */
static bool polygon_has(const struct match_geo *geo, const struct geo_point *p)
{
	bool inside = false;

	for (size_t i = 0; i < geo->count; i++) {
		const struct geo_point *a = &geo->points[i],
				       *b = &geo->points[(i + 1) % geo->count];

		if (p->x == a->x && p->y == a->y)
			return true;
		if (a->y == b->y && p->y == a->y && p->x >= fmin(a->x, b->x) &&
		    p->x <= fmax(a->x, b->x))
			return true;
		if (!(p->y > fmin(a->y, b->y) && p->y <= fmax(a->y, b->y) &&
		      p->x <= fmax(a->x, b->x)))
			continue;
		if (a->x == b->x && a->x == p->x)
			return true;
		if (a->x == b->x || p->x <= (p->y - a->y) * (b->x - a->x) / (b->y - a->y) + a->x)
			inside = !inside;
	}
	return inside;
}

int geo_circle_side(const struct geo_point *center, double radius, const struct geo_point *p)
{
	double dx = p->x - center->x, dy = p->y - center->y, far, near;

	if (dx == 0) {
		far = fmax(p->y, center->y);
		near = fmin(p->y, center->y) + radius;
	} else if (dy == 0) {
		far = fmax(p->x, center->x);
		near = fmin(p->x, center->x) + radius;
	} else {
		far = sqrt(dx * dx + dy * dy);
		near = radius;
	}
	return (far > near) - (far < near);
}

static bool plane_has(const struct match_geo *geo, const struct geo_point *p)
{
	if (geo->kind == GEO_BOX)
		return p->x >= geo->corner.x && p->x <= geo->other.x && p->y >= geo->corner.y &&
		       p->y <= geo->other.y;
	if (geo->kind == GEO_CENTER)
		return geo_circle_side(&geo->corner, geo->radius, p) <= 0;
	return polygon_has(geo, p);
}

bool match_geo_is_on_earth(const struct match_geo *geo)
{
	return geo->kind >= GEO_CAP;
}

bool match_geo_holds(const struct match_test *t, const struct match_geo *geo,
		     const struct bson_field *field)
{
	struct geo_shape shape = {.points = NULL};
	struct error ignored;

	if ((field->type != BSON_KIND_DOCUMENT && field->type != BSON_KIND_ARRAY) ||
	    geo_parse_stored(t->frame->arena, field, &shape, &ignored) < 0 || shape.is_strict)
		return false;
	if (geo->kind <= GEO_POLYGON)
		return shape.point_count == 1 && shape.is_single &&
		       plane_has(geo, &shape.points[0]);
	if (shape.is_flat && !geo_is_on_sphere(shape.points[0].x, shape.points[0].y))
		return false;
	if (geo->kind == GEO_CAP)
		return geo->within && geo_cap_holds(geo->corner.at, geo->radius, &shape);
	return geo->within ? geo_shape_holds(&geo->shape, &shape)
			   : geo_shapes_meet(&geo->shape, &shape);
}

/* ---- parsing */

/* The next element of an operand as a point. */
static int next_point(struct fields *fields, struct geo_point *ret, struct error *e)
{
	struct bson_field field = {.type = 0};

	if (!fields_next(fields, &field))
		field = (struct bson_field){.type = 0};
	return geo_parse_point(field.type, field.value, true, ret, e);
}

static int parse_box(struct bytes value, struct match_geo *ret, struct error *e)
{
	struct fields fields = fields_of(value);
	struct geo_point a, b;

	if (next_point(&fields, &a, e) < 0 || next_point(&fields, &b, e) < 0)
		return e->code;
	ret->corner.x = fmin(a.x, b.x);
	ret->corner.y = fmin(a.y, b.y);
	ret->other.x = fmax(a.x, b.x);
	ret->other.y = fmax(a.y, b.y);
	return 0;
}

static int parse_circle(struct bytes value, bool on_sphere, struct match_geo *ret, struct error *e)
{
	struct fields fields = fields_of(value);
	struct bson_field field;
	struct value radius = value_missing();

	if (next_point(&fields, &ret->corner, e) < 0)
		return e->code;
	if (on_sphere && !geo_is_on_sphere(ret->corner.x, ret->corner.y))
		return query_error(e, QUERY_BAD_VALUE,
				   "longitude/latitude is out of bounds, lng: %g lat: %g",
				   ret->corner.x, ret->corner.y);
	if (fields_next(&fields, &field))
		radius = value_of_field(&field);
	if (!value_is_number(&radius) || !(value_to_double(&radius) >= 0))
		return query_error(e, QUERY_BAD_VALUE, "radius must be a non-negative number");
	ret->radius = value_to_double(&radius);
	if (fields_next(&fields, &field))
		return query_error(e, QUERY_BAD_VALUE, "Only 2 fields allowed for circular region");
	return 0;
}

static int parse_polygon(struct arena *arena, struct bytes value, struct match_geo *ret,
			 struct error *e)
{
	size_t count = value_count(value);
	struct geo_point *points = arena_get(arena, count * sizeof(*points));
	struct fields fields = fields_of(value);

	for (size_t i = 0; i < count; i++)
		if (next_point(&fields, &points[i], e) < 0)
			return e->code;
	if (count < 3)
		return query_error(e, QUERY_BAD_VALUE, "Polygon must have at least 3 points");
	ret->points = points;
	ret->count = count;
	return 0;
}

/* {$geometry: ..}: GeoJSON, or two numbers. */
static int parse_geometry(struct arena *arena, const struct bson_field *field,
			  struct match_geo *ret, struct error *e)
{
	int code = geo_parse_operand(arena, field, &ret->shape, e);

	if (code < 0 || !ret->shape.is_flat)
		return code;
	if (!geo_is_on_sphere(ret->shape.points[0].x, ret->shape.points[0].y))
		return query_error(e, QUERY_BAD_VALUE,
				   "longitude/latitude is out of bounds, lng: %g lat: %g",
				   ret->shape.points[0].x, ret->shape.points[0].y);
	return 0;
}

static int parse_operand(struct match_parser *p, const struct bson_field *field,
			 struct match_geo *ret)
{
	static const char *const names[] = {"$box", "$center", "$polygon", "$centerSphere",
					    "$geometry"};
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);
	size_t kind = 0;

	while (kind < COUNT_OF(names) && !bytes_equal(field->name, bytes_str(names[kind])))
		kind++;
	if (kind == COUNT_OF(names) ||
	    (v.type != BSON_KIND_DOCUMENT && v.type != BSON_KIND_ARRAY)) {
		value_text_element(field->name, &v, &text);
		return query_error(p->e, QUERY_BAD_VALUE, "unknown geo specifier: %s",
				   buf_text(&text));
	}
	*ret = (struct match_geo){.within = ret->within, .kind = (enum geo_kind)kind};
	if (kind == GEO_BOX)
		return parse_box(field->value, ret, p->e);
	if (kind == GEO_POLYGON)
		return parse_polygon(p->arena, field->value, ret, p->e);
	if (kind == GEO_SHAPE)
		return parse_geometry(p->arena, field, ret, p->e);
	return parse_circle(field->value, kind == GEO_CAP, ret, p->e);
}

/* Can an operator ask of such a geometry what it asks? */
static int check_supported(struct match_parser *p, struct bytes doc, const struct match_geo *geo)
{
	OWNED(buf_release) struct buf text = {0};
	const struct geo_shape *shape = &geo->shape;
	bool fits = geo->within ? geo->kind != GEO_SHAPE ||
					  (shape->polygon_count > 0 && shape->point_count == 0 &&
					   shape->line_count == 0) ||
					  (shape->polygon_count > 0 && shape->is_collection)
				: geo->kind >= GEO_CAP;

	if (fits)
		return 0;
	value_text_bson(doc, false, &text);
	return query_error(p->e, QUERY_BAD_VALUE, "%s not supported with provided geometry: %s",
			   geo->within ? "$within" : "$geoIntersect", buf_text(&text));
}

static int parse_operands(struct match_parser *p, const struct bson_field *field,
			  struct match_geo *ret)
{
	struct fields fields = fields_of(field->value);
	struct bson_field inner;
	bool found = false;

	if (field->type != BSON_KIND_DOCUMENT)
		return query_error(p->e, QUERY_BAD_VALUE, "geometry must be an object");
	while (fields_next(&fields, &inner)) {
		if (bytes_equal(inner.name, bytes_str("$uniqueDocs")))
			continue;
		if (parse_operand(p, &inner, ret) < 0)
			return p->e->code;
		found = true;
	}
	if (!found)
		return query_error(p->e, QUERY_BAD_VALUE, "geo query doesn't have any geometry");
	return 0;
}

int match_parse_geo(struct match_parser *p, struct bytes name, struct bytes doc,
		    const struct bson_field *field, const struct match_node **ret)
{
	OWNED(buf_release) struct buf text = {0};
	struct match_geo *geo = arena_zeroed(p->arena, sizeof(*geo));
	struct fields fields = fields_of(doc);
	struct bson_field first, second;
	struct match_node *node;

	if (fields_next(&fields, &first) && fields_next(&fields, &second)) {
		struct value v = value_of_field(&second);

		value_text_element(second.name, &v, &text);
		return query_error(p->e, QUERY_BAD_VALUE, "can't parse extra field: %s",
				   buf_text(&text));
	}
	geo->within = !bytes_equal(field->name, bytes_str("$geoIntersects"));
	if (parse_operands(p, field, geo) < 0 || check_supported(p, doc, geo) < 0)
		return p->e->code;
	node = match_leaf_new(p, MATCH_GEO, name);
	node->in_elements = true;
	node->geo.geo = geo;
	node->geo.name = field->name;
	node->geo.words = value_of_field(field);
	*ret = node;
	return 0;
}
