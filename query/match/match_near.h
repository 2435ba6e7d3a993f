/*
 * match_near.h - Prefix: match_near_
 *
 * What a $near, $nearSphere or $geoNear of a match asks: from where, and how far. It makes an order, and its range a filter; the match
 * itself takes every document. Parsed by match_near.c. Rules: GeoNearExpression of src/mongo/db/matcher/expression_geo.cpp of mongod 6.0.
 *
 * Threads: pure; immutable once parsed.
 */
#ifndef QUERY_MATCH_MATCH_NEAR_H
#define QUERY_MATCH_MATCH_NEAR_H

#include "base/bson.h"
#include "base/buf.h"
#include "query/arena.h"

#define MATCH_NEAR_EARTH (6378.1 * 1000) /* metres of its radius: kRadiusOfEarthInMeters */

struct match_near {
	struct bytes path;
	struct bytes words; /* {$near: .., $maxDistance: ..} */
	double x, y;	    /* of the center, as it was written */
	double least, most; /* $minDistance, $maxDistance: in the unit of the distances */
	bool is_sphere;	    /* $nearSphere */
	bool is_on_earth;   /* distances go over the earth; else they are flat */
	bool in_radians;    /* of those over the earth: else metres */
	bool is_legacy; /* the center is two numbers, not GeoJSON: it may be one of a 2d index */
};

/* The place of a document that is the nearest, and how far it is: in metres, or flat degrees; never radians. */
struct match_near_place {
	double distance;
	struct bson_field at; /* borrowed from the document */
};

/*
 * 1 and the nearest of the geometries at the path; 0 when there is none that has a distance. Rule: computeGeoNearDistance() of
 * src/mongo/db/exec/geo_near.cpp.
 */
int match_near_find(const struct match_near *near, struct arena *arena, struct bytes doc,
		    struct match_near_place *ret);

/*
 * Is such a distance between the bounds? `by_2d`: the index is one of a plane, which has no circle about all of the earth. `diagonal`: of a flat search, the most that a distance can be among places of its index.
 * Rules: geoNearDistanceBounds(), twoDDistanceBounds(), GeoNear2DStage::nextInterval() of geo_near.cpp.
 */
bool match_near_is_within(const struct match_near *near, bool by_2d, double diagonal,
			  double distance);
/* A flat search asks for this as well: is one of the places in the ring? TwoDPtInAnnulusExpression. */
bool match_near_is_around(const struct match_near *near, struct arena *arena, struct bytes doc,
			  double diagonal);

/* Rule: GeoNearExpression::toString(). */
void match_near_text(const struct match_near *near, struct buf *ret);

#endif
