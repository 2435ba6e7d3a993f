#include "tools/cmd_help.h"

#include "tools/cmd_table.h"
#include "tools/help_man.h"
#include "tools/help_shell.h"
#include "tools/json_out.h"
#include "tools/term.h"

struct options {
	const char *as;
};

static const struct args_option options[] = {
	{"as", 0, ARGS_VALUE, "man|bash|zsh|names", "another form of the same",
	 offsetof(struct options, as)},
};

#define HELP_COLUMN 28 /* where the explanations of options begin, less two */

const char cmd_help_when[] =
	"  latest                         the last operation; the newest snapshot if there is no\n"
	"                                 oplog; latest-snapshot is what MNT/latest shows\n"
	"  2026-11-21T09:41:07Z           a second, inclusive: all operations of it "
	"(mongorestore's\n"
	"                                 --oplogLimit is exclusive); also 2026-11-21T094107Z,\n"
	"                                 2026-11-21T10:41:07+01:00, @1795254067\n"
	"  1795254067.5                   an optime, inclusive; also 1795254067,5 and "
	"1795254067:5\n"
	"  now-2h, latest-1d              a distance: w, d, h, m, s\n"
	"  before-migration, id:1a2b      a snapshot's name, the beginning of its id\n"
	"  W~                             the moment just before W\n"
	"  'yester ranges' shows what can be reached. A second can be once a later operation is "
	"known.\n";

const char cmd_help_exit[] =
	"   0  done                                  6  refused, nothing was changed\n"
	"   1  failed                               10  there is no store\n"
	"   2  the command line is wrong            11  locked by another process\n"
	"   3  partly done, or differences found    12  wrong key\n"
	"   4  damage was found                    130  interrupted\n"
	"   5  the time asked for can't be had\n";

static void print_title(FILE *to, const char *text)
{
	fprintf(to, "\n%s%s%s\n", term_style(to, TERM_BOLD), text, term_style(to, TERM_PLAIN));
}

/* "  -s, --store STORE     help". */
static void print_option(FILE *to, const struct args_option *option)
{
	char left[96];
	int len = option->letter != 0 ? snprintf(left, sizeof(left), "  -%c, --%s", option->letter,
						 option->name)
				      : snprintf(left, sizeof(left), "      --%s", option->name);

	if (option->help == NULL)
		return;
	if (option->value != NULL && len > 0)
		snprintf(left + len, sizeof(left) - (size_t)len,
			 option->kind == ARGS_OPTIONAL ? "[=%s]" : " %s", option->value);
	if (strlen(left) > HELP_COLUMN)
		fprintf(to, "%s\n%-*s  ", left, HELP_COLUMN, "");
	else
		fprintf(to, "%-*s  ", HELP_COLUMN, left);
	fprintf(to, "%s%s\n", option->help, option->kind == ARGS_LIST ? "; may be repeated" : "");
}

void cmd_help_main(FILE *to)
{
	const char *group = "";

	fputs("yester: the history of a MongoDB deployment in one folder. Walk into any moment of\n"
	      "it without restoring anything.\n\n"
	      "usage: yester VERB -s STORE ...\n",
	      to);
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		if (cmd_table[i]->group == NULL)
			continue;
		if (strcmp(cmd_table[i]->group, group) != 0) {
			group = cmd_table[i]->group;
			print_title(to, group);
		}
		fprintf(to, "  %-14s%s\n", cmd_table[i]->name, cmd_table[i]->summary);
	}
	print_title(to, "With every verb");
	for (size_t i = 0; i < cmd_global_option_count; i++)
		print_option(to, &cmd_global_options[i]);
	print_title(to, "WHEN (--at)");
	fputs(cmd_help_when, to);
	print_title(to, "Exit codes");
	fputs(cmd_help_exit, to);
	print_title(to, "Example");
	fputs("  export YESTER_STORE=/backup/shop\n"
	      "  yester init\n"
	      "  mongodump --oplog --out dump && yester ingest dump\n"
	      "  mongodump -d local -c oplog.rs --out slice && yester ingest-oplog slice\n"
	      "  yester log --bursts --since latest-1h\n"
	      "  yester mount /mnt/shop && ls /mnt/shop/at/2026-11-21T094107Z/\n\n"
	      "'yester help VERB' explains a verb and shows examples.\n",
	      to);
}

void cmd_help_verb(const struct cmd *cmd, FILE *to)
{
	bool at = false;

	fprintf(to, "yester %s: %s\n\nusage: yester %s %s\n", cmd->name, cmd->summary, cmd->name,
		cmd->synopsis);
	if (cmd->about != NULL)
		fprintf(to, "\n%s", cmd->about);
	print_title(to, "Options");
	for (size_t i = 0; i < cmd->option_count; i++) {
		print_option(to, &cmd->options[i]);
		at |= strcmp(cmd->options[i].name, "at") == 0;
	}
	for (size_t i = 0; i < cmd_global_option_count; i++)
		print_option(to, &cmd_global_options[i]);
	if (at) {
		print_title(to, "WHEN");
		fputs(cmd_help_when, to);
	}
	print_title(to, "Examples");
	fputs(cmd->examples, to);
}

/* The verb that was asked for, or NULL and an error. */
static const struct cmd *find_verb(const char *name, struct error *e)
{
	const struct cmd *cmd = cmd_table_find(name);

	if (cmd != NULL)
		return cmd;
	error_set(e, ERR_INVALID, "there is no verb \"%s\"", name);
	if (cmd_table_suggest(name) != NULL)
		error_hint(e, "did you mean '%s'?", cmd_table_suggest(name));
	else
		error_hint(e, "'yester help' lists the verbs");
	return NULL;
}

static void json_option(struct json_out *j, const struct args_option *option)
{
	const char letter[] = {option->letter, '\0'};

	if (option->help == NULL)
		return;
	json_out_object(j, NULL);
	json_out_str(j, "name", option->name);
	json_out_str(j, "letter", option->letter == 0 ? NULL : letter);
	json_out_str(j, "value", option->value);
	json_out_bool(j, "repeats", option->kind == ARGS_LIST || option->kind == ARGS_COUNT);
	json_out_str(j, "help", option->help);
	json_out_end_object(j);
}

/* The tables that everything else here is made from; `only` one verb or NULL. */
static void print_json(const struct cmd *only)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_array(&j, "options");
	for (size_t i = 0; i < cmd_global_option_count; i++)
		json_option(&j, &cmd_global_options[i]);
	json_out_end_array(&j);
	json_out_array(&j, "verbs");
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		const struct cmd *cmd = cmd_table[i];

		if (only != NULL && cmd != only)
			continue;
		json_out_object(&j, NULL);
		json_out_str(&j, "name", cmd->name);
		json_out_str(&j, "summary", cmd->summary);
		json_out_array(&j, "options");
		for (size_t o = 0; o < cmd->option_count; o++)
			json_option(&j, &cmd->options[o]);
		json_out_end_array(&j);
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	json_out_finish(&j);
}

/* One of the forms of --as. */
static int print_as(struct cmd_run *run, const char *form, const struct cmd *cmd, struct error *e)
{
	if (strcmp(form, "man") == 0 && cmd != NULL)
		help_man_print(cmd, stdout);
	else if (strcmp(form, "man") == 0)
		return cmd_usage_error(run, e, "which verb's page?");
	else if (cmd != NULL)
		return cmd_usage_error(run, e, "--as %s is of all verbs, not of one", form);
	else if (strcmp(form, "bash") == 0)
		help_bash_print(stdout);
	else if (strcmp(form, "zsh") == 0)
		help_zsh_print(stdout);
	else if (strcmp(form, "names") == 0)
		for (size_t i = 0; cmd_table[i] != NULL; i++)
			puts(cmd_table[i]->name);
	else
		return cmd_usage_error(run, e, "--as takes man, bash, zsh or names, not \"%s\"",
				       form);
	return 0;
}

static int run_help(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	const struct cmd *cmd = NULL;

	if (run->words.count > 0 && (cmd = find_verb(run->words.at[0], e)) == NULL)
		return e->code;
	if (o->as != NULL)
		return print_as(run, o->as, cmd, e);
	if (run->globals.json)
		print_json(cmd);
	else if (cmd != NULL)
		cmd_help_verb(cmd, stdout);
	else
		cmd_help_main(stdout);
	return 0;
}

const struct cmd cmd_help = {
	.name = "help",
	.group = "About",
	.synopsis = "[VERB] [--as man|bash|zsh|names] [--json]",
	.summary = "explain a verb, or list all",
	.about = "--as writes the same in another form: a verb's manual page, the completion of a "
		 "shell, or the\n"
		 "names of all verbs. --json prints the tables of verbs and options.\n",
	.examples = "  yester help\n"
		    "  yester help ingest\n"
		    "  source <(yester help --as bash)\n"
		    "  yester help restore --as man | man -l -\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_help,
};
