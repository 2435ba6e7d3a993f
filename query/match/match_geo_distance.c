/*
 * Prefix: geo_ (of match_geo.h) - how far a place is from a shape, to the last bit as S2 computes it: its order of operations is kept.
 * Rules: S2EdgeUtil::GetDistance(), GetClosestPoint(), S2Polyline::Project(), S2Polygon::Project() of src/third_party/s2 of mongod.
 */
#include <math.h>

#include "query/match/match_geo.h"

static struct geo_vector plus(struct geo_vector a, struct geo_vector b)
{
	return (struct geo_vector){a.x + b.x, a.y + b.y, a.z + b.z};
}

static struct geo_vector minus(struct geo_vector a, struct geo_vector b)
{
	return (struct geo_vector){a.x - b.x, a.y - b.y, a.z - b.z};
}

static struct geo_vector times(double k, struct geo_vector a)
{
	return (struct geo_vector){k * a.x, k * a.y, k * a.z};
}

/* Is it a turn to the left from a over b to c? The product is that of c and a with b. */
static bool turns_left(struct geo_vector a, struct geo_vector b, struct geo_vector c)
{
	return geo_dot(geo_cross(c, a), b) > 0;
}

static double norm2(struct geo_vector a)
{
	return geo_dot(a, a);
}

/* The normal of an edge, twice as long as the product of its ends, and exact for ends that are close together. */
static struct geo_vector normal_of(struct geo_vector a, struct geo_vector b)
{
	return geo_cross(plus(b, a), minus(b, a));
}

/* Which edge is the nearest is asked with this, how far it is with nearest_of_edge(). */
static double edge_distance(struct geo_vector p, struct geo_vector a, struct geo_vector b)
{
	struct geo_vector n = normal_of(a, b);

	if (turns_left(n, a, p) && turns_left(p, b, n))
		return asin(fmin(1.0, fabs(geo_dot(p, n)) / sqrt(norm2(n))));
	return 2 * asin(fmin(1.0, 0.5 * sqrt(fmin(norm2(minus(p, a)), norm2(minus(p, b))))));
}

static struct geo_vector nearest_of_edge(struct geo_vector p, struct geo_vector a,
					 struct geo_vector b)
{
	struct geo_vector n = normal_of(a, b);
	struct geo_vector foot = minus(p, times(geo_dot(p, n) / norm2(n), n));

	if (turns_left(n, a, foot) && turns_left(foot, b, n))
		return times(1.0 / sqrt(norm2(foot)), foot);
	return norm2(minus(p, a)) <= norm2(minus(p, b)) ? a : b;
}

/* An edge, and how far it is from a place. */
struct nearest {
	double distance;
	struct geo_vector a, b;
};

static void look_at_edges(struct geo_vector p, const struct geo_line *line, bool closed,
			  struct nearest *nearest)
{
	size_t count = closed ? line->count : line->count - 1;

	for (size_t i = 0; i < count; i++) {
		struct geo_vector a = line->at[i], b = line->at[(i + 1) % line->count];
		double distance = edge_distance(p, a, b);

		if (distance < nearest->distance)
			*nearest = (struct nearest){distance, a, b};
	}
}

static double to_nearest(struct geo_vector p, const struct nearest *nearest)
{
	return geo_angle(p, nearest_of_edge(p, nearest->a, nearest->b));
}

static double line_distance(struct geo_vector p, const struct geo_line *line)
{
	struct nearest nearest = {.distance = INFINITY};

	if (line->count == 1)
		return geo_angle(p, line->at[0]);
	look_at_edges(p, line, false, &nearest);
	return to_nearest(p, &nearest);
}

static double polygon_distance(struct geo_vector p, const struct geo_polygon *polygon)
{
	struct nearest nearest = {.distance = INFINITY};

	if (geo_polygon_surrounds(polygon, p))
		return 0;
	for (size_t i = 0; i < polygon->count; i++)
		look_at_edges(p, &polygon->loops[i], true, &nearest);
	return to_nearest(p, &nearest);
}

static void take_less(double distance, double *ret, bool *found)
{
	if (!*found || distance < *ret)
		*ret = distance;
	*found = true;
}

bool geo_shape_distance(struct geo_vector p, const struct geo_shape *shape, double *ret)
{
	bool found = false;

	for (size_t i = 0; i < shape->point_count; i++)
		take_less(geo_angle(p, shape->points[i].at), ret, &found);
	for (size_t i = 0; i < shape->line_count; i++)
		take_less(line_distance(p, &shape->lines[i]), ret, &found);
	for (size_t i = 0; i < shape->polygon_count; i++)
		take_less(polygon_distance(p, &shape->polygons[i]), ret, &found);
	return found;
}
