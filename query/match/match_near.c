#include "query/fields.h"
#include "query/match/match_geo.h"
#include "query/match/match_node.h"

#define NEAR_MOST 1.79769313486231570815e+308

/* ---- $near: there is no index that could answer it */

/* `code`: of "must be a number"; that of "must not be negative" is the next. With 0 both are 2. */
static int parse_distance(struct match_parser *p, const struct bson_field *field, int code,
			  double *ret)
{
	struct value v = value_of_field(field);

	if (!value_is_number(&v))
		return query_error(p->e, code == 0 ? QUERY_BAD_VALUE : code,
				   "%.*s must be a number", (int)field->name.len,
				   (const char *)field->name.at);
	*ret = value_to_double(&v);
	if (!(*ret >= 0))
		return query_error(p->e, code == 0 ? QUERY_BAD_VALUE : code + 1,
				   "%.*s must be non-negative", (int)field->name.len,
				   (const char *)field->name.at);
	return 0;
}

/* [x, y, distance] */
static bool has_distance(const struct bson_field *field, double *ret)
{
	struct fields fields = fields_of(field->value);
	struct bson_field element;
	struct value v = value_missing();
	size_t count = 0;

	for (; fields_next(&fields, &element); count++) {
		v = value_of_field(&element);
		if (!value_is_number(&v))
			return false;
	}
	*ret = value_to_double(&v);
	return count == 3;
}

static bool is_near(struct bytes name)
{
	return bytes_equal(name, bytes_str("$near")) || bytes_equal(name, bytes_str("$geoNear")) ||
	       bytes_equal(name, bytes_str("$nearSphere"));
}

/* {$near: [x, y], $maxDistance: ..}: 1; 0 it is something else. Rule: GeoNearExpression::parseLegacyQuery() of mongod. */
static int parse_legacy(struct match_parser *p, struct bytes doc, struct match_near *near)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	struct geo_point center = {0};
	struct error ignored;
	double least;
	bool found = false, is_flat = false, first = true;

	for (; fields_next(&fields, &field); first = false) {
		if (first) {
			found = geo_parse_center(&field, &is_flat, &center, &ignored) == 0;
			if (!found && has_distance(&field, &near->most)) {
				found = is_flat = true;
				if (!(near->most >= 0))
					return query_error(p->e, 18522,
							   "max distance must be non-negative");
			}
			near->on_sphere = bytes_equal(field.name, bytes_str("$nearSphere"));
		} else if (bytes_equal(field.name, bytes_str("$maxDistance"))) {
			if (parse_distance(p, &field, 16895, &near->most) < 0)
				return p->e->code;
		} else if (bytes_equal(field.name, bytes_str("$minDistance"))) {
			if (parse_distance(p, &field, 16893, &least) < 0)
				return p->e->code;
		} else if (!is_near(field.name) &&
			   !bytes_equal(field.name, bytes_str("$uniqueDocs"))) {
			return query_error(p->e, 34413, "invalid argument in geo near query: %.*s",
					   (int)field.name.len, (const char *)field.name.at);
		}
	}
	if (found && is_flat && near->on_sphere && !geo_is_on_sphere(center.x, center.y))
		return query_error(p->e, QUERY_BAD_VALUE,
				   "Legacy point is out of bounds for spherical query");
	return found;
}

static int parse_center(struct match_parser *p, const struct bson_field *field)
{
	OWNED(buf_release) struct buf text = {0};
	struct geo_point center;
	struct error why = {0};
	bool is_flat;

	value_text_bson(field->value, false, &text);
	if (geo_parse_center(field, &is_flat, &center, &why) < 0)
		return query_error(p->e, QUERY_BAD_VALUE,
				   "invalid point in geo near query $geometry argument: %s  %s",
				   buf_text(&text), why.text);
	if (is_flat)
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
	double least;

	*near = (struct match_near){.path = near->path, .most = NEAR_MOST};
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
			result = parse_center(p, &field);
			found = true;
		} else if (bytes_equal(field.name, bytes_str("$minDistance"))) {
			result = parse_distance(p, &field, 0, &least);
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

int match_parse_near(struct match_parser *p, struct bytes name, struct bytes doc,
		     const struct match_node **ret)
{
	struct match_near near = {.path = name, .most = NEAR_MOST};
	struct fields fields = fields_of(doc);
	struct bson_field first = {.type = 0};
	OWNED(buf_release) struct buf text = {0};
	int found;

	if (!fields_next(&fields, &first) ||
	    (first.type != BSON_KIND_DOCUMENT && first.type != BSON_KIND_ARRAY)) {
		value_text_bson(doc, false, &text);
		return query_error(p->e, QUERY_BAD_VALUE, "near must be first in: %s",
				   buf_text(&text));
	}
	if ((p->flags & (MATCH_AGGREGATE | MATCH_NO_EXPR | MATCH_OF_LIST)) != 0)
		return query_error(
			p->e, 5626500,
			"$geoNear, $near, and $nearSphere are not allowed in this context");
	found = parse_legacy(p, doc, &near);
	if (found < 0 || (found == 0 && parse_new(p, doc, &near) < 0))
		return p->e->code;
	p->nears++;
	p->near_is_nested |= p->depth > 0;
	p->near = near;
	*ret = match_node_new(p, MATCH_GEO_NEAR);
	return 0;
}

int match_refuse_near(struct match_parser *p)
{
	const struct match_near *near = &p->near;

	if (p->near_is_nested)
		return query_error(p->e, QUERY_BAD_VALUE, "geo $near must be top-level expr");
	if (p->nears > 1)
		return query_error(p->e, QUERY_BAD_VALUE, "Too many geoNear expressions");
	return query_error(
		p->e, 291,
		"error processing query: ns=%.*s.%.*sTree: GEONEAR  field=%.*s "
		"maxdist=%g isNearSphere=%d\nSort: {}\nProj: {}\n planner returned error "
		":: caused by :: unable to find index for $geoNear query",
		(int)p->q->db.len, (const char *)p->q->db.at, (int)p->q->coll.len,
		(const char *)p->q->coll.at, (int)near->path.len, (const char *)near->path.at,
		near->most, near->on_sphere);
}
