/* Prefix: geo_ (of match_geo.h) */
#include <math.h>

#include "query/match/match_geo.h"

#define NO_SIDE 1e-15 /* what a triple product of vectors in one plane can come to */

struct geo_vector geo_cross(struct geo_vector a, struct geo_vector b)
{
	return (struct geo_vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z,
				   a.x * b.y - a.y * b.x};
}

double geo_dot(struct geo_vector a, struct geo_vector b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

static double length(struct geo_vector a)
{
	return sqrt(geo_dot(a, a));
}

static struct geo_vector middle(struct geo_vector a, struct geo_vector b)
{
	const struct geo_vector sum = {a.x + b.x, a.y + b.y, a.z + b.z};
	double l = length(sum);

	return l == 0 ? a : (struct geo_vector){sum.x / l, sum.y / l, sum.z / l};
}

double geo_angle(struct geo_vector a, struct geo_vector b)
{
	return atan2(length(geo_cross(a, b)), geo_dot(a, b));
}

double geo_distance(struct geo_vector p, struct geo_vector a, struct geo_vector b)
{
	struct geo_vector n = geo_cross(a, b);
	double len = length(n);

	/* Is the foot of the perpendicular between the ends? */
	if (len > 0 && geo_dot(geo_cross(n, a), p) > 0 && geo_dot(geo_cross(b, n), p) > 0)
		return fabs(asin(fmax(-1, fmin(1, geo_dot(n, p) / len))));
	return fmin(geo_angle(p, a), geo_angle(p, b));
}

/* In their middle parts: touching is not crossing. */
bool geo_edges_cross(struct geo_vector a, struct geo_vector b, struct geo_vector c,
		     struct geo_vector d)
{
	struct geo_vector ab = geo_cross(a, b), cd = geo_cross(c, d);
	double acb = -geo_dot(ab, c), bda = geo_dot(ab, d), cbd = -geo_dot(cd, b),
	       dac = geo_dot(cd, a);

	/* Edges of one meridian, say, are on no side of each other. */
	if (fabs(acb) < NO_SIDE || fabs(bda) < NO_SIDE || fabs(cbd) < NO_SIDE ||
	    fabs(dac) < NO_SIDE)
		return false;
	return acb * bda > 0 && acb * cbd > 0 && acb * dac > 0 &&
	       geo_distance(a, c, d) > GEO_NEAR && geo_distance(b, c, d) > GEO_NEAR &&
	       geo_distance(c, a, b) > GEO_NEAR && geo_distance(d, a, b) > GEO_NEAR;
}

/* The signed area of a triangle. */
static double triangle(struct geo_vector a, struct geo_vector b, struct geo_vector c)
{
	return 2 * atan2(geo_dot(a, geo_cross(b, c)),
			 1 + geo_dot(a, b) + geo_dot(b, c) + geo_dot(c, a));
}

double geo_loop_area(const struct geo_line *loop)
{
	double area = 0;

	for (size_t i = 1; i + 1 < loop->count; i++)
		area += triangle(loop->at[0], loop->at[i], loop->at[i + 1]);
	area = fmod(area, 4 * M_PI);
	return area < 0 ? area + 4 * M_PI : area;
}

static bool is_on_loop(const struct geo_line *loop, struct geo_vector p)
{
	for (size_t i = 0; i < loop->count; i++)
		if (geo_distance(p, loop->at[i], loop->at[(i + 1) % loop->count]) <= GEO_NEAR)
			return true;
	return false;
}

/*
 * How often the loop goes around p, as seen from it: once for a place inside of a loop that goes counterclockwise, minus once
 * when the place opposite is inside.
 */
static bool is_inside_loop(const struct geo_line *loop, struct geo_vector p)
{
	double turned = 0;

	for (size_t i = 0; i < loop->count; i++) {
		struct geo_vector a = geo_cross(p, loop->at[i]);
		struct geo_vector b = geo_cross(p, loop->at[(i + 1) % loop->count]);

		turned += atan2(geo_dot(p, geo_cross(a, b)), geo_dot(a, b));
	}
	return turned > M_PI;
}

static bool is_on_edge(const struct geo_polygon *polygon, struct geo_vector p)
{
	for (size_t i = 0; i < polygon->count; i++)
		if (is_on_loop(&polygon->loops[i], p))
			return true;
	return false;
}

bool geo_polygon_surrounds(const struct geo_polygon *polygon, struct geo_vector p)
{
	bool inside = is_inside_loop(&polygon->loops[0], p);

	for (size_t i = 1; inside && i < polygon->count; i++)
		inside = !is_inside_loop(&polygon->loops[i], p);
	return inside != polygon->is_inverted;
}

bool geo_polygon_has(const struct geo_polygon *polygon, struct geo_vector p)
{
	return is_on_edge(polygon, p) || geo_polygon_surrounds(polygon, p);
}

/* ---- edges against edges; a loop's last edge goes back to its first place */

static size_t edges_of(const struct geo_line *line, bool closed)
{
	return closed ? line->count : line->count - 1;
}

static bool any_edges_cross(const struct geo_line *a, bool a_closed, const struct geo_line *b,
			    bool b_closed)
{
	for (size_t i = 0; i < edges_of(a, a_closed); i++)
		for (size_t k = 0; k < edges_of(b, b_closed); k++)
			if (geo_edges_cross(a->at[i], a->at[(i + 1) % a->count], b->at[k],
					    b->at[(k + 1) % b->count]))
				return true;
	return false;
}

static bool line_has(const struct geo_line *line, struct geo_vector p)
{
	for (size_t i = 0; i + 1 < line->count; i++)
		if (geo_distance(p, line->at[i], line->at[i + 1]) <= GEO_NEAR)
			return true;
	return false;
}

static bool lines_meet(const struct geo_line *a, const struct geo_line *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (line_has(b, a->at[i]))
			return true;
	for (size_t i = 0; i < b->count; i++)
		if (line_has(a, b->at[i]))
			return true;
	return any_edges_cross(a, false, b, false);
}

static bool crosses_polygon(const struct geo_line *line, bool closed,
			    const struct geo_polygon *polygon)
{
	for (size_t i = 0; i < polygon->count; i++)
		if (any_edges_cross(line, closed, &polygon->loops[i], true))
			return true;
	return false;
}

static bool is_corner(const struct geo_polygon *polygon, struct geo_vector p)
{
	for (size_t i = 0; i < polygon->count; i++)
		for (size_t k = 0; k < polygon->loops[i].count; k++)
			if (geo_angle(p, polygon->loops[i].at[k]) <= GEO_NEAR)
				return true;
	return false;
}

/*
 * Is a place of the line inside, or the middle of one of its edges? A corner that both have says nothing: what touches in corners alone,
 * or along a whole edge, does not meet.
 */
static bool has_any(const struct geo_polygon *polygon, const struct geo_line *line, bool closed)
{
	for (size_t i = 0; i < line->count; i++)
		if (!is_corner(polygon, line->at[i]) && geo_polygon_has(polygon, line->at[i]))
			return true;
	for (size_t i = 0; i < edges_of(line, closed); i++) {
		struct geo_vector p = middle(line->at[i], line->at[(i + 1) % line->count]);

		if (!is_on_edge(polygon, p) && geo_polygon_has(polygon, p))
			return true;
	}
	return false;
}

/* The middle of an edge says on which side it runs between two of the polygon's corners. */
static bool has_all(const struct geo_polygon *polygon, const struct geo_line *line, bool closed)
{
	for (size_t i = 0; i < line->count; i++)
		if (!geo_polygon_has(polygon, line->at[i]))
			return false;
	for (size_t i = 0; i < edges_of(line, closed); i++)
		if (!geo_polygon_has(polygon, middle(line->at[i], line->at[(i + 1) % line->count])))
			return false;
	return true;
}

/* Seen from o: 1 when a to b is a turn to the left, -1 to the right, 0 when they are the same. */
static int turn(struct geo_vector a, struct geo_vector b, struct geo_vector o)
{
	double side = geo_angle(a, b) <= GEO_NEAR ? 0 : geo_dot(geo_cross(o, a), b);

	return (side > GEO_NEAR) - (side < -GEO_NEAR);
}

/* Is b reached from a to c counterclockwise around o? Also when it is one of them, and not when those are the same. */
static bool is_between(struct geo_vector a, struct geo_vector b, struct geo_vector c,
		       struct geo_vector o)
{
	return (turn(a, b, o) >= 0) + (turn(b, c, o) >= 0) + (turn(c, a, o) > 0) >= 2;
}

/* Loops that have a corner in common: have they a part of their insides in common there? */
static bool corners_meet(const struct geo_line *a, const struct geo_line *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++) {
			struct geo_vector o = a->at[i];
			struct geo_vector a0 = a->at[(i + a->count - 1) % a->count];
			struct geo_vector a2 = a->at[(i + 1) % a->count];
			struct geo_vector b0 = b->at[(k + b->count - 1) % b->count];
			struct geo_vector b2 = b->at[(k + 1) % b->count];

			if (geo_angle(o, b->at[k]) <= GEO_NEAR &&
			    !(is_between(a0, b2, b0, o) && is_between(b0, a2, a0, o)))
				return true;
		}
	return false;
}

static bool holds_polygon(const struct geo_polygon *outer, const struct geo_polygon *inner);

/* What is all but the inside of a loop meets what is not within that. (BigSimplePolygon::Intersects()) */
static bool meets_outside(const struct geo_polygon *inverted, const struct geo_polygon *other)
{
	return !holds_polygon(
		&(struct geo_polygon){.loops = inverted->loops, .count = inverted->count}, other);
}

static bool polygons_meet(const struct geo_polygon *a, const struct geo_polygon *b)
{
	if (a->is_inverted != b->is_inverted)
		return a->is_inverted ? meets_outside(a, b) : meets_outside(b, a);
	for (size_t i = 0; i < b->count; i++)
		if (crosses_polygon(&b->loops[i], true, a))
			return true;
	return has_any(a, &b->loops[0], true) || has_any(b, &a->loops[0], true) ||
	       corners_meet(&a->loops[0], &b->loops[0]);
}

/* ---- shapes */

static bool points_meet(const struct geo_shape *a, const struct geo_shape *b)
{
	for (size_t i = 0; i < a->point_count; i++) {
		struct geo_vector p = a->points[i].at;

		for (size_t k = 0; k < b->point_count; k++)
			if (geo_angle(p, b->points[k].at) <= GEO_NEAR)
				return true;
		for (size_t k = 0; k < b->line_count; k++)
			if (line_has(&b->lines[k], p))
				return true;
		for (size_t k = 0; k < b->polygon_count; k++)
			if (geo_polygon_has(&b->polygons[k], p))
				return true;
	}
	return false;
}

/* Has the line an edge of the loop, in the direction in which that goes or (`back`) in the other? */
static bool shares_edge(const struct geo_line *line, const struct geo_line *loop, bool back)
{
	for (size_t i = 0; i + 1 < line->count; i++)
		for (size_t k = 0; k < loop->count; k++)
			if (geo_angle(line->at[i + back], loop->at[k]) <= GEO_NEAR &&
			    geo_angle(line->at[i + !back], loop->at[(k + 1) % loop->count]) <=
				    GEO_NEAR)
				return true;
	return false;
}

/*
 * Does the line go along an edge of the polygon, with its inside on the left or (`on_right`) on the right? The edge is the polygon's in the
 * former case alone.
 */
static bool goes_along(const struct geo_line *line, const struct geo_polygon *polygon,
		       bool on_right)
{
	for (size_t i = 0; i < polygon->count; i++)
		if (shares_edge(line, &polygon->loops[i],
				((i > 0) != polygon->is_inverted) != on_right))
			return true;
	return false;
}

static bool touches_loop(const struct geo_line *line, const struct geo_line *loop)
{
	for (size_t i = 0; i < line->count; i++)
		if (is_on_loop(loop, line->at[i]))
			return true;
	for (size_t i = 0; i < loop->count; i++)
		if (line_has(line, loop->at[i]))
			return true;
	return any_edges_cross(line, false, loop, true);
}

/* With strict winding a line meets the border, or begins inside (BigSimplePolygon::Intersects()): a corner is enough. */
static bool line_meets_polygon(const struct geo_line *line, const struct geo_polygon *polygon)
{
	if (polygon->is_strict)
		return touches_loop(line, &polygon->loops[0]) ||
		       geo_polygon_surrounds(polygon, line->at[0]);
	return has_any(polygon, line, false) || goes_along(line, polygon, false) ||
	       crosses_polygon(line, false, polygon);
}

static bool line_meets(const struct geo_line *line, const struct geo_shape *b)
{
	for (size_t k = 0; k < b->line_count; k++)
		if (lines_meet(line, &b->lines[k]))
			return true;
	for (size_t k = 0; k < b->polygon_count; k++)
		if (line_meets_polygon(line, &b->polygons[k]))
			return true;
	return false;
}

bool geo_shapes_meet(const struct geo_shape *a, const struct geo_shape *b)
{
	if (points_meet(a, b) || points_meet(b, a))
		return true;
	for (size_t i = 0; i < a->line_count; i++)
		if (line_meets(&a->lines[i], b))
			return true;
	for (size_t i = 0; i < b->line_count; i++)
		if (line_meets(&b->lines[i], a))
			return true;
	for (size_t i = 0; i < a->polygon_count; i++)
		for (size_t k = 0; k < b->polygon_count; k++)
			if (polygons_meet(&a->polygons[i], &b->polygons[k]))
				return true;
	return false;
}

static bool has_corner(const struct geo_line *line, struct geo_vector v)
{
	for (size_t i = 0; i < line->count; i++)
		if (line->at[i].x == v.x && line->at[i].y == v.y && line->at[i].z == v.z)
			return true;
	return false;
}

/* Are its corners those of the other, or some of them? */
static bool is_inscribed(const struct geo_line *loop, const struct geo_line *other)
{
	for (size_t i = 0; i < loop->count; i++)
		if (!has_corner(other, loop->at[i]))
			return false;
	return true;
}

/* Does the polygon fill some of what the loop goes round? */
static bool fills(const struct geo_polygon *polygon, const struct geo_line *loop)
{
	for (size_t i = 1; i < polygon->count; i++)
		if (is_inscribed(loop, &polygon->loops[i]))
			return false;
	return is_inscribed(loop, &polygon->loops[0]) ||
	       (is_inside_loop(&polygon->loops[0], loop->at[0]) &&
		geo_polygon_has(polygon, loop->at[0]));
}

static bool holds_polygon(const struct geo_polygon *outer, const struct geo_polygon *inner)
{
	if (outer->is_inverted)
		return !polygons_meet(
			inner, &(struct geo_polygon){.loops = outer->loops, .count = outer->count});
	if (!has_all(outer, &inner->loops[0], true) ||
	    crosses_polygon(&inner->loops[0], true, outer))
		return false;
	for (size_t i = 1; i < outer->count; i++)
		if (fills(inner, &outer->loops[i]))
			return false;
	return true;
}

static bool some_polygon(const struct geo_shape *outer, const struct geo_line *line,
			 const struct geo_polygon *polygon)
{
	for (size_t i = 0; i < outer->polygon_count; i++) {
		const struct geo_polygon *p = &outer->polygons[i];

		if (line != NULL ? has_all(p, line, false) && !crosses_polygon(line, false, p) &&
					   !goes_along(line, p, true)
				 : holds_polygon(p, polygon))
			return true;
	}
	return false;
}

bool geo_shape_holds(const struct geo_shape *outer, const struct geo_shape *inner)
{
	for (size_t i = 0; i < inner->point_count; i++) {
		struct geo_line one = {.at = &inner->points[i].at, .count = 1};

		if (!some_polygon(outer, &one, NULL))
			return false;
	}
	for (size_t i = 0; i < inner->line_count; i++)
		if (!some_polygon(outer, &inner->lines[i], NULL))
			return false;
	for (size_t i = 0; i < inner->polygon_count; i++)
		if (!some_polygon(outer, NULL, &inner->polygons[i]))
			return false;
	return true;
}

/* ---- within a distance: nothing comes nearer to the opposite place than what is left of half the way round */

static bool keeps_away(struct geo_vector from, double distance, const struct geo_line *line,
		       bool closed)
{
	for (size_t i = 0; i < edges_of(line, closed); i++)
		if (geo_distance(from, line->at[i], line->at[(i + 1) % line->count]) < distance)
			return false;
	return true;
}

bool geo_cap_holds(struct geo_vector center, double radius, const struct geo_shape *inner)
{
	struct geo_vector opposite = {-center.x, -center.y, -center.z};

	if (radius >= M_PI)
		return true;
	for (size_t i = 0; i < inner->point_count; i++)
		if (geo_angle(center, inner->points[i].at) > radius)
			return false;
	for (size_t i = 0; i < inner->line_count; i++)
		if (!keeps_away(opposite, M_PI - radius, &inner->lines[i], false))
			return false;
	for (size_t i = 0; i < inner->polygon_count; i++)
		if (geo_polygon_has(&inner->polygons[i], opposite) ||
		    !keeps_away(opposite, M_PI - radius, &inner->polygons[i].loops[0], true))
			return false;
	return true;
}
