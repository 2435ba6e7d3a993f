/*
 * densify.h - inside $densify: its specification, and the values it counts with. stage_densify.c is the stage.
 *
 * Rules: src/mongo/db/pipeline/document_source_densify.cpp of mongod 6.0. Threads: see stage.h.
 */
#ifndef QUERY_STAGE_DENSIFY_H
#define QUERY_STAGE_DENSIFY_H

#include "query/expr/expr_date_unit.h"
#include "query/stage/stage_make.h"

enum densify_range {
	DENSIFY_FULL,
	DENSIFY_PARTITION,
	DENSIFY_EXPLICIT,
};

struct densify_spec {
	struct bytes field;
	struct bytes *partitions;
	size_t partition_count;
	const struct expr *partition; /* {p: {q: "$p.q"}} of them */
	enum densify_range range;
	struct value step, low, high;
	bool has_unit;
	enum expr_date_unit unit;
	const struct expr *add, *subtract, *modulo; /* of the variables in these slots */
	size_t slots[2];
};

MUST_CHECK int densify_parse(struct stage_build *b, const struct value *operand,
			     struct densify_spec *ret, struct error *e);
/* `v` one step further, or back. */
MUST_CHECK int densify_step(const struct densify_spec *spec, struct expr_frame *frame,
			    const struct value *v, int direction, struct value *ret,
			    struct error *e);
/* Is `v` a whole number of steps from `base`? 1 or 0. */
MUST_CHECK int densify_on_step(const struct densify_spec *spec, struct expr_frame *frame,
			       const struct value *v, const struct value *base, struct error *e);

/* May the field be generated in a document of these fields of the partition? 5733306, 5733307, 5733308. */
MUST_CHECK int densify_check_path(const struct densify_spec *spec, struct bytes include,
				  struct error *e);

#endif
