/*
 * main.c - yester: find the verb, parse its options, run it, print its error.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bson/bson.h>

#include "base/exit_code.h"
#include "base/file.h"
#include "base/process.h"
#include "tools/cmd_help.h"
#include "tools/cmd_table.h"
#include "tools/term.h"

#define CONFIG_MAX (1 * MIB)

/* Is it about a file of a store? What somebody else has on a full disk is his own. */
static bool is_of_store(const char *text)
{
	return strstr(text, "/local/") != NULL || strstr(text, "/oplog/") != NULL ||
	       strncmp(text, "index: ", 7) == 0;
}

/* "yester: ingest: text", the hint, and for errors of the command line how it is used. */
static void print_error(const struct cmd *cmd, bool usage, const struct error *e)
{
	OWNED(buf_release) struct buf text = {0};

	buf_add_str(&text, term_style(stderr, TERM_RED));
	buf_add_str(&text, cmd == NULL ? "yester:" : "yester: ");
	if (cmd != NULL)
		buf_printf(&text, "%s:", cmd->name);
	buf_printf(&text, "%s ", term_style(stderr, TERM_PLAIN));
	term_escape_message(e->text, &text);
	if (e->hint[0] != '\0') {
		buf_add_str(&text, "\nHINT: ");
		term_escape_message(e->hint, &text);
	} else if (error_is_full(e) && is_of_store(e->text)) {
		buf_add_str(&text,
			    "\nHINT: of a store on a full disk all of local/ can be deleted at any "
			    "time, which gives room at once");
	}
	buf_add_u8(&text, '\n');
	if (usage && cmd != NULL)
		buf_printf(&text, "usage: yester %s %s\n", cmd->name, cmd->synopsis);
	else if (usage)
		buf_add_str(&text,
			    "usage: yester VERB -s STORE ...   ('yester help' lists the verbs)\n");
	fflush(stdout);
	fputs(buf_text(&text), stderr);
}

/* What was printed must have arrived: a full disk is a failure. */
static int flush_output(struct error *e)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno == 0)
		errno = EIO;
	return error_sys(e, "standard output could not be written");
}

static int unknown_verb(const char *name, struct error *e)
{
	error_set(e, ERR_INVALID, "there is no verb \"%s\"", name);
	if (cmd_table_suggest(name) != NULL)
		return error_hint(e, "did you mean '%s'?", cmd_table_suggest(name));
	return error_hint(e, "'yester help' lists the verbs");
}

/* Is there a line 'uri ...' with a user in it? */
static bool has_credentials(const char *text)
{
	for (; text != NULL; text = strchr(text, '\n')) {
		const char *name = text + strspn(text, "\n\r \t-");
		const char *at = strchr(name, '@');

		if (strncmp(name, "uri", 3) == 0 && strchr(" \t:=", name[3]) != NULL &&
		    name[3] != '\0' && at != NULL && at < name + strcspn(name, "\n"))
			return true;
		text = name;
	}
	return false;
}

/* As the file of --uri-file. */
static int check_private(const char *path, const char *text, struct error *e)
{
	struct stat st;

	if (!has_credentials(text) || stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IRGRP | S_IROTH)) == 0)
		return 0;
	error_set(e, ERR_REFUSED,
		  "%s holds a URI with a user, and may be read by others (its mode is %04o)", path,
		  st.st_mode & 07777);
	return error_hint(e, "chmod 600 %s", path);
}

/* The environment and the configuration file, for what the command line did not say. */
static int read_defaults(struct cmd_run *run, const struct args_table *tables, size_t count,
			 struct buf *config, struct error *e)
{
	const char *path = run->globals.config;
	int found;

	if (run->globals.store == NULL)
		run->globals.store = getenv("YESTER_STORE");
	if (path == NULL)
		return 0;
	found = file_read(path, CONFIG_MAX, config, e);
	if (found < 0)
		return found;
	if (found == 0) {
		errno = ENOENT;
		return error_sys(e, "%s", path);
	}
	if (memchr(config->at, 0, config->len) != NULL)
		return error_set(e, ERR_INVALID, "%s holds a NUL byte", path);
	if (check_private(path, buf_text(config), e) < 0)
		return e->code;
	return args_config((char *)config->at, path, tables, count, cmd_table_has_option, e);
}

/* Is `path` the folder of a store? */
static bool is_store(const char *path)
{
	OWNED(free) char *config = xprintf("%s/config", path);
	OWNED(free) char *chunks = xprintf("%s/chunks", path);

	return access(config, F_OK) == 0 && access(chunks, F_OK) == 0;
}

/* A store without its -s, and a collection in two words, are what that mostly is. */
static int word_too_many(struct cmd_run *run, struct error *e)
{
	const struct cmd *cmd = run->cmd;
	const char *word = run->words.at[cmd->words_max];
	const char *first = run->words.at[0];

	cmd_usage_error(run, e, "what is \"%s\" for?", word);
	if (cmd == &cmd_init || (run->globals.store == NULL && is_store(first)))
		return error_hint(e, "the store goes behind -s: -s %s", first);
	if (cmd->words_max == 1 && strstr(cmd->synopsis, "DB.COLLECTION") != NULL)
		return error_hint(e, "a collection is one word: %s.%s", first, word);
	return e->code;
}

static int check_words(struct cmd_run *run, struct error *e)
{
	const struct cmd *cmd = run->cmd;

	if (run->words.count < cmd->words_min)
		return cmd_usage_error(
			run, e, "%s", cmd->missing == NULL ? "something is missing" : cmd->missing);
	if (run->words.count > cmd->words_max)
		return word_too_many(run, e);
	if (run->globals.progress != NULL &&
	    term_progress_parse(run->globals.progress, &run->progress, e) < 0)
		return e->code;
	if (run->globals.quiet && run->globals.progress == NULL)
		run->progress = TERM_PROGRESS_NEVER;
	return 0;
}

/* Parse what follows the verb, then run it: an exit code, or an error code with `e` set. */
static int run_verb(struct cmd_run *run, int argc, char *const *argv, struct buf *config,
		    struct error *e)
{
	const struct args_table tables[] = {
		{cmd_global_options, cmd_global_option_count, &run->globals},
		{run->cmd->options, run->cmd->option_count, run->options},
	};
	int ret = args_parse(argc, argv, tables, COUNT_OF(tables), false, &run->words, e);

	run->usage = ret < 0;
	if (ret < 0)
		return ret;
	if (run->globals.help) {
		cmd_help_verb(run->cmd, stdout);
		return EXIT_CODE_OK;
	}
	if (read_defaults(run, tables, COUNT_OF(tables), config, e) < 0)
		return e->code;
	if (check_words(run, e) < 0)
		return e->code;
	return run->cmd->run(run, e);
}

/* Free what the tables filled, so that a leak checker sees only real leaks. */
static void release(struct cmd_run *run)
{
	for (size_t i = 0; run->cmd != NULL && i < run->cmd->option_count; i++) {
		const struct args_option *option = &run->cmd->options[i];

		if (option->kind == ARGS_LIST)
			args_list_release((void *)((char *)run->options + option->offset));
	}
	args_list_release(&run->words);
	key_source_wipe(&run->secret);
	free(run->options);
}

/* The options before the verb. Returns the verb's index in argv, or -1 when there is nothing to run. */
static int find_verb(struct cmd_run *run, int argc, char *const *argv, int *ret_exit,
		     struct error *e)
{
	const struct args_table globals = {cmd_global_options, cmd_global_option_count,
					   &run->globals};
	int used = args_parse(argc - 1, argv + 1, &globals, 1, true, &run->words, e);

	*ret_exit = EXIT_CODE_USAGE;
	if (used < 0) {
		print_error(NULL, true, e);
		return -1;
	}
	used++;
	if (used == argc && run->globals.version) {
		run->cmd = &cmd_version;
		return used;
	}
	if (used == argc) {
		cmd_help_main(run->globals.help ? stdout : stderr);
		if (run->globals.help)
			*ret_exit = EXIT_CODE_OK;
		return -1;
	}
	run->cmd = cmd_table_find(argv[used]);
	if (run->cmd != NULL)
		return used + 1;
	unknown_verb(argv[used], e);
	print_error(NULL, false, e);
	return -1;
}

/* Help that was asked for and is not there is a failure, too. */
static int end_without_verb(int code, struct error *e)
{
	if (code != EXIT_CODE_OK || flush_output(e) >= 0)
		return code;
	print_error(NULL, false, e);
	return EXIT_CODE_FAILED;
}

int main(int argc, char **argv)
{
	/* libbson would abort when memory is out. */
	static const bson_mem_vtable_t memory = {
		.malloc = xmalloc, .calloc = xcalloc, .realloc = xrealloc, .free = free};
	struct cmd_run run = {0};
	struct error e = {0};
	struct buf config = {0};
	int ret, at;

	/* `yester cat ... | head` ends quietly, also when our parent ignores the signal. */
	signal(SIGPIPE, SIG_DFL);
	process_begin();
	bson_mem_set_vtable(&memory);
	at = find_verb(&run, argc, argv, &ret, &e);
	if (at < 0)
		return end_without_verb(ret, &e);
	run.options = xcalloc(1, run.cmd->options_size + 1);
	ret = run_verb(&run, argc - at, argv + at, &config, &e);
	if (ret >= 0 && flush_output(&e) < 0)
		ret = e.code;
	if (ret < 0)
		print_error(run.cmd, run.usage, &e);
	release(&run);
	buf_release(&config);
	return exit_code_of(ret);
}
