/*
 * granularity.h - preferred numbers: where $bucketAuto puts its boundaries with the option `granularity`.
 *
 * Rules: granularity_rounder_preferred_numbers.cpp and _powers_of_two.cpp of mongod 6.0. Threads: pure.
 */
#ifndef QUERY_STAGE_GRANULARITY_H
#define QUERY_STAGE_GRANULARITY_H

#include "query/value.h"

struct granularity; /* opaque, static */

/* The series of this name ("R5", "E24", "1-2-5", "POWERSOF2", ..), or NULL. */
const struct granularity *granularity_find(struct bytes name);
/* The least number of the series above `v`, and the greatest below it; zero stays zero. `v` is a number >= 0. */
struct value granularity_up(const struct granularity *g, const struct value *v);
struct value granularity_down(const struct granularity *g, const struct value *v);

#endif
