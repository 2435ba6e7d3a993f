#include "query/fields.h"
#include "query/match/match_node.h"

/* ---- $near: there is no index that could answer it */

static int parse_distance(struct match_parser *p, const struct bson_field *field, double *ret)
{
	struct value v = value_of_field(field);
	bool is_most = field->name.at[2] == 'a';

	if (!value_is_number(&v))
		return query_error(p->e, is_most ? 16895 : 16893, "%.*s must be a number",
				   (int)field->name.len, (const char *)field->name.at);
	*ret = value_to_double(&v);
	if (!(*ret >= 0))
		return query_error(p->e, is_most ? 16896 : 16894, "%.*s must be non-negative",
				   (int)field->name.len, (const char *)field->name.at);
	return 0;
}

static int parse_fields(struct match_parser *p, struct bytes doc, struct match_near *near)
{
	struct fields fields = fields_of(doc);
	struct bson_field field;
	double least;

	for (bool first = true; fields_next(&fields, &field); first = false) {
		if (bytes_equal(field.name, bytes_str("$maxDistance"))) {
			if (parse_distance(p, &field, &near->most) < 0)
				return p->e->code;
		} else if (bytes_equal(field.name, bytes_str("$minDistance"))) {
			if (parse_distance(p, &field, &least) < 0)
				return p->e->code;
		} else if (!first && !bytes_equal(field.name, bytes_str("$uniqueDocs"))) {
			return query_error(p->e, 34413, "invalid argument in geo near query: %.*s",
					   (int)field.name.len, (const char *)field.name.at);
		}
	}
	return 0;
}

int match_parse_near(struct match_parser *p, struct bytes name, struct bytes doc,
		     const struct match_node **ret)
{
	struct match_near near = {.path = name, .most = 1.79769313486231570815e+308};
	struct fields fields = fields_of(doc);
	struct bson_field first = {.type = 0};
	OWNED(buf_release) struct buf text = {0};

	if ((p->flags & (MATCH_AGGREGATE | MATCH_NO_EXPR)) != 0)
		return query_error(
			p->e, 5626500,
			"$geoNear, $near, and $nearSphere are not allowed in this context");
	if (!fields_next(&fields, &first) ||
	    (first.type != BSON_KIND_DOCUMENT && first.type != BSON_KIND_ARRAY)) {
		value_text_bson(doc, false, &text);
		return query_error(p->e, QUERY_BAD_VALUE, "near must be first in: %s",
				   buf_text(&text));
	}
	near.on_sphere = bytes_equal(first.name, bytes_str("$nearSphere"));
	if (parse_fields(p, doc, &near) < 0)
		return p->e->code;
	if (first.type == BSON_KIND_DOCUMENT) {
		struct value most = value_get(first.value, bytes_str("$maxDistance"));

		if (value_is_number(&most))
			near.most = value_to_double(&most);
	}
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
