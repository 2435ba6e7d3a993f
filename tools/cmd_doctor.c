#include <stdio.h>

#include "base/exit_code.h"
#include "tools/cmd_table.h"
#include "tools/doctor.h"
#include "tools/json_out.h"
#include "tools/term.h"

struct options {
	struct args_list dbpaths;
};

static const struct args_option options[] = {
	{"dbpath", 0, ARGS_LIST, "DIR", "data of a mongod, to be on another device",
	 offsetof(struct options, dbpaths)},
};

static const char *const state_names[] = {"good", "note", "warning", "problem"};

static void print_json(const struct doctor *doctor)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_bool(&j, "ok", doctor_worst(doctor) <= DOCTOR_NOTE);
	json_out_array(&j, "findings");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_finding *f = &doctor->at[i];

		json_out_object(&j, NULL);
		json_out_str(&j, "name", f->name);
		json_out_str(&j, "state", state_names[f->state]);
		json_out_bytes(&j, "text", bytes_str(f->text));
		if (f->hint != NULL)
			json_out_bytes(&j, "hint", bytes_str(f->hint));
		json_out_end_object(&j);
	}
	json_out_end_array(&j);
	json_out_finish(&j);
}

/* What is good is left out with --quiet. */
static void print_text(const struct doctor *doctor, bool quiet)
{
	static const enum term_style styles[] = {TERM_GREEN, TERM_PLAIN, TERM_YELLOW, TERM_RED};
	OWNED(buf_release) struct buf text = {0};

	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_finding *f = &doctor->at[i];

		if (quiet && f->state <= DOCTOR_NOTE)
			continue;
		printf("%s%-8s%s %-10s ", term_style(stdout, styles[f->state]),
		       state_names[f->state], term_style(stdout, TERM_PLAIN), f->name);
		puts(term_escaped(bytes_str(f->text), &text));
		if (f->hint != NULL)
			printf("%20s%s\n", "HINT: ", term_escaped(bytes_str(f->hint), &text));
	}
}

/* The part about a store: its exit code when it can't be opened, else 0. */
static int look_at_store(struct cmd_run *run, struct doctor *doctor)
{
	const struct options *o = run->options;
	OWNED(store_close) struct store *store = NULL;
	struct error e = {0};

	doctor_folder(doctor, run->globals.store, &o->dbpaths);
	if (cmd_open_store(run, &store, &e) == 0 && doctor_store(doctor, store, &e) == 0)
		return EXIT_CODE_OK;
	doctor_add(doctor, "store", DOCTOR_PROBLEM, e.hint[0] == '\0' ? NULL : e.hint, "%s",
		   e.text);
	return exit_code_of(e.code);
}

static int run_doctor(struct cmd_run *run, struct error *e UNUSED)
{
	static const int codes[] = {EXIT_CODE_OK, EXIT_CODE_OK, EXIT_CODE_PARTIAL,
				    EXIT_CODE_FAILED};
	OWNED(doctor_release) struct doctor doctor = {0};
	int code = EXIT_CODE_OK;

	doctor_machine(&doctor);
	if (run->globals.store != NULL && run->globals.store[0] != '\0')
		code = look_at_store(run, &doctor);
	else
		doctor_add(&doctor, "store", DOCTOR_NOTE, "give -s STORE, or set YESTER_STORE",
			   "no store was looked at");
	if (run->globals.json)
		print_json(&doctor);
	else
		print_text(&doctor, run->globals.quiet);
	return code != EXIT_CODE_OK ? code : codes[doctor_worst(&doctor)];
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.group = "About",
	.synopsis = "[-s STORE] [--dbpath DIR]... [--json]",
	.summary = "find what stands in the way on this machine and in a store",
	.about =
		"Looks at versions, kernel, FUSE, limits, core files, memory, clock and programs; "
		"of a "
		"store at\n"
		"its file system, room, rights, index, gaps, and whether a mongod's data lie on "
		"the "
		"same device:\n"
		"of mongods that run, of /etc/mongod.conf, and of --dbpath. Quick, and changes "
		"nothing; 'yester\n"
		"check' proves that a store is whole.\n"
		"\n"
		"Exit codes: 0 nothing is wrong; 3 there is a warning; 1 something does not work; "
		"10, 11, 12 as\n"
		"of all verbs when the store can't be opened. --quiet prints only what is wrong.\n",
	.examples = "  yester doctor\n"
		    "  yester doctor -s /backup/shop\n"
		    "  yester doctor -s /backup/shop --dbpath /var/lib/mongodb --quiet\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_doctor,
};
