/*
 * match_geo.h - Prefix: match_geo_, geo_
 *
 * Inside match/: places on the earth for $geoWithin and $geoIntersects. Points, lines and polygons as unit vectors; lines between two
 * places are the shortest (geodesic), as in mongod, which asks S2 where we compute with doubles: places within GEO_NEAR of an edge
 * are on it.
 *
 * Threads: pure; a parsed shape is immutable.
 */
#ifndef QUERY_MATCH_MATCH_GEO_H
#define QUERY_MATCH_MATCH_GEO_H

#include "query/match/match_node.h"

#define GEO_NEAR 2e-9 /* radians, about a centimetre: a leaf cell of S2 */

struct geo_vector {
	double x, y, z;
};

struct geo_point {
	double x, y; /* as written: longitude, latitude in degrees, or anything on a plane */
	struct geo_vector at;
};

struct geo_line {
	const struct geo_vector *at;
	size_t count;
};

/* loops[0] is the outer one, the others are holes. None repeats its first place; the inside is the smaller side. */
struct geo_polygon {
	const struct geo_line *loops;
	size_t count;
	bool is_strict;	  /* strict winding: one loop */
	bool is_inverted; /* all but its inside */
};

/* Any geometry: what it is made of. */
struct geo_shape {
	const struct geo_point *points;
	size_t point_count;
	const struct geo_line *lines;
	size_t line_count;
	const struct geo_polygon *polygons;
	size_t polygon_count;
	bool is_collection;
	bool is_single; /* a Point, or two numbers: what can be on a plane */
	bool is_flat;	/* a legacy point: on the sphere only when its degrees are */
	bool is_strict; /* strict winding */
};

/* match_geo_parse.c: the operand of $near, a place; *ret_flat: of two numbers. */
int geo_parse_center(const struct bson_field *field, bool *ret_flat, struct geo_point *ret,
		     struct error *e);
/* match_geo_parse.c: a stored value; error 2 with mongod's words. The result lives in `arena`. */
int geo_parse_stored(struct arena *arena, const struct bson_field *field, struct geo_shape *ret,
		     struct error *e);
/* match_geo_parse.c: the operand of $geometry, the same, but a legacy point has nothing behind its two numbers. */
int geo_parse_operand(struct arena *arena, const struct bson_field *field, struct geo_shape *ret,
		      struct error *e);
int geo_parse_json(struct arena *arena, struct bytes doc, bool allow_strict, struct geo_shape *ret,
		   struct error *e);
/* Two numbers of an array or a document; `only_two`: and nothing else. */
int geo_parse_point(uint8_t type, struct bytes value, bool only_two, struct geo_point *ret,
		    struct error *e);
/* Are degrees on the sphere? */
bool geo_is_on_sphere(double longitude, double latitude);
struct geo_vector geo_vector_of(double longitude, double latitude);

/*
 * match_geo.c: on a plane, is p inside (-1) of a circle, on it (0), outside (1)? distanceCompare() of mongod's shapes.cpp: on the axes the
 * coordinates are compared, not their difference, which has lost digits.
 */
int geo_circle_side(const struct geo_point *center, double radius, const struct geo_point *p);

/* match_geo_sphere.c */
struct geo_vector geo_cross(struct geo_vector a, struct geo_vector b);
double geo_dot(struct geo_vector a, struct geo_vector b);
double geo_angle(struct geo_vector a, struct geo_vector b);
/* From a place to the nearest of an edge, in radians. */
double geo_distance(struct geo_vector p, struct geo_vector a, struct geo_vector b);
bool geo_edges_cross(struct geo_vector a, struct geo_vector b, struct geo_vector c,
		     struct geo_vector d);
/* The area to the left of a loop, 0 to 4 pi. */
double geo_loop_area(const struct geo_line *loop);
/* Inside; of a place on the edge or close to it nothing is known. */
bool geo_polygon_surrounds(const struct geo_polygon *polygon, struct geo_vector p);
/* Inside or on the edge. */
bool geo_polygon_has(const struct geo_polygon *polygon, struct geo_vector p);
bool geo_shapes_meet(const struct geo_shape *a, const struct geo_shape *b);
/* Is all of `inner` in one of the polygons of `outer`? */
bool geo_shape_holds(const struct geo_shape *outer, const struct geo_shape *inner);
/* Is all of `inner` within `radius` of `center`? */
bool geo_cap_holds(struct geo_vector center, double radius, const struct geo_shape *inner);

/* match_geo_distance.c: from a place to the nearest of a shape, in radians; false: there is nothing in it. */
bool geo_shape_distance(struct geo_vector p, const struct geo_shape *shape, double *ret);

#endif
