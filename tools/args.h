/*
 * args.h - declarative tables of command line options, and the parser that fills a struct.
 *
 * A table says for each option its spelling (mongorestore's: --nsInclude), its kind and the
 * offset of the field that takes its value. `--flag=value`, `--flag value`, `-fvalue` and
 * `-f value` are the same; `--` ends the options; options and other words mix freely.
 * Values are borrowed from argv (or from the text given to args_config()).
 *
 * Threads: pure.
 */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

enum args_kind {
	ARGS_FLAG,     /* bool: --gzip */
	ARGS_VALUE,    /* const char *: --out DIR; the last one given wins */
	ARGS_OPTIONAL, /* const char *: --archive or --archive=F; "" without a value */
	ARGS_LIST,     /* struct args_list: --nsInclude G, any number of times */
	ARGS_COUNT,    /* unsigned: -v -v */
};

struct args_list {
	const char **at;
	size_t count;
};

void args_list_add(struct args_list *list, const char *value);
void args_list_release(struct args_list *list);
DEFINE_OWNED_STRUCT(struct args_list, args_list_release);

struct args_option {
	const char *name; /* without the dashes */
	char letter;	  /* of the short form, or 0 */
	enum args_kind kind;
	const char *value; /* what its value is called in the help, or NULL */
	const char *help;  /* one line; NULL: only a later version will have it */
	size_t offset;	   /* of the field in the struct that is filled */
};

/* The options of one program or verb, and the struct that takes them. */
struct args_table {
	const struct args_option *options;
	size_t count;
	void *into; /* zeroed by the caller; its lists are the caller's to release */
};

/*
 * Parse argv[0..argc-1] (no program name) into the tables. Words that are no options go to
 * *ret_rest. With `first_word_ends` parsing stops at the first of them, which is not added.
 * Returns how many words of argv were used. ERR_INVALID with a hint for what is not an
 * option ("did you mean"), has no value, or has one that it can't take.
 */
MUST_CHECK int args_parse(int argc, char *const *argv, const struct args_table *tables,
			  size_t table_count, bool first_word_ends, struct args_list *ret_rest,
			  struct error *e);

/*
 * Give the options that are not set yet the values of a configuration file's text: lines
 * `flag value`, `flag = value` or `flag: value`, `flag` alone for a flag that takes none; `#`
 * begins a comment line. The text is changed (cut into words) and must live as long as the
 * values. A flag in no table is passed to `known`, which says whether another verb has it;
 * then it is skipped, else ERR_INVALID with the line. `path` is for messages.
 */
MUST_CHECK int args_config(char *text, const char *path, const struct args_table *tables,
			   size_t table_count, bool (*known)(const char *name), struct error *e);

/* The option called `name` in a table, or NULL. */
const struct args_option *args_find(const struct args_table *table, const char *name);

/* Parse a whole decimal number of at most `max`. ERR_INVALID names `flag`. */
MUST_CHECK int args_number(const char *flag, const char *text, uint64_t max, uint64_t *ret,
			   struct error *e);

#endif
