#include "tools/dbpath.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define CONFIG "/etc/mongod.conf"
#define CONFIG_MAX MIB

void dbpath_list_release(struct dbpath_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i]);
	free(list->at);
	*list = (struct dbpath_list){0};
}

void dbpath_add(struct dbpath_list *list, const char *cwd, const char *path)
{
	OWNED(free)
	char *full = path[0] == '/' ? xstrdup(path)
				    : xprintf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path);

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i], full) == 0)
			return;
	list->at = xrealloc(list->at, (list->count + 1) * sizeof(*list->at));
	list->at[list->count++] = TAKE(full);
}

/* `word` is "--name=value" or "--name" with `next` behind it: the value, else NULL. */
static const char *value_of(const char *word, const char *name, const char *next)
{
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	return word[len] == '\0' ? next : NULL;
}

void dbpath_of_words(struct bytes words, const char **ret_dbpath, const char **ret_config)
{
	const char *at = (const char *)words.at, *end = at + words.len;

	*ret_dbpath = *ret_config = NULL;
	if (words.len == 0 || end[-1] != '\0')
		return;
	while (at < end) {
		const char *next = at + strlen(at) + 1;
		const char *behind = next < end ? next : NULL;
		const char *dbpath = value_of(at, "--dbpath", behind);
		const char *config = value_of(at, "--config", behind);

		if (config == NULL)
			config = value_of(at, "-f", behind);
		if (dbpath != NULL)
			*ret_dbpath = dbpath;
		if (config != NULL)
			*ret_config = config;
		at = next;
	}
}

/* The value behind "dbPath:" or "dbpath =" of one line, without quotes and comment; empty: it is another line. */
static struct bytes value_of_line(const char *line, size_t len)
{
	static const char key[] = "dbpath";
	const char *end = line + len;
	char quote;

	while (line < end && isblank((unsigned char)*line))
		line++;
	if ((size_t)(end - line) < strlen(key) || strncasecmp(line, key, strlen(key)) != 0)
		return (struct bytes){0};
	line += strlen(key);
	while (line < end && isblank((unsigned char)*line))
		line++;
	if (line == end || (*line != ':' && *line != '='))
		return (struct bytes){0};
	line++;
	while (line < end && isblank((unsigned char)*line))
		line++;
	if (line == end)
		return (struct bytes){0};
	quote = *line == '"' || *line == '\'' ? *line++ : '\0';
	for (const char *at = line; at < end; at++)
		if (quote != '\0' ? *at == quote : *at == '#' || isspace((unsigned char)*at))
			end = at;
	return bytes_of(line, (size_t)(end - line));
}

int dbpath_of_config(struct bytes text, struct buf *ret)
{
	const char *at = (const char *)text.at;

	while (text.len > 0) {
		const char *stop = memchr(at, '\n', text.len);
		size_t len = stop == NULL ? text.len : (size_t)(stop - at);
		struct bytes value = value_of_line(at, len);

		if (value.len > 0) {
			buf_add(ret, value.at, value.len);
			return 1;
		}
		len += stop != NULL;
		at += len;
		text.len -= len;
	}
	return 0;
}

/* The dbPath of the configuration file `path`; false when there is no such file. */
static bool add_of_config(struct dbpath_list *list, const char *cwd, const char *path)
{
	OWNED(buf_release) struct buf text = {0};
	OWNED(buf_release) struct buf found = {0};
	OWNED(free) char *full = path[0] == '/' ? xstrdup(path) : xprintf("%s/%s", cwd, path);
	struct error ignored;

	if (file_read(full, CONFIG_MAX, &text, &ignored) != 1)
		return false;
	dbpath_add(list, cwd,
		   dbpath_of_config(buf_bytes(&text), &found) == 1 ? buf_text(&found)
								   : DBPATH_DEFAULT);
	return true;
}

/* The process `pid` ("123") if it is a mongod. */
static void add_of_process(struct dbpath_list *list, const char *pid)
{
	OWNED(free) char *comm = xprintf("/proc/%s/comm", pid);
	OWNED(free) char *words = xprintf("/proc/%s/cmdline", pid);
	OWNED(free) char *link = xprintf("/proc/%s/cwd", pid);
	OWNED(buf_release) struct buf text = {0};
	char cwd[PATH_MAX] = "/";
	const char *dbpath, *config;
	struct error ignored;
	ssize_t len;

	if (file_read(comm, 4096, &text, &ignored) != 1 || strcmp(buf_text(&text), "mongod\n") != 0)
		return;
	buf_reset(&text);
	if (file_read(words, MIB, &text, &ignored) != 1)
		return;
	len = readlink(link, cwd, sizeof(cwd) - 1);
	cwd[len > 0 ? len : 1] = '\0';
	dbpath_of_words(buf_bytes(&text), &dbpath, &config);
	if (dbpath != NULL)
		dbpath_add(list, cwd, dbpath);
	else if (config == NULL || !add_of_config(list, cwd, config))
		dbpath_add(list, cwd, DBPATH_DEFAULT);
}

void dbpath_find(struct dbpath_list *list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			add_of_process(list, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	(void)add_of_config(list, "/", CONFIG);
}
