#include "tools/help_shell.h"

#include <string.h>

#include "tools/cmd_table.h"

/* The options of yesterfs -o; tests/integration/test_completion.py compares with its --help. */
#define MOUNT_OPTIONS                                                                              \
	"allow_other credentials key_file= key_command= uid= gid= umask= cache= show=bson "        \
	"show=bson,json json=canonical "                                                           \
	"nonempty"

/* What completes a value, as the shell functions below are called: _yester_<this>. */
static const char *kind_of(const char *value)
{
	static const char *const kinds[][2] = {
		{"DIR", "dirs"},  {"STORE", "dirs"},	     {"STORE2", "dirs"},   {"MNT", "dirs"},
		{"F", "files"},	  {"PATH", "files"},	     {"FILE", "files"},	   {"DST", "dirs"},
		{"DEST", "dirs"}, {"WHEN", "when"},	     {"SNAPSHOT", "when"}, {"NS", "names"},
		{"G", "names"},	  {"OPTS", "mount_options"}, {"VERB", "verbs"},
	};

	for (size_t i = 0; value != NULL && i < COUNT_OF(kinds); i++)
		if (strcmp(value, kinds[i][0]) == 0)
			return kinds[i][1];
	return "nothing";
}

/* "missing|replace|drop": words to choose from? */
static bool is_choice(const char *value)
{
	return value != NULL && strchr(value, '|') != NULL &&
	       strspn(value, "abcdefghijklmnopqrstuvwxyz|") == strlen(value);
}

/* What completes the words of a verb that are no options: by the first word of its synopsis that says. */
static const char *kind_of_words(const struct cmd *cmd)
{
	static const char *const tokens[][2] = {
		{"WHEN1", "when"},   {"[NS", "names"},	   {"DB.COLLECTION", "names"},
		{"PATH", "files"},   {"MNT", "dirs"},	   {"DEST", "dirs"},
		{"DST", "dirs"},     {"SNAPSHOT", "when"}, {"FILE", "files"},
		{"[VERB]", "verbs"},
	};

	for (size_t i = 0; cmd->words_max > 0 && i < COUNT_OF(tokens); i++)
		if (strstr(cmd->synopsis, tokens[i][0]) != NULL)
			return tokens[i][1];
	return "nothing";
}

/* ---- bash */

static const char bash_begin[] =
	"# bash completion of yester and yesterfs, made by 'yester help --as bash'\n"
	"\n"
	"_yester_store() {\n"
	"\tlocal i store=$YESTER_STORE\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-s | --store)\n"
	"\t\t\tstore=${COMP_WORDS[i + 1]}\n"
	"\t\t\t[ \"$store\" != = ] || store=${COMP_WORDS[i + 2]}\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tprintf '%s' \"${store/#\\~\\//$HOME/}\"\n"
	"}\n"
	"_yester_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	"_yester_dirs() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "
	"\"$cur\"); }\n"
	"_yester_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f "
	"-- \"$cur\"); }\n"
	"_yester_nothing() { :; }\n"
	"_yester_when() {\n"
	"\t_yester_words \"latest latest-snapshot $(timeout 2 yester snapshots -s "
	"\"$(_yester_store)\" 2>/dev/null |\n"
	"\t\tsed -n '2,$s/ .*//p')\"\n"
	"}\n"
	"_yester_names() {\n"
	"\tmapfile -t COMPREPLY < <(timeout 2 yester ls -1 -s \"$(_yester_store)\" 2>/dev/null |\n"
	"\t\twhile IFS= read -r name; do [[ $name != \"$cur\"* ]] || printf '%q\\n' \"$name\"; "
	"done)\n"
	"}\n"
	"_yester_mount_options() {\n"
	"\tcompopt -o nospace 2>/dev/null\n"
	"\t_yester_words '" MOUNT_OPTIONS "'\n"
	"}\n";

static const char bash_end[] =
	"_yester() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$cur\" = = ]; then\n"
	"\t\tcur=''\n"
	"\telif [ \"$prev\" = = ]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-s | --store | --config | --progress) ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) verb=${COMP_WORDS[i]} && break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t_yester_value \"$verb\" \"$prev\" && return\n"
	"\tif [[ $cur == -* ]]; then\n"
	"\t\t_yester_options \"$verb\"\n"
	"\telif [ -z \"$verb\" ]; then\n"
	"\t\t_yester_verbs\n"
	"\telse\n"
	"\t\t_yester_operand \"$verb\"\n"
	"\tfi\n"
	"}\n"
	"_yesterfs() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"${COMP_WORDS[COMP_CWORD - 1]}\" = -o ]; then\n"
	"\t\t_yester_mount_options\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\t_yester_words '-f -d -o -h --help -V --version'\n"
	"\telse\n"
	"\t\t_yester_dirs\n"
	"\tfi\n"
	"}\n"
	"complete -F _yester yester\n"
	"complete -F _yesterfs yesterfs\n";

static void bash_option_names(FILE *to, const struct args_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (options[i].help != NULL)
			fprintf(to, " --%s", options[i].name);
}

/* One line of the case in _yester_value: what completes the value of an option of `verb` ("*": any). */
static void bash_value(FILE *to, const char *verb, const struct args_option *option)
{
	if (option->help == NULL || option->kind == ARGS_FLAG || option->kind == ARGS_COUNT)
		return;
	fprintf(to, "\t%s\" --%s\"", verb, option->name);
	if (option->letter != 0)
		fprintf(to, " | %s\" -%c\"", verb, option->letter);
	fputs(") ", to);
	if (!is_choice(option->value)) {
		fprintf(to, "_yester_%s ;;\n", kind_of(option->value));
		return;
	}
	fputs("_yester_words '", to);
	for (const char *c = option->value; *c != '\0'; c++)
		fputc(*c == '|' ? ' ' : *c, to);
	fputs("' ;;\n", to);
}

static void bash_values(FILE *to)
{
	fputs("_yester_value() {\n\tcase \"$1 $2\" in\n", to);
	for (size_t i = 0; cmd_table[i] != NULL; i++)
		for (size_t o = 0; o < cmd_table[i]->option_count; o++)
			bash_value(to, cmd_table[i]->name, &cmd_table[i]->options[o]);
	for (size_t i = 0; i < cmd_global_option_count; i++)
		bash_value(to, "*", &cmd_global_options[i]);
	fputs("\t*) return 1 ;;\n\tesac\n\treturn 0\n}\n", to);
}

void help_bash_print(FILE *to)
{
	fputs(bash_begin, to);
	fputs("_yester_verbs() { _yester_words '", to);
	for (size_t i = 0; cmd_table[i] != NULL; i++)
		fprintf(to, "%s%s", i == 0 ? "" : " ", cmd_table[i]->name);
	fputs("'; }\n_yester_options() {\n\tlocal all='", to);
	bash_option_names(to, cmd_global_options, cmd_global_option_count);
	fputs("'\n\tcase $1 in\n", to);
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		fprintf(to, "\t%s) _yester_words \"$all", cmd_table[i]->name);
		bash_option_names(to, cmd_table[i]->options, cmd_table[i]->option_count);
		fputs("\" ;;\n", to);
	}
	fputs("\t*) _yester_words \"$all\" ;;\n\tesac\n}\n_yester_operand() {\n\tcase $1 in\n", to);
	for (size_t i = 0; cmd_table[i] != NULL; i++)
		fprintf(to, "\t%s) _yester_%s ;;\n", cmd_table[i]->name,
			kind_of_words(cmd_table[i]));
	fputs("\tesac\n}\n", to);
	bash_values(to);
	fputs(bash_end, to);
}

/* ---- zsh */

static const char zsh_begin[] =
	"#compdef yester yesterfs\n"
	"# zsh completion of yester and yesterfs, made by 'yester help --as zsh'\n"
	"\n"
	"_yester_store() {\n"
	"\tlocal i=${words[(I)-s|--store]}\n"
	"\tlocal store=${(M)words:#--store=*}\n"
	"\tif (( i > 0 )); then\n"
	"\t\tstore=$words[i+1]\n"
	"\telse\n"
	"\t\tstore=${store#--store=}\n"
	"\tfi\n"
	"\tprint -r -- ${${store:-$YESTER_STORE}/#\\~/$HOME}\n"
	"}\n"
	"_yester_dirs() { _files -/ }\n"
	"_yester_files() { _files }\n"
	"_yester_nothing() { _message -e value value }\n"
	"_yester_when() {\n"
	"\tlocal -a found\n"
	"\tfound=(latest latest-snapshot ${(f)\"$(timeout 2 yester snapshots -s "
	"\"$(_yester_store)\" 2>/dev/null |\n"
	"\t\tsed -n '2,$s/ .*//p')\"})\n"
	"\tcompadd -a found\n"
	"}\n"
	"_yester_names() {\n"
	"\tlocal -a found\n"
	"\tfound=(${(f)\"$(timeout 2 yester ls -1 -s \"$(_yester_store)\" 2>/dev/null)\"})\n"
	"\tcompadd -a found\n"
	"}\n"
	"_yester_mount_options() { _values -s , option ${(s: :)${:-" MOUNT_OPTIONS "}} }\n";

static const char zsh_end[] =
	"_yester() {\n"
	"\tlocal context state state_descr line\n"
	"\ttypeset -A opt_args\n"
	"\tif [[ $service == yesterfs ]]; then\n"
	"\t\t_arguments '-f[stay in the foreground]' '-d[print each request]' "
	"'*-o+[options]:options:_yester_mount_options' \\\n"
	"\t\t\t'(-h --help)'{-h,--help}'[print the help]' '(-V --version)'{-V,--version}'[print "
	"the versions]' \\\n"
	"\t\t\t'*:folder:_yester_dirs'\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_arguments -C $_yester_common '1: :_yester_verbs' '*:: :->rest' && return\n"
	"\t[[ $state == rest ]] && _yester_verb $words[1]\n"
	"}\n"
	"_yester \"$@\"\n";

/* Inside single quotes, and where zsh gives [, ] and : a meaning. */
static void zsh_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else if (strchr("[]:\\", *text) != NULL)
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

/* "[help]" and, for what takes a value, ":VALUE:action". */
static void zsh_explain(FILE *to, const struct args_option *option)
{
	fputs("'[", to);
	zsh_text(to, option->help);
	fputc(']', to);
	if (option->kind != ARGS_FLAG && option->kind != ARGS_COUNT) {
		fputs(option->kind == ARGS_OPTIONAL ? "::" : ":", to);
		zsh_text(to, option->value == NULL ? "VALUE" : option->value);
		fputc(':', to);
		if (is_choice(option->value)) {
			fputc('(', to);
			for (const char *c = option->value; *c != '\0'; c++)
				fputc(*c == '|' ? ' ' : *c, to);
			fputc(')', to);
		} else {
			fprintf(to, "_yester_%s", kind_of(option->value));
		}
	}
	fputs("'\n", to);
}

static void zsh_option(FILE *to, const struct args_option *option)
{
	bool repeats = option->kind == ARGS_LIST || option->kind == ARGS_COUNT;
	bool valued = option->kind == ARGS_VALUE || option->kind == ARGS_LIST;
	const char *equals = option->kind == ARGS_OPTIONAL ? "=-" : valued ? "=" : "";

	if (option->help == NULL)
		return;
	if (option->letter == 0)
		fprintf(to, "\t\t%s--%s%s", repeats ? "\\*" : "", option->name, equals);
	else if (repeats)
		fprintf(to, "\t\t\\*{-%c%s,--%s%s}", option->letter, valued ? "+" : "",
			option->name, equals);
	else
		fprintf(to, "\t\t'(-%c --%s)'{-%c%s,--%s%s}", option->letter, option->name,
			option->letter, valued ? "+" : "", option->name, equals);
	zsh_explain(to, option);
}

void help_zsh_print(FILE *to)
{
	fputs(zsh_begin, to);
	fputs("typeset -ga _yester_common=(\n", to);
	for (size_t i = 0; i < cmd_global_option_count; i++)
		zsh_option(to, &cmd_global_options[i]);
	fputs(")\n_yester_verbs() {\n\tlocal -a verbs=(\n", to);
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		fprintf(to, "\t\t'%s:", cmd_table[i]->name);
		zsh_text(to, cmd_table[i]->summary);
		fputs("'\n", to);
	}
	fputs("\t)\n\t_describe verb verbs\n}\n_yester_verb() {\n\tlocal -a own\n\tcase $1 in\n",
	      to);
	for (size_t i = 0; cmd_table[i] != NULL; i++) {
		fprintf(to, "\t%s) own=(\n", cmd_table[i]->name);
		for (size_t o = 0; o < cmd_table[i]->option_count; o++)
			zsh_option(to, &cmd_table[i]->options[o]);
		fprintf(to, "\t\t'*:operand:_yester_%s'\n\t\t) ;;\n", kind_of_words(cmd_table[i]));
	}
	fputs("\tesac\n\t_arguments $_yester_common $own\n}\n", to);
	fputs(zsh_end, to);
}
