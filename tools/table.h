/*
 * table.h - aligned columns for people; numbers to the right. Scripts take --json.
 *
 * Threads: one at a time.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

struct table; /* opaque */

/*
 * A table with these columns; a title that begins with '>' is aligned to the right (the '>' is
 * not shown). The titles are borrowed.
 */
struct table *table_new(const char *const *titles, size_t columns);
void table_free(struct table *table);
DEFINE_OWNED(struct table *, table_free);

/* Append a cell; the cells of a row come in order. The text is copied and escaped (term_escape). */
void table_add(struct table *table, struct bytes text);
void table_add_str(struct table *table, const char *text);
void table_add_count(struct table *table, uint64_t count); /* 800,000 */
void table_add_size(struct table *table, uint64_t bytes);  /* 634 MiB */
void table_printf(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);

/* Print the titles and all rows. Columns without any text are left out. */
void table_print(const struct table *table, FILE *to);

#endif
