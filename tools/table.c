#include "tools/table.h"

#include <stdarg.h>
#include <stdlib.h>

#include "tools/size.h"
#include "tools/term.h"

struct table {
	const char *const *titles;
	size_t columns;
	struct buf text; /* cells, each NUL-terminated */
	size_t count;	 /* cells */
	size_t *width;	 /* of each column, 0: no cell has text */
};

struct table *table_new(const char *const *titles, size_t columns)
{
	struct table *table = xcalloc(1, sizeof(*table));

	table->titles = titles;
	table->columns = columns;
	table->width = xcalloc(columns, sizeof(*table->width));
	return table;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	buf_release(&table->text);
	free(table->width);
	free(table);
}

void table_add(struct table *table, struct bytes text)
{
	size_t start = table->text.len;
	size_t *width = &table->width[table->count % table->columns];
	size_t here;

	term_escape(text, &table->text);
	buf_add_u8(&table->text, 0);
	here = term_width((const char *)table->text.at + start);
	*width = MAX_OF(*width, here);
	table->count++;
}

void table_add_str(struct table *table, const char *text)
{
	table_add(table, bytes_str(text == NULL ? "" : text));
}

void table_add_count(struct table *table, uint64_t count)
{
	char text[SIZE_TEXT_LEN];

	size_count_text(count, text);
	table_add_str(table, text);
}

void table_add_size(struct table *table, uint64_t bytes)
{
	char text[SIZE_TEXT_LEN];

	size_text(bytes, text);
	table_add_str(table, text);
}

void table_printf(struct table *table, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	table_add_str(table, text);
}

static void print_spaces(size_t count, FILE *to)
{
	while (count-- > 0)
		fputc(' ', to);
}

/* One cell; *owed are the blanks before the next one, which a line that ends here does not get. */
static void print_cell(const struct table *table, size_t column, const char *text, size_t *owed,
		       FILE *to)
{
	const char *title = table->titles[column];
	bool right = *title == '>';
	size_t width = MAX_OF(table->width[column], term_width(title + right));
	size_t pad = width - MIN_OF(width, term_width(text));

	if (right)
		*owed += pad;
	if (*text != '\0') {
		print_spaces(*owed, to);
		*owed = 0;
		fputs(text, to);
	}
	*owed += (right ? 0 : pad) + 2;
}

void table_print(const struct table *table, FILE *to)
{
	const char *cell = (const char *)table->text.at;
	size_t owed = 0;

	fputs(term_style(to, TERM_BOLD), to);
	for (size_t i = 0; i < table->columns; i++)
		if (table->width[i] > 0)
			print_cell(table, i, table->titles[i] + (*table->titles[i] == '>'), &owed,
				   to);
	fputs(term_style(to, TERM_PLAIN), to);
	fputc('\n', to);
	owed = 0;
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		if (table->width[column] > 0)
			print_cell(table, column, cell, &owed, to);
		if (column == table->columns - 1) {
			fputc('\n', to);
			owed = 0;
		}
		cell += strlen(cell) + 1;
	}
}
