/*
 * diff_out.h - what `yester diff` prints: a sink of diff.h for each of its formats.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_DIFF_OUT_H
#define TOOLS_DIFF_OUT_H

#include <stdio.h>

#include "tools/diff.h"
#include "tools/table.h"

enum diff_out_format {
	DIFF_OUT_LIST,	/* for people: a line for each difference */
	DIFF_OUT_STAT,	/* a line for each namespace */
	DIFF_OUT_JSON,	/* an object for each difference, one a line */
	DIFF_OUT_PATCH, /* as diff -u of the indented JSON of each document */
};

struct diff_out {
	enum diff_out_format format;
	FILE *to;
	struct table *table;		  /* of STAT */
	struct buf ns;			  /* the namespace that is open, escaped */
	struct buf raw_ns;		  /* and as it is */
	struct buf line;		  /* scratch */
	uint64_t added, removed, changed; /* documents of it */
	uint64_t sum[3];		  /* and of all */
	size_t untold;			  /* namespaces that could not be compared */
};

void diff_out_init(struct diff_out *out, enum diff_out_format format, FILE *to);
void diff_out_release(struct diff_out *out);
DEFINE_OWNED_STRUCT(struct diff_out, diff_out_release);

/* What is compared, before all else: the names of the two moments. */
void diff_out_begin(struct diff_out *out, const char *old_name, const char *new_name);

/* The sink; `out` outlives it. */
struct diff_sink diff_out_sink(struct diff_out *out);

/* After all else. */
void diff_out_finish(struct diff_out *out);

#endif
