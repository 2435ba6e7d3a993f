/*
 * regex_dialect.h - inside regex: what PCRE 8 says and does otherwise than PCRE2.
 *
 * Threads: pure.
 */
#ifndef QUERY_REGEX_DIALECT_H
#define QUERY_REGEX_DIALECT_H

#include "base/buf.h"

/* What PCRE 8 does not know, but PCRE2 does: the text of its error, or NULL. */
const char *regex_dialect_refuse(struct bytes pattern);

/* After error `code` of pcre2_compile() at offset `at`: where PCRE 8 takes what is there for itself the pattern is written so, and true. */
bool regex_dialect_mend(struct buf *pattern, int code, size_t at);

/* The words of PCRE 8 for an error of PCRE2. */
const char *regex_dialect_text(struct bytes pattern, int code, size_t at);

/* Is the reference at `at` one by number, \2 or \g{2}? PCRE 8 looks for its group only at the end. */
bool regex_dialect_is_late(struct bytes pattern, size_t at);

/*
 * A group that is asked for inside itself, as (?R) is: the part of the pattern from the group's begin up to there. If that can match nothing, PCRE 8
 * refuses it. Iterates: *from is where to look on, 0 at first. 1: *ret is appended, 0 no more.
 */
int regex_dialect_recursion(struct bytes pattern, size_t *from, struct buf *ret);
#define REGEX_DIALECT_LOOP "recursive call could loop indefinitely"

#endif
