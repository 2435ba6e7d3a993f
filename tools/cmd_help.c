#include "tools/cmd_help.h"

#include "tools/cmd_table.h"
#include "tools/term.h"

#define HELP_COLUMN 28 /* where the explanations of options begin, less two */

static const char when_text[] =
	"  latest                         the last operation, or the newest snapshot if that is\n"
	"                                 later; latest-snapshot is what MNT/latest shows\n"
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

static const char exit_text[] =
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
	fputs(when_text, to);
	print_title(to, "Exit codes");
	fputs(exit_text, to);
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
		fputs(when_text, to);
	}
	print_title(to, "Examples");
	fputs(cmd->examples, to);
}

static int run_help(struct cmd_run *run, struct error *e)
{
	const struct cmd *cmd;

	if (run->words.count == 0) {
		cmd_help_main(stdout);
		return 0;
	}
	cmd = cmd_table_find(run->words.at[0]);
	if (cmd == NULL && cmd_table_is_later(run->words.at[0]))
		return cmd_not_yet(run->words.at[0], e);
	if (cmd == NULL) {
		error_set(e, ERR_INVALID, "there is no verb \"%s\"", run->words.at[0]);
		if (cmd_table_suggest(run->words.at[0]) != NULL)
			error_hint(e, "did you mean '%s'?", cmd_table_suggest(run->words.at[0]));
		return e->code;
	}
	cmd_help_verb(cmd, stdout);
	return 0;
}

const struct cmd cmd_help = {
	.name = "help",
	.group = "About",
	.synopsis = "[VERB]",
	.summary = "explain a verb, or list all",
	.examples = "  yester help\n"
		    "  yester help ingest\n",
	.words_max = 1,
	.run = run_help,
};
