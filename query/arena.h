/*
 * arena.h - memory that is given back all at once: for the values of one document, or of one command.
 *
 * What is allocated lives until arena_reset() or arena_free(). Aborts when memory is out, as buf.h: whoever
 * allocates a size that comes from data limits it first (a value over 16 MiB is an error in MongoDB, too).
 *
 * Threads: one at a time.
 */
#ifndef QUERY_ARENA_H
#define QUERY_ARENA_H

#include "base/bytes.h"
#include "base/cleanup.h"

struct arena; /* opaque */

struct arena *arena_new(void);
void arena_free(struct arena *arena);
DEFINE_OWNED(struct arena *, arena_free);

/* `size` bytes, aligned for anything, not cleared. */
void *arena_get(struct arena *arena, size_t size);
/* The same, all zero. */
void *arena_zeroed(struct arena *arena, size_t size);
/*
 * What expressions make of values that are there already can be any number of times as long: [$big, $big, ..]. Whoever makes a value of
 * values asks first; when they are too many the arena counts as used beyond ARENA_MOST, which expr_eval() tells as an error.
 */
#define ARENA_MOST ((size_t)1 << 30)
bool arena_allows(struct arena *arena, size_t size);
/* A copy of `from` that lives as long as the arena's content. */
struct bytes arena_copy(struct arena *arena, struct bytes from);
/* The same with a NUL behind it. */
char *arena_text(struct arena *arena, struct bytes from);

/* Call free_it(what) when the content is forgotten: for what was allocated elsewhere (a compiled regular expression) and lives as long. */
void arena_on_free(struct arena *arena, void (*free_it)(void *what), void *what);

/* Bytes that it takes, whatever is used of them. NULL: none. */
size_t arena_held(const struct arena *arena);
/* Bytes that were asked for since the last reset. */
size_t arena_used(const struct arena *arena);

/* A place to return to: arena_rewind() forgets what was allocated after arena_mark(). */
struct arena_mark {
	void *block;
	size_t used, total;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Forget everything; the memory of the first blocks is kept for what comes. */
void arena_reset(struct arena *arena);

#endif
