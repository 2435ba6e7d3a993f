#include <stdio.h>

#include "store/tree/tree_cursor.h"
#include "tools/cmd_table.h"
#include "tools/dump.h"
#include "tools/json_out.h"
#include "tools/moment_at.h"
#include "tools/size.h"
#include "tools/term.h"

struct options {
	const char *at;
	const char *out;
	const char *archive; /* "" without a value: standard output */
	bool gzip;
	struct args_list include, exclude;
};

#define FIELD(name) offsetof(struct options, name)
static const struct args_option options[] = {
	CMD_AT_OPTION(struct options),
	{"out", 'o', ARGS_VALUE, "DIR", "the folder to make (default: dump)", FIELD(out)},
	{"archive", 0, ARGS_OPTIONAL, "F", "an archive instead; without F on standard output",
	 FIELD(archive)},
	{"gzip", 0, ARGS_FLAG, NULL, "compress", FIELD(gzip)},
	{"nsInclude", 0, ARGS_LIST, "G", "only these namespaces: shop.*, *.orders", FIELD(include)},
	{"nsExclude", 0, ARGS_LIST, "G", "leave these out", FIELD(exclude)},
};

static int read_options(struct cmd_run *run, struct ns_filter *filter, struct dump_options *ret,
			struct error *e)
{
	const struct options *o = run->options;
	bool to_stdout =
		o->archive != NULL && (*o->archive == '\0' || strcmp(o->archive, "-") == 0);

	if (o->out != NULL && o->archive != NULL)
		return cmd_usage_error(run, e, "--out and --archive exclude each other");
	if (o->out != NULL && strcmp(o->out, "-") == 0)
		return cmd_usage_error(run, e,
				       "--out makes a folder; --archive is for standard output");
	if (to_stdout && term_is_tty(stdout)) {
		error_set(e, ERR_REFUSED, "an archive is not for a terminal");
		return error_hint(e, "name a file: --archive=F");
	}
	for (size_t i = 0; i < o->include.count; i++)
		if (ns_filter_include(filter, o->include.at[i], e) < 0)
			return e->code;
	for (size_t i = 0; i < o->exclude.count; i++)
		if (ns_filter_exclude(filter, o->exclude.at[i], e) < 0)
			return e->code;
	*ret = (struct dump_options){
		.archive = to_stdout ? "-" : o->archive,
		.gzip = o->gzip,
		.filter = filter,
	};
	if (o->archive == NULL)
		ret->out = o->out == NULL ? "dump" : o->out;
	return 0;
}

static void print_json(const struct dump_result *r, const struct dump_options *o)
{
	struct json_out j;

	json_out_begin(&j, stdout, false);
	json_out_name(&j, o->out != NULL ? "out" : "archive",
		      bytes_str(o->out != NULL ? o->out : o->archive));
	json_out_u64(&j, "namespaces", r->namespaces);
	json_out_u64(&j, "documents", r->documents);
	json_out_u64(&j, "bytes", r->bytes);
	json_out_u64(&j, "oplogEntries", r->oplog_entries);
	json_out_finish(&j);
}

/* On standard error when the archive itself goes to standard output. */
static void print_text(const struct dump_result *r, const struct dump_options *o)
{
	FILE *to = o->archive != NULL && strcmp(o->archive, "-") == 0 ? stderr : stdout;
	char count[SIZE_TEXT_LEN], documents[SIZE_TEXT_LEN], bytes[SIZE_TEXT_LEN];
	const char *gzip = o->gzip ? " --gzip" : "";
	const char *replay = r->oplog_entries > 0 ? " --oplogReplay" : "";

	size_count_text(r->namespaces, count);
	size_count_text(r->documents, documents);
	size_text(r->bytes, bytes);
	fprintf(to, "%s document%s (%s) of %s namespace%s written\n", documents,
		r->documents == 1 ? "" : "s", bytes, count, r->namespaces == 1 ? "" : "s");
	if (to == stderr)
		return;
	if (o->out != NULL)
		fprintf(to, "\nNext:\n  mongorestore%s%s --dir %s\n", gzip, replay, o->out);
	else
		fprintf(to, "\nNext:\n  mongorestore%s%s --archive=%s\n", gzip, replay, o->archive);
}

static int run_dump(struct cmd_run *run, struct error *e)
{
	const struct options *o = run->options;
	OWNED(ns_filter_free) struct ns_filter *filter = ns_filter_new();
	OWNED(store_close) struct store *store = NULL;
	OWNED(moment_at_release) struct moment_at at = {0};
	OWNED(term_progress_end) struct term_progress *progress = NULL;
	struct dump_options dump;
	struct dump_result result = {0};
	int ret;

	if (read_options(run, filter, &dump, e) < 0)
		return e->code;
	if (cmd_open_store(run, &store, e) < 0 || moment_at_open(run, store, o->at, &at, e) < 0)
		return e->code;
	progress = term_progress_begin(run->progress);
	dump.progress = term_progress_get(progress);
	moment_at_report(&at, dump.progress);
	ret = dump_run(at.moment, &dump, &result, e);
	moment_at_report(&at, NULL);
	term_progress_end(TAKE(progress));
	if (ret < 0)
		return ret;
	if (run->globals.json && (dump.archive == NULL || strcmp(dump.archive, "-") != 0))
		print_json(&result, &dump);
	else if (!run->globals.quiet)
		print_text(&result, &dump);
	return 0;
}

const struct cmd cmd_dump = {
	.name = "dump",
	.group = "Take out",
	.synopsis = "-s STORE [--at WHEN] [--out DIR | --archive[=F]] [--gzip]\n"
		    "             [--nsInclude G]... [--nsExclude G]...",
	.summary = "write a moment as mongodump would, for mongorestore",
	.about = "A folder (by default ./dump), or an archive in a file or on standard output. A "
		 "folder\n"
		 "that has files in it, or an archive that exists, is refused (exit code 6). When "
		 "it fails\n"
		 "or is interrupted, what it wrote is removed.\n",
	.examples = "  yester dump -s /backup/shop --at before-migration --out /tmp/before\n"
		    "  yester dump -s /backup/shop --nsInclude shop.orders --archive | "
		    "mongorestore --archive\n"
		    "  yester dump -s /backup/shop --gzip --archive=shop.gz\n",
	.options = options,
	.option_count = COUNT_OF(options),
	.options_size = sizeof(struct options),
	.run = run_dump,
};
