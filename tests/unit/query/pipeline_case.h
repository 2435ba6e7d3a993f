/*
 * pipeline_case.h - a pipeline and what mongod 6.0.27 says to it: for tables of them.
 *
 * Threads: as cmocka's.
 */
#ifndef TESTS_UNIT_QUERY_PIPELINE_CASE_H
#define TESTS_UNIT_QUERY_PIPELINE_CASE_H

#include <stddef.h>

struct pipeline_case {
	const char *pipeline; /* extended JSON */
	const char *results;  /* an array of documents, or NULL: an error */
	int code;
	const char *text;
};

#endif
