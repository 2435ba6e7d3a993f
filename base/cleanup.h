/*
 * cleanup.h - scope-bound ownership: OWNED frees on every exit, TAKE gives away.
 *
 *	OWNED(pack_reader_close) struct pack_reader *reader = NULL;
 *	...
 *	*ret = TAKE(reader);
 *
 * Never mixed with goto in one function. The free function must accept NULL.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Define the handler that OWNED(name) calls: `name` takes a `type` by value. */
#define DEFINE_OWNED(type, name)                                                                   \
	static inline void name##_owned(type *slot)                                                \
	{                                                                                          \
		name(*slot);                                                                       \
	}                                                                                          \
	struct owned_semicolon_##name

/* Define the handler that OWNED(name) calls: `name` takes a pointer to the variable. */
#define DEFINE_OWNED_STRUCT(type, name)                                                            \
	static inline void name##_owned(type *slot)                                                \
	{                                                                                          \
		name(slot);                                                                        \
	}                                                                                          \
	struct owned_semicolon_##name

#define OWNED(name) __attribute__((cleanup(name##_owned)))

#define TAKE(variable)                                                                             \
	({                                                                                         \
		__typeof__(variable) taken_ = (variable);                                          \
		(variable) = NULL;                                                                 \
		taken_;                                                                            \
	})

static inline void free_owned(void *slot)
{
	free(*(void **)slot);
}

static inline void fd_close_owned(const int *slot)
{
	if (*slot >= 0)
		close(*slot);
}

#endif
