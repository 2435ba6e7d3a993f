/*
 * size.h - sizes and counts as people read and type them. Threads: pure.
 */
#ifndef TOOLS_SIZE_H
#define TOOLS_SIZE_H

#include "base/error.h"

#define SIZE_TEXT_LEN 32 /* bytes of any text below, with the NUL */

/* "0 B", "999 B", "1.00 KiB", "12.3 MiB", "665 MiB": three digits. */
void size_text(uint64_t bytes, char ret[SIZE_TEXT_LEN]);

/* "800,000". */
void size_count_text(uint64_t count, char ret[SIZE_TEXT_LEN]);

/*
 * Parse a size: a whole number of bytes, or of KiB, MiB, GiB with the letter K, M, G (also as
 * "32KiB"; K is 1024). ERR_INVALID names `flag`.
 */
MUST_CHECK int size_parse(const char *flag, const char *text, uint64_t *ret, struct error *e);

#endif
