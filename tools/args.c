#include "tools/args.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/suggest.h"

/* What a parse works on. */
struct parse {
	const struct args_table *tables;
	size_t table_count;
	int argc;
	char *const *argv;
	int at; /* index of the next word */
};

void args_list_add(struct args_list *list, const char *value)
{
	list->at = xrealloc(list->at, (list->count + 1) * sizeof(*list->at));
	list->at[list->count++] = value;
}

void args_list_release(struct args_list *list)
{
	free(list->at);
	*list = (struct args_list){0};
}

const struct args_option *args_find(const struct args_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->options[i].name, name) == 0)
			return &table->options[i];
	return NULL;
}

static void *field_of(const struct args_table *table, const struct args_option *option)
{
	return (char *)table->into + option->offset;
}

/* Find an option by its name or, with `letter` != 0, by that. */
static const struct args_option *find(const struct parse *p, struct bytes name, char letter,
				      const struct args_table **ret_table)
{
	for (size_t t = 0; t < p->table_count; t++) {
		for (size_t i = 0; i < p->tables[t].count; i++) {
			const struct args_option *option = &p->tables[t].options[i];

			if (letter != 0 ? option->letter != letter
					: !bytes_equal(bytes_str(option->name), name))
				continue;
			*ret_table = &p->tables[t];
			return option;
		}
	}
	return NULL;
}

/* What people type from habit with other programs, and what it is called here. */
static const char *habit(const struct parse *p, struct bytes name)
{
	static const char *const habits[][2] = {
		{"repo", "store"},   {"repository", "store"},
		{"path", "store"},   {"output", "out"},
		{"time", "at"},	     {"when", "at"},
		{"timestamp", "at"}, {"oplogLimit", "at"},
		{"db", "nsInclude"}, {"collection", "nsInclude"},
		{"ns", "nsInclude"}, {"filter", "query"},
		{"force", "mode"},   {"host", "uri"},
		{"dir", "out"},	     {"noop", "dryRun"},
		{"limit", "until"},  {"from", "since"},
		{"to", "until"},     {"silent", "quiet"},
	};
	const struct args_table *table;

	for (size_t i = 0; i < COUNT_OF(habits); i++)
		if (bytes_equal(bytes_str(habits[i][0]), name) &&
		    find(p, bytes_str(habits[i][1]), 0, &table) != NULL)
			return habits[i][1];
	return NULL;
}

static int unknown(const struct parse *p, struct bytes name, struct error *e)
{
	struct suggest near;

	error_set(e, ERR_INVALID, "there is no option --%.*s", (int)name.len,
		  (const char *)name.at);
	if (habit(p, name) != NULL)
		return error_hint(e, "did you mean --%s?", habit(p, name));
	suggest_begin(&near, name);
	for (size_t t = 0; t < p->table_count; t++)
		for (size_t i = 0; i < p->tables[t].count; i++)
			suggest_offer(&near, bytes_str(p->tables[t].options[i].name));
	if (suggest_best(&near) != NULL)
		error_hint(e, "did you mean --%s?", suggest_best(&near));
	return e->code;
}

static void store(const struct args_table *table, const struct args_option *option,
		  const char *value)
{
	void *field = field_of(table, option);

	switch (option->kind) {
	case ARGS_FLAG:
		*(bool *)field = true;
		break;
	case ARGS_COUNT:
		(*(unsigned *)field)++;
		break;
	case ARGS_VALUE:
	case ARGS_OPTIONAL:
		*(const char **)field = value;
		break;
	case ARGS_LIST:
		args_list_add(field, value);
		break;
	}
}

static bool takes_value(const struct args_option *option)
{
	return option->kind == ARGS_VALUE || option->kind == ARGS_LIST;
}

/* The next word as the value of `option`. */
static int next_value(struct parse *p, const struct args_option *option, const char **ret,
		      struct error *e)
{
	const char *name = option->value == NULL ? "VALUE" : option->value;

	if (p->at >= p->argc)
		return error_set(e, ERR_INVALID, "--%s needs a value: --%s %s", option->name,
				 option->name, name);
	if (strncmp(p->argv[p->at], "--", 2) == 0) {
		error_set(e, ERR_INVALID, "--%s needs a value, but %s follows", option->name,
			  p->argv[p->at]);
		if (strcmp(p->argv[p->at] + 2, option->name) == 0)
			return error_hint(e, "--%s is there twice", option->name);
		return error_hint(e, "write --%s=%s if that is the value", option->name,
				  p->argv[p->at]);
	}
	*ret = p->argv[p->at++];
	return 0;
}

/* A word that begins with two dashes and is not only these. */
static int parse_long(struct parse *p, struct error *e)
{
	const char *word = p->argv[p->at++] + 2;
	const char *equals = strchr(word, '=');
	struct bytes name = bytes_of(word, equals == NULL ? strlen(word) : (size_t)(equals - word));
	const struct args_table *table = NULL;
	const struct args_option *option = find(p, name, 0, &table);
	const char *value = equals == NULL ? "" : equals + 1;

	if (option == NULL)
		return unknown(p, name, e);
	if (equals != NULL && !takes_value(option) && option->kind != ARGS_OPTIONAL)
		return error_set(e, ERR_INVALID, "--%s takes no value", option->name);
	if (equals == NULL && takes_value(option) && next_value(p, option, &value, e) < 0)
		return e->code;
	store(table, option, value);
	return 0;
}

/* A word that begins with one dash: letters, the last of which may take the rest as value. */
static int parse_short(struct parse *p, struct error *e)
{
	const char *word = p->argv[p->at++] + 1;

	for (; *word != '\0'; word++) {
		const struct args_table *table = NULL;
		const struct args_option *option = find(p, bytes_of(NULL, 0), *word, &table);
		const char *value = word + 1;

		if (option == NULL) {
			error_set(e, ERR_INVALID, "there is no option -%c", *word);
			if (find(p, bytes_str(word), 0, &table) != NULL)
				error_hint(e, "long options have two dashes: --%s", word);
			return e->code;
		}
		if (!takes_value(option)) {
			store(table, option, "");
			continue;
		}
		if (*value == '\0' && next_value(p, option, &value, e) < 0)
			return e->code;
		store(table, option, value);
		return 0;
	}
	return 0;
}

/* -5 is an _id, unless the verb has such an option. */
static bool is_number(const struct parse *p, const char *word)
{
	const struct args_table *table;

	return word[1] >= '0' && word[1] <= '9' &&
	       find(p, bytes_of(NULL, 0), word[1], &table) == NULL;
}

int args_parse(int argc, char *const *argv, const struct args_table *tables, size_t table_count,
	       bool first_word_ends, struct args_list *ret_rest, struct error *e)
{
	struct parse p = {
		.tables = tables,
		.table_count = table_count,
		.argc = argc,
		.argv = argv,
	};

	while (p.at < argc) {
		const char *word = argv[p.at];
		int ret = 0;

		if (word[0] != '-' || word[1] == '\0' || is_number(&p, word)) {
			if (first_word_ends)
				return p.at;
			args_list_add(ret_rest, argv[p.at++]);
		} else if (strcmp(word, "--") == 0) {
			p.at++;
			if (first_word_ends)
				return p.at;
			while (p.at < argc)
				args_list_add(ret_rest, argv[p.at++]);
		} else if (word[1] == '-') {
			ret = parse_long(&p, e);
		} else {
			ret = parse_short(&p, e);
		}
		if (ret < 0)
			return ret;
	}
	return p.at;
}

static bool is_set(const struct args_table *table, const struct args_option *option)
{
	const void *field = field_of(table, option);

	switch (option->kind) {
	case ARGS_FLAG:
		return *(const bool *)field;
	case ARGS_COUNT:
		return *(const unsigned *)field > 0;
	case ARGS_LIST:
		return ((const struct args_list *)field)->count > 0;
	default:
		return *(const char *const *)field != NULL;
	}
}

/* One line of a configuration file, cut into its flag and its value ("" when none). */
static void split_line(char *line, char **ret_name, char **ret_value)
{
	char *name = line + strspn(line, " \t-");
	char *value = name + strcspn(name, " \t\r:=");
	size_t len;

	if (*value != '\0') {
		char *end = value;

		value += strspn(value, " \t\r");
		if (*value == ':' || *value == '=')
			value++;
		value += strspn(value, " \t\r");
		*end = '\0';
	}
	len = strlen(value);
	while (len > 0 && strchr(" \t\r", value[len - 1]) != NULL)
		value[--len] = '\0';
	if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		value++;
	}
	*ret_name = name;
	*ret_value = value;
}

static int config_line(const struct parse *p, char *line, bool *set_before,
		       bool (*known)(const char *name), struct error *e)
{
	const struct args_table *table = NULL;
	const struct args_option *option;
	char *name, *value;

	split_line(line, &name, &value);
	option = find(p, bytes_str(name), 0, &table);
	if (option == NULL)
		return known != NULL && known(name) ? 0 : unknown(p, bytes_str(name), e);
	for (size_t t = 0; &p->tables[t] != table; t++)
		set_before += p->tables[t].count;
	if (set_before[option - table->options])
		return 0;
	if (takes_value(option) && *value == '\0')
		return error_set(e, ERR_INVALID, "%s needs a value", name);
	if (option->kind == ARGS_FLAG || option->kind == ARGS_COUNT) {
		if (strcmp(value, "false") == 0)
			return 0;
		if (*value != '\0' && strcmp(value, "true") != 0)
			return error_set(e, ERR_INVALID, "%s takes true or false, not %s", name,
					 value);
	}
	store(table, option, value);
	return 0;
}

int args_config(char *text, const char *path, const struct args_table *tables, size_t table_count,
		bool (*known)(const char *name), struct error *e)
{
	struct parse p = {.tables = tables, .table_count = table_count};
	OWNED(free) bool *set_before = NULL;
	size_t count = 0;
	char *rest = text;

	for (size_t t = 0; t < table_count; t++)
		count += tables[t].count;
	set_before = xcalloc(count + 1, sizeof(*set_before));
	count = 0;
	for (size_t t = 0; t < table_count; t++)
		for (size_t i = 0; i < tables[t].count; i++)
			set_before[count++] = is_set(&tables[t], &tables[t].options[i]);
	for (unsigned number = 1; rest != NULL; number++) {
		char *line = strsep(&rest, "\n");
		const char *first = line + strspn(line, " \t\r");

		if (*first == '\0' || *first == '#')
			continue;
		if (config_line(&p, line, set_before, known, e) < 0)
			return error_wrap(e, "%s line %u", path, number);
	}
	return 0;
}

int args_number(const char *flag, const char *text, uint64_t max, uint64_t *ret, struct error *e)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0')
		return error_set(e, ERR_INVALID, "--%s needs a whole number, not \"%s\"", flag,
				 text);
	if (errno != 0 || value > max)
		return error_set(e, ERR_INVALID, "--%s %s is too large (at most %llu)", flag, text,
				 (unsigned long long)max);
	*ret = value;
	return 0;
}
