/*
 * error.h - what went wrong, where, what was expected and what was found.
 *
 * Every function that can fail takes a `struct error *e` as its last argument and
 * returns one of the negative codes below (0 or more on success). `e` is never
 * NULL and is written only on failure. Absence is not an error: look-ups return 0.
 *
 * Threads: a struct error belongs to one thread at a time.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/compiler.h"

enum error_code {
	ERR_NOMEM = -1,	      /* memory could not be had */
	ERR_IO = -2,	      /* the operating system refused; errno is in `sys` */
	ERR_CORRUPT = -3,     /* bytes from disk or network are not what they should be */
	ERR_UNSUPPORTED = -4, /* understood, but this version can't do it */
	ERR_INVALID = -5,     /* the caller's (that is, the user's) input is wrong */
	ERR_LIMIT = -6,	      /* a size that comes from data is over its limit */
	ERR_EXISTS = -7,      /* would overwrite */
	ERR_BUSY = -8,	      /* locked by somebody else */
	ERR_REMOTE = -9,      /* a server said no */
	ERR_CANCELLED = -10,  /* interrupted by the user */
	ERR_NO_STORE = -11,   /* there is no store at this path */
	ERR_REFUSED = -12,    /* would be unsafe; nothing was changed */
	ERR_NOT_FOUND = -13,  /* what the user named does not exist (snapshot, namespace) */
	ERR_NO_TIME = -14,    /* the time asked for cannot be reached */
	ERR_WRONG_KEY = -15,  /* of an encrypted store: no key was given, or none that fits */
};

struct error {
	int code;   /* an enum error_code, 0 when nothing happened */
	int sys;    /* errno when code is ERR_IO, else 0 */
	int server; /* MongoDB's own code where a client is to see it (query/query_error.h), else 0 */
	char text[1024]; /* one line, no final full stop; cut at the end when too long */
	char hint[512];	 /* what the user could do, or empty */
};

/* Set `e` and return `code`. The text says what, where, expected, found. */
int error_set(struct error *e, int code, const char *format, ...) PRINTF_LIKE(3, 4) COLD;

/* The same for who sets more of it: errors with codes of their own. */
int error_set_args(struct error *e, int code, const char *format, va_list args)
	PRINTF_LIKE(3, 0) COLD;

/*
 * As error_set with ERR_IO; appends ": " and the text of errno, which it keeps in `sys`. Of a text that is too long with it
 * the end is cut.
 */
int error_sys(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3) COLD;

/* Put "context: " before the text of `e`; returns its code. */
int error_wrap(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3) COLD;

/* The same with something else than ": " between. */
int error_wrap_args(struct error *e, const char *between, const char *format, va_list args)
	PRINTF_LIKE(3, 0) COLD;

/* Set the hint; returns the code of `e`. */
int error_hint(struct error *e, const char *format, ...) PRINTF_LIKE(2, 3) COLD;

/*
 * Is it memory, or a limit on open files, that this process or its machine lacks? Then nothing is known of what was
 * looked at: it is not damaged for that.
 */
bool error_is_lack(const struct error *e);
/*
 * Or is it that this user may not read it, or that the server on which it lies is away? That says nothing of it either; but
 * unlike a lack it may be so for one file only, and who can go on without it may.
 */
bool error_is_no_damage(const struct error *e);
/* Is there no room: a disk that is full, or a quota that is used up? */
bool error_is_full(const struct error *e);
/*
 * Does an error of reading say that bytes are not what they were, or can't be had any more (a bad sector)? Who can go on without them may,
 * and tells it.
 */
bool error_is_harm(const struct error *e);

/* ERR_NOMEM for an allocation of `size` bytes. */
int error_nomem(struct error *e, size_t size) COLD;

#endif
