#include "tools/help_man.h"

#include <ctype.h>
#include <string.h>

#include "tools/cmd_help.h"

/* Text that roff shows as it is: no line of it is a request. */
static void put_text(FILE *to, const char *text, size_t len)
{
	if (len > 0 && (text[0] == '.' || text[0] == '\''))
		fputs("\\&", to);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", to);
		else if (text[i] == '-')
			fputs("\\-", to);
		else if (text[i] == '\'')
			fputs("\\(aq", to);
		else if (text[i] == '^')
			fputs("\\(ha", to);
		else if (text[i] == '~')
			fputs("\\(ti", to);
		else if (text[i] == '`')
			fputs("\\(ga", to);
		else
			fputc(text[i], to);
	}
}

static void put_str(FILE *to, const char *text)
{
	put_text(to, text, strlen(text));
}

static void put_section(FILE *to, const char *title)
{
	fprintf(to, ".SH %s\n", title);
}

/* Lines as they stand. */
static void put_lines(FILE *to, const char *text)
{
	fputs(".nf\n", to);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		put_text(to, text, len);
		fputc('\n', to);
		text += len + (text[len] == '\n');
	}
	fputs(".fi\n", to);
}

/* Paragraphs, which roff fills anew; indented lines stay as they are. */
static void put_paragraphs(FILE *to, const char *text)
{
	bool kept = false, apart = false;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		bool keep = len > 0 && text[0] == ' ';

		if (kept && !keep)
			fputs(".fi\n", to);
		if (apart && len > 0)
			fputs(".PP\n", to);
		if (keep && !kept)
			fputs(".nf\n", to);
		apart = len == 0;
		if (len > 0) {
			put_text(to, text, len);
			fputc('\n', to);
		}
		kept = keep;
		text += len + (text[len] == '\n');
	}
	if (kept)
		fputs(".fi\n", to);
}

static void put_option(FILE *to, const struct args_option *option)
{
	if (option->help == NULL)
		return;
	fputs(".TP\n", to);
	if (option->letter != 0)
		fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", to);
	put_str(to, option->name);
	fputs("\\fR", to);
	if (option->value != NULL) {
		fputs(option->kind == ARGS_OPTIONAL ? "[=\\fI" : " \\fI", to);
		put_str(to, option->value);
		fputs(option->kind == ARGS_OPTIONAL ? "\\fR]" : "\\fR", to);
	}
	fputc('\n', to);
	put_str(to, option->help);
	fputs(option->kind == ARGS_LIST ? "; may be repeated\n" : "\n", to);
}

void help_man_print(const struct cmd *cmd, FILE *to)
{
	bool at = false;

	fputs(".TH YESTER\\-", to);
	for (const char *c = cmd->name; *c != '\0'; c++)
		if (*c == '-')
			fputs("\\-", to);
		else
			fputc(toupper((unsigned char)*c), to);
	fprintf(to, " 1 \"%s\" \"yester %s\" \"Yesterfs\"\n", YESTER_RELEASED, YESTER_VERSION);
	put_section(to, "NAME");
	fputs("yester\\-", to);
	put_str(to, cmd->name);
	fputs(" \\- ", to);
	put_str(to, cmd->summary);
	fputc('\n', to);
	put_section(to, "SYNOPSIS");
	fputs(".nf\n\\fByester ", to);
	put_str(to, cmd->name);
	fputs("\\fR ", to);
	put_str(to, cmd->synopsis);
	fputs("\n.fi\n", to);
	put_section(to, "DESCRIPTION");
	put_paragraphs(to, cmd->about == NULL ? "As the first line says.\n" : cmd->about);
	put_section(to, "OPTIONS");
	for (size_t i = 0; i < cmd->option_count; i++) {
		put_option(to, &cmd->options[i]);
		at |= strcmp(cmd->options[i].name, "at") == 0;
	}
	for (size_t i = 0; i < cmd_global_option_count; i++)
		put_option(to, &cmd_global_options[i]);
	if (at) {
		put_section(to, "WHEN");
		put_lines(to, cmd_help_when);
	}
	put_section(to, "EXIT STATUS");
	put_lines(to, cmd_help_exit);
	put_section(to, "EXAMPLES");
	put_lines(to, cmd->examples);
	put_section(to, "SEE ALSO");
	fputs(".BR yester (1),\n.BR yesterfs (1)\n", to);
}
