/*
 * suggest.h - "did you mean": the word of a list that is nearest to what was typed.
 *
 * Near means few letters inserted, dropped, changed or swapped; case, dashes and
 * underscores do not count, so --ns-include finds nsInclude. Threads: one struct, one thread.
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/bytes.h"

#define SUGGEST_MAX 256 /* bytes of a word; longer ones are never near */

struct suggest {
	struct bytes typed;
	unsigned distance;	/* of the best so far */
	char best[SUGGEST_MAX]; /* NUL-terminated; empty while nothing is near */
};

/* Begin; `typed` is borrowed until the last suggest_offer(). */
void suggest_begin(struct suggest *s, struct bytes typed);

/* Offer a word; it is copied when it is the nearest so far and near enough. */
void suggest_offer(struct suggest *s, struct bytes word);

/* The nearest word, or NULL. */
const char *suggest_best(const struct suggest *s);

#endif
