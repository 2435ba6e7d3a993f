#include "query/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/buf.h"

#define FIRST_BLOCK (16 * KIB)
#define BLOCK_MAX                                                                                  \
	(1 * MIB) /* blocks double up to this; a larger allocation has a block of its own */

/* So that a sanitizer sees what is used outside of its allocation, or after it was forgotten. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP alignof(max_align_t)
#define show(at, len) __asan_unpoison_memory_region(at, len)
#define hide(at, len) __asan_poison_memory_region(at, len)
#else
#define GAP 0
#define show(at, len) ((void)(at))
#define hide(at, len) ((void)(at))
#endif

struct block {
	struct block *before;
	size_t cap, used;
	alignas(max_align_t) uint8_t at[];
};

/* What is to be called in the end, the newest first; lives in the arena itself. */
struct last_call {
	struct last_call *before;
	void (*free_it)(void *what);
	void *what;
	size_t total; /* of the arena when it was made */
};

struct arena {
	struct block *last;
	size_t total;
	struct last_call *calls;
};

static void call_down_to(struct arena *arena, size_t total)
{
	while (arena->calls != NULL && arena->calls->total > total) {
		struct last_call *call = arena->calls;

		arena->calls = call->before;
		call->free_it(call->what);
	}
}

static struct block *new_block(struct block *before, size_t cap)
{
	struct block *block = xmalloc(sizeof(*block) + cap);

	block->before = before;
	block->cap = cap;
	block->used = 0;
	hide(block->at, cap);
	return block;
}

struct arena *arena_new(void)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->last = new_block(NULL, FIRST_BLOCK);
	return arena;
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	call_down_to(arena, 0);
	for (struct block *block = arena->last, *before; block != NULL; block = before) {
		before = block->before;
		free(block);
	}
	free(arena);
}

void *arena_get(struct arena *arena, size_t size)
{
	size_t need =
		(MAX_OF(size, (size_t)1) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *block = arena->last;
	void *at;

	if (block->cap - block->used < need + GAP) {
		block = new_block(block, MAX_OF(need + GAP, MIN_OF(block->cap * 2, BLOCK_MAX)));
		arena->last = block;
	}
	at = block->at + block->used;
	block->used += need + GAP;
	arena->total += need;
	show(at, size);
	return at;
}

bool arena_allows(struct arena *arena, size_t size)
{
	if (size <= ARENA_MOST && arena->total <= ARENA_MOST - size)
		return true;
	arena->total = ARENA_MOST + 1;
	return false;
}

void *arena_zeroed(struct arena *arena, size_t size)
{
	return memset(arena_get(arena, size), 0, size);
}

struct bytes arena_copy(struct arena *arena, struct bytes from)
{
	uint8_t *at = arena_get(arena, from.len);

	if (from.len > 0)
		memcpy(at, from.at, from.len);
	return bytes_of(at, from.len);
}

char *arena_text(struct arena *arena, struct bytes from)
{
	char *at = arena_get(arena, from.len + 1);

	if (from.len > 0)
		memcpy(at, from.at, from.len);
	at[from.len] = '\0';
	return at;
}

void arena_on_free(struct arena *arena, void (*free_it)(void *what), void *what)
{
	struct last_call *call = arena_get(arena, sizeof(*call));

	*call = (struct last_call){
		.before = arena->calls, .free_it = free_it, .what = what, .total = arena->total};
	arena->calls = call;
}

size_t arena_held(const struct arena *arena)
{
	size_t sum = 0;

	for (const struct block *block = arena == NULL ? NULL : arena->last; block != NULL;
	     block = block->before)
		sum += sizeof(*block) + block->cap;
	return sum;
}

size_t arena_used(const struct arena *arena)
{
	return arena->total;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){
		.block = arena->last, .used = arena->last->used, .total = arena->total};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	call_down_to(arena, mark.total);
	while (arena->last != mark.block) {
		struct block *before = arena->last->before;

		free(arena->last);
		arena->last = before;
	}
	arena->last->used = mark.used;
	hide(arena->last->at + mark.used, arena->last->cap - mark.used);
	arena->total = mark.total;
}

void arena_reset(struct arena *arena)
{
	/* The newest of ordinary size is kept: it has grown to what one document takes. */
	struct block *keep = NULL;

	call_down_to(arena, 0);
	for (struct block *block = arena->last, *before; block != NULL; block = before) {
		before = block->before;
		if (keep == NULL && (block->cap <= BLOCK_MAX || before == NULL))
			keep = block;
		else
			free(block);
	}
	keep->before = NULL;
	keep->used = 0;
	hide(keep->at, keep->cap);
	arena->last = keep;
	arena->total = 0;
}
