/* Prefix: geo_ (of match_geo.h) */
#include <math.h>

#include "query/fields.h"
#include "query/match/match_geo.h"

#define LOOP_CHECK_MAX 4096 /* edges: each is compared with each */

/* ---- places */

bool geo_is_on_sphere(double longitude, double latitude)
{
	return fabs(longitude) <= 180 && fabs(latitude) <= 90;
}

struct geo_vector geo_vector_of(double longitude, double latitude)
{
	double phi = latitude * (M_PI / 180), theta = longitude * (M_PI / 180), c = cos(phi);

	return (struct geo_vector){cos(theta) * c, sin(theta) * c, sin(phi)};
}

int geo_parse_point(uint8_t type, struct bytes value, bool only_two, struct geo_point *ret,
		    struct error *e)
{
	struct bson_field field;
	struct fields fields;
	double numbers[2];

	if (type != BSON_KIND_ARRAY && type != BSON_KIND_DOCUMENT)
		return query_error(e, QUERY_BAD_VALUE,
				   "Point must be an array or object, instead got type %s",
				   value_type_name(type));
	fields = fields_of(value); /* A number has no place that could be looked at. */
	for (int i = 0; i < 2; i++) {
		struct value v = value_missing();

		if (fields_next(&fields, &field))
			v = value_of_field(&field);
		if (!value_is_number(&v))
			return query_error(e, QUERY_BAD_VALUE,
					   "Point must only contain numeric elements");
		numbers[i] = value_to_double(&v);
	}
	if (only_two && fields_next(&fields, &field))
		return query_error(e, QUERY_BAD_VALUE,
				   "Point must only contain two numeric elements");
	if (!isfinite(numbers[0]) || !isfinite(numbers[1]))
		return query_error(e, QUERY_BAD_VALUE, "Point coordinates must be finite numbers");
	*ret = (struct geo_point){numbers[0], numbers[1], geo_vector_of(numbers[0], numbers[1])};
	return 0;
}

/* A place of GeoJSON. */
static int coordinate(uint8_t type, struct bytes value, struct geo_point *ret, struct error *e)
{
	if (geo_parse_point(type, value, false, ret, e) < 0)
		return e->code;
	if (!geo_is_on_sphere(ret->x, ret->y))
		return query_error(e, QUERY_BAD_VALUE,
				   "longitude/latitude is out of bounds, lng: %g lat: %g", ret->x,
				   ret->y);
	return 0;
}

/* An error whose text ends in an element. */
static int said(struct error *e, const char *words, const struct bson_field *field)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);

	value_text_element(bytes_of(NULL, 0), &v, &text);
	return query_error(e, QUERY_BAD_VALUE, "%s%s", words, buf_text(&text));
}

static bool same(struct geo_vector a, struct geo_vector b)
{
	return a.x == b.x && a.y == b.y && a.z == b.z;
}

/* An array of places; of those that follow each other and are the same, one is kept. */
static int coordinates(struct arena *arena, const struct bson_field *field, struct geo_vector **ret,
		       size_t *ret_count, bool *ret_closed, struct error *e)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	struct geo_vector *at, first = {0}, last = {0};
	size_t count = 0;

	if (field->type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_BAD_VALUE,
				   "GeoJSON coordinates must be an array of coordinates");
	at = arena_get(arena, value_count(field->value) * sizeof(*at));
	while (fields_next(&fields, &element)) {
		struct geo_point point;

		if (element.type != BSON_KIND_ARRAY)
			return query_error(e, QUERY_BAD_VALUE,
					   "GeoJSON coordinates must be an array");
		if (coordinate(element.type, element.value, &point, e) < 0)
			return e->code;
		if (count == 0)
			first = point.at;
		last = point.at;
		if (count == 0 || !same(at[count - 1], point.at))
			at[count++] = point.at;
	}
	*ret = at;
	*ret_count = count;
	*ret_closed = count > 0 && same(first, last);
	return 0;
}

static int parse_line(struct arena *arena, const struct bson_field *field, struct geo_line *ret,
		      struct error *e)
{
	struct geo_vector *at = NULL;
	bool closed;

	if (coordinates(arena, field, &at, &ret->count, &closed, e) < 0)
		return e->code;
	ret->at = at;
	if (ret->count < 2)
		return said(e, "GeoJSON LineString must have at least 2 vertices: ", field);
	return 0;
}

/* ---- polygons */

static double degrees_lat(struct geo_vector v)
{
	return atan2(v.z, sqrt(v.x * v.x + v.y * v.y)) * (180 / M_PI);
}

static double degrees_lng(struct geo_vector v)
{
	return atan2(v.y, v.x) * (180 / M_PI);
}

static int edges_cross(struct error *e, const struct bson_field *field, const struct geo_line *loop,
		       size_t i, size_t k)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);
	struct geo_vector a = loop->at[i], b = loop->at[(i + 1) % loop->count];
	struct geo_vector c = loop->at[k], d = loop->at[(k + 1) % loop->count];

	value_text_element(bytes_of(NULL, 0), &v, &text);
	return query_error(e, QUERY_BAD_VALUE,
			   "Loop is not valid: %s Edges %zu and %zu cross. Edge locations in "
			   "degrees: [%.7f, %.7f]-[%.7f, %.7f] and [%.7f, %.7f]-[%.7f, %.7f]",
			   buf_text(&text), i, k, degrees_lat(a), degrees_lng(a), degrees_lat(b),
			   degrees_lng(b), degrees_lat(c), degrees_lng(c), degrees_lat(d),
			   degrees_lng(d));
}

static int check_loop(const struct bson_field *field, const struct geo_line *loop, struct error *e)
{
	size_t n = loop->count;

	if (n > LOOP_CHECK_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			OWNED(buf_release) struct buf text = {0};
			struct value v = value_of_field(field);

			if (same(loop->at[i], loop->at[k])) {
				value_text_element(bytes_of(NULL, 0), &v, &text);
				return query_error(
					e, QUERY_BAD_VALUE,
					"Loop is not valid: %s Duplicate vertices: %zu and %zu",
					buf_text(&text), i, k);
			}
			if (k > i + 1 && (k + 1) % n != i &&
			    geo_edges_cross(loop->at[i], loop->at[i + 1], loop->at[k],
					    loop->at[(k + 1) % n]))
				return edges_cross(e, field, loop, i, k);
		}
	return 0;
}

static void reverse(struct geo_vector *at, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct geo_vector swap = at[i];

		at[i] = at[count - 1 - i];
		at[count - 1 - i] = swap;
	}
}

/* `shown`: what an error shows, the loop or the polygon. */
static int parse_loop(struct arena *arena, const struct bson_field *field,
		      const struct bson_field *shown, struct geo_line *ret, bool *ret_reversed,
		      struct error *e)
{
	struct geo_vector *at = NULL;
	bool closed = false;

	if (coordinates(arena, field, &at, &ret->count, &closed, e) < 0)
		return e->code;
	ret->at = at;
	if (ret->count == 0)
		return said(e, "Loop has no vertices: ", field);
	if (!closed)
		return said(e, "Loop is not closed: ", field);
	if (ret->count < 4)
		return said(e, "Loop must have at least 3 different vertices: ", shown);
	ret->count--;
	if (check_loop(shown, ret, e) < 0)
		return e->code;
	/* The inside is the smaller side, whichever way the loop goes. */
	*ret_reversed = geo_loop_area(ret) > 2 * M_PI;
	if (*ret_reversed)
		reverse(at, ret->count);
	return 0;
}

static int outside_hole(struct error *e, const struct bson_field *hole,
			const struct bson_field *first)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(hole), shell = value_of_field(first);

	value_text_element(bytes_of(NULL, 0), &v, &text);
	buf_add_str(&text, " first loop: ");
	value_text_element(bytes_of(NULL, 0), &shell, &text);
	return query_error(e, QUERY_BAD_VALUE,
			   "Secondary loops not contained by first exterior loop - secondary "
			   "loops must be holes: %s",
			   buf_text(&text));
}

/* Does a later loop have the edge of an earlier one, in the same direction? */
static bool has_edge(const struct geo_line *loop, struct geo_vector a, struct geo_vector b,
		     size_t *ret)
{
	for (*ret = 0; *ret < loop->count; (*ret)++)
		if (same(loop->at[*ret], a) && same(loop->at[(*ret + 1) % loop->count], b))
			return true;
	return false;
}

static int check_edges(const struct bson_field *field, const struct geo_polygon *polygon,
		       struct error *e)
{
	OWNED(buf_release) struct buf text = {0};
	struct value v = value_of_field(field);

	for (size_t i = 1; i < polygon->count; i++)
		for (size_t k = 0; k < polygon->loops[i].count && k < LOOP_CHECK_MAX; k++)
			for (size_t before = 0, edge; before < i; before++) {
				const struct geo_line *loop = &polygon->loops[i];

				if (!has_edge(&polygon->loops[before], loop->at[k],
					      loop->at[(k + 1) % loop->count], &edge))
					continue;
				value_text_element(bytes_of(NULL, 0), &v, &text);
				return query_error(e, QUERY_BAD_VALUE,
						   "Polygon isn't valid: Duplicate edge: loop %zu, "
						   "edge %zu and loop %zu, edge %zu %s",
						   i, k, before, edge, buf_text(&text));
			}
	return 0;
}

static int parse_polygon(struct arena *arena, const struct bson_field *field, bool is_strict,
			 struct geo_polygon *ret, struct error *e)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element, first = {.type = 0};
	struct geo_line *loops;
	bool reversed = false;

	if (field->type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_BAD_VALUE,
				   is_strict ? "Coordinates of polygon must be an array"
					     : "Polygon coordinates must be an array");
	if (is_strict && value_count(field->value) != 1)
		return said(e, "Only one simple loop is allowed in a big polygon: ", field);
	loops = arena_get(arena, value_count(field->value) * sizeof(*loops));
	*ret = (struct geo_polygon){.loops = loops};
	while (fields_next(&fields, &element)) {
		if (parse_loop(arena, &element, is_strict ? field : &element, &loops[ret->count],
			       &reversed, e) < 0)
			return e->code;
		if (ret->count++ == 0) {
			first = element;
			ret->is_strict = is_strict;
			ret->is_inverted = is_strict && reversed;
			continue;
		}
		for (size_t i = 0; i < loops[ret->count - 1].count; i++) {
			struct geo_polygon shell = {.loops = loops, .count = 1};

			if (!geo_polygon_has(&shell, loops[ret->count - 1].at[i]))
				return outside_hole(e, &element, &first);
		}
	}
	if (ret->count == 0)
		return query_error(e, QUERY_BAD_VALUE, "Polygon has no loops.");
	return check_edges(field, ret, e);
}

/* ---- GeoJSON */

static int parse_crs(struct bytes doc, bool allow_strict, bool *ret_strict, struct error *e)
{
	struct value crs = value_get(doc, bytes_str("crs")), type, properties, name;

	if (crs.type == VALUE_MISSING)
		return 0;
	if (crs.type != BSON_KIND_DOCUMENT && crs.type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_BAD_VALUE, "GeoJSON CRS must be an object");
	type = value_get(crs.data, bytes_str("type"));
	if (type.type != BSON_KIND_STRING || !bytes_equal(type.data, bytes_str("name")))
		return query_error(e, QUERY_BAD_VALUE,
				   "GeoJSON CRS must have field \"type\": \"name\"");
	properties = value_get(crs.data, bytes_str("properties"));
	if (properties.type != BSON_KIND_DOCUMENT && properties.type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_BAD_VALUE,
				   "CRS must have field \"properties\" which is an object");
	name = value_get(properties.data, bytes_str("name"));
	if (name.type != BSON_KIND_STRING)
		return query_error(e, QUERY_BAD_VALUE,
				   "In CRS, \"properties.name\" must be a string");
	*ret_strict =
		bytes_equal(name.data, bytes_str("urn:x-mongodb:crs:strictwinding:EPSG:4326"));
	if (*ret_strict && !allow_strict)
		return query_error(e, QUERY_BAD_VALUE,
				   "Strict winding order is only supported by polygon");
	if (!*ret_strict && !bytes_equal(name.data, bytes_str("EPSG:4326")) &&
	    !bytes_equal(name.data, bytes_str("urn:ogc:def:crs:OGC:1.3:CRS84")))
		return query_error(e, QUERY_BAD_VALUE, "Unknown CRS name: %.*s", (int)name.data.len,
				   (const char *)name.data.at);
	return 0;
}

enum json_type { JSON_POINT, JSON_LINE, JSON_POLYGON };

static const struct {
	const char *name;
	enum json_type type;
	bool many;
} json_types[] = {{"Point", JSON_POINT, false},		{"LineString", JSON_LINE, false},
		  {"Polygon", JSON_POLYGON, false},	{"MultiPoint", JSON_POINT, true},
		  {"MultiLineString", JSON_LINE, true}, {"MultiPolygon", JSON_POLYGON, true}};

/* One part of a shape that is being put together; the arrays have room for it. */
static int add_part(struct arena *arena, enum json_type type, const struct bson_field *field,
		    bool is_strict, void *room, size_t *count, struct error *e)
{
	int code;

	if (type == JSON_POINT)
		code = coordinate(field->type, field->value, (struct geo_point *)room + *count, e);
	else if (type == JSON_LINE)
		code = parse_line(arena, field, (struct geo_line *)room + *count, e);
	else
		code = parse_polygon(arena, field, is_strict, (struct geo_polygon *)room + *count,
				     e);
	*count += code >= 0;
	return code;
}

static int not_an_array(struct error *e, enum json_type type, const char *name)
{
	if (type == JSON_POINT)
		return query_error(e, QUERY_BAD_VALUE,
				   "GeoJSON coordinates must be an array of coordinates");
	return query_error(e, QUERY_BAD_VALUE, "%s coordinates must be an array", name);
}

static int parse_parts(struct arena *arena, size_t which, const struct bson_field *field,
		       bool is_strict, struct geo_shape *ret, struct error *e)
{
	const char *name = json_types[which].name;
	enum json_type type = json_types[which].type;
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	size_t most = 1, count = 0;
	void *room;

	if (json_types[which].many) {
		if (field->type != BSON_KIND_ARRAY)
			return not_an_array(e, type, name);
		most = value_count(field->value);
		if (most == 0)
			return query_error(e, QUERY_BAD_VALUE,
					   "%s coordinates must have at least 1 element", name);
	}
	room = arena_zeroed(arena, most * sizeof(struct geo_point));
	if (!json_types[which].many) {
		if (add_part(arena, type, field, is_strict, room, &count, e) < 0)
			return e->code;
	} else {
		while (fields_next(&fields, &element)) {
			if (type == JSON_POINT && element.type != BSON_KIND_ARRAY)
				return query_error(e, QUERY_BAD_VALUE,
						   "GeoJSON coordinates must be an array");
			if (add_part(arena, type, &element, is_strict, room, &count, e) < 0)
				return e->code;
		}
	}
	if (type == JSON_POINT)
		*ret = (struct geo_shape){.points = room, .point_count = count};
	else if (type == JSON_LINE)
		*ret = (struct geo_shape){.lines = room, .line_count = count};
	else
		*ret = (struct geo_shape){.polygons = room, .polygon_count = count};
	ret->is_strict = is_strict;
	ret->is_single = type == JSON_POINT && !json_types[which].many;
	return 0;
}
_Static_assert(sizeof(struct geo_point) >= sizeof(struct geo_line) &&
		       sizeof(struct geo_point) >= sizeof(struct geo_polygon),
	       "the room of a part is that of a point");

static size_t type_of(struct bytes doc)
{
	struct value type = value_get(doc, bytes_str("type"));
	size_t which = 0;

	if (type.type != BSON_KIND_STRING)
		return COUNT_OF(json_types);
	while (which < COUNT_OF(json_types) &&
	       !bytes_equal(type.data, bytes_str(json_types[which].name)))
		which++;
	return which;
}

static int unknown_type(struct error *e, const char *words, struct bytes doc)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_bson(doc, false, &text);
	return query_error(e, QUERY_BAD_VALUE, "%s GeoJSON type: %s", words, buf_text(&text));
}

static int parse_simple(struct arena *arena, struct bytes doc, size_t which, bool allow_strict,
			struct geo_shape *ret, struct error *e)
{
	struct bson_field field = {.type = 0};
	bool is_strict = false;

	if (!fields_find(doc, bytes_str("coordinates"), &field))
		field = (struct bson_field){.type = 0};
	if (parse_crs(doc,
		      allow_strict && json_types[which].type == JSON_POLYGON &&
			      !json_types[which].many,
		      &is_strict, e) < 0)
		return e->code;
	return parse_parts(arena, which, &field, is_strict, ret, e);
}

/* Append the parts of one shape to another's. */
static void append(struct arena *arena, struct geo_shape *to, const struct geo_shape *from)
{
	struct geo_point *points =
		arena_get(arena, (to->point_count + from->point_count) * sizeof(*points));
	struct geo_line *lines =
		arena_get(arena, (to->line_count + from->line_count) * sizeof(*lines));
	struct geo_polygon *polygons =
		arena_get(arena, (to->polygon_count + from->polygon_count) * sizeof(*polygons));

	for (size_t i = 0; i < to->point_count + from->point_count; i++)
		points[i] = i < to->point_count ? to->points[i] : from->points[i - to->point_count];
	for (size_t i = 0; i < to->line_count + from->line_count; i++)
		lines[i] = i < to->line_count ? to->lines[i] : from->lines[i - to->line_count];
	for (size_t i = 0; i < to->polygon_count + from->polygon_count; i++)
		polygons[i] = i < to->polygon_count ? to->polygons[i]
						    : from->polygons[i - to->polygon_count];
	*to = (struct geo_shape){.points = points,
				 .lines = lines,
				 .polygons = polygons,
				 .point_count = to->point_count + from->point_count,
				 .line_count = to->line_count + from->line_count,
				 .polygon_count = to->polygon_count + from->polygon_count,
				 .is_collection = true};
}

static bool is_collection(struct bytes doc)
{
	struct value type = value_get(doc, bytes_str("type"));

	return type.type == BSON_KIND_STRING &&
	       bytes_equal(type.data, bytes_str("GeometryCollection"));
}

static int nested(struct error *e, struct bytes doc)
{
	OWNED(buf_release) struct buf text = {0};

	value_text_bson(doc, false, &text);
	return query_error(e, QUERY_BAD_VALUE, "GeometryCollections cannot be nested: %s",
			   buf_text(&text));
}

static int parse_collection(struct arena *arena, struct bytes doc, struct geo_shape *ret,
			    struct error *e)
{
	struct value all = value_get(doc, bytes_str("geometries"));
	struct bson_field element;
	struct fields fields;

	if (all.type != BSON_KIND_ARRAY)
		return query_error(e, QUERY_BAD_VALUE,
				   "GeometryCollection geometries must be an array");
	fields = fields_of(all.data);
	if (all.data.len <= BSON_MIN_LEN)
		return query_error(e, QUERY_BAD_VALUE,
				   "GeometryCollection geometries must have at least 1 element");
	*ret = (struct geo_shape){.points = NULL};
	while (fields_next(&fields, &element)) {
		struct geo_shape one = {.points = NULL};
		size_t which;

		if (element.type != BSON_KIND_DOCUMENT)
			return query_error(e, QUERY_BAD_VALUE,
					   "Element %.*s of \"geometries\" is not an object",
					   (int)element.name.len, (const char *)element.name.at);
		which = type_of(element.value);
		if (is_collection(element.value))
			return nested(e, element.value);
		if (which == COUNT_OF(json_types))
			return unknown_type(e, "Unknown", element.value);
		if (parse_simple(arena, element.value, which, false, &one, e) < 0)
			return e->code;
		append(arena, ret, &one);
	}
	return 0;
}

int geo_parse_json(struct arena *arena, struct bytes doc, bool allow_strict, struct geo_shape *ret,
		   struct error *e)
{
	size_t which = type_of(doc);

	if (which < COUNT_OF(json_types))
		return parse_simple(arena, doc, which, allow_strict, ret, e);
	if (is_collection(doc))
		return parse_collection(arena, doc, ret, e);
	return unknown_type(e, "unknown", doc);
}

int geo_parse_center(const struct bson_field *field, bool *ret_flat, struct geo_point *ret,
		     struct error *e)
{
	struct fields fields = fields_of(field->value);
	struct bson_field first;
	struct value v = value_missing();
	bool is_strict = false;

	if (fields_next(&fields, &first))
		v = value_of_field(&first);
	*ret_flat = field->type == BSON_KIND_ARRAY || value_is_number(&v);
	if (*ret_flat)
		return geo_parse_point(field->type, field->value, true, ret, e);
	if (parse_crs(field->value, false, &is_strict, e) < 0)
		return e->code;
	v = value_get(field->value, bytes_str("coordinates"));
	return coordinate(v.type, v.data, ret, e);
}

static int parse_any(struct arena *arena, const struct bson_field *field, bool only_two,
		     struct geo_shape *ret, struct error *e)
{
	struct fields fields = fields_of(field->value);
	struct bson_field first;
	struct value v = value_missing();
	struct geo_point *point;

	if (fields_next(&fields, &first))
		v = value_of_field(&first);
	if (field->type == BSON_KIND_DOCUMENT && !value_is_number(&v))
		return geo_parse_json(arena, field->value, true, ret, e);
	point = arena_get(arena, sizeof(*point));
	if (geo_parse_point(field->type, field->value, only_two, point, e) < 0)
		return e->code;
	*ret = (struct geo_shape){
		.points = point, .point_count = 1, .is_flat = true, .is_single = true};
	return 0;
}

int geo_parse_stored(struct arena *arena, const struct bson_field *field, struct geo_shape *ret,
		     struct error *e)
{
	return parse_any(arena, field, false, ret, e);
}

int geo_parse_operand(struct arena *arena, const struct bson_field *field, struct geo_shape *ret,
		      struct error *e)
{
	return parse_any(arena, field, true, ret, e);
}
