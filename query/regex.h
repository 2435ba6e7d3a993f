/*
 * regex.h - regular expressions as mongod 6.0 has them: PCRE's language over UTF-8.
 *
 * mongod 6.0 uses PCRE 8.42, we PCRE2: patterns are the same, and the texts of errors are put back into the words of PCRE 8.
 * Knows no BSON; callers add their own prefix and code ("Regular expression is invalid: ").
 *
 * Threads: a compiled pattern is immutable and may be used by several threads.
 */
#ifndef QUERY_REGEX_H
#define QUERY_REGEX_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "query/arena.h"

struct regex; /* opaque */

enum regex_options {
	REGEX_CASELESS = 1 << 0,  /* i */
	REGEX_MULTILINE = 1 << 1, /* m */
	REGEX_DOTALL = 1 << 2,	  /* s */
	REGEX_EXTENDED = 1 << 3,  /* x */
	/* Not a letter. The pattern has to be one as (?:pattern)\z, too: mongod's match language uses pcrecpp, which compiles both. */
	REGEX_CLOSED = 1 << 4,
};

/* The options' letters (i m s x; u is accepted and means nothing). Returns 0 and *ret; or, without an error text, the letter that is none. */
char regex_parse_options(struct bytes letters, unsigned *ret);

/*
 * Compile. NULL when the pattern is invalid: then *ret_text is PCRE's text of it ("missing )"), a static string, and *ret_at (may be NULL)
 * its offset. The pattern must not contain a NUL (callers check: the codes differ); what follows one is not seen.
 */
struct regex *regex_new(struct bytes pattern, unsigned options, const char **ret_text,
			size_t *ret_at);
/* The same in an arena's memory: lives as long as its content, is never freed. */
const struct regex *regex_new_in(struct arena *arena, struct bytes pattern, unsigned options,
				 const char **ret_text, size_t *ret_at);
void regex_free(struct regex *regex);
DEFINE_OWNED(struct regex *, regex_free);

/* Does it match anywhere in `text`? False also when a limit of matching was hit, and when the text is no UTF-8, as in mongod. */
bool regex_test(const struct regex *regex, struct bytes text);

/* Groups that capture, without the whole match. */
size_t regex_group_count(const struct regex *regex);

/* A place in the text: [begin, end); REGEX_UNSET for a group that took no part. */
#define REGEX_UNSET SIZE_MAX
struct regex_span {
	size_t begin, end;
};

/*
 * Search from byte `start` on. 1: spans[0] is the match, spans[1..regex_group_count] the groups (the caller gives room for all). 0: none. Negative:
 * the result code that PCRE 8 would give (-8 match limit, -10 bad UTF-8, -11 a start inside a character, -21 recursion limit).
 */
int regex_find(const struct regex *regex, struct bytes text, size_t start,
	       struct regex_span *spans);

/*
 * A text that every match contains at its start, from the pattern "^abc" without other magic: for index bounds and for a quick refusal.
 * 1 and *ret (points into `pattern`), 0 none.
 */
int regex_prefix(struct bytes pattern, unsigned options, struct bytes *ret);

/* "10.42 2022-12-11": the version of PCRE2 that is loaded. A static text. */
const char *regex_library(void);

#endif
