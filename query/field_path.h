/*
 * field_path.h - what a path "a.b.c" may look like: FieldPath of mongod.
 *
 * Threads: pure.
 */
#ifndef QUERY_FIELD_PATH_H
#define QUERY_FIELD_PATH_H

#include "base/bytes.h"
#include "base/error.h"

#define FIELD_PATH_MAX 200 /* components */

/* 40352, 40353, 15998, 16410, 16411, or 0. The path has no "$" before it. */
MUST_CHECK int field_path_check(struct bytes path, struct error *e);

/* Is `name` good as the name of one field ("a", without dots)? 15998, 16410, 16411, 16412. */
MUST_CHECK int field_path_check_name(struct bytes name, struct error *e);

/* The first component of a path; *rest is what follows the dot (len 0 and at NULL at the end). */
static inline struct bytes field_path_first(struct bytes path, struct bytes *rest)
{
	const uint8_t *dot = path.len > 0 ? memchr(path.at, '.', path.len) : NULL;

	if (dot == NULL) {
		*rest = bytes_of(NULL, 0);
		return path;
	}
	*rest = bytes_of(dot + 1, path.len - (size_t)(dot - path.at) - 1);
	return bytes_of(path.at, (size_t)(dot - path.at));
}

#endif
