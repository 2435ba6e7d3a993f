/* Prefix: pipeline_ */
#include "query/fields.h"
#include "query/stage/pipeline.h"
#include "query/stage/pipeline_parts.h"

#define VIEWS_MAX 20 /* on views; deeper ones are an error when they are read */

static int fits_facet(struct query_context *q, const struct pipeline_known *known,
		      const struct value *operand, int depth, struct error *e);

/* May all stages of a pipeline stand in a $facet? 1, 0. */
static int all_fit(struct query_context *q, const struct value *pipeline, int depth,
		   struct error *e)
{
	struct fields fields = fields_of(pipeline->data);
	struct bson_field element, name;
	int fits = 1;

	while (fits == 1 && fields_next(&fields, &element)) {
		struct fields inner = fields_of(element.value);
		const struct pipeline_known *known;
		struct value stage;

		if (element.type != BSON_KIND_DOCUMENT || !fields_next(&inner, &name))
			continue;
		known = pipeline_find(name.name);
		stage = value_of_field(&name);
		if (known != NULL)
			fits = fits_facet(q, known, &stage, depth, e);
	}
	return fits;
}

/*
 * May what $unionWith reads? It has the stages of the views that it goes through, and what unpacks a time series, which may not.
 * 1, 0; 1 of what is deeper than views may be.
 */
static int source_fits(struct query_context *q, struct bytes coll, int depth, struct error *e)
{
	OWNED(catalog_entry_release) struct catalog_entry entry;
	struct value on, pipeline;
	int found;

	catalog_entry_init(&entry);
	if (depth > VIEWS_MAX)
		return 1;
	found = pipeline_ops()->entry(q, q->db, coll, &entry, e);
	if (found < 1 || entry.type != CATALOG_VIEW)
		return found < 0 ? found : found == 0 || entry.type != CATALOG_TIMESERIES;
	on = value_get(buf_bytes(&entry.options), bytes_str("viewOn"));
	pipeline = value_get(buf_bytes(&entry.options), bytes_str("pipeline"));
	found = pipeline.type == BSON_KIND_ARRAY ? all_fit(q, &pipeline, depth + 1, e) : 1;
	if (found == 1 && on.type == BSON_KIND_STRING)
		found = source_fits(q, on.data, depth + 1, e);
	return found;
}

/* May the stage stand in a $facet? A join may when all stages of its pipeline may. 1, 0. */
static int fits_facet(struct query_context *q, const struct pipeline_known *known,
		      const struct value *operand, int depth, struct error *e)
{
	struct value coll = *operand, pipeline = value_missing();
	int fits = (known->place & PIPELINE_NOT_IN_FACET) == 0;

	if (operand->type == BSON_KIND_DOCUMENT) {
		coll = value_get(operand->data, bytes_str("coll"));
		if ((known->place & PIPELINE_HAS_PIPELINES) != 0)
			pipeline = value_get(operand->data, bytes_str("pipeline"));
	}
	if (fits == 1 && known->make == stage_make_union_with && coll.type == BSON_KIND_STRING)
		fits = source_fits(q, coll.data, depth, e);
	if (fits == 1 && pipeline.type == BSON_KIND_ARRAY)
		fits = all_fit(q, &pipeline, depth + 1, e);
	return fits;
}

static int check_place(struct query_context *q, const struct pipeline_known *known,
		       const struct value *operand, size_t index, size_t later,
		       enum stage_inside inside, struct error *e)
{
	int fits = inside == STAGE_IN_FACET ? fits_facet(q, known, operand, 0, e) : 1;

	if (fits < 0)
		return fits;
	if (fits == 0)
		return query_error(e, 40600, "%s is not allowed to be used within a $facet stage",
				   known->name);
	if (inside == STAGE_IN_LOOKUP && (known->place & PIPELINE_NOT_IN_LOOKUP) != 0)
		return query_error(e, 51047, "%s is not allowed within a $lookup's sub-pipeline",
				   known->name);
	if (inside == STAGE_IN_UNION && (known->place & PIPELINE_NOT_IN_UNION) != 0)
		return query_error(e, 31441, "%s is not allowed within a $unionWith's sub-pipeline",
				   known->name);
	if (later > 0 && inside != STAGE_IN_LOOKUP && (known->place & PIPELINE_READS_INDEX) != 0)
		return query_error(e, 40603, PIPELINE_NOT_FIRST, known->name);
	if (index > 0 && (known->place & PIPELINE_ONLY_FIRST) != 0)
		return query_error(e, 40602, PIPELINE_ONLY_AS_FIRST, known->name);
	return 0;
}

/* What mongod makes of a stage that it writes with others: the first of them. */
static const char *first_made(struct bytes name, const struct value *operand)
{
	static const char *const made[][2] = {
		{"$count", "$group"},	 {"$bucket", "$group"},	 {"$sortByCount", "$group"},
		{"$densify", "$sort"},	 {"$unset", "$project"}, {"$replaceWith", "$replaceRoot"},
		{"$fill", "$addFields"},
	};
	struct value sort, partition;

	for (size_t i = 0; i < COUNT_OF(made); i++)
		if (bytes_equal(name, bytes_str(made[i][0])))
			return made[i][1];
	if (!bytes_equal(name, bytes_str("$setWindowFields")))
		return NULL;
	sort = value_get(operand->data, bytes_str("sortBy"));
	partition = value_get(operand->data, bytes_str("partitionBy"));
	return value_is_missing(&sort) && value_is_missing(&partition) ? "$_internalSetWindowFields"
								       : "$sort";
}

/* A pipeline at the top begins with what fits its namespace: {aggregate: 1} or a collection. */
static int check_first(const struct stage_build *b, const struct pipeline_known *known,
		       const struct bson_field *stage, struct error *e)
{
	struct value operand = value_of_field(stage);
	struct bytes name = stage->name;
	const char *made;

	if (b->q->is_collectionless && (known->place & PIPELINE_NO_COLLECTION) == 0) {
		made = first_made(name, &operand);
		name = made != NULL ? bytes_str(made) : name;
		return query_error(
			e, QUERY_INVALID_NAMESPACE,
			"{aggregate: 1} is not valid for '%.*s'; a collection is required.",
			(int)name.len, (const char *)name.at);
	}
	if (known->make == stage_make_documents && b->q->is_top && !b->q->is_collectionless)
		return query_error(e, QUERY_INVALID_NAMESPACE,
				   "'$documents' can only be run with {aggregate: 1}");
	return 0;
}

int pipeline_check_places(struct stage_build *b, struct bytes pipeline, enum stage_inside inside,
			  struct error *e)
{
	struct fields fields = fields_of(pipeline);
	struct bson_field element, stage;
	const struct pipeline_known *known;
	struct value operand;
	size_t count = value_count(pipeline);
	size_t empty = 0; /* {$match: {}}: mongod has taken it away when it looks for an index */

	for (size_t i = 0; fields_next(&fields, &element); i++) {
		if (pipeline_open_stage(b->q, &element, &stage, &known, e) < 0)
			return e->code;
		operand = value_of_field(&stage);
		if (i == 0 && inside == STAGE_TOP && check_first(b, known, &stage, e) < 0)
			return e->code;
		if (check_place(b->q, known, &operand, i, i - empty, inside, e) < 0)
			return e->code;
		empty += known->make == stage_make_match && value_count(stage.value) == 0;
		if ((known->place & PIPELINE_WRITES) != 0 && i + 1 < count)
			return query_error(e, 40601,
					   "%s can only be the final stage in the pipeline",
					   known->name);
	}
	return 0;
}
