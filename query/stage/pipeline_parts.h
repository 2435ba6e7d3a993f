/*
 * pipeline_parts.h - Prefix: pipeline_
 *
 * Inside stage/: what is known of the stages by their names, and the checks that need no stage to be made. pipeline.c has the table.
 *
 * Threads: see stage.h.
 */
#ifndef QUERY_STAGE_PIPELINE_PARTS_H
#define QUERY_STAGE_PIPELINE_PARTS_H

#include "query/stage/stage_make.h"

enum pipeline_place {
	PIPELINE_ONLY_FIRST = 1 << 0,
	PIPELINE_NOT_IN_FACET = 1 << 1,
	PIPELINE_NOT_IN_LOOKUP = 1 << 2,
	PIPELINE_NOT_IN_UNION = 1 << 3,
	PIPELINE_GIVES = 1 << 4,	 /* makes its documents itself */
	PIPELINE_NO_COLLECTION = 1 << 5, /* stands in {aggregate: 1} */
	PIPELINE_WRITES = 1 << 6,
	PIPELINE_READS_INDEX = 1 << 8,
	PIPELINE_HAS_PIPELINES = 1 << 7,
	PIPELINE_REFUSED_AT_ONCE = 1 << 9, /* when its name is seen, before any stage is made */
	PIPELINE_UNSTABLE = 1 << 10,	   /* not in the stable API */
};

#define PIPELINE_ONLY_AS_FIRST "%s is only valid as the first stage in a pipeline"
#define PIPELINE_NOT_FIRST                                                                         \
	"%s was not the first stage in the pipeline after optimization. Is optimization disabled " \
	"or inhibited?"
#define PIPELINE_WRITER                                                                            \
	(PIPELINE_NOT_IN_FACET | PIPELINE_NOT_IN_LOOKUP | PIPELINE_NOT_IN_UNION | PIPELINE_WRITES)

struct pipeline_known {
	const char *name;
	stage_maker make;
	unsigned place;
};

/* pipeline_api.c: has the pipeline, one that passed stage_lite(), or one in it a stage that the stable API has not? 323. */
MUST_CHECK int pipeline_check_api(struct query_context *q, const struct value *pipeline,
				  struct error *e);

/* The stage of this name, or NULL. */
const struct pipeline_known *pipeline_find(struct bytes name);
/* The one field of an element of a pipeline: 14, 40323, 40324. */
MUST_CHECK int pipeline_open_stage(struct query_context *q, const struct bson_field *element,
				   struct bson_field *ret, const struct pipeline_known **ret_known,
				   struct error *e);
/*
 * pipeline_place.c: may each stage stand where it stands? 73 of {aggregate: 1}, 40600 to 40603, 51047, 31441, in mongod's order.
 * All stages were made without an error. Rule: Pipeline::validateTopLevelPipeline(), then validateCommon().
 */
MUST_CHECK int pipeline_check_places(struct stage_build *b, struct bytes pipeline,
				     enum stage_inside inside, struct error *e);

#endif
