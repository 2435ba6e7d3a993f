#include <stdio.h>

#include "oplog/when.h"
#include "tools/cmd_table.h"
#include "tools/ingest_out.h"
#include "tools/term.h"

struct options {
	const char *archive; /* "" without a value */
	const char *db;
	const char *name;
	const char *tag;
	const char *time;
	bool assert_quiesced;
	struct args_list include, exclude;
	const char *objcheck;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	{"archive", 0, ARGS_OPTIONAL, "F", "the dump is an archive (F instead of PATH, - is stdin)",
	 FIELD(archive)},
	{"name", 0, ARGS_VALUE, "N", "name of the snapshot (default: its time)", FIELD(name)},
	{"tag", 0, ARGS_VALUE, "T", "a word to remember it by", FIELD(tag)},
	{"time", 0, ARGS_VALUE, "T.I", "the optime of the dump (default: from its oplog or files)",
	 FIELD(time)},
	{"assert-quiesced", 0, ARGS_FLAG, NULL,
	 "nothing wrote during the dump: it is exactly the moment --time", FIELD(assert_quiesced)},
	{"nsInclude", 0, ARGS_LIST, "G", "take only these namespaces: shop.*, *.orders",
	 FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
	{"objcheck", 0, ARGS_VALUE, "off|structure|full",
	 "how thoroughly documents are checked (default: structure)", FIELD(objcheck)},
	{"db", 0, ARGS_VALUE, "DB",
	 "database of a lone .bson or of one folder (default: the folder's name)", FIELD(db)},
};

static int read_objcheck(const char *text, enum bson_check_level *ret, struct error *e)
{
	static const char *const words[] = {"off", "structure", "full"};

	*ret = BSON_CHECK_STRUCTURE;
	for (size_t i = 0; text != NULL && i < COUNT_OF(words); i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = (enum bson_check_level)i;
			return 0;
		}
	}
	if (text != NULL)
		return error_set(e, ERR_INVALID, "--objcheck takes off, structure or full, not %s",
				 text);
	return 0;
}

static int read_time(const char *text, struct optime *ret, struct error *e)
{
	struct when when;

	if (when_parse(text, &when, e) < 0)
		return e->code;
	if (when.kind != WHEN_OPTIME || when.before) {
		error_set(e, ERR_INVALID, "--time takes an optime, not \"%s\"", text);
		return error_hint(e, "seconds and increment: 1795254067.5");
	}
	*ret = when.optime;
	return 0;
}

/* What the command line asks for; the filter is the caller's to free. */
static int read_options(struct cmd_run *run, struct ns_filter *filter, struct ingest_options *ret,
			struct error *e)
{
	const struct options *o = run->options;
	const char *path = run->words.count > 0 ? run->words.at[0] : NULL;

	if (path == NULL && o->archive != NULL && *o->archive != '\0')
		path = o->archive;
	else if (o->archive != NULL && *o->archive != '\0')
		return cmd_usage_error(run, e, "two dumps are named: %s and %s", path, o->archive);
	if (path == NULL)
		return cmd_usage_error(run, e, "which dump? a folder, an archive, a .bson, or -");
	if (strcmp(path, "-") == 0 && term_is_tty(stdin))
		return cmd_usage_error(run, e, "standard input is a terminal");
	if (o->assert_quiesced && o->time == NULL)
		return cmd_usage_error(run, e, "--assert-quiesced needs --time T.I");
	if (o->name != NULL && *o->name == '\0')
		return cmd_usage_error(run, e, "the name is empty");
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(filter, o->exclude.at[i], e) < 0)
			return e->code;
	*ret = (struct ingest_options){
		.path = path,
		.archive = o->archive != NULL,
		.db = o->db,
		.name = o->name,
		.tag = o->tag,
		.assert_quiesced = o->assert_quiesced,
		.filter = filter,
	};
	if (read_objcheck(o->objcheck, &ret->objcheck, e) < 0)
		return e->code;
	return o->time == NULL ? 0 : read_time(o->time, &ret->time, e);
}

static int run_ingest(struct cmd_run *run, struct error *e)
{
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(store_close) struct store *store = NULL;
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct ingest_options o;
	struct ingest_result result = {0};
	int ret;

	if (read_options(run, filter, &o, e) < 0)
		return e->code;
	if (cmd_open_store(run, &store, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	o.progress = term_progress_get(progress);
	ret = ingest_run(store, &o, &result, e);
	term_progress_end(TAKE(progress));
	if (ret < 0) {
		if (ret == ERR_CANCELLED && e->hint[0] == '\0')
			error_hint(
				e,
				"no snapshot was made; the same command goes on where it stopped");
		return ret;
	}
	ingest_out_warn(run, &result);
	if (run->globals.json)
		ingest_out_json(&result);
	else if (!run->globals.quiet)
		ingest_out_text(run, &result, false);
	ingest_result_release(&result);
	return 0;
}

const struct cmd cmd_ingest = {
	.name = "ingest",
	.group = "Put in",
	.synopsis = "-s STORE PATH|- [--archive] [--name N] [--time T.I [--assert-quiesced]]\n"
		    "              [--tag T] [--nsInclude G]... [--nsExclude G]...\n"
		    "              [--objcheck off|structure|full] [--db DB]",
	.summary = "put a mongodump into the store as a snapshot",
	.about = "PATH is what mongodump wrote: a folder (of the whole deployment or of one "
		 "database),\n"
		 "an archive, a lone .bson; plain or gzip'd, of any server since 2.4. - is an "
		 "archive on\n"
		 "standard input. Only what the store does not have yet is written. When it fails "
		 "or is\n"
		 "interrupted there is no snapshot, and nothing else has changed.\n"
		 "\n"
		 "A dump made with --oplog is exact: it shows one moment. So is one with --time "
		 "and\n"
		 "--assert-quiesced. Any other is \"about\": it is listed and shown.\n",
	.examples =
		"  yester ingest -s /backup/shop dump/\n"
		"  mongodump --archive --oplog | yester ingest -s /backup/shop -\n"
		"  yester ingest -s /backup/shop dump/ --name before-migration --tag release-42\n"
		"  yester ingest -s /backup/shop dump/ --nsInclude 'shop.*' --nsExclude '*.tmp*'\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.words_max = 1,
	.run = run_ingest,
};
