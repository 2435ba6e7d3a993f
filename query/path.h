/*
 * path.h - what a dotted path ("a.b.0") reaches in a document, arrays on the way included.
 *
 * Two ways of walking, as mongod has two: path_walk() is the match language's (ElementPath and BSONElementIterator of mongod 6.0),
 * path_each() that of distinct (dotted_path_support::extractAllElementsAlongPath).
 *
 * Threads: a parsed path is immutable.
 */
#ifndef QUERY_PATH_H
#define QUERY_PATH_H

#include "base/bson.h"
#include "query/arena.h"

struct path_part {
	struct bytes name;
	bool is_number; /* digits alone: may be an index of an array */
};

struct path {
	struct bytes text;
	const struct path_part *parts;
	size_t count; /* 1 or more; "" has one part, which is empty */
};

/* Split at the dots; the parts live in `arena`, the text is borrowed. Any text is a path here ("a..b", ".", "$x"). */
void path_parse(struct arena *arena, struct bytes text, struct path *ret);

/*
 * What is called for each element that is reached: `type` 0 (missing) when the path ends nowhere. `offset` is the index of the
 * outermost array's element that leads there when no index was spelled out, -1 when there is none. Not 0: the walk ends.
 */
typedef int (*path_visit)(void *arg, const struct bson_field *at, int64_t offset);

/*
 * Visit what the match language looks at. `into`: where the path ends at an array, its elements are visited, then the array; else
 * the array alone. Returns what ended the walk, or 0.
 */
int path_walk(const struct path *path, struct bytes doc, bool into, path_visit visit, void *arg);
/* The same when the field of the first part is known already (NULL: there is none). */
int path_walk_from(const struct path *path, const struct bson_field *first, bool into,
		   path_visit visit, void *arg);

/*
 * Visit every value that distinct finds: a name that contains the dots goes first; an array at the end gives its elements. Nothing
 * is visited where nothing is. `offset` is always -1.
 */
int path_each(struct bytes path, struct bytes doc, path_visit visit, void *arg);
/* The same, but an array at the end is visited itself. */
int path_each_whole(struct bytes path, struct bytes doc, path_visit visit, void *arg);

/* Is the name that of an array's element: a number below 10^9 without zeros before it? */
bool path_is_index(struct bytes name, size_t *ret);

#endif
