/*
 * restore_out.h - the plan and the result of a restore, for people and for programs.
 *
 * Threads: main thread only.
 */
#ifndef TOOLS_RESTORE_OUT_H
#define TOOLS_RESTORE_OUT_H

#include <stdio.h>

#include "tools/json_out.h"
#include "tools/restore.h"

struct restore_out {
	const char *at;	    /* the moment, as printed */
	const char *target; /* its name and version */
	const char *version;
	enum restore_mode mode;
	bool accounts;
};

/* What is going to be done, a line for each namespace. */
void restore_out_plan(const struct restore_out *out, const struct restore_plan *plan, FILE *to);
/* The same as fields of the object that is open. */
void restore_out_plan_json(const struct restore_out *out, const struct restore_plan *plan,
			   struct json_out *j);

/* What came of it: counts, then what has to be told, `all` of it or the first of each kind. */
void restore_out_result(const struct restore_result *result, bool all, FILE *to);
void restore_out_result_json(const struct restore_result *result, struct json_out *j);

/* The notes of one kind or more, as lines; *the* way both verbs tell them. */
void restore_out_notes(const struct restore_notes *notes, bool all, FILE *to);
void restore_out_notes_json(const struct restore_notes *notes, struct json_out *j);

#endif
