/*
 * texts.h - a list of texts in a buf, one behind the other, each with its NUL.
 *
 * For names and messages that are collected now and read in order later. A text holds no NUL; a buf of nothing is an empty list.
 *
 * Prefix: texts_. Threads: as the buf.
 */
#ifndef BASE_TEXTS_H
#define BASE_TEXTS_H

#include "base/buf.h"

/* Append a copy; aborts when memory is out. */
void texts_add(struct buf *texts, const char *text);
/*
 * The text at *at, and on to the next one; NULL: that was the last. Begins with *at == 0. It is the buf's until that changes.
 */
const char *texts_next(const struct buf *texts, size_t *at);
/* Those that begin so; "": all. */
size_t texts_count(const struct buf *texts, const char *prefix);
/* Is it one of them? Looks at each. */
bool texts_has(const struct buf *texts, const char *text);

#endif
