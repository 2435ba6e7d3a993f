/*
 * expr_case.h - one expression and what mongod 6.0.27 says: for tables of them.
 *
 * Threads: as cmocka's.
 */
#ifndef TESTS_UNIT_QUERY_EXPR_CASE_H
#define TESTS_UNIT_QUERY_EXPR_CASE_H

#include <stddef.h>

struct expr_case {
	const char *expr;  /* {"e": expression} as extended JSON */
	const char *value; /* the document {"v": ...}, or NULL: an error */
	int code;
	const char *text; /* a NUL in it is written as C0 80, as in struct error */
};

/* Parse, fold and evaluate each over {_id: 1}, as aggregate does; fails the test at the first that differs. */
void expr_case_check(const struct expr_case *cases, size_t count);

#endif
